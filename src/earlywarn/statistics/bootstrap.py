"""Authority-clustered bootstrap of measures: every resample at once, as weights of the cases.

Drawing whole authorities with replacement means weighting each case by the number of times that its
authority was drawn. So a resample is a row of weights, all resamples are one matrix, and a measure
is worked out for all of them in a few products. The first row is all ones and gives the measure
itself, as in `earlywarn.statistics.metrics`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from earlywarn.errors import BacktestError
from earlywarn.statistics.arrays import FloatArray, rate
from earlywarn.statistics.distributions import logit

LEVEL = 0.95
"""Share of the resamples that an interval covers."""

FEWEST_DEFINED = 0.9
"""An interval needs at least this share of the resamples to define the measure."""

_STEPS = 200
_ROWS = 64  # at a time, so that intermediate results stay in the processor's cache
_SMALLEST_STEP = 1e-7  # convergence is quadratic: the next step would be below 1e-12


def cluster_weights(clusters: npt.ArrayLike, resamples: int, seed: int) -> FloatArray:
    """Draw whole clusters with replacement, as weights of their members.

    Parameters
    ----------
    clusters : array-like, shape (n,)
        The cluster to which each case belongs, such as its authority.
    resamples : int
        How many resamples to draw, 0 or more.
    seed : int
        Seed of the draws. The order of the cases makes no difference to a cluster's weight.

    Returns
    -------
    ndarray, shape (resamples + 1, n)
        The first row is all ones: the cases as observed.

    Raises
    ------
    BacktestError
        If `resamples` is negative or there are no cases.

    Notes
    -----
    Field and Welsh 2007, doi 10.1111/j.1467-9868.2007.00593.x: the cluster bootstrap.

    Examples
    --------
    >>> cluster_weights(["301", "301", "302"], resamples=2, seed=1)
    array([[1., 1., 1.],
           [1., 1., 1.],
           [2., 2., 0.]])
    """
    names, member = np.unique(np.asarray(clusters, dtype=str), return_inverse=True)
    if resamples < 0 or not names.size:
        raise BacktestError(
            "nothing to resample",
            where="resamples",
            found=f"{resamples} resamples of {names.size} clusters",
            expected="0 resamples or more, of at least one cluster",
        )
    generator = np.random.default_rng(seed)
    drawn = generator.multinomial(names.size, np.full(names.size, 1 / names.size), size=resamples)
    return np.vstack([np.ones(member.size), drawn[:, member]])


def interval(draws: FloatArray, level: float = LEVEL) -> tuple[float, float]:
    """Return the percentile interval of a measure over its resamples.

    Parameters
    ----------
    draws : ndarray, shape (resamples + 1,)
        A measure, first as observed and then for each resample.
    level : float
        Share of the resamples within it.

    Returns
    -------
    lower, upper : float
        Limits over the resamples that define the measure; NaN if fewer than nine in ten do.

    Notes
    -----
    Efron 1979, doi 10.1214/aos/1176344552.

    Examples
    --------
    >>> interval(np.arange(102.0), level=0.5)
    (26.0, 76.0)
    """
    resampled = draws[1:]
    defined = resampled[np.isfinite(resampled)]
    if not resampled.size or defined.size < FEWEST_DEFINED * resampled.size:
        return np.nan, np.nan
    lower, upper = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return float(lower), float(upper)


def weighted_ratio(
    weights: FloatArray, numerator: npt.ArrayLike, denominator: npt.ArrayLike
) -> FloatArray:
    """Return the ratio of two weighted sums, one for each row of weights.

    Parameters
    ----------
    weights : ndarray, shape (r, n)
        A row per resample.
    numerator, denominator : array-like, shape (n,)
        What is summed; the denominators are 0 or more.

    Returns
    -------
    ndarray, shape (r,)
        NaN where the denominators add up to 0.

    Examples
    --------
    >>> weighted_ratio(np.array([[1.0, 1.0], [2.0, 0.0]]), [1.0, 0.0], [0.5, 0.5])
    array([1., 2.])
    """
    top, bottom = np.asarray(numerator, dtype=float), np.asarray(denominator, dtype=float)
    return rate(weights @ top, weights @ bottom)


def weighted_auc(
    weights: FloatArray,
    score: npt.ArrayLike,
    event: npt.ArrayLike,
    stratum: npt.ArrayLike | None = None,
) -> FloatArray:
    """Return the AUC for each row of weights, as a quadratic form over pairs of event and other.

    Parameters
    ----------
    weights : ndarray, shape (r, n)
        A row per resample.
    score, event : array-like, shape (n,)
        Scores, higher for more risk, and whether the event happened.
    stratum : array-like, shape (n,), optional
        If given, only pairs of the same stratum count, such as inspections of the same year.

    Returns
    -------
    ndarray, shape (r,)
        The chance that an event scores above another case, ties counting a half; NaN where
        there is no pair.

    Notes
    -----
    Hanley and McNeil 1982, doi 10.1148/radiology.143.1.7063747.

    Examples
    --------
    >>> weights = cluster_weights(["a", "b", "c", "d"], resamples=0, seed=1)
    >>> weighted_auc(weights, [0.1, 0.4, 0.4, 0.8], [0, 0, 1, 1])
    array([0.875])
    """
    scores, happened = np.asarray(score, dtype=float), np.asarray(event, dtype=float) == 1
    yes, no = scores[happened][:, np.newaxis], scores[~happened]
    above = (yes > no) + 0.5 * (yes == no)
    of_yes, of_no = weights[:, happened], weights[:, ~happened]
    if stratum is None:
        pairs = np.sum(of_yes, axis=1) * np.sum(of_no, axis=1)
    else:
        strata = np.asarray(stratum)
        together = strata[happened][:, np.newaxis] == strata[~happened]
        above = above * together
        pairs = np.sum((of_yes @ together.astype(float)) * of_no, axis=1)
    return rate(np.sum((of_yes @ above) * of_no, axis=1), pairs)


def weighted_average_precision(
    weights: FloatArray, score: npt.ArrayLike, event: npt.ArrayLike
) -> FloatArray:
    """Return the average precision for each row of weights; tied cases are taken together.

    Parameters
    ----------
    weights : ndarray, shape (r, n)
        A row per resample.
    score, event : array-like, shape (n,)
        Scores, higher for more risk, and whether the event happened.

    Returns
    -------
    ndarray, shape (r,)
        NaN where there is no event.

    Examples
    --------
    >>> weights = cluster_weights(["a", "b", "c"], resamples=0, seed=1)
    >>> weighted_average_precision(weights, [0.9, 0.8, 0.7], [1, 0, 1]).round(4)
    array([0.8333])
    """
    cases, _, found = _down_the_ranking(weights, score, event)
    # Before the first drawn case there is no precision, and nothing has been found.
    precision = np.cumsum(found, axis=1) / np.where(cases == 0, 1, cases)
    return rate(np.sum(precision * found, axis=1), np.sum(found, axis=1))


def weighted_recall_of_top(
    weights: FloatArray, score: npt.ArrayLike, event: npt.ArrayLike, share: float
) -> FloatArray:
    """Return the share of the events found in the top share of the ranking.

    Parameters
    ----------
    weights : ndarray, shape (r, n)
        A row per resample.
    score, event : array-like, shape (n,)
        Scores, higher for more risk, and whether the event happened.
    share : float
        How much of the ranking is taken, 0 to 1.

    Returns
    -------
    ndarray, shape (r,)
        NaN where there is no event. If cases tie across the cut, they count in part: as much as a
        random order would give on average.

    Examples
    --------
    >>> weights = cluster_weights(["a", "b", "c", "d"], resamples=0, seed=1)
    >>> weighted_recall_of_top(weights, [0.9, 0.8, 0.8, 0.7], [1, 1, 0, 0], share=0.5)
    array([0.75])
    """
    cases, tied, found = _down_the_ranking(weights, score, event)
    room = share * np.sum(weights, axis=1, keepdims=True) - (cases - tied)
    taken = np.clip(room, 0, tied) / np.where(tied == 0, 1, tied)
    return rate(np.sum(taken * found, axis=1), np.sum(found, axis=1))


def weighted_slope(weights: FloatArray, p: npt.ArrayLike, event: npt.ArrayLike) -> FloatArray:
    """Return the calibration slope for each row of weights: outcomes on the log-odds forecast.

    Parameters
    ----------
    weights : ndarray, shape (r, n)
        A row per resample.
    p, event : array-like, shape (n,)
        Probabilities, above 0 and below 1, and whether the event happened.

    Returns
    -------
    ndarray, shape (r,)
        Maximum-likelihood slopes; NaN where forecasts separate the outcomes or don't vary.

    Notes
    -----
    Cox 1958, doi 10.1093/biomet/45.3-4.562. Newton's method on two parameters, all rows at once,
    with steps shortened as in Sun and Tran-Dinh 2019, doi 10.1007/s10107-018-1282-4, which need no
    search; rows that have converged are left alone.

    Examples
    --------
    >>> weights = cluster_weights(["a", "b", "c", "d"], resamples=0, seed=1)
    >>> weighted_slope(weights, [0.2, 0.4, 0.6, 0.8], [0, 1, 0, 1]).round(3)
    array([1.102])
    """
    log_odds, happened = logit(p), np.asarray(event, dtype=float) == 1
    slopes = np.full(len(weights), np.nan)
    fits = _overlaps(weights, log_odds, happened)
    if np.any(fits):
        middle, width = float(np.mean(log_odds)), float(np.std(log_odds))
        standard = (log_odds - middle) / width
        slopes[fits] = _newton(weights[fits], standard, happened.astype(float)) / width
    return slopes


def consistency_band(
    p: npt.ArrayLike, group: npt.ArrayLike, *, resamples: int, seed: int, level: float = 0.9
) -> tuple[FloatArray, FloatArray]:
    """Simulate how far observed shares would be from perfectly reliable forecasts.

    Parameters
    ----------
    p : array-like, shape (n,)
        Probabilities.
    group : array-like of int, shape (n,)
        The bin of each forecast, from 0.
    resamples : int
        How many sets of outcomes to simulate.
    seed : int
        Seed of the simulation.
    level : float
        Share of the simulated values within the band.

    Returns
    -------
    lower, upper : ndarray, shape (bins,)
        Limits of each bin's observed share.

    Notes
    -----
    Bröcker and Smith 2007, doi 10.1175/WAF993.1: forecasts are drawn with replacement and each is
    given an outcome with its own probability, so the band reflects how many cases are in a bin.

    Examples
    --------
    >>> lower, upper = consistency_band([0.5] * 100, [0] * 100, resamples=500, seed=1)
    >>> bool(0.40 < lower[0] < 0.45 and 0.55 < upper[0] < 0.60)
    True
    """
    risk, bins = np.asarray(p, dtype=float), np.asarray(group)
    generator = np.random.default_rng(seed)
    drawn = generator.integers(risk.size, size=(resamples, risk.size))
    happened = generator.random(drawn.shape) < risk[drawn]
    limits = []
    for number in range(int(bins.max()) + 1):
        within = bins[drawn] == number
        observed = rate(np.sum(happened & within, axis=1), np.sum(within, axis=1))
        observed = observed[~np.isnan(observed)]
        limits.append(np.quantile(observed, [(1 - level) / 2, (1 + level) / 2]))
    lower, upper = np.array(limits).T
    return lower, upper


def _down_the_ranking(
    weights: FloatArray, score: npt.ArrayLike, event: npt.ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Weights at each distinct score of an event, from the top: so far, there, and of events.

    These are the weights of the cases at this score or above, of those at it, and of the events at
    it.
    """
    scores, happened = np.asarray(score, dtype=float), np.asarray(event, dtype=float)
    levels = np.unique(scores[happened == 1])[::-1]
    above, at = scores[:, np.newaxis] >= levels, scores[:, np.newaxis] == levels
    of_events = at * happened[:, np.newaxis]
    return weights @ above.astype(float), weights @ at.astype(float), weights @ of_events


def _overlaps(
    weights: FloatArray, log_odds: FloatArray, happened: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Whether the forecasts of events and of others overlap among the cases drawn."""
    drawn = weights > 0

    def extremes(side: npt.NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
        present, values = drawn[:, side], log_odds[side]
        lowest = np.min(np.where(present, values, np.inf), axis=1, initial=np.inf)
        highest = np.max(np.where(present, values, -np.inf), axis=1, initial=-np.inf)
        return lowest, highest

    (low_yes, high_yes), (low_no, high_no) = extremes(happened), extremes(~happened)
    return (high_yes > low_no) & (high_no > low_yes)


def _newton(weights: FloatArray, x: FloatArray, happened: FloatArray) -> FloatArray:
    """Gradients of weighted logistic regressions on one column, one per row of weights."""
    powers = np.column_stack([np.ones_like(x), x, x**2])
    whole = np.sum(weights, axis=0, keepdims=True)
    level = logit(rate(whole @ happened, np.sum(whole)))
    start = _climbed(np.column_stack([level, np.zeros(1)]), whole, powers, happened)
    # Resamples lie around the fit of all cases: starting there halves the number of steps.
    rows = range(0, len(weights), _ROWS)
    found = [
        _climbed(np.repeat(start, len(block), axis=0), block, powers, happened)
        for block in (weights[row : row + _ROWS] for row in rows)
    ]
    return np.concatenate([np.asarray(beta[:, 1]) for beta in found])


def _climbed(
    beta: FloatArray, weights: FloatArray, powers: FloatArray, happened: FloatArray
) -> FloatArray:
    """The most likely parameters of each row, from a start; NaN where not reached."""
    observed = (weights * happened) @ powers[:, :2]
    moving = np.arange(len(weights))
    for _ in range(_STEPS):
        step = _newton_step(beta[moving], weights[moving], powers, observed[moving])
        beta[moving] += step
        moving = moving[np.max(np.abs(step), axis=1) > _SMALLEST_STEP]
        if not moving.size:
            break
    beta[moving] = np.nan
    return beta


def _newton_step(
    beta: FloatArray, weights: FloatArray, powers: FloatArray, observed: FloatArray
) -> FloatArray:
    with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
        fitted = 1 / (1 + np.exp(-beta @ powers[:, :2].T))
        expected = weights * fitted
        level, tilt = (observed - expected @ powers[:, :2]).T
        h00, h01, h11 = ((expected * (1 - fitted)) @ powers).T
        newton = np.column_stack([h11 * level - h01 * tilt, h00 * tilt - h01 * level])
        newton /= (h00 * h11 - h01**2)[:, np.newaxis]
        # No log-odds moves further than this; such shortened steps always raise the likelihood.
        furthest = np.abs(newton) @ np.max(np.abs(powers[:, :2]), axis=0)
        shortened = np.log1p(furthest) / np.where(furthest == 0, 1, furthest)
    return np.asarray(newton * np.where(furthest == 0, 1, shortened)[:, np.newaxis])
