"""Rates and their limits: against printed tables, scipy and statsmodels, and by properties."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as reference
from statsmodels.stats.proportion import proportion_confint

from earlywarn.errors import IndicatorError
from earlywarn.statistics.arrays import aligned, rate
from earlywarn.statistics.distributions import normal_quantile, two_sided_z
from earlywarn.statistics.exact import poisson_limits
from earlywarn.statistics.intervals import byar_limits, counts_of_totals, wilson_limits

COUNTS = st.lists(st.integers(0, 5_000), min_size=1, max_size=8)
CONFIDENCE = st.floats(0.05, 0.9999)
PARTS = st.integers(1, 50_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_rate_is_nan_where_nothing_could_be_counted() -> None:
    found = rate([30, 1, 0, np.nan, 5], [6000, 0, 0, 10, np.nan], per=10_000)
    np.testing.assert_array_equal(found, [50, np.nan, np.nan, np.nan, np.nan])


@given(st.floats(0, 1e6), st.floats(1e-3, 1e6), st.floats(0.01, 100))
def test_rate_does_not_change_with_the_unit_of_counting(
    top: float, bottom: float, scale: float
) -> None:
    assert rate(top * scale, bottom * scale) == pytest.approx(rate(top, bottom), rel=1e-12)


def test_rate_of_extreme_numbers_does_not_warn() -> None:
    assert rate(1e300, 5e-324) == math.inf


@given(st.lists(st.floats(1e-12, 1 - 1e-12), min_size=1))
def test_normal_quantile_agrees_with_scipy(shares: list[float]) -> None:
    np.testing.assert_allclose(
        normal_quantile(shares), reference.norm.ppf(shares), rtol=1e-9, atol=1e-12
    )


def test_normal_quantile_keeps_holes_and_shape() -> None:
    found = normal_quantile([[0.5, np.nan]])
    np.testing.assert_array_equal(found, [[0.0, np.nan]])


# Counts -----------------------------------------------------------------------------------------


@settings(deadline=None)
@given(COUNTS, CONFIDENCE, CONFIDENCE)
def test_count_limits_hold_the_count_and_widen_with_confidence(
    count: list[int], one: float, other: float
) -> None:
    narrow, wide = sorted((one, other))
    for limits in (byar_limits, poisson_limits):
        (low, high), (lowest, highest) = limits(count, narrow), limits(count, wide)
        assert np.all(low <= count)
        assert np.all(high >= count)
        assert np.all(lowest <= low * (1 + 1e-9))
        assert np.all(highest >= high * (1 - 1e-9))


# Byar's limits ----------------------------------------------------------------------------------


def test_byar_limits_follow_the_formula() -> None:
    # Worked by hand for 100 events: z = 1.959964, 100 (1 - 1/900 - z/30)^3 and
    # 101 (1 - 1/909 + z/(3 sqrt(101)))^3.
    lower, upper = byar_limits(100)
    assert lower == pytest.approx(81.3620, abs=1e-3)
    assert upper == pytest.approx(121.6278, abs=1e-3)


def test_byar_limits_are_as_close_to_the_exact_ones_as_the_guidance_says() -> None:
    # Public Health England, Technical Guide: Confidence Intervals (25 May 2018): within 0.2% of the
    # exact 95% limits for numerators of 10 or more.
    count = np.arange(10, 2000)
    for found, exact in zip(byar_limits(count), poisson_limits(count), strict=True):
        assert np.max(np.abs(found / exact - 1)) < 0.002


def test_byar_limits_of_small_counts_are_as_near_as_the_methods_say() -> None:
    count = np.arange(10)
    for found, exact in zip(byar_limits(count), poisson_limits(count), strict=True):
        assert np.abs(found - exact).max() < 0.025


def test_byar_lower_limit_is_never_below_nil() -> None:
    lower, _ = byar_limits([0, 0.25, 1, np.nan], confidence=0.998)
    np.testing.assert_array_equal(lower, [0, 0, 0, np.nan])


# Wilson's limits --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "total", "lower", "upper"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_limits_are_those_of_newcombe(
    count: int, total: int, lower: float, upper: float
) -> None:
    # Newcombe 1998, Statistics in Medicine 17, table I, method 3.
    found = wilson_limits(count, total)
    assert found[0] == pytest.approx(lower, abs=5.1e-5)
    assert found[1] == pytest.approx(upper, abs=5.1e-5)


@given(st.lists(PARTS, min_size=1, max_size=8), CONFIDENCE)
def test_wilson_limits_agree_with_statsmodels(
    parts: list[tuple[int, int]], confidence: float
) -> None:
    count, total = np.array(parts).T
    expected = proportion_confint(count, total, alpha=1 - confidence, method="wilson")
    for found, other in zip(wilson_limits(count, total, confidence), expected, strict=True):
        np.testing.assert_allclose(found, other, rtol=1e-9, atol=1e-12)


@given(PARTS, CONFIDENCE, CONFIDENCE)
def test_wilson_limits_hold_the_share_widen_and_mirror(
    part: tuple[int, int], one: float, other: float
) -> None:
    count, total = part
    narrow, wide = sorted((one, other))
    low, high = wilson_limits(count, total, narrow)
    lowest, highest = wilson_limits(count, total, wide)
    assert 0 <= lowest <= low + 1e-12 <= count / total + 1e-12
    assert 1 >= highest >= high - 1e-12 >= count / total - 1e-12
    mirrored = wilson_limits(total - count, total, narrow)
    assert 1 - mirrored[1] == pytest.approx(low, abs=1e-12)


def test_wilson_limits_of_nothing_are_unknown() -> None:
    lower, upper = wilson_limits([0, np.nan, 1], [0, 5, np.nan])
    assert np.isnan(lower).all()
    assert np.isnan(upper).all()


# What is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("confidence", [0, 1, -0.5, 95, math.nan])
def test_confidence_out_of_range_is_refused(confidence: float) -> None:
    with pytest.raises(IndicatorError, match=r"^confidence: not a confidence: found .*0\.95"):
        two_sided_z(confidence)


def test_the_first_bad_value_and_the_number_of_others_are_told() -> None:
    with pytest.raises(IndicatorError, match=r"^count: .* found -3 and 1 more such; expected 0 or"):
        byar_limits([1, -3, np.nan, -2])


def test_bad_counts_are_refused() -> None:
    with pytest.raises(IndicatorError, match=r"count: .* found inf"):
        byar_limits([np.inf])
    with pytest.raises(IndicatorError, match=r"count: .* found 6; expected at most the total"):
        wilson_limits([1, 6], [5, 5])
    with pytest.raises(IndicatorError, match=r"total: .* found -5"):
        counts_of_totals(0, -5)
    with pytest.raises(IndicatorError, match=r"denominator: .* found -1"):
        rate(1, -1)
    with pytest.raises(IndicatorError, match=r"p: .* found 1; expected above 0 and below 1"):
        normal_quantile(1.0)


def test_shapes_must_be_the_same_and_are_never_stretched() -> None:
    with pytest.raises(IndicatorError, match=r"count, total: .* found \(3,\) and \(3, 1\)"):
        aligned(count=[1, 2, 3], total=[[1], [2], [3]])
    with pytest.raises(IndicatorError, match=r"count, total: .* found \(3,\) and \(1,\)"):
        aligned(count=[1, 2, 3], total=[1])


def test_words_are_refused() -> None:
    with pytest.raises(IndicatorError, match=r"count: not numbers: found \['c', '5'\]"):
        byar_limits(["c", "5"])
