"""A snapshot's figures as arrays: the level of each indicator by authority and reporting year."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from earlywarn.authorities import ENGLAND
from earlywarn.indicators.catalogue import INDICATORS, Indicator
from earlywarn.indicators.cube import BARRED, PUBLISHED, SUPPRESSED, cube_of
from earlywarn.indicators.standardise import (
    Distribution,
    compare,
    distribution,
    stabilise,
    usual_value,
)
from earlywarn.statistics.arrays import FloatArray, rate
from earlywarn.statistics.regression import slope

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from earlywarn.panel.panel import Snapshot

Pairs = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]
AnyArray = npt.NDArray[np.float64 | np.bool_ | np.intp]
Callers = tuple[npt.NDArray[np.intp], FloatArray, FloatArray]

_NO_CALLERS: Callers = (np.empty(0, dtype=np.intp), np.empty(0), np.empty(0))
POPULATION = "population_0_17"
TREND_YEARS = 3
OLDEST = 3
"""A figure from a reporting year further back than this does not count as current."""
SUPPRESSED_COUNT, LARGEST_SUPPRESSED = 3.0, 5.0
"""The value assumed for a suppressed count, of 1 to 5, and the most that it can be."""
_PER = {"proportion": 100.0, "rate": 10_000.0}
SUPPRESSED_ERROR = float(np.sqrt(5 / 3))
"""How much larger its variance is: a count of about 3 varies by 3, and 1 to 5 adds 2."""


@dataclass(frozen=True)
class Level:
    """One indicator by authority (rows) and reporting year (columns)."""

    record: Indicator
    years: FloatArray
    value: FloatArray
    size: FloatArray
    own: FloatArray
    england: FloatArray
    oldest: int
    callers: Callers
    suppressed: npt.NDArray[np.bool_]
    barred: npt.NDArray[np.bool_]

    @cached_property
    def newest(self) -> int | None:
        """The column of the latest year with figures that are not too old."""
        filled = np.flatnonzero(np.isfinite(self.value).any(axis=0) & (self.years >= self.oldest))
        return int(filled[-1]) if len(filled) else None

    def nearest(self, column: int) -> int:
        """The year with figures that is nearest to a given year."""
        known = np.flatnonzero(np.isfinite(self.value).any(axis=0))
        return int(known[np.abs(known - column).argmin()])

    def used(self, deprivation: Level) -> Iterator[AnyArray]:
        """Every array from which the standings, the trend and England's figure are worked out."""
        until = slice(0, 0 if self.newest is None else self.newest + 1)
        yield from (self.years[until], self.england[until], *self.callers)
        for table in (self.value, self.size, self.own, self.suppressed, self.barred):
            yield table[:, until]
        if self.record.like_for_like:
            known = np.flatnonzero(np.isfinite(deprivation.value).any(axis=0))
            newest = -1 if deprivation.newest is None else deprivation.newest
            yield from (np.array([newest]), known, deprivation.value[:, known])
            yield from deprivation.callers

    def with_own_figures(self, column: int) -> tuple[FloatArray, FloatArray]:
        """Values and cases of a year; the caller's own replace the published in the latest."""
        value, size = self.value[:, column], self.size[:, column]
        rows, figures, cases = self.callers
        if column != self.newest or not len(rows):
            return value, size
        value, size = value.copy(), size.copy()
        value[rows] = figures
        size[rows] = np.where(np.isnan(cases), self.usual_size(column)[rows], cases)
        return value, size

    def usual_size(self, column: int) -> FloatArray:
        """The cases behind each authority's figure of a year, or the last year that has them."""
        size = self.size[:, 0].copy()
        for later in self.size.T[1 : column + 1]:
            size = np.where(np.isnan(later), size, later)
        return size

    def counted(self, column: int) -> FloatArray:
        """The figures of a year, with the caller's own, and suppressed counts at their midpoint."""
        value, size = self.with_own_figures(column)
        return np.where(self._small(value, size, column), self._middle(size), value)

    def spread(self, column: int, deprivation: Level) -> Distribution | None:
        """The distribution of a year, from the authorities' own figures."""
        y, sd = self._stable(self.own[:, column], self.size[:, column], column)
        return distribution(y, sd, self._like_for_like(column, deprivation))

    def standing(
        self, column: int, deprivation: Level
    ) -> tuple[FloatArray, FloatArray, FloatArray] | None:
        """Each authority's position in a year: z, its standard error and the expected value."""
        against = self.spread(column, deprivation)
        if against is None:
            return None
        # A caller's own figure is compared with what was published, and affects no one else.
        y, sd = self.stable(column)
        like, expected = self.expected(column, deprivation, against)
        return *compare(y, sd, like, against), expected

    def stable(self, column: int) -> tuple[FloatArray, FloatArray]:
        """The stabilised figures of a year, with the caller's own, and their sampling errors."""
        return self._stable(*self.with_own_figures(column), column)

    def expected(
        self, column: int, deprivation: Level, against: Distribution
    ) -> tuple[FloatArray, FloatArray]:
        """The authorities' deprivation and the value expected at it; NaN where it is not used."""
        alike = self._like_for_like(column, deprivation, own_figures=True)
        like = np.full(len(self.value), np.nan) if alike is None else alike
        return like, np.where(np.isnan(like), np.nan, usual_value(self.record, like, against))

    def _stable(
        self, value: FloatArray, size: FloatArray, column: int
    ) -> tuple[FloatArray, FloatArray]:
        """Stabilised figures and their errors; the error of a suppressed count is larger."""
        small = self._small(value, size, column)
        y, sd = stabilise(self.record, np.where(small, self._middle(size), value), size)
        return y, np.where(small, sd * SUPPRESSED_ERROR, sd)

    def _small(self, value: FloatArray, size: FloatArray, column: int) -> npt.NDArray[np.bool_]:
        """Which figures are a suppressed count of 1 to 5 out of a known whole."""
        counted = self.record.kind == "proportion" or bool(self.record.numerator)
        if not counted or self.record.kind not in _PER:
            return np.zeros(len(value), dtype=np.bool_)
        return self.suppressed[:, column] & np.isnan(value) & (size > LARGEST_SUPPRESSED)

    def _middle(self, size: FloatArray) -> FloatArray:
        """What a suppressed count comes to, in the indicator's unit."""
        return _PER.get(self.record.kind, 1.0) * rate(SUPPRESSED_COUNT, size)

    def trend(self) -> FloatArray:
        """Annual change over the last three years; NaN unless all three are known."""
        if self.newest is None or self.newest + 1 < TREND_YEARS:
            return np.full(len(self.value), np.nan)
        last = slice(self.newest + 1 - TREND_YEARS, self.newest + 1)
        value = self.value[:, last].copy()
        value[:, -1] = self.with_own_figures(self.newest)[0]
        return slope(value, self.years[last], min_points=TREND_YEARS)

    def _like_for_like(
        self, column: int, deprivation: Level, *, own_figures: bool = False
    ) -> FloatArray | None:
        """Deprivation of the year, or of the nearest one that is known."""
        if not self.record.like_for_like or deprivation.newest is None:
            return None
        nearest = deprivation.nearest(column)
        value = deprivation.value[:, nearest]
        return deprivation.with_own_figures(nearest)[0] if own_figures else value


@dataclass(frozen=True)
class Figures:
    """A snapshot's observations as arrays: (area, year) for each measure, with England separate."""

    areas: tuple[str, ...]
    years: FloatArray
    tables: dict[str, FloatArray]
    statuses: dict[str, npt.NDArray[np.int8]]
    parents: tuple[tuple[int, tuple[int, ...]], ...]
    oldest: int
    own_figures: pd.DataFrame

    @classmethod
    def of(cls, snapshot: Snapshot) -> Figures:
        """The figures of a snapshot."""
        parts, existing = [snapshot.observations, snapshot.england], snapshot.authorities["la_code"]
        cube = cube_of(parts, existing.tolist(), ENGLAND, snapshot.as_of.year)
        return cls(
            **vars(cube),
            parents=_parents(snapshot, cube.areas),
            oldest=snapshot.as_of.year - OLDEST,
            own_figures=snapshot.own_figures,
        )

    def table(self, measure: str) -> FloatArray:
        """Numerator, denominator and value of a measure: shape (3, areas, years)."""
        found = self.tables.get(measure)
        return np.full((3, len(self.areas), len(self.years)), np.nan) if found is None else found

    def status(self, measure: str) -> npt.NDArray[np.int8]:
        """The status of each figure: published 0, other 1, suppressed 2, not applicable 3."""
        found = self.statuses.get(measure)
        return np.zeros((len(self.areas), len(self.years)), np.int8) if found is None else found

    @cached_property
    def children(self) -> FloatArray:
        """Children aged 0 to 17 for each reporting year: the latest mid-year estimate before it."""
        estimate = self.table(POPULATION)[2]
        held: FloatArray = np.full_like(estimate, np.nan)
        for column in range(1, estimate.shape[1]):
            earlier = estimate[:, column - 1]
            held[:, column] = np.where(np.isfinite(earlier), earlier, held[:, column - 1])
        return held

    def levels(self, records: Sequence[Indicator]) -> Iterator[Level]:
        """Each indicator's level; new authorities have the figures of those they were made from."""
        family = list(dict.fromkeys(row for child, old in self.parents for row in (child, *old)))
        for record, rows in zip(records, self._handed_down(records, family), strict=True):
            own, own_size = self.value_and_size(record)
            value, size = own.copy(), own_size.copy()
            value[family], size[family] = rows
            yield Level(
                record=record,
                years=self.years,
                value=value[:-1],
                size=size[:-1],
                own=own[:-1],
                england=own[-1],
                oldest=self.oldest,
                callers=self._callers(record),
                suppressed=self.status(record.measure)[:-1] == SUPPRESSED,
                barred=self.status(record.measure)[:-1] == BARRED,
            )

    def _callers(self, record: Indicator) -> Callers:
        """The caller's own figures of an indicator: rows, values and the cases behind them."""
        if self.own_figures.empty:
            return _NO_CALLERS
        table = self.own_figures[self.own_figures["indicator"] == record.id]
        rows = pd.Index(self.areas, dtype="str").get_indexer(pd.Index(table["la_code"]))
        return rows, table["value"].to_numpy(dtype=float), table["size"].to_numpy(dtype=float)

    def neighbour_pairs(self, neighbours: pd.DataFrame) -> Pairs:
        """The row of each area, paired with the row of one of its statistical neighbours."""
        index = pd.Index(self.areas[:-1], dtype="str")
        area = index.get_indexer(pd.Index(neighbours["la_code"]))
        neighbour = index.get_indexer(pd.Index(neighbours["neighbour_code"]))
        both = (area >= 0) & (neighbour >= 0)
        return area[both], neighbour[both]

    def value_and_size(self, record: Indicator) -> tuple[FloatArray, FloatArray]:
        """An indicator's values in its unit, and the cases behind each of them."""
        numerator, denominator, value = self.table(record.measure)
        if record.denominator == POPULATION:
            return 10_000 * rate(value, self.children), self.children
        if record.kind == "proportion":
            # What the publisher marks as not available can't be worked out from what is.
            open_ = np.isnan(value) & (self.status(record.measure) == PUBLISHED)
            value = np.where(open_, 100 * rate(numerator, denominator), value)
        size = np.where(denominator > 0, denominator, self._cases(record))
        return value, size

    def _cases(self, record: Indicator) -> FloatArray:
        """The cases behind each value, from the measure that counts them."""
        measure = record.size_measure or record.denominator
        if measure not in self.tables:
            return np.full((len(self.areas), len(self.years)), np.nan)
        if measure == POPULATION:
            return self.children
        numerator, denominator, value = self.table(measure)
        if record.kind == "amount":
            return np.asarray(denominator, dtype=float)
        if measure in _RATES:
            return np.asarray(value * self.children / 10_000, dtype=float)
        counted = np.where(np.isfinite(numerator), numerator, value)
        few = (self.status(measure) == SUPPRESSED) & np.isnan(counted)
        return np.asarray(np.where(few, SUPPRESSED_COUNT, counted), dtype=float)

    def _handed_down(
        self, records: Sequence[Indicator], family: list[int]
    ) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Values and sizes of old and new authorities; the new ones' own where they have them.

        All indicators at once: shape (indicators, authorities of the family, years).
        """
        tables = {name: table[:, family] for name, table in self.tables.items()}
        statuses = {name: table[family] for name, table in self.statuses.items()}
        areas = tuple(self.areas[row] for row in family)
        few = replace(self, areas=areas, tables=tables, statuses=statuses)
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


def _parents(snapshot: Snapshot, areas: tuple[str, ...]) -> tuple[tuple[int, tuple[int, ...]], ...]:
    """The row of each authority made from others, and the rows of those."""
    position = {code: row for row, code in enumerate(areas)}
    codes, found = snapshot.authorities["la_code"], []
    for code in codes[codes.isin(snapshot.register.reorganisations["successor"])]:
        parents = [change.predecessor for change in snapshot.register.predecessors(code)]
        if parents and all(parent in position for parent in parents):
            found.append((position[code], tuple(position[parent] for parent in parents)))
    return tuple(found)
