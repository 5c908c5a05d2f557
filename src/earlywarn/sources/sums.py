"""Check that a wide table adds up: authorities to regions and England, days lost to a rate."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from earlywarn.sources.cells import parse_cells
from earlywarn.sources.schema import (
    NOT_APPLICABLE,
    PUBLISHED,
    ROUNDS_TO_ZERO,
    SUPPRESSED,
    Finding,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from earlywarn.sources.tabular_files import Table
    from earlywarn.statistics.arrays import FloatArray

Ints = npt.NDArray[np.intp]
Place = tuple[str, str]
"""A year, and a region in lower case; blank for England."""

LOCAL, REGIONAL, NATIONAL = "local authority", "regional", "national"
"""The levels of rows that are added up."""

_TENS = 5.0  # national and regional counts of many tables are rounded to the nearest ten
_NEARLY_ALL = 145  # rows of a year: joint returns leave out a few of some 150 authorities
_HIDDEN = 5.0  # no release hid more behind each symbol for a small count, allowing for rounding
_REGIONS = 9  # of England; the tables split London in two
_NAMED = 12  # this many places are named one by one
_WORKING_DAYS = 253.0  # in a year, as the workforce table counts them
_ABSENCE_SLACK = 0.1  # no published rate from 2017 to 2025 was 0.065 off


def check_sums(
    table: Table, level: pd.Series, columns: Sequence[str], half: float
) -> list[Finding]:
    """Warn of each region and year whose authorities don't add up to its own row.

    Regions are compared with England in the same way, and so are authorities where a table has no
    rows for regions. Every release from 2013 to 2025 adds up to its rounding, so a sum that does
    not is a cell that was changed, moved or lost.

    Parameters
    ----------
    table : Table
        Its rows for England, regions and authorities.
    level : Series of str
        The level of each.
    columns : sequence of str
        Columns of counts.
    half : float
        Half of the last digit that counts of authorities are rounded to.

    Returns
    -------
    list of Finding
        A suppressed count hides a small number, and one that is not applicable hides nothing; where
        a cell was not collected, the others may add up to anything less.
    """
    regions = table.cells.get("region_name")
    titles = [""] * len(table.lines) if regions is None else regions.tolist()
    places = list(zip(table.cells["time_period"].tolist(), map(str.casefold, titles), strict=True))
    additions = list(_additions(level.to_numpy(dtype=object), places))
    off: dict[Place, list[_Wrong]] = {}
    for column in columns:
        values, statuses, _ = parse_cells(table.cells[column])
        # "Rounds to zero" is not zero: such a cell may be any small number.
        figures = np.where(statuses == PUBLISHED, values, np.nan)
        hidden = _hidden(statuses, half)
        for addition in additions:
            for wrong in _wrong_sums(addition, figures, hidden, column, half):
                off.setdefault(addition.places[wrong.at], []).append(wrong)
    return list(
        _said_once(
            off, table, {place[1]: title for place, title in zip(places, titles, strict=True)}
        )
    )


class _Addition(NamedTuple):
    """Rows that add up to others; `owners` is the whole to which each part belongs."""

    parts: Ints
    owners: Ints
    wholes: Ints
    places: list[Place]
    every_whole: Ints
    exact: bool  # whether the parts are rounded like authorities, and not like regions


class _Wrong(NamedTuple):
    """A whole to which its parts don't add up in one column."""

    at: int
    column: str
    row: int
    sum: float
    whole: float


def _additions(level: npt.NDArray[np.object_], places: list[Place]) -> Iterator[_Addition]:
    """What must add up to what, worked out once for all columns."""
    local, regional, national = (
        np.flatnonzero(level == name).tolist() for name in (LOCAL, REGIONAL, NATIONAL)
    )
    of_region: dict[Place, int] = {}
    for row in regional:
        of_region.setdefault(places[row], row)
    of_england: dict[Place, int] = {}
    for row in national:
        of_england.setdefault((places[row][0], ""), row)
    every = np.array([*of_region.values(), *of_england.values()], dtype=np.intp)
    yield _addition(local, [places[row] for row in local], of_region, every, exact=True)
    # A table of one region, plus England's rows, adds up to less.
    there = {places[row] for row in local}
    own = [row for place, row in of_region.items() if place in there]
    counted = Counter(places[row][0] for row in own)
    own = [row for row in own if counted[places[row][0]] >= _REGIONS]
    yield _addition(own, [(places[row][0], "") for row in own], of_england, every, exact=False)
    with_regions = {year for year, _ in of_region}
    bare = [row for row in local if places[row][0] not in with_regions]
    counted = Counter(places[row][0] for row in bare)
    bare = [row for row in bare if counted[places[row][0]] >= _NEARLY_ALL]
    yield _addition(bare, [(places[row][0], "") for row in bare], of_england, every, exact=True)


def _addition(
    parts: list[int], of: list[Place], wholes: dict[Place, int], every: Ints, *, exact: bool
) -> _Addition:
    """The parts that have a whole, and the wholes."""
    at = {place: number for number, place in enumerate(wholes)}
    owned = [(part, at[place]) for part, place in zip(parts, of, strict=True) if place in at]
    rows, owners = np.array(owned, dtype=np.intp).reshape(-1, 2).T
    whole_rows = np.array([*wholes.values()], dtype=np.intp)
    return _Addition(rows, owners, whole_rows, [*wholes], every, exact)


def _hidden(statuses: npt.NDArray[np.object_], half: float) -> FloatArray:
    """The most that each cell without a number may hide; no limit if unknown."""
    small = np.isin(statuses, [SUPPRESSED, ROUNDS_TO_ZERO])
    # Tables of tenths also hide days of absence, which are many for few workers.
    most = np.where(small, np.inf if half else _HIDDEN, np.inf)
    return np.where(np.isin(statuses, [PUBLISHED, NOT_APPLICABLE]), 0.0, most)


def _wrong_sums(
    addition: _Addition, figures: FloatArray, hidden: FloatArray, column: str, half: float
) -> Iterator[_Wrong]:
    """The wholes to which their parts don't add up, allowing for rounding and missing cells."""
    every = figures[addition.every_whole]
    in_tens = (every[np.isfinite(every)] % 10 == 0).all()
    rounding = _TENS if in_tens else half or 0.5
    parts, wholes = figures[addition.parts], figures[addition.wholes]
    known = np.isfinite(parts)
    size, given, total, most = (
        np.bincount(addition.owners, weights=weights, minlength=len(wholes))
        for weights in (
            np.ones(len(parts)),
            known,
            np.where(known, parts, 0.0),
            hidden[addition.parts],
        )
    )
    slack = rounding + (half if addition.exact else rounding) * given + 1e-6
    more = total > wholes + slack
    less = total + most < wholes - slack
    for at in np.flatnonzero((size > 0) & (more | less)).tolist():
        row = int(addition.wholes[at])
        yield _Wrong(at, column, row, float(total[at]), float(wholes[at]))


def _said_once(
    off: dict[Place, list[_Wrong]], table: Table, titles: dict[str, str]
) -> Iterator[Finding]:
    """A finding for each place, with all its columns; the last one counts the rest."""
    for period, region in sorted(off)[:_NAMED]:
        first, *others = off[period, region]
        title = table.columns[first.column]
        place = titles[region] if region else "England"
        parts = "the authorities of " + place if region else "the regions or authorities of England"
        message = (
            f"{parts} add up to {first.sum:.10g} in {title} of {period}, where the row of "
            f"{place} says {first.whole:.10g}"
        )
        named = ", ".join(table.columns[other.column] for other in others)
        message += f"; nor do they in {named}" if named else ""
        message += ": a cell may have been changed, moved or lost"
        line, found = float(table.lines[first.row]), f"{first.sum:.10g}"
        yield Finding("warning", "sum", message, table.file, line, "", float(period), title, found)
    if rest := sorted(off)[_NAMED:]:
        years = ", ".join(sorted({period for period, _ in rest}))
        names = {table.columns[wrong.column] for place in rest for wrong in off[place]}
        message = (
            f"{len(rest)} more regions and years don't add up, of {years}, in "
            f"{', '.join(sorted(names))}"
        )
        yield Finding("warning", "sum", message, table.file)


def check_bands(table: Table, whole: str, bands: Sequence[str]) -> list[Finding]:
    """Warn of each row whose bands, such as plans by duration, don't add up to the whole.

    Parameters
    ----------
    table : Table
        Rows for authorities.
    whole : str
        Its column of the total.
    bands : sequence of str
        The columns that break it down: in every complete published row they add up exactly.

    Returns
    -------
    list of Finding
        Where a band is suppressed, another is too, however large: then the others may add up to
        anything less. Empty if the table lacks a band.
    """
    if not all(band in table.cells for band in bands):
        return []
    total = parse_cells(table.cells[whole])[0]
    parts = [parse_cells(table.cells[band])[:2] for band in bands]
    given = np.sum([np.nan_to_num(values) for values, _ in parts], axis=0)
    every = np.all(
        [np.isin(statuses, [PUBLISHED, NOT_APPLICABLE]) for _, statuses in parts], axis=0
    )
    off = np.flatnonzero((given > total) | (every & (given < total)))
    findings = [
        Finding(
            "warning",
            "bands",
            f"{', '.join(table.columns[band] for band in bands)} add up to {given[at]:g}, where "
            f"{table.columns[whole]} of {table.cells['old_la_code'].iloc[at]} in "
            f"{table.cells['time_period'].iloc[at]} is {total[at]:g}: a cell may have been "
            "changed, moved or lost",
            table.file,
            float(table.lines[at]),
            table.cells["old_la_code"].iloc[at],
            float(table.cells["time_period"].iloc[at]),
            table.columns[whole],
            f"{given[at]:g}",
        )
        for at in off[:_NAMED]
    ]
    if (more := off.size - _NAMED) > 0:
        message = f"in {more} more rows the parts of {table.columns[whole]} don't add up to it"
        findings.append(Finding("warning", "bands", message, table.file))
    return findings


def check_absence(table: Table, days: str, workers: str, rate: str) -> list[Finding]:
    """Warn where a rate of absence is not the days lost out of the days due to be worked.

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
