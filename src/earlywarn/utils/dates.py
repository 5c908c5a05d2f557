"""The only date parser, so that any form of a date means the same everywhere."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import numpy.typing as npt

    from earlywarn.errors import EarlyWarnError

EXPECTED_DAY = "a date such as 2025-03-31"
"""What an error gives as expected instead of something that is not a date."""

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})|(\d{4})(\d{2})(\d{2})(?:\.0+)?", re.ASCII)
_BRITISH = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4}|\d{2})", re.ASCII)
_WORDS = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[ -]([a-z]+)[ ,-]+(\d{4})", re.ASCII)
_CLOCK = re.compile(
    r"(T([01]\d|2[0-3])|[T ]([01]?\d|2[0-3]):[0-5]\d(:([0-5]\d|60)(\.\d+)?)?)"
    r"( ?(Z|[+-]\d{2}(:?\d{2})?))?$",
    re.ASCII | re.IGNORECASE,
)
_SERIAL = re.compile(r"[3-6]\d{4}(\.\d+)?", re.ASCII)  # the years 1982 to 2091
_EXCEL_EPOCH = date(1899, 12, 30)
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_LONGEST_SHOWN = 200
_COARSE = frozenset({"Y", "M", "W", "generic"})  # units of numpy that name more than a day


def parse_day(value: object) -> date | None:
    """Parse a date in any form that can mean only one day.

    Parameters
    ----------
    value : object
        A date, a datetime, a pandas Timestamp, a numpy datetime64 of a day or finer, or text:
        2024-06-30 (2024-6-30 and 20240630 too), 30/06/2024, 30/06/24, 30 June 2024, 30-Jun-2024,
        any of these with a time of day, or `today`.

    Returns
    -------
    datetime.date or None
        None if it is not a date. Weeks (2024-W26), months (2024-06) and years (2024) are not: they
        could mean their first day or their last.

    Notes
    -----
    A time of day and its zone are ignored: the date is the one that was written. A two-digit year
    is in this century; day comes before month, as in England.

    Examples
    --------
    >>> parse_day("2024-6-30"), parse_day("30/06/24"), parse_day("30 June 2024")
    (datetime.date(2024, 6, 30), datetime.date(2024, 6, 30), datetime.date(2024, 6, 30))
    >>> parse_day("2024-W26"), parse_day("2024-06"), parse_day("31/06/2024")
    (None, None, None)
    """
    if isinstance(value, np.datetime64):
        return _numpy_day(value)
    if value is pd.NaT:
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    return _text_day(value) if isinstance(value, str) else None


def parse_cell_day(value: object) -> date | None:
    """Parse a date in the cell of a file or a row: as `parse_day`, or a spreadsheet's number.

    Examples
    --------
    >>> parse_cell_day(45117.0), parse_cell_day("45117"), parse_cell_day("10/07/2023")
    (datetime.date(2023, 7, 10), datetime.date(2023, 7, 10), datetime.date(2023, 7, 10))
    """
    text = str(value).strip() if not isinstance(value, (bool, np.bool_)) else ""
    if _SERIAL.fullmatch(text):
        return _EXCEL_EPOCH + timedelta(days=int(float(text)))
    found = parse_day(text if isinstance(value, (int, float)) else value)
    return None if isinstance(value, str) and text.casefold() == "today" else found


def as_date(value: object, where: str, error: type[EarlyWarnError]) -> date:
    """Parse a plain date, or refuse the value.

    Parameters
    ----------
    value : date, datetime, numpy.datetime64 or text
        As for `parse_day`.
    where : str
        What the date is, for the error: an argument or a column.
    error : type of EarlyWarnError
        What to raise.

    Returns
    -------
    datetime.date

    Raises
    ------
    EarlyWarnError
        Of the kind given, if the value is not a date.

    Examples
    --------
    >>> from earlywarn.errors import PanelError
    >>> as_date("2025-03-31", "as_of", PanelError)
    datetime.date(2025, 3, 31)
    """
    found = parse_day(value)
    if found is not None:
        return found
    raise error(
        "not a date",
        where=where,
        found=_shown(value),
        expected=EXPECTED_DAY,
        remedy="Give year, month and day in this order; a week, a month or a year is not a date.",
    )


def _shown(value: object) -> str:
    """A value as shown in an error: Python refuses to write integers of thousands of digits."""
    try:
        text = repr(value)
    except ValueError:
        return "a number too long to show"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def this_day() -> date:
    """Return today's date, by this machine's clock."""
    return date.today()  # noqa: DTZ011 - a person's today is that of their own place


def ordinals_of(days: pd.Series) -> npt.NDArray[np.int64]:
    """Turn a column of dates into ordinals, working out each distinct one once.

    Examples
    --------
    >>> ordinals_of(pd.Series([date(2025, 1, 2), date(2025, 1, 1)])).tolist()
    [739253, 739252]
    """
    places, distinct = days.factorize()
    ordinals = np.array([day.toordinal() for day in distinct], dtype=np.int64)
    return np.asarray(ordinals.take(places), dtype=np.int64)


def is_longer_than_a_day(value: object) -> bool:
    """Whether a numpy datetime64 is a week, month or year, which pandas would treat as a day.

    Examples
    --------
    >>> is_longer_than_a_day(np.datetime64("2024-06")), is_longer_than_a_day("2024-06")
    (True, False)
    """
    if not isinstance(value, np.datetime64) or np.isnat(value):
        return False
    return np.datetime_data(value.dtype)[0] in _COARSE


def _numpy_day(value: np.datetime64) -> date | None:
    if np.isnat(value) or is_longer_than_a_day(value):
        return None
    day = value.astype("datetime64[D]").item()
    return day if isinstance(day, date) else None


def _text_day(value: str) -> date | None:
    text = " ".join(value.split())
    if text.casefold() == "today":
        return this_day()
    text = _CLOCK.sub("", text)
    if (iso := _ISO.fullmatch(text)) is not None:
        year, month, day = filter(None, iso.groups())
        return _day(int(year), int(month), int(day))
    if (british := _BRITISH.fullmatch(text)) is not None:
        century = 2000 if len(british[3]) == 2 else 0
        return _day(century + int(british[3]), int(british[2]), int(british[1]))
    if (words := _WORDS.fullmatch(text.lower())) is not None:
        month = next((n for n, name in enumerate(_MONTHS, 1) if _names(words[2], name)), 0)
        return _day(int(words[3]), month, int(words[1]))
    return None


def _names(word: str, month: str) -> bool:
    return word in {month, month[:3]} or (word == "sept" and month == "september")


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
