"""The national list: what stands in it, in what order, and that it is the same each time."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np
import pandas as pd
import pytest

from earlywarn.errors import IndicatorError, ModelLifeWarning, RowsWarning, ScoreError
from earlywarn.indicators.build import build_indicators
from earlywarn.model.horizon import on_day
from earlywarn.model.risk_model import RiskModel
from earlywarn.panel.panel import Panel, Snapshot
from earlywarn.scoring.batch import score_batch
from earlywarn.scoring.national import (
    COLUMNS,
    TOP_K,
    at_prior,
    hindsight,
    learnt_until,
    score,
)
from earlywarn.scoring.predictions import BANDS, band_probability
from earlywarn.scoring.preprocessing import model_indicators
from earlywarn.scoring.words import subject
from earlywarn.statistics.distributions import expit, logit

CONTRACT = [
    "la_code",
    "la_name",
    "as_of",
    "risk",
    "risk_lower",
    "risk_upper",
    "below_good",
    "rank",
    "rank_lower",
    "rank_upper",
    "band",
    "top_k_probability",
    "previous_judgement",
    "previous_inspection",
    "drivers_up",
    "drivers_down",
    "missing_indicators",
    "data_through",
    "model_id",
]
NEWER = ["region", "already_inadequate", "known", "judgements_through", "top_k_probability_new"]
NEWER += ["band_probability", "previous_overall"]
DAYS = ("2016-01-01", "2019-06-30", "2022-12-31", "2025-12-31")


@pytest.fixture(scope="module")
def scores(model: RiskModel, snapshot: Snapshot) -> pd.DataFrame:
    return score(model, snapshot)


@pytest.mark.parametrize("day", DAYS)
def test_what_holds_on_any_day(model: RiskModel, national: Panel, day: str) -> None:
    snapshot = national.as_of(day)
    table = score(model, snapshot)
    assert list(table.columns) == [*CONTRACT, "prior", *NEWER] == list(COLUMNS)
    assert set(table["la_code"]) == set(snapshot.authorities["la_code"])
    assert table["la_code"].is_unique
    assert (table["risk_lower"] > 0).all()
    assert (table["risk_lower"] <= table["risk"]).all()
    assert (table["risk"] <= table["risk_upper"]).all()
    assert (table["risk_upper"] < 1).all()
    assert (table["below_good"] > table["risk"]).all()
    assert table["rank"].tolist() == table["risk"].rank(ascending=False, method="min").tolist()
    assert table["risk"].is_monotonic_decreasing
    assert (table["rank_lower"] <= table["rank"]).all()
    assert (table["rank"] <= table["rank_upper"]).all()
    assert table["rank_lower"].min() >= 1
    assert table["rank_upper"].max() <= len(table)
    assert set(table["as_of"]) == {day}
    assert set(table["data_through"]) == {snapshot.data_through.isoformat()}
    assert set(table["model_id"]) == {model.info["model_id"]}
    assert set(table["prior"]) == {on_day(model, day).info["prior"]["risk"]}


def test_names_belong_to_codes(scores: pd.DataFrame, snapshot: Snapshot) -> None:
    names = snapshot.authorities.set_index("la_code")["la_name"]
    assert scores["la_name"].tolist() == names[scores["la_code"]].tolist()


def test_previous_judgement_was_public(scores, national: Panel, snapshot: Snapshot) -> None:
    rows = scores.set_index("la_code")
    public = national.judgements["published_on"] <= snapshot.as_of
    held = national.judgements[public].sort_values("inspection_start")
    held = held.drop_duplicates("la_code", keep="last").set_index("la_code")
    known = [code for code in rows.index if code in held.index]
    assert len(known) > 140
    days = [day.isoformat() for day in held.loc[known, "inspection_start"]]
    assert rows.loc[known, "previous_inspection"].tolist() == days


@pytest.mark.parametrize("top_k", [1, TOP_K, 153])
def test_top_k_probability_sums_to_k(model, snapshot: Snapshot, top_k: int) -> None:
    table = score(model, snapshot, top_k=top_k)
    assert table["top_k_probability"].between(0, 1).all()
    assert table["top_k_probability"].sum() == pytest.approx(top_k)


def test_bands_are_multiples_of_the_usual_risk(scores, model: RiskModel) -> None:
    usual = on_day(model, "2025-12-31").info["prior"]["risk"]
    assert usual > model.info["prior"]["risk"]  # which is the share a year after the cut
    assert set(scores["band"]) == {name for _, name in BANDS}
    for row in scores.itertuples():
        times = row.risk / usual
        expected = next(name for least, name in BANDS if times >= least)
        assert row.band == expected


def test_rank_intervals_are_nine_in_ten(model: RiskModel, snapshot: Snapshot, scores) -> None:
    """A model that is sure of itself ranks without doubt; the real one does not."""
    sure = dataclasses.replace(model, covariance=np.zeros_like(model.covariance))
    width = scores["rank_upper"] - scores["rank_lower"]
    surer = score(sure, snapshot)
    assert ((surer["rank_upper"] - surer["rank_lower"]).sum()) < width.sum()
    assert width.median() > 20


def test_missing_figures_are_named_and_widen_the_interval(model, national: Panel) -> None:
    rows = national.observations
    lost = (rows["la_code"] == "383") & rows["measure"].isin(["rereferrals", "repeat_plans"])
    less = dataclasses.replace(national, observations=rows[~lost])
    whole, part = (score(model, p.as_of("2025-12-31")) for p in (national, less))
    one, other = (table.set_index("la_code").loc["383"] for table in (whole, part))
    for title in ("Re-referrals within 12 months", "Repeat child protection plans"):
        assert title not in one["missing_indicators"]
        assert title in other["missing_indicators"]

    def width(row: pd.Series) -> float:
        lower, upper = (np.log(p / (1 - p)) for p in (row["risk_lower"], row["risk_upper"]))
        return float(upper - lower)

    assert width(other) > width(one)


class TestWhatIsNotKnown:
    def test_nothing_known_has_no_rank_and_no_band(self, model, national: Panel) -> None:
        nothing = dataclasses.replace(
            national,
            observations=national.observations.iloc[:0],
            judgements=national.judgements.iloc[:0],
        )
        table = score(model, nothing.as_of("2024-12-31"))
        assert len(table) == 153
        assert set(table["known"]) == {0}
        assert table[["rank", "rank_lower", "rank_upper", "band"]].isna().all(axis=None)
        assert table["risk"].min() == table["risk"].max()

    def test_equal_risks_share_a_rank(self, model, national: Panel) -> None:
        only = dataclasses.replace(national, observations=national.observations.iloc[:0])
        table = score(model, only.as_of("2024-12-31"))
        shown = table[table["known"] > 0]
        for _, rows in shown.groupby("risk"):
            assert rows["rank"].min() == rows["rank"].max()
        assert shown["rank"].max() < len(shown)

    def test_what_is_already_inadequate(self, scores, national: Panel) -> None:
        rows = scores.set_index("la_code")
        assert set(scores["judgements_through"]) == {"2025-12-16"}
        assert 10 < rows["already_inadequate"].sum() < 40
        held = rows["previous_judgement"] == "Inadequate"
        assert rows.loc[held, "already_inadequate"].all()

    def test_regions(self, scores: pd.DataFrame) -> None:
        rows = scores.set_index("la_code")
        assert rows.loc["383", "region"] == "Yorkshire and The Humber"


class TestPrior:
    def test_another_flow_moves_all_risks(self, model, snapshot: Snapshot, scores) -> None:
        more = score(model, snapshot, prior=0.25).set_index("la_code").loc[scores["la_code"]]
        usual = scores["prior"].iloc[0]
        moved = np.log(0.25 / 0.75) - np.log(usual / (1 - usual))
        old, new = (np.log(r / (1 - r)) for r in (scores["risk"], more["risk"].to_numpy()))
        np.testing.assert_allclose(new - old, moved, rtol=1e-9)
        old, new = (np.log(p / (1 - p)) for p in (scores["below_good"], more["below_good"]))
        np.testing.assert_allclose(new.to_numpy() - old, moved, rtol=1e-9)
        assert (more["risk"].to_numpy() > scores["risk"]).all()
        assert more["rank"].tolist() == scores["rank"].tolist()
        assert set(more["model_id"]) == {f"{model.info['model_id']}-prior-0.25"}
        assert set(more["prior"]) == {0.25}

    def test_every_row_that_is_scored_says_it(self, model: RiskModel, snapshot: Snapshot) -> None:
        rows = build_indicators(snapshot).reset_index()
        on_the_day = on_day(model, snapshot.as_of).info["prior"]["risk"]
        for used, share in ((model, on_the_day), (at_prior(model, 0.25), 0.25)):
            said = score_batch([{**rows.iloc[0].to_dict()}, {"la_code": "no such"}], used)["prior"]
            assert said[0] == share
            assert np.isnan(said[1])

    def test_the_models_own_prior_changes_nothing(self, model: RiskModel) -> None:
        same = at_prior(model, model.info["prior"]["risk"])
        np.testing.assert_allclose(same.thresholds, model.thresholds, rtol=1e-12)
        assert not model.info["prior"]["scenario"]
        assert same.info["prior"]["scenario"]

    @pytest.mark.parametrize("prior", [0, 1, -0.1, 8, float("nan"), "0.1"])
    def test_no_share(self, model: RiskModel, snapshot: Snapshot, prior) -> None:
        with pytest.raises(ScoreError, match=r"prior: not a share.*between 0 and 1"):
            score(model, snapshot, prior=prior)

    def test_a_model_that_does_not_say(self, model: RiskModel) -> None:
        with pytest.raises(ScoreError, match="does not say"):
            at_prior(model.with_info({}), 0.1)


@pytest.mark.parametrize("top_k", [0, -1, 154, 2.5, "5", float("nan")])
def test_no_length_of_list(model: RiskModel, snapshot: Snapshot, top_k) -> None:
    with pytest.raises(ScoreError, match=r"top_k: not a length of list.*1 to 153"):
        score(model, snapshot, top_k=top_k)


def test_a_panel_is_refused(model: RiskModel, national: Panel) -> None:
    with pytest.raises(IndicatorError, match=r"of type Panel.*panel\.as_of"):
        score(model, national)  # type: ignore[arg-type]


def test_the_same_bytes_each_time(model: RiskModel, national: Panel, scores) -> None:
    again = score(model, national.as_of("2025-12-31"))
    assert again.to_csv(index=False) == scores.to_csv(index=False)
    pd.testing.assert_frame_equal(again, scores, check_exact=True)


def test_a_day_outside_the_models_life_is_scored_with_a_warning(model, national) -> None:
    snapshot = national.as_of("2029-06-01")
    with pytest.warns(ModelLifeWarning, match="not for 2029-06-01: retrain it"):
        scores = score(model, snapshot)
    assert len(scores) == len(snapshot.authorities)
    assert scores["risk"].between(0, 1, inclusive="neither").all()


def test_a_day_before_what_was_learnt_is_scored_with_a_warning(model, national: Panel) -> None:
    until = model.info["training"]["until"]
    with pytest.warns(ModelLifeWarning, match=rf"reports up to {until}, .* 2016-06-30"):
        scores = score(model, national.as_of("2016-06-30"))
    # With the level of that day all would be far higher: what is said is the level at the cut.
    assert set(scores["prior"]) == {on_day(model, until).info["prior"]["risk"]}


def test_the_day_until_which_was_learnt_has_no_warning(model, national: Panel) -> None:
    snapshot = national.as_of(learnt_until(model))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        score(model, snapshot)
    assert hindsight(model, snapshot) == ""


def test_a_batch_of_many_threads_is_that_of_one(model, snapshot: Snapshot, monkeypatch) -> None:
    rows = build_indicators(snapshot).reset_index()
    rows = rows.loc[np.random.default_rng(0).integers(0, len(rows), 40_000)]
    rows = rows.reset_index(drop=True).astype({"rereferrals": object})
    rows.loc[[7, 39_000], "rereferrals"] = ["many", -3]
    rows.loc[11, [name for name in model.columns if name.endswith("_z")]] = np.nan
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    with pytest.warns(RowsWarning, match="rereferrals in 1 row"):
        whole = score_batch(rows, model, explain=True)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    halves = (rows.iloc[:35_000], rows.iloc[35_000:])
    with pytest.warns(RowsWarning, match="rereferrals in 1 row"):
        parts = [score_batch(half, model, explain=True) for half in halves]
    pd.testing.assert_frame_equal(whole, pd.concat(parts, ignore_index=True), check_exact=True)
    refused = whole["status"].str.startswith("refused: rereferrals")
    assert refused.sum() == 2
    assert whole.loc[refused, ["risk", "missing_indicators", "drivers_up"]].isna().all(axis=None)
    assert whole.loc[~refused, "drivers_up"].notna().all()


def test_a_model_of_fewer_columns_than_drivers_are_told_of(model) -> None:
    narrow = dataclasses.replace(
        model,
        columns=model.columns[:1],
        coefficients=np.array([0.5]),
        centre=np.zeros(1),
        orientation=np.ones(1),
        groups=model.groups[:1],
        shifts=model.shifts[:, :1],
        agreement=model.agreement[:1],
        covariance=model.covariance[:2, :2],
    )
    (record,) = model_indicators(narrow)
    rows = pd.DataFrame({narrow.columns[0]: [1.5, -1.5, 0.0, np.nan]})
    found = score_batch(rows, narrow, explain=True, missing="names")
    above, below = (
        f"{subject(record)} 1.5 standard deviations {side} average for its deprivation"
        for side in ("above", "below")
    )
    assert found["drivers_up"].tolist()[:3] == [above, "", ""]
    assert found["drivers_down"].tolist()[:3] == ["", below, ""]
    assert found["status"].tolist()[3] == "refused: no figure is known"
    assert found["missing_indicators"].tolist()[:3] == ["", "", ""]


def test_a_band_is_as_probable_as_draws_of_the_risk_say(scores: pd.DataFrame) -> None:
    shown = scores["band_probability"]
    assert shown.between(0, 1).all()
    assert 0.2 < shown.median() < 0.8  # the intervals are wide: a band is seldom sure
    edges = np.array([edge for edge, _ in BANDS])
    names = [name for _, name in BANDS]
    rng = np.random.default_rng(5)
    for row in scores.iloc[::30].to_dict("records"):
        sd = (logit(row["risk_upper"]) - logit(row["risk_lower"])) / (2 * 1.6448536269514722)
        drawn = expit(rng.normal(logit(row["risk"]), sd, 100_000)) / row["prior"]
        place = (drawn[:, None] < edges).sum(axis=1)
        same = np.mean(place == names.index(row["band"]))
        assert row["band_probability"] == pytest.approx(same, abs=0.01)


def test_a_band_without_an_interval_is_sure() -> None:
    one = [np.array([x]) for x in (0.06, 0.1, 0.1, 0.1)]
    assert band_probability(*one).tolist() == [1.0]
