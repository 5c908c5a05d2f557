"""Rows with figures, or of authorities, that their day can't have."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

import earlywarn as ew
from earlywarn.authorities import Register
from earlywarn.errors import RowsWarning
from earlywarn.indicators.build import build_indicators
from earlywarn.scoring.untimely import AUTHORITY, FIGURES, untimely

REGISTER = Register.load()


@pytest.mark.parametrize("day", ["2016-01-15", "2019-04-01", "2023-03-31", "2025-12-31"])
def test_what_is_built_of_a_day_is_of_it(national, day: str) -> None:
    assert untimely(build_indicators(national.as_of(day)).reset_index(), REGISTER) == {}


@pytest.mark.parametrize("rows", [20, 153])
def test_figures_of_a_year_to_come(indicators, rows: int) -> None:
    early = indicators.reset_index().head(rows).assign(as_of="2024-12-31")
    assert untimely(early, REGISTER) == {FIGURES: rows}
    assert untimely(early.assign(as_of="31/03/2025"), REGISTER) == {}
    assert untimely(early.assign(as_of=""), REGISTER) == {}
    assert untimely(early.drop(columns="as_of"), REGISTER) == {}


@pytest.mark.parametrize("times", [1, 20])
def test_cells_that_can_not_be_compared(times: int) -> None:
    cells = [[1], {}, np.array([1, 2]), None, date(2023, 3, 31), "2023-03-31"] * times
    codes = ["909", [909], None, 3.5, "942", "942"] * times
    frame = pd.DataFrame({"la_code": codes, "as_of": pd.Series(cells, dtype=object)})
    assert untimely(frame, REGISTER) == {AUTHORITY: 2 * times}


@pytest.mark.parametrize("times", [1, 20])
def test_authorities_that_were_not_there(times: int) -> None:
    rows = [("909", "2023-03-31"), ("909", "2023-04-01"), ("942", "2023-03-31"), ("383", "soon")]
    frame = pd.DataFrame(rows * times, columns=["la_code", "as_of"])
    assert untimely(frame, REGISTER) == {AUTHORITY: 2 * times}
    assert untimely(frame.assign(la_code="nobody"), REGISTER) == {}
    assert untimely(frame.drop(columns="la_code"), REGISTER) == {}


def test_it_is_said_and_scored_all_the_same() -> None:
    with pytest.warns(RowsWarning, match=r"did not exist on the row's as_of, in 1 rows"):
        scored = ew.score_batch([{"la_code": "909", "as_of": "2025-12-31", "rereferrals": 24.0}])
    assert scored["status"].tolist() == ["scored"]
