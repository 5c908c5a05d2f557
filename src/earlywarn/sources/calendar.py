"""The release calendar: when each year of each series was first published."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from earlywarn.errors import SourceError
from earlywarn.sources.reporting_years import span
from earlywarn.sources.schema import Finding
from earlywarn.utils.dates import as_date, this_day

if TYPE_CHECKING:
    from collections.abc import Mapping

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
RECENT = 3
"""The number of a series' releases whose median gives its usual month, so that one late release
changes nothing and two do."""
GRACE, GRACE_BY_RULE = 1, 2
"""How many months after its usual month a release may still come; one more if the month comes from
a rule and is not recorded."""
_A_WEEK = 7
_COMPILED_NAMES = {
    "reporting_year": "period",
    "first_published": "published_on",
    "source": "evidence",
}


class Expected(NamedTuple):
    """When a release should come: the first day of its usual month, and the latest date.

    ``recorded`` shows whether the month comes from recorded releases, or only from a rule.
    """

    month: date
    due: date
    recorded: bool


@dataclass(frozen=True, eq=False)
class Calendar:
    """Publication dates by series and period; an unknown date is assumed by rule.

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
        """Load the calendar that ships with the package."""
        path = resources.files("earlywarn") / "data" / "releases.csv"
        with path.open(encoding="utf-8") as stream:
            return cls(
                _typed(pd.read_csv(stream, dtype=str, keep_default_na=False), "releases.csv")
            )

    def extended(self, table: Table) -> tuple[Calendar, list[Finding]]:
        """Return this calendar with the rows of a table added.

        A row replaces that of its period, unless it is later and less certain: a recorded date is
        not replaced by the end of a month, nor by a rule.

        Returns
        -------
        Calendar
        findings : list of Finding
            A note for each row that replaces nothing and for each that changes a date; a warning
            for an unknown series, for a date in the future, for one sooner or later after its
            period than ever, and for a wrong period end.

        Raises
        ------
        SourceError
            If a date or a precision is not one, a release was published before its period ended, or
            has two dates.
        """
        renames = {new: old for new, old in _COMPILED_NAMES.items() if old not in table.cells}
        more = _typed(table.cells.rename(columns=renames), table.file)
        _fill_ends(more)
        _check_releases(more, table.file)
        known = {key: i for i, key in enumerate(self._keys)}
        weaker, findings = [], _doubts(more, self._series, table.file)
        findings += _unusual_days(more, self._recorded, table.file)
        for at, (series, period) in enumerate(zip(more["series"], more["period"], strict=True)):
            before = known.get((series, period))
            if before is None and series in self._series:
                findings.append(_added(more.iloc[at], table.file))
            elif before is not None and _is_weaker(more.iloc[at], self.releases.iloc[before]):
                weaker.append(at)
                findings.append(_kept(more.iloc[at], self.releases.iloc[before], table.file))
            elif before is not None:
                findings += _moved(more.iloc[at], self.releases.iloc[before], table.file)
        both = pd.concat([self.releases, more.drop(more.index[weaker])])
        kept = both.drop_duplicates(["series", "period"], keep="last")
        return Calendar(kept.sort_values(["series", "period"], ignore_index=True)), findings

    def release(self, series: str, period: int) -> tuple[date, bool]:
        """Return when a period of a series was first published, and whether that is assumed."""
        if (series, period) in self._known:
            return self._known[series, period]
        years, month, day = RULES[series]
        return date(period + years, month, day), True

    def expected(
        self, series: str, period: int, on: date, more: Mapping[int, date] | None = None
    ) -> Expected | None:
        """Work out when a period of a series should come, from its last releases before a date.

        Parameters
        ----------
        series : str
        period : int
        on : date
            Releases after this date are ignored.
        more : mapping of int to date, optional
            Publication dates by period that are known besides the calendar's.

        Returns
        -------
        Expected or None
            From the median of the last three releases with a recorded date; from the series' rule
            if there are fewer; None if there is no rule either.

        Examples
        --------
        >>> Calendar.load().expected("cla", 2026, date(2026, 8, 20))
        Expected(month=datetime.date(2026, 11, 1), due=datetime.date(2026, 12, 31), recorded=True)
        """
        days = self._recorded.get(series, {}) | dict(more or {})
        past = [(year, day) for year, day in sorted(days.items()) if year < period and day <= on]
        months = sorted(_month_number(day) - 12 * year for year, day in past[-RECENT:])
        if len(months) == RECENT:
            return _expected(12 * period + months[RECENT // 2], GRACE, recorded=True)
        if series not in RULES:
            return None
        years, month, _ = RULES[series]
        return _expected(12 * (period + years) + month - 1, GRACE_BY_RULE, recorded=False)

    def knows(self, series: str, period: int) -> bool:
        """Whether the calendar has a row for a period of a series."""
        return (series, period) in self._known

    def came(self, series: str, period: int) -> date | None:
        """When a release came; None if neither its date nor that of a later one is recorded."""
        if not any(year >= period for year in self._recorded.get(series, {})):
            return None
        return self._known.get((series, period), (None, True))[0]

    @property
    def _keys(self) -> list[tuple[str, int]]:
        return list(zip(self.releases["series"], self.releases["period"], strict=True))

    @property
    def _series(self) -> set[str]:
        return {*self.releases["series"], *RULES}

    @cached_property
    def _recorded(self) -> dict[str, dict[int, date]]:
        """The recorded dates, by series and period."""
        sure = self.releases[self.releases["precision"] != "assumed"]
        return {
            str(series): dict(zip(rows["period"], rows["published_on"], strict=True))
            for series, rows in sure.groupby("series")
        }

    @cached_property
    def _known(self) -> dict[tuple[str, int], tuple[date, bool]]:
        table = self.releases
        keys = zip(table["series"], table["period"], strict=True)
        days = zip(table["published_on"], table["precision"] == "assumed", strict=True)
        return {key: (day, bool(assumed)) for key, (day, assumed) in zip(keys, days, strict=True)}


@cache
def shipped_calendar() -> Calendar:
    """Return the calendar that ships, read once."""
    return Calendar.load()


def _month_number(day: date) -> int:
    return 12 * day.year + day.month - 1


def _first_day(month_number: int) -> date:
    return date(month_number // 12, month_number % 12 + 1, 1)


def _expected(month_number: int, grace: int, *, recorded: bool) -> Expected:
    last = _first_day(month_number + grace + 1) - timedelta(days=1)
    return Expected(_first_day(month_number), last, recorded)


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
    return as_date(text, where, SourceError)


def _fill_ends(table: pd.DataFrame) -> None:
    """Fill in missing period ends of known series, in place."""
    for at in np.flatnonzero(table["period_end"].isna() & table["series"].isin(RULES)):
        row = table.iloc[at]
        table.loc[table.index[int(at)], "period_end"] = span(row["series"], row["period"])[1]


def _check_releases(table: pd.DataFrame, where: str) -> None:
    """Refuse a date before the end of what it publishes, and two dates for one release."""
    planned = table["series"].str.contains("budget")  # plans are published before their year
    for at in np.flatnonzero(~planned):
        row = table.iloc[at]
        end = span(row["series"], row["period"])[1]
        if row["published_on"] < end:
            raise SourceError(
                "a release published before its period ended",
                where=f"{where}, {row['series']} {row['period']}",
                found=str(row["published_on"]),
                expected=f"a day after {end}",
                remedy="Correct the year of the period, or the date.",
            )
    distinct = table.drop_duplicates(["series", "period", "published_on"])
    twice = distinct[distinct.duplicated(["series", "period"], keep=False)]
    if len(twice):
        first, second = twice.iloc[0], twice.iloc[1]
        raise SourceError(
            "two dates for one release",
            where=f"{where}, {first['series']} {first['period']}",
            found=f"{first['published_on']} and {second['published_on']}",
            expected="the date of its first publication",
            remedy="Remove the row that should not count.",
        )


def _doubts(table: pd.DataFrame, known: set[str], where: str) -> list[Finding]:
    findings = [
        Finding(
            "warning",
            "unknown-series",
            f"no table here belongs to the series {series!r}, so its dates are not used; the "
            "series are "
            f"{', '.join(sorted(known))}",
            where,
            column="series",
            found=series,
        )
        for series in table["series"].unique()
        if series not in known
    ]
    findings += _odd_ends(table, where)
    late = table[[day > this_day() for day in table["published_on"]]]
    return findings + [
        Finding(
            "warning",
            "future-release",
            f"{series} {period} is listed as published on {day}, which is in the future",
            where,
            period=float(period),
            column="published_on",
            found=str(day),
        )
        for series, period, day in late[["series", "period", "published_on"]].itertuples(
            index=False, name=None
        )
    ]


def _odd_ends(table: pd.DataFrame, where: str) -> list[Finding]:
    """Warn of each period end that is not the series' own: the year may be wrong."""
    return [
        Finding(
            "warning",
            "period-end",
            f"{series} {period} is listed as ending on {end}, not on {span(series, period)[1]}",
            where,
            period=float(period),
            column="period_end",
            found=str(end),
        )
        for series, period, end in table[["series", "period", "period_end"]].itertuples(
            index=False, name=None
        )
        if end is not None and series in RULES and end != span(series, period)[1]
    ]


def _unusual_days(
    table: pd.DataFrame, recorded: Mapping[str, Mapping[int, date]], where: str
) -> list[Finding]:
    """Warn of each recorded date sooner or later after its period than any other."""
    findings = []
    came = np.array([day <= this_day() for day in table["published_on"]], dtype=np.bool_)
    for at in np.flatnonzero(came & (table["precision"] != "assumed").to_numpy()):
        series, period, day = table.iloc[at][["series", "period", "published_on"]]
        days = recorded.get(series, {})
        waits = [_wait(series, year, other) for year, other in days.items() if year != period]
        wait = _wait(series, period, day)
        if len(waits) < RECENT or days.get(period) == day:
            continue
        if min(waits) - _A_WEEK <= wait <= max(waits) + _A_WEEK:
            continue
        message = (
            f"{series} {period} is said to be published on {day}, {wait} days after its period, "
            f"where the others known took {min(waits)} to {max(waits)}: is the date or the period "
            "wrong? What is known on a date depends on it"
        )
        place = where, math.nan, "", float(period), "published_on", str(day)
        findings.append(Finding("warning", "unusual-day", message, *place))
    return findings


def _wait(series: str, period: int, day: date) -> int:
    """Days from the end of a period to the publication of its figures."""
    return (day - span(series, period)[1]).days


def _is_weaker(new: pd.Series, old: pd.Series) -> bool:
    """Whether a row is less certain and later than the one that it would replace."""
    sure = PRECISIONS.index(new["precision"]) <= PRECISIONS.index(old["precision"])
    return not sure and new["published_on"] > old["published_on"]


def _moved(new: pd.Series, old: pd.Series, where: str) -> list[Finding]:
    """A note where a row changes a release's date or its precision."""
    if (new["published_on"], new["precision"]) == (old["published_on"], old["precision"]):
        return []
    message = (
        f"{new['series']} {new['period']}: {new['published_on']} ({new['precision']}) is taken "
        f"in place of {old['published_on']} ({old['precision']})"
    )
    period, found = float(new["period"]), str(new["published_on"])
    return [
        Finding(
            "note",
            "release-moved",
            message,
            where,
            period=period,
            column="published_on",
            found=found,
        )
    ]


def _added(new: pd.Series, where: str) -> Finding:
    return Finding(
        "note",
        "release-added",
        f"{new['series']} {new['period']}: {new['published_on']} ({new['precision']}) is taken, "
        "of which the calendar had no day",
        where,
        period=float(new["period"]),
        column="published_on",
        found=str(new["published_on"]),
    )


def _kept(new: pd.Series, old: pd.Series, where: str) -> Finding:
    return Finding(
        "note",
        "release-kept",
        f"{new['series']} {new['period']}: {new['published_on']} ({new['precision']}) is later and "
        f"less sure than {old['published_on']} ({old['precision']}), which is kept",
        where,
        period=float(new["period"]),
        column="published_on",
        found=str(new["published_on"]),
    )
