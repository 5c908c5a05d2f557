"""A new release beside the one before: plain years say nothing, what moved is named once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from earlywarn.panel.known_releases import OTHERWISE, check_release_before

if TYPE_CHECKING:
    from earlywarn.panel.panel import Panel
    from earlywarn.sources.schema import Finding

BEFORE, DAY = date(2024, 10, 31), date(2025, 10, 30)


@pytest.fixture(scope="module")
def known(national: Panel) -> pd.DataFrame:
    """What C1 gave until its release of 2024."""
    rows = national.observations
    return rows[rows["source"].str.startswith("C1") & (rows["vintage"] <= BEFORE)]


@pytest.fixture(scope="module")
def new(national: Panel) -> pd.DataFrame:
    """The release of 2025, as if its file were read alone."""
    rows = national.observations
    rows = rows[rows["source"].str.startswith("C1")].sort_values("vintage", kind="stable")
    rows = rows.drop_duplicates(["la_code", "measure", "period"], keep="last")
    return rows.assign(vintage=DAY, source="C1 2025").reset_index(drop=True)


@pytest.fixture(scope="module")
def held(national: Panel, known: pd.DataFrame):
    def check(read: pd.DataFrame) -> list[Finding]:
        found = check_release_before(read, known, national.register)
        assert {(one.severity, one.code) for one in found} <= {("warning", OTHERWISE)}
        return found

    return check


def renamed(frame: pd.DataFrame, column: str, names: dict) -> pd.DataFrame:
    return frame.assign(**{column: frame[column].replace(names)})


def test_a_new_release_as_published(new, held):
    assert new["period"].max() == 2025
    assert held(new) == []


def test_a_new_release_of_some_authorities_alone(new, held, national: Panel):
    some = {code for code in new["la_code"] if code.startswith("8")}
    (one,) = held(new[new["la_code"].isin(some)])
    assert one.message.startswith("C1 2025 has no figures for City of London (201), Camden (202), ")
    assert "more, for which the latest release known has" in one.message
    assert one.message.endswith("was a filter left on, or were rows lost?")
    assert held(new[new["la_code"] != "835"]) == []  # closed in 2019


def test_each_release_that_lacks_an_authority_is_named(new, known, national: Panel):
    def both(rows: pd.DataFrame, year: str) -> pd.DataFrame:
        again = rows.assign(measure="d3_" + rows["measure"], source=f"D3 {year}")
        return pd.concat([rows, again], ignore_index=True)

    read = both(new[new["la_code"] != "383"], "2025")
    found = check_release_before(read, both(known, "2024"), national.register)
    measures = "assessed_not_in_need, no_further_action, referrals"
    assert [(one.file, one.la_code) for one in found] == [("C1 2025", "383"), ("D3 2025", "383")]
    assert f"no figures for Leeds (383), for which the latest release known has {measures}" in (
        found[0].message
    )


def test_a_release_that_is_known_is_for_the_other_check(new, held):
    assert held(renamed(new, "la_code", {"383": "382", "382": "383"}).assign(vintage=BEFORE)) == []


def test_each_release_since_2023_beside_those_before_it(national: Panel):
    """Corrections and new populations of three years, of every table: none is a doubt."""
    every = national.observations
    for first, last in [(date(2023, 12, 31), date(2025, 1, 31)), (date(2025, 1, 31), DAY)]:
        before, after = every[every["vintage"] <= first], every[every["vintage"] <= last]
        assert (after["vintage"] > first).sum() > 1000
        assert check_release_before(after, before, national.register) == []


@pytest.mark.parametrize("codes", [("383", "382"), ("383", "816"), ("383", "380", "373")])
def test_authorities_exchanged_in_all_years(new, held, codes):
    names = dict(zip(codes, codes[1:] + codes[:1], strict=True))
    found = held(renamed(new, "la_code", names))
    assert sorted(one.la_code for one in found) == sorted(codes)
    leeds = next(one.message for one in found if one.la_code == "383")
    assert leeds.startswith("most figures of Leeds (383) for the years before, of ")
    assert "referrals" in leeds
    assert leeds.endswith(
        "known): are they under another authority? Check the notes of C1 2025, or download it again"
    )


def test_many_authorities_are_counted(new, held):
    codes = sorted(set(new["la_code"]) - {"ENG", "201", "420", "857"})
    names = dict(zip(codes[:30], codes[1:30] + codes[:1], strict=True))
    assert held(renamed(new, "la_code", names))[-1].message == (
        "18 more authorities' figures are unlike those of the newest release known"
    )


@pytest.mark.parametrize("years", [(2015, 2016), (2024, 2025)])
def test_years_exchanged(new, held, years):
    one, other = years
    found = held(renamed(new, "period", {one: other, other: one}))
    # What is new has nothing to be held against.
    assert [one.period for one in found] == [year for year in years if year < 2025]
    assert "were years swapped?" in found[0].message
    assert f"most figures for {one} of assessed_not_in_need, no_further_action" in found[0].message


def test_columns_exchanged(new, held):
    pair = ["no_further_action", "assessed_not_in_need"]
    found = held(renamed(new, "measure", dict(zip(pair, pair[::-1], strict=True))))
    assert sorted(one.column for one in found) == sorted(pair)
    assert found[0].message.startswith(
        "most figures of assessed_not_in_need in C1 2025 for the years before are unlike those of "
        "the newest release known (for instance assessed_not_in_need of "
    )
    assert "were columns swapped, or is it counted in another way now?" in found[0].message


def test_one_figure(new, held):
    where = {"la_code": "383", "measure": "referrals", "period": 2023}
    at = np.logical_and.reduce([new[name] == cell for name, cell in where.items()])
    value = float(new.loc[at, "value"].iloc[0])
    assert held(new.assign(value=new["value"].where(~at, value * 2))) == []
    (found,) = held(new.assign(value=new["value"].where(~at, value * 3)))
    assert found.message == (
        f"referrals of Leeds (383) for 2023 is {value * 3:.12g}, and {value:.12g} in the newest "
        "release known: a cell may be wrong; check the notes of C1 2025"
    )
    half = new["period"].eq(2023) & new["la_code"].gt("850") & (new["value"] > 0)
    found = held(new.assign(value=new["value"].where(~half, new["value"] * 3)))
    assert len(found) == 13
    assert "more figures are far from those of the newest release known" in found[-1].message


def test_what_moves_in_plain_years(new, held):
    """New population estimates move all rates by a hundredth, some by several."""
    assert held(new.assign(value=new["value"] * 1.01)) == []
    one = new["la_code"] == "383"
    assert held(new.assign(value=new["value"] * (1 + 0.04 * one))) == []
    assert [found.la_code for found in held(new.assign(value=new["value"] * (1 + 0.1 * one)))] == [
        "383"
    ]


def test_what_a_new_release_repeats_may_stand_under_the_one_before(new, held, known):
    """Read together, only what is new or moved is of the newest release."""
    newest = pd.concat([known, new[new["period"] == 2025]])
    assert held(newest) == []
    moved = renamed(new, "la_code", {"383": "382", "382": "383"})
    both = pd.concat([known, moved[moved["la_code"].isin({"383", "382"})]])
    assert {one.la_code for one in held(both)} == {"383", "382"}


def test_measures_that_are_not_known(new, held):
    assert held(new.assign(measure="turnover")) == []
    assert held(new.head(0)) == []


def test_few_years_are_not_most_of_them(new, held):
    """Two earlier years of an authority that differ may be a correction."""
    few = new[new["period"] >= 2023]
    swapped = renamed(few, "la_code", {"383": "380", "380": "383"})
    assert [one for one in held(swapped) if one.la_code and np.isnan(one.period)] == []
    later = swapped.assign(vintage=DAY + timedelta(1))
    assert len(held(later)) == len(held(swapped))


def test_figures_that_are_not_available_any_longer(new, held):
    of = new["measure"].eq("rereferrals") & new["period"].eq(2022)
    gone = new.copy()
    gone.loc[of & new["la_code"].isin(["383", "816"]), ["value", "status"]] = [
        np.nan,
        "unavailable",
    ]
    (found,) = held(gone)
    assert (found.la_code, found.period, found.column) == ("383", 2022.0, "rereferrals")
    assert "rereferrals of Leeds (383), York (816) for 2022 is not available" in found.message
    one = new.copy()
    one.loc[of & new["la_code"].eq("383"), ["value", "status"]] = [np.nan, "unavailable"]
    assert held(one) == []  # as one release did
