"""Combinations of grades in inspections, and how likely the grades of a row are."""

from __future__ import annotations

import math
from functools import cache

_TOGETHER = {
    "RRRR": 106, "GGGG": 87, "GGRG": 35, "OOGO": 31, "OOOO": 29, "IIII": 29, "GOGG": 27,
    "IIIR": 25, "RRRG": 22, "GGGR": 13, "RGRR": 11, "OOOG": 11, "GGGO": 10, "RGRG": 6, "IRIR": 6,
    "IIRI": 5, "RIRR": 4, "GGRO": 4, "OOGG": 3,
}  # fmt: skip
"""Inspections from 2013 to 2026 by overall, leadership, help and protection and in care (initials).

These are 481 with an overall grade and all three areas; 18 had a combination of fewer than three.
"""

_LEAVERS = {
    "OO": 42, "OG": 30, "GO": 15, "GG": 70, "GR": 29, "RG": 27, "RR": 54, "RI": 10,
    "IG": 1, "IR": 31, "II": 13,
}  # fmt: skip
"""The 322 inspections that judged care leavers separately, by leadership and care leavers."""

_INITIALS = "OGRI"
_UNSEEN = 0.5  # count for a combination that none had, as for a quarter of the 237 such


def is_usual(grades: str) -> bool:
    """Whether at least three inspections had this combination of grades.

    Parameters
    ----------
    grades : str
        Initials of overall, leadership, help and protection, in care; "-" for a missing overall
        grade.

    Examples
    --------
    >>> is_usual("GGRG"), is_usual("-GRG"), is_usual("GRGG")
    (True, True, False)
    """
    first, areas = grades[0], grades[1:]
    firsts = _INITIALS if first == "-" else first
    return any(one + areas in _TOGETHER for one in firsts)


@cache
def log_chance(grades: str) -> float:
    """Return the log of how many inspections had a row's grades; 0 if an area has none.

    Parameters
    ----------
    grades : str
        Initials of overall, leadership, help and protection, in care and care leavers; "-" where
        there is no grade.

    Returns
    -------
    float
        The log of the count of the first four, plus the log of the share with that care leavers
        grade among those with that leadership grade. Only differences between rows are meaningful.

    Examples
    --------
    >>> log_chance("GGGGG") > log_chance("GGGGR") > log_chance("GRGGR")
    True
    """
    overall, areas, leavers = grades[0], grades[1:4], grades[4]
    if "-" in areas:
        return 0.0
    firsts = _INITIALS if overall == "-" else overall
    counts = [_TOGETHER.get(first + areas, 0) for first in firsts]
    chance = math.log(max(sum(counts), _UNSEEN))
    if leavers == "-":
        return chance
    beside = {one: _LEAVERS.get(areas[0] + one, 0) + _UNSEEN for one in _INITIALS}
    return chance + math.log(beside[leavers] / sum(beside.values()))
