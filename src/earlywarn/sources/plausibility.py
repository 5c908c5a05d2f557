"""Check a table as a whole: its years, its authorities, and the scale of its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from earlywarn.authorities import ENGLAND, Register
from earlywarn.errors import SourceError
from earlywarn.sources.reporting_years import span
from earlywarn.sources.schema import Finding
from earlywarn.utils.dates import this_day

if TYPE_CHECKING:
    from collections.abc import Collection

    import pandas as pd

FEWEST_AUTHORITIES = 100
"""A year with fewer authorities than this, in a table of several regions, is doubtful."""

_JUMP = 4.0  # no measure's median moved by more than this from one year to the next
_FEWEST_FOR_MEDIAN = 5
_FEWEST_FOR_USUAL = 50
_FAR = 5.0  # no year's median from 2013 to 2025 was more than 2.3 times the usual, or less
USUAL = {
    "absence": 3.1, "agency_workers": 14.3, "assessed_not_in_need": 28.7, "vacancies": 14.7,
    "assessments_in_45_days": 84, "care_applications": 10, "care_leavers": 167, "turnover": 15.5,
    "care_leavers_active": 52, "care_leavers_housed": 88, "caseload": 16.4, "dental_checks": 82,
    "children_in_need": 2250, "free_school_meals": 20, "health_checks": 93, "icpc": 65,
    "icpc_in_15_days": 82, "immunisations": 89, "long_term_stability": 68, "looked_after": 68,
    "no_further_action": 4.7, "placement_instability": 10.5, "plans_at_31_march": 279,
    "plans_started": 346, "plans_two_years": 2.5, "population_0_17": 59_600, "referrals": 3370,
    "rereferrals": 20.8, "repeat_plans": 20.6, "reviews_in_time": 94, "section_47": 171,
    "social_work_spend": 135,
}  # fmt: skip
"""The median of the authorities' figures, in the median of the years published so far."""


def refuse_years_ahead(periods: pd.Series, series: str, file: str) -> None:
    """Refuse figures for a year that has not ended yet.

    Parameters
    ----------
    periods : Series of int
        The years of a table.
    series : str
        Its series in the release calendar.
    file : str
        The table, for the message.

    Raises
    ------
    SourceError
        If there are any.
    """
    newest = int(periods.max())
    end = span(series, newest)[1]
    if end > this_day():
        raise SourceError(
            "figures for a year that has not ended yet",
            where=file,
            found=f"{newest}, which ends on {end}",
            expected=f"years that ended by {this_day()}",
            remedy="Correct the year of the rows.",
        )


def check_coverage(
    places: pd.DataFrame,
    register: Register,
    series: str,
    file: str,
    partners: Collection[str] = (),
) -> list[Finding]:
    """Refuse a latest year of a few stray rows; report the authorities missing from a year.

    Parameters
    ----------
    places : DataFrame
        `la_code` and `period`, one row for each in the table.
    register : Register
        The authorities.
    series, file : str
        The table's series in the release calendar, and the table.
    partners : collection of str
        Authorities whose figures may be under the code of another, in a joint return.

    Raises
    ------
    SourceError
        If the latest year has fewer than half of the authorities of the year before: a row with a
        mistaken year would change the date of the whole table.
    """
    local = places[places["la_code"] != ENGLAND]
    counts = local.groupby("period")["la_code"].nunique().sort_index()
    # A row for England only would also set the table's date.
    every = counts.reindex(sorted(set(places["period"])), fill_value=0)
    if len(every) > 1 and every.iloc[-1] * 2 < every.iloc[-2]:
        raise SourceError(
            "the latest year has only a few rows, but the year before has many",
            where=file,
            found=f"{every.iloc[-1]} authorities in {every.index[-1]}, {every.iloc[-2]} in "
            f"{every.index[-2]}",
            expected="about as many in both",
            remedy="Correct the year of these rows, or download the whole table again.",
        )
    regions = dict(
        zip(register.authorities["la_code"], register.authorities["region"], strict=True)
    )
    if local["la_code"].map(regions).nunique() < 2:
        return []
    parts = [
        _of_year({*rows["la_code"], *partners}, int(str(period)), register, series, file)
        for period, rows in local.groupby("period")
    ]
    without = sorted({*counts.index} - {*places.loc[places["la_code"] == ENGLAND, "period"]})
    return [
        *_gaps(counts.index, file),
        *_without_england(without, file),
        *(finding for found in parts for finding in found),
    ]


def _without_england(years: list[int], file: str) -> list[Finding]:
    """A warning where years have no row for England, which every published table has."""
    if not years:
        return []
    listed = ", ".join(map(str, years))
    message = f"there is no row for England for {listed}: no figure can be compared with England's"
    return [Finding("warning", "england-missing", message, file, period=years[0], found=listed)]


def _gaps(periods: pd.Index, file: str) -> list[Finding]:
    """A warning where years are missing between the first and the last."""
    missing = sorted({*range(periods.min(), periods.max())} - {*periods})
    if not missing:
        return []
    years = ", ".join(map(str, missing))
    message = f"no authority has a row for {years}, though the table has years before and after"
    return [Finding("warning", "years-missing", message, file, period=missing[0], found=years)]


def refuse_unknown_codes(unknown: int, rows: int, written: str, column: str, file: str) -> None:
    """Refuse a table with mostly unknown authorities: its codes are of another kind.

    Parameters
    ----------
    unknown, rows : int
        The number of rows with authorities that are not in the register, and of all rows.
    written : str
        The first of their codes.
    column, file : str
        Where they are.

    Raises
    ------
    SourceError
        If more than half are unknown.
    """
    if unknown * 2 > rows:
        raise SourceError(
            "most rows are of authorities that the register does not know",
            where=f"{file}, {column}",
            found=f"{unknown} of {rows}, the first {written!r}",
            expected="three-digit codes, nine-character codes or names of authorities",
            remedy="Restore the codes as they were published, or put authorities.csv next to it.",
        )


def _of_year(
    codes: set[str], period: int, register: Register, series: str, file: str
) -> list[Finding]:
    if len(codes) < FEWEST_AUTHORITIES:
        message = f"only {len(codes)} authorities in {period}: the file may be cut off"
        return [
            Finding(
                "warning", "few-authorities", message, file, period=period, found=str(len(codes))
            )
        ]
    # Those that opened or closed within the year may or may not have a row.
    first, last = span(series, period)
    there = register.codes_on(first) & register.codes_on(last)
    missing = sorted(there - codes)
    if not missing:
        return []
    names = ", ".join(f"{register.name_of(code)} ({code})" for code in missing[:5])
    more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
    message = f"{len(there) - len(missing)} of {len(there)} authorities have a row for {period}; "
    return [
        Finding(
            "warning",
            "authorities-missing",
            f"{message}none for {names}{more}",
            file,
            la_code=missing[0],
            period=period,
        )
    ]


def check_scale(figures: pd.DataFrame, measure: str, file: str) -> list[Finding]:
    """Warn where a measure's median moves far from one year to the next, or has no value.

    Percentages as fractions, or counts in thousands, look like this. So does a median far from all
    that has ever been published (`USUAL`), which helps where every year of the table is wrong.
    """
    local = figures[(figures["la_code"] != ENGLAND) & figures["value"].notna()]
    if local.empty and figures["la_code"].nunique() <= _FEWEST_FOR_MEDIAN:
        return []
    if local.empty:
        message = f"there is no value of {measure} in the table"
        return [Finding("warning", "nothing-of-measure", message, file, column=measure)]
    if len(local) < _FEWEST_FOR_USUAL and local["period"].min() == local["period"].max():
        return []
    by_year = local.groupby("period")["value"].agg(["median", "size"]).sort_index()
    known = by_year[(by_year["size"] >= _FEWEST_FOR_MEDIAN) & (by_year["median"] > 0)]
    findings = _unusual(by_year, str(figures["measure"].iloc[0]), measure, file)
    for (before, one), (year, other) in zip(
        known["median"].items(), known["median"].iloc[1:].items(), strict=False
    ):
        if max(one, other) > _JUMP * min(one, other):
            message = (
                f"half of the authorities are above {one:g} in {before} and above {other:g} in "
                f"{year}: is one of the years on a different scale?"
            )
            findings.append(
                Finding("warning", "scale", message, file, period=float(str(year)), column=measure)
            )
    return findings


def _unusual(by_year: pd.DataFrame, name: str, measure: str, file: str) -> list[Finding]:
    """A warning for figures far from all that has ever been published: thousands, or fractions."""
    usual = USUAL.get(name)
    many = by_year[by_year["size"] >= _FEWEST_FOR_USUAL]
    if usual is None:
        return []
    far = many[(many["median"] > usual * _FAR) | (many["median"] < usual / _FAR)]
    if far.empty:
        return []
    message = (
        f"half of the authorities are above {far['median'].iloc[0]:g} in {far.index[0]}, where "
        f"about {usual:g} is usual: is the table on a different scale?"
    )
    period = float(str(far.index[0]))
    return [Finding("warning", "scale", message, file, period=period, column=measure)]
