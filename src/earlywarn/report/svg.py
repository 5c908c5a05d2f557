"""Small charts as text: numbers as whole coordinates, paths with gaps for missing figures.

A report has some five thousand charts. Written directly, each takes under a kilobyte and a fraction
of a millisecond; a plotting library takes twenty times as much of both, which would exceed the
limits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    import pandas as pd

LETTERS = {"Outstanding": "O", "Good": "G", "Requires improvement": "R", "Inadequate": "I"}


@dataclass(frozen=True)
class Scale:
    """A linear map from numbers to coordinates.

    Examples
    --------
    >>> Scale(0.0, 10.0, 100, 0)(2.5)
    75
    """

    low: float
    high: float
    start: int
    end: int

    def __call__(self, value: float) -> int:
        """The coordinate of a value, limited to the drawing."""
        span = self.high - self.low
        share = 0.5 if span <= 0 else (value - self.low) / span
        # Without min and max: a report calls this three hundred thousand times.
        share = 0.0 if share < 0 else 1.0 if share > 1 else share
        return round(self.start + share * (self.end - self.start))


def line(x: Sequence[int], y: Sequence[float], scale: Scale) -> str:
    """Return the path of a line, broken where a value is missing; a lone value becomes a dot.

    Examples
    --------
    >>> line([0, 10, 20, 30], [1.0, 2.0, float("nan"), 4.0], Scale(0, 4, 40, 0))
    'M0 30L10 20M30 0h0'
    """
    parts: list[str] = []
    for place, value in zip(x, y, strict=True):
        if math.isnan(value):
            _close(parts)
            parts.append("")
        else:
            joined = bool(parts) and parts[-1] != ""
            parts.append(f"{'L' if joined else 'M'}{place} {scale(value)}")
    _close(parts)
    return "".join(parts)


def _close(parts: list[str]) -> None:
    """A point without a neighbour on either side has no length: give it one."""
    if parts and parts[-1].startswith("M"):
        parts[-1] += "h0"


def area(x: Sequence[int], low: Sequence[float], high: Sequence[float], scale: Scale) -> str:
    """Return the path of a band between two lines, broken where either is missing.

    Examples
    --------
    >>> area([0, 10], [1.0, 1.0], [3.0, 2.0], Scale(0, 4, 40, 0))
    'M0 10L10 20L10 30L0 30z'
    """
    parts: list[str] = []
    run: list[tuple[int, float, float]] = []
    points = list(zip(x, low, high, strict=True))
    for point in [*points, (0, math.nan, math.nan)]:
        if math.isnan(point[1] + point[2]):
            parts.append(_band(run, scale))
            run = []
        else:
            run.append(point)
    return "".join(parts)


def _band(run: list[tuple[int, float, float]], scale: Scale) -> str:
    if not run:
        return ""
    if len(run) == 1:
        place = run[0][0]
        run = [(place - 2, *run[0][1:]), (place + 2, *run[0][1:])]
    above = [f"{place} {scale(high)}" for place, _, high in run]
    below = [f"{place} {scale(low)}" for place, low, _ in reversed(run)]
    return f"M{'L'.join(above)}L{'L'.join(below)}z"


def label(x: float, y: float, text: str, css: str = "") -> str:
    """Return a text element, escaped.

    Examples
    --------
    >>> label(1, 2, "<b>")
    '<text x="1" y="2">&lt;b&gt;</text>'
    """
    kind = f' class="{css}"' if css else ""
    return f'<text x="{x:g}" y="{y:g}"{kind}>{escape(text)}</text>'


def drawing(width: int, height: int, name: str, parts: Iterable[str], css: str = "") -> str:
    """Return a whole picture with its name."""
    kind = f' class="{css}"' if css else ""
    return (
        f'<svg{kind} viewBox="0 0 {width} {height}" role="img" aria-label="{escape(name)}">'
        f"{''.join(parts)}</svg>"
    )


@dataclass(frozen=True)
class TimeAxis:
    """A map from dates to coordinates, the same for every chart of one width.

    Examples
    --------
    >>> from datetime import date
    >>> axis = TimeAxis(2013, date(2026, 3, 19), 10, 230)
    >>> axis.of_day(date(2013, 3, 31)) < axis.of_day(date(2014, 1, 1)) < axis.of_day(axis.last)
    True
    """

    first: int
    last: date
    start: int
    end: int

    @cached_property
    def scale(self) -> Scale:
        """The map from decimal years to coordinates."""
        return Scale(self.first, _decimal(self.last) + 0.15, self.start, self.end)

    def of_day(self, day: date) -> int:
        """The coordinate of a date."""
        return self.scale(_decimal(day))

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
