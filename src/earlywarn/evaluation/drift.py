"""Drift: whether current figures still resemble those the model learnt from, so it may be used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from earlywarn.indicators.build import build_indicators, reference_distributions
from earlywarn.scoring.defaults import checked_model
from earlywarn.scoring.freshness import freshness, overdue_words
from earlywarn.scoring.preprocessing import model_indicators, read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from earlywarn.indicators.standardise import Distribution
    from earlywarn.model.risk_model import RiskModel
    from earlywarn.panel.panel import Snapshot
    from earlywarn.statistics.arrays import FloatArray

MOVED = 1.0
"""A move of the centre, in standard deviations between authorities, that counts as drift."""
LOST = 0.25
"""The largest share of the model's weight that may be missing for it to be used."""


@dataclass(frozen=True, eq=False)
class Drift:
    """How a snapshot differs from what the model learnt from.

    Attributes
    ----------
    indicators : DataFrame
        One row per indicator: ``indicator, weight, missing, moved, verdict``.
    usable : bool
        Whether the model should be used.
    reasons : tuple of str
        Why not, or what to check.
    sources : DataFrame
        How fresh each source is on the date, as returned by ``freshness``.
    """

    indicators: pd.DataFrame
    usable: bool
    reasons: tuple[str, ...]
    sources: pd.DataFrame


def drift(model: RiskModel, snapshot: Snapshot) -> Drift:
    """Compare a snapshot with the model's reference.

    Parameters
    ----------
    model : RiskModel
    snapshot : Snapshot

    Returns
    -------
    Drift
        ``weight`` is an indicator's share of the sum of the absolute weights, ``missing`` the share
        of authorities without it, ``moved`` how far the middle of the country has moved since the
        model's reference date, in standard deviations between authorities. Scores compare within
        the year, so a move by itself does not bias them; a large one suggests that what is counted
        has changed.

    Examples
    --------
    >>> import earlywarn as ew
    >>> drift(ew.load_model(), ew.load_panel().as_of("2026-03-31")).usable
    True
    """
    model, X = checked_model(model), build_indicators(snapshot)
    values = read_rows(model, X.reset_index(drop=True)).values  # noqa: PD011 - not a frame
    table = _compared(model, values, reference_distributions(snapshot))
    sources = freshness(model, snapshot)
    reasons = _reasons(model, snapshot, table, sources)
    stop = _is_over(model, snapshot) or _lost(table) > LOST
    return Drift(table, not stop, reasons, sources)


def _compared(
    model: RiskModel, values: FloatArray, today: Mapping[str, Distribution]
) -> pd.DataFrame:
    """Each indicator today compared with the model's reference."""
    weight = np.abs(model.coefficients) / np.abs(model.coefficients).sum()
    missing = np.isnan(values).mean(axis=0)
    rows = []
    for column, record in enumerate(model_indicators(model)):
        moved = _moved(model.info.get("reference", {}).get(record.id), today.get(record.id))
        verdict = _verdict(float(missing[column]), moved)
        rows.append((record.id, float(weight[column]), float(missing[column]), moved, verdict))
    return pd.DataFrame(rows, columns=["indicator", "weight", "missing", "moved", "verdict"])


def _moved(then: Mapping[str, float] | None, now: Distribution | None) -> float:
    """How far the centre moved, in standard deviations between authorities; NaN if unknown."""
    if then is None or now is None or then["tau2"] <= 0:
        return np.nan
    return float((now.centre - then["centre"]) / np.sqrt(then["tau2"]))


def _lost(table: pd.DataFrame) -> float:
    """The share of the model's weight without a figure, over all authorities."""
    return float((table["weight"] * table["missing"]).sum())


def _verdict(missing: float, moved: float) -> str:
    if missing > 0.5:
        return "mostly missing"
    return "moved" if abs(moved) > MOVED else "as before"


def _is_over(model: RiskModel, snapshot: Snapshot) -> bool:
    return snapshot.as_of > date.fromisoformat(model.info["sunset"])


def _reasons(
    model: RiskModel, snapshot: Snapshot, table: pd.DataFrame, sources: pd.DataFrame
) -> tuple[str, ...]:
    reasons = []
    if _is_over(model, snapshot):
        reasons.append(f"the model is not to be used after {model.info['sunset']}; retrain it")
    lost = _lost(table)
    if lost > LOST:
        reasons.append(f"{100 * lost:.0f}% of the model's weight has no figure")
    for verdict in ("mostly missing", "moved"):
        names = table.loc[table["verdict"] == verdict, "indicator"]
        if len(names):
            reasons.append(f"{verdict}: {', '.join(names)}")
    if late := overdue_words(sources):
        reasons.append(f"overdue: {late}")
    return tuple(reasons)
