"""Compare judgements with known ones: different grades or dates, and missing inspections."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pandas as pd

from earlywarn.judgements.schema import AREAS
from earlywarn.panel.known import GONE, UNLIKE, cell_text, first_few, rows_of, with_code
from earlywarn.panel.previous_judgements import check_previous_judgements
from earlywarn.sources.schema import Finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import date

    from earlywarn.authorities import Register

_JUDGED = (
    *("inspection_start", "published_on", "framework", "overall"),
    *(*AREAS, "inspection_type", "start_precision"),
)
_SHARE = 0.5  # share of the inspections in its period that makes a table a history


def check_judgements_known(
    read: pd.DataFrame, known: pd.DataFrame, register: Register, files: Collection[str] = ()
) -> list[Finding]:
    """Compare judgements with the known ones.

    Parameters
    ----------
    read, known : DataFrame
        Judgements just read, and the current ones.
    register : Register
        For names in messages.
    files : collection of str
        The names of the files that were read: what is known from a file with one of these names
        must still be in it.

    Returns
    -------
    list of Finding
        A warning for each inspection whose grade, date or framework differs from the known one, for
        each that is unknown although later reports are known, and for those missing from a table
        that has most of its period; a note if the table has fewer. Also a warning for each new one
        that does not fit its authority's previous judgement.
    """
    if read.empty or known.empty:
        return []
    pairs = list(zip(rows_of(read), _twins(read, known), strict=True))
    last = known["published_on"].max()
    new = [row for row, twin in pairs if twin is None and row["published_on"] > last]
    findings = list(check_previous_judgements(new, known, register))
    for row, twin in pairs:
        if twin is None and row["published_on"] > last:
            continue
        message = _otherwise(row, twin, last)
        if message:
            name = with_code(row["la_code"], register)
            message = f"the inspection of {name} of {row['inspection_start']} {message}"
            findings.append(
                Finding("warning", UNLIKE, message, row["source"], la_code=row["la_code"])
            )
    met = {(twin["la_code"], twin["inspection_start"]) for _, twin in pairs if twin is not None}
    return [*findings, *_judgements_gone(read, known, met, register, files)]


def _twins(read: pd.DataFrame, known: pd.DataFrame) -> list[dict[str, Any] | None]:
    """The same inspection among the known ones, by its start or else by its report date."""
    by_day = [
        {(row["la_code"], row[day]): row for row in rows_of(known)}
        for day in ("published_on", "inspection_start")
    ]
    reports, starts = by_day
    return [
        starts.get((row["la_code"], row["inspection_start"]))
        or reports.get((row["la_code"], row["published_on"]))
        for row in rows_of(read)
    ]


def _otherwise(row: dict[str, Any], twin: dict[str, Any] | None, last: date) -> str:
    """How an inspection differs from the known one; empty if it does not."""
    if twin is None:
        return f"is not known, although reports up to {last} are"
    for name in _JUDGED:
        here, there = (None if pd.isna(one[name]) else one[name] for one in (row, twin))
        if here != there:
            return f"has {name} {_or_none(here)}, and {_or_none(there)} is known"
    return ""


def _or_none(cell: Any) -> str:
    return "none" if cell == "" else cell_text(cell)


def _judgements_gone(
    read: pd.DataFrame,
    known: pd.DataFrame,
    met: set[tuple[Any, Any]],
    register: Register,
    files: Collection[str],
) -> Iterator[Finding]:
    """Known inspections that are not in the files: before, within and after their period.

    A table with most inspections of a period is a history with holes; one with few is of another
    kind, unless its file name is the one that they are known from.
    """
    of_file = known["source"].map(file_name)
    named = of_file.isin(set(files))
    yield from _gone_of_files(known[named], of_file, met, register)
    due = known[known["framework"].isin(set(read["framework"])) & ~named]
    first, last = read["published_on"].min(), read["published_on"].max()
    early = due["published_on"] < first
    before, late = rows_of(due[early]), rows_of(due[due["published_on"] > last])
    within = rows_of(due[~early & (due["published_on"] <= last)])
    times = (
        (before, len(due), f"before {first}"),
        (within, len(within), f"from {first} to {last}"),
        (late, 0, f"after {last}"),
    )
    for part, all_of_it, when in times:
        gone = _not_met(part, met)
        few = len(gone) <= _SHARE * all_of_it
        if gone and part is before and not few:
            # A table of some years, the first of which may still be missing.
            yield from _gone_of_files(due, of_file, met, register, mostly=True)
        elif gone:
            message = f"of {len(part)} inspections known with reports {when}, {len(gone)} are not "
            message += f"in the files: {first_few(_inspections(gone, register))}"
            yield Finding("warning" if few else "note", GONE, message)


def _gone_of_files(
    known: pd.DataFrame,
    of_file: pd.Series,
    met: set[tuple[Any, Any]],
    register: Register,
    *,
    mostly: bool = False,
) -> Iterator[Finding]:
    """Inspections that a file is known to have had; optionally only of mostly complete files."""
    for name, rows in known.groupby(of_file):
        lost = _not_met(rows_of(rows), met)
        if lost and not (mostly and len(lost) > _SHARE * len(rows)):
            message = f"of {len(rows)} inspections known of {name}, {len(lost)} are not there: "
            message += first_few(_inspections(lost, register))
            yield Finding("warning", GONE, message, str(name))


def _not_met(rows: list[dict[str, Any]], met: set[tuple[Any, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if (row["la_code"], row["inspection_start"]) not in met]


def _inspections(rows: list[dict[str, Any]], register: Register) -> list[str]:
    return [f"{with_code(row['la_code'], register)} of {row['inspection_start']}" for row in rows]


def file_name(source: object) -> str:
    """Return the name of a file without its folders, on any system.

    Examples
    --------
    >>> file_name("published/outcomes.ods")
    'outcomes.ods'
    """
    return re.split(r"[/\\]", str(source))[-1]
