"""Measures of forecasts: against scikit-learn and statsmodels, by hand, and by their properties."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn import metrics

from earlywarn.errors import IndicatorError
from earlywarn.statistics.metrics import (
    _logistic_fit,
    auc,
    average_precision,
    brier,
    calibration_in_the_large,
    calibration_slope_intercept,
    log_score,
    net_benefit,
    ranked_probability_score,
)
from earlywarn.statistics.regression import expit, logit

# Few distinct forecasts, so that ties are common.
FORECASTS = st.lists(
    st.tuples(st.integers(1, 19).map(lambda k: k / 20), st.booleans()), min_size=2, max_size=40
)


def _both_outcomes(forecasts: list[tuple[float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    p, y = np.array(forecasts).T
    assume(0 < y.sum() < y.size)
    return p, y


@given(FORECASTS)
def test_measures_agree_with_scikit_learn(forecasts: list[tuple[float, bool]]) -> None:
    p, y = _both_outcomes(forecasts)
    assert auc(p, y) == pytest.approx(metrics.roc_auc_score(y, p), rel=1e-12)
    assert average_precision(p, y) == pytest.approx(metrics.average_precision_score(y, p))
    assert brier(p, y) == pytest.approx(metrics.brier_score_loss(y, p))
    assert log_score(p, y) == pytest.approx(metrics.log_loss(y, p, labels=[0, 1]))


@given(FORECASTS)
def test_discrimination_depends_on_the_order_alone(forecasts: list[tuple[float, bool]]) -> None:
    p, y = _both_outcomes(forecasts)
    assert auc(logit(p), y) == pytest.approx(auc(p, y))
    assert average_precision(logit(p), y) == pytest.approx(average_precision(p, y))
    assert auc(-p, y) == pytest.approx(1 - auc(p, y))
    assert auc(p, 1 - y) == pytest.approx(1 - auc(p, y))
    assert auc(p[::-1], y[::-1]) == pytest.approx(auc(p, y))
    assert auc(np.ones_like(p), y) == 0.5
    assert average_precision(np.ones_like(p), y) == pytest.approx(np.mean(y))


def test_infinite_scores_may_tie() -> None:
    assert auc([-np.inf, -np.inf, np.inf], [0, 1, 1]) == 0.75
    assert average_precision([-np.inf, -np.inf, np.inf], [0, 1, 1]) == pytest.approx(5 / 6)


@given(st.floats(0.01, 0.99), st.integers(1, 20), st.integers(1, 20))
def test_scores_are_proper(p: float, events: int, others: int) -> None:
    y = np.repeat([1, 0], [events, others])
    base_rate = np.mean(y)
    for score in (brier, log_score):
        assert score(np.full(y.size, base_rate), y) <= score(np.full(y.size, p), y) + 1e-12


def test_a_certain_forecast_that_failed_is_infinitely_bad() -> None:
    assert log_score([0.0, 0.5], [1, 0]) == math.inf
    assert log_score([0.0, 1.0], [0, 1]) == 0


def test_ranked_probability_score_by_hand() -> None:
    # Cumulative 0.2, 0.5, 0.9 | grade 2: errors 0.2, 0.5, -0.1 -> 0.30.
    # Cumulative 0.1, 0.3, 0.6 | grade 0: errors -0.9, -0.7, -0.4 -> 1.46.
    rows = [[0.2, 0.3, 0.4, 0.1], [0.1, 0.2, 0.3, 0.4]]
    assert ranked_probability_score(rows, [2, 0]) == pytest.approx((0.30 + 1.46) / 2)


@given(FORECASTS)
def test_ranked_probability_score_of_two_grades_is_the_brier_score(
    forecasts: list[tuple[float, bool]],
) -> None:
    p, y = np.array(forecasts).T
    two_grades = np.column_stack([1 - p, p])
    assert ranked_probability_score(two_grades, y) == pytest.approx(brier(p, y))
    mirrored = ranked_probability_score(two_grades[:, ::-1], 1 - y)
    assert mirrored == pytest.approx(brier(p, y))


@given(FORECASTS)
def test_calibration_in_the_large_is_the_ratio_of_the_sums(
    forecasts: list[tuple[float, bool]],
) -> None:
    p, y = np.array(forecasts).T
    assert calibration_in_the_large(p, y) * np.sum(p) == pytest.approx(np.sum(y))


@given(FORECASTS)
def test_calibration_slope_solves_the_likelihood_equations(
    forecasts: list[tuple[float, bool]],
) -> None:
    p, y = _both_outcomes(forecasts)
    assume(max(p[y == 1]) > min(p[y == 0]) and max(p[y == 0]) > min(p[y == 1]))
    slope, intercept = calibration_slope_intercept(p, y)
    surplus = y - expit(intercept + slope * logit(p))
    assert np.sum(surplus) == pytest.approx(0, abs=1e-7)
    assert np.sum(surplus * logit(p)) == pytest.approx(0, abs=1e-7)


def test_calibration_slope_agrees_with_statsmodels() -> None:
    draws = np.random.default_rng(5)
    log_odds = draws.normal(-1.5, 1.2, size=400)
    y = draws.uniform(size=400) < expit(0.6 * log_odds - 0.3)
    fitted = sm.Logit(y.astype(float), sm.add_constant(log_odds)).fit(disp=0, tol=1e-12)
    slope, intercept = calibration_slope_intercept(expit(log_odds), y)
    np.testing.assert_allclose([intercept, slope], fitted.params, rtol=1e-8)


@given(st.floats(0.3, 3), st.floats(-1, 1))
def test_recalibrated_forecasts_have_slope_one_and_intercept_nought(a: float, b: float) -> None:
    draws = np.random.default_rng(9)
    log_odds = draws.normal(size=200)
    y = draws.uniform(size=200) < expit(log_odds)
    slope, intercept = calibration_slope_intercept(expit(b + a * log_odds), y)
    recalibrated = expit(intercept + slope * (b + a * log_odds))
    np.testing.assert_allclose(calibration_slope_intercept(recalibrated, y), (1, 0), atol=1e-7)
    assert calibration_in_the_large(recalibrated, y) == pytest.approx(1)


@pytest.mark.parametrize(
    ("p", "y"),
    [
        ([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1]),
        ([0.9, 0.8, 0.2, 0.1], [0, 0, 1, 1]),
        ([0.1, 0.2, 0.2, 0.9], [0, 0, 1, 1]),
        ([0.3, 0.3, 0.3, 0.3], [0, 1, 0, 1]),
        ([0.1, 0.5, 0.9], [1, 1, 1]),
    ],
    ids=["separated", "separated the wrong way", "touching", "constant", "one outcome"],
)
def test_a_slope_that_does_not_exist_is_refused(p: list[float], y: list[int]) -> None:
    with pytest.raises(IndicatorError, match=r"p: no calibration slope fits best: found .* events"):
        calibration_slope_intercept(p, y)


def test_a_fit_that_runs_away_is_refused_not_returned() -> None:
    design = np.column_stack([np.ones(4), [-2.0, -1.0, 1.0, 2.0]])
    with pytest.raises(IndicatorError, match="calibration did not converge: found 4 forecasts"):
        _logistic_fit(design, np.array([0.0, 0.0, 1.0, 1.0]))


def test_net_benefit_by_hand() -> None:
    # At 0.2: two hits and two false alarms of six: 2/6 - 2/6 * 0.25.
    p, y = [0.1, 0.2, 0.3, 0.4, 0.9, 0.05], [1, 1, 0, 0, 1, 0]
    assert net_benefit(p, y, 0.2) == pytest.approx(2 / 6 - 2 / 6 * 0.25)
    assert net_benefit(p, y, 0.95) == 0


@given(FORECASTS, st.floats(0.02, 0.98))
def test_net_benefit_lies_between_harm_of_all_alarms_and_the_base_rate(
    forecasts: list[tuple[float, bool]], threshold: float
) -> None:
    p, y = np.array(forecasts).T
    found = net_benefit(p, y, threshold)
    assert found <= np.mean(y) + 1e-12
    assert found >= -np.mean(1 - y) * threshold / (1 - threshold) - 1e-12
    assert net_benefit(y, y, threshold) == pytest.approx(np.mean(y))


def test_what_the_outcomes_cannot_define_is_nan() -> None:
    assert math.isnan(auc([0.1, 0.2], [1, 1]))
    assert math.isnan(auc([], []))
    assert math.isnan(average_precision([0.1, 0.2], [0, 0]))
    assert math.isnan(average_precision([], []))
    assert math.isnan(brier([], []))
    assert math.isnan(log_score([], []))
    assert math.isnan(net_benefit([], [], 0.5))
    assert math.isnan(calibration_in_the_large([0.0], [0]))


def test_unknown_outcomes_and_missing_forecasts_are_refused() -> None:
    with pytest.raises(IndicatorError, match=r"event: .* found nan; expected 1 or 0; leave out"):
        auc([0.1, 0.2], [1, np.nan])
    with pytest.raises(IndicatorError, match=r"event: .* found 2"):
        brier([0.1, 0.2], [1, 2])
    with pytest.raises(IndicatorError, match=r"score: .* found nan"):
        average_precision([np.nan, 0.2], [1, 0])
    with pytest.raises(IndicatorError, match=r"score, event: .* found \(2,\) and \(3,\)"):
        log_score([0.1, 0.2], [1, 0, 0])


def test_numbers_that_are_not_probabilities_are_refused() -> None:
    for measure in (brier, log_score, calibration_in_the_large):
        with pytest.raises(IndicatorError, match=r"p: .* found 1\.5; expected from 0 to 1"):
            measure([1.5, 0.2], [1, 0])
    with pytest.raises(IndicatorError, match=r"p: .* found 1; expected above 0 and below 1"):
        calibration_slope_intercept([1.0, 0.2], [1, 0])
    with pytest.raises(IndicatorError, match="threshold: not a threshold: found 0"):
        net_benefit([0.5], [1], 0.0)


def test_grades_and_distributions_that_do_not_fit_are_refused() -> None:
    with pytest.raises(IndicatorError, match=r"probabilities: .* found 0\.9; expected rows"):
        ranked_probability_score([[0.5, 0.4]], [0])
    with pytest.raises(IndicatorError, match=r"probabilities: .* found -0\.5"):
        ranked_probability_score([[-0.5, 1.5]], [0])
    with pytest.raises(IndicatorError, match=r"grade: .* found 2; expected a whole number below 2"):
        ranked_probability_score([[0.5, 0.5]], [2])
    with pytest.raises(IndicatorError, match=r"probabilities, grade: .* \(1, 2\) and \(2,\)"):
        ranked_probability_score([[0.5, 0.5]], [1, 0])
