"""Straight-line fits and percentile ranks.

Arrays in, arrays out. A missing value is NaN and stays NaN; nothing here warns.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from earlywarn.errors import IndicatorError
from earlywarn.statistics.arrays import FloatArray, aligned, rate, refuse


def slope(values: npt.ArrayLike, times: npt.ArrayLike, *, min_points: int = 2) -> FloatArray:
    """Fit a straight line to each row and return its slope.

    Parameters
    ----------
    values : array-like, shape (n, k)
        A row per unit, a column per time; NaN where unknown.
    times : array-like, shape (k,)
        Times of the columns, such as years.
    min_points : int
        Fewest known values for a slope; 2 or more.

    Returns
    -------
    ndarray, shape (n,)
        Least-squares change in the value per unit of time; NaN with fewer known values.

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


def percentile_rank(x: npt.ArrayLike) -> FloatArray:
    """Return the share of the other units that are lower; an equal one counts a half.

    Parameters
    ----------
    x : array-like, shape (n,)
        A value per unit; NaN where unknown.

    Returns
    -------
    ndarray, shape (n,)
        0 for the lowest, 1 for the highest; NaN where unknown or with no other to compare with.

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
        The outcome and the predictor; NaN where unknown.
    weights : array-like, shape (n,), optional
        Weights, 0 or more; all equal by default.

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
    """The table, times about each row's mean (0 where unknown) and their sum of squares."""
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
