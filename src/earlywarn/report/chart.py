"""What every picture of the report is: a message, words in its place, and its table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
class Chart:
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
        """Write a frame's columns, in the order cells."""
        cells = [
            [column.write(cell) for cell in frame[name].tolist()]
            for name, column in columns.items()
        ]
        return cls(tuple(columns.values()), tuple(zip(*cells, strict=True)))
