"""How good were the forecasts: discrimination, overall score, calibration and use.

Every unit given must have a forecast and a known outcome: one that was not inspected is unknown,
and is left out by the caller, not counted as a no. A measure that the outcomes can't define, such
as the AUC of units that all failed, is NaN. `p` is a probability of the event, and an
event is 1 or True.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from earlywarn.errors import IndicatorError
from earlywarn.statistics.regression import FloatArray, aligned, expit, logit, rate, refuse


def auc(score: npt.ArrayLike, event: npt.ArrayLike) -> float:
    """Give the chance that a unit with the event scores above one without it, ties counting a half.

    Parameters
    ----------
    score : array-like, shape (n,)
        Scores on any scale, higher for more risk.
    event : array-like, shape (n,)
        Whether the event happened.

    Returns
    -------
    float
        Area under the receiver operating characteristic; NaN without both outcomes.

    Raises
    ------
    IndicatorError
        If a score or outcome is missing, or the shapes differ.

    Notes
    -----
    Hanley and McNeil 1982, doi 10.1148/radiology.143.1.7063747; from mid-ranks, so exact with ties.

    Examples
    --------
    >>> auc([0.1, 0.4, 0.4, 0.8], [0, 0, 1, 1])
    0.875
    """
    scores, happened = _scores_and_events(score, event)
    ordered = np.sort(scores)
    below = np.searchsorted(ordered, scores, side="left")
    not_above = np.searchsorted(ordered, scores, side="right")
    ranks = (below + not_above + 1) / 2
    events = float(np.sum(happened))
    others = scores.size - events
    above = np.sum(ranks[happened]) - events * (events + 1) / 2
    return float(rate(above, events * others))


def average_precision(score: npt.ArrayLike, event: npt.ArrayLike) -> float:
    """Give the precision met on the way down the ranking, averaged over the events.

    Parameters
    ----------
    score : array-like, shape (n,)
        Scores on any scale, higher for more risk.
    event : array-like, shape (n,)
        Whether the event happened.

    Returns
    -------
    float
        Sum over distinct scores of precision times the gain in recall; NaN without events.

    Raises
    ------
    IndicatorError
        If a score or outcome is missing, or the shapes differ.

    Notes
    -----
    Units that tie are taken in together, as in scikit-learn's measure of the same name.

    Examples
    --------
    >>> average_precision([0.9, 0.8, 0.7], [1, 0, 1]).__round__(4)
    0.8333
    """
    scores, happened = _scores_and_events(score, event)
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(happened[order])
    ranked = scores[order]
    last_of_tie = np.append(ranked[1:] != ranked[:-1], True)[: scores.size]
    found = hits[last_of_tie]
    precision = found / (np.flatnonzero(last_of_tie) + 1)
    gained = np.diff(found, prepend=0)
    return float(rate(np.sum(precision * gained), np.sum(happened)))


def brier(p: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """Give the mean squared error of probabilities; lower is better.

    Parameters
    ----------
    p : array-like, shape (n,)
        Probabilities.
    y : array-like, shape (n,)
        Whether the event happened.

    Returns
    -------
    float
        Brier score, 0 to 1; NaN of nothing.

    Raises
    ------
    IndicatorError
        If a value is missing or out of range, or the shapes differ.

    Notes
    -----
    Brier 1950, doi 10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2, in the form for two outcomes.

    Examples
    --------
    >>> brier([0.5, 1.0], [1, 1])
    0.125
    """
    forecast, happened = _forecasts(p, y)
    return float(rate(np.sum((forecast - happened) ** 2), forecast.size))


def log_score(p: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """Give the mean negative log likelihood of probabilities, in nats; lower is better.

    Parameters
    ----------
    p : array-like, shape (n,)
        Probabilities.
    y : array-like, shape (n,)
        Whether the event happened.

    Returns
    -------
    float
        The score; infinite if something happened that was called impossible. NaN of nothing.

    Raises
    ------
    IndicatorError
        If a value is missing or out of range, or the shapes differ.

    Notes
    -----
    Good 1952, doi 10.1111/j.2517-6161.1952.tb00104.x. Probabilities are not trimmed.

    Examples
    --------
    >>> round(log_score([0.5, 0.25], [1, 0]), 4)
    0.4904
    """
    forecast, happened = _forecasts(p, y)
    with np.errstate(divide="ignore"):
        surprise = -np.where(happened, np.log(forecast), np.log1p(-forecast))
    return float(rate(np.sum(surprise), surprise.size))


def ranked_probability_score(probabilities: npt.ArrayLike, grade: npt.ArrayLike) -> float:
    """Give the mean squared error of cumulative probabilities over ordered grades; lower is better.

    Parameters
    ----------
    probabilities : array-like, shape (n, k)
        A row a unit, a column a grade in order; each row adds up to 1.
    grade : array-like, shape (n,)
        The grade given, from 0 to ``k - 1``.

    Returns
    -------
    float
        The score, summed over the ``k - 1`` cuts: 0 to ``k - 1``. With two grades it is the
        Brier score.

    Raises
    ------
    IndicatorError
        If the probabilities don't make distributions, a grade is unknown, or the shapes differ.

    Notes
    -----
    Epstein 1969, doi 10.1175/1520-0450(1969)008<0985:ASSFPF>2.0.CO;2.

    Examples
    --------
    >>> round(ranked_probability_score([[0.25, 0.5, 0.25]], [1]), 4)
    0.125
    """
    (forecast,), (given,) = aligned(probabilities=probabilities), aligned(grade=grade)
    if forecast.ndim != 2 or given.shape != forecast.shape[:1]:
        raise IndicatorError(
            "arguments differ in shape",
            where="probabilities, grade",
            found=f"{forecast.shape} and {given.shape}",
            expected="a row of probabilities for each grade given",
        )
    _refuse_unless_probability("probabilities", forecast)
    sums = np.sum(forecast, axis=1)
    refuse("probabilities", sums, np.abs(sums - 1) > 1e-6, expected="rows that add up to 1")
    grades = np.arange(forecast.shape[1])
    refuse("grade", given, ~np.isin(given, grades), expected=f"a whole number below {grades.size}")
    at_or_below = given[:, np.newaxis] <= grades
    error = np.cumsum(forecast, axis=1) - at_or_below
    return float(rate(np.sum(error**2), given.size))


def calibration_in_the_large(p: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """Give observed over expected events: below 1, the forecasts were too high.

    Parameters
    ----------
    p : array-like, shape (n,)
        Probabilities.
    y : array-like, shape (n,)
        Whether the event happened.

    Returns
    -------
    float
        ``sum(y) / sum(p)``; NaN if none was expected.

    Raises
    ------
    IndicatorError
        If a value is missing or out of range, or the shapes differ.

    Examples
    --------
    >>> calibration_in_the_large([0.5, 0.5, 0.5, 0.5], [1, 0, 0, 0])
    0.5
    """
    forecast, happened = _forecasts(p, y)
    return float(rate(np.sum(happened), np.sum(forecast)))


def calibration_slope_intercept(p: npt.ArrayLike, y: npt.ArrayLike) -> tuple[float, float]:
    """Regress outcomes on the log-odds forecast: slope 1 and intercept 0 are perfect.

    Parameters
    ----------
    p : array-like, shape (n,)
        Probabilities, above 0 and below 1.
    y : array-like, shape (n,)
        Whether the event happened.

    Returns
    -------
    slope, intercept : float
        Maximum-likelihood estimates. A slope below 1 says that the forecasts were too extreme.

    Raises
    ------
    IndicatorError
        If the forecasts separate the outcomes, so that no finite slope fits best, or don't vary;
        or if a value is missing or out of range, or the shapes differ.

    Notes
    -----
    Cox 1958, doi 10.1093/biomet/45.3-4.562. Newton's method, with halved steps where the
    likelihood would fall; a finite maximum exists whenever the two outcomes overlap, which is
    checked first.

    Examples
    --------
    >>> slope, intercept = calibration_slope_intercept([0.2, 0.4, 0.6, 0.8], [0, 1, 0, 1])
    >>> round(slope, 3), round(abs(intercept), 3)
    (1.102, 0.0)
    """
    forecast, happened = _forecasts(p, y)
    certain = (forecast == 0) | (forecast == 1)
    refuse("p", forecast, certain, expected="above 0 and below 1")
    log_odds = logit(forecast)
    _refuse_separated(log_odds, happened)
    # Scaled columns keep Newton's equations well conditioned when all forecasts are much alike.
    middle, width = float(np.mean(log_odds)), float(np.std(log_odds))
    design = np.column_stack([np.ones_like(log_odds), (log_odds - middle) / width])
    level, gradient = _logistic_fit(design, happened.astype(float))
    return gradient / width, level - gradient * middle / width


def net_benefit(p: npt.ArrayLike, y: npt.ArrayLike, threshold: float) -> float:
    """Give the true positives a unit, less the false ones at the exchange rate of the threshold.

    Parameters
    ----------
    p : array-like, shape (n,)
        Probabilities.
    y : array-like, shape (n,)
        Whether the event happened.
    threshold : float
        Risk from which a unit is flagged, above 0 and below 1.

    Returns
    -------
    float
        ``TP / n - FP / n * threshold / (1 - threshold)``; flagging none scores 0.

    Raises
    ------
    IndicatorError
        If a value is missing or out of range, or the shapes differ.

    Notes
    -----
    Vickers and Elkin 2006, doi 10.1177/0272989X06295361.

    Examples
    --------
    >>> net_benefit([0.1, 0.3, 0.6, 0.9], [0, 0, 1, 1], threshold=0.2)
    0.4375
    """
    forecast, happened = _forecasts(p, y)
    if not 0 < threshold < 1:
        raise IndicatorError(
            "not a threshold",
            where="threshold",
            found=f"{threshold:g}",
            expected="a risk above 0 and below 1",
        )
    flagged = forecast >= threshold
    hits = np.count_nonzero(flagged & happened)
    false_alarms = np.count_nonzero(flagged & ~happened)
    return float(rate(hits - false_alarms * threshold / (1 - threshold), forecast.size))


def _scores_and_events(
    score: npt.ArrayLike, event: npt.ArrayLike
) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    scores, events = (np.atleast_1d(part) for part in aligned(score=score, event=event))
    refuse("score", scores, np.isnan(scores), expected="a number for every unit")
    unknown = (events != 0) & (events != 1)
    refuse("event", events, unknown, expected="1 or 0; leave out units with no known outcome")
    return scores, events == 1


def _forecasts(p: npt.ArrayLike, y: npt.ArrayLike) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    forecast, happened = _scores_and_events(p, y)
    _refuse_unless_probability("p", forecast)
    return forecast, happened


def _refuse_unless_probability(where: str, values: FloatArray) -> None:
    refuse(where, values, ~((values >= 0) & (values <= 1)), expected="from 0 to 1")


def _refuse_separated(log_odds: FloatArray, happened: npt.NDArray[np.bool_]) -> None:
    yes, no = log_odds[happened], log_odds[~happened]
    if not (yes.size and no.size and max(yes) > min(no) and max(no) > min(yes)):
        raise IndicatorError(
            "no calibration slope fits best",
            where="p",
            found=f"{yes.size} events and {no.size} others whose forecasts do not overlap or vary",
            expected="both outcomes, with forecasts that overlap",
        )


def _logistic_fit(design: FloatArray, happened: FloatArray) -> tuple[float, float]:
    """Fit a logistic regression of two columns by damped Newton steps."""
    beta = np.zeros(2)
    for _ in range(100):
        fitted = expit(design @ beta)
        information = (design.T * (fitted * (1 - fitted))) @ design
        try:
            step = np.linalg.solve(information, design.T @ (happened - fitted))
        except np.linalg.LinAlgError:
            break
        highest = _deviance(design @ beta, happened) + 1e-9  # rounding must not stop the last steps
        while _deviance(design @ (beta + step), happened) > highest:
            step = step / 2
        beta = beta + step
        if np.max(np.abs(step)) < 1e-10 * (1 + np.max(np.abs(beta))):
            return float(beta[0]), float(beta[1])
    raise IndicatorError(
        "calibration did not converge",
        where="p",
        found=f"{happened.size} forecasts",
        remedy="Give more units, or report calibration in the large.",
    )


def _deviance(log_odds: FloatArray, happened: FloatArray) -> float:
    return float(math.fsum(np.logaddexp(0, log_odds) - happened * log_odds))
