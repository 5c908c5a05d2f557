"""Symbols that a table has in one year only, and counts that were rounded."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from earlywarn.authorities import Register
from earlywarn.sources.odd_signs import check_rounded, check_signs
from earlywarn.sources.schema import Finding

REGISTER = Register.load()
CODES = sorted(REGISTER.codes_on(dt.date(2024, 3, 31)))
YEARS = (2021, 2022, 2023, 2024)
PLACES = pd.DataFrame(
    [(year, code) for year in YEARS for code in CODES], columns=["period", "la_code"]
).assign(row=range(len(CODES) * len(YEARS)))
NEWEST = np.flatnonzero(PLACES["period"] == 2024)


def signs(*, whole: bool = True, **changed: str) -> list[Finding]:
    """What is said where the first 20 of each year are suppressed, the newest year's changed."""
    values = np.arange(len(PLACES)) % 83 + 101.0
    statuses = np.full(len(PLACES), "published", dtype=object)
    for start in range(0, len(PLACES), len(CODES)):
        statuses[start : start + 20] = "suppressed"
    for at, status in changed.items():
        statuses[NEWEST[: int(at[1:])]] = status
    values[statuses != "published"] = np.nan
    return check_signs(PLACES, {"cases": (values, statuses)}, "d5.csv", whole=whole)


def test_the_same_symbols_each_year_say_nothing() -> None:
    assert signs() == []
    assert signs(_3="not applicable") == []  # as authorities that closed have it


@pytest.mark.parametrize("status", ["unavailable", "not applicable"])
def test_a_symbol_put_for_another_is_named(status: str) -> None:
    found = signs(_20=status)
    assert {(one.code, one.period) for one in found} == {("odd-sign", 2024.0)}
    assert {one.found for one in found} == {"c", {"unavailable": "x"}.get(status, "z")}
    assert "20 at least had it in each year before" in found[0].message


def test_low_is_foreign_to_counts_of_children() -> None:
    (found,) = signs(_1="rounds to zero")
    assert (found.severity, found.code, found.found) == ("warning", "odd-sign", "low")
    assert signs(_1="rounds to zero", whole=False) == []


def rounded(regions: set[str], step: int) -> list[Finding]:
    values = np.random.default_rng(3).integers(100, 5000, len(PLACES)).astype(float)
    own = REGISTER.authorities.set_index("la_code")["region"]
    of = (PLACES["period"] == 2024) & PLACES["la_code"].map(own).isin(regions)
    values[of] = np.round(values[of] / step) * step
    numbers = {"cases": (values, np.full(len(PLACES), "published", dtype=object))}
    return check_rounded(PLACES, numbers, ["cases"], "b1.csv", REGISTER)


@pytest.mark.parametrize("step", [5, 10])
def test_counts_of_a_region_rounded_are_named(step: int) -> None:
    (found,) = rounded({"North West"}, step)
    assert (found.severity, found.code, found.period) == ("warning", "rounded", 2024.0)
    assert "of North West in 2024 end in 0 or 5" in found.message


def test_counts_as_they_are_and_columns_rounded_throughout_say_nothing() -> None:
    assert rounded(set(), 5) == []
    values = np.arange(len(PLACES)) * 5 + 100.0
    numbers = {"cases": (values, np.full(len(PLACES), "published", dtype=object))}
    assert check_rounded(PLACES, numbers, ["cases"], "b1.csv", REGISTER) == []
