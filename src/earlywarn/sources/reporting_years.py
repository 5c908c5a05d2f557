"""Which days a reporting year of a series is about."""

from __future__ import annotations

from datetime import date

from earlywarn.utils.formatting import long_date

# The first and last day that a period's figures are about: (years, month, day) from the period.
_FINANCIAL_YEAR = ((-1, 4, 1), (0, 3, 31))
_SPANS = {
    "csww": ((0, 9, 30), (0, 9, 30)),
    "pop": ((0, 6, 30), (0, 6, 30)),
    "school_census": ((0, 1, 1), (0, 1, 31)),
}


def span(series: str, period: int) -> tuple[date, date]:
    """The first and the last day that the figures of a period are about.

    Examples
    --------
    >>> span("cin", 2022)
    (datetime.date(2021, 4, 1), datetime.date(2022, 3, 31))
    """
    (y0, m0, d0), (y1, m1, d1) = _SPANS.get(series, _FINANCIAL_YEAR)
    return date(period + y0, m0, d0), date(period + y1, m1, d1)


def last_day(series: str) -> str:
    """The day of the year on which a reporting year of a series ends, as people write it.

    Examples
    --------
    >>> last_day("cin"), last_day("csww")
    ('31 March', '30 September')
    """
    return long_date(span(series, 2000)[1]).removesuffix(" 2000")
