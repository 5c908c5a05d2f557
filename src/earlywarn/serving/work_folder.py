"""The parts of a long job on disk: one owner, each part known to be intact and of this job."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from earlywarn.errors import UsageError
from earlywarn.utils.file_sets import digest
from earlywarn.utils.files import write_whole
from earlywarn.utils.locks import owned

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TICKET, _JOINED, _LOCK = "ticket.json", "joined.json", "lock"


@dataclass(frozen=True)
class Part:
    """A finished piece of a job.

    Parameters
    ----------
    number, start, rows : int
        Its position among the pieces, how many rows come before it, and how many it has.
    facts : dict
        Other facts needed when the pieces are put together.
    digests : dict of str to str
        The SHA-256 of each of its files, by the file's name.
    """

    number: int
    start: int
    rows: int
    facts: dict[str, Any]
    digests: dict[str, str]


@dataclass(frozen=True)
class WorkFolder:
    """A folder of parts.

    Parameters
    ----------
    folder : Path
        Where they are.
    job : str
        The digest of everything that the parts depend on.
    """

    folder: Path
    job: str

    def file(self, name: str) -> Path:
        """The path of a file of the work."""
        return self.folder / name

    def add(
        self, number: int, start: int, rows: int, facts: dict[str, Any], files: dict[str, bytes]
    ) -> Part:
        """Keep a finished piece: its files first, then the note that marks them as complete.

        It is not flushed to disk at once: a part damaged by a power cut is detected and done again.
        """
        digests = {}
        for name, content in files.items():
            write_whole(self.file(name), content, durable=False)
            digests[name] = hashlib.sha256(content).hexdigest()
        noted = {"job": self.job, **vars(Part(number, start, rows, facts, digests))}
        write_whole(self.file(_name(number)), json.dumps(noted), durable=False)
        return Part(number, start, rows, facts, digests)

    def part(self, number: int, start: int, rows: int) -> Part | None:
        """The piece with this number, if it is there, intact, and for these rows of this job."""
        noted = _json(self.file(_name(number)))
        if noted is None or noted.pop("job", None) != self.job:
            return None
        try:
            part = Part(**noted)
        except TypeError:
            return None
        same = (part.number, part.start, part.rows) == (number, start, rows)
        return part if same and all(map(self._whole, part.digests.items())) else None

    def drop(self, part: Part) -> None:
        """Forget a piece, so that it is done again."""
        self.file(_name(part.number)).unlink(missing_ok=True)

    def finish(self, facts: dict[str, Any]) -> None:
        """Record that everything has been put together."""
        write_whole(self.file(_JOINED), json.dumps({"job": self.job, **facts}))

    def finished(self) -> dict[str, Any] | None:
        """What was recorded when everything had been put together, if it has been."""
        noted = _json(self.file(_JOINED))
        return noted if noted is not None and noted.get("job") == self.job else None

    def clear(self) -> None:
        """Remove everything but the lock; the note that all is joined goes last."""
        last = self.file(_JOINED)
        for file in sorted(self.folder.iterdir(), key=lambda file: file == last):
            if file.is_dir():
                shutil.rmtree(file, ignore_errors=True)
            elif file.name != _LOCK:
                file.unlink(missing_ok=True)

    def _whole(self, entry: tuple[str, str]) -> bool:
        name, expected = entry
        return is_whole(self.file(name), expected)


def is_whole(file: Path, expected: str) -> bool:
    """Whether a file is there and unchanged."""
    try:
        return digest(file) == expected
    except OSError:
        return False


def unfinished(folder: Path) -> bool:
    """Whether there is work to resume, and not just the remains of a folder being removed."""
    return (folder / _TICKET).is_file() or (folder / _JOINED).is_file()


@contextlib.contextmanager
def work_folder(folder: Path, ticket: dict[str, Any], *, resume: bool) -> Iterator[WorkFolder]:
    """Own a folder of parts exclusively; it is removed if empty at the end.

    Parameters
    ----------
    folder : Path
        Where the parts are or will be.
    ticket : dict
        Everything that the parts depend on.
    resume : bool
        Whether existing parts are used; otherwise they are discarded.

    Raises
    ------
    UsageError
        If another run is working there, or the parts belong to another job.
    """
    text = json.dumps(ticket, sort_keys=True)
    work = WorkFolder(folder, hashlib.sha256(text.encode()).hexdigest())
    try:
        with owned(work.file(_LOCK)):
            _prepare(work, ticket, resume=resume)
            yield work
    finally:
        with contextlib.suppress(OSError):
            folder.rmdir()


def _prepare(work: WorkFolder, ticket: dict[str, Any], *, resume: bool) -> None:
    there = _json(work.file(_TICKET)) if resume else None
    if there == ticket or (resume and work.finished() is not None):
        return
    if there is not None:
        raise UsageError(
            "the parts that are there belong to another run",
            where=str(work.folder),
            expected="the same input, model, options and version as before",
            remedy="Leave out --resume to start again.",
        )
    work.clear()
    try:
        write_whole(work.file(_TICKET), json.dumps(ticket))
    except OSError:
        work.clear()
        raise


def _name(number: int) -> str:
    return f"{number:08d}.json"


def _json(file: Path) -> dict[str, Any] | None:
    """The JSON in a file; None if it is missing, or was truncated by a power cut."""
    try:
        noted = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    return noted if isinstance(noted, dict) else None
