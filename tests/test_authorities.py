"""The register: who was there when, however they are written, and who became whom."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earlywarn.authorities import ENGLAND, REGISTER_COLUMNS, Register
from earlywarn.errors import AuthorityError

REGISTER = Register.load()
CODES = sorted(REGISTER.authorities["la_code"])


@pytest.mark.parametrize(
    ("day", "count"),
    [
        ("2016-01-01", 152),
        ("2019-03-31", 152),
        ("2019-04-01", 151),
        ("2021-03-31", 151),
        ("2021-04-01", 152),
        ("2023-03-31", 152),
        ("2023-04-01", 153),
        ("2026-06-01", 153),
    ],
)
def test_the_number_of_authorities(day, count):
    assert len(REGISTER.existing(day)) == count


def test_existing_gives_regions_and_types_sorted_by_code():
    frame = REGISTER.existing(date(2025, 1, 1))
    assert list(frame.columns) == ["la_code", "la_name", "region", "la_type"]
    assert frame["la_code"].is_monotonic_increasing
    assert frame["region"].nunique() == 10
    assert "Inner London" in set(frame["region"])
    assert frame.set_index("la_code").loc["825", "la_type"] == "unitary authority"


def test_a_day_decides_the_old_and_the_new():
    assert REGISTER.existed("909", "2023-03-31")
    assert not REGISTER.existed("909", "2023-04-01")
    assert not REGISTER.existed("942", "2023-03-31")
    assert REGISTER.existed("942", "2023-04-01")
    assert REGISTER.existed(ENGLAND, "1999-01-01")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("314", "314"),
        (314, "314"),
        (314.0, "314"),
        ("314.0", "314"),
        (" 314 ", "314"),
        ("E06000060", "825"),
        ("E10000002", "825"),  # Buckinghamshire before 2020
        ("E08000016", "370"),
        ("E08000038", "370"),  # Barnsley from 2025
        ("E10000006", "909"),
        ("e09000001", "201"),
        ("Bournemouth, Christchurch & Poole", "839"),
        ("Kingston upon Hull, City of", "810"),
        ("Kingston Upon Hull", "810"),
        ("London Corporation", "201"),
        ("City of London", "201"),
        ("Bristol", "801"),
        ("Durham", "840"),
        ("County Durham", "840"),
        ("St Helens", "342"),
        ("St. Helens", "342"),
        ("Southend-on-Sea", "882"),
        ("Bedford Borough", "822"),
        ("Windsor _ Maidenhead", "868"),
        ("Telford & Wrekin", "894"),
        ("HEREFORDSHIRE", "884"),
        ("Leeds City Council", "383"),
        ("Royal Borough of Greenwich", "203"),
        ("Dorset", "838"),
        ("Dorset (Pre LG)", "835"),
        ("Derby", "831"),
        ("Derbyshire", "830"),
        ("England", ENGLAND),
        ("E92000001", ENGLAND),
        ("970", ENGLAND),
    ],
)
def test_code_of_knows_every_way_of_writing(text, code):
    assert REGISTER.code_of(text) == code


@given(st.sampled_from(CODES))
def test_names_and_codes_come_back(code):
    again = REGISTER.code_of(REGISTER.name_of(code))
    assert REGISTER.name_of(again) == REGISTER.name_of(code)
    assert REGISTER.code_of(code) == code


def test_every_area_code_has_an_owner():
    assert len(REGISTER.area_codes) > 160
    for gss, code in REGISTER.area_codes.itertuples(index=False):
        assert REGISTER.code_of(gss) == code


def test_joint_codes():
    assert REGISTER.codes_of("314 / 318") == ("314", "318")
    assert REGISTER.codes_of("E06000061 / E06000062") == ("940", "941")
    assert REGISTER.codes_of("North Northamptonshire / West Northamptonshire") == ("940", "941")
    assert REGISTER.codes_of("201") == ("201",)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("Somersett", "Somerset (933)"),
        ("Kingston", "Kingston upon Thames (314)"),
        ("London", "City of London (201)"),
        ("999", "authorities.csv"),
        ("", "authorities.csv"),
    ],
)
def test_an_unknown_authority_is_told_with_the_nearest(text, hint):
    with pytest.raises(AuthorityError) as caught:
        REGISTER.code_of(text)
    assert repr(text) in str(caught.value)
    assert hint in caught.value.remedy


def test_who_became_whom():
    assert [(c.date, c.successor, c.kind) for c in REGISTER.successors("928")] == [
        (date(2021, 4, 1), "940", "split"),
        (date(2021, 4, 1), "941", "split"),
    ]
    assert {c.predecessor for c in REGISTER.predecessors("839")} == {"836", "837"}
    assert REGISTER.successors("201") == ()


def test_heirs_are_only_the_clear_ones():
    assert REGISTER.heirs("909") == ("942", "943")
    assert REGISTER.heirs("835") == ("838",)
    assert REGISTER.heirs("836") == ()  # a part of 839 is not 839
    assert REGISTER.heirs("201") == ()


def split_surrey(folder: Path) -> Path:
    (folder / "authorities.csv").write_text(
        "la_code,la_name,region,la_type,opened,closed\n"
        "936,,,,,2027-04-01\n"
        "950,East Surrey,South East,unitary authority,2027-04-01,\n"
        "951,West Surrey,South East,unitary authority,2027-04-01,\n",
        encoding="utf-8-sig",
    )
    (folder / "reorganisations.csv").write_text(
        "date,predecessor,successor,kind\n2027-04-01,936,950,split\n2027-04-01,936,951,split\n"
    )
    (folder / "area_codes.csv").write_text("gss_code,la_code\nE06000098,950\nE06000099,951\n")
    return folder


def test_a_user_splits_surrey_without_code(tmp_path):
    register = Register.load(split_surrey(tmp_path))
    assert len(register.existing("2027-03-31")) == 153
    assert len(register.existing("2027-04-01")) == 154
    assert register.heirs("936") == ("950", "951")
    assert register.name_of("936") == "Surrey"  # a blank cell leaves what ships
    assert register.code_of("West Surrey") == register.code_of("E06000099") == "951"
    assert len(Register.load().existing("2027-04-01")) == 153


def test_a_folder_without_register_tables_adds_nothing(tmp_path):
    assert Register.load(tmp_path).authorities.equals(REGISTER.authorities)


def test_what_is_written_is_read_back(tmp_path):
    register = Register.load(split_surrey(tmp_path))
    again = tmp_path / "again"
    again.mkdir()
    for name in REGISTER_COLUMNS:
        getattr(register, name).to_csv(again / f"{name}.csv", index=False)
    back = Register.load(again)
    for name in REGISTER_COLUMNS:
        pd.testing.assert_frame_equal(getattr(back, name), getattr(register, name))


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("authorities.csv", "la_code,la_name\n93,Surrey\n", ["authorities.csv", "'93'", "three"]),
        ("authorities.csv", "code,closed\n936,2027-04-01\n", ["column is missing", "la_code"]),
        ("authorities.csv", "la_code,closed\n936,soon\n", ["not a date", "'soon'"]),
        ("authorities.csv", "la_code,opened\n950,2027-04-01\n", ["no name", "950"]),
        ("area_codes.csv", "gss_code,la_code\nE06000099,951\n", ["951", "does not describe"]),
        (
            "reorganisations.csv",
            "date,predecessor,successor,kind\n2027-04-01,936,201,split\n",
            ["936", "201", "closed on None"],
        ),
        (
            "reorganisations.csv",
            "date,predecessor,successor,kind\n2027-04-01,936,201,merge\n",
            ["'merge'", "continues, merger, split"],
        ),
        ("authorities.csv", "", ["authorities.csv", "an empty file"]),
        ("authorities.csv", "la_code,closed\n936\n", ["not a table", "line 2", "1 cells"]),
        ("authorities.csv", "la_code,la_code\n936,937\n", ["two columns with the same name"]),
        ("authorities.csv", 'la_code,closed\n936,"2027-04-01\n', ["line 2", "not a CSV file"]),
    ],
)
def test_a_wrong_register_table_is_told(tmp_path, file, text, words):
    (tmp_path / file).write_text(text)
    with pytest.raises(AuthorityError) as caught:
        Register.load(tmp_path)
    for word in words:
        assert word in str(caught.value)


def test_a_wrong_day_is_told():
    with pytest.raises(AuthorityError, match=r"not a date.*'soon'"):
        REGISTER.existing("soon")


def test_a_code_that_is_not_known_has_no_name():
    with pytest.raises(AuthorityError, match="'999'"):
        REGISTER.name_of("999")
    assert REGISTER.name_of(ENGLAND) == "England"


def test_the_codes_of_a_day_are_those_that_existed():
    days = ("2016-01-01", "2019-04-01", "2023-03-31", "2023-04-01")
    for day in days:
        assert REGISTER.codes_on(day) == set(REGISTER.existing(day)["la_code"])
    assert REGISTER.codes_on(days[3]) - REGISTER.codes_on(days[2]) == {"942", "943"}
