"""What every picture of the report is: a message, words in its place, and its table."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from earlywarn.utils.files import package_path

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

    def picture_link(self) -> str:
        """The drawing as a file of its own, in the link itself: no script and no network."""
        return inline("image/svg+xml", self.picture()) if self.svg.startswith("<svg") else ""

    def picture(self) -> str:
        """The drawing as a file of its own."""
        whole = self.svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
        return whole.replace(">", f">{picture_style()}", 1)

    def table_link(self) -> str:
        """The frame as a CSV file, in the link itself."""
        return inline("text/csv", self.data.to_csv(index=False, lineterminator="\r\n"))

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


def inline(kind: str, content: str) -> str:
    """A file as the address of a link that holds all of it."""
    return f"data:{kind};base64,{b64encode(content.encode('utf-8')).decode('ascii')}"


@cache
def picture_style() -> str:
    """The page's styles of drawings, for one that stands alone."""
    page = package_path("report/templates/page.css").read_text(encoding="utf-8")
    drawn = page[page.index("/* drawings */") : page.index("/* end of drawings */")]
    root = page[page.index(":root{") : page.index("}") + 1]
    return f"<style>{root}{drawn.removeprefix('/* drawings */').strip()}</style>"
