"""Check one measure's figures: the impossible, the doubtful, and what does not add up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from earlywarn.authorities import ENGLAND, Register
from earlywarn.errors import SourceError
from earlywarn.sources.layouts import SCALES, Layout, Measure
from earlywarn.sources.schema import NOT_APPLICABLE, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

_ENGLAND_HALF = 5.0  # national counts are rounded to the nearest ten
_LARGEST = 1e12  # no count, rate or amount comes near this
_FEWEST_WRONG = 3  # more values than this in a year that contradict their counts are not a slip
_APART = {"icpc_in_15_days": 10.5}  # its bands leave out some: no published one was 8.7 off
_APART_MOST = 0.5  # beyond rounding; no other published value was 0.25 off
_SCALE_APART = 1.1  # shares, thousands and the like are this near to a power of ten
_SUSPECT_FROM = 100  # denominator from which 0% is doubtful, where England's share is over half


def settle_ratios(figures: pd.DataFrame, measure: Measure, file: str) -> list[Finding]:
    """Remove, in place, values that a zero makes meaningless, and report each.

    A published value over a zero denominator, or where the column that the measure needs is
    zero (100% vacancy on no staff), becomes "not applicable".
    """
    empty = figures["denominator"].eq(0) & figures["value"].notna()
    if measure.needs:
        empty |= figures["needed"].eq(0) & figures["value"].notna()
    if not empty.any():
        return []
    found = figures.loc[empty]
    figures.loc[empty, "value"] = np.nan
    figures.loc[empty, "status"] = NOT_APPLICABLE
    because = f"{measure.needs or 'the denominator'} is zero"
    return [
        _finding("note", "nothing-to-divide-by", row, measure, file, f"not applicable: {because}")
        for row in _rows(found)
    ]


def check_figures(
    figures: pd.DataFrame, measure: Measure, layout: Layout, file: str, register: Register
) -> list[Finding]:
    """Refuse impossible figures and list doubtful ones.

    Parameters
    ----------
    figures : pandas.DataFrame
        One measure of one table: `la_code, period, line, numerator, denominator, value, status`.
    measure, layout
        The measure, and the layout with its rounding.
    file : str
        The table, for the message.
    register : Register
        For the names in messages.

    Raises
    ------
    SourceError
        For a negative number, or a percentage above 100 for a measure that can't exceed it.
    """
    _refuse_impossible(figures, measure, file, register)
    percent = measure.unit == "percent"
    over = _those(figures, percent & (figures["value"].to_numpy() > 100))
    part = figures["numerator"].to_numpy() > figures["denominator"].to_numpy()
    more = _those(figures, percent & part)
    findings = [
        _finding("warning", "over-100-percent", row, measure, file, "a percentage above 100")
        for row in _rows(over)
    ]
    findings += [
        _finding(
            "warning",
            "part-over-whole",
            row,
            measure,
            file,
            f"{measure.numerator} {row['numerator']:g} is more than "
            f"{' + '.join(measure.denominator)} {row['denominator']:g}",
        )
        for row in _rows(more)
    ]
    findings += _suspect_zeros(figures, measure, file)
    rest = figures[~(percent & part)] if len(more) else figures  # those are already reported
    return findings + _disagreements(rest, measure, layout, file)


def _refuse_impossible(
    figures: pd.DataFrame, measure: Measure, file: str, register: Register
) -> None:
    for field, column in (
        ("numerator", measure.numerator),
        ("denominator", " + ".join(measure.denominator)),
        ("value", measure.value),
    ):
        most, expected = _LARGEST, f"zero or more, below {_LARGEST:g}"
        if field == "value" and measure.unit == "percent" and not measure.may_exceed:
            most, expected = 100.0, "a percentage from 0 to 100"
        numbers = figures[field].to_numpy()
        wrong = np.flatnonzero((numbers < 0) | (numbers > most))[:1]
        for row in _rows(figures.iloc[wrong]) if len(wrong) else ():
            name = register.name_of(row["la_code"])
            raise SourceError(
                "an impossible figure",
                where=f"{file}, line {row['line']:g}, {name} ({row['la_code']}), {column}",
                found=f"{row[field]:g}",
                expected=expected,
                remedy="Correct the cell, or download the file again.",
            )


def _suspect_zeros(figures: pd.DataFrame, measure: Measure, file: str) -> list[Finding]:
    """Published values of 0% of many, in a year in which England's percentage is over half."""
    if measure.unit != "percent":
        return []
    zero = figures["value"].eq(0) & (figures["denominator"] >= _SUSPECT_FROM)
    if not zero.any():
        return []
    england = figures[figures["la_code"] == ENGLAND].set_index("period")["value"]
    usual = figures["period"].map(england[~england.index.duplicated()])
    zero &= usual > 50
    return [
        _finding(
            "note",
            "suspect-zero",
            row,
            measure,
            file,
            f"0% of {row['denominator']:g}, where England has {england[row['period']]:g}%: "
            "kept as published",
        )
        for row in _rows(figures[zero])
    ]


def _disagreements(
    figures: pd.DataFrame, measure: Measure, layout: Layout, file: str
) -> list[Finding]:
    """One finding that counts the published ratios that don't follow from their counts.

    It allows for rounding. A ratio further from its counts than any published one is a warning.
    """
    scale = SCALES.get(measure.unit)
    known = figures["numerator"].notna() & figures["value"].notna() & (figures["denominator"] > 0)
    if scale is None or not known.any():
        return []
    both = figures[known]
    part, whole, value = (both[name].to_numpy() for name in ("numerator", "denominator", "value"))
    half = np.where(both["la_code"] == ENGLAND, _ENGLAND_HALF, layout.count_half)
    spread = half * max(len(measure.denominator), 1)
    least = scale * (part - half) / (whole + spread)
    most = scale * (part + half) / (whole - spread).clip(1e-9)
    slack = layout.value_half + 1e-6
    beyond = np.maximum(least - value, value - most) - slack
    if not (beyond > 0).any():
        return []
    off = both[beyond > 0]
    _refuse_contradicted(both, off, measure, file)
    farthest = beyond.max() > _APART.get(measure.name, _APART_MOST)
    first = next(_rows(both.iloc[[beyond.argmax()]] if farthest else off))
    given = scale * first["numerator"] / first["denominator"]
    which = "farthest" if farthest else "first"
    message = (
        f"{len(off)} of {len(both)} published values differ from {measure.numerator} / "
        f"{' + '.join(measure.denominator)} by more than rounding; the {which} is "
        f"{first['value']:g} where the counts give {given:.2f}: the published values are kept"
    )
    severity = "warning" if farthest else "note"
    return [_finding(severity, "counts-disagree", first, measure, file, message)]


def _refuse_contradicted(
    both: pd.DataFrame, off: pd.DataFrame, measure: Measure, file: str
) -> None:
    """Refuse a year in which most values don't follow from their counts: another scale."""
    counts = both.groupby("period").size()
    wrong = off.groupby("period").size().reindex(counts.index, fill_value=0)
    years = counts.index[(wrong >= _FEWEST_WRONG) & (wrong * 2 > counts)]
    if len(years):
        year = years[0]
        row = off[off["period"] == year].iloc[0]
        given = SCALES[measure.unit] * row["numerator"] / row["denominator"]
        raise SourceError(
            "values that contradict their own counts",
            where=f"{file}, {measure.value}, {year}",
            found=f"{wrong[year]} of {counts[year]}, the first {row['value']:g} where "
            f"{measure.numerator} / {' + '.join(measure.denominator)} gives {given:.2f}",
            expected="the ratio of the counts, on the scale that the table is published in",
            remedy=_remedy(off[off["period"] == year], SCALES[measure.unit]),
        )


def _remedy(off: pd.DataFrame, scale: float) -> str:
    """What to do: another scale is off by about the same power of ten in most rows."""
    given = scale * off["numerator"] / off["denominator"]
    both = (given > 0) & (off["value"] > 0)
    times = float(np.median(np.log10(off["value"][both] / given[both]))) if both.any() else 0.0
    power = round(times)
    if power and abs(times - power) < np.log10(_SCALE_APART):
        return "Give percentages as 22.6, not as 0.226, and no cells formatted as percent."
    return (
        "Counts and values don't belong to the same rows: was one column sorted, pasted or moved "
        "by itself? Download the file again."
    )


def _those(figures: pd.DataFrame, rows: npt.NDArray[np.bool_]) -> pd.DataFrame:
    """Some of the rows; nearly always none, when taking rows of a frame would be costly."""
    return figures[rows] if rows.any() else figures.iloc[:0]


def _rows(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    if frame.empty:
        return iter(())
    return (dict(zip(frame.columns, row, strict=True)) for row in frame.itertuples(index=False))


def _finding(
    severity: str, code: str, row: dict[str, Any], measure: Measure, file: str, message: str
) -> Finding:
    return Finding(
        severity,
        code,
        message,
        file,
        row["line"],
        row["la_code"],
        row["period"],
        measure.value,
        f"{row['value']:g}",
    )
