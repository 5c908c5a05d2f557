"""Compare the other sheets of Ofsted's workbook with its history of inspections.

The yearly workbook contains an inspection up to three times: in the history, as the latest of its
authority, and in the year's activity. Only the history is read into judgements.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from earlywarn.errors import OutcomeError
from earlywarn.judgements.rows import (
    JUDGED,
    Inspection,
    inspection_in,
    inspection_type,
    is_blank,
    is_older,
)
from earlywarn.judgements.tables import words_of
from earlywarn.sources.schema import Finding
from earlywarn.utils.dates import parse_cell_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from earlywarn.authorities import Register
    from earlywarn.judgements.tables import JudgementTable

SHEETS_DISAGREE = "sheets-disagree"
"""The finding for a difference between the sheets of one workbook."""

_AS_AT = re.compile(r"\bas at (\d{1,2} \w+ \d{4})\b")
_YEAR = timedelta(days=365)
_COMPARED = ("inspection_start", "published_on", *JUDGED, "inspection_type")


def doubts_of_sheets(
    history: JudgementTable, inspections: Sequence[Inspection], register: Register
) -> list[Finding]:
    """Warn of each difference between a history and the sheets that repeat it.

    Parameters
    ----------
    history : JudgementTable
        The history, with the sheets that repeat it.
    inspections : sequence of Inspection
        The inspections read from it.
    register : Register
        The authorities.

    Returns
    -------
    list of Finding
        Empty if no sheet repeats the history, as in other years and in a sheet saved by itself.
    """
    day = _as_at(history)
    ordered = sorted(inspections, key=lambda one: one.inspection)
    messages = list(_after(ordered, day))
    for sheet in history.repeats:
        said, faults = _rows(sheet, register)
        messages += faults
        if sheet.of_visits:
            messages += _of_the_year(sheet, said, ordered, day)
        elif "as at" in words_of(sheet.sheet):
            messages += _latest(sheet, said, ordered, day, register)
    words = "the sheets of one workbook should say the same: download it again"
    return [
        Finding("warning", SHEETS_DISAGREE, f"{message}; {words}", history.member)
        for message in messages
    ]


def _as_at(history: JudgementTable) -> date | None:
    """The date of the workbook, from the title above the latest judgements."""
    found = (_AS_AT.search(words_of(sheet.above)) for sheet in history.repeats)
    return next((parse_cell_day(match[1]) for match in found if match), None)


def _rows(sheet: JudgementTable, register: Register) -> tuple[list[Inspection], list[str]]:
    """The graded inspections of a sheet, and why other rows can't be read."""
    own: list[Inspection] = []
    faults: list[str] = []
    for number, cells in sheet.rows:
        if is_blank(sheet, cells) or is_older(sheet, cells) or _is_visit(sheet, cells):
            continue
        try:
            own.append(inspection_in(sheet, number, cells, register))
        except OutcomeError as error:
            faults.append(str(error).removesuffix("."))
    return own, faults


def _is_visit(sheet: JudgementTable, cells: Sequence[str]) -> bool:
    graded = any(sheet.cell(cells, column) for column in JUDGED)
    kind = inspection_type(sheet.cell(cells, "inspection_type"))
    return sheet.of_visits and not graded and not kind


def _after(inspections: Iterable[Inspection], day: date | None) -> Iterator[str]:
    for one in inspections:
        if day is not None and one.row["inspection_start"] > day:
            yield (
                f"{one.where}: it began on {one.row['inspection_start']}, and the workbook is "
                f"as at {day}"
            )


def _latest(
    sheet: JudgementTable,
    said: Iterable[Inspection],
    history: Iterable[Inspection],
    day: date | None,
    register: Register,
) -> Iterator[str]:
    """Differences between the latest inspection of each authority and the history's."""
    latest = {one.row["la_code"]: one for one in history}
    for one in said:
        yield from _differences(sheet, one, latest.pop(one.row["la_code"], None))
    for code, one in latest.items():
        if day is not None and register.existed(code, day):
            yield f"{one.where}: sheet {sheet.sheet} has no row of this authority"


def _of_the_year(
    sheet: JudgementTable,
    said: Iterable[Inspection],
    history: Sequence[Inspection],
    day: date | None,
) -> Iterator[str]:
    """Differences between the inspections of the year and those of that year in the history."""
    starts = {one.inspection: one for one in history}
    reports = {one.report: one for one in history}
    met = set()
    for one in said:
        twin = starts.get(one.inspection) or reports.get(one.report)
        met.add(twin and twin.inspection)
        yield from _differences(sheet, one, twin)
    for one in history:
        if day is not None and _within_a_year(one, day) and one.inspection not in met:
            yield (
                f"{one.where}: sheet {sheet.sheet} has no inspection of it that began on "
                f"{one.row['inspection_start']}"
            )


def _within_a_year(one: Inspection, day: date) -> bool:
    start: date = one.row["inspection_start"]
    return day - _YEAR < start <= day


def _differences(sheet: JudgementTable, one: Inspection, twin: Inspection | None) -> Iterator[str]:
    """The differences between a sheet and the history for one inspection."""
    if twin is None:
        yield (
            f"{one.where}: the history has no inspection of it that began on "
            f"{one.row['inspection_start']}"
        )
        return
    other = [
        f"{sheet.title(column)} is {one.row[column] or 'blank'}, in the history "
        f"{twin.row[column] or 'blank'}"
        for column in _COMPARED
        if column in sheet.position and one.row[column] != twin.row[column]
    ]
    if other:
        yield f"{one.where}: {'; '.join(other)} ({twin.where})"
