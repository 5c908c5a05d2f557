"""Files of a folder that change together: noted first, so that what a kill cut short is finished.

The new files are written under names of their own, and a note lists them with their digests. Once
all are on the disk the note says ``ready``, and only then do they get their names. If the process
is killed before that, the next of ours that looks into the folder removes what it left; after it,
it gives the rest their names. A note names files of its own folder only.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from pathlib import Path, PurePath
from typing import IO, TYPE_CHECKING

from earlywarn.utils.parts import (
    START,
    WINDOWS,
    confirm_names,
    fill,
    is_free,
    new_part,
    place,
    sweep,
    sync_folder,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

_NOTE = ".set"
_READY, _BACK, _DONE = "ready", "back", "done"


class FileSet:
    """Files of one folder that are replaced together.

    Parameters
    ----------
    contents : mapping of Path to bytes or Path
        What each shall hold: bytes, or what a file of the same disk holds, which stays where it is.
    known : mapping of Path to str, optional
        The SHA-256 of such files, where it is known: large ones are not read for it.
    """

    def __init__(
        self, contents: Mapping[Path, bytes | Path], known: Mapping[Path, str] | None = None
    ) -> None:
        self._contents = contents
        self._known = known or {}
        self._noted: _Noted | None = None

    def write(self, *, durable: bool) -> None:
        """Write the new files beside the old ones, which get a second name."""
        folder = next(iter(self._contents)).parent
        self._noted = noted = _Noted(*new_part(folder, _NOTE))
        for file, content in self._contents.items():
            now = self._known.get(content) if isinstance(content, Path) else None
            noted.digests[file.name] = (digest(file), now or digest(content))
        noted.say(json.dumps(noted.digests))
        for file, content in self._contents.items():
            _write_new(noted.new(file.name), content, durable=durable)
            _name_twice(file, noted.old(file.name))
        if durable:
            sync_folder(folder)

    def ready(self, *, durable: bool) -> None:
        """Note that all new files are whole: from here on a killed run is finished by the next."""
        if self._noted is not None:
            self._noted.say(_READY, durable=durable)

    def place(self, *, overwrite: Collection[Path], durable: bool) -> None:
        """Give the new files their names."""
        if self._noted is not None:
            for file in self._contents:
                place(self._noted.new(file.name), file, overwrite=file in overwrite)
            if durable:
                confirm_names(self._noted.note.parent)

    @property
    def placed(self) -> bool:
        """Whether all are the new ones; only the disk knows.

        An interrupt can come between an act and any remark of it.
        """
        noted = self._noted
        return (
            noted is not None
            and noted.said == _READY
            and not any(noted.new(file.name).exists() for file in self._contents)
        )

    def take_back(self) -> None:
        """Give those that were replaced their old content again."""
        if self._noted is not None:
            self._noted.take_back()

    def end(self) -> None:
        """Remove all but the files themselves."""
        if self._noted is not None:
            self._noted.end()


def replace_together(
    sets: Sequence[FileSet], *, overwrite: Collection[Path], durable: bool
) -> None:
    """Replace the files of all sets, or none.

    Parameters
    ----------
    sets : sequence of FileSet
        Each of another folder.
    overwrite : collection of Path
        The files that may be replaced, if another run wrote them meanwhile.
    durable : bool
        Whether they must outlast a power cut.
    """
    try:
        for each in sets:
            each.write(durable=durable)
        for each in sets:
            each.ready(durable=durable)
        for each in sets:
            each.place(overwrite=overwrite, durable=durable)
    except BaseException:
        if not all(each.placed for each in sets):
            for each in sets:
                each.take_back()
        raise
    finally:
        for each in sets:
            each.end()


def settle(folder: Path) -> None:
    """Finish, or remove, what a killed run left in a folder.

    What another run is writing stays, and so does what may not be changed.
    """
    try:
        names = sorted(item.name for item in os.scandir(folder) if item.name.startswith(START))
    except OSError:
        return
    for name in names:
        stem, mark, rest = name.partition(_NOTE)
        note = folder / (stem + _NOTE)
        with contextlib.suppress(OSError, ValueError):  # Gone, another's, or no name for a file.
            if mark and not rest:
                _finish(note)
            elif mark and not note.exists():
                (folder / name).unlink()
    if names:
        sweep(folder)


def _finish(note: Path) -> None:
    with note.open("r+b") as stream:
        gone = not WINDOWS and not os.fstat(stream.fileno()).st_nlink
        if not is_free(stream) or gone:
            return
        noted = _Noted(stream, note)
        noted.read()
        if noted.said == _READY:
            noted.go_on()
        elif noted.said == _BACK:
            noted.take_back()
        noted.end()


class _Noted:
    """A note that is held, and the files that it speaks of."""

    def __init__(self, stream: IO[bytes], note: Path) -> None:
        self._stream = stream
        self._stuck = False
        self.note = note
        self.said = ""
        self.digests: dict[str, tuple[str | None, str | None]] = {}
        """Of each file by its name: the old content's, if there is one, and the new one's."""

    def new(self, name: str) -> Path:
        """Where a file's new content lies until it is given its name."""
        return self._beside(name, "new")

    def old(self, name: str) -> Path:
        """Where a file's old content lies meanwhile."""
        return self._beside(name, "old")

    def say(self, word: str, *, durable: bool = False) -> None:
        """Add a line."""
        self._stream.write(f"{word}\n".encode())
        self._stream.flush()
        if durable:
            os.fsync(self._stream.fileno())
        self.said = word

    def read(self) -> None:
        """Take in what the note says; nothing if it was cut short, or is none of ours."""
        lines = self._stream.read().decode("utf-8", "replace").split("\n")
        try:
            digests = {name: (was, now) for name, (was, now) in json.loads(lines[0]).items()}
        except (ValueError, TypeError, AttributeError, RecursionError):
            return
        # Names only: a note could have been made by somebody else, to reach other folders.
        if all(name == PurePath(name).name != ".." and "\0" not in name for name in digests):
            self.digests, self.said = digests, "" if len(lines) < 3 else lines[-2]

    def go_on(self) -> None:
        """Give the rest of the new files their names, unless an old one was changed since."""
        left = [name for name in self.digests if self.new(name).exists()]
        if all(digest(self._file(name)) in self.digests[name] for name in left):
            for name in left:
                self.new(name).replace(self._file(name))
            confirm_names(self.note.parent)

    def take_back(self) -> None:
        """Give those that were replaced their old content; what could not be done stays noted."""
        if self.said in (_READY, _BACK):  # Else none has been replaced.
            self._stuck = True
            with contextlib.suppress(OSError):
                self.say(_BACK, durable=True)
            done = [self._taken_back(name) for name in self.digests]
            self._stuck = not all(done)
        if not self._stuck:
            with contextlib.suppress(OSError):  # From here on what is missing says nothing.
                self.say(_DONE)

    def end(self) -> None:
        """Remove all that was needed meanwhile; what can't be is removed by the next run."""
        with contextlib.suppress(OSError):
            if not self._stuck:
                self._remove()
        with contextlib.suppress(OSError):
            self._stream.close()
        with contextlib.suppress(OSError):  # An open file can't be removed on Windows.
            if not self._stuck:
                self.note.unlink(missing_ok=True)

    def _remove(self) -> None:
        for item in list(self.note.parent.iterdir()):
            if item.name.startswith(f"{self.note.name}-"):
                item.unlink()
        if not WINDOWS:  # While it is held: nobody else takes it for one left behind.
            self.note.unlink()

    def _taken_back(self, name: str) -> bool:
        file, new, (was, now) = self._file(name), self.new(name), self.digests[name]
        try:
            placed = not new.exists() or (file.exists() and file.samefile(new))
            # Another run may have written the very same; and somebody may have changed it since.
            if not placed or was == now or digest(file) != now:
                return True
            if was is None:
                file.unlink()
            else:
                _put_back(self.old(name), file)
        except OSError:
            return False
        return True

    def _file(self, name: str) -> Path:
        return self.note.with_name(name)

    def _beside(self, name: str, kind: str) -> Path:
        return self.note.with_name(f"{self.note.name}-{list(self.digests).index(name)}.{kind}")


def digest(content: bytes | Path) -> str | None:
    """The SHA-256 of some bytes, or of a file; nothing if there is no such file."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    try:
        with content.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def _write_new(new: Path, content: bytes | Path, *, durable: bool) -> None:
    if isinstance(content, bytes):
        with new.open("xb") as out:
            fill(out, new, content, durable=durable)
        return
    _name_twice(content, new)
    if durable:
        with new.open("rb+") as out:
            os.fsync(out.fileno())


def _name_twice(file: Path, second: Path) -> None:
    """Hold what a file is now, if there is one, under a second name, whatever becomes of it."""
    if not file.is_file():
        return
    try:
        os.link(file, second)
    except (OSError, NotImplementedError):  # A file system without links.
        shutil.copy2(file, second)


def _put_back(old: Path, file: Path) -> None:
    """Give a file its old content again, also where its name can't be changed any more.

    What stopped the writing may stop this too: a program that has the file open, or a second
    interrupt.
    """
    try:
        old.replace(file)
    except (OSError, KeyboardInterrupt):
        shutil.copy2(old, file)
