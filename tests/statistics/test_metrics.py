"""Measures of forecasts: against scikit-learn and statsmodels, by hand, and by their properties."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn import metrics

from earlywarn.errors import IndicatorError
from earlywarn.statistics.distributions import logit
from earlywarn.statistics.metrics import auc, brier, log_score, net_benefit

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
    assert brier(p, y) == pytest.approx(metrics.brier_score_loss(y, p))
    assert log_score(p, y) == pytest.approx(metrics.log_loss(y, p, labels=[0, 1]))


@given(FORECASTS)
def test_discrimination_depends_on_the_order_alone(forecasts: list[tuple[float, bool]]) -> None:
    p, y = _both_outcomes(forecasts)
    assert auc(logit(p), y) == pytest.approx(auc(p, y))
    assert auc(-p, y) == pytest.approx(1 - auc(p, y))
    assert auc(p, 1 - y) == pytest.approx(1 - auc(p, y))
    assert auc(p[::-1], y[::-1]) == pytest.approx(auc(p, y))
    assert auc(np.ones_like(p), y) == 0.5


def test_infinite_scores_may_tie() -> None:
    assert auc([-np.inf, -np.inf, np.inf], [0, 1, 1]) == 0.75


@given(st.floats(0.01, 0.99), st.integers(1, 20), st.integers(1, 20))
def test_scores_are_proper(p: float, events: int, others: int) -> None:
    y = np.repeat([1, 0], [events, others])
    base_rate = np.mean(y)
    for score in (brier, log_score):
        assert score(np.full(y.size, base_rate), y) <= score(np.full(y.size, p), y) + 1e-12


def test_a_certain_forecast_that_failed_is_infinitely_bad() -> None:
    assert log_score([0.0, 0.5], [1, 0]) == math.inf
    assert log_score([0.0, 1.0], [0, 1]) == 0


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
    assert math.isnan(brier([], []))
    assert math.isnan(log_score([], []))
    assert math.isnan(net_benefit([], [], 0.5))


def test_unknown_outcomes_and_missing_forecasts_are_refused() -> None:
    with pytest.raises(IndicatorError, match=r"event: .* found nan; expected 1 or 0; leave out"):
        auc([0.1, 0.2], [1, np.nan])
    with pytest.raises(IndicatorError, match=r"event: .* found 2"):
        brier([0.1, 0.2], [1, 2])
    with pytest.raises(IndicatorError, match=r"score: .* found nan"):
        auc([np.nan, 0.2], [1, 0])
    with pytest.raises(IndicatorError, match=r"score, event: .* found \(2,\) and \(3,\)"):
        log_score([0.1, 0.2], [1, 0, 0])


def test_numbers_that_are_not_probabilities_are_refused() -> None:
    for measure in (brier, log_score):
        with pytest.raises(IndicatorError, match=r"p: .* found 1\.5; expected from 0 to 1"):
            measure([1.5, 0.2], [1, 0])
    with pytest.raises(IndicatorError, match="threshold: not a threshold: found 0"):
        net_benefit([0.5], [1], 0.0)
