"""Curves of forecasts: reliability by size of risk, and net benefit by decision threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from earlywarn.evaluation.protocol import DIGITS, OUTCOME, by_window_and_lead, checked_forecasts
from earlywarn.statistics.bootstrap import consistency_band
from earlywarn.statistics.metrics import net_benefit

if TYPE_CHECKING:
    from collections.abc import Sequence

THRESHOLDS = (0.05, 0.10, 0.15, 0.20, 0.25)
"""Risks at which one might decide to support an authority."""


def reliability(
    forecasts: pd.DataFrame, bins: int = 5, *, resamples: int = 1000, seed: int = 2016
) -> pd.DataFrame:
    """Compare forecasts at the inspection's start with what happened, by size of risk.

    Parameters
    ----------
    forecasts : DataFrame
        As for `earlywarn.evaluation.performance.evaluate`; only the case, ``label`` and ``risk``
        are read, at lead 0.
    bins : int
        The number of bins with equal shares of the cases; cases of equal risk stay together.
    resamples : int
        Number of simulations for the band.
    seed : int
        Their seed.

    Returns
    -------
    DataFrame
        One row per (window, model, bin), lowest risk first: n, events, expected (mean risk),
        observed (share of events), and the 90% consistency band of a reliable forecast.

    Raises
    ------
    BacktestError
        If columns are missing or values are not valid.

    Notes
    -----
    Bröcker and Smith 2007, doi 10.1175/WAF993.1.

    Examples
    --------
    >>> forecasts = pd.DataFrame({"window": "development", "lead_months": 0, "model": "earlywarn",
    ...     "la_code": [str(code) for code in range(301, 341)], "inspection_start": "2016-05-16",
    ...     "label": [0.0, 0.0, 0.0, 1.0] * 10, "risk": [0.1] * 20 + [0.4] * 20})
    >>> reliability(forecasts, bins=2)[["bin", "n", "expected", "observed"]]
       bin   n  expected  observed
    0    1  20       0.1      0.25
    1    2  20       0.4      0.25
    """
    rows = checked_forecasts(forecasts, OUTCOME)
    found = [
        _curve(group, bins, resamples, seed).assign(window=window, model=model)
        for window, lead, models in by_window_and_lead(rows)
        for model, group in models.groupby("model", sort=False)
        if lead == 0
    ]
    columns = ["window", "model", "bin", "n", "events", "expected", "observed", "lower", "upper"]
    if not found:
        return pd.DataFrame(columns=columns)
    return pd.concat(found, ignore_index=True)[columns].round(DIGITS)


def decision_curve(
    forecasts: pd.DataFrame, thresholds: Sequence[float] = THRESHOLDS
) -> pd.DataFrame:
    """Return the net benefit of acting on each model, and that of supporting everybody.

    Parameters
    ----------
    forecasts : DataFrame
        As for `earlywarn.evaluation.performance.evaluate`; only the case, ``label`` and ``risk``
        are read.
    thresholds : sequence of float
        Risks at or above which an authority would be supported.

    Returns
    -------
    DataFrame
        One row per (window, lead_months, model, threshold): n, events, flagged, net_benefit, and
        treat_all, that of flagging everybody. Flagging nobody has a net benefit of 0.

    Raises
    ------
    BacktestError
        If columns are missing or values are not valid.

    Notes
    -----
    Vickers and Elkin 2006, doi 10.1177/0272989X06295361.

    Examples
    --------
    >>> forecasts = pd.DataFrame({"window": "development", "lead_months": 0, "model": "earlywarn",
    ...     "la_code": ["301", "302", "303", "304"], "inspection_start": "2016-05-16",
    ...     "label": [0.0, 0.0, 0.0, 1.0], "risk": [0.1, 0.1, 0.3, 0.4]})
    >>> decision_curve(forecasts, [0.2])[["threshold", "flagged", "net_benefit", "treat_all"]]
       threshold  flagged  net_benefit  treat_all
    0        0.2        2       0.1875     0.0625
    """
    rows = checked_forecasts(forecasts, OUTCOME)
    found = [
        {"window": window, "lead_months": lead, "model": model}
        | {"threshold": threshold, "n": len(group), "events": int(group["label"].sum())}
        | {"flagged": int((group["risk"] >= threshold).sum())}
        | dict(zip(("net_benefit", "treat_all"), net_benefits(group, threshold), strict=True))
        for window, lead, models in by_window_and_lead(rows)
        for model, group in models.groupby("model", sort=False)
        for threshold in thresholds
    ]
    return pd.DataFrame(found).round(DIGITS)


def net_benefits(rows: pd.DataFrame, threshold: float) -> tuple[float, float]:
    """Return the net benefit of flagging by risk, and that of flagging everybody.

    Parameters
    ----------
    rows : DataFrame
        Has ``label`` and ``risk``.
    threshold : float
        Risk at or above which a case is flagged.

    Returns
    -------
    benefit, treat_all : float

    Raises
    ------
    IndicatorError
        If the threshold is not between 0 and 1.

    Examples
    --------
    >>> net_benefits(pd.DataFrame({"label": [0.0, 1.0], "risk": [0.1, 0.4]}), 0.2)
    (0.5, 0.375)
    """
    label = rows["label"].to_numpy(float)
    risk = rows["risk"].to_numpy(float)
    return net_benefit(risk, label, threshold), net_benefit(np.ones_like(risk), label, threshold)


def _curve(rows: pd.DataFrame, bins: int, resamples: int, seed: int) -> pd.DataFrame:
    risk, label = rows["risk"].to_numpy(float), rows["label"].to_numpy(float)
    edges = np.unique(np.quantile(risk, np.arange(1, bins) / bins, method="inverted_cdf"))
    # Bins without forecasts are dropped, and the rest renumbered.
    number = np.unique(np.searchsorted(edges, risk, side="left"), return_inverse=True)[1]
    n = np.bincount(number)
    lower, upper = consistency_band(risk, number, resamples=resamples, seed=seed)
    return pd.DataFrame(
        {"bin": np.arange(1, n.size + 1), "n": n}
        | {"events": np.bincount(number, label).astype(int)}
        | {"expected": np.bincount(number, risk) / n, "observed": np.bincount(number, label) / n}
        | {"lower": lower, "upper": upper}
    )
