"""Risk and rank over time, with today's model on earlier dates, and whether a move is noise."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from earlywarn.indicators.build import build_indicators
from earlywarn.indicators.timeline import Timeline
from earlywarn.panel.panel import FIRST_DAY
from earlywarn.scoring.predictions import Predictions
from earlywarn.scoring.preprocessing import read_rows
from earlywarn.utils.progress import Progress, progress_or_silent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from earlywarn.model.risk_model import RiskModel
    from earlywarn.panel.panel import Panel, Snapshot
    from earlywarn.statistics.arrays import FloatArray

DRAWS, SEED = 4000, 20160913


def yearly_days(as_of: date, first: date) -> list[date]:
    """Return the date and the same day of each earlier year from ``first`` on, oldest first.

    Examples
    --------
    >>> [day.isoformat() for day in yearly_days(date(2024, 2, 29), date(2022, 1, 1))]
    ['2022-02-28', '2023-02-28', '2024-02-29']
    """
    days = [as_of]
    while (earlier := _year_before(as_of, len(days))) >= first:
        days.append(earlier)
    return days[::-1]


def _year_before(day: date, years: int) -> date:
    last = 28 if (day.month, day.day) == (2, 29) else day.day
    return date(day.year - years, day.month, last)


def risk_history(
    panel: Panel, model: RiskModel, as_of: date, *, progress: Progress | None = None
) -> pd.DataFrame:
    """Score the same day of each year with the model, from what had been published by then.

    Parameters
    ----------
    panel : Panel
        The published figures.
    model : RiskModel
        One model for all dates, so that a change is in the figures and not in the model.
    as_of : date
        The last date.
    progress : Progress, optional
        Where to report progress.

    Returns
    -------
    DataFrame
        One row per (authority, day): ``la_code``, ``as_of``, and ``risk`` with its 90% interval
        ``risk_lower`` and ``risk_upper``, as returned by ``earlywarn.score``.

    Notes
    -----
    These are not forecasts made on those dates: the model has since learnt from the inspections in
    between. The record shows what the model would have forecast.
    """
    first = date.fromisoformat(model.info.get("first_date", FIRST_DAY.isoformat()))
    days = yearly_days(as_of, max(first, FIRST_DAY))
    watched = progress_or_silent(progress).over(days, "Scoring England year by year")
    timeline = Timeline(panel, panel.judgements)
    return pd.concat([_risks(model, timeline.at(day)) for day in watched], ignore_index=True)


def _risks(model: RiskModel, indicators: pd.DataFrame) -> pd.DataFrame:
    """The risks of one date without ranks, whose draws take most of a score's time."""
    X = indicators.reset_index()
    inputs = replace(read_rows(model, X), refusal={})  # No authority is left out, as in ``score``.
    predictions = Predictions(model, len(X))
    predictions.add(slice(0, len(X)), inputs)
    risks = predictions.columns()
    return pd.DataFrame(
        {
            "la_code": X["la_code"],
            "as_of": X["as_of"],
            **{name: risks[name] for name in ("risk", "risk_lower", "risk_upper")},
        }
    )


def rank_movement(model: RiskModel, before: Snapshot, now: Snapshot) -> pd.DataFrame:
    """Work out how far each authority moved in the ranking, and whether beyond noise.

    Parameters
    ----------
    model : RiskModel
        The model, the same for both dates.
    before, now : Snapshot
        Snapshots on the two dates.

    Returns
    -------
    DataFrame
        Indexed ``la_code``, for those that existed on both dates: ``rank_before``, ``rank``,
        ``moved`` (above 0 is up the list, towards a higher risk), its 90% interval ``moved_lower``
        and ``moved_upper``, and ``beyond_noise``, True where the interval does not include 0.

    Notes
    -----
    The interval is for the difference itself. Each draw uses one credible set of weights for both
    dates, and one distance of each authority to another form of the model, since the model's
    uncertainty is shared, and a new error for each date's figures, since those are not. Two ranks
    with overlapping intervals may still differ by more than noise.
    """
    return movement(model, build_indicators(before), build_indicators(now))


def movement(model: RiskModel, before: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """The result of ``rank_movement``, where both dates' indicators are already available."""
    early, late = _log_odds(model, before), _log_odds(model, now)
    odds = _paired_draws(model, early, late)
    central = [_ranks(frame["log_odds"].to_numpy()[None, :])[0] for frame in (early, late)]
    codes = [code for code in late.index if code in early.index]
    spots = [frame.index.get_indexer(pd.Index(codes)) for frame in (early, late)]
    drawn = _ranks(odds[0])[:, spots[0]] - _ranks(odds[1])[:, spots[1]]
    low, high = np.quantile(drawn, [0.05, 0.95], axis=0)
    ranks = [central[day][spots[day]] for day in (0, 1)]
    moved = ranks[0] - ranks[1]
    return pd.DataFrame(
        {
            "rank_before": ranks[0],
            "rank": ranks[1],
            "moved": moved,
            "moved_lower": np.minimum(np.floor(low).astype(int), moved),
            "moved_upper": np.maximum(np.ceil(high).astype(int), moved),
            "beyond_noise": (low > 0) | (high < 0),
        },
        index=pd.Index(codes, name="la_code", dtype="str"),
    )


def _log_odds(model: RiskModel, indicators: pd.DataFrame) -> pd.DataFrame:
    """Log-odds, their own error, and the design that shares the weights' error."""
    X = indicators.reset_index()
    inputs = read_rows(model, X)
    filled, own = model.own_variance(inputs.values, inputs.noise)
    frame = pd.DataFrame(filled, index=X["la_code"]).add_prefix("x")
    return frame.assign(log_odds=model.log_odds(inputs.values), own=np.sqrt(own))


def _paired_draws(
    model: RiskModel, early: pd.DataFrame, late: pd.DataFrame
) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(SEED)
    values, vectors = np.linalg.eigh(model.covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    shared = rng.standard_normal((DRAWS, len(values))) @ root.T
    codes = early.index.union(late.index)
    form = model.form_sd * rng.standard_normal((DRAWS, len(codes)))
    found = []
    for frame in (early, late):
        filled = frame.filter(regex=r"^x\d+$").to_numpy()
        design = np.hstack([np.ones((len(frame), 1)), filled])
        own = rng.standard_normal((DRAWS, len(frame))) * frame["own"].to_numpy()
        own += form[:, codes.get_indexer(frame.index)]
        found.append(frame["log_odds"].to_numpy() + shared @ design.T + own)
    return found[0], found[1]


def _ranks(log_odds: FloatArray) -> NDArray[np.intp]:
    order = np.argsort(-log_odds, axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(1, order.shape[1] + 1)[None, :], axis=1)
    return ranks
