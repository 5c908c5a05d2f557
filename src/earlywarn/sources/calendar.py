"""The release calendar: when each year of each series was first published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from importlib import resources
from typing import TYPE_CHECKING

import pandas as pd

from earlywarn.errors import SourceError

if TYPE_CHECKING:
    from earlywarn.sources.tabular_files import Table

RELEASE_COLUMNS = ("series", "period", "period_end", "published_on", "precision", "evidence")
PRECISIONS = ("day", "month", "assumed")

# Where no date is known: (years after the period, month, day), late enough not to look ahead.
RULES = {
    "cin": (0, 11, 30),
    "csww": (1, 3, 31),
    "cla": (0, 12, 31),
    "cla_later_tables": (0, 12, 31),
    "s251": (1, 1, 31),
    "s251_unit_costs": (1, 1, 31),
    "pop": (1, 7, 31),
    "cafcass": (0, 7, 31),
    "school_census": (0, 6, 30),
}
# The first and last day that a period's figures are about: (years, month, day) from the period.
_FINANCIAL_YEAR = ((-1, 4, 1), (0, 3, 31))
_SPANS = {
    "csww": ((0, 9, 30), (0, 9, 30)),
    "pop": ((0, 6, 30), (0, 6, 30)),
    "school_census": ((0, 1, 1), (0, 1, 31)),
}
_COMPILED_NAMES = {
    "reporting_year": "period",
    "first_published": "published_on",
    "source": "evidence",
}


@dataclass(frozen=True, eq=False)
class Calendar:
    """Publication dates by series and period; a date that is not known is assumed by rule.

    Attributes
    ----------
    releases : pandas.DataFrame
        `RELEASE_COLUMNS`; `period` an int, the dates `datetime.date`.

    Examples
    --------
    >>> Calendar.load().release("cin", 2025)
    (datetime.date(2025, 10, 30), False)
    >>> Calendar.load().release("cin", 2031)
    (datetime.date(2031, 11, 30), True)
    """

    releases: pd.DataFrame

    @classmethod
    def load(cls) -> Calendar:
        """The calendar that ships."""
        path = resources.files("earlywarn") / "data" / "releases.csv"
        with path.open(encoding="utf-8") as stream:
            return cls(
                _typed(pd.read_csv(stream, dtype=str, keep_default_na=False), "releases.csv")
            )

    def extended(self, table: Table) -> Calendar:
        """Give this calendar with the rows of a table added; a row replaces that of its period.

        Raises
        ------
        SourceError
            If a date or a precision is not one.
        """
        more = table.cells.rename(columns=_COMPILED_NAMES)
        both = pd.concat([self.releases, _typed(more, table.file)])
        kept = both.drop_duplicates(["series", "period"], keep="last")
        return Calendar(kept.sort_values(["series", "period"], ignore_index=True))

    def release(self, series: str, period: int) -> tuple[date, bool]:
        """When a period of a series was first published, and whether that is assumed."""
        if (series, period) in self._known:
            return self._known[series, period]
        years, month, day = RULES[series]
        return date(period + years, month, day), True

    def knows(self, series: str, period: int) -> bool:
        """Whether the calendar has a row for a period of a series."""
        return (series, period) in self._known

    @cached_property
    def _known(self) -> dict[tuple[str, int], tuple[date, bool]]:
        table = self.releases
        keys = zip(table["series"], table["period"], strict=True)
        days = zip(table["published_on"], table["precision"] == "assumed", strict=True)
        return {key: (day, bool(assumed)) for key, (day, assumed) in zip(keys, days, strict=True)}


def span(series: str, period: int) -> tuple[date, date]:
    """The first and the last day that the figures of a period are about.

    Examples
    --------
    >>> span("cin", 2022)
    (datetime.date(2021, 4, 1), datetime.date(2022, 3, 31))
    """
    (y0, m0, d0), (y1, m1, d1) = _SPANS.get(series, _FINANCIAL_YEAR)
    return date(period + y0, m0, d0), date(period + y1, m1, d1)


def _typed(table: pd.DataFrame, where: str) -> pd.DataFrame:
    full = table.reindex(columns=list(RELEASE_COLUMNS)).fillna("")
    for column in ("period_end", "published_on"):
        days = [_day(text, f"{where}, {column}", column) for text in full[column]]
        full[column] = pd.Series(days, index=full.index, dtype=object)
    wrong = full.loc[~full["precision"].isin(PRECISIONS), "precision"]
    if len(wrong):
        raise SourceError(
            "not a precision",
            where=f"{where}, precision",
            found=repr(wrong.iloc[0]),
            expected=", ".join(PRECISIONS),
        )
    wrong = full.loc[~full["period"].str.fullmatch(r"20[0-9]{2}"), "period"]
    if len(wrong):
        raise SourceError(
            "not a year",
            where=f"{where}, period",
            found=repr(wrong.iloc[0]),
            expected="a year between 2000 and 2099",
        )
    return full.astype({"period": "int64"})


def _day(text: str, where: str, column: str) -> date | None:
    if not text and column == "period_end":
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SourceError(
            "not a date", where=where, found=repr(text), expected="a date such as 2025-10-30"
        ) from None
