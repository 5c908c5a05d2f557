"""Levels of years: by hand, by another integration, and what must hold of any of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import norm

from earlywarn.errors import TrainingError
from earlywarn.model import base_rate as levels
from earlywarn.model.base_rate import next_level, recent_weights, trailing_share


def years_of(*shares: float, each: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Cases of some years, the oldest first, with these shares of events."""
    age = np.repeat(np.arange(len(shares))[::-1] + 0.5, each)
    event = np.concatenate([np.arange(each) < round(share * each) for share in shares])
    return event.astype(float), age


def predicted(*shares: float, each: int = 200) -> float:
    event, age = years_of(*shares, each=each)
    return float(expit(next_level(np.zeros(len(event)), event, age).value))


def test_the_trailing_share_by_hand():
    # Weights 1, 1, 1/2, 1/4; events of weight 1 and 1/4; long run 2 in 4, as ten cases.
    event, age = np.array([1.0, 0.0, 0.0, 1.0]), np.array([0.0, 0.0, 1.5, 3.0])
    np.testing.assert_allclose(recent_weights(age), [1, 1, 0.5, 0.25])
    assert trailing_share(event, age) == pytest.approx((1.25 + 5.0) / (2.75 + 10.0))


def test_a_steady_share_goes_on():
    assert predicted(0.2, 0.2, 0.2, 0.2, 0.2) == pytest.approx(0.2, abs=0.003)


def test_a_fall_goes_on_by_half_and_a_jump_is_believed_in_part():
    falling = predicted(0.4, 0.3, 0.2, each=2000)
    assert 0.13 < falling < 0.18
    jumped = predicted(0.2, 0.2, 0.2, 0.2, 0.1, each=40)
    assert 0.1 < jumped < 0.2
    assert predicted(0.2, 0.2, 0.2, 0.2, 0.1, each=4000) < jumped


def test_one_year_is_its_own_share():
    assert predicted(0.3) == pytest.approx(0.3, abs=0.005)


def test_a_year_without_cases_is_bridged():
    event, age = years_of(0.2, 0.2, 0.2)
    kept = (age < 1) | (age > 2)
    level = next_level(np.zeros(kept.sum()), event[kept], age[kept])
    assert expit(level.value) == pytest.approx(0.2, abs=0.005)


def test_terms_are_taken_off():
    rng = np.random.default_rng(1)
    terms = rng.normal(size=6000)
    age = np.repeat([2.5, 1.5, 0.5], 2000)
    event = (rng.random(6000) < expit(terms - 1.4)).astype(float)
    assert next_level(terms, event, age).value == pytest.approx(-1.4, abs=0.15)


def by_quadrature(event: np.ndarray, age: np.ndarray) -> tuple[float, float]:
    """Two years, integrated in full on a grid: the mean of the level to come, and its variance."""
    middle = np.log(event.mean() / (1 - event.mean()))
    old, new = np.meshgrid(*(middle + np.linspace(-3, 3, 601),) * 2, indexing="ij")
    log = np.zeros_like(old)
    for own, level in ((event[age > 1], old), (event[age < 1], new)):
        log += own.sum() * np.log(expit(level)) + (1 - own).sum() * np.log(expit(-level))
        log += norm.logpdf(level - middle, scale=levels.LOOSE)
    sizes = np.array(levels.STEPS)
    mass, ahead, within = [], [], []
    for step in sizes:
        density = np.exp(log - log.max() + norm.logpdf(new - old, scale=step))
        mass.append(density.sum())
        on = new + levels.DAMPING * (new - old)
        ahead.append((density * on).sum() / density.sum())
        within.append((density * (on - ahead[-1]) ** 2).sum() / density.sum() + step**2)
    share = np.array(mass) * np.exp(-(sizes**2) / (2 * levels.USUAL_STEP**2)) * np.gradient(sizes)
    share /= share.sum()
    mean = share @ ahead
    return float(mean), float(share @ (np.array(within) + (np.array(ahead) - mean) ** 2))


def test_laplace_is_near_the_full_integral():
    event, age = years_of(0.3, 0.15, each=40)
    level = next_level(np.zeros(80), event, age)
    ahead, variance = by_quadrature(event, age)
    assert level.value == pytest.approx(ahead, abs=0.05)
    assert level.sd**2 == pytest.approx(variance, rel=0.1)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(-2, 2))
def test_what_is_added_to_all_terms_is_taken_off_the_level(seed, shift):
    rng = np.random.default_rng(seed)
    age, terms = rng.uniform(0, 6, 120), rng.normal(size=120)
    event = (np.arange(120) % 4 == 0).astype(float)
    one = next_level(terms, event, age)
    other = next_level(terms + shift, event, age)
    # The long run holds the levels a little, and it does not move with the terms.
    assert other.value == pytest.approx(one.value - shift, abs=0.02)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_order_does_not_matter_and_a_weight_is_a_copy(seed):
    rng = np.random.default_rng(seed)
    age, terms = rng.uniform(0, 5, 60), rng.normal(size=60)
    event = (np.arange(60) % 5 == 0).astype(float)
    times = rng.integers(1, 4, 60)
    weighed = next_level(terms, event, age, weight=times.astype(float))
    copied = next_level(*(np.repeat(values, times) for values in (terms, event, age)))
    order = rng.permutation(60)
    shuffled = next_level(terms[order], event[order], age[order], weight=times[order] * 1.0)
    assert weighed.value == pytest.approx(copied.value, abs=1e-8)
    assert weighed.value == pytest.approx(shuffled.value, abs=1e-8)
    assert weighed.sd == pytest.approx(copied.sd, abs=1e-8)
    assert 0.1 < weighed.sd < 2


@pytest.mark.parametrize("age", [-0.1, np.nan, np.inf, 50.0])
def test_an_impossible_age_is_refused(age):
    with pytest.raises(TrainingError, match="age") as told:
        next_level(np.zeros(2), np.array([0.0, 1.0]), np.array([1.0, age]))
    assert "0 to 50" in told.value.expected


@pytest.mark.parametrize("event", [[0.0, 0.0], [1.0, 1.0]])
def test_one_kind_of_case_has_no_level(event):
    with pytest.raises(TrainingError, match="no level to learn"):
        next_level(np.zeros(2), np.array(event), np.ones(2))
