"""Forecast every authority day by day with the model frozen at March 2025; run by make_replay.

Usage: python replay_of_frozen.py JUDGEMENTS OUT, in a checkout of the commit in which
docs/prospective.md was added, since that day's model is scored by that day's code.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from experiments.prospective import CUT, MODEL, frozen_models, read_inspections

import earlywarn as ew
from earlywarn.indicators.timeline import Timeline

OURS = "earlywarn"
KEPT = ["la_code", "la_name", "risk", "risk_lower", "risk_upper", "below_good", "rank"]
BELOW = ", below Good"
NEW_SINCE = date(2025, 5, 15)
"""The prospective test's new inspections are those reported on or after this date."""


def main(judgements: str, out: str) -> None:
    """Write the table, with a row whenever an authority's forecast changes."""
    model, panel = ew.load_model(), ew.load_panel()
    if model.info["model_id"] != MODEL:
        raise SystemExit(f"the model here is {model.info['model_id']}, not {MODEL}")
    given = read_inspections(Path(judgements))
    every = pd.concat([panel.judgements, given], ignore_index=True)
    every = every.drop_duplicates(["la_code", "inspection_start"], ignore_index=True)
    by_march = panel.judgements[panel.judgements["published_on"] <= CUT]
    models = frozen_models(Timeline(panel, by_march), by_march)
    timeline = Timeline(panel, every)
    known = panel.with_judgements(every)
    cases = given[given["published_on"] >= NEW_SINCE]
    days = news(panel, every, cases["inspection_start"])
    tables = [said(day, model, models, known, timeline) for day in days]
    began = set(zip(cases["inspection_start"], cases["la_code"], strict=True))
    write(pd.concat(tables, ignore_index=True), began, Path(out))


def news(panel: Any, judgements: pd.DataFrame, starts: pd.Series) -> list[date]:
    """The dates on which an inspection began or something was published, first to last."""
    first, last = min(starts), max(starts)
    figures = panel.observations
    days = {*starts, *figures["published_on"], *figures["vintage"], *judgements["published_on"]}
    return sorted(day for day in days if first <= day <= last)


def said(day: date, model: Any, models: Any, panel: Any, timeline: Timeline) -> pd.DataFrame:
    """The whole country as of a date, by the model and each simple rule."""
    table = ew.score(model, panel.as_of(day))[KEPT].set_index("la_code")
    country = pd.concat(
        [timeline.at(day).droplevel("as_of"), timeline.last_inspection(day)], axis=1
    ).astype(float)
    country = country.loc[table.index]
    for name, (columns, rule) in models.items():
        if name != OURS:
            X = columns(country)
            table[name] = np.asarray(rule.risk(X))
            place = sum(grade <= 1 for grade in rule.classes)
            table[name + BELOW] = np.asarray(rule.at_least(X, place))
    table.insert(0, "as_of", day.isoformat())
    return table.reset_index()


def write(table: pd.DataFrame, began: set[tuple[date, str]], out: Path) -> None:
    """Keep the rows with changes, and those of an inspection's first day."""
    numbers = table.select_dtypes("float").columns
    table[numbers] = table[numbers].map(lambda value: float(f"{value:.8g}"))
    table = table.sort_values(["la_code", "as_of"], ignore_index=True)
    # The years since the last inspection grow every day: changes in that rule's figures don't
    # count.
    compared = [name for name in numbers if "time since" not in name]
    before = table.groupby("la_code")[compared].shift()
    new = (table[compared] != before).any(axis=1)
    pairs = zip(table["as_of"], table["la_code"], strict=True)
    asked = [(date.fromisoformat(day), code) in began for day, code in pairs]
    kept = table[new | np.array(asked)].sort_values(["as_of", "la_code"])
    kept.to_csv(out, index=False, lineterminator="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
