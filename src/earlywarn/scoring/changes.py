"""What changed between two days, and why: the parts of the change in each authority's log-odds."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from earlywarn.errors import ScoreError
from earlywarn.indicators.build import build_indicators
from earlywarn.indicators.catalogue import get_indicator
from earlywarn.panel.panel import load_panel
from earlywarn.panel.snapshot import Snapshot
from earlywarn.scoring.defaults import codes_meant, model_or_shipped, snapshot_or_shipped
from earlywarn.scoring.explanation import explain
from earlywarn.scoring.national import check_life, score_quietly

if TYPE_CHECKING:
    from collections.abc import Iterator

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
)
"""The columns of ``what_changed``, in order."""

YEAR = timedelta(days=365)
NONE = 0.005
"""Log-odds below which a part changed nothing worth a word."""


def what_changed(
    model: RiskModel | None = None,
    earlier: Snapshot | date | str | None = None,
    later: Snapshot | date | str | None = None,
    authority: str | list[str] | None = None,
) -> pd.DataFrame:
    """Say how each authority's risk changed between two days, and what the change is made of.

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
        If the earlier day is after the later one.
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
            "the earlier day is after the later one",
            where="earlier",
            found=f"{before.as_of}, where later is {after.as_of}",
            expected="the earlier day first",
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
    """What is known of the authorities on one day."""

    def __init__(self, model: RiskModel, snapshot: Snapshot, codes: list[str]) -> None:
        self.scores = score_quietly(model, snapshot).set_index("la_code")
        self.terms = explain(model, snapshot, codes).set_index(["la_code", "indicator"])
        self.figures = build_indicators(snapshot).droplevel("as_of")

    def gap(self, code: str, name: str) -> float:
        """How far a figure lies above the mean of the authority's statistical neighbours."""
        column = f"{name}_neighbour_gap"
        known = column in self.figures.columns
        return float(self.figures[column].get(code, np.nan)) if known else np.nan


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
    tables = (day.terms.xs(code, level="la_code") for day in (then, now))
    earlier, later = (pd.DataFrame(table).to_dict("index") for table in tables)
    for name in later:
        before, after = earlier[name], later[name]
        part = {
            "indicator": name,
            "family": after["family"],
            "unit": after["unit"],
            "value_then": before["value"],
            "value_now": after["value"],
            "contribution_then": before["contribution"],
            "contribution_now": after["contribution"],
            "change": after["contribution"] - before["contribution"],
            "part": _kind(str(name), before["value"], after["value"]),
            "worse_and_worsening": False,
        }
        if part["part"] == "indicator":
            part["worse_and_worsening"] = _is_worsening(part, now.gap(code, str(name)))
        yield {**part, "sentence": _sentence(part)}


def _kind(name: str, before: float, after: float) -> str:
    """What a part of the change is due to."""
    if name == "baseline":
        return "level"
    if get_indicator(name).kind == "history":
        return "judgement"
    return "missing" if np.isnan(before) or np.isnan(after) else "indicator"


def _is_worsening(part: dict[str, Any], gap: float) -> bool:
    sign = get_indicator(part["indicator"]).sign
    moved = part["value_now"] - part["value_then"]
    return bool(sign * gap > 0 and sign * moved > 0)


def _sentence(part: dict[str, Any]) -> str:
    """A part of the change in plain English."""
    what = _fact(part)
    if abs(part["change"]) < NONE:
        return f"{what}: no change to the risk"
    way = "raised" if part["change"] > 0 else "lowered"
    more = ", worse than its statistical neighbours" if part["worse_and_worsening"] else ""
    return f"{what}{more}: {way} the risk"


def _fact(part: dict[str, Any]) -> str:
    then, now = part["value_then"], part["value_now"]
    if part["part"] == "level":
        return "Where every authority starts"
    title = get_indicator(part["indicator"]).title
    if part["part"] == "judgement":
        same = then == now or (np.isnan(then) and np.isnan(now))
        return f"{title}: {'as it was' if same else f'{_yes(then)}, now {_yes(now)}'}"
    if np.isnan(then) or np.isnan(now):
        known = [] if np.isnan(then) else ["earlier"]
        known += [] if np.isnan(now) else ["later"]
        return f"{title}: " + (f"known on the {known[0]} day only" if known else "not known")
    if then == now:
        return f"{title}: {now:,.1f} on both days, compared with other figures"
    return f"{title}: {then:,.1f} then, {now:,.1f} now"


def _yes(value: float) -> str:
    return "not known" if np.isnan(value) else "yes" if value == 1 else "no"
