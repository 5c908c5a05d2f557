"""The country: one row an authority, ranked."""

from __future__ import annotations

import warnings
from dataclasses import replace
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from earlywarn.errors import ModelLifeWarning, ScoreError
from earlywarn.indicators.build import indicators_after, last_judgements
from earlywarn.judgements.schema import AREAS
from earlywarn.model.horizon import on_day
from earlywarn.scoring.defaults import model_or_shipped, snapshot_or_shipped
from earlywarn.scoring.freshness import marked
from earlywarn.scoring.predictions import Predictions
from earlywarn.scoring.preprocessing import Inputs, read_rows
from earlywarn.statistics.distributions import logit

if TYPE_CHECKING:
    from earlywarn.model.risk_model import RiskModel
    from earlywarn.panel.panel import Snapshot

COLUMNS = (
    "la_code",
    "la_name",
    "as_of",
    "risk",
    "risk_lower",
    "risk_upper",
    "below_good",
    "rank",
    "rank_lower",
    "rank_upper",
    "band",
    "top_k_probability",
    "previous_judgement",
    "previous_inspection",
    "drivers_up",
    "drivers_down",
    "missing_indicators",
    "data_through",
    "model_id",
    "prior",
    "region",
    "already_inadequate",
    "known",
    "judgements_through",
)
"""The columns of ``score``, in order."""

_RANKS = ("rank", "rank_lower", "rank_upper")
TOP_K = 26
"""Authorities that were in intervention when the National Audit Office reported in 2016."""


def score(
    model: RiskModel | None = None,
    snapshot: Snapshot | None = None,
    *,
    top_k: int = TOP_K,
    prior: float | None = None,
) -> pd.DataFrame:
    """Score every authority that existed on the snapshot's date.

    Parameters
    ----------
    model : RiskModel, optional
        As ``earlywarn.load_model`` or ``earlywarn.train`` gives it; the one that ships if not
        given.
    snapshot : Snapshot, optional
        What ``panel.as_of(date)`` gave; what ships, as of its newest publication, if not given.
    top_k : int
        The length of list that ``top_k_probability`` is about.
    prior : float, optional
        A scenario: another share of Inadequate judgements than the model expects.

    Returns
    -------
    DataFrame
        One row an authority, highest risk first, with the columns of ``COLUMNS``. ``risk`` is the
        probability that an inspection starting on the date would give an Inadequate judgement;
        ``risk_lower`` and ``risk_upper`` are a 90% interval of it, ``rank_lower`` and
        ``rank_upper`` of the rank. ``below_good`` is the probability of Requires improvement or
        worse. ``prior`` is the share of Inadequate judgements that the model was set to. Equal
        risks share a rank; an authority of which nothing is known (``known`` is 0) has no rank and
        no band. ``already_inadequate`` says whether the last judgement known, of those published
        up to ``judgements_through``, holds an Inadequate grade. ``attrs["freshness"]`` says how
        fresh each source was, as ``freshness`` gives it.

    Warns
    -----
    ModelLifeWarning
        If the date is outside the model's life. ``score_batch`` refuses such rows.
    OverdueWarning
        If a source is older on the date than its cadence allows.

    Raises
    ------
    IndicatorError
        If a Panel is given for a Snapshot.
    ScoreError
        If ``top_k`` or ``prior`` makes no sense.

    Examples
    --------
    >>> import earlywarn as ew
    >>> len(ew.score())
    153
    >>> scores = ew.score(ew.load_model(), ew.load_panel().as_of("2024-06-30"))
    >>> len(scores), bool(scores["risk"].between(0, 1).all())
    (153, True)
    """
    model, snapshot = model_or_shipped(model), snapshot_or_shipped(snapshot)
    held = last_judgements(snapshot)
    X = indicators_after(snapshot, held)
    if not isinstance(top_k, Integral) or not 1 <= top_k <= len(X):
        raise ScoreError(
            "not a length of list", where="top_k", found=str(top_k), expected=f"1 to {len(X)}"
        )
    _check_life(model, snapshot)
    model = model if prior is None else at_prior(model, prior)
    rows = X.reset_index()
    # No authority is left out of the country's list: the panel's findings say what was doubtful
    # about a figure, and a warning says it of the day.
    inputs = replace(read_rows(model, rows, explain=True), refusal={})
    predictions = Predictions(model, len(rows), explain=True)
    predictions.add(slice(0, len(rows)), inputs)
    ranks = _ranks(on_day(model, snapshot.as_of), inputs, top_k)
    table = pd.DataFrame(
        {
            **predictions.columns(),
            **ranks,
            "la_code": rows["la_code"],
            "la_name": snapshot.authorities["la_name"].to_numpy(),
            "as_of": snapshot.as_of.isoformat(),
            "previous_judgement": held["previous_judgement"].to_numpy(),
            "previous_inspection": [
                None if pd.isna(day) else day.isoformat() for day in held["previous_inspection"]
            ],
            "data_through": snapshot.data_through.isoformat() if snapshot.data_through else None,
            "region": snapshot.authorities["region"].to_numpy(),
            "already_inadequate": _already_inadequate(held),
            "judgements_through": _judgements_through(snapshot),
        }
    )
    table = _unranked(table) if (table["known"] == 0).any() else table
    ordered = table.sort_values(["rank", "risk", "la_code"], ascending=[True, False, True])
    return marked(ordered.reset_index(drop=True)[list(COLUMNS)], model, snapshot)


def _already_inadequate(held: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Whether the last judgement known holds an Inadequate grade, overall or of an area."""
    grades = held[["previous_judgement", *AREAS]]
    return (grades == "Inadequate").any(axis=1).to_numpy(dtype=bool)


def _judgements_through(snapshot: Snapshot) -> str | None:
    days = snapshot.judgements["published_on"]
    return days.max().isoformat() if len(days) else None


def _unranked(table: pd.DataFrame) -> pd.DataFrame:
    """Authorities of which nothing is known have no rank and no band, and come last."""
    unknown = table["known"] == 0
    ranks = {name: table[name].astype("Int64").mask(unknown) for name in _RANKS}
    return table.assign(**ranks, band=table["band"].mask(unknown))


def _check_life(model: RiskModel, snapshot: Snapshot) -> None:
    first, last = model.info.get("first_date", ""), model.info.get("sunset", "9999")
    if not first <= snapshot.as_of.isoformat() <= last:
        warnings.warn(
            f"the model {model.info.get('model_id', '')} is meant for {first} to {last}, not for "
            f"{snapshot.as_of}: retrain it (python -m earlywarn train), or ask for another day",
            ModelLifeWarning,
            stacklevel=3,
        )


def at_prior(model: RiskModel, prior: float) -> RiskModel:
    """The model under another share of Inadequate judgements than the model expects.

    Raises
    ------
    ScoreError
        If the share is not between 0 and 1, or the model doesn't say what it was set to.
    """
    if not isinstance(prior, Real) or not 0 < prior < 1:
        raise ScoreError(
            "not a share",
            where="prior",
            found=str(prior),
            expected="a number between 0 and 1, such as 0.08",
        )
    expected = model.info.get("prior", {}).get("risk")
    if expected is None:
        raise ScoreError(
            "the model does not say which share it was set to",
            where="prior",
            remedy="Score it without a prior.",
        )
    moved = model.shifted(float(logit(prior) - logit(expected)))
    scenario = {**model.info["prior"], "risk": prior, "scenario": True}
    # The share asked for is that of any day.
    info = {**model.info, "prior": scenario, "levels": None}
    return moved.with_info({**info, "model_id": f"{info['model_id']}-prior-{prior:g}"})


def _ranks(model: RiskModel, inputs: Inputs, top_k: int) -> dict[str, Any]:
    """Ranks, their 90% intervals and the chance of the top k, from equally credible models."""
    draws = model.draws(inputs.values, inputs.noise)
    order = np.empty(draws.shape, dtype=np.int32)
    places = np.argsort(-draws, axis=1)
    np.put_along_axis(order, places, np.arange(1, draws.shape[1] + 1)[None, :], axis=1)
    odds = model.log_odds(inputs.values)
    # Equal risks share a rank.
    rank = np.searchsorted(np.sort(-odds), -odds, side="left") + 1
    low = np.quantile(order, 0.05, axis=0, method="lower").astype(int)
    high = np.quantile(order, 0.95, axis=0, method="higher").astype(int)
    return {
        "rank": rank,
        "rank_lower": np.minimum(low, rank),
        "rank_upper": np.maximum(high, rank),
        "top_k_probability": (order <= top_k).mean(axis=0),
    }
