"""Workbooks that a screen reader can follow: looked at as the files themselves say it."""

from __future__ import annotations

import re

import openpyxl
import pytest
from odf import opendocument, style, table, teletype
from odf.namespaces import TABLENS

from earlywarn.export.data_dictionary import SHORTHAND, columns_of
from earlywarn.export.tables import write_table
from earlywarn.export.workbook import LINES_ABOVE, about_explanation, about_scores, book_of
from earlywarn.scoring import explanation
from earlywarn.scoring import national as scoring

DAY = "2025-12-31"


@pytest.fixture(scope="module")
def books(tmp_path_factory, model, snapshot):
    """Scores and one explanation, as frames, books and files of both kinds."""
    folder = tmp_path_factory.mktemp("books")
    scores = scoring.score(model, snapshot)
    rows = explanation.explain(model, snapshot, "Leeds")
    made = {
        "scores": (scores, about_scores(scores, model, snapshot)),
        "explanation": (rows, about_explanation(rows, model, snapshot)),
    }
    for name, (frame, about) in made.items():
        for ending in (".xlsx", ".ods"):
            write_table(frame, folder / f"{name}{ending}", about=about)
    return folder, made


@pytest.fixture(params=["scores", "explanation"])
def name(request):
    return request.param


@pytest.fixture
def excel(books, name):
    return openpyxl.load_workbook(books[0] / f"{name}.xlsx")


@pytest.fixture
def frame(books, name):
    return books[1][name][0]


def tab_of(name: str) -> str:
    return {"scores": "Scores", "explanation": "Explanation"}[name]


def test_the_cover_tells_what_it_is(excel, name, model):
    cover = excel.worksheets[0]
    lines = [row[0] for row in cover.iter_rows(values_only=True)]
    text = "\n".join(lines)
    assert excel.sheetnames == ["Cover", "Notes", tab_of(name)]
    assert excel.active.title == "Cover"
    assert cover.max_column == 1
    assert all(lines), "an empty row"
    assert lines[0] == excel.properties.title
    for words in (
        DAY,
        model.info["model_id"],
        model.info["sunset"],
        "Open Government Licence v3.0",
        "Department for Education, Ofsted and Office for National Statistics",
        "Contact",
        "never to pre-judge an inspection",
        *SHORTHAND,
    ):
        assert words in text
    assert excel.properties.created.date().isoformat() == DAY
    assert excel.properties.creator == "earlywarn"


def test_each_sheet_holds_one_table_under_its_title(excel, name, frame):
    sizes = {"Notes": (len(frame.columns), 4), tab_of(name): frame.shape}
    for tab, (rows, width) in sizes.items():
        sheet = excel[tab]
        above = [sheet.cell(row, 1).value for row in range(1, LINES_ABOVE + 1)]
        assert all(above)
        assert sheet.max_row == LINES_ABOVE + 1 + rows
        assert sheet.max_column == width
        (marked,) = sheet.tables.values()
        last = openpyxl.utils.get_column_letter(width)
        assert marked.ref == f"A{LINES_ABOVE + 1}:{last}{LINES_ABOVE + 1 + rows}"
        assert marked.headerRowCount in (None, 1)
        assert re.fullmatch(r"[a-z_]+", marked.displayName)
        header = [cell.value for cell in sheet[LINES_ABOVE + 1]]
        assert [column.name for column in marked.tableColumns] == header
    assert [cell.value for cell in excel[tab_of(name)][LINES_ABOVE + 1]] == list(frame.columns)


def test_nothing_is_merged_hidden_frozen_empty_or_coloured(excel, name, frame):
    for sheet in excel.worksheets:
        assert not sheet.merged_cells.ranges
        assert sheet.sheet_state == "visible"
        assert sheet.freeze_panes is None
        assert not any(size.hidden for size in sheet.column_dimensions.values())
        assert not any(size.hidden for size in sheet.row_dimensions.values())
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.fill.fill_type is None
                assert cell.font.color is None or cell.font.color.theme == 1
                assert cell.font.sz >= 12
    for tab in ("Notes", tab_of(name)):
        for row in excel[tab].iter_rows(min_row=LINES_ABOVE + 1):
            assert all(cell.value not in (None, "") for cell in row)
            assert all(cell.alignment.wrap_text for cell in row)


def test_columns_are_wide_enough_for_their_header(excel):
    for sheet in excel.worksheets[1:]:
        # Neighbours of one width are told together, under the letter of the first.
        told = sheet.column_dimensions.values()
        widths = {number: size.width for size in told for number in range(size.min, size.max + 1)}
        for cell in sheet[LINES_ABOVE + 1]:
            assert len(cell.value) <= widths[cell.column] <= 65


def test_rows_are_high_enough_for_what_is_wrapped(excel):
    """LibreOffice finds no height by itself in an Excel file, and would print line over line."""
    wrapped = 0
    for sheet in excel.worksheets:
        told = sheet.column_dimensions.values()
        widths = {number: size.width for size in told for number in range(size.min, size.max + 1)}
        for row in sheet.iter_rows():
            texts = [cell for cell in row if cell.data_type == "s" and cell.alignment.wrap_text]
            most = max((len(cell.value) / widths[cell.column] for cell in texts), default=0)
            if most > 1:
                wrapped += 1
                height = sheet.row_dimensions[row[0].row].height
                assert height >= 14 * most
                assert height <= 16 * (2 * most + 1)
    assert wrapped > 10


def test_it_can_be_printed(excel, books, name):
    """Small enough for a page or two side by side, with the authority on each of them."""
    cover, *sheets = excel.worksheets
    assert cover.row_dimensions[1].height >= 20 * len(cover["A1"].value) // 55
    for sheet in (cover, *sheets):
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.page_setup.fitToHeight == 0
        sizes = sheet.column_dimensions.values()
        wide = sum(size.width * (size.max - size.min + 1) for size in sizes)
        # Some 100 letters fill A4 across: no smaller than a third of their usual size.
        assert wide / pages_wide(sheet) <= 300
        assert bool(sheet.print_title_cols) == (pages_wide(sheet) == 2)
    document = opendocument.load(books[0] / f"{name}.ods")
    layouts = document.getElementsByType(style.PageLayoutProperties)
    told = {int(one.getAttribute("scaletox")) for one in layouts if one.getAttribute("scaletox")}
    assert told == {pages_wide(sheet) for sheet in excel.worksheets}


def pages_wide(sheet) -> int:
    return sheet.page_setup.fitToWidth or 1  # which is what a sheet has that says nothing


def test_cells_have_the_type_of_what_they_tell(excel, name, frame):
    sheet = excel[tab_of(name)]
    for number, column in enumerate(columns_of(frame), start=1):
        for row, value in enumerate(frame[column.name], start=LINES_ABOVE + 2):
            cell = sheet.cell(row, number)
            if cell.value in SHORTHAND:
                assert value is None or value != value or value == ""  # noqa: PLR0124 - NaN
            elif column.places is None:
                assert isinstance(value, (str, bool))  # yes or no is text too
                assert (cell.data_type, cell.value) == ("s", str(value))
            else:
                assert cell.data_type == "n"
                assert cell.value == pytest.approx(value, rel=1e-14)
                assert cell.number_format == (
                    "0.0%" if "share" in column.unit else cell.number_format
                )


def test_what_does_not_apply_is_told_apart_from_what_is_not_known(excel, name, frame):
    sheet = excel[tab_of(name)]
    if name == "explanation":
        baseline = [cell.value for cell in sheet[LINES_ABOVE + 2]]
        told = dict(zip(frame.columns, baseline, strict=True))
        assert told["term"] == "baseline"
        assert {told[column] for column in ("value", "england", "percentile")} == {"[z]"}
        holes = frame[(frame["term"] == "indicator") & frame["neighbours"].isna()]
        column = frame.columns.get_loc("neighbours") + 1
        assert all(sheet.cell(LINES_ABOVE + 2 + row, column).value == "[x]" for row in holes.index)
    else:
        column = frame.columns.get_loc("missing_indicators") + 1
        cells = [sheet.cell(LINES_ABOVE + 2 + row, column).value for row in range(len(frame))]
        assert cells.count("[z]") == (frame["missing_indicators"] == "").sum() > 0
        assert "[x]" not in cells


def test_the_notes_tell_every_column(excel, frame):
    rows = list(excel["Notes"].iter_rows(min_row=LINES_ABOVE + 2, values_only=True))
    assert [row[0] for row in rows] == list(frame.columns)
    for row, column in zip(rows, columns_of(frame), strict=True):
        assert row[1:] == (column.label, column.unit or "[z]", column.meaning)


# --- the same as an OpenDocument spreadsheet ----------------------------------------


def cells_of(row) -> list[str]:
    return [teletype.extractText(cell) for cell in row.getElementsByType(table.TableCell)]


def test_the_open_document_holds_the_same_sheets(books, name, excel):
    document = opendocument.load(books[0] / f"{name}.ods")
    pages = document.getElementsByType(table.Table)
    assert [page.getAttribute("name") for page in pages] == excel.sheetnames
    for page in pages:
        sheet = excel[page.getAttribute("name")]
        rows = page.getElementsByType(table.TableRow)
        assert len(rows) == sheet.max_row
        for row, cells in zip(rows, sheet.iter_rows(values_only=True), strict=True):
            told = [cell for cell in cells if cell is not None]
            for one, other in zip(cells_of(row), told, strict=True):
                assert (
                    one == other if isinstance(other, str) else float(one) == pytest.approx(other)
                )


def test_the_open_document_marks_its_tables_and_merges_nothing(books, name, frame):
    document = opendocument.load(books[0] / f"{name}.ods")
    assert not document.getElementsByType(table.CoveredTableCell)
    for cell in document.getElementsByType(table.TableCell):
        spans = {(TABLENS, "number-columns-spanned"), (TABLENS, "number-rows-spanned")}
        assert not spans & set(cell.attributes)
        assert (TABLENS, "formula") not in cell.attributes
    ranges = document.getElementsByType(table.DatabaseRange)
    assert [one.getAttribute("containsheader") for one in ranges] == ["true", "true"]
    last = openpyxl.utils.get_column_letter(len(frame.columns))
    assert ranges[1].getAttribute("targetrangeaddress") == (
        f"{tab_of(name)}.A{LINES_ABOVE + 1}:{tab_of(name)}.{last}{LINES_ABOVE + 1 + len(frame)}"
    )
    for page in document.getElementsByType(table.Table)[1:]:
        (header,) = page.getElementsByType(table.TableHeaderRows)
        assert len(header.getElementsByType(table.TableRow)) == 1


def test_a_book_has_no_clock_and_no_person(books, name):
    frame, about = books[1][name]
    text = repr(book_of(frame, about).cover)
    assert "@" not in text
    assert set(re.findall(r"\d{4}-\d{2}-\d{2}", text)) >= {DAY}
