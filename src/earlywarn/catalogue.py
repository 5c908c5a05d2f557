"""The catalogue: every indicator as a frozen record, with its formula, direction and where each comes from.

The direction of an indicator is taken from the polarity that the Department for Education gives it
in the Local Authority Interactive Tool (LAIT) or from a paper, never from how it scored here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

from earlywarn.errors import IndicatorError

Kind = Literal["proportion", "rate", "ratio", "amount", "history"]
Direction = Literal["higher is worse", "lower is worse", "either extreme is worse", "context"]

LAIT = "LAIT polarity, Department for Education, https://www.gov.uk/government/publications/local-authority-interactive-tool-lait"
BYWATERS = (
    "Bywaters et al. 2015, doi 10.1016/j.childyouth.2015.06.017: rates follow deprivation, so they are compared "
    "with those of equally deprived authorities"
)
HOOD = (
    "Hood et al. 2016, doi 10.1016/j.childyouth.2016.07.008: authorities filter demand at different thresholds; "
    "both too high and too low are a risk"
)
NAO = "National Audit Office 2016, Children in need of help or protection, HC 723"
CIN = "Characteristics of children in need, Department for Education"
CSWW = "Children's social work workforce, Department for Education"
CLA = "Children looked after in England, Department for Education"


@dataclass(frozen=True)
class Indicator:
    """One indicator: what it is, how it is computed, and which way is worse.

    Parameters
    ----------
    id : str
        The name of its column.
    title : str
        Plain English, as a sentence begins with it.
    definition : str
        The formula.
    numerator, denominator : str
        The counts it is made of, by measure; empty where the publisher gives only the result.
    unit : str
        What the number counts, as it stands behind the number.
    kind : {"proportion", "rate", "ratio", "amount", "history"}
        How chance varies: a share of a count, a count per child, a count per worker, an amount
        without a known sampling error, or a fact about earlier inspections.
    direction : {"higher is worse", "lower is worse", "either extreme is worse", "context"}
        Which way raises concern.
    direction_source : str
        Who says so.
    family : str
        The family it is averaged in.
    series : str
        The release series that publishes it.
    first_year : int
        The first reporting year in the files read.
    reference : str
        The publication.
    measure : str
        The observations that carry it.
    size_measure : str
        The count that tells how many cases stand behind it, where the table has no denominator.
    like_for_like : bool
        Whether it is compared with equally deprived authorities.
    scored : bool
        Whether the default model uses it.
    """

    id: str
    title: str
    definition: str
    numerator: str
    denominator: str
    unit: str
    kind: Kind
    direction: Direction
    direction_source: str
    family: str
    series: str
    first_year: int
    reference: str
    measure: str
    size_measure: str = ""
    like_for_like: bool = False
    scored: bool = True

    @property
    def sign(self) -> int:
        """+1 where a higher value raises the risk by the catalogue's direction, -1 where a lower one does, else 0."""
        return {"higher is worse": 1, "lower is worse": -1}.get(self.direction, 0)

    @property
    def conviction(self) -> float:
        """How firmly the direction is held: 1 where the department declares it, a half where papers argue it."""
        return 1.0 if self.direction_source == LAIT else 0.5


def _demand(id: str, title: str, measure: str, series: str, year: int, *, counted: bool) -> Indicator:
    """A rate per 10,000 children. Its level, like for like, is scored as pressure; its distance is reported."""
    return Indicator(
        id=id,
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


def _share(
    id: str,
    title: str,
    unit: str,
    direction: Direction,
    family: str,
    year: int,
    *,
    counts: tuple[str, str] = ("", ""),
    size: str = "",
    series: str = "cin",
    source: str = LAIT,
    scored: bool = True,
) -> Indicator:
    """A percentage of cases."""
    numerator, denominator = counts
    return Indicator(
        id=id,
        title=title,
        definition=f"100 x {numerator} / {denominator}" if numerator else f"{unit}, as published",
        numerator=numerator,
        denominator=denominator,
        unit=unit,
        kind="proportion",
        direction=direction,
        direction_source=source,
        family=family,
        series=series,
        first_year=year,
        reference={"cin": CIN, "csww": CSWW}.get(series, CLA),
        measure=id,
        size_measure=size,
        scored=scored,
    )


_LATER = "cla_later_tables"

INDICATORS: tuple[Indicator, ...] = (
    _demand("referral_rate", "Referrals", "referrals", "cin", 2013, counted=True),
    _demand("cin_rate", "Children in need", "children_in_need", "cin", 2013, counted=True),
    _demand("plan_start_rate", "Child protection plans started", "plans_started", "cin", 2013, counted=True),
    _demand("plan_rate", "Children on protection plans", "plans_at_31_march", "cin", 2013, counted=True),
    _demand("section_47_rate", "Section 47 enquiries", "section_47", "cin", 2016, counted=False),
    _demand("icpc_rate", "Initial child protection conferences", "icpc", "cin", 2016, counted=False),
    _demand("care_application_rate", "Care applications", "care_applications", "cafcass", 2016, counted=False),
    _demand("looked_after_rate", "Children looked after", "looked_after", "cla", 2016, counted=False),
    _share("rereferrals", "Re-referrals within 12 months", "% of referrals", "higher is worse", "repeat work", 2013,
           counts=("rereferral_count", "referrals")),
    _share("repeat_plans", "Repeat child protection plans", "% of plans started", "higher is worse", "repeat work", 2013,
           counts=("repeat_plan_count", "plans_started")),
    _share("plans_two_years", "Child protection plans of two years or more", "% of plans at 31 March", "higher is worse",
           "repeat work", 2013, counts=("plans_two_years_count", "plans_at_31_march")),
    _share("no_further_action", "Referrals closed without action", "% of referrals", "either extreme is worse",
           "decisions", 2013, counts=("no_further_action_count", "referrals"), source=HOOD, scored=False),
    _share("assessed_not_in_need", "Referrals assessed as not in need", "% of referrals", "either extreme is worse",
           "decisions", 2013, counts=("assessed_not_in_need_count", "referrals"), source=HOOD, scored=False),
    _share("icpc_in_15_days", "Initial conferences held within 15 working days", "% of conferences", "lower is worse",
           "timeliness", 2016, size="icpc"),
    _share("assessments_in_45_days", "Assessments completed within 45 working days", "% of assessments", "lower is worse",
           "timeliness", 2016, size="referrals"),
    _share("reviews_in_time", "Child protection reviews held in time", "% of plans of three months or more", "lower is worse",
           "timeliness", 2016, size="plans_at_31_march"),
    _share("vacancies", "Social worker vacancies", "% of posts", "higher is worse", "workforce", 2016,
           counts=("vacancy_fte", "posts_fte"), series="csww"),
    _share("agency_workers", "Agency social workers", "% of staff", "higher is worse", "workforce", 2016,
           counts=("agency_fte", "staff_fte"), series="csww"),
    _share("turnover", "Social worker turnover", "% of staff in a year", "higher is worse", "workforce", 2016,
           counts=("leavers_fte", "inpost_fte"), series="csww"),
    Indicator(
        id="absence", title="Social worker absence", definition="100 x days lost / days available, as published",
        numerator="", denominator="", unit="% of working days", kind="amount", direction="higher is worse",
        direction_source=LAIT, family="workforce", series="csww", first_year=2016, reference=CSWW, measure="absence",
    ),
    Indicator(
        id="caseload", title="Cases per social worker", definition="cases / case_holders_fte",
        numerator="cases", denominator="case_holders_fte", unit="cases per worker", kind="ratio",
        direction="higher is worse", direction_source=LAIT, family="workforce", series="csww", first_year=2016,
        reference=CSWW, measure="caseload",
    ),
    _share("placement_instability", "Looked-after children with three or more placements in the year",
           "% of looked-after children", "higher is worse", "children in care", 2016, size="looked_after", series=_LATER),
    _share("long_term_stability", "Looked-after children in a stable long-term placement", "% of long-term placements",
           "lower is worse", "children in care", 2018, size="looked_after", series=_LATER),
    _share("health_checks", "Looked-after children with their annual health check", "% of looked-after children",
           "lower is worse", "children in care", 2018, size="looked_after", series=_LATER),
    _share("dental_checks", "Looked-after children with a dental check", "% of looked-after children",
           "lower is worse", "children in care", 2018, size="looked_after", series=_LATER),
    _share("immunisations", "Looked-after children with immunisations up to date", "% of looked-after children",
           "lower is worse", "children in care", 2018, size="looked_after", series=_LATER),
    _share("care_leavers_housed", "Care leavers in suitable accommodation", "% of care leavers aged 19 to 21",
           "lower is worse", "children in care", 2016, size="care_leavers", series=_LATER),
    _share("care_leavers_active", "Care leavers in education, employment or training", "% of care leavers aged 19 to 21",
           "lower is worse", "children in care", 2016, size="care_leavers", series=_LATER),
    Indicator(
        id="social_work_spend", title="Social work spend", definition="section 251 outturn / children in need / 52",
        numerator="", denominator="", unit="pounds a week per child in need", kind="amount",
        direction="either extreme is worse", direction_source=f"{NAO}: no link between spend per child and quality",
        family="resources", series="s251", first_year=2017, reference="Section 251 outturn, through LAIT",
        measure="social_work_spend", scored=False,
    ),
    Indicator(
        id="free_school_meals", title="Free school meals", definition="primary pupils eligible for free school meals, %",
        numerator="", denominator="", unit="% of primary pupils", kind="amount", direction="context",
        direction_source=f"{NAO}: good performance did not follow deprivation", family="context", series="school_census",
        first_year=2016, reference="Schools, pupils and their characteristics, through LAIT",
        measure="free_school_meals", scored=False,
    ),
    Indicator(
        id="previously_good", title="Last inspection Good or Outstanding",
        definition="1 if the last judgement published by the date was Good or Outstanding, 0 if it was lower",
        numerator="", denominator="", unit="", kind="history", direction="lower is worse",
        direction_source="Ofsted's own rule: Good and Outstanding authorities get short inspections "
        "(Inspecting local authority children's services, 2018)",
        family="last inspection", series="judgements", first_year=2014, reference="Ofsted inspection outcomes",
        measure="",
    ),
)  # fmt: skip

DEPRIVATION = "free_school_meals"
HISTORY = "previously_good"
FAMILIES: tuple[str, ...] = tuple(dict.fromkeys(record.family for record in INDICATORS))
SUFFIXES: tuple[str, ...] = ("_z", "_se", "_gap", "_neighbour_gap", "_trend", "_distance")


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
    """The columns that one indicator has in the frame of indicators.

    Examples
    --------
    >>> columns_of(get_indicator("previously_good"))
    ('previously_good',)
    """
    if record.kind == "history":
        return (record.id,)
    suffixes = SUFFIXES if record.direction == "either extreme is worse" or record.family == "demand" else SUFFIXES[:-1]
    return (record.id, *(record.id + suffix for suffix in suffixes))


def model_column(record: Indicator) -> str:
    """The one column of an indicator that a model weighs: its standardised level, or the fact itself.

    Examples
    --------
    >>> model_column(get_indicator("caseload"))
    'caseload_z'
    """
    return record.id if record.kind == "history" else record.id + "_z"


def scored_indicators() -> tuple[Indicator, ...]:
    """The indicators that the default model weighs, in the order of its columns."""
    return tuple(record for record in INDICATORS if record.scored)


def digest(records: Iterable[Indicator] = INDICATORS) -> str:
    """A short fingerprint of the catalogue: a model learnt under another one is told apart by it.

    Examples
    --------
    >>> len(digest())
    16
    """
    text = json.dumps([asdict(record) for record in records], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
