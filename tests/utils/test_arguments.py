"""Whole numbers, numbers, lists and kinds that a Python caller gives."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from earlywarn.errors import ScoreError, UsageError
from earlywarn.utils.arguments import number, of_kind, several, whole_number


@pytest.mark.parametrize("value", [1, 5, np.int64(5), np.uint8(3)])
def test_whole_numbers_are_plain_ones_afterwards(value: int) -> None:
    found = whole_number(value, "top", least=1, most=5)
    assert found == value
    assert type(found) is int


@pytest.mark.parametrize("value", [0, 6, True, 2.0, "2", None, 10**400, np.array([2]), pd.NaT])
def test_what_is_no_whole_number_within_the_limits(value: object) -> None:
    with pytest.raises(ScoreError, match=r"top: .*expected 1 to 5"):
        whole_number(value, "top", least=1, most=5, fault=ScoreError)


@pytest.mark.parametrize("value", ["0.1", True, None, Decimal("0.1"), 1j, pd.NaT, [0.1]])
def test_what_is_no_number(value: object) -> None:
    with pytest.raises(UsageError, match="prior: not a number"):
        number(value, "prior", expected="a share")
    assert number(np.float32(0.5), "prior", expected="a share") == 0.5


@pytest.mark.parametrize("value", ["Leeds", b"Leeds", {"Leeds": 1}, 3, None])
def test_a_text_is_no_list_of_its_letters(value: object) -> None:
    with pytest.raises(UsageError, match="authorities: not a list: "):
        several(value, str, "authorities", expected="names")


def test_lists_of_one_kind() -> None:
    assert several(pd.Series(["a", "b"]), str, "names", expected="names") == ("a", "b")
    assert several((name for name in "ab"), str, "names", expected="names") == ("a", "b")
    with pytest.raises(UsageError, match="not a list of what is needed: found 3"):
        several(["a", 3], str, "names", expected="names")


def test_the_same_thing_comes_back() -> None:
    given = pd.DataFrame()
    assert of_kind(given, pd.DataFrame, "frame", expected="a table") is given
