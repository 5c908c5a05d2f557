"""How far units differ beyond chance: Paule and Mandel's estimator, plain or winsorised."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from earlywarn.errors import IndicatorError
from earlywarn.statistics.distributions import normal_quantile
from earlywarn.statistics.funnel import winsorise

if TYPE_CHECKING:
    from earlywarn.statistics.arrays import FloatArray

_STEPS = 100
_CLOSE = 1e-12


def winsorised_mean_square(share: float) -> float:
    """Return the mean square of standard normal scores after winsorising: 1 without any.

    Parameters
    ----------
    share : float
        Share of the scores winsorised on each side, 0 to below 0.5.

    Returns
    -------
    float
        The consistency factor: a variance estimated from winsorised scores is divided by it.

    Examples
    --------
    >>> round(winsorised_mean_square(0.1), 4)
    0.6787
    >>> winsorised_mean_square(0.0)
    1.0
    """
    if share == 0:
        return 1.0
    edge = float(normal_quantile(1 - share))
    density = np.exp(-(edge**2) / 2) / np.sqrt(2 * np.pi)
    return float(1 - 2 * share - 2 * edge * density + 2 * share * edge**2)


def paule_mandel(y: FloatArray, sd: FloatArray, *, share: float = 0.0) -> tuple[float, float]:
    """Estimate the centre of units and the variance between them not explained by chance.

    Parameters
    ----------
    y, sd : ndarray of shape (n,)
        Known estimates and their sampling standard deviations, 0 or more.
    share : float
        Share of the standardised distances winsorised on each side, so that the few outlying units
        don't widen the distribution that they are compared with.

    Returns
    -------
    centre : float
        The mean, weighted by the total variance of each unit.
    tau2 : float
        0 where chance explains the differences; both NaN with fewer than two units.

    Raises
    ------
    IndicatorError
        If a standard deviation is below 0 or the shapes differ.

    Notes
    -----
    Paule and Mandel 1982, doi 10.6028/jres.087.022: the variance at which the weighted sum of
    squared distances from the weighted mean equals its expectation, n - 1. For known sampling
    variances it is the empirical Bayes estimate of Morris, and hardly biased where the method of
    moments is (Veroniki et al. 2016, doi 10.1002/jrsm.1164). With a share above 0 the distances are
    winsorised and the expectation is that of winsorised normal distances. The published health
    tools (Spiegelhalter et al. 2012, doi 10.1111/j.1467-985X.2011.01010.x) winsorise without that
    factor, which gives about two thirds of the variance.

    Examples
    --------
    >>> y, sd = np.array([1.0, 3.0, 5.0]), np.ones(3)
    >>> paule_mandel(y, sd)
    (3.0, 3.0)
    """
    if y.shape != sd.shape or (sd < 0).any():
        raise IndicatorError(
            "sampling errors do not fit",
            where="sd",
            found=f"shape {sd.shape}" if y.shape != sd.shape else f"{sd.min():g}",
            expected=f"one of 0 or more for each of {len(y)} estimates",
        )
    if len(y) < 2:
        return float("nan"), float("nan")
    # A year's figures of every indicator come through here, so what stays the same from step to
    # step is worked out once, and nothing is checked twice.
    pulled = winsorise(y, share) if share else y
    sampling, edges = sd**2, _edges(len(y), share)
    expected = (len(y) - 1) * winsorised_mean_square(share)
    floor = float(np.var(y)) * _CLOSE if (sd == 0).any() else 0.0
    tau2 = floor
    for _ in range(_STEPS):
        variance = sampling + tau2
        spread = np.sqrt(variance)
        centre = _centre(pulled, spread)
        away = (y - centre) / spread
        squared = _pulled_in(away, edges) ** 2 if share else (y - centre) ** 2 / variance
        excess = float(squared.sum()) - expected
        if excess <= 0 and tau2 <= floor:
            return centre, 0.0
        # Newton's step: the sum falls by about this for each extra unit of variance.
        slope = float((squared / variance).sum())
        if slope == 0:  # winsorised, all are at the centre: a few outliers, the rest equal
            return centre, floor
        after = max(tau2 + excess / slope, floor)
        if abs(after - tau2) <= _CLOSE * (after + tau2):
            return _centre(pulled, np.sqrt(sampling + after)), after
        tau2 = after
    return _centre(pulled, np.sqrt(sampling + tau2)), tau2


def _centre(y: FloatArray, spread: FloatArray) -> float:
    """The same as ``precision_mean``, for spreads that are above 0."""
    weight = 1 / spread**2
    return float(np.sum(weight * y) / np.sum(weight))


def _edges(count: int, share: float) -> tuple[tuple[int, float], tuple[int, float]]:
    """The positions of both quantiles among a number of values: the one below and the fraction."""
    low, high = ((count - 1) * part for part in (share, 1 - share))
    return (int(low), low - int(low)), (int(high), high - int(high))


def _pulled_in(x: FloatArray, edges: tuple[tuple[int, float], tuple[int, float]]) -> FloatArray:
    """The same as ``winsorise``, for known, finite values."""
    ordered = np.sort(x)
    low, high = (_between(ordered, place, beyond) for place, beyond in edges)
    return np.minimum(np.maximum(x, low), high)


def _between(ordered: FloatArray, place: int, beyond: float) -> float:
    below, above = ordered[place], ordered[min(place + 1, len(ordered) - 1)]
    apart = above - below
    # From the nearer side, as numpy's quantile rounds.
    return float(above - apart * (1 - beyond) if beyond >= 0.5 else below + apart * beyond)
