"""Paule and Mandel's estimator: a published example, its defining equation, and simulations."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from earlywarn.errors import IndicatorError
from earlywarn.statistics.funnel import precision_mean, winsorise
from earlywarn.statistics.heterogeneity import paule_mandel, winsorised_mean_square

# The 13 trials of BCG vaccine (Colditz et al. 1994), log risk ratios and their variances, as in
# R's metafor (dat.bcg, escalc(measure="RR")), whose rma(yi, vi, method="PM") gives tau^2 0.3181.
BCG = np.array(
    [
        (-0.8893113, 0.3255848),
        (-1.5853887, 0.1945811),
        (-1.3480731, 0.4153680),
        (-1.4415512, 0.0200100),
        (-0.2175473, 0.0512102),
        (-0.7861156, 0.0069056),
        (-1.6208982, 0.2230172),
        (0.0119523, 0.0039616),
        (-0.4694176, 0.0564342),
        (-1.3713448, 0.0730248),
        (-0.3393588, 0.0124122),
        (0.4459134, 0.5325058),
        (-0.0173139, 0.0714046),
    ]
)
BCG_Y, BCG_V = BCG.T


def test_the_published_example_is_that_of_metafor():
    centre, tau2 = paule_mandel(BCG_Y, np.sqrt(BCG_V))
    assert tau2 == pytest.approx(0.3181, abs=5e-5)
    assert centre == pytest.approx(-0.7150, abs=5e-4)


def test_equal_errors_give_the_exact_fraction():
    y = [Fraction(1), Fraction(4), Fraction(7), Fraction(12)]
    mean = sum(y) / 4
    exact = sum((one - mean) ** 2 for one in y) / 3 - Fraction(1, 4)
    centre, tau2 = paule_mandel(np.array(y, dtype=float), np.full(4, 0.5))
    assert (centre, tau2) == (pytest.approx(float(mean)), pytest.approx(float(exact), rel=1e-10))


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000))
def test_the_sum_of_squares_is_what_is_expected(seed: int):
    rng = np.random.default_rng(seed)
    sd = rng.uniform(0.1, 1.0, 30)
    y = rng.normal(scale=np.hypot(sd, 0.8))
    centre, tau2 = paule_mandel(y, sd)
    total = float(((y - centre) ** 2 / (sd**2 + tau2)).sum())
    assert total == pytest.approx(29, rel=1e-8) if tau2 > 0 else total <= 29


def test_a_constant_more_moves_the_centre_and_not_the_spread():
    before, after = (paule_mandel(BCG_Y + more, np.sqrt(BCG_V), share=0.1) for more in (0.0, 3.0))
    assert after == (pytest.approx(before[0] + 3), pytest.approx(before[1], rel=1e-9))


def test_no_differences_beyond_chance_give_none():
    assert paule_mandel(np.array([1.0, 1.1, 0.9]), np.ones(3))[1] == 0.0


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2])
def test_the_consistency_factor_is_the_integral(share: float):
    edge = stats.norm.ppf(1 - share)
    inside = integrate.quad(lambda z: z**2 * stats.norm.pdf(z), -edge, edge)[0]
    assert winsorised_mean_square(share) == pytest.approx(inside + 2 * share * edge**2, rel=1e-9)


def test_the_winsorised_estimate_is_hardly_biased_where_the_method_of_moments_is_low():
    rng = np.random.default_rng(1)
    found = []
    for _ in range(200):
        sd = rng.uniform(0.05, 0.15, 150)
        found.append(paule_mandel(rng.normal(scale=np.hypot(sd, 0.1)), sd, share=0.1)[1])
    assert np.mean(found) == pytest.approx(0.01, rel=0.08)


def test_units_far_out_do_not_widen_the_spread():
    rng = np.random.default_rng(2)
    y, sd = rng.normal(size=100), np.full(100, 0.2)
    wild = np.r_[y[:95], np.full(5, 20.0)]
    assert paule_mandel(wild, sd, share=0.1)[1] < 1.6 * paule_mandel(y, sd, share=0.1)[1]
    assert paule_mandel(wild, sd)[1] > 5 * paule_mandel(y, sd)[1]


def test_known_values_give_their_variance():
    y = np.arange(40.0)
    assert paule_mandel(y, np.zeros(40))[1] == pytest.approx(np.var(y, ddof=1), rel=1e-6)


@pytest.mark.parametrize("units", [2, 21, 150])
@pytest.mark.parametrize("share", [0.1, 0.25])
def test_the_estimate_solves_its_equation_with_plain_winsorising(units: int, share: float):
    rng = np.random.default_rng(units)
    sd = rng.uniform(0.05, 0.15, units)
    y = rng.normal(scale=np.hypot(sd, 0.4)) + np.linspace(0, 1, units)
    centre, tau2 = paule_mandel(y, sd, share=share)
    spread = np.sqrt(sd**2 + tau2)
    assert tau2 > 0
    assert centre == pytest.approx(precision_mean(winsorise(y, share), spread), rel=1e-12)
    squares = (winsorise((y - centre) / spread, share) ** 2).sum()
    assert squares == pytest.approx((units - 1) * winsorised_mean_square(share), rel=1e-9)


def test_errors_below_zero_are_refused():
    with pytest.raises(IndicatorError, match="0 or more"):
        paule_mandel(np.ones(3), np.array([1.0, -1.0, 1.0]))


def test_units_that_are_alike_but_for_a_few_far_out_have_no_spread_beyond_chance():
    y = np.array([1.0] * 30 + [9.0])
    centre, tau2 = paule_mandel(y, np.full(31, 0.01), share=0.1)
    assert 1.0 <= centre < 1.3
    assert np.isfinite(tau2)
    assert 0 <= tau2 < 0.01
