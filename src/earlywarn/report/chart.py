"""A picture of the report: a message, an alternative text, and its table."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from earlywarn.utils.csv_text import inert
from earlywarn.utils.files import package_path

if TYPE_CHECKING:
    import pandas as pd

Writer = Callable[[Any], str]
"""Turns a cell into text."""


@dataclass(frozen=True)
class Column:
    """How a column of a frame is shown in a table: its heading, and the format of its cells."""

    heading: str
    write: Writer
    numeric: bool = True


@dataclass(frozen=True, eq=False)
class Chart:
    """A picture with the frame from which it was drawn.

    Parameters
    ----------
    name : str
        The id of the picture in the page.
    title : str
        The message, as a sentence.
    alt : str
        A description of the picture, for those who can't see it.
    data : DataFrame
        The numbers drawn.
    columns : mapping
        How each column of the frame is shown in the table.
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
        """The drawing as a separate file, embedded in the link: no script and no network."""
        return inline("image/svg+xml", self.picture()) if self.svg.startswith("<svg") else ""

    def picture(self) -> str:
        """The drawing as a separate file."""
        whole = self.svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
        return whole.replace(">", f">{picture_style(self.svg)}", 1)

    def table_link(self) -> str:
        """The frame as a CSV file, embedded in the link."""
        return inline("text/csv", inert(self.data).to_csv(index=False, lineterminator="\r\n"))

    def table(self) -> Table:
        """The numbers as a table for people."""
        return Table.of(self.data, self.columns)


@dataclass(frozen=True)
class Table:
    """Headings and rows of text; the first cell of a row is its heading."""

    headings: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, frame: pd.DataFrame, columns: Mapping[str, Column]) -> Table:
        """Format a frame's columns as a table, in the order of ``columns``."""
        cells = [
            [column.write(cell) for cell in frame[name].tolist()]
            for name, column in columns.items()
        ]
        return cls(tuple(columns.values()), tuple(zip(*cells, strict=True)))


def inline(kind: str, content: str | bytes) -> str:
    """A file as a link address that contains all of it."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    return f"data:{kind};base64,{b64encode(data).decode('ascii')}"


def archive(files: Mapping[str, str]) -> bytes:
    """Pack texts, by name, in one zip file; the same texts give the same bytes.

    Examples
    --------
    >>> archive({"a.csv": "x"}) == archive({"a.csv": "x"})
    True
    """
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED, compresslevel=9) as file:
        for name, content in files.items():
            entry = ZipInfo(name)  # with a fixed date: 1 January 1980
            entry.compress_type, entry.create_system = ZIP_DEFLATED, _UNIX
            entry.external_attr = 0o644 << 16
            file.writestr(entry, content.encode("utf-8"), compresslevel=9)
    return packed.getvalue()


def picture_style(drawn: str) -> str:
    """The page's styles that a drawing needs as a separate file."""
    used = {name for names in _CLASSES.findall(drawn) for name in names.split()}
    rules = [
        f"{selector}{{{style}}}"
        for selector, style in _drawing_rules()
        if set(_CLASS_OF.findall(selector)) <= used
    ]
    needed = set(_VARIABLE_OF.findall("".join(rules)))
    given = ";".join(f"{name}:{value}" for name, value in _colours() if name in needed)
    root = f":root{{{given}}}" if given else ""
    return f"<style>{root}{''.join(rules)}</style>"


_UNIX = 3
_CLASSES = re.compile(r'class="([^"]*)"')
_CLASS_OF, _VARIABLE_OF = re.compile(r"\.([a-z][\w-]*)"), re.compile(r"var\((--[\w-]+)\)")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")


@cache
def _page_style() -> str:
    return package_path("report/templates/page.css").read_text(encoding="utf-8")


@cache
def _drawing_rules() -> tuple[tuple[str, str], ...]:
    """The rules of drawings: selector and declarations, one selector each."""
    page = _page_style()
    drawn = page[page.index("/* drawings */") : page.index("/* end of drawings */")]
    return tuple(
        (selector.strip(), style)
        for selectors, style in _RULE.findall(drawn.removeprefix("/* drawings */"))
        for selector in selectors.split(",")
    )


@cache
def _colours() -> tuple[tuple[str, str], ...]:
    """The page's named colours."""
    page = _page_style()
    root = page[page.index(":root{") + len(":root{") :].split("}")[0]
    pairs = (each.partition(":") for each in root.split(";"))
    return tuple((name.strip(), value.strip()) for name, _, value in pairs)
