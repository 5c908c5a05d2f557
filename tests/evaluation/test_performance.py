"""The honest record: weighted measures against plain ones, and forecasts of known truth."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import optimize
from scipy import stats as scipy_stats
from sklearn import metrics

from earlywarn.errors import BacktestError
from earlywarn.evaluation.performance import (
    CAPACITIES,
    MEASURES,
    PAIRED,
    THRESHOLDS,
    Evaluation,
    decision_curve,
    evaluate,
    reliability,
    to_records,
)
from earlywarn.statistics.bootstrap import (
    cluster_weights,
    consistency_band,
    interval,
    weighted_auc,
    weighted_average_precision,
    weighted_recall_of_top,
    weighted_slope,
)
from earlywarn.statistics.distributions import expit, logit

CONTRACT = {
    *("n", "events", "auc", "auc_lower", "auc_upper", "auc_within_year", "auc_below_good"),
    *("ap_over_prevalence", "brier_skill", "log_skill", "observed_expected"),
    *("calibration_slope", "recall_top20pct", "recall_at_26"),
}

# Few distinct forecasts, so that ties are common; weights as a resample gives them.
DRAWN = st.lists(
    st.tuples(st.integers(1, 9).map(lambda k: k / 10), st.booleans(), st.integers(0, 3)),
    min_size=4,
    max_size=25,
)


def some_forecasts(
    models: dict[str, float] | None = None, *, cases: int = 120, leads: tuple[int, ...] = (0,)
) -> pd.DataFrame:
    """Invented cases of 60 authorities, 2016 to 2025, predicted with this much noise."""
    generator = np.random.default_rng(7)
    year = 2016 + np.arange(cases) % 9
    truth = generator.normal(size=cases)
    grade = np.clip(np.round(1.9 + 0.6 * truth + 0.8 * generator.normal(size=cases)), 0, 3)
    known = pd.DataFrame({"la_code": [str(301 + k % 60) for k in range(cases)]}).assign(
        inspection_start=[f"{y}-{1 + k % 12:02d}-{1 + k % 28:02d}" for k, y in enumerate(year)],
        window=np.where(year < 2022, "development", "confirmation"),
        grade=grade,
        label=(grade == 3).astype(float),
        overall_below_good=(grade >= 2).astype(float),
        base_rate=np.round(0.25 + 0.01 * (year - 2016), 3),
    )
    rows = []
    for model, noise in (models or {"earlywarn": 0.5}).items():
        score = truth + noise * generator.normal(size=cases) - 2
        risk = expit(score)
        rows += [
            known.assign(
                lead_months=lead, model=model, score=score, risk=risk, below_good=expit(score + 2),
                p_outstanding=0.2 * (1 - risk), p_good=0.5 * (1 - risk),
                p_requires_improvement=0.3 * (1 - risk), p_inadequate=risk,
                list_rank=scipy_stats.rankdata(-score),
            )
            for lead in leads
        ]  # fmt: skip
    return pd.concat(rows, ignore_index=True)


@given(DRAWN)
def test_weights_do_what_repeated_rows_would(drawn: list[tuple[float, bool, int]]) -> None:
    p, y, weight = (np.array(part) for part in zip(*drawn, strict=True))
    repeated_p, repeated_y = np.repeat(p, weight), np.repeat(y, weight)
    assume(0 < repeated_y.sum() < repeated_y.size and 0 < y.sum() < y.size)
    weights = np.vstack([np.ones(p.size), weight]).astype(float)
    for weighted, plain in (
        (weighted_auc(weights, p, y), metrics.roc_auc_score),
        (weighted_average_precision(weights, p, y), metrics.average_precision_score),
    ):
        assert weighted[0] == pytest.approx(plain(y, p), abs=1e-12)
        assert weighted[1] == pytest.approx(plain(repeated_y, repeated_p), abs=1e-12)
    assert weighted_recall_of_top(weights, p, y, 0.3)[1] == pytest.approx(
        weighted_recall_of_top(np.ones((1, repeated_p.size)), repeated_p, repeated_y, 0.3)[0]
    )


@given(DRAWN)
def test_slopes_solve_the_likelihood_equations(drawn: list[tuple[float, bool, int]]) -> None:
    p, y, weight = (np.array(part) for part in zip(*drawn, strict=True))
    found = weighted_slope(np.vstack([np.ones(p.size), weight]).astype(float), p, y)
    for slope, forecast, event in (
        (found[0], p, y),
        (found[1], np.repeat(p, weight), np.repeat(y, weight)),
    ):
        yes, no = forecast[event], forecast[~event]
        if not (yes.size and no.size and yes.max() > no.min() and no.max() > yes.min()):
            assert np.isnan(slope)  # no slope fits best: the outcomes are one, or kept apart
            continue
        x = logit(forecast)
        # The intercept at which as many are expected as happened, then the slope's own equation.
        level = optimize.brentq(lambda a, z=slope * x, e=event: (expit(a + z) - e).sum(), -1e3, 1e3)
        assert ((expit(level + slope * x) - event) * x).sum() == pytest.approx(0, abs=1e-5)


def test_strata_keep_pairs_of_different_years_apart() -> None:
    score, event, year = [1, 2, 3, 4], [1, 0, 1, 0], [2016, 2017, 2016, 2016]
    # Of events with scores 1 and 3 in 2016, and the only other of that year with 4, none is above.
    assert weighted_auc(np.ones((1, 4)), score, event, year)[0] == 0
    assert weighted_auc(np.ones((1, 4)), score, event)[0] == 0.25
    assert np.isnan(weighted_auc(np.ones((1, 4)), score, event, [1, 2, 3, 4])[0])


def test_an_authority_is_drawn_whole() -> None:
    codes = np.array(["303", "301", "303", "302"])
    weights = cluster_weights(codes, resamples=200, seed=3)
    assert weights.shape == (201, 4)
    assert (weights[0] == 1).all()
    assert (weights[:, 0] == weights[:, 2]).all()
    authorities = weights[:, [0, 1, 3]]
    assert (authorities.sum(axis=1) == 3).all()
    assert np.allclose(weights, cluster_weights(codes[::-1], resamples=200, seed=3)[:, ::-1])
    with pytest.raises(BacktestError, match="0 resamples or more"):
        cluster_weights(codes, resamples=-1, seed=3)


def test_an_interval_needs_most_resamples() -> None:
    draws = np.append(0.5, np.linspace(0, 1, 101))
    assert interval(draws) == pytest.approx((0.025, 0.975))
    draws[1:13] = np.nan
    assert np.isnan(interval(draws)).all()
    assert np.isnan(interval(np.array([0.5]))).all()


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    generator = np.random.default_rng(5)
    truth = scipy_stats.norm.cdf(1 / np.sqrt(2))  # two normals, one standard deviation apart
    covered = 0
    for trial in range(150):
        event = np.arange(150) % 4 == 0
        score = generator.normal(size=150) + event
        weights = cluster_weights(np.arange(150), resamples=200, seed=trial)
        lower, upper = interval(weighted_auc(weights, score, event))
        covered += lower <= truth <= upper
    assert 0.88 <= covered / 150 <= 0.99


def test_repeated_cases_of_an_authority_do_not_narrow_its_interval() -> None:
    once = some_forecasts(cases=60)
    again = once.assign(inspection_start=[f"2017-06-{1 + k % 28:02d}" for k in range(60)])
    once = once.assign(inspection_start="2016-05-16", window="development")
    twice = pd.concat([once, again.assign(window="development")])
    one, two = (evaluate(rows, resamples=300).records.iloc[0] for rows in (once, twice))
    assert two["n"] == 2 * one["n"]
    for measure in ("auc_upper", "auc_lower", "brier_skill_lower", "calibration_slope_upper"):
        assert two[measure] == pytest.approx(one[measure])


def _ranked_probability_score(shares: pd.DataFrame, grade: pd.Series) -> float:
    """Squared errors of the three cumulative shares, written out (Epstein 1969)."""
    each = [
        sum((sum(row[: k + 1]) - (g <= k)) ** 2 for k in range(3))
        for row, g in zip(shares.to_numpy(), grade, strict=True)
    ]
    return float(np.mean(each))


def test_the_record_agrees_with_scikit_learn_and_statsmodels() -> None:
    rows = some_forecasts({"earlywarn": 0.5, "trailing base rate": 3.0})
    record = evaluate(rows, resamples=20).records.iloc[0]
    known = rows[(rows["window"] == "development") & (rows["model"] == "earlywarn")]
    p, y, base = known["risk"], known["label"], known["base_rate"]
    fit = sm.GLM(y, sm.add_constant(logit(p)), family=sm.families.Binomial()).fit()
    shares = known[["p_outstanding", "p_good", "p_requires_improvement", "p_inadequate"]]
    expected = {
        "n": len(y),
        "events": y.sum(),
        "auc": metrics.roc_auc_score(y, p),
        "auc_below_good": metrics.roc_auc_score(known["overall_below_good"], known["below_good"]),
        "ap_over_prevalence": metrics.average_precision_score(y, p) / y.mean(),
        "brier_skill": 1 - metrics.brier_score_loss(y, p) / metrics.brier_score_loss(y, base),
        "log_skill": 1 - metrics.log_loss(y, p) / metrics.log_loss(y, base),
        "observed_expected": y.sum() / p.sum(),
        "calibration_slope": fit.params.iloc[1],
        "rps": _ranked_probability_score(shares, known["grade"]),
        "recall_at_26": y[known["list_rank"] <= 26].sum() / y.sum(),
    }
    for measure, value in expected.items():
        assert record[measure] == pytest.approx(value, rel=1e-7), measure
    for measure in MEASURES:
        assert record[f"{measure}_lower"] <= record[f"{measure}_upper"]
    trailing = rows[(rows["window"] == "development") & (rows["model"] == "trailing base rate")]
    reference = _ranked_probability_score(trailing[shares.columns], trailing["grade"])
    assert record["rps_skill"] == pytest.approx(1 - expected["rps"] / reference)


@pytest.mark.parametrize("capacity", CAPACITIES)
def test_lists_are_tested_exactly(capacity: int) -> None:
    rows = some_forecasts()
    record = evaluate(rows, resamples=0).records.iloc[0]
    known = rows[rows["window"] == "development"]
    listed = known["list_rank"] <= capacity
    n, hits, events = listed.sum(), known["label"][listed].sum(), known["label"].sum()
    tail = scipy_stats.hypergeom.sf(hits - 1, len(known), events, n)
    assert record[f"p_value_at_{capacity}"] == pytest.approx(tail, abs=1e-9)
    assert record[f"precision_at_{capacity}"] == pytest.approx(hits / n)
    assert record[f"recall_at_{capacity}"] == pytest.approx(hits / events)
    assert record[f"lift_at_{capacity}"] == pytest.approx(hits / n / known["label"].mean())
    assert (record[f"inspected_at_{capacity}"], record[f"events_at_{capacity}"]) == (n, hits)


def test_from_2018_holds_both_windows_and_leaves_out_what_came_before() -> None:
    rows = some_forecasts(leads=(0, 12))
    records = evaluate(rows, resamples=0).records.set_index(["window", "lead_months"])
    start = rows.loc[rows["lead_months"] == 0, "inspection_start"]
    assert len(records) == 6
    assert records.loc[("from 2018", 12), "n"] == (start >= "2018").sum()
    assert records.loc[("development", 0), "n"] == (start < "2022").sum()
    assert records.loc[("confirmation", 0), "n"] == (start >= "2022").sum()


def test_a_model_that_knows_gets_it_all_right() -> None:
    rows = some_forecasts()
    rows["label"] = (np.arange(len(rows)) % 8 == 0).astype(float)
    known = np.where(rows["label"] == 1, 0.99, 0.01)
    rows = rows.assign(score=known, risk=known, list_rank=scipy_stats.rankdata(-known, "ordinal"))
    record = evaluate(rows, resamples=50).records.iloc[0]
    for measure in ("auc", "auc_lower", "auc_within_year", "recall_top20pct", "recall_at_26"):
        assert record[measure] == 1, measure
    assert record["brier_skill"] > 0.99
    assert np.isnan(record["calibration_slope"])  # no finite slope fits what is predicted perfectly


def test_the_base_rate_has_no_skill_over_itself() -> None:
    rows = some_forecasts({"trailing base rate": 1.0})
    rows = rows.assign(risk=rows["base_rate"], score=logit(rows["base_rate"]))
    record = evaluate(rows, resamples=50).records.iloc[0]
    for measure in ("brier_skill", "log_skill", "rps_skill"):
        assert record[measure] == record[f"{measure}_lower"] == record[f"{measure}_upper"] == 0
    assert record["auc_within_year"] == 0.5


def test_models_that_say_the_same_differ_by_nothing() -> None:
    rows = some_forecasts()
    both = pd.concat([rows, rows.assign(model="red flags")])
    paired = evaluate(both, resamples=50).paired
    assert set(paired["measure"]) == set(PAIRED)
    assert (paired[["difference", "lower", "upper"]] == 0).all(axis=None)


def test_differences_favour_the_better_model_and_are_those_of_the_records() -> None:
    rows = some_forecasts({"earlywarn": 0.1, "random list": 6.0}, cases=240)
    found = evaluate(rows, resamples=200)
    records = found.records.set_index(["window", "model"])
    paired = found.paired.set_index(["window", "model", "against", "measure"])
    for measure, column in PAIRED.items():
        row = paired.loc[("from 2018", "earlywarn", "random list", measure)]
        here = records.loc["from 2018"][column]
        assert row["difference"] == pytest.approx(here["earlywarn"] - here["random list"])
        assert 0 < row["lower"] < row["difference"] < row["upper"], measure
        back = paired.loc[("from 2018", "random list", "earlywarn", measure)]
        assert back["upper"] == pytest.approx(-row["lower"])


def test_models_are_paired_on_the_cases_of_both() -> None:
    rows = some_forecasts({"earlywarn": 0.5, "deprivation": 2.0})
    gap = (rows["model"] == "deprivation") & (rows["inspection_start"].str[:4] == "2017")
    found = evaluate(rows[~gap], resamples=20)
    common = evaluate(rows[rows["inspection_start"].str[:4] != "2017"], resamples=20)
    one, two = (
        frame.paired.query("window == 'development' and model == 'earlywarn'")["difference"]
        for frame in (found, common)
    )
    assert len(one) == len(PAIRED)
    pd.testing.assert_series_equal(one, two)
    n = found.records.set_index(["window", "model"])["n"]
    assert n["development", "earlywarn"] > n["development", "deprivation"]


def test_the_order_of_rows_and_columns_changes_nothing() -> None:
    rows = some_forecasts({"earlywarn": 0.5, "challenger": 1.0}, leads=(0, 6))
    shuffled = rows.sample(frac=1, random_state=1)[list(rows.columns[::-1])]
    for one, two in (
        (evaluate(rows, resamples=30).records, evaluate(shuffled, resamples=30).records),
        (evaluate(rows, resamples=30).paired, evaluate(shuffled, resamples=30).paired),
        (reliability(rows), reliability(shuffled)),
        (decision_curve(rows), decision_curve(shuffled)),
    ):
        pd.testing.assert_frame_equal(one, two, check_exact=True)


@pytest.mark.parametrize("events", [0, 4, 5, 96])
def test_few_events_are_said_and_not_measured(events: int) -> None:
    rows = some_forecasts().assign(window="development").iloc[:96]
    rows["label"] = (np.arange(96) < events).astype(float)
    record = evaluate(rows, resamples=30).records.iloc[0]
    assert (record["n"], record["events"]) == (96, events)
    measured = record[["auc", "brier_skill", "precision_at_10", "net_benefit_10pct"]].notna()
    assert (measured == (events == 5)).all()
    assert record["auc_below_good"] > 0.5  # it has outcomes of its own


def test_what_a_model_does_not_tell_is_missing() -> None:
    untold = ["below_good", "p_outstanding", "p_good", "p_requires_improvement", "p_inadequate"]
    rows = some_forecasts().assign(**dict.fromkeys(untold, np.nan))
    rows.loc[rows.index[::2], "list_rank"] = np.nan
    record = evaluate(rows, resamples=30).records.iloc[0]
    assert record[["auc_below_good", "rps", "rps_skill"]].isna().all()
    ranked = rows[(rows["window"] == "development") & rows["list_rank"].notna()]
    found = ranked.loc[ranked["list_rank"] <= 26, "label"].sum()
    assert record["recall_at_26"] == pytest.approx(found / ranked["label"].sum())


def test_records_are_ready_for_json() -> None:
    rows = some_forecasts({"earlywarn": 0.5, "red flags": 2.0})
    rows.loc[rows["window"] == "confirmation", "label"] = 0.0
    found = evaluate(rows, resamples=20)
    records = json.loads(json.dumps(to_records(found), allow_nan=False))
    assert len(records) == len(found.records) == 6
    assert all(set(record) >= CONTRACT for record in records)
    assert records[2]["window"] == "confirmation"
    assert records[2]["auc"] is None
    assert records[2]["n"] > records[2]["events"] == 0
    pairs = records[0]["paired"]
    assert [pair["measure"] for pair in pairs] == list(PAIRED)
    assert set(pairs[0]) == {"against", "measure", "difference", "lower", "upper"}
    assert pairs[0]["against"] == "red flags"


def test_references_may_be_named() -> None:
    rows = some_forecasts({"earlywarn": 0.5, "mine": 1.0, "red flags": 2.0})
    paired = evaluate(rows, resamples=0, reference_models=["mine"]).paired
    assert set(paired["against"]) == {"mine"}
    assert isinstance(evaluate(rows, resamples=0, reference_models=[]), Evaluation)
    with pytest.raises(BacktestError, match="found yours; expected some of earlywarn, red flags"):
        evaluate(rows, resamples=0, reference_models=["yours"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"risk": 1.0}, "risk: .* found 1.0 and 119 more"),
        ({"base_rate": 0.0}, "base_rate: .* found 0.0 .* above 0 and below 1"),
        ({"score": np.nan}, "score: .* found nan .* a number to rank by"),
        ({"label": np.nan}, "label: .* leave out cases with no known outcome"),
        ({"window": "test"}, "window: .* found 'test'.* expected development or confirmation"),
        ({"inspection_start": "soon"}, "inspection_start: .* found 'soon'"),
        ({"la_code": "301", "inspection_start": "2018-05-14"}, "each case once"),
    ],
)
def test_bad_forecasts_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(BacktestError, match=message):
        evaluate(some_forecasts().assign(**change))


def test_a_frame_that_is_not_one_of_forecasts_is_refused() -> None:
    rows = some_forecasts()
    with pytest.raises(BacktestError, match="forecasts: columns are missing: found no risk, grade"):
        evaluate(rows.drop(columns=["risk", "grade"]))
    with pytest.raises(BacktestError, match="there are no rows"):
        reliability(rows.head(0))
    other = rows.assign(model="other", label=1 - rows["label"])
    with pytest.raises(BacktestError, match="one outcome a case"):
        decision_curve(pd.concat([rows, other]))


def test_reliability_counts_every_case_once() -> None:
    rows = some_forecasts({"earlywarn": 0.5, "deprivation": 2.0}, leads=(0, 12))
    curve = reliability(rows, bins=5)
    here = curve[(curve["window"] == "development") & (curve["model"] == "earlywarn")]
    known = rows[(rows["window"] == "development") & (rows["model"] == "earlywarn")]
    known = known[known["lead_months"] == 0]
    assert list(here["bin"]) == [1, 2, 3, 4, 5]
    assert here["n"].sum() == len(known)
    assert here["n"].max() - here["n"].min() <= 1
    assert here["expected"].is_monotonic_increasing
    assert (here["n"] * here["expected"]).sum() == pytest.approx(known["risk"].sum())
    assert (here["n"] * here["observed"]).sum() == pytest.approx(known["label"].sum())
    assert ((here["lower"] <= here["expected"]) & (here["expected"] <= here["upper"])).all()
    assert (reliability(rows[rows["lead_months"] == 12]).columns == curve.columns).all()


def test_forecasts_that_are_all_alike_make_one_bin() -> None:
    curve = reliability(some_forecasts().assign(risk=0.2))
    assert (curve["bin"] == 1).all()


def test_a_reliable_forecast_stays_within_its_band() -> None:
    generator = np.random.default_rng(11)
    risk = np.repeat([0.05, 0.2, 0.5], 60)
    group = np.repeat([0, 1, 2], 60)
    lower, upper = consistency_band(risk, group, resamples=1000, seed=1)
    happened = generator.random((400, risk.size)) < risk
    observed = happened.reshape(400, 3, 60).mean(axis=2)
    inside = ((lower <= observed) & (observed <= upper)).mean(axis=0)
    assert (inside > 0.85).all()
    assert (inside < 0.99).all()


def test_decision_curve_is_the_net_benefit_by_hand() -> None:
    rows = some_forecasts()
    curve = decision_curve(rows).set_index(["window", "threshold"])
    record = evaluate(rows, resamples=0).records.set_index("window").loc["confirmation"]
    known = rows[rows["window"] == "confirmation"]
    for threshold in THRESHOLDS:
        row = curve.loc[("confirmation", threshold)]
        flagged = known[known["risk"] >= threshold]
        hits, odds = flagged["label"].sum(), threshold / (1 - threshold)
        by_hand = (hits - (len(flagged) - hits) * odds) / len(known)
        share = known["label"].mean()
        assert row["net_benefit"] == pytest.approx(by_hand)
        assert row["treat_all"] == pytest.approx(share - (1 - share) * odds)
        percent = round(100 * threshold)
        assert record[f"net_benefit_{percent}pct"] == pytest.approx(by_hand)
        assert record[f"net_benefit_over_all_{percent}pct"] == pytest.approx(
            by_hand - row["treat_all"]
        )


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_the_seed_moves_the_limits_and_nothing_else(seed: int) -> None:
    rows = some_forecasts(cases=80)
    one, two = (evaluate(rows, resamples=20, seed=each).records for each in (seed, seed + 1))
    limits = [name for name in one if name.endswith(("_lower", "_upper"))]
    pd.testing.assert_frame_equal(one.drop(columns=limits), two.drop(columns=limits))
    assert (one["auc_lower"] - two["auc_lower"]).abs().max() > 1e-4
