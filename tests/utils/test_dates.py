"""One parser of days: the same day whatever the form, at every door; the rest refused at each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earlywarn.authorities import Register
from earlywarn.errors import EarlyWarnError, PanelError
from earlywarn.judgements.schema import check_judgements, empty_judgements
from earlywarn.judgements.targets import cohort
from earlywarn.panel.panel import Panel
from earlywarn.utils.dates import as_date, parse_cell_day, parse_day, this_day

DAY = date(2024, 6, 30)
FORMS: list[Any] = [
    DAY,
    datetime(2024, 6, 30, 23, 59),  # noqa: DTZ001 - a datetime without a zone is a form too
    datetime(2024, 6, 30, 23, 59, tzinfo=UTC),
    pd.Timestamp("2024-06-30 12:00"),
    np.datetime64("2024-06-30"),
    np.datetime64("2024-06-30T23:59:59.999999999"),
    "2024-06-30",
    " 2024-6-30 ",
    "20240630",
    "2024-06-30T12",
    "2024-06-30T12:00:00",
    "2024-06-30 12:00:00.123456+01:00",
    "2024-06-30T12:00Z",
    "30/06/2024",
    "30/6/24",
    "30.06.2024",
    "30 June 2024",
    "30th June 2024",
    "30 Jun 2024",
    "30-Jun-2024",
    "30 JUNE, 2024",
]
NO_DAYS: list[Any] = [
    "2024", "2024-06", "2024-W26", "2024-W26-7", "2024W267", "2024-182", "2024063",
    "2024-06-30T25:00", "6/2024",
    "June 2024", "30 June", "31/06/2024", "06/30/2024", "2024-06-31", "2024-00-10", "soon", "",
    "NaT", "30/06/024", 2024, 45473, 45473.0, True, None, float("nan"), pd.NaT,
    np.datetime64("NaT"),
    np.datetime64("2024"), np.datetime64("2024-06"), np.datetime64("2024-06-24", "W"),
    pd.Period("2024-06", "M"), ["2024-06-30"],
]  # fmt: skip


def of_register(value: Any) -> object:
    return len(Register.load().existing(value))


def of_judgements(value: Any) -> object:
    frame = empty_judgements().reindex([0]).assign(inspection_start=DAY, overall=None)
    return check_judgements(frame.assign(published_on=[value]))["published_on"].iloc[0]


@pytest.fixture(scope="module")
def doors(national: Panel) -> dict[str, Callable[[Any], object]]:
    return {
        "register": of_register,
        "panel": lambda value: national.as_of(value).as_of,
        "judgements": of_judgements,
        "cohort": lambda value: len(cohort(national.judgements, until=value)),
    }


@pytest.mark.parametrize("form", FORMS, ids=repr)
def test_a_day_is_the_same_in_every_form(form: Any) -> None:
    assert as_date(form, "as_of", PanelError) == DAY
    assert type(parse_day(form)) is date


@pytest.mark.parametrize("bad", NO_DAYS, ids=repr)
def test_what_is_no_day_is_refused_with_one_message(bad: Any) -> None:
    with pytest.raises(PanelError) as caught:
        as_date(bad, "as_of", PanelError)
    for part in ("as_of: not a date", repr(bad), "a date such as 2025-03-31", "a week"):
        assert part in str(caught.value)


def test_every_door_takes_the_same_days(doors: dict[str, Callable[[Any], object]]) -> None:
    assert len(doors) == 4
    for name, door in doors.items():
        expected = door(DAY)
        for form in FORMS:
            assert door(form) == expected, (name, form)


def test_every_door_refuses_the_same(doors: dict[str, Callable[[Any], object]]) -> None:
    for name, door in doors.items():
        for bad in ("2024-W26", "2024-06", "2024", "2024-182", 2024):
            with pytest.raises(EarlyWarnError, match="not a date"):
                door(bad)
            assert name


def test_today_is_today() -> None:
    assert parse_day("today") == parse_day(" Today ") == this_day()
    assert parse_cell_day("today") is None


@given(st.dates(date(1900, 1, 1), date(2999, 12, 31)))
def test_iso_text_comes_back(day: date) -> None:
    assert parse_day(day.isoformat()) == parse_day(f"{day:%d/%m}/{day.year:04d}") == day
    assert parse_day(np.datetime64(day)) == parse_day(f"{day.day} {day:%B} {day.year}") == day


def test_a_number_of_thousands_of_digits_is_refused_in_a_short_line() -> None:
    with pytest.raises(PanelError, match="a number too long to show") as caught:
        as_date(10**5000, "as_of", PanelError)
    assert len(str(caught.value)) < 300
    with pytest.raises(PanelError) as caught:
        as_date("x" * 100_000, "as_of", PanelError)
    assert len(str(caught.value)) < 500
