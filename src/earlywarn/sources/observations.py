"""Figures of many tables as one frame of observations, each dated and there once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from earlywarn.errors import SourceError
from earlywarn.sources.schema import KEY, OBSERVATION_COLUMNS, Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from earlywarn.sources.calendar import Calendar

_TYPES = {
    "la_code": "str",
    "measure": "str",
    "period": "int64",
    "numerator": "float64",
    "denominator": "float64",
    "value": "float64",
    "status": "str",
    "joint": "bool",
    "date_assumed": "bool",
    "source": "str",
}


def observe(
    figures: Sequence[tuple[str, int, pd.DataFrame]], calendar: Calendar
) -> tuple[pd.DataFrame, list[Finding]]:
    """The observations of several tables.

    Parameters
    ----------
    figures : sequence of (str, int, pandas.DataFrame)
        For each table its file, its precedence (0 wins over 1) and its figures
        (`wide.Reading.figures`).
    calendar : Calendar
        When each period was published.

    Returns
    -------
    observations : pandas.DataFrame
        `OBSERVATION_COLUMNS`, sorted by authority, measure, period and vintage.
    findings : list of Finding
        A note for each publication date that had to be assumed by rule.

    Raises
    ------
    SourceError
        If two files of one release contradict each other.
    """
    parts = [part.assign(file=file, turn=turn) for file, turn, part in figures]
    everything, findings = _dated(pd.concat(parts, ignore_index=True), calendar)
    everything = everything.sort_values(["turn", "file"], kind="stable")
    _refuse_contradictions(everything)
    once = everything.drop_duplicates([*KEY, "vintage"])
    ordered = once.sort_values([*KEY, "vintage"], ignore_index=True)
    return ordered[list(OBSERVATION_COLUMNS)].astype(_TYPES), findings


def _dated(figures: pd.DataFrame, calendar: Calendar) -> tuple[pd.DataFrame, list[Finding]]:
    """With `published_on`, `date_assumed` and `vintage`, looked up once a (series, period)."""
    figures = figures.astype({"newest": "int64", "period": "int64"})
    pairs = {}
    for column in ("period", "newest"):
        for series, period in figures[["series", column]].drop_duplicates().to_numpy():
            pairs[series, period] = calendar.release(series, period)
    own = pd.MultiIndex.from_frame(figures[["series", "period"]])
    newest = pd.MultiIndex.from_frame(figures[["series", "newest"]])
    days = {key: day for key, (day, _) in pairs.items()}
    assumed = {key: flag for key, (_, flag) in pairs.items()}
    dated = figures.assign(
        published_on=pd.Series([days[key] for key in own], dtype=object),
        date_assumed=[assumed[key] for key in own],
        vintage=pd.Series([days[key] for key in newest], dtype=object),
    )
    return dated, [
        Finding(
            "note",
            "no-release-date",
            f"the calendar has no date for {series} {period}: by rule {day} is assumed; "
            "put releases.csv into the folder to give it",
            period=float(period),
            found=series,
        )
        for (series, period), (day, _) in sorted(pairs.items())
        if not calendar.knows(series, period)
    ]


def _refuse_contradictions(figures: pd.DataFrame) -> None:
    """Two tables of equal standing must not give one figure of one release two values."""
    key = [*KEY, "vintage", "turn"]
    twice = figures[figures.duplicated(key, keep=False)]
    distinct = twice.drop_duplicates([*key, "numerator", "denominator", "value", "status"])
    unlike = distinct[distinct.duplicated(key, keep=False)].sort_values(key)
    if unlike.empty:
        return
    first, second = (row for _, row in unlike.head(2).iterrows())
    raise SourceError(
        "two files of one release contradict each other",
        where=f"{first['file']} and {second['file']}",
        found=f"{first['measure']} of {first['la_code']} for {first['period']}: "
        f"{first['value']:g} ({first['status']}) and {second['value']:g} ({second['status']})",
        expected="one value",
        remedy="Take the file that was superseded out of the folder.",
    )
