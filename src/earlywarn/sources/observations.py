"""Combine figures of many tables in one frame of observations, each dated and unique."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from earlywarn.errors import SourceError
from earlywarn.sources.continuity import check_restated
from earlywarn.sources.populations import check_populations
from earlywarn.sources.schema import KEY, OBSERVATION_COLUMNS, Finding
from earlywarn.utils.dates import this_day

if TYPE_CHECKING:
    from collections.abc import Sequence

    from earlywarn.authorities import Register
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
    figures: Sequence[tuple[str, int, pd.DataFrame]], calendar: Calendar, register: Register
) -> tuple[pd.DataFrame, list[Finding]]:
    """Combine the observations of several tables.

    Parameters
    ----------
    figures : sequence of (str, int, pandas.DataFrame)
        For each table its file, its precedence (0 wins over 1) and its figures
        (`wide.Reading.figures`).
    calendar : Calendar
        When each period was published.
    register : Register
        For names in messages.

    Returns
    -------
    observations : pandas.DataFrame
        `OBSERVATION_COLUMNS`, sorted by authority, measure, period and vintage.
    findings : list of Finding
        A note for each publication date that had to be assumed by rule, a warning if that date is
        in the future; a warning where a release moved a year's figures far, or where populations
        differ from those behind the rates.

    Raises
    ------
    SourceError
        If two files of one release contradict each other.
    """
    parts = [part.assign(file=file, turn=turn) for file, turn, part in figures]
    everything, findings = _dated(pd.concat(parts, ignore_index=True), calendar)
    known = everything[["numerator", "denominator"]].notna().sum(axis=1)
    everything = everything.assign(known=-known).sort_values(["turn", "known"], kind="stable")
    _refuse_contradictions(everything)
    once = everything.drop_duplicates([*KEY, "vintage"])
    by_release = once.sort_values([*KEY, "vintage"], ignore_index=True)
    findings += [*check_restated(by_release), *check_populations(by_release, register)]
    ordered = _first_published(by_release)
    return ordered[list(OBSERVATION_COLUMNS)].astype(_TYPES), findings


def _dated(figures: pd.DataFrame, calendar: Calendar) -> tuple[pd.DataFrame, list[Finding]]:
    """Add `published_on`, `date_assumed` and `vintage`, looked up once per (series, period)."""
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
            "warning" if day > this_day() else "note",
            "no-release-date",
            f"the calendar has no date for {series} {period}: by rule {day} is assumed; "
            "put releases.csv into the folder to give it",
            period=float(period),
            found=series,
        )
        for (series, period), (day, _) in sorted(pairs.items())
        if not calendar.knows(series, period)
    ]


def _first_published(figures: pd.DataFrame) -> pd.DataFrame:
    """Drop the rows in which a later release only repeats the one before it.

    What was known on a date is the same with or without them: the latest value until then.
    """
    said = figures[["numerator", "denominator", "value"]].fillna(-1.0)  # no figure is below zero
    said = said.assign(**{column: figures[column] for column in (*KEY, "status", "joint")})
    again = said.eq(said.shift()).all(axis=1)
    return figures[~again].reset_index(drop=True)


def _refuse_contradictions(figures: pd.DataFrame) -> None:
    """Refuse two tables of equal precedence with different values for a figure of one release."""
    key = [*KEY, "vintage", "turn"]
    twice = figures[figures.duplicated(key, keep=False)]
    if twice.empty:
        return
    groups = twice.groupby(key, sort=False)
    fields = ["numerator", "denominator", "value"]
    # A count that only one of them has is not a contradiction.
    differs = (groups[fields].transform("max") > groups[fields].transform("min")).any(axis=1)
    differs |= groups["status"].transform("nunique").gt(1)
    unlike = twice[differs].sort_values([*key, "file"], kind="stable")
    if unlike.empty:
        return
    same = (unlike[key] == unlike[key].iloc[0]).all(axis=1)
    first, second = (row for _, row in _most_unlike(unlike[same]).iterrows())
    raise SourceError(
        "two files of one release contradict each other",
        where=f"{first['file']} and {second['file']}",
        found=f"{first['measure']} of {first['la_code']} for {first['period']}: "
        + " and ".join(_differing(first, second)),
        expected="one value",
        remedy="Remove the superseded file from the folder.",
    )


def _most_unlike(rows: pd.DataFrame) -> pd.DataFrame:
    """The first row of one figure, and the first that differs."""
    fields = ["numerator", "denominator", "value", "status"]
    start = rows[fields].iloc[0]
    other = [at for at in range(1, len(rows)) if not rows[fields].iloc[at].equals(start)]
    return rows.iloc[[0, other[0]]]


def _differing(first: pd.Series, second: pd.Series) -> list[str]:
    """The values of two rows in the columns in which they differ."""
    columns = ["value", "numerator", "denominator", "status"]
    pairs = [(name, first[name], second[name]) for name in columns]
    unlike = [
        (name, [one, other])
        for name, one, other in pairs
        if one != other and not (pd.isna(one) and pd.isna(other))
    ]
    return [
        ", ".join(f"{name} {'none' if pd.isna(cells[at]) else cells[at]}" for name, cells in unlike)
        for at in (0, 1)
    ]
