"""Compare a measure's year as a whole with the year before: missing values, or jumps."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from earlywarn.authorities import ENGLAND
from earlywarn.sources.continuity import COPIED_FROM, by_year
from earlywarn.sources.schema import UNAVAILABLE, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from earlywarn.authorities import Register
    from earlywarn.statistics.arrays import FloatArray

LOST = {"plans_two_years": 0.15}
"""How far the share of authorities with a value may fall within a year, if not by `_LOST`.

No measure published from 2013 to 2025 lost more than 0.04 of them, except plans of two years, whose
small counts are suppressed in some years and not in others: 0.09.
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
"""How far (in logarithms) the median authority may move from one year to the next: half as much
again as in any year published from 2013 to 2025."""

ORDERED = {
    "absence": 0.32, "agency_workers": 0.55, "assessed_not_in_need": 0.36,
    "assessments_in_45_days": 0.4, "care_applications": 0.53, "care_leavers": 0.68,
    "care_leavers_active": 0.38, "care_leavers_housed": 0.44, "caseload": 0.43,
    "children_in_need": 0.66, "free_school_meals": 0.68, "health_checks": 0.4, "icpc": 0.51,
    "icpc_in_15_days": 0.41, "immunisations": 0.52, "looked_after": 0.68, "no_further_action": 0.46,
    "plans_at_31_march": 0.62, "plans_started": 0.62, "population_0_17": 0.7, "referrals": 0.64,
    "rereferrals": 0.44, "reviews_in_time": 0.31, "section_47": 0.51, "social_work_spend": 0.52,
    "vacancies": 0.49,
}  # fmt: skip
"""The lowest rank correlation of authorities with the year before.

Seven tenths of the lowest from 2013 to 2025. Measures that are not listed have had years below
0.43, which a column moved by a row may well exceed.
"""

_LOST = 0.06
_FEWEST = 50
_UNLIKE = 15  # so few distinct values have no order
_OF_REGION = 5
_SAME = 0.8  # at most 0.63 of a region's values were those of the year before, including zeros
_SAME_ALL = 0.4  # of all authorities' values, at most 0.26
_GONE = 0.7  # at most 0.37 of a region's values were not available


def check_years(
    figures: pd.DataFrame, measure: str, file: str, register: Register
) -> list[Finding]:
    """Check a measure's years as a whole: values missing, moved, or in another order.

    Parameters
    ----------
    figures : DataFrame
        One measure of one table: `la_code, measure, period, value, status`.
    measure : str
        The column, for the findings.
    file : str
        The table.
    register : Register
        For the region of each authority.
    """
    return [
        *check_lost_values(figures, measure, file),
        *check_moved_years(figures, measure, file),
        *_order_lost(figures, measure, file),
        *_regions_gone(figures, measure, file, register),
    ]


def _few(figures: pd.DataFrame) -> bool:
    """Whether no year has enough rows to be checked as a whole."""
    periods = figures["period"].to_numpy(dtype=np.int64)
    return len(periods) < _FEWEST or bool(np.bincount(periods).max() < _FEWEST)


def _once_a_year(figures: pd.DataFrame) -> pd.DataFrame:
    """The figures of authorities, each once a year."""
    return figures[figures["la_code"] != ENGLAND].drop_duplicates(["la_code", "period"])


def _local(figures: pd.DataFrame, register: Register) -> pd.DataFrame:
    """The figures of authorities, each once a year, with its region."""
    own, local = register.authorities, _once_a_year(figures)
    regions = dict(zip(own["la_code"], own["region"], strict=True))
    return local.assign(region=local["la_code"].map(regions))


def _order_lost(figures: pd.DataFrame, measure: str, file: str) -> list[Finding]:
    """Warn of each year in which authorities are in an order unlike any year before."""
    least = ORDERED.get(str(figures["measure"].iloc[0])) if len(figures) else None
    if least is None or _few(figures):
        return []
    wide = by_year(_once_a_year(figures), "value")
    findings = []
    for before, year in itertools.pairwise(wide.columns):
        both = wide[[before, year]].dropna().rank()
        if len(both) < _FEWEST or (both.nunique() < _UNLIKE).any():
            continue
        along = float(both[before].corr(both[year]))
        if along < least:
            message = (
                f"the order of the authorities by {measure} in {year} has little to do with that "
                f"of {before} (rank correlation {along:.2f}, {least} at least is plain): are the "
                "values in the rows of other authorities? Download the file again"
            )
            place = file, math.nan, "", float(year), measure, f"{along:.2f}"
            findings.append(Finding("warning", "order-lost", message, *place))
    return findings


def check_copied_values(
    figures: pd.DataFrame, measure: str, file: str, register: Register
) -> list[Finding]:
    """Warn of each year in which most values, overall or in a region, are last year's.

    `continuity.check_copied_years` looks at all counts of one authority together.

    Parameters
    ----------
    figures, measure, file, register
        As for `check_years`.
    """
    local = _local(figures, register)
    if local["period"].nunique() < 2:
        return []
    wide = by_year(local, "value")
    regions = local.drop_duplicates("la_code").set_index("la_code")["region"]
    own = regions.reindex(wide.index).to_numpy(dtype=object)
    return [
        Finding(
            "warning",
            "copied-year",
            f"most values of {measure} in {year}, of {where}, are those of {year - lag}, which has "
            "happened in no published year: was one year copied over the other?",
            file,
            period=float(year),
            column=measure,
        )
        for lag in COPIED_FROM
        for year, where in _copied_from(wide, own, lag)
    ]


def _copied_from(
    wide: pd.DataFrame, regions: npt.NDArray[np.object_], lag: int
) -> Iterator[tuple[int, str]]:
    """The years and regions in which most values are those of this many years before."""
    values = wide.to_numpy(dtype=np.float64)
    # Zeros and hundreds are often the same from year to year.
    kept = np.where((values == 0) | (values == 100), np.nan, values)
    for at in range(lag, values.shape[1]):
        here, before = kept[:, at], kept[:, at - lag]
        year, known = int(wide.columns[at]), np.isfinite(here) & np.isfinite(before)
        if (here == before).sum() < _OF_REGION:
            continue
        if known.sum() >= _FEWEST and _copied(here[known], before[known], _SAME_ALL):
            yield year, "all regions"
            continue
        for region in sorted(set(regions[known])):
            those = known & (regions == region)
            if those.sum() >= _OF_REGION and _copied(here[those], before[those], _SAME):
                yield year, region


def _copied(here: FloatArray, before: FloatArray, most: float) -> bool:
    """Whether more than that share of values are the same, unless there are few distinct ones."""
    return (here == before).mean() > most and len(np.unique(here)) * 3 > len(here)


def _regions_gone(
    figures: pd.DataFrame, measure: str, file: str, register: Register
) -> list[Finding]:
    """Warn of each year in which nearly all values of a region are not available."""
    if not figures["status"].eq(UNAVAILABLE).any():
        return []
    local = _local(figures, register)
    gone = local.assign(gone=local["status"].eq(UNAVAILABLE))
    shares = gone.groupby(["period", "region"])["gone"].agg(["mean", "size"])
    some = gone.groupby("period")["gone"].mean() < _GONE  # otherwise the whole year is
    shares = shares[shares.index.get_level_values("period").isin(some.index[some])]
    far = shares[(shares["mean"] > _GONE) & (shares["size"] >= _OF_REGION)]
    return [
        Finding(
            "warning",
            "region-gone",
            f"{measure} of {share:.0%} of the authorities of {region} is not available in {year}, "
            "which has been so for no region in any published year: were cells lost? Check the "
            "notes of the release, or download it again",
            file,
            period=float(str(year)),
            column=measure,
            found=f"{share:.0%}",
        )
        for (year, region), share in zip(far.index, far["mean"], strict=True)
    ]


def check_lost_values(figures: pd.DataFrame, measure: str, file: str) -> list[Finding]:
    """Warn of each year in which far fewer authorities have a value than in the year before.

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
        Empty for tables of few authorities, where one more or less is a large share.
    """
    if _few(figures):
        return []
    local = figures[figures["la_code"] != ENGLAND]
    there = local["value"].notna().groupby(local["period"]).agg(["mean", "size"])
    there = there[there["size"] >= _FEWEST]
    most = LOST.get(str(figures["measure"].iloc[0]), _LOST)
    findings = []
    for year, share in there["mean"].items():
        before = there["mean"].get(int(str(year)) - 1, 0.0)
        if before - share > most:
            message = (
                f"{share:.0%} of the authorities have a value of {measure} in {year}, and "
                f"{before:.0%} in the year before, a fall seen in no published year: were cells "
                "lost? Check the notes of the release, or download it again"
            )
            place = file, math.nan, "", float(str(year)), measure, f"{share:.0%}"
            findings.append(Finding("warning", "values-lost", message, *place))
    return findings


def check_moved_years(figures: pd.DataFrame, measure: str, file: str) -> list[Finding]:
    """Warn of each year in which the median authority moved more than in any published year.

    A column for another age group, or for a part of the children, looks like this: each figure by
    itself may be likely, but all together are not.

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
    if most is None or _few(figures):
        return []
    local = _once_a_year(figures[figures["value"] > 0])
    if local["la_code"].nunique() < _FEWEST:
        return []
    moves = by_year(local, "value").transform(np.log).diff(axis="columns")
    middle = moves.median()[moves.count() >= _FEWEST]
    return [
        Finding(
            "warning",
            "year-moved",
            f"{measure} of the middle authority {'rose' if move > 0 else 'fell'} by "
            f"{abs(np.expm1(move)):.1%} from {int(year) - 1} to {year}, more than in any published "
            "year: is it for other children, or counted in another way? Check the notes of the "
            "release, or download it again",
            file,
            period=float(year),
            column=measure,
            found=f"{np.expm1(move):.1%}",
        )
        for year, move in zip(middle.index.astype(int), middle, strict=True)
        if abs(move) > most
    ]
