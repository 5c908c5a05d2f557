"""Judgements that are possible but unprecedented: grades, dates and inspections unlike others."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

from earlywarn.judgements.schema import AREAS, GRADES
from earlywarn.judgements.seasons import begins_week, holiday_of_report, holiday_of_start
from earlywarn.sources.schema import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from earlywarn.judgements.rows import Inspection

# None of the 492 inspections from November 2013 to August 2026 is beyond these.
_SHORTEST, _LONGEST = 20, 250  # days from the start to the report: 22 to 225
APART = 500  # days between two inspections of one authority: 622 at least
_CORE = ("leadership", "help_and_protection", "in_care")
_SATURDAY = 5
_CARE_LEAVERS_FROM = date(2023, 2, 1)  # under ILACS; before, they were judged with those in care
_UNDER = {"SIF": (date(2013, 11, 1), date(2018, 12, 31)), "ILACS": (date(2018, 1, 1), date.max)}
_SCILLY = "420"  # no child there is in care


def doubts_about(inspections: Sequence[Inspection]) -> list[Finding]:
    """Warn of anything that no known inspection has shown so far, since a cell may be wrong.

    Parameters
    ----------
    inspections : sequence of Inspection
        One entry each, by authority and start.

    Returns
    -------
    list of Finding
        Reports sooner or later after the start than any before; dates at a weekend; an overall
        grade beyond every area, or two grades from leadership; an Inadequate area under an overall
        Good; one area without a grade; a framework from other years; an inspection begun, or a
        report published, in holidays; one under ILACS begun mid-week; two inspections of one
        authority within 500 days.
    """
    findings = [_doubt(one, code, message) for one in inspections for code, message in _of_one(one)]
    for before, after in pairwise(inspections):
        apart = (after.row["inspection_start"] - before.row["inspection_start"]).days
        if before.row["la_code"] == after.row["la_code"] and apart < APART:
            message = f"{apart} days after the inspection of {before.row['inspection_start']}"
            findings.append(_doubt(after, "soon-again", message))
    return findings


def _of_one(one: Inspection) -> Iterator[tuple[str, str]]:
    start, published = one.row["inspection_start"], one.row["published_on"]
    days = (published - start).days
    exact = one.row["start_precision"] == "day"
    if days > _LONGEST or (exact and days < _SHORTEST):
        message = f"the report was published {days} days after the inspection began"
        yield "odd-gap", f"{message}: {published}, start {start}"
    yield from _odd_days(one, start if exact else None, published)
    if one.row["framework"] == "SIF" and one.row["inspection_type"]:
        yield "odd-type", f"a {one.row['inspection_type']} inspection under SIF"
    first, last = _UNDER.get(one.row["framework"], (date.min, date.max))
    if not first <= start <= last:
        yield "odd-type", f"{one.row['framework']} for an inspection that began on {start}"
    yield from _odd_grades(one)
    blank = [area for area in _CORE if one.row[area] is None]
    if one.row["la_code"] == _SCILLY:
        blank = []
    judged_apart = one.row["framework"] == "SIF" or start >= _CARE_LEAVERS_FROM
    if not blank and judged_apart and _lacks_care_leavers(one):
        blank = ["care_leavers"]
    if len(blank) == 1:
        yield "no-grade", f"{blank[0]} has no grade"


def _odd_days(one: Inspection, start: date | None, published: date) -> Iterator[tuple[str, str]]:
    for name, day in (("began", start), ("was published", published)):
        if day is not None and day.weekday() >= _SATURDAY:
            yield "weekend", f"it {name} on {_in_words(day)}"
    if start is not None and (name := holiday_of_start(start)):
        yield "holidays", f"it began on {start}, in {name}"
    elif start is not None and _begins_within_a_week(one, start):
        yield "odd-start", f"it began on {_in_words(start)}, and under ILACS all on a Monday"
    if name := holiday_of_report(published):
        yield "holidays", f"it was published on {published}, in {name}"


def _begins_within_a_week(one: Inspection, start: date) -> bool:
    """Whether an ILACS inspection began on Tuesday to Friday; weekends are separate."""
    other = not begins_week(start) and start.weekday() < _SATURDAY
    return other and one.row["framework"] == "ILACS" and one.row["la_code"] != _SCILLY


def _lacks_care_leavers(one: Inspection) -> bool:
    return one.row["care_leavers"] is None and one.row["la_code"] != _SCILLY


def _odd_grades(one: Inspection) -> Iterator[tuple[str, str]]:
    overall = one.row["overall"]
    grades = {area: GRADES.index(one.row[area]) for area in AREAS if one.row[area]}
    if overall is None or not grades:
        return
    place = GRADES.index(overall)
    if set(_CORE) <= grades.keys() and not (min(grades.values()) <= place <= max(grades.values())):
        yield "odd-grades", f"overall {overall}, beyond the grade of every area"
    elif abs(grades.get("leadership", place) - place) > 1:
        yield "odd-grades", f"overall {overall} with leadership {one.row['leadership']}"
    elif place <= GRADES.index("Good") and any(
        grades.get(area) == GRADES.index("Inadequate") for area in _CORE
    ):
        yield "odd-grades", f"overall {overall} with an Inadequate area"


def _in_words(day: date) -> str:
    return f"a {day:%A}, {day}"


def _doubt(one: Inspection, code: str, message: str) -> Finding:
    words = f"{one.where}: {message}; no inspection known is like that: check the row"
    return Finding("warning", code, words, one.member, la_code=one.row["la_code"])
