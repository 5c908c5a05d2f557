"""Find symbols and rounding that a table has in only one year: symbols exchanged, tens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from earlywarn.authorities import ENGLAND
from earlywarn.sources.schema import (
    NOT_APPLICABLE,
    PUBLISHED,
    ROUNDS_TO_ZERO,
    SUPPRESSED,
    UNAVAILABLE,
    Finding,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    import numpy.typing as npt

    from earlywarn.authorities import Register

    Numbers = Mapping[str, tuple[npt.NDArray[np.float64], npt.NDArray[np.object_]]]

ZERO = "zero"
_SIGNS = {
    ZERO: "0", SUPPRESSED: "c", NOT_APPLICABLE: "z", UNAVAILABLE: "x", ROUNDS_TO_ZERO: "low"
}  # fmt: skip
_YEARS_BEFORE = 2
_TIMES, _MORE = 2.0, 6
"""The limits for how many authorities have a symbol in a year: this many times the most in any
earlier year, and this many more. No year of a table has exceeded both."""
_LEAST = 8
"""No symbol that this many authorities had in each earlier year has disappeared in the next."""
_COUNTED_FROM = 100.0
_FEWEST_ROUND = 8  # so many random figures are all multiples of five 1 in 390,000 times


def check_signs(places: pd.DataFrame, numbers: Numbers, file: str, *, whole: bool) -> list[Finding]:
    """Warn of each year of a table that uses a symbol, or zero, unlike any year before.

    Parameters
    ----------
    places : DataFrame
        The table's rows that are used: `row, la_code, period`.
    numbers : mapping of str to (values, statuses)
        Its columns of figures.
    file : str
        The table.
    whole : bool
        Whether it counts children: such counts are never published as "low".
    """
    local = places[places["la_code"] != ENGLAND].drop_duplicates("row")
    findings = []
    for sign, text in _SIGNS.items():
        used = _uses(local, numbers, sign)
        if sign == ROUNDS_TO_ZERO and whole:
            odd = [(year, "no published table of children has it") for year in used.index[used > 0]]
        else:
            odd = list(_odd_years(used))
        findings += [_said(int(year), text, int(used[year]), why, file) for year, why in odd]
    return findings


def _uses(local: pd.DataFrame, numbers: Numbers, sign: str) -> pd.Series:
    """How many authorities have a symbol in any column, by year."""
    rows = local["row"].to_numpy()
    there = np.zeros(len(rows), dtype=np.bool_)
    for values, statuses in numbers.values():
        zero = (values[rows] == 0) & (statuses[rows] == PUBLISHED)
        there |= zero if sign == ZERO else statuses[rows] == sign
    years, place = np.unique(local["period"].to_numpy(), return_inverse=True)
    return pd.Series(np.bincount(place[there], minlength=len(years)), index=years)


def _odd_years(used: pd.Series) -> Iterator[tuple[int, str]]:
    """The years that have a symbol far more often than any before, or no longer."""
    for at in range(_YEARS_BEFORE, len(used)):
        before, here = used.iloc[:at], used.iloc[at]
        if here > max(before.max() * _TIMES, before.max() + _MORE):
            yield int(used.index[at]), f"{before.max()} at most had it in a year before"
        elif here == 0 and before.min() >= _LEAST:
            yield int(used.index[at]), f"{before.min()} at least had it in each year before"


def _said(year: int, text: str, count: int, why: str, file: str) -> Finding:
    message = (
        f"{count} authorities have {text!r} in {year}, and {why}: was one symbol used for "
        "another? Check the notes of the release, or download it again"
    )
    return Finding("warning", "odd-sign", message, file, period=float(year), found=text)


def check_rounded(
    places: pd.DataFrame,
    numbers: Numbers,
    columns: Collection[str],
    file: str,
    register: Register,
) -> list[Finding]:
    """Warn of a column whose counts for a region and year are all rounded to fives or tens.

    Parameters
    ----------
    places, numbers, file
        As for `check_signs`.
    columns : collection of str
        The columns of whole counts. If most of a column is rounded, it is published like that.
    register : Register
        For the region of each authority.
    """
    local = places[places["la_code"] != ENGLAND].drop_duplicates("row")
    return [
        Finding(
            "warning",
            "rounded",
            f"all {column} from {_COUNTED_FROM:g} of {region} in {year} end in 0 or 5, which "
            "never happens by chance: were they rounded? Download the file again",
            file,
            period=float(year),
            column=column,
        )
        for column in columns
        for year, region in _round_groups(local, numbers[column][0], register)
    ]


def _round_groups(
    local: pd.DataFrame, values: npt.NDArray[np.float64], register: Register
) -> list[tuple[int, str]]:
    """The years and regions with only rounded counts, if most of the column is not rounded."""
    counts = values[local["row"].to_numpy()]
    large, rounded = counts >= _COUNTED_FROM, counts % 5 == 0
    if (large & rounded).sum() < _FEWEST_ROUND or rounded[large].mean() > 0.5:
        return []
    own, those = register.authorities, local[large].assign(round=rounded[large])
    regions = dict(zip(own["la_code"], own["region"], strict=True))
    those = those.assign(region=those["la_code"].map(regions))
    groups = those.groupby(["period", "region"])["round"].agg(["all", "size"])
    far = groups.index[groups["all"] & (groups["size"] >= _FEWEST_ROUND)]
    return [(int(year), str(region)) for year, region in far]
