"""Rows into arrays: each figure in its place, however the rows come and are cut into blocks."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earlywarn.indicators import cube
from earlywarn.indicators.cube import OTHER, PUBLISHED, SUPPRESSED, cube_of

KEYS = st.tuples(st.sampled_from("ABCD"), st.sampled_from("xyz"), st.integers(2015, 2020))
FIGURES = st.tuples(
    st.floats(0, 9), st.floats(0, 9), st.floats(0, 9), st.sampled_from(["published", "suppressed"])
)
NAMES = ["la_code", "measure", "period", "numerator", "denominator", "value", "status"]


def table(rows: dict) -> pd.DataFrame:
    frame = pd.DataFrame([(*key, *row) for key, row in rows.items()], columns=NAMES)
    texts = dict.fromkeys(("la_code", "measure", "status"), "str")
    return frame.astype({**texts, "period": "int64", "value": "float64"})


@given(st.dictionaries(KEYS, FIGURES, max_size=12), st.integers(0, 12), st.integers(1, 5))
def test_each_figure_is_in_its_place(rows, cut, block) -> None:
    frame = table(rows)
    with mock.patch.object(cube, "_BLOCK", block):
        found = cube_of([frame.iloc[:cut], frame.iloc[cut:]], ["B", "E"], "D", 2018)
    assert found.areas == (*sorted({"B", "E", *(code for code, _, _ in rows)} - {"D"}), "D")
    assert sorted(found.tables) == sorted({measure for _, measure, _ in rows})
    years = found.years.astype(int).tolist()
    periods = [period for _, _, period in rows]
    assert years == ([*range(min(periods), max(periods) + 2)] if rows else [2018])
    for measure, figures in found.tables.items():
        for place, code in enumerate(found.areas):
            for column, year in enumerate(years):
                row = rows.get((code, measure, year), (np.nan, np.nan, np.nan, "published"))
                np.testing.assert_array_equal(figures[:, place, column], row[:3])
                status = SUPPRESSED if row[3] == "suppressed" else PUBLISHED
                assert found.statuses[measure][place, column] == status


@pytest.mark.parametrize("status", ["unreliable", None])
def test_any_other_status_is_one_of_its_own(status) -> None:
    frame = table({("A", "x", 2020): (1.0, 2.0, 3.0, status)})
    assert cube_of([frame], [], "E", 2020).statuses["x"][0, 0] == OTHER
