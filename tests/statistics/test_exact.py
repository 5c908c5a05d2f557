"""Exact probabilities of counts: against printed tables and enumeration, and by properties."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as reference

from earlywarn.errors import IndicatorError
from earlywarn.statistics.exact import count_tails, hypergeometric_tail, poisson_limits

COUNTS = st.lists(st.integers(0, 5_000), min_size=1, max_size=8)
CONFIDENCE = st.floats(0.05, 0.9999)


@pytest.mark.parametrize(
    ("count", "lower", "upper"),
    [(0, 0.0, 3.689), (1, 0.025, 5.572), (10, 4.795, 18.39), (30, 20.24, 42.83)],
)
def test_poisson_limits_are_those_of_the_printed_tables(
    count: int, lower: float, upper: float
) -> None:
    # Garwood 1936 and the tables after it; 0 also in the manual of R's epitools, 30 in Barry 1992.
    found = poisson_limits(count)
    assert found[0] == pytest.approx(lower, abs=6e-3 if count == 30 else 6e-4)
    assert found[1] == pytest.approx(upper, abs=6e-3)


@pytest.mark.parametrize("confidence", [0.01, 0.5, 0.8, 0.95, 0.998, 0.9999])
def test_poisson_limits_agree_with_scipy(confidence: float) -> None:
    count = np.unique(np.r_[0:300, np.geomspace(300, 1e6, 12).round()])
    lower, upper = poisson_limits(count, confidence)
    tail = (1 - confidence) / 2
    assert lower[0] == 0
    np.testing.assert_allclose(lower[1:], reference.chi2.ppf(tail, 2 * count[1:]) / 2, rtol=1e-9)
    np.testing.assert_allclose(upper, reference.chi2.isf(tail, 2 * count + 2) / 2, rtol=1e-9)


@settings(deadline=None)
@given(COUNTS, CONFIDENCE)
def test_a_count_at_its_limit_has_the_tail_probability(count: list[int], confidence: float) -> None:
    lower, upper = poisson_limits(count, confidence)
    observed, tail = np.array(count), (1 - confidence) / 2
    np.testing.assert_allclose(reference.poisson.cdf(observed, upper), tail, rtol=1e-7)
    some = observed > 0
    np.testing.assert_allclose(
        reference.poisson.sf(observed[some] - 1, lower[some]), tail, rtol=1e-7
    )


def test_poisson_limits_keep_holes_and_shape() -> None:
    lower, upper = poisson_limits([[3, np.nan], [np.nan, 3]])
    assert np.array_equal(np.isnan(lower), [[False, True], [True, False]])
    assert upper[0, 0] == upper[1, 1] == poisson_limits(3)[1]
    assert np.isnan(poisson_limits([np.nan])[0]).all()


def test_hypergeometric_tail_by_hand() -> None:
    # Two aces in five cards or more: 1 - [C(48,5) + 4 C(48,4)] / C(52,5).
    none_or_one = math.comb(48, 5) + 4 * math.comb(48, 4)
    expected = 1 - none_or_one / math.comb(52, 5)
    assert hypergeometric_tail(2, 4, 5, 52) == pytest.approx(expected, rel=1e-13)
    assert hypergeometric_tail(0, 4, 5, 52) == 1
    assert hypergeometric_tail(5, 4, 5, 52) == 0


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), max_size=9), st.integers(0, 9))
def test_tails_of_a_count_are_those_of_every_outcome_one_by_one(p: list[float], seen: int) -> None:
    chance = [0.0] * 10
    for outcome in itertools.product([0, 1], repeat=len(p)):
        each = [one if yes else 1 - one for one, yes in zip(p, outcome, strict=True)]
        chance[sum(outcome)] += math.prod(each)
    few, many = count_tails(p, seen)
    assert few == pytest.approx(sum(chance[: seen + 1]), abs=1e-12)
    assert many == pytest.approx(sum(chance[seen:]), abs=1e-12)


def test_tails_of_equal_probabilities_are_those_of_the_binomial() -> None:
    few, many = count_tails(np.full(53, 0.12), 1)
    assert few == pytest.approx(reference.binom.cdf(1, 53, 0.12), rel=1e-12)
    assert many == pytest.approx(reference.binom.sf(0, 53, 0.12), rel=1e-12)


def test_bad_counts_are_refused() -> None:
    with pytest.raises(IndicatorError, match=r"count: .* found 2\.5; expected a whole number"):
        poisson_limits([2, 2.5])
    with pytest.raises(IndicatorError, match=r"count: .* found -1; expected a whole number"):
        poisson_limits([2, -1])
    with pytest.raises(IndicatorError, match=r"p: .* found 1\.5; expected from 0 to 1"):
        count_tails([0.5, 1.5], 1)
    with pytest.raises(IndicatorError, match=r"K: .* found 9; expected from 0 to N = 8"):
        hypergeometric_tail(1, 9, 3, 8)
