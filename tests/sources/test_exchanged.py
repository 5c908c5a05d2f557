"""Counts of authorities that were exchanged within a year, two and two or several in turn."""

from __future__ import annotations

import pandas as pd
import pytest

from earlywarn.authorities import Register
from earlywarn.sources.exchanged import check_exchanged

REGISTER = Register.load()
YEARS = [2021, 2022, 2023, 2024]
COUNTS = {  # children in need from 2021 to 2024: Leeds, Bradford, Hull, Calderdale
    "383": [3200, 3300, 3250, 3280],
    "380": [3900, 3800, 3850, 3870],
    "810": [1700, 1650, 1720, 1690],
    "381": [900, 880, 910, 905],
}


def exchanged(counts: dict[str, list[int]], measure: str = "children_in_need") -> list[str]:
    rows = [
        (code, year, count)
        for code, several in counts.items()
        for year, count in zip(YEARS, several, strict=False)
    ]
    figures = pd.DataFrame(rows, columns=["la_code", "period", "numerator"])
    figures = figures.assign(measure=measure, line=2.0, value=figures["numerator"])
    figures["denominator"] = figures["numerator"]
    return [one.message for one in check_exchanged(figures, "at31", "a.csv", REGISTER)]


@pytest.mark.parametrize("year", [0, 2, 3])
@pytest.mark.parametrize("measure", ["children_in_need", "vacancies"])
def test_counts_of_two_authorities_exchanged_are_named(year: int, measure: str) -> None:
    mixed = {code: list(several) for code, several in COUNTS.items()}
    mixed["383"][year], mixed["810"][year] = mixed["810"][year], mixed["383"][year]
    (said,) = exchanged(mixed, measure)
    assert said.startswith(f"Leeds has {mixed['383'][year]} in {YEARS[year]} and Kingston upon")


def test_plain_years_and_authorities_alike_in_size_are_not_exchanged() -> None:
    assert exchanged(COUNTS) == []
    alike = {code: list(several) for code, several in COUNTS.items()}
    alike["383"][2], alike["380"][2] = alike["380"][2], alike["383"][2]
    assert exchanged(alike) == []  # nobody can see that
    grown = COUNTS | {"383": [3200, 3300, 6400, 3280]}
    assert exchanged(grown) == []
    assert exchanged({code: several[:2] for code, several in COUNTS.items()}) == []
    assert exchanged(COUNTS, "section_47") == []


def turned(counts: dict[str, list[int]], codes: list[str], year: int) -> dict[str, list[int]]:
    """The counts with those of one year moved on from each authority to the one before it."""
    mixed = {code: list(several) for code, several in counts.items()}
    for code, following in zip(codes, [*codes[1:], codes[0]], strict=True):
        mixed[code][year] = counts[following][year]
    return mixed


@pytest.mark.parametrize("year", [0, 3])
@pytest.mark.parametrize("measure", ["children_in_need", "looked_after", "vacancies"])
def test_counts_of_three_or_four_authorities_moved_in_turn_are_named_once(
    year: int, measure: str
) -> None:
    apart = COUNTS | {"380": [7900, 7800, 7850, 7870]}
    (said,) = exchanged(turned(apart, ["383", "810", "381"], year), measure)
    assert said.startswith(f"in {YEARS[year]} these have counts that are like the years of the ")
    for name in ("Leeds", "Calderdale", "Kingston upon Hull"):
        assert name in said
    assert "Bradford" not in said
    (said,) = exchanged(turned(apart, ["383", "380", "810", "381"], year), measure)
    assert "Bradford" in said
    assert said.endswith("were the rows of several authorities mixed up?")


def test_two_that_were_exchanged_are_named_beside_three_that_moved_in_turn() -> None:
    more = COUNTS | {"301": [400, 410, 405, 400], "302": [12000, 12100, 12050, 12000]}
    mixed = turned(turned(more, ["383", "810", "381"], 3), ["301", "302"], 3)
    assert [said.split(" has ")[0] for said in exchanged(mixed)][1:] == ["Barking and Dagenham"]


def test_those_that_all_grew_did_not_move_in_turn() -> None:
    grown = {code: [*several[:3], several[3] * 2] for code, several in COUNTS.items()}
    assert exchanged(grown) == []
