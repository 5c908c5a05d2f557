"""A model on a date after its cut, with its learnt levels carried forward to that date."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from earlywarn.model.base_rate import AT_CUT, LONGEST, LevelState
from earlywarn.statistics.distributions import expit, logit

if TYPE_CHECKING:
    from earlywarn.model.risk_model import RiskModel

Floats = NDArray[np.float64]
YEAR = 365.25
FURTHEST = LONGEST - AT_CUT - 1
"""The most years after the cut that a level is carried forward: far beyond any model's life."""


class Ahead(NamedTuple):
    """How far a model's log-odds on given days differ from those of the year after its cut."""

    worst: Floats
    """The move of the worst grade's log-odds."""
    better: Floats
    """The same for the grade before it or worse: below Good, where the worst is Inadequate."""
    variance: Floats
    """The addition to the variance of the worst grade's log-odds; negative near the cut."""


def years_after(model: RiskModel, day: date | str) -> float:
    """The years from a model's cut to a day; 0 for an earlier day, NaN if the cut is not kept."""
    levels = model.info.get("levels")
    if not levels:
        return float("nan")
    on = date.fromisoformat(day) if isinstance(day, str) else day
    return max((on - date.fromisoformat(levels["cut"])).days, 0) / YEAR


def ahead(model: RiskModel, years: Floats) -> Ahead:
    """Work out how far log-odds move a number of years after the cut; not at all for NaN.

    Parameters
    ----------
    model : RiskModel
        Its ``info["levels"]`` contains the state of each threshold's level at the cut.
    years : ndarray of shape (n_rows,)
        From the cut to each row's day, 0 or more.

    Returns
    -------
    Ahead
    """
    none = np.zeros(len(years))
    levels = model.info.get("levels")
    known = ~np.isnan(years)
    if not levels or not known.any():
        return Ahead(none, none, none)
    different, place = np.unique(years[known], return_inverse=True)
    worst, better = (LevelState(**state) for state in (levels["worst"], levels["better"]))
    usual = worst.ahead(1.0), better.ahead(1.0)
    table = np.array(
        [
            (
                worst.ahead(year + AT_CUT).value - usual[0].value,
                better.ahead(year + AT_CUT).value - usual[1].value,
                worst.ahead(year + AT_CUT).sd ** 2 - usual[0].sd ** 2,
            )
            for year in different
        ]
    )
    found = np.zeros((len(years), 3))
    found[known] = table[place]
    return Ahead(*found.T)


def on_day(model: RiskModel, day: date | str) -> RiskModel:
    """Carry a model forward to a date: thresholds, their uncertainty and the expected share.

    Parameters
    ----------
    model : RiskModel
        As returned by ``earlywarn.train`` or ``earlywarn.load_model``.
    day : date or ISO text
        The date on which an inspection would start. A date before the cut is treated as the cut.

    Returns
    -------
    RiskModel
        The same model if it has no stored levels.

    Examples
    --------
    >>> from earlywarn.model.serialisation import load_model
    >>> model = load_model()
    >>> soon, late = (on_day(model, day) for day in ("2026-09-01", "2028-03-01"))
    >>> bool(late.covariance[0, 0] > soon.covariance[0, 0])
    True
    """
    moved = ahead(model, np.array([years_after(model, day)]))
    if not model.info.get("levels"):
        return model
    thresholds = model.thresholds.copy()
    thresholds[-1] -= moved.worst[0]
    thresholds[:-1] -= moved.better[0]
    covariance = model.covariance.copy()
    covariance[0, 0] += moved.variance[0]
    info = {**model.info, "prior": _shares(model, moved)}
    return replace(model, thresholds=thresholds, covariance=covariance, info=info)


def share_on(share: float, moved: Floats) -> Floats:
    """The expected share of judgements, with log-odds moved."""
    return np.asarray(expit(logit(share) + moved), dtype=float)


def _shares(model: RiskModel, moved: Ahead) -> dict[str, object]:
    prior = dict(model.info.get("prior", {}))
    if prior.get("risk") is not None:
        prior["risk"] = float(share_on(prior["risk"], moved.worst)[0])
    if prior.get("below_good") is not None:
        prior["below_good"] = float(share_on(prior["below_good"], moved.better)[0])
    return prior
