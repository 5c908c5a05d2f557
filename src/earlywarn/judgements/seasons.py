"""When no inspection begins and no report comes: weeks, weekdays, and the pandemic."""

from __future__ import annotations

from datetime import date, timedelta

# Of the 492 inspections from November 2013 to August 2026 none began in these weeks.
_NONE_BEGINS = {
    "the Christmas holidays": ((12, 15), (1, 5)),  # none from 12 December to 10 January
    "the summer holidays": ((8, 1), (8, 31)),  # none from 29 July to 2 September
}
PAUSE = (date(2020, 3, 17), date(2021, 6, 27))
"""Routine inspections were suspended for the pandemic on the first of these days; of those known
none began from 10 March 2020 to the last one."""
_NONE_PUBLISHED = ((12, 23), (1, 3))  # none from 22 December to 4 January
_MAY, _MONDAY = 5, 0
_CLOSED = (date(2022, 9, 19), date(2023, 5, 8))
"""Mondays that were holidays in one year only: a funeral, and a coronation."""


def holiday_of_start(day: date) -> str:
    """Return the holidays on a day in which no known inspection began; otherwise empty.

    Parameters
    ----------
    day : date
        When an inspection began, known to the day.

    Examples
    --------
    >>> holiday_of_start(date(2025, 12, 29)), holiday_of_start(date(2026, 4, 6))
    ('the Christmas holidays', 'the week of Easter')
    >>> holiday_of_start(date(2026, 4, 13))
    ''
    """
    for name, (first, last) in _NONE_BEGINS.items():
        if _within(day, first, last):
            return name
    if -6 <= (day - easter(day.year)).days <= 7:
        return "the week of Easter"
    late_may = _last_monday_of_may(day.year)
    return "the week of the late May holiday" if 0 <= (day - late_may).days < 7 else ""


def holiday_of_report(day: date) -> str:
    """Return the holidays on a day in which no known report was published; otherwise empty.

    Parameters
    ----------
    day : date
        When a report was published.

    Examples
    --------
    >>> holiday_of_report(date(2026, 4, 3)), holiday_of_report(date(2025, 12, 22))
    ('Good Friday', '')
    """
    if _within(day, *_NONE_PUBLISHED):
        return "the Christmas holidays"
    if day == _last_monday_of_may(day.year):
        return "the late May holiday"
    days = {-2: "Good Friday", 1: "Easter Monday"}
    return days.get((day - easter(day.year)).days, "")


def begins_week(day: date) -> bool:
    """Whether a day is a Monday, or the Tuesday after one that was a holiday.

    Of the 324 inspections under ILACS up to August 2026 all began on such a day, but one on the
    Isles of Scilly.

    Parameters
    ----------
    day : date
        When an inspection began, known to the day.

    Examples
    --------
    >>> begins_week(date(2022, 9, 20)), begins_week(date(2022, 9, 27))
    (True, False)
    """
    if day.weekday() != _MONDAY + 1:
        return day.weekday() == _MONDAY
    monday = day - timedelta(days=1)
    return monday in _CLOSED or (monday.month == _MAY and monday.day <= 7)


def easter(year: int) -> date:
    """Easter Sunday.

    Parameters
    ----------
    year : int
        Of the Gregorian calendar.

    References
    ----------
    The anonymous algorithm of Nature, 20 April 1876, as Meeus gives it: Astronomical Algorithms
    (1991), chapter 8.

    Examples
    --------
    >>> [str(easter(year)) for year in (2000, 2018, 2026)]
    ['2000-04-23', '2018-04-01', '2026-04-05']
    """
    golden = year % 19
    century, rest = divmod(year, 100)
    moon = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - century // 4 - moon + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def _within(day: date, first: tuple[int, int], last: tuple[int, int]) -> bool:
    """Whether a day is in a part of the year, which may include the turn of the year."""
    place = day.month, day.day
    if first <= last:
        return first <= place <= last
    return place >= first or place <= last


def _last_monday_of_may(year: int) -> date:
    last = date(year, _MAY, 31)
    return last - timedelta(days=(last.weekday() - _MONDAY) % 7)
