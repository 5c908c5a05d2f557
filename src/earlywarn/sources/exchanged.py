"""Find counts that fit other authorities' years better: rows exchanged, or moved round."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from earlywarn.authorities import ENGLAND, Register
from earlywarn.sources.continuity import LEAST, SMALLEST, by_year, others_near
from earlywarn.sources.schema import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

EXCHANGED = {
    "children_in_need": 0.9, "looked_after": 0.45, "plans_at_31_march": 1.85, "plans_started": 1.5,
    "population_0_17": 0.07, "referrals": 2.0, "vacancies": 0.82,
}  # fmt: skip
"""How much better (in logarithms, of both together) the counts of two authorities fit each other's
years than their own, before they look exchanged.

A fifth above that of any two authorities in any published year. For two taken at random, an
exchange of their children in need is detected in two of five cases, of referrals in one of six: it
can't be seen if they are of similar size. The counts of vacancies are the social workers in post.
"""


class Turn(NamedTuple):
    """When the counts of three or more authorities look as if they were moved round.

    Attributes
    ----------
    moved : float
        Only counts at least this far (in logarithms) from their own years are considered.
    left : float
        The most that may remain of that distance from the others' years, as a share.
    gain : float
        The least total improvement in fitting the others' years.
    """

    moved: float
    left: float
    gain: float


IN_TURN = {
    "children_in_need": Turn(0.3, 0.5, 0.81), "looked_after": Turn(0.15, 0.5, 0.49),
    "plans_at_31_march": Turn(0.4, 0.5, 3.1), "plans_started": Turn(0.4, 0.33, 2.38),
    "population_0_17": Turn(0.1, 0.5, 0.3), "referrals": Turn(0.3, 0.25, 1.36),
    "vacancies": Turn(0.25, 0.5, 0.76),
}  # fmt: skip
"""The limits for each measure: a gain a fifth above that of any published year.

For four taken at random and moved round, the count of looked-after children shows it in nineteen of
twenty cases, children in need, referrals and plans started in about half, plans at 31 March in two
of five.
"""

_NAMED = 12
_FEWEST = 3  # two are an exchange

Floats = npt.NDArray[np.float64]


def check_exchanged(
    figures: pd.DataFrame, measure: str, file: str, register: Register
) -> list[Finding]:
    """Warn of authorities whose counts in a year fit each other's other years better.

    Parameters
    ----------
    figures : DataFrame
        One measure of one table: `la_code, measure, period, line, numerator, denominator, value`.
    measure : str
        The column, for the findings.
    file : str
        The table.
    register : Register
        For the names.

    Returns
    -------
    list of Finding
        One for each two, and one for each three or more that were moved round. Empty for measures
        that are not in `EXCHANGED`.
    """
    name = str(figures["measure"].iloc[0]) if len(figures) else ""
    if name not in EXCHANGED or figures["period"].nunique() < 3:
        return []
    # A count, the count behind a rate, or the denominator of a percentage.
    counts = figures["numerator" if name != "vacancies" else "denominator"]
    local = figures.assign(count=counts)
    local = local[counts.notna() & ~local["la_code"].isin({ENGLAND, *SMALLEST})]
    local = local.drop_duplicates(["la_code", "period"])
    if local.empty:
        return []
    wide = by_year(local, "count")
    logs = np.log(wide.to_numpy(dtype=np.float64).clip(LEAST, None))
    usual = _usual(logs)
    findings = []
    for at, year in enumerate(map(int, wide.columns)):
        for places in _mixed(logs[:, at], usual[:, at], name):
            codes = [str(wide.index[place]) for place in places]
            message = _message(codes, np.exp(logs[places, at]), year, register)
            line = local.loc[(local["la_code"] == codes[0]) & (local["period"] == year), "line"]
            about = float(line.iloc[0]), codes[0], float(year)
            findings.append(Finding("warning", "exchanged", message, file, *about, measure))
    return findings[:_NAMED]


def _message(codes: list[str], counts: Floats, year: int, register: Register) -> str:
    """The message about two or more authorities, each with figures like the next one's years."""
    names = [register.name_of(code) for code in codes]
    if len(names) == 2:
        return (
            f"{names[0]} has {counts[0]:.6g} in {year} and {names[1]} {counts[1]:.6g}, each like "
            "the other's years around it: were the rows of two authorities swapped?"
        )
    each = [f"{name} {count:.6g}" for name, count in zip(names, counts, strict=True)][:_NAMED]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return (
        f"in {year} these have counts that are like the years of the next one around it, and not "
        f"their own: {', '.join(each)}{more}: were the rows of several authorities mixed up?"
    )


def _usual(logs: Floats) -> Floats:
    """The median of the other years near each; NaN if there are fewer than two."""
    others = others_near(logs)
    few = np.isfinite(others).sum(axis=0) < 2
    ordered = np.sort(np.where(np.isfinite(others), others, np.inf), axis=0)
    size = np.isfinite(ordered).sum(axis=0).clip(2, None)
    low, high = (
        np.where(few, np.nan, np.take_along_axis(ordered, at[np.newaxis], axis=0)[0])
        for at in ((size - 1) // 2, size // 2)
    )
    return low + (high - low) / 2


def _mixed(logs: Floats, usual: Floats, name: str) -> Iterator[list[int]]:
    """The positions of authorities that fit each other's years: moved round, then pairs."""
    seen: set[int] = set()
    for turn in _in_turn(logs, usual, IN_TURN[name]):
        seen.update(turn)
        yield turn
    for pair in _pairs(logs, usual, EXCHANGED[name]):
        if not seen.intersection(pair):
            yield [*pair]


def _in_turn(logs: Floats, usual: Floats, limits: Turn) -> Iterator[list[int]]:
    """Three or more positions, each of which fits the next one's years."""
    own = np.abs(logs - usual)
    moved = np.flatnonzero(np.nan_to_num(own) > limits.moved)
    if moved.size < _FEWEST or own[moved].sum() < limits.gain:
        return
    apart = np.abs(logs[moved][:, np.newaxis] - usual[moved][np.newaxis])
    # It comes with scikit-learn; loaded here, since nothing else in reading needs it.
    nearest = import_module("scipy.optimize").linear_sum_assignment(apart)[1]
    for cycle in _cycles(nearest):
        before = own[moved[cycle]].sum()
        after = apart[cycle, nearest[cycle]].sum()
        long = len(cycle) >= _FEWEST
        if long and after < limits.left * before and before - after > limits.gain:
            yield [int(place) for place in moved[cycle]]


def _cycles(following: npt.NDArray[np.intp]) -> Iterator[list[int]]:
    """The cycles of a permutation."""
    left = set(range(len(following)))
    while left:
        at = min(left)
        cycle = []
        while at in left:
            left.remove(at)
            cycle.append(at)
            at = int(following[at])
        yield cycle


def _pairs(logs: Floats, usual: Floats, least: float) -> list[tuple[int, int]]:
    """The positions of pairs that fit each other's years, the clearest pair for each authority."""
    apart = np.abs(logs[:, np.newaxis] - usual[np.newaxis])
    own = np.diag(apart)
    if not np.nansum(np.sort(np.nan_to_num(own))[-2:]) > least:
        return []
    together, crossed = own[:, np.newaxis] + own[np.newaxis], apart + apart.T
    gain = np.where(crossed < together / 2, together - crossed, 0.0)
    pairs: list[tuple[int, int]] = []
    for at in np.argsort(gain, axis=None)[::-1]:
        one, other = divmod(int(at), len(logs))
        if not gain[one, other] > least:
            break
        if one < other and not {one, other} & {place for pair in pairs for place in pair}:
            pairs.append((one, other))
    return pairs
