"""Detect figures that were changed by hand without the levels that rows are scored by."""

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
"""England's figure, worked out from two rows of one year, differs by less than this share."""
FEWEST = 2
"""The fewest rows in which one can be seen to differ from the others."""
_DECIMALS = 5
"""Decimals to which a table may have been rounded, so that figures no longer agree exactly."""


def changed_by_hand(frame: pd.DataFrame) -> dict[str, int]:
    """Count the rows in which a value of ``build_indicators`` was changed but not its level.

    A single row doesn't show it unless the two are far apart, which is refused. Compared with the
    others of its date and year it does: the value minus its gap to England is no longer England's.

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
    """How far value, gap and England's figure can disagree if the table was rounded."""
    known = gap.dropna()
    for decimals in range(_DECIMALS):
        if (known.round(decimals) == known).all():
            return 2.001 * 10.0**-decimals
    return 0.0


def _labels(days: pd.Series) -> pd.Series:
    """Dates as text; another object's own text could be anything."""
    if days.dtype != object:
        return days.astype("str")
    kinds = (str, int, float, date, np.datetime64)
    return days.map(lambda day: str(day) if isinstance(day, kinds) else "").astype("str")
