"""Slopes, ranks, adjustment and log-odds: against scipy and statsmodels, and by properties."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import special
from scipy import stats as reference

from earlywarn.errors import IndicatorError
from earlywarn.statistics.distributions import expit, logit, normal_cdf, normal_quantile
from earlywarn.statistics.regression import linear_fit, percentile_rank, slope

REAL = st.floats(-1e3, 1e3)
YEARS = np.arange(2019, 2024)


def test_importing_loads_numpy_alone() -> None:
    code = (
        "import sys, earlywarn.statistics.metrics; "
        "print(sorted({'scipy', 'sklearn', 'pandas', 'statsmodels'} & set(sys.modules)))"
    )
    found = subprocess.run(  # noqa: S603 - our own interpreter, our own text
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"


# Slopes -----------------------------------------------------------------------------------------


@given(st.floats(-100, 100), REAL, st.lists(st.booleans(), min_size=5, max_size=5))
def test_the_slope_of_a_line_is_exact_whatever_is_missing(
    gradient: float, level: float, missing: list[bool]
) -> None:
    line = np.where(missing, np.nan, level + gradient * (YEARS - 2021))
    found = slope([line], YEARS)[0]
    if missing.count(False) < 2:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(gradient, rel=1e-9, abs=1e-9)


@given(arrays(float, (3, 5), elements=REAL))
def test_slopes_agree_with_scipy(values: np.ndarray) -> None:
    expected = [reference.linregress(YEARS, row).slope for row in values]
    np.testing.assert_allclose(slope(values, YEARS), expected, rtol=1e-8, atol=1e-9)


def test_too_few_points_give_no_slope() -> None:
    values = [[1.0, 2.0, np.nan, np.nan, np.nan], [1.0, 2.0, 3.0, np.nan, np.nan]]
    np.testing.assert_array_equal(np.isnan(slope(values, YEARS, min_points=3)), [True, False])
    assert np.isnan(slope([[1.0, 2.0]], [2020, 2020])).all()


# Ranks ------------------------------------------------------------------------------------------


@given(st.lists(st.integers(-5, 5), min_size=2, max_size=30))
def test_percentile_ranks_agree_with_scipy(x: list[int]) -> None:
    expected = (reference.rankdata(x) - 1) / (len(x) - 1)
    np.testing.assert_allclose(percentile_rank(x), expected, atol=1e-12)


@given(st.lists(st.integers(-5, 5), min_size=2, max_size=30), st.randoms())
def test_percentile_ranks_treat_units_alike(x: list[int], random: st.DataObject) -> None:
    values = np.array(x, dtype=float)
    found = percentile_rank(values)
    assert np.mean(found) == pytest.approx(0.5)
    np.testing.assert_allclose(percentile_rank(-values), 1 - found, atol=1e-12)
    np.testing.assert_allclose(percentile_rank(np.exp(values)), found, atol=1e-12)
    order = list(range(len(x)))
    random.shuffle(order)  # type: ignore[attr-defined]
    np.testing.assert_array_equal(percentile_rank(values[order]), found[order])
    np.testing.assert_array_equal(percentile_rank([*x, np.nan]), [*found, np.nan])


def test_a_unit_alone_has_no_rank() -> None:
    assert np.isnan(percentile_rank([3.0, np.nan])).all()
    assert percentile_rank([]).size == 0


# Adjustment -------------------------------------------------------------------------------------


def test_the_line_itself_agrees_with_statsmodels() -> None:
    draws = np.random.default_rng(12)
    x, weights = draws.normal(30, 10, size=60), draws.uniform(0.1, 3, size=60)
    y = 2 + 0.3 * x + draws.normal(size=60)
    expected = sm.WLS(y, sm.add_constant(x), weights=weights).fit().params
    hole = np.append(x, np.nan)
    found = linear_fit(np.append(y, 1.0), hole, np.append(weights, 1.0))
    np.testing.assert_allclose(found, expected, rtol=1e-8)
    assert linear_fit([1.0, 3.0], [5.0, 5.0]) == (2.0, 0.0)
    assert np.isnan(linear_fit([np.nan], [1.0])[0])


def test_a_unit_of_no_weight_does_not_move_the_line() -> None:
    found = linear_fit([0.0, 1.0, 2.0, 50.0], [0.0, 1.0, 2.0, 3.0], [1, 1, 1, 0])
    np.testing.assert_allclose(found, (0, 1), atol=1e-12)


# Log-odds ---------------------------------------------------------------------------------------


@given(st.lists(st.floats(-30, 30)))
def test_normal_cdf_agrees_with_scipy_and_undoes_the_quantile(z: list[float]) -> None:
    found = normal_cdf(z)
    np.testing.assert_allclose(found, reference.norm.cdf(z), rtol=1e-9)
    inside = found[(found > 1e-300) & (found < 0.9)]
    np.testing.assert_allclose(normal_cdf(normal_quantile(inside)), inside, rtol=1e-9)
    np.testing.assert_array_equal(normal_cdf([[np.nan, 0.0]]), [[np.nan, 0.5]])


@given(st.lists(st.floats(-700, 700), min_size=1))
def test_expit_agrees_with_scipy(x: list[float]) -> None:
    np.testing.assert_allclose(expit(x), special.expit(x), rtol=1e-12)
    np.testing.assert_allclose(expit(x) + expit(-np.array(x)), 1, rtol=1e-12)


@given(st.lists(st.floats(1e-300, 1 - 1e-12), min_size=1))
def test_logit_agrees_with_scipy_and_is_undone_by_expit(p: list[float]) -> None:
    np.testing.assert_allclose(logit(p), special.logit(p), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(expit(logit(p)), p, rtol=1e-9)


def test_log_odds_at_the_ends_and_of_holes() -> None:
    np.testing.assert_array_equal(expit([-5000.0, 5000.0]), [0, 1])
    np.testing.assert_array_equal(logit([0, 1, np.nan]), [-np.inf, np.inf, np.nan])
    np.testing.assert_array_equal(expit([-np.inf, np.inf, np.nan]), [0, 1, np.nan])


# What is refused --------------------------------------------------------------------------------


def test_bad_tables_are_refused() -> None:
    with pytest.raises(IndicatorError, match=r"values, times: .* found shapes \(1, 2\) and \(3,\)"):
        slope([[1, 2]], [1, 2, 3])
    with pytest.raises(IndicatorError, match=r"values, times: .* found shapes \(2,\) and \(2,\)"):
        slope([1, 2], [1, 2])
    with pytest.raises(IndicatorError, match=r"times: .* found nan; expected a known time"):
        slope([[1, 2]], [1, np.nan])
    with pytest.raises(IndicatorError, match=r"values: .* found inf"):
        slope([[1, np.inf]], [1, 2])
    with pytest.raises(IndicatorError, match="min_points: too few: found 1; expected 2 or more"):
        slope([[1, 2]], [1, 2], min_points=1)


def test_bad_columns_are_refused() -> None:
    with pytest.raises(IndicatorError, match=r"x: not a single column: found shape \(1, 2\)"):
        percentile_rank([[1, 2]])
    with pytest.raises(IndicatorError, match=r"y, x: .* found \(2,\) and \(3,\)"):
        linear_fit([1, 2], [1, 2, 3])
    with pytest.raises(IndicatorError, match=r"weights: .* found -1"):
        linear_fit([1, 2], [1, 2], [1, -1])
    with pytest.raises(IndicatorError, match=r"x: .* found inf"):
        linear_fit([1, 2], [1, np.inf])
    with pytest.raises(IndicatorError, match=r"p: .* found 1\.2; expected from 0 to 1"):
        logit([0.5, 1.2])
