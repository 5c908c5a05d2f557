"""Funnels and shrinkage: by hand, against statsmodels, and by their properties."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats.mstats import winsorize
from statsmodels.stats.meta_analysis import combine_effects

from earlywarn.errors import IndicatorError
from earlywarn.statistics.funnel import (
    arcsine_proportion,
    funnel_limits,
    overdispersion,
    posterior_sd,
    precision_mean,
    reliability,
    shrunken_z,
    sqrt_rate,
    winsorise,
)

REAL = st.floats(-1e3, 1e3)
POSITIVE = st.floats(1e-2, 1e2)
UNITS = st.lists(st.tuples(REAL, POSITIVE), min_size=3, max_size=30)


# Stabilised estimates ---------------------------------------------------------------------------


@given(st.integers(1, 10_000), st.data())
def test_stabilised_estimates_keep_the_order_of_the_rates(n: int, data: st.DataObject) -> None:
    low, high = sorted(data.draw(st.lists(st.integers(0, n), min_size=2, max_size=2, unique=True)))
    for transform in (arcsine_proportion, sqrt_rate):
        y, _ = transform([low, high, 0], [n, n, n])
        assert y[0] < y[1]
        # The same rate in a unit a hundred times as large is the same estimate.
        large, sd = transform([low * 100, low], [n * 100, n])
        assert large[0] == pytest.approx(large[1], abs=1e-12)
        assert sd[0] == pytest.approx(sd[1] / 10)


def test_stabilised_estimates_by_hand() -> None:
    y, sd = arcsine_proportion([1, 3, 0, np.nan], [2, 4, 0, 4])
    np.testing.assert_allclose(y, [math.pi / 4, math.pi / 3, np.nan, np.nan], rtol=1e-12)
    np.testing.assert_allclose(sd, [0.5 / math.sqrt(2), 0.25, np.nan, 0.25], rtol=1e-12)
    y, sd = sqrt_rate([9, 1, np.nan], [100, 0, 4])
    np.testing.assert_allclose(y, [0.3, np.nan, np.nan])
    np.testing.assert_allclose(sd, [0.05, np.nan, 0.25])


def test_the_standard_deviations_are_those_of_simulated_counts() -> None:
    draws = np.random.default_rng(20250331)
    y, sd = arcsine_proportion(draws.binomial(400, 0.2, size=40_000), 400)
    assert np.std(y) == pytest.approx(sd[0], rel=0.02)
    y, sd = sqrt_rate(draws.poisson(90, size=40_000), 3_000)
    assert np.std(y) == pytest.approx(sd[0], rel=0.02)


# Winsorising and the centre ---------------------------------------------------------------------


def test_winsorise_agrees_with_scipy_where_the_quantiles_are_units() -> None:
    x = np.random.default_rng(1).normal(size=41)  # quantiles at a tenth are units 4 and 36
    np.testing.assert_array_equal(winsorise(x), np.asarray(winsorize(x, limits=0.1)))


@given(st.lists(REAL, min_size=1, max_size=40), st.floats(0, 0.49), st.floats(-9, 9))
def test_winsorise_moves_only_the_extremes(x: list[float], share: float, shift: float) -> None:
    found = winsorise(x, share)
    low, high = np.quantile(x, [share, 1 - share])
    inside = (np.array(x) >= low) & (np.array(x) <= high)
    np.testing.assert_array_equal(found[inside], np.array(x)[inside])
    assert np.all((found >= low) & (found <= high))
    np.testing.assert_allclose(winsorise(np.array(x) + shift, share), found + shift, atol=1e-9)
    np.testing.assert_array_equal(winsorise([*x, np.nan], share), [*found, np.nan])


def test_winsorise_of_nothing_known_is_nothing_known() -> None:
    assert np.isnan(winsorise([np.nan, np.nan])).all()
    assert winsorise([]).size == 0


@given(UNITS, st.randoms())
def test_centre_and_spread_do_not_depend_on_the_order(
    units: list[tuple[float, float]], random: st.DataObject
) -> None:
    shuffled = units.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    (y, sd), (y2, sd2) = zip(*units, strict=True), zip(*shuffled, strict=True)
    centre = precision_mean(np.array(y), np.array(sd))
    assert min(y) - 1e-9 <= centre <= max(y) + 1e-9
    assert precision_mean(np.array(y2), np.array(sd2)) == pytest.approx(centre, rel=1e-9, abs=1e-9)
    np.testing.assert_allclose(
        overdispersion(y2, sd2, centre), overdispersion(y, sd, centre), rtol=1e-7, atol=1e-9
    )


# Over-dispersion --------------------------------------------------------------------------------


def test_overdispersion_by_hand() -> None:
    # z = -2, 0, 2, 1 and weights 1, 1, 1, 4: phi = 9/4; Q - (I - 1) = 9 - 3 = 6;
    # sum of weights 7, less 19/7 = 30/7; tau2 = 6 * 7 / 30.
    phi, tau2 = overdispersion([1, 3, 5, 3.5], [1, 1, 1, 0.5], 3, share=0)
    assert phi == pytest.approx(9 / 4)
    assert tau2 == pytest.approx(1.4)


def test_overdispersion_winsorised_by_hand() -> None:
    # z = -2, -1, 0, 1, 20 is pulled in to -1, -1, 0, 1, 1: phi = 4/5, less than sampling explains.
    assert overdispersion([-2, -1, 0, 1, 20], 1.0, 0.0, share=0.25) == (0.8, 0.0)
    # Twice the distances: phi = 16/5, Q - (I - 1) = 12, sum of weights 5 less 1: tau2 = 3.
    phi, tau2 = overdispersion([-4, -2, 0, 2, 40], 1.0, 0.0, share=0.25)
    assert phi == pytest.approx(3.2)
    assert tau2 == pytest.approx(3.0)


def dersimonian_and_laird(units: list[tuple[float, float]]) -> float:
    """Their variance between units, in fractions: exact, however the precisions differ."""
    y = [Fraction(estimate) for estimate, _ in units]
    weight = [1 / Fraction(sd) ** 2 for _, sd in units]
    total = sum(weight)
    mean = sum(w * each for w, each in zip(weight, y, strict=True)) / total
    spread = sum(w * (each - mean) ** 2 for w, each in zip(weight, y, strict=True))
    return float((spread - (len(units) - 1)) / (total - sum(w**2 for w in weight) / total))


@given(UNITS)
def test_overdispersion_is_dersimonian_and_laird_when_nothing_is_pulled_in(
    units: list[tuple[float, float]],
) -> None:
    y, sd = np.array(units).T
    _, tau2 = overdispersion(y, sd, precision_mean(y, sd), share=0)
    assert tau2 == pytest.approx(max(dersimonian_and_laird(units), 0), rel=1e-6, abs=1e-7)


@given(UNITS)
def test_overdispersion_is_what_statsmodels_says(units: list[tuple[float, float]]) -> None:
    y, sd = np.array(units).T
    # Where one unit is far more precise than the others, statsmodels loses digits.
    assume(sd.max() < 100 * sd.min())
    _, tau2 = overdispersion(y, sd, precision_mean(y, sd), share=0)
    with np.errstate(all="ignore"):  # statsmodels goes on to intervals, which may not exist
        expected = combine_effects(y, sd**2, method_re="dl").tau2
    assert tau2 == pytest.approx(max(expected, 0), rel=1e-6, abs=1e-7)


@given(UNITS, st.floats(0.1, 10))
def test_overdispersion_follows_the_scale_of_the_estimates(
    units: list[tuple[float, float]], scale: float
) -> None:
    y, sd = np.array(units).T
    phi, tau2 = overdispersion(y, sd, 1.0)
    phi2, tau2_scaled = overdispersion(y * scale, sd * scale, scale)
    assert phi2 == pytest.approx(phi, rel=1e-7)
    assert tau2_scaled == pytest.approx(tau2 * scale**2, rel=1e-6, abs=1e-7)


def test_overdispersion_finds_the_variance_that_was_put_in() -> None:
    draws = np.random.default_rng(7)
    sd = draws.uniform(0.5, 2, size=20_000)
    y = draws.normal(10, np.hypot(sd, 3.0))
    assert overdispersion(y, sd, 10.0, share=0)[1] == pytest.approx(9.0, rel=0.05)


def test_overdispersion_needs_two_units_and_leaves_out_the_missing() -> None:
    assert np.isnan(overdispersion([1, np.nan], [1, 1], 0.0)).all()
    known = overdispersion([1, 5, 9], 1.0, 4.0)
    assert overdispersion([1, 5, 9, np.nan, 3], [1, 1, 1, 1, np.nan], 4.0) == known


# Distance from the centre -----------------------------------------------------------------------


@given(REAL, POSITIVE, REAL, st.floats(0, 1e3))
def test_shrinkage_is_the_posterior_of_a_normal_unit(
    y: float, sd: float, centre: float, tau2: float
) -> None:
    z, weight = (y - centre) / math.sqrt(sd**2 + tau2), reliability(sd, tau2)
    assert weight == pytest.approx(tau2 / (tau2 + sd**2), rel=1e-9)
    assert shrunken_z(y, sd, centre, tau2) == pytest.approx(z * math.sqrt(weight), rel=1e-9)
    assert posterior_sd(sd, tau2) == pytest.approx(math.sqrt(1 - weight), rel=1e-6, abs=1e-7)
    # A unit as far the other side is as far in z.
    mirrored = shrunken_z(2 * centre - y, sd, centre, tau2)
    assert mirrored == pytest.approx(-z * math.sqrt(weight), rel=1e-6, abs=1e-6)


@given(st.floats(0.1, 100), st.floats(0.01, 10))
def test_the_less_is_known_the_nearer_to_nought(distance: float, tau2: float) -> None:
    sd = np.geomspace(1e-3, 1e9, 25)
    z = shrunken_z(distance, sd, 0.0, tau2)
    assert np.all(np.diff(z) < 0)
    assert z[0] == pytest.approx(distance / math.sqrt(tau2), rel=1e-3)
    assert z[-1] == pytest.approx(0, abs=1e-6)
    assert np.all(np.diff(posterior_sd(sd, tau2)) >= 0)


def test_without_variance_between_units_everybody_is_at_the_centre() -> None:
    np.testing.assert_array_equal(
        shrunken_z([5.0, 5.0, np.nan], [1.0, 0.0, 1.0], 0.0, 0.0), [0, 0, np.nan]
    )
    np.testing.assert_array_equal(reliability([1.0, 0.0, np.nan], 0.0), [0, 0, np.nan])
    np.testing.assert_array_equal(posterior_sd([1.0, 0.0, np.nan], 0.0), [1, 1, np.nan])


def test_an_unknown_spread_leaves_everything_unknown() -> None:
    for found in (shrunken_z(1, 1, 0, np.nan), reliability(1, np.nan)):
        assert np.isnan(found)


# Limits for the plot ----------------------------------------------------------------------------


@given(st.sampled_from(["proportion", "rate"]), st.floats(0.05, 1.5), st.floats(0, 0.1))
def test_a_unit_on_the_limit_has_the_z_of_the_confidence(
    kind: str, centre: float, tau2: float
) -> None:
    n = np.array([50_000.0, 200_000.0])
    transform = {"proportion": arcsine_proportion, "rate": sqrt_rate}[kind]
    lower, upper = funnel_limits(n, centre, kind, tau2, confidence=0.95)  # type: ignore[arg-type]
    for limit, expected, end in ((lower, -1.959964, 0.0), (upper, 1.959964, 1.0)):
        y, sd = transform(limit * n, n)
        inside = limit > 0 if end == 0 else (limit < 1) | (kind == "rate")
        z = (y - centre) / np.sqrt(sd**2 + tau2)
        np.testing.assert_allclose(z[inside], expected, rtol=1e-4)


@given(st.sampled_from(["proportion", "rate"]), st.floats(0, 1.57), st.floats(0, 1))
def test_funnel_limits_hold_the_centre_narrow_with_size_and_widen_with_confidence(
    kind: str, centre: float, tau2: float
) -> None:
    n = np.geomspace(1, 1e6, 20)
    lower, upper = funnel_limits(n, centre, kind, tau2)  # type: ignore[arg-type]
    lowest, highest = funnel_limits(n, centre, kind, tau2, 0.998)  # type: ignore[arg-type]
    middle = centre**2 if kind == "rate" else math.sin(centre) ** 2
    assert np.all((lower <= middle) & (middle <= upper))
    assert np.all((lowest <= lower) & (upper <= highest))
    assert np.all(np.diff(lower) >= 0)
    assert np.all(np.diff(upper) <= 0)
    assert kind == "rate" or np.all((lowest >= 0) & (highest <= 1))


def test_funnel_limits_of_nothing_are_unknown() -> None:
    lower, upper = funnel_limits([0, np.nan], 0.5, "proportion")
    assert np.isnan([lower, upper]).all()


# What is refused --------------------------------------------------------------------------------


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(IndicatorError, match=r"share: .* found 0\.5; expected 0 to"):
        winsorise([1, 2], share=0.5)
    with pytest.raises(IndicatorError, match=r"x: .* found inf"):
        winsorise([1, np.inf])
    with pytest.raises(IndicatorError, match=r"sd: .* found 0; expected above 0"):
        overdispersion([1, 2], [1, 0], 1.0)
    with pytest.raises(IndicatorError, match=r"sd: .* found -1"):
        shrunken_z(1, -1, 0, 1)
    with pytest.raises(IndicatorError, match=r"tau2: .* found -1"):
        shrunken_z(1, 1, 0, -1)
    with pytest.raises(IndicatorError, match=r"y, sd: .* found \(2,\) and \(3,\)"):
        shrunken_z([1, 2], [1, 2, 3], 0, 1)
    with pytest.raises(IndicatorError, match=r"count: .* found 3; expected at most the total"):
        arcsine_proportion(3, 2)
    with pytest.raises(IndicatorError, match=r"count: .* found -3"):
        sqrt_rate(-3, 2)


def test_bad_funnels_are_refused() -> None:
    with pytest.raises(IndicatorError, match=r"kind: .* found 'mean'; expected 'proportion' or"):
        funnel_limits(10, 0.5, "mean")  # type: ignore[arg-type]
    with pytest.raises(IndicatorError, match=r"centre: .* found 22; expected .* stabilised scale"):
        funnel_limits(10, 22.0, "proportion")
    with pytest.raises(IndicatorError, match=r"tau2: .* found -1"):
        funnel_limits(10, 0.5, "rate", tau2=-1)
    with pytest.raises(IndicatorError, match=r"confidence: .* found 95"):
        funnel_limits(10, 0.5, "rate", confidence=95)
