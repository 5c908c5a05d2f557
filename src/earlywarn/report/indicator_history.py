"""Each indicator's history as known in a snapshot, with limits and missing values."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from earlywarn.authorities import ENGLAND
from earlywarn.indicators.build import FEWEST_NEIGHBOURS
from earlywarn.indicators.catalogue import INDICATORS, Indicator
from earlywarn.indicators.figures import POPULATION
from earlywarn.sources.reporting_years import span
from earlywarn.statistics.arrays import rate
from earlywarn.statistics.intervals import byar_limits, wilson_limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from earlywarn.panel.panel import Snapshot
    from earlywarn.statistics.arrays import FloatArray

COLUMNS = (
    "la_code",
    "indicator",
    "period",
    "value",
    "lower",
    "upper",
    "size",
    "neighbours",
    "england",
    "status",
    "joint",
    "restated",
    "assumed",
)
NOT_THERE, NOT_YET = "not published", "did not exist"


def indicator_history(snapshot: Snapshot) -> pd.DataFrame:
    """List every indicator of every authority by year, as known on the snapshot's date.

    Parameters
    ----------
    snapshot : Snapshot
        As returned by ``panel.as_of(date)``.

    Returns
    -------
    DataFrame
        One row per (authority, indicator, reporting year) of the years that were published for any
        authority: ``value`` in the indicator's unit; ``lower`` and ``upper``, 95% limits for
        chance, NaN where the number of cases is unknown; ``size``, the cases, children or workers
        behind it; ``neighbours``, the mean of its statistical neighbours; ``england``; ``status``,
        why a value is missing (``did not exist`` before the authority was created); and whether the
        figure is from a joint return, is a later restatement, or has an assumed publication date.

    Notes
    -----
    Limits are Wilson's for percentages (doi 10.1080/01621459.1927.10502953) and Byar's for counts
    per child or worker. They cover chance only, and not differences in how authorities record. Only
    figures that the authority itself published are included, not those of one it was made from.

    Examples
    --------
    >>> import earlywarn as ew
    >>> rows = indicator_history(ew.load_panel().as_of("2024-06-30"))
    >>> leeds = rows[(rows["la_code"] == "383") & (rows["indicator"] == "rereferrals")]
    >>> leeds["period"].tolist()[-1]
    2023
    """
    figures = _Tables(snapshot)
    records = [record for record in INDICATORS if record.kind != "history"]
    frames = [figures.rows(record) for record in records]
    return pd.concat([frame for frame in frames if len(frame)], ignore_index=True)


@dataclass(frozen=True)
class Line:
    """One indicator of one authority as plain lists: thousands are drawn, and frames are slow."""

    period: list[int]
    value: list[float]
    lower: list[float]
    upper: list[float]
    neighbours: list[float]
    england: list[float]
    status: list[str]


def lines_of(history: pd.DataFrame) -> dict[str, Line]:
    """Group one authority's rows, as returned by ``indicator_history``, by indicator."""
    names = history["indicator"].tolist()
    columns = {field.name: history[field.name].tolist() for field in fields(Line)}
    first: dict[str, int] = {}
    for place, name in enumerate(names):
        first.setdefault(name, place)
    ends = [*list(first.values())[1:], len(names)]
    return {
        name: Line(**{column: cells[start:end] for column, cells in columns.items()})
        for (name, start), end in zip(first.items(), ends, strict=True)
    }


class _Tables:
    """The snapshot's figures as tables, authority by year."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.codes = [*snapshot.authorities["la_code"], ENGLAND]
        everything = pd.concat([snapshot.observations, snapshot.england], ignore_index=True)
        row = pd.Index(self.codes).get_indexer(pd.Index(everything["la_code"]))
        first, last = int(everything["period"].min()), int(everything["period"].max())
        self.years = list(range(first, last + 2))
        placed = everything.assign(row=row, year=everything["period"] - first)
        self.by_measure = dict(iter(placed[row >= 0].groupby("measure")))
        self.near = _near(snapshot, self.codes[:-1])
        self.opened = [snapshot.register.life(code)[0] or date.min for code in self.codes[:-1]]
        estimates = pd.DataFrame(self.table(POPULATION, "value")).shift(1, axis=1)
        self.children: FloatArray = estimates.ffill(axis=1).to_numpy()

    def rows(self, record: Indicator) -> pd.DataFrame:
        value, size = self._value_and_size(record)
        there = np.flatnonzero(np.isfinite(value).any(axis=0))
        if not len(there):
            return pd.DataFrame(columns=list(COLUMNS))
        shown = slice(int(there[0]), int(there[-1]) + 1)
        value, size = value[:, shown], size[:, shown]
        lower, upper = _limits(record, value, size)
        grid = value[:-1].shape
        columns = {
            "la_code": np.repeat(self.codes[:-1], grid[1]),
            "indicator": record.id,
            "period": np.tile(self.years[shown], grid[0]),
            "value": value[:-1].ravel(),
            "lower": lower[:-1].ravel(),
            "upper": upper[:-1].ravel(),
            "size": size[:-1].ravel(),
            "neighbours": _mean_of(value[:-1], self.near).ravel(),
            "england": np.tile(value[-1], grid[0]),
            **self._marks(record, shown),
        }
        return pd.DataFrame(columns, columns=list(COLUMNS))

    def table(self, measure: str, column: str) -> FloatArray:
        """One column of numbers of a measure: authorities, England last, by year."""
        return np.asarray(self._table(measure, column, np.nan), dtype=float)

    def _table(self, measure: str, column: str, empty: object) -> NDArray[Any]:
        table = np.full((len(self.codes), len(self.years)), empty)
        if measure in self.by_measure:
            rows = self.by_measure[measure]
            table[rows["row"], rows["year"]] = rows[column].to_numpy()
        return table

    def _marks(self, record: Indicator, shown: slice) -> dict[str, object]:
        def cells(column: str, *, empty: object) -> NDArray[Any]:
            return self._table(record.measure, column, empty)[:-1, shown].ravel()

        status = cells("status", empty=np.array(NOT_THERE, dtype=object))
        early = _too_early(
            self.opened, [span(record.series, year)[1] for year in self.years[shown]]
        )
        status[(status == NOT_THERE) & early.ravel()] = NOT_YET
        return {
            "status": status,
            "joint": cells("joint", empty=False),
            "restated": cells("restated", empty=False),
            "assumed": cells("date_assumed", empty=False),
        }

    def _value_and_size(self, record: Indicator) -> tuple[FloatArray, FloatArray]:
        value = self.table(record.measure, "value")
        if record.denominator == POPULATION:
            return rate(value, self.children, 10_000), self.children
        denominator = self.table(record.measure, "denominator")
        if record.kind == "proportion":
            counted = rate(self.table(record.measure, "numerator"), denominator, 100)
            value = np.where(np.isfinite(value), value, counted)
        return value, np.where(denominator > 0, denominator, self._cases(record))

    def _cases(self, record: Indicator) -> FloatArray:
        """The cases behind a value, from the measure that counts them."""
        if record.size_measure in ("", POPULATION):
            return self.children if record.size_measure else np.full_like(self.children, np.nan)
        value = self.table(record.size_measure, "value")
        if record.size_measure in _PER_CHILD:
            return np.asarray(value * self.children / 10_000)
        numerator = self.table(record.size_measure, "numerator")
        return np.where(np.isfinite(numerator), numerator, value)


_PER_CHILD = frozenset(
    record.measure for record in INDICATORS if record.kind == "rate" and not record.numerator
)


def _too_early(opened: list[date], ends: list[date]) -> NDArray[np.bool_]:
    """Whether an authority did not yet exist on the last day of a reporting year."""
    return np.array([[end < day for end in ends] for day in opened])


def _near(snapshot: Snapshot, codes: list[str]) -> FloatArray:
    """1 where the column's authority is a statistical neighbour of the row's."""
    place = {code: row for row, code in enumerate(codes)}
    weights = np.zeros((len(codes), len(codes)))
    pairs = snapshot.neighbours
    for code, other in zip(pairs["la_code"], pairs["neighbour_code"], strict=True):
        if code in place and other in place:
            weights[place[code], place[other]] = 1.0
    return weights


def _mean_of(value: FloatArray, near: FloatArray) -> FloatArray:
    count = near @ np.isfinite(value).astype(float)
    mean = rate(near @ np.nan_to_num(value), count)
    return np.where(count >= FEWEST_NEIGHBOURS, mean, np.nan)


def _limits(
    record: Indicator, value: FloatArray, size: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """95% limits for chance; none where the number of cases behind a figure is unknown."""
    size = np.where(size > 0, size, np.nan)
    if record.kind == "proportion":
        count = np.clip(value, 0, 100) / 100 * size
        lower, upper = wilson_limits(np.minimum(count, size), size)
        return 100 * lower, 100 * upper
    if record.kind == "amount":
        none = np.full_like(value, np.nan)
        return none, none
    per = 10_000 if record.kind == "rate" else 1
    lower, upper = byar_limits(np.maximum(value, 0) * size / per)
    return rate(lower, size, per), rate(upper, size, per)
