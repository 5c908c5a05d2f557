"""Figures beside those of other years and of earlier releases: what is too far from its past."""

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

STEADY = {
    "assessments_in_45_days": 1.7, "care_applications": 6, "care_leavers": 1.7,
    "care_leavers_active": 3, "care_leavers_housed": 4, "caseload": 3, "children_in_need": 1.8,
    "free_school_meals": 1.5, "health_checks": 2, "icpc": 6, "icpc_in_15_days": 3,
    "long_term_stability": 1.8, "looked_after": 1.5, "placement_instability": 4,
    "plans_at_31_march": 3, "plans_started": 5, "population_0_17": 1.15, "referrals": 2.5,
    "repeat_plans": 6, "rereferrals": 4.5, "section_47": 3, "social_work_spend": 8,
}  # fmt: skip
"""How many times a figure of these may exceed all others within two years of it, or be exceeded.

A fifth or more above what any authority published from 2013 to 2025, but for `SMALLEST`. Measures
that are not here fall to zero and rise again in plain years.
"""

FALLING = frozenset(
    {"agency_workers", "dental_checks", "immunisations", "plans_two_years", "reviews_in_time"}
    | {"turnover", "vacancies"}
)
"""Percentages that fall to zero and rise again in plain years, but never to 1 or less from fifteen
times as much: that is a share of 1."""

SMALLEST = frozenset({"201", "420", "857"})
"""City of London, Isles of Scilly and Rutland: with so few children, figures double by chance."""

EXCHANGED = {
    "children_in_need": 0.9, "looked_after": 0.45, "plans_at_31_march": 1.85, "plans_started": 1.5,
    "population_0_17": 0.07, "referrals": 2.0, "vacancies": 0.82,
}  # fmt: skip
"""How much better (in logarithms, of both together) the counts of two authorities fit each other's
years than their own, before they look exchanged.

A fifth above what any two authorities of any published year come to. Of two taken at random, an
exchange of their children in need shows in two of five cases, of referrals in one of six: of those
much alike in size it can't be seen. The counts of vacancies are the social workers in post.
"""

_SHARE = 15.0
_YEARS = 2
_LEAST = 1.0  # a zero is held against the others as if it were this
_COUNTED_FROM = 100.0
_NAMED = 12
_CHANCE = 0.1  # of the authorities of a year with one count, so many have that of the year before
_RESTATED_MOST = 2.5  # no release moved a figure by more than 2.2 times
_RESTATED_MEDIAN = 0.05  # no release moved half of the rates of a year by more than 0.6%
_RESTATED_FEWEST = 50


def check_other_years(
    figures: pd.DataFrame, measure: str, file: str, register: Register
) -> list[Finding]:
    """A warning for each figure that is far from all others of its authority within two years.

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
        Nothing for measures that are in neither `STEADY` nor `FALLING`, and where an authority has
        fewer than two other years near.
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
    wide = _by_year(local, "value")
    low, high = _near(wide.to_numpy(dtype=np.float64))
    values = wide.to_numpy(dtype=np.float64)
    if most:
        values = values.clip(_LEAST, None)
        far = (values > most * high.clip(_LEAST, None)) | (values * most < low)
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


def _by_year(figures: pd.DataFrame, column: str) -> pd.DataFrame:
    """One row an authority, one column a year, also of years that nothing is given of."""
    wide = figures.set_index(["la_code", "period"])[column].unstack("period")  # noqa: PD010 - no sums
    first, last = (int(year) for year in (wide.columns.min(), wide.columns.max()))
    return wide.reindex(columns=range(first, last + 1))


def _near(
    values: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The least and the most of the other years near each; NaN if there are fewer than two."""
    others = _others(values)
    few = np.isfinite(others).sum(axis=0) < 2
    low = np.where(few, np.nan, np.where(np.isfinite(others), others, np.inf).min(axis=0))
    high = np.where(few, np.nan, np.where(np.isfinite(others), others, -np.inf).max(axis=0))
    return low, high


def _others(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The other years near each, one behind the other; NaN where there is none."""
    padded = np.pad(values, ((0, 0), (_YEARS, _YEARS)), constant_values=np.nan)
    width = values.shape[1]
    shifts = [at for at in range(2 * _YEARS + 1) if at != _YEARS]
    return np.stack([padded[:, at : at + width] for at in shifts])


def check_exchanged(
    figures: pd.DataFrame, measure: str, file: str, register: Register
) -> list[Finding]:
    """A warning for two authorities whose counts of a year fit each other's other years better.

    Parameters
    ----------
    figures : DataFrame
        One measure of one table: `la_code, measure, period, line, numerator, denominator, value`.
    measure : str
        The column, for the findings.
    file : str
        The table.
    register : Register
        For the names.

    Returns
    -------
    list of Finding
        Nothing for measures that are not in `EXCHANGED`.
    """
    name = str(figures["measure"].iloc[0]) if len(figures) else ""
    least = EXCHANGED.get(name)
    if least is None or figures["period"].nunique() < 3:
        return []
    # A count, the count behind a rate, or what a percentage is of.
    counts = figures["numerator" if name != "vacancies" else "denominator"]
    local = figures.assign(count=counts)
    local = local[counts.notna() & ~local["la_code"].isin({ENGLAND, *SMALLEST})]
    local = local.drop_duplicates(["la_code", "period"])
    if local.empty:
        return []
    wide = _by_year(local, "count")
    logs = np.log(wide.to_numpy(dtype=np.float64).clip(_LEAST, None))
    usual = _usual(logs)
    findings = []
    for at, year in enumerate(map(int, wide.columns)):
        for one, other in _pairs(logs[:, at], usual[:, at], least):
            names = [register.name_of(str(wide.index[place])) for place in (one, other)]
            own, others = (float(np.exp(logs[place, at])) for place in (one, other))
            message = (
                f"{names[0]} has {own:.6g} in {year} and {names[1]} {others:.6g}, each like the "
                "other's years around it: were the rows of two authorities exchanged?"
            )
            code = str(wide.index[one])
            line = local.loc[(local["la_code"] == code) & (local["period"] == year), "line"]
            place = float(line.iloc[0]), code, float(year)
            findings.append(Finding("warning", "exchanged", message, file, *place, measure))
    return findings[:_NAMED]


def _usual(logs: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The middle of the other years near each; NaN if there are fewer than two."""
    others = _others(logs)
    few = np.isfinite(others).sum(axis=0) < 2
    ordered = np.sort(np.where(np.isfinite(others), others, np.inf), axis=0)
    size = np.isfinite(ordered).sum(axis=0).clip(2, None)
    low, high = (
        np.where(few, np.nan, np.take_along_axis(ordered, at[np.newaxis], axis=0)[0])
        for at in ((size - 1) // 2, size // 2)
    )
    return low + (high - low) / 2


def _pairs(
    logs: npt.NDArray[np.float64], usual: npt.NDArray[np.float64], least: float
) -> list[tuple[int, int]]:
    """The places of two authorities that fit each other's years, the clearest pair of each."""
    apart = np.abs(logs[:, np.newaxis] - usual[np.newaxis])
    own = np.diag(apart)
    if not np.nansum(np.sort(np.nan_to_num(own))[-2:]) > least:
        return []
    together, crossed = own[:, np.newaxis] + own[np.newaxis], apart + apart.T
    gain = np.where(crossed < together / 2, together - crossed, 0.0)
    pairs: list[tuple[int, int]] = []
    for at in np.argsort(gain, axis=None)[::-1]:
        one, other = divmod(int(at), len(logs))
        if not gain[one, other] > least:
            break
        if one < other and not {one, other} & {place for pair in pairs for place in pair}:
            pairs.append((one, other))
    return pairs


def check_copied_years(
    table: Table, places: pd.DataFrame, but: Collection[str], register: Register
) -> list[Finding]:
    """A warning where all counts of an authority's year, from 100, are those of the year before.

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
    codes, periods = own["la_code"].to_numpy(), own["period"].to_numpy()
    follows = (codes[1:] == codes[:-1]) & (periods[1:] == periods[:-1] + 1)
    known = np.isfinite(matrix[1:]).sum(axis=1)
    same = (matrix[1:] == matrix[:-1]).sum(axis=1)
    whole = follows & (known >= 1) & (same == known)
    # One count alone is equal to the year before by chance, but not those of many authorities.
    shares = pd.Series(whole).groupby(periods[1:]).transform("mean").to_numpy()
    copied = own.iloc[np.flatnonzero(whole & ((known >= 2) | (shares > _CHANCE))) + 1]
    findings = [
        Finding(
            "warning",
            "copied-year",
            f"all counts of {register.name_of(str(row['la_code']))} in {row['period']} are those "
            f"of {int(row['period']) - 1}: was one year copied over the other?",
            table.file,
            float(row["line"]),
            str(row["la_code"]),
            float(row["period"]),
        )
        for row in copied.head(_NAMED).to_dict("records")
    ]
    if (more := len(copied) - _NAMED) > 0:
        years = ", ".join(str(year) for year in sorted(set(copied["period"])))
        message = f"{more} more authorities have the counts of the year before, in {years}"
        findings.append(Finding("warning", "copied-year", message, table.file))
    return findings


def check_restated(figures: pd.DataFrame) -> list[Finding]:
    """A warning where a release moved the figures of a year far from the release before it.

    Parameters
    ----------
    figures : DataFrame
        Observations of all releases, with `vintage` and `file`, sorted by it within each figure.

    Returns
    -------
    list of Finding
        One for each measure and year of which half of the authorities moved by more than a
        twentieth: years that were exchanged, or another scale, look like this. One for each figure
        that is two and a half times what it was, or less than that part of it.
    """
    before = figures.groupby(["la_code", "measure", "period"], sort=False)["value"].shift()
    both = figures[(before > 0) & (figures["value"] > 0)]
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
            f"the release before that of {vintage}: were years exchanged?",
            str(file),
            period=float(period),
            column=str(measure),
        )
        for measure, period, vintage, file, median in far["median"]
        .reset_index()
        .itertuples(index=False, name=None)
    ]


def _moved_cells(cells: pd.DataFrame) -> list[Finding]:
    """A warning for each figure that a release moved beyond all that releases ever did."""
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
