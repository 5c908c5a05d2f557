"""How fresh each source is on a date: figures by series, judgements, neighbours and the model."""

from __future__ import annotations

import warnings
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from earlywarn.errors import OverdueWarning
from earlywarn.indicators.catalogue import INDICATORS
from earlywarn.judgements.seasons import PAUSE
from earlywarn.panel.snapshot import once
from earlywarn.scoring.defaults import model_or_shipped, snapshot_or_shipped
from earlywarn.sources.calendar import shipped_calendar
from earlywarn.utils.dates import ordinals_of
from earlywarn.utils.formatting import MONTHS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from earlywarn.model.risk_model import RiskModel
    from earlywarn.panel.snapshot import Snapshot

COLUMNS = ("source", "kind", "title", "through", "period", "cadence", "due", "overdue")
"""The columns of ``freshness``, in order."""
MODEL, NEIGHBOURS, JUDGEMENTS = "model", "neighbours", "judgements"

TITLES = {
    "cafcass": "Care applications (Cafcass)",
    "cin": "Children in need",
    "cla": "Children looked after",
    "cla_later_tables": "Children looked after, later tables",
    "csww": "Children's social work workforce",
    "pop": "Population estimates",
    "s251": "Section 251 spending",
    "school_census": "Schools and pupils (free school meals)",
}
"""The title of each series of figures; one that the catalogue adds has its own name."""
_YEAR = 10_000
"""Larger than any year, so that a series and a year make one number."""


class Cadence(NamedTuple):
    """How often a source is published, and after how many days without news it is overdue."""

    words: str
    patience: timedelta


CADENCES = {
    # For a series without a calendar: a year, plus two months for a late release.
    "figures": Cadence("yearly", timedelta(days=427)),
    # Reports come all year; summers and elections leave gaps of up to twelve weeks.
    JUDGEMENTS: Cadence("all year", timedelta(days=92)),
    NEIGHBOURS: Cadence("every few years", timedelta(days=5 * 366)),
    MODEL: Cadence("yearly", timedelta(days=0)),
}
"""Sources without a usual month; a series of figures follows the calendar of its releases."""


def freshness(model: RiskModel | None = None, snapshot: Snapshot | None = None) -> pd.DataFrame:
    """List up to when each source is known on a snapshot's date, and whether it is overdue.

    Parameters
    ----------
    model : RiskModel, optional
        Default: the model that ships with the package.
    snapshot : Snapshot, optional
        Default: the panel that ships with the package, as of its latest publication.

    Returns
    -------
    DataFrame
        One row per source: ``source`` (a series, ``judgements``, ``neighbours``, ``model``),
        ``kind`` (figures, judgements, neighbours, model), ``title``, ``through`` (the latest
        publication date; for the model, of the reports it learnt from; ISO text, missing if nothing
        is known), ``period`` (the latest year of figures, or the year of the neighbour model),
        ``cadence``, ``due`` (overdue if nothing newer has appeared after this date; for the model,
        its last day) and ``overdue`` on the snapshot's date.

    Notes
    -----
    Each series of figures has its own calendar: the next year's figures are due by the end of the
    month after the one in which they are usually published, which is the month of the middle one of
    the last three releases known on the date. Of 42 releases, six were later than that (moves to
    another month, the census, the pandemic): on a past date, a release whose date is in the
    calendar is due by that date, if it is later. Judgements are not due while inspections were
    suspended, from 17 March 2020, nor in the 92 days after the first one began again.

    Examples
    --------
    >>> import earlywarn as ew
    >>> table = freshness(ew.load_model(), ew.load_panel().as_of("2026-11-28")).set_index("source")
    >>> table.loc["judgements", ["through", "due"]].tolist(), bool(table["overdue"]["judgements"])
    (['2026-08-20', '2026-11-20'], True)
    """
    return _table(_rows(model_or_shipped(model), snapshot_or_shipped(snapshot)))


def _rows(model: RiskModel, snapshot: Snapshot) -> list[dict[str, Any]]:
    return [
        *map(dict, _of_figures(snapshot)),
        _of_judgements(snapshot),
        _of_neighbours(snapshot),
        _of_model(model, snapshot),
    ]


def _table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"period": "Int64"})


def records_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Turn the result of ``freshness`` into plain records, for ``attrs`` and for JSON.

    Examples
    --------
    >>> records_of(freshness())[-1]["source"]
    'model'
    """
    records = table.astype(object).where(table.notna(), None).to_dict("records")
    return [{str(name): cell for name, cell in record.items()} for record in records]


def overdue_words(table: pd.DataFrame) -> str:
    """List in words which sources are overdue, and since when; empty if none is.

    Parameters
    ----------
    table : DataFrame
        As returned by ``freshness``. The model is left out: its end has a separate warning.

    Examples
    --------
    >>> import earlywarn as ew
    >>> overdue_words(freshness(ew.load_model(), ew.load_panel().as_of("2026-03-31")))
    ''
    """
    late = table[table["overdue"] & (table["kind"] != MODEL)]
    return "; ".join(overdue_sentence(row) for row in late.to_dict("records"))


def overdue_since(row: Mapping[Any, Any]) -> str:
    """Return the first day on which an overdue source was overdue, as ISO text.

    Examples
    --------
    >>> overdue_since({"due": "2026-12-31"})
    '2027-01-01'
    """
    return (date.fromisoformat(row["due"]) + timedelta(days=1)).isoformat()


def overdue_sentence(row: Mapping[Any, Any]) -> str:
    """Describe what is missing from an overdue source, and since when.

    Examples
    --------
    >>> row = {"kind": "figures", "title": "Children in need", "period": 2025}
    >>> overdue_sentence({**row, "due": "2026-11-30", "cadence": "yearly, in October"})
    'Children in need: no figures later than 2025, overdue since 2026-12-01 (yearly, in October)'
    """
    figures = row["kind"] == "figures"
    last = (
        f"no figures later than {row['period']}"
        if figures
        else f"nothing later than {row['through']}"
    )
    return f"{row['title']}: {last}, overdue since {overdue_since(row)} ({row['cadence']})"


def marked(scores: pd.DataFrame, model: RiskModel, snapshot: Snapshot) -> pd.DataFrame:
    """Store in a table's ``attrs`` how fresh its sources were, and warn of overdue ones.

    Warns
    -----
    OverdueWarning
        If a source is older on the snapshot's date than its cadence allows.
    """
    rows = _rows(model, snapshot)
    scores.attrs["freshness"] = _Kept(rows)
    warn_if_overdue(_table(rows), snapshot.as_of, stacklevel=4)
    return scores


class _Kept(list[dict[str, Any]]):
    """Records shared by every table derived from the first one.

    pandas deep-copies ``attrs`` at each step, even for one column: a millisecond each.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> _Kept:
        return self


def warn_if_overdue(table: pd.DataFrame, day: date, *, stacklevel: int = 3) -> None:
    """Warn of the sources that are overdue on a date, all in one sentence.

    After the model's last day they are not mentioned, since another warning covers everything.
    """
    over = bool(table.loc[table["kind"] == MODEL, "overdue"].any())
    if (late := overdue_words(table)) and not over:
        judgements = table.loc[table["kind"] == JUDGEMENTS, "overdue"].any()
        ways = "refresh, or --judgements FILE" if judgements else "refresh"
        warnings.warn(
            f"on {day} later releases were already due. {late}. Fetch them (python -m earlywarn "
            f"{ways}).",
            OverdueWarning,
            stacklevel=stacklevel,
        )


@once
def _of_figures(snapshot: Snapshot) -> tuple[dict[str, Any], ...]:
    """Each series that an indicator or its cases come from, in the order of the titles."""
    by_series = _years(snapshot)
    names = [*TITLES, *(name for name in sorted(by_series) if name not in TITLES)]
    return tuple(_of_series(name, by_series.get(name), snapshot.as_of) for name in names)


class _Years(NamedTuple):
    """For a series' years, the first recorded date, NaN if there is none, and the last."""

    period: npt.NDArray[np.int64]
    first: npt.NDArray[np.float64]
    through: npt.NDArray[np.float64]


def _years(snapshot: Snapshot) -> dict[str, _Years]:
    """The dates of each series' years, as numbers."""
    figures = snapshot.observations
    series_of = {record.measure or record.id: record.series for record in INDICATORS}
    series_of |= {record.size_measure: "pop" for record in INDICATORS if _of_children(record)}
    names = sorted(set(series_of.values()))
    places, measures = figures["measure"].factorize()
    of_measure = [names.index(series_of[name]) if name in series_of else -1 for name in measures]
    series = np.array(of_measure, dtype=np.int64).take(places)
    used = series >= 0
    days = ordinals_of(figures["published_on"])[used]
    sure = np.where(figures["date_assumed"].to_numpy(dtype=bool)[used], np.nan, days)
    year, at = np.unique(
        series[used] * _YEAR + figures["period"].to_numpy()[used], return_inverse=True
    )
    first, through = np.full(len(year), np.nan), np.zeros(len(year))
    np.fmin.at(first, at, sure)
    np.maximum.at(through, at, days)
    return {
        name: _Years(year[own] % _YEAR, first[own], through[own])
        for place, name in enumerate(names)
        if (own := year // _YEAR == place).any()
    }


def _of_series(name: str, years: _Years | None, day: date) -> dict[str, Any]:
    """One series: its latest year, and when the next one is due by its own calendar."""
    title = TITLES.get(name, name)
    if years is None:
        return _row(name, "figures", title, None, day)
    period, through = int(years.period.max()), date.fromordinal(int(years.through.max()))
    row = _row(name, "figures", title, through, day, period)
    firsts = zip(years.period.tolist(), years.first.tolist(), strict=True)
    days = {year: date.fromordinal(int(at)) for year, at in firsts if np.isfinite(at)}
    usual = shipped_calendar().expected(name, period + 1, day, days)
    if usual is None:
        return row
    cadence = f"yearly, in {MONTHS[usual.month.month - 1]}"
    # On a past date: before it was published, nobody could have it.
    due = max(usual.due, shipped_calendar().came(name, period + 1) or usual.due)
    return {**row, "cadence": cadence, "due": due.isoformat(), "overdue": day > due}


def _of_children(record: Any) -> bool:
    return bool(record.size_measure == "population_0_17")


def _of_judgements(snapshot: Snapshot) -> dict[str, Any]:
    days = snapshot.judgements["published_on"]
    through = days.max() if len(days) else None
    row = _row(JUDGEMENTS, JUDGEMENTS, "Ofsted's judgements", through, snapshot.as_of)
    first, last = PAUSE
    again = last + CADENCES[JUDGEMENTS].patience
    if row["due"] is None or not first.isoformat() <= row["due"] <= again.isoformat():
        return row
    return {**row, "due": again.isoformat(), "overdue": snapshot.as_of > again}


def _of_neighbours(snapshot: Snapshot) -> dict[str, Any]:
    days = snapshot.neighbours["published_on"]
    through = days.max() if len(days) else None
    year = snapshot.neighbour_model
    return _row(NEIGHBOURS, NEIGHBOURS, "Statistical neighbours", through, snapshot.as_of, year)


def _of_model(model: RiskModel, snapshot: Snapshot) -> dict[str, Any]:
    cut, last = model.info.get("training", {}).get("until"), model.info.get("sunset")
    title = f"Model {model.info.get('model_id', '')}".strip()
    over = bool(last) and snapshot.as_of.isoformat() > str(last)
    row = _row(MODEL, MODEL, title, None, snapshot.as_of)
    return {**row, "through": cut, "due": last, "overdue": over}


def _row(
    source: str,
    kind: str,
    title: str,
    through: date | None,
    day: date,
    period: int | None = None,
) -> dict[str, Any]:
    words, patience = CADENCES[kind]
    due = None if through is None else through + patience
    return {
        "source": source,
        "kind": kind,
        "title": title,
        "through": None if through is None else through.isoformat(),
        "period": None if period is None else int(period),
        "cadence": words,
        "due": None if due is None else due.isoformat(),
        "overdue": due is not None and day > due,
    }
