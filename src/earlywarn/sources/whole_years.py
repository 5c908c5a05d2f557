"""A measure's year as a whole beside the year before it: values that are gone, or that jump."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from earlywarn.authorities import ENGLAND
from earlywarn.sources.continuity import by_year
from earlywarn.sources.schema import Finding

if TYPE_CHECKING:
    import pandas as pd

LOST = {"plans_two_years": 0.15}
"""By how much the share of authorities with a value may fall within a year, where not by `_LOST`.

No measure published from 2013 to 2025 lost more than 0.04 of them, but for plans of two years,
whose small counts are suppressed in some years and not in others: 0.09.
"""

MOVED = {
    "absence": 0.18, "agency_workers": 0.35, "assessed_not_in_need": 0.22,
    "assessments_in_45_days": 0.05, "care_applications": 0.21, "care_leavers": 0.1,
    "care_leavers_active": 0.11, "care_leavers_housed": 0.03, "caseload": 0.06,
    "children_in_need": 0.07, "dental_checks": 1.3, "free_school_meals": 0.3, "health_checks": 0.02,
    "icpc": 0.1, "icpc_in_15_days": 0.06, "immunisations": 0.04, "long_term_stability": 0.05,
    "looked_after": 0.07, "no_further_action": 0.37, "placement_instability": 0.3,
    "plans_at_31_march": 0.22, "plans_started": 0.24, "plans_two_years": 0.3,
    "population_0_17": 0.02, "referrals": 0.14, "repeat_plans": 0.13, "rereferrals": 0.1,
    "reviews_in_time": 0.05, "section_47": 0.17, "social_work_spend": 0.15, "turnover": 0.25,
    "vacancies": 0.33,
}  # fmt: skip
"""How far (in logarithms) the middle authority may move from one year to the next: half as much
again as in any year published from 2013 to 2025."""

_LOST = 0.06
_FEWEST = 50


def check_lost_values(figures: pd.DataFrame, measure: str, file: str) -> list[Finding]:
    """A warning for each year in which far fewer authorities have a value than in the year before.

    Parameters
    ----------
    figures : DataFrame
        One measure of one table: `la_code, measure, period, value`.
    measure : str
        The column, for the findings.
    file : str
        The table.

    Returns
    -------
    list of Finding
        Nothing for tables of few authorities, in which one more or less is a large share.
    """
    local = figures[figures["la_code"] != ENGLAND]
    there = local["value"].notna().groupby(local["period"]).agg(["mean", "size"])
    there = there[there["size"] >= _FEWEST]
    most = LOST.get(str(figures["measure"].iloc[0]), _LOST) if len(figures) else _LOST
    findings = []
    for year, share in there["mean"].items():
        before = there["mean"].get(int(str(year)) - 1, 0.0)
        if before - share > most:
            message = (
                f"{share:.0%} of the authorities have a value of {measure} in {year}, and "
                f"{before:.0%} in the year before, a fall as in no published year: were cells "
                "lost? Look into the notes of the release, or download it again"
            )
            place = file, math.nan, "", float(str(year)), measure, f"{share:.0%}"
            findings.append(Finding("warning", "values-lost", message, *place))
    return findings


def check_moved_years(figures: pd.DataFrame, measure: str, file: str) -> list[Finding]:
    """A warning for each year in which the middle authority moved as in no published year.

    A column of another age group, or of another part of the children, looks like this: each figure
    may be likely, and all together are not.

    Parameters
    ----------
    figures : DataFrame
        One measure of one table: `la_code, measure, period, value`.
    measure : str
        The column, for the findings.
    file : str
        The table.
    """
    most = MOVED.get(str(figures["measure"].iloc[0])) if len(figures) else None
    local = figures[(figures["la_code"] != ENGLAND) & (figures["value"] > 0)]
    local = local.drop_duplicates(["la_code", "period"])
    if most is None or local["la_code"].nunique() < _FEWEST:
        return []
    moves = by_year(local, "value").transform(np.log).diff(axis="columns")
    middle = moves.median()[moves.count() >= _FEWEST]
    return [
        Finding(
            "warning",
            "year-moved",
            f"{measure} of the middle authority {'rose' if move > 0 else 'fell'} by "
            f"{abs(np.expm1(move)):.1%} from {int(year) - 1} to {year}, more than in any published "
            "year: is it of other children, or counted in another way? Look into the notes of the "
            "release, or download it again",
            file,
            period=float(year),
            column=measure,
            found=f"{np.expm1(move):.1%}",
        )
        for year, move in zip(middle.index.astype(int), middle, strict=True)
        if abs(move) > most
    ]
