"""Ranks of the country with what is not known about them: weights, figures and the model's form."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from earlywarn.model.risk_model import RiskModel
    from earlywarn.statistics.arrays import FloatArray

Ints = npt.NDArray[np.int64]

FORM_DOUBT = 0.315
"""How far another form of the model that did as well puts an authority, in log-odds about the day's
mean: the root mean square distance on the development years, by ``python -m experiments.forms``."""


RANKS_HELD = (0.97, 0.86)
"""The share of true ranks in their 90% interval, if the model's form is right and under the worst
of four truths, by ``python -m experiments.truths``."""


def rank_words() -> str:
    """How far the rank intervals can be trusted, in a sentence."""
    right, worst = RANKS_HELD
    return (
        f"Of true ranks, {right:.0%} lie in their 90% interval if the model's form is right, and "
        f"{worst:.0%} under the worst of four truths tried"
    )


class Ranks(NamedTuple):
    """Where each row stands, and how sure that is; the names are those of ``score``'s columns."""

    rank: Ints
    """By the risk: equal risks share a rank."""
    rank_lower: Ints
    rank_upper: Ints
    """The 90% interval, widened to hold the rank."""
    top_k_probability: FloatArray
    top_k_probability_new: FloatArray
    """Among the rows that are not apart; NaN for those that are."""


def ranked(
    model: RiskModel,
    values: FloatArray,
    noise: FloatArray,
    top_k: int,
    *,
    apart: npt.NDArray[np.bool_] | None = None,
    form_doubt: float = FORM_DOUBT,
) -> Ranks:
    """Rank rows, and say by equally credible models how sure that is.

    Parameters
    ----------
    model : RiskModel
        As it stands on the day.
    values, noise : ndarray of shape (n_rows, n_columns)
        As ``RiskModel.draws`` takes them.
    top_k : int
        The length of the list.
    apart : ndarray of bool, optional
        Rows that the second list leaves out; none if not given.
    form_doubt : float
        Standard deviation, in log-odds, of what another form of the model would say of a row.

    Returns
    -------
    Ranks

    Notes
    -----
    Ranking by posterior draws: Goldstein and Spiegelhalter 1996, doi 10.2307/2983325. The draws
    hold the doubt about the form beside that about weights and figures, since a rank is right only
    if the form is.
    """
    draws = model.draws(values, noise, own_sd=form_doubt)
    order = _order(draws)
    odds = model.log_odds(values)
    rank = np.searchsorted(np.sort(-odds), -odds, side="left") + 1
    low = np.quantile(order, 0.05, axis=0, method="lower").astype(int)
    high = np.quantile(order, 0.95, axis=0, method="higher").astype(int)
    new = np.ones(len(odds), dtype=np.bool_) if apart is None else ~apart
    among_new = np.full(len(odds), np.nan)
    among_new[new] = (_order(draws[:, new]) <= top_k).mean(axis=0)
    return Ranks(
        rank,
        np.minimum(low, rank),
        np.maximum(high, rank),
        (order <= top_k).mean(axis=0),
        among_new,
    )


def _order(draws: FloatArray) -> npt.NDArray[np.int32]:
    """The place of each row in each draw, the highest first."""
    order = np.empty(draws.shape, dtype=np.int32)
    places = np.argsort(-draws, axis=1)
    np.put_along_axis(order, places, np.arange(1, draws.shape[1] + 1)[None, :], axis=1)
    return order
