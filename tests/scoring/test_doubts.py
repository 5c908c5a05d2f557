"""Columns that look like a mistake are named in one line, and scored as they stand."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pandas as pd
import pytest

from earlywarn.errors import RowsWarning
from earlywarn.indicators.build import build_indicators
from earlywarn.indicators.catalogue import INDICATORS
from earlywarn.scoring.batch import score_batch, score_rows
from earlywarn.scoring.cells import EVER, SMALLEST
from earlywarn.scoring.doubts import Seen, doubts_about, misspelt
from earlywarn.scoring.reference import Reference


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("rereferals", "rereferrals"),
        ("rereferrals_zscore", "rereferrals_z"),
        ("Rereferrals", "rereferrals"),
        (" caseload", "caseload"),
        ("agency_worker", "agency_workers"),
        ("rereferrals_Z", "rereferrals_z"),
        ("as of", "as_of"),
        ("turnover_2025", "turnover"),
        ("caseload.1", "caseload"),
        ("health_checks (%)", "health_checks"),
    ],
)
def test_a_misspelt_column_beside_good_ones_is_named(model, name: str, meant: str) -> None:
    row = {"repeat_plans": 25.0, "vacancies": 18.0, name: 31.0}
    with pytest.warns(
        RowsWarning, match=f"^the column {re.escape(name)} .* is it {meant}"
    ) as warned:
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
    percentages = indicators[record.id].drop(["201", "420", "857"]).dropna()
    beside = pd.DataFrame({"caseload": np.full(len(percentages), 16.0)})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        score_batch(beside.assign(**{record.id: percentages.to_numpy()}), model)
        if EVER[record.id].zero:
            score_batch(beside.assign(**{record.id: 0.0}), model)
        score_batch(beside.assign(**{record.id: np.nan}), model)
    with pytest.warns(RowsWarning, match=f"^{record.id} never exceeds 1 .* shares of 1"):
        score_batch(beside.assign(**{record.id: percentages.to_numpy() / 100}), model)


@pytest.mark.parametrize(
    ("name", "value", "reach"),
    [
        ("caseload", 164.0, "164"),
        ("rereferrals", 0.0, "0"),
        ("icpc_in_15_days", 0.84, "0.84"),
        ("section_47_rate", 2.5, "2.5"),
        ("referral_rate", 5.57, "5.57"),
    ],
)
def test_a_figure_beyond_all_that_was_published_is_doubted(model, name, value, reach) -> None:
    rows = [{"la_code": "383", name: value}, {"la_code": "380", "vacancies": 20.0}]
    with pytest.warns(RowsWarning, match=f"^{name} reaches {reach}, where authorities published"):
        answer = score_batch(rows, model)
    assert set(answer["status"]) == {"scored"}
    (said,) = doubts_about(rows, Reference.of_model(model))
    assert said.startswith(f"{name} reaches {reach}, ")


def test_what_was_ever_published_is_what_the_panel_holds(national) -> None:
    days = [f"{year}-12-31" for year in range(2014, 2026)] + ["2026-06-30"]
    years = [build_indicators(national.as_of(day)).droplevel("as_of") for day in days]
    figures = pd.concat([year[~year.index.isin(SMALLEST)] for year in years])[[*EVER]]
    for name, ever in EVER.items():
        column = figures[name].dropna()
        low, high = column[column > 0].min(), column.max()
        # A revision within a year may have gone a little further than the ends of years show.
        assert 0.99 * low - 0.06 <= ever.lowest <= low + 0.06, name
        assert high - 0.06 <= ever.highest <= 1.01 * high + 0.06, name
        assert ever.zero == (column == 0).any(), name


def test_the_smallest_authorities_are_not_doubted(model, snapshot) -> None:
    rows = build_indicators(snapshot).reset_index()
    plain = rows[["la_code", *EVER]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        score_batch(plain, model)
    records = plain.astype(object).where(plain.notna(), None).to_dict("records")
    assert doubts_about(records, Reference.of_model(model)) == []


def test_a_value_that_its_counts_do_not_give_is_doubted(model) -> None:
    counts = {"rereferral_count": 350, "referrals": 1100}
    rows = [counts | {"rereferrals": value} for value in (31.8, 31.82, 12.0, None)]
    with pytest.warns(RowsWarning, match="rereferrals is not what .* give, in 1 rows: it is used"):
        score_batch(rows, model)


def test_doubts_of_parts_are_those_of_the_whole(model) -> None:
    parts = [pd.DataFrame({"vacancies": [value] * 3, "caseloads": 1}) for value in (0.2, 0.3)]
    seen = [Seen.of_facts(score_rows(part, model)[1].as_facts()) for part in parts]
    reference = Reference.of_model(model)
    whole = score_rows(pd.concat(parts, ignore_index=True), model)[1].said(reference)
    assert Seen.together(seen).said(reference) == whole
    assert [line.split()[0] for line in whole] == ["the", "vacancies"]
    assert len(seen[0].said(reference)) == 2  # 0.2% of vacancies was never published either


def test_a_row_with_nothing_known_says_so(model) -> None:
    answer = score_batch([{"rereferrals": None, "caseload": ""}, {"rereferrals": 20.0}], model)
    assert answer["status"].tolist() == ["refused: no figure is known", "scored"]
    assert answer["known"].tolist() == [0, 1]
    assert answer["risk"].notna().tolist() == [False, True]
