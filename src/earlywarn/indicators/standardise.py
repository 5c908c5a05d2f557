"""Compare authorities on one indicator in one year: a distribution, and where a value lies in it.

Arrays in, arrays out. The national table and a single row scored alone use the same two steps:
stabilise a value, then compare it with a distribution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from earlywarn.statistics.arrays import FloatArray, rate
from earlywarn.statistics.funnel import (
    arcsine_proportion,
    posterior_sd,
    shrunken_z,
    sqrt_rate,
)
from earlywarn.statistics.heterogeneity import paule_mandel
from earlywarn.statistics.regression import linear_fit

if TYPE_CHECKING:
    from earlywarn.indicators.catalogue import Indicator

REACH = 2.0
"""The limit, in standard deviations, to how unusual an authority can count as being."""

USUAL = (0.10, 0.90)
"""The quantiles of a year's figures between which a figure is usual."""

PULLED_IN = 0.1
"""Share of the authorities winsorised on each side, so that outliers don't widen the spread."""

AMOUNT_SD = 1.7
"""The sampling error of an amount for one worker, on the square-root scale: a worker's absence
varies by about twice its mean, and the mean is near 3%."""

CENTRE_SD = 0.085
"""How uncertain the centre of a year is, in standard deviations between authorities: it comes from
some 150 of them, the outermost winsorised."""

SPREAD_SD = 0.075
"""How uncertain that standard deviation is, as a share of itself, for the same reason."""

FEWEST = 20
"""The fewest units that make a distribution to compare with."""


@dataclass(frozen=True)
class Distribution:
    """The spread of one indicator over the authorities in one year, on its stabilised scale.

    Parameters
    ----------
    centre : float
        The level of the middle authority with average deprivation.
    gradient : float
        How much higher it lies for each point of deprivation; 0 where it is not compared like for
        like.
    deprivation : float
        The average deprivation.
    tau2 : float
        The variance between authorities that is not explained by chance.
    typical_sd : float
        The sampling error of a value whose number of cases is unknown.
    """

    centre: float
    gradient: float
    deprivation: float
    tau2: float
    typical_sd: float


def stabilise(
    record: Indicator, value: npt.ArrayLike, size: npt.ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """Put values on a scale where chance variation is the same at every level.

    Parameters
    ----------
    record : Indicator
        Its kind decides the scale: the arcsine for proportions; the square root for rates, ratios
        and amounts.
    value : array-like
        In the indicator's unit.
    size : array-like
        The cases, children or workers behind each value; NaN where unknown.

    Returns
    -------
    y, sd : ndarray
        The value on the new scale and its sampling error; NaN where the size is unknown.

    Examples
    --------
    >>> from earlywarn.indicators.catalogue import get_indicator
    >>> y, sd = stabilise(get_indicator("rereferrals"), [25.0], [400])
    >>> y.round(4), sd.round(4)
    (array([0.5236]), array([0.025]))
    """
    value, size = np.asarray(value, dtype=float), np.asarray(size, dtype=float)
    if record.kind == "proportion":
        y, unit_sd = arcsine_proportion(np.clip(value / 100, 0.0, 1.0), 1.0)
    else:
        per = 10_000 if record.kind == "rate" else 1
        y, unit_sd = sqrt_rate(np.maximum(value / per, 0.0), 1.0)
    if record.kind == "amount":
        unit_sd = np.full_like(y, AMOUNT_SD)
    return y, rate(unit_sd, np.sqrt(np.where(size > 0, size, np.nan)))


def distribution(
    y: FloatArray, sd: FloatArray, deprivation: FloatArray | None = None
) -> Distribution | None:
    """Estimate how the authorities of one year are spread.

    Parameters
    ----------
    y, sd : ndarray
        Stabilised values and their sampling errors.
    deprivation : ndarray, optional
        What to compare like for like on; an authority without it is treated as average.

    Returns
    -------
    Distribution or None
        None where fewer than 20 authorities have a value.

    Notes
    -----
    The funnel is that of Spiegelhalter et al. 2012 (doi 10.1111/j.1467-985X.2011.01010.x); the
    variance between authorities is Paule and Mandel's, from winsorised distances with their
    consistency factor; the method of moments used by the health tools is a third too low.
    """
    if np.isfinite(y).sum() < FEWEST:
        return None
    # In a fixed order, so that sums round the same way: where chance explains nearly everything,
    # the square root of a tiny variance magnifies their last digits.
    order = np.lexsort((sd, y) if deprivation is None else (deprivation, sd, y))
    y, sd = y[order], sd[order]
    deprivation = None if deprivation is None else deprivation[order]
    known = np.isfinite(y)
    typical = float(np.median(sd[known & np.isfinite(sd)])) if np.isfinite(sd[known]).any() else 0.0
    spread = np.where(np.isfinite(sd), sd, typical)
    gradient, average, level = 0.0, 0.0, y
    if deprivation is not None and np.isfinite(deprivation[known]).sum() >= FEWEST:
        average = float(np.nanmean(deprivation[known]))
        weight = 1 / (spread**2 + np.nanvar(y))
        gradient = linear_fit(y, deprivation, weight)[1]
        level = y - gradient * _offset(deprivation, average)
    centre, tau2 = _centre_and_spread(level[known], spread[known])
    return Distribution(centre, gradient, average, tau2, typical)


def compare(
    y: FloatArray,
    sd: FloatArray,
    deprivation: npt.ArrayLike,
    against: Distribution,
) -> tuple[FloatArray, FloatArray]:
    """Find where values lie in a distribution.

    Returns
    -------
    z, se : ndarray
        The over-dispersion-adjusted z, shrunk to allow for chance and limited to ``REACH``, and its
        standard error: see ``level_error``.

    Examples
    --------
    >>> spread = Distribution(centre=0.5, gradient=0.0, deprivation=0.0, tau2=0.01, typical_sd=0.0)
    >>> z, se = compare(np.array([0.6, 0.6]), np.array([0.0, 0.1]), np.nan, spread)
    >>> z.round(4), se.round(4)
    (array([1. , 0.5]), array([0.1134, 0.7132]))
    """
    spread = np.where(np.isnan(sd), against.typical_sd, sd)
    centre = usual_level(deprivation, against)
    z = np.clip(shrunken_z(y, spread, centre, against.tau2), -REACH, REACH)
    return z, np.where(np.isnan(z), np.nan, level_error(z, spread, against.tau2))


def level_error(z: npt.ArrayLike, sd: npt.ArrayLike, tau2: float) -> FloatArray:
    """Work out a level's standard error, from chance and from the distribution being an estimate.

    Parameters
    ----------
    z : array-like
        The level.
    sd : array-like
        The sampling error of the value behind it.
    tau2 : float
        The variance between authorities.

    Returns
    -------
    ndarray
        Never above 1, the standard error of a level without a figure.

    Notes
    -----
    The sum of three squares: the posterior standard deviation, ``CENTRE_SD`` and ``SPREAD_SD``
    times the level. Without the last two, 90% intervals of the largest authorities cover 40 to 60%
    of true levels (``python -m experiments.levels``).

    Examples
    --------
    >>> level_error([0.0, 2.0], [0.0, 0.0], 0.01).round(3)
    array([0.085, 0.172])
    """
    chance, pulled = posterior_sd(sd, tau2), SPREAD_SD * np.asarray(z, dtype=float)
    return np.minimum(np.sqrt(chance**2 + (CENTRE_SD**2 + pulled**2)), 1.0)


def usual_level(deprivation: npt.ArrayLike, against: Distribution) -> FloatArray:
    """Work out the stabilised value at which ``compare`` finds nothing unusual.

    Examples
    --------
    >>> spread = Distribution(centre=0.2, gradient=0.005, deprivation=20, tau2=0.01, typical_sd=0)
    >>> usual_level([20.0, 24.0, np.nan], spread)
    array([0.2 , 0.22, 0.2 ])
    """
    offset = _offset(deprivation, against.deprivation)
    return np.asarray(against.centre + against.gradient * offset, dtype=float)


def usual_value(record: Indicator, deprivation: npt.ArrayLike, against: Distribution) -> FloatArray:
    """Work out the value, in the indicator's unit, at which ``compare`` finds nothing unusual.

    For an indicator that is compared like for like, it is what is expected at this deprivation.

    Examples
    --------
    >>> from earlywarn.indicators.catalogue import get_indicator
    >>> spread = Distribution(centre=0.2, gradient=0.005, deprivation=20, tau2=0.01, typical_sd=0)
    >>> usual_value(get_indicator("cin_rate"), [20.0, 24.0], spread).round(1)
    array([400., 484.])
    """
    centre = usual_level(deprivation, against)
    if record.kind == "proportion":
        return np.asarray(100 * np.sin(centre) ** 2, dtype=float)
    per = 10_000 if record.kind == "rate" else 1
    return np.asarray(per * np.maximum(centre, 0.0) ** 2, dtype=float)


def _offset(deprivation: npt.ArrayLike, average: float) -> FloatArray:
    return np.nan_to_num(np.asarray(deprivation, dtype=float) - average)


def _centre_and_spread(y: FloatArray, sd: FloatArray) -> tuple[float, float]:
    return paule_mandel(y, sd, share=PULLED_IN)
