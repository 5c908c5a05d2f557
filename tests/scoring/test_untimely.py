"""Rows with figures, or of authorities, that their day can't have."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

import earlywarn as ew
from earlywarn.errors import RowsWarning
from earlywarn.scoring.batch import score_rows
from earlywarn.scoring.untimely import AUTHORITY, FIGURES, OLD, UNPUBLISHED


def seen(rows: pd.DataFrame) -> dict[str, int]:
    doubted = score_rows(rows)[1].doubted
    return {
        what: doubted[what] for what in (FIGURES, UNPUBLISHED, OLD, AUTHORITY) if what in doubted
    }


def test_what_is_built_of_any_day_is_of_it(of_any_day) -> None:
    assert seen(of_any_day) == {}


@pytest.mark.parametrize("rows", [20, 153])
def test_figures_of_a_year_to_come(indicators, rows: int) -> None:
    early = indicators.reset_index().head(rows).assign(as_of="2024-12-31")
    found = {FIGURES: rows, UNPUBLISHED: rows}  # some of 2025, others of 2024 and later yet
    assert seen(early) == found
    assert seen(early.assign(as_of="")) == {}
    assert seen(early.drop(columns="as_of")) == {}
    texts = early.astype("str").replace("nan", "")
    assert seen(texts) == found


@pytest.mark.parametrize("as_of", ["31/03/2025", "2025-10-29", 20251029])
def test_figures_that_were_not_published_yet(as_of) -> None:
    rows = [{"la_code": "383", "as_of": as_of, "rereferrals": 24.0, "rereferrals_period": 2025}]
    assert seen(pd.DataFrame(rows)) == {UNPUBLISHED: 1}
    assert seen(pd.DataFrame(rows).assign(as_of="2025-10-30")) == {}


def test_a_day_that_is_only_assumed_or_to_come_is_no_ground() -> None:
    row = {"la_code": "383", "vacancies": 12.0, "rereferrals": 24.0}
    assumed = row | {"as_of": "2019-01-15", "vacancies_period": 2018}
    to_come = row | {"as_of": "2026-06-01", "rereferrals_period": 2026}
    in_its_month = row | {"as_of": "2017-11-02", "rereferrals_period": 2017}
    assert seen(pd.DataFrame([assumed, to_come, in_its_month])) == {}


def test_figures_of_long_ago() -> None:
    rows = [{"as_of": "2025-12-31", "caseload": 16.0, "caseload_period": year} for year in (19, 20)]
    rows = [row | {"caseload_period": 2000 + row["caseload_period"]} for row in rows]
    assert seen(pd.DataFrame(rows)) == {OLD: 1}


@pytest.mark.parametrize("times", [1, 20])
def test_cells_that_can_not_be_compared(times: int) -> None:
    cells = [[1], {}, np.array([1, 2]), None, date(2023, 3, 31), "2023-03-31"] * times
    codes = ["909", [909], None, 3.5, "942", "942"] * times
    frame = pd.DataFrame({"la_code": codes, "as_of": pd.Series(cells, dtype=object)})
    assert seen(frame.assign(caseload=16.0)) == {AUTHORITY: 2 * times}


@pytest.mark.parametrize("times", [1, 20])
@pytest.mark.parametrize(
    "names", [("909", "942"), (909, 942), ("Cumbria", "Cumberland"), ("E10000006", "E06000063")]
)
def test_authorities_that_were_not_there(names: tuple[object, object], times: int) -> None:
    old, new = names
    rows = [(old, "2023-03-31"), (old, "2023-04-01"), (new, "2023-03-31"), (new, "soon")]
    frame = pd.DataFrame(rows * times, columns=["la_code", "as_of"]).assign(caseload=16.0)
    assert seen(frame) == {AUTHORITY: 2 * times}
    assert seen(frame.assign(la_code="nobody")) == {}
    assert seen(frame.drop(columns="la_code")) == {}
    assert seen(frame.drop(columns="la_code").assign(la_name=frame["la_code"].astype(str))) == {
        AUTHORITY: 2 * times
    }


def test_it_is_said_and_scored_all_the_same() -> None:
    with pytest.warns(RowsWarning, match=r"did not exist on the row's as_of, in 1 row"):
        scored = ew.score_batch([{"la_code": "909", "as_of": "2025-12-31", "rereferrals": 24.0}])
    assert scored["status"].tolist() == ["scored"]
