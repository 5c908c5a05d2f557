"""The catalogue: every indicator that is asked for, each with a direction and a source."""

from __future__ import annotations

import dataclasses
import re

import pytest

from earlywarn.errors import IndicatorError
from earlywarn.indicators.catalogue import (
    FAMILIES,
    INDICATORS,
    LAIT,
    columns_of,
    digest,
    get_indicator,
    model_column,
    scored_indicators,
)
from earlywarn.panel.panel import Panel

ASKED_FOR = {
    "referral_rate": "cin",
    "rereferrals": "cin",
    "no_further_action": "cin",
    "assessed_not_in_need": "cin",
    "repeat_plans": "cin",
    "plan_rate": "cin",
    "plan_start_rate": "cin",
    "plans_two_years": "cin",
    "cin_rate": "cin",
    "section_47_rate": "cin",
    "icpc_rate": "cin",
    "icpc_in_15_days": "cin",
    "assessments_in_45_days": "cin",
    "reviews_in_time": "cin",
    "care_application_rate": "cafcass",
    "looked_after_rate": "cla",
    "vacancies": "csww",
    "agency_workers": "csww",
    "turnover": "csww",
    "absence": "csww",
    "caseload": "csww",
    "social_work_spend": "s251",
    "free_school_meals": "school_census",
}
EACH = pytest.mark.parametrize("record", INDICATORS, ids=lambda record: record.id)


@pytest.mark.parametrize(("name", "series"), ASKED_FOR.items())
def test_every_indicator_asked_for(name: str, series: str) -> None:
    assert get_indicator(name).series == series


def test_names_are_unique() -> None:
    columns = [column for record in INDICATORS for column in columns_of(record)]
    assert len(columns) == len(set(columns))
    assert len({record.title for record in INDICATORS}) == len(INDICATORS)


@EACH
def test_every_record_is_told_in_full(record) -> None:
    for part in ("id", "title", "definition", "direction_source", "family", "series", "reference"):
        assert getattr(record, part), part
    assert re.fullmatch(r"[a-z][a-z0-9_]*", record.id)
    assert bool(record.numerator) == bool(record.denominator)
    assert record.family in FAMILIES
    assert 2013 <= record.first_year <= 2025
    assert record.unit or record.kind == "history"


@EACH
def test_scored_indicators_have_a_sign_and_a_citation(record) -> None:
    if record.id == "previously_inadequate":
        # Which way it counts is left to the judgements, and the record says so.
        assert (record.scored, record.sign) == (True, 0)
        assert record.direction_source.startswith("no direction is declared")
    elif record.scored:
        assert record.sign in (1, -1)
        assert re.search(r"https?://|doi 10\.\d{4,}|\d{4}\)", record.direction_source)
    else:
        assert record.sign == 0


def test_signs_of_the_department() -> None:
    worse_high = {"rereferrals", "repeat_plans", "plans_two_years", "vacancies", "agency_workers"}
    worse_high |= {"turnover", "absence", "caseload", "placement_instability"}
    worse_low = {"icpc_in_15_days", "assessments_in_45_days", "reviews_in_time"}
    assert {get_indicator(name).sign for name in worse_high} == {1}
    assert {get_indicator(name).sign for name in worse_low | {"previously_good"}} == {-1}
    assert {get_indicator(name).direction_source for name in worse_high | worse_low} == {LAIT}


def test_decisions_spend_and_deprivation_are_told_and_not_scored() -> None:
    told = {record.id for record in INDICATORS if not record.scored}
    assert told == {
        "no_further_action",
        "assessed_not_in_need",
        "social_work_spend",
        "free_school_meals",
    }
    assert {record.id for record in scored_indicators()} == {r.id for r in INDICATORS} - told


def test_every_measure_is_in_the_panel(national: Panel) -> None:
    first = national.observations.groupby("measure")["period"].min()
    published = [record for record in INDICATORS if record.kind != "history"]
    assert len(published) == len(INDICATORS) - 2
    for record in published:
        assert first[record.measure] <= record.first_year
        assert not record.size_measure or record.size_measure in first.index


def test_columns_of_a_record() -> None:
    six = ("rereferrals", "rereferrals_z", "rereferrals_se", "rereferrals_gap")
    assert columns_of(get_indicator("rereferrals"))[:4] == six
    assert columns_of(get_indicator("rereferrals"))[4:] == (
        "rereferrals_neighbour_gap",
        "rereferrals_trend",
        "rereferrals_period",
    )
    assert "referral_rate_expected" in columns_of(get_indicator("referral_rate"))
    assert "referral_rate_distance" in columns_of(get_indicator("referral_rate"))
    assert "no_further_action_distance" in columns_of(get_indicator("no_further_action"))
    assert model_column(get_indicator("previously_good")) == "previously_good"


@pytest.mark.parametrize("field", [f.name for f in dataclasses.fields(INDICATORS[0])])
def test_digest_changes_with_content(field: str) -> None:
    first = INDICATORS[0]
    old = getattr(first, field)
    new = {bool: lambda: not old, int: lambda: old + 1}.get(type(old), lambda: f"{old}!")()
    changed = (dataclasses.replace(first, **{field: new}), *INDICATORS[1:])
    assert digest(changed) != digest()


def test_digest_is_of_the_order_too_and_is_stable() -> None:
    assert digest(INDICATORS[::-1]) != digest()
    assert digest(tuple(INDICATORS)) == digest()


def test_records_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        INDICATORS[0].direction = "context"  # type: ignore[misc]


def test_no_such_indicator() -> None:
    with pytest.raises(IndicatorError) as caught:
        get_indicator("re-referrals")
    for part in ("no such indicator", "'re-referrals'", "rereferrals", "earlywarn catalogue"):
        assert part in str(caught.value)
