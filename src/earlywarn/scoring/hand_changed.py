"""Figures that were changed by hand beside the levels that rows are scored by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from earlywarn.indicators.catalogue import INDICATORS

if TYPE_CHECKING:
    from collections.abc import Iterator

_SAME = 1e-6
"""England's figure, from two rows of one year, differs by less than this part of it."""


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
    if len(names) < len(frame.columns):
        return
    for record in INDICATORS:
        name, gap = record.id, f"{record.id}_gap"
        needed = (name, gap, f"{name}_z", f"{name}_period")
        if not names.issuperset(needed):
            continue
        if not all(pd.api.types.is_float_dtype(frame[column].dtype) for column in needed):
            continue
        england = frame[name] - frame[gap]
        days = [frame["as_of"].astype("str")] if "as_of" in frame.columns else []
        usual = england.groupby([frame[f"{name}_period"], *days]).transform("median")
        off = (england - usual).abs() > _SAME * np.maximum(usual.abs(), 1.0)
        if off.any():
            yield name, int(off.sum())
