"""Find columns of grades that slipped by a row or were exchanged, in all or part of a table.

The comparison is between how likely the grades of each row are as given, and how likely they would
be with the column one row higher or lower, or with two columns exchanged. The consecutive rows that
gain most are where it happened, if they gain enough.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

from earlywarn.judgements.usual_grades import log_chance

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COLUMNS = ("overall", "leadership", "help_and_protection", "in_care", "care_leavers")
"""The columns of grades, in the order of the initials of a row."""

# How much log-likelihood rows must gain. Each table from 2013 to 2026, and every 12, 15 and 18
# months of it by report or by authority, gains 8.4 at most by a slip, and 6.1 by an exchange; of
# 1,440 with their rows in another order, one in 1,000 more than 8.5 and 9.4. The most that chance
# gains grows as the logarithm of the rows.
_BY_SLIP, _BY_EXCHANGE = 10.0, 8.0
_ROWS = 60
_OF_ONE = 4.0  # the most that one row counts: a single odd one does not mean that a column moved
_LEAVERS = COLUMNS.index("care_leavers")


@dataclass(frozen=True)
class Moved:
    """Rows whose grades would be likelier if moved.

    Attributes
    ----------
    columns : tuple of str
        The column that slipped, or the two that were exchanged.
    first, last : int
        The rows, by their position in the table.
    below : bool
        Whether the grade of a row is in the row below it.
    gain, enough : float
        How much higher the log-likelihood is, and how much higher it must be to mean anything.
    """

    columns: tuple[str, ...]
    first: int
    last: int
    below: bool
    gain: float
    enough: float


def moved_in(rows: Sequence[str]) -> Moved | None:
    """Find the column that slipped, or the two that were exchanged.

    Parameters
    ----------
    rows : sequence of str
        The initials of the grades of `COLUMNS`, "-" where there is none, in the order of the table.

    Returns
    -------
    Moved or None
        The one that gains most; None if none gains enough.

    Notes
    -----
    Exchanges with care leavers are not looked for: care leavers are graded better than children in
    care about as often as worse.

    Examples
    --------
    >>> moved_in(["RRRRR", "GGGGG"] * 9) is None
    True
    >>> found = moved_in(["RRRRR", "GRGGG", "RGRRR"] + ["GRGGG", "RGRRR"] * 8)
    >>> found.columns, found.first, found.below
    (('leadership',), 1, True)
    """
    found = [one for one in (*_slips(rows), *_exchanges(rows)) if one.gain >= one.enough]
    return max(found, key=lambda moved: moved.gain, default=None)


def _slips(rows: Sequence[str]) -> Iterator[Moved]:
    for place, column in enumerate(COLUMNS):
        for beside, below in ((rows[1:], True), (["-----", *rows[:-1]], False)):
            others = [
                row[:place] + other[place] + row[place + 1 :]
                for row, other in zip(rows, beside, strict=False)
            ]
            none = Moved((column,), 0, 0, below, 0.0, _enough(_BY_SLIP, rows))
            yield _most_gained(rows, others, none)


def _exchanges(rows: Sequence[str]) -> Iterator[Moved]:
    for one, other in combinations(range(_LEAVERS), 2):
        others = []
        for row in rows:
            cells = list(row)
            cells[one], cells[other] = cells[other], cells[one]
            others.append("".join(cells))
        columns = COLUMNS[one], COLUMNS[other]
        none = Moved(columns, 0, 0, below=False, gain=0.0, enough=_enough(_BY_EXCHANGE, rows))
        yield _most_gained(rows, others, none)


def _most_gained(rows: Sequence[str], others: Sequence[str], none: Moved) -> Moved:
    """The consecutive rows that gain most (maximum subarray sum, Kadane 1984)."""
    best, first, gain = none, 0, 0.0
    for place, (row, other) in enumerate(zip(rows, others, strict=False)):
        if gain <= 0:
            first, gain = place, 0.0
        gain += _gain(row, other)
        if gain > best.gain:
            best = replace(none, first=first, last=place, gain=gain)
    return best


def _enough(limit: float, rows: Sequence[str]) -> float:
    """The gain that is enough in a number of rows."""
    return limit + math.log(max(1.0, len(rows) / _ROWS))


def _gain(row: str, other: str) -> float:
    """How much likelier the grades would be; 0 where a grade would appear or disappear."""
    blanks = ([cell == "-" for cell in cells] for cells in (row, other))
    same = next(blanks) == next(blanks)
    return min(_OF_ONE, log_chance(other) - log_chance(row)) if same else 0.0
