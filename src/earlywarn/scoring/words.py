"""A driver in words: the one place, for the table, rows from anywhere, files, engines and HTTP.

A figure is said beside what it counts against: what is expected for the authority's deprivation
where it is compared like for like, else England. A level that comes without its figure is said as
a level. Many rows share their words, so that each different phrase is made once.
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
"""Log-odds below which a contribution is called none at all."""
LAST = (HISTORY, WAS_INADEQUATE)
"""The indicators of the last inspection: one fact of three grades, said once."""
_PARTS = {
    HISTORY: ("being below Good", "being Good or Outstanding"),
    WAS_INADEQUATE: ("not being Inadequate", "being Inadequate"),
}
"""What each of them weighs where it is 0, and where it is 1."""
_GRADES = {
    (1.0, 0.0): "Good or Outstanding",
    (0.0, 0.0): "Requires improvement",
    (0.0, 1.0): "Inadequate",
}
"""The last grade by both of them."""
_BY_ONE = (
    {1.0: "Good or Outstanding", 0.0: "below Good"},
    {1.0: "Inadequate", 0.0: "not Inadequate"},
)
"""What is known of the last grade where one of them is not known."""
_KEPT = frozenset({"Section"})
"""First words of titles that keep their capital within a sentence."""


_PUBLISHED = np.zeros(1)


class Facts(NamedTuple):
    """What is known of one indicator in some rows, beside its level; NaN where it is not.

    Of the last inspection: whether it was Good or Outstanding, and whether it was Inadequate. What
    is known of no row is a single NaN, which needs no looking at row by row.
    """

    value: FloatArray
    """In the indicator's unit."""
    beside: FloatArray
    """Expected for its deprivation, for an indicator compared like for like; else England's."""
    period: FloatArray
    """The year in which the value's period ends."""
    own: FloatArray = _PUBLISHED
    """1 where the value is the caller's own, compared with the figures of the year."""


def figure(record: Indicator, value: float) -> str:
    """A figure with its mark, in the digits that matter.

    Examples
    --------
    >>> from earlywarn.indicators.catalogue import get_indicator
    >>> figure(get_indicator("rereferrals"), 21.04), figure(get_indicator("cin_rate"), 331.7)
    ('21.0%', '332')
    """
    mark = "%" if record.unit.startswith("%") and np.isfinite(value) else ""
    return number(value) + mark


def subject(record: Indicator) -> str:
    """The indicator's title, as it stands within a sentence."""
    title = record.title
    return title if title.split()[0] in _KEPT else title[0].lower() + title[1:]


def effect(contribution: float) -> str:
    """What a contribution does to the risk.

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
    """What the last inspection gave: its grade, as far as it is known, or what a caller gave.

    Parameters
    ----------
    good, inadequate : float
        Whether it was Good or Outstanding, and whether it was Inadequate: 1, 0, or NaN where it is
        not known.

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
    """What the grade that a judgement counts by is the worst of.

    A grade below Good is that of the worst area. A better one says nothing of care leavers, who
    count where they are Inadequate alone: they stood apart in some years only.

    Examples
    --------
    >>> worst_of("Requires improvement"), worst_of("Good")
    ('its worst area', 'the worst of three areas')
    """
    better = grade in ("Good", "Outstanding", "Good or Outstanding")
    return "the worst of three areas" if better else "its worst area"


def last_part(record: Indicator, value: float) -> str:
    """What one indicator of the last inspection is weighed for.

    Examples
    --------
    >>> from earlywarn.indicators.catalogue import get_indicator
    >>> last_part(get_indicator("previously_inadequate"), 0.0)
    'not being Inadequate'
    """
    return _PARTS[record.id][int(value)]


def own_figure(period: float) -> str:
    """What is said of a caller's own figure: of which year it is, nobody said.

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
    """One driver in a few words.

    Parameters
    ----------
    record : Indicator
    value, beside, period : float
        As in ``Facts``, also for the last inspection; NaN where not known.
    level : float
        The standardised level, said where there is no value.
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
    """The drivers of many rows in words, strongest first.

    Parameters
    ----------
    records : sequence of Indicator
        The model's, in the order of its columns.
    terms : ndarray of shape (n_drivers, n_rows)
        Places among the records; their number where there is no driver left.
    facts : sequence of Facts
        One a record.
    levels : ndarray of shape (n_rows, n_records)
        The standardised levels.
    refused : ndarray of int
        Rows that get no words.

    Returns
    -------
    array of str
        A text a row; empty where nothing drives it that way.
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
    """Each term that drives a row: its places among all that are given, and their rows."""
    flat = terms.reshape(-1)
    order = np.argsort(flat, kind="stable")
    edges = np.searchsorted(flat, np.arange(count + 1), sorter=order)
    for term in np.flatnonzero(np.diff(edges)).tolist():
        which = order[edges[term] : edges[term + 1]]
        yield term, which, which % terms.shape[1]


def _different(record: Indicator, facts: Facts, level: FloatArray) -> tuple[list[str], Ints]:
    """The different phrases of one indicator, and which of them each row has."""
    value, beside = _rounded(facts.value), _rounded(facts.beside)
    said = np.copysign(np.maximum(np.round(np.abs(level), 1), 0.1), level)
    parts = (value, beside, facts.period, np.where(np.isnan(value), said, 0.0), facts.own)
    codes, differing = np.zeros(len(level), dtype=np.intp), 0
    for part in parts:
        if _differ(part):
            code, different = pd.factorize(part, use_na_sentinel=False)
            codes, differing = codes * len(different) + code, differing + 1
    if differing > 1:  # Else they are numbered without a hole already.
        codes, _ = pd.factorize(codes)
    a_row = np.empty(codes.max() + 1, dtype=np.intp)
    a_row[codes] = np.arange(len(codes))  # Any row of a code will do: they say the same.
    rows = zip(*(np.broadcast_to(part, level.shape)[a_row].tolist() for part in parts), strict=True)
    return [phrase(record, *row) for row in rows], codes


def _differ(part: FloatArray) -> bool:
    return not np.isnan(part).all() if np.isnan(part[0]) else bool((part != part[0]).any())


def _rounded(figures: FloatArray) -> FloatArray:
    """To the digits that are said, so that few differ."""
    return np.where(figures >= 100, np.rint(figures), np.round(figures, 1))
