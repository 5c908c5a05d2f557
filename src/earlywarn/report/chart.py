"""What every picture of the report is: a message, words in its place, and its table."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

Writer = Callable[[Any], str]
"""Turns a cell into text."""


@dataclass(frozen=True)
class Column:
    """How a column of a frame stands in a table: its heading, and how its cells are written."""

    heading: str
    write: Writer
    numeric: bool = True


@dataclass(frozen=True, eq=False)
class Drawn:
    """One picture with the frame that it was drawn from.

    Parameters
    ----------
    name : str
        The id of the picture in the page.
    title : str
        The message, as a sentence.
    alt : str
        What is to be seen, for those who can't.
    data : DataFrame
        The numbers drawn.
    columns : mapping
        How each column of the frame stands in the table.
    svg : str
        The drawing.
    """

    name: str
    title: str
    alt: str
    data: pd.DataFrame
    columns: Mapping[str, Column]
    svg: str

    def frame(self) -> pd.DataFrame:
        """The numbers that were drawn."""
        return self.data.copy()

    def plot(self) -> str:
        """The drawing, as inline SVG or HTML."""
        return self.svg

    def table(self) -> Table:
        """The same as a table for people."""
        return Table.of(self.data, self.columns)


@dataclass(frozen=True)
class Table:
    """Headings and rows of text; the first cell of a row is its heading."""

    headings: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, frame: pd.DataFrame, columns: Mapping[str, Column]) -> Table:
        """Write a frame's columns, in the order told."""
        told = [
            [column.write(cell) for cell in frame[name].tolist()]
            for name, column in columns.items()
        ]
        return cls(tuple(columns.values()), tuple(zip(*told, strict=True)))


def text(cell: Any) -> str:
    """Text as it is; nothing where there is none.

    Examples
    --------
    >>> text(None)
    ''
    """
    return "" if _none(cell) else str(cell)


def percent(cell: Any) -> str:
    """A share as a percentage.

    Examples
    --------
    >>> percent(0.4379)
    '43.8%'
    """
    return "not known" if _none(cell) else f"{100 * cell:.1f}%"


def chance(share: float) -> str:
    """A chance in whole per cent; never said to be certain.

    Examples
    --------
    >>> chance(0.9999), chance(0.62), chance(0.0)
    ('over 99%', '62%', 'under 1%')
    """
    if share > 0.99:
        return "over 99%"
    return "under 1%" if share < 0.01 else f"{share:.0%}"


def whole(cell: Any) -> str:
    """A whole number.

    Examples
    --------
    >>> whole(1200.0)
    '1,200'
    """
    return "not known" if _none(cell) else f"{cell:,.0f}"


def number(cell: Any) -> str:
    """A number in the fewest figures that matter.

    Examples
    --------
    >>> number(5.04), number(1234.5), number(float("nan"))
    ('5.0', '1,234', 'not known')
    """
    if _none(cell):
        return "not known"
    return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.1f}"


def year(cell: Any) -> str:
    """A year; nothing where there is none.

    Examples
    --------
    >>> year(2024.0)
    '2024'
    """
    return "" if _none(cell) else f"{cell:.0f}"


def signed(cell: Any) -> str:
    """A number with its sign, in two places.

    Examples
    --------
    >>> signed(-0.0312)
    '-0.03'
    """
    return "not known" if _none(cell) else f"{cell:+z.2f}"


def long_date(day: date | str | None) -> str:
    """A day as people write it.

    Examples
    --------
    >>> long_date("2026-03-09")
    '9 March 2026'
    """
    if day is None or _none(day):
        return "not known"
    found = date.fromisoformat(day) if isinstance(day, str) else day
    return f"{found.day} {MONTHS[found.month - 1]} {found.year}"


MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def _none(cell: Any) -> bool:
    # Most cells are plain numbers, and there are a quarter of a million of them.
    return math.isnan(cell) if isinstance(cell, float) else bool(pd.isna(cell))


def year_ranges(years: list[int]) -> str:
    """Years as ranges.

    Examples
    --------
    >>> year_ranges([2013, 2015, 2016, 2017])
    '2013, 2015 to 2017'
    """
    runs: list[list[int]] = []
    for year in sorted(years):
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)
