"""Check a table of judgements as a whole, for what its rows only show together."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING

import pandas as pd

from earlywarn.judgements.moved_grades import COLUMNS, moved_in
from earlywarn.judgements.schema import AREAS, GRADES
from earlywarn.judgements.usual_grades import is_usual
from earlywarn.sources.schema import Finding
from earlywarn.statistics.binomial import at_most

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from earlywarn.judgements.rows import Inspection

# Measured on each table of judgements from 2013 to 2026 and on every 12, 15 and 18 months of it, in
# the order of the table and of the reports: none exceeds these limits.
_FEWEST = 30  # fewest inspections for comparing a table with others
_LAST = 0.1  # chance that leadership is so rarely the overall grade: at least 0.18
_ALONG = 0.35  # rank correlation of an area with the mean of the others: at least 0.46
_BLOCK, _ODD = 15, 5  # odd rows among as many consecutive ones: at most 3
_RARE = 1e-4
_TOO_FEW = 1e-3  # chance of so few rows with a grade, by the shares below: at least 0.02
_SOONEST, _LATEST = 39, 68  # median days to the report under ILACS: 42 to 60
_MOVED = 3  # rows out of order in an otherwise ordered table

Doubt = tuple[str, str, str]
"""The name of each doubt among findings, its column, and the message."""

_SAME = {
    ("leadership", "help_and_protection"): 0.77,
    ("leadership", "in_care"): 0.73,
    ("leadership", "care_leavers"): 0.62,
    ("help_and_protection", "in_care"): 0.66,
    ("help_and_protection", "care_leavers"): 0.51,
    ("in_care", "care_leavers"): 0.68,
}
"""The share of inspections in which two areas have the same grade: the higher of SIF and ILACS."""

_HOLDS = {"Outstanding": 0.3, "Good": 0.45, "Requires improvement": 0.2}
"""The share of inspections under ILACS with the grade in a column: 0.36, 0.68 and 0.47 since 2018,
and even in the years furthest from these, as many as chance gives with these shares."""


def doubts_about_table(inspections: Sequence[Inspection]) -> list[Finding]:
    """Warn of anything that no table of judgements has shown so far: cells may have moved.

    Parameters
    ----------
    inspections : sequence of Inspection
        The inspections of one table, in its order.

    Returns
    -------
    list of Finding
        Many rare combinations of grades in a few rows; an area that has little to do with the
        others; two columns that are the same, or exchanged; a grade that hardly occurs; reports
        sooner or later than usual; rows that are out of order.
    """
    if not inspections:
        return []
    rows = pd.DataFrame([one.row for one in inspections])
    member = inspections[0].member
    found = list(_moved(inspections))
    if len(rows) >= _FEWEST:
        found += [*_leadership_last(rows), *_unlike_the_others(rows), *_alike(rows)]
        found += [*_without_a_grade(rows), *_odd_gaps(rows)]
        found += _out_of_order(inspections)
    return [
        Finding("warning", code, f"{member}: {message}", member, column=column)
        for code, column, message in found
    ]


def _moved(inspections: Sequence[Inspection]) -> Iterator[Doubt]:
    """A column that slipped by a row or was exchanged, or else the rows with most odd grades."""
    rows = ["".join((one.row[name] or "-")[0] for name in COLUMNS) for one in inspections]
    if any(_is_sorted([row[place] for row in rows]) for place in range(len(COLUMNS))):
        return  # similar rows are together, including the odd ones
    moved = moved_in(rows)
    if moved is None:
        yield from _odd_blocks(inspections, rows)
        return
    first, last = (_place(inspections[place]) for place in (moved.first, moved.last))
    columns = " and ".join(moved.columns)
    if len(moved.columns) > 1:
        what = "swapped"
        asked = "were the two columns swapped there?"
    else:
        what = f"taken from the row {'below' if moved.below else 'above'}"
        asked = "did the column slip by a row there?"
    message = (
        f"from {first} to {last} the grades are far likelier with {columns} {what} "
        f"(log-likelihood higher by {moved.gain:.0f}, in the tables so far by less than "
        f"{moved.enough:.0f}): {asked} Check these rows against their reports"
    )
    yield "odd-columns", moved.columns[-1], message


def _odd_blocks(inspections: Sequence[Inspection], rows: Sequence[str]) -> Iterator[Doubt]:
    """The consecutive rows with the most odd ones, if those are too many."""
    odd = ["-" not in row[1:4] and not is_usual(row[:4]) for row in rows]
    starts = range(max(1, len(odd) - _BLOCK + 1))
    first = max(starts, key=lambda place: sum(odd[place : place + _BLOCK]))
    block = range(first, min(first + _BLOCK, len(odd)))
    strange = [_grades_of(inspections[place]) for place in block if odd[place]]
    if len(strange) >= _ODD:
        message = (
            f"of {len(block)} rows that follow each other, {len(strange)} have grades that hardly "
            f"any inspection had together: {_first_few(strange)}; in the tables so far it is 3 of "
            "15 at most: were cells there filled down, or moved? Check these rows against their "
            "reports"
        )
        yield "odd-block", "", message


def _is_sorted(grades: Sequence[str]) -> bool:
    """Whether equal grades are together; never if there are only two of them."""
    changes = sum(one != other for one, other in pairwise(grades))
    return changes < len(set(grades)) > 2


def _grades_of(one: Inspection) -> str:
    grades = ", ".join(f"{name} {one.row[name]}" for name in COLUMNS[:4] if one.row[name])
    return f"{_place(one)} ({grades})"


def _place(one: Inspection) -> str:
    """The row and the authority, without the file."""
    return one.where.split(", ", 1)[-1]


def _leadership_last(rows: pd.DataFrame) -> Iterator[Doubt]:
    """An area that is the overall grade more often than leadership, where only one of them is."""
    graded = rows[rows["overall"].notna()]
    areas = graded[list(AREAS[:3])]
    is_overall = areas.eq(graded["overall"], axis=0)
    same = is_overall.sum()
    for area in AREAS[1:3]:
        alone = is_overall.loc[is_overall["leadership"] != is_overall[area], "leadership"]
        if at_most(int(alone.sum()), len(alone), 0.5) < _LAST:
            message = (
                f"{area} is the overall grade in {same[area]} of {len(graded)} rows, leadership in "
                f"{same['leadership']}: in every table so far it is leadership that most often "
                "is; were two columns swapped?"
            )
            yield "odd-columns", area, message


def _unlike_the_others(rows: pd.DataFrame) -> Iterator[Doubt]:
    """An area whose grades have little to do with those of the other areas."""
    places = _places(rows)
    for area in AREAS:
        both = pd.DataFrame({"own": places[area], "others": places.drop(columns=area).mean(axis=1)})
        ranks = both.dropna().rank()
        if len(ranks) < _FEWEST or (ranks.nunique() < 2).any():
            continue
        along = float(ranks["own"].corr(ranks["others"]))
        if along < _ALONG:
            message = (
                f"{area} has little to do with the other areas of the same rows (rank correlation "
                f"{along:.2f} in {len(ranks)} rows; in the tables so far 0.46 at least): did the "
                "column slip by a row, or was it sorted by itself? Download the table again"
            )
            yield "odd-columns", area, message


def _places(rows: pd.DataFrame) -> pd.DataFrame:
    """The grades of the areas as numbers, worst highest; NaN where there is none."""
    number = {grade: float(place) for place, grade in enumerate(GRADES)}
    return pd.DataFrame({area: rows[area].map(number).astype(float) for area in AREAS})


def _alike(rows: pd.DataFrame) -> Iterator[Doubt]:
    """Two areas with the same grade in more rows than can be chance."""
    for (one, other), share in _SAME.items():
        both = rows[[one, other]].dropna()
        same = int((both[one] == both[other]).sum())
        if len(both) >= _FEWEST and at_most(len(both) - same, len(both), 1 - share) < _RARE:
            message = (
                f"{other} is {one} in {same} of {len(both)} rows; in the tables so far it is in "
                f"about {share:.0%}: was one column copied into the other? Check both"
            )
            yield "odd-columns", other, message


def _without_a_grade(rows: pd.DataFrame) -> Iterator[Doubt]:
    """A grade that hardly any row of an ILACS table has."""
    if not (rows["framework"] == "ILACS").all():
        return
    for grade, share in _HOLDS.items():
        holds = int((rows[["overall", *AREAS]] == grade).any(axis=1).sum())
        if at_most(holds, len(rows), share) < _TOO_FEW:
            message = (
                f"{holds} of {len(rows)} rows hold the grade {grade}; in the tables so far about "
                f"{share:.0%} at least do: was one grade replaced by another? Check some reports"
            )
            yield "odd-grades", "", message


def _odd_gaps(rows: pd.DataFrame) -> Iterator[Doubt]:
    """A median time to the report shorter or longer than in any year of ILACS."""
    own = rows[(rows["framework"] == "ILACS") & (rows["start_precision"] == "day")]
    gaps = [
        (published - start).days
        for start, published in zip(own["inspection_start"], own["published_on"], strict=True)
    ]
    if len(gaps) < _FEWEST:
        return
    middle = float(pd.Series(gaps).median())
    if not _SOONEST <= middle <= _LATEST:
        message = (
            f"the middle report was published {middle:.0f} days after the inspection began "
            f"({len(gaps)} rows); in the tables so far it is 42 to 60 days: are the starts or "
            "the days of the reports moved? Check some against the reports"
        )
        yield "odd-gap", "published_on", message


def _out_of_order(inspections: Sequence[Inspection]) -> Iterator[Doubt]:
    """The few rows out of order in a table that is otherwise ordered by report."""
    kept = _in_order([one.row["published_on"].toordinal() for one in inspections])
    moved = [one for place, one in enumerate(inspections) if place not in kept]
    if 0 < len(moved) <= _MOVED:
        rows = (f"{_place(one)}, {one.row['published_on']}" for one in moved)
        message = (
            f"all rows but {len(moved)} are in the order of their reports; out of it: "
            f"{_first_few(rows)}: is the day of the report that of another row, or day and month "
            "exchanged? Check it, and the rows beside it"
        )
        yield "odd-order", "published_on", message


def _in_order(days: Sequence[int]) -> set[int]:
    """The positions of a longest non-decreasing subsequence."""
    ends: list[int] = []
    places: list[int] = []
    before: list[int] = []
    for place, day in enumerate(days):
        at = bisect_right(ends, day)
        ends[at : at + 1] = [day]
        places[at : at + 1] = [place]
        before.append(places[at - 1] if at else -1)
    kept, place = set(), places[-1]
    while place >= 0:
        kept.add(place)
        place = before[place]
    return kept


def _first_few(texts: Iterable[str], most: int = 5) -> str:
    listed = list(texts)
    more = f"; and {len(listed) - most} more" if len(listed) > most else ""
    return "; ".join(listed[:most]) + more
