"""Find tables of inspection judgements in files by their column names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from earlywarn.errors import OutcomeError, SourceError
from earlywarn.sources.members import TABLE_KINDS, Member
from earlywarn.sources.tabular_files import (
    Grid,
    check_lengths,
    first_rows,
    where_of,
    whole_grid,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_DATES = ("inspection_start", "published_on")
_REQUIRED = (*_DATES, "leadership", "help_and_protection", "in_care")

# Column names as published over the years, in lower case, words separated by one space.
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
        "inspection visit date",
    ),
    "published_on": (
        "published on",
        "publication date",
        "date published",
        "report publication date",
    ),
    "overall": (
        "overall",
        "overall effectiveness",
        "overall effectiveness judgement",
        "overall effectiveness grade",
    ),
    "leadership": (
        "leadership",
        "impact of leaders",
        "impact of leaders grade",
        "impact of leaders on social work practice with children and families",
        "leadership management and governance",
    ),
    "help_and_protection": (
        "help and protection",
        "help and protection grade",
        "children who need help and protection",
        "experiences and progress of children who need help and protection",
    ),
    "in_care": (
        "in care",
        "in care grade",
        "looked after",
        "children in care",
        "children looked after and achieving permanence",
        "experiences and progress of children in care",
        "experiences and progress of children in care and care leavers",
    ),
    "care_leavers": (
        "care leavers",
        "care leavers grade",
        "experiences and progress of care leavers",
    ),
    "inspection_type": ("inspection type", "inspection visit type"),
    "start_precision": ("start precision",),
    "source": ("source",),
    "urn": ("urn",),
}
_COLUMN_OF = {alias: column for column, aliases in _ALIASES.items() for alias in aliases}
_SECTOR = frozenset({"pdf filename", "inspection link"})
"""Columns of the tables that the sector compiles daily from the reports."""


@dataclass(frozen=True)
class JudgementTable:
    """One table of a file: where our columns are, and its rows with their numbers.

    Attributes
    ----------
    name, file : str
        The name of the table in errors, and the name of its file.
    header : tuple of str
        The column names as published.
    position : dict of str to int
        The position of each of our columns, without those that the table lacks.
    rows : list
        The row number as shown to a reader of the file, and the cells.
    member : str
        The member of the folder that contains it.
    from_reports : bool
        Whether it was compiled by machine from the reports: a row that can't be read is then left
        out and reported; in any other table it is an error.
    missing : tuple of str
        Required columns that are missing: nothing is then read from it.
    sheet, above : str
        The name of its sheet, and what is above its header.
    of_visits : bool
        Whether there are visits among its rows: no judgement is read from it.
    repeats : tuple of JudgementTable
        Other sheets of the workbook, which repeat some of it.
    """

    name: str
    file: str
    header: tuple[str, ...]
    position: dict[str, int]
    rows: list[tuple[int, list[str]]]
    member: str = ""
    from_reports: bool = False
    missing: tuple[str, ...] = field(default=())
    sheet: str = ""
    above: str = ""
    of_visits: bool = False
    repeats: tuple[JudgementTable, ...] = ()

    def title(self, column: str) -> str:
        """The column's name as published, quoted, for an error."""
        return repr(self.header[self.position[column]])

    def cell(self, cells: Sequence[str], column: str) -> str:
        """The cell of one of our columns; empty text if there is none."""
        position = self.position.get(column, len(cells))
        return cells[position].strip() if position < len(cells) else ""


def tables_in(member: Member) -> list[JudgementTable]:
    """Find the judgement tables of one file.

    Parameters
    ----------
    member : Member
        A CSV, a workbook or a Parquet file, or one of an archive.

    Returns
    -------
    list of JudgementTable
        Empty if the file contains something else. For a workbook, its inspection histories if it
        has any; otherwise every sheet with their columns. Missing columns are listed in `missing`.

    Raises
    ------
    OutcomeError
        If the file can't be read, or a row of a table is cut off.
    """
    if member.kind not in TABLE_KINDS:
        return []
    try:
        found = [table for grid in first_rows(member) for table in _table(member, grid)]
    except SourceError as error:
        raise OutcomeError(**error.as_dict()) from error
    tables = [table for table in found if not table.of_visits]
    whole = [table for table in tables if not table.missing]
    histories = [table for table in whole if "inspection history" in words_of(table.sheet)]
    if len(histories) == 1:
        others = tuple(one for one in found if not one.missing and one is not histories[0])
        return [replace(histories[0], repeats=others)]
    return histories or whole or tables


def names_judgements(member: Member) -> bool:
    """Whether a file has the header of judgements, even if the rest of it can't be read."""
    try:
        grids = list(first_rows(member))
    except SourceError:
        return False
    return any(_columns_at(cells) is not None for grid in grids for _, cells in grid.rows)


def _table(member: Member, start: Grid) -> list[JudgementTable]:
    """The table of judgements in a sheet, if it has one; without rows if a column is missing."""
    for index, (_, cells) in enumerate(start.rows):
        at = _columns_at(cells)
        of_visits = any("visit" in words_of(cell).split() for cell in cells)
        if at is None or (of_visits and not start.sheet):
            continue
        header = tuple(cells)
        missing = tuple(column for column in _REQUIRED if column not in at)
        grid = start if missing else whole_grid(member, start.sheet)
        rows = [] if missing else grid.rows[index + 1 :]
        name = where_of(member, start)
        if grid.exact:
            width = max((i for i, cell in enumerate(header, 1) if cell), default=0)
            check_lengths([row for row in rows if any(row[1])], width, name)
        table = JudgementTable(
            name,
            member.file,
            header,
            at,
            rows,
            member.name,
            from_reports=bool(_SECTOR & {words_of(cell) for cell in header}),
            missing=missing,
            sheet=start.sheet,
            above=" ".join(cell for _, row in start.rows[:index] for cell in row if cell),
            of_visits=of_visits,
        )
        _check_once(table)
        return [table]
    return []


def _check_once(table: JudgementTable) -> None:
    """Refuse two columns of the same name with different content."""
    for column, position in table.position.items():
        words = words_of(table.header[position])
        others = [i for i, cell in enumerate(table.header) if words_of(cell) == words]
        if any(len({cells[i] for i in others if i < len(cells)}) > 1 for _, cells in table.rows):
            raise OutcomeError(
                "two columns with the same name but different cells",
                where=table.name,
                found=table.title(column),
                expected="each column once",
                remedy="Remove the column that should not count.",
            )


def _columns_at(cells: Sequence[str]) -> dict[str, int] | None:
    """The positions of our columns in a header row; None if it is not one.

    A row is the header of judgements if it names an authority, a date and an area of judgement.
    """
    words = [words_of(cell) for cell in cells]
    at: dict[str, int] = {}
    for position, word in enumerate(words):
        if (column := _COLUMN_OF.get(word)) is not None:
            at.setdefault(column, position)
    is_header = (
        bool(at.keys() & {"la_code", "la_name"})
        and bool(at.keys() & set(_DATES))
        and bool(at.keys() & {"help_and_protection", "in_care"})
    )
    return at if is_header else None


def words_of(cell: object) -> str:
    """Text in lower case, with single spaces, without a leading 'the'."""
    return re.sub(r"[^0-9a-z]+", " ", str(cell).lower()).strip().removeprefix("the ")


def missing_columns(table: JudgementTable, missing: list[str]) -> OutcomeError:
    """The error with the columns that a table lacks, and the names they may have."""
    return OutcomeError(
        "columns of judgements are missing",
        where=table.name,
        found=f"no {', '.join(missing)} among {', '.join(filter(None, table.header))}",
        expected="; ".join(f"{column} as '{_ALIASES[column][-1]}'" for column in missing),
        remedy="Add or rename the columns; only inspections from 1 April 2026 on have no overall.",
    )
