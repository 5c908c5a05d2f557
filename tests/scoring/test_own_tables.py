"""Tables of own figures as files: whatever program saved them, the same figures are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl
import pandas as pd
import pytest
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow

from earlywarn.errors import IndicatorError, ScoreError
from earlywarn.indicators.catalogue import INDICATORS
from earlywarn.scoring.own_figures import with_figures
from earlywarn.scoring.own_tables import read_figures

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROWS = pd.DataFrame(
    {"la_code": ["383", "Sheffield"], "rereferrals": [31.5, 28.0], "caseload": [18.0, None]}
)
TITLED = ROWS.rename(
    columns={"la_code": "LA Code", "rereferrals": "Re-referrals within 12 months "}
)
FILES: dict[str, Callable[[Path], object]] = {
    "plain.csv": lambda path: ROWS.to_csv(path, index=False),
    "UPPER.CSV": lambda path: ROWS.to_csv(path, index=False),
    "wide.csv": lambda path: ROWS.to_csv(path, index=False, encoding="utf-16"),
    "semicolons.csv": lambda path: ROWS.to_csv(path, index=False, sep=";"),
    "tabs.txt": lambda path: ROWS.to_csv(path, index=False, sep="\t"),
    "titled.csv": lambda path: TITLED.to_csv(path, index=False),
    "windows.csv": lambda path: ROWS.assign(la_name=["Leeds \u2013 ours", ""]).to_csv(
        path, index=False, encoding="cp1252"
    ),
    "sheet.xlsx": lambda path: ROWS.to_excel(path, index=False),
    "below.xlsx": lambda path: ROWS.to_excel(path, index=False, startrow=3),
    "sheet.ods": lambda path: ROWS.to_excel(path, index=False, engine="odf"),
    "columns.PARQUET": lambda path: path.write_bytes(ROWS.to_parquet(index=False)),
    "lines.JSONL": lambda path: ROWS.to_json(path, orient="records", lines=True),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_any_kind_gives_the_same_figures(snapshot, tmp_path, name):
    FILES[name](tmp_path / name)
    read = with_figures(snapshot, read_figures(tmp_path / name)).own_figures
    pd.testing.assert_frame_equal(read, with_figures(snapshot, ROWS).own_figures)


def _shown_in_excel(path: Path, header: int) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for _ in range(header):
        sheet.append(["Performance team, draft"])
    sheet.append(["la_code", "rereferrals", "repeat_plans", "caseload"])
    sheet.append(["383", 0.315, 0.222, 18.0])
    sheet.append(["Sheffield", 0.28, 22.2, None])
    for place, shown in (("B1", "0.0%"), ("C1", "0%"), ("B2", "0.00%")):
        sheet.cell(int(place[1]) + header + 1, "ABCD".index(place[0]) + 1).number_format = shown
    book.save(path)


def _shown_in_calc(path: Path, header: int) -> None:
    document = OpenDocumentSpreadsheet()
    table = Table(name="ours")
    rows = [["draft"]] * header + [["la_code", "rereferrals", "repeat_plans", "caseload"]]
    for cells in [*rows, ["383", "0.315%", "0.222%", 18.0], ["Sheffield", "0.28%", 22.2, ""]]:
        row = TableRow()
        for cell in cells:
            text = str(cell)
            if text.endswith("%"):
                row.addElement(TableCell(valuetype="percentage", value=text[:-1]))
            elif isinstance(cell, float):
                row.addElement(TableCell(valuetype="float", value=text))
            else:
                row.addElement(TableCell(valuetype="string", stringvalue=text))
        table.addElement(row)
    document.spreadsheet.addElement(table)
    document.save(str(path))


@pytest.mark.parametrize("header", [0, 3])
@pytest.mark.parametrize(
    ("name", "write"), [("a.xlsx", _shown_in_excel), ("a.ods", _shown_in_calc)]
)
def test_a_cell_shown_as_a_percentage_is_read_as_it_is_shown(
    snapshot, tmp_path, name, write, header
):
    write(tmp_path / name, header)
    figures = read_figures(tmp_path / name)
    assert figures["rereferrals"].tolist() == ["31.5%", "28%"]
    assert figures["repeat_plans"].tolist() == ["22.2%", "22.2"]
    plain = ROWS[["la_code", "rereferrals"]].assign(
        repeat_plans=[22.2, 22.2], caseload=ROWS["caseload"]
    )
    read = with_figures(snapshot, figures).own_figures
    pd.testing.assert_frame_equal(read, with_figures(snapshot, plain).own_figures)


def test_cells_that_open_document_repeats_are_read_as_they_are_shown(tmp_path):
    document = OpenDocumentSpreadsheet()
    table = Table(name="ours")
    header, row = TableRow(), TableRow(numberrowsrepeated=2)
    for name in ("la_code", "rereferrals", "repeat_plans"):
        header.addElement(TableCell(valuetype="string", stringvalue=name))
    row.addElement(TableCell(valuetype="string", stringvalue="383"))
    row.addElement(TableCell(valuetype="percentage", value=0.25, numbercolumnsrepeated=2))
    table.addElement(header)
    table.addElement(row)
    document.spreadsheet.addElement(table)
    document.save(str(tmp_path / "a.ods"))
    figures = read_figures(tmp_path / "a.ods")
    assert figures[["rereferrals", "repeat_plans"]].to_numpy().tolist() == [["25%", "25%"]] * 2


@pytest.mark.parametrize(
    ("cell", "shown"), [(25, '0.0"%"'), (25, "0\\%"), ("25", "0%"), ("n/a", "0%"), ("NaN", "0%")]
)
def test_a_sign_that_multiplies_nothing_and_a_text_are_read_as_they_are(tmp_path, cell, shown):
    book = openpyxl.Workbook()
    book.active.append(["la_code", "rereferrals"])
    book.active.append(["383", cell])
    book.active["B2"].number_format = shown
    book.save(tmp_path / "a.xlsx")
    assert read_figures(tmp_path / "a.xlsx")["rereferrals"].tolist() == [str(cell)]


def test_a_column_of_names_under_another_header_is_led_to_the_one_that_is_read(snapshot):
    rows = pd.DataFrame({"la_code": ["383"], "Local authority": ["Leeds"], "rereferrals": [31.5]})
    with pytest.raises(IndicatorError, match="or la_code for whose the figures are"):
        with_figures(snapshot, rows)


def test_a_caseload_shown_as_a_percentage_is_refused(snapshot, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["la_code", "caseload"])
    book.active.append(["383", 15])
    book.active["B2"].number_format = "0%"
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(IndicatorError, match="found '1500%'"):
        with_figures(snapshot, read_figures(tmp_path / "a.xlsx"))


@pytest.mark.parametrize("name", FILES)
def test_a_wrong_figure_is_named_by_its_line_in_the_file(snapshot, tmp_path, name):
    FILES[name](tmp_path / name)
    figures = read_figures(tmp_path / name)
    line = {"below.xlsx": 6, "lines.JSONL": 2}.get(name, 3)
    with pytest.raises(
        IndicatorError, match=f"Sheffield, line {line}, rereferrals: this figure is not"
    ):
        with_figures(snapshot, figures.assign(rereferrals=["31.5", "128"]))
    with pytest.raises(
        IndicatorError, match=f"found line {line - 1} and line {line}; expected one"
    ):
        with_figures(snapshot, figures.assign(la_code="383"))


def test_a_line_of_json_that_is_none_is_named(tmp_path):
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b'{"la_code": "383", "caseload": 15}\n\n{"la_code": "Caf\xe9"}\n')
    with pytest.raises(ScoreError, match=r"lines.jsonl, line 3: .*Windows-1252"):
        read_figures(path)


def test_every_title_but_those_of_rates_is_taken_for_its_name(tmp_path):
    path = tmp_path / "titles.csv"
    shares = [record for record in INDICATORS if record.kind not in ("rate", "history")]
    frame = pd.DataFrame([[1.0] * len(shares)], columns=[record.title for record in shares])
    frame.to_csv(path, index=False)
    assert len(shares) > 20
    assert list(read_figures(path)) == [record.id for record in shares]


@pytest.mark.parametrize("column", ["Referrals", "Care applications"])
def test_a_title_that_may_mean_a_count_or_its_rate_is_refused(snapshot, tmp_path, column):
    path = tmp_path / "unclear.csv"
    path.write_text(f"la_code,{column}\n383,500\n", encoding="utf-8")
    with pytest.raises(IndicatorError, match=f"no figure has this name: found '{column}'"):
        with_figures(snapshot, read_figures(path))


def test_a_name_and_its_title_are_one_column_twice(snapshot, tmp_path):
    path = tmp_path / "twice.csv"
    path.write_text("la_code,caseload,Cases per social worker\n383,15,16\n", encoding="utf-8")
    with pytest.raises(IndicatorError, match=r"a column stands twice.*caseload"):
        with_figures(snapshot, read_figures(path))


REFUSED = {
    "empty.csv": (b"", "found an empty file"),
    "paper.csv": (b"%PDF-1.4 and so on", "found a PDF document; expected one table: CSV, Excel"),
    "short.csv": (b"la_code,caseload,rereferrals\n383,15\n373,1,2\n", "line 2.*found 2 cells"),
    "twice.csv": (
        b"la_code,caseload,caseload\n383,15,16\n",
        "two columns with the same name.*caseload",
    ),
    "broken.xlsx": (b"PK\x03\x04 and so on", "broken.xlsx: not a workbook that can be read"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_table_is_named(tmp_path, name):
    content, message = REFUSED[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ScoreError, match=message) as caught:
        read_figures(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)


def test_two_sheets_of_figures_are_not_chosen_between(tmp_path):
    path = tmp_path / "two.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"Notes": ["by hand"]}).to_excel(book, sheet_name="Notes", index=False)
        ROWS.to_excel(book, sheet_name="June", index=False)
        ROWS.to_excel(book, sheet_name="July", index=False)
    with pytest.raises(ScoreError, match="several sheets contain figures: found June, July"):
        read_figures(path)
