"""The binomial distribution without SciPy, for file readers that need no extra."""

from __future__ import annotations

import math

from earlywarn.errors import IndicatorError


def at_most(count: int, number: int, share: float) -> float:
    """Return the chance of at most a number of events.

    Parameters
    ----------
    count : int
        Number of events; below 0 the chance is 0, and from ``number`` up it is 1.
    number : int
        How many could happen.
    share : float
        The chance of each, 0 to 1.

    Returns
    -------
    float
        P(X <= count), of the binomial distribution.

    Raises
    ------
    IndicatorError
        If the share is not between 0 and 1.

    Examples
    --------
    >>> round(at_most(1, 3, 0.5), 9), at_most(3, 3, 0.2)
    (0.5, 1.0)
    """
    if not 0 <= share <= 1:
        raise IndicatorError(
            "value out of range", where="share", found=str(share), expected="from 0 to 1"
        )
    if count >= number:
        return 1.0
    if share in (0, 1):
        return float(share == 0 and count >= 0)
    # In logarithms: the number of ways to choose half of over a thousand overflows a float.
    ways, odds = math.lgamma(number + 1), (math.log(share), math.log1p(-share))
    terms = (
        math.exp(
            ways
            - math.lgamma(k + 1)
            - math.lgamma(number - k + 1)
            + k * odds[0]
            + (number - k) * odds[1]
        )
        for k in range(count + 1)
    )
    return min(1.0, math.fsum(terms))
