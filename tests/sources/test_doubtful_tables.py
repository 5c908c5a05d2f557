"""Tables that can be read and are not what they seem: said, or refused; never taken in silence."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.helpers import published
from tests.helpers.extras import needed

from earlywarn.errors import DataQualityWarning, SourceError
from earlywarn.sources.folder import read_folder
from earlywarn.sources.schema import Published
from earlywarn.sources.spreadsheet_faults import faulty_cells

NORTH_EAST = ["390", "391", "392", "393", "394", "805", "806", "807", "808", "840", "841"]


def warned(folder: Path) -> Published:
    with pytest.warns(DataQualityWarning):
        return read_folder(folder)


def codes_of(read: Published) -> set[str]:
    findings = read.findings
    return set(findings.loc[findings["severity"] == "warning", "code"])


def test_links_and_what_is_no_file_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    published.write_table(folder, "D3", codes=NORTH_EAST)
    published.write_table(tmp_path / "elsewhere", "B1", codes=NORTH_EAST)
    (folder / "elsewhere").symlink_to(tmp_path / "elsewhere")
    (folder / "circle").symlink_to(folder)
    (folder / "gone.csv").symlink_to(tmp_path / "gone.csv")
    (folder / "same.csv").symlink_to(folder / "d3_subsequent_plans.csv")
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe.csv")
    read = read_folder(folder)
    taken = {record.path for record in read.files if record.rows}
    assert taken == {"d3_subsequent_plans.csv", "same.csv"}
    on_disk = {path.name for path in folder.iterdir()}
    assert on_disk == taken | set(read.findings["file"])
    words = read.findings.set_index("file")["message"]
    assert "a link to a folder" in words["circle"]
    assert "a link to nothing" in words["gone.csv"]


def test_a_folder_that_can_not_be_opened_is_a_warning(tmp_path: Path, monkeypatch) -> None:
    published.write_table(tmp_path, "D3", codes=NORTH_EAST)
    (tmp_path / "closed").mkdir()
    scan = os.scandir

    def scandir(place):
        if str(place).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(place))
        return scan(place)

    monkeypatch.setattr(os, "scandir", scandir)
    read = warned(tmp_path)
    row = read.findings[read.findings["file"] == "closed"].iloc[0]
    assert row["severity"] == "warning"
    assert "can't be opened: Permission denied" in row["message"]


def test_archives_that_hold_no_table_are_said_by_their_kind(tmp_path: Path) -> None:
    published.write_table(tmp_path, "D3", codes=NORTH_EAST)
    (tmp_path / "a.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    (tmp_path / "b.tar").write_bytes(bytes(257) + b"ustar" + bytes(250))
    words = read_folder(tmp_path).findings.set_index("file")["message"]
    assert "an archive with nothing in it" in words["a.zip"]
    assert "a tar archive" in words["b.tar"]


@pytest.mark.parametrize("level", ["all", "some"])
def test_a_table_of_one_part_of_the_children_is_said(tmp_path: Path, level: str) -> None:
    rows = published.wide_rows("ONS", (2024,), NORTH_EAST)
    marked = [
        {**row, "sex": "Female" if row["old_la_code"] or level == "all" else ""} for row in rows
    ]
    published.write_rows(tmp_path / "ons.csv", marked)
    findings = warned(tmp_path).findings
    row = findings[findings["code"] == "one-part"].iloc[0]
    assert (row["column"], row["found"]) == ("sex", "female")


@pytest.mark.parametrize("cells", ["Total", "All children", "", "12.5", "z"])
def test_what_is_no_part_is_not_said(tmp_path: Path, cells: str) -> None:
    rows = published.wide_rows("ONS", (2024,), NORTH_EAST)
    published.write_rows(tmp_path / "ons.csv", [{**row, "sex": cells} for row in rows])
    assert not codes_of(read_folder(tmp_path))


def test_a_year_missing_in_between_is_said(tmp_path: Path) -> None:
    published.write_table(tmp_path, "B1", (2021, 2022, 2025))
    findings = warned(tmp_path).findings
    rows = findings[findings["code"] == "years-missing"]
    assert rows["found"].tolist() == ["2023, 2024"]


def test_codes_that_are_nearly_all_unknown_are_refused(tmp_path: Path) -> None:
    cells = {(code, 2025): {"old_la_code": f"'{code}"} for code in NORTH_EAST[:6]}
    published.write_table(tmp_path, "B1", (2025,), codes=NORTH_EAST, cells=cells)
    with pytest.raises(SourceError, match=r"most rows .* 6 of 11, the first \"'390\""):
        read_folder(tmp_path)


def test_lait_codes_that_are_nearly_all_unknown_are_refused(tmp_path: Path) -> None:
    rows = published.lait_rows((2025,), ["840", "841"])
    rows = [row | {"LA Number": f"0{row['LA Number']}"} for row in rows]
    published.write_rows(tmp_path / "lait.csv", rows)
    with pytest.raises(SourceError, match="LA Number: most rows"):
        read_folder(tmp_path)


def test_lait_rows_that_name_no_measure_are_said(tmp_path: Path) -> None:
    rows = published.lait_rows((2025,), ["840", "841"])
    rows[3]["Short Desc"] = rows[4]["Short Desc"] = ""
    published.write_rows(tmp_path / "lait.csv", rows)
    findings = warned(tmp_path).findings
    row = findings[findings["code"] == "no-measure"].iloc[0]
    assert row["line"] == 5
    assert row["message"].startswith("2 rows name no measure")


@pytest.mark.parametrize("head", ["", "sep=;\n"])
def test_semicolons_with_commas_in_the_cells(tmp_path: Path, head: str) -> None:
    path = published.write_lait(tmp_path, (2025,), codes=["810", "811"], name="lait.csv")
    before = read_folder(tmp_path)
    parted = path.read_text("utf-8").replace(",", ";").replace("Hull;", "Hull, City of;")
    path.write_text(head + parted.replace("East Riding of Yorkshire;", '"East Riding, Yorks";'))
    after = read_folder(tmp_path)
    assert after.observations.equals(before.observations)
    assert after.findings["message"].tolist() == ["its cells are separated by semicolons"]


def test_a_value_lost_beside_its_counts_is_said(tmp_path: Path) -> None:
    cells = {
        ("840", 2025): {"CPP_subsequent_percent": ""},
        ("841", 2025): {"CPP_subsequent_percent": "x"},  # its counts say what it is
    }
    published.write_table(tmp_path, "D3", (2025,), codes=NORTH_EAST, cells=cells)
    findings = warned(tmp_path).findings
    assert findings["code"].tolist() == ["blank-cell", "lost-cell"]
    row = findings.iloc[1]
    assert row["la_code"] == "840"
    assert row["message"].startswith("2 rows without a value though cpp_subsequent and")


def times(factor: float, column: str) -> Callable[[dict[str, str]], dict[str, str]]:
    return lambda row: row | {column: f"{float(row[column]) * factor:.6g}"}


@pytest.mark.parametrize("factor", [0.001, 100])
def test_a_table_on_another_scale_in_every_year_is_said(tmp_path: Path, factor: float) -> None:
    rows = map(times(factor, "population_estimate"), published.wide_rows("ONS", (2023, 2024)))
    published.write_rows(tmp_path / "ons.csv", list(rows))
    findings = warned(tmp_path).findings
    found = findings[findings["code"] == "scale"]
    assert len(found) == 1
    assert "about 59600 is usual" in found["message"].item()


class TestSpreadsheetFaults:
    """Cells that a reader of workbooks gives empty, though something stands there."""

    @pytest.fixture
    def book(self):
        openpyxl = needed("openpyxl", "workbooks are written with openpyxl")
        rows = published.wide_rows("D3", (2025,), NORTH_EAST)
        whole = openpyxl.Workbook()
        whole.active.append(["Notes & figures"])
        sheet = whole.create_sheet("Table D3 & notes")
        sheet.append(list(rows[0]))
        for row in rows:
            sheet.append([int(c) if c.isdigit() else c for c in row.values()])
        return whole

    @pytest.mark.parametrize("text", ["=1+1", "=SUM(L2:L9)", "#DIV/0!", "#REF!"])
    def test_are_refused_where_a_figure_is_read(self, book, tmp_path: Path, text: str) -> None:
        cell = book["Table D3 & notes"]["L5"]
        cell.value = text
        if text.startswith("#"):
            cell.data_type = "e"
        book.save(tmp_path / "d3.xlsx")
        with pytest.raises(SourceError, match="neither a number nor a known symbol") as refused:
            read_folder(tmp_path)
        assert repr(text) in str(refused.value)
        assert "line 5" in str(refused.value)

    def test_elsewhere_they_do_not_matter(self, book, tmp_path: Path) -> None:
        book["Sheet"]["Z99"] = "=1/0"
        book["Table D3 & notes"]["G3"] = "=1+1"
        book.save(tmp_path / "d3.xlsx")
        assert len(read_folder(tmp_path).observations) == 2 * (len(NORTH_EAST) + 1)

    def test_what_was_computed_is_a_figure(self) -> None:
        assert faulty_cells(workbook(b'<c r="A1"><f>1+1</f><v>2</v></c>')) == {}
        assert faulty_cells(workbook(b'<c r="A1" t="str"><f>A2</f><v></v></c>')) == {}
        found = faulty_cells(workbook(b'<c r="AB3" s="1"><f t="shared" si="0"/></c>'))
        assert found == {"S": {(2, 27): "="}}

    def test_of_an_opendocument_sheet(self) -> None:
        cells = (
            b'<table:table table:name="S"><table:table-row table:number-rows-repeated="3"/>'
            b'<table:table-row><table:table-cell table:number-columns-repeated="2"/>'
            b'<table:table-cell office:value-type="float" office:value="2"><text:p>2</text:p>'
            b'</table:table-cell><table:table-cell office:value-type="string" '
            b'calcext:value-type="error"><text:p>#DIV/0!</text:p></table:table-cell>'
            b"</table:table-row></table:table>"
        )
        assert faulty_cells(packed({"content.xml": cells})) == {"S": {(3, 3): "#DIV/0!"}}


def workbook(cells: bytes) -> bytes:
    return packed(
        {
            "xl/workbook.xml": b'<sheets><sheet name="S" sheetId="1" r:id="rId7"/></sheets>',
            "xl/_rels/workbook.xml.rels": b'<Relationship Id="rId7" Target="worksheets/s.xml"/>',
            "xl/worksheets/s.xml": b"<sheetData><row>" + cells + b"</row></sheetData>",
        }
    )


def packed(parts: dict[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return whole.getvalue()


def test_a_file_that_ends_within_its_last_line_is_named(tmp_path: Path) -> None:
    path = published.write_table(tmp_path, "D3", (2024, 2025), codes=["840", "841"])
    whole = path.read_bytes().rstrip()
    path.write_bytes(whole[:-1])
    read = warned(tmp_path)
    (last,) = read.findings.loc[read.findings["code"] == "no-last-end", "message"]
    assert "the last line does not end with a line break, as in a file that was cut off" in last
    path.write_bytes(whole + b"\r\n")
    assert "no-last-end" not in {*read_folder(tmp_path).findings["code"]}
