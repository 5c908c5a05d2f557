"""A year of a measure beside the year before: values that are gone, and figures that jump."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from earlywarn.authorities import Register
from earlywarn.sources.schema import Finding
from earlywarn.sources.whole_years import (
    check_copied_values,
    check_lost_values,
    check_moved_years,
    check_years,
)

CODES = [str(code) for code in range(300, 400)]


def years(measure: str, last: float, lost: int = 0, codes: list[str] = CODES) -> pd.DataFrame:
    """Three years of each authority's figure, the last one times a number, some of them gone."""
    own = pd.Series(range(20, 20 + len(codes)), index=codes, dtype=float)
    wide = pd.DataFrame({2022: own, 2023: own * 1.001, 2024: own * last})
    wide.loc[codes[:lost], 2024] = np.nan
    long = wide.rename_axis("la_code").reset_index().melt("la_code", None, "period")
    return long.assign(measure=measure)


def lost(*of: object, **more: object) -> list[Finding]:
    return check_lost_values(years(*of, **more), "rate", "a.csv")  # type: ignore[arg-type]


def moved(*of: object, **more: object) -> list[Finding]:
    return check_moved_years(years(*of, **more), "rate", "a.csv")  # type: ignore[arg-type]


@pytest.mark.parametrize("gone", [7, 50, 100])
def test_a_year_in_which_values_are_gone_is_named(gone: int) -> None:
    (found,) = lost("vacancies", 1.0, gone)
    assert (found.severity, found.code, found.period) == ("warning", "values-lost", 2024.0)
    assert found.message.startswith(
        f"{100 - gone}% of the authorities have a value of rate in 2024, and 100% in the year "
    )


def test_a_few_values_less_are_plain_and_more_so_where_counts_are_suppressed() -> None:
    assert lost("vacancies", 1.0, 5) == []
    assert lost("plans_two_years", 1.0, 14) == []
    assert len(lost("plans_two_years", 1.0, 16)) == 1
    assert lost("vacancies", 1.0, 5, CODES[:20]) == []


@pytest.mark.parametrize("times", [0.89, 1.12])
def test_a_year_of_another_age_group_is_named(times: float) -> None:
    (found,) = moved("population_0_17", times)
    assert (found.severity, found.code, found.period) == ("warning", "year-moved", 2024.0)
    assert f"{'rose' if times > 1 else 'fell'} by 1" in found.message


def test_plain_years_and_few_authorities_do_not_jump() -> None:
    assert moved("population_0_17", 1.015) == []
    assert moved("dental_checks", 0.5) == []  # as in 2021
    assert moved("population_0_17", 0.5, codes=CODES[:20]) == []
    assert moved("population_of_cats", 0.5) == []


REGISTER = Register.load()
PLACES = sorted(REGISTER.codes_on(pd.Timestamp(2024, 3, 31).date()))
EAST_MIDLANDS = sorted(
    REGISTER.authorities.loc[lambda own: own["region"].eq("East Midlands"), "la_code"]
)


def plain() -> pd.DataFrame:
    """Three years of real authorities, alike in order and never the same: authorities by years."""
    noise = np.random.default_rng(5)
    own = pd.Series(noise.uniform(40, 90, len(PLACES)), index=PLACES)
    return pd.DataFrame({year: own + noise.normal(0, 3, len(own)) for year in (2022, 2023, 2024)})


def said(wide: pd.DataFrame, measure: str = "care_leavers_active") -> list[Finding]:
    long = wide.rename_axis("la_code").reset_index().melt("la_code", None, "period")
    status = np.where(long["value"].isna(), "unavailable", "published")
    figures = long.assign(measure=measure, status=status)
    return [
        *check_years(figures, "EET", "lait.csv", REGISTER),
        *check_copied_values(figures, "EET", "lait.csv", REGISTER),
    ]


def test_plain_years_say_nothing() -> None:
    assert said(plain()) == []


def test_a_year_whose_values_slipped_by_a_row_is_named() -> None:
    wide = plain()
    wide[2024] = np.roll(wide[2024], 1)
    (found,) = said(wide)
    assert (found.severity, found.code, found.period) == ("warning", "order-lost", 2024.0)
    assert "are the values in the rows of other authorities?" in found.message
    assert said(wide, "dental_checks") == []  # 0.17 in a published year


@pytest.mark.parametrize(("of", "where"), [(PLACES, "all regions"), (None, "East Midlands")])
def test_values_of_the_year_before_are_named_for_all_and_for_a_region(
    of: list[str] | None, where: str
) -> None:
    wide = plain()
    codes = [code for code in of or EAST_MIDLANDS if code in PLACES]
    wide.loc[codes, 2024] = wide.loc[codes, 2023]
    (found,) = said(wide)
    assert (found.severity, found.code, found.period) == ("warning", "copied-year", 2024.0)
    assert f"in 2024, of {where}, are those of 2023" in found.message


def test_a_few_equal_values_and_zeros_are_plain() -> None:
    wide = plain()
    codes = [code for code in EAST_MIDLANDS if code in PLACES]
    wide.loc[codes[:6], 2024] = wide.loc[codes[:6], 2023]
    assert said(wide) == []
    wide.loc[codes, [2022, 2023, 2024]] = 0.0
    assert said(wide) == []


def test_a_region_none_of_whose_values_is_available_is_named() -> None:
    wide = plain()
    codes = [code for code in EAST_MIDLANDS if code in PLACES]
    wide.loc[codes[:4], 2024] = np.nan
    assert said(wide) == []
    wide.loc[codes, 2024] = np.nan
    found = {one.code: one for one in said(wide)}
    assert found["region-gone"].period == 2024.0
    assert (
        "100% of the authorities of East Midlands is not available in"
        in found["region-gone"].message
    )
