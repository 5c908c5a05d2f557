"""Columns of grades that slipped or were exchanged are found, with the rows where it happened."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earlywarn.judgements.moved_grades import COLUMNS, moved_in
from earlywarn.judgements.usual_grades import is_usual, log_chance

USUAL = ["RRRRR"] * 12 + ["GGGGG"] * 10 + ["GGRGR"] * 4 + ["OOGOO"] * 4 + ["OOOOG"] * 4
USUAL += ["IIIIR"] * 3 + ["GOGGG"] * 3 + ["IIIRR"] * 3 + ["RRRGG"] * 3 + ["GGGRG"] * 2 + ["RGRRR"]


def rows(seed: int = 3) -> list[str]:
    """Rows as they are usual, in some order."""
    return [USUAL[place] for place in np.random.default_rng(seed).permutation(len(USUAL))]


def slipped(plain: list[str], place: int, first: int, last: int, *, up: bool = False) -> list[str]:
    cells = [row[place] for row in plain[first:last]]
    cells = [*cells[1:], cells[0]] if up else [cells[-1], *cells[:-1]]
    block = [
        row[:place] + cell + row[place + 1 :]
        for row, cell in zip(plain[first:last], cells, strict=True)
    ]
    return [*plain[:first], *block, *plain[last:]]


def exchanged(row: str, one: int, other: int) -> str:
    cells = list(row)
    cells[one], cells[other] = cells[other], cells[one]
    return "".join(cells)


@pytest.mark.parametrize("seed", range(20))
def test_usual_rows_in_any_order_say_nothing(seed: int) -> None:
    assert moved_in(rows(seed)) is None


@pytest.mark.parametrize("up", [False, True])
@pytest.mark.parametrize("place", range(len(COLUMNS)))
def test_a_column_that_slipped_is_found(place: int, up: bool) -> None:
    found = moved_in(slipped(rows(), place, 0, len(USUAL), up=up))
    assert found is not None
    assert found.columns == (COLUMNS[place],)
    assert found.below is not up
    assert found.last - found.first > 30


@pytest.mark.parametrize("place", range(3))
def test_the_rows_in_which_it_slipped_are_found(place: int) -> None:
    found = moved_in(slipped(rows(), place, 20, 36))
    assert found is not None
    assert found.columns == (COLUMNS[place],)
    assert found.first in range(17, 25)
    assert found.last in range(30, 38)


@pytest.mark.parametrize("pair", [(1, 2), (1, 3), (2, 3)])
def test_two_columns_exchanged_are_found(pair: tuple[int, int]) -> None:
    found = moved_in([exchanged(row, *pair) for row in rows()])
    assert found is not None
    assert found.columns == tuple(COLUMNS[place] for place in pair)


def test_a_table_without_overall_grades_is_read_by_its_areas() -> None:
    plain = ["-" + row[1:] for row in rows()]
    assert moved_in(plain) is None
    found = moved_in(slipped(plain, 2, 0, len(plain)))
    assert found is not None
    assert found.columns == ("help_and_protection",)


@given(st.lists(st.text("OGRI-", min_size=5, max_size=5), max_size=20))
def test_any_grades_can_be_read(given_rows: list[str]) -> None:
    found = moved_in(given_rows)
    assert found is None or 0 <= found.first <= found.last < len(given_rows)


def test_a_single_odd_row_is_no_slip() -> None:
    assert moved_in([*rows(), "GIGGG"]) is None


def test_which_grades_are_usual() -> None:
    assert [is_usual(text) for text in ("GGRG", "-GRG", "GRGG", "-ROO")] == [True, True] + 2 * [
        False
    ]
    assert log_chance("G-RGG") == 0.0
    assert log_chance("-GGGG") >= log_chance("GGGGG")
