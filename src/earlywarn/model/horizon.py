"""A model on a day after its cut: the levels that it has learnt, carried forward to that day."""

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
"""Years after the cut to which a level is carried at most: far beyond any model's life."""


class Ahead(NamedTuple):
    """How a model's log-odds move on given days, against those of the year after its cut."""

    worst: Floats
    """Of the worst grade."""
    better: Floats
    """Of the grade before it or worse: below Good, where the worst is Inadequate."""
    variance: Floats
    """What is added to the variance of the worst grade's log-odds; below 0 near the cut."""


def years_after(model: RiskModel, day: date | str) -> float:
    """The years from a model's cut to a day; 0 for a day before it, NaN if the cut is not kept."""
    levels = model.info.get("levels")
    if not levels:
        return float("nan")
    on = date.fromisoformat(day) if isinstance(day, str) else day
    return max((on - date.fromisoformat(levels["cut"])).days, 0) / YEAR


def ahead(model: RiskModel, years: Floats) -> Ahead:
    """How the log-odds move so many years after the cut; NaN years move nothing.

    Parameters
    ----------
    model : RiskModel
        Whose ``info["levels"]`` holds the state of each threshold's level at the cut.
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
    """The model as it stands on a day: thresholds, their uncertainty and the share expected.

    Parameters
    ----------
    model : RiskModel
        As ``earlywarn.train`` or ``earlywarn.load_model`` gives it.
    day : date or ISO text
        On which an inspection would start. A day before the cut is taken for the cut.

    Returns
    -------
    RiskModel
        The same model where it keeps no levels.

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
    """The share of judgements expected, with log-odds that move."""
    return np.asarray(expit(logit(share) + moved), dtype=float)


def _shares(model: RiskModel, moved: Ahead) -> dict[str, object]:
    prior = dict(model.info.get("prior", {}))
    if prior.get("risk") is not None:
        prior["risk"] = float(share_on(prior["risk"], moved.worst)[0])
    if prior.get("below_good") is not None:
        prior["below_good"] = float(share_on(prior["below_good"], moved.better)[0])
    return prior
