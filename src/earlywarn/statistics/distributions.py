"""The standard normal distribution and the log-odds, with their inverses.

Written with the standard library, so that scoring does not load scipy.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from earlywarn.errors import IndicatorError
from earlywarn.statistics.arrays import FloatArray, aligned, refuse


def normal_quantile(p: npt.ArrayLike) -> FloatArray:
    """Return the standard normal quantile below which a share `p` lies.

    Parameters
    ----------
    p : array-like
        Shares, above 0 and below 1.

    Returns
    -------
    ndarray
        The deviates.

    Raises
    ------
    IndicatorError
        If a share is not between 0 and 1.

    Examples
    --------
    >>> normal_quantile([0.5, 0.975]).round(4)
    array([0.  , 1.96])
    """
    (shares,) = aligned(p=p)
    refuse("p", shares, (shares <= 0) | (shares >= 1), expected="above 0 and below 1")
    inverse = NormalDist().inv_cdf
    deviates = [math.nan if math.isnan(share) else inverse(share) for share in shares.ravel()]
    return np.array(deviates, dtype=float).reshape(shares.shape)


def two_sided_z(confidence: float) -> float:
    """Return the normal deviate of a central interval.

    Parameters
    ----------
    confidence : float
        Share of the distribution inside the interval, above 0 and below 1.

    Returns
    -------
    float
        The deviate: 1.96 for 0.95, 3.09 for 0.998.

    Raises
    ------
    IndicatorError
        If the confidence is not between 0 and 1.

    Examples
    --------
    >>> round(two_sided_z(0.998), 2)
    3.09
    """
    if not 0 < confidence < 1:
        raise IndicatorError(
            "not a confidence",
            where="confidence",
            found=f"{confidence:g}",
            expected="a share above 0 and below 1, such as 0.95",
        )
    return -NormalDist().inv_cdf((1 - confidence) / 2)


def normal_cdf(z: npt.ArrayLike) -> FloatArray:
    """Return the probability that a standard normal variable is below `z`.

    Parameters
    ----------
    z : array-like
        Standard scores.

    Returns
    -------
    ndarray
        Probabilities; NaN stays NaN.

    Examples
    --------
    >>> normal_cdf([0.0, 1.959964]).round(4)
    array([0.5  , 0.975])
    """
    (score,) = aligned(z=z)
    below = [0.5 * math.erfc(-one / math.sqrt(2)) for one in score.ravel()]
    return np.array(below, dtype=float).reshape(score.shape)


def expit(x: npt.ArrayLike) -> FloatArray:
    """Turn log-odds into probabilities, without overflow.

    Parameters
    ----------
    x : array-like
        Log-odds.

    Returns
    -------
    ndarray
        ``1 / (1 + exp(-x))``.

    Raises
    ------
    IndicatorError
        If `x` is not numeric.

    Examples
    --------
    >>> expit([-1000, 0, 1000])
    array([0. , 0.5, 1. ])
    """
    (log_odds,) = aligned(x=x)
    with np.errstate(under="ignore"):
        found: FloatArray = np.exp(np.minimum(log_odds, 0)) / (1 + np.exp(-np.abs(log_odds)))
    return found


def logit(p: npt.ArrayLike) -> FloatArray:
    """Turn probabilities into log-odds.

    Parameters
    ----------
    p : array-like
        Probabilities, 0 to 1.

    Returns
    -------
    ndarray
        ``log(p / (1 - p))``, minus and plus infinity at 0 and 1.

    Raises
    ------
    IndicatorError
        If a value is not between 0 and 1.

    Examples
    --------
    >>> logit([0.0, 0.5, 0.9]).round(4)
    array([  -inf, 0.    , 2.1972])
    """
    (share,) = aligned(p=p)
    refuse("p", share, (share < 0) | (share > 1), expected="from 0 to 1")
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(share) - np.log1p(-share))
