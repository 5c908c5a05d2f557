"""Rows 36 to 42 of docs/experiments.md: one scale, the last grade, spread, levels, averages.

    python -m experiments.rows_36_to_42

Forecasts are rolling: for each year from 2016 to 2021 a model learns from the reports published
before 1 January and scores that year's inspections at their start. Nothing later is read.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

import earlywarn as ew
from earlywarn.evaluation.baselines import BASELINES
from earlywarn.indicators.catalogue import WAS_INADEQUATE, model_column, scored_indicators
from earlywarn.indicators.timeline import Timeline
from earlywarn.judgements.targets import cohort
from earlywarn.model import base_rate
from earlywarn.model.classifier import RiskClassifier
from earlywarn.model.prior import WeightPrior, prior_of
from earlywarn.model.training import ages, training_cases
from earlywarn.statistics.bootstrap import cluster_weights, weighted_slope
from earlywarn.statistics.distributions import expit, logit
from earlywarn.statistics.metrics import auc, brier, log_score

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST, AFTER = 2016, 2022
RESAMPLES, SEED = 1000, 20160913
HEAD = (
    "| | AUC | from 2018 | new failures | below Good | Brier | log score | below Good log | slope "
    "from 2018 | O/E | better in | log better in |\n" + 12 * "|---" + "|"
)


@dataclass(frozen=True)
class Form:
    """One form of the model."""

    weight_prior: WeightPrior = field(default_factory=WeightPrior)
    without: tuple[str, ...] = ()
    step: float = base_rate.USUAL_STEP
    damping: float = base_rate.DAMPING
    average: bool = False
    classifier: type[RiskClassifier] = RiskClassifier


class Trial:
    """The inspections of some years, the development years if not given, forecast by many forms."""

    def __init__(self, first: int = FIRST, after: int = AFTER) -> None:
        self.first, self.after = first, after
        panel = ew.load_panel()
        begun = panel.judgements["inspection_start"] < date(after, 1, 1)
        self.judgements = panel.judgements[begun]
        self.timeline = Timeline(panel, self.judgements)
        self.cases = training_cases(self.judgements)
        pairs = list(zip(self.cases["la_code"], self.cases["inspection_start"], strict=True))
        parts = [self.timeline.rows(pairs), self.timeline.last_inspections(pairs)]
        self.X = pd.concat(parts, axis=1).astype(float)
        self.year = pd.to_datetime(self.cases["inspection_start"]).dt.year.to_numpy()
        self.grade = self.cases["grade"].to_numpy(int)

    @cached_property
    def tested(self) -> np.ndarray:
        """Which inspections are forecast."""
        return np.asarray(self.year >= self.first)

    def folds(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Each year's cases to learn from, cases to forecast, and the ages of the first."""
        for year in range(self.first, self.after):
            cut = date(year, 1, 1)
            public = cohort(self.judgements, until=cut)
            keys = set(zip(public["la_code"], public["inspection_start"], strict=True))
            known = np.array(
                [
                    pair in keys
                    for pair in zip(
                        self.cases["la_code"], self.cases["inspection_start"], strict=True
                    )
                ]
            )
            yield known, self.year == year, ages(self.cases[known], cut)

    def forecasts(self, form: Form) -> np.ndarray:
        """The probability of an Inadequate area and of below Good, for each case."""
        found = np.full((len(self.cases), 2), np.nan)
        for known, now, age in self.folds():
            found[now] = fitted(self, form, known, now, age)
        return found


def fitted(
    trial: Trial, form: Form, known: np.ndarray, now: np.ndarray, age: np.ndarray
) -> np.ndarray:
    """Learn from some cases, forecast others."""
    records = [record for record in scored_indicators() if record.id not in form.without]
    X = trial.X[[model_column(record) for record in records]]
    before = base_rate.USUAL_STEP, base_rate.DAMPING
    base_rate.USUAL_STEP, base_rate.DAMPING = form.step, form.damping
    try:
        fit = form.classifier(**prior_of(records, form.weight_prior))
        model = fit.fit(X[known], trial.grade[known], age=age).model_
        ours = np.column_stack([model.risk(X[now]), _below_good(model, X[now])])
        if form.average:
            ours = _averaged(trial, ours, known, now, age)
    finally:
        base_rate.USUAL_STEP, base_rate.DAMPING = before
    return ours


def _averaged(
    trial: Trial, ours: np.ndarray, known: np.ndarray, now: np.ndarray, age: np.ndarray
) -> np.ndarray:
    """The mean log-odds of the model, two rules and a yes/no fit."""
    grade = trial.cases["grade"]
    others = []
    for baseline in BASELINES:
        if baseline.name in ("red flags", "equal-weight composite"):
            model = baseline.fit(trial.X[known], grade[known], age)
            X = baseline.columns(trial.X[now])
            others.append(np.column_stack([model.risk(X), _below_good(model, X)]))
    records = scored_indicators()
    X = trial.X[[model_column(record) for record in records]]
    sides = []
    for worse in (3, 2):
        prior = prior_of(records, WeightPrior()) | {"own": (), "own_sd": 1.0}
        event = (trial.grade >= worse).astype(int)
        sides.append(
            RiskClassifier(**prior).fit(X[known], event[known], age=age).model_.risk(X[now])
        )
    others.append(np.column_stack(sides))
    return np.asarray(expit(np.mean([logit(each) for each in [ours, *others]], axis=0)))


def _below_good(model: Any, X: pd.DataFrame) -> np.ndarray:
    return np.asarray(model.at_least(X, sum(grade <= 1 for grade in model.classes)))


def line(name: str, trial: Trial, found: np.ndarray, base: np.ndarray) -> str:
    """A row for the page."""
    at, late = trial.tested, trial.tested & (trial.year >= 2018)
    new = trial.tested & (trial.X[WAS_INADEQUATE].to_numpy() != 1)
    events = np.column_stack([trial.grade >= 3, trial.grade >= 2]).astype(float)
    risk, y = found[at, 0], events[at, 0]
    slope = weighted_slope(np.ones((1, int(late.sum()))), found[late, 0], events[late, 0])[0]
    return (
        f"| {name} | {auc(risk, y):.3f} | {auc(found[late, 0], events[late, 0]):.3f} | "
        f"{auc(found[new, 0], events[new, 0]):.3f} | {auc(found[at, 1], events[at, 1]):.3f} | "
        f"{brier(risk, y):.4f} | {log_score(risk, y):.4f} | "
        f"{log_score(found[at, 1], events[at, 1]):.4f} | {slope:.2f} | "
        f"{y.sum() / risk.sum():.2f} | {_better(trial, events, found, base, [0, 1]):.2f} | "
        f"{_better(trial, events, found, base, [0]):.2f} |"
    )


def _better(
    trial: Trial, events: np.ndarray, found: np.ndarray, base: np.ndarray, sides: list[int]
) -> float:
    """In how many resamples of authorities the sum of log scores is better than the base's."""
    at = trial.tested

    def loss(p: np.ndarray) -> np.ndarray:
        each = -(events * np.log(p) + (1 - events) * np.log(1 - p))
        return np.asarray(each[at][:, sides].sum(axis=1))

    weights = cluster_weights(trial.cases["la_code"][at], RESAMPLES, SEED)[1:]
    return float((weights @ (loss(base) - loss(found)) > 1e-12).mean())


def forms() -> dict[str, Form]:
    """The forms of each row by name; the first of a row is the one to beat."""
    first = replace(
        WeightPrior(),
        **dict.fromkeys(("history_own_sd", "inadequate_own_sd"), 0.5),
        inadequate_sd=0.3,
        composite=1.25,
    )

    def of(**changes: float) -> WeightPrior:
        return replace(first, **changes)

    closer = {"inadequate_sd": 0.15, "inadequate_own_sd": 0.25}
    return {
        "37 deviations of sd 0.5": Form(first),
        "37 deviations of sd 1": Form(of(history_own_sd=1.0, inadequate_own_sd=1.0)),
        "37 proportional odds": Form(of(history_own_sd=0.0, inadequate_own_sd=0.0)),
        "37 without Inadequate": Form(first, without=(WAS_INADEQUATE,)),
        "38 composite 1.0": Form(of(composite=1.0)),
        "38 composite 0.75": Form(of(composite=0.75)),
        "41 steps 0.5": Form(first, step=0.5),
        "41 no trend": Form(first, damping=0.0),
        "42 average of four": Form(first, average=True),
        "44 Inadequate held closer": Form(of(**closer)),
        "45 44 with composite 1.5": Form(of(**closer, composite=1.5)),
    }


def main() -> None:
    """Print the table."""
    trial = Trial()
    found = {name: trial.forecasts(form) for name, form in forms().items()}
    print(HEAD)
    for name, forecasts in found.items():
        print(line(name, trial, forecasts, found["37 deviations of sd 0.5"]))
    for name, base in (
        ("44 Inadequate held closer", "37 without Inadequate"),
        ("45 44 with composite 1.5", "44 Inadequate held closer"),
    ):
        print(line(f"{name}, against {base}", trial, found[name], found[base]))


if __name__ == "__main__":
    main()
