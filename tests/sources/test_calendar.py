"""When the next release of a series should come, by how its last ones came."""

from __future__ import annotations

from datetime import date

import pytest

from earlywarn.sources.calendar import Calendar, Expected, shipped_calendar

MODEL = ("cafcass", "cin", "cla", "cla_later_tables", "csww", "pop", "s251")


@pytest.mark.parametrize(
    ("series", "period", "month", "due"),
    [
        ("cin", 2026, date(2026, 10, 1), date(2026, 11, 30)),
        ("cla", 2026, date(2026, 11, 1), date(2026, 12, 31)),
        ("csww", 2026, date(2027, 2, 1), date(2027, 3, 31)),
        ("pop", 2025, date(2026, 7, 1), date(2026, 8, 31)),
        ("s251", 2026, date(2026, 12, 1), date(2027, 1, 31)),
    ],
)
def test_a_series_is_expected_in_its_own_month(series, period, month, due) -> None:
    found = shipped_calendar().expected(series, period, date(2026, 8, 20))
    assert found == Expected(month, due, recorded=True)


def test_only_what_had_come_by_the_day_counts() -> None:
    """Children looked after came in September until 2017, in November or December since."""
    calendar = shipped_calendar()
    months = [
        calendar.expected("cla", year, date(year, 8, 1)).month.month
        for year in (2018, 2019, 2020, 2022, 2025)
    ]
    assert months == [9, 9, 11, 12, 11]
    assert calendar.expected("cla", 2020, date(2020, 8, 1), {2019: date(2019, 9, 30)}).month == (
        date(2020, 9, 1)
    )


def test_without_recorded_days_a_rule_stands_in_with_one_month_more() -> None:
    found = shipped_calendar().expected("school_census", 2026, date(2026, 8, 20))
    assert found == Expected(date(2026, 6, 1), date(2026, 8, 31), recorded=False)
    assert shipped_calendar().expected("homes", 2026, date(2026, 8, 20)) is None


def test_few_of_the_recorded_releases_came_after_their_day() -> None:
    calendar, early, late = Calendar.load(), 0, 0
    sure = calendar.releases.query("precision != 'assumed' and series in @MODEL")
    for series, period, day in sure[["series", "period", "published_on"]].itertuples(
        index=False, name=None
    ):
        expected = calendar.expected(series, period, date(period, 3, 31))
        if expected is not None and expected.recorded:
            late += day > expected.due
            early += day <= expected.due
    assert (early + late, late) == (42, 6)
