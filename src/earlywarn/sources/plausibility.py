"""Whether a table as a whole can be right: its years, its authorities, the scale of its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from earlywarn.authorities import ENGLAND, Register
from earlywarn.errors import SourceError
from earlywarn.sources.calendar import span
from earlywarn.sources.schema import Finding
from earlywarn.utils.dates import this_day

if TYPE_CHECKING:
    from collections.abc import Collection

    import pandas as pd

FEWEST_AUTHORITIES = 100
"""A year of a table of several regions with fewer authorities than this is doubtful."""

_JUMP = 4.0  # no measure's median moved by more than this from one year to the next
_FEWEST_FOR_MEDIAN = 5


def refuse_years_ahead(periods: pd.Series, series: str, file: str) -> None:
    """Refuse figures of a year that has not ended yet.

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
        If there is one.
    """
    newest = int(periods.max())
    end = span(series, newest)[1]
    if end > this_day():
        raise SourceError(
            "figures of a year that has not ended yet",
            where=file,
            found=f"{newest}, which ends on {end}",
            expected=f"years that ended until {this_day()}",
            remedy="Correct the year of the rows.",
        )


def check_coverage(
    places: pd.DataFrame,
    register: Register,
    series: str,
    file: str,
    partners: Collection[str] = (),
) -> list[Finding]:
    """Refuse a newest year of a few stray rows; name the authorities that a year lacks.

    Parameters
    ----------
    places : DataFrame
        `la_code` and `period`, a row for each that the table has.
    register : Register
        The authorities.
    series, file : str
        The table's series in the release calendar, and the table.
    partners : collection of str
        Authorities whose figures may stand under the code of another, in a joint return.

    Raises
    ------
    SourceError
        If the newest year has fewer than half of the authorities of the year before: a row whose
        year was mistaken would date the whole table again.
    """
    local = places[places["la_code"] != ENGLAND]
    counts = local.groupby("period")["la_code"].nunique().sort_index()
    if len(counts) > 1 and counts.iloc[-1] * 2 < counts.iloc[-2]:
        raise SourceError(
            "the newest year has a few rows only, where the year before has many",
            where=file,
            found=f"{counts.iloc[-1]} authorities in {counts.index[-1]}, {counts.iloc[-2]} in "
            f"{counts.index[-2]}",
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
    return [finding for found in parts for finding in found]


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
    there = set(register.existing(first)["la_code"]) & set(register.existing(last)["la_code"])
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
    """A warning where a measure's median moves far from one year to the next, or has no value.

    Percentages as fractions, or counts in thousands, look like this.
    """
    local = figures[(figures["la_code"] != ENGLAND) & figures["value"].notna()]
    if local.empty and figures["la_code"].nunique() <= _FEWEST_FOR_MEDIAN:
        return []
    if local.empty:
        message = f"there is no value of {measure} in the table"
        return [Finding("warning", "nothing-of-measure", message, file, column=measure)]
    by_year = local.groupby("period")["value"].agg(["median", "size"]).sort_index()
    known = by_year[(by_year["size"] >= _FEWEST_FOR_MEDIAN) & (by_year["median"] > 0)]
    findings = []
    for (before, one), (year, other) in zip(
        known["median"].items(), known["median"].iloc[1:].items(), strict=False
    ):
        if max(one, other) > _JUMP * min(one, other):
            message = (
                f"half of the authorities are above {one:g} in {before} and above {other:g} in "
                f"{year}: is one of the years on another scale?"
            )
            findings.append(
                Finding("warning", "scale", message, file, period=float(str(year)), column=measure)
            )
    return findings
