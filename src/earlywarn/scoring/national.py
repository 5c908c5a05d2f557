"""Score the whole country: one row per authority, ranked."""

from __future__ import annotations

import warnings
from dataclasses import replace
from numbers import Integral, Real
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from earlywarn.errors import ModelLifeWarning, ScoreError
from earlywarn.indicators.build import indicators_after, last_judgements
from earlywarn.judgements.schema import AREAS
from earlywarn.model.horizon import on_day
from earlywarn.scoring.defaults import model_or_shipped, snapshot_or_shipped
from earlywarn.scoring.freshness import marked
from earlywarn.scoring.predictions import Predictions, band_probability
from earlywarn.scoring.preprocessing import model_indicators, read_rows
from earlywarn.scoring.ranks import ranked
from earlywarn.statistics.distributions import logit

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from earlywarn.model.risk_model import RiskModel
    from earlywarn.panel.panel import Snapshot
    from earlywarn.scoring.words import Facts

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
    "top_k_probability_new",
    "band_probability",
    "previous_overall",
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
        As returned by ``earlywarn.load_model`` or ``earlywarn.train``. Default: the one that ships
        with the package.
    snapshot : Snapshot, optional
        As returned by ``panel.as_of(date)``. Default: the panel that ships with the package, as of
        its latest publication.
    top_k : int
        The length of the list for ``top_k_probability`` and ``top_k_probability_new``.
    prior : float, optional
        A scenario: a different share of Inadequate judgements from the one the model expects.

    Returns
    -------
    DataFrame
        One row per authority, highest risk first, with the columns of ``COLUMNS``. ``risk`` is the
        probability that an inspection starting on the date would give an Inadequate judgement;
        ``risk_lower`` and ``risk_upper`` are a 90% interval of it, ``rank_lower`` and
        ``rank_upper`` of the rank. ``below_good`` is the probability of Requires improvement or
        worse. ``prior`` is the share of Inadequate judgements that the model expects on the date.
        Equal risks share a rank; an authority about which nothing is known (``known`` is 0) has no
        rank and no band. ``already_inadequate`` shows whether the last known judgement, of those
        published up to ``judgements_through``, includes an Inadequate grade. ``top_k_probability``
        is the probability of being among the ``top_k`` highest, ``top_k_probability_new`` the same
        among the authorities that are not already Inadequate; those that are have none.
        ``band_probability`` is the probability that the risk is in the given band.
        ``attrs["freshness"]`` shows how fresh each source was, as returned by ``freshness``.

    Warns
    -----
    ModelLifeWarning
        If the date is outside the model's life, in which case ``score_batch`` refuses its rows; or
        before the end of its training period, so that it knows what happened afterwards.
    OverdueWarning
        If a source is older on the date than its cadence allows.

    Raises
    ------
    IndicatorError
        If a Panel is given instead of a Snapshot.
    ScoreError
        If ``top_k`` or ``prior`` is not valid.

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
    check_life(model, snapshot)
    return score_quietly(model, snapshot, top_k=top_k, prior=prior)


def score_quietly(
    model: RiskModel, snapshot: Snapshot, *, top_k: int = TOP_K, prior: float | None = None
) -> pd.DataFrame:
    """``score`` without its warning, for output that itself shows its date."""
    held = last_judgements(snapshot)
    X = indicators_after(snapshot, held)
    if not isinstance(top_k, Integral) or not 1 <= top_k <= len(X):
        raise ScoreError(
            "not a length of list", where="top_k", found=str(top_k), expected=f"1 to {len(X)}"
        )
    if prior is not None:
        model = at_prior(on_day(model, snapshot.as_of), prior)
    rows = X.reset_index()
    # No authority is left out of the national list: the panel's findings show what was doubtful
    # about a figure, and a warning covers the date.
    inputs = read_rows(model, rows, explain=True)
    inputs = replace(inputs, refusal={}, facts=_with_own(inputs.facts, model, snapshot))
    predictions = Predictions(model, len(rows), explain=True)
    predictions.add(slice(0, len(rows)), inputs)
    inadequate = _already_inadequate(held)
    ranks = ranked(
        on_day(model, snapshot.as_of), inputs.values, inputs.noise, top_k, apart=inadequate
    )
    table = pd.DataFrame(
        {
            **predictions.columns(),
            **ranks._asdict(),
            "la_code": rows["la_code"],
            "la_name": snapshot.authorities["la_name"].to_numpy(),
            "as_of": snapshot.as_of.isoformat(),
            "previous_judgement": held["previous_judgement"].to_numpy(),
            "previous_inspection": [
                None if pd.isna(day) else day.isoformat() for day in held["previous_inspection"]
            ],
            "data_through": snapshot.data_through.isoformat() if snapshot.data_through else None,
            "region": snapshot.authorities["region"].to_numpy(),
            "already_inadequate": inadequate,
            "judgements_through": _judgements_through(snapshot),
            "previous_overall": held["previous_overall"].to_numpy(),
        }
    )
    numbers = (table[name].to_numpy() for name in ("prior", "risk", "risk_lower", "risk_upper"))
    table["band_probability"] = band_probability(*numbers)
    table = _unranked(table) if (table["known"] == 0).any() else table
    ordered = table.sort_values(["rank", "risk", "la_code"], ascending=[True, False, True])
    return marked(ordered.reset_index(drop=True)[list(COLUMNS)], model, snapshot)


def _with_own(facts: Sequence[Facts], model: RiskModel, snapshot: Snapshot) -> list[Facts]:
    """The facts for the drivers' words, with the caller's own figures marked."""
    codes, marked_facts = snapshot.authorities["la_code"].tolist(), []
    for record, each in zip(model_indicators(model), facts, strict=True):
        own = [float((code, record.id) in snapshot.own) for code in codes]
        marked_facts.append(each._replace(own=np.array(own)) if any(own) else each)
    return marked_facts


def _already_inadequate(held: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Whether the last known judgement includes an Inadequate grade, overall or for an area."""
    grades = held[["previous_judgement", *AREAS]]
    return (grades == "Inadequate").any(axis=1).to_numpy(dtype=bool)


def _judgements_through(snapshot: Snapshot) -> str | None:
    days = snapshot.judgements["published_on"]
    return days.max().isoformat() if len(days) else None


def _unranked(table: pd.DataFrame) -> pd.DataFrame:
    """Authorities about which nothing is known have no rank and no band, and come last."""
    unknown = table["known"] == 0
    ranks = {name: table[name].astype("Int64").mask(unknown) for name in _RANKS}
    return table.assign(
        **ranks, **{name: table[name].mask(unknown) for name in ("band", "band_probability")}
    )


def learnt_until(model: RiskModel) -> str:
    """The date up to which a model has seen reports; empty if not recorded."""
    return str(model.info.get("training", {}).get("until") or "")


def hindsight(model: RiskModel, snapshot: Snapshot) -> str:
    """The addition to a heading for a date before the model's cut; otherwise empty."""
    until = learnt_until(model)
    late = snapshot.as_of.isoformat() < until
    return f", with what the model learnt until {until}" if late else ""


def check_life(model: RiskModel, snapshot: Snapshot) -> None:
    """Warn of a date outside the model's life, or before the end of its training period."""
    first, last = model.info.get("first_date", ""), model.info.get("sunset", "9999")
    day, name = snapshot.as_of.isoformat(), model.info.get("model_id", "")
    if not first <= day <= last:
        text = (
            f"the model {name} is meant for {first} to {last}, not for {day}: "
            "retrain it (python -m earlywarn train), or choose another date"
        )
    elif hindsight(model, snapshot):
        text = (
            f"the model {name} has learnt from reports up to {learnt_until(model)}, so its scores "
            f"for {day} use what was not known then: train one until that date to see what would "
            "have been forecast"
        )
    else:
        return
    warnings.warn(text, ModelLifeWarning, stacklevel=3)


def at_prior(model: RiskModel, prior: float) -> RiskModel:
    """Return the model with a different expected share of Inadequate judgements.

    Raises
    ------
    ScoreError
        If the share is not between 0 and 1, or the model's own share is not recorded.
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
    # The requested share applies on any date.
    info = {**model.info, "prior": scenario, "levels": None}
    return moved.with_info({**info, "model_id": f"{info['model_id']}-prior-{prior:g}"})
