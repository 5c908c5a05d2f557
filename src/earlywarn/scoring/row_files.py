"""Files of rows: which can be read, and the message about one that can't."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from earlywarn.errors import ScoreError
from earlywarn.sources.members import GZIPPED, PARQUET, TEXT, WORKBOOK, kind_of
from earlywarn.utils.csv_text import encoding_words
from earlywarn.utils.json_text import strict_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ENDINGS = (".csv", ".parquet", ".jsonl", ".ndjson")
"""The endings of files that rows are read from and written to."""
READ_LINES = (".jsonl", ".ndjson", ".json")
"""The endings of files with one JSON row per line."""
_SPREADSHEETS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".numbers")
_PACKED = (".gz", ".zip", ".bz2", ".xz", ".zst")
_AS_CSV = 'Save its sheet as "CSV UTF-8", as spreadsheets call it, with the names in the first row.'
_UNPACK = "Unpack it, and give the file that is inside."
_COMPRESSED, _EMPTY = "a compressed file", "an empty file"
_HEAD = 512


def unknown_kind(path: Path) -> ScoreError:
    """Return the error for a file with an ending that rows can't be read from.

    Examples
    --------
    >>> from pathlib import Path
    >>> print(unknown_kind(Path("rows.ods")))
    rows.ods: not a kind of file that can be scored: found .ods; expected .csv, .parquet, .jsonl, \
.ndjson. Save its sheet as "CSV UTF-8", as spreadsheets call it, with the names in the first row.
    """
    ending = path.suffix.lower()
    remedies = {**dict.fromkeys(_SPREADSHEETS, _AS_CSV), **dict.fromkeys(_PACKED, _UNPACK)}
    return ScoreError(
        "not a kind of file that can be scored",
        where=str(path),
        found=path.suffix or "no ending",
        expected=", ".join(ENDINGS),
        remedy=remedies.get(ending, "Save the rows as one of these."),
    )


def check_text(path: Path) -> None:
    """Refuse a file whose first bytes show that it is not UTF-8 text, whatever its name.

    Raises
    ------
    ScoreError
        If it is another kind of file, or text in another encoding.
    """
    head, kind = _beginning(path)
    if kind != TEXT:
        remedies = {WORKBOOK: _AS_CSV, _COMPRESSED: _UNPACK}
        raise _no_text(path, kind, remedies.get(kind, "Name the file as what it is."))
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        raise _no_text(path, "a web page", "Download the file again.")
    if not head.strip(b"\xef\xbb\xbf \t\r\n") and path.suffix.lower() == ".csv":
        raise _no_text(path, _EMPTY, "Give a header, and rows below it.")
    if b"\x00" in head:
        raise _no_text(path, encoding_words(head), _as_utf8(path))


def check_parquet(path: Path) -> None:
    """Refuse a file whose first bytes show that it is not Parquet, despite its name.

    Raises
    ------
    ScoreError
        If it is another kind of file.
    """
    head, kind = _beginning(path)
    if kind != PARQUET:
        raise ScoreError(
            "the file can't be read",
            where=str(path),
            found=kind if head else _EMPTY,
            expected=PARQUET,
            remedy="Name the file as what it is, or save it as Parquet again.",
        )


def _beginning(path: Path) -> tuple[bytes, str]:
    """The first bytes of a file, and the kind of file that they show."""
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    kind = kind_of(head, "")
    return head, _COMPRESSED if kind == GZIPPED else kind


def json_records(source: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Read a file with one object per line: the lines, counted from 1, and the objects.

    Raises
    ------
    ScoreError
        If a line is not a JSON object, or the file is not UTF-8 text.
    """
    check_text(source)
    try:
        with source.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield number, _record(line, f"{source}, line {number}")
    except UnicodeDecodeError as error:
        raise no_utf8(source) from error


def _record(line: str, where: str) -> dict[str, Any]:
    about = {"where": where, "expected": "one object per line"}
    try:
        record = strict_json(line)
    except (ValueError, RecursionError) as error:
        raise ScoreError("a line is not JSON", found=str(error)[:80], **about) from error
    if not isinstance(record, dict):
        raise ScoreError("a line is not a row", found=f"a {type(record).__name__}", **about)
    return record


def no_utf8(path: Path) -> ScoreError:
    """The error for text that is not UTF-8: in which line, and how to save it."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return _no_text(path, encoding_words(line), _as_utf8(path), f", line {number}")
    return _no_text(path, "text cut in the middle of a letter", _as_utf8(path))


def _as_utf8(path: Path) -> str:
    spreadsheet = path.suffix.lower() == ".csv"
    return 'Save it as "CSV UTF-8", as spreadsheets call it.' if spreadsheet else "Save it so."


def _no_text(path: Path, found: str, remedy: str, line: str = "") -> ScoreError:
    return ScoreError(
        "the file can't be read",
        where=f"{path}{line}",
        found=found,
        expected="text in UTF-8",
        remedy=remedy,
    )
