"""Inspection judgements: Ofsted's yearly ODS, the compiled table and our own, as one frame."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earlywarn.authorities import ENGLAND, Register
from earlywarn.errors import AuthorityError, DataQualityWarning, OutcomeError
from earlywarn.judgements.schema import (
    AREAS,
    GRADES,
    NO_OVERALL_FROM,
    empty_judgements,
    frame_of,
)
from earlywarn.judgements.tables import (
    SUFFIXES,
    JudgementTable,
    cell_date,
    missing_columns,
    tables_in,
    words_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pandas as pd

_JUDGED = ("overall", *AREAS)
_DATES = ("inspection_start", "published_on")
_AUTHORITY = ("la_code", "la_name")
_FIRST_ILACS_START = date(2018, 1, 1)

_GRADE_OF = {grade.lower(): grade for grade in GRADES} | {
    "requires improvement to be good": "Requires improvement"
}
_NOT_JUDGED = frozenset(
    {"", "-", "n/a", "null", "not judged", "not graded", "not applicable", "x", "z", "[x]", "[z]"}
)


@dataclass(frozen=True)
class _Line:
    """One inspection as read, and the place it was read from."""

    where: str
    row: dict[str, Any]

    @property
    def inspection(self) -> tuple[str, date]:
        return self.row["la_code"], self.row["inspection_start"]

    @property
    def report(self) -> tuple[str, date]:
        return self.row["la_code"], self.row["published_on"]


def read_judgements(path: str | Path, *, register: Register | None = None) -> pd.DataFrame:
    """Read inspection judgements from any of the forms in which they are kept.

    Parameters
    ----------
    path : str or Path
        Ofsted's ODS (or the same workbook as .xlsx), a CSV in the compiled form, a CSV that
        `write_judgements` wrote, or a folder with any of these at any depth. Tables are found by
        their column names, wherever the header stands.
    register : Register, optional
        The authorities to read codes and names with; by default the register of the package.

    Returns
    -------
    DataFrame
        One row an inspection, sorted by authority and start: `la_code`, `framework` (SIF or
        ILACS), `inspection_start`, `published_on` (datetime.date), `overall`, `leadership`,
        `help_and_protection`, `in_care`, `care_leavers` (full words; missing is missing),
        `inspection_type` (standard, short or empty), `start_precision` (day or month), `source`.

    Raises
    ------
    OutcomeError
        If there is nothing to read, or a cell is not what it should be.

    Notes
    -----
    Until December 2022 ILACS judged care leavers together with children in care: `in_care` covers
    both and `care_leavers` is missing. Looked after under the single inspection framework is
    `in_care`; adoption is not carried. Reports published from 1 April 2026 give no overall grade.
    """
    place = Path(path)
    if not place.exists():
        raise OutcomeError(
            "there is no such file or folder",
            where=str(path),
            remedy="Check the path of the judgements.",
        )
    if place.is_dir():
        frame = read_judgements_below(place, register=register)
        if frame.empty:
            raise _nothing_in_folder(place)
        return frame
    tables = tables_in(place)
    if not tables:
        raise _no_table(place)
    return _merged(tables, register)


def read_judgements_below(folder: Path, *, register: Register | None = None) -> pd.DataFrame:
    """Read every judgement table below a folder; an empty frame if there is none.

    Parameters
    ----------
    folder : Path
        Where to look, at any depth. Files that hold no judgements are passed over.
    register : Register, optional
        The authorities to read with; by default the register of the package.

    Returns
    -------
    DataFrame
        As `read_judgements` gives it.
    """
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    shown = [path for path in files if not _is_hidden(path.relative_to(folder))]
    tables = [table for path in shown for table in tables_in(path)]
    return _merged(tables, register) if tables else empty_judgements()


def _is_hidden(path: Path) -> bool:
    # Office programs keep lock files named ~$... or .~lock... beside an open workbook.
    return any(part.startswith((".", "~$")) for part in path.parts)


# --- from a table to its inspections -------------------------------------------------------------


def _merged(tables: Iterable[JudgementTable], register: Register | None) -> pd.DataFrame:
    known = Register.load() if register is None else register
    lines = [line for table in tables for line in _lines(table, known)]
    _warn_of_long_gaps(lines)
    kept = _one_start_a_report(_one_line_an_inspection(lines))
    return frame_of([line.row for line in sorted(kept, key=lambda line: line.inspection)])


def _lines(table: JudgementTable, register: Register) -> Iterator[_Line]:
    for number, cells in table.rows:
        if all(table.cell(cells, column) == "" for column in table.position):
            continue  # an empty row, or a footnote outside our columns
        yield _line(table, number, cells, register)


def _line(table: JudgementTable, number: int, cells: Sequence[Any], register: Register) -> _Line:
    authority = str(table.cell(cells, "la_name") or table.cell(cells, "la_code"))
    where = f"{table.name}, row {number}, {authority or 'no authority'}"
    row: dict[str, Any] = {column: _date_in(table, cells, column, where) for column in _DATES}
    start = row["inspection_start"]
    row["la_code"] = _la_code(table, cells, register, start, where)
    row["framework"] = _framework(table, cells, start, where)
    row |= {column: _grade_in(table, cells, column, where) for column in _JUDGED}
    row["inspection_type"] = _inspection_type(str(table.cell(cells, "inspection_type")))
    row["start_precision"] = str(table.cell(cells, "start_precision")) or "day"
    row["source"] = str(table.cell(cells, "source")) or table.file
    _check_line(table, row, where)
    return _Line(where, row)


def _la_code(
    table: JudgementTable, cells: Sequence[Any], register: Register, start: date, where: str
) -> str:
    """The three-digit code, from the code given if there is one, else from the name."""
    code, name = (_code_in(table, cells, column, register, where) for column in _AUTHORITY)
    if code and name and not _are_one_place(code, name, register):
        raise OutcomeError(
            "the code and the name are of two authorities",
            where=where,
            found=f"{table.cell(cells, 'la_code')}, which is {register.name_of(code)}",
            expected=f"the code of {register.name_of(name)}",
            remedy="Correct the code or the name.",
        )
    found = code or _as_on(name, start, register)
    if not found or found == ENGLAND or not register.existed(found, start):
        raise OutcomeError(
            "no authority of this name or code existed when the inspection started",
            where=where,
            found=f"{table.cell(cells, 'la_code') or table.cell(cells, 'la_name')!r}, {start}",
            expected="the name or the code of an English authority, on that day",
            remedy="Correct the authority or the date.",
        )
    return found


def _code_in(
    table: JudgementTable, cells: Sequence[Any], column: str, register: Register, where: str
) -> str:
    text = str(table.cell(cells, column))
    try:
        return register.code_of(text) if text else ""
    except AuthorityError as error:
        raise OutcomeError(
            "the authority is not known",
            where=f"{where}, column {table.title(column)}",
            found=repr(text),
            expected="the name or the code of an English authority, past or present",
            remedy=f"{error.remedy} Correct it, or extend the register with an authorities.csv.",
        ) from error


def _are_one_place(code: str, name: str, register: Register) -> bool:
    return code == name or name in register.heirs(code) or code in register.heirs(name)


def _as_on(code: str, start: date, register: Register) -> str:
    """An authority of the same name before its reorganisation, if it started before that."""
    if not code or code == ENGLAND or register.existed(code, start):
        return code
    earlier = (one.predecessor for one in register.predecessors(code) if one.kind == "continues")
    return next((one for one in earlier if register.existed(one, start)), code)


def _date_in(table: JudgementTable, cells: Sequence[Any], column: str, where: str) -> date:
    value = table.cell(cells, column)
    found = cell_date(value)
    if found is None:
        raise OutcomeError(
            "not a date",
            where=f"{where}, column {table.title(column)}",
            found=repr(value) if value != "" else "a blank cell",
            expected="a date such as 2023-07-10 or 10/07/2023",
            remedy="Correct the cell; the report gives the date.",
        )
    return found


def _grade_in(table: JudgementTable, cells: Sequence[Any], column: str, where: str) -> str | None:
    value = table.cell(cells, column)
    word = " ".join(str(value).lower().split())
    if word in _NOT_JUDGED:
        return None
    if word not in _GRADE_OF:
        raise OutcomeError(
            "not a grade",
            where=f"{where}, column {table.title(column)}",
            found=repr(value),
            expected=f"{', '.join(GRADES)}, or blank where not judged",
            remedy="Correct the cell; the report gives the grade.",
        )
    return _GRADE_OF[word]


def _inspection_type(text: str) -> str:
    return next((kind for kind in ("standard", "short") if kind in text.lower()), "")


def _framework(table: JudgementTable, cells: Sequence[Any], start: date, where: str) -> str:
    """SIF or ILACS: as told, else from the inspection's type, else from its start."""
    told = str(table.cell(cells, "framework"))
    for text in (told, str(table.cell(cells, "inspection_type"))):
        words = words_of(text)
        if "ilacs" in words.split():
            return "ILACS"
        if "sif" in words.split() or "single inspection" in words:
            return "SIF"
    if told:
        raise OutcomeError(
            "not a framework that is known",
            where=f"{where}, column {table.title('framework')}",
            found=repr(told),
            expected="SIF or ILACS",
            remedy="Correct it, or leave the column blank.",
        )
    return "SIF" if start < _FIRST_ILACS_START else "ILACS"


def _check_line(table: JudgementTable, row: dict[str, Any], where: str) -> None:
    if row["published_on"] < row["inspection_start"]:
        raise OutcomeError(
            "the report was published before the inspection started",
            where=f"{where}, column {table.title('published_on')}",
            found=f"{row['published_on']}, start {row['inspection_start']}",
            expected="a publication on or after the start",
            remedy="Correct one of the two dates; the report gives both.",
        )
    if "overall" not in table.position and row["published_on"] < NO_OVERALL_FROM:
        raise missing_columns(table, ["overall"])
    if all(row[column] is None for column in _JUDGED):
        judged = [
            table.header[table.position[column]] for column in _JUDGED if column in table.position
        ]
        raise OutcomeError(
            "there is no judgement in the row",
            where=f"{where}, columns {', '.join(judged)}",
            found="blank cells only",
            expected="at least one grade",
            remedy="Fill in the grades, or remove the row if it is a visit.",
        )


# --- from inspections to the frame ---------------------------------------------------------------


def _one_line_an_inspection(lines: Iterable[_Line]) -> list[_Line]:
    """Keep the first of equal lines; two that differ are a fault that only the user can mend."""
    kept: dict[tuple[str, date], _Line] = {}
    for line in lines:
        first = kept.setdefault(line.inspection, line)
        for column in ("framework", "published_on", *_JUDGED):
            if first.row[column] != line.row[column]:
                raise _conflict(first, line, column)
    return list(kept.values())


def _one_start_a_report(lines: list[_Line]) -> list[_Line]:
    """One report is one inspection: a start known to the day replaces one known to the month."""
    kept: dict[tuple[str, date], _Line] = {}
    for line in sorted(lines, key=lambda line: line.row["start_precision"]):  # day, then month
        first = kept.setdefault(line.report, line)
        months = [one.row["inspection_start"].replace(day=1) for one in (first, line)]
        is_month = line.row["start_precision"] == "month" and months[0] == months[1]
        if first is not line and not is_month:
            raise _conflict(first, line, "inspection_start")
    return list(kept.values())


def _warn_of_long_gaps(lines: list[_Line]) -> None:
    year = timedelta(days=366)
    late = [
        line.where
        for line in lines
        if line.row["published_on"] - line.row["inspection_start"] > year
    ]
    if late:
        warnings.warn(
            f"{len(late)} reports were published more than a year after the inspection started: "
            f"{'; '.join(late[:5])}. Check their dates.",
            DataQualityWarning,
            stacklevel=2,
        )


# --- what went wrong -----------------------------------------------------------------------------


def _conflict(first: _Line, second: _Line, column: str) -> OutcomeError:
    return OutcomeError(
        f"the same inspection is told twice, with another {column}",
        where=f"{first.where}; and {second.where}",
        found=f"{first.row[column] or 'blank'} and {second.row[column] or 'blank'}",
        expected="the same in both",
        remedy="Correct one of the two, or remove it.",
    )


def _no_table(path: Path) -> OutcomeError:
    return OutcomeError(
        "there is no table of inspection judgements in the file",
        where=path.name,
        found="no row with the column names",
        expected="a header with an authority's code or name, inspection start, publication date, "
        "leadership, help_and_protection and in_care",
        remedy="Give Ofsted's inspection outcomes (ODS) or a CSV in the compiled form.",
    )


def _nothing_in_folder(folder: Path) -> OutcomeError:
    return OutcomeError(
        "there are no inspection judgements below the folder",
        where=str(folder),
        expected="Ofsted's inspection outcomes (ODS) or a CSV in the compiled form",
        remedy="Download them into the folder, or give their own path.",
    )
