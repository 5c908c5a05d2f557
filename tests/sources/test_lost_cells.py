"""Cells that no published table has: blank, or denied by the counts beside them."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from earlywarn.sources.layouts import LAYOUTS, Measure
from earlywarn.sources.lost_cells import blank_findings, check_cells, check_lost, fraction_findings
from earlywarn.sources.tabular_files import Table

PLANS = next(one for layout in LAYOUTS for one in layout.measures if one.name == "repeat_plans")
STARTED = next(one for layout in LAYOUTS for one in layout.measures if one.name == "plans_started")
CHILDREN = next(one for layout in LAYOUTS for one in layout.measures if one.name == "looked_after")


def said(
    part: float,
    whole: float,
    value: float,
    status: str = "published",
    measure: Measure = PLANS,
    code: str = "383",
) -> list[str]:
    figures = pd.DataFrame(
        {
            "la_code": [code, "380"],
            "period": 2024,
            "line": [2, 3],
            "numerator": [part, 50.0],
            "denominator": [whole, 200.0],
            "value": [value, 25.0],
            "status": [status, "published"],
        }
    )
    return [one.code for one in check_cells(figures, measure, "a.csv")]


@pytest.mark.parametrize(
    ("part", "whole", "value", "status", "code"),
    [
        (80.0, 400.0, math.nan, "unavailable", "lost-cell"),
        (80.0, 400.0, math.nan, "suppressed", "lost-cell"),
        (math.nan, 400.0, 12.5, "published", "value-without-count"),
        (math.nan, 400.0, 0.0, "rounds to zero", "value-without-count"),
        (80.0, math.nan, 20.0, "published", "value-without-count"),
        (math.nan, 400.0, math.nan, "not applicable", "not-applicable"),
    ],
)
def test_a_value_and_counts_that_deny_each_other_are_named(
    part: float, whole: float, value: float, status: str, code: str
) -> None:
    assert said(part, whole, value, status) == [code]


def test_what_published_tables_have_says_nothing() -> None:
    assert said(math.nan, 400.0, math.nan, "suppressed") == []
    assert said(math.nan, math.nan, math.nan, "unavailable") == []
    assert said(0.0, 0.0, math.nan, "not applicable") == []
    assert said(90.0, 90.0, 90.0, measure=STARTED) == []
    assert said(math.nan, 400.0, math.nan, "not applicable", CHILDREN) == []  # Isles of Scilly


def test_a_suppressed_total_is_named_but_for_the_smallest() -> None:
    nothing = math.nan, math.nan, math.nan, "suppressed", STARTED
    assert said(*nothing) == ["suppressed-count"]
    assert said(*nothing, code="420") == []


@pytest.mark.parametrize(("cells", "counted"), [(["1", "", "c", ""], ["2"]), (["1", "c"], [])])
def test_blank_cells_are_counted(cells: list[str], counted: list[str]) -> None:
    frame = pd.DataFrame({"cpp_start": cells}, dtype="str")
    table = Table("a.csv", {"cpp_start": "CPP_start"}, frame, np.arange(2, 2 + len(cells)))
    findings = blank_findings(table, "cpp_start")
    assert [one.message.split()[0] for one in findings] == counted
    assert [one.line for one in findings] == [3.0] * len(counted)


def test_counts_that_are_not_whole_are_named_once() -> None:
    values = np.array([410.0, math.nan, 10304.5, 3.25])
    (found,) = fraction_findings(values, np.arange(2, 6), "referral_count", "c1.csv")
    assert (found.severity, found.code, found.line, found.found) == (
        "warning", "not-whole", 4.0, "10304.5"
    )  # fmt: skip
    assert found.message.startswith("2 counts in referral_count are not whole, the first 10304.5")
    assert fraction_findings(values[:2], np.arange(2, 4), "referral_count", "c1.csv") == []


def test_all_counts_are_whole_but_those_of_workers() -> None:
    whole = {layout.table: layout.whole for layout in LAYOUTS}
    assert whole["CSWW"] == {"cases"}
    assert whole["C1"] >= {"referrals", "re_referrals"}
    assert "re_referrals_percent" not in whole["C1"]
    assert whole["CLA"] == {"number", "population_estimate"}


def test_a_rate_that_is_gone_over_its_count_is_named_but_where_an_authority_closed() -> None:
    figures = pd.DataFrame(
        {
            "la_code": ["383", "835"], "period": [2019, 2019], "line": [2, 3],
            "numerator": [800.0, 400.0], "denominator": math.nan, "value": math.nan,
            "status": "unavailable",
        }
    )  # fmt: skip
    rate = Measure("looked_after", "rate", "LAC", "LACnum")
    (found,) = check_lost(figures, rate, "lait.csv", ["835"])
    assert (found.code, found.la_code) == ("lost-cell", "383")
    assert found.message.startswith("1 row without a value though LACnum is there")
    assert check_lost(figures.assign(numerator=math.nan), rate, "lait.csv") == []
