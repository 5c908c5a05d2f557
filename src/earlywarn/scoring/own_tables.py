"""Read tables of own figures from a file, and find each row's authority."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from earlywarn.errors import AuthorityError, IndicatorError, ScoreError, SourceError
from earlywarn.indicators.catalogue import INDICATORS, Indicator
from earlywarn.indicators.figures import POPULATION
from earlywarn.scoring.batch import as_frame
from earlywarn.scoring.row_files import READ_LINES, json_records
from earlywarn.sources.members import TABLE_KINDS, members_of
from earlywarn.sources.names_and_codes import of_another
from earlywarn.sources.shown_percentages import shown_as_read
from earlywarn.sources.tabular_files import (
    HEADER_WITHIN,
    column_key,
    first_rows,
    table_from,
    where_of,
    whole_grid,
)
from earlywarn.utils.csv_text import clean
from earlywarn.utils.dates import parse_cell_day
from earlywarn.utils.paths import as_path, check_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from earlywarn.panel.snapshot import Snapshot
    from earlywarn.sources.members import Member
    from earlywarn.sources.tabular_files import Grid

LABELS = ("la_code", "la_name", "as_of")
"""Columns of a table of own figures that identify the authority."""
AUTHORITY = ("la_code", "authority", "la_name")
"""Columns that may identify a row's authority: the first one filled counts."""
LINE = "line"
"""The name of an index with the line of each row in the file."""
EMPTY = frozenset({"", "nan", "none", "na", "<na>"})
"""The texts of an empty cell, in lower case."""


def read_figures(path: str | Path) -> pd.DataFrame:
    """Read a table of own figures from a file, for ``with_figures``.

    Parameters
    ----------
    path : str or Path
        CSV, also with tabs or semicolons, Excel, OpenDocument, Parquet or JSON lines: ``la_code``
        (which may also contain names) and a column per figure, by its name in the catalogue. The
        title of a percentage or a ratio is accepted too. There may be notes above the header.

    Returns
    -------
    DataFrame
        The cells unchanged. The index, ``line``, is the line of each row in the file, as numbered
        in a spreadsheet: the header and what is above it count.

    Raises
    ------
    ScoreError
        If there is no such file, it can't be read, or several of its sheets contain figures.
    """
    file = as_path(path, "figures", ScoreError)
    if file.suffix.lower() in READ_LINES:
        check_file(file, expected="JSON lines", fault=ScoreError)
        rows = dict(json_records(file))
        return as_frame(rows.values()).set_index(pd.Index(list(rows), name=LINE))
    check_file(file, expected="a table", fault=ScoreError)
    try:
        return _frame_of(_member_of(file))
    except SourceError as error:
        parts = error.as_dict() | {"remedy": "Save it again, as CSV or as a workbook."}
        raise ScoreError(parts.pop("problem"), **parts) from error


def _member_of(file: Path) -> Member:
    members = members_of(file, str(file))
    if len(members) == 1 and members[0].kind in TABLE_KINDS:
        return members[0]
    raise ScoreError(
        "not a file of own figures",
        where=str(file),
        found=members[0].kind if len(members) == 1 else f"an archive of {len(members)} files",
        expected="one table: CSV, Excel, OpenDocument, Parquet or JSON lines",
    )


def _frame_of(member: Member) -> pd.DataFrame:
    """The cells below the header of the one sheet that has figures."""
    sheets = first_rows(member)
    headers = [(sheet, at) for sheet in sheets if (at := _header_of(sheet)) is not None]
    if len(headers) > 1:
        raise ScoreError(
            "several sheets contain figures",
            where=member.name,
            found=", ".join(sheet.sheet for sheet, _ in headers),
            expected="one of them",
            remedy="Save the right one as a separate file.",
        )
    start, header = headers[0] if headers else (sheets[0], 0)
    where = where_of(member, start)
    if not start.rows:
        raise ScoreError("an empty sheet", where=where, expected="a header, and rows below it")
    grid = shown_as_read(whole_grid(member, start.sheet), member.content)
    table = table_from(grid, header, where)
    table.check_once(table.columns)
    names = [_name_of(name) for name in table.columns.values()]
    return table.cells.set_axis(names, axis=1).set_index(pd.Index(table.lines, name=LINE))


def _header_of(sheet: Grid) -> int | None:
    """The position of a sheet's header: the first row that names a figure or a code column."""
    known = {*figure_names(), "la_code", "la_name"}
    rows = enumerate(cells for _, cells in sheet.rows[:HEADER_WITHIN])
    return next((at for at, cells in rows if known & {*map(_name_of, cells)}), None)


def _name_of(written: str) -> str:
    """The name of a column in the catalogue; unchanged if it has none."""
    name, key = clean(written), column_key(written)
    if name in figure_names():
        return name
    if key in {*AUTHORITY, *LABELS} or (key in figure_names() and key not in _unclear()):
        return key
    return _titles().get(key, name)


@cache
def _titles() -> dict[str, str]:
    """The names by title, without rates, whose titles are also those of their counts."""
    records = [record for record in INDICATORS if record.kind not in ("history", "rate")]
    return {column_key(record.title): record.id for record in records}


@cache
def _unclear() -> frozenset[str]:
    """Titles of rates that are also names of counts, so that a column is ambiguous."""
    return frozenset(column_key(record.title) for record in INDICATORS if record.kind == "rate")


@cache
def figure_names() -> dict[str, Indicator | None]:
    """Every name that an own figure may have, with the indicator if it is the value of one."""
    names: dict[str, Indicator | None] = {}
    for record in INDICATORS:
        if record.kind != "history":
            names[record.id] = record
            for count in (record.numerator, record.denominator):
                if count and count != POPULATION:
                    names.setdefault(count, None)
    return names


def figure_columns(frame: pd.DataFrame) -> list[str]:
    """Return the columns that contain figures.

    Raises
    ------
    IndicatorError
        If no column identifies the authorities.
    """
    label = next((name for name in AUTHORITY if name in frame.columns), None)
    if label is None:
        raise IndicatorError(
            "the table does not say whose figures these are",
            where="own figures",
            found=", ".join(map(str, frame.columns[:8])),
            expected="a column la_code, with codes or names",
        )
    return [str(name) for name in frame.columns if name not in {*LABELS, label}]


def rows_by_authority(
    snapshot: Snapshot, frame: pd.DataFrame
) -> Iterator[tuple[str, str, dict[Any, Any]]]:
    """Return each row's code, its place in words, and its cells.

    Raises
    ------
    AuthorityError
        If a row's authority is unknown, or did not exist on the date.
    IndicatorError
        If an authority occurs twice, a row has another date, or its code and name belong to
        different authorities.
    """
    seen: dict[str, str] = {}
    for place, row in zip(_places(frame), frame.to_dict("records"), strict=True):
        _check_day(snapshot, row.get("as_of"), place)
        code = _code_of(snapshot, row, place)
        where = f"{snapshot.register.name_of(code)}, {place}"
        if code in seen:
            raise IndicatorError(
                "an authority appears twice in the table",
                where=where,
                found=f"{seen[code]} and {place}",
                expected="one row per authority",
            )
        seen[code] = place
        yield code, where, row


def _places(frame: pd.DataFrame) -> list[str]:
    """The place of each row: its line in the file that it was read from, or else its number."""
    if frame.index.name == LINE:
        return [f"line {line}" for line in frame.index]
    return [f"row {number}" for number in range(1, len(frame) + 1)]


def _check_day(snapshot: Snapshot, cell: Any, place: str) -> None:
    """Refuse a row with a date other than the snapshot's."""
    text = label_text(cell)
    if text and parse_cell_day(cell) != snapshot.as_of:
        raise IndicatorError(
            "the row is for another date than the one asked about",
            where=f"{place}, as_of",
            found=repr(text),
            expected=f"{snapshot.as_of}, or nothing",
            remedy="Ask about that date, or leave as_of out: own figures are compared with the "
            "latest year published by the date asked about.",
        )


def _code_of(snapshot: Snapshot, row: Mapping[Any, Any], place: str) -> str:
    """A row's authority, by its code, or by its name if the code is empty."""
    said = [text for name in AUTHORITY if (text := label_text(row.get(name)))]
    if not said:
        raise IndicatorError(
            "the row does not say whose figures these are",
            where=place,
            expected="a code or a name in la_code",
        )
    try:
        code = snapshot.existing_code(said[0])
    except AuthorityError as error:
        parts = error.as_dict()
        where = f"{place}, {parts.pop('where')}"
        raise AuthorityError(parts.pop("problem"), where=where, **parts) from error
    for name in said[1:]:
        _check_one(snapshot, code, said[0], name, place)
    return code


def _check_one(snapshot: Snapshot, code: str, text: str, name: str, place: str) -> None:
    """Refuse a second label of a row that means a different authority from the first."""
    register = snapshot.register
    if of_another(register, code, name):
        other = register.code_of(name)
        raise IndicatorError(
            "the code and the name are those of different authorities",
            where=place,
            found=f"{_meant(text, register.name_of(code))}, and "
            f"{_meant(name, register.name_of(other))}",
            expected="both those of the same authority",
            remedy="Correct the code or the name.",
        )


def _meant(text: str, name: str) -> str:
    return name if text == name else f"{text}, which is {name}"


def label_text(cell: Any) -> str:
    """A code or name as text; a code that became a fractional number is restored."""
    whole = isinstance(cell, float) and cell.is_integer()
    text = str(int(cell)) if whole else str(cell).strip()
    return "" if text.lower() in EMPTY else text
