"""How close neighbours are said to be must fit their ranks, and each other."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from earlywarn.authorities import Register
from earlywarn.sources.closeness import doubts_about_closeness
from earlywarn.sources.members import members_of
from earlywarn.sources.neighbours import read_neighbours
from earlywarn.sources.tabular_files import table_from, whole_grid

RANKS = {"sn_1": 1, "sn_2": 2}
THERE = {"301", "302", "303"}


def doubts(**rows: str) -> list[str]:
    """What is said of rows such as "302 Close, 303 Not close", by authority."""
    cells = [
        {"code": code.removeprefix("la_")}
        | {
            f"sn_{rank}{part}": cell
            for rank, one in enumerate(text.split(", "), start=1)
            for part, cell in zip(("", "p"), one.split(" ", 1), strict=True)
        }
        for code, text in rows.items()
    ]
    found = doubts_about_closeness(pd.DataFrame(cells), "code", RANKS, THERE, "a.csv")
    return [one.message for one in found]


TRUE = {
    "la_301": "302 Very close, 303 Close ",
    "la_302": "301 Very close, 303 Close",
    "la_303": "301 Close, 302 Close",
}


def test_words_that_fit_say_nothing() -> None:
    assert doubts(**TRUE) == []
    assert doubts(**TRUE | {"la_301": "302 near, 303 far"}) == []
    assert doubts(**TRUE | {"la_303": "305 Close, 302 Close"}) == []


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({"la_301": "303 Close, 302 Very close"}, "ranked before, .*: 302 of 301;"),
        ({"la_301": "303 Very close, 302 Close"}, "their own row, .*: 303 of 301, 302 of 301;"),
        ({"la_303": "305 Somewhat close, 306 Not close"}, "lacks .*: 303 of 301, 303 of"),
    ],
)
def test_words_that_break_a_rule_are_named(rows: dict[str, str], said: str) -> None:
    (found,) = doubts(**TRUE | rows)
    assert re.search(said, found)


def test_an_authority_that_is_gone_is_held_against_nothing() -> None:
    assert doubts(**TRUE, la_835="301 Not close, 302 Very close") == []


def test_neighbours_as_published_say_nothing_and_exchanged_ones_are_named(real_data: Path) -> None:
    path = real_data / "published" / "sn_model_2025_wide.csv"
    (member,) = members_of(path, path.name)
    table = table_from(whole_grid(member, ""), 0, path.name)
    register = Register.load()
    assert read_neighbours(table, register)[1] == []
    first, second = (table.cells[f"sn_{rank}"].copy() for rank in (1, 2))
    table.cells["sn_1"], table.cells["sn_2"] = second, first
    codes = {one.code for one in read_neighbours(table, register)[1]}
    assert codes == {"odd-closeness"}
