"""The baselines' columns worked by hand, and the level they are set to."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from tests.helpers import backtests

import earlywarn as ew
from earlywarn.errors import EarlyWarnError
from earlywarn.evaluation.baselines import BASELINES, RED_FLAG, Baseline
from earlywarn.evaluation.country import SEED
from earlywarn.indicators.catalogue import model_column, scored_indicators
from earlywarn.model.base_rate import next_level
from earlywarn.model.prior import WeightPrior, prior_of

BY_NAME = {baseline.name: baseline for baseline in BASELINES}
FIGURES = [record for record in scored_indicators() if record.kind != "history"]


def rows(count: int = 1, **values: float | list[float]) -> pd.DataFrame:
    """Indicators of which nothing is known but what is given."""
    names = [model_column(record) for record in scored_indicators()]
    names += ["free_school_meals_z", "referral_rate_z", "rereferrals_z", "repeat_plans_z"]
    columns = dict.fromkeys([*names, "grade", "years"], np.nan) | values
    return pd.DataFrame(columns, index=range(count))


def test_the_baselines_are_those_that_were_promised():
    assert [baseline.name for baseline in BASELINES] == [
        "trailing base rate",
        "previous judgement",
        "previous judgement and time since",
        "deprivation",
        "three rates",
        "equal-weight composite",
        "red flags",
        "random list",
    ]
    assert [baseline.name for baseline in BASELINES if baseline.at_random] == ["random list"]


@pytest.mark.parametrize(
    ("grade", "expected"),
    [(0.0, [1, 0, 0, 0]), (2.0, [0, 0, 1, 0]), (3.0, [0, 0, 0, 1]), (np.nan, [0, 0, 0, 0])],
)
def test_previous_judgement(grade, expected):
    found = BY_NAME["previous judgement"].columns(rows(grade=grade))
    assert found.iloc[0].tolist() == expected


def test_previous_judgement_and_time_since():
    X = rows(4, grade=[1.0, 2.0, 3.0, np.nan], years=[1.0, 5.0, 40.0, np.nan])
    found = BY_NAME["previous judgement and time since"].columns(X)
    assert found["years"].tolist() == [-2.0, 2.0, 3.0, 0.0]
    assert found["years_if_low"].tolist() == [0.0, 2.0, 3.0, 0.0]
    assert found["was_3"].tolist() == [0.0, 0.0, 1.0, 0.0]


def test_deprivation_and_the_three_rates():
    X = rows(free_school_meals_z=1.5, referral_rate_z=-1.0, repeat_plans_z=2.0)
    assert BY_NAME["deprivation"].columns(X).iloc[0].tolist() == [1.5]
    assert BY_NAME["three rates"].columns(X).iloc[0].tolist() == [-1.0, 0.0, 2.0]


def test_the_composite_is_the_signed_mean_of_families():
    adverse = {model_column(record): 2.0 * record.sign for record in FIGURES}
    composite = BY_NAME["equal-weight composite"]
    weights = prior_of(FIGURES, WeightPrior(composite=1.0))["prior_mean"]
    expected = 2.0 * np.abs(weights).sum()
    assert composite.columns(rows(**adverse))["composite"].item() == pytest.approx(expected)
    good = {name: -value for name, value in adverse.items()}
    assert composite.columns(rows(**good))["composite"].item() == pytest.approx(-expected)
    assert composite.columns(rows())["composite"].item() == 0.0


def test_red_flags_by_hand():
    """Three known figures, two of them on the bad side by the margin or more: 10 x 2 / 3."""
    signed = [record for record in FIGURES if record.sign]
    bad, edge, good = signed[:3]
    X = rows(
        **{
            model_column(bad): bad.sign * 3.0,
            model_column(edge): edge.sign * RED_FLAG,
            model_column(good): -good.sign * 3.0,
        }
    )
    found = BY_NAME["red flags"].columns(pd.concat([X, rows()]))["red_flags"]
    assert found.tolist() == pytest.approx([20 / 3, 0.0])


@pytest.mark.parametrize("baseline", BASELINES, ids=lambda baseline: baseline.name)
def test_baselines_do_not_see_other_columns(baseline):
    X = rows(3, grade=[0.0, 1.0, 3.0], years=2.0, free_school_meals_z=[0.0, 1.0, 2.0])
    more = X.assign(label=1.0, p_inadequate=0.9)
    pd.testing.assert_frame_equal(baseline.columns(more), baseline.columns(X))


def test_the_base_rate_is_the_recent_share_by_hand():
    grade = pd.Series([3, 1, 2, 1, 3, 1, 2, 0])
    age = np.array([0.0, 1.5, 1.5, 3.0, 3.0, 4.5, 4.5, 4.5])
    X = rows(8)
    model = BY_NAME["trailing base rate"].fit(X, grade, age)
    # Weights 1, 1/2, 1/2, 1/4, 1/4, 1/8 three times; ten cases at the long-run share.
    expected = (1.25 + 10 * 2 / 8) / (2.875 + 10)
    risk = model.risk(BY_NAME["trailing base rate"].columns(X))
    np.testing.assert_allclose(risk, expected, atol=1e-12)


def test_every_baseline_is_set_to_the_level_of_the_year_to_come():
    generator = np.random.default_rng(1)
    names = [model_column(record) for record in scored_indicators()]
    names += ["free_school_meals_z", "referral_rate_z", "rereferrals_z", "repeat_plans_z"]
    X = pd.DataFrame({name: generator.normal(size=120) for name in dict.fromkeys(names)})
    X = X.assign(grade=generator.integers(0, 4, 120), years=generator.uniform(0, 6, 120))
    grade = pd.Series(generator.integers(0, 4, 120))
    age = generator.uniform(0, 5, size=120)
    worst = (grade == 3).to_numpy(dtype=float)
    rules = [baseline for baseline in BASELINES if isinstance(baseline, Baseline)]
    assert len(rules) == len(BASELINES) - 2
    for baseline in rules:
        model = baseline.fit(X, grade, age)
        level = next_level(baseline.columns(X).to_numpy() @ model.coefficients, worst, age)
        assert model.thresholds[-1] == pytest.approx(-level.value, abs=1e-9), baseline.name


def test_the_random_list_is_drawn_by_the_day():
    found = backtests.small().forecasts
    drawn = found[found["model"] == "random list"]
    lists = backtests.small().lists
    for day in ("2017-01-01", "2018-01-01"):
        part = lists[(lists["model"] == "random list") & (lists["as_of"] == day)]
        codes = part.sort_values("la_code")["la_code"].tolist()
        score = np.random.default_rng([SEED, date.fromisoformat(day).toordinal()])
        order = np.argsort(-score.random(len(codes)))
        assert part["la_code"].tolist() == [codes[place] for place in order]
    base = found[found["model"] == "trailing base rate"]
    assert drawn["risk"].tolist() == base["risk"].tolist()
    assert drawn["score"].nunique() == len(drawn.drop_duplicates(["as_of", "la_code"]))


def test_the_names_of_before_mean_the_same():
    panel = ew.load_panel()
    assert ew.RIVALS is ew.BASELINES
    with pytest.raises(EarlyWarnError, match="baselines"):
        ew.backtest(panel, panel.judgements, rivals=3)
