"""National ranks with their uncertainty, from weights, figures and the model's form."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from earlywarn.model.risk_model import RiskModel
    from earlywarn.statistics.arrays import FloatArray

Ints = npt.NDArray[np.int64]

RANKS_HELD, RISKS_HELD = (0.97, 0.86), (0.92, 0.81)
"""The share of true ranks, and of true risks, in their 90% interval, if the model's form is right
and under the worst of four truths, by ``python -m experiments.truths``."""


def held_words() -> str:
    """State in a sentence how far the intervals of ranks and risks can be trusted."""
    (right, worst), (right_risk, worst_risk) = RANKS_HELD, RISKS_HELD
    return (
        f"Of true ranks, {worst:.0%} lie in their 90% interval under the worst of four truths "
        f"tried, and {right:.0%} if the model's form is right; of true risks, {worst_risk:.0%} and "
        f"{right_risk:.0%}"
    )


class Ranks(NamedTuple):
    """The rank of each row and its uncertainty; the names are those of ``score``'s columns."""

    rank: Ints
    """Ranks by risk: equal risks share a rank."""
    rank_lower: Ints
    rank_upper: Ints
    """The 90% interval, widened to include the rank."""
    top_k_probability: FloatArray
    top_k_probability_new: FloatArray
    """The probability among the rows that are not excluded; NaN for those that are."""


def ranked(
    model: RiskModel,
    values: FloatArray,
    noise: FloatArray,
    top_k: int,
    *,
    apart: npt.NDArray[np.bool_] | None = None,
) -> Ranks:
    """Rank rows, with intervals from equally credible models.

    Parameters
    ----------
    model : RiskModel
        As carried forward to the date.
    values, noise : ndarray of shape (n_rows, n_columns)
        As for ``RiskModel.draws``.
    top_k : int
        The length of the list.
    apart : ndarray of bool, optional
        Rows to leave out of the second list. Default: none.

    Returns
    -------
    Ranks

    Notes
    -----
    Ranking by posterior draws: Goldstein and Spiegelhalter 1996, doi 10.2307/2983325. The draws
    include the doubt about the model's form as well as about weights and figures, as does the
    interval of a risk: a rank is right only if the form is.
    """
    places = np.argsort(-model.draws(values, noise), axis=1)
    order = _counted(places)
    odds = model.log_odds(values)
    rank = np.searchsorted(np.sort(-odds), -odds, side="left") + 1
    low = np.quantile(order, 0.05, axis=0, method="lower").astype(int)
    high = np.quantile(order, 0.95, axis=0, method="higher").astype(int)
    new = np.ones(len(odds), dtype=np.bool_) if apart is None else ~apart
    among_new = np.where(new, (_counted(places, new) <= top_k).mean(axis=0), np.nan)
    return Ranks(
        rank,
        np.minimum(low, rank),
        np.maximum(high, rank),
        (order <= top_k).mean(axis=0),
        among_new,
    )


def _counted(
    places: npt.NDArray[np.intp], among: npt.NDArray[np.bool_] | None = None
) -> npt.NDArray[np.int32]:
    """The rank of each row in each draw; among some rows, if given."""
    order = np.empty(places.shape, dtype=np.int32)
    up_to = np.arange(1, places.shape[1] + 1)[None, :] if among is None else among[places].cumsum(1)
    np.put_along_axis(order, places, up_to, axis=1)
    return order
