"""The day asked: the level moves and grows less sure, and the grades stay in their order."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from earlywarn.indicators.catalogue import HISTORY, WAS_INADEQUATE
from earlywarn.model.horizon import ahead, on_day, years_after
from earlywarn.model.risk_model import RiskModel

CUT = date(2026, 8, 20)
LAST_GRADES = ((1.0, 0.0), (0.0, 0.0), (0.0, 1.0), (np.nan, np.nan))
"""Good or better, requires improvement, Inadequate, never inspected."""


@pytest.fixture(scope="module")
def rows(model: RiskModel) -> np.ndarray:
    """Rows anywhere within reach, with each last grade in turn and holes."""
    rng = np.random.default_rng(8)
    X = rng.uniform(-2, 2, (400, len(model.columns)))
    X[rng.random(X.shape) < 0.2] = np.nan
    places = [model.columns.index(name) for name in (HISTORY, WAS_INADEQUATE)]
    X[:, places] = np.resize(LAST_GRADES, (len(X), 2))
    return X


def test_the_interval_is_wider_a_year_on(model: RiskModel, rows: np.ndarray) -> None:
    soon, late = (on_day(model, CUT + timedelta(days)) for days in (0, 365))
    widths = [one.log_odds_sd(rows) for one in (soon, late)]
    assert (widths[1] > 1.02 * widths[0]).all()


def test_half_a_year_on_is_the_model_itself(model: RiskModel) -> None:
    # The level that is kept is that of the middle of the year to come.
    assert ahead(model, np.array([0.5, np.nan])) == pytest.approx(np.zeros((3, 2)), abs=1e-12)


def test_a_day_before_the_cut_is_taken_for_the_cut(model: RiskModel) -> None:
    assert years_after(model, "2020-01-01") == 0.0
    early, at = (on_day(model, day) for day in ("2020-01-01", CUT))
    np.testing.assert_array_equal(early.thresholds, at.thresholds)
    np.testing.assert_array_equal(early.covariance, at.covariance)


def test_the_share_expected_moves_with_the_level(model: RiskModel) -> None:
    moved = ahead(model, np.array([2.0]))
    share = on_day(model, CUT + timedelta(730.5)).info["prior"]["risk"]
    before = model.info["prior"]["risk"]
    gap = np.log(share / (1 - share)) - np.log(before / (1 - before))
    assert gap == pytest.approx(moved.worst[0], rel=5e-3)


@pytest.mark.parametrize("days", [0, 200, 365, 730])
def test_a_worse_grade_is_never_likelier_than_it_or_a_better_one(
    model: RiskModel, rows: np.ndarray, days: int
) -> None:
    then = on_day(model, CUT + timedelta(days))
    chances = np.array([then.at_least(rows, grade) for grade in range(1, len(model.classes))])
    assert ((chances > 0) & (chances < 1)).all()
    assert (np.diff(chances, axis=0) < 0).all()


def test_the_last_grade_counts_for_more_below_good(model: RiskModel, rows: np.ndarray) -> None:
    places = [model.columns.index(name) for name in (HISTORY, WAS_INADEQUATE)]
    odds = []
    for last in LAST_GRADES[:3]:
        X = rows.copy()
        X[:, places] = last
        chance = np.array([model.at_least(X, grade) for grade in range(1, len(model.classes))])
        odds.append(np.log(chance / (1 - chance))[-2:])
    good, middle, failed = odds
    assert (good < middle).all()
    # Was Inadequate moves below Good up; to be Inadequate once more it hardly matters.
    assert (failed[0] > middle[0]).all()
    assert (np.abs(failed[1] - middle[1]) < 0.2).all()
    assert ((middle - good)[0] > (middle - good)[1]).all()
