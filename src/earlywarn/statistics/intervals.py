"""Counts, rates and their confidence limits, and the checks that every array argument goes through.

Arrays in, arrays out. A missing value is NaN and stays NaN; nothing here warns.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from earlywarn.errors import IndicatorError

FloatArray = npt.NDArray[np.float64]


def aligned(**arrays: npt.ArrayLike) -> tuple[FloatArray, ...]:
    """Turn the arguments into float arrays of one shape, in the order given.

    Parameters
    ----------
    **arrays : array-like
        The arguments by name. A single number is repeated; nothing else is stretched to fit.

    Returns
    -------
    tuple of ndarray
        One array an argument. They may be read-only.

    Raises
    ------
    IndicatorError
        If an argument is not numbers, or two of them differ in shape.

    Examples
    --------
    >>> aligned(count=[1, 2], total=10)[1]
    array([10., 10.])
    """
    found = tuple(_floats(name, values) for name, values in arrays.items())
    shapes = {values.shape for values in found}
    if len(shapes) == 1:
        return found
    shape, *others = shapes - {()}
    if others:
        told = {name: each.shape for name, each in zip(arrays, found, strict=True) if each.ndim}
        raise IndicatorError(
            "arguments differ in shape",
            where=", ".join(told),
            found=" and ".join(str(each) for each in told.values()),
            expected="one value a unit in each, or a single number",
        )
    return tuple(each if each.ndim else np.broadcast_to(each, shape) for each in found)


def refuse(where: str, values: FloatArray, bad: npt.NDArray[np.bool_], *, expected: str) -> None:
    """Raise if any value is marked as bad, showing the first of them.

    Parameters
    ----------
    where : str
        Name of the argument.
    values, bad : ndarray
        Its values, and which of them are not to be used.
    expected : str
        What a value should be.

    Raises
    ------
    IndicatorError
        If any is bad.

    Examples
    --------
    >>> refuse("count", np.array([1.0]), np.array([False]), expected="0 or more")
    """
    if bad.any():
        wrong = np.atleast_1d(values)[np.atleast_1d(bad)]
        others = f" and {wrong.size - 1} more such" if wrong.size > 1 else ""
        raise IndicatorError(
            "value out of range", where=where, found=f"{wrong[0]:g}{others}", expected=expected
        )


def rate(numerator: npt.ArrayLike, denominator: npt.ArrayLike, per: float = 1.0) -> FloatArray:
    """Divide, giving NaN where the denominator is nil.

    Parameters
    ----------
    numerator, denominator : array-like
        What is counted, and out of how many. The denominator is not negative.
    per : float
        Unit of the rate, such as 10_000.

    Returns
    -------
    ndarray
        ``per * numerator / denominator``.

    Raises
    ------
    IndicatorError
        If a denominator is negative, or the shapes differ.

    Examples
    --------
    >>> rate([30, 1], [6000, 0], per=10_000)
    array([50., nan])
    """
    top, bottom = aligned(numerator=numerator, denominator=denominator)
    refuse("denominator", bottom, bottom < 0, expected="0 or more")
    with np.errstate(all="ignore"):
        return np.where(bottom == 0, np.nan, per * (top / bottom))


def normal_quantile(p: npt.ArrayLike) -> FloatArray:
    """Give the standard normal deviate below which a share `p` lies.

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
    """Give the normal deviate of a central interval.

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


def byar_limits(count: npt.ArrayLike, confidence: float = 0.95) -> tuple[FloatArray, FloatArray]:
    """Give Byar's approximate limits of the mean of a Poisson count.

    Parameters
    ----------
    count : array-like
        Counts, not necessarily whole.
    confidence : float
        Share of intervals that should contain the mean.

    Returns
    -------
    lower, upper : ndarray
        Limits on the scale of the count. A lower limit that the formula puts below nil is 0.

    Raises
    ------
    IndicatorError
        If a count is negative or infinite, or the confidence is not between 0 and 1.

    Notes
    -----
    Breslow and Day 1987, Statistical Methods in Cancer Research II, page 69. From counts of 10
    up the 95% limits are within 0.2% of the exact ones; for smaller ones use `poisson_limits`.

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


def poisson_limits(count: npt.ArrayLike, confidence: float = 0.95) -> tuple[FloatArray, FloatArray]:
    """Give the exact limits of the mean of a Poisson count.

    Parameters
    ----------
    count : array-like
        Whole counts.
    confidence : float
        Least share of intervals that contain the mean.

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
    Garwood 1936, doi 10.1093/biomet/28.3-4.437. The two tails are summed outwards from the observed
    count, so every term is positive and nothing cancels; the means are found by Newton steps on the
    logarithm of the tail, which is concave, from Byar's limits.

    Examples
    --------
    >>> lower, upper = poisson_limits([0, 1, 10])
    >>> lower.round(3), upper.round(3)
    (array([0.   , 0.025, 4.795]), array([ 3.689,  5.572, 18.39 ]))
    """
    (observed,) = aligned(count=count)
    _refuse_counts("count", observed)
    known = ~np.isnan(observed)
    whole, place = np.unique(observed[known], return_inverse=True)
    refuse("count", whole, whole != np.floor(whole), expected="a whole number")
    first_lower, first_upper = byar_limits(whole, confidence)
    log_tail = math.log((1 - confidence) / 2)
    lower, upper = np.full(observed.shape, np.nan), np.full(observed.shape, np.nan)
    lower[known] = _lower_limit(whole, first_lower, log_tail)[place]
    upper[known] = _upper_limit(whole, first_upper, log_tail)[place]
    return lower, upper


def wilson_limits(
    count: npt.ArrayLike, total: npt.ArrayLike, confidence: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Give Wilson's score limits of a proportion.

    Parameters
    ----------
    count, total : array-like
        How many, and out of how many.
    confidence : float
        Share of intervals that should contain the proportion.

    Returns
    -------
    lower, upper : ndarray
        Limits between 0 and 1; NaN where the total is nil.

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
    # Rounding alone could put a limit just past the estimate, or past 0 or 1.
    return np.clip(centre - half, 0, share), np.clip(centre + half, share, 1)


def counts_of_totals(count: npt.ArrayLike, total: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Check counts that are part of totals.

    Parameters
    ----------
    count, total : array-like
        How many, and out of how many.

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


def hypergeometric_tail(k: int, K: int, n: int, N: int) -> float:
    """Give the chance of `k` or more marked units in a draw without replacement.

    Parameters
    ----------
    k : int
        Marked units found in the draw, such as Inadequate judgements among the authorities flagged.
    K : int
        Marked units in all.
    n : int
        Units drawn.
    N : int
        Units in all.

    Returns
    -------
    float
        P(X >= k), exact: whole numbers are summed and divided once.

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
    first = max(k, 0, n - (N - K))
    ways = sum(math.comb(K, i) * math.comb(N - K, n - i) for i in range(first, min(K, n) + 1))
    return ways / math.comb(N, n)


def _floats(name: str, values: npt.ArrayLike) -> FloatArray:
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise IndicatorError(
            "not numbers",
            where=name,
            found=repr(values)[:60],
            expected="numbers, or NaN if missing",
        ) from error


def _refuse_counts(where: str, values: FloatArray) -> None:
    refuse(where, values, (values < 0) | np.isinf(values), expected="0 or more, or NaN if missing")


def _lower_limit(count: FloatArray, start: FloatArray, log_tail: float) -> FloatArray:
    """Find the mean at which `count` or more has the probability ``exp(log_tail)``; 0 for nil."""
    observed = np.maximum(count, 1)
    log_factorial = _log_factorial(observed)
    # The first term alone bounds the mean from below, where Byar's limit has been cut at 0.
    bound = np.exp((log_tail + log_factorial) / observed)
    log_mean = np.log(np.maximum(start, bound))
    for _ in range(100):
        mean = np.exp(log_mean)
        terms = _sum_outwards(observed, mean, upwards=True)
        log_p = observed * log_mean - mean - log_factorial + np.log(terms)
        step = (log_tail - log_p) * terms / observed
        log_mean = log_mean + step
        if np.all(np.abs(step) < 1e-11):
            break
    return np.where(count == 0, 0.0, np.exp(log_mean))


def _upper_limit(count: FloatArray, start: FloatArray, log_tail: float) -> FloatArray:
    """Find the mean at which `count` or fewer has the probability ``exp(log_tail)``."""
    log_factorial = _log_factorial(count)
    mean = start
    for _ in range(100):
        terms = _sum_outwards(count, mean, upwards=False)
        log_p = count * np.log(mean) - mean - log_factorial + np.log(terms)
        step = (log_p - log_tail) * terms
        mean = mean + step
        if np.all(np.abs(step) < 1e-11 * mean):
            break
    return mean


def _log_factorial(count: FloatArray) -> FloatArray:
    return np.array([math.lgamma(value + 1) for value in count], dtype=float)


def _sum_outwards(count: FloatArray, mean: FloatArray, *, upwards: bool) -> FloatArray:
    """Sum a Poisson tail from `count` outwards, in units of the probability of `count` itself."""
    term, total, step = np.ones_like(mean), np.ones_like(mean), 0
    while np.any(term > np.finfo(float).eps * total):
        step += 1
        ratio = mean / (count + step) if upwards else np.maximum(count - step + 1, 0) / mean
        term = term * ratio
        total = total + term
    return total
