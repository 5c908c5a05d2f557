"""Turn an interval into words: the only place where a figure of a record becomes a verdict.

A verdict claims no more than its interval. Where the interval includes the value that would mean
"nothing to report", the words say so, whichever side the estimate is on.
"""

from __future__ import annotations

ABOUT_RIGHT = (0.8, 1.25)
"""Limits of observed to expected that count as about right, if the whole interval is inside."""

CHANCE = 0.5
"""The AUC of an uninformative forecast."""


def side(lower: float, upper: float, reference: float) -> int:
    """Return the side of a reference on which an interval lies.

    Parameters
    ----------
    lower, upper : float
        Ends of the interval.
    reference : float
        What it is compared with: 1 for a ratio, 0 for a skill or a difference, 0.5 for an AUC.

    Returns
    -------
    int
        1 above, -1 below, 0 if the interval includes the reference or is unknown.

    Examples
    --------
    >>> side(0.54, 1.24, 1.0), side(0.4, 0.9, 1.0), side(0.1, 0.2, 0.0)
    (0, -1, 1)
    """
    if lower > reference:
        return 1
    return -1 if upper < reference else 0


def level_found(resampled: tuple[float, float], counted: tuple[float, float]) -> str:
    """Put into words whether risks were too high or low, as far as two intervals allow.

    Parameters
    ----------
    resampled : tuple of float
        Interval of observed to expected from resamples of whole authorities. With so few events its
        upper end is a little low: 3 to 5% of correct risks are above it, where 2.5% should be.
    counted : tuple of float
        The same from the limits of a Poisson count, which are a little wide.

    Returns
    -------
    str
        Empty where there are too few judgements to say.

    Examples
    --------
    >>> level_found((0.3, 0.8), (0.3, 0.9)), level_found((0.9, 1.1), (0.8, 1.2))
    ('too high, beyond chance', 'about right')
    >>> level_found((0.43, 0.99), (0.43, 1.09))
    'too high, though hardly beyond chance'
    """
    where = side(*resampled, 1.0)
    if where:
        surely = side(*counted, 1.0) == where
        level = "too low" if where > 0 else "too high"
        return f"{level}, {'beyond chance' if surely else 'though hardly beyond chance'}"
    right = ABOUT_RIGHT[0] <= resampled[0] and resampled[1] <= ABOUT_RIGHT[1]
    return "about right" if right else ""


def level_words(resampled: tuple[float, float], counted: tuple[float, float]) -> str:
    """Put the result of `level_found` for the same intervals into a sentence.

    Examples
    --------
    >>> level_words((0.54, 1.24), (0.5, 1.3))
    'The risks may have been right or not: too few judgements to say'
    >>> level_words((0.3, 0.8), (0.3, 0.9))
    'The risks were too high, beyond chance'
    """
    found = level_found(resampled, counted)
    if found:
        return f"The risks were {found}"
    return "The risks may have been right or not: too few judgements to say"


def order_words(lower: float, upper: float) -> str:
    """Put into words whether a model orders authorities better than chance.

    Parameters
    ----------
    lower, upper : float
        Interval of the AUC.

    Returns
    -------
    str

    Examples
    --------
    >>> order_words(0.55, 0.8), order_words(0.45, 0.8)
    ('better than chance', 'not clearly better than chance')
    """
    return f"{_BETTER[side(lower, upper, CHANCE)]} chance"


def skill_words(lower: float, upper: float) -> str:
    """Put into words whether forecasts beat a reference, such as the recent share of events.

    Parameters
    ----------
    lower, upper : float
        Interval of the skill, or of a difference of which more is better.

    Returns
    -------
    str
        To be followed by the name of the reference.

    Examples
    --------
    >>> skill_words(0.01, 0.1), skill_words(-0.02, 0.1), skill_words(-0.2, -0.1)
    ('better than', 'not clearly better than', 'worse than')
    """
    return _BETTER[side(lower, upper, 0.0)]


_BETTER = {1: "better than", -1: "worse than", 0: "not clearly better than"}
