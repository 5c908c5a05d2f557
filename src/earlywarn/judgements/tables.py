"""Tables of inspection judgements as they stand in files, found by their column names."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from earlywarn.errors import OutcomeError, require

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SUFFIXES = frozenset({".csv", ".ods", ".xlsx", ".xlsm", ".xls"})
"""The kinds of file that may hold judgements."""

_DATES = ("inspection_start", "published_on")
_REQUIRED = (*_DATES, "leadership", "help_and_protection", "in_care")
_EXCEL_EPOCH = date(1899, 12, 30)
_HEADER_WITHIN = 25  # a title, a note and some blank rows may stand above the header

# Column names as published over the years, in lower case, words parted by one blank.
_ALIASES = {
    "la_code": (
        "la code",
        "local authority area code",
        "local authority code",
        "area code",
        "new la code",
        "old la code",
    ),
    "la_name": ("la name", "local authority name", "local authority"),
    "framework": ("framework", "inspection framework"),
    "inspection_start": (
        "inspection start",
        "inspection date",
        "inspection start date",
        "start date",
    ),
    "published_on": (
        "published on",
        "publication date",
        "date published",
        "report publication date",
    ),
    "overall": ("overall", "overall effectiveness", "overall effectiveness judgement"),
    "leadership": (
        "leadership",
        "impact of leaders",
        "impact of leaders on social work practice with children and families",
        "leadership management and governance",
    ),
    "help_and_protection": (
        "help and protection",
        "children who need help and protection",
        "experiences and progress of children who need help and protection",
    ),
    "in_care": (
        "in care",
        "looked after",
        "children in care",
        "children looked after and achieving permanence",
        "experiences and progress of children in care",
        "experiences and progress of children in care and care leavers",
    ),
    "care_leavers": ("care leavers", "experiences and progress of care leavers"),
    "inspection_type": ("inspection type",),
    "start_precision": ("start precision",),
    "source": ("source",),
}
_COLUMN_OF = {alias: column for column, aliases in _ALIASES.items() for alias in aliases}


@dataclass(frozen=True)
class JudgementTable:
    """One table as it stands in a file: where our columns are, and its rows with their numbers.

    Attributes
    ----------
    name, file : str
        The table as an error names it, and the name of its file.
    header : tuple of str
        The column names as published.
    position : dict of str to int
        Where each of our columns stands; a column that the table lacks is not in it.
    rows : list
        Row number as a reader of the file sees it, and the cells.
    """

    name: str
    file: str
    header: tuple[str, ...]
    position: dict[str, int]
    rows: list[tuple[int, Sequence[Any]]]

    def title(self, column: str) -> str:
        """The column's name as published, quoted, for an error."""
        return repr(self.header[self.position[column]])

    def cell(self, cells: Sequence[Any], column: str) -> object:
        """The cell of one of our columns, without blanks around it; empty text if there is none."""
        position = self.position.get(column, len(cells))
        value = cells[position] if position < len(cells) else ""
        return value.strip() if isinstance(value, str) else value


def tables_in(path: Path) -> list[JudgementTable]:
    """Find the judgement tables of one file.

    Parameters
    ----------
    path : Path
        A CSV or a workbook.

    Returns
    -------
    list of JudgementTable
        Empty if the file holds something else.

    Raises
    ------
    OutcomeError
        If a workbook can't be opened, or a judgement table lacks a column.
    """
    if path.suffix.lower() != ".csv":
        return _workbook_tables(path)
    table = _table(path.name, path.name, _csv_rows(path, first=_HEADER_WITHIN))
    if table is None:
        return []
    whole = _table(path.name, path.name, _csv_rows(path))
    return [whole] if whole is not None else []


def _csv_rows(path: Path, *, first: int | None = None) -> list[tuple[int, list[str]]]:
    """Lines of a CSV with their numbers; `first` few for a look that forgives, else all."""
    errors = "strict" if first is None else "replace"
    try:
        with path.open(encoding="utf-8-sig", errors=errors, newline="") as stream:
            reader = csv.reader(stream)
            return [(reader.line_num, cells) for cells in islice(reader, first)]
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        if first is not None:
            return []
        raise OutcomeError(
            "the file can't be read as text",
            where=path.name,
            found=str(error),
            expected="a CSV in UTF-8",
            remedy="Save it again as 'CSV UTF-8'.",
        ) from error


def _workbook_tables(path: Path) -> list[JudgementTable]:
    """Judgement tables of a workbook: its inspection histories, or else what has their columns."""
    sheets = _sheets(path)
    tables = {
        name: table
        for name, rows in sheets
        if (table := _table(path.name, f"{path.name}, sheet {name}", rows)) is not None
    }
    histories = [table for name, table in tables.items() if "inspection history" in words_of(name)]
    return histories or list(tables.values())


def _sheets(path: Path) -> list[tuple[str, list[tuple[int, Sequence[Any]]]]]:
    calamine = require("python_calamine", extra="data")
    try:
        book = calamine.CalamineWorkbook.from_path(str(path))
        return [
            # Empty rows are kept so that row numbers are those that the reader sees.
            (name, list(enumerate(_sheet_rows(book, name), start=1)))
            for name in book.sheet_names
        ]
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise OutcomeError(
            "the file can't be opened as a spreadsheet",
            where=path.name,
            found=str(error) or type(error).__name__,
            expected="an ODS or Excel workbook, whole",
            remedy="Download it again; it may be cut short or another kind of file.",
        ) from error


def _sheet_rows(book: Any, name: str) -> list[Sequence[Any]]:
    rows: list[Sequence[Any]] = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    return rows


def _table(file: str, name: str, rows: list[tuple[int, Any]]) -> JudgementTable | None:
    """The judgement table among these rows, or None if no row is its header."""
    for position, (_, cells) in enumerate(rows[:_HEADER_WITHIN]):
        at = _columns_at(cells)
        if at is None:
            continue
        header = tuple(str(cell).strip() for cell in cells)
        table = JudgementTable(name, file, header, at, rows[position + 1 :])
        _check_columns(table)
        return table
    return None


def _columns_at(cells: Sequence[Any]) -> dict[str, int] | None:
    """Where our columns stand in a header row; None if it is not one.

    A row is the header of judgements if it names an authority, a date and an area of judgement.
    Tables of visits have these too, but a visit gives no judgement.
    """
    words = [words_of(cell) for cell in cells]
    at: dict[str, int] = {}
    for position, word in enumerate(words):
        if (column := _COLUMN_OF.get(word)) is not None:
            at.setdefault(column, position)
    is_visits = any("visit" in word.split() for word in words)
    is_header = (
        bool(at.keys() & {"la_code", "la_name"})
        and bool(at.keys() & set(_DATES))
        and bool(at.keys() & {"help_and_protection", "in_care"})
    )
    return at if is_header and not is_visits else None


def words_of(cell: object) -> str:
    """Text in lower case, its words parted by one blank, without a leading 'the'."""
    return re.sub(r"[^0-9a-z]+", " ", str(cell).lower()).strip().removeprefix("the ")


def cell_date(value: object) -> date | None:
    """Read a date as files give it: a date, ISO text, dd/mm/yyyy, or a spreadsheet's serial.

    Parameters
    ----------
    value : object
        The cell.

    Returns
    -------
    datetime.date or None
        None if the cell is no date.

    Examples
    --------
    >>> cell_date("10/07/2023"), cell_date(45117.0), cell_date("31/02/2023")
    (datetime.date(2023, 7, 10), datetime.date(2023, 7, 10), None)
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = re.sub(r"[T ]\d\d:\d\d.*$", "", str(value).strip())
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return _iso_day(text)
    if re.fullmatch(r"[3-6]\d{4}(\.\d+)?", text):  # serials of the years 1982 to 2091
        return _EXCEL_EPOCH + timedelta(days=int(float(text)))
    days = (_day(text, form) for form in ("%d/%m/%Y", "%d %B %Y", "%d %b %Y", "%d-%b-%Y"))
    return next(filter(None, days), None)


def _iso_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _day(text: str, form: str) -> date | None:
    try:
        return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no time zone
    except ValueError:
        return None


def _check_columns(table: JudgementTable) -> None:
    missing = [column for column in _REQUIRED if column not in table.position]
    if missing:
        raise missing_columns(table, missing)


def missing_columns(table: JudgementTable, missing: list[str]) -> OutcomeError:
    """The error that tells which of our columns a table lacks, and how they may be named."""
    return OutcomeError(
        "columns of judgements are missing",
        where=table.name,
        found=f"no {', '.join(missing)} among {', '.join(filter(None, table.header))}",
        expected="; ".join(f"{column} as '{_ALIASES[column][-1]}'" for column in missing),
        remedy="Add or rename the columns; only reports from 1 April 2026 have no overall.",
    )
