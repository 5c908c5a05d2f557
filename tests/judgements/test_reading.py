"""Reading judgements: every form they are kept in, and every fault a file may have."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.helpers.workbooks import (
    HELP,
    HISTORY,
    IN_CARE,
    LEADERS,
    ODS_HEADER,
    RI,
    ods_row,
    write_sheets,
)

from earlywarn.errors import DataQualityWarning, OutcomeError
from earlywarn.judgements.reading import judgements_in, read_judgements
from earlywarn.judgements.schema import (
    AREAS,
    COLUMNS,
    GRADES,
    check_judgements,
    empty_judgements,
    write_judgements,
)
from earlywarn.sources.members import members_of
from earlywarn.utils.dates import parse_cell_day

Factory: TypeAlias = pytest.TempPathFactory
TITLE = "ILACS inspection history from 2018-2025"
NOTE = "This worksheet contains one table with no blank rows or columns."
OVERALL = "overall_effectiveness"
COMPILED_HEADER = (
    "urn,la_code,la_name,framework,inspection_start,start_precision,publication_date,"
    "overall_effectiveness,help_and_protection,looked_after,adoption,care_leavers,leadership,source"
)
CAMDEN = (
    "80491,202,Camden,SIF,2017-09-11,day,2017-11-24,Good,Good,Good,Outstanding,"
    f"{RI},Outstanding,inspection report"
)


def write_ods(folder: Path, *rows: list[object], header: list[str] | None = None) -> Path:
    top = [[TITLE], [NOTE], list(header or ODS_HEADER)]
    return write_sheets(folder / "outcomes.ods", {"Cover": [["Ofsted"]], HISTORY: [*top, *rows]})


def write_csv(folder: Path, *lines: str, header: str = COMPILED_HEADER) -> Path:
    path = folder / "compiled.csv"
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    return path


def only_row(frame: pd.DataFrame) -> dict[str, object]:
    assert len(frame) == 1
    return {str(name): value for name, value in frame.iloc[0].items()}


class TestForms:
    def test_ods_as_published(self, tmp_path: Path) -> None:
        row = only_row(read_judgements(write_ods(tmp_path, ods_row())))
        assert row == {
            "la_code": "301",
            "framework": "ILACS",
            "inspection_start": date(2023, 7, 10),
            "published_on": date(2023, 9, 4),
            "overall": "Requires improvement",
            "leadership": "Requires improvement",
            "help_and_protection": "Inadequate",
            "in_care": "Good",
            "care_leavers": "Good",
            "inspection_type": "standard",
            "start_precision": "day",
            "source": "outcomes.ods",
        }

    def test_columns_and_types(self, tmp_path: Path) -> None:
        frame = read_judgements(write_ods(tmp_path, ods_row()))
        assert tuple(frame.columns) == COLUMNS
        kinds = {name: str(kind) for name, kind in frame.dtypes.items()}
        dates = {"inspection_start", "published_on"}
        assert {name for name, kind in kinds.items() if kind == "object"} == dates
        assert {kinds[name] for name in COLUMNS if name not in dates} == {"str"}
        assert empty_judgements().dtypes.equals(frame.dtypes)

    def test_earlier_ods_with_names_only_and_the_header_lower_down(self, tmp_path: Path) -> None:
        header = ["Local authority", "Inspection date", "Publication date", "Inspection type"]
        header += ["Overall effectiveness", LEADERS, HELP, IN_CARE + " and care leavers"]
        rows = [["a title"], [""], ["a note"], ["another"], [""], header]
        rows.append(["Kingston upon Hull", "14/01/2019", "17 May 2019", "ILACS Short Inspection"])
        rows[-1] += ["Good", "Good", "Good", "Outstanding"]
        path = write_sheets(tmp_path / "old.ods", {"ILACS inspection history": rows})
        row = only_row(read_judgements(path))
        assert (row["la_code"], row["in_care"]) == ("810", "Outstanding")
        assert (row["inspection_start"], row["published_on"]) == (
            date(2019, 1, 14),
            date(2019, 5, 17),
        )
        assert row["inspection_type"] == "short"
        assert pd.isna(row["care_leavers"])

    def test_history_is_preferred_to_other_sheets_and_visits_are_passed_over(
        self, tmp_path: Path
    ) -> None:
        latest = [*ODS_HEADER]
        visits = ["Inspection/Visit date" if h == "Inspection date" else h for h in ODS_HEADER]
        blank = ods_row(kind="ILACS Focused Visit", grades=("", "", "", "", ""))
        sheets = {
            "Inspections_as_at_31_March": [latest, ods_row(grades=("Good",) * 5)],
            "In-year_inspections": [visits, blank],
            HISTORY: [[TITLE], ODS_HEADER, ods_row()],
        }
        with pytest.warns(DataQualityWarning, match="is Good, in the history Inadequate"):
            frame = read_judgements(write_sheets(tmp_path / "a.ods", sheets))
        assert only_row(frame)["help_and_protection"] == "Inadequate"
        del sheets[HISTORY]
        frame = read_judgements(write_sheets(tmp_path / "b.ods", sheets))
        assert only_row(frame)["help_and_protection"] == "Good"

    def test_xlsx_of_the_same_table(self, tmp_path: Path) -> None:
        path = write_sheets(tmp_path / "a.xlsx", {HISTORY: [[TITLE], ODS_HEADER, ods_row()]})
        assert only_row(read_judgements(path))["la_code"] == "301"

    def test_compiled_table(self, tmp_path: Path) -> None:
        row = only_row(read_judgements(write_csv(tmp_path, CAMDEN)))
        assert (row["framework"], row["in_care"], row["leadership"]) == (
            "SIF",
            "Good",
            "Outstanding",
        )
        assert (row["care_leavers"], row["inspection_type"]) == ("Requires improvement", "")
        assert row["source"] == "inspection report"

    def test_a_grade_that_is_not_known_stays_missing(self, tmp_path: Path) -> None:
        line = (
            "80581,344,Wirral,SIF,2016-07-01,month,2016-09-20,Inadequate,,"
            f"{RI},{RI},Not judged,,press reports"
        )
        row = only_row(read_judgements(write_csv(tmp_path, line)))
        assert (row["overall"], row["start_precision"]) == ("Inadequate", "month")
        assert pd.isna(
            [row[a] for a in ("leadership", "help_and_protection", "care_leavers")]
        ).all()

    def test_byte_order_mark_and_windows_line_ends(self, tmp_path: Path) -> None:
        path = tmp_path / "excel.csv"
        path.write_bytes(f"\ufeff{COMPILED_HEADER}\r\n{CAMDEN}\r\n".encode())
        assert only_row(read_judgements(path))["la_code"] == "202"

    def test_report_without_overall_column(self, tmp_path: Path) -> None:
        header = [h for h in ODS_HEADER if h != "Overall effectiveness"]
        row = ods_row(start="2026-04-13", published="2026-06-01", grades=("Good",) * 4)
        read = only_row(read_judgements(write_ods(tmp_path, row, header=header)))
        assert (read["framework"], read["leadership"]) == ("ILACS", "Good")
        assert pd.isna(read["overall"])

    def test_report_with_blank_overall(self, tmp_path: Path) -> None:
        row = ods_row(start="2026-04-13", published="2026-06-01", grades=("", *("Good",) * 4))
        assert pd.isna(only_row(read_judgements(write_ods(tmp_path, row)))["overall"])

    def test_codes_of_authorities_that_no_longer_exist(self, tmp_path: Path) -> None:
        path = write_ods(
            tmp_path,
            ods_row("E10000006", "Cumbria", date(2022, 9, 20), date(2022, 11, 15)),
            ods_row("E06000028", "Bournemouth", date(2018, 7, 16), date(2018, 8, 24)),
            ods_row("E10000021", "Northamptonshire", date(2019, 6, 17), date(2019, 7, 29)),
        )
        assert read_judgements(path)["la_code"].tolist() == ["837", "909", "928"]

    def test_one_name_is_the_authority_of_its_day(self, tmp_path: Path) -> None:
        header = ODS_HEADER[:1] + ODS_HEADER[2:]
        before = ods_row("", "Dorset", "2018-02-05", "2018-04-05")
        after = ods_row("", "Dorset", "2021-09-27", "2021-11-19")
        path = write_ods(tmp_path, before[:1] + before[2:], after[:1] + after[2:], header=header)
        assert read_judgements(path)["la_code"].tolist() == ["835", "838"]

    @pytest.mark.parametrize(
        ("kind", "start", "framework"),
        [
            ("Single inspection framework", "2018-02-26", "SIF"),
            ("ILACS Short Inspection", "2018-02-26", "ILACS"),
            ("", "2017-11-06", "SIF"),
            ("", "2018-01-29", "ILACS"),
        ],
    )
    def test_framework_from_type_or_start(
        self, tmp_path: Path, kind: str, start: str, framework: str
    ) -> None:
        path = write_ods(tmp_path, ods_row(start=start, published="2018-05-16", kind=kind))
        assert only_row(read_judgements(path))["framework"] == framework

    def test_footnotes_and_empty_rows_are_no_inspections(self, tmp_path: Path) -> None:
        path = write_ods(tmp_path, ods_row(), [""], ["Source: Ofsted"])
        assert len(read_judgements(path)) == 1


class TestFolders:
    def test_tables_are_found_by_content_at_any_depth(self, tmp_path: Path) -> None:
        deep = tmp_path / "a" / "b"
        deep.mkdir(parents=True)
        write_ods(deep, ods_row())
        write_csv(tmp_path, CAMDEN)
        (tmp_path / "other.csv").write_text("time_period,la_name\n2024,Camden\n", encoding="utf-8")
        (tmp_path / "latin.csv").write_bytes(b"name\n\xe9\xff\n")
        (tmp_path / "long.csv").write_bytes(b"x" * 200_000)
        (tmp_path / "~$outcomes.ods").write_bytes(b"lock")
        (tmp_path / ".cache").mkdir()
        (tmp_path / ".cache" / "half.ods").write_bytes(b"half")
        assert read_judgements(tmp_path)["la_code"].tolist() == ["202", "301"]

    def test_the_same_inspection_in_two_files_is_kept_once(self, tmp_path: Path) -> None:
        write_ods(tmp_path, ods_row())
        frame = read_judgements(tmp_path)
        write_judgements(frame, tmp_path / "z-built.csv")
        assert len(read_judgements(tmp_path)) == 1

    def test_the_same_inspection_with_other_grades_is_refused(self, tmp_path: Path) -> None:
        write_ods(tmp_path, ods_row())
        other = read_judgements(tmp_path).assign(in_care="Outstanding")
        write_judgements(other, tmp_path / "z-built.csv")
        with pytest.raises(OutcomeError) as caught:
            read_judgements(tmp_path)
        message = str(caught.value)
        for part in ("outcomes.ods", "row 4", "z-built.csv", "row 2", "in_care"):
            assert part in message
        assert "found Good and Outstanding" in message

    def test_a_start_known_to_the_day_replaces_the_month(self, tmp_path: Path) -> None:
        line = CAMDEN.replace("2017-09-11,day", "2017-09-01,month")
        frame = read_judgements(write_csv(tmp_path, line, CAMDEN))
        assert only_row(frame)["inspection_start"] == date(2017, 9, 11)

    def test_one_report_with_two_starts_is_refused(self, tmp_path: Path) -> None:
        line = CAMDEN.replace("2017-09-11", "2017-09-18")
        with pytest.raises(OutcomeError, match="2017-09-11 and 2017-09-18"):
            read_judgements(write_csv(tmp_path, CAMDEN, line))

    def test_folder_without_judgements(self, tmp_path: Path) -> None:
        (tmp_path / "a.csv").write_text("a,b\n1,2\n", encoding="utf-8")
        with pytest.raises(OutcomeError, match="no inspection judgements in the folder"):
            read_judgements(tmp_path)


BAD_CELLS = [
    ("2017-09-11", "31/02/2017", ["'inspection_start'", "'31/02/2017'", "row 3", "not a date"]),
    ("2017-09-11", "", ["'inspection_start'", "a blank cell"]),
    ("2017-11-24", "soon", ["'publication_date'", "'soon'"]),
    ("2017-11-24", "2017-09-10", ["published before", "2017-09-10, start 2017-09-11"]),
    (
        ",Outstanding,inspection",
        ",Adequate,inspection",
        ["'leadership'", "'Adequate'", "Inadequate"],
    ),
    ("202,Camden", ",Camdenshire", ["not known", "'Camdenshire'", "authorities.csv"]),
    ("202,Camden", "999,Camden", ["not known", "'999'", "'la_code'"]),
    ("202,Camden", "203,Camden", ["different authorities", "203, which is Greenwich"]),
    ("202,Camden", ",England", ["no authority of this name", "'England'"]),
    ("202,Camden", ",", ["no authority", "''"]),
    ("202,Camden", "942,Cumberland", ["existed when the inspection started", "942"]),
    (",SIF,", ",CLIF 2027,", ["'framework'", "'CLIF 2027'", "SIF or ILACS"]),
    (f"Good,Good,Good,Outstanding,{RI},Outstanding", ",,,Good,,", ["no judgement in the row"]),
]


class TestFaults:
    @pytest.mark.parametrize(("good", "bad", "parts"), BAD_CELLS)
    def test_a_bad_cell_is_named(
        self, tmp_path: Path, good: str, bad: str, parts: list[str]
    ) -> None:
        first = CAMDEN.replace("2017-09-11", "2015-09-11").replace("2017-11-24", "2015-11-24")
        assert good in CAMDEN
        path = write_csv(tmp_path, first, CAMDEN.replace(good, bad))
        with pytest.raises(OutcomeError) as caught:
            read_judgements(path)
        for part in ["compiled.csv, row 3", *parts]:
            assert part in str(caught.value)
        assert caught.value.expected
        assert caught.value.remedy

    @pytest.mark.parametrize(
        "kind",
        ["ILACS Focused Visit", "ILACS Monitoring visit", "ILACS assurance", "SIF pilot", "JTAI"],
    )
    def test_a_visit_is_no_judgement_though_its_type_names_the_framework(
        self, tmp_path: Path, kind: str
    ) -> None:
        said = f"row 4, Barking and Dagenham, column 'Inspection type': .*found '{kind}'"
        with pytest.raises(OutcomeError, match=said):
            read_judgements(write_ods(tmp_path, ods_row(kind=kind)))
        line = CAMDEN.replace(",SIF,", f",{kind},")
        with pytest.raises(OutcomeError, match=f"row 2, Camden, column 'framework': .*'{kind}'"):
            read_judgements(write_csv(tmp_path, line))

    @pytest.mark.parametrize(
        "kind", ["ILACS full inspection", "ILACS Re-inspection", "Inspection (ILACS), 2018"]
    )
    def test_other_words_of_a_graded_inspection_are_read(self, tmp_path: Path, kind: str) -> None:
        row = only_row(read_judgements(write_ods(tmp_path, ods_row(kind=kind))))
        assert (row["framework"], row["inspection_type"]) == ("ILACS", "")

    def test_row_numbers_of_a_sheet_are_those_that_a_reader_sees(self, tmp_path: Path) -> None:
        path = write_ods(tmp_path, ods_row(), ods_row(start="2020-01-13", published="whenever"))
        with pytest.raises(OutcomeError, match=r"outcomes.ods, sheet ILACS.*, row 5, Barking"):
            read_judgements(path)

    def test_cut_short(self, tmp_path: Path) -> None:
        path = write_ods(tmp_path, ods_row())
        path.write_bytes(path.read_bytes()[:1500])
        with pytest.raises(OutcomeError, match=r"outcomes.ods: .*not a workbook that can be read"):
            read_judgements(path)
        with pytest.raises(OutcomeError, match=r"outcomes\.ods"):
            read_judgements(tmp_path)

    def test_not_a_workbook(self, tmp_path: Path) -> None:
        path = tmp_path / "page.ods"
        path.write_text("<html>Not found</html>", encoding="utf-8")
        with pytest.raises(OutcomeError, match=r"page\.ods: .*a web page"):
            read_judgements(path)

    @pytest.mark.parametrize(
        "left_out", ["leadership", "publication_date", "overall_effectiveness"]
    )
    def test_missing_column(self, tmp_path: Path, left_out: str) -> None:
        path = write_csv(tmp_path, CAMDEN)
        pd.read_csv(path, dtype=str).drop(columns=left_out).to_csv(path, index=False)
        with pytest.raises(OutcomeError, match="columns of judgements are missing") as caught:
            read_judgements(path)
        assert "compiled.csv" in str(caught.value)

    def test_another_table(self, tmp_path: Path) -> None:
        path = tmp_path / "cin.csv"
        path.write_text("time_period,old_la_code\n2024,202\n", encoding="utf-8")
        with pytest.raises(OutcomeError, match="no table of inspection judgements"):
            read_judgements(path)

    def test_no_such_file(self, tmp_path: Path) -> None:
        with pytest.raises(OutcomeError, match="no such file or folder"):
            read_judgements(tmp_path / "nowhere.ods")

    def test_a_row_cut_off(self, tmp_path: Path) -> None:
        path = tmp_path / "a.csv"
        path.write_bytes(f"{COMPILED_HEADER}\n{CAMDEN}".encode() + b"\n202,Camden\n")
        with pytest.raises(OutcomeError, match=r"a\.csv, line 3: the file is cut off"):
            read_judgements(path)

    @pytest.mark.parametrize("kind", ["cut off", "two columns with the same name"])
    def test_a_spoilt_table_of_judgements_in_a_folder_is_a_warning(
        self, tmp_path: Path, kind: str
    ) -> None:
        """Passed over with a note, as a file of something else, its inspections were lost."""
        spoilt = f"{COMPILED_HEADER}\n{CAMDEN}\n202,Camden\n"
        if kind != "cut off":
            spoilt = f"{COMPILED_HEADER},leadership\n{CAMDEN},Good\n"
        (tmp_path / "spoilt.csv").write_text(spoilt, encoding="utf-8")
        (tmp_path / "other.csv").write_text("a,b\n1,2,3\n", encoding="utf-8")
        members = [one for file in tmp_path.iterdir() for one in members_of(file, file.name)]
        read = judgements_in(members)
        assert read.frame.empty
        (found,) = (one for one in read.findings if one.severity == "warning")
        assert found.code == "judgements-incomplete"
        assert re.fullmatch(
            rf"judgements that can't be read, .*spoilt\.csv.*{kind}.*", found.message
        )

    def test_windows_1252_and_utf_16_are_read_as_utf_8_is(self, tmp_path: Path) -> None:
        line = CAMDEN.replace("report", "report \N{EN DASH} read")
        text = f"{COMPILED_HEADER}\n{line}\n"
        path = tmp_path / "a.csv"
        for encoding in ("utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-32"):
            path.write_bytes(text.encode(encoding))
            assert only_row(read_judgements(path))["source"] == "inspection report \N{EN DASH} read"

    def test_a_report_a_year_late_is_announced(self, tmp_path: Path) -> None:
        path = write_csv(tmp_path, CAMDEN.replace("2017-11-24", "2018-11-24"))
        with pytest.warns(DataQualityWarning, match=r"row 2, Camden: .* 439 days after the"):
            assert len(read_judgements(path)) == 1


class TestCells:
    @pytest.mark.parametrize(
        "cell",
        [
            date(2023, 7, 10),
            pd.Timestamp("2023-07-10 12:30"),
            "2023-07-10",
            "2023-07-10 00:00:00",
            "2023-07-10T00:00:00",
            "10/07/2023",
            "10/7/2023",
            "10/07/23",
            "2023-7-10",
            np.datetime64("2023-07-10T12"),
            "10 July 2023",
            "10 Jul 2023",
            45117,
            45117.0,
            "45117",
        ],
    )
    def test_one_day_in_many_forms(self, cell: object) -> None:
        assert parse_cell_day(cell) == date(2023, 7, 10)

    @pytest.mark.parametrize(
        "cell",
        [
            "",
            "07/13/2023",
            "10/07/",
            "2023",
            "2023-W28",
            "2023-07",
            "today",
            True,
            12,
            "2023-02-30",
            "July",
        ],
    )
    def test_what_is_no_day(self, cell: object) -> None:
        assert parse_cell_day(cell) is None

    @given(st.dates(date(1983, 1, 1), date(2090, 12, 31)))
    def test_every_form_gives_the_day_back(self, day: date) -> None:
        serial = (day - date(1899, 12, 30)).days
        assert {parse_cell_day(form) for form in (day.isoformat(), f"{day:%d/%m/%Y}", serial)} == {
            day
        }


@st.composite
def judgements(draw: st.DrawFn) -> pd.DataFrame:
    days = st.dates(date(2014, 1, 1), date(2026, 3, 31))
    starts = draw(st.lists(days, unique=True, max_size=6))
    grade, overall = st.sampled_from([*GRADES, None]), st.sampled_from(GRADES[:3])
    size = len(starts)
    rows = {
        "la_code": ["301"] * size,
        "framework": ["ILACS"] * size,
        "inspection_start": sorted(starts),
        "published_on": sorted(starts),
        "overall": draw(st.lists(overall, min_size=size, max_size=size)),
    }
    for area in AREAS:
        rows[area] = draw(st.lists(grade, min_size=len(starts), max_size=len(starts)))
    return check_judgements(pd.DataFrame(rows, dtype=object))


class TestWriting:
    @pytest.mark.filterwarnings("ignore:.*no inspection known is like that")  # invented grades
    @settings(deadline=None)
    @given(judgements())
    def test_round_trip(
        self, tmp_path_factory: pytest.TempPathFactory, frame: pd.DataFrame
    ) -> None:
        path = tmp_path_factory.mktemp("written") / "judgements.csv"
        write_judgements(frame, path)
        if frame.empty:
            with pytest.raises(OutcomeError, match=r"there are no judgements in it: .* no row"):
                read_judgements(path)
            return
        back = read_judgements(path)
        assert back["inspection_start"].tolist() == frame["inspection_start"].tolist()
        for column in ("overall", *AREAS):
            assert back[column].fillna("").tolist() == frame[column].fillna("").tolist()
        written = path.read_bytes()
        write_judgements(back.assign(source=""), path)
        assert path.read_bytes() == written

    def test_a_table_without_rows(self, tmp_path: Path) -> None:
        path = tmp_path / "judgements.csv"
        write_judgements(empty_judgements(), path)
        with pytest.raises(OutcomeError, match="there are no judgements in it"):
            read_judgements(path)
        found = judgements_in(members_of(path, path.name)).findings
        assert [(one.severity, one.code) for one in found] == [("warning", "no-judgements")]

    def test_line_ends_and_blanks(self, tmp_path: Path) -> None:
        frame = read_judgements(write_ods(tmp_path, ods_row(grades=("Good", "", "", "Good", ""))))
        write_judgements(frame, tmp_path / "j.csv")
        line = b"301,ILACS,2023-07-10,2023-09-04,Good,,,Good,,standard,day,outcomes.ods\n"
        assert (tmp_path / "j.csv").read_bytes() == ",".join(COLUMNS).encode() + b"\n" + line

    def test_missing_column(self, tmp_path: Path) -> None:
        with pytest.raises(OutcomeError, match="no published_on"):
            write_judgements(empty_judgements().drop(columns="published_on"), tmp_path / "j.csv")


class TestRealFiles:
    """Counts checked by hand against the files of 31 March 2025."""

    def test_both_frameworks(self, real_data: Path) -> None:
        frame = read_judgements(real_data)
        assert frame["framework"].value_counts().to_dict() == {"ILACS": 271, "SIF": 168}
        inadequate = frame[frame["overall"] == "Inadequate"]
        assert inadequate["framework"].value_counts().to_dict() == {"SIF": 40, "ILACS": 35}
        assert frame["inspection_type"].value_counts().to_dict() == {
            "standard": 171,
            "": 168,
            "short": 100,
        }

    def test_written_and_read_again(self, real_data: Path, tmp_path: Path) -> None:
        frame = read_judgements(real_data)
        write_judgements(frame, tmp_path / "judgements.csv")
        pd.testing.assert_frame_equal(read_judgements(tmp_path), frame)

    def test_care_leavers_under_ilacs_from_2023_only(self, real_data: Path) -> None:
        frame = read_judgements(real_data / "published")
        graded = frame["care_leavers"].notna()
        assert graded.sum() == 103
        assert min(frame.loc[graded, "inspection_start"]) >= date(2023, 1, 1)

    def test_wirral_as_far_as_known(self, real_data: Path) -> None:
        frame = read_judgements(real_data / "compiled")
        wirral = frame[frame["la_code"] == "344"].iloc[0]
        assert (wirral["overall"], wirral["start_precision"]) == ("Inadequate", "month")
        assert pd.isna(wirral["leadership"])
