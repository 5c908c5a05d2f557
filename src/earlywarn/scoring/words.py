"""Put drivers into words, in one place for tables, rows, files, engines and HTTP.

A figure is given with what it is compared with: the value expected for the authority's deprivation
where it is compared like for like, otherwise England's. A level without its figure is described as
a level. Many rows share their words, so each distinct phrase is made once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from earlywarn.indicators.catalogue import HISTORY, WAS_INADEQUATE
from earlywarn.scoring.text_columns import joined
from earlywarn.utils.formatting import number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from earlywarn.indicators.catalogue import Indicator
    from earlywarn.statistics.arrays import FloatArray

Terms = npt.NDArray[np.int8]
Ints = npt.NDArray[np.intp]

SLIGHT = 0.05
"""Log-odds below which a contribution is slight: it moves a risk of 10% by under half a point."""
NONE = 0.005
"""Log-odds below which a contribution is described as no effect."""
LAST = (HISTORY, WAS_INADEQUATE)
"""The indicators of the last inspection: one fact with three grades, mentioned once."""
_PARTS = {
    HISTORY: ("being below Good", "being Good or Outstanding"),
    WAS_INADEQUATE: ("not being Inadequate", "being Inadequate"),
}
"""What each of them means if it is 0, and if it is 1."""
_GRADES = {
    (1.0, 0.0): "Good or Outstanding",
    (0.0, 0.0): "Requires improvement",
    (0.0, 1.0): "Inadequate",
}
"""The last grade, given both of them."""
_BY_ONE = (
    {1.0: "Good or Outstanding", 0.0: "below Good"},
    {1.0: "Inadequate", 0.0: "not Inadequate"},
)
"""What is known about the last grade where one of them is unknown."""
_KEPT = frozenset({"Section"})
"""First words of titles that keep their capital within a sentence."""


_PUBLISHED = np.zeros(1)


class Facts(NamedTuple):
    """What is known about one indicator in some rows, besides its level; NaN where unknown.

    For the last inspection: whether it was Good or Outstanding, and whether it was Inadequate. What
    is unknown in all rows is a single NaN, which need not be checked row by row.
    """

    value: FloatArray
    """The value in the indicator's unit."""
    beside: FloatArray
    """The value expected for its deprivation if compared like for like; otherwise England's."""
    period: FloatArray
    """The year in which the value's period ends."""
    own: FloatArray = _PUBLISHED
    """1 where the value is the caller's own, compared with the figures of the year."""


def figure(record: Indicator, value: float) -> str:
    """Format a figure with its unit's mark, in the digits that matter.

    Examples
    --------
    >>> from earlywarn.indicators.catalogue import get_indicator
    >>> figure(get_indicator("rereferrals"), 21.04), figure(get_indicator("cin_rate"), 331.7)
    ('21.0%', '332')
    """
    mark = "%" if record.unit.startswith("%") and np.isfinite(value) else ""
    return number(value) + mark


def subject(record: Indicator) -> str:
    """The indicator's title, as written within a sentence."""
    title = record.title
    return title if title.split()[0] in _KEPT else title[0].lower() + title[1:]


def effect(contribution: float) -> str:
    """Describe what a contribution does to the risk.

    Examples
    --------
    >>> effect(0.2), effect(-0.02), effect(0.001)
    ('raises the risk', 'lowers the risk slightly', 'no effect on the risk')
    """
    if abs(contribution) < NONE:
        return "no effect on the risk"
    verb = "raises the risk" if contribution > 0 else "lowers the risk"
    return f"{verb} slightly" if abs(contribution) < SLIGHT else verb


def last_inspection(good: float, inadequate: float = np.nan) -> str:
    """Describe the last inspection's grade, as far as it is known, or as a caller gave it.

    Parameters
    ----------
    good, inadequate : float
        Whether it was Good or Outstanding, and whether it was Inadequate: 1, 0, or NaN if unknown.

    Examples
    --------
    >>> last_inspection(0.0, 0.0)
    'was Requires improvement in its worst area'
    >>> last_inspection(0.0)
    'was below Good in its worst area'
    """
    known = [
        (value, words)
        for value, words in zip((good, inadequate), _BY_ONE, strict=True)
        if not np.isnan(value)
    ]
    grade = _GRADES.get((good, inadequate))
    if grade is None and len(known) == 1:
        grade = known[0][1].get(known[0][0])
    if grade is not None:
        return f"was {grade} in {worst_of(grade)}"
    given = " and ".join(f"{value:g}, where 1 is {words[1.0]}" for value, words in known)
    return f"was given as {given}" if known else "is not known here"


def worst_of(grade: str) -> str:
    """Describe the areas whose worst grade a judgement counts by.

    A grade below Good is that of the worst area. A better one does not cover care leavers, whose
    grade counts only if it is Inadequate, since it was separate in some years only.

    Examples
    --------
    >>> worst_of("Requires improvement"), worst_of("Good")
    ('its worst area', 'the worst of three areas')
    """
    better = grade in ("Good", "Outstanding", "Good or Outstanding")
    return "the worst of three areas" if better else "its worst area"


def last_part(record: Indicator, value: float) -> str:
    """Describe what one indicator of the last inspection stands for.

    Examples
    --------
    >>> from earlywarn.indicators.catalogue import get_indicator
    >>> last_part(get_indicator("previously_inadequate"), 0.0)
    'not being Inadequate'
    """
    return _PARTS[record.id][int(value)]


def own_figure(period: float) -> str:
    """Describe a caller's own figure, whose year is unknown.

    Examples
    --------
    >>> own_figure(2025.0)
    "your own figure, compared with the others' figures for 2025"
    """
    return f"your own figure, compared with the others' figures for {period:.0f}"


def phrase(
    record: Indicator,
    value: float,
    beside: float,
    period: float,
    level: float,
    own: float = 0.0,
) -> str:
    """Put one driver into a few words.

    Parameters
    ----------
    record : Indicator
    value, beside, period : float
        As in ``Facts``, also for the last inspection; NaN where unknown.
    level : float
        The standardised level, used where there is no value.
    own : float
        1 for a caller's own figure.

    Examples
    --------
    >>> from earlywarn.indicators.catalogue import get_indicator
    >>> phrase(get_indicator("rereferrals"), 31.0, 22.1, 2025, 1.4)
    're-referrals within 12 months 31.0% (England 22.1%, 2025)'
    >>> phrase(get_indicator("cin_rate"), np.nan, np.nan, np.nan, -1.4)
    'children in need 1.4 standard deviations below average for its deprivation'
    """
    if record.kind == "history":
        return f"last inspection {last_inspection(value, beside)}"
    if np.isnan(value):
        alike = " for its deprivation" if record.like_for_like else ""
        side = "above" if level > 0 else "below"
        return f"{subject(record)} {abs(level):.1f} standard deviations {side} average{alike}"
    notes = [own_figure(period)] if own else []
    if np.isfinite(beside):
        other = figure(record, beside)
        alike = f"about {other} expected for its deprivation"
        notes.append(alike if record.like_for_like else f"England {other}")
    if np.isfinite(period) and not own:
        notes.append(f"{period:.0f}")
    beside_it = f" ({', '.join(notes)})" if notes else ""
    return f"{subject(record)} {figure(record, value)}{beside_it}"


def driver_texts(
    records: Sequence[Indicator],
    terms: Terms,
    facts: Sequence[Facts],
    levels: FloatArray,
    refused: Ints,
) -> Any:
    """Put the drivers of many rows into words, strongest first.

    Parameters
    ----------
    records : sequence of Indicator
        The model's, in the order of its columns.
    terms : ndarray of shape (n_drivers, n_rows)
        Positions among the records; the number of records where there is no driver left.
    facts : sequence of Facts
        One per record.
    levels : ndarray of shape (n_rows, n_records)
        The standardised levels.
    refused : ndarray of int
        Rows that get no words.

    Returns
    -------
    array of str
        One text per row; empty where there is no driver in that direction.
    """
    texts, places = [""], np.zeros(terms.shape, dtype=np.intp)
    for term, which, rows in _by_term(terms, len(records)):
        known = Facts(*(part[rows] if len(part) > 1 else part for part in facts[term]))
        words, codes = _different(records[term], known, levels[rows, term])
        places.reshape(-1)[which] = codes + len(texts)
        texts += words
    places[:, refused] = -1
    first = pd.array(texts, dtype="str")
    others = pd.array([f"; {text}" if text else "" for text in texts], dtype="str")
    parts = [first, *[others] * (len(places) - 1)]
    return joined(
        [part.take(place, allow_fill=True) for part, place in zip(parts, places, strict=True)]
    )


def _by_term(terms: Terms, count: int) -> Iterator[tuple[int, Ints, Ints]]:
    """For each term that drives a row: its positions among all given, and their rows."""
    flat = terms.reshape(-1)
    order = np.argsort(flat, kind="stable")
    edges = np.searchsorted(flat, np.arange(count + 1), sorter=order)
    for term in np.flatnonzero(np.diff(edges)).tolist():
        which = order[edges[term] : edges[term + 1]]
        yield term, which, which % terms.shape[1]


def _different(record: Indicator, facts: Facts, level: FloatArray) -> tuple[list[str], Ints]:
    """The distinct phrases of one indicator, and which of them each row has."""
    value, beside = _rounded(facts.value), _rounded(facts.beside)
    said = np.copysign(np.maximum(np.round(np.abs(level), 1), 0.1), level)
    parts = (value, beside, facts.period, np.where(np.isnan(value), said, 0.0), facts.own)
    codes, differing = np.zeros(len(level), dtype=np.intp), 0
    for part in parts:
        if _differ(part):
            code, different = pd.factorize(part, use_na_sentinel=False)
            codes, differing = codes * len(different) + code, differing + 1
    if differing > 1:  # Otherwise they are already numbered without gaps.
        codes, _ = pd.factorize(codes)
    a_row = np.empty(codes.max() + 1, dtype=np.intp)
    a_row[codes] = np.arange(len(codes))  # Any row of a code will do: they are the same.
    rows = zip(*(np.broadcast_to(part, level.shape)[a_row].tolist() for part in parts), strict=True)
    return [phrase(record, *row) for row in rows], codes


def _differ(part: FloatArray) -> bool:
    return not np.isnan(part).all() if np.isnan(part[0]) else bool((part != part[0]).any())


def _rounded(figures: FloatArray) -> FloatArray:
    """Round to the digits shown, so that few differ."""
    return np.where(figures >= 100, np.rint(figures), np.round(figures, 1))
