"""The numbered checks: each one passing, failing and not applicable, and the planted faults."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.helpers import backtests

from earlywarn.errors import UsageError
from earlywarn.evaluation import checks
from earlywarn.evaluation.checks import CHECKS, Evidence, as_frame, run_checks
from earlywarn.indicators.catalogue import scored_indicators
from earlywarn.judgements.targets import cohort, get_target
from earlywarn.model.prior import WeightPrior


@pytest.fixture(scope="module")
def evidence(model, national) -> Evidence:
    """A real backtest of a few development quarters, and the model in use."""
    found = backtests.evaluated()
    day = national.newest_publication
    return Evidence(backtests.small(), found.records, found.paired, model, national, day)


@pytest.fixture(scope="module")
def invented(evidence) -> Evidence:
    """The same with invented forecasts of both windows."""
    return dataclasses.replace(evidence, backtest=backtests.toy())


def one(number: int, evidence: Evidence):
    (result,) = run_checks(evidence, mute=set(CHECKS) - {number})
    assert result.number == number
    assert result.title == CHECKS[number][0]
    assert len(result.sentence) > 20
    return result


def status(number: int, evidence: Evidence) -> str:
    return one(number, evidence).status


def with_forecasts(evidence: Evidence, forecasts: pd.DataFrame) -> Evidence:
    backtest = dataclasses.replace(evidence.backtest, forecasts=forecasts)
    return dataclasses.replace(evidence, backtest=backtest)


def with_figures(evidence: Evidence, **columns) -> Evidence:
    rows = evidence.panel.observations.assign(**columns)
    return dataclasses.replace(
        evidence, panel=dataclasses.replace(evidence.panel, observations=rows)
    )


def record_of(**values) -> pd.DataFrame:
    row = {"model": "earlywarn", "window": "confirmation", "lead_months": 0, "n": 90}
    return pd.DataFrame([row | values])


# --- the door ------------------------------------------------------------------------------------


def test_the_numbers_never_change_their_meaning():
    assert list(CHECKS) == list(range(1, 14))
    words = {1: "training", 2: "before it was published", 5: "previous", 8: "drift", 12: "left out"}
    for number, word in words.items():
        assert word in CHECKS[number][0]


def test_muted_checks_are_left_out(evidence):
    muted = set(CHECKS) - {3, 8}
    results = run_checks(evidence, mute=muted)
    assert [result.number for result in results] == [3, 8]
    frame = as_frame(results)
    assert list(frame.columns) == ["number", "title", "status", "sentence"]
    assert frame["status"].isin(["pass", "fail", "not applicable"]).all()
    assert as_frame(()).empty


@pytest.mark.parametrize("number", [0, 14, -1])
def test_an_unknown_number_is_refused(evidence, number):
    with pytest.raises(UsageError, match=f"mute: no such check: found {number}; expected 1 to 13"):
        run_checks(evidence, mute=[1, number])


# --- planted faults ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def all_development(evidence) -> Evidence:
    """With all inspections of the development years, so that there are enough for check 13."""
    target, begun = get_target("any_inadequate"), cohort(evidence.panel.judgements)
    inside = begun["inspection_start"].between(date(2016, 1, 1), date(2021, 12, 31))
    cases = begun[inside].reset_index(drop=True)
    cases = cases.assign(label=target.label(cases), grade=target.grade(cases))
    cases = cases[cases["label"].notna()].reset_index(drop=True)
    backtest = dataclasses.replace(evidence.backtest, judgements=cases)
    return dataclasses.replace(evidence, backtest=backtest)


def leaked(evidence: Evidence, step: float) -> Evidence:
    """The newest re-referrals before each inspection overwritten with the grade to come."""
    rows = evidence.panel.observations.copy()
    ours = rows[rows["measure"] == "rereferrals"]
    for case in evidence.backtest.judgements.to_dict("records"):
        public = ours[
            (ours["la_code"] == case["la_code"]) & (ours["published_on"] < case["inspection_start"])
        ]
        newest = public.index[public["period"] == public["period"].max()]
        value = 1 + step * float(case["grade"])
        rows.loc[newest, "value"] = value
        rows.loc[newest, "numerator"] = value / 100 * rows.loc[newest, "denominator"]
    panel = dataclasses.replace(evidence.panel, observations=rows)
    return dataclasses.replace(evidence, panel=panel)


def ahead(evidence: Evidence) -> Evidence:
    """The grade to come as re-referrals of the year after, dated the day before the inspection."""
    cases, rows = evidence.backtest.judgements, evidence.panel.observations
    template = rows[rows["measure"] == "rereferrals"].iloc[0]
    eve = [day - timedelta(days=1) for day in cases["inspection_start"]]
    planted = pd.DataFrame([template] * len(cases)).assign(
        la_code=cases["la_code"].to_numpy(),
        period=[day.year + 1 for day in eve],
        value=5 + 15 * cases["grade"].to_numpy(dtype=float),
        published_on=eve,
        vintage=eve,
    )
    figures = pd.concat([rows, planted.astype(rows.dtypes.to_dict())], ignore_index=True)
    return dataclasses.replace(
        evidence, panel=dataclasses.replace(evidence.panel, observations=figures)
    )


def test_no_published_figure_is_too_good(all_development):
    result = one(13, all_development)
    assert result.status == "pass"
    assert 0.55 < float(result.sentence.split("; above")[0].split()[-1]) < 0.8


def test_a_figure_that_is_the_future_grade_is_too_good(all_development):
    """Even one so small that it is cut off when it is compared."""
    result = one(13, leaked(all_development, 1.0))
    assert result.status == "fail"
    assert "best single figure, rereferrals" in result.sentence


def test_a_figure_of_a_year_that_is_not_over_was_used_too_early(evidence):
    assert status(2, evidence) == "pass"
    result = one(2, ahead(evidence))
    assert result.status == "fail"
    assert result.sentence.startswith(f"{len(evidence.backtest.judgements)} of ")
    assert "the first rereferrals of" in result.sentence


def test_a_model_that_saw_the_outcome_is_caught(evidence):
    assert status(1, evidence) == "pass"
    rows = evidence.backtest.forecasts
    late = rows["trained_until"].where(rows.index != 7, "2099-01-01")
    result = one(1, with_forecasts(evidence, rows.assign(trained_until=late)))
    assert result.status == "fail"
    assert result.sentence.startswith(f"1 of {len(rows)} forecasts")


def test_a_forecast_after_the_start_is_caught(evidence):
    rows = evidence.backtest.forecasts
    late = rows["as_of"].where(rows.index != 3, "2018-12-31")
    assert status(1, with_forecasts(evidence, rows.assign(as_of=late))) == "fail"


def test_hard_cases_left_out_are_caught(evidence):
    assert status(12, evidence) == "pass"
    rows = evidence.backtest.forecasts
    ours = rows["model"] == "earlywarn"
    hard = rows[ours & (rows["label"] == 1) & (rows["lead_months"] == 0)].nsmallest(3, "risk")
    cases = hard["la_code"] + hard["inspection_start"]
    gone = (rows["la_code"] + rows["inspection_start"]).isin(cases)
    for missing in (gone, gone & ours):
        result = one(12, with_forecasts(evidence, rows[~missing]))
        assert result.status == "fail"
        assert result.sentence.startswith("3 of ")
    assert status(12, with_forecasts(evidence, rows.iloc[:0])) == "fail"


def test_a_forecast_of_no_inspection_is_caught(evidence):
    rows = evidence.backtest.forecasts
    easy = rows.iloc[[0]].assign(inspection_start="2017-12-25", lead_months=0)
    strange = pd.concat([rows, easy], ignore_index=True)
    result = one(12, with_forecasts(evidence, strange))
    assert result.status == "fail"
    assert "1 forecasts belong to none" in result.sentence


# --- each of the others --------------------------------------------------------------------------


@pytest.mark.parametrize(("assumed", "expected"), [(False, "pass"), (True, "fail")])
def test_assumed_dates(evidence, assumed, expected):
    result = one(3, with_figures(evidence, date_assumed=assumed))
    assert result.status == expected
    assert result.sentence.startswith("100%" if assumed else "0%")


def test_sample_size(invented, monkeypatch):
    """The check turns with the cases, with the parameters, and with what the model explains."""
    monkeypatch.setattr(checks, "_free_parameters", lambda _: 6.0)
    needed = int(one(4, invented).sentence.split()[-1])
    assert needed > 20
    training = invented.model.info["training"]
    for inspections, expected in ((needed, "pass"), (needed - 1, "fail")):
        info = {**invented.model.info, "training": {**training, "inspections": inspections}}
        enough = dataclasses.replace(invented, model=invented.model.with_info(info))
        assert status(4, enough) == expected
        if expected == "pass":
            monkeypatch.setattr(checks, "_free_parameters", lambda _: 6.5)
            result = one(4, enough)
            assert result.status == "fail"
            assert "about 6.5 parameters" in result.sentence
            monkeypatch.setattr(checks, "_free_parameters", lambda _: 6.0)
    rows = invented.backtest.forecasts
    later = with_forecasts(invented, rows[rows["window"] == "confirmation"])
    assert status(4, later) == "not applicable"
    wrong = with_forecasts(invented, rows.assign(risk=0.99 - 0.98 * rows["label"]))
    result = one(4, wrong)
    assert result.status == "fail"
    assert "explains nothing" in result.sentence


def test_the_parameters_that_the_data_decide_are_counted_from_the_hessian():
    """One for each threshold, and of each weight as much as the prior leaves to the cases."""
    records = tuple(record for record in scored_indicators() if record.family != "demand")
    history = np.array([record.kind == "history" for record in records])
    rng = np.random.default_rng(5)
    X = rng.normal(size=(300, len(records)))
    X[:, history] = rng.integers(0, 2, (300, history.sum())) - 0.5
    grade = rng.integers(0, 4, 300)
    usual = WeightPrior()
    free = checks.free_parameters(X, grade, records, usual)
    parts = ("composite_sd", "family_sd", "indicator_sd", "history_sd", "inadequate_sd",
             "history_own_sd", "inadequate_own_sd")  # fmt: skip
    held = dataclasses.replace(usual, **dict.fromkeys(parts, 1e-4))
    assert checks.free_parameters(X, grade, records, held) == pytest.approx(3, abs=0.01)
    alike = dataclasses.replace(usual, history_own_sd=0.0, inadequate_own_sd=0.0)
    assert 3 < checks.free_parameters(X, grade, records, alike) < free - 1
    loose = dataclasses.replace(usual, **dict.fromkeys(parts, 10.0))
    most = 3 + (~history).sum() + 3 * history.sum()
    assert checks.free_parameters(X, grade, records, loose) == pytest.approx(most, abs=0.5)


def test_the_models_own_cases_and_prior_are_counted(evidence):
    """Those up to its cut: an early one, by which three grades had been given, as it is quick."""
    training = {**evidence.model.info["training"], "until": "2015-09-30"}
    model = evidence.model.with_info({**evidence.model.info, "training": training})
    free = checks._free_parameters(dataclasses.replace(evidence, model=model))
    assert 2 < free < 6


@pytest.mark.parametrize(
    ("lower", "window", "expected"),
    [
        (0.02, "confirmation", "pass"),
        (-0.01, "confirmation", "fail"),
        (-0.01, "from 2022", "fail"),
        (np.nan, "confirmation", "not applicable"),
        (0.02, "from 2018", "not applicable"),
        (0.02, "development", "not applicable"),
    ],
)
def test_against_the_previous_judgement(evidence, lower, window, expected):
    row = {"model": "earlywarn", "against": "previous judgement", "measure": "auc"}
    row |= {"lead_months": 0, "window": window, "difference": 0.1, "lower": lower, "upper": 0.2}
    others = [row | {"against": "deprivation", "lower": -1.0}, row | {"measure": "brier"}]
    paired = pd.DataFrame([others[0], row, others[1] | {"lower": -1.0}])
    assert status(5, dataclasses.replace(evidence, paired=paired)) == expected


def test_the_development_years_do_not_decide_against_the_previous_judgement(evidence):
    """The model was chosen on them: a window that holds one of them is no test."""
    row = {"model": "earlywarn", "against": "previous judgement", "measure": "auc"}
    row |= {"lead_months": 0, "difference": 0.1, "upper": 0.2}
    windows = {"development": 0.05, "from 2018": 0.05, "confirmation": 0.05, "from 2022": -0.01}
    paired = pd.DataFrame([row | {"window": w, "lower": low} for w, low in windows.items()])
    result = one(5, dataclasses.replace(evidence, paired=paired))
    assert result.status == "fail"
    assert result.sentence.startswith("in 2022 to August 2026")


@pytest.mark.parametrize(("before", "after", "expected"), [
    (1.0, 1.0, "pass"), (0.6, 1.0, "fail"), (1.0, 0.5, "fail"), (1.6, 1.0, "fail"),
])  # fmt: skip
def test_calibration_looks_at_all_years_and_at_those_that_chose_nothing(
    invented, before, after, expected
):
    rows = invented.backtest.forecasts
    for window, ratio in (("development", before), ("confirmation", after)):
        here = rows["window"] == window
        share = rows.loc[here & (rows["model"] == "earlywarn"), "label"].mean()
        rows = rows.assign(risk=rows["risk"].mask(here, share / ratio))
    result = one(6, with_forecasts(invented, rows))
    assert result.status == expected
    assert "all years" in result.sentence
    assert "2022 to March 2025" in result.sentence
    later = rows[rows["lead_months"] > 0]
    assert status(6, with_forecasts(invented, later)) == "not applicable"


def test_rank_intervals(evidence, monkeypatch):
    model = evidence.model
    unsure = dataclasses.replace(model, covariance=model.covariance * 1e3)
    result = one(7, dataclasses.replace(evidence, model=unsure))
    assert result.status == "fail"
    assert int(result.sentence.split()[0]) > 10
    frame = pd.DataFrame({"rank_lower": [1, 1, 2, 3], "rank_upper": [3, 2, 4, 4]})
    monkeypatch.setattr("earlywarn.evaluation.checks.score_quietly", lambda *_: frame)
    assert status(7, evidence) == "pass"
    monkeypatch.setattr(
        "earlywarn.evaluation.checks.score_quietly", lambda *_: frame.assign(rank_upper=4)
    )
    assert one(7, evidence).sentence.startswith("2 of 4 authorities")


def test_drift(evidence):
    assert status(8, evidence) == "pass"
    old = evidence.model.with_info({**evidence.model.info, "sunset": "2025-01-01"})
    result = one(8, dataclasses.replace(evidence, model=old))
    assert result.status == "fail"
    assert "2025-01-01" in result.sentence


def test_register_gaps(evidence):
    panel = evidence.panel
    clean = dataclasses.replace(panel, findings=panel.findings.iloc[:0])
    rows = panel.observations
    snapshot = panel.as_of(evidence.as_of)
    seen = set(snapshot.observations.loc[snapshot.observations["value"].notna(), "la_code"])
    assert set(snapshot.authorities["la_code"]) <= seen
    assert status(9, dataclasses.replace(evidence, panel=clean)) == "pass"
    lost = dataclasses.replace(clean, observations=rows[rows["la_code"] != "202"])
    result = one(9, dataclasses.replace(evidence, panel=lost))
    assert result.status == "fail"
    assert result.sentence.startswith("1 authorities")
    strange = panel.findings.head(1).assign(code="unknown-authority")
    if strange.empty:
        row = dict.fromkeys(panel.findings.columns, "")
        strange = pd.DataFrame([row | {"code": "unknown-authority"}])
    assert status(9, dataclasses.replace(
        evidence, panel=dataclasses.replace(panel, findings=strange)
    )) == "fail"  # fmt: skip


def test_revised_history(evidence):
    assert status(10, evidence) == "fail"
    rows = evidence.panel.observations
    assert status(10, with_figures(evidence, vintage=rows["published_on"])) == "pass"


def test_group_differences(invented, evidence):
    rows = invented.backtest.forecasts
    assert status(11, evidence) == "not applicable"
    result = one(11, with_forecasts(invented, rows.assign(risk=0.01)))
    assert result.status == "fail"
    assert "London (region)" in result.sentence
    fair = with_forecasts(invented, rows.assign(risk=rows["label"].clip(0.02, 0.98)))
    assert status(11, fair) == "pass"


def test_too_good_a_model(evidence):
    high = record_of(auc=0.93).assign(window="development")
    assert status(13, dataclasses.replace(evidence, records=high)) == "fail"
    usual = high.assign(auc=0.7)
    assert status(13, dataclasses.replace(evidence, records=usual)) == "pass"
    assert evidence.as_of > date(2025, 1, 1)


def test_the_committed_page_tells_what_todays_list_gives(national, model):
    """The checks of the list in use move with the model that ships, so the page must too."""
    nothing = pd.DataFrame()
    evidence = Evidence(None, nothing, nothing, model, national, national.newest_publication)
    page = (Path(__file__).parents[2] / "docs" / "evaluation.md").read_text(encoding="utf-8")
    for number in (2, 3, 7, 8, 9):
        title, check = CHECKS[number]
        status, sentence = check(evidence)
        assert f"| {number} | {title} | {status} | {sentence} |" in page
