"""The challengers: what they learn from, the level they are set to, what may be missing."""

from __future__ import annotations

import functools
import importlib.util
import sys
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from tests.helpers import backtests

import earlywarn as ew
from earlywarn.cli import parser as cli
from earlywarn.errors import MissingExtraError, TrainingError
from earlywarn.evaluation.challengers import CHALLENGERS, Challenger, Learnt
from earlywarn.evaluation.performance import evaluate
from earlywarn.indicators.catalogue import model_column, scored_indicators
from earlywarn.model.base_rate import next_level
from earlywarn.statistics.distributions import logit

RECORDS = scored_indicators()
NAMES = [model_column(record) for record in RECORDS]
BY_NAME = {challenger.name: challenger for challenger in CHALLENGERS}


@pytest.fixture(scope="module")
def cases() -> tuple[pd.DataFrame, pd.Series, np.ndarray]:
    """Invented cases in which the signed sum matters, with gaps and a column never known."""
    generator = np.random.default_rng(3)
    X = pd.DataFrame(generator.normal(size=(200, len(NAMES))), columns=NAMES)
    signed = X.to_numpy() @ np.array([record.sign for record in RECORDS], dtype=float)
    truth = signed / signed.std() + generator.normal(size=200)
    grade = pd.Series(np.digitize(truth, [-1.5, 0.0, 1.2]))
    X = X.mask(generator.random(X.shape) < 0.1)
    X[NAMES[0]] = np.nan
    return X, grade, generator.uniform(0, 5, size=200)


def challenger(name: str) -> Challenger:
    if name == "explainable boosting" and importlib.util.find_spec("interpret") is None:
        pytest.skip("the extra challengers is not installed")
    return BY_NAME[name]


@pytest.fixture(scope="module")
def learnt(cases) -> Callable[[str], Learnt]:
    """What each challenger learnt from the cases, learnt once."""
    return functools.cache(lambda name: challenger(name).fit(*cases))


@pytest.fixture(scope="module")
def learnt_later(cases) -> Callable[[str], Learnt]:
    """The same, had the worst cases been three years earlier: their level falls."""
    X, grade, age = cases
    falling = np.where(grade == 3, age + 3.0, age)
    return functools.cache(lambda name: challenger(name).fit(X, grade, falling))


@pytest.fixture
def without_interpret(monkeypatch):
    monkeypatch.setitem(sys.modules, "interpret", None)


def test_the_challengers_are_those_that_were_promised():
    assert list(BY_NAME) == [
        *("monotone boosting", "random forest", "penalised logistic", "explainable boosting")
    ]
    assert not any(one.at_random for one in CHALLENGERS)
    assert ew.CHALLENGERS is CHALLENGERS


@pytest.mark.parametrize("name", BY_NAME)
def test_it_learns_and_is_set_to_the_level_of_the_year_to_come(cases, learnt, learnt_later, name):
    X, grade, age = cases
    risk = learnt(name).risk(challenger(name).columns(X))
    worst = grade == 3
    assert ((risk > 0) & (risk < 1)).all()
    assert risk[worst].mean() > risk[~worst].mean() + 0.05
    level = next_level(logit(risk) - learnt(name).shift, worst.to_numpy(dtype=float), age)
    assert learnt(name).shift == pytest.approx(level.value, abs=1e-6)
    lower = learnt_later(name).risk(challenger(name).columns(X))
    assert lower.mean() < risk.mean()


@pytest.mark.parametrize("name", BY_NAME)
def test_it_is_the_same_again(cases, learnt, learnt_later, name):
    """Learnt a second time; the level, which the cases' years move, is set after it."""
    columns = challenger(name).columns(cases[0])
    assert learnt(name).names == learnt_later(name).names
    one, other = (
        found.classifier.predict_proba(columns[list(found.names)])
        for found in (learnt(name), learnt_later(name))
    )
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", BY_NAME)
def test_it_looks_at_the_scored_indicators_only(cases, name):
    X, _, _ = cases
    more = X.assign(label=1.0, grade=3.0, years=1.0)
    assert list(BY_NAME[name].columns(more)) == NAMES


def test_boosting_never_goes_against_the_catalogue(learnt):
    boosted = learnt("monotone boosting")
    usual = pd.DataFrame(0.0, index=range(25), columns=NAMES)
    steps = [usual.assign(**{model_column(record): np.linspace(-3, 3, 25)}) for record in RECORDS]
    risks = boosted.risk(pd.concat(steps, ignore_index=True)).reshape(len(RECORDS), 25)
    for record, risk in zip(RECORDS, risks, strict=True):
        assert (record.sign * np.diff(risk) >= 0).all() or record.sign == 0, record.id
    assert np.ptp(risks, axis=1).any()


def test_one_kind_of_case_is_a_fault(cases):
    X, grade, age = cases
    with pytest.raises(TrainingError, match="random forest: there is nothing to separate"):
        BY_NAME["random forest"].fit(X, grade.clip(upper=2), age)


def test_a_missing_package_is_told(cases, without_interpret):
    with pytest.raises(MissingExtraError, match=r"earlywarn\[challengers\]"):
        BY_NAME["explainable boosting"].fit(*cases)


def test_explainable_boosting_is_asked_for_curves_without_interactions(cases, monkeypatch):
    asked = {}

    def curves(**settings):
        asked.update(settings)
        return LogisticRegression()

    glassbox = ModuleType("interpret.glassbox")
    glassbox.ExplainableBoostingClassifier = curves
    monkeypatch.setitem(sys.modules, "interpret", ModuleType("interpret"))
    monkeypatch.setitem(sys.modules, "interpret.glassbox", glassbox)
    curved = BY_NAME["explainable boosting"].fit(*cases)
    assert (asked["interactions"], asked["n_jobs"]) == (0, 1)
    assert curved.risk(BY_NAME["explainable boosting"].columns(cases[0])).std() > 0.01


def test_in_a_backtest_it_has_a_risk_and_no_grades():
    chosen = BY_NAME["penalised logistic"]
    found = backtests.run(until=pd.Timestamp("2017-02-28").date(), leads=(0,), baselines=(chosen,))
    rows = found.forecasts[found.forecasts["model"] == chosen.name]
    assert len(rows) == len(found.judgements) > 0
    assert rows["risk"].between(0, 1, inclusive="neither").all()
    assert np.ptp(rows["risk"]) > 0
    grades = ["below_good", "p_outstanding", "p_good", "p_requires_improvement", "p_inadequate"]
    assert rows[grades].isna().all(axis=None)
    assert set(found.forecasts["model"]) == {"earlywarn", chosen.name}
    assert rows["base_rate"].notna().all()


def test_forecasts_without_grades_are_measured():
    rows = backtests.toy().forecasts
    grades = ["below_good", "p_outstanding", "p_good", "p_requires_improvement", "p_inadequate"]
    theirs = rows[rows["model"] == "earlywarn"].assign(model="random forest")
    theirs[grades] = np.nan
    records = evaluate(pd.concat([rows, theirs]), resamples=10).records
    both = records[records["window"] == "development"].set_index("model")
    one, two = both.loc["random forest"], both.loc["earlywarn"]
    assert one["auc"] == two["auc"]
    assert one["brier_skill"] == two["brier_skill"]
    assert np.isnan(one["auc_below_good"])
    assert np.isnan(one["rps_skill"])


def test_the_command_says_what_to_install(capsys, tmp_path, without_interpret):
    folder = tmp_path / "record"
    assert cli.main(["backtest", "--challengers", "--out", str(folder), "--quiet"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert 'pip install "earlywarn[challengers]"' in told.err
    assert not folder.exists()


@pytest.mark.parametrize("asked", [True, False])
def test_the_command_sets_them_beside_the_baselines(capsys, monkeypatch, asked):
    given = {}

    def backtest(*_, **settings):
        given.update(settings)
        raise TrainingError("far enough")

    monkeypatch.setattr(ew, "backtest", backtest, raising=False)
    monkeypatch.setitem(sys.modules, "interpret", ModuleType("interpret"))
    assert cli.main(["backtest", "--quiet", *(["--challengers"] if asked else [])]) == 2
    assert "far enough" in capsys.readouterr().err
    names = [baseline.name for baseline in given["baselines"]]
    expected = [baseline.name for baseline in ew.BASELINES] + (list(BY_NAME) if asked else [])
    assert names == expected
