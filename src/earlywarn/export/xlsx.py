"""A workbook as an Excel file, using XlsxWriter: text as text, and each table marked as one."""

from __future__ import annotations

import io
import re
from datetime import datetime, time
from typing import TYPE_CHECKING, Any

from earlywarn.errors import UsageError, require
from earlywarn.export.workbook import COVER_WIDTH, is_number, is_share, lines_in

if TYPE_CHECKING:
    from earlywarn.export.workbook import Book, Cell, Sheet

LONGEST = 32_767
"""The most characters in an Excel cell."""
MOST_ROWS = 1_048_000
_LETTERS: dict[str, Any] = {"font_name": "Arial", "font_size": 12, "font_scheme": "none"}
_LINE_POINTS, _TITLE_POINTS, _TALLEST = 15.5, 21, 409
_WRAPPED = {"text_wrap": True, "valign": "top"}
_TITLE: dict[str, Any] = {"bold": True, "font_size": 16}
_HEADING = {"bold": True, "font_size": 14, "text_wrap": True}
_A4 = 9
_HEADER = {**_WRAPPED, "bold": True, "bottom": 1}
_RIGHT = {"align": "right", "indent": 1}
"""Indented, so that numbers don't touch the text of the next column."""


def xlsx(book: Book) -> bytes:
    """Make the file of a workbook.

    Parameters
    ----------
    book : Book
        As returned by ``earlywarn.export.workbook.book_of``.

    Raises
    ------
    UsageError
        If a table or a text is too large for a sheet.
    MissingExtraError
        If XlsxWriter is not installed.
    """
    package = require("xlsxwriter", extra="data")
    for sheet in book.sheets:
        _check(sheet)
    buffer = io.BytesIO()
    options = {"in_memory": True, "default_format_properties": _LETTERS}
    workbook = package.Workbook(buffer, options)
    workbook.set_properties(
        {
            "title": book.title,
            "author": "earlywarn",
            "created": datetime.combine(book.day, time()),
        }
    )
    _cover(workbook, book)
    for sheet in book.sheets:
        _sheet(workbook, sheet)
    workbook.close()
    return buffer.getvalue()


def _check(sheet: Sheet) -> None:
    longest = max(
        (len(cell) for row in sheet.rows for cell in row if isinstance(cell, str)), default=0
    )
    if len(sheet.rows) > MOST_ROWS or longest > LONGEST:
        raise UsageError(
            "the table is too large for a spreadsheet",
            where=sheet.tab,
            found=f"{len(sheet.rows):,} rows, the longest text {longest:,} letters",
            expected=f"at most {MOST_ROWS:,} rows, and {LONGEST:,} letters a cell",
            remedy="Write .csv or .parquet.",
        )


def _cover(workbook: Any, book: Book) -> None:
    page = workbook.add_worksheet("Cover")
    page.set_column(0, 0, COVER_WIDTH)
    page.hide_gridlines(2)
    page.set_paper(_A4)
    page.fit_to_pages(1, 0)
    page.write_string(0, 0, book.title, workbook.add_format({**_TITLE, **_WRAPPED}))
    lines = lines_in(book.title, COVER_WIDTH * _LETTERS["font_size"] // _TITLE["font_size"])
    page.set_row(0, lines * _TITLE_POINTS)
    heading, plain = workbook.add_format(_HEADING), workbook.add_format(_WRAPPED)
    place = 1
    for title, paragraphs in book.cover:
        page.write_string(place, 0, title, heading)
        for number, paragraph in enumerate(paragraphs, start=place + 1):
            page.write_string(number, 0, paragraph, plain)
            _make_room(page, number, lines_in(paragraph, COVER_WIDTH))
        place += 1 + len(paragraphs)


def _sheet(workbook: Any, sheet: Sheet) -> None:
    page = workbook.add_worksheet(sheet.tab)
    page.hide_gridlines(2)
    page.write_string(0, 0, sheet.title, workbook.add_format(_TITLE))
    for place, line in enumerate(sheet.lines, start=1):
        page.write_string(place, 0, line)
    first = 1 + len(sheet.lines)
    formats = [workbook.add_format({**_WRAPPED, **_shown(column)}) for column in sheet.columns]
    for place, width in enumerate(sheet.widths):
        page.set_column(place, place, width)
    page.set_paper(_A4)
    page.set_landscape()
    page.fit_to_pages(sheet.pages_wide, 0)
    page.repeat_rows(first)
    if sheet.pages_wide > 1:
        page.repeat_columns(0, 1)
    _mark(workbook, page, sheet, first)
    for place, row in enumerate(sheet.rows, start=first + 1):
        _make_room(page, place, sheet.lines_of(row))
        for column, cell in enumerate(row):
            _write(page, place, column, cell, formats[column])


def _mark(workbook: Any, page: Any, sheet: Sheet, first: int) -> None:
    """The table and its header, declared as such to the program that opens the file."""
    left = workbook.add_format({**_HEADER, "align": "left"})
    right = workbook.add_format({**_HEADER, **_RIGHT})
    page.add_table(
        first,
        0,
        # A table without rows is marked with an empty one, as Excel itself does.
        first + max(len(sheet.rows), 1),
        len(sheet.columns) - 1,
        {
            "name": re.sub(r"\W", "_", sheet.tab).lower(),
            "autofilter": False,
            "style": None,
            "columns": [
                {"header": one.name, "header_format": right if is_number(one) else left}
                for one in sheet.columns
            ],
        },
    )


def _make_room(page: Any, row: int, lines: int) -> None:
    """Set the height of a row of wrapped text: Excel works it out itself, LibreOffice does not."""
    if lines > 1:
        page.set_row(row, min(lines * _LINE_POINTS, _TALLEST))


def _shown(column: Any) -> dict[str, Any]:
    if column.places is None:
        return {"align": "left"}
    places = column.places
    if is_share(column):
        return {"num_format": "0.0%", **_RIGHT}
    return {"num_format": f"0.{'0' * places}" if places else "0", **_RIGHT}


def _write(page: Any, row: int, column: int, cell: Cell, shown: Any) -> None:
    if isinstance(cell, str):
        # Marked as text, so that nothing is read as a formula, a number or a link.
        page.write_string(row, column, cell, shown)
    else:
        page.write_number(row, column, cell, shown)
