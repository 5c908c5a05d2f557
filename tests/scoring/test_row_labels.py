"""Rows say whom they are about as people write it, and a value agrees with the level beside it."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from earlywarn.errors import RowsWarning
from earlywarn.indicators.build import build_indicators
from earlywarn.scoring.batch import score_batch

FORMS = ["383", 383, "Leeds", "leeds city council", "E08000035", "St Helen's"]


@pytest.fixture(scope="module")
def built(snapshot) -> pd.DataFrame:
    return build_indicators(snapshot).reset_index()


@pytest.mark.parametrize("label", ["la_code", "la_name"])
def test_every_form_that_explain_takes(model, label: str) -> None:
    rows = pd.DataFrame({label: pd.Series(FORMS, dtype=object), "caseload": 16.0})
    found = score_batch(rows, model)
    assert set(found["status"]) == {"scored"}
    assert found[label].tolist() == FORMS


def test_what_means_none_or_several_is_refused(model) -> None:
    rows = [{"la_name": name, "caseload": 16.0} for name in ("New", "Atlantis", "England", "")]
    told = score_batch(rows, model)["status"].tolist()
    assert told[0] == "refused: la_name is the beginning of several authorities' names"
    assert told[1:3] == ["refused: la_name is no authority's"] * 2
    assert told[3] == "scored"


def test_beside_a_code_a_name_is_passed_through(model) -> None:
    row = {"la_code": "383", "la_name": "our area", "caseload": 16.0}
    (found,) = score_batch([row], model)[["la_name", "status"]].to_dict("records")
    assert found == {"la_name": "our area", "status": "scored"}


@pytest.mark.parametrize(("code", "name"), [("383", "Bradford"), (330.0, "Leeds City Council")])
def test_a_code_beside_another_authoritys_name_is_refused(model, code: object, name: str) -> None:
    row = {"la_code": code, "la_name": name, "caseload": 16.0}
    told = score_batch([row], model)["status"].item()
    assert told == "refused: la_name is another authority's than la_code"


def test_a_place_before_and_after_its_reorganisation_is_one(model) -> None:
    rows = [{"la_code": code, "la_name": "Dorset", "caseload": 16.0} for code in ("835", "838")]
    assert set(score_batch(rows, model)["status"]) == {"scored"}


def test_a_row_without_a_code_is_read_by_its_name_whatever_stands_beside_it(model) -> None:
    given = [
        {"la_name": "Atlantis", "caseload": 16.0},
        {"la_code": None, "la_name": "Leeds", "caseload": 16.0},
        {"la_code": "NA", "la_name": "New", "caseload": 16.0},
        {"la_code": "383", "la_name": "Atlantis", "caseload": 16.0},
        {"caseload": 16.0},
    ]
    together = score_batch(given, model)["status"].tolist()
    assert together == [score_batch([row], model)["status"].item() for row in given]
    assert [status == "scored" for status in together] == [False, True, False, True, True]


def test_a_label_twice_refuses_the_rows_that_need_it(model) -> None:
    rows = pd.DataFrame([["383", "Leeds", "Leeds", 16.0], ["", "Leeds", "Leeds", 16.0]])
    rows.columns = ["la_code", "la_name", "la_name", "caseload"]
    told = score_batch(rows, model)["status"].tolist()
    assert told == ["scored", "refused: la_name stands twice"]


def test_names_find_what_is_published_of_them(model, snapshot, built) -> None:
    names = dict(zip(snapshot.authorities["la_code"], snapshot.authorities["la_name"], strict=True))
    plain = built[[c for c in built.columns if not c.endswith(("_z", "_se"))]]
    named = plain.assign(la_code=plain["la_code"].map(names))
    found, expected = (
        score_batch(rows.drop(columns="free_school_meals"), model, snapshot=snapshot)["risk"]
        for rows in (named, plain)
    )
    assert found.notna().all()
    assert found.tolist() == expected.tolist()


class TestAValueBesideItsLevel:
    def test_published_ones_agree(self, model, snapshot, national) -> None:
        for day in ("2017-12-31", "2025-12-31"):
            X = build_indicators(national.as_of(day))
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                assert set(score_batch(X, model)["status"]) == {"scored"}
        found = score_batch(X, model, snapshot=national.as_of("2025-12-31"))
        assert set(found["status"]) == {"scored"}

    def test_far_from_it_the_row_is_refused(self, model, built) -> None:
        lowest = built.sort_values("rereferrals_z").head(5)
        changed = lowest.assign(rereferrals=[99.0, *lowest["rereferrals"].iloc[1:5]])
        with pytest.warns(RowsWarning, match="rereferrals in 1 row"):
            told = score_batch(changed, model)["status"].tolist()
        assert told == ["refused: rereferrals contradicts rereferrals_z", *["scored"] * 4]

    def test_within_a_days_figures_less_is_enough(self, model, snapshot, built) -> None:
        changed = built.assign(rereferrals=35.0)
        with pytest.warns(RowsWarning, match="rereferrals in 15. rows.*with_figures"):
            told = score_batch(changed, model, snapshot=snapshot)["status"]
        refused = told == "refused: rereferrals contradicts rereferrals_z"
        assert refused.sum() > 120
        assert set(told[~refused]) == {"scored"}


@pytest.mark.parametrize(
    "day", ["2024-06", "2024", np.datetime64("2024-06"), np.datetime64("2024")]
)
def test_a_month_or_a_year_is_no_day(day: object) -> None:
    answer = score_batch([{"caseload": 16.0, "as_of": day}, {"caseload": 16.0, "as_of": None}])
    assert answer["status"].tolist() == ["refused: as_of is no date", "scored"]
