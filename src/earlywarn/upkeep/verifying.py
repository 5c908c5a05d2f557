"""Compare a register of forecasts, and those of the simple rules, with the actual outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from earlywarn.errors import RegisterError
from earlywarn.evaluation.protocol import BASE, CAPACITY, OURS, REFERENCES
from earlywarn.judgements.schema import GRADES, check_judgements
from earlywarn.judgements.targets import get_target
from earlywarn.panel.panel import load_judgements
from earlywarn.statistics.bootstrap import cluster_weights, interval, weighted_auc
from earlywarn.statistics.exact import count_tails
from earlywarn.statistics.metrics import brier, log_score
from earlywarn.upkeep.chain import BELOW, PUBLISHED, broken, read_register
from earlywarn.utils.paths import as_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from earlywarn.statistics.arrays import FloatArray
    from earlywarn.upkeep.chain import Entry

INADEQUATE, BELOW_GOOD = "inadequate", "below_good"
"""The two events that are compared with their forecasts."""
RESAMPLES, SEED = 2000, 20160913
"""The same as in the prospective test, so that the intervals are the same."""
_NEEDED = ("la_code", "risk", "below_good", "rank")
_REQUIRES_IMPROVEMENT = GRADES.index("Requires improvement")


@dataclass(frozen=True, eq=False)
class Verification:
    """A register of forecasts, compared with the actual outcomes.

    Attributes
    ----------
    entries : int
        The number of entries; their chain is intact.
    cases : DataFrame
        A row per inspection: ``la_code, inspection_start, entry, as_of, kind, lead_days, rank,
        inadequate, below_good``, and the probabilities of both by the model and each simple rule
        (``earlywarn``, ``earlywarn, below Good``, and so on).
    figures : DataFrame
        ``kind, event, model, inspections, seen, expected, chance_of_as_few, chance_of_as_many, auc,
        auc_lower, auc_upper, model_less_this, less_lower, less_upper, brier, brier_skill,
        log_skill, seen_in_first_26, median_lead_days``. The chances are exact if each forecast is
        right and the inspections are independent of each other (Poisson binomial). Skill is
        relative to the trailing base rate. Limits are 95%, from resamples of whole authorities.
    without_forecast : int
        Inspections after the first entry's date without a forecast: their authority is not in the
        entry, they have no grade, or their report was public before the date from which an entry
        counts (its ``reports_from``).
    """

    entries: int
    cases: pd.DataFrame
    figures: pd.DataFrame
    without_forecast: int


def verify(register: str | Path, judgements: pd.DataFrame | None = None) -> Verification:
    """Check a register's chain, and score its entries against the outcomes since.

    Parameters
    ----------
    register : str or Path
        The folder of the register.
    judgements : DataFrame, optional
        As returned by ``earlywarn.load_judgements``. Default: those that ship with the package.

    Returns
    -------
    Verification
        Each inspection is compared with the last entry that was both written before it began and
        made for a date before that. A replay was computed afterwards from what was public on each
        day: the last row up to the day on which the inspection began counts, and its kind is given.

    Raises
    ------
    RegisterError
        If an entry was changed, removed, reordered or inserted: each is named.

    Examples
    --------
    >>> import earlywarn as ew
    >>> ew.verify("register").figures  # doctest: +SKIP
    """
    folder = as_path(register, "register")
    entries, faults = read_register(folder)
    if faults:
        raise broken(folder, faults)
    came = check_judgements(load_judgements() if judgements is None else judgements)
    said = _said(entries, folder)
    came = came[came["inspection_start"] >= said["from"].min()].reset_index(drop=True)
    rules = [name for name in REFERENCES if name in said]
    cases = _cases(said, came, rules)
    groups = cases.groupby("kind", sort=True) if len(cases) else ()
    figures = [row for kind, rows in groups for row in _of_kind(str(kind), rows, rules)]
    missing = len(came) - len(cases)
    return Verification(len(entries), cases, pd.DataFrame(figures), missing)


def _said(entries: Sequence[Entry], folder: Path) -> pd.DataFrame:
    """Every row of every entry, with the first start date of an inspection that it applies to."""
    tables = []
    for entry in entries:
        table, facts = entry.forecasts, entry.facts
        lacking = [name for name in _NEEDED if name not in table]
        if lacking or "target" not in facts:
            raise RegisterError(
                "an entry is not what publish writes",
                where=str(folder / f"{entry.number:04d}.csv"),
                found=f"no {', '.join(lacking) or 'target'}",
                expected=f"the columns {', '.join(_NEEDED)}, and the facts above them",
            )
        days = table["as_of"] if "as_of" in table else pd.Series(facts["as_of"], table.index)
        as_of = pd.Series([date.fromisoformat(day) for day in days], table.index, dtype=object)
        kind = facts.get("kind", PUBLISHED)
        first = _first(as_of, facts) if kind == PUBLISHED else as_of
        held = table.assign(as_of=as_of, kind=kind, entry=entry.number, target=facts["target"])
        held["reports_from"] = facts.get("reports_from")
        tables.append(held.assign(**{"from": first}))
    return pd.concat(tables, ignore_index=True)


def _first(as_of: pd.Series, facts: dict[str, str]) -> pd.Series:
    """The date after which an inspection must begin to count as forecast: when it was written."""
    written = date.fromisoformat(facts.get("written", facts["as_of"]))
    days = [max(day, written) for day in as_of]
    return pd.Series([date.fromordinal(day.toordinal() + 1) for day in days], as_of.index)


def _cases(said: pd.DataFrame, came: pd.DataFrame, rules: Sequence[str]) -> pd.DataFrame:
    said = said.assign(reports_from=said["reports_from"].fillna("0001-01-01"))
    by_authority = dict(list(said.groupby("la_code", sort=False)))
    grades = {name: get_target(name).grade(came) for name in said["target"].unique()}
    rows = []
    facts = zip(came["la_code"], came["inspection_start"], came["published_on"], strict=True)
    for position, (code, start, report) in enumerate(facts):
        own = by_authority.get(code)
        before = None if own is None else own[own["from"] <= start]
        if before is None or before.empty:
            continue
        held = before.iloc[-1]
        grade = grades[held["target"]].iloc[position]
        if np.isnan(grade) or report.isoformat() < held["reports_from"]:
            continue
        rows.append(_case(held, code, start, grade, rules))
    columns = ["la_code", "inspection_start", "entry", "as_of", "kind", "lead_days", "rank"]
    columns += [INADEQUATE, BELOW_GOOD]
    columns += [name + end for name in (OURS, *rules) for end in ("", BELOW)]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values(["inspection_start", "la_code"], ignore_index=True)


def _case(
    held: pd.Series, code: str, start: date, grade: float, rules: Sequence[str]
) -> dict[str, Any]:
    said_on = held["from"] if held["kind"] != PUBLISHED else _day_before(held["from"])
    return {
        "la_code": code,
        "inspection_start": start,
        "entry": held["entry"],
        "as_of": held["as_of"],
        "kind": held["kind"],
        "lead_days": (start - said_on).days,
        "rank": held["rank"],
        INADEQUATE: float(grade == len(GRADES) - 1),
        BELOW_GOOD: float(grade >= _REQUIRES_IMPROVEMENT),
        OURS: held["risk"],
        OURS + BELOW: held["below_good"],
    } | {name + end: held.get(name + end, np.nan) for name in rules for end in ("", BELOW)}


def _day_before(day: date) -> date:
    return date.fromordinal(day.toordinal() - 1)


def _of_kind(kind: str, rows: pd.DataFrame, rules: Sequence[str]) -> list[dict[str, Any]]:
    found = []
    for event, end in ((INADEQUATE, ""), (BELOW_GOOD, BELOW)):
        for name in (OURS, *rules):
            known = rows[rows[name + end].notna()]
            if len(known):
                about = {"kind": kind, "event": event, "model": name}
                found.append(about | _figures(known, event, name, end))
    return found


def _figures(rows: pd.DataFrame, event: str, name: str, end: str) -> dict[str, Any]:
    y, p = rows[event].to_numpy(float), rows[name + end].to_numpy(float)
    base = rows[BASE + end].to_numpy(float) if BASE + end in rows else np.full(len(rows), np.nan)
    seen = int(y.sum())
    few, many = count_tails(p, seen)
    weights = cluster_weights(rows["la_code"], RESAMPLES, SEED)
    draws = weighted_auc(weights, p, y)
    less = weighted_auc(weights, rows[OURS + end].to_numpy(float), y) - draws
    skilled = not np.isnan(base).any()
    listed = rows["rank"].to_numpy(float) <= CAPACITY
    return {
        "inspections": len(y),
        "seen": seen,
        "expected": float(p.sum()),
        "chance_of_as_few": few,
        "chance_of_as_many": many,
        **dict(zip(("auc", "auc_lower", "auc_upper"), _span(draws), strict=True)),
        **dict(zip(("model_less_this", "less_lower", "less_upper"), _span(less), strict=True)),
        "brier": brier(p, y),
        "brier_skill": 1 - brier(p, y) / brier(base, y) if skilled else np.nan,
        "log_skill": 1 - log_score(p, y) / log_score(base, y) if skilled else np.nan,
        "seen_in_first_26": float(y[listed].sum()) if name == OURS else np.nan,
        "median_lead_days": float(rows["lead_days"].median()),
    }


def _span(draws: FloatArray) -> tuple[float, float, float]:
    return (float(draws[0]), *interval(draws))
