"""Read files as tables of text, for both figures and judgements.

CSV in any of its encodings, Excel, OpenDocument and Parquet, plain or compressed. Cells only become
numbers in `cells.parse_cells`.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from earlywarn.errors import SourceError, require
from earlywarn.sources.members import PARQUET, TEXT, WORKBOOK, Member
from earlywarn.sources.spreadsheet_faults import faulty_cells
from earlywarn.utils.csv_text import clean, csv_rows, decoded, delimiter_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

HEADER_WITHIN = 25
"""The rows among which the header is: it may follow a title, notes and blank rows."""


@dataclass(frozen=True)
class Grid:
    """The cells of a sheet, a row per (line, cells) pair; `exact` if rows must be equally long.

    `unended` says that the last line has no end, as in a file that was cut off.
    """

    sheet: str
    rows: list[tuple[int, list[str]]]
    exact: bool
    note: str = ""
    unended: bool = False


@dataclass(frozen=True, eq=False)
class Table:
    """One table as text.

    Attributes
    ----------
    file : str
        The file's path below the folder that is read, and the sheet if it has sheets.
    columns : dict of str to str
        Column keys (see `column_key`) and the names as in the file.
    cells : pandas.DataFrame
        Text, stripped; the columns are the keys.
    lines : numpy.ndarray
        The line of each row in the file, counting the header.
    repeated : frozenset of str
        Keys of columns that occur in the file more than once, with different cells.
    """

    file: str
    columns: dict[str, str]
    cells: pd.DataFrame
    lines: npt.NDArray[np.int64]
    repeated: frozenset[str] = field(default_factory=frozenset)

    def check_once(self, keys: Iterable[str]) -> None:
        """Refuse a table in which a column that is read occurs twice.

        Raises
        ------
        SourceError
            If one of `keys` is in `repeated`.
        """
        twice = [self.columns[key] for key in keys if key in self.repeated]
        if twice:
            raise SourceError(
                "two columns with the same name but different cells",
                where=self.file,
                found=", ".join(twice),
                expected="each column once",
                remedy="Remove the column that should not count.",
            )

    def take(self, mask: npt.NDArray[np.bool_]) -> Table:
        """The same table with some of its rows."""
        cells = self.cells[mask].reset_index(drop=True)
        return Table(self.file, self.columns, cells, self.lines[mask], self.repeated)


def column_key(name: str) -> str:
    """Normalise a column's name: case, outer spaces, spaces or underscores.

    Examples
    --------
    >>> column_key(" LA Number")
    'la_number'
    """
    return re.sub(r"\s+", "_", clean(name).lower())


def first_rows(member: Member) -> list[Grid]:
    """Read the first rows of each sheet, enough to recognise a table by its header.

    Raises
    ------
    SourceError
        If the file is empty, damaged, or not what its first bytes indicate.
    """
    if member.kind == PARQUET:
        return [Grid("", [(1, parquet_names(member))], exact=False)]
    if member.kind == WORKBOOK:
        return list(_workbook_grids(member))
    if member.kind != TEXT:
        return []
    text, note = decoded(_whole_lines(member.head), member.name, SourceError)
    rows = csv_rows(
        text, member.name, SourceError, first=HEADER_WITHIN, delimiter=delimiter_of(text)
    )
    return [Grid("", rows, exact=True, note=note)]


def whole_grid(member: Member, sheet: str) -> Grid:
    """Read all rows of one sheet.

    Raises
    ------
    SourceError
        If the file is damaged, or a quote in it is not closed.
    """
    if member.kind == PARQUET:
        return _parquet_grid(member)
    if member.kind == WORKBOOK:
        return next(grid for grid in _workbook_grids(member) if grid.sheet == sheet)
    text, note = decoded(member.content, member.name, SourceError)
    delimiter = delimiter_of(text)
    if delimiter != ",":
        parted = "tabs" if delimiter == "\t" else "semicolons"
        note = "; ".join(filter(None, [note, f"its cells are separated by {parted}"]))
    rows = csv_rows(text, member.name, SourceError, delimiter=delimiter)
    return Grid("", rows, exact=True, note=note, unended=not text.endswith(("\n", "\r")))


def header_candidates(grid: Grid) -> Iterator[tuple[int, list[str]]]:
    """The first rows of a sheet, any of which may be its header, as column keys."""
    for index, (_, cells) in enumerate(grid.rows[:HEADER_WITHIN]):
        yield index, [column_key(cell) for cell in cells]


def table_from(grid: Grid, header: int, where: str) -> Table:
    """Take the table below a header row, without empty rows.

    Raises
    ------
    SourceError
        If a row of a CSV file is shorter or longer than the header.
    """
    names = [name.strip() for name in grid.rows[header][1]]
    while names and not names[-1]:
        names.pop()
    body = [(line, cells) for line, cells in grid.rows[header + 1 :] if any(cells)]
    width = len(names)
    if grid.exact:
        check_lengths(body, width, where)
    texts = [[*row[:width], *[""] * (width - len(row))] for _, row in body]
    frame = pd.DataFrame(texts, columns=range(width), dtype="str")
    columns: dict[str, str] = {}
    first: dict[str, int] = {}
    repeated = set()
    for position, name in enumerate(names):
        key = column_key(name)
        if key not in columns:
            columns[key], first[key] = name, position
        elif not frame[position].equals(frame[first[key]].rename(position)):
            repeated.add(key)
    frame = frame.iloc[:, list(first.values())]
    frame.columns = pd.Index(list(columns))
    lines = np.array([line for line, _ in body], dtype=np.int64)
    return Table(where, columns, frame, lines, frozenset(repeated))


def _whole_lines(head: bytes) -> bytes:
    """The beginning of a file without its last line, which may be cut in mid-character."""
    end = max(head.rfind(b"\n"), head.rfind(b"\r"))
    if end <= 0 or len(head) < 4096:
        return head
    return (
        head[: end + 1]
        if not head.startswith((b"\xff\xfe", b"\xfe\xff"))
        else head[: end - end % 2]
    )


@lru_cache(maxsize=4)
def _workbook_grids(member: Member) -> tuple[Grid, ...]:
    calamine = require("python_calamine", extra="data")
    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(member.content))
        # Empty rows are kept, so that row numbers are those that the user sees.
        sheets = {
            name: book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            for name in book.sheet_names
        }
    except SourceError:
        raise
    except Exception as error:
        raise SourceError(
            "not a workbook that can be read",
            where=member.name,
            found=str(error).splitlines()[0] if str(error) else type(error).__name__,
            expected="an Excel or OpenDocument file, whole and without a password",
            remedy="Download the file again, or take it out of the folder.",
        ) from error
    faults = faulty_cells(member.content)
    return tuple(
        Grid(name, list(enumerate(_texts(rows, faults.get(name, {})), 1)), exact=False)
        for name, rows in sheets.items()
    )


def _texts(rows: list[list[Any]], faults: dict[tuple[int, int], str]) -> list[list[str]]:
    """The cells of a sheet as text, including those that the workbook reader returns empty."""
    texts = [[sheet_text(cell) for cell in row] for row in rows]
    for (row, column), text in faults.items():
        texts += [[] for _ in range(row + 1 - len(texts))]
        texts[row] += [""] * (column + 1 - len(texts[row]))
        texts[row][column] = texts[row][column] or text
    return texts


def sheet_text(cell: Any) -> str:
    """Return a workbook cell as in a CSV file: 314.0 is 314, a date is ISO."""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == datetime.min.time() else cell.isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return clean(str(cell))


def check_lengths(body: Sequence[tuple[int, list[str]]], width: int, where: str) -> None:
    """Refuse rows of a CSV file that are shorter or longer than its header.

    Raises
    ------
    SourceError
        At the first of them.
    """
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


def parquet_names(member: Member) -> list[str]:
    """Read the column names of a Parquet file, without its rows.

    Raises
    ------
    SourceError
        If it is not a Parquet file.
    """
    parquet = require("pyarrow.parquet", extra="data")
    try:
        return list(parquet.read_schema(io.BytesIO(member.content)).names)
    except (OSError, ValueError) as error:
        raise broken_parquet(member.name, error) from error


def broken_parquet(where: str, error: Exception) -> SourceError:
    """The error for a damaged Parquet file."""
    return SourceError(
        "not a Parquet file that can be read",
        where=where,
        found=next(iter(str(error).splitlines()), type(error).__name__),
        remedy="Download the file again, or take it out of the folder.",
    )


def _parquet_grid(member: Member) -> Grid:
    """A Parquet file as text, with its column names as the first row."""
    parquet = require("pyarrow.parquet", extra="data")
    try:
        columns = parquet.read_table(io.BytesIO(member.content)).to_pydict().values()
    except (OSError, ValueError) as error:
        raise broken_parquet(member.name, error) from error
    body = [
        ["" if cell is None or cell != cell else sheet_text(cell) for cell in row]  # noqa: PLR0124
        for row in zip(*columns, strict=True)
    ]
    return Grid("", list(enumerate([parquet_names(member), *body], 1)), exact=False)


def where_of(member: Member, grid: Grid) -> str:
    """The name of a file's sheet in errors and findings."""
    return f"{member.name}, sheet {grid.sheet}" if grid.sheet else member.name
