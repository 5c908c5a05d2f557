"""What a folder's register, calendar and neighbours change in what ships is said or refused."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from earlywarn.authorities import Register
from earlywarn.errors import AuthorityError, SourceError
from earlywarn.sources.calendar import Calendar
from earlywarn.sources.neighbours import read_neighbours
from earlywarn.sources.register_changes import register_findings, rows_once
from earlywarn.sources.tabular_files import Table

REGISTER = Register.load()


def said(**tables: pd.DataFrame) -> list[tuple[str, str]]:
    findings = register_findings(REGISTER, REGISTER.extended(tables))
    return [(one.severity, one.message) for one in findings]


def test_each_changed_row_of_the_register_is_named() -> None:
    renamed = pd.DataFrame({"la_code": ["383"], "la_name": ["Leeds City"], "closed": [""]})
    ((severity, message),) = said(authorities=renamed)
    assert (severity, message) == ("note", "383: la_name is Leeds City here and Leeds as it ships")
    same = REGISTER.area_codes.head(3)
    assert said(area_codes=same) == []


def test_an_area_code_given_to_another_authority_is_a_warning() -> None:
    moved = pd.DataFrame({"gss_code": ["E06000001"], "la_code": ["806"]})
    ((severity, message),) = said(area_codes=moved)
    assert (severity, message) == ("warning", "E06000001: la_code is 806 here and 805 as it ships")


def test_two_rows_for_one_area_code_are_refused() -> None:
    twice = pd.DataFrame({"gss_code": ["E1", "E1"], "la_code": ["805", "806"]})
    with pytest.raises(AuthorityError, match="two rows for one gss_code"):
        rows_once(twice, "area_codes", "area_codes.csv")


def test_a_row_that_stands_there_twice_counts_once() -> None:
    rows = REGISTER.authorities.head(3)
    once, (note,) = rows_once(pd.concat([rows, rows.tail(1)]), "authorities", "authorities.csv")
    assert once.equals(rows)
    assert (note.file, note.message) == (
        "authorities.csv",
        "1 row stands there twice, counted once",
    )
    assert rows_once(rows, "authorities", "authorities.csv")[1] == []


def table(**columns: list[str]) -> Table:
    cells = pd.DataFrame(columns, dtype="str")
    lines = np.arange(2, len(cells) + 2)
    return Table("a.csv", {name: name for name in columns}, cells, lines)


def calendar_codes(**changes: str) -> list[str]:
    row = {
        "series": "cin",
        "period": "2024",
        "period_end": "2024-03-31",
        "published_on": "2024-10-31",
        "precision": "day",
        "evidence": "page",
    }
    _, findings = Calendar.load().extended(
        table(**{name: [text] for name, text in (row | changes).items()})
    )
    return [one.code for one in findings]


def test_another_day_of_a_release_and_another_end_of_its_year_are_named() -> None:
    assert calendar_codes() == calendar_codes(period_end="") == []
    assert calendar_codes(published_on="2024-11-30") == ["release-moved"]
    assert calendar_codes(period_end="2023-03-31") == ["period-end"]


def test_a_day_sooner_or_later_after_its_period_than_ever_is_named() -> None:
    new = {"period": "2012", "period_end": ""}
    assert calendar_codes(**new, published_on="2012-10-31") == ["release-added"]
    for odd in ("2012-04-30", "2012-09-01", "2013-01-31", "2013-10-31"):
        assert calendar_codes(**new, published_on=odd) == ["unusual-day", "release-added"]
        assert calendar_codes(**new, published_on=odd, precision="assumed") == ["release-added"]
    assert "unusual-day" in calendar_codes(published_on="2024-04-10")  # of a release known


def neighbour_codes(rows: list[list[str]]) -> list[str]:
    names = ["la_number", *(f"sn{rank}" for rank in range(1, 11))]
    columns = {name: [row[at] for row in rows] for at, name in enumerate(names)}
    return [one.code for one in read_neighbours(table(**columns), REGISTER)[1]]


TEN = ["201", "202", "203", "204", "205", "206", "207", "208", "209", "210"]


def test_neighbours_that_are_not_ten_others_are_named() -> None:
    assert "odd-neighbours" not in neighbour_codes([["383", *TEN]])
    assert "odd-neighbours" in neighbour_codes([["383", *TEN[:9], "383"]])
    assert "odd-neighbours" in neighbour_codes([["383", *TEN[:9], "201"]])
    assert "no-authority" in neighbour_codes([["383", *TEN], ["", *TEN]])


def test_authorities_of_the_day_without_a_row_are_named_and_the_model_taken_is_said() -> None:
    there = [code for code in REGISTER.codes_on(date(2025, 5, 31)) if code not in {"942", "943"}]
    names = ["la_number", *(f"sn{rank}" for rank in range(1, 11))]
    rows = [[code, *[one for one in TEN if one != code], "211"][:11] for code in there]
    columns = {name: [row[at] for row in rows] for at, name in enumerate(names)}
    (said,) = [
        one.message
        for one in read_neighbours(table(**columns), REGISTER)[1]
        if one.code == "neighbours-missing"
    ]
    assert said.startswith("1 authorities have no neighbours: 909 (Cumbria); the table is taken ")
    assert "as it has neither 942 nor 943: if it is a newer one, rows of these were lost" in said


def test_an_authority_with_two_rows_of_neighbours_is_refused() -> None:
    with pytest.raises(SourceError, match="two different rows of neighbours"):
        neighbour_codes([["383", *TEN], ["383", *TEN[::-1]]])
