"""Turn a row of a table of judgements into an inspection, or what is wrong with the row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from earlywarn.authorities import ENGLAND, Register
from earlywarn.errors import AuthorityError, OutcomeError
from earlywarn.judgements.schema import AREAS, GRADES, NO_OVERALL_FROM
from earlywarn.judgements.tables import JudgementTable, missing_columns, words_of
from earlywarn.utils.dates import EXPECTED_DAY, parse_cell_day, this_day

if TYPE_CHECKING:
    from collections.abc import Sequence

JUDGED = ("overall", *AREAS)
"""The columns with grades."""

FIRST_SIF_START = date(2013, 11, 1)
"""Inspections before this date are under frameworks that are not included."""

_CORE = ("leadership", "help_and_protection", "in_care")  # judged under every framework
_DATES = ("inspection_start", "published_on")
_AUTHORITY = ("la_code", "la_name")
_FIRST_ILACS_START = date(2018, 1, 1)

_GRADE_OF = {grade.lower(): grade for grade in GRADES} | {
    "requires improvement to be good": "Requires improvement"
}
_NOT_JUDGED = frozenset(
    {"", "-", "n/a", "null", "not judged", "not graded", "not applicable", "x", "z", "[x]", "[z]"}
    # As written in the tables compiled from the reports.
    | {"not reported post reform", "inspection pre dates judgement"}
)

# Names of types and frameworks of graded inspections. A visit, a monitoring visit or an assurance
# visit has another word in it, even next to "ILACS", and gives no judgement.
_TYPE_WORDS = (
    frozenset({"standard", "short", "full", "re", "reinspection", "inspection", "inspections"})
    | {"ilacs", "sif", "single", "framework", "ofsted", "under", "the", "of", "and", "for"}
    | {"local", "authority", "authorities", "children", "s", "services"}
)


@dataclass(frozen=True)
class Inspection:
    """One inspection as read, and where it was read from.

    Attributes
    ----------
    where : str
        The file, the row and the authority.
    row : dict
        A value for each column of `schema.COLUMNS`.
    from_reports : bool
        Whether the table was compiled by machine from the reports: any other takes precedence.
    member : str
        The member of the folder from which it was read.
    urn : str
        Ofsted's reference of the authority, where the table has one.
    """

    where: str
    row: dict[str, Any]
    from_reports: bool = False
    member: str = ""
    urn: str = ""

    @property
    def inspection(self) -> tuple[str, date]:
        """The authority and the start."""
        return self.row["la_code"], self.row["inspection_start"]

    @property
    def report(self) -> tuple[str, date]:
        """The authority and the date of the report."""
        return self.row["la_code"], self.row["published_on"]


def is_blank(table: JudgementTable, cells: Sequence[str]) -> bool:
    """Whether a row has nothing in our columns: an empty row, or a footnote."""
    ours = table.position.keys() - {"urn"}  # often the first column, which contains footnotes
    return all(table.cell(cells, column) == "" for column in ours)


def is_older(table: JudgementTable, cells: Sequence[str]) -> bool:
    """Whether a row's inspection was before the single inspection framework."""
    start = parse_cell_day(table.cell(cells, "inspection_start"))
    return start is not None and start < FIRST_SIF_START


def inspection_in(
    table: JudgementTable, number: int, cells: Sequence[str], register: Register
) -> Inspection:
    """Read the inspection in one row.

    Parameters
    ----------
    table : JudgementTable
        The table.
    number : int
        The row number as shown to a reader of the file.
    cells : sequence of str
        Its cells.
    register : Register
        The authorities.

    Raises
    ------
    OutcomeError
        If a cell is not what it should be, or the cells contradict each other.
    """
    authority = table.cell(cells, "la_name") or table.cell(cells, "la_code")
    where = f"{table.name}, row {number}, {authority or 'no authority'}"
    row: dict[str, Any] = {column: _date_in(table, cells, column, where) for column in _DATES}
    start = row["inspection_start"]
    row["la_code"] = _la_code(table, cells, register, start, where)
    row["framework"] = _framework(table, cells, start, where)
    row |= {column: _grade_in(table, cells, column, where) for column in JUDGED}
    row["inspection_type"] = _type_in(table, cells, where)
    row["start_precision"] = table.cell(cells, "start_precision") or "day"
    row["source"] = table.cell(cells, "source") or table.file
    _check_days(table, row, where)
    _check_grades(table, row, where)
    return Inspection(where, row, table.from_reports, table.member, table.cell(cells, "urn"))


def _la_code(
    table: JudgementTable, cells: Sequence[str], register: Register, start: date, where: str
) -> str:
    """The three-digit code, from the given code or else from the name."""
    code, name = (_code_in(table, cells, column, register, where) for column in _AUTHORITY)
    if code and name and not are_one_place(code, name, register):
        raise OutcomeError(
            "the code and the name are those of different authorities",
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
    table: JudgementTable, cells: Sequence[str], column: str, register: Register, where: str
) -> str:
    text = table.cell(cells, column)
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


def are_one_place(code: str, name: str, register: Register) -> bool:
    """Whether two codes belong to one authority, or to one and its heir."""
    return code == name or name in register.heirs(code) or code in register.heirs(name)


def _as_on(code: str, start: date, register: Register) -> str:
    """The authority of the same name before a reorganisation, if the inspection began before it."""
    if not code or code == ENGLAND or register.existed(code, start):
        return code
    earlier = (one.predecessor for one in register.predecessors(code) if one.kind == "continues")
    return next((one for one in earlier if register.existed(one, start)), code)


def _date_in(table: JudgementTable, cells: Sequence[str], column: str, where: str) -> date:
    value = table.cell(cells, column)
    found = parse_cell_day(value)
    if found is None:
        raise OutcomeError(
            "not a date",
            where=f"{where}, column {table.title(column)}",
            found=repr(value) if value != "" else "a blank cell",
            expected=f"{EXPECTED_DAY} or 31/03/2025",
            remedy="Correct the cell; the report gives the date.",
        )
    return found


def _grade_in(table: JudgementTable, cells: Sequence[str], column: str, where: str) -> str | None:
    value = table.cell(cells, column)
    word = " ".join(value.lower().replace("_", " ").split())
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


def _type_in(table: JudgementTable, cells: Sequence[str], where: str) -> str:
    """Standard, short or neither, from the type or else the framework, as in some tables.

    The type of any other visit is refused: focused, joint and monitoring visits give no judgement.
    """
    kinds = {column: table.cell(cells, column) for column in ("inspection_type", "framework")}
    for column, text in kinds.items():
        strange = {word for word in words_of(text).split() if word.isalpha()} - _TYPE_WORDS
        if strange:
            raise OutcomeError(
                "not a type of inspection that is known",
                where=f"{where}, column {table.title(column)}",
                found=repr(text),
                expected="a standard or short inspection, or a blank cell",
                remedy="Take the row out if it is of a visit; else correct the type.",
            )
    return next(filter(None, map(inspection_type, kinds.values())), "")


def inspection_type(text: str) -> str:
    """Return standard or short, if a type says so in words; otherwise an empty text.

    Examples
    --------
    >>> inspection_type("ILACS Short Inspection"), inspection_type("ILACS Focused Visit")
    ('short', '')
    """
    return next((kind for kind in ("standard", "short") if kind in words_of(text).split()), "")


def _framework(table: JudgementTable, cells: Sequence[str], start: date, where: str) -> str:
    """SIF or ILACS: as given, or else from the inspection's type, or else from its start."""
    given = table.cell(cells, "framework")
    for text in (given, table.cell(cells, "inspection_type")):
        words = words_of(text)
        if "ilacs" in words.split():
            return "ILACS"
        if "sif" in words.split() or "single inspection" in words:
            return "SIF"
    if given and not inspection_type(given):
        raise OutcomeError(
            "not a framework that is known",
            where=f"{where}, column {table.title('framework')}",
            found=repr(given),
            expected="SIF or ILACS",
            remedy="Correct it, or leave the column blank.",
        )
    return "SIF" if start < _FIRST_ILACS_START else "ILACS"


def _check_days(table: JudgementTable, row: dict[str, Any], where: str) -> None:
    if row["published_on"] < row["inspection_start"]:
        raise OutcomeError(
            "the report was published before the inspection started",
            where=f"{where}, column {table.title('published_on')}",
            found=f"{row['published_on']}, start {row['inspection_start']}",
            expected="a publication on or after the start",
            remedy="Correct one of the two dates; the report gives both.",
        )
    if row["published_on"] > this_day():
        raise OutcomeError(
            "a report of a day that has not come yet",
            where=f"{where}, column {table.title('published_on')}",
            found=str(row["published_on"]),
            expected=f"a day until {this_day()}",
            remedy="Correct the date; the report gives it.",
        )


def _check_grades(table: JudgementTable, row: dict[str, Any], where: str) -> None:
    if all(row[column] is None for column in JUDGED):
        judged = [
            table.header[table.position[column]] for column in JUDGED if column in table.position
        ]
        raise OutcomeError(
            "there is no judgement in the row",
            where=f"{where}, columns {', '.join(judged)}",
            found="blank cells only",
            expected="at least one grade",
            remedy="Fill in the grades, or remove the row if it is a visit.",
        )
    if row["overall"] is None and row["inspection_start"] < NO_OVERALL_FROM:
        if "overall" not in table.position:
            raise missing_columns(table, ["overall"])
        raise OutcomeError(
            "there is no overall grade",
            where=f"{where}, column {table.title('overall')}",
            found=f"a blank cell, of an inspection that began on {row['inspection_start']}",
            expected=f"a grade: only inspections that began from {NO_OVERALL_FROM} on have none, "
            "whatever the day of the report",
            remedy="Fill it in; the report gives it.",
        )
    _check_overall(table, row, where)


def _check_overall(table: JudgementTable, row: dict[str, Any], where: str) -> None:
    """Refuse an overall Inadequate where every area is known and none of them is Inadequate."""
    known = all(row[area] is not None for area in _CORE)
    if row["overall"] == "Inadequate" and known and "Inadequate" not in [row[a] for a in AREAS]:
        raise OutcomeError(
            "an overall Inadequate without an Inadequate area",
            where=f"{where}, column {table.title('overall')}",
            found=", ".join(f"{area} {row[area]}" for area in AREAS if row[area]),
            expected="at least one area Inadequate, as in every report",
            remedy="Correct the grades; the report gives them.",
        )
