"""The one time axis that all charts of an authority share, and the inspections marked on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from earlywarn.report.svg import Scale, label

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

LETTERS = {"Outstanding": "O", "Good": "G", "Requires improvement": "R", "Inadequate": "I"}
YEAR_ENDS = 0.25
"""Reporting years end on 31 March: their figures stand a quarter into the year."""


@dataclass(frozen=True)
class TimeAxis:
    """Days to coordinates, the same for every chart of one width.

    Examples
    --------
    >>> from datetime import date
    >>> axis = TimeAxis(2013, date(2026, 3, 19), 10, 230)
    >>> axis.of_year(2013) < axis.of_day(date(2014, 1, 1)) < axis.of_day(axis.last) <= 230
    True
    """

    first: int
    last: date
    start: int
    end: int

    @property
    def scale(self) -> Scale:
        """Years as decimals to coordinates."""
        return Scale(self.first, _decimal(self.last) + 0.15, self.start, self.end)

    def of_day(self, day: date) -> int:
        """Where a day lies."""
        return self.scale(_decimal(day))

    def of_year(self, period: int) -> int:
        """Where the figures of a reporting year lie."""
        return self.scale(period + YEAR_ENDS)

    def ticks(self, height: int, *, each: int) -> str:
        """Marks and labels below the axis."""
        years = range(self.first + 1, self.last.year + 1)
        marks = "".join(f"M{self.scale(year)} {height}v4" for year in years)
        named = [year for year in years if (self.last.year - year) % each == 0]
        labels = "".join(label(self.scale(year), height + 14, str(year), "m") for year in named)
        return f'<path class="ax" d="M{self.start} {height}H{self.end}{marks}"/>{labels}'


def _decimal(day: date) -> float:
    return day.year + (day.timetuple().tm_yday - 1) / 365.25


def inspection_lines(axis: TimeAxis, inspections: pd.DataFrame, top: int, bottom: int) -> str:
    """A thin line at each inspection's start, with the first letter of its grade."""
    lines, letters = [], []
    for start, grade in zip(inspections["inspection_start"], inspections["grade"], strict=True):
        place = axis.of_day(start)
        lines.append(f"M{place} {top}V{bottom}")
        letters.append(label(place, top - 2, LETTERS.get(grade, "?"), "m j"))
    return f'<path class="jl" d="{"".join(lines)}"/>{"".join(letters)}' if lines else ""
