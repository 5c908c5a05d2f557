"""What changed between two dates, and why: the parts of each authority's change in log-odds."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from earlywarn.errors import ScoreError
from earlywarn.indicators.build import build_indicators
from earlywarn.indicators.catalogue import get_indicator, model_column
from earlywarn.panel.panel import load_panel
from earlywarn.panel.snapshot import Snapshot
from earlywarn.scoring.defaults import codes_meant, model_or_shipped, snapshot_or_shipped
from earlywarn.scoring.explanation import explain
from earlywarn.scoring.national import check_life, score_quietly
from earlywarn.scoring.standing_words import judgement_words
from earlywarn.scoring.words import LAST, figure, own_figure
from earlywarn.statistics.distributions import expit

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from earlywarn.model.risk_model import RiskModel

COLUMNS = (
    "la_code",
    "la_name",
    "earlier",
    "later",
    "risk_then",
    "risk_now",
    "rank_then",
    "rank_now",
    "part",
    "indicator",
    "family",
    "unit",
    "value_then",
    "value_now",
    "contribution_then",
    "contribution_now",
    "change",
    "worse_and_worsening",
    "sentence",
    "period_then",
    "period_now",
)
"""The columns of ``what_changed``, in order."""

YEAR = timedelta(days=365)
NONE = 0.005
"""Log-odds below which a change is not worth mentioning."""
LAST_INSPECTION = "last_inspection"
"""The name of the row of the last judgement, which combines its terms in the model."""


def what_changed(
    model: RiskModel | None = None,
    earlier: Snapshot | date | str | None = None,
    later: Snapshot | date | str | None = None,
    authority: str | list[str] | None = None,
) -> pd.DataFrame:
    """Break down how each authority's risk changed between two dates.

    Parameters
    ----------
    model : RiskModel, optional
        The one that ships if not given.
    earlier, later : Snapshot, date or ISO text, optional
        A date is of the panel that ships. If not given, ``later`` is its newest publication and
        ``earlier`` a year before ``later``. Both may be of one day: own figures against published.
    authority : str or list of str, optional
        Names or codes; all that existed on both days if not given.

    Returns
    -------
    DataFrame
        For each authority one row a part, the largest first: ``part`` is ``level`` (where every
        authority starts), ``judgement``, ``indicator`` or ``missing`` (a figure that is known on
        one of the days only, or stood in for on both); ``change`` is its part of the change in
        log-odds. For each authority ``sum(change) == log(odds now) - log(odds then)`` to 1e-9.
        ``worse_and_worsening`` says that the figure is worse than the mean of its statistical
        neighbours, and worse than it was. ``attrs["not_compared"]`` lists the authorities that
        existed on one of the days only.

    Raises
    ------
    ScoreError
        If the earlier date is after the later one.
    AuthorityError
        If an authority did not exist on both days.

    Warns
    -----
    ModelLifeWarning
        Of the later day, as ``score`` does.

    Examples
    --------
    >>> import earlywarn as ew
    >>> rows = ew.what_changed(None, "2024-12-31", "2025-12-31", "Leeds")
    >>> then, now = rows["risk_then"].iloc[0], rows["risk_now"].iloc[0]
    >>> step = np.log(now / (1 - now)) - np.log(then / (1 - then))
    >>> bool(abs(rows["change"].sum() - step) < 1e-9)
    True
    """
    model = model_or_shipped(model)
    after = _snapshot(later)
    before = _snapshot(after.as_of - YEAR if earlier is None else earlier)
    if before.as_of > after.as_of:
        raise ScoreError(
            "the earlier date is after the later one",
            where="earlier",
            found=f"{before.as_of}, where later is {after.as_of}",
            expected="the earlier date first",
        )
    check_life(model, after)
    both = [set(day.authorities["la_code"]) for day in (before, after)]
    codes = codes_meant(after, authority)
    codes = sorted(both[0] & both[1]) if authority is None else codes_meant(before, codes)
    days = [_Day(model, day, codes) for day in (before, after)]
    rows = [row for code in codes for row in _authority_rows(code, *days)]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    frame["earlier"], frame["later"] = before.as_of.isoformat(), after.as_of.isoformat()
    frame.attrs["not_compared"] = sorted(both[0] ^ both[1]) if authority is None else []
    return frame


def _snapshot(day: Snapshot | date | str | None) -> Snapshot:
    if day is None or isinstance(day, Snapshot):
        return snapshot_or_shipped(day)
    return load_panel().as_of(day)


class _Day:
    """What is known about the authorities on one date."""

    def __init__(self, model: RiskModel, snapshot: Snapshot, codes: list[str]) -> None:
        self.scores = score_quietly(model, snapshot).set_index("la_code")
        self.figures = build_indicators(snapshot).droplevel("as_of").to_dict()
        self.terms: dict[str, dict[str, dict[Hashable, Any]]] = {}
        for row in explain(model, snapshot, codes).to_dict("records"):
            self.terms.setdefault(row["la_code"], {})[row["indicator"]] = row

    def gap(self, code: str, name: str) -> float:
        """How far a figure is above the mean of the authority's statistical neighbours."""
        return float(self.figures.get(f"{name}_neighbour_gap", {}).get(code, np.nan))

    def figure(self, code: str, name: str, *, unit: bool = True) -> str:
        """A figure of an authority with its year; empty where none can be compared."""
        record, row = get_indicator(name), self.terms[code][name]
        if np.isnan(row["value"]):
            suppressed = not np.isnan(self.figures[model_column(record)][code])
            return "a suppressed count, of 1 to 5" if suppressed else ""
        notes = [own_figure(row["period"])] if row["own"] else []
        if np.isfinite(row["expected"]):
            notes.append(f"about {figure(record, row['expected'])} expected for its deprivation")
        elif np.isfinite(row["england"]):
            notes.append(f"England {figure(record, row['england'])}")
        beside = f" ({', '.join(notes)})" if notes else ""
        of = f" {record.unit.removeprefix('% ')}" if unit else ""
        year = "" if row["own"] else f" in {row['period']:.0f}"
        return f"{figure(record, row['value'])}{of}{year}{beside}"

    def judgement(self, code: str) -> str:
        """An authority's last known judgement, and when the inspection began."""
        row = self.scores.loc[code]
        if pd.isna(row["previous_judgement"]):
            return "none known"
        return f"{judgement_words(row)} (inspected from {row['previous_inspection']})"


def _authority_rows(code: str, then: _Day, now: _Day) -> list[dict[str, Any]]:
    """One authority's parts, the largest change first."""
    name = now.scores["la_name"][code]
    facts = {
        "la_code": code,
        "la_name": name,
        "risk_then": then.scores["risk"][code],
        "risk_now": now.scores["risk"][code],
        "rank_then": then.scores["rank"][code],
        "rank_now": now.scores["rank"][code],
    }
    parts = [{**facts, **part} for part in _parts(code, then, now)]
    return sorted(parts, key=lambda part: -abs(part["change"]))


def _parts(code: str, then: _Day, now: _Day) -> Iterator[dict[str, Any]]:
    earlier, later = _terms(code, then), _terms(code, now)
    for name, after in later.items():
        before = earlier[name]
        part = {
            "indicator": name,
            "family": after["family"],
            "unit": after["unit"],
            **_then_and_now("value", before, after),
            **_then_and_now("period", before, after),
            **_then_and_now("contribution", before, after),
            "change": after["contribution"] - before["contribution"],
            "part": _kind(name, before["value"], after["value"]),
            "worse_and_worsening": False,
        }
        if part["part"] == "indicator":
            part["worse_and_worsening"] = _is_worsening(part, now.gap(code, name))
        yield {**part, "sentence": _sentence(part, _fact(part, code, then, now))}


def _terms(code: str, day: _Day) -> dict[str, dict[Hashable, Any]]:
    """The terms of one authority by name, with those of its last judgement combined."""
    terms = dict(day.terms[code])
    last = [terms.pop(name) for name in LAST if name in terms]
    if last:
        whole = sum(term["contribution"] for term in last)
        terms[LAST_INSPECTION] = {**last[0], "value": np.nan, "contribution": whole}
    return terms


def _then_and_now(
    name: str, before: dict[Hashable, Any], after: dict[Hashable, Any]
) -> dict[str, Any]:
    return {f"{name}_then": before[name], f"{name}_now": after[name]}


def _kind(name: str, before: float, after: float) -> str:
    """What a part of the change is due to."""
    if name == "baseline":
        return "level"
    if name == LAST_INSPECTION:
        return "judgement"
    return "missing" if np.isnan(before) or np.isnan(after) else "indicator"


def _is_worsening(part: dict[str, Any], gap: float) -> bool:
    sign = get_indicator(part["indicator"]).sign
    moved = part["value_now"] - part["value_then"]
    return bool(sign * gap > 0 and sign * moved > 0)


def _sentence(part: dict[str, Any], fact: str) -> str:
    """A part of the change in plain English."""
    if abs(part["change"]) < NONE:
        return f"{fact}: no change to the risk"
    way = "raised" if part["change"] > 0 else "lowered"
    more = ", worse than its statistical neighbours" if part["worse_and_worsening"] else ""
    return f"{fact}{more}: {way} the risk"


def _fact(part: dict[str, Any], code: str, then: _Day, now: _Day) -> str:
    """The figure on the earlier date and now, each with its year."""
    if part["part"] == "level":
        risks = [
            f"{100 * float(expit(part[f'contribution_{day}'])):.1f}%" for day in ("then", "now")
        ]
        return f"Where every authority starts: a risk of {_both(*risks)}"
    if part["part"] == "judgement":
        return f"Last judgement: {_both(then.judgement(code), now.judgement(code))}"
    name = part["indicator"]
    before, after = then.figure(code, name), now.figure(code, name)
    title = get_indicator(name).title
    if not before and not after:
        return f"{title}: no comparable figure on either date"
    if before and before != after:
        after = now.figure(code, name, unit=False)
    moved = before == after and abs(part["change"]) >= NONE
    text = _both(before or "no comparable figure", after or "no comparable figure")
    return f"{title}: {text}" + (", compared with other figures" if moved else "")


def _both(then: str, now: str) -> str:
    """Two states as one text: both, or the one that applies on both dates."""
    return f"{then} on both dates" if then == now else f"{then}, then {now}"
