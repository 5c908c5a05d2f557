"""Read comma-separated text strictly: what can't be right is refused, never guessed."""

from __future__ import annotations

import codecs
import csv
import io
import re
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from earlywarn.errors import EarlyWarnError

Rows = list[tuple[int, list[str]]]
"""The line on which each row begins, counted from 1, and its cells."""

_AGAIN = "Download the file again, or take it out of the folder."
_BLANKS = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet treats as the beginning of a formula, including full-width forms."""
_WIDE = (
    # Longer byte order marks first: that of UTF-32 begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def clean(cell: str) -> str:
    """Strip a cell; no-break and other unusual spaces become plain ones.

    Invisible characters (zero width, direction) are removed.

    Examples
    --------
    >>> clean(" Local\u00a0authority ")
    'Local authority'
    """
    if cell.isascii():
        return cell.strip()
    return _UNSEEN.sub("", _BLANKS.sub(" ", cell)).strip()


def plain_line(text: str) -> str:
    r"""Return a text as one line for people, without control or invisible characters.

    Examples
    --------
    >>> plain_line("Lee\u202eds\x1b[31m\n")
    'Leeds [31m'
    """
    return clean(_CONTROL.sub(" ", text))


def inert(frame: pd.DataFrame) -> pd.DataFrame:
    """Put an apostrophe before any text in a frame that a spreadsheet would treat as a formula.

    Examples
    --------
    >>> import pandas as pd
    >>> inert(pd.DataFrame({"name": ["=1+1", "Leeds"], "number": [-1, 2]}))["name"].tolist()
    ["'=1+1", 'Leeds']
    """

    def formula(cell: object) -> bool:
        return isinstance(cell, str) and cell.startswith(_FORMULA)

    def plain(cell: object) -> object:
        return f"'{cell}" if formula(cell) else cell

    text = frame.select_dtypes(exclude=["number", "bool"]).columns
    found = [name for name in text if any(map(formula, frame[name].tolist()))]
    return frame.assign(**{name: frame[name].map(plain) for name in found})


def decoded(data: bytes, where: str, error: type[EarlyWarnError]) -> tuple[str, str]:
    """Decode the text of a file, with a note if it is not the usual UTF-8.

    Parameters
    ----------
    data : bytes
        The file.
    where : str
        The file, for the error.
    error : type of EarlyWarnError
        What to raise.

    Raises
    ------
    EarlyWarnError
        Of the kind given, if it is not text.

    Examples
    --------
    >>> from earlywarn.errors import SourceError
    >>> decoded("Größe".encode("utf-16"), "a.csv", SourceError)
    ('Größe', 'read as UTF-16, not as UTF-8')
    """
    start = data[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not data.strip(b"\xef\xbb\xbf \t\r\n"):
        raise _not_text("an empty file", where, error)
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise _not_text("a web page", where, error)
    encodings = [(name, name.upper()) for mark, name in _WIDE if data.startswith(mark)][:1]
    encodings = encodings or _unmarked_wide(data)
    encodings = encodings or [("utf-8-sig", ""), ("cp1252", "Windows-1252")]
    for encoding, name in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text, f"read as {name}, not as UTF-8" if name else ""
    raise _not_text("binary data", where, error)


def encoding_words(data: bytes) -> str:
    r"""Describe in words what text that is not UTF-8 may be.

    Examples
    --------
    >>> encoding_words("rate".encode("utf-16")), encoding_words(b"Caf\xe9"), encoding_words(b"\0")
    ('text in UTF-16', 'text in Windows-1252 or another older encoding', 'binary data')
    """
    marked = [name.upper() for mark, name in _WIDE if data.startswith(mark)]
    if marked or _unmarked_wide(data[:32]):
        return f"text in {[*marked, 'UTF-16'][0]}"
    return "binary data" if b"\x00" in data else "text in Windows-1252 or another older encoding"


def _unmarked_wide(data: bytes) -> list[tuple[str, str]]:
    """Detect UTF-16 without its mark: every second byte of a plain header is zero."""
    start = data[:200]
    if len(start) >= 8 and len(data) % 2 == 0:
        if not any(start[1::2]) and all(start[::2]):
            return [("utf-16-le", "UTF-16")]
        if not any(start[::2]) and all(start[1::2]):
            return [("utf-16-be", "UTF-16")]
    return []


def delimiter_of(text: str) -> str:
    r"""Find the delimiter: a comma, unless a header without one has tabs or semicolons.

    The rows below such a header may have commas in names and as decimal points.

    Examples
    --------
    >>> delimiter_of("a;b"), delimiter_of("a,b;c"), delimiter_of("a;b;c\n1,5;2,5;Hull, City of")
    (';', ',', ';')
    """
    lines = [line for line in text[:20_000].splitlines()[:15] if line.strip()]
    best = {mark: _cells_parted(lines, mark) for mark in ",\t;"}
    return max(best, key=lambda mark: best[mark])


def _cells_parted(lines: list[str], mark: str) -> int:
    """The number of delimiters in a header, if a second line has the same number."""
    counts = sorted((line.count(mark) for line in lines), reverse=True)
    shared = counts[min(1, len(counts) - 1)] if counts else 0
    headers = lines if mark == "," else [line for line in lines if "," not in line]
    return min(shared, max((line.count(mark) for line in headers), default=0))


def csv_rows(
    text: str,
    where: str,
    error: type[EarlyWarnError],
    *,
    first: int | None = None,
    delimiter: str = ",",
) -> Rows:
    r"""Read the rows of comma-separated text.

    Parameters
    ----------
    text : str
        The whole text.
    where : str
        The file, for the error.
    error : type of EarlyWarnError
        What to raise.
    first : int, optional
        The number of rows to read; all by default.
    delimiter : str, optional
        The delimiter.

    Raises
    ------
    EarlyWarnError
        Of the kind given, if a quote is not closed, closes in the middle of a cell, or encloses
        what look like whole rows.

    Examples
    --------
    >>> from earlywarn.errors import SourceError
    >>> csv_rows('a,b\n1,"x, y"\n', "a.csv", SourceError)
    [(1, ['a', 'b']), (2, ['1', 'x, y'])]
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    cleaned = str.strip if text.isascii() else clean  # the same result, faster
    rows: Rows = []
    line = 1
    try:
        for cells in reader:
            if reader.line_num > line:  # only a cell of several lines can have enclosed rows
                _check_quotes(cells, delimiter)
            rows.append((line, [cleaned(cell) for cell in cells]))
            line = reader.line_num + 1
            if first is not None and len(rows) >= first:
                break
    except csv.Error as fault:
        raise _no_csv(f"{where}, line {line}", fault, error) from fault
    return rows


def check_rows(path: Path, error: type[EarlyWarnError]) -> int:
    r"""Check a large file for rows that are cut short, too long, or enclosed by a quote.

    A fast reader silently pads a short row. This check takes about a tenth of its time: only lines
    with a quote are read cell by cell.

    Parameters
    ----------
    path : Path
        The file.
    error : type of EarlyWarnError
        What to raise.

    Returns
    -------
    int
        The number of columns; 0 if there are only blank lines.

    Raises
    ------
    EarlyWarnError
        Of the kind given, naming the line, if a row has more or fewer cells than the header, a
        quote is not closed or encloses whole rows, or the header has another delimiter and no
        comma.
    UnicodeDecodeError
        If it is not UTF-8.

    Examples
    --------
    >>> from earlywarn.errors import ScoreError
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "a.csv")
    ...     _ = file.write_text("a,b\n1,2\n3\n", encoding="utf-8")
    ...     check_rows(file, ScoreError)
    Traceback (most recent call last):
    earlywarn.errors.ScoreError: ...a.csv, line 3: a row of another length than the header: ...
    """
    width, number = 0, 1
    with path.open(encoding="utf-8-sig", newline="") as lines:
        for line in lines:
            if not width and line.strip():
                _check_commas(line, path, error)
            start, cells = number, line.count(",") + 1
            if '"' in line:
                try:
                    row = csv.reader(chain([line], lines), strict=True)
                    parts = next(row)
                    _check_quotes(parts, ",")
                except csv.Error as fault:
                    raise _no_csv(f"{path}, line {start}", fault, error) from fault
                number, cells = number + row.line_num - 1, len(parts)
            number += 1
            width = width or (cells if line.strip() else 0)
            if cells != width and line.strip("\r\n"):
                raise error(
                    "a row of another length than the header",
                    where=f"{path}, line {start}",
                    found=f"{cells} cell{'s' * (cells != 1)}",
                    expected=f"{width} cell{'s' * (width != 1)}, as in the header",
                    remedy="The file may be cut short, or a cell contains a comma without quotes.",
                )
    return width


def _check_commas(header: str, path: Path, error: type[EarlyWarnError]) -> None:
    """Refuse a header whose names are separated by another delimiter."""
    if (parted := delimiter_of(header)) != ",":
        raise error(
            "the cells are not separated by commas",
            where=str(path),
            found="tabs" if parted == "\t" else "semicolons",
            expected="commas",
            remedy="Save it as CSV with commas, or as Parquet.",
        )


def _no_csv(where: str, fault: csv.Error, error: type[EarlyWarnError]) -> EarlyWarnError:
    return error(
        "not a CSV file that can be read",
        where=where,
        found=str(fault),
        expected="comma-separated text, each quote closed at the end of its cell",
        remedy="Correct the line, or download the file again.",
    )


def _check_quotes(cells: list[str], delimiter: str) -> None:
    """Refuse a cell of several lines containing rows as long as the one that it is in.

    Two stray quotes turn everything between them into one cell: the rest of a row, whole rows, and
    the beginning of another. A note of several lines has fewer commas.
    """
    width = len(cells) - 1
    for cell in cells:
        start, *between = cell.splitlines() or [""]
        if width and between:
            end = between.pop()
            whole = all(part.count(delimiter) == width for part in between)
            if whole and start.count(delimiter) + end.count(delimiter) == width:
                raise csv.Error("a quote that takes in whole rows")


def _not_text(kind: str, where: str, error: type[EarlyWarnError]) -> EarlyWarnError:
    return error(
        "not a CSV file, though its name says so" if where.lower().endswith(".csv") else "not text",
        where=where,
        found=kind,
        expected="comma-separated text with a header",
        remedy=_AGAIN,
    )
