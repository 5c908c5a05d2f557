"""Small backtests that several tests look at, each run once."""

from __future__ import annotations

import functools
from datetime import date

import numpy as np
import pandas as pd

import earlywarn as ew
from earlywarn.evaluation.backtesting import Backtest
from earlywarn.evaluation.performance import Evaluation, evaluate

FIRST_YEAR = 2017
UNTIL = date(2018, 3, 31)
LEADS = (0, 6)


@functools.cache
def panel() -> ew.Panel:
    return ew.load_panel()


def run(judgements: pd.DataFrame | None = None, **changes) -> Backtest:
    """A backtest of five quarters, but for the changes."""
    settings = {"first_year": FIRST_YEAR, "until": UNTIL, "leads": LEADS, "n_jobs": 1} | changes
    given = panel().judgements if judgements is None else judgements
    return ew.backtest(panel(), given, **settings)


@functools.cache
def small() -> Backtest:
    return run()


@functools.cache
def evaluated() -> Evaluation:
    return evaluate(small().forecasts, resamples=20)


def toy(cases: int = 240) -> Backtest:
    """Invented forecasts of both windows by us and two baselines, with lists; no one's numbers."""
    generator = np.random.default_rng(4)
    start = pd.Timestamp("2016-02-01") + pd.to_timedelta(np.arange(cases) * 13, unit="D")
    truth = generator.normal(size=cases)
    grade = np.clip(np.round(1.7 + 0.7 * truth + 0.7 * generator.normal(size=cases)), 0, 3)
    iso = start.strftime("%Y-%m-%d")
    known = pd.DataFrame(
        {
            "window": np.where(start < pd.Timestamp("2022-01-01"), "development", "confirmation"),
            "lead_months": 0,
            "la_code": [str(301 + k % 80) for k in range(cases)],
            "la_name": [f"Authority {k % 80}" for k in range(cases)],
            "region": np.where(np.arange(cases) % 2, "North East", "London"),
            "la_type": "unitary",
            "as_of": iso,
            "trained_until": [f"{day.year}-01-01" for day in start],
            "inspection_start": iso,
            "inspection_type": "standard",
            "label": (grade == 3).astype(float),
            "grade": grade,
            "overall_below_good": (grade >= 2).astype(float),
            "base_rate": 0.2,
            "list_length": 150,
            "deprivation": generator.uniform(5, 40, size=cases),
            "children": generator.uniform(1e4, 1e5, size=cases),
            "last_grade": np.where(np.arange(cases) % 10, np.arange(cases) % 4, np.nan),
        }
    )
    for name in ("deprivation", "children"):
        known[f"{name}_rank"] = known[name].rank(pct=True)
    noises = {"earlywarn": 0.3, "previous judgement": 2.0, "trailing base rate": 9.0}
    parts = []
    for model, noise in noises.items():
        score = 0.8 * (truth + noise * generator.normal(size=cases)).clip(-3, 3) - 1.5
        risk = 1 / (1 + np.exp(-score))
        shares = {
            "p_outstanding": 0.2 * (1 - risk),
            "p_good": 0.4 * (1 - risk),
            "p_requires_improvement": 0.4 * (1 - risk),
            "p_inadequate": risk,
            "below_good": risk + 0.4 * (1 - risk),
        }
        rank = pd.Series(-score).rank(method="first").to_numpy()
        new = pd.Series(-score).where(known["last_grade"] != 3).rank(method="first")
        parts.append(
            known.assign(
                model=model, risk=risk, score=score, list_rank=rank, list_rank_new=new, **shares
            )
        )
    quarters = ["2017-10-01", "2018-01-01", "2018-04-01"]
    lists = [
        pd.DataFrame(
            {
                "as_of": day,
                "model": model,
                "la_code": [str(301 + k) for k in range(80)],
                "la_name": [f"Authority {k}" for k in range(80)],
                "risk": np.linspace(0.5, 0.01, 80),
                "rank": (rank := generator.permutation(80) + 1),
                "rank_new": np.where(rank > 9, rank - 9.0, np.nan),
                "next_start": None,
                "next_label": np.nan,
            }
        )
        for day in quarters
        for model in noises
    ]
    judgements = known[["la_code", "label", "grade"]].assign(
        inspection_start=[day.date() for day in start]
    )
    forecasts = pd.concat(parts, ignore_index=True)
    return Backtest(forecasts, pd.concat(lists, ignore_index=True), judgements, "any_inadequate")
