"""Format numbers, shares, dates and years, wherever people read them."""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def text(cell: Any) -> str:
    """Return a text unchanged, or an empty one where there is none.

    Examples
    --------
    >>> text(None)
    ''
    """
    return "" if _none(cell) else str(cell)


def percent(cell: Any) -> str:
    """Format a share as a percentage.

    Examples
    --------
    >>> percent(0.4379)
    '43.8%'
    """
    return "not known" if _none(cell) else f"{100 * cell:.1f}%"


def chance(share: float) -> str:
    """Format a chance in whole per cent, never as certain.

    Examples
    --------
    >>> chance(0.9999), chance(0.62), chance(0.0)
    ('over 99%', '62%', 'under 1%')
    """
    if share > 0.99:
        return "over 99%"
    return "under 1%" if share < 0.01 else f"{share:.0%}"


def whole(cell: Any) -> str:
    """Format a whole number.

    Examples
    --------
    >>> whole(1200.0)
    '1,200'
    """
    return "not known" if _none(cell) else f"{cell:,.0f}"


def counted(count: int, one: str, many: str = "") -> str:
    """Format a count of something, in the singular or plural.

    Examples
    --------
    >>> counted(1, "row"), counted(1200, "row")
    ('1 row', '1,200 rows')
    >>> counted(2, "row stands", "rows stand")
    '2 rows stand'
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def number(cell: Any) -> str:
    """Format a number with the digits that matter.

    Examples
    --------
    >>> number(5.04), number(1234.5), number(float("nan"))
    ('5.0', '1,234', 'not known')
    """
    if _none(cell):
        return "not known"
    return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.1f}"


def year(cell: Any) -> str:
    """Format a year, or an empty text where there is none.

    Examples
    --------
    >>> year(2024.0)
    '2024'
    """
    return "" if _none(cell) else f"{cell:.0f}"


def signed(cell: Any, places: int = 2) -> str:
    """Format a difference with its sign; zero has none.

    Examples
    --------
    >>> signed(-0.0312), signed(0.0012), signed(0.118)
    ('-0.03', '0.00', '+0.12')
    """
    if _none(cell):
        return "not known"
    text = f"{cell:+.{places}f}"
    return text[1:] if float(text) == 0 else text


def span(row: Mapping[Any, Any], name: str, *, places: int = 2) -> str:
    """Format a measure with its limits, from a row with ``_lower`` and ``_upper``.

    Examples
    --------
    >>> span({"auc": 0.672, "auc_lower": 0.52, "auc_upper": 0.791}, "auc")
    '0.67 [0.52, 0.79]'
    """
    if _none(row[name]):
        return "not known"
    low, high = row[f"{name}_lower"], row[f"{name}_upper"]
    return f"{row[name]:.{places}f} [{low:.{places}f}, {high:.{places}f}]"


def long_date(day: date | str | None) -> str:
    """Format a date as people write it.

    Examples
    --------
    >>> long_date("2026-03-09")
    '9 March 2026'
    """
    if day is None or _none(day):
        return "not known"
    when = date.fromisoformat(day) if isinstance(day, str) else day
    return f"{when.day} {MONTHS[when.month - 1]} {when.year}"


def _none(cell: Any) -> bool:
    # Most cells are plain numbers, and there are a quarter of a million of them.
    return math.isnan(cell) if isinstance(cell, float) else bool(pd.isna(cell))


def year_ranges(years: list[int]) -> str:
    """Format years as ranges.

    Examples
    --------
    >>> year_ranges([2013, 2015, 2016, 2017])
    '2013, 2015 to 2017'
    """
    runs: list[list[int]] = []
    for year in sorted(years):
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)
