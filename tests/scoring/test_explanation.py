"""Explanations: they add up to the score exactly, and say in plain English why."""

from __future__ import annotations

import dataclasses
import math
import re

import numpy as np
import pandas as pd
import pytest

from earlywarn.errors import AuthorityError, IndicatorError
from earlywarn.indicators.catalogue import get_indicator, model_column, scored_indicators
from earlywarn.model.risk_model import RiskModel
from earlywarn.panel.panel import Panel, Snapshot
from earlywarn.scoring.explanation import (
    COLUMNS,
    explain,
    said_once,
    sign_stability,
)
from earlywarn.scoring.national import score
from earlywarn.scoring.words import figure

CONTRACT = [
    "la_code",
    "la_name",
    "as_of",
    "term",
    "indicator",
    "family",
    "value",
    "unit",
    "england",
    "neighbours",
    "percentile",
    "contribution",
    "sign_stability",
    "sentence",
    "period",
    "expected",
    "own",
]
STANDING = (
    r"England's pooled figure [\d,.]+%?, (higher|lower) than \d+% of \d+ others with a figure"
)
EXPECTED = (
    r"(about [\d,.]+ expected for its|compared as if of average) deprivation(, as its own .+)?"
)
CARRIED = rf"no newer figure published(, England's pooled figure [\d,.]+%?|, {EXPECTED})?"
WHOLE = r"(raises|lowers|has no effect on) the risk( slightly)?"
PART = r"(being (below Good|Good or Outstanding|Inadequate)|not being Inadequate)"
GRADE = (
    r"(Good or Outstanding in the worst of three areas"
    r"|(Requires improvement|Inadequate) in its worst area)"
)
HISTORY = rf"(was {GRADE}, which overall {WHOLE}; this is the part for {PART}|is not known here)"
STAND_IN = r"(; the other figures on [a-z -]+ stand in)?"
HELD = r"(, its effect held at the model's limit)?"
EFFECT = r"((raises|lowers) the risk( slightly)?|no effect on the risk)"


@pytest.fixture(scope="module")
def told(model: RiskModel, snapshot: Snapshot) -> pd.DataFrame:
    return explain(model, snapshot)


def assert_adds_up(model: RiskModel, snapshot: Snapshot) -> None:
    rows, scores = explain(model, snapshot), score(model, snapshot).set_index("la_code")
    total = rows.groupby("la_code")["contribution"].sum()
    assert len(total) == len(scores)
    expected = np.log(scores["risk"] / (1 - scores["risk"]))
    np.testing.assert_allclose(total[scores.index], expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("day", ["2016-01-01", "2018-06-30", "2022-06-30", "2025-12-31"])
def test_adds_up_on_any_day(model: RiskModel, national: Panel, day: str) -> None:
    assert_adds_up(model, national.as_of(day))


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_adds_up_whatever_is_missing(model: RiskModel, national: Panel, share: float) -> None:
    rows = national.observations.copy()
    lost = np.random.default_rng(1).random(len(rows)) < share
    rows.loc[lost, ["numerator", "denominator", "value"]] = np.nan
    assert_adds_up(model, dataclasses.replace(national, observations=rows).as_of("2024-12-31"))


def test_adds_up_with_no_figures_at_all(model: RiskModel, national: Panel) -> None:
    nothing = dataclasses.replace(national, observations=national.observations.iloc[:0])
    snapshot = nothing.as_of("2024-12-31")
    assert_adds_up(model, snapshot)
    sentences = explain(model, snapshot, "Leeds")["sentence"]
    assert sentences.str.contains("no comparable figure published").sum() > 20


class TestRows:
    def test_columns(self, told: pd.DataFrame) -> None:
        assert list(told.columns) == CONTRACT == list(COLUMNS)

    def test_a_baseline_and_each_indicator_strongest_first(self, told, snapshot: Snapshot) -> None:
        expected = {record.id for record in scored_indicators()}
        assert set(told["la_code"]) == set(snapshot.authorities["la_code"])
        for _, rows in told.groupby("la_code"):
            assert rows["term"].tolist() == ["baseline"] + ["indicator"] * len(expected)
            assert set(rows["indicator"].iloc[1:]) == expected
            assert rows["contribution"].iloc[1:].abs().is_monotonic_decreasing
        assert len(set(told[told["term"] == "baseline"]["contribution"])) == 1
        assert set(told["as_of"]) == {"2025-12-31"}

    def test_figures_are_those_of_the_indicators(self, told, indicators: pd.DataFrame) -> None:
        for record in scored_indicators():
            rows = told[told["indicator"] == record.id].set_index("la_code")
            X = indicators.loc[rows.index]
            np.testing.assert_array_equal(rows["value"], X[record.id])
            assert set(rows["unit"]) == {record.unit}
            assert set(rows["family"]) == {record.family}
            if record.kind != "history":
                gap = rows["value"] - rows["england"]
                np.testing.assert_allclose(gap, X[record.id + "_gap"], atol=1e-9)
                alike = rows["value"] - rows["neighbours"]
                np.testing.assert_allclose(alike, X[record.id + "_neighbour_gap"], atol=1e-9)

    def test_percentile_is_the_share_that_is_lower(self, told: pd.DataFrame) -> None:
        rows = told[told["indicator"] == "agency_workers"].dropna(subset="percentile")
        assert len(rows) > 140
        for row in rows.iloc[::30].itertuples():
            others = rows[rows["la_code"] != row.la_code]["value"]
            assert row.percentile == pytest.approx((others < row.value).mean())

    def test_sign_stability(self, told: pd.DataFrame, model: RiskModel) -> None:
        shares = told["sign_stability"].dropna()
        assert shares.between(0.5, 1).all()
        assert told["sign_stability"].isna().equals(told["term"] == "baseline")
        place = model.columns.index("previously_good")
        scores = abs(model.coefficients[place]) / math.sqrt(model.covariance[place + 1, place + 1])
        expected = (1 + math.erf(scores / math.sqrt(2))) / 2
        assert sign_stability(model)["previously_good"] == pytest.approx(expected)

    def test_sign_stability_of_a_weight_of_nothing(self, model: RiskModel) -> None:
        none = dataclasses.replace(model, coefficients=np.zeros(len(model.columns)))
        assert set(sign_stability(none).values()) == {0.5}

    def test_one_authority_by_name_or_code(self, told, model, snapshot: Snapshot) -> None:
        of_leeds = told[told["la_code"] == "383"].reset_index(drop=True)
        for name in ("Leeds", "383", "E08000035"):
            pd.testing.assert_frame_equal(explain(model, snapshot, name), of_leeds)


class TestSentences:
    def test_the_shape(self, told: pd.DataFrame) -> None:
        agency = told[(told["indicator"] == "agency_workers") & (told["contribution"] > 0.05)]
        agency = agency[(agency["percentile"] >= 0.5) & (agency["period"] == 2024)]
        assert len(agency) > 5
        record = get_indicator("agency_workers")
        others = told.loc[told["indicator"] == "agency_workers", "value"].notna().sum() - 1
        for row in agency.itertuples():
            share = min(int(100 * row.percentile + 1e-9), 99)
            assert row.sentence.replace(", its effect held at the model's limit", "") == (
                f"Agency social workers: {figure(record, row.value)} of staff in 2024, "
                f"England's pooled figure {figure(record, row.england)}, "
                f"higher than {share}% of {others} others with a figure: raises the risk"
            )

    def test_all_are_in_a_known_shape(self, told: pd.DataFrame) -> None:
        shapes = (
            rf"[A-Z].+: [\d,.]+%? .+ in 20\d\d, ({STANDING}|{EXPECTED}|{CARRIED}){HELD}: {EFFECT}",
            rf"[A-Z].+: no comparable figure published{STAND_IN}: {EFFECT}",
            rf"[A-Z].+: a suppressed count, of 1 to 5: {EFFECT}",
            rf"The last inspection \(known to 20\d\d-\d\d-\d\d\) {HISTORY}: {EFFECT}",
            r"Where every authority starts: a risk of \d+\.\d%, from how many inspections .+",
        )
        strange = [
            text
            for text in told["sentence"]
            if not any(re.fullmatch(shape, text) for shape in shapes)
        ]
        assert strange == []

    def test_the_verb_is_the_contributions(self, told: pd.DataFrame) -> None:
        rows = told[told["term"] == "indicator"]
        size, up = rows["contribution"].abs(), rows["contribution"] > 0
        ends = rows["sentence"].str.extract(rf": {EFFECT}$")[0]
        expected = np.where(up, "raises the risk", "lowers the risk").astype(object)
        expected = expected + np.where(size < 0.05, " slightly", "")
        expected = np.where(size < 0.005, "no effect on the risk", expected)
        assert ends.tolist() == expected.tolist()

    def test_a_percentage_is_not_told_where_none_is_known(self, told: pd.DataFrame) -> None:
        assert not told["sentence"].str.contains("nan", case=False).any()


class TestDrivers:
    def test_strongest_known_ones_in_each_direction(
        self, told, model, snapshot, indicators
    ) -> None:
        scores = score(model, snapshot).set_index("la_code")
        X = indicators
        for code, rows in told[told["term"] == "indicator"].groupby("la_code"):
            known = [
                record.id
                for record in scored_indicators()
                if np.isfinite(X.loc[code, model_column(record)])
            ]
            parts = said_once(rows[rows["indicator"].isin(known)])["contribution"]
            assert _count(scores.loc[code, "drivers_up"]) == min(3, (parts > 0.005).sum())
            assert _count(scores.loc[code, "drivers_down"]) == min(3, (parts < -0.005).sum())

    def test_they_say_the_figure_and_what_it_counts_against(self, model, snapshot) -> None:
        texts = score(model, snapshot)["drivers_up"]
        beside = r"England [\d,.]+%?|about [\d,.]+ expected for its deprivation"
        last = f"last inspection was {GRADE}"
        shape = rf"[a-zS].+ [\d,.]+%? \(({beside}), 20\d\d\)|{last}"
        # Of a suppressed count there is a level alone, and nothing is expected of an authority
        # whose deprivation is not known.
        shape += r"|[a-z].+ \d\.\d standard deviations (above|below) average"
        shape += r"|(Section 47 enquiries|looked-after children) [\d,.]+ \(20\d\d\)"
        phrases = [phrase for text in texts for phrase in text.split("; ") if text]
        assert len(phrases) > 300
        assert [phrase for phrase in phrases if not re.fullmatch(shape, phrase)] == []


def _count(text: str) -> int:
    return len(text.split("; ")) if text else 0


def test_unknown_authority(model: RiskModel, snapshot: Snapshot) -> None:
    with pytest.raises(AuthorityError) as caught:
        explain(model, snapshot, "Leds")
    for part in ("'Leds'", "nearest names", "Leeds (383)"):
        assert part in str(caught.value)


def test_authority_of_another_day(model: RiskModel, snapshot: Snapshot) -> None:
    with pytest.raises(AuthorityError, match="Cumberland"):
        explain(model, snapshot, "Cumbria")


def test_a_panel_is_refused(model: RiskModel, national: Panel) -> None:
    with pytest.raises(IndicatorError, match=r"of type Panel.*panel\.as_of"):
        explain(model, national)  # type: ignore[arg-type]
