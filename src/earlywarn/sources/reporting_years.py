"""The dates covered by a reporting year of a series."""

from __future__ import annotations

from datetime import date

from earlywarn.utils.formatting import long_date

# The first and last day covered by a period's figures: (years, month, day) from the period.
_FINANCIAL_YEAR = ((-1, 4, 1), (0, 3, 31))
_SPANS = {
    "csww": ((0, 9, 30), (0, 9, 30)),
    "pop": ((0, 6, 30), (0, 6, 30)),
    "school_census": ((0, 1, 1), (0, 1, 31)),
}


def span(series: str, period: int) -> tuple[date, date]:
    """Return the first and the last day covered by the figures of a period.

    Examples
    --------
    >>> span("cin", 2022)
    (datetime.date(2021, 4, 1), datetime.date(2022, 3, 31))
    """
    (y0, m0, d0), (y1, m1, d1) = _SPANS.get(series, _FINANCIAL_YEAR)
    return date(period + y0, m0, d0), date(period + y1, m1, d1)


def last_day(series: str) -> str:
    """Return the day on which a series' reporting year ends, as people write it.

    Examples
    --------
    >>> last_day("cin"), last_day("csww")
    ('31 March', '30 September')
    """
    return long_date(span(series, 2000)[1]).removesuffix(" 2000")
