"""Measures of how good forecasts were: discrimination, overall score, calibration and use.

Every unit must have a forecast and a known outcome: the caller leaves out units that were not
inspected, whose outcome is unknown, and does not count them as a no. A measure that the outcomes
can't define, such as the AUC of units that all failed, is NaN. `p` is a probability of the event,
and an event is 1 or True.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from earlywarn.errors import IndicatorError
from earlywarn.statistics.arrays import FloatArray, aligned, rate, refuse


def auc(score: npt.ArrayLike, event: npt.ArrayLike) -> float:
    """Return the chance that a unit with the event scores above one without; ties count a half.

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


def brier(p: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """Return the mean squared error of probabilities; lower is better.

    Parameters
    ----------
    p : array-like, shape (n,)
        Probabilities.
    y : array-like, shape (n,)
        Whether the event happened.

    Returns
    -------
    float
        Brier score, 0 to 1; NaN without units.

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
    """Return the mean negative log likelihood of probabilities, in nats; lower is better.

    Parameters
    ----------
    p : array-like, shape (n,)
        Probabilities.
    y : array-like, shape (n,)
        Whether the event happened.

    Returns
    -------
    float
        The score; infinite if something happened that was forecast impossible. NaN without units.

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


def net_benefit(p: npt.ArrayLike, y: npt.ArrayLike, threshold: float) -> float:
    """Return true positives per unit, less false ones at the threshold's exchange rate.

    Parameters
    ----------
    p : array-like, shape (n,)
        Probabilities.
    y : array-like, shape (n,)
        Whether the event happened.
    threshold : float
        Risk at or above which a unit is flagged, above 0 and below 1.

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
