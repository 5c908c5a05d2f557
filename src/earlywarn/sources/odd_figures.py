"""Find figures that no published table has: small counts, too many decimals, or too few figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from earlywarn.authorities import ENGLAND
from earlywarn.sources.reporting_years import span
from earlywarn.sources.schema import UNAVAILABLE, Finding
from earlywarn.utils.formatting import counted

if TYPE_CHECKING:
    import pandas as pd

    from earlywarn.authorities import Register
    from earlywarn.sources.layouts import Measure
    from earlywarn.statistics.arrays import FloatArray

_SUPPRESSED_TO = 4  # a count of five stands in one release, one of fewer in none
_LARGE = 1e12
_NOISE = 1e-4  # of a last digit: what a spreadsheet's sums leave
_FEWEST_WHOLE = 8  # figures in tenths, taken at random, are so many whole ones in a hundred million
_MOST_GONE, _NAMED = 4, 5
_ALWAYS = frozenset({"looked_after", "population_0_17"})


def check_small_counts(
    values: FloatArray, lines: npt.NDArray[np.number], column: str, file: str
) -> list[Finding]:
    """A warning for a column of counts of children with some from one to four.

    Parameters
    ----------
    values : ndarray of float
        The column's numbers; NaN where there is none.
    lines : ndarray of int
        Where they stand.
    column, file : str
        The column and the table, for the finding.

    Examples
    --------
    >>> [one.found for one in check_small_counts(np.array([0.0, 3, 6]), np.arange(3), "a", "b")]
    ['3']
    """
    small = np.flatnonzero((values > 0) & (values <= _SUPPRESSED_TO))
    what = f"from 1 to {_SUPPRESSED_TO}, which every published table suppresses (c)"
    return _first(small, "small-count", what, (values, lines, column, file))


def check_decimals(
    values: FloatArray, lines: npt.NDArray[np.number], column: str, file: str, *, step: float
) -> list[Finding]:
    """A warning for a column with figures between the steps that it is published in.

    Parameters
    ----------
    values, lines, column, file
        As for `check_small_counts`.
    step : float
        The last digit that the column is rounded to.

    Examples
    --------
    >>> figures = np.array([22.6, 22.63])
    >>> [one.found for one in check_decimals(figures, np.arange(2), "a", "b", step=0.1)]
    ['22.63']
    """
    steps = np.clip(values, None, _LARGE) / step  # what is larger is refused elsewhere
    between = np.flatnonzero(np.abs(steps - np.round(steps)) > _NOISE)
    what = f"not rounded to {step:g}, as all published ones are"
    return _first(between, "decimals", what, (values, lines, column, file))


def _first(
    places: npt.NDArray[np.intp],
    code: str,
    what: str,
    of: tuple[FloatArray, npt.NDArray[np.number], str, str],
) -> list[Finding]:
    if not places.size:
        return []
    values, lines, column, file = of
    found, line = f"{values[places[0]]:.10g}", float(lines[places[0]])
    message = (
        f"{counted(places.size, f'figure of {column} is', f'figures of {column} are')} {what}; the "
        f"first is {found}: cells may have been changed. Download the file again"
    )
    return [Finding("warning", code, message, file, line, column=column, found=found)]


def check_whole_rates(
    figures: pd.DataFrame, measure: Measure, file: str, register: Register
) -> list[Finding]:
    """A warning for a region and year all of whose rates, published in tenths, are whole numbers.

    Parameters
    ----------
    figures : DataFrame
        One measure of one table: `la_code, period, value`.
    measure : Measure
        What it is; nothing is said of counts.
    file : str
        The table.
    register : Register
        For the region of each authority.
    """
    rates = figures[(figures["la_code"] != ENGLAND) & (figures["value"] > 0)]
    whole = rates["value"] % 1 == 0
    if measure.unit == "count" or whole.sum() < _FEWEST_WHOLE or whole.mean() > 0.5:
        return []
    own = register.authorities
    regions = rates["la_code"].map(dict(zip(own["la_code"], own["region"], strict=True)))
    groups = whole.groupby([rates["period"], regions]).agg(["all", "size"])
    return [
        Finding(
            "warning",
            "rounded",
            f"all {measure.value} of {region} in {year} are whole numbers, which never happens by "
            "chance: were they rounded? Download the file again",
            file,
            period=float(str(year)),
            column=measure.value,
        )
        for year, region in groups.index[groups["all"] & (groups["size"] >= _FEWEST_WHOLE)]
    ]


def check_not_available(
    figures: pd.DataFrame, measure: Measure, file: str, register: Register, series: str
) -> list[Finding]:
    """A warning for each year in which more authorities than ever have no figure available (x).

    No release since 2023 has more than three in a year of any measure, and none of a population or
    of looked-after children, but for authorities that closed or were not there the whole year.

    Parameters
    ----------
    figures : DataFrame
        One measure of one table: `la_code, period, line, status`.
    measure, file, register
        As for `check_whole_rates`.
    series : str
        The table's series in the release calendar.
    """
    gone = figures[figures["status"].eq(UNAVAILABLE) & (figures["la_code"] != ENGLAND)]
    if gone.empty:
        return []
    there = [
        code in register.codes_on(span(series, year)[0]) and register.life(code)[1] is None
        for code, year in zip(gone["la_code"].tolist(), gone["period"].tolist(), strict=True)
    ]
    most = 0 if measure.name in _ALWAYS else _MOST_GONE
    findings = []
    for year, lost in gone[there].drop_duplicates(["la_code", "period"]).groupby("period"):
        if len(lost) > most:
            names = ", ".join(register.name_of(str(code)) for code in lost["la_code"].head(_NAMED))
            more = f" and {len(lost) - _NAMED} more" if len(lost) > _NAMED else ""
            message = (
                f"{measure.value} of {names}{more} is not available in {year}, which is more "
                "authorities than in any release so far: were cells lost? Check the notes of the "
                "release, or download it again"
            )
            first = lost.iloc[0]
            place = file, float(first["line"]), str(first["la_code"]), float(str(year))
            findings.append(Finding("warning", "figures-gone", message, *place, measure.value))
    return findings
