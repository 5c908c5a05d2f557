"""Over-dispersed funnels: stabilised estimates, their centre and spread, z scores and shrinkage.

Units are compared in four steps: an estimate with its sampling standard deviation
(`arcsine_proportion`, `sqrt_rate`), a centre (`precision_mean`), the variance between units that
sampling does not explain (`overdispersion`), and the distance from the centre given both
(`shrunken_z`). A missing value is NaN and stays NaN; nothing here warns.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt

from earlywarn.errors import IndicatorError
from earlywarn.statistics.arrays import FloatArray, aligned, rate, refuse
from earlywarn.statistics.distributions import two_sided_z
from earlywarn.statistics.intervals import counts_of_totals


def arcsine_proportion(count: npt.ArrayLike, total: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Stabilise the variance of proportions.

    Parameters
    ----------
    count, total : array-like
        The count, and what it is out of.

    Returns
    -------
    y, sd : ndarray
        ``asin(sqrt(count / total))`` in radians, 0 to pi/2, and its standard deviation ``1 / (2
        sqrt(total))``; NaN where the total is zero.

    Raises
    ------
    IndicatorError
        If a count is negative or above its total.

    Notes
    -----
    Anscombe 1948 (doi 10.1093/biomet/35.3-4.246) adds 3/8 to the count. That is left out: it pulls
    a small unit towards a half, so that two units with the same rate would differ, and a small
    unit's uncertainty belongs in `sd`. Without it, the order of `y` is the order of the rates.

    Examples
    --------
    >>> y, sd = arcsine_proportion([0, 25, 100], 100)
    >>> y.round(4), sd
    (array([0.    , 0.5236, 1.5708]), array([0.05, 0.05, 0.05]))
    """
    part, whole = counts_of_totals(count, total)
    return np.arcsin(np.sqrt(rate(part, whole))), rate(0.5, np.sqrt(whole))


def sqrt_rate(count: npt.ArrayLike, denominator: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Stabilise the variance of Poisson rates.

    Parameters
    ----------
    count, denominator : array-like
        Events, and the population or exposure they arose in.

    Returns
    -------
    y, sd : ndarray
        ``sqrt(count / denominator)`` and its standard deviation ``1 / (2 sqrt(denominator))``; NaN
        where the denominator is zero.

    Raises
    ------
    IndicatorError
        If a count or a denominator is negative.

    Notes
    -----
    Bartlett 1936, doi 10.2307/2983678. The order of `y` is the order of the rates.

    Examples
    --------
    >>> y, sd = sqrt_rate([400, 0], [10_000, 2_500])
    >>> y, sd
    (array([0.2, 0. ]), array([0.005, 0.01 ]))
    """
    events, exposure = aligned(count=count, denominator=denominator)
    refuse("count", events, events < 0, expected="0 or more, or NaN if missing")
    return np.sqrt(rate(events, exposure)), rate(0.5, np.sqrt(exposure))


def winsorise(x: npt.ArrayLike, share: float = 0.1) -> FloatArray:
    """Replace the extremes by the quantiles at `share` and ``1 - share``.

    Parameters
    ----------
    x : array-like
        Values of one sample.
    share : float
        Share replaced on each side, from 0 to below a half.

    Returns
    -------
    ndarray
        The values, none beyond the two quantiles.

    Raises
    ------
    IndicatorError
        If a value is infinite, or the share is not from 0 to below a half.

    Notes
    -----
    Spiegelhalter 2005, doi 10.1136/qshc.2005.013755.

    Examples
    --------
    >>> winsorise([0, 1, 2, 3, 100], share=0.25)
    array([1., 1., 2., 3., 3.])
    """
    (values,) = aligned(x=x)
    refuse("x", values, np.isinf(values), expected="finite, or NaN if missing")
    if not 0 <= share < 0.5:
        raise IndicatorError(
            "not a share of each tail", where="share", found=f"{share:g}", expected="0 to below 0.5"
        )
    if np.all(np.isnan(values)):
        return values.copy()
    low, high = np.quantile(values[~np.isnan(values)], [share, 1 - share])
    return np.clip(values, low, high)


def precision_mean(y: FloatArray, sd: FloatArray) -> float:
    """Return the mean of estimates weighted by ``1 / sd**2``.

    Parameters
    ----------
    y, sd : ndarray
        Known estimates and their standard deviations, above 0: nothing is checked. With winsorised
        estimates, the mean is a robust centre.

    Returns
    -------
    float
        The mean; NaN without estimates.

    Examples
    --------
    >>> precision_mean(np.array([1.0, 4.0]), np.array([1.0, 2.0]))
    1.6
    """
    weight = 1 / sd**2
    return float(rate(np.sum(weight * y), np.sum(weight)))


def overdispersion(
    y: npt.ArrayLike, sd: npt.ArrayLike, centre: npt.ArrayLike, share: float = 0.1
) -> tuple[float, float]:
    """Estimate how far units differ beyond what sampling explains.

    Parameters
    ----------
    y, sd : array-like
        Estimate of each unit and its sampling standard deviation, above 0.
    centre : array-like
        Centre of the funnel: one number, or one per unit.
    share : float
        Share of the z scores winsorised on each side first, so that the few outlying units, which
        the funnel is meant to find, don't widen it.

    Returns
    -------
    phi : float
        Mean of the squared winsorised z scores.
    tau2 : float
        Variance between units, 0 or more. Both are NaN with fewer than two known units.

    Raises
    ------
    IndicatorError
        If a standard deviation is not above 0, the shapes differ or the share is out of range.

    Notes
    -----
    Spiegelhalter et al. 2012, doi 10.1111/j.1467-985X.2011.01010.x. With a share of 0 and the
    fixed-effect mean as centre, `tau2` is that of DerSimonian and Laird 1986, doi
    10.1016/0197-2456(86)90046-2. Winsorising lowers `phi` (to about 0.68 for normal scores at a
    share of 0.1), so slight over-dispersion is reported as none.

    Examples
    --------
    >>> overdispersion([1.0, 3.0, 5.0], 1.0, 3.0, share=0.0)
    (2.666..., 3.0)
    """
    estimate, spread, middle = aligned(y=y, sd=sd, centre=centre)
    refuse("sd", spread, spread <= 0, expected="above 0, or NaN if missing")
    known = ~np.isnan(estimate + spread + middle)
    units = np.count_nonzero(known)
    if units < 2:
        return math.nan, math.nan
    z = winsorise((estimate - middle)[known] / spread[known], share)
    phi = np.mean(z**2)
    weight = 1 / spread[known] ** 2
    total = np.sum(weight)
    tau2 = rate(units * phi - (units - 1), total - np.sum(weight**2) / total)
    return float(phi), float(np.maximum(tau2, 0))


def shrunken_z(
    y: npt.ArrayLike, sd: npt.ArrayLike, centre: npt.ArrayLike, tau2: npt.ArrayLike
) -> FloatArray:
    """Return the posterior mean of each unit's distance from the centre, in units of tau.

    Parameters
    ----------
    y, sd, centre, tau2 : array-like
        Estimates, sampling standard deviations, centre of the funnel and variance between units.

    Returns
    -------
    ndarray
        ``sqrt(tau2) * (y - centre) / (tau2 + sd**2)``, which is the distance in standard
        deviations, ``(y - centre) / sqrt(sd**2 + tau2)``, times ``sqrt(reliability)``: small units,
        about which little is known, come out near 0. It is 0 where `tau2` is 0.

    Raises
    ------
    IndicatorError
        If `sd` or `tau2` is negative, or the shapes differ.

    Examples
    --------
    >>> shrunken_z([6.0, 6.0], [3.0, 30.0], 1.0, tau2=16.0).round(3)
    array([0.8  , 0.022])
    """
    distance, spread, tau = _funnel_parts(y, sd, centre, tau2)
    total = np.hypot(spread, tau)
    unknown = np.isnan(distance + spread + tau)
    return np.where((tau == 0) & ~unknown, 0.0, rate(distance, total) * rate(tau, total))


def reliability(sd: npt.ArrayLike, tau2: npt.ArrayLike) -> FloatArray:
    """Return the share of an estimate's variance that is between units and not from sampling.

    Parameters
    ----------
    sd, tau2 : array-like
        Sampling standard deviations, and the variance between units.

    Returns
    -------
    ndarray
        ``tau2 / (tau2 + sd**2)``, 0 to 1, and 0 where `tau2` is 0.

    Raises
    ------
    IndicatorError
        If `sd` or `tau2` is negative, or the shapes differ.

    Examples
    --------
    >>> reliability([3.0, 0.0], 9.0)
    array([0.5, 1. ])
    """
    _, spread, tau = _funnel_parts(0.0, sd, 0.0, tau2)
    share = rate(tau, np.hypot(spread, tau)) ** 2
    return np.where((tau == 0) & ~np.isnan(spread), 0.0, share)


def posterior_sd(sd: npt.ArrayLike, tau2: npt.ArrayLike) -> FloatArray:
    """Return the posterior standard deviation that goes with `shrunken_z`, in units of tau.

    Parameters
    ----------
    sd, tau2 : array-like
        Sampling standard deviations, and the variance between units.

    Returns
    -------
    ndarray
        ``sqrt(sd**2 / (tau2 + sd**2))``, 0 to 1, and 1 where `tau2` is 0.

    Raises
    ------
    IndicatorError
        If `sd` or `tau2` is negative, or the shapes differ.

    Examples
    --------
    >>> posterior_sd([3.0, 0.0], 16.0)
    array([0.6, 0. ])
    """
    _, spread, tau = _funnel_parts(0.0, sd, 0.0, tau2)
    return np.where((tau == 0) & ~np.isnan(spread), 1.0, rate(spread, np.hypot(spread, tau)))


def funnel_limits(
    denominator: npt.ArrayLike,
    centre: float,
    kind: Literal["proportion", "rate"],
    tau2: float = 0.0,
    confidence: float = 0.95,
) -> tuple[FloatArray, FloatArray]:
    """Return the control limits of a funnel plot, as proportions or rates.

    Parameters
    ----------
    denominator : array-like
        Totals or populations at which the limits are wanted.
    centre : float
        Centre of the funnel on the stabilised scale, as returned by `precision_mean`.
    kind : {"proportion", "rate"}
        Which stabilisation was used: `arcsine_proportion` or `sqrt_rate`.
    tau2 : float
        Variance between units on the stabilised scale; 0 for limits that allow for sampling only.
    confidence : float
        Share of units in control that fall inside: conventionally 0.95 and 0.998.

    Returns
    -------
    lower, upper : ndarray
        Limits of ``count / denominator``; NaN where the denominator is zero.

    Raises
    ------
    IndicatorError
        If the kind is unknown, or a number is out of range.

    Notes
    -----
    Spiegelhalter 2005, doi 10.1002/sim.1970, on the stabilised scale and transformed back. Both
    kinds have a standard deviation of ``1 / (2 sqrt(denominator))`` there.

    Examples
    --------
    >>> lower, upper = funnel_limits([100, 10_000], centre=0.5, kind="rate")
    >>> lower.round(3), upper.round(3)
    (array([0.162, 0.24 ]), array([0.358, 0.26 ]))
    """
    exposure, middle, between = aligned(denominator=denominator, centre=centre, tau2=tau2)
    refuse("tau2", between, between < 0, expected="0 or more")
    highest = _highest_centre(kind)
    expected = f"from 0 to {highest:.4g}, on the stabilised scale"
    refuse("centre", middle, (middle < 0) | (middle > highest), expected=expected)
    half = two_sided_z(confidence) * np.hypot(rate(0.5, np.sqrt(exposure)), np.sqrt(between))
    back = np.square if kind == "rate" else _squared_sine
    return back(np.maximum(middle - half, 0)), back(np.minimum(middle + half, highest))


def _highest_centre(kind: str) -> float:
    highest = {"proportion": math.pi / 2, "rate": math.inf}
    if kind not in highest:
        raise IndicatorError(
            "unknown kind of funnel",
            where="kind",
            found=repr(kind),
            expected="'proportion' or 'rate'",
        )
    return highest[kind]


def _squared_sine(angle: FloatArray) -> FloatArray:
    return np.sin(angle) ** 2


def _funnel_parts(
    y: npt.ArrayLike, sd: npt.ArrayLike, centre: npt.ArrayLike, tau2: npt.ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Check the arguments of a funnel; return the distance from the centre, sd and tau."""
    estimate, spread, middle, between = aligned(y=y, sd=sd, centre=centre, tau2=tau2)
    refuse("sd", spread, spread < 0, expected="0 or more, or NaN if missing")
    refuse("tau2", between, between < 0, expected="0 or more, or NaN if missing")
    return estimate - middle, spread, np.sqrt(between)
