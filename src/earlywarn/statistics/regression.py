"""Arrays in, arrays out: slopes, ranks, adjustment and log-odds; the one place for statistics.

It knows arithmetic and no councils. Rates and their limits are written in
`earlywarn.statistics.intervals`, funnels and shrinkage in `earlywarn.statistics.funnel`. A missing
value is NaN and stays NaN; nothing here warns.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from earlywarn.errors import IndicatorError
from earlywarn.statistics.funnel import (
    arcsine_proportion,
    funnel_limits,
    funnel_z,
    overdispersion,
    posterior_sd,
    precision_mean,
    reliability,
    robust_centre,
    shrunken_z,
    sqrt_rate,
    winsorise,
)
from earlywarn.statistics.intervals import (
    FloatArray,
    aligned,
    byar_limits,
    hypergeometric_tail,
    normal_quantile,
    poisson_limits,
    rate,
    refuse,
    wilson_limits,
)

__all__ = [
    "FloatArray",
    "aligned",
    "arcsine_proportion",
    "byar_limits",
    "expit",
    "funnel_limits",
    "funnel_z",
    "hypergeometric_tail",
    "linear_fit",
    "linear_residual",
    "logit",
    "normal_cdf",
    "normal_quantile",
    "overdispersion",
    "percentile_rank",
    "poisson_limits",
    "posterior_sd",
    "precision_mean",
    "rate",
    "refuse",
    "reliability",
    "robust_centre",
    "shrunken_z",
    "slope",
    "slope_sd",
    "sqrt_rate",
    "wilson_limits",
    "winsorise",
]


def slope(values: npt.ArrayLike, times: npt.ArrayLike, *, min_points: int = 2) -> FloatArray:
    """Fit a straight line to each row and give its slope.

    Parameters
    ----------
    values : array-like, shape (n, k)
        A row a unit, a column a time; NaN where not known.
    times : array-like, shape (k,)
        Times of the columns, such as years.
    min_points : int
        Fewest known values from which a slope is told; 2 or more.

    Returns
    -------
    ndarray, shape (n,)
        Least-squares change in the value for one unit of time; NaN with fewer known values.

    Raises
    ------
    IndicatorError
        If the shapes don't fit, a time is missing, a value is infinite, or `min_points` is below 2.

    Examples
    --------
    >>> slope([[1, 2, 3], [1, np.nan, 7], [np.nan, np.nan, 1]], [2022, 2023, 2024])
    array([ 1.,  3., nan])
    """
    table, centred, sum_squares = _centred_times(values, times, min_points)
    known = ~np.isnan(table)
    mean = rate(np.sum(table, axis=1, where=known), np.count_nonzero(known, axis=1))
    deviation = np.where(known, table - mean[:, np.newaxis], 0)
    return rate(np.sum(centred * deviation, axis=1), sum_squares)


def slope_sd(sds: npt.ArrayLike, times: npt.ArrayLike, *, min_points: int = 2) -> FloatArray:
    """Give the standard error of each row's `slope`, from the sampling error of its values.

    Parameters
    ----------
    sds : array-like, shape (n, k)
        Standard deviation of each value; NaN where the value is not known.
    times : array-like, shape (k,)
        Times of the columns.
    min_points : int
        As for `slope`.

    Returns
    -------
    ndarray, shape (n,)
        Standard errors, the values taken as independent; NaN where there is no slope.

    Raises
    ------
    IndicatorError
        If a standard deviation is negative, or as for `slope`.

    Examples
    --------
    >>> slope_sd([[1.0, 1.0, 1.0]], [2022, 2023, 2024]).round(4)
    array([0.7071])
    """
    table, centred, sum_squares = _centred_times(sds, times, min_points)
    refuse("sds", table, table < 0, expected="0 or more, or NaN if missing")
    variance = np.where(np.isnan(table), 0, table) ** 2
    return rate(np.sqrt(np.sum(centred**2 * variance, axis=1)), sum_squares)


def percentile_rank(x: npt.ArrayLike) -> FloatArray:
    """Give the share of the other units that are lower, an equal one counting a half.

    Parameters
    ----------
    x : array-like, shape (n,)
        A value a unit; NaN where not known.

    Returns
    -------
    ndarray, shape (n,)
        0 for the lowest, 1 for the highest; NaN where not known or with no other to compare with.

    Raises
    ------
    IndicatorError
        If there is more than one column.

    Examples
    --------
    >>> percentile_rank([10, 30, 20, 20, np.nan])
    array([0. , 1. , 0.5, 0.5, nan])
    """
    values = _columns(x=x)[0]
    known = ~np.isnan(values)
    ordered = np.sort(values[known])
    below = np.searchsorted(ordered, values[known], side="left")
    not_above = np.searchsorted(ordered, values[known], side="right")
    ranks = np.full(values.shape, np.nan)
    ranks[known] = rate((below + not_above - 1) / 2, max(ordered.size - 1, 0))
    return ranks


def linear_fit(
    y: npt.ArrayLike, x: npt.ArrayLike, weights: npt.ArrayLike | None = None
) -> tuple[float, float]:
    """Fit a straight line by weighted least squares.

    Parameters
    ----------
    y, x : array-like, shape (n,)
        What to explain, and by what; NaN where not known.
    weights : array-like, shape (n,), optional
        Weights, 0 or more; all equal if not given.

    Returns
    -------
    intercept, gradient : float
        NaN if nothing is known; the gradient is 0 if `x` is the same everywhere.

    Raises
    ------
    IndicatorError
        If a weight is negative, a value is infinite, or the shapes differ.

    Examples
    --------
    >>> linear_fit([1.0, 3.0, 5.0], [0.0, 1.0, 2.0])
    (1.0, 2.0)
    """
    response, driver, weight = _columns(y=y, x=x, weights=1.0 if weights is None else weights)
    refuse("weights", weight, weight < 0, expected="0 or more, or NaN if missing")
    for name, column in (("y", response), ("x", driver), ("weights", weight)):
        refuse(name, column, np.isinf(column), expected="finite, or NaN if missing")
    known = ~np.isnan(response + driver + weight)
    w, r, d = weight[known], response[known], driver[known]
    middle, level = rate(np.sum(w * d), np.sum(w)), rate(np.sum(w * r), np.sum(w))
    gradient = 0.0
    if len(d) and np.ptp(d) > 0:
        gradient = float(
            np.nan_to_num(
                rate(np.sum(w * (d - middle) * (r - level)), np.sum(w * (d - middle) ** 2))
            )
        )
    return float(level - gradient * middle), gradient


def linear_residual(
    y: npt.ArrayLike, x: npt.ArrayLike, weights: npt.ArrayLike | None = None
) -> FloatArray:
    """Take out of `y` what a straight line in `x` explains, such as deprivation.

    Parameters
    ----------
    y, x : array-like, shape (n,)
        What to adjust, and what to adjust it for; NaN where not known.
    weights : array-like, shape (n,), optional
        Weights, 0 or more; all equal if not given.

    Returns
    -------
    ndarray, shape (n,)
        Residuals of `linear_fit`; NaN where anything is missing.

    Raises
    ------
    IndicatorError
        As `linear_fit`.

    Examples
    --------
    >>> linear_residual([1.0, 2.0, 6.0], [0.0, 1.0, 2.0]).round(3)
    array([ 0.5, -1. ,  0.5])
    """
    intercept, gradient = linear_fit(y, x, weights)
    response, driver, weight = _columns(y=y, x=x, weights=1.0 if weights is None else weights)
    return np.where(np.isnan(weight), np.nan, response - intercept - gradient * driver)


def normal_cdf(z: npt.ArrayLike) -> FloatArray:
    """Probability that a standard normal lies below.

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
        If `x` is not numbers.

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
        If a value is not from 0 to 1.

    Examples
    --------
    >>> logit([0.0, 0.5, 0.9]).round(4)
    array([  -inf, 0.    , 2.1972])
    """
    (share,) = aligned(p=p)
    refuse("p", share, (share < 0) | (share > 1), expected="from 0 to 1")
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(share) - np.log1p(-share))


def _columns(**arrays: npt.ArrayLike) -> tuple[FloatArray, ...]:
    """Align arguments that must be single columns."""
    found = aligned(**arrays)
    if found[0].ndim != 1:
        raise IndicatorError(
            "not a single column",
            where=", ".join(arrays),
            found=f"shape {found[0].shape}",
            expected="one value a unit",
        )
    return found


def _centred_times(
    values: npt.ArrayLike, times: npt.ArrayLike, min_points: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give the table, times about each row's mean (0 where not known) and their sum of squares."""
    (table,), (when,) = aligned(values=values), aligned(times=times)
    if table.ndim != 2 or when.shape != table.shape[1:]:
        raise IndicatorError(
            "times don't fit the table",
            where="values, times",
            found=f"shapes {table.shape} and {when.shape}",
            expected="a column a time",
        )
    refuse("times", when, ~np.isfinite(when), expected="a known time")
    refuse("values", table, np.isinf(table), expected="finite, or NaN if missing")
    if min_points < 2:
        raise IndicatorError(
            "too few", where="min_points", found=str(min_points), expected="2 or more"
        )
    known = ~np.isnan(table)
    points = np.count_nonzero(known, axis=1)
    mean = rate(np.sum(np.where(known, when, 0), axis=1), points)
    centred = np.where(known, when - mean[:, np.newaxis], 0)
    sum_squares = np.where(points < min_points, np.nan, np.sum(centred**2, axis=1))
    return table, centred, sum_squares
