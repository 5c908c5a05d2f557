"""Figures that were changed by hand beside the levels that rows are scored by."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from earlywarn.indicators.catalogue import INDICATORS
from earlywarn.scoring.cells import lenient_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

_SAME = 1e-6
"""England's figure, from two rows of one year, differs by less than this part of it."""
FEWEST = 2
"""Rows among which one can be seen to be unlike the others."""
_DECIMALS = 5
"""A table may have been rounded to so few that figures no longer go together to the last digit."""


def changed_by_hand(frame: pd.DataFrame) -> dict[str, int]:
    """In how many rows a value of ``build_indicators`` was changed and its level was not.

    A row alone doesn't show it unless the two lie far apart, which is refused; beside the others of
    its day and year it does: the value less its distance from England no longer gives England.

    Examples
    --------
    >>> changed_by_hand(pd.DataFrame({"rereferrals": [31.0]}))
    {}
    """
    return dict(_changed(frame))


def _changed(frame: pd.DataFrame) -> Iterator[tuple[str, int]]:
    names = frozenset(frame.columns)
    if len(names) < len(frame.columns) or len(frame) < FEWEST:
        return
    days: list[pd.Series] = []
    for record in INDICATORS:
        name = record.id
        if not names.issuperset((name, f"{name}_gap", f"{name}_z", f"{name}_period")):
            continue
        if "as_of" in names and not days:
            days = [_labels(frame["as_of"])]
        value, gap, period = (
            pd.Series(lenient_numbers(frame[column]), index=frame.index)
            for column in (name, f"{name}_gap", f"{name}_period")
        )
        england = value - gap
        usual = england.groupby([period, *days]).transform("median")
        away = (england - usual).abs()
        off = away > _SAME * np.maximum(usual.abs(), 1.0)
        if off.any():
            off &= away > _rounding(gap)
        if off.any():
            yield name, int(off.sum())


def _rounding(gap: pd.Series) -> float:
    """How far value, gap and England's figure go apart where the table was rounded."""
    known = gap.dropna()
    for decimals in range(_DECIMALS):
        if (known.round(decimals) == known).all():
            return 2.001 * 10.0**-decimals
    return 0.0


def _labels(days: pd.Series) -> pd.Series:
    """Days as text; what another object says of itself may be anything."""
    if days.dtype != object:
        return days.astype("str")
    kinds = (str, int, float, date, np.datetime64)
    return days.map(lambda day: str(day) if isinstance(day, kinds) else "").astype("str")
