"""Columns that look like a mistake are named in one line, and scored as they stand."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from earlywarn.errors import RowsWarning
from earlywarn.indicators.build import build_indicators
from earlywarn.indicators.catalogue import INDICATORS
from earlywarn.scoring.batch import score_batch
from earlywarn.scoring.doubts import misspelt


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("rereferals", "rereferrals"),
        ("Rereferrals", "rereferrals"),
        (" caseload", "caseload"),
        ("agency_worker", "agency_workers"),
        ("rereferrals_Z", "rereferrals_z"),
        ("as of", "as_of"),
    ],
)
def test_a_misspelt_column_beside_good_ones_is_named(model, name: str, meant: str) -> None:
    row = {"repeat_plans": 25.0, "vacancies": 18.0, name: 31.0}
    with pytest.warns(RowsWarning, match=f"^the column {name} .* is it {meant}") as warned:
        answer = score_batch([row], model)
    assert len(warned) == 1
    assert "\n" not in str(warned[0].message)
    assert answer["status"].item() == "scored"
    assert answer[name].item() == 31.0


def test_other_columns_are_passed_through_in_silence(model, snapshot) -> None:
    rows = build_indicators(snapshot).reset_index().head(3)
    rows = rows.assign(la_name="x", region="y", rereferral_notes="z", id=1, year=2025)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scored = score_batch(rows, model)
        strange = score_batch(pd.DataFrame({"referrals": [1], "referral": [2], 7: [3]}), model)
    assert scored["rereferral_notes"].tolist() == ["z"] * 3
    assert strange[["referral", 7]].to_numpy().tolist() == [[2, 3]]


def test_a_name_that_stands_right_beside_is_not_doubted() -> None:
    assert misspelt(["caseload", "caseloads"]) == []
    assert len(misspelt(["caseloads"])) == 1


@pytest.mark.parametrize(
    "record",
    [each for each in INDICATORS if each.unit.startswith("%")],
    ids=lambda record: record.id,
)
def test_shares_for_percentages_are_doubted_and_percentages_are_not(
    model, indicators, record
) -> None:
    percentages = indicators[record.id].dropna()
    beside = pd.DataFrame({"caseload": np.full(len(percentages), 16.0)})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        score_batch(beside.assign(**{record.id: percentages.to_numpy()}), model)
        score_batch(beside.assign(**{record.id: 0.0}), model)
        score_batch(beside.assign(**{record.id: np.nan}), model)
    with pytest.warns(RowsWarning, match=f"^{record.id} never exceeds 1 .* shares of 1"):
        score_batch(beside.assign(**{record.id: percentages.to_numpy() / 100}), model)


def test_a_row_with_nothing_known_says_so(model) -> None:
    answer = score_batch([{"rereferrals": None, "caseload": ""}, {"rereferrals": 20.0}], model)
    assert answer["status"].tolist() == ["refused: no figure is known", "scored"]
    assert answer["known"].tolist() == [0, 1]
    assert answer["risk"].notna().tolist() == [False, True]
