"""The prior of the weights, before any judgement is seen; the reasons are in docs/methods.md.

With some eighty events the data can show how much a composite of all indicators matters, but little
about each of them. So the prior is one composite: the mean of the families, each the mean of its
indicators with the catalogue's signs. A family may deviate from it, an indicator far less.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from earlywarn.indicators.catalogue import WAS_INADEQUATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from earlywarn.indicators.catalogue import Indicator
    from earlywarn.statistics.arrays import FloatArray


GOOD_SHARE, INADEQUATE_SHARE = 0.5, 0.2
"""The value of an unknown last inspection: about the shares of the known ones."""


@dataclass(frozen=True)
class WeightPrior:
    """How large the weights are assumed to be, and how far the judgements may move them.

    Parameters
    ----------
    composite : float
        Log-odds for one unit of the composite.
    composite_sd, family_sd, indicator_sd : float
        How far the judgements may move the composite, a family and a single indicator from that.
    family_doubt, indicator_doubt : float
        How far a family's and an indicator's weight may really be from that, about half of their
        size, which the intervals allow for. So few events can't distinguish such weights from equal
        ones: a fit that follows the judgements that far predicts worse, and one that hides the
        doubt is overconfident.
    history : float
        Log-odds of having been Good or better at the last inspection, compared with not.
    history_sd : float
        How far it may deviate.
    inadequate, inadequate_sd : float
        Log-odds of having been Inadequate at the last inspection, compared with Requires
        improvement, and how far it may deviate.
    history_own_sd, inadequate_own_sd : float
        How far these two weights may be from the common ones at each threshold (Good, Requires
        improvement, Inadequate); 0 for the same weight at each.
    """

    composite: float = 1.5
    composite_sd: float = 0.3
    family_sd: float = 0.02
    indicator_sd: float = 0.01
    family_doubt: float = 0.12
    indicator_doubt: float = 0.05
    history: float = -0.5
    history_sd: float = 0.2
    inadequate: float = 0.0
    inadequate_sd: float = 0.15
    history_own_sd: float = 0.5
    inadequate_own_sd: float = 0.25


def prior_of(records: Sequence[Indicator], weight_prior: WeightPrior) -> dict[str, Any]:
    """Turn the prior for these indicators into the parameters of a ``RiskClassifier``.

    Parameters
    ----------
    records : sequence of Indicator
        In the order of the columns.
    weight_prior : WeightPrior

    Returns
    -------
    dict
        ``prior_mean``, ``prior_covariance``, ``doubt_covariance``, ``orientation``, ``groups``,
        ``centre``, ``own`` and ``own_sd``.

    Examples
    --------
    >>> from earlywarn.indicators.catalogue import get_indicator
    >>> two = [get_indicator("rereferrals"), get_indicator("reviews_in_time")]
    >>> prior_of(two, WeightPrior(composite=1.0))["prior_mean"]
    array([ 0.5, -0.5])
    """
    figures = np.array([record.kind != "history" for record in records])
    sign = np.array([record.sign for record in records], dtype=float)
    weight = _composite_weights(records)
    within, same = _within_family(records)
    was = np.array([record.id == WAS_INADEQUATE for record in records])
    history = np.where(was, weight_prior.inadequate, weight_prior.history)
    history_sd = np.where(was, weight_prior.inadequate_sd, weight_prior.history_sd)
    own_sd = np.where(was, weight_prior.inadequate_own_sd, weight_prior.history_own_sd)
    own_sd = np.where(figures, 0.0, own_sd)

    def covariance(family_sd: float, indicator_sd: float) -> FloatArray:
        spread = weight_prior.composite_sd**2 * np.outer(weight, weight)
        spread += family_sd**2 * same * np.outer(within, within)
        return spread + np.diag(np.where(figures, indicator_sd, history_sd) ** 2)

    return {
        "prior_mean": np.where(figures, weight_prior.composite * weight, history),
        "prior_covariance": covariance(weight_prior.family_sd, weight_prior.indicator_sd),
        "doubt_covariance": covariance(weight_prior.family_doubt, weight_prior.indicator_doubt),
        "orientation": np.where(sign == 0, 1.0, sign),
        "groups": [record.family for record in records],
        "centre": np.where(figures, 0.0, np.where(was, INADEQUATE_SHARE, GOOD_SHARE)),
        "own": tuple(np.flatnonzero(own_sd > 0).tolist()),
        "own_sd": tuple(own_sd[own_sd > 0].tolist()) or 1.0,
    }


def _composite_weights(records: Sequence[Indicator]) -> FloatArray:
    """The weight of each indicator in the composite; the families' weights sum to 1."""
    within, _ = _within_family(records)
    conviction = {
        record.family: record.conviction for record in records if record.kind != "history"
    }
    return within / max(sum(conviction.values()), 1e-12)


def _within_family(records: Sequence[Indicator]) -> tuple[FloatArray, FloatArray]:
    """Each indicator's signed share of its family, by conviction, and which ones share one."""
    families = [record.family for record in records]
    share = [
        0.0
        if record.kind == "history"
        else record.sign * record.conviction / families.count(record.family)
        for record in records
    ]
    return np.array(share), np.array([[a == b for b in families] for a in families], dtype=float)
