"""Find cells with an error or an uncomputed formula, which a workbook reader returns empty.

An empty cell means that nothing was published. The value of these is unknown, so they are returned
as they are, and refused where a figure is read from them.
"""

from __future__ import annotations

import html
import io
import posixpath
import re
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Block = tuple[range, range]
"""The rows and columns, from 0, of a cell; more than one where it is repeated."""

Faults = dict[str, dict[tuple[int, int], str]]
"""For each sheet, the content of its faulty cells, by row and column from 0."""

_CELL = re.compile(rb"<c\s([^>]*[^/>])>(.*?)</c>", re.DOTALL)
PLACE = re.compile(rb'\br="([A-Z]{1,3})([0-9]+)"')
_VALUE = re.compile(rb"<v[^>/]*>([^<]+)</v>")
_FORMULA = re.compile(rb"<f[^>/]*>([^<]*)</f>|<f[^>]*/>")
_SHEET = re.compile(rb"<sheet\s[^>]*>")
_RELATION = re.compile(rb"<Relationship\s[^>]*>")
_ODS_FAULT = b'calcext:value-type="error"'
_ODS_PART = re.compile(
    rb"<table:table\s([^>]*)>|<table:table-row([^>]*?)(/?)>|(</table:table-row>)"
    rb"|<table:(?:covered-)?table-cell([^>]*?)(?:/>|>(.*?)</table:(?:covered-)?table-cell>)",
    re.DOTALL,
)


def faulty_cells(content: bytes) -> Faults:
    """Find the cells of a workbook with an error, or a formula that was never computed.

    Parameters
    ----------
    content : bytes
        An Excel (.xlsx, .xlsm) or OpenDocument file; no cells are found in any other.

    Returns
    -------
    dict of str to dict
        For each sheet with such cells: their row and column from 0, and their content (``#DIV/0!``,
        ``=A1+B1``).

    Examples
    --------
    >>> faulty_cells(b"no workbook")
    {}
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
            if "xl/workbook.xml" in names:
                return {
                    name: cells
                    for name, part in sheets_of(archive)
                    if part in names and (cells := _of_sheet(archive.read(part)))
                }
            return _of_ods(archive.read("content.xml")) if "content.xml" in names else {}
    except (zipfile.BadZipFile, RuntimeError, ValueError, OSError, EOFError):
        return {}  # the workbook reader reports what is wrong with it


def sheets_of(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """The name of each sheet of an Excel file, and its place in the archive."""
    relations = archive.read("xl/_rels/workbook.xml.rels")
    parts = {
        attribute_of(one, "Id"): posixpath.normpath(
            posixpath.join("/xl", attribute_of(one, "Target"))
        ).lstrip("/")
        for one in _RELATION.findall(relations)
    }
    for sheet in _SHEET.findall(archive.read("xl/workbook.xml")):
        yield attribute_of(sheet, "name"), parts.get(attribute_of(sheet, "r:id"), "")


def attribute_of(tag: bytes, name: str) -> str:
    """The value of a tag's attribute; empty if it has none of this name."""
    found = re.search(rf'(?<![\w:]){re.escape(name)}="([^"]*)"'.encode(), tag)
    return html.unescape(found[1].decode("utf-8", "replace")) if found else ""


def _of_sheet(xml: bytes) -> dict[tuple[int, int], str]:
    if b"<f" not in xml and b't="e"' not in xml:
        return {}
    found = {}
    for head, body in _CELL.findall(xml):
        place, value, formula = PLACE.search(head), _VALUE.search(body), _FORMULA.search(body)
        text = ""
        if b't="e"' in head:
            text = value[1].decode("utf-8", "replace") if value else "#ERROR"
        elif formula and not value and b't="str"' not in head:  # a text may be computed as empty
            text = "=" + (formula[1] or b"").decode("utf-8", "replace")
        if text and place:
            found[int(place[2]) - 1, column_of(place[1])] = html.unescape(text)
    return found


def column_of(letters: bytes) -> int:
    """Return the number of a column from its letters: A is 0.

    Examples
    --------
    >>> column_of(b"A"), column_of(b"AB")
    (0, 27)
    """
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _of_ods(xml: bytes) -> Faults:
    """The cells with an error; LibreOffice computes every formula that it saves."""
    found: Faults = {}
    for sheet, (down, across), cell, body in ods_cells(xml) if _ODS_FAULT in xml else ():
        if _ODS_FAULT in cell:
            text = html.unescape(re.sub(rb"<[^>]*>", b"", body).decode("utf-8"))
            found.setdefault(sheet, {})[down.start, across.start] = text or "#ERROR"
    return found


def ods_cells(xml: bytes) -> Iterator[tuple[str, Block, bytes, bytes]]:
    """Each cell of an OpenDocument file: sheet, rows and columns from 0, attributes and content.

    A cell that is repeated is given once, with all its rows and columns.
    """
    sheet, row, column, repeat = "", 0, 0, 1
    for part in _ODS_PART.finditer(xml):
        table, start, closed, end, cell, body = part.groups()
        if table is not None:
            sheet, row = attribute_of(table, "table:name"), 0
        elif start is not None:
            repeat, column = int(attribute_of(start, "table:number-rows-repeated") or 1), 0
            row += repeat * bool(closed)
        elif end is not None:
            row += repeat
        else:
            across = int(attribute_of(cell, "table:number-columns-repeated") or 1)
            block = range(row, row + repeat), range(column, column + across)
            yield sheet, block, cell, body or b""
            column += across
