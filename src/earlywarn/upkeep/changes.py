"""The differences between two panels: years, measures, restated figures, holes, judgements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from earlywarn.panel.panel import Panel

_KEY = ["la_code", "measure", "period"]
_CONTENT = ["value", "status"]
SIZES = (0.01, 0.035, 0.10)
"""Boundaries between sizes of restatement, relative to the figure before."""


@dataclass(frozen=True, eq=False)
class Changes:
    """The changes in a panel since the one before.

    Attributes
    ----------
    new_years : DataFrame
        ``measure, period, figures``: new years of a known measure.
    new_measures : tuple of str
        Measures that were not there before.
    restated : DataFrame
        ``measure, figures, up_to_1_percent, up_to_3_5_percent, up_to_10_percent, more, largest,
        status``: latest figures compared as numbers; ``status`` counts those that became, or ceased
        to be, suppressed or otherwise unknown.
    holes : DataFrame
        ``measure, period, figures``: figures that were there before and no longer are.
    judgements : DataFrame
        Inspections that were not there before.
    """

    new_years: pd.DataFrame
    new_measures: tuple[str, ...]
    restated: pd.DataFrame
    holes: pd.DataFrame
    judgements: pd.DataFrame


def changes_between(before: Panel, after: Panel) -> Changes:
    """Compare two panels by their latest figures.

    Parameters
    ----------
    before, after : Panel

    Returns
    -------
    Changes

    Examples
    --------
    >>> import earlywarn as ew
    >>> panel = ew.load_panel()
    >>> changes_between(panel, panel).restated.empty
    True
    """
    old, new = (_newest(panel) for panel in (before, after))
    known = set(old["measure"])
    joined = old.merge(new, on=_KEY, how="outer", suffixes=("_before", "_after"), indicator=True)
    added = joined[(joined["_merge"] == "right_only") & joined["measure"].isin(known)]
    years = set(zip(old["measure"], old["period"], strict=True))
    fresh = [(m, p) not in years for m, p in zip(added["measure"], added["period"], strict=True)]
    return Changes(
        _counted(added[np.array(fresh, dtype=bool)]),
        tuple(sorted(set(new["measure"]) - known)),
        _restated(joined[joined["_merge"] == "both"]),
        _counted(joined[(joined["_merge"] == "left_only")]),
        _new_judgements(before.judgements, after.judgements),
    )


def _newest(panel: Panel) -> pd.DataFrame:
    rows = panel.observations.sort_values([*_KEY, "vintage"])
    return rows.drop_duplicates(_KEY, keep="last")[[*_KEY, *_CONTENT]]


def _counted(rows: pd.DataFrame) -> pd.DataFrame:
    counts = rows.groupby(["measure", "period"]).size()
    return counts.rename("figures").reset_index()


def _restated(rows: pd.DataFrame) -> pd.DataFrame:
    then, now = rows["value_before"].to_numpy(float), rows["value_after"].to_numpy(float)
    unknown = np.isnan(then) | np.isnan(now)
    status = (rows["status_before"] != rows["status_after"]).to_numpy() | (
        np.isnan(then) != np.isnan(now)
    )
    moved = ~unknown & (then != now)
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.where(then == 0, np.inf, np.abs(now - then) / np.abs(then))
    edges = np.searchsorted(np.array(SIZES), size)
    names = ("up_to_1_percent", "up_to_3_5_percent", "up_to_10_percent", "more")
    table = pd.DataFrame({"measure": rows["measure"].to_numpy(), "figures": moved | status})
    for position, name in enumerate(names):
        table[name] = moved & (edges == position)
    table["status"] = status
    counts = table.groupby("measure").sum().astype(int)
    largest = pd.Series(np.where(moved, size, 0.0)).groupby(table["measure"]).max()
    counts.insert(5, "largest", largest)
    return counts[counts["figures"] > 0].reset_index()


def _new_judgements(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    keys = ["la_code", "inspection_start"]
    there = set(zip(*(before[key] for key in keys), strict=True))
    new = [pair not in there for pair in zip(*(after[key] for key in keys), strict=True)]
    return after[np.array(new, dtype=bool)].reset_index(drop=True)
