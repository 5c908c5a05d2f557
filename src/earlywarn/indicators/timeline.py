"""A panel seen day after day: each epoch's indicators are built once between publications."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd

from earlywarn.indicators.build import history_of, published_indicators, snapshot_index
from earlywarn.judgements.targets import GRADES, by_publication, last_public

if TYPE_CHECKING:
    from datetime import date

    from earlywarn.panel.panel import Panel


@dataclass(eq=False)
class Timeline:
    """Indicators by date, through the doors that a single date goes through.

    Parameters
    ----------
    panel : Panel
        The published figures.
    judgements : DataFrame
        One row an inspection.

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
    _figures: dict[tuple[int, int, tuple[str, ...]], pd.DataFrame] = field(
        default_factory=dict, repr=False
    )
    _rows: dict[tuple[str, date], pd.Series] = field(default_factory=dict, repr=False)
    _last: dict[date, pd.DataFrame] = field(default_factory=dict, repr=False)
    _public: dict[date, pd.DataFrame] = field(default_factory=dict, repr=False)
    _histories: dict[date, pd.DataFrame] = field(default_factory=dict, repr=False)
    _existing: dict[date, pd.DataFrame] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self._reports = by_publication(self.judgements, self.panel.register)
        figures = self.panel.observations
        days = {
            *figures["published_on"],
            *figures["vintage"],
            *self.panel.neighbours["published_on"],
        }
        self._releases = np.array(sorted(days), dtype="datetime64[D]")

    def at(self, day: date) -> pd.DataFrame:
        """What ``build_indicators`` gives for the day."""
        history = self._history(day)
        frame = pd.concat([self._published(day), history], axis=1)
        return frame.set_axis(snapshot_index(history.index, day))

    def row(self, la_code: str, day: date) -> pd.Series:
        """The day's indicators of one authority."""
        key = (la_code, day)
        if key not in self._rows:
            parts = [table.loc[la_code] for table in (self._published(day), self._history(day))]
            own = cast("pd.Series", pd.concat(parts))
            self._rows[key] = own.rename((la_code, day.isoformat()))
        return self._rows[key]

    def _published(self, day: date) -> pd.DataFrame:
        """The figures' indicators, by the authorities of the day: alike between publications."""
        codes = self.authorities(day)["la_code"]
        epoch = int(np.searchsorted(self._releases, np.datetime64(day), side="right"))
        key = (epoch, day.year, tuple(codes))
        if key not in self._figures:
            found = published_indicators(self.panel.as_of(day))
            self._figures[key] = found.droplevel("as_of")
        return self._figures[key]

    def last_inspection(self, day: date) -> pd.DataFrame:
        """The last judgement known on the day: its grade, 0 to 3, and the years since it began."""
        if day not in self._last:
            self._last[day] = self._last_inspection(day)
        return self._last[day]

    def _last_inspection(self, day: date) -> pd.DataFrame:
        last = self._last_public(day)
        rank = {grade: float(position) for position, grade in enumerate(GRADES)}
        years = [
            (day - began).days / 365.25 if hasattr(began, "year") and began == began else np.nan  # noqa: PLR0124 - NaT is no equal of itself
            for began in last["previous_inspection"]
        ]
        return pd.DataFrame(
            {"grade": last["previous_judgement"].map(rank).astype(float), "years": years}
        )

    def authorities(self, day: date) -> pd.DataFrame:
        """The authorities that existed on the day."""
        if day not in self._existing:
            self._existing[day] = self.panel.register.existing(day)
        return self._existing[day]

    def _history(self, day: date) -> pd.DataFrame:
        if day not in self._histories:
            self._histories[day] = history_of(self._last_public(day))
        return self._histories[day]

    def _last_public(self, day: date) -> pd.DataFrame:
        if day not in self._public:
            codes = self.authorities(day)["la_code"]
            self._public[day] = last_public(self._reports, day, codes)
        return self._public[day]
