"""Exact probabilities of small counts. It loads scipy, so scoring must not import it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import gammainccinv, gammaincinv
from scipy.stats import hypergeom

from earlywarn.errors import IndicatorError
from earlywarn.statistics.arrays import FloatArray, aligned, refuse
from earlywarn.statistics.distributions import two_sided_z


def poisson_limits(count: npt.ArrayLike, confidence: float = 0.95) -> tuple[FloatArray, FloatArray]:
    """Return the exact limits of the mean of a Poisson count.

    Parameters
    ----------
    count : array-like
        Whole counts; NaN where unknown.
    confidence : float
        Minimum share of intervals that contain the mean.

    Returns
    -------
    lower, upper : ndarray
        The means at which a count as high, or as low, has a probability of
        ``(1 - confidence) / 2``.

    Raises
    ------
    IndicatorError
        If a count is negative, infinite or not whole, or the confidence is not between 0 and 1.

    Notes
    -----
    Garwood 1936, doi 10.1093/biomet/28.3-4.437, as quantiles of the gamma distribution.

    Examples
    --------
    >>> lower, upper = poisson_limits([0, 1, 10])
    >>> lower.round(3), upper.round(3)
    (array([0.   , 0.025, 4.795]), array([ 3.689,  5.572, 18.39 ]))
    """
    (observed,) = aligned(count=count)
    odd = (observed < 0) | np.isinf(observed) | (observed != np.floor(observed))
    refuse("count", observed, odd & ~np.isnan(observed), expected="a whole number, 0 or more")
    two_sided_z(confidence)  # refuses an invalid confidence
    tail = (1 - confidence) / 2
    lower = np.where(observed == 0, 0.0, gammaincinv(np.maximum(observed, 1), tail))
    return lower, np.asarray(gammainccinv(observed + 1, tail), dtype=float)


def hypergeometric_tail(k: int, K: int, n: int, N: int) -> float:
    """Return the chance of `k` or more marked units in a draw without replacement.

    Parameters
    ----------
    k : int
        Marked units in the draw, such as Inadequate judgements among the authorities flagged.
    K : int
        Marked units in all.
    n : int
        Units drawn.
    N : int
        Units in all.

    Returns
    -------
    float
        P(X >= k).

    Raises
    ------
    IndicatorError
        If `K` or `n` is not between 0 and `N`.

    Examples
    --------
    >>> round(hypergeometric_tail(3, 5, 10, 50), 4)
    0.0483
    """
    for name, value in (("K", K), ("n", n)):
        if not 0 <= value <= N:
            raise IndicatorError(
                "value out of range", where=name, found=str(value), expected=f"from 0 to N = {N}"
            )
    return float(hypergeom.sf(k - 1, N, K, n))


def count_tails(p: npt.ArrayLike, count: int) -> tuple[float, float]:
    """Return the chances of at most and at least this many events of differing probability.

    Parameters
    ----------
    p : array-like, shape (n,)
        The probability of each event. The events are assumed independent.
    count : int
        How many happened.

    Returns
    -------
    as_few, as_many : float
        P(X <= count) and P(X >= count) of the Poisson-binomial distribution.

    Raises
    ------
    IndicatorError
        If a probability is missing or not between 0 and 1.

    Notes
    -----
    Exact: the events are added one at a time (the recursion in Hong 2013, doi
    10.1016/j.csda.2012.10.006). Every term is positive, so nothing cancels.

    Examples
    --------
    >>> few, many = count_tails([0.5, 0.5, 0.2], 0)
    >>> round(few, 3), round(many, 3)
    (0.2, 1.0)
    """
    (each,) = aligned(p=p)
    refuse("p", each, ~((each >= 0) & (each <= 1)), expected="from 0 to 1")
    chance = np.ones(1)
    for one in each.ravel():
        chance = np.append(chance * (1 - one), 0.0) + np.append(0.0, chance * one)
    return float(chance[: count + 1].sum()), float(chance[max(count, 0) :].sum())
