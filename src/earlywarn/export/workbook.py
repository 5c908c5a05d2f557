"""A workbook in no particular format: a cover, notes, and one table per sheet, as plain records.

They follow the Analysis Function's guidance 'Releasing statistics in spreadsheets': text in column
A; one table per sheet, directly below a title and what is needed to read it; no merged or empty
cells; shorthand in brackets; nothing shown by colour only.
"""

from __future__ import annotations

import math
import re
import textwrap
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from numbers import Integral, Real
from typing import TYPE_CHECKING

import pandas as pd

from earlywarn.export.column import NOT_APPLICABLE, SHARE, Column
from earlywarn.export.data_dictionary import SHORTHAND, columns_of
from earlywarn.model.horizon import on_day
from earlywarn.scoring.national import hindsight
from earlywarn.utils.dates import parse_day

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from earlywarn.model.risk_model import RiskModel
    from earlywarn.panel.panel import Snapshot

Cell = str | int | float

SOURCE = (
    "Source: Department for Education, Ofsted and Office for National Statistics. "
    "Contains public sector information licensed under the Open Government Licence v3.0, "
    "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/. "
    "None of them has endorsed earlywarn."
)
CONTACT = (
    "Send questions about this workbook to the person or team that gave it to you. The "
    "documentation of earlywarn describes the methods, the limits and how to report an error."
)
CAUTION = (
    (
        "The published figures predict little: intervals are wide, ranks overlap, and most "
        "authorities high on the list will not be judged Inadequate."
    ),
    (
        "Use it to offer support and to ask questions, never to pre-judge an inspection, as a "
        "league table, or for a decision by itself."
    ),
)
LINES_ABOVE = 4
"""Rows above the header of a table: the title and three lines, in every sheet."""
COVER_WIDTH = 72
"""Characters in a line of the cover, so that it fits on a printed page."""
TEXT_WIDTH = 44
"""Characters in a line of text within a table: longer text is wrapped."""
WIDEST = 220
"""The most characters side by side that can be read on landscape A4."""
_UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class About:
    """The text that describes a workbook.

    Parameters
    ----------
    title : str
    tab : str
        The name of the sheet with the table.
    day : date
        The date that the table is about; also given as the date the document was made, so that the
        same inputs give the same bytes.
    introduction : tuple of str
        What it is, one sentence per row.
    caution : tuple of str
        What it can't show.
    """

    title: str = "Table written by earlywarn"
    tab: str = "Table"
    day: date = date(2016, 9, 13)
    introduction: tuple[str, ...] = ("A table written by earlywarn.",)
    caution: tuple[str, ...] = CAUTION


@dataclass(frozen=True, eq=False)
class Sheet:
    """One sheet with its one table."""

    tab: str
    title: str
    lines: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @cached_property
    def widths(self) -> list[int]:
        """The width of each column, in characters: wide enough to read, and wrapped beyond that."""
        cells = [[column.name for column in self.columns], *self.rows]
        longest = [max(len(str(cell)) for cell in column) for column in zip(*cells, strict=True)]
        shown = [9 if column.places is not None else TEXT_WIDTH for column in self.columns]
        return [
            max(min(long, most), len(column.name)) + (2 if column.places is None else 4)
            for long, most, column in zip(longest, shown, self.columns, strict=True)
        ]

    @property
    def pages_wide(self) -> int:
        """How many sheets of paper wide it is printed: on fewer, the text would be too small."""
        return 1 if sum(self.widths) <= WIDEST else 2

    def lines_of(self, row: tuple[Cell, ...]) -> int:
        """How many lines a row takes up once its texts are wrapped."""
        pairs = zip(row, self.widths, strict=True)
        return max(
            (lines_in(cell, width) for cell, width in pairs if isinstance(cell, str)), default=1
        )


@dataclass(frozen=True, eq=False)
class Book:
    """A workbook: the cover as headings with their paragraphs, then the sheets."""

    title: str
    day: date
    cover: tuple[tuple[str, tuple[str, ...]], ...]
    sheets: tuple[Sheet, ...]


def book_of(frame: pd.DataFrame, about: About) -> Book:
    """Turn a frame into a workbook with a cover and notes.

    Parameters
    ----------
    frame : DataFrame
    about : About

    Examples
    --------
    >>> book = book_of(pd.DataFrame({"risk": [0.25, None]}), About())
    >>> [sheet.tab for sheet in book.sheets], book.sheets[1].rows
    (['Notes', 'Table'], ((0.25,), ('[x]',)))
    """
    columns = columns_of(frame)
    table = Sheet(
        about.tab,
        about.title,
        (
            "This worksheet contains one table. The worksheet Notes says what each column means.",
            "Shorthand: " + "; ".join(f"{mark} {meaning}" for mark, meaning in SHORTHAND.items()),
            SOURCE,
        ),
        columns,
        tuple(_row(row, columns) for row in frame.to_dict("records")),
    )
    notes = _notes(columns, about)
    cover = (
        ("What this is", about.introduction),
        ("What it can't say", about.caution),
        (
            "Worksheets",
            (f"{notes.tab}: what each column means", f"{table.tab}: {len(table.rows)} rows"),
        ),
        ("Shorthand", tuple(f"{mark} {meaning}" for mark, meaning in SHORTHAND.items())),
        ("Source and licence", (SOURCE,)),
        ("Contact", (CONTACT,)),
    )
    return Book(about.title, about.day, cover, (notes, table))


_NOTES = (
    Column("column", "Column", ""),
    Column("label", "Label", ""),
    Column("unit", "Unit", "", blank=NOT_APPLICABLE),
    Column("meaning", "Meaning", ""),
)


def _notes(columns: tuple[Column, ...], about: About) -> Sheet:
    rows = tuple(
        (column.name, column.label, column.unit or NOT_APPLICABLE, column.meaning)
        for column in columns
    )
    lines = (
        f"This worksheet contains one table, about the columns of the worksheet {about.tab}.",
        f"{NOT_APPLICABLE} as a unit: the column is text. Shares are shown as percentages.",
        "Intervals are 90% intervals.",
    )
    return Sheet("Notes", "Notes: what each column means", lines, _NOTES, rows)


def _row(row: Mapping[Hashable, object], columns: tuple[Column, ...]) -> tuple[Cell, ...]:
    start = row.get("term") == "baseline"
    return tuple(
        _cell(row[column.name], NOT_APPLICABLE if start else column.blank) for column in columns
    )


def _cell(value: object, blank: str) -> Cell:
    """A number as a number, anything else as text, never an empty cell."""
    if isinstance(value, bool) or not isinstance(value, Real):
        text = "" if value is None or value is pd.NA or value is pd.NaT else str(value)
        return readable(text) if text.strip() and text != "nan" else blank
    number = float(value)
    if not math.isfinite(number):
        return blank
    return int(value) if isinstance(value, Integral) else number


def readable(text: str) -> str:
    r"""Replace the characters that a document of this kind may not contain.

    Examples
    --------
    >>> readable("a\x00b")
    'a\ufffdb'
    """
    return _UNREADABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def lines_in(text: str, width: int) -> int:
    r"""Count the lines of a text wrapped at a number of characters.

    Examples
    --------
    >>> lines_in("one two\nthree", 5)
    3
    """
    return sum(max(len(textwrap.wrap(line, width)), 1) for line in text.split("\n"))


def is_number(column: Column) -> bool:
    """Whether a column contains numbers, which are aligned right."""
    return column.places is not None


def is_share(column: Column) -> bool:
    """Whether the numbers of a column are shown as percentages."""
    return column.unit == SHARE


def about_table(frame: pd.DataFrame) -> About:
    """Describe a workbook of which only the rows are known.

    Examples
    --------
    >>> about_table(pd.DataFrame({"as_of": ["2026-03-31"], "risk": [0.1], "model_id": ["m"]})).title
    'Table written by earlywarn, 2026-03-31'
    """
    plain = About()
    days = {str(day) for day in frame.get("as_of", pd.Series(dtype=object)).dropna()}
    models = sorted({str(name) for name in frame.get("model_id", pd.Series(dtype=object)).dropna()})
    day = parse_day(days.pop()) if len(days) == 1 else None
    if day is None:
        return plain
    sentences = [f"As of {day}: only figures published by then were used."]
    sentences += [f"Model {', '.join(models)}."] if models else []
    title = f"{plain.title}, {day.isoformat()}"
    return replace(plain, title=title, day=day, introduction=(*plain.introduction, *sentences))


def about_scores(scores: pd.DataFrame, model: RiskModel, snapshot: Snapshot) -> About:
    """Describe a workbook of scores."""
    return About(
        f"Risk of an Inadequate judgement of children's services, {snapshot.as_of.isoformat()}",
        "Scores",
        snapshot.as_of,
        (
            (
                f"For each of {len(scores)} local authorities in England, the probability that an "
                f"inspection starting on {snapshot.as_of} would find an Inadequate area, with its "
                "90% interval and what drives it, highest risk first."
            ),
            *_inputs(model, snapshot),
        ),
    )


def about_explanation(rows: pd.DataFrame, model: RiskModel, snapshot: Snapshot) -> About:
    """Describe a workbook of explanations."""
    names = rows["la_name"].unique()
    who = names[0] if len(names) == 1 else f"{len(names)} authorities"
    return About(
        f"What the risk of {who} is made of, {snapshot.as_of.isoformat()}",
        "Explanation",
        snapshot.as_of,
        (
            (
                "The risk of an Inadequate judgement as a sum: where every authority starts, and "
                "what each figure adds or takes away. The contributions are log-odds and add up "
                "exactly."
            ),
            "A contribution is what the model weighed. It says nothing about causes.",
            *_inputs(model, snapshot),
        ),
    )


def _inputs(model: RiskModel, snapshot: Snapshot) -> tuple[str, ...]:
    info, late = on_day(model, snapshot.as_of).info, hindsight(model, snapshot)
    return (
        f"As of {snapshot.as_of}: only figures published by then were used{late}.",
        (
            f"Model {info['model_id']}, set to {100 * info['prior']['risk']:.1f}% of inspections "
            f"finding an Inadequate area, and not to be used after {info['sunset']}."
        ),
    )
