"""A table adds up: authorities to their region, regions to England, days lost to a rate."""

from __future__ import annotations

import numpy as np
import pandas as pd

from earlywarn.sources import sums
from earlywarn.sources.sums import LOCAL, NATIONAL, REGIONAL, check_absence, check_bands, check_sums
from earlywarn.sources.tabular_files import Table

LEVELS = [NATIONAL, REGIONAL, REGIONAL, LOCAL, LOCAL, LOCAL, LOCAL]
REGIONS = ["", "North", "South", "North", "North", "South", "South"]
PLAIN = ["100", "60", "40", "31", "27", "22", "19"]  # regions and England to the nearest ten


def findings(cells: list[str], half: float = 0.0) -> list[str]:
    frame = pd.DataFrame({"time_period": "2024", "region_name": REGIONS, "n": cells}, dtype="str")
    columns = {"time_period": "time_period", "region_name": "region_name", "n": "Count"}
    table = Table("a.csv", columns, frame, np.arange(2, 9))
    return [one.message for one in check_sums(table, pd.Series(LEVELS), ["n"], half)]


def changed(at: int, text: str) -> list[str]:
    return [text if place == at else cell for place, cell in enumerate(PLAIN)]


def test_a_table_that_adds_up_to_its_rounding_says_nothing() -> None:
    assert findings(PLAIN) == []


def test_a_changed_cell_is_named_by_region_year_and_column() -> None:
    (said,) = findings(changed(3, "81"))
    assert said.startswith("the authorities of North add up to 108 in Count of 2024, where the row")
    assert "of North says 60" in said


def test_a_suppressed_cell_may_hide_what_is_missing_and_no_more() -> None:
    assert findings(changed(3, "x")) == []
    for symbol in ("c", "low", "z"):
        (said,) = findings(changed(3, symbol))
        assert "add up to 27 in Count of 2024, where the row of North says 60" in said
    assert findings(["100", "60", "40", "52", "c", "22", "19"]) == []
    cells = changed(3, "c")
    cells[4] = "72"
    assert len(findings(cells)) == 1


def test_england_is_held_against_its_regions(monkeypatch) -> None:
    assert findings(changed(0, "190")) == []  # two regions are not all
    monkeypatch.setattr(sums, "_REGIONS", 2)
    (said,) = findings(changed(0, "190"))
    assert "add up to 100 in Count of 2024, where the row of England says 190" in said


def test_figures_to_a_tenth_add_up_to_their_own_rounding() -> None:
    cells = ["100.5", "58.2", "42.3", "31.1", "27.0", "22.1", "20.3"]
    assert findings(cells, half=0.05) == []
    cells[5] = "22.9"
    assert len(findings(cells, half=0.05)) == 1


def test_a_rate_of_absence_is_held_against_days_and_workers() -> None:
    cells = {
        "time_period": ["2024", "2024"],
        "old_la_code": ["383", "380"],
        "lost": ["759", "759"],
        "staff": ["100", "100"],
        "rate": ["3", "8"],
    }
    table = Table("a.csv", {key: key for key in cells}, pd.DataFrame(cells), np.array([2, 3]))
    (one,) = check_absence(table, "lost", "staff", "rate")
    assert (one.line, one.la_code) == (3, "380")
    assert "give 3.0%" in one.message


def banded(short: str, long: str) -> list[str]:
    cells = {"old_la_code": "383", "time_period": "2024", "n": "32", "s": short, "l": long}
    frame = pd.DataFrame([cells], dtype="str")
    table = Table("d5.csv", {name: name.upper() for name in frame}, frame, np.arange(2, 3))
    return [one.message for one in check_bands(table, "n", ["s", "l"])]


def test_plans_by_how_long_they_lasted_add_up_to_all_plans() -> None:
    assert banded("22", "10") == []
    (said,) = banded("22", "1")
    assert said.startswith("S, L add up to 23, where N of 383 in 2024 is 32")
    assert len(banded("33", "c")) == 1


def test_a_suppressed_band_hides_any_number_and_a_table_may_lack_bands() -> None:
    assert banded("22", "c") == []
    table = Table("d5.csv", {"n": "n"}, pd.DataFrame({"n": ["3"]}), np.arange(2, 3))
    assert check_bands(table, "n", ["s", "l"]) == []
