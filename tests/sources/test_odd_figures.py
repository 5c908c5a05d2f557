"""Figures that no published table has, each for itself or in a region or year."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from earlywarn.authorities import Register
from earlywarn.sources.layouts import Measure
from earlywarn.sources.odd_figures import (
    check_decimals,
    check_not_available,
    check_small_counts,
    check_whole_rates,
)
from earlywarn.sources.schema import PUBLISHED, UNAVAILABLE

REGISTER = Register.load()
OPEN = REGISTER.authorities[REGISTER.authorities["closed"].isna()]
TURNOVER = Measure("turnover", "percent", "turnover_rate_fte", "leavers_fte", ("inpost_fte",))
PEOPLE = Measure("population_0_17", "count", "population_estimate", "population_estimate")


def test_counts_from_one_to_four_are_named_and_no_zero_or_five() -> None:
    lines = np.arange(2, 8)
    (one,) = check_small_counts(np.array([0, 1, 4, 5, 6, np.nan]), lines, "re_referrals", "c1.csv")
    assert (one.severity, one.code, one.file, one.line, one.found) == (
        "warning", "small-count", "c1.csv", 3.0, "1"
    )  # fmt: skip
    assert "2 figures of re_referrals are from 1 to 4, which every published table" in one.message
    assert check_small_counts(np.array([0.0, 5, 6, np.nan]), lines[:4], "a", "b") == []


@pytest.mark.parametrize(
    ("figures", "step", "found"),
    [([22.6, 22.63], 0.1, "22.63"), ([22.6, 22.6 + 1e-9], 0.1, ""), ([67.0, 67.4], 1.0, "67.4")],
)
def test_decimals_beyond_the_tables_are_named(
    figures: list[float], step: float, found: str
) -> None:
    said = check_decimals(np.array(figures), np.arange(2), "rate", "a.csv", step=step)
    assert [one.found for one in said] == [found] * bool(found)


def rates(region: str, whole: bool) -> pd.DataFrame:
    values = 10.0 + np.arange(len(OPEN)) + 0.3
    if whole:
        values = np.where(OPEN["region"] == region, np.round(values), values)
    return pd.DataFrame({"la_code": OPEN["la_code"], "period": 2025, "value": values})


def test_rates_of_a_region_that_are_all_whole_are_named() -> None:
    assert check_whole_rates(rates("East Midlands", False), TURNOVER, "a.csv", REGISTER) == []
    (one,) = check_whole_rates(rates("East Midlands", True), TURNOVER, "a.csv", REGISTER)
    assert (one.code, one.period) == ("rounded", 2025.0)
    assert "all turnover_rate_fte of East Midlands in 2025 are whole numbers" in one.message
    whole = rates("East Midlands", True).assign(value=3.0)
    assert check_whole_rates(whole, TURNOVER, "a.csv", REGISTER) == []  # published as whole ones


def gone(codes: list[str], year: int = 2025) -> pd.DataFrame:
    status = np.where(OPEN["la_code"].isin(codes), UNAVAILABLE, PUBLISHED)
    frame = pd.DataFrame({"la_code": OPEN["la_code"], "period": year, "line": 5, "status": status})
    closed = pd.DataFrame({"la_code": ["835"], "period": year, "line": 6, "status": UNAVAILABLE})
    return pd.concat([frame, closed], ignore_index=True)


def test_more_figures_not_available_than_in_any_release_are_named() -> None:
    five = ["301", "302", "303", "304", "305"]
    assert check_not_available(gone(five[:4]), TURNOVER, "a.csv", REGISTER, "csww") == []
    (one,) = check_not_available(gone(five), TURNOVER, "a.csv", REGISTER, "csww")
    assert (one.code, one.la_code, one.period) == ("figures-gone", "301", 2025.0)
    assert "turnover_rate_fte of Barking and Dagenham, Barnet, Bexley" in one.message


def test_a_population_is_always_available_but_of_those_not_there() -> None:
    assert check_not_available(gone([]), PEOPLE, "a.csv", REGISTER, "pop") == []
    (one,) = check_not_available(gone(["301"]), PEOPLE, "a.csv", REGISTER, "pop")
    assert "population_estimate of Barking and Dagenham is not available in 2025" in one.message
    assert check_not_available(gone(["942"], 2022), PEOPLE, "a.csv", REGISTER, "pop") == []
