"""Rows whose date can't be right: figures not yet published or too old, or no such authority."""

from __future__ import annotations

from bisect import bisect_right
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from earlywarn.indicators.catalogue import INDICATORS
from earlywarn.scoring.cells import lenient_numbers
from earlywarn.sources.calendar import shipped_calendar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    import numpy.typing as npt
    import pandas as pd

    from earlywarn.authorities import Register
    from earlywarn.scoring.row_labels import Days

    Found = Iterator[tuple[str, npt.NDArray[np.bool_]]]

YEAR_ENDS = (3, 31)
"""The last day of a reporting year; some tables' years end later, none earlier."""
LONG = 5
"""The age in years at which a figure is out of date: the latest are never older than three."""
FIGURES = (
    "a figure is of a year that had not ended on the row's as_of, in {rows}: is the date right?"
)
UNPUBLISHED = (
    "a figure is of a year that was published after the row's as_of, in {rows}: is the date right?"
)
OLD = (
    f"a figure is of a year more than {LONG} before the row's as_of, in {{rows}}: "
    "is the date right?"
)
AUTHORITY = "the authority did not exist on the row's as_of, in {rows}: is the date right?"


def untimely(
    rows: pd.DataFrame, days: Days, codes: pd.Series | None, register: Register | None
) -> Found:
    """Find what can't be right on the rows' dates, and in which rows.

    Parameters
    ----------
    rows : DataFrame
        Rows with ``_period`` columns to check.
    days : Days
        The date of each row; a row without one is not checked.
    codes : Series of str, optional
        The authority of each row, empty where none is given.
    register : Register, optional
        The authorities, and when each existed.

    Yields
    ------
    what : str
        A text in which ``{rows}`` stands for the number of rows.
    rows : ndarray of shape (n_rows,)

    Examples
    --------
    >>> from datetime import date
    >>> import pandas as pd
    >>> from earlywarn.authorities import Register
    >>> from earlywarn.scoring.row_labels import Days
    >>> days = Days(np.zeros(2, dtype=int), [date(2025, 12, 31)])
    >>> rows = pd.DataFrame({"la_code": ["909", "942"]})
    >>> dict(untimely(rows, days, rows["la_code"], Register.load()))[AUTHORITY]
    array([ True, False])
    """
    if not any(days.given):
        return
    yield from _of_other_years(rows, days)
    if codes is not None and register is not None:
        yield AUTHORITY, _of_no_authority(days, codes, register)


def _of_other_years(rows: pd.DataFrame, days: Days) -> Found:
    later, early, old = np.zeros((3, len(rows)), dtype=np.bool_)
    names = frozenset(rows.columns) if rows.columns.is_unique else frozenset()
    there = [record for record in INDICATORS if f"{record.id}_period" in names]
    by_series = {
        series: np.array([_limits(series, day) for day in days.given], dtype=float)
        for series in {record.series for record in there}
    }
    for record in there:
        period = lenient_numbers(rows[f"{record.id}_period"])
        limits = by_series[record.series]
        newest, oldest = limits[:, :2].min(), limits[:, 2].max()
        last = np.fmax.reduce(period, initial=-np.inf)
        if last <= newest and np.fmin.reduce(period, initial=np.inf) >= oldest:
            continue  # nearly always the case, and much quicker than row by row
        ended, published, first = limits[days.where].T
        later |= period > ended
        early |= (period > published) & (period <= ended)
        old |= period < first
    yield from ((FIGURES, later), (UNPUBLISHED, early), (OLD, old))


def _limits(series: str, day: date | None) -> tuple[float, float, float]:
    """The last year that had ended by a date, the last that may be published, the first due."""
    if day is None:
        return np.inf, np.inf, -np.inf
    ended = day.year - ((day.month, day.day) < YEAR_ENDS)
    days, to_come = _releases(series)
    return ended, to_come[bisect_right(days, day)] - 1, day.year - LONG


@cache
def _releases(series: str) -> tuple[list[date], list[float]]:
    """The recorded dates of a series' releases in order; before each, the first year to come."""
    table = shipped_calendar().releases
    known = table[(table["series"] == series) & (table["precision"] != "assumed")]
    came = sorted(
        (at.replace(day=1) if precision == "month" else at, int(year))
        for year, at, precision in zip(
            known["period"], known["published_on"], known["precision"], strict=True
        )
    )
    first = np.minimum.accumulate([np.inf, *(year for _, year in reversed(came))])
    return [at for at, _ in came], first[::-1].tolist()


def _of_no_authority(days: Days, codes: pd.Series, register: Register) -> npt.NDArray[np.bool_]:
    absent = codes.isin(_not_always_there(register)).to_numpy(dtype=np.bool_, copy=True)
    places = np.flatnonzero(absent)
    where = places if isinstance(days.where, slice) else days.where[places]

    @cache
    def missing(code: str, at: int) -> bool:
        day = days.given[at]
        return day is not None and not register.existed(code, day)

    absent[places] = list(map(missing, codes.iloc[places].tolist(), where.tolist()))
    return absent


@cache
def _not_always_there(register: Register) -> list[str]:
    return sorted(code for code in register.codes if any(register.life(code)))
