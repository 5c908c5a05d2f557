"""Confidence limits of counts and proportions.

Arrays in, arrays out. A missing value is NaN and stays NaN; nothing here warns.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from earlywarn.statistics.arrays import FloatArray, aligned, rate, refuse
from earlywarn.statistics.distributions import two_sided_z


def byar_limits(count: npt.ArrayLike, confidence: float = 0.95) -> tuple[FloatArray, FloatArray]:
    """Return Byar's approximate limits of the mean of a Poisson count.

    Parameters
    ----------
    count : array-like
        Counts, not necessarily whole.
    confidence : float
        Share of intervals that should contain the mean.

    Returns
    -------
    lower, upper : ndarray
        Limits on the scale of the count. A lower limit that the formula puts below zero is 0.

    Raises
    ------
    IndicatorError
        If a count is negative or infinite, or the confidence is not between 0 and 1.

    Notes
    -----
    Breslow and Day 1987, Statistical Methods in Cancer Research II, page 69. For counts of 10 or
    more the 95% limits are within 0.2% of the exact ones; for smaller ones use
    `earlywarn.statistics.exact.poisson_limits`.

    Examples
    --------
    >>> lower, upper = byar_limits([0, 10, 100])
    >>> lower.round(2), upper.round(2)
    (array([ 0.  ,  4.79, 81.36]), array([  3.67,  18.39, 121.63]))
    """
    (observed,) = aligned(count=count)
    _refuse_counts("count", observed)
    z = two_sided_z(confidence)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        root = 1 - 1 / (9 * observed) - z / (3 * np.sqrt(observed))
        lower = observed * np.maximum(root, 0) ** 3
    above = observed + 1
    return lower, above * (1 - 1 / (9 * above) + z / (3 * np.sqrt(above))) ** 3


def wilson_limits(
    count: npt.ArrayLike, total: npt.ArrayLike, confidence: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Return Wilson's score limits of a proportion.

    Parameters
    ----------
    count, total : array-like
        The count, and what it is out of.
    confidence : float
        Share of intervals that should contain the proportion.

    Returns
    -------
    lower, upper : ndarray
        Limits between 0 and 1; NaN where the total is zero.

    Raises
    ------
    IndicatorError
        If a count is negative or above its total, or the confidence is not between 0 and 1.

    Notes
    -----
    Wilson 1927, doi 10.1080/01621459.1927.10502953.

    Examples
    --------
    >>> lower, upper = wilson_limits([0, 81], [20, 263])
    >>> lower.round(4), upper.round(4)
    (array([0.    , 0.2553]), array([0.1611, 0.3662]))
    """
    part, whole = counts_of_totals(count, total)
    z2 = two_sided_z(confidence) ** 2
    share = rate(part, whole)
    per_unit = rate(z2, whole)
    centre = (share + per_unit / 2) / (1 + per_unit)
    half = np.sqrt(per_unit * (share * (1 - share) + per_unit / 4)) / (1 + per_unit)
    # Rounding could put a limit just past the estimate, or past 0 or 1.
    return np.clip(centre - half, 0, share), np.clip(centre + half, share, 1)


def counts_of_totals(count: npt.ArrayLike, total: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Check counts that are parts of totals.

    Parameters
    ----------
    count, total : array-like
        The count, and what it is out of.

    Returns
    -------
    count, total : ndarray
        Both as float arrays of one shape.

    Raises
    ------
    IndicatorError
        If a count or total is negative or infinite, or a count is above its total.

    Examples
    --------
    >>> counts_of_totals([1, 2], 4)
    (array([1., 2.]), array([4., 4.]))
    """
    part, whole = aligned(count=count, total=total)
    _refuse_counts("count", part)
    _refuse_counts("total", whole)
    refuse("count", part, part > whole, expected="at most the total")
    return part, whole


def _refuse_counts(where: str, values: FloatArray) -> None:
    refuse(where, values, (values < 0) | np.isinf(values), expected="0 or more, or NaN if missing")
