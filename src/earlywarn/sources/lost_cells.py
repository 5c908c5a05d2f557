"""Find cells that no published table has: blanks, fractions of a child, contradicted symbols."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from earlywarn.sources.continuity import SMALLEST
from earlywarn.sources.schema import NOT_APPLICABLE, SUPPRESSED, Finding
from earlywarn.utils.formatting import counted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    import pandas as pd

    from earlywarn.sources.layouts import Measure
    from earlywarn.sources.tabular_files import Table


def blank_findings(table: Table, column: str) -> list[Finding]:
    """Warn of a column of figures with blank cells: publishers write a symbol instead."""
    blank = np.flatnonzero((table.cells[column] == "").to_numpy())
    if not blank.size:
        return []
    title, line = table.columns[column], float(table.lines[blank[0]])
    message = (
        f"{blank.size} cells of {title} are blank, where published tables have a symbol that says "
        "why there is no figure: they may have been lost"
    )
    return [Finding("warning", "blank-cell", message, table.file, line, column=title)]


def fraction_findings(
    values: npt.NDArray[np.float64], lines: npt.NDArray[np.number], column: str, file: str
) -> list[Finding]:
    """Warn of a column of counts with some that are not whole.

    Parameters
    ----------
    values : ndarray of float
        The column's numbers; NaN where there is none.
    lines : ndarray of int or float
        Their line numbers.
    column, file : str
        The column and the table, for the finding.

    Examples
    --------
    >>> values, lines = np.array([410.0, 41.5]), np.array([2, 3])
    >>> fraction_findings(values, lines, "referrals", "c1.csv")[0].line
    3.0
    """
    broken = np.flatnonzero(np.isfinite(values) & (values % 1 != 0))
    if not broken.size:
        return []
    found, line = f"{values[broken[0]]:.10g}", float(lines[broken[0]])
    message = (
        f"{broken.size} counts in {column} are not whole, the first {found}, and no published one "
        "ever was: correct the cells, or download the file again"
    )
    return [Finding("warning", "not-whole", message, file, line, column=column, found=found)]


def check_cells(figures: pd.DataFrame, measure: Measure, file: str) -> list[Finding]:
    """Warn where a value and the counts behind it can't both be right.

    In no table published since 2013 is there a value without its counts, or both counts without
    their value; no percentage with a denominator is "not applicable"; and no total of an authority
    is suppressed, except for the three smallest.

    Parameters
    ----------
    figures : DataFrame
        One measure of one table: `la_code, period, line, numerator, denominator, value, status`.
    measure : Measure
        The measure.
    file : str
        The table.
    """
    if not measure.numerator:
        return []
    if measure.unit == "count":
        return list(_suppressed(figures, measure, file))
    return list(_contradictions(figures, measure, file))


def check_lost(
    figures: pd.DataFrame, measure: Measure, file: str, closed: Collection[str] = ()
) -> list[Finding]:
    """Warn where the counts are there, but the value that follows from them is not.

    Parameters
    ----------
    figures, measure, file
        As for `check_cells`.
    closed : collection of str
        Authorities that closed: their last count may have no rate.
    """
    if not measure.numerator:
        return []
    part, whole = figures["numerator"].to_numpy(), figures["denominator"].to_numpy()
    there = np.isfinite(part) & ((whole > 0) if measure.denominator else True)
    lost = figures["value"].isna().to_numpy() & there & ~figures["la_code"].isin(closed).to_numpy()
    counts = " and ".join(filter(None, [measure.numerator, " + ".join(measure.denominator)]))
    what = f"without a value though {counts} {'are' if measure.denominator else 'is'} there"
    return list(_first(figures, lost, "lost-cell", what, (measure, file)))


def _suppressed(figures: pd.DataFrame, measure: Measure, file: str) -> Iterator[Finding]:
    small = figures["la_code"].isin(SMALLEST).to_numpy()
    suppressed = (figures["status"] == SUPPRESSED).to_numpy() & ~small
    what = "are suppressed (c), which only those of the three smallest authorities ever were"
    yield from _first(figures, suppressed, "suppressed-count", what, (measure, file))


def _contradictions(figures: pd.DataFrame, measure: Measure, file: str) -> Iterator[Finding]:
    part, whole, value = (
        figures[name].to_numpy(dtype=np.float64) for name in ("numerator", "denominator", "value")
    )
    over = " + ".join(measure.denominator)
    both = np.isfinite(part) & (whole > 0)
    yield from check_lost(figures, measure, file)
    lost = np.isnan(part)
    if measure.unit == "percent" and measure.denominator:
        lost |= np.isnan(whole) & ~figures["la_code"].isin(SMALLEST).to_numpy()
    yield from _first(
        figures,
        np.isfinite(value) & lost,
        "value-without-count",
        f"with a value though {measure.numerator} or {over or 'what it is of'} has none",
        (measure, file),
    )
    if measure.unit == "percent":
        nothing = (figures["status"] == NOT_APPLICABLE).to_numpy() & ~both & (whole > 0)
        yield from _first(
            figures,
            nothing,
            "not-applicable",
            f"are not applicable (z) though {over} is above zero",
            (measure, file),
        )


def _first(
    figures: pd.DataFrame,
    wrong: npt.NDArray[np.bool_],
    code: str,
    what: str,
    of: tuple[Measure, str],
) -> Iterator[Finding]:
    """One finding that counts the rows and names the first."""
    places = np.flatnonzero(wrong)
    if not places.size:
        return
    measure, file = of
    row = figures.iloc[int(places[0])]
    message = f"{counted(places.size, 'row')} {what}: a cell may have been lost, moved or changed"
    where = float(row["line"]), str(row["la_code"]), float(row["period"])
    yield Finding("warning", code, message, file, *where, column=measure.value)
