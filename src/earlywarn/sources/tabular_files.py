"""Files as tables of text: no cell is a number until `parse_cells` says so."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from earlywarn.errors import SourceError, require
from earlywarn.sources.schema import (
    NOT_APPLICABLE,
    PUBLISHED,
    ROUNDS_TO_ZERO,
    SUPPRESSED,
    UNAVAILABLE,
    UNRELIABLE,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

SYMBOLS = {
    "": UNAVAILABLE,
    "c": SUPPRESSED,
    "z": NOT_APPLICABLE,
    "x": UNAVAILABLE,
    ":": UNAVAILABLE,
    "u": UNRELIABLE,
    "low": ROUNDS_TO_ZERO,
    "k": ROUNDS_TO_ZERO,
    "~": ROUNDS_TO_ZERO,
}
"""The symbols of published tables, now and formerly, and what they mean."""

SUFFIXES = (".csv", ".xlsx", ".xlsm", ".ods", ".parquet")
"""The kinds of file that are looked into."""

_HEADER_WITHIN = 15  # a title, notes and blank rows may stand above the header
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)


@dataclass(frozen=True)
class Grid:
    """The cells of one sheet, a row a (line, cells) pair; `exact` if rows must be equally long."""

    sheet: str
    rows: list[tuple[int, list[str]]]
    exact: bool
    note: str = ""


@dataclass(frozen=True, eq=False)
class Table:
    """One table as text.

    Attributes
    ----------
    file : str
        The file's path below the folder that is read, and the sheet if it has sheets.
    columns : dict of str to str
        Column keys (see `column_key`) and the names as the file has them.
    cells : pandas.DataFrame
        Text, stripped; the columns are the keys.
    lines : numpy.ndarray
        The line of each row in the file, the header counted.
    """

    file: str
    columns: dict[str, str]
    cells: pd.DataFrame
    lines: npt.NDArray[np.int64]


def column_key(name: str) -> str:
    """A column's name without what drifts: case, outer blanks, blanks for underscores.

    Examples
    --------
    >>> column_key(" LA Number")
    'la_number'
    """
    return re.sub(r"\s+", "_", name.strip().lower())


def read_grids(path: Path, where: str) -> list[Grid]:
    """The sheets of a CSV, Excel or OpenDocument file as text.

    Raises
    ------
    SourceError
        If the file is empty, or is not what its name says.
    """
    if path.suffix.lower() == ".csv":
        return [_csv_grid(path, where)]
    return _workbook_grids(path, where)


def header_candidates(grid: Grid) -> Iterator[tuple[int, list[str]]]:
    """The first rows of a sheet, any of which may be its header, as column keys."""
    for index, (_, cells) in enumerate(grid.rows[:_HEADER_WITHIN]):
        yield index, [column_key(cell) for cell in cells]


def table_from(grid: Grid, header: int, where: str) -> Table:
    """The table below a header row; rows without any cell filled are left out.

    Raises
    ------
    SourceError
        If a row of a CSV file is shorter or longer than the header.
    """
    names = [name.strip() for name in grid.rows[header][1]]
    while names and not names[-1]:
        names.pop()
    body = [(line, cells) for line, cells in grid.rows[header + 1 :] if any(cells)]
    if grid.exact:
        _check_lengths(body, len(names), where)
    width = len(names)
    cells = [[*row[:width], *[""] * (width - len(row))] for _, row in body]
    columns: dict[str, str] = {}
    first: list[int] = []
    for position, name in enumerate(names):
        if column_key(name) not in columns:
            columns[column_key(name)] = name
            first.append(position)
    frame = pd.DataFrame(cells, columns=range(width), dtype="str").iloc[:, first]
    frame.columns = pd.Index(list(columns))
    lines = np.array([line for line, _ in body], dtype=np.int64)
    return Table(where, columns, frame, lines)


def parse_cells(
    cells: pd.Series, symbols: Mapping[str, str] = SYMBOLS
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.object_], npt.NDArray[np.bool_]]:
    """Text cells as numbers and reasons.

    Parameters
    ----------
    cells : pandas.Series of str
        The cells of one column.
    symbols : mapping of str to str, optional
        What stands for a missing or tiny value, in small letters, and its status.

    Returns
    -------
    values : numpy.ndarray of float
        NaN where there is no number; 0.0 for "rounds to zero".
    statuses : numpy.ndarray of str
        One of `records.STATUSES`.
    wrong : numpy.ndarray of bool
        True for a cell that is neither a number nor a known symbol.

    Examples
    --------
    >>> parse_cells(pd.Series(["12.5", "c", "low", "1,204"]))[0].tolist()
    [12.5, nan, 0.0, 1204.0]
    """
    codes, uniques = pd.factorize(cells)
    parsed = [_cell(str(text), symbols) for text in uniques]
    values = np.array([np.nan if cell is None else cell[0] for cell in parsed], dtype=np.float64)
    statuses = np.array([UNAVAILABLE if cell is None else cell[1] for cell in parsed], dtype=object)
    wrong = np.array([cell is None for cell in parsed], dtype=np.bool_)
    return values[codes], statuses[codes], wrong[codes]


def _cell(text: str, symbols: Mapping[str, str]) -> tuple[float, str] | None:
    status = symbols.get(text.lower())
    if status is not None:
        return (0.0 if status == ROUNDS_TO_ZERO else np.nan), status
    if _NUMBER.fullmatch(text):
        return float(text), PUBLISHED
    if _THOUSANDS.fullmatch(text):
        return float(text.replace(",", "")), PUBLISHED
    return None


def _csv_grid(path: Path, where: str) -> Grid:
    text, note = _decoded(path.read_bytes(), where)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for cells in reader:
            rows.append((line, [cell.strip() for cell in cells]))
            line = reader.line_num + 1
    except csv.Error as error:
        raise SourceError(
            "not a CSV file that can be read",
            where=f"{where}, line {line}",
            found=str(error),
            expected="comma-separated text, quotes closed",
            remedy="Download the file again.",
        ) from error
    return Grid("", rows, exact=True, note=note)


def _decoded(data: bytes, where: str) -> tuple[str, str]:
    """The text, and a note where it is not the usual UTF-8."""
    start = data[:2048].lstrip().lower()
    kind = ""
    if not data.strip():
        kind = "an empty file"
    elif data.startswith(b"PK\x03\x04"):
        kind = "a zip archive or a workbook"
    elif start.startswith((b"<!doctype", b"<html", b"<?xml")):
        kind = "a web page"
    elif b"\x00" in data[:4096]:
        kind = "binary data"
    if not kind:
        for encoding, note in (("utf-8-sig", ""), ("cp1252", "read as Windows-1252, not as UTF-8")):
            try:
                return data.decode(encoding), note
            except UnicodeDecodeError:
                continue
        kind = "binary data"
    raise SourceError(
        "not a CSV file, though its name says so",
        where=where,
        found=kind,
        expected="comma-separated text with a header",
        remedy="Download the file again, or take it out of the folder.",
    )


def _workbook_grids(path: Path, where: str) -> list[Grid]:
    calamine = require("python_calamine", extra="data")
    try:
        book = calamine.CalamineWorkbook.from_path(path)
        sheets = {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
    except Exception as error:
        raise SourceError(
            "not a workbook that can be read",
            where=where,
            found=str(error).splitlines()[0] if str(error) else type(error).__name__,
            expected=f"a {path.suffix} file",
            remedy="Download the file again, or take it out of the folder.",
        ) from error
    return [
        Grid(
            name, [(i, [_sheet_text(c) for c in row]) for i, row in enumerate(rows, 1)], exact=False
        )
        for name, rows in sheets.items()
    ]


def _sheet_text(cell: Any) -> str:
    """A cell of a workbook as a CSV file would have it: 314.0 is 314, a day is ISO."""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == datetime.min.time() else cell.isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell).strip()


def _check_lengths(body: list[tuple[int, list[str]]], width: int, where: str) -> None:
    for index, (line, cells) in enumerate(body):
        if len(cells) < width or any(cells[width:]):
            last = index == len(body) - 1 and len(cells) < width
            raise SourceError(
                "the file is cut off" if last else "a row is not as long as the header",
                where=f"{where}, line {line}",
                found=f"{len(cells)} cells",
                expected=f"{width}",
                remedy="Download the file again.",
            )


def parquet_names(path: Path, where: str) -> list[str]:
    """The column names of a Parquet file, without reading its rows.

    Raises
    ------
    SourceError
        If it is not a Parquet file.
    """
    parquet = require("pyarrow.parquet", extra="data")
    try:
        return list(parquet.read_schema(path).names)
    except (OSError, ValueError) as error:
        raise broken_parquet(where, error) from error


def broken_parquet(where: str, error: Exception) -> SourceError:
    """The error of a Parquet file that is damaged."""
    return SourceError(
        "not a Parquet file that can be read",
        where=where,
        found=next(iter(str(error).splitlines()), type(error).__name__),
        remedy="Download the file again, or take it out of the folder.",
    )


def parquet_grid(path: Path, names: Sequence[str]) -> Grid:
    """A Parquet file as text, its column names as the first row."""
    parquet = require("pyarrow.parquet", extra="data")
    try:
        columns = parquet.read_table(path).to_pydict().values()
    except (OSError, ValueError) as error:
        raise broken_parquet(path.name, error) from error
    body = [
        ["" if cell is None else _sheet_text(cell) for cell in row]
        for row in zip(*columns, strict=True)
    ]
    return Grid("", list(enumerate([list(names), *body], 1)), exact=False)
