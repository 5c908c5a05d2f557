"""Training: the same inputs give the same model, and the future gives nothing."""

from __future__ import annotations

import dataclasses
from datetime import date

import numpy as np
import pandas as pd
import pytest

import earlywarn as ew
from earlywarn.errors import OutcomeError, TrainingError
from earlywarn.indicators.build import build_indicators
from earlywarn.indicators.catalogue import model_column, scored_indicators
from earlywarn.indicators.timeline import Timeline
from earlywarn.judgements.targets import Target, get_target
from earlywarn.model.serialisation import from_text, to_text
from earlywarn.model.training import design, train, training_cases
from earlywarn.panel.panel import FIRST_DAY, Panel
from earlywarn.statistics.distributions import logit
from earlywarn.utils.files import package_path
from earlywarn.utils.progress import Progress

CUT = "2016-07-01"
CUT_DAY = date(2016, 7, 1)


@pytest.fixture(scope="module")
def panel() -> Panel:
    return ew.load_panel()


@pytest.fixture(scope="module")
def judgements() -> pd.DataFrame:
    return ew.load_judgements()


@pytest.fixture(scope="module")
def small(panel, judgements):
    return train(panel, judgements, until=CUT, refits=3)


def test_the_model_that_ships_is_what_training_gives(panel, judgements):
    model = train(panel, judgements, until="2026-08-20")
    shipped = package_path("models/default") / "model.json"
    assert to_text(model).encode() == shipped.read_bytes()


def test_the_account_says_what_was_learnt_from(small, panel, judgements):
    cases = training_cases(judgements, until=CUT)
    training = small.info["training"]
    assert training["until"] == CUT
    assert training["inspections"] == len(cases) > 60
    assert training["events"] == int(cases["label"].sum()) >= 10
    assert training["authorities"] == cases["la_code"].nunique()
    assert training["first_start"] >= FIRST_DAY.isoformat()
    assert training["last_start"] <= CUT
    assert small.info["target"]["name"] == "any_inadequate"
    assert small.info["sunset"] == "2018-07-01"
    assert small.info["model_id"].startswith(f"any_inadequate-{CUT}-")
    assert max(small.info["vintages"].values()) <= 2016
    assert small.info["prior"]["scenario"] is False
    assert 0.05 < small.info["prior"]["risk"] < small.info["prior"]["below_good"] < 1
    assert from_text(to_text(small)).columns == tuple(map(model_column, scored_indicators()))


def test_the_prior_told_is_the_mean_risk_of_the_recent_by_hand(small, panel, judgements):
    cases = training_cases(judgements, until=CUT)
    years = np.array([(CUT_DAY - start).days for start in cases["inspection_start"]])
    weight = 0.5 ** (years / 365.25 / 1.5)
    X = design(Timeline(panel, judgements), cases, scored_indicators())
    mean = weight @ small.risk(X) / weight.sum()
    assert small.info["prior"]["risk"] == pytest.approx(mean, rel=1e-5)
    worst = (cases["grade"] == 3).to_numpy()
    share = (weight[worst].sum() + 10 * worst.mean()) / (weight.sum() + 10)
    assert small.info["prior"]["recent_share"] == pytest.approx(share, rel=1e-5)


def planted(panel: Panel, judgements: pd.DataFrame, cut: date):
    """Absurd figures and judgements, all of them public only after the cut."""
    figures = panel.observations
    later = date(2031, 1, 1)
    fresh = figures.iloc[::7].assign(
        period=2030, published_on=later, vintage=later, value=99.0, numerator=1.0, denominator=1.0
    )
    fresh = fresh.drop_duplicates(["la_code", "measure", "period", "vintage"])
    restated = figures.iloc[::5].assign(vintage=later, value=1.0, numerator=1.0, denominator=1.0)
    restated = restated.drop_duplicates(["la_code", "measure", "period", "vintage"])
    unseen = figures[(figures["published_on"] > cut)].assign(value=50.0)
    known = figures[figures["published_on"] <= cut]
    observations = pd.concat([known, unseen, fresh, restated], ignore_index=True)
    late = judgements["published_on"] > cut
    changed = judgements.assign(
        **{
            area: judgements[area].where(~late, "Inadequate")
            for area in ("overall", "leadership", "help_and_protection")
        }
    )
    assert late.sum() > 100
    assert len(fresh) > 1000
    return dataclasses.replace(panel, observations=observations, judgements=changed), changed


def test_what_is_published_after_the_cut_changes_nothing(small, panel, judgements):
    other_panel, other_judgements = planted(panel, judgements, CUT_DAY)
    other = train(other_panel, other_judgements, until=CUT, refits=3)
    assert to_text(other) == to_text(small)


def test_a_report_after_the_cut_of_an_inspection_before_it_is_not_learnt_from(judgements):
    cases = training_cases(judgements, until=CUT)
    assert (cases["published_on"] <= CUT_DAY).all()
    waiting = (judgements["inspection_start"] < CUT_DAY) & (judgements["published_on"] > CUT_DAY)
    assert waiting.any()
    keys = set(zip(cases["la_code"], cases["inspection_start"], strict=True))
    rows = judgements[waiting]
    assert not keys & set(zip(rows["la_code"], rows["inspection_start"], strict=True))


def days_asked_for(monkeypatch) -> dict[str, list[date]]:
    """The days of which a timeline will be asked for published figures, and for judgements."""
    asked: dict[str, list[date]] = {"figures": [], "judgements": []}
    figures, judged = Panel.as_of, Timeline._last

    def figures_of(self, day):
        asked["figures"].append(day)
        return figures(self, day)

    def judged_by(self, codes, days):
        asked["judgements"].extend(days)
        return judged(self, codes, days)

    monkeypatch.setattr(Panel, "as_of", figures_of)
    monkeypatch.setattr(Timeline, "_last", judged_by)
    return asked


def test_each_inspection_is_described_by_what_was_public_at_its_start(
    panel, judgements, monkeypatch
):
    cases = training_cases(judgements, until=CUT).iloc[::7].reset_index(drop=True)
    asked = days_asked_for(monkeypatch)
    records = scored_indicators()
    table = design(Timeline(dataclasses.replace(panel), judgements), cases, records)
    starts = set(cases["inspection_start"])
    assert set(asked["judgements"]) == starts
    assert set(asked["figures"]) <= starts
    assert asked["figures"]
    monkeypatch.undo()
    names = [model_column(record) for record in records]
    own = panel.with_judgements(judgements)
    for row in range(0, len(cases), 4):
        start, code = cases.loc[row, "inspection_start"], cases.loc[row, "la_code"]
        expected = build_indicators(own.as_of(start)).loc[(code,), names].iloc[0]
        np.testing.assert_allclose(table.loc[row].to_numpy(float), expected.to_numpy(float))


def test_the_whole_training_asks_for_no_day_after_the_cut(panel, judgements, monkeypatch):
    asked = days_asked_for(monkeypatch)
    cases = training_cases(judgements, until=CUT)
    train(dataclasses.replace(panel), judgements, until=CUT, refits=2)
    for days in asked.values():
        assert set(days) <= set(cases["inspection_start"]) | {CUT_DAY}
        assert days


def test_the_same_inputs_give_the_same_model_in_any_order(small, panel, judgements):
    shuffled = judgements.sample(frac=1, random_state=1).reset_index(drop=True)
    assert to_text(train(panel, shuffled, until=CUT, refits=3)) == to_text(small)


@pytest.mark.parametrize("target", ["help_and_protection_inadequate", "overall_inadequate"])
def test_every_target_can_be_learnt(panel, judgements, target, small):
    model = train(panel, judgements, until=CUT, target=target, refits=2)
    assert model.info["target"] == {
        "name": target,
        "version": get_target(target).version,
        "title": get_target(target).title,
    }
    assert model.info["model_id"].startswith(target)
    assert model.info["training"]["events"] < small.info["training"]["events"]
    assert np.abs(model.coefficients - small.coefficients).max() > 1e-3
    assert len(ew.score(model, panel.as_of(CUT))) == 152


def test_a_scenario_moves_every_grade_by_the_same_log_odds(small, panel, judgements):
    model = train(panel, judgements, until=CUT, prior=0.08, refits=3)
    usual = small.info["prior"]["risk"]
    moved = small.thresholds - model.thresholds
    np.testing.assert_allclose(moved, float(logit(0.08) - logit(usual)), atol=1e-5)
    np.testing.assert_array_equal(model.coefficients, small.coefficients)
    assert model.info["prior"]["risk"] == 0.08
    assert model.info["prior"]["scenario"] is True
    assert model.info["model_id"] != small.info["model_id"]


@pytest.mark.parametrize("prior", [0, 1, -0.2, 8, float("nan")])
def test_a_prior_that_is_no_share(panel, judgements, prior):
    with pytest.raises(TrainingError, match="not a share") as told:
        train(panel, judgements, until="2016-06-01", prior=prior, refits=2)
    assert "0.08" in told.value.expected


@pytest.mark.parametrize("until", ["2013-12-31", "2014-03-31", "2014-06-30"])
def test_too_few_events(panel, judgements, until):
    with pytest.raises(TrainingError, match="too few events") as told:
        train(panel, judgements, until=until)
    assert "10" in told.value.expected
    assert "until" in told.value.remedy


def test_no_judgement_at_all(panel, judgements):
    with pytest.raises(TrainingError):
        train(panel, judgements.iloc[:0], until=CUT)
    with pytest.raises(TrainingError):
        train(panel, judgements.iloc[:0])


def test_the_cut_is_the_newest_report_if_not_given(judgements):
    assert len(training_cases(judgements)) == len(
        training_cases(judgements, until=judgements["published_on"].max())
    )


def test_wrong_arguments_are_told(panel, judgements):
    with pytest.raises(TrainingError, match="until: not a date"):
        train(panel, judgements, until="soon")
    with pytest.raises(OutcomeError, match="no such target"):
        train(panel, judgements, until=CUT, target="failing")
    with pytest.raises(OutcomeError):
        train(panel, judgements.drop(columns="in_care"), until=CUT)


def test_a_target_of_ones_own(judgements):
    question = get_target("any_inadequate")
    assert isinstance(question, Target)
    one, other = (
        training_cases(judgements, until=CUT, target=t) for t in (question, question.name)
    )
    pd.testing.assert_frame_equal(one, other)


def test_progress_is_told(panel, judgements):
    class Heard(Progress):
        def __init__(self):
            self.said, self.gone = [], 0

        def say(self, text):
            self.said.append(text)

        def over(self, items, title):
            self.said.append(title)
            for item in items:
                self.gone += 1
                yield item

    heard = Heard()
    train(panel, judgements, until="2016-06-01", refits=2, progress=heard)
    assert heard.gone == len(training_cases(judgements, until="2016-06-01")) + 2
    assert any(text.startswith("Refitting") for text in heard.said)
