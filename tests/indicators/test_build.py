"""Indicators: computed again by plain pandas from the panel that ships, and compared."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from earlywarn.authorities import Register
from earlywarn.errors import IndicatorError
from earlywarn.indicators.build import (
    build_indicators,
    last_judgements,
    published_indicators,
    reference_distributions,
)
from earlywarn.indicators.catalogue import INDICATORS, columns_of, get_indicator
from earlywarn.indicators.standardise import CENTRE_SD, REACH, SPREAD_SD
from earlywarn.panel.panel import Panel, Snapshot

LEEDS, HACKNEY, HAMPSHIRE, SCILLY = "383", "204", "850", "420"
DAYS = ("2019-12-31", "2022-06-30", "2024-12-31", "2025-12-31")
COUNTED = {
    "referral_rate": "referrals",
    "cin_rate": "children_in_need",
    "plan_rate": "plans_at_31_march",
    "plan_start_rate": "plans_started",
}
AS_PUBLISHED = {
    "section_47_rate": "section_47",
    "icpc_rate": "icpc",
    "looked_after_rate": "looked_after",
    "care_application_rate": "care_applications",
    **{
        record.id: record.id
        for record in INDICATORS
        if record.measure == record.id and record.kind != "history"
    },
}


class Known:
    """The figures of a day, looked up plainly: newest vintage of the day, else the oldest."""

    def __init__(self, panel: Panel, day: str) -> None:
        on = date.fromisoformat(day)
        rows = panel.observations[panel.observations["published_on"] <= on]
        late = rows["vintage"] > on
        ordered = pd.concat(
            [
                rows[late].sort_values("vintage", ascending=False, kind="stable"),
                rows[~late].sort_values("vintage", kind="stable"),
            ]
        )
        key = ["la_code", "measure", "period"]
        self.rows = ordered.drop_duplicates(key, keep="last")
        parts = self.rows[["value", "numerator", "denominator"]].to_numpy(dtype=float)
        keys = list(zip(*(self.rows[k] for k in key), strict=True))
        self.cells = dict(zip(keys, parts, strict=True))
        self.statuses = dict(zip(keys, self.rows["status"], strict=True))
        self.here = list(panel.register.existing(on)["la_code"])
        self.day = on

    def get(self, code: str, measure: str, period: int, part: str = "value") -> float:
        parts = self.cells.get((code, measure, period), (np.nan,) * 3)
        return float(parts[("value", "numerator", "denominator").index(part)])

    def status(self, code: str, measure: str, period: int) -> str:
        return str(self.statuses.get((code, measure, period), "published"))

    def newest(self, measure: str) -> int:
        rows = self.rows[(self.rows["measure"] == measure) & (self.rows["la_code"] != "ENG")]
        return int(rows.dropna(subset="value")["period"].max())

    def children(self, code: str, period: int) -> float:
        found = [self.get(code, "population_0_17", year) for year in range(2012, period)]
        return next((one for one in reversed(found) if np.isfinite(one)), np.nan)

    def level(self, name: str, code: str, period: int) -> float:
        """An indicator of one authority and year, of its own."""
        if name in COUNTED:
            return 1e4 * self.get(code, COUNTED[name], period) / self.children(code, period)
        value = self.get(code, AS_PUBLISHED[name], period)
        parts = [
            self.get(code, AS_PUBLISHED[name], period, part)
            for part in ("numerator", "denominator")
        ]
        # What the publisher marks as not there is not worked out from the counts beside it.
        open_ = np.isnan(value) and self.status(code, AS_PUBLISHED[name], period) == "published"
        if open_ and get_indicator(name).kind == "proportion" and parts[1]:
            return 100 * parts[0] / parts[1]
        return value

    def newest_of(self, name: str) -> int:
        return self.newest(COUNTED.get(name) or AS_PUBLISHED[name])


@pytest.fixture(scope="module", params=DAYS)
def both(request, national: Panel) -> tuple[Known, pd.DataFrame]:
    X = published_indicators(national.as_of(request.param)).droplevel("as_of")
    return Known(national, request.param), X


class TestValues:
    def test_referral_rate_of_leeds(self, indicators: pd.DataFrame) -> None:
        # DfE Children in need 2025, C1: 10,304 referrals in 2024-25; ONS mid-2024: 176,239 children
        assert indicators.loc[LEEDS, "referral_rate"] == pytest.approx(1e4 * 10304 / 176239)

    @pytest.mark.parametrize("name", [*COUNTED, *AS_PUBLISHED])
    def test_values_england_and_neighbours(self, both, name: str) -> None:
        known, X = both
        if not (known.rows["measure"] == (COUNTED.get(name) or AS_PUBLISHED[name])).any():
            assert X[name].isna().all()
            return
        year = known.newest_of(name)
        own = pd.Series({code: known.level(name, code, year) for code in known.here}).dropna()
        assert len(own) > 80
        np.testing.assert_allclose(X.loc[own.index, name], own, rtol=1e-12)
        gap = own - known.level(name, "ENG", year)
        np.testing.assert_allclose(X.loc[own.index, name + "_gap"], gap, rtol=1e-9, atol=1e-9)

    def test_neighbour_mean_over_the_ten(self, national: Panel) -> None:
        for day, model in (("2022-06-30", 2021), ("2025-12-31", 2025)):
            known, snapshot = Known(national, day), national.as_of(day)
            assert snapshot.neighbour_model == model
            X = published_indicators(snapshot).droplevel("as_of")
            listed = national.neighbours[national.neighbours["model"] == model]
            for code in (LEEDS, "202", "850"):
                ten = listed[listed["la_code"] == code]["neighbour_code"]
                assert len(ten) == 10
                for name in ("referral_rate", "rereferrals", "caseload"):
                    year = known.newest_of(name)
                    mean = pd.Series([known.level(name, other, year) for other in ten]).mean()
                    expected = known.level(name, code, year) - mean
                    assert X.loc[code, name + "_neighbour_gap"] == pytest.approx(expected)

    @pytest.mark.parametrize(
        "name", ["referral_rate", "rereferrals", "turnover", "section_47_rate"]
    )
    def test_trend_over_three_years(self, both, name: str) -> None:
        known, X = both
        year = known.newest_of(name)
        for code in (LEEDS, "202", HAMPSHIRE):
            three = [known.level(name, code, y) for y in (year - 2, year - 1, year)]
            expected = np.polyfit([0, 1, 2], three, 1)[0]
            found = X.loc[code, name + "_trend"]
            assert found == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=code == HAMPSHIRE)

    def test_population_is_the_newest_public_by_the_day(self, national: Panel) -> None:
        # Children in need 2022 came on 27 October 2022, the mid-2021 population on 30 November.
        referrals = Known(national, "2022-12-31").get(LEEDS, "referrals", 2022)
        for day, children in (("2022-11-01", 170292), ("2022-12-31", 170639)):
            X = published_indicators(national.as_of(day)).droplevel("as_of")
            assert X.loc[LEEDS, "referral_rate"] == pytest.approx(1e4 * referrals / children)

    def test_standardised_level_and_its_error(
        self, snapshot: Snapshot, indicators, national
    ) -> None:
        known, spread = Known(national, "2025-12-31"), reference_distributions(snapshot)
        for name, denominator in (("rereferrals", "referrals"), ("repeat_plans", "plans_started")):
            against = spread[name]
            for code in (LEEDS, "202", "857"):
                y = np.arcsin(np.sqrt(known.level(name, code, 2025) / 100))
                variance = 0.25 / known.get(code, denominator, 2025)
                z = np.sqrt(against.tau2) * (y - against.centre) / (against.tau2 + variance)
                expected = float(np.clip(z, -REACH, REACH))
                assert indicators.loc[code, name + "_z"] == pytest.approx(expected, rel=1e-9)
                chance = variance / (against.tau2 + variance)
                se = np.sqrt(chance + CENTRE_SD**2 + (SPREAD_SD * expected) ** 2)
                assert indicators.loc[code, name + "_se"] == pytest.approx(se, rel=1e-9)

    def test_demand_is_compared_like_for_like(self, snapshot: Snapshot, indicators) -> None:
        against = reference_distributions(snapshot)["looked_after_rate"]
        assert against.gradient > 0
        poor, rich = indicators["free_school_meals"].idxmax(), "868"
        plain = np.sqrt(indicators["looked_after_rate"] / 1e4) - against.centre
        assert indicators.loc[poor, "looked_after_rate_z"] * np.sqrt(against.tau2) < plain[poor]
        assert indicators.loc[rich, "looked_after_rate_z"] * np.sqrt(against.tau2) > plain[rich]

    def test_expected_is_where_the_level_is_zero(self, indicators) -> None:
        for record in (record for record in INDICATORS if record.like_for_like):
            expected = indicators[record.id + "_expected"]
            z, above = indicators[record.id + "_z"], indicators[record.id] - expected
            # A suppressed count has a level, of what it may be, but no value.
            known = expected.notna() & z.notna() & indicators[record.id].notna()
            assert known.sum() > 140
            assert (np.sign(z[known]) == np.sign(above[known].round(9))).all()
        # An authority with more poverty is expected to have more children looked after.
        poverty = indicators["free_school_meals"].rank()
        assert poverty.corr(indicators["looked_after_rate_expected"].rank()) > 0.99

    def test_period_is_the_year_of_the_value(self, national: Panel) -> None:
        # Hackney published no referrals of 2020-21 after a cyber attack: it keeps 2020.
        period = _both(national, "2021-12-31")[1]["referral_rate_period"]
        assert period[HACKNEY] == 2020.0
        assert (period.drop(HACKNEY).dropna() == 2021.0).all()

    def test_a_suppressed_count_is_small_and_never_last_years(self, indicators, national) -> None:
        known = Known(national, "2025-12-31")
        own = indicators[["plans_two_years", "plans_two_years_z", "plans_two_years_period"]]
        small = [
            code
            for code in own.index
            if known.status(code, "plans_two_years", 2025) == "suppressed"
        ]
        assert len(small) == 59
        before = [known.status(code, "plans_two_years", 2024) == "published" for code in small]
        assert sum(before) > 20  # that could have been carried over
        assert own.loc[small, "plans_two_years"].isna().all()
        assert (own["plans_two_years_period"] == 2025.0).all()
        # What it is taken for is 3 of the plans there were, so the level falls as they grow.
        plans = [known.get(code, "plans_two_years", 2025, "denominator") for code in small]
        shares = 3 / np.array(plans)
        order = np.argsort(shares)
        z = own.loc[small, "plans_two_years_z"].to_numpy()
        assert np.isfinite(z).all()
        assert np.corrcoef(order.argsort(), z.argsort().argsort())[0, 1] > 0.8
        assert np.median(z) < 0
        others = indicators["plans_two_years_se"].drop(small)
        assert indicators.loc[small, "plans_two_years_se"].median() > others.median()

    def test_distance_is_both_ways(self, indicators: pd.DataFrame) -> None:
        for name in ("referral_rate", "no_further_action"):
            z = indicators[name + "_z"]
            assert (z < 0).any()
            pd.testing.assert_series_equal(
                indicators[name + "_distance"], z.abs(), check_names=False
            )

    def test_all_columns_in_the_catalogues_order(self, indicators: pd.DataFrame) -> None:
        expected = [column for record in INDICATORS for column in columns_of(record)]
        assert list(indicators.columns) == expected


class TestReorganisations:
    def test_northamptonshire_split(self, national: Panel) -> None:
        known, X = _both(national, "2022-01-01")
        expected = known.level("referral_rate", "928", 2021)
        assert X.loc[["940", "941"], "referral_rate"].tolist() == pytest.approx([expected] * 2)
        assert X.loc["940", "rereferrals"] == known.level("rereferrals", "928", 2021)
        assert "928" not in X.index

    def test_cumbria_split(self, national: Panel) -> None:
        known, X = _both(national, "2023-06-30")
        for name in ("referral_rate", "repeat_plans", "section_47_rate", "looked_after_rate"):
            expected = known.level(name, "909", known.newest_of(name))
            assert X.loc[["942", "943"], name].tolist() == pytest.approx([expected] * 2)

    def test_dorset_goes_on(self, national: Panel) -> None:
        known, X = _both(national, "2019-06-30")
        for name in ("rereferrals", "repeat_plans", "vacancies", "agency_workers"):
            expected = known.level(name, "835", known.newest_of(name))
            assert X.loc["838", name] == pytest.approx(expected)

    def test_bournemouth_and_poole_merge_by_their_cases(self, national: Panel) -> None:
        known, X = _both(national, "2019-06-30")
        for name in ("rereferrals", "repeat_plans", "vacancies", "caseload"):
            year = known.newest_of(name)
            cases = [known.get(code, name, year, "denominator") for code in ("836", "837")]
            levels = [known.level(name, code, year) for code in ("836", "837")]
            assert abs(levels[0] - levels[1]) > 0.1
            assert X.loc["839", name] == pytest.approx(np.average(levels, weights=cases))

    def test_own_figures_replace_the_inherited(self, national: Panel) -> None:
        known, X = _both(national, "2025-12-31")
        own = [known.level("referral_rate", code, 2025) for code in ("940", "941")]
        assert X.loc[["940", "941"], "referral_rate"].tolist() == pytest.approx(own)
        assert abs(own[0] - own[1]) > 1

    def test_inherited_years_make_a_trend(self, national: Panel) -> None:
        known, X = _both(national, "2022-12-31")
        old = [known.level("rereferrals", "928", year) for year in (2020, 2021)]
        new = known.level("rereferrals", "940", 2022)
        assert X.loc["940", "rereferrals_trend"] == pytest.approx((new - old[0]) / 2)


class TestHoles:
    def test_joint_returns(self, national: Panel, indicators: pd.DataFrame) -> None:
        joint = national.observations[national.observations["joint"]]
        assert set(joint["la_code"]) == {"314", "318", "940", "941"}
        known = Known(national, "2025-12-31")
        for name in ("vacancies", "agency_workers", "turnover", "absence"):
            expected = known.level(name, "314", known.newest_of(name))
            assert indicators.loc[["314", "318"], name].tolist() == [expected] * 2

    def test_hackney_keeps_last_years_figure(self, national: Panel) -> None:
        known, X = _both(national, "2021-12-31")
        assert np.isnan(known.level("referral_rate", HACKNEY, 2021))
        expected = known.level("referral_rate", HACKNEY, 2020)
        assert X.loc[HACKNEY, "referral_rate"] == pytest.approx(expected)
        gap = expected - known.level("referral_rate", "ENG", 2020)
        assert X.loc[HACKNEY, "referral_rate_gap"] == pytest.approx(gap)
        assert np.isfinite(X.loc[HACKNEY, "referral_rate_z"])
        assert np.isnan(X.loc[HACKNEY, "referral_rate_trend"])

    def test_hackney_two_years_on_is_not_known(self, national: Panel) -> None:
        X = _both(national, "2022-12-31")[1]
        assert X.loc[HACKNEY, ["referral_rate", "referral_rate_z", "rereferrals"]].isna().all()

    @pytest.mark.parametrize("day", ["2018-12-31", *DAYS])
    def test_nothing_is_infinite(self, national: Panel, day: str) -> None:
        X = build_indicators(national.as_of(day))
        assert not np.isinf(X.to_numpy()).any()
        assert X.filter(regex="_z$").abs().max().max() <= REACH

    def test_isles_of_scilly_divides_by_nothing(self, national: Panel) -> None:
        known, X = _both(national, "2024-12-31")
        assert known.get(SCILLY, "repeat_plans", 2024, "denominator") == 0
        assert X.loc[SCILLY, ["repeat_plans", "repeat_plans_z", "repeat_plans_gap"]].isna().all()

    def test_old_figures_are_not_todays(self, national: Panel) -> None:
        newest = published_indicators(national.as_of("2028-12-31"))
        assert newest["rereferrals"].notna().any()
        assert published_indicators(national.as_of("2029-01-01")).isna().all(axis=None)


class TestHistory:
    def test_last_judgement_that_was_public(self, national: Panel) -> None:
        for day in ("2016-06-30", "2021-06-30", "2025-12-31"):
            found = build_indicators(national.as_of(day))["previously_good"].droplevel("as_of")
            table = national.judgements
            on = date.fromisoformat(day)
            table = table[(table["published_on"] <= on) & table["overall"].notna()]
            last = table.sort_values("inspection_start").drop_duplicates("la_code", keep="last")
            last = last.set_index("la_code")
            common = found.index.intersection(last.index)
            assert len(common) > 50
            # Good overall is not enough: none of the areas that each framework judges is worse.
            core = last.loc[common, ["leadership", "help_and_protection", "in_care"]]
            fine = core.isna() | core.isin(["Good", "Outstanding"])
            failed = last.loc[common, "care_leavers"] == "Inadequate"
            good = (fine.all(axis=1) & core.notna().any(axis=1) & ~failed).astype(float)
            np.testing.assert_array_equal(found[common], good)

    def test_never_inspected_is_not_known(self, national: Panel) -> None:
        assert build_indicators(national.as_of("2014-01-01"))["previously_good"].isna().all()


class TestRows:
    @pytest.mark.parametrize(
        ("year", "count"),
        list(zip(range(2016, 2027), [152] * 4 + [151] * 2 + [152] * 2 + [153] * 3, strict=True)),
    )
    def test_those_that_existed(self, national: Panel, year: int, count: int) -> None:
        X = build_indicators(national.as_of(date(year, 1, 1)))
        codes = X.index.get_level_values("la_code")
        assert len(X) == count
        assert codes.is_unique
        assert set(codes) == set(Register.load().existing(date(year, 1, 1))["la_code"])
        assert set(X.index.get_level_values("as_of")) == {f"{year}-01-01"}
        assert X.index.names == ["la_code", "as_of"]

    def test_it_does_not_change_the_snapshot(self, national: Panel) -> None:
        snapshot, again = national.as_of("2024-06-30"), national.as_of("2024-06-30")
        build_indicators(snapshot)
        pd.testing.assert_frame_equal(snapshot.observations, again.observations)


@pytest.mark.parametrize(
    "build",
    [build_indicators, published_indicators, last_judgements, reference_distributions],
)
def test_only_a_snapshot_is_taken(build, national: Panel) -> None:
    for given in (national, None, national.observations):
        with pytest.raises(IndicatorError) as caught:
            build(given)
        for part in (
            f"found of type {type(given).__name__}",
            "panel.as_of(date)",
            "published later",
        ):
            assert part in str(caught.value)


def _both(panel: Panel, day: str) -> tuple[Known, pd.DataFrame]:
    return Known(panel, day), build_indicators(panel.as_of(day)).droplevel("as_of")
