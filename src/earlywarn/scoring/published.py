"""What authorities have published so far: ranges of figures, and ratios between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from earlywarn.statistics.arrays import FloatArray


class Ever(NamedTuple):
    """The range of an indicator in the authorities' published figures."""

    lowest: float
    highest: float
    zero: bool
    share: float = 1.0
    """The share of the lowest that may be right: a month's counts are a twelfth of a year's."""


MARGIN = 1.1
"""How many times as far a figure may be before it is doubted."""
EVER = {
    "absence": Ever(0.1, 12.7, zero=True),
    "agency_workers": Ever(0.3, 55.2, zero=True),
    "assessed_not_in_need": Ever(0.2, 64.1, zero=True),
    "assessments_in_45_days": Ever(45.6, 100.0, zero=False),
    "care_application_rate": Ever(2.1, 48.2, zero=False),
    "care_leavers_active": Ever(16.0, 80.0, zero=False),
    "care_leavers_housed": Ever(21.0, 100.0, zero=False),
    "caseload": Ever(7.6, 51.3, zero=False),
    "cin_rate": Ever(143.0, 882.3, zero=False),
    "dental_checks": Ever(6.0, 100.0, zero=False),
    "free_school_meals": Ever(4.8, 46.7, zero=False),
    "health_checks": Ever(48.0, 100.0, zero=False),
    "icpc_in_15_days": Ever(22.5, 100.0, zero=False),
    "icpc_rate": Ever(10.1, 256.7, zero=False),
    "immunisations": Ever(6.0, 100.0, zero=True),
    "long_term_stability": Ever(45.0, 89.0, zero=False),
    "looked_after_rate": Ever(20.0, 228.0, zero=False),
    "no_further_action": Ever(0.1, 63.6, zero=True),
    "placement_instability": Ever(3.0, 26.0, zero=False),
    "plan_rate": Ever(5.1, 170.6, zero=False),
    "plan_start_rate": Ever(9.3, 231.1, zero=False),
    "plans_two_years": Ever(0.6, 12.7, zero=True),
    "referral_rate": Ever(173.2, 2083.0, zero=False),
    "repeat_plans": Ever(2.7, 100.0, zero=False),
    "rereferrals": Ever(2.7, 67.6, zero=False),
    "reviews_in_time": Ever(3.0, 100.0, zero=True),
    "section_47_rate": Ever(37.4, 762.8, zero=False),
    "social_work_spend": Ever(15.0, 400.0, zero=False),
    "turnover": Ever(0.7, 66.7, zero=True),
    "vacancies": Ever(0.4, 62.4, zero=True),
}
"""For every authority except `SMALLEST` from 2013 to 2025: the lowest figure above zero, the
highest, and whether one had zero."""
COUNTS = {
    "agency_fte": Ever(0.0, 340.7, zero=True),
    "assessed_not_in_need_count": Ever(0.0, 17_853.0, zero=True),
    "case_holders_fte": Ever(29.2, 565.2, zero=False),
    "cases": Ever(417.0, 10_056.0, zero=False),
    "children_in_need": Ever(523.0, 11_925.0, zero=False),
    "inpost_fte": Ever(40.2, 918.1, zero=False),
    "leavers_fte": Ever(0.0, 164.2, zero=True),
    "no_further_action_count": Ever(0.0, 8_193.0, zero=True),
    "plans_at_31_march": Ever(27.0, 1_677.0, zero=False),
    "plans_started": Ever(34.0, 1_989.0, zero=False, share=1 / 12),
    "plans_two_years_count": Ever(0.0, 57.0, zero=True),
    "population_0_17": Ever(19_820.0, 355_390.0, zero=False),
    "posts_fte": Ever(65.2, 1_044.2, zero=False),
    "referrals": Ever(689.0, 41_142.0, zero=False, share=1 / 12),
    "repeat_plan_count": Ever(0.0, 501.0, zero=True),
    "rereferral_count": Ever(0.0, 16_877.0, zero=True),
    "staff_fte": Ever(59.2, 932.0, zero=False),
    "vacancy_fte": Ever(0.0, 305.0, zero=True),
}
"""For the same, the counts of a year. The lowest of those that are a part of others means nothing,
since low counts are suppressed."""
REACHES = EVER | COUNTS
SMALLEST = frozenset({"201", "420", "857"})
"""City of London, Isles of Scilly and Rutland, whose figures move by chance alone."""


class Ratio(NamedTuple):
    """The range of one published figure as a share of another."""

    part: str
    whole: str
    lowest: float
    highest: float


LEEWAY = 1.25
"""How many times as far a ratio may be before it is doubted: both of its figures vary."""
RATIOS = (
    Ratio("referral_rate", "cin_rate", 0.663, 5.44),  # most in need were referred in the year
    Ratio("section_47_rate", "referral_rate", 0.067, 0.703),  # an enquiry follows a referral,
    Ratio("icpc_rate", "section_47_rate", 0.123, 1.04),  # a conference an enquiry,
    Ratio("plan_start_rate", "icpc_rate", 0.453, 1.43),  # and a plan a conference
    Ratio("plan_rate", "plan_start_rate", 0.480, 1.44),
    Ratio("plan_rate", "cin_rate", 0.0222, 0.252),  # those on plans, or looked after, are in need
    Ratio("looked_after_rate", "cin_rate", 0.0602, 0.427),
    Ratio("care_application_rate", "looked_after_rate", 0.051, 0.476),
    Ratio("referrals", "children_in_need", 0.663, 5.44),
    Ratio("plans_at_31_march", "children_in_need", 0.0222, 0.252),
    Ratio("inpost_fte", "posts_fte", 0.375, 1.0),  # posts are those in post and vacancies,
    Ratio("inpost_fte", "staff_fte", 0.447, 1.0),  # staff those in post and from agencies
    Ratio("case_holders_fte", "staff_fte", 0.108, 0.989),
)
"""For the same authorities in the figures of one date: pairs where one is a part of the other, or
follows from it."""
APART = ("no_further_action", "assessed_not_in_need")
"""Disjoint parts of the referrals, which add up to at most 100%."""
RELATED = frozenset(name for ratio in RATIOS for name in (ratio.part, ratio.whole)).union(APART)


class Extent(NamedTuple):
    """The range of a column's figures."""

    low: float
    """The lowest above zero; infinite where there is none."""
    peak: float
    """The highest; below 0 where none is known."""
    total: float
    known: int
    """How many are known."""
    zeros: int

    @classmethod
    def of(cls, values: FloatArray) -> Extent:
        """The range of a column, with NaN where unknown."""
        there = values[~np.isnan(values)]
        zeros = len(there) - int(np.count_nonzero(there))
        above = there[there > 0] if zeros else there
        low, peak = float(above.min(initial=np.inf)), float(there.max(initial=-1.0))
        return cls(low, peak, float(there.sum()), len(there), zeros)

    @classmethod
    def together(cls, parts: Sequence[Extent]) -> Extent:
        """The range of a column given in parts."""
        lows, peaks, totals, counts, zeros = zip(*parts, strict=True)
        return cls(min(lows), max(peaks), sum(totals), sum(counts), sum(zeros))


def beyond(name: str, extent: Extent) -> bool:
    """Whether figures of an indicator go beyond all that has ever been published.

    Examples
    --------
    >>> beyond("caseload", Extent(16.0, 160.0, 176.0, 2, 0))
    True
    """
    ever = REACHES.get(name)
    if ever is None or not extent.known:
        return False
    return (
        extent.peak > MARGIN * ever.highest
        or extent.low * MARGIN < ever.lowest * ever.share
        or (extent.zeros > 0 and not ever.zero)
    )
