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

Faults = dict[str, dict[tuple[int, int], str]]
"""For each sheet, the content of its faulty cells, by row and column from 0."""

_CELL = re.compile(rb"<c\s([^>]*[^/>])>(.*?)</c>", re.DOTALL)
_PLACE = re.compile(rb'\br="([A-Z]{1,3})([0-9]+)"')
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
                    for name, part in _sheets(archive)
                    if part in names and (cells := _of_sheet(archive.read(part)))
                }
            return _of_ods(archive.read("content.xml")) if "content.xml" in names else {}
    except (zipfile.BadZipFile, RuntimeError, ValueError, OSError, EOFError):
        return {}  # the workbook reader reports what is wrong with it


def _sheets(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """The name of each sheet, and its place in the archive."""
    relations = archive.read("xl/_rels/workbook.xml.rels")
    parts = {
        _attribute(one, "Id"): posixpath.normpath(
            posixpath.join("/xl", _attribute(one, "Target"))
        ).lstrip("/")
        for one in _RELATION.findall(relations)
    }
    for sheet in _SHEET.findall(archive.read("xl/workbook.xml")):
        yield _attribute(sheet, "name"), parts.get(_attribute(sheet, "r:id"), "")


def _attribute(tag: bytes, name: str) -> str:
    found = re.search(rf'(?<![\w:]){re.escape(name)}="([^"]*)"'.encode(), tag)
    return html.unescape(found[1].decode("utf-8", "replace")) if found else ""


def _of_sheet(xml: bytes) -> dict[tuple[int, int], str]:
    if b"<f" not in xml and b't="e"' not in xml:
        return {}
    found = {}
    for head, body in _CELL.findall(xml):
        place, value, formula = _PLACE.search(head), _VALUE.search(body), _FORMULA.search(body)
        text = ""
        if b't="e"' in head:
            text = value[1].decode("utf-8", "replace") if value else "#ERROR"
        elif formula and not value and b't="str"' not in head:  # a text may be computed as empty
            text = "=" + (formula[1] or b"").decode("utf-8", "replace")
        if text and place:
            found[int(place[2]) - 1, _column(place[1])] = html.unescape(text)
    return found


def _column(letters: bytes) -> int:
    """Return the number of a column from its letters: A is 0.

    Examples
    --------
    >>> _column(b"A"), _column(b"AB")
    (0, 27)
    """
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _of_ods(xml: bytes) -> Faults:
    """The cells with an error; LibreOffice computes every formula that it saves."""
    found: Faults = {}
    if _ODS_FAULT not in xml:
        return found
    sheet, row, column, repeat = "", 0, 0, 1
    for part in _ODS_PART.finditer(xml):
        table, start, closed, end, cell, body = part.groups()
        if table is not None:
            sheet, row = _attribute(table, "table:name"), 0
        elif start is not None:
            repeat, column = int(_attribute(start, "table:number-rows-repeated") or 1), 0
            row += repeat * bool(closed)
        elif end is not None:
            row += repeat
        else:
            if _ODS_FAULT in cell:
                text = html.unescape(re.sub(rb"<[^>]*>", b"", body or b"").decode("utf-8"))
                found.setdefault(sheet, {})[row, column] = text or "#ERROR"
            column += int(_attribute(cell, "table:number-columns-repeated") or 1)
    return found
