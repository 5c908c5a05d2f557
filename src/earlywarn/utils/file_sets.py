"""Replace files of a folder together, with a note first, so that a killed run can be finished.

The new files are written under temporary names, and a note lists them with their digests. Once all
are on disk the note says ``ready``, and only then do they get their final names. If the process is
killed before that, the next earlywarn process that looks into the folder removes what it left; if
killed afterwards, that process gives the rest their names. A note only names files of its own
folder.
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
        The new content of each: bytes, or that of a file on the same disk, which stays in place.
    known : mapping of Path to str, optional
        The SHA-256 of such files, where known, so that large ones need not be read for it.
    """

    def __init__(
        self, contents: Mapping[Path, bytes | Path], known: Mapping[Path, str] | None = None
    ) -> None:
        self._contents = contents
        self._known = known or {}
        self._noted: _Noted | None = None

    def write(self, *, durable: bool) -> None:
        """Write the new files next to the old ones, which get a second name."""
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
        """Note that all new files are complete: a killed run is now finished by the next."""
        if self._noted is not None:
            self._noted.say(_READY, durable=durable)

    def place(self, *, overwrite: Collection[Path], durable: bool) -> None:
        """Give the new files their final names."""
        if self._noted is not None:
            for file in self._contents:
                place(self._noted.new(file.name), file, overwrite=file in overwrite)
            if durable:
                confirm_names(self._noted.note.parent)

    @property
    def placed(self) -> bool:
        """Whether all files are the new ones, according to the disk.

        An interrupt can come between an action and the record of it.
        """
        noted = self._noted
        return (
            noted is not None
            and noted.said == _READY
            and not any(noted.new(file.name).exists() for file in self._contents)
        )

    def take_back(self) -> None:
        """Restore the old content of those that were replaced."""
        if self._noted is not None:
            self._noted.take_back()

    def end(self) -> None:
        """Remove everything but the files themselves."""
        if self._noted is not None:
            self._noted.end()


def replace_together(
    sets: Sequence[FileSet], *, overwrite: Collection[Path], durable: bool
) -> None:
    """Replace the files of all sets, or none.

    Parameters
    ----------
    sets : sequence of FileSet
        Each for a different folder.
    overwrite : collection of Path
        The files that may be replaced, if another run wrote them meanwhile.
    durable : bool
        Whether they must survive a power cut.
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
    """Finish or remove what a killed run left in a folder.

    What another run is writing is left alone, and so is what may not be changed.
    """
    try:
        names = sorted(item.name for item in os.scandir(folder) if item.name.startswith(START))
    except OSError:
        return
    for name in names:
        stem, mark, rest = name.partition(_NOTE)
        note = folder / (stem + _NOTE)
        with contextlib.suppress(OSError, ValueError):  # Gone, another's, or no valid name.
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
    """A locked note, and the files that it lists."""

    def __init__(self, stream: IO[bytes], note: Path) -> None:
        self._stream = stream
        self._stuck = False
        self.note = note
        self.said = ""
        self.digests: dict[str, tuple[str | None, str | None]] = {}
        """Store the digests by file name: of the old content, if there is any, and of the new."""

    def new(self, name: str) -> Path:
        """The path of a file's new content until it gets its final name."""
        return self._beside(name, "new")

    def old(self, name: str) -> Path:
        """The path of a file's old content in the meantime."""
        return self._beside(name, "old")

    def say(self, word: str, *, durable: bool = False) -> None:
        """Add a line."""
        self._stream.write(f"{word}\n".encode())
        self._stream.flush()
        if durable:
            os.fsync(self._stream.fileno())
        self.said = word

    def read(self) -> None:
        """Read the note; nothing if it was truncated, or is not one of ours."""
        lines = self._stream.read().decode("utf-8", "replace").split("\n")
        try:
            digests = {name: (was, now) for name, (was, now) in json.loads(lines[0]).items()}
        except (ValueError, TypeError, AttributeError, RecursionError):
            return
        # Only names: a note could have been made by somebody else, to reach other folders.
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
        """Restore the old content of those that were replaced; keep a note of what failed."""
        if self.said in (_READY, _BACK):  # Otherwise none has been replaced.
            self._stuck = True
            with contextlib.suppress(OSError):
                self.say(_BACK, durable=True)
            done = [self._taken_back(name) for name in self.digests]
            self._stuck = not all(done)
        if not self._stuck:
            with contextlib.suppress(OSError):  # From here on, missing files prove nothing.
                self.say(_DONE)

    def end(self) -> None:
        """Remove all temporary files; the next run removes those that can't be removed now."""
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
        if not WINDOWS:  # While it is locked, so that nobody else treats it as left behind.
            self.note.unlink()

    def _taken_back(self, name: str) -> bool:
        file, new, (was, now) = self._file(name), self.new(name), self.digests[name]
        try:
            placed = not new.exists() or (file.exists() and file.samefile(new))
            # Another run may have written the same; and somebody may have changed it since.
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
    """Return the SHA-256 of bytes or of a file; empty if there is no such file."""
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
    """Keep a file's current content, if it exists, under a second name."""
    if not file.is_file():
        return
    try:
        os.link(file, second)
    except (OSError, NotImplementedError):  # A file system without links.
        shutil.copy2(file, second)


def _put_back(old: Path, file: Path) -> None:
    """Restore a file's old content, even if its name can't be changed any more.

    What stopped the writing may stop this too: a program that has the file open, or a second
    interrupt.
    """
    try:
        old.replace(file)
    except (OSError, KeyboardInterrupt):
        shutil.copy2(old, file)
