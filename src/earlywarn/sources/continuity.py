"""Compare figures with other years and earlier releases, for what is too far from its past."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from earlywarn.authorities import ENGLAND, Register
from earlywarn.sources.cells import parse_cells
from earlywarn.sources.schema import Finding

if TYPE_CHECKING:
    from collections.abc import Collection

    from earlywarn.sources.tabular_files import Table
    from earlywarn.statistics.arrays import FloatArray

STEADY = {
    "assessments_in_45_days": 1.7, "care_applications": 6, "care_leavers": 1.7,
    "care_leavers_active": 3, "care_leavers_housed": 4, "caseload": 3, "children_in_need": 1.8,
    "free_school_meals": 1.5, "health_checks": 2, "icpc": 6, "icpc_in_15_days": 3,
    "long_term_stability": 1.8, "looked_after": 1.5, "placement_instability": 4,
    "plans_at_31_march": 3, "plans_started": 5, "population_0_17": 1.15, "referrals": 2.5,
    "repeat_plans": 6, "rereferrals": 4.5, "section_47": 3, "social_work_spend": 8,
}  # fmt: skip
"""By what factor a figure may exceed all others within two years of it, or be exceeded.

A fifth or more above what any authority published from 2013 to 2025, except for `SMALLEST`.
Measures that are not listed fall to zero and rise again in normal years.
"""

FALLING = frozenset(
    {"agency_workers", "dental_checks", "immunisations", "plans_two_years", "reviews_in_time"}
    | {"turnover", "vacancies"}
)
"""Percentages that fall to zero and rise again in normal years, but never to 1 or less from fifteen
times as much: that is a share of 1."""

SMALLEST = frozenset({"201", "420", "857"})
"""City of London, Isles of Scilly and Rutland: with so few children, figures double by chance."""

LEAST = 1.0
"""A zero is compared with the others as if it were this."""

COPIED_FROM = (1, 2, 3)
"""Years may have been copied over those this many years later."""

_SHARE = 15.0
_YEARS = 2
_COUNTED_FROM = 100.0
_NAMED = 12
_CHANCE = 0.1  # share of a year's authorities with one count that have that of the year before
_RESTATED_MOST = 2.5  # no release moved a figure by more than 2.2 times
_RESTATED_MEDIAN = 0.05  # no release moved half of the rates of a year by more than 0.6%
_RESTATED_FEWEST = 50


def check_other_years(
    figures: pd.DataFrame, measure: str, file: str, register: Register
) -> list[Finding]:
    """Warn of each figure that is far from all others of its authority within two years.

    Parameters
    ----------
    figures : DataFrame
        One measure of one table: `la_code, measure, period, line, value`.
    measure : str
        The column, for the findings.
    file : str
        The table.
    register : Register
        For the names.

    Returns
    -------
    list of Finding
        Empty for measures that are in neither `STEADY` nor `FALLING`, and where an authority has
        fewer than two other nearby years.
    """
    name = str(figures["measure"].iloc[0]) if len(figures) else ""
    most = STEADY.get(name, 0.0)
    # A year, and two others near it.
    if not (most or name in FALLING) or figures["period"].nunique() < 3:
        return []
    local = figures[figures["value"].notna() & ~figures["la_code"].isin({ENGLAND, *SMALLEST})]
    local = local.drop_duplicates(["la_code", "period"])
    if local.empty:
        return []
    wide = by_year(local, "value")
    low, high = _near(wide.to_numpy(dtype=np.float64))
    values = wide.to_numpy(dtype=np.float64)
    if most:
        values = values.clip(LEAST, None)
        far = (values > most * high.clip(LEAST, None)) | (values * most < low)
    else:
        far = (values > 0) & (values <= 1) & (values * _SHARE < low)
    lines = local.set_index(["la_code", "period"])["line"]
    findings = []
    for row, column in np.argwhere(far)[:_NAMED]:
        code, period = str(wide.index[row]), int(wide.columns[column])
        value = wide.iloc[row, column]
        near = low[row, column], high[row, column]
        message = (
            f"{register.name_of(code)} has {value:g} in {period}, and {near[0]:g} to {near[1]:g} "
            "in the years around it: a cell may be wrong"
        )
        place = float(lines[code, period]), code, float(period)
        findings.append(
            Finding("warning", "other-years", message, file, *place, measure, f"{value:g}")
        )
    if (more := int(far.sum()) - _NAMED) > 0:
        message = f"{more} more figures of {measure} are far from those of the years around them"
        findings.append(Finding("warning", "other-years", message, file, column=measure))
    return findings


def by_year(figures: pd.DataFrame, column: str) -> pd.DataFrame:
    """Pivot a column to one row per authority and one column per year, including empty years.

    Parameters
    ----------
    figures : DataFrame
        `la_code, period` and the column, each authority and year once.
    column : str
        The column with the values.
    """
    wide = figures.set_index(["la_code", "period"])[column].unstack("period")  # noqa: PD010 - no sums
    first, last = (int(year) for year in (wide.columns.min(), wide.columns.max()))
    return wide.reindex(columns=range(first, last + 1))


def _near(
    values: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The minimum and maximum of the other years near each; NaN if fewer than two."""
    others = others_near(values)
    few = np.isfinite(others).sum(axis=0) < 2
    low = np.where(few, np.nan, np.where(np.isfinite(others), others, np.inf).min(axis=0))
    high = np.where(few, np.nan, np.where(np.isfinite(others), others, -np.inf).max(axis=0))
    return low, high


def others_near(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Stack the other years near each; NaN where there is none.

    Parameters
    ----------
    values : ndarray of shape (authorities, years)
        One figure per year.

    Returns
    -------
    ndarray of shape (4, authorities, years)
        The values one and two years before and after.
    """
    padded = np.pad(values, ((0, 0), (_YEARS, _YEARS)), constant_values=np.nan)
    width = values.shape[1]
    shifts = [at for at in range(2 * _YEARS + 1) if at != _YEARS]
    return np.stack([padded[:, at : at + width] for at in shifts])


def check_copied_years(
    table: Table, places: pd.DataFrame, but: Collection[str], register: Register
) -> list[Finding]:
    """A warning where all counts of an authority's year, from 100, are those of a year before.

    Parameters
    ----------
    table : Table
        Rows of England and of authorities.
    places : DataFrame
        Its rows that count: `row, la_code, period`.
    but : collection of str
        Columns that describe.
    register : Register
        For the names.

    Returns
    -------
    list of Finding
        In no published table were two counts or more of one authority, but for `SMALLEST`, all
        equal in two years.
    """
    numbers = [
        values
        for key in table.columns
        if key not in but and (values := parse_cells(table.cells[key])[0]).size
    ]
    if not numbers:
        return []
    own = places[~places["la_code"].isin(SMALLEST)].drop_duplicates("row")
    own = own.sort_values(["la_code", "period"], kind="stable")
    matrix = np.column_stack(numbers)[own["row"].to_numpy()]
    matrix = np.where(matrix >= _COUNTED_FROM, matrix, np.nan)
    return [
        finding
        for lag in COPIED_FROM
        for finding in _copied_from(own, matrix, lag, table.file, register)
    ]


def _copied_from(
    own: pd.DataFrame, matrix: FloatArray, lag: int, file: str, register: Register
) -> list[Finding]:
    """The years in which all counts are those of this many years before."""
    codes, periods = own["la_code"].to_numpy(), own["period"].to_numpy()
    follows = (codes[lag:] == codes[:-lag]) & (periods[lag:] == periods[:-lag] + lag)
    known = np.isfinite(matrix[lag:]).sum(axis=1)
    same = (matrix[lag:] == matrix[:-lag]).sum(axis=1)
    whole = follows & (known >= 1) & (same == known)
    if not whole.any():
        return []
    # A single count can equal the year before by chance, but not those of many authorities.
    shares = pd.Series(whole).groupby(periods[lag:]).transform("mean").to_numpy()
    copied = own.iloc[np.flatnonzero(whole & ((known >= 2) | (shares > _CHANCE))) + lag]
    findings = [
        Finding(
            "warning",
            "copied-year",
            f"all counts of {register.name_of(str(row['la_code']))} in {row['period']} are those "
            f"of {int(row['period']) - lag}: was one year copied over the other?",
            file,
            float(row["line"]),
            str(row["la_code"]),
            float(row["period"]),
        )
        for row in copied.head(_NAMED).to_dict("records")
    ]
    if (more := len(copied) - _NAMED) > 0:
        years = ", ".join(str(year) for year in sorted(set(copied["period"])))
        before = "the year before" if lag == 1 else f"{lag} years before"
        message = f"{more} more authorities have the counts of {before}, in {years}"
        findings.append(Finding("warning", "copied-year", message, file))
    return findings


def check_restated(figures: pd.DataFrame) -> list[Finding]:
    """Warn where a release moved a year's figures far from the previous release.

    Parameters
    ----------
    figures : DataFrame
        Observations of all releases, with `vintage` and `file`, sorted by it within each figure.

    Returns
    -------
    list of Finding
        One for each measure and year in which half of the authorities moved by more than a
        twentieth: exchanged years, or another scale, look like this. One for each figure that
        changed by a factor of two and a half or more, up or down.
    """
    before = figures.groupby(["la_code", "measure", "period"], sort=False)["value"].shift()
    both = figures[(before > 0) & (figures["value"] > 0)]
    if both.empty:
        return []
    moved = np.abs(np.log(both["value"] / before[both.index]))
    by_year = both.assign(moved=moved).groupby(["measure", "period", "vintage", "file"])["moved"]
    medians = by_year.agg(["median", "size"])
    far = medians[(medians["median"] > _RESTATED_MEDIAN) & (medians["size"] >= _RESTATED_FEWEST)]
    cells = both.assign(before=before[both.index])[moved > np.log(_RESTATED_MOST)]
    return _moved_cells(cells) + [
        Finding(
            "warning",
            "restated",
            f"half of the figures of {measure} for {period} moved by more than {median:.0%} from "
            f"the release before that of {vintage}: were years swapped?",
            str(file),
            period=float(period),
            column=str(measure),
        )
        for measure, period, vintage, file, median in far["median"]
        .reset_index()
        .itertuples(index=False, name=None)
    ]


def _moved_cells(cells: pd.DataFrame) -> list[Finding]:
    """A warning for each figure that a release moved further than any release has."""
    findings = [
        Finding(
            "warning",
            "restated",
            f"{row['measure']} of {row['la_code']} for {row['period']} is {row['value']:g}, and "
            f"{row['before']:g} in the release before that of {row['vintage']}: a cell may be "
            "wrong",
            str(row["file"]),
            la_code=str(row["la_code"]),
            period=float(row["period"]),
            column=str(row["measure"]),
            found=f"{row['value']:g}",
        )
        for row in cells.head(_NAMED).to_dict("records")
    ]
    if (more := len(cells) - _NAMED) > 0:
        message = f"{more} more figures are far from those of the release before"
        findings.append(Finding("warning", "restated", message))
    return findings
