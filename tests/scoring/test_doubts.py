"""Columns that look like a mistake are named in one line, and scored as they stand."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pandas as pd
import pytest

from earlywarn.authorities import ENGLAND
from earlywarn.errors import RowsWarning
from earlywarn.indicators.build import build_indicators
from earlywarn.indicators.catalogue import INDICATORS
from earlywarn.scoring.batch import score_batch, score_rows
from earlywarn.scoring.doubts import Seen, doubts_about, misspelt
from earlywarn.scoring.published import COUNTS, EVER, RATIOS, SMALLEST
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
        RowsWarning, match=f"^the column {re.escape(name)} .* did you mean {meant}"
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
        strange = score_batch(pd.DataFrame({"referrals": [1000], "referral": [2], 7: [3]}), model)
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
    days = [f"{year}-12-31" for year in range(2014, 2026)] + ["2021-06-30", "2026-06-30"]
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
    with pytest.warns(RowsWarning, match="rereferrals is not what .* give, in 1 row: it is used"):
        score_batch(rows, model)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"rereferrals_z": 300.0}, "rereferrals_z lies beyond 4 either way, in 1 row"),
        ({"absence_z": -24.5}, "absence_z lies beyond 4 either way, in 1 row"),
        ({"absence_z": 0.4, "absence_se": 24.5}, "absence_se is above 1, in 1 row"),
        ({"social_work_spend_z": 60.0}, "social_work_spend_z lies beyond 4"),
        ({"previously_good": 0.5}, "previously_good is neither 0 nor 1, in 1 row"),
        ({"rereferral_count": 1, "referrals": 3}, "referrals reaches 3, where authorities"),
        (
            {"caseload": 50.0, "cases": 25_000, "case_holders_fte": 500},
            "cases reaches 2.5e.04, where",
        ),
        ({"plan_rate": 160.0, "cin_rate": 330.0}, "plan_rate is not between 0.022 and 0.25 times"),
        ({"plan_rate": 4.9, "cin_rate": 330.0}, "plan_rate is not between"),
        ({"icpc_rate": 170.0, "section_47_rate": 70.0}, "icpc_rate is not between"),
        (
            {"no_further_action": 45.0, "assessed_not_in_need": 60.0},
            "no_further_action and assessed_not_in_need are above 100 together, in 1 row",
        ),
        ({"inpost_fte": 300, "posts_fte": 200}, "inpost_fte is not between"),
    ],
)
def test_what_no_authority_published_is_doubted(model, row, said: str) -> None:
    rows = [{"la_code": "383", "caseload": 16.0} | row, {"la_code": "380", "vacancies": 20.0}]
    with pytest.warns(RowsWarning, match=f"^{said}") as warned:
        assert set(score_batch(rows, model)["status"]) == {"scored"}
    assert len(warned) == 1
    texts = pd.DataFrame(rows).astype("str").replace("nan", "")
    with pytest.warns(RowsWarning, match=f"^{said}"):
        score_batch(texts, model)


def test_what_is_built_of_any_day_is_not_doubted(model, of_any_day) -> None:
    rows = of_any_day
    plain = rows[[name for name in rows if not name.endswith(("_z", "_se"))]]
    for given in (rows, plain, rows.round(2), rows.round(1)):
        assert score_rows(given, model)[1].said(Reference.of_model(model)) == []


def test_counts_and_ratios_are_those_of_the_panel(national) -> None:
    local = national.observations
    local = local[~local["la_code"].isin({ENGLAND, *SMALLEST})].drop_duplicates(
        ["la_code", "period", "measure"], keep="last"
    )
    counts: dict[str, list[pd.Series]] = {}
    for record in INDICATORS:
        figures = local[local["measure"] == record.measure].set_index(["la_code", "period"])
        if record.numerator:
            counts.setdefault(record.numerator, []).append(figures["numerator"])
            if record.kind != "rate":
                counts.setdefault(record.denominator, []).append(figures["denominator"])
    joined = {name: parts[0] for name, parts in counts.items()}
    assert set(COUNTS) == {*joined, "population_0_17"}
    for name, figures in joined.items():
        ever = COUNTS[name]
        assert ever.lowest <= figures.min(), name
        assert figures.max() <= ever.highest * 1.0001 <= 1.01 * figures.max(), name
        assert ever.zero or figures.min() > 0, name
    days = [f"{year}-12-31" for year in range(2014, 2026)]
    years = [build_indicators(national.as_of(day)).droplevel("as_of") for day in days]
    frame = pd.concat([year[~year.index.isin(SMALLEST)] for year in years])
    for part, whole, lowest, highest in RATIOS:
        source = joined if part in joined else frame
        ratio = (source[part] / source[whole]).dropna()
        assert len(ratio) > 1000
        assert 0.99 * lowest <= ratio.min() < 1.4 * lowest, (part, whole)
        assert 0.7 * highest < ratio.max() <= 1.01 * highest, (part, whole)


def test_one_column_in_the_place_of_another(model, indicators) -> None:
    rows = indicators.reset_index()[["la_code", "rereferrals", "caseload", "plans_two_years"]]
    rows["repeat_plans"] = rows["rereferrals"]
    with pytest.warns(RowsWarning, match="^repeat_plans and rereferrals have the same figures"):
        score_batch(rows, model)
    assert score_rows(rows.head(9), model)[1].said(Reference.of_model(model)) == []
    alike = rows.assign(rereferrals=20.0, repeat_plans=20.0)
    assert score_rows(alike, model)[1].said(Reference.of_model(model)) == []


@pytest.mark.parametrize("kind", ["numbers", "texts", "rounded"])
def test_a_value_changed_by_hand_in_a_table_or_a_file_of_it(model, indicators, kind: str) -> None:
    rows = indicators.reset_index()
    rows = rows.round(1) if kind == "rounded" else rows
    rows.loc[7, "rereferrals"] += 3.0
    rows = rows.astype("str").replace("nan", "") if kind == "texts" else rows
    assert score_rows(rows, model)[1].changed == {"rereferrals": 1}


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
