"""A workbook as an OpenDocument spreadsheet, using odfpy: the same sheets as in Excel."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING, Any

from earlywarn.errors import require
from earlywarn.export.workbook import COVER_WIDTH, is_number, is_share

if TYPE_CHECKING:
    from types import ModuleType

    from earlywarn.export.column import Column
    from earlywarn.export.workbook import Book, Cell, Sheet

_OLDEST = (1980, 1, 1, 0, 0, 0)
_LETTER_CM = 0.22


def ods(book: Book) -> bytes:
    """Make the file of a workbook.

    Parameters
    ----------
    book : Book
        As returned by ``earlywarn.export.workbook.book_of``.

    Raises
    ------
    MissingExtraError
        If odfpy is not installed.
    """
    return _Writer(book).content()


class _Writer:
    """A document being written: odfpy's parts, and the styles made so far."""

    def __init__(self, book: Book) -> None:
        names = ("opendocument", "table", "text", "style", "number", "teletype", "meta", "dc")
        self.odf: dict[str, ModuleType] = {
            name: require(f"odf.{name}", extra="data") for name in names
        }
        # odfpy remembers the namespaces that any document of the process has used, and writes them
        # into each: register all at once, so that the bytes don't depend on earlier documents.
        known = require("odf.namespaces", extra="data").nsdict
        require("odf.element", extra="data").Element.namespaces.update(known)
        self.document: Any = self.odf["opendocument"].OpenDocumentSpreadsheet()
        self.book = book
        self.ranges: Any = self.odf["table"].DatabaseRanges()
        self._describe()
        self.styles = self._text_styles()

    def content(self) -> bytes:
        self._cover()
        for sheet in self.book.sheets:
            self._sheet(sheet)
        self.document.spreadsheet.addElement(self.ranges)
        buffer = io.BytesIO()
        self.document.write(buffer)
        return _without_clock(buffer.getvalue())

    def _describe(self) -> None:
        day = f"{self.book.day.isoformat()}T00:00:00"
        meta = self.document.meta
        meta.addElement(self.odf["dc"].Title(text=self.book.title))
        meta.addElement(self.odf["dc"].Language(text="en-GB"))
        meta.addElement(self.odf["meta"].CreationDate(text=day))
        meta.addElement(self.odf["dc"].Date(text=day))

    def _text_styles(self) -> dict[str, Any]:
        plain = {"fontsize": "12pt", "fontfamily": "Arial"}
        bold = {**plain, "fontweight": "bold"}
        return {
            "title": self._cell_style("title", {**bold, "fontsize": "16pt"}),
            "cover": self._cell_style("cover", {**bold, "fontsize": "16pt"}, wrapped=True),
            "heading": self._cell_style("heading", {**bold, "fontsize": "14pt"}, wrapped=True),
            "line": self._cell_style("line", plain),
            "text": self._cell_style("text", plain, wrapped=True),
            "number": self._cell_style("number", plain, wrapped=True, right=True),
            "header": self._cell_style("header", bold, wrapped=True),
            "number-header": self._cell_style("number-header", bold, wrapped=True, right=True),
        }

    def _cell_style(
        self,
        name: str,
        letters: dict[str, str],
        *,
        wrapped: bool = False,
        right: bool = False,
        shown: str = "",
    ) -> Any:
        style = self.odf["style"]
        more = {"datastylename": shown} if shown else {}
        made = style.Style(name=name, family="table-cell", **more)
        wrap = {"wrapoption": "wrap"} if wrapped else {}
        made.addElement(style.TableCellProperties(verticalalign="top", **wrap))
        if right:
            made.addElement(style.ParagraphProperties(textalign="end", marginleft="0.2cm"))
        made.addElement(style.TextProperties(language="en", country="GB", **letters))
        self.document.automaticstyles.addElement(made)
        return made

    def _number_style(self, column: Column) -> Any:
        number, places = self.odf["number"], column.places or 0
        name = "share" if is_share(column) else f"places{places}"
        if name not in self.styles:
            share = is_share(column)
            shown = (number.PercentageStyle if share else number.NumberStyle)(name=f"{name}-shown")
            digits = "1" if share else str(places)
            shown.addElement(number.Number(decimalplaces=digits, minintegerdigits="1"))
            if share:
                shown.addElement(number.Text(text="%"))
            self.document.automaticstyles.addElement(shown)
            letters = {"fontsize": "12pt", "fontfamily": "Arial"}
            self.styles[name] = self._cell_style(name, letters, right=True, shown=f"{name}-shown")
        return self.styles[name]

    def _cover(self) -> None:
        page = self._page("Cover", [COVER_WIDTH])
        self._row(page, [(self.book.title, self.styles["cover"])])
        for title, paragraphs in self.book.cover:
            self._row(page, [(title, self.styles["heading"])])
            for paragraph in paragraphs:
                self._row(page, [(paragraph, self.styles["text"])])

    def _sheet(self, sheet: Sheet) -> None:
        page = self._page(sheet.tab, sheet.widths, sheet.pages_wide)
        self._row(page, [(sheet.title, self.styles["title"])])
        for line in sheet.lines:
            self._row(page, [(line, self.styles["line"])])
        header = self.odf["table"].TableHeaderRows()
        heads = ["number-header" if is_number(column) else "header" for column in sheet.columns]
        names = [column.name for column in sheet.columns]
        self._row(header, list(zip(names, map(self.styles.get, heads), strict=True)))
        page.addElement(header)
        for row in sheet.rows:
            self._row(
                page,
                [
                    (cell, self._style_of(cell, column))
                    for cell, column in zip(row, sheet.columns, strict=True)
                ],
            )
        self._mark(sheet)

    def _style_of(self, cell: Cell, column: Column) -> Any:
        if isinstance(cell, str):
            return self.styles["number" if is_number(column) else "text"]
        return self._number_style(column)

    def _mark(self, sheet: Sheet) -> None:
        """The table and its header, declared as such to the program that opens the file."""
        first = 2 + len(sheet.lines)
        last = _letters(len(sheet.columns)) + str(first + max(len(sheet.rows), 1))
        self.ranges.addElement(
            self.odf["table"].DatabaseRange(
                name=re.sub(r"\W", "_", sheet.tab).lower(),
                targetrangeaddress=f"{sheet.tab}.A{first}:{sheet.tab}.{last}",
                containsheader="true",
                displayfilterbuttons="false",
            )
        )

    def _page(self, tab: str, widths: list[int], pages_wide: int = 0) -> Any:
        """A sheet's page: portrait, or landscape on a number of pages side by side."""
        table = self.odf["table"]
        page = table.Table(name=tab, stylename=self._paper(pages_wide))
        columns = [table.TableColumn(stylename=self._width(width)) for width in widths]
        if pages_wide > 1:
            repeated = table.TableHeaderColumns()
            for column in columns[:2]:
                repeated.addElement(column)
            columns = [repeated, *columns[2:]]
        for column in columns:
            page.addElement(column)
        self.document.spreadsheet.addElement(page)
        return page

    def _width(self, letters: int) -> Any:
        name, style = f"width{letters}", self.odf["style"]
        if name not in self.styles:
            made = style.Style(name=name, family="table-column")
            size = f"{letters * _LETTER_CM:.2f}cm"
            made.addElement(style.TableColumnProperties(columnwidth=size))
            self.document.automaticstyles.addElement(made)
            self.styles[name] = made
        return self.styles[name]

    def _paper(self, pages_wide: int) -> Any:
        """How a sheet is printed: A4, scaled to fit a number of pages wide."""
        name, style = f"paper{pages_wide}", self.odf["style"]
        if name not in self.styles:
            layout = style.PageLayout(name=f"{name}-layout")
            short, long = "21cm", "29.7cm"
            width, height, way = (
                (long, short, "landscape") if pages_wide else (short, long, "portrait")
            )
            sizes = {"pagewidth": width, "pageheight": height, "printorientation": way}
            scaled = {"scaletox": str(max(pages_wide, 1)), "scaletoy": "0"}
            layout.addElement(style.PageLayoutProperties(margin="2cm", **sizes, **scaled))
            self.document.automaticstyles.addElement(layout)
            master = style.MasterPage(name=name, pagelayoutname=layout)
            self.document.masterstyles.addElement(master)
            made = style.Style(name=f"{name}-sheet", family="table", masterpagename=master)
            made.addElement(style.TableProperties(display="true"))
            self.document.automaticstyles.addElement(made)
            self.styles[name] = made
        return self.styles[name]

    def _row(self, page: Any, cells: list[tuple[Cell, Any]]) -> None:
        table = self.odf["table"]
        row = table.TableRow()
        for cell, style in cells:
            if isinstance(cell, str):
                made = table.TableCell(valuetype="string", stylename=style)
                # One paragraph per line, as in LibreOffice: not every reader supports line breaks.
                for line in cell.split("\n"):
                    paragraph = self.odf["text"].P()
                    self.odf["teletype"].addTextToElement(paragraph, line)
                    made.addElement(paragraph)
            else:
                made = table.TableCell(valuetype="float", value=repr(cell), stylename=style)
                made.addElement(self.odf["text"].P(text=repr(cell)))
            row.addElement(made)
        page.addElement(row)


def _letters(number: int) -> str:
    """The letters of a column, given its number, which starts at 1.

    Examples
    --------
    >>> _letters(1), _letters(26), _letters(27)
    ('A', 'Z', 'AA')
    """
    name = ""
    while number:
        number, place = divmod(number - 1, 26)
        name = chr(ord("A") + place) + name
    return name


def _without_clock(content: bytes) -> bytes:
    """The same archive with a fixed time instead of the clock's; its first part is uncompressed."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as given,
        zipfile.ZipFile(buffer, "w") as archive,
    ):
        for entry in given.infolist():
            made = zipfile.ZipInfo(entry.filename, _OLDEST)
            made.compress_type = entry.compress_type
            archive.writestr(made, given.read(entry))
    return buffer.getvalue()
