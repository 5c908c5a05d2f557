"""Cells of a workbook that are shown as percentages: 0.25 stands in them where people read 25%."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from earlywarn.sources.spreadsheet_faults import (
    PLACE,
    Block,
    attribute_of,
    column_of,
    ods_cells,
    sheets_of,
)

if TYPE_CHECKING:
    from earlywarn.sources.tabular_files import Grid

Places = dict[str, list[Block]]
"""For each sheet, the rows and columns, from 0, of its cells that are shown as percentages."""

_BUILT_IN = {"9", "10"}
_FORMAT = re.compile(rb"<numFmt\s[^>]*>")
_STYLES = re.compile(rb"<cellXfs[^>]*>(.*?)</cellXfs>", re.DOTALL)
_STYLE = re.compile(rb"<xf\s[^>]*>")
_CELL = re.compile(rb"<c\s[^>]*>")
_LITERAL = re.compile(r'"[^"]*"|\\.')
"""Text in a format, in quotes or after a backslash: a sign in it multiplies nothing."""
_NUMBER = {"", "n"}  # the kinds of a cell with a number; the others are texts, errors and the like


def shown_as_read(grid: Grid, content: bytes) -> Grid:
    """A sheet with what people read in its cells that are shown as percentages.

    Parameters
    ----------
    grid : Grid
        The cells as they are stored.
    content : bytes
        The workbook: Excel (.xlsx, .xlsm) or OpenDocument; of another nothing is known.
    """
    blocks = percentage_cells(content).get(grid.sheet, [])
    if not blocks:
        return grid
    rows = {line - 1: list(cells) for line, cells in grid.rows}
    end = max(rows, default=-1) + 1  # a cell may be repeated to the end of the sheet
    for down, across in blocks:
        for row in (rows[at] for at in range(down.start, min(down.stop, end)) if at in rows):
            row[across.start : across.stop] = map(_percentage, row[across.start : across.stop])
    return replace(grid, rows=[(at + 1, cells) for at, cells in rows.items()])


def _percentage(text: str) -> str:
    """A share as the percentage that is shown.

    Examples
    --------
    >>> _percentage("0.222"), _percentage("1"), _percentage("c")
    ('22.2%', '100%', 'c')
    """
    try:
        return f"{(100 * Decimal(text)).normalize():f}%"
    except InvalidOperation:
        return text


def percentage_cells(content: bytes) -> Places:
    """The cells of a workbook whose format shows a percentage.

    Examples
    --------
    >>> percentage_cells(b"no workbook")
    {}
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
            if "xl/styles.xml" in names:
                return _of_excel(archive, names)
            return _of_ods(archive.read("content.xml")) if "content.xml" in names else {}
    except (zipfile.BadZipFile, RuntimeError, ValueError, OSError, EOFError):
        return {}  # the reader of workbooks says what is wrong with it


def _of_excel(archive: zipfile.ZipFile, names: set[str]) -> Places:
    styles = _percentage_styles(archive.read("xl/styles.xml"))
    return {
        name: [
            _cell_of(place)
            for cell in _CELL.findall(archive.read(part))
            if attribute_of(cell, "s") in styles
            and attribute_of(cell, "t") in _NUMBER
            and (place := PLACE.search(cell))
        ]
        for name, part in sheets_of(archive)
        if styles and part in names
    }


def _cell_of(place: re.Match[bytes]) -> Block:
    row, column = int(place[2]) - 1, column_of(place[1])
    return range(row, row + 1), range(column, column + 1)


def _percentage_styles(xml: bytes) -> set[str]:
    """The numbers of the styles of cells that show a percentage."""
    own = {
        attribute_of(one, "numFmtId")
        for one in _FORMAT.findall(xml)
        if "%" in _LITERAL.sub("", attribute_of(one, "formatCode"))
    }
    listed = _STYLES.search(xml)
    styles = _STYLE.findall(listed[1]) if listed else []
    known = _BUILT_IN | own
    return {str(at) for at, one in enumerate(styles) if attribute_of(one, "numFmtId") in known}


def _of_ods(xml: bytes) -> Places:
    found: Places = {}
    for sheet, block, cell, _ in ods_cells(xml):
        if attribute_of(cell, "office:value-type") == "percentage":
            found.setdefault(sheet, []).append(block)
    return found
