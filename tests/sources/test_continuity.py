"""Figures too far from their authority's other years, copied years, and releases that jump."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from earlywarn.authorities import Register
from earlywarn.sources.continuity import (
    check_copied_years,
    check_other_years,
    check_restated,
)
from earlywarn.sources.tabular_files import Table

REGISTER = Register.load()
YEARS = [2021, 2022, 2023, 2024]


def far(values: list[float], code: str = "383", measure: str = "section_47") -> list[str]:
    figures = pd.DataFrame(
        {
            "la_code": code,
            "measure": measure,
            "period": YEARS[: len(values)],
            "line": 2.0,
            "value": values,
        }
    )
    return [one.message for one in check_other_years(figures, "S47", "a.csv", REGISTER)]


@pytest.mark.parametrize("odd", [1710.0, 17.1, 0.0])
def test_a_figure_far_from_its_own_years_is_named(odd: float) -> None:
    (said,) = far([171.0, odd, 165.0, 180.0])
    assert said.startswith(f"Leeds has {odd:g} in 2022, and 165 to 180 in the years around it")


def test_a_share_among_percentages_is_named() -> None:
    (said,) = far([80.0, 0.8, 78.0, 82.0], measure="dental_checks")
    assert said.startswith("Leeds has 0.8 in 2022, and 78 to 82 in the years around it")
    assert far([8.0, 0.8, 7.0, 9.0], measure="vacancies") == []


def test_plain_years_small_authorities_and_unsteady_measures_say_nothing() -> None:
    assert far([171.0, 250.0, 120.0, 180.0]) == []
    assert far([10.0, 90.0, 12.0], code="420") == []
    assert far([2.0, 0.0, 12.0], measure="absence") == []
    assert far([171.0, 1710.0]) == []


def copied(counts: list[list[str]], years: tuple[int, ...] = (2023, 2024)) -> list[str]:
    rows = [(code, year) for code in ("383", "380") for year in years]
    cells = pd.DataFrame(
        [[str(year), *row] for (_, year), row in zip(rows, counts, strict=True)],
        columns=["time_period", "a", "b"],
        dtype="str",
    )
    places = pd.DataFrame(
        {"row": range(len(rows)), "line": range(2, len(rows) + 2)}
        | {"la_code": [code for code, _ in rows], "period": [year for _, year in rows]}
    )
    columns = {"time_period": "time_period", "a": "a", "b": "b"}
    table = Table("a.csv", columns, cells, np.arange(2, len(rows) + 2))
    return [one.message for one in check_copied_years(table, places, {"time_period"}, REGISTER)]


def test_a_year_copied_over_another_is_named() -> None:
    plain = ["410", "220"], ["430", "205"]
    assert copied([["900", "300"], ["901", "300"], *plain]) == []
    (said,) = copied([["900", "300"], ["900", "300"], *plain])
    assert said.startswith("all counts of Leeds in 2024 are those of 2023")


def test_a_year_copied_over_one_two_years_later_is_named() -> None:
    plain = ["410", "220"], ["430", "205"], ["440", "210"]
    leeds = [["900", "300"], ["940", "310"], ["900", "300"]]
    (said,) = copied([*leeds, *plain], (2022, 2023, 2024))
    assert said.startswith("all counts of Leeds in 2024 are those of 2022")


def test_one_count_alone_is_named_where_many_authorities_have_it() -> None:
    (said,) = copied([["900", "z"], ["900", "z"], ["410", "z"], ["430", "z"]])
    assert said.startswith("all counts of Leeds")


def releases(factor: float, only: int | None = None) -> list[str]:
    codes = [f"{code}" for code in range(300, 360)]
    new = [100.0 * (factor if only in {None, at} else 1.0) for at in range(len(codes))]
    frame = pd.DataFrame({"la_code": codes, "measure": "icpc", "period": 2023, "file": "a.csv"})
    both = pd.concat(
        [frame.assign(vintage=2024, value=100.0), frame.assign(vintage=2025, value=new)]
    )
    ordered = both.sort_values(["la_code", "vintage"], ignore_index=True)
    return [one.message for one in check_restated(ordered)]


def test_a_release_that_moves_half_of_a_year_is_named() -> None:
    assert releases(1.01) == []
    (said,) = releases(1.2)
    assert said.startswith("half of the figures of icpc for 2023 moved by more than 18%")


def test_a_release_that_moves_one_figure_beyond_all_others_is_named() -> None:
    assert releases(2.0, only=3) == []
    (said,) = releases(3.0, only=3)
    assert said.startswith("icpc of 303 for 2023 is 300, and 100 in the release before")
