"""Published files in, observations out: each trap of the layouts, and what is refused."""

from __future__ import annotations

import hashlib
import math
import shutil
import warnings
import zipfile
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers import published

from earlywarn.authorities import ENGLAND
from earlywarn.errors import DataQualityWarning, EarlyWarnError, SourceError
from earlywarn.sources import observations
from earlywarn.sources.calendar import RULES, Calendar
from earlywarn.sources.cells import SYMBOLS, parse_cells
from earlywarn.sources.folder import read_folder
from earlywarn.sources.lait import ITEMS
from earlywarn.sources.layouts import IDENTIFIERS, LAYOUTS, match_layout
from earlywarn.sources.reporting_years import span
from earlywarn.sources.schema import FINDING_COLUMNS, OBSERVATION_COLUMNS, STATUSES, Published
from earlywarn.sources.tabular_files import column_key

NORTH_EAST = ["390", "391", "392", "393", "394", "805", "806", "807", "808", "840", "841", "929"]
"""One region, so that no table of it is thought to be cut off."""


def value(read: Published, code: str, measure: str, period: int) -> pd.Series:
    """The one observation of an authority, measure and period."""
    frame = read.observations
    rows = frame[
        (frame["la_code"] == code) & (frame["measure"] == measure) & (frame["period"] == period)
    ]
    assert len(rows) == 1, f"{len(rows)} observations of {measure} {code} {period}"
    return rows.iloc[0]


def told(read: Published, code: str) -> pd.DataFrame:
    """The findings of one kind."""
    return read.findings[read.findings["code"] == code]


def same(one: Published, other: Published) -> None:
    pd.testing.assert_frame_equal(one.observations, other.observations)


# Cells


@pytest.mark.parametrize(
    ("text", "number", "status"),
    [
        ("12.5", 12.5, "published"),
        ("0", 0.0, "published"),
        ("-3", -3.0, "published"),
        ("1e3", 1000.0, "published"),
        ("9.3699999999999992", 9.37, "published"),
        ("c", math.nan, "suppressed"),
        ("C", math.nan, "suppressed"),
        ("z", math.nan, "not applicable"),
        ("x", math.nan, "unavailable"),
        (":", math.nan, "unavailable"),
        ("", math.nan, "unavailable"),
        ("u", math.nan, "unreliable"),
        ("low", 0.0, "rounds to zero"),
        ("k", 0.0, "rounds to zero"),
        ("~", 0.0, "rounds to zero"),
        ("[c]", math.nan, "suppressed"),
        ("[Low]", 0.0, "rounds to zero"),
        ("..", math.nan, "unavailable"),
        ("-", math.nan, "unavailable"),
        ("\N{EN DASH}", math.nan, "unavailable"),
        ("*", math.nan, "unavailable"),
        ("N/A", math.nan, "unavailable"),
        ("nan", math.nan, "unavailable"),
    ],
)
def test_a_cell_keeps_its_reason(text, number, status):
    values, statuses, wrong = parse_cells(pd.Series([text]))
    assert values[0] == pytest.approx(number, nan_ok=True)
    assert statuses[0] == status
    assert not wrong[0]


@pytest.mark.parametrize(
    "text", ["12,5", "abc", "12.5%", "1,23", "1,204", "1 2", "inf", "٣", "[q]", "1e999"]
)
def test_other_text_is_no_number(text):
    assert parse_cells(pd.Series([text]))[2][0]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_come_back_exactly(numbers):
    values, statuses, wrong = parse_cells(pd.Series([repr(number) for number in numbers]))
    assert values.tolist() == numbers
    assert set(statuses) == {"published"}
    assert not wrong.any()


def test_every_symbol_has_a_status():
    assert set(SYMBOLS.values()) == set(STATUSES) - {"published"}


@given(st.text())
def test_a_column_key_is_a_key_of_itself(name):
    assert column_key(column_key(name)) == column_key(name)


# One table


def test_counts_and_percentages_of_c1(tmp_path):
    published.write_table(tmp_path, "C1", codes=NORTH_EAST)
    read = read_folder(tmp_path)
    n = published.size("840", 2025)
    count, share = value(read, "840", "referrals", 2025), value(read, "840", "rereferrals", 2025)
    assert (count["value"], count["numerator"]) == (n, n)
    assert math.isnan(count["denominator"])
    assert (share["numerator"], share["denominator"]) == (n // 5, n)
    assert share["value"] == pytest.approx(100 * (n // 5) / n, abs=0.05)
    assert share["published_on"] == share["vintage"] == date(2025, 10, 30)
    assert share["source"] == "C1 2025"
    assert not share["joint"]
    assert not share["date_assumed"]


def test_frames_are_as_the_data_model_says(tmp_path):
    published.write_table(tmp_path, "C1", codes=NORTH_EAST)
    read = read_folder(tmp_path)
    assert tuple(read.observations.columns) == OBSERVATION_COLUMNS
    assert tuple(read.findings.columns) == FINDING_COLUMNS
    kinds = {name: str(kind) for name, kind in read.observations.dtypes.items()}
    assert kinds["la_code"] == kinds["measure"] == kinds["status"] == "str"
    assert kinds["period"] == "int64"
    assert kinds["joint"] == kinds["date_assumed"] == "bool"
    assert set(read.observations["status"]) <= set(STATUSES)
    assert all(type(day) is date for day in read.observations["vintage"])


def test_england_is_kept_and_regions_are_not(tmp_path):
    published.write_table(tmp_path, "C1", codes=NORTH_EAST)
    codes = set(read_folder(tmp_path).observations["la_code"])
    assert codes == {ENGLAND, *NORTH_EAST}


@pytest.mark.parametrize(
    ("table", "measures"),
    [
        ("C1", {"referrals", "rereferrals", "no_further_action", "assessed_not_in_need"}),
        ("C1 2024", {"referrals", "rereferrals", "no_further_action", "assessed_not_in_need"}),
        ("B1", {"children_in_need"}),
        ("D3", {"plans_started", "repeat_plans"}),
        ("D5", {"plans_at_31_march", "plans_two_years"}),
        ("CSWW", {"vacancies", "agency_workers", "turnover", "absence", "caseload"}),
        ("CSWW 2022", {"vacancies", "agency_workers", "turnover", "absence", "caseload"}),
        ("CLA", {"looked_after"}),
        ("ONS", {"population_0_17"}),
    ],
)
def test_every_table_is_read_by_its_columns(tmp_path, table, measures):
    published.write_table(tmp_path, table, name="download (1).csv", codes=NORTH_EAST)
    read = read_folder(tmp_path)
    assert set(read.observations["measure"]) == measures
    assert read.observations["value"].notna().all()
    assert read.findings.empty
    assert read.files[0].recognised_as == table.split()[0]


def test_older_names_of_columns_give_the_same(tmp_path):
    new, old = tmp_path / "new", tmp_path / "old"
    for folder, suffix in ((new, ""), (old, " 2022")):
        published.write_table(folder, f"CSWW{suffix}", (2021, 2022), codes=NORTH_EAST)
    for folder, suffix in ((new, ""), (old, " 2024")):
        published.write_table(folder, f"C1{suffix}", (2023, 2024), codes=NORTH_EAST)
    same(read_folder(new), read_folder(old))


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path):
    plain, marked = tmp_path / "plain", tmp_path / "marked"
    published.write_table(plain, "CLA", codes=NORTH_EAST)
    path = published.write_table(marked, "CLA", codes=NORTH_EAST, encoding="utf-8-sig")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    same(read_folder(plain), read_folder(marked))


def test_windows_1252_is_read_and_told(tmp_path):
    cells = {("840", 2025): {"la_name": "Durham \u2013 County"}}
    published.write_table(tmp_path, "B1", codes=NORTH_EAST, cells=cells, encoding="cp1252")
    read = read_folder(tmp_path)
    assert value(read, "840", "children_in_need", 2025)["value"] > 0
    assert told(read, "encoding")["severity"].tolist() == ["note"]


def test_order_case_and_extra_columns_do_not_matter(tmp_path):
    plain, other = tmp_path / "plain", tmp_path / "other"
    rows = pd.read_csv(published.write_table(plain, "C1", codes=NORTH_EAST), dtype=str)
    rows = rows.rename(columns={"referral_count": "Referral_Count"}).assign(new_in_2026="c")
    other.mkdir()
    shuffled = rows.sample(frac=1, random_state=1)[sorted(rows.columns, reverse=True)]
    shuffled.to_csv(other / "a.csv", index=False)
    same(read_folder(plain), read_folder(other))


def test_title_lines_above_the_header_do_not_matter(tmp_path):
    plain, other = tmp_path / "plain", tmp_path / "other"
    path = published.write_table(plain, "D3", codes=NORTH_EAST)
    other.mkdir()
    (other / "d3.csv").write_text("Table D3\n\n" + path.read_text())
    same(read_folder(plain), read_folder(other))


@pytest.mark.parametrize("kind", ["xlsx", "ods", "parquet"])
def test_a_workbook_or_parquet_file_gives_the_same(tmp_path, kind):
    plain, other = tmp_path / "plain", tmp_path / "other"
    cells = {("840", 2025): {"rereferral_percent": "c", "rereferral_count": "c"}}
    path = published.write_table(plain, "C1", codes=NORTH_EAST, cells=cells)
    other.mkdir()
    frame = pd.read_csv(path, keep_default_na=False)
    if kind == "parquet":
        frame.astype("str").to_parquet(other / "c1.parquet")
    else:
        engine = "odf" if kind == "ods" else "openpyxl"
        with pd.ExcelWriter(other / f"c1.{kind}", engine=engine) as book:
            pd.DataFrame({"Cover": ["about"]}).to_excel(book, sheet_name="Cover")
            frame.to_excel(book, sheet_name="C1", index=False, startrow=2)
    read = read_folder(other)
    same(read_folder(plain), read)
    assert value(read, "840", "rereferrals", 2025)["status"] == "suppressed"


def test_symbols_keep_their_reason_in_each_column(tmp_path):
    cells = {
        ("840", 2025): {"rereferral_percent": "c", "rereferral_count": "c"},
        ("841", 2025): {"rereferral_percent": "x"},
        ("390", 2025): {"rereferral_percent": "u", "referral_count": "u"},
        ("391", 2025): {"rereferral_percent": "low", "rereferral_count": "low"},
        ("392", 2025): {"rereferral_percent": "z"},
        ("393", 2025): {"rereferral_percent": "~"},
        ("394", 2025): {"rereferral_percent": ":"},
    }
    published.write_table(tmp_path, "C1", codes=NORTH_EAST, cells=cells)
    with pytest.warns(DataQualityWarning):  # their counts deny some of the symbols
        read = read_folder(tmp_path)
    said = {"lost-cell", "counts-disagree", "value-without-count"}
    assert {*read.findings["code"]} == {*said, "odd-sign"}  # no count of children is "low"
    found = {code: value(read, code, "rereferrals", 2025) for code, _ in cells}
    assert {code: row["status"] for code, row in found.items()} == {
        "840": "suppressed",
        "841": "unavailable",
        "390": "unreliable",
        "391": "rounds to zero",
        "392": "not applicable",
        "393": "rounds to zero",
        "394": "unavailable",
    }
    zero = {code for code, row in found.items() if row["value"] == 0}
    assert zero == {"391", "393"}
    assert {code for code, row in found.items() if math.isnan(row["value"])} == set(found) - zero
    assert found["841"]["numerator"] > 0  # the counts are kept where only the percentage is not
    assert math.isnan(found["840"]["numerator"])
    assert found["391"]["numerator"] == 0
    assert value(read, "390", "referrals", 2025)["status"] == "unreliable"


def test_a_row_with_only_the_nine_character_code(tmp_path):
    cells = {("840", 2025): {"old_la_code": ""}}
    published.write_table(tmp_path, "B1", codes=NORTH_EAST, cells=cells)
    assert value(read_folder(tmp_path), "840", "children_in_need", 2025)["value"] > 0


def test_codes_as_spreadsheets_save_them(tmp_path):
    cells = {("840", 2025): {"old_la_code": "840.0"}}
    published.write_table(tmp_path, "B1", codes=NORTH_EAST, cells=cells)
    assert value(read_folder(tmp_path), "840", "children_in_need", 2025)["value"] > 0


def test_without_nine_character_codes_nothing_is_lost(tmp_path):
    plain, other = tmp_path / "plain", tmp_path / "other"
    rows = pd.read_csv(published.write_table(plain, "B1", codes=NORTH_EAST), dtype=str)
    other.mkdir()
    rows.drop(columns=["new_la_code", "la_name"]).to_csv(other / "b1.csv", index=False)
    same(read_folder(plain), read_folder(other))


def test_a_nine_character_code_that_is_new_is_told(tmp_path):
    cells = {("840", 2025): {"new_la_code": "E06000999"}}
    published.write_table(tmp_path, "B1", (2025,), codes=NORTH_EAST, cells=cells)
    read = read_folder(tmp_path)
    assert value(read, "840", "children_in_need", 2025)["value"] > 0
    assert told(read, "area-code")["severity"].tolist() == ["note"]


# Whose figures


def test_a_joint_row_is_given_to_each_authority(tmp_path):
    joint = {
        "old_la_code": "314 / 318",
        "new_la_code": "E09000021 / E09000027",
        "vacancy_rate_fte": "16.7",
    }
    codes = [code for code in published.codes_in(2025) if code != "318"]
    published.write_table(tmp_path, "CSWW", (2025,), codes=codes, cells={("314", 2025): joint})
    read = read_folder(tmp_path)
    one, two = (value(read, code, "vacancies", 2025) for code in ("314", "318"))
    assert one["joint"]
    assert two["joint"]
    assert one.drop("la_code").equals(two.drop("la_code"))
    assert not value(read, "313", "vacancies", 2025)["joint"]
    assert told(read, "joint-return")["severity"].tolist() == ["note"]


def test_a_joint_return_under_its_leads_code_is_given_to_both(tmp_path):
    blank = dict.fromkeys(published.TABLES["CSWW 2022"][1]("318", 2022), "z")
    codes = ["313", "314", "318"]
    published.write_table(tmp_path, "CSWW 2022", (2022,), codes=codes, cells={("318", 2022): blank})
    read = read_folder(tmp_path)
    lead, partner = (value(read, code, "turnover", 2022) for code in ("314", "318"))
    assert lead["joint"]
    assert partner["joint"]
    assert lead["value"] == partner["value"]
    assert told(read, "joint-return-under-lead")["la_code"].tolist() == ["314"]


def test_a_partner_with_its_own_return_keeps_it(tmp_path):
    published.write_table(tmp_path, "CSWW 2022", (2022,), codes=["313", "314", "318"])
    read = read_folder(tmp_path)
    assert not value(read, "314", "turnover", 2022)["joint"]
    staff = published.size("318", 2022) // 10
    assert value(read, "318", "caseload", 2022)["numerator"] == 16 * (staff - staff // 4)


def test_rows_of_authorities_that_are_not_there_are_left_out(tmp_path):
    gone = {"population_estimate": "x", "children_count": "z", "rate_per_10000": "z"}
    codes = ["909", "942", "943"]
    cells = {("909", 2025): gone, ("942", 2022): gone, ("943", 2022): gone}
    published.write_table(tmp_path, "CLA", (2022, 2025), codes=codes, cells=cells)
    read = read_folder(tmp_path)
    there = read.observations[["la_code", "period"]].itertuples(index=False, name=None)
    assert set(there) == {
        (ENGLAND, 2022),
        (ENGLAND, 2025),
        ("909", 2022),
        ("942", 2025),
        ("943", 2025),
    }
    assert read.findings.empty


@pytest.fixture(scope="module")
def outlived(tmp_path_factory) -> Published:
    """Care applications filed under codes that have closed, or not yet opened."""
    cells = {("CareApplications", "928", year): "8.1" for year in (2022, 2023)}
    cells |= {("CareApplications", code, 2022): "-" for code in ("940", "941")}
    cells |= {("CareApplications", "835", 2020): "12.7", ("CareApplications", "838", 2020): "-"}
    cells |= {("CareApplications", "839", 2018): "5.4", ("CareApplications", "836", 2020): "9.9"}
    cells |= {("CareApplications", "940", 2023): "7.7"}
    folder = tmp_path_factory.mktemp("outlived")
    published.write_lait(folder, range(2018, 2024), cells=cells)
    with pytest.warns(DataQualityWarning, match="rows of other authorities"):
        return read_folder(folder)


def test_a_code_that_outlived_its_authority_is_a_joint_return_of_its_heirs(outlived):
    read = outlived
    for code in ("940", "941"):
        row = value(read, code, "care_applications", 2022)
        assert (row["value"], row["joint"]) == (8.1, True)
    assert "928" not in set(read.observations.query("period > 2021")["la_code"])
    note = told(read, "outside-lifetime").set_index("la_code")["message"]
    assert "given to 940 and 941" in note["928"]


def test_an_heirs_own_figure_wins_over_what_it_would_inherit(outlived):
    row = value(outlived, "940", "care_applications", 2023)
    assert (row["value"], row["joint"]) == (7.7, False)
    (warned,) = told(outlived, "outlived").to_dict("records")
    assert (warned["severity"], warned["la_code"], warned["period"]) == ("warning", "928", 2023)
    assert (
        "for 2023, after it closed, and 940 and 941 in its place have others" in warned["message"]
    )


def test_an_authority_that_continues_takes_over_alone(outlived):
    row = value(outlived, "838", "care_applications", 2020)
    assert (row["value"], row["joint"]) == (12.7, False)


def test_figures_before_opening_and_of_merged_parts_are_left_out_and_listed(outlived):
    read = outlived
    frame = read.observations
    assert frame.query("la_code == '839' and period == 2018").empty
    assert frame.query("la_code == '836' and period == 2020").empty
    note = told(read, "outside-lifetime").set_index("la_code")["message"]
    assert "before it opened on 2019-04-01: left out" in note["839"]
    assert "no clear successor" in note["836"]


# Zeros


def test_nothing_to_divide_by_is_not_applicable(tmp_path):
    cells = {
        ("840", 2025): {"CPP_start": "0", "CPP_subsequent": "0", "CPP_subsequent_percent": "0"},
        ("841", 2025): {"CPP_start": "0", "CPP_subsequent": "0", "CPP_subsequent_percent": "z"},
    }
    published.write_table(tmp_path, "D3", codes=NORTH_EAST, cells=cells)
    read = read_folder(tmp_path)
    for code in ("840", "841"):
        row = value(read, code, "repeat_plans", 2025)
        assert row["status"] == "not applicable"
        assert math.isnan(row["value"])
    assert value(read, "840", "plans_started", 2025)["value"] == 0
    assert told(read, "nothing-to-divide-by")["la_code"].tolist() == ["840"]


def test_vacancy_on_no_staff_is_not_applicable(tmp_path):
    scilly = {
        "inpost_fte": "0",
        "agency_fte": "0",
        "agency_rate_fte": "z",
        "vacancy_fte": "3",
        "vacancy_rate_fte": "100",
        "leavers_fte": "0",
        "turnover_rate_fte": "z",
    }
    published.write_table(tmp_path, "CSWW", (2025,), codes=["420"], cells={("420", 2025): scilly})
    read = read_folder(tmp_path)
    row = value(read, "420", "vacancies", 2025)
    assert row["status"] == "not applicable"
    assert math.isnan(row["value"])
    assert told(read, "nothing-to-divide-by")["found"].tolist() == ["100"]


# Several files


def test_two_vintages_are_both_kept(tmp_path):
    published.write_table(tmp_path / "then", "C1 2024", (2023, 2024), codes=NORTH_EAST)
    count = round(0.209 * published.size("840", 2024))
    restated = {("840", 2024): {"rereferral_percent": "20.9", "rereferral_count": str(count)}}
    published.write_table(
        tmp_path / "now", "C1", (2023, 2024, 2025), codes=NORTH_EAST, cells=restated
    )
    frame = read_folder(tmp_path).observations
    rows = frame.query("la_code == '840' and measure == 'rereferrals' and period == 2024")
    assert rows["vintage"].tolist() == [date(2024, 10, 31), date(2025, 10, 30)]
    assert rows["value"].iloc[1] == 20.9 != rows["value"].iloc[0]
    assert rows["published_on"].tolist() == [date(2024, 10, 31)] * 2
    assert rows["source"].tolist() == ["C1 2024", "C1 2025"]


def test_the_same_file_twice_counts_once(tmp_path):
    published.write_table(tmp_path / "a", "C1", codes=NORTH_EAST)
    once = read_folder(tmp_path)
    published.write_table(tmp_path / "b", "C1", codes=NORTH_EAST, name="copy.csv")
    same(once, read_folder(tmp_path))


def test_two_files_of_one_release_may_not_contradict(tmp_path):
    published.write_table(tmp_path, "B1", codes=NORTH_EAST)
    cells = {("840", 2025): {"At31_episodes": "7"}}
    published.write_table(tmp_path, "B1", codes=NORTH_EAST, cells=cells, name="b1_old.csv")
    message = refused(tmp_path)
    assert "b1_children_in_need.csv and b1_old.csv" in message
    assert "children_in_need of 840 for 2025" in message


def test_tables_win_over_lait(tmp_path):
    published.write_table(tmp_path, "CLA", (2025,), codes=NORTH_EAST)
    cells = {("LAC", "840", 2025): "99"}
    for name in ("lait.parquet", "lait.csv"):  # one of them alone gives the same finding
        published.write_lait(tmp_path, (2024, 2025), codes=NORTH_EAST, cells=cells, name=name)
    with pytest.warns(DataQualityWarning, match="1 data warning"):
        read = read_folder(tmp_path)
    (unlike,) = told(read, "unlike-lait")["message"]
    assert (
        "differs from LAC in the LAIT file of the same release: County Durham 2025 71, not 99."
        in unlike
    )
    assert value(read, "840", "looked_after", 2025)["source"] == "CLA 2025"
    assert value(read, "840", "looked_after", 2024)["source"] == "LAIT"


@pytest.mark.parametrize("name", ["lait.parquet", "lait.csv"])
def test_lait_is_read_by_short_description(tmp_path, name):
    cells = {("Section_47", "840", 2025): "-"}
    published.write_lait(tmp_path, (2016, 2025), codes=NORTH_EAST, name=name, cells=cells)
    read = read_folder(tmp_path)
    frame = read.observations
    assert set(frame["la_code"]) == {ENGLAND, *NORTH_EAST}
    assert value(read, "840", "section_47", 2025)["status"] == "unavailable"
    held = value(read, "841", "icpc_in_15_days", 2025)
    assert (held["numerator"], held["denominator"], held["value"]) == (30, 40, 75)
    reviewed = value(read, "841", "reviews_in_time", 2025)
    assert (reviewed["numerator"], reviewed["denominator"], reviewed["value"]) == (180, 200, 90)
    assert (
        value(read, "841", "looked_after", 2025)["numerator"] == published.size("841", 2025) // 14
    )
    assert set(frame.query("measure == 'vacancies'")["period"]) == {2016}
    assert set(frame.query("measure == 'social_work_spend'")["period"]) == {2016, 2025}
    assert value(read, "841", "care_applications", 2016)["vintage"] == date(2025, 7, 9)
    assert value(read, "841", "social_work_spend", 2025)["published_on"] == date(2026, 1, 29)
    assert value(read, "841", "free_school_meals", 2025)["date_assumed"]


def test_lait_may_have_rows_of_england_alone(tmp_path):
    rows = [row for row in published.lait_rows([2024, 2025]) if row["LA Number"] == "970"]
    published.write_rows(tmp_path / "lait.csv", rows)
    assert set(read_folder(tmp_path).observations["la_code"]) == {ENGLAND}


def test_a_whole_folder(tmp_path):
    folder = published.write_published(tmp_path, (2016, 2024, 2025))
    with pytest.warns(DataQualityWarning, match="no authority has a row for 2017, 2018"):
        read = read_folder(folder)
    known = {measure.name for layout in LAYOUTS for measure in layout.measures}
    assert set(read.observations["measure"]) == known | {item.measure for item in ITEMS}
    assert set(read.findings["code"]) <= {"joint-return-under-lead", "years-missing"}
    assert set(read.neighbours["model"]) == {2021, 2025}
    counts = read.observations.query("measure == 'referrals' and la_code != 'ENG'")
    assert counts.groupby("period").size().to_dict() == {2016: 152, 2024: 153, 2025: 153}


# Calendar, register, neighbours


def test_the_calendar_of_the_folder_extends_and_overrides(tmp_path):
    published.write_table(tmp_path, "B1", (2025, 2026), codes=NORTH_EAST)
    (tmp_path / "releases.csv").write_text(
        "series,reporting_year,period_end,first_published,precision,source\n"
        "cin,2026,2026-03-31,2026-10-29,day,seen\n"
        "cin,2025,2025-03-31,2025-11-01,day,changed\n"
    )
    read = read_folder(tmp_path)
    row = value(read, "840", "children_in_need", 2025)
    assert (row["published_on"], row["vintage"]) == (date(2025, 11, 1), date(2026, 10, 29))
    assert not told(read, "no-release-date").size
    kept = read.releases.query("series == 'cin' and period == 2025")
    assert kept["evidence"].tolist() == ["changed"]


def test_a_date_that_is_not_known_is_assumed_and_told(tmp_path):
    published.write_table(tmp_path, "B1", (2012,), codes=NORTH_EAST)
    read = read_folder(tmp_path)
    row = value(read, "840", "children_in_need", 2012)
    assert row["published_on"] == date(2012, 11, 30)
    assert row["date_assumed"]
    note = told(read, "no-release-date")
    assert note["found"].tolist() == ["cin"]
    assert note["period"].tolist() == [2012]


def test_an_assumed_day_that_has_not_come_is_a_warning(tmp_path, monkeypatch):
    published.write_table(tmp_path, "B1", (2012,), codes=NORTH_EAST)
    monkeypatch.setattr(observations, "this_day", lambda: date(2012, 11, 29))
    with pytest.warns(DataQualityWarning, match="by rule 2012-11-30 is assumed"):
        read_folder(tmp_path)


def test_the_calendar_that_ships_has_every_series_and_no_look_ahead():
    calendar = Calendar.load()
    assert set(RULES) <= set(calendar.releases["series"])
    late = [
        calendar.release(series, period)[0] > span(series, period)[1]
        for series in RULES
        for period in range(2013, 2026)
    ]
    assert len(late) == 13 * len(RULES)
    assert all(late)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("cin,2026,,soon,day,x", ["published_on", "'soon'", "not a date"]),
        ("cin,26,,2026-10-29,day,x", ["period", "'26'", "not a year"]),
        ("cin,2026,,2026-10-29,sure,x", ["precision", "'sure'", "day, month, assumed"]),
    ],
)
def test_a_wrong_calendar_is_told(tmp_path, line, words):
    header = "series,period,period_end,published_on,precision,evidence"
    (tmp_path / "releases.csv").write_text(f"{header}\n{line}\n")
    published.write_table(tmp_path, "B1", codes=NORTH_EAST)
    assert_words(refused(tmp_path), ["releases.csv", *words])


def test_a_register_in_the_folder_extends_what_is_read(tmp_path, monkeypatch):
    for reader in ("plausibility", "observations"):
        monkeypatch.setattr(f"earlywarn.sources.{reader}.this_day", lambda: date(2029, 1, 1))
    (tmp_path / "register").mkdir()
    (tmp_path / "register" / "new.csv").write_text(
        "la_code,la_name,region,la_type,opened,closed\n"
        "936,,,,,2027-04-01\n"
        "950,East Surrey,South East,unitary authority,2027-04-01,\n"
        "951,West Surrey,South East,unitary authority,2027-04-01,\n"
    )
    (tmp_path / "register" / "changes.csv").write_text(
        "date,predecessor,successor,kind\n2027-04-01,936,950,split\n2027-04-01,936,951,split\n"
    )
    published.write_table(tmp_path, "B1", (2028,), codes=["936"])
    read = read_folder(tmp_path)
    east, west = (value(read, code, "children_in_need", 2028) for code in ("950", "951"))
    assert east["value"] == west["value"] == published.size("936", 2028) // 2
    assert east["joint"]
    assert west["joint"]
    assert len(read.register.existing("2027-04-01")) == 154


@pytest.mark.parametrize("model", [2021, 2025])
def test_neighbours_are_told_apart_by_what_they_hold(tmp_path, model):
    published.write_table(tmp_path, "B1", codes=NORTH_EAST)
    published.write_neighbours(tmp_path, model)
    frame = read_folder(tmp_path).neighbours
    assert set(frame["model"]) == {model}
    codes = published.codes_in(model, 4, 1)
    assert len(frame) == 10 * len(codes)
    first = frame[frame["la_code"] == codes[0]]
    assert first["rank"].tolist() == list(range(1, 11))
    assert first["neighbour_code"].tolist() == codes[1:11]
    assert set(frame["published_on"]) == {date(model, 4, 1) if model == 2021 else date(2025, 5, 31)}


def test_an_authority_without_neighbours_has_no_rows(tmp_path):
    published.write_table(tmp_path, "B1", codes=NORTH_EAST)
    published.write_neighbours(
        tmp_path, 2021, changed={("840", rank): "-" for rank in range(1, 11)}
    )
    with pytest.warns(DataQualityWarning, match="have no neighbours: 840"):
        read = read_folder(tmp_path)
    assert "840" not in set(read.neighbours["la_code"])


def test_files_of_one_model_that_disagree_are_told(tmp_path):
    published.write_table(tmp_path, "B1", codes=NORTH_EAST)
    published.write_neighbours(tmp_path / "a", 2025)
    published.write_neighbours(tmp_path / "b", 2025, changed={("840", 1): "201"})
    with pytest.warns(DataQualityWarning):
        read = read_folder(tmp_path)
    kept = read.neighbours.query("la_code == '840' and rank == 1")["neighbour_code"].tolist()
    assert kept == ["841"]
    assert "201 and 841" in told(read, "neighbours-disagree")["message"].iloc[0]


def test_a_neighbour_that_was_gone_by_then_is_told(tmp_path):
    published.write_table(tmp_path, "B1", codes=NORTH_EAST)
    published.write_neighbours(tmp_path, 2025, changed={("840", 3): "835"})
    with pytest.warns(DataQualityWarning, match=r"Dorset \(835\) is a neighbour"):
        read_folder(tmp_path)


def test_a_neighbour_that_is_no_code_is_refused(tmp_path):
    published.write_table(tmp_path, "B1", codes=NORTH_EAST)
    published.write_neighbours(tmp_path, 2025, changed={("840", 3): "Leeds"})
    assert_words(refused(tmp_path), ["authority 840, rank 3", "'Leeds'", "three-digit code"])


# What is listed


def test_files_are_recorded(tmp_path):
    path = published.write_table(tmp_path / "deep" / "er", "C1", codes=NORTH_EAST)
    (tmp_path / "notes.csv").write_text("who,what\nme,nothing\n")
    (tmp_path / "readme.txt").write_text("no table")
    (tmp_path / "readme.md").write_text("no table")
    (tmp_path / ".hidden.csv").write_text("")
    (tmp_path / "list.csv").write_text("LA Number,LA Name,Region,Type\n201,City,Inner London,ILB\n")
    read = read_folder(tmp_path)
    files = {record.path: record for record in read.files}
    assert list(files) == [
        "deep/er/c1_referrals.csv", "list.csv", "notes.csv", "readme.md", "readme.txt"
    ]  # fmt: skip
    record = files["deep/er/c1_referrals.csv"]
    assert record.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (record.recognised_as, record.rows) == ("C1", 2 * (len(NORTH_EAST) + 1))
    assert files["notes.csv"].recognised_as == "unrecognised"
    assert files["readme.md"].recognised_as == "not looked into"
    assert (files["list.csv"].recognised_as, files["list.csv"].rows) == ("list of authorities", 0)
    assert told(read, "unrecognised")["file"].tolist() == ["notes.csv", "readme.txt"]
    left = told(read, "not looked into")
    assert set(left["file"]) == {".hidden.csv", "list.csv", "readme.md"}
    assert "a hidden file" in left.set_index("file").loc[".hidden.csv", "message"]


def test_every_file_is_read_or_named(tmp_path):
    published.write_table(tmp_path, "C1", codes=NORTH_EAST)
    (tmp_path / "points.csv").write_text("la_code,easting,northing\n201,1,2\n")
    (tmp_path / "page.html").write_text("<html></html>")
    (tmp_path / "cut.csv.gz").write_bytes(b"\x1f\x8b\x08\x00")
    (tmp_path / "~$c1.xlsx").write_bytes(b"lock")
    with pytest.warns(DataQualityWarning, match=r"1 data warning, the first in cut\.csv\.gz"):
        read = read_folder(tmp_path)
    on_disk = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    taken = {record.path for record in read.files if record.rows}
    assert taken == {"c1_referrals.csv"}
    assert on_disk == taken | set(read.findings["file"])


def warned(folder: Path, code: str) -> pd.Series:
    """The one warning of a folder, which was announced."""
    with pytest.warns(DataQualityWarning, match=r"1 data warning, .*see \.findings"):
        read = read_folder(folder)
    rows = read.findings[read.findings["severity"] == "warning"]
    assert rows["code"].tolist() == [code]
    return rows.iloc[0]


def test_an_unknown_authority_is_left_out_and_told(tmp_path):
    cells = {("840", 2025): {"old_la_code": "950", "new_la_code": "E06000099"}}
    published.write_table(tmp_path, "B1", (2025,), codes=NORTH_EAST, cells=cells)
    row = warned(tmp_path, "unknown-authority")
    assert (row["found"], row["line"]) == ("950", 13)
    assert "authorities.csv" in row["message"]


def test_an_unknown_authority_in_lait_is_left_out_and_told(tmp_path):
    rows = published.lait_rows((2025,), ["840", "841"])
    changed = [row | {"LA Number": "950"} if row["LA Number"] == "841" else row for row in rows]
    published.write_rows(tmp_path / "lait.csv", changed)
    row = warned(tmp_path, "unknown-authority")
    assert row["found"] == "950"
    assert row["line"] == 2 + len(published.LAIT_VALUES)


def test_a_row_twice_in_lait_is_kept_once_and_told(tmp_path):
    rows = published.lait_rows((2025,), ["840"])
    published.write_rows(tmp_path / "lait.csv", [*rows, rows[0]])
    row = warned(tmp_path, "row-twice")
    assert "Section_47 of 840 for 2025" in row["message"]


def test_a_neighbour_that_is_not_known_is_left_out_and_told(tmp_path):
    published.write_table(tmp_path, "B1", codes=NORTH_EAST)
    published.write_neighbours(tmp_path, changed={("840", 3): "950"})
    assert warned(tmp_path, "unknown-authority")["found"] == "950"


def test_few_authorities_are_told(tmp_path):
    codes = published.codes_in(2025)
    published.write_table(tmp_path, "B1", (2025,), codes=codes[:99])
    row = warned(tmp_path, "few-authorities")
    assert (row["found"], row["period"]) == ("99", 2025)


def test_a_row_twice_is_kept_once_and_told(tmp_path):
    published.write_table(tmp_path, "B1", (2025,), codes=[*NORTH_EAST, "840"])
    row = warned(tmp_path, "row-twice")
    assert "lines 13, 16" in row["message"]


def test_two_codes_that_are_not_one_authority_are_told(tmp_path):
    cells = {("840", 2025): {"new_la_code": "E06000005"}}  # Darlington's
    published.write_table(tmp_path, "B1", (2025,), codes=NORTH_EAST, cells=cells)
    row = warned(tmp_path, "area-code")
    assert (row["la_code"], row["found"]) == ("840", "E06000005")


def test_a_code_and_a_name_that_are_not_one_authority_are_told(tmp_path):
    cells = {("840", 2025): {"la_name": "Darlington"}}
    published.write_table(tmp_path, "B1", (2025,), codes=NORTH_EAST, cells=cells)
    row = warned(tmp_path, "area-code")
    assert (row["la_code"], row["found"]) == ("840", "Darlington")
    assert "840 is County Durham, and the name next to it is Darlington" in row["message"]


def test_a_year_whose_rows_are_all_of_another_level_is_told(tmp_path):
    cells = {(code, 2024): {"geographic_level": "PCON"} for code in NORTH_EAST}
    published.write_table(tmp_path, "B1", (2024, 2025), codes=NORTH_EAST, cells=cells)
    row = warned(tmp_path, "year-without-authorities")
    assert row["message"].startswith("2024: there are rows, and none of an authority that counts")


def test_a_part_over_its_whole_is_told(tmp_path):
    cells = {("840", 2025): {"CPP_subsequent": "5000", "CPP_subsequent_percent": "100"}}
    published.write_table(tmp_path, "D3", (2025,), codes=NORTH_EAST, cells=cells)
    row = warned(tmp_path, "part-over-whole")
    assert (row["la_code"], row["line"]) == ("840", 13)
    assert "5000" in row["message"]


def test_workforce_over_100_percent_is_told(tmp_path):
    cells = {
        ("840", 2025): {
            "turnover_rate_fte": "120",
            "leavers_fte": "12",
            "inpost_fte": "10",
            "working_days_lost_fte": "81",  # 3.2% of what ten people work in a year
            "agency_rate_fte": "c",
            "vacancy_rate_fte": "c",
        }
    }
    published.write_table(tmp_path, "CSWW", (2025,), codes=NORTH_EAST, cells=cells)
    with pytest.warns(DataQualityWarning, match="4 data warnings"):
        read = read_folder(tmp_path)
    assert value(read, "840", "turnover", 2025)["value"] == 120
    assert told(read, "over-100-percent")["found"].tolist() == ["120"]


def test_percentages_that_their_counts_do_not_give_are_counted(tmp_path):
    cells = {(code, 2025): {"rereferral_percent": "20.3"} for code in ("840", "841")}
    published.write_table(tmp_path, "C1", (2025,), codes=NORTH_EAST, cells=cells)
    read = read_folder(tmp_path)
    note = told(read, "counts-disagree")
    assert note["severity"].tolist() == ["note"]
    assert note["message"].iloc[0].startswith("2 of 13 published values differ")
    assert value(read, "840", "rereferrals", 2025)["value"] == 20.3


def test_a_percentage_far_from_its_counts_is_a_warning_that_names_the_farthest(tmp_path):
    cells = {
        ("840", 2025): {"rereferral_percent": "20.3"},
        ("841", 2025): {"rereferral_percent": "25"},
    }
    published.write_table(tmp_path, "C1", (2025,), codes=NORTH_EAST, cells=cells)
    row = warned(tmp_path, "counts-disagree")
    assert (row["la_code"], row["found"]) == ("841", "25")
    assert "the farthest is 25 where the counts give 19.97" in row["message"]


def test_a_suspect_zero_is_told(tmp_path):
    cells = {("RevCP", "840", 2025): "0", ("CPP_Reviewed_InReqTimeScl", "840", 2025): "0"}
    published.write_lait(tmp_path, (2025,), codes=NORTH_EAST, cells=cells)
    read = read_folder(tmp_path)
    assert told(read, "suspect-zero")["la_code"].tolist() == ["840"]
    assert value(read, "840", "reviews_in_time", 2025)["value"] == 0


def test_notes_alone_are_not_announced(tmp_path):
    (tmp_path / "notes.csv").write_text("who,what\nme,nothing\n")
    published.write_table(tmp_path, "B1", codes=NORTH_EAST)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_folder(tmp_path).findings["severity"].tolist() == ["note"]


# What is refused


def refused(folder: Path) -> str:
    """The message with which a folder is refused."""
    with pytest.raises(SourceError) as caught:
        read_folder(folder)
    return str(caught.value)


def assert_words(message: str, words: list[str]) -> None:
    assert words
    for word in words:
        assert word in message, f"{word!r} is not in: {message}"


def test_no_folder(tmp_path):
    assert_words(refused(tmp_path / "gone"), ["gone", "no such folder"])


def test_a_folder_without_figures(tmp_path):
    assert_words(refused(tmp_path), ["no published table", "no CSV", "C1, B1"])
    (tmp_path / "notes.csv").write_text("who,what\nme,nothing\n")
    published.write_neighbours(tmp_path)
    assert_words(refused(tmp_path), ["notes.csv (unrecognised)", "(neighbours)"])


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "an empty file"),
        (b" \n", "an empty file"),
        (b"<!DOCTYPE html><html><body>Not found</body></html>", "a web page"),
        (b"\n<html></html>", "a web page"),
        (b"PK\x03\x04 and so on", "not a zip file"),
        (b"\x00\x01\x02", "binary data"),
        (b"a,b\n\x81\x8d\n", "binary data"),
    ],
)
def test_what_is_no_csv_file(tmp_path, content, kind):
    published.write_table(tmp_path, "C1", codes=NORTH_EAST)
    (tmp_path / "b.csv").write_bytes(content)
    row = warned(tmp_path, "unreadable")
    assert_words(str(row["message"]), ["b.csv", kind])
    alone = tmp_path / "alone"
    alone.mkdir()
    (tmp_path / "b.csv").rename(alone / "b.csv")
    assert_words(refused(alone), ["b.csv", kind])


@pytest.mark.parametrize("name", ["a.xlsx", "a.ods", "a.parquet"])
def test_a_broken_workbook(tmp_path, name):
    published.write_table(tmp_path, "C1", codes=NORTH_EAST)
    start = b"PAR1" if name == "a.parquet" else b"PK\x03\x04"
    (tmp_path / name).write_bytes(start + b" not what it says")
    row = warned(tmp_path, "unreadable")
    assert_words(str(row["message"]), [name, "can be read"])
    if name == "a.xlsx":
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("a.txt", "no workbook")
        assert told(read_folder(tmp_path), "unrecognised")["file"].tolist() == ["a.xlsx: a.txt"]


def test_missing_columns_are_named_with_what_is_near(tmp_path):
    path = published.write_table(tmp_path, "CSWW", codes=NORTH_EAST)
    path.write_text(path.read_text().replace("turnover_rate_fte", "turnover_fte_rate", 1))
    message = refused(tmp_path)
    assert_words(
        message,
        [
            "csww_indicators.csv",
            "table CSWW lacks the column turnover_rate_fte",
            "near: turnover_fte_rate",
        ],
    )


def test_a_missing_identifier_is_named(tmp_path):
    path = published.write_table(tmp_path, "D3", codes=NORTH_EAST)
    path.write_text(path.read_text().replace("old_la_code", "lad_code", 1))
    assert_words(refused(tmp_path), ["table D3 lacks the column old_la_code"])


def test_a_lait_file_without_its_values(tmp_path):
    path = published.write_lait(tmp_path, (2025,), codes=["840"], name="lait.csv")
    path.write_text(path.read_text().replace("Values", "Number", 1))
    assert_words(refused(tmp_path), ["lait.csv", "lacks the column values"])


def test_a_file_that_is_cut_off(tmp_path):
    path = published.write_table(tmp_path, "C1", (2025,), codes=NORTH_EAST)
    path.write_text(path.read_text()[:-40])
    assert_words(refused(tmp_path), ["c1_referrals.csv, line 15", "cut off", "expected 19"])


def test_a_row_of_another_length(tmp_path):
    path = published.write_table(tmp_path, "C1", (2025,), codes=NORTH_EAST)
    lines = path.read_text().splitlines()
    lines[4] += ",7"
    path.write_text("\n".join(lines))
    assert_words(refused(tmp_path), ["line 5", "not as long as the header", "20 cells"])


def test_a_table_without_rows(tmp_path):
    path = published.write_table(tmp_path, "C1", (2025,), codes=NORTH_EAST)
    path.write_text(path.read_text().splitlines()[0])
    assert_words(refused(tmp_path), ["c1_referrals.csv", "without a row"])
    published.write_table(tmp_path, "B1", codes=NORTH_EAST)
    assert "a header of C1 with no rows" in warned(tmp_path, "no-rows")["message"]


def test_a_table_without_rows_that_count(tmp_path):
    path = published.write_table(tmp_path, "CLA", (2025,), codes=NORTH_EAST)
    path.write_text(path.read_text().replace("looked after on 31 March", "ceasing to be"))
    assert_words(refused(tmp_path), ["CLA", "no row of an authority that counts", "31 March"])


def test_two_different_rows_for_one_year(tmp_path):
    path = published.write_table(tmp_path, "B1", (2025,), codes=[*NORTH_EAST, "840"])
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:-1], lines[-1].rsplit(",", 1)[0] + ",7"]))
    message = refused(tmp_path)
    assert_words(message, ["lines 13, 16", "County Durham (840), 2025", "two different rows"])


@pytest.mark.parametrize(
    ("table", "column", "text", "words"),
    [
        ("C1", "rereferral_percent", "n.k.", ["'n.k.'", "neither a number nor", "c, z, x"]),
        ("C1", "referral_count", "1,204", ["'1,204'", "neither a number nor"]),
        ("C1", "rereferral_percent", "22,6", ["'22,6'", "decimal points"]),
        ("C1", "rereferral_percent", "22.6%", ["'22.6%'"]),
        ("C1", "rereferral_percent", "122.6", ["122.6", "from 0 to 100"]),
        ("C1", "rereferral_percent", "-2", ["-2", "from 0 to 100"]),
        ("C1", "referral_count", "-2", ["-2", "zero or more"]),
        ("D3", "CPP_subsequent", "-2", ["-2", "zero or more"]),
        ("CSWW", "turnover_rate_fte", "-2", ["-2", "zero or more"]),
    ],
)
def test_a_cell_that_can_not_be(tmp_path, table, column, text, words):
    cells = {("840", 2025): {column: text}}
    path = published.write_table(tmp_path, table, (2025,), codes=NORTH_EAST, cells=cells)
    message = refused(tmp_path)
    where = [f"{path.name}, line 13", "County Durham (840)", column.lower()]
    assert_words(message.replace(column, column.lower()), [*where, *words])


@pytest.mark.parametrize("year", ["1999", "202425", "2024/25", "", "2101"])
def test_a_period_that_is_no_year(tmp_path, year):
    cells = {("840", 2025): {"time_period": year}}
    published.write_table(tmp_path, "B1", (2025,), codes=NORTH_EAST, cells=cells)
    assert_words(refused(tmp_path), ["line 13", "time_period", repr(year), "2000 and 2100"])


@pytest.mark.parametrize(
    ("column", "text", "words"),
    [
        ("Values", "n.k.", ["Section_47", "'n.k.'", "neither"]),
        ("Years", "2014-16", ["Years", "'2014-16'", "not a year"]),
    ],
)
def test_a_lait_cell_that_can_not_be(tmp_path, column, text, words):
    rows = published.lait_rows((2025,), ["840"])
    rows[0][column] = text
    published.write_rows(tmp_path / "lait.csv", rows)
    assert_words(refused(tmp_path), ["lait.csv", *words])


def test_a_lait_file_of_other_measures(tmp_path):
    rows = [row for row in published.lait_rows((2025,), ["840"]) if row["Short Desc"] == "EALPri"]
    published.write_rows(tmp_path / "lait.csv", rows)
    assert_words(refused(tmp_path), ["lait.csv", "none of the measures needed", "Section_47"])


def test_neighbours_without_a_neighbour(tmp_path):
    published.write_table(tmp_path, "B1", codes=NORTH_EAST)
    path = published.write_neighbours(tmp_path)
    rows = pd.read_csv(path, dtype=str, encoding="utf-8-sig")
    rows[[f"SN_{rank}" for rank in range(1, 11)]] = "-"
    rows.to_csv(path, index=False)
    assert_words(refused(tmp_path), ["sn_model_2025_wide.csv", "no authority has neighbours"])


def test_a_quote_that_is_never_closed(tmp_path):
    path = published.write_table(tmp_path, "C1", (2025,), codes=NORTH_EAST)
    path.write_text(path.read_text() + '2025,"' + "x" * 200_000)
    assert_words(refused(tmp_path), ["c1_referrals.csv, line 16", "CSV file that can be read"])


def test_a_cell_of_an_unknown_authority(tmp_path):
    cells = {("840", 2025): {"old_la_code": "950", "referral_count": "?"}}
    published.write_table(tmp_path, "C1", (2025,), codes=NORTH_EAST, cells=cells)
    assert_words(refused(tmp_path), ["line 13, '950', referral_count", "'?'"])


def test_two_values_in_lait(tmp_path):
    rows = published.lait_rows((2025,), ["840"])
    published.write_rows(tmp_path / "lait.csv", [*rows, rows[0] | {"Values": "1.5"}])
    assert_words(refused(tmp_path), ["two values", "Section_47 of 840 for 2025"])


def test_every_error_is_one_line_and_of_ours(tmp_path):
    published.write_table(tmp_path, "C1", cells={("840", 2025): {"referral_count": "?"}})
    with pytest.raises(EarlyWarnError) as caught:
        read_folder(tmp_path)
    assert "\n" not in str(caught.value)
    assert caught.value.expected
    assert caught.value.remedy


# Layouts


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: f"{layout.table} {layout.since}")
def test_a_layout_is_matched_by_its_own_columns_only(layout):
    columns = [*layout.columns, *layout.marks]
    assert match_layout(columns, "a.csv") is layout
    assert match_layout([*reversed(columns), "new"], "a.csv") is layout
    assert match_layout(IDENTIFIERS, "a.csv") is None
    series = {measure.name for measure in layout.measures}
    assert len(series) == len(layout.measures)


def test_layouts_of_one_table_give_the_same_measures():
    tables = {}
    for layout in LAYOUTS:
        tables.setdefault(layout.table, []).append({(m.name, m.unit) for m in layout.measures})
    assert {table for table, found in tables.items() if len(found) > 1} == {"C1", "CSWW", "CLA"}
    for found in tables.values():
        assert all(measures == found[0] for measures in found)


# The real files


@pytest.fixture(scope="module")
def real(real_data: Path) -> Published:
    return read_folder(real_data)


@pytest.fixture(scope="module")
def workforce_of_2025(real_data: Path, tmp_path_factory) -> Published:
    """The newest workforce file by itself: beside older ones, only what it changes is kept."""
    folder = tmp_path_factory.mktemp("workforce")
    name = "csww_indicators_2017_to_2025.csv"
    shutil.copy(real_data / "published" / name, folder / name)
    return read_folder(folder)


def local(real: Published, measure: str, source: str | None = None) -> pd.DataFrame:
    frame = real.observations
    rows = frame[(frame["measure"] == measure) & (frame["la_code"] != ENGLAND)]
    return rows if source is None else rows[rows["source"] == source]


@pytest.mark.parametrize(
    ("measure", "source", "late"),
    [
        ("referrals", "C1 2025", False),
        ("children_in_need", "B1 2025", False),
        ("repeat_plans", "D3 2025", False),
        ("plans_two_years", "D5 2025", False),
        ("vacancies", "CSWW 2025", True),
        ("vacancies", "CSWW 2022", True),
        ("looked_after", "CLA 2025", False),
        ("population_0_17", "ONS 2024", True),
        ("section_47", "LAIT", False),
    ],
)
def test_the_real_tables_have_each_authority_each_year(
    real, workforce_of_2025, measure, source, late
):
    read = workforce_of_2025 if source == "CSWW 2025" else real
    counts = local(read, measure, source).groupby("period")["la_code"].nunique()
    expected = {
        year: len(real.register.existing(date(year, *((9, 30) if late else (3, 31)))))
        for year in counts.index
    }
    assert len(counts) >= 5
    assert counts.to_dict() == expected


def test_each_observation_is_there_once_and_of_an_authority_that_existed(real):
    frame = real.observations
    assert len(frame) > 40_000
    assert not frame.duplicated(["la_code", "measure", "period", "vintage"]).any()
    assert (frame["published_on"] <= frame["vintage"]).all()
    assert frame["value"].isna().eq(~frame["status"].isin(["published", "rounds to zero"])).all()


def test_the_real_joint_returns_reach_all_four(workforce_of_2025):
    frame = local(workforce_of_2025, "turnover", "CSWW 2025")
    joint = frame[frame["la_code"].isin(["314", "318", "940", "941"])]
    assert joint.query("period >= 2021").groupby("la_code").size().to_dict() == dict.fromkeys(
        ["314", "318", "940", "941"], 5
    )
    assert joint["joint"].all()
    assert joint["value"].notna().all()
    assert not frame[~frame["la_code"].isin(joint["la_code"])]["joint"].any()


def test_the_real_older_workforce_file_agrees_on_joint_returns(real, workforce_of_2025):
    frames = [local(read, "turnover") for read in (real, workforce_of_2025)]
    both, newer = (
        frame[frame["la_code"].isin(["314", "318", "940", "941"]) & (frame["period"] == 2022)]
        for frame in frames
    )
    # The newer file says the same, so the figure is kept once, from the day it was first known.
    assert both["source"].tolist() == ["CSWW 2022"] * 4
    assert newer["source"].tolist() == ["CSWW 2025"] * 4
    assert both.set_index("la_code")["value"].equals(newer.set_index("la_code")["value"])


@pytest.mark.parametrize(
    ("code", "measure", "period", "number"),
    [
        # Read off the released files, 2025.
        (ENGLAND, "referrals", 2025, 632_830),
        (ENGLAND, "rereferrals", 2025, 22.6),
        (ENGLAND, "children_in_need", 2025, 402_400),
        (ENGLAND, "repeat_plans", 2025, 24.5),
        (ENGLAND, "plans_two_years", 2025, 2.3),
        (ENGLAND, "vacancies", 2025, 14.2),
        (ENGLAND, "looked_after", 2025, 67),
        (ENGLAND, "population_0_17", 2024, 12_183_016),
        (ENGLAND, "section_47", 2025, 189.3),
        (ENGLAND, "icpc_in_15_days", 2025, 81.4),
        (ENGLAND, "social_work_spend", 2025, 170),
        ("940", "care_applications", 2025, 8.9),
        ("838", "care_applications", 2025, 8.1),
    ],
)
def test_real_numbers(real, code, measure, period, number):
    assert value(real, code, measure, period)["value"] == pytest.approx(number)


def test_isles_of_scilly_has_no_vacancy_rate_without_staff(real):
    rows = local(real, "vacancies").query("la_code == '420' and period >= 2021")
    assert set(rows["status"]) == {"not applicable"}
    vacancies = local(real, "vacancies")
    assert not (vacancies["value"] == 100).any()
    assert len(vacancies.drop_duplicates(["la_code", "period"])) > 1500


@pytest.mark.parametrize(
    ("measure", "scale", "half", "slack"),
    [
        ("rereferrals", 100, 0.05, 0),
        ("no_further_action", 100, 0.05, 0),
        ("assessed_not_in_need", 100, 0.05, 0),
        ("repeat_plans", 100, 0.05, 0),
        ("plans_two_years", 100, 0.05, 0),
        ("reviews_in_time", 100, 0.05, 0),
        ("vacancies", 100, 0.05, 0.04),  # counts to one decimal
        ("agency_workers", 100, 0.05, 0.04),
        ("caseload", 1, 0.05, 0.3),
        ("looked_after", 10_000, 0.5, 0),
    ],
)
def test_the_real_ratios_are_their_counts(real, measure, scale, half, slack):
    rows = local(real, measure).dropna(subset=["value", "numerator", "denominator"])
    off = (rows["value"] - scale * rows["numerator"] / rows["denominator"]).abs()
    assert len(rows) > 700
    assert off.max() <= half + slack + 1e-6


def test_known_holes_are_holes(real):
    cyber_attack = [value(real, "204", "referrals", year)["status"] for year in (2021, 2022)]
    assert "published" not in cyber_attack
    assert value(real, "884", "referrals", 2024)["status"] == "unreliable"


def test_the_real_files_give_notes_and_no_warning(real):
    counts = real.findings["severity"].value_counts().to_dict()
    assert set(counts) == {"note"}
    assert 10 < counts["note"] < 60
    left = {record.path.split("/")[-1] for record in real.files if not record.rows}
    assert {name for name in left if "nspection" in name or "sif" in name} == {
        "LA_Inspection_Outcomes_as_at_31_March_2025.ods", "ofsted_sif_outcomes_2013_to_2018.csv"
    }  # fmt: skip


def test_the_real_neighbour_tables_agree(real):
    counts = real.neighbours.groupby("model")["la_code"].nunique().to_dict()
    assert counts == {2021: 156, 2025: 158}
    assert not told(real, "neighbours-disagree").size
    assert set(real.neighbours.groupby(["model", "la_code"]).size()) == {10}


def test_reading_twice_gives_the_same(real, real_data):
    again = read_folder(real_data)
    same(real, again)
    pd.testing.assert_frame_equal(real.findings, again.findings)


def test_values_are_finite_where_they_are_there(real):
    assert np.isfinite(real.observations["value"].dropna()).all()


def test_every_series_that_is_read_has_a_rule_for_its_dates():
    series = {item.series for item in ITEMS} | {layout.series for layout in LAYOUTS}
    assert len(series) > 5
    assert series <= set(RULES)
