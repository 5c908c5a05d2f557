"""The binomial distribution, without SciPy: readers of files that need no extra use it."""

from __future__ import annotations

import math

from earlywarn.errors import IndicatorError


def at_most(count: int, number: int, share: float) -> float:
    """Give the chance of at most so many events among so many.

    Parameters
    ----------
    count : int
        Events; fewer than none have no chance.
    number : int
        How many could have happened.
    share : float
        The chance of each, 0 to 1.

    Returns
    -------
    float
        P(X <= count), of the binomial distribution.

    Raises
    ------
    IndicatorError
        If the share is not from 0 to 1.

    Examples
    --------
    >>> at_most(1, 3, 0.5), at_most(3, 3, 0.2)
    (0.5, 1.0)
    """
    if not 0 <= share <= 1:
        raise IndicatorError(
            "value out of range", where="share", found=str(share), expected="from 0 to 1"
        )
    terms = (
        math.comb(number, k) * share**k * (1 - share) ** (number - k) for k in range(count + 1)
    )
    return min(1.0, math.fsum(terms))
