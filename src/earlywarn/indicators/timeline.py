"""A panel's indicators day by day, built once for each epoch between publications."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import pandas as pd

from earlywarn.indicators.build import history_of, published_indicators, snapshot_index
from earlywarn.indicators.catalogue import HISTORY, WAS_INADEQUATE
from earlywarn.judgements.targets import GRADES, by_publication

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from earlywarn.panel.panel import Panel
    from earlywarn.statistics.arrays import FloatArray


_HISTORY = (HISTORY, WAS_INADEQUATE)


class _WorkedOut(NamedTuple):
    """Results worked out from a panel's figures: by epoch, and by the inputs of a column."""

    figures: dict[tuple[int, int, int], pd.DataFrame]
    columns: dict[bytes, dict[str, FloatArray]]


_WORKED_OUT: WeakKeyDictionary[Panel, _WorkedOut] = WeakKeyDictionary()
"""Kept per panel in use: training, backtest, checks and card ask for the same days."""


@dataclass(eq=False)
class Timeline:
    """Indicators by date, built by the same functions as for a single date.

    Parameters
    ----------
    panel : Panel
        The published figures.
    judgements : DataFrame
        One row per inspection.

    Examples
    --------
    >>> import datetime, earlywarn as ew
    >>> panel = ew.load_panel()
    >>> timeline = Timeline(panel, panel.judgements)
    >>> day = datetime.date(2024, 6, 30)
    >>> timeline.at(day).equals(ew.build_indicators(panel.as_of(day)))
    True
    """

    panel: Panel
    judgements: pd.DataFrame
    _public: dict[date, FloatArray] = field(default_factory=dict, repr=False)
    _existing: dict[int, pd.DataFrame] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self._worked_out = _WORKED_OUT.setdefault(self.panel, _WorkedOut({}, {}))
        reports = by_publication(self.judgements, self.panel.register)
        self._reports = _numbers(reports)
        self._own = {
            code: (rows["previous_published_on"].tolist(), rows.index.tolist())
            for code, rows in reports.groupby("la_code")
        }
        figures = self.panel.observations
        days = {
            *figures["published_on"],
            *figures["vintage"],
            *self.panel.neighbours["published_on"],
        }
        self._releases = np.array(sorted(days), dtype="datetime64[D]")
        lives = self.panel.register.authorities[["opened", "closed"]].to_numpy().ravel()
        self._changes = np.array(sorted(set(lives[pd.notna(lives)])), dtype="datetime64[D]")

    def at(self, day: date) -> pd.DataFrame:
        """The result of ``build_indicators`` for the day."""
        frame = self.by_authority(day)
        return frame.set_axis(snapshot_index(frame.index, day))

    def by_authority(self, day: date) -> pd.DataFrame:
        """The result of ``build_indicators``, indexed by ``la_code`` alone."""
        figures = self._published(day)
        history = self._last_of_all(day)[:, : len(_HISTORY)]
        last = pd.DataFrame(history, index=figures.index, columns=list(_HISTORY))
        return pd.concat([figures, last], axis=1)

    def rows(self, pairs: Iterable[tuple[str, date]]) -> pd.DataFrame:
        """The indicators of authorities, each on its own day: one row per pair, in order."""
        codes, days, figures = [], [], []
        names: pd.Index = pd.Index([])
        for la_code, day in pairs:
            table = self._published(day)
            figures.append(table.loc[la_code].to_numpy())
            names = table.columns
            codes.append(la_code)
            days.append(day)
        history = self._last(codes, days)[:, : len(_HISTORY)]
        last = pd.DataFrame(history, columns=list(_HISTORY))
        return pd.concat([pd.DataFrame(figures, columns=names), last], axis=1)

    def _published(self, day: date) -> pd.DataFrame:
        """The figures' indicators of the day's authorities: unchanged between publications."""
        key, (figures, columns) = self.epoch(day), self._worked_out
        if key not in figures:
            found = published_indicators(self.panel.as_of(day), kept=columns)
            figures[key] = found.droplevel("as_of")
        return figures[key]

    def epoch(self, day: date) -> tuple[int, int, int]:
        """The publications, year and authorities on which a day's figures' indicators are based.

        These are the same on all days of an epoch; last inspections are not.
        """
        return _passed(self._releases, day), day.year, _passed(self._changes, day)

    def last_inspection(self, day: date) -> pd.DataFrame:
        """The last judgement known on the day: its grade, 0 to 3, and the years since it began."""
        codes = self.authorities(day)["la_code"]
        found = _grade_and_years(self._last_of_all(day), np.full(len(codes), day.toordinal()))
        return found.set_axis(pd.Index(codes, name="la_code"))

    def last_inspections(self, pairs: Sequence[tuple[str, date]]) -> pd.DataFrame:
        """The last inspections of authorities, each on its own day: one row per pair, in order."""
        codes, days = [code for code, _ in pairs], [day for _, day in pairs]
        ordinals = np.array([day.toordinal() for day in days], dtype=np.int64)
        return _grade_and_years(self._last(codes, days), ordinals)

    def authorities(self, day: date) -> pd.DataFrame:
        """The authorities that existed on the day."""
        key = _passed(self._changes, day)
        if key not in self._existing:
            self._existing[key] = self.panel.register.existing(day)
        return self._existing[key]

    def _last_of_all(self, day: date) -> FloatArray:
        """The last reports of the authorities of the day, in their order."""
        if day not in self._public:
            codes = self.authorities(day)["la_code"].tolist()
            self._public[day] = self._last(codes, [day] * len(codes))
        return self._public[day]

    def _last(self, codes: Sequence[str], days: Sequence[date]) -> FloatArray:
        """The row in ``_numbers`` of each authority's last report that was public on its day."""
        places = [self._position(code, day) for code, day in zip(codes, days, strict=True)]
        return self._reports[np.array(places, dtype=np.int64)]

    def _position(self, la_code: str, day: date) -> int:
        """The position of the report in the order of publication; -1 where there was none."""
        published, positions = self._own.get(la_code, ([], []))
        public = bisect_right(published, day)
        return positions[public - 1] if public else -1


def _numbers(reports: pd.DataFrame) -> FloatArray:
    """For each report, the indicators of ``history_of``, the grade and the start date.

    The last row, which position -1 points to, is for no report. A day is asked for by all
    authorities at once, hundreds of times, and frames would cost more than all the rest.
    """
    grades = {grade: float(place) for place, grade in enumerate(GRADES)}
    began = [day.toordinal() if pd.notna(day) else np.nan for day in reports["previous_inspection"]]
    grade = [grades.get(name, np.nan) for name in reports["previous_judgement"]]
    table = np.column_stack([history_of(reports)[list(_HISTORY)].to_numpy(), grade, began])
    return np.vstack([table, np.full(table.shape[1], np.nan)])


def _grade_and_years(last: FloatArray, days: npt.NDArray[np.int64]) -> pd.DataFrame:
    grade, began = last[:, len(_HISTORY) :].T
    return pd.DataFrame({"grade": grade, "years": (days - began) / 365.25})


def _passed(days: npt.NDArray[np.datetime64], day: date) -> int:
    """How many of the sorted days are on or before a day."""
    return int(np.searchsorted(days, np.datetime64(day), side="right"))
