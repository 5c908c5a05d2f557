"""List the files below a folder and in archives, recognised by their first bytes."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import zipfile
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from earlywarn.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TEXT, WORKBOOK, PARQUET = "text", "a workbook", "a Parquet file"
GZIPPED = "a compressed file inside another"
TABLE_KINDS = frozenset({TEXT, WORKBOOK, PARQUET})
"""The kinds of content that may contain tables."""

LARGEST = 2_000_000_000
"""The most bytes in the content of one compressed file or archive."""

MOST_MEMBERS = 1000
"""The most files in one archive."""

_HEAD = 1 << 17  # what is inspected before a file is read in full
_GZIP, _ZIP, _OLE, _PARQUET = (
    b"\x1f\x8b",
    b"PK\x03\x04",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"PAR1",
)
_OTHERS = (
    (b"%PDF", "a PDF document"),
    (b"PK\x05\x06", "an archive with nothing in it"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file"),
    (b"SQLite format 3", "a database"),
    (b"ARROW1", "an Arrow file"),
)
_PROSE = (".md", ".rst", ".html", ".htm", ".xml", ".json", ".yml", ".yaml", ".toml")
_CODE = (".py", ".r", ".ipynb", ".sql", ".sh", ".bat", ".ps1", ".js", ".css")
_BROKEN = (OSError, EOFError, ValueError, zlib.error, zipfile.BadZipFile, RuntimeError)


@dataclass(frozen=True, eq=False)
class Member:
    """A file that may contain tables, by itself or inside an archive.

    Attributes
    ----------
    file : str
        The file on disk: its path below the folder.
    name : str
        The file, and the place inside it if it is an archive, as named in findings.
    kind : str
        One of `TABLE_KINDS`, or what else it is, in words.
    stream : callable
        Opens the content, decompressed.
    """

    file: str
    name: str
    kind: str
    stream: Callable[[], IO[bytes]]

    @cached_property
    def head(self) -> bytes:
        """The first bytes of the content."""
        return self._read(_HEAD)

    @cached_property
    def content(self) -> bytes:
        """All of the content.

        Raises
        ------
        SourceError
            If it is damaged, or larger than `LARGEST`.
        """
        data = self._read(LARGEST + 1)
        if len(data) > LARGEST:
            raise _too_large(self.name, f"more than {LARGEST:,} bytes")
        return data

    def _read(self, most: int) -> bytes:
        try:
            with self.stream() as stream:
                return stream.read(most)
        except _BROKEN as error:
            raise _damaged(self.name, error) from error


def files_below(folder: Path) -> list[Path]:
    """Every file below a folder, at any depth, in order of path."""
    return [path for path, reason in entries_below(folder) if not reason]


def entries_below(folder: Path) -> list[tuple[Path, str]]:
    """Everything below a folder except folders, in order of path.

    Each comes with the reason why it can't be opened: empty for a file. A link to a folder is not
    followed, since it may lead in a circle.
    """
    found: list[tuple[Path, str]] = []

    def closed(error: OSError) -> None:
        found.append((Path(error.filename), f"a folder that can't be opened: {error.strerror}"))

    for place, folders, files in os.walk(folder, onerror=closed):
        links = [Path(place, name) for name in folders if Path(place, name).is_symlink()]
        found += [(path, "a link to a folder, which is not followed") for path in links]
        found += [(Path(place, name), _no_file(Path(place, name))) for name in files]
    return sorted(found)


def _no_file(path: Path) -> str:
    """Why something that is not a folder can't be opened as a file; empty if it can."""
    if path.is_file():
        return ""
    return "a link to nothing" if path.is_symlink() else "no file that holds anything"


def digest_of(path: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def members_of(path: Path, name: str) -> list[Member]:
    """List what one file contains: itself, or each file of an archive.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        Its path below the folder that is read.

    Raises
    ------
    SourceError
        If an archive is damaged, contains too much, or too many files.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(512)
    except OSError as error:
        raise _damaged(name, error) from error
    if head.startswith(_GZIP):
        return [_unzipped(path, name)]
    if head.startswith(_ZIP) and not _is_workbook(path):
        return list(_archived(path, name))
    return [Member(name, name, kind_of(head, name), lambda: path.open("rb"))]


def hidden(name: str) -> str:
    """Return why a file is skipped by its name; empty if it is opened."""
    parts = name.split("/")
    if any(part.startswith(("~$", ".~lock.")) for part in parts):
        return "a lock file of an office program"
    return "a hidden file" if any(part.startswith(".") for part in parts) else ""


def kind_of(head: bytes, name: str) -> str:
    """Return the kind of content by its first bytes; for text, by its name."""
    if head.startswith(_PARQUET):
        return PARQUET
    if head.startswith((_OLE, _ZIP)):
        return WORKBOOK
    if head.startswith(_GZIP):
        return GZIPPED
    for mark, words in _OTHERS:
        if head.startswith(mark):
            return words
    return "a tar archive" if head[257:262] == b"ustar" else _by_name(name.lower())


def _by_name(name: str) -> str:
    """What text is, by its name."""
    if name.endswith(_PROSE):
        return "a document"
    return "program code" if name.endswith(_CODE) else TEXT


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except _BROKEN:
        return path.suffix.lower() in {".xlsx", ".xlsm", ".xlsb", ".ods"}
    return _holds_workbook(names)


def _holds_workbook(names: list[str]) -> bool:
    return "[Content_Types].xml" in names or {"mimetype", "content.xml"} <= set(names)


def _unzipped(path: Path, name: str) -> Member:
    def stream() -> IO[bytes]:
        return cast("IO[bytes]", gzip.open(path, "rb"))

    inner = name[:-3] if name.lower().endswith(".gz") else name
    try:
        with stream() as opened:
            head = opened.read(512)
    except _BROKEN as error:
        raise _damaged(name, error) from error
    return Member(name, name, kind_of(head, inner), stream)


def _archived(path: Path, name: str) -> Iterator[Member]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _check_size(entries, name)
            for entry in sorted(entries, key=lambda entry: entry.filename):
                yield _entry(path, archive, entry, f"{name}: {entry.filename}", name)
    except _BROKEN as error:
        raise _damaged(name, error) from error


def _check_size(entries: list[zipfile.ZipInfo], name: str) -> None:
    if len(entries) > MOST_MEMBERS:
        raise _too_large(name, f"{len(entries):,} files")
    size = sum(entry.file_size for entry in entries)
    if size > LARGEST:
        raise _too_large(name, f"{size:,} bytes when unpacked")


def _entry(
    path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, where: str, file: str
) -> Member:
    if entry.flag_bits & 0x1:
        return Member(file, where, "a password-protected file", io.BytesIO)
    with archive.open(entry) as stream:
        head = stream.read(512)
        packed = head.startswith(_ZIP) and _is_archive(head + stream.read(LARGEST))

    def opened() -> IO[bytes]:
        return io.BytesIO(_entry_bytes(path, entry))

    kind = "an archive inside an archive" if packed else kind_of(head, entry.filename)
    return Member(file, where, hidden(entry.filename) or kind, opened)


def _entry_bytes(path: Path, entry: zipfile.ZipInfo) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(entry)


def _is_archive(data: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return not _holds_workbook(archive.namelist())
    except _BROKEN:
        return False


def _damaged(name: str, error: Exception) -> SourceError:
    return SourceError(
        "the file is damaged or can't be opened",
        where=name,
        found=next(iter(str(error).splitlines()), "") or type(error).__name__,
        expected="a whole file that can be read",
        remedy="Download the file again, or take it out of the folder.",
    )


def _too_large(name: str, found: str) -> SourceError:
    return SourceError(
        "an archive or compressed file contains too much",
        where=name,
        found=found,
        expected=f"at most {MOST_MEMBERS:,} files and {LARGEST:,} bytes",
        remedy="Unpack it, and put only the tables that are needed into the folder.",
    )
