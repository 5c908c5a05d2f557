"""A year of a measure beside the year before: values that are gone, and figures that jump."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from earlywarn.sources.schema import Finding
from earlywarn.sources.whole_years import check_lost_values, check_moved_years

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
