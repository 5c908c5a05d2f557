"""Comparing on one indicator in one year: numbers worked by hand, and what must hold for any."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earlywarn.indicators.catalogue import get_indicator
from earlywarn.indicators.standardise import (
    FEWEST,
    REACH,
    SPREAD_SD,
    Distribution,
    compare,
    distribution,
    level_error,
    stabilise,
)
from earlywarn.statistics.heterogeneity import paule_mandel, winsorised_mean_square

SPREAD = Distribution(centre=0.5, gradient=0.0, deprivation=0.0, tau2=0.01, typical_sd=0.05)
KINDS = ("rereferrals", "referral_rate", "caseload", "absence")


class TestStabilise:
    @pytest.mark.parametrize(
        ("name", "value", "size", "y", "sd"),
        [
            ("rereferrals", 25.0, 400, math.pi / 6, 1 / 40),  # asin(sqrt(1/4)), 1/(2 sqrt(400))
            ("rereferrals", 0.0, 100, 0.0, 1 / 20),
            ("turnover", 130.0, 100, math.pi / 2, 1 / 20),  # more leavers than staff
            ("referral_rate", 400.0, 2500, 0.2, 0.01),  # sqrt(0.04), 1/(2 sqrt(2500))
            ("caseload", 16.0, 100, 4.0, 0.05),
            ("absence", 6.25, 100, 2.5, 0.17),  # 1.7 for one worker
        ],
    )
    def test_by_hand(self, name: str, value: float, size: float, y: float, sd: float) -> None:
        found = stabilise(get_indicator(name), [value], [size])
        np.testing.assert_allclose([part.item() for part in found], [y, sd], rtol=1e-14)

    @pytest.mark.parametrize("name", KINDS)
    def test_what_is_missing(self, name: str) -> None:
        y, sd = stabilise(get_indicator(name), [np.nan, 4.0, 4.0], [100, np.nan, 0])
        assert np.isnan(y).tolist() == [True, False, False]
        assert np.isnan(sd[1:]).all()


class TestDistribution:
    def test_by_hand(self) -> None:
        # All at one distance d = 0.1, so that nothing is pulled in: d^2 / (s^2 + tau^2) is 19 / 20
        # of the mean square that winsorised normal scores have.
        y = np.repeat([0.4, 0.6], 10)
        found = distribution(y, np.full(20, 0.05))
        assert found is not None
        factor = winsorised_mean_square(0.1)
        assert found.centre == pytest.approx(0.5, rel=1e-14)
        assert found.tau2 == pytest.approx(0.01 * 20 / (19 * factor) - 0.0025, rel=1e-9)
        assert (found.gradient, found.deprivation, found.typical_sd) == (0.0, 0.0, 0.05)

    def test_it_is_paule_and_mandels_of_the_known(self) -> None:
        rng = np.random.default_rng(7)
        y, sd = rng.normal(0.5, 0.1, 40), rng.uniform(0.01, 0.1, 40)
        found = distribution(np.r_[y, np.nan], np.r_[sd, 0.05])
        assert found is not None
        expected = pytest.approx(paule_mandel(y, sd, share=0.1), rel=1e-12)  # in another order
        assert (found.centre, found.tau2) == expected
        assert found.typical_sd == np.median(sd)

    def test_like_for_like_by_hand(self) -> None:
        deprivation = np.arange(20.0)
        found = distribution(0.2 + 0.01 * deprivation, np.full(20, 0.05), deprivation)
        assert found is not None
        expected = (0.2 + 0.01 * 9.5, 0.01, 9.5)
        assert (found.centre, found.gradient, found.deprivation) == pytest.approx(expected)
        assert found.tau2 == 0.0

    def test_too_few_are_no_distribution(self) -> None:
        y = np.r_[np.linspace(0, 1, FEWEST - 1), np.full(30, np.nan)]
        assert distribution(y, np.full(len(y), 0.1)) is None
        assert distribution(np.linspace(0, 1, FEWEST), np.full(FEWEST, 0.1)) is not None

    def test_too_few_with_deprivation_are_compared_without(self) -> None:
        deprivation = np.r_[np.arange(FEWEST - 1.0), np.full(21, np.nan)]
        found = distribution(np.linspace(0, 1, 40), np.full(40, 0.1), deprivation)
        assert found is not None
        assert found.gradient == 0.0


class TestCompare:
    def test_by_hand(self) -> None:
        # tau (y - centre) / (tau^2 + sd^2), and sd^2 / (tau^2 + sd^2) with what the year is unsure
        z, se = compare(np.array([0.6, 0.6, 0.35]), np.array([0.0, 0.1, 0.05]), np.nan, SPREAD)
        np.testing.assert_allclose(z, [1.0, 0.5, 0.1 * -0.15 / 0.0125], rtol=1e-13)
        expected = np.array([0.0, 0.5, 0.2]) + 0.085**2 + (0.075 * z) ** 2
        np.testing.assert_allclose(se, np.sqrt(expected), rtol=1e-13)

    def test_a_level_is_never_less_sure_than_without_a_figure(self) -> None:
        assert level_error(2.0, 10.0, 0.01) == 1.0
        assert level_error(2.0, 0.0, 0.01) > level_error(0.0, 0.0, 0.01) == 0.085

    def test_against_the_equally_deprived(self) -> None:
        against = Distribution(centre=0.5, gradient=0.02, deprivation=20.0, tau2=0.01, typical_sd=0)
        y, sd = np.full(3, 0.6), np.zeros(3)
        z, _ = compare(y, sd, np.array([20.0, 25.0, np.nan]), against)
        np.testing.assert_allclose(z, [1.0, 0.0, 1.0], atol=1e-12)

    def test_a_size_not_known_is_the_typical_one(self) -> None:
        unknown = compare(np.array([0.6]), np.array([np.nan]), np.nan, SPREAD)
        typical = compare(np.array([0.6]), np.array([0.05]), np.nan, SPREAD)
        np.testing.assert_array_equal(unknown, typical)

    def test_nothing_in_nothing_out(self) -> None:
        z, se = compare(np.array([np.nan]), np.array([0.1]), np.nan, SPREAD)
        assert np.isnan([z, se]).all()

    def test_where_chance_explains_all_nobody_stands_out(self) -> None:
        against = Distribution(centre=0.5, gradient=0.0, deprivation=0.0, tau2=0.0, typical_sd=0.1)
        z, se = compare(np.array([0.9]), np.array([0.1]), np.nan, against)
        assert (z.item(), se.item()) == (0.0, 1.0)


unit = st.floats(0, 1)
error = st.floats(1e-4, 1)
spreads = st.builds(
    Distribution,
    centre=unit,
    gradient=st.just(0.0),
    deprivation=st.just(0.0),
    tau2=st.floats(1e-6, 0.5),
    typical_sd=st.floats(0.0, 0.5),
)


class TestProperties:
    @given(st.floats(0, 200), st.floats(0, 200), st.floats(1, 1e6), spreads, st.sampled_from(KINDS))
    def test_monotone_in_the_value_and_bounded(
        self, one: float, other: float, size: float, against: Distribution, name: str
    ) -> None:
        values = sorted([one, other])
        y, sd = stabilise(get_indicator(name), values, [size, size])
        z, se = compare(y, sd, np.nan, against)
        assert z[0] <= z[1]
        assert np.abs(z).max() <= REACH
        assert ((se >= 0) & (se <= 1)).all()

    @given(unit, st.floats(1, 1e6), st.floats(1, 1e6), spreads)
    def test_shrinks_with_size(
        self, share: float, one: float, other: float, against: Distribution
    ) -> None:
        record = get_indicator("rereferrals")
        y, sd = stabilise(record, [100 * share] * 2, sorted([one, other]))
        z, se = compare(y, sd, np.nan, against)
        assert abs(z[0]) <= abs(z[1]) + 1e-12
        # What chance leaves open; the doubt about the year's spread grows with the level.
        assert np.diff(se**2 - (SPREAD_SD * z) ** 2)[0] <= 1e-12 or se[0] == 1.0

    @given(
        st.lists(st.tuples(unit, error, st.floats(0, 60)), min_size=FEWEST, max_size=60),
        st.randoms(use_true_random=False),
        st.booleans(),
    )
    def test_order_does_not_matter(self, rows, random, alike: bool) -> None:
        shuffled = random.sample(rows, len(rows))
        found = [_place(given_rows, alike=alike) for given_rows in (rows, shuffled)]
        order = [rows.index(row) for row in shuffled]
        np.testing.assert_allclose(found[1], found[0][order], rtol=1e-6, atol=1e-7)

    @given(
        st.lists(st.tuples(unit, error, st.floats(0, 60)), min_size=FEWEST, max_size=60),
        st.booleans(),
        error,
    )
    def test_an_authority_without_a_value_changes_nothing(self, rows, alike, sd: float) -> None:
        more = _place([*rows, (np.nan, sd, 30.0)], alike=alike)
        np.testing.assert_allclose(more[:-1], _place(rows, alike=alike), rtol=1e-9, atol=1e-9)
        assert np.isnan(more[-1])


def _place(rows: list[tuple[float, float, float]], *, alike: bool) -> np.ndarray:
    y, sd, deprivation = np.array(rows).T
    found = distribution(y, sd, deprivation if alike else None)
    assert found is not None
    return compare(y, sd, deprivation if alike else np.nan, found)[0]
