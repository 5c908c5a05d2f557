"""Snapshot -> X: the builders of the indicators, one row an authority, one column a figure.

Only a Snapshot is taken, so that nothing published after its date can be seen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from earlywarn.authorities import ENGLAND
from earlywarn.errors import IndicatorError
from earlywarn.indicators.catalogue import (
    DEPRIVATION,
    HISTORY,
    INDICATORS,
    Indicator,
    columns_of,
    get_indicator,
)
from earlywarn.indicators.standardise import (
    Distribution,
    compare,
    distribution,
    stabilise,
    usual_value,
)
from earlywarn.judgements.targets import previous_judgement
from earlywarn.panel.panel import Snapshot
from earlywarn.statistics.arrays import FloatArray, rate
from earlywarn.statistics.regression import slope

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

Pairs = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]
Callers = tuple[npt.NDArray[np.intp], FloatArray, FloatArray]

POPULATION = "population_0_17"
TREND_YEARS = 3
OLDEST = 3
"""A figure whose reporting year lies more than this many years back is not taken for today's."""
FEWEST_NEIGHBOURS = 3


def build_indicators(snapshot: Snapshot) -> pd.DataFrame:
    """Compute every indicator of the catalogue as it was known on the snapshot's date.

    Parameters
    ----------
    snapshot : Snapshot
        What ``panel.as_of(date)`` gave.

    Returns
    -------
    DataFrame
        Indexed ``(la_code, as_of)``, one row an authority that existed on the date. For each
        indicator: its value in its unit; ``_z``, the over-dispersion-adjusted and shrunk level
        within the year; ``_se``, the standard error of it; ``_gap``, the value less England's;
        ``_neighbour_gap``, less the mean of its statistical neighbours; ``_trend``, the change a
        year over three years; ``_period``, the year in which the value's period ends;
        ``_distance``, how far from the middle, for those that may be both too high and too low;
        ``_expected``, the value expected at the authority's deprivation, for those that are
        compared like for like. NaN where not known.

    Raises
    ------
    IndicatorError
        If anything but a Snapshot is given.

    Notes
    -----
    An authority whose newest figure is missing keeps last year's, compared within last year. A new
    authority inherits the figures of those it was made from, for the years before it.

    Examples
    --------
    >>> import earlywarn as ew
    >>> X = ew.build_indicators(ew.load_panel().as_of("2024-06-30"))
    >>> X.index.names, len(X)
    (FrozenList(['la_code', 'as_of']), 153)
    """
    return indicators_after(snapshot, last_judgements(snapshot))


def indicators_after(snapshot: Snapshot, last: pd.DataFrame) -> pd.DataFrame:
    """What ``build_indicators`` gives, where the last judgements are at hand."""
    history = history_of(last).set_axis(_index(snapshot))
    return pd.concat([published_indicators(snapshot), history], axis=1)


def published_indicators(
    snapshot: Snapshot, records: Sequence[Indicator] = INDICATORS
) -> pd.DataFrame:
    """The indicators that come from published figures: the same between two publications."""
    _check(snapshot)
    figures = _Figures.of(snapshot)
    levels = figures.levels([get_indicator(DEPRIVATION), *_published(records)])
    deprivation = next(levels)
    neighbours = figures.neighbour_pairs(snapshot.neighbours)
    blocks = [_columns(level, deprivation, neighbours) for level in levels]
    frame = pd.DataFrame(
        {name: column for block in blocks for name, column in block.items()},
        index=pd.Index(figures.areas[:-1], dtype="str"),
    )
    return frame.reindex(snapshot.authorities["la_code"]).set_axis(_index(snapshot))


def last_judgements(snapshot: Snapshot) -> pd.DataFrame:
    """What the last inspection of each authority gave, of those published by the date."""
    _check(snapshot)
    codes = snapshot.authorities["la_code"]
    return previous_judgement(snapshot.judgements, snapshot.as_of, codes, snapshot.register)


def history_of(last: pd.DataFrame) -> pd.DataFrame:
    """The indicator that comes from the last judgements, as ``previous_judgement`` gives them."""
    grade = last["previous_judgement"]
    good = grade.isin(["Good", "Outstanding"]).astype(float).where(grade.notna())
    return pd.DataFrame({HISTORY: good})


def reference_distributions(snapshot: Snapshot) -> Mapping[str, Distribution]:
    """The newest year's distribution of each indicator: what a single row is compared with."""
    _check(snapshot)
    records = [get_indicator(DEPRIVATION), *_published(INDICATORS)]
    levels = _Figures.of(snapshot).levels(records)
    deprivation, found = next(levels), {}
    for level in levels:
        spread = None if level.newest is None else level.spread(level.newest, deprivation)
        if spread is not None:
            found[level.record.id] = spread
    return found


def newest_sizes(snapshot: Snapshot) -> pd.DataFrame:
    """The cases behind each published figure of the newest year, by authority and indicator.

    Where the year has none, those of the last year that has; NaN where there never were any.

    Examples
    --------
    >>> import earlywarn as ew
    >>> sizes = newest_sizes(ew.load_panel().as_of("2024-06-30"))
    >>> bool(sizes.loc["383", "rereferrals"] > 1000)
    True
    """
    _check(snapshot)
    figures = _Figures.of(snapshot)
    found = {
        level.record.id: level.usual_size(level.newest)
        for level in figures.levels(_published(INDICATORS))
        if level.newest is not None
    }
    return pd.DataFrame(found, index=pd.Index(figures.areas[:-1], dtype="str", name="la_code"))


def _published(records: Sequence[Indicator]) -> list[Indicator]:
    return [record for record in records if record.kind != "history"]


def _check(snapshot: object) -> None:
    if not isinstance(snapshot, Snapshot):
        raise IndicatorError(
            "indicators are built from a Snapshot only",
            where="snapshot",
            found=f"a {type(snapshot).__name__}",
            expected="what panel.as_of(date) gives",
            remedy="A Panel also holds what was published later, and a look into the future must "
            "not be possible.",
        )


def _index(snapshot: Snapshot) -> pd.MultiIndex:
    return snapshot_index(snapshot.authorities["la_code"], snapshot.as_of)


def snapshot_index(la_codes: pd.Series | pd.Index, day: date) -> pd.MultiIndex:
    """The index of a day's indicators."""
    return pd.MultiIndex.from_arrays(
        [la_codes.to_numpy(), np.full(len(la_codes), day.isoformat())], names=["la_code", "as_of"]
    )


def _columns(level: _Level, deprivation: _Level, neighbours: Pairs) -> dict[str, FloatArray]:
    """Every column of one indicator, by authority."""
    value, z, se, england, alike, period, expected = np.full((7, len(level.value)), np.nan)
    # Last year's only where there is no newest figure.
    for column in () if level.newest is None else (level.newest, level.newest - 1):
        here = np.isfinite(level.with_own_figures(column)[0]) & np.isnan(value)
        if column < 0 or not here.any() or (found := level.standing(column, deprivation)) is None:
            continue
        value[here] = level.with_own_figures(column)[0][here]
        period[here] = level.years[column]
        england[here] = level.england[column]
        alike[here] = _neighbour_mean(level.value[:, column], neighbours)[here]
        z[here], se[here], expected[here] = (part[here] for part in found)
    columns = {"": value, "_z": z, "_se": se, "_trend": level.trend(), "_period": period}
    columns |= {"_gap": value - england, "_neighbour_gap": value - alike}
    columns |= {"_distance": np.abs(z), "_expected": expected}
    return {name: columns[name.removeprefix(level.record.id)] for name in columns_of(level.record)}


def _neighbour_mean(value: FloatArray, neighbours: Pairs) -> FloatArray:
    area, neighbour = neighbours
    theirs = value[neighbour]
    known = np.isfinite(theirs)
    count = np.bincount(area[known], minlength=len(value))
    total = np.bincount(area[known], weights=theirs[known], minlength=len(value))
    return np.where(count >= FEWEST_NEIGHBOURS, rate(total, count), np.nan)


@dataclass(frozen=True)
class _Level:
    """One indicator by authority (rows) and reporting year (columns)."""

    record: Indicator
    years: FloatArray
    value: FloatArray
    size: FloatArray
    own: FloatArray
    england: FloatArray
    oldest: int
    callers: Callers

    @cached_property
    def newest(self) -> int | None:
        """The column of the newest year with figures that are not too old."""
        filled = np.flatnonzero(np.isfinite(self.value).any(axis=0) & (self.years >= self.oldest))
        return int(filled[-1]) if len(filled) else None

    def with_own_figures(self, column: int) -> tuple[FloatArray, FloatArray]:
        """Values and cases of a year, the caller's own in place of the published in the newest."""
        value, size = self.value[:, column], self.size[:, column]
        rows, figures, cases = self.callers
        if column != self.newest or not len(rows):
            return value, size
        value, size = value.copy(), size.copy()
        value[rows] = figures
        size[rows] = np.where(np.isnan(cases), self.usual_size(column)[rows], cases)
        return value, size

    def usual_size(self, column: int) -> FloatArray:
        """The cases behind each authority's figure of a year, or of the last year that has them."""
        size = self.size[:, 0].copy()
        for later in self.size.T[1 : column + 1]:
            size = np.where(np.isnan(later), size, later)
        return size

    def spread(self, column: int, deprivation: _Level) -> Distribution | None:
        """The distribution of a year, from the authorities' own figures."""
        y, sd = stabilise(self.record, self.own[:, column], self.size[:, column])
        return distribution(y, sd, self._like_for_like(column, deprivation))

    def standing(
        self, column: int, deprivation: _Level
    ) -> tuple[FloatArray, FloatArray, FloatArray] | None:
        """Where the authorities stand in a year: z, its standard error, the value expected."""
        y, sd = stabilise(self.record, self.value[:, column], self.size[:, column])
        own = np.where(np.isnan(self.own[:, column]), np.nan, y)
        against = distribution(own, sd, self._like_for_like(column, deprivation))
        if against is None:
            return None
        # A caller's own figure is held against what was published, and moves no one else.
        y, sd = stabilise(self.record, *self.with_own_figures(column))
        alike = self._like_for_like(column, deprivation, own_figures=True)
        like = np.full(len(y), np.nan) if alike is None else alike
        expected = np.where(np.isnan(like), np.nan, usual_value(self.record, like, against))
        return *compare(y, sd, like, against), expected

    def trend(self) -> FloatArray:
        """Change a year over the last three years; NaN unless all three are known."""
        if self.newest is None or self.newest + 1 < TREND_YEARS:
            return np.full(len(self.value), np.nan)
        last = slice(self.newest + 1 - TREND_YEARS, self.newest + 1)
        value = self.value[:, last].copy()
        value[:, -1] = self.with_own_figures(self.newest)[0]
        return slope(value, self.years[last], min_points=TREND_YEARS)

    def _like_for_like(
        self, column: int, deprivation: _Level, *, own_figures: bool = False
    ) -> FloatArray | None:
        """Deprivation of the year, or of the nearest one that is known."""
        if not self.record.like_for_like or deprivation.newest is None:
            return None
        known = np.flatnonzero(np.isfinite(deprivation.value).any(axis=0))
        nearest = int(known[np.abs(known - column).argmin()])
        value = deprivation.value[:, nearest]
        return deprivation.with_own_figures(nearest)[0] if own_figures else value


@dataclass(frozen=True)
class _Figures:
    """A snapshot's observations as arrays: (area, year) for each measure, England apart."""

    areas: tuple[str, ...]
    years: FloatArray
    tables: dict[str, FloatArray]
    parents: tuple[tuple[int, tuple[int, ...]], ...]
    oldest: int
    own_figures: pd.DataFrame

    @classmethod
    def of(cls, snapshot: Snapshot) -> _Figures:
        rows = pd.concat([snapshot.observations, snapshot.england], ignore_index=True)
        existing = snapshot.authorities["la_code"].tolist()
        place, codes = pd.factorize(rows["la_code"])
        areas = (*sorted({*codes, *existing} - {ENGLAND}), ENGLAND)
        area = pd.Index(areas, dtype="str").get_indexer(codes)[place]
        first = int(rows["period"].min()) if len(rows) else snapshot.as_of.year
        last = int(rows["period"].max()) + 1 if len(rows) else snapshot.as_of.year
        years = np.arange(first, last + 1, dtype=float)
        return cls(
            areas=areas,
            years=years,
            tables=_tables(rows, area, (len(areas), first, len(years))),
            parents=_parents(snapshot, areas),
            oldest=snapshot.as_of.year - OLDEST,
            own_figures=snapshot.own_figures,
        )

    def table(self, measure: str) -> FloatArray:
        """Numerator, denominator and value of a measure: shape (3, areas, years)."""
        found = self.tables.get(measure)
        return np.full((3, len(self.areas), len(self.years)), np.nan) if found is None else found

    @cached_property
    def children(self) -> FloatArray:
        """Children aged 0 to 17 for each reporting year: the newest mid-year estimate before it."""
        estimate = self.table(POPULATION)[2]
        held: FloatArray = np.full_like(estimate, np.nan)
        for column in range(1, estimate.shape[1]):
            earlier = estimate[:, column - 1]
            held[:, column] = np.where(np.isfinite(earlier), earlier, held[:, column - 1])
        return held

    def levels(self, records: Sequence[Indicator]) -> Iterator[_Level]:
        """Each indicator's level, new authorities with the figures of those they were made from."""
        family = list(dict.fromkeys(row for child, old in self.parents for row in (child, *old)))
        for record, rows in zip(records, self._handed_down(records, family), strict=True):
            own, own_size = self.value_and_size(record)
            value, size = own.copy(), own_size.copy()
            value[family], size[family] = rows
            yield _Level(
                record=record,
                years=self.years,
                value=value[:-1],
                size=size[:-1],
                own=own[:-1],
                england=own[-1],
                oldest=self.oldest,
                callers=self._callers(record),
            )

    def _callers(self, record: Indicator) -> Callers:
        """The caller's own figures of an indicator: rows, values and the cases behind them."""
        table = self.own_figures[self.own_figures["indicator"] == record.id]
        rows = pd.Index(self.areas, dtype="str").get_indexer(pd.Index(table["la_code"]))
        return rows, table["value"].to_numpy(dtype=float), table["size"].to_numpy(dtype=float)

    def neighbour_pairs(self, neighbours: pd.DataFrame) -> Pairs:
        """Each area's row, and the row of a statistical neighbour of it."""
        index = pd.Index(self.areas[:-1], dtype="str")
        area = index.get_indexer(pd.Index(neighbours["la_code"]))
        neighbour = index.get_indexer(pd.Index(neighbours["neighbour_code"]))
        both = (area >= 0) & (neighbour >= 0)
        return area[both], neighbour[both]

    def value_and_size(self, record: Indicator) -> tuple[FloatArray, FloatArray]:
        numerator, denominator, value = self.table(record.measure)
        if record.denominator == POPULATION:
            return 10_000 * rate(value, self.children), self.children
        if record.kind == "proportion":
            value = np.where(np.isfinite(value), value, 100 * rate(numerator, denominator))
        size = np.where(denominator > 0, denominator, self._cases(record))
        return value, size

    def _cases(self, record: Indicator) -> FloatArray:
        """The cases behind each value, from the measure that counts them."""
        if not record.size_measure:
            return np.full((len(self.areas), len(self.years)), np.nan)
        if record.size_measure == POPULATION:
            return self.children
        numerator, _, value = self.table(record.size_measure)
        if record.size_measure in _RATES:
            return np.asarray(value * self.children / 10_000, dtype=float)
        counted = np.where(np.isfinite(numerator), numerator, value)
        return np.asarray(counted, dtype=float)

    def _handed_down(
        self, records: Sequence[Indicator], family: list[int]
    ) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Values and sizes of old and new authorities, the new ones' own where they have some.

        All indicators at once: shape (indicators, authorities of the family, years).
        """
        tables = {name: table[:, family] for name, table in self.tables.items()}
        few = replace(self, areas=tuple(self.areas[row] for row in family), tables=tables)
        found = [few.value_and_size(record) for record in records]
        value, size = (np.stack(part) for part in zip(*found, strict=True))
        for child, parents in self.parents:
            new, old = family.index(child), [family.index(row) for row in parents]
            theirs, cases = value[:, old], size[:, old]
            known = np.isfinite(theirs).all(axis=1) & np.isnan(value[:, new])
            weight = np.nan_to_num(cases, nan=1.0)
            mean = rate((np.nan_to_num(theirs) * weight).sum(axis=1), weight.sum(axis=1))
            value[:, new] = np.where(known, mean, value[:, new])
            size[:, new] = np.where(known, cases.sum(axis=1), size[:, new])
        return zip(value, size, strict=True)


_RATES = frozenset(
    record.measure for record in INDICATORS if record.kind == "rate" and not record.numerator
)


def _tables(
    rows: pd.DataFrame, area: npt.NDArray[np.intp], extent: tuple[int, int, int]
) -> dict[str, FloatArray]:
    """Each measure by area and year: of so many areas, from a first year, so many years."""
    areas, first, width = extent
    year = rows["period"].to_numpy(dtype=int) - first
    numbers = rows[["numerator", "denominator", "value"]].to_numpy(dtype=float)
    codes, measures = pd.factorize(rows["measure"])
    cube = np.full((len(measures), 3, areas, width), np.nan)
    for part in range(3):
        cube[codes, part, area, year] = numbers[:, part]
    return dict(zip(measures, cube, strict=True))


def _parents(snapshot: Snapshot, areas: tuple[str, ...]) -> tuple[tuple[int, tuple[int, ...]], ...]:
    """For each authority made from others: its row, and theirs."""
    position = {code: row for row, code in enumerate(areas)}
    codes, found = snapshot.authorities["la_code"], []
    for code in codes[codes.isin(snapshot.register.reorganisations["successor"])]:
        parents = [change.predecessor for change in snapshot.register.predecessors(code)]
        if parents and all(parent in position for parent in parents):
            found.append((position[code], tuple(position[parent] for parent in parents)))
    return tuple(found)
