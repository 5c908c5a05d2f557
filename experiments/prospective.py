"""The prospective test: a model frozen at March 2025, and the inspections reported after it.

    python -m experiments.prospective --judgements FILE    # forecasts, figures and page
    python -m experiments.prospective                      # figures and page from the forecasts

``FILE`` holds the inspections as read from their reports, one row each. Forecasts can be made only
where the frozen model is still the one that ships: the page names the commit. The figures and the
page are made of the forecasts, at any time.
"""

from __future__ import annotations

import argparse
import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from experiments.prospective_page import page

import earlywarn as ew
from earlywarn.evaluation.baselines import BASELINES
from earlywarn.indicators.timeline import Timeline
from earlywarn.judgements.schema import GRADES, check_judgements
from earlywarn.judgements.targets import get_target
from earlywarn.model.training import ages, training_cases
from earlywarn.statistics.bootstrap import cluster_weights, interval, weighted_auc
from earlywarn.statistics.metrics import brier, log_score
from earlywarn.utils.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MODEL = "any_inadequate-2025-03-31-f4e31e80"
CUT = date(2025, 3, 31)
YEARLY_FILE_ENDS = date(2025, 5, 14)
"""The last report in the yearly file that shipped: inspections reported by then are not new."""
LEADS = (0, 6, 12)
OURS, BASE = "earlywarn", "trailing base rate"
AS_OF_DAY, FROZEN = "as of each day", "as of 31 March 2025"
THREE = ("leadership", "help_and_protection", "in_care")
GROUPS = {"53 new": True, "all 62": False}
EVENTS = {
    "inadequate": "risk",
    "below_good": "below_good_risk",
    "below_good_overall": "below_good_risk",
}
"""What may have happened, and the forecast that is held against it."""
RESAMPLES, SEED = 2000, 20160913
TOP = 26

DOCS = Path(__file__).parents[1] / "docs"
FORECASTS, FIGURES, PAGE = (
    DOCS / name for name in ("prospective-forecasts.csv", "prospective.json", "prospective.md")
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the forecasts if judgements are given, then the figures and the page."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--judgements", type=Path, help="the inspections, one row each (CSV)")
    given = parser.parse_args(arguments)
    if given.judgements is not None:
        table = forecasts(read_inspections(given.judgements))
        write_whole(FORECASTS, table.to_csv(index=False, lineterminator="\n"))
    figures = measured(read_forecasts())
    write_whole(FIGURES, json.dumps(figures, indent=1, allow_nan=False) + "\n")
    write_whole(PAGE, page(figures))


def read_inspections(file: Path) -> pd.DataFrame:
    """The inspections of the table, as a judgements frame."""
    table = pd.read_csv(file, dtype=str, keep_default_na=False)
    words = {grade: grade for grade in GRADES} | {
        "Requires improvement to be good": "Requires improvement",
        "": None,
    }
    areas = ["overall", "leadership", "help_and_protection", "in_care", "care_leavers"]
    table = table.rename(
        columns={"overall_effectiveness": "overall", "publication_date": "published_on"}
    )
    return check_judgements(
        table[["la_code", "inspection_start", "published_on"]].assign(
            framework="ILACS",
            inspection_type=table["inspection_framework"],
            **{area: table[area].map(words) for area in areas},
        )
    )


def forecasts(inspections: pd.DataFrame) -> pd.DataFrame:
    """Every inspection, lead, model and state of knowledge: what was forecast, what happened.

    Raises
    ------
    ValueError
        If the model that ships is not the frozen one.
    """
    model, panel = ew.load_model(), ew.load_panel()
    if model.info["model_id"] != MODEL:
        raise ValueError(
            f"the model that ships is {model.info['model_id']}, not {MODEL}: check out the commit "
            "that docs/prospective.md names to make the forecasts again"
        )
    by_march = panel.judgements[panel.judgements["published_on"] <= CUT]
    every = pd.concat([panel.judgements, inspections], ignore_index=True)
    every = every.drop_duplicates(["la_code", "inspection_start"], ignore_index=True)
    models = frozen_models(Timeline(panel, by_march), by_march)
    tables = []
    only_ours = {OURS: models[OURS]}
    for knowledge, judgements, asked in (
        (AS_OF_DAY, every, models),
        (FROZEN, by_march, only_ours),
    ):
        timeline = Timeline(panel, judgements)
        tables += [
            forecast(asked, timeline, case, lead).assign(last_judgement=knowledge)
            for case in outcomes(inspections).to_dict("records")
            for lead in LEADS
        ]
    table = pd.concat(tables, ignore_index=True)
    return table.sort_values(
        ["last_judgement", "lead_months", "model", "inspection_start", "la_code"],
        ignore_index=True,
    )


def frozen_models(timeline: Timeline, by_march: pd.DataFrame) -> dict[str, Any]:
    """The model that ships, and each baseline fitted to what was published by its cut."""
    cases = training_cases(by_march, until=CUT)
    pairs = list(zip(cases["la_code"], cases["inspection_start"], strict=True))
    X = pd.concat([timeline.rows(pairs), timeline.last_inspections(pairs)], axis=1).astype(float)
    age = ages(cases, CUT)
    fitted = {
        baseline.name: (baseline.columns, baseline.fit(X, cases["grade"], age))
        for baseline in BASELINES
        if not baseline.at_random
    }
    model = ew.load_model()
    return {OURS: (lambda frame: frame[list(model.columns)], model)} | fitted


def outcomes(inspections: pd.DataFrame) -> pd.DataFrame:
    """What each inspection found, in the two ways that are asked for."""
    rank = {grade: position for position, grade in enumerate(GRADES)}
    worst = inspections[list(THREE)].apply(lambda column: column.map(rank)).max(axis=1)
    return inspections.assign(
        inadequate=get_target("any_inadequate").label(inspections).astype(int),
        below_good=(worst >= rank["Requires improvement"]).astype(int),
        below_good_overall=inspections["overall"]
        .map(rank)
        .ge(rank["Requires improvement"])
        .where(inspections["overall"].notna()),
        new=(inspections["published_on"] > YEARLY_FILE_ENDS).astype(int),
    )


def forecast(
    models: dict[str, Any], timeline: Timeline, case: dict[Any, Any], lead: int
) -> pd.DataFrame:
    """What each model says of one inspection, a number of months before its start."""
    start, code = case["inspection_start"], case["la_code"]
    day = (pd.Timestamp(start) - pd.DateOffset(months=lead)).date()
    country = pd.concat(
        [timeline.at(day).droplevel("as_of"), timeline.last_inspection(day)], axis=1
    ).astype(float)
    names = timeline.authorities(day).set_index("la_code")["la_name"]
    rows = []
    for name, (columns, model) in models.items():
        risk = pd.Series(model.risk(columns(country)), index=country.index)
        below = pd.Series(_below_good(model, columns(country)), index=country.index)
        rows.append(
            {
                "model": name,
                "risk": float(f"{risk[code]:.8g}"),
                "below_good_risk": float(f"{below[code]:.8g}"),
                "rank": int((risk > risk[code]).sum()) + 1,
                "authorities": len(risk),
            }
        )
    facts = {
        "la_code": code,
        "la_name": names[code],
        "inspection_start": start.isoformat(),
        "published_on": case["published_on"].isoformat(),
        "inspection_type": case["inspection_type"],
        "new": case["new"],
        "inadequate": case["inadequate"],
        "below_good": case["below_good"],
        "below_good_overall": case["below_good_overall"],
        "last_grade": country["grade"][code],
        "lead_months": lead,
        "as_of": day.isoformat(),
    }
    return pd.DataFrame([facts | row for row in rows])


def _below_good(model: Any, X: pd.DataFrame) -> np.ndarray:
    """The probability of Requires improvement or worse."""
    good = GRADES.index("Good")
    return np.asarray(model.at_least(X, sum(grade <= good for grade in model.classes)))


def read_forecasts(file: Path = FORECASTS) -> pd.DataFrame:
    """The forecasts as they are kept."""
    return pd.read_csv(file, dtype={"la_code": str})


def measured(table: pd.DataFrame) -> dict[str, Any]:
    """Every figure of the page, from the forecasts and what happened."""
    own = table[table["last_judgement"] == AS_OF_DAY]
    return {
        "model": MODEL,
        "resamples": RESAMPLES,
        "seed": SEED,
        "groups": {
            name: {
                "counts": _counts(_group(own, new=new)),
                "leads": {str(lead): dict(_lead(_group(own, new=new), lead)) for lead in LEADS},
            }
            for name, new in GROUPS.items()
        },
        "last_judgement": _knowledge(table),
        "inadequate_cases": _failures(own),
    }


def _group(table: pd.DataFrame, *, new: bool) -> pd.DataFrame:
    return table[table["new"] == 1] if new else table


def _counts(table: pd.DataFrame) -> dict[str, int]:
    """How many inspections there were, and what they found."""
    cases = table.drop_duplicates("la_code")
    return {
        "inspections": len(cases),
        "authorities": int(cases["la_code"].nunique()),
        "inadequate": int(cases["inadequate"].sum()),
        "below_good": int(cases["below_good"].sum()),
        "inadequate_again": int(
            ((cases["last_grade"] == len(GRADES) - 1) & (cases["inadequate"] == 1)).sum()
        ),
        "with_overall": int(cases["below_good_overall"].notna().sum()),
        "below_good_overall": int(cases["below_good_overall"].fillna(0).sum()),
        "already_inadequate": int((cases["last_grade"] == len(GRADES) - 1).sum()),
    }


def _lead(table: pd.DataFrame, lead: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """The figures of each model at one lead, beside the trailing base rate."""
    rows = table[table["lead_months"] == lead]
    by_model = {
        str(name): group.sort_values(["inspection_start", "la_code"])
        for name, group in rows.groupby("model")
    }
    order = [OURS, *(baseline.name for baseline in BASELINES if baseline.name in by_model)]
    base, ours = by_model[BASE], by_model[OURS]
    weights = cluster_weights(base["la_code"], RESAMPLES, SEED)
    for name in order:
        yield name, _figures(by_model[name], base, ours, weights)


def _figures(
    rows: pd.DataFrame, base: pd.DataFrame, ours: pd.DataFrame, weights: np.ndarray
) -> dict[str, Any]:
    """How well one model did, for each of the events."""
    found: dict[str, Any] = {}
    for event, risk in EVENTS.items():
        asked = rows[event].notna().to_numpy()
        found[event] = _event_figures(
            rows.loc[asked, event].to_numpy(float),
            *(table[risk].to_numpy(float)[asked] for table in (rows, base, ours)),
            weights[:, asked],
        )
    listed = rows["rank"] <= TOP
    found["first_26"] = {
        "inspected": int(listed.sum()),
        "below_good": int(rows.loc[listed, "below_good"].sum()),
        "inadequate": int(rows.loc[listed, "inadequate"].sum()),
    }
    return found


def _event_figures(
    y: np.ndarray, p: np.ndarray, base: np.ndarray, ours: np.ndarray, weights: np.ndarray
) -> dict[str, Any]:
    draws = weighted_auc(weights, p, y)
    paired = weighted_auc(weights, ours, y) - draws
    chance = poisson_binomial(p)
    happened = int(y.sum())
    return {
        "n": len(y),
        "observed": happened,
        "expected": _plain(p.sum()),
        "chance_of_as_few": _plain(chance[: happened + 1].sum()),
        "chance_of_as_many": _plain(chance[happened:].sum()),
        "auc": _plain(draws[0]),
        "auc_interval": [_plain(limit) for limit in interval(draws)],
        "auc_of_the_model_less_this": _plain(paired[0]),
        "difference_interval": [_plain(limit) for limit in interval(paired)],
        "brier": _plain(brier(p, y)),
        "brier_skill": _plain(1 - brier(p, y) / brier(base, y)),
        "log_skill": _plain(1 - log_score(p, y) / log_score(base, y)),
    }


def poisson_binomial(p: np.ndarray) -> np.ndarray:
    """The exact distribution of how many of independent events happen.

    Parameters
    ----------
    p : ndarray of shape (n,)
        The probability of each.

    Returns
    -------
    ndarray of shape (n + 1,)
        The probability of 0, 1, ..., n of them.

    Examples
    --------
    >>> poisson_binomial(np.array([0.5, 0.5, 0.5]))
    array([0.125, 0.375, 0.375, 0.125])
    """
    chance = np.ones(1)
    for one in p:
        chance = np.convolve(chance, [1 - one, one])
    return chance


def _knowledge(table: pd.DataFrame) -> dict[str, Any]:
    """Whether it matters that reports after the cut are used as the last judgement."""
    keys = ["la_code", "lead_months"]
    ours = table[table["model"] == OURS].pivot_table("risk", keys, "last_judgement")
    moved = (ours[AS_OF_DAY] - ours[FROZEN]).abs()
    return {
        "forecasts": len(ours),
        "changed": int((moved > 0).sum()),
        "largest_change": _plain(moved.max()),
    }


def _failures(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Each Inadequate judgement, and where the model had put it."""
    rows = table[(table["model"] == OURS) & (table["inadequate"] == 1)]
    columns = ["la_name", "inspection_start", "new", "lead_months", "risk", "rank", "authorities"]
    return [
        {name: value if isinstance(value, str) else _plain(value) for name, value in row.items()}
        for row in rows[columns].sort_values(["inspection_start", "lead_months"]).to_dict("records")
    ]


def _plain(value: Any) -> float | None:
    """A number for JSON, rounded below what another processor could change."""
    number = float(f"{float(value):.6g}")
    return number if np.isfinite(number) else None


if __name__ == "__main__":
    main()
