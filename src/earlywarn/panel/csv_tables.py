"""The tables of a panel folder as text: small to ship, quick to read, and reproducible."""

from __future__ import annotations

import io
import re
from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from earlywarn.errors import PanelError
from earlywarn.judgements.schema import AREAS, DATES, check_judgements
from earlywarn.judgements.schema import COLUMNS as JUDGEMENT_COLUMNS
from earlywarn.sources.calendar import RELEASE_COLUMNS
from earlywarn.sources.schema import FINDING_COLUMNS, NEIGHBOUR_COLUMNS, OBSERVATION_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping

OBSERVATION_KEY = ("la_code", "measure", "period", "vintage")
"""The columns that identify an observation."""

_NUMBERS = ("numerator", "denominator", "value")
_STORED = (
    "la_code",
    "measure",
    "period",
    *_NUMBERS,
    "status",
    "joint",
    "release",
    "vintage",
    "source",
)
# Read as categories: few distinct texts among many rows, so each is parsed once.
_TEXTS = ("la_code", "measure", "status", "source")
_FEW = (*_TEXTS, "release", "vintage")


class _Release(NamedTuple):
    """When a figure was first public; `assumed` if the date follows a rule and is not recorded."""

    published_on: date
    assumed: bool


# --- observations --------------------------------------------------------------------------------


def observations_text(observations: pd.DataFrame, releases: pd.DataFrame) -> str:
    """Write observations as CSV, with their two dates as the names of releases.

    Parameters
    ----------
    observations : DataFrame
        With `OBSERVATION_COLUMNS`.
    releases : DataFrame
        The release calendar, with `RELEASE_COLUMNS`.

    Returns
    -------
    str
        One line per observation: a release is named like `cin-2024`; a date without a release in
        the calendar is written unchanged, followed by `?` if it is assumed.
    """
    names = _release_names(observations, releases)
    stored = pd.DataFrame(
        {
            "la_code": observations["la_code"],
            "measure": observations["measure"],
            "period": observations["period"],
            **{column: [_number(x) for x in observations[column]] for column in _NUMBERS},
            "status": observations["status"],
            "joint": np.where(observations["joint"], "1", ""),
            "release": [release for release, _ in names],
            "vintage": [vintage for _, vintage in names],
            "source": observations["source"],
        }
    )
    return stored.to_csv(index=False, lineterminator="\n")


def observations_from(text: bytes, releases: pd.DataFrame, where: str) -> pd.DataFrame:
    """Read what `observations_text` wrote.

    Parameters
    ----------
    text : bytes
        The CSV, in UTF-8.
    releases : DataFrame
        The calendar that it was written with.
    where : str
        The file, for errors.

    Returns
    -------
    DataFrame
        With `OBSERVATION_COLUMNS`, in the order written.

    Raises
    ------
    PanelError
        If columns are missing, a cell is malformed, a release is not in the calendar, or an
        observation occurs twice.
    """
    kinds = dict.fromkeys(_FEW, "category") | dict.fromkeys(_NUMBERS, "float64")
    stored = _table_from(text, _STORED, kinds | {"period": "int64", "joint": "str"}, where)
    known = _known_releases(releases)
    release, vintage = stored["release"].cat, stored["vintage"].cat
    found = [_release_named(name, known, where) for name in release.categories]
    read_from = [_release_named(name, known, where) for name in vintage.categories]
    _check_distinct(stored, where)
    frame = stored.assign(
        joint=stored["joint"] == "1",
        published_on=_taken([one.published_on for one in found], release.codes),
        date_assumed=np.array([one.assumed for one in found], dtype=bool)[release.codes],
        vintage=_taken([one.published_on for one in read_from], vintage.codes),
        **{column: _as_text(stored[column]) for column in _TEXTS},
    )
    return frame.loc[:, list(OBSERVATION_COLUMNS)]


def _as_text(few: pd.Series) -> pd.Series:
    """A column of categories as plain text; much faster by code than text by text."""
    texts = few.cat.categories.astype("str").array.take(few.cat.codes.to_numpy())
    return pd.Series(texts, index=few.index)


def _taken(days: list[date], codes: pd.Series) -> np.ndarray:
    return np.array(days, dtype=object)[codes]


def _check_distinct(stored: pd.DataFrame, where: str) -> None:
    twice = stored[stored.duplicated(list(OBSERVATION_KEY))]
    if len(twice):
        first = twice.iloc[0]
        raise PanelError(
            "an observation appears twice",
            where=f"{where}, line {twice.index[0] + 2}",
            found=", ".join(f"{column} {first[column]}" for column in OBSERVATION_KEY),
            expected="one row for each authority, measure, period and vintage",
            remedy="Build the panel again.",
        )


def _release_names(observations: pd.DataFrame, releases: pd.DataFrame) -> list[tuple[str, str]]:
    """The names of each observation's first publication and of the release it was read from.

    Among releases on the same day the calendar's first is taken; for the vintage, one of the same
    series if there is one. Names are for readers; only their dates are used.
    """
    first: dict[tuple[int, _Release], str] = {}
    on_day: dict[date, list[str]] = defaultdict(list)
    for name, period, release in _named_releases(releases):
        first.setdefault((period, release), name)
        on_day[release.published_on].append(name)
    columns = [observations[c] for c in ("period", "published_on", "date_assumed", "vintage")]
    rows = list(zip(*columns, strict=True))
    named = {row: _names_of(row, first, on_day) for row in set(rows)}
    return [named[row] for row in rows]


def _names_of(
    row: tuple[int, date, bool, date],
    first: Mapping[tuple[int, _Release], str],
    on_day: Mapping[date, list[str]],
) -> tuple[str, str]:
    period, published_on, assumed, vintage = row
    release = first.get((period, _Release(published_on, assumed)), "")
    candidates = on_day.get(vintage, [])
    series = release.rsplit("-", 1)[0]
    same = [name for name in candidates if name.rsplit("-", 1)[0] == series]
    plain = f"{published_on.isoformat()}{'?' if assumed else ''}"
    return release or plain, (same or candidates or [vintage.isoformat()])[0]


def _named_releases(releases: pd.DataFrame) -> list[tuple[str, int, _Release]]:
    columns = zip(
        releases["series"],
        releases["period"],
        releases["published_on"],
        releases["precision"],
        strict=True,
    )
    return [
        (f"{series}-{period}", int(period), _Release(day, precision == "assumed"))
        for series, period, day, precision in columns
    ]


def _known_releases(releases: pd.DataFrame) -> dict[str, _Release]:
    return {name: release for name, _, release in _named_releases(releases)}


def _release_named(name: str, known: dict[str, _Release], where: str) -> _Release:
    if name in known:
        return known[name]
    if re.fullmatch(r"\d{4}-\d\d-\d\d\??", name):
        return _Release(date.fromisoformat(name.rstrip("?")), name.endswith("?"))
    raise PanelError(
        "a release is not in the panel's calendar",
        where=where,
        found=repr(name),
        expected="a release of releases.csv, such as cin-2024, or a day",
        remedy="Build the panel again.",
    )


# --- the other tables ----------------------------------------------------------------------------


def releases_text(releases: pd.DataFrame) -> str:
    """Write the release calendar as CSV, each release under its name.

    Parameters
    ----------
    releases : DataFrame
        With `RELEASE_COLUMNS`.

    Returns
    -------
    str
    """
    names = [name for name, _, _ in _named_releases(releases)]
    return plain_text(
        releases.loc[:, list(RELEASE_COLUMNS)].assign(id=names), ("id", *RELEASE_COLUMNS)
    )


def plain_text(frame: pd.DataFrame, columns: tuple[str, ...]) -> str:
    """Write a frame as CSV with these columns; whole numbers without a decimal point.

    Parameters
    ----------
    frame : DataFrame
        Has at least these columns.
    columns : tuple of str
        The columns, in order.

    Returns
    -------
    str
    """
    numeric = frame.select_dtypes("number").columns
    shown = {column: [_number(x) for x in frame[column]] for column in numeric if column in columns}
    return frame.assign(**shown).loc[:, list(columns)].to_csv(index=False, lineterminator="\n")


def releases_from(text: bytes, where: str) -> pd.DataFrame:
    """Read the release calendar of a panel folder.

    Parameters
    ----------
    text : bytes
        The CSV, in UTF-8.
    where : str
        The file, for errors.

    Returns
    -------
    DataFrame

    Raises
    ------
    PanelError
        If a column is missing or a cell is malformed.
    """
    kinds = dict.fromkeys(RELEASE_COLUMNS, "str") | {"period": "int64"}
    kinds |= {"period_end": "date", "published_on": "date"}
    return _table_from(text, RELEASE_COLUMNS, kinds, where)


def neighbours_from(text: bytes, where: str) -> pd.DataFrame:
    """Read the statistical neighbours of a panel folder.

    Parameters
    ----------
    text : bytes
        The CSV, in UTF-8.
    where : str
        The file, for errors.

    Returns
    -------
    DataFrame

    Raises
    ------
    PanelError
        If a column is missing or a cell is malformed.
    """
    kinds = {"model": "int64", "la_code": "str", "rank": "int64", "neighbour_code": "str"}
    return _table_from(text, NEIGHBOUR_COLUMNS, kinds | {"published_on": "date"}, where)


def judgements_from(text: bytes, where: str) -> pd.DataFrame:
    """Read the judgements of a panel folder.

    Parameters
    ----------
    text : bytes
        The CSV, in UTF-8, as `judgements_text` wrote it.
    where : str
        The file, for errors.

    Returns
    -------
    DataFrame
        As returned by `read_judgements`.

    Raises
    ------
    PanelError
        If a column is missing or a cell is malformed.
    OutcomeError
        If a date is missing or a grade is not a full word.
    """
    kinds = dict.fromkeys(JUDGEMENT_COLUMNS, "str") | dict.fromkeys(DATES, "date")
    frame = _table_from(text, JUDGEMENT_COLUMNS, kinds, where)
    grades = {column: frame[column].where(frame[column] != "") for column in ("overall", *AREAS)}
    return check_judgements(frame.assign(**grades))


def findings_from(text: bytes, where: str) -> pd.DataFrame:
    """Read the findings of a panel folder.

    Parameters
    ----------
    text : bytes
        The CSV, in UTF-8.
    where : str
        The file, for errors.

    Returns
    -------
    DataFrame

    Raises
    ------
    PanelError
        If a column is missing or a cell is malformed.
    """
    kinds = dict.fromkeys(FINDING_COLUMNS, "str") | {"line": "float64", "period": "float64"}
    return _table_from(text, FINDING_COLUMNS, kinds, where)


def _table_from(
    text: bytes, columns: tuple[str, ...], kinds: dict[str, str], where: str
) -> pd.DataFrame:
    """Read a CSV with these columns; "date" is an ISO date, and text keeps empty cells."""
    types = {column: "str" if kind == "date" else kind for column, kind in kinds.items()}
    numbers = {column: [""] for column, kind in types.items() if kind in {"float64", "int64"}}
    try:
        frame = pd.read_csv(
            io.BytesIO(text),
            dtype=types,
            keep_default_na=False,
            na_values=numbers,
        )
        dated = {c: _dates(frame[c]) for c, kind in kinds.items() if kind == "date" and c in frame}
    except (ValueError, pd.errors.ParserError) as error:
        raise _malformed(where, str(error)) from error
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise _malformed(where, f"no column {', '.join(missing)}")
    return frame.assign(**dated).loc[:, list(columns)]


def _dates(text: pd.Series) -> pd.Series:
    days = {day: date.fromisoformat(day) if day else None for day in text.unique()}
    return pd.Series([days[day] for day in text], index=text.index, dtype=object)


def _malformed(where: str, found: str) -> PanelError:
    return PanelError(
        "not a table of a panel",
        where=where,
        found=found.splitlines()[0],
        expected="the columns and types that build writes",
        remedy="Build the panel again.",
    )


def _number(value: float) -> str:
    """A number as text that reads back as the same number; empty if missing."""
    if value != value:  # noqa: PLR0124 - only NaN differs from itself, and this is quick
        return ""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))
