"""Rows whose day can't be theirs: figures of a year that had not ended, authorities not there."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from earlywarn.indicators.catalogue import INDICATORS
from earlywarn.utils.dates import parse_cell_day

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from earlywarn.authorities import Register

YEAR_ENDS = (3, 31)
"""The last day of a reporting year; those of some tables end later in the year, none before."""
FEW = 32
_LABELS = (str, date, np.datetime64)
FIGURES = "a figure is of a year that had not ended on the row's as_of"
AUTHORITY = "the authority did not exist on the row's as_of"


def untimely(frame: pd.DataFrame, register: Register) -> dict[str, int]:
    """What of rows can't be of their day, and in how many.

    Parameters
    ----------
    frame : DataFrame
        Rows with ``as_of``; without it nothing is said.
    register : Register
        The authorities, and when each existed.

    Returns
    -------
    dict of str to int
        Nothing where all is well.

    Examples
    --------
    >>> from earlywarn.authorities import Register
    >>> rows = pd.DataFrame({"la_code": ["909"], "as_of": ["2025-12-31"]})
    >>> untimely(rows, Register.load())
    {"the authority did not exist on the row's as_of": 1}
    """
    if "as_of" not in frame.columns or not frame.columns.is_unique:
        return {}
    place, cells = _distinct(frame["as_of"])
    days = [parse_cell_day(cell) if isinstance(cell, _LABELS) else None for cell in cells]
    found = {
        FIGURES: _of_later_years(frame, place, days),
        AUTHORITY: _of_no_authority(frame, place, days, register),
    }
    return {what: count for what, count in found.items() if count}


def _distinct(column: pd.Series) -> tuple[npt.NDArray[np.intp], list[Any]]:
    """The cells to look at, and where each row's is among them; a few rows are quicker as such.

    Of other objects than texts and days, some can't even be compared.
    """
    cells = column.tolist() if column.dtype == object or len(column) <= FEW else column
    if isinstance(cells, list):
        cells = [cell if isinstance(cell, _LABELS) else "" for cell in cells]
    if len(column) <= FEW:
        return np.arange(len(column)), list(cells)
    place, distinct = pd.factorize(pd.Series(cells), use_na_sentinel=False)
    return place, distinct.tolist()


def _of_later_years(
    frame: pd.DataFrame, place: npt.NDArray[np.intp], days: Sequence[date | None]
) -> int:
    names = [f"{record.id}_period" for record in INDICATORS]
    columns = [frame[name] for name in names if name in frame.columns]
    ended = np.array([_last_year(day) for day in days])[place]
    later = np.zeros(len(frame), dtype=np.bool_)
    for column in columns:
        if pd.api.types.is_float_dtype(column.dtype):
            later |= column.to_numpy(dtype=float) > ended
    return int(later.sum())


def _last_year(day: date | None) -> float:
    """The last reporting year that had ended by a day; without a day no year is too late."""
    return np.inf if day is None else day.year - ((day.month, day.day) < YEAR_ENDS)


def _of_no_authority(
    frame: pd.DataFrame,
    place: npt.NDArray[np.intp],
    days: Sequence[date | None],
    register: Register,
) -> int:
    if "la_code" not in frame.columns:
        return 0
    row, cells = _distinct(frame["la_code"])
    codes = [cell if isinstance(cell, str) else "" for cell in cells]
    pairs, count = np.unique(row * len(days) + place, return_counts=True)
    absent = 0
    for pair, rows in zip(pairs.tolist(), count.tolist(), strict=True):
        code, day = codes[pair // len(days)], days[pair % len(days)]
        if day is not None and code in register.codes and not register.existed(code, day):
            absent += rows
    return absent
