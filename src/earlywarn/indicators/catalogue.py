"""The catalogue: every indicator as a frozen record with its formula, direction and source.

An indicator's direction comes from the polarity that the Department for Education gives it in the
Local Authority Interactive Tool (LAIT) or from a paper, never from how well it predicts here.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING

from earlywarn.errors import IndicatorError
from earlywarn.indicators.record import LAIT, Direction, Indicator

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "BYWATERS",
    "DEPRIVATION",
    "FAMILIES",
    "HISTORY",
    "INDICATORS",
    "LAIT",
    "SUFFIXES",
    "WAS_INADEQUATE",
    "Indicator",
    "columns_of",
    "digest",
    "get_indicator",
    "model_column",
    "scored_indicators",
]

BYWATERS = (
    "Bywaters et al. 2015, doi 10.1016/j.childyouth.2015.06.017: rates follow deprivation, so they "
    "are compared with those of equally deprived authorities"
)
HOOD = (
    "Hood et al. 2016, doi 10.1016/j.childyouth.2016.07.008: authorities filter demand at "
    "different thresholds; both too high and too low are a risk"
)
NAO = "National Audit Office 2016, Children in need of help or protection, HC 723"
CIN = "Characteristics of children in need, Department for Education"
CSWW = "Children's social work workforce, Department for Education"
CLA = "Children looked after in England, Department for Education"


def _demand(
    name: str, title: str, measure: str, series: str, year: int = 2016, *, counted: bool = False
) -> Indicator:
    """A rate per 10,000 children: its level, like for like, is scored; its distance is reported."""
    return Indicator(
        id=name,
        title=title,
        definition=f"10,000 x {measure} / children aged 0 to 17",
        numerator=measure if counted else "",
        denominator="population_0_17" if counted else "",
        unit="per 10,000 children",
        kind="rate",
        direction="higher is worse",
        direction_source=BYWATERS,
        family="demand",
        series=series,
        first_year=year,
        reference={"cin": CIN, "cla": CLA}.get(series, "Cafcass care applications, through LAIT"),
        measure=measure,
        size_measure="population_0_17",
        like_for_like=True,
    )


_SERIES = {"workforce": ("csww", CSWW), "children in care": ("cla_later_tables", CLA)}
"""Where a family's percentages come from; the others come from the children in need census."""


def _share(
    name: str,
    title: str,
    unit: str,
    counts: tuple[str, str] = ("", ""),
    *,
    direction: Direction,
    family: str,
    year: int,
    size: str = "",
) -> Indicator:
    """A percentage of cases."""
    numerator, denominator = counts
    series, reference = _SERIES.get(family, ("cin", CIN))
    return Indicator(
        id=name,
        title=title,
        definition=f"100 x {numerator} / {denominator}" if numerator else f"{unit}, as published",
        numerator=numerator,
        denominator=denominator,
        unit=unit,
        kind="proportion",
        direction=direction,
        direction_source=LAIT,
        family=family,
        series=series,
        first_year=year,
        reference=reference,
        measure=name,
        size_measure=size,
    )


def _decision(name: str, title: str, count: str) -> Indicator:
    """A percentage of referrals with a direction from papers, not the department; not scored."""
    record = _share(
        name,
        title,
        "% of referrals",
        (count, "referrals"),
        direction="either extreme is worse",
        family="decisions",
        year=2013,
    )
    return replace(record, direction_source=HOOD, scored=False)


_repeat = partial(_share, direction="higher is worse", family="repeat work", year=2013)
_timely = partial(_share, direction="lower is worse", family="timeliness", year=2016)
_staffing = partial(_share, direction="higher is worse", family="workforce", year=2016)
_care = partial(_share, direction="lower is worse", family="children in care")
_in_care = partial(_care, year=2018, size="looked_after")
_leavers = partial(_care, year=2016, size="care_leavers")
_counted = partial(_demand, series="cin", year=2013, counted=True)

INDICATORS: tuple[Indicator, ...] = (
    _counted("referral_rate", "Referrals", "referrals"),
    _counted("cin_rate", "Children in need", "children_in_need"),
    _counted("plan_start_rate", "Child protection plans started", "plans_started"),
    _counted("plan_rate", "Children on protection plans", "plans_at_31_march"),
    _demand("section_47_rate", "Section 47 enquiries", "section_47", "cin"),
    _demand("icpc_rate", "Initial child protection conferences", "icpc", "cin"),
    _demand("care_application_rate", "Care applications", "care_applications", "cafcass"),
    _demand("looked_after_rate", "Children looked after", "looked_after", "cla"),
    _repeat(
        "rereferrals",
        "Re-referrals within 12 months",
        "% of referrals",
        ("rereferral_count", "referrals"),
    ),
    _repeat(
        "repeat_plans",
        "Repeat child protection plans",
        "% of plans started",
        ("repeat_plan_count", "plans_started"),
    ),
    _repeat(
        "plans_two_years",
        "Child protection plans of two years or more",
        "% of plans at 31 March",
        ("plans_two_years_count", "plans_at_31_march"),
    ),
    _decision("no_further_action", "Referrals closed without action", "no_further_action_count"),
    _decision(
        "assessed_not_in_need", "Referrals assessed as not in need", "assessed_not_in_need_count"
    ),
    _timely(
        "icpc_in_15_days",
        "Initial conferences held within 15 working days",
        "% of conferences",
        size="icpc",
    ),
    _timely(
        "assessments_in_45_days",
        "Assessments completed within 45 working days",
        "% of assessments",
        size="referrals",
    ),
    _timely(
        "reviews_in_time",
        "Child protection reviews held in time",
        "% of plans of three months or more",
        size="plans_at_31_march",
    ),
    _staffing("vacancies", "Social worker vacancies", "% of posts", ("vacancy_fte", "posts_fte")),
    _staffing("agency_workers", "Agency social workers", "% of staff", ("agency_fte", "staff_fte")),
    _staffing(
        "turnover", "Social worker turnover", "% of staff in a year", ("leavers_fte", "inpost_fte")
    ),
    Indicator(
        id="absence",
        title="Social worker absence",
        definition="100 x days lost / days available, as published",
        numerator="",
        denominator="",
        unit="% of working days",
        kind="amount",
        direction="higher is worse",
        direction_source=LAIT,
        family="workforce",
        series="csww",
        first_year=2016,
        reference=CSWW,
        measure="absence",
        size_measure="turnover",
    ),
    Indicator(
        id="caseload",
        title="Cases per social worker",
        definition="cases / case_holders_fte",
        numerator="cases",
        denominator="case_holders_fte",
        unit="cases per worker",
        kind="ratio",
        direction="higher is worse",
        direction_source=LAIT,
        family="workforce",
        series="csww",
        first_year=2016,
        reference=CSWW,
        measure="caseload",
    ),
    _in_care(
        "placement_instability",
        "Looked-after children with three or more placements in the year",
        "% of looked-after children",
        direction="higher is worse",
        year=2016,
    ),
    _in_care(
        "long_term_stability",
        "Looked-after children in a stable long-term placement",
        "% of long-term placements",
    ),
    _in_care(
        "health_checks",
        "Looked-after children with their annual health check",
        "% of looked-after children",
    ),
    _in_care(
        "dental_checks", "Looked-after children with a dental check", "% of looked-after children"
    ),
    _in_care(
        "immunisations",
        "Looked-after children with immunisations up to date",
        "% of looked-after children",
    ),
    _leavers(
        "care_leavers_housed",
        "Care leavers in suitable accommodation",
        "% of care leavers aged 19 to 21",
    ),
    _leavers(
        "care_leavers_active",
        "Care leavers in education, employment or training",
        "% of care leavers aged 19 to 21",
    ),
    Indicator(
        id="social_work_spend",
        title="Social work spend",
        definition="section 251 outturn / children in need / 52",
        numerator="",
        denominator="",
        unit="pounds a week per child in need",
        kind="amount",
        direction="either extreme is worse",
        direction_source=f"{NAO}: no link between spend per child and quality",
        family="resources",
        series="s251",
        first_year=2017,
        reference="Section 251 outturn, through LAIT",
        measure="social_work_spend",
        scored=False,
    ),
    Indicator(
        id="free_school_meals",
        title="Free school meals",
        definition="primary pupils eligible for free school meals, %",
        numerator="",
        denominator="",
        unit="% of primary pupils",
        kind="amount",
        direction="context",
        direction_source=f"{NAO}: good performance did not follow deprivation",
        family="context",
        series="school_census",
        first_year=2016,
        reference="Schools, pupils and their characteristics, through LAIT",
        measure="free_school_meals",
        scored=False,
    ),
    Indicator(
        id="previously_good",
        title="Last inspection Good or Outstanding",
        definition="1 if leadership, help and protection, and children in care were each Good or "
        "Outstanding at the last inspection published by the date and no area was Inadequate, "
        "0 if not",
        numerator="",
        denominator="",
        unit="",
        kind="history",
        direction="lower is worse",
        direction_source="Ofsted's own rule: Good and Outstanding authorities get short "
        "inspections (Inspecting local authority children's services, 2018)",
        family="last inspection",
        series="judgements",
        first_year=2014,
        reference="Ofsted inspection outcomes",
        measure="",
    ),
    Indicator(
        id="previously_inadequate",
        title="Last inspection Inadequate",
        definition="1 if any area was Inadequate at the last inspection published by the date, "
        "0 if none was",
        numerator="",
        denominator="",
        unit="",
        kind="history",
        direction="context",
        direction_source="no direction is declared: help and monitoring follow an Inadequate "
        "judgement, and whether it makes the next one likelier is left to the judgements",
        family="last inspection",
        series="judgements",
        first_year=2014,
        reference="Ofsted inspection outcomes",
        measure="",
    ),
)

DEPRIVATION = "free_school_meals"
HISTORY = "previously_good"
WAS_INADEQUATE = "previously_inadequate"
FAMILIES: tuple[str, ...] = tuple(dict.fromkeys(record.family for record in INDICATORS))
SUFFIXES: tuple[str, ...] = ("_z", "_se", "_gap", "_neighbour_gap", "_trend", "_period")
"""The suffixes of an indicator's other columns; some also have ``_distance`` or ``_expected``."""


def get_indicator(name: str) -> Indicator:
    """Look up one record of the catalogue.

    Parameters
    ----------
    name : str
        An indicator's id, such as ``rereferrals``.

    Raises
    ------
    IndicatorError
        If the catalogue has no such indicator.

    Examples
    --------
    >>> get_indicator("agency_workers").direction
    'higher is worse'
    """
    for record in INDICATORS:
        if record.id == name:
            return record
    raise IndicatorError(
        "no such indicator",
        found=repr(name),
        expected="one of " + ", ".join(record.id for record in INDICATORS),
        remedy="python -m earlywarn catalogue prints them.",
    )


def columns_of(record: Indicator) -> tuple[str, ...]:
    """The columns of one indicator in the frame of indicators.

    Examples
    --------
    >>> columns_of(get_indicator("previously_good"))
    ('previously_good',)
    """
    if record.kind == "history":
        return (record.id,)
    extreme = record.direction == "either extreme is worse" or record.family == "demand"
    suffixes = SUFFIXES + ("_distance",) * extreme + ("_expected",) * record.like_for_like
    return (record.id, *(record.id + suffix for suffix in suffixes))


def model_column(record: Indicator) -> str:
    """The one column that a model uses: the indicator's standardised level, or the fact itself.

    Examples
    --------
    >>> model_column(get_indicator("caseload"))
    'caseload_z'
    """
    return record.id if record.kind == "history" else record.id + "_z"


def scored_indicators() -> tuple[Indicator, ...]:
    """The indicators that the default model uses, in the order of its columns."""
    return tuple(record for record in INDICATORS if record.scored)


def digest(records: Iterable[Indicator] = INDICATORS) -> str:
    """A short fingerprint of the catalogue, by which a model learnt under another is recognised.

    Examples
    --------
    >>> len(digest())
    16
    """
    text = json.dumps([asdict(record) for record in records], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
