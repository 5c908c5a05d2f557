"""Wide tables beside the LAIT file of the same release: each must say what the other says."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.helpers import published

from earlywarn.authorities import Register
from earlywarn.sources.figures_again import AGAIN, check_again, figures_again, populations
from earlywarn.sources.layouts import LAYOUTS
from earlywarn.sources.schema import ROUNDS_TO_ZERO, Finding
from earlywarn.sources.tabular_files import Table

REGISTER = Register.load()
NONE = float("nan")


def lait(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    """Rows of the file as text: description, year, value, number."""
    cells = pd.DataFrame(rows, columns=["short_desc", "years", "values", "la_number"], dtype="str")
    return figures_again(
        Table("lait.csv", {name: name for name in cells}, cells, cells.index.to_numpy())
    )


def figures(measure: str, newest: int = 2025, **cells: object) -> pd.DataFrame:
    """One figure of Leeds for 2025."""
    row = {"la_code": "383", "measure": measure, "period": 2025, "line": 7.0, "joint": False}
    row |= {"numerator": float("nan"), "denominator": NONE, "value": NONE}
    return pd.DataFrame([row | {"status": "published", "newest": newest} | cells])


def found(own: pd.DataFrame, again: pd.DataFrame, *others: pd.DataFrame) -> list[Finding]:
    tables = [("own.csv", own), *(("other.csv", other) for other in others)]
    return check_again(tables, again, REGISTER)


def test_a_figure_that_lait_has_otherwise_is_named() -> None:
    again = lait(("CPP_Total_NumRef", "2025", "8123", "383.0"))
    assert found(figures("referrals", value=8123.0), again) == []
    (one,) = found(figures("referrals", value=8132.0), again)
    assert (one.severity, one.code, one.file, one.line, one.la_code, one.period, one.found) == (
        "warning", "unlike-lait", "own.csv", 7.0, "383", 2025.0, "8132"
    )  # fmt: skip
    assert (
        "differs from CPP_Total_NumRef in the LAIT file of the same release: Leeds 2025 8132, "
        "not 8123." in (one.message)
    )


def test_files_of_two_releases_are_not_held_against_each_other() -> None:
    again = lait(("CPP_Total_NumRef", "2025", "8123", "383"))
    assert found(figures("referrals", newest=2026, value=8132.0), again) == []


@pytest.mark.parametrize(
    ("here", "there", "named"),
    [(NONE, "5", True), (3.0, "-", True), (NONE, "0", False), (NONE, "-", False)],
)
def test_a_figure_that_only_one_has_is_named(here: float, there: str, named: bool) -> None:
    again = lait(("LACnum", "2025", there, "383"), ("LACnum", "2025", "9", "384"))
    message = [one.message for one in found(figures("looked_after", numerator=here), again)]
    assert [text for text in message if "without a figure" in text] == message
    assert len(message) == named


def test_partners_of_a_joint_return_and_low_figures_may_stand_in_one_alone() -> None:
    again = lait(
        ("Work_Force_TO_Rate", "2025", "-", "383"), ("Work_Force_TO_Rate", "2025", "9", "1")
    )
    again = pd.concat([again, lait(("Work_Force_TO_Rate", "2025", "9", "384"))])
    assert len(found(figures("turnover", value=3.0), again)) == 1
    assert found(figures("turnover", value=3.0, joint=True), again) == []
    assert found(figures("turnover", value=0.0, status=ROUNDS_TO_ZERO), again) == []


def test_counts_are_held_against_rates_of_the_population_of_the_year_before() -> None:
    again = lait(("CIN", "2025", "300.0", "383"))
    people = figures("population_0_17", newest=2024, value=170_000.0, period=2024)
    assert found(figures("children_in_need", value=5100.0), again, people) == []
    (one,) = found(figures("children_in_need", value=5102.0), again, people)
    assert "children_in_need, calculated from its count and the population, differs" in one.message
    assert "Leeds 2025 300.1176471, not 300" in one.message
    assert found(figures("children_in_need", value=5102.0), again) == []
    assert found(figures("children_in_need", value=5102.0), again, people.assign(newest=2023)) == []


def test_a_population_that_several_files_have_is_there_once() -> None:
    people = figures("population_0_17", newest=2024, value=170_000.0, period=2024)
    assert len(populations([("a.csv", people), ("b.csv", people)])) == 1


def test_rows_that_cannot_be_read_are_passed_over() -> None:
    rows = [("LACnum", "2025", "many", "383"), ("LACnum", "2024-25", "9", "383")]
    assert lait(*rows, ("LACnum", "2025", "9", "Leeds"), ("PriFSM", "2025", "9", "383")).empty


def test_each_figure_is_one_of_a_wide_table() -> None:
    measures = {measure.name for layout in LAYOUTS for measure in layout.measures}
    assert {again.measure for again in AGAIN.values()} <= measures
    assert set(published.LAIT_VALUES) & set(AGAIN)
