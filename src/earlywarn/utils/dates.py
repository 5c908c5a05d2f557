"""A day as a user gives it: a date, a date with a time, or ISO text."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from earlywarn.errors import EarlyWarnError


def as_date(value: object, where: str, error: type[EarlyWarnError]) -> date:
    """Read a day as a plain date.

    Parameters
    ----------
    value : date, datetime, or ISO text
        A pandas Timestamp is a datetime.
    where : str
        What the day is, for the error: an argument or a column.
    error : type of EarlyWarnError
        What to raise.

    Returns
    -------
    datetime.date

    Raises
    ------
    EarlyWarnError
        Of the kind given, if the value is no date.

    Examples
    --------
    >>> from earlywarn.errors import PanelError
    >>> as_date("2025-03-31", "as_of", PanelError)
    datetime.date(2025, 3, 31)
    """
    if isinstance(value, datetime) and not pd.isna(value):
        return value.date()
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value.strip()).date()
        except ValueError:
            pass
    raise error(
        "not a date",
        where=where,
        found=repr(value),
        expected="a date such as 2025-03-31",
        remedy="Give year, month and day in this order.",
    )
