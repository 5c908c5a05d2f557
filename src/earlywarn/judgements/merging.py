"""Merge the same inspection from several tables, and report where they contradict each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from earlywarn.errors import OutcomeError
from earlywarn.judgements.doubts import doubts_about
from earlywarn.judgements.rows import JUDGED, Inspection
from earlywarn.sources.schema import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

_COMPARED = ("framework", "published_on", *JUDGED)


def merged(inspections: Iterable[Inspection]) -> tuple[list[Inspection], list[Finding]]:
    """Merge inspections to one entry each, sorted by authority and start.

    Parameters
    ----------
    inspections : iterable of Inspection
        As read, from all tables.

    Returns
    -------
    inspections : list of Inspection
        The first of equal ones; if a report has two starts, the one that is known to the day. Any
        other table takes precedence over one compiled from the reports.
    findings : list of Finding
        A warning where a table compiled from the reports contradicts another, and for the doubts of
        `doubts_about`.

    Raises
    ------
    OutcomeError
        If two other tables contradict each other.
    """
    findings: list[Finding] = []
    ordered = sorted(inspections, key=lambda one: one.from_reports)
    once = _one_an_inspection(ordered, findings)
    kept = sorted(_one_start_a_report(once, findings), key=lambda one: one.inspection)
    return kept, findings + doubts_about(kept)


def _one_an_inspection(
    inspections: Iterable[Inspection], findings: list[Finding]
) -> list[Inspection]:
    """Keep the first of equal ones; two that differ are an error that only the user can fix."""
    kept: dict[tuple[str, date], Inspection] = {}
    for one in inspections:
        first = kept.setdefault(one.inspection, one)
        differs = [column for column in _COMPARED if first.row[column] != one.row[column]]
        for column in differs[:1]:
            _contradict(first, one, column, findings)
    return list(kept.values())


def _one_start_a_report(inspections: list[Inspection], findings: list[Finding]) -> list[Inspection]:
    """One report is one inspection: a start known to the day replaces one known to the month."""
    kept: dict[tuple[str, date], Inspection] = {}
    ordered = sorted(inspections, key=lambda one: (one.from_reports, one.row["start_precision"]))
    for one in ordered:
        first = kept.setdefault(one.report, one)
        months = [each.row["inspection_start"].replace(day=1) for each in (first, one)]
        is_month = one.row["start_precision"] == "month" and months[0] == months[1]
        if first is not one and not is_month:
            _contradict(first, one, "inspection_start", findings)
    return list(kept.values())


def _contradict(
    first: Inspection, second: Inspection, column: str, findings: list[Finding]
) -> None:
    """Refuse two tables that contradict each other, unless the first takes precedence."""
    values = f"{first.row[column] or 'blank'} and {second.row[column] or 'blank'}"
    where = f"{first.where}; and {second.where}"
    if second.from_reports:
        message = f"the same inspection is given twice, with another {column}: {where}: {values}; "
        findings.append(
            Finding(
                "warning",
                "judgements-disagree",
                f"{message}the first is kept",
                second.member,
                la_code=first.row["la_code"],
                column=column,
                found=str(second.row[column] or ""),
            )
        )
        return
    raise OutcomeError(
        f"the same inspection is given twice, with another {column}",
        where=where,
        found=values,
        expected="the same in both",
        remedy="Correct one of the two, or remove it.",
    )
