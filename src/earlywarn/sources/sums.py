"""Whether a wide table adds up: authorities to their region and to England, days lost to a rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from earlywarn.sources.cells import parse_cells
from earlywarn.sources.schema import PUBLISHED, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from earlywarn.sources.tabular_files import Table

LOCAL, REGIONAL, NATIONAL = "local authority", "regional", "national"
"""The levels of rows that are added up."""

_TENS = 5.0  # national and regional counts of many tables are rounded to the nearest ten
_NEARLY_ALL = 145  # rows of a year: joint returns leave out a few of some 150 authorities
_REGIONS = 9  # of England; the tables part London in two
_NAMED = 12  # so many places are named one by one
_WORKING_DAYS = 253.0  # in a year, as the workforce table counts them
_ABSENCE_SLACK = 0.1  # no published rate from 2017 to 2025 was 0.065 off


def check_sums(
    table: Table, level: pd.Series, columns: Sequence[str], half: float
) -> list[Finding]:
    """A warning for each region and year whose authorities don't add up to its own row.

    Regions are held against England in the same way, and authorities too where a table has no rows
    of regions. Every release from 2013 to 2025 adds up to its rounding, so a sum that does not is a
    cell that was changed, moved or lost.

    Parameters
    ----------
    table : Table
        Its rows of England, of regions and of authorities.
    level : Series of str
        The level of each.
    columns : sequence of str
        Columns of counts.
    half : float
        Half of the last digit that counts of authorities are rounded to.

    Returns
    -------
    list of Finding
        Where a cell has no number (suppressed, or not collected), the others may add up to less.
    """
    frame = pd.DataFrame(
        {"level": level, "line": table.lines, "period": table.cells["time_period"]}
    )
    regions = table.cells.get("region_name")
    frame["region"] = "" if regions is None else regions.str.casefold()
    names = {} if regions is None else dict(zip(frame["region"], regions, strict=True))
    off = [
        wrong.assign(column=column)
        for column in columns
        for wrong in _wrong_sums(frame, *parse_cells(table.cells[column])[:2], half)
    ]
    if not off:
        return []
    return list(_said_once(pd.concat(off, ignore_index=True), table, names))


def _wrong_sums(frame: pd.DataFrame, values: Any, statuses: Any, half: float) -> list[pd.DataFrame]:
    """The places whose parts don't add up in one column: `period, region, line, sum, whole`."""
    # "Rounds to zero" is no zero: such a cell may be any small number.
    cells = frame.assign(value=np.where(statuses == PUBLISHED, values, np.nan))
    local = cells[cells["level"] == LOCAL]
    regional = cells[cells["level"] == REGIONAL].drop_duplicates(["period", "region"])
    national = cells[cells["level"] == NATIONAL].drop_duplicates("period").assign(region="")
    wholes = pd.concat([regional["value"], national["value"]]).dropna()
    rounding = _TENS if (wholes % 10 == 0).all() else max(half, 0.5 if half == 0 else half)
    key = ["period", "region"]
    own = regional[regional.set_index(key).index.isin(local.set_index(key).index)]
    wrong = [_unlike(local, regional, key, half, rounding)]
    # A table of one region, with England's rows beside it, adds up to less.
    whole = own.groupby("period")["region"].transform("size") >= _REGIONS
    wrong.append(_unlike(own[whole].assign(region=""), national, key, rounding, rounding))
    bare = local[~local["period"].isin(regional["period"])]
    many = bare.groupby("period")["value"].transform("size") >= _NEARLY_ALL
    wrong.append(_unlike(bare[many].assign(region=""), national, key, half, rounding))
    return [part for part in wrong if len(part)]


def _unlike(
    parts: pd.DataFrame, wholes: pd.DataFrame, key: list[str], half: float, rounding: float
) -> pd.DataFrame:
    """The wholes that their parts don't add up to, rounding and cells without a number allowed."""
    groups = parts.groupby(key)["value"]
    sums = pd.DataFrame({"sum": groups.sum(), "known": groups.count(), "size": groups.size()})
    both = wholes.set_index(key)[["line", "value"]].join(sums, how="inner")
    both = both[both["value"].notna()].rename(columns={"value": "whole"})
    slack = rounding + half * both["known"] + 1e-6
    more = both["sum"] > both["whole"] + slack
    less = (both["known"] == both["size"]) & (both["sum"] < both["whole"] - slack)
    return both[more | less].reset_index()


def _said_once(off: pd.DataFrame, table: Table, titles: dict[str, str]) -> Iterator[Finding]:
    """A finding for each place, with all its columns; the last one counts what is left."""
    groups = off.groupby(["period", "region"], sort=True)
    places = [((str(names[0]), str(names[1])), rows) for names, rows in groups]
    for (period, region), rows in places[:_NAMED]:
        first = rows.iloc[0]
        title = table.columns[first["column"]]
        others = [table.columns[column] for column in rows["column"].iloc[1:]]
        place = titles.get(region, "") or "England"
        parts = "the authorities of " + place if region else "the regions or authorities of England"
        message = (
            f"{parts} add up to {first['sum']:.10g} in {title} of {period}, where the row of "
            f"{place} says {first['whole']:.10g}"
        )
        message += f"; nor do they in {', '.join(others)}" if others else ""
        message += ": a cell may have been changed, moved or lost"
        yield Finding(
            "warning",
            "sum",
            message,
            table.file,
            float(first["line"]),
            period=float(period),
            column=title,
            found=f"{first['sum']:.10g}",
        )
    if rest := places[_NAMED:]:
        years = sorted({period for (period, _), _ in rest})
        columns = sorted({table.columns[str(name)] for _, rows in rest for name in rows["column"]})
        message = (
            f"{len(rest)} more regions and years don't add up, of {', '.join(years)}, in "
            f"{', '.join(columns)}"
        )
        yield Finding("warning", "sum", message, table.file)


def check_absence(table: Table, days: str, workers: str, rate: str) -> list[Finding]:
    """A warning where a rate of absence is not the days lost of the days that were to be worked.

    Parameters
    ----------
    table : Table
        Rows of a workforce table.
    days, workers, rate : str
        Its columns of working days lost, of workers in post, and of the rate in percent.
    """
    lost, staff, given = (parse_cells(table.cells[column])[0] for column in (days, workers, rate))
    with np.errstate(divide="ignore", invalid="ignore"):
        own = 100 * lost / (staff * _WORKING_DAYS)
    off = np.flatnonzero((staff > 0) & (np.abs(own - given) > _ABSENCE_SLACK))
    return [
        Finding(
            "warning",
            "absence",
            f"absence of {given[at]:g}% in {table.cells['time_period'].iloc[at]} where the days "
            f"lost ({lost[at]:g}) and the workers ({staff[at]:g}) give {own[at]:.1f}%: one of the "
            "three may be wrong",
            table.file,
            float(table.lines[at]),
            table.cells["old_la_code"].iloc[at],
            float(table.cells["time_period"].iloc[at]),
            table.columns[rate],
            f"{given[at]:g}",
        )
        for at in off[:_NAMED]
    ]
