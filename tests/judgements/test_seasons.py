"""Weeks in which no inspection begins, and days on which no report comes."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earlywarn.judgements.seasons import easter, holiday_of_report, holiday_of_start


@pytest.mark.parametrize(
    ("year", "day"),
    # The tables of the Book of Common Prayer; 1943 and 2008 are the latest and nearly the earliest.
    [(1943, (4, 25)), (2008, (3, 23)), (2019, (4, 21)), (2024, (3, 31)), (2038, (4, 25))],
)
def test_easter_is_that_of_the_tables(year: int, day: tuple[int, int]) -> None:
    assert easter(year) == date(year, *day)


@given(st.integers(1600, 2400))
def test_easter_is_a_sunday_from_22_march_to_25_april(year: int) -> None:
    day = easter(year)
    assert day.weekday() == 6
    assert date(year, 3, 22) <= day <= date(year, 4, 25)


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2025, 12, 14), ""),
        (date(2025, 12, 15), "the Christmas holidays"),
        (date(2026, 1, 5), "the Christmas holidays"),
        (date(2026, 1, 6), ""),
        (date(2026, 7, 31), ""),
        (date(2026, 8, 31), "the summer holidays"),
        (date(2026, 3, 29), ""),
        (date(2026, 3, 30), "the week of Easter"),
        (date(2026, 4, 12), "the week of Easter"),
        (date(2026, 5, 24), ""),
        (date(2026, 5, 25), "the week of the late May holiday"),
        (date(2026, 6, 1), ""),
    ],
)
def test_the_holidays_of_a_start(day: date, name: str) -> None:
    assert holiday_of_start(day) == name


@given(st.dates(date(2013, 1, 1), date(2040, 12, 31)))
def test_a_report_comes_on_nearly_every_day(day: date) -> None:
    shut = {easter(day.year) + timedelta(days=apart) for apart in (-2, 1)}
    is_shut = day in shut or (day.month, day.day) >= (12, 23) or (day.month, day.day) <= (1, 3)
    is_late_may = day.month == 5 and day.day >= 25 and day.weekday() == 0
    assert bool(holiday_of_report(day)) == (is_shut or is_late_may)
