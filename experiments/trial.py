"""The development years as a trial: each inspection described once, forecast by many ideas.

Each idea starts from the model as it was when the registers were written: thresholds set to the
decayed share of the recent years. Row 31 has since taken the place of that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.optimize import brentq

import earlywarn as ew
from earlywarn.indicators.catalogue import Indicator, model_column, scored_indicators
from earlywarn.indicators.timeline import Timeline
from earlywarn.judgements.targets import cohort, get_target
from earlywarn.model.base_rate import recent_weights, trailing_share
from earlywarn.model.classifier import RiskClassifier
from earlywarn.model.prior import WeightPrior, prior_of
from earlywarn.model.training import ages, training_cases
from earlywarn.statistics.distributions import expit
from earlywarn.statistics.metrics import auc, brier, log_score

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DEVELOPMENT_UNTIL = date(2022, 1, 1)
YEARS = range(2016, 2022)
RESAMPLES = 1000

SHIPPED = WeightPrior()


@dataclass(frozen=True)
class Extra:
    """A column beside the scored ones: its values by case, and what is believed of its weight."""

    name: str
    column: np.ndarray
    mean: float
    sd: float
    centre: float = 0.0


@dataclass(frozen=True)
class Idea:
    """One row of the register: what is changed about the model that ships."""

    weight_prior: WeightPrior = SHIPPED
    records: tuple[Indicator, ...] = ()
    figures: pd.DataFrame | None = None
    extras: tuple[Extra, ...] = ()
    without: tuple[str, ...] = ()
    bent: Callable[[pd.DataFrame], pd.DataFrame] | None = None
    fit: Callable[..., np.ndarray] | None = None


class Trial:
    """The inspections of the development years, described once, forecast by many models."""

    def __init__(self) -> None:
        panel = ew.load_panel()
        everything = panel.judgements
        self.judgements = everything[everything["inspection_start"] < DEVELOPMENT_UNTIL]
        self.timeline = Timeline(panel, self.judgements)
        graded = cohort(self.judgements)
        target = get_target("any_inadequate")
        graded = graded.assign(label=target.label(graded), grade=target.grade(graded))
        begun = graded["inspection_start"] >= date(2014, 1, 1)
        self.cases = graded[begun & graded["grade"].notna()].reset_index(drop=True)
        self.pairs = list(zip(self.cases["la_code"], self.cases["inspection_start"], strict=True))
        self.full = self.timeline.rows(self.pairs)
        self.last = self.timeline.last_inspections(self.pairs)
        self.start = pd.to_datetime(self.cases["inspection_start"])
        self.label = self.cases["label"].astype(float).to_numpy()
        self.grade = self.cases["grade"].astype(int).to_numpy()

    @cached_property
    def tested(self) -> np.ndarray:
        """Which inspections are forecast: those of 2016 to 2021."""
        return np.asarray(self.start.dt.year >= YEARS[0])

    def known(self, year: int) -> np.ndarray:
        """Which inspections a model of that year learns from, as training chooses them."""
        public = cohort(self.judgements, until=date(year, 1, 1))
        chosen = training_cases(public, until=date(year, 1, 1))
        keys = set(zip(chosen["la_code"], chosen["inspection_start"], strict=True))
        return np.array([pair in keys for pair in self.pairs])

    def forecasts(self, idea: Idea) -> tuple[np.ndarray, np.ndarray]:
        """Risk and the probability of below Good of every tested inspection."""
        risk, below = np.full(len(self.cases), np.nan), np.full(len(self.cases), np.nan)
        for year in YEARS:
            known, now = self.known(year), np.asarray(self.start.dt.year == year)
            probabilities = (idea.fit or ordinary)(self, idea, known, now, year)
            risk[now], below[now] = probabilities[:, -1], probabilities[:, -2:].sum(axis=1)
        return risk, below

    def columns(self, idea: Idea) -> tuple[pd.DataFrame, dict[str, Any]]:
        """The design of every case, and the prior that goes with it."""
        records = tuple(r for r in scored_indicators() if r.id not in idea.without) + idea.records
        X = self.full if idea.figures is None else pd.concat([self.full, idea.figures], axis=1)
        X = X[[model_column(record) for record in records]].astype(float)
        prior = prior_of(records, idea.weight_prior)
        for extra in idea.extras:
            X = X.assign(**{extra.name: extra.column})
            prior = widened(prior, extra)
        return X, prior

    def age(self, known: np.ndarray, year: int) -> np.ndarray:
        """How many years before 1 January each inspection began."""
        return ages(self.cases[known], date(year, 1, 1))


def widened(prior: dict[str, Any], extra: Extra) -> dict[str, Any]:
    """What is believed of the weights, with one more column."""

    def with_corner(matrix: np.ndarray) -> np.ndarray:
        wider = np.zeros((len(matrix) + 1, len(matrix) + 1))
        wider[:-1, :-1], wider[-1, -1] = matrix, extra.sd**2
        return wider

    return {
        "prior_mean": np.r_[prior["prior_mean"], extra.mean],
        "prior_covariance": with_corner(prior["prior_covariance"]),
        "doubt_covariance": with_corner(prior["doubt_covariance"]),
        "orientation": np.r_[prior["orientation"], 1.0],
        "groups": [*prior["groups"], extra.name],
        "centre": np.r_[prior["centre"], extra.centre],
    }


def learnt(
    trial: Trial, idea: Idea, known: np.ndarray, year: int
) -> tuple[RiskClassifier, pd.DataFrame]:
    """The fit as training makes it, without the refits, and the design of every case."""
    X, prior = trial.columns(idea)
    classifier = RiskClassifier(**prior)
    X = X if idea.bent is None else idea.bent(X)
    return at_recent_share(classifier, X[known], trial.grade[known], trial.age(known, year)), X


def at_recent_share(
    classifier: RiskClassifier, X: pd.DataFrame, grade: np.ndarray, age: np.ndarray
) -> RiskClassifier:
    """Fit, then set the recent mean risk of each grade to its trailing share."""
    model = classifier.fit(X, grade).model_
    terms = model.complete(X.to_numpy(float))[0] @ model.coefficients
    weight = recent_weights(age)
    moved = []
    for k in model.classes[:-1]:
        share = trailing_share((grade > k).astype(float), age)

        def over(level: float, share: float = share) -> float:
            return float(np.average(expit(terms + level), weights=weight) - share)

        moved.append(-brentq(over, -20, 20, xtol=1e-12))
    classifier.model_ = replace(model, thresholds=np.maximum.accumulate(moved))
    return classifier


def ordinary(trial: Trial, idea: Idea, known: np.ndarray, now: np.ndarray, year: int) -> np.ndarray:
    """The probabilities of the grades, as the model that ships gives them."""
    classifier, X = learnt(trial, idea, known, year)
    return classifier.predict_proba(X[now])


def line(name: str, trial: Trial, found: Sequence[np.ndarray], base: Sequence[np.ndarray]) -> str:
    """A row for the page: the figures, and how sure the difference in log score is."""
    at, new = trial.tested, trial.start.dt.year.to_numpy() >= 2018
    risk, below = (one[at] for one in found)
    label, worse = trial.label[at], (trial.grade >= 2)[at]
    better = [
        _share_better(trial, event, *pair)
        for event, pair in zip(
            (trial.label, trial.grade >= 2), zip(found, base, strict=True), strict=True
        )
    ]
    figures = (
        f"{auc(risk, label):.3f} | {auc(found[0][new], trial.label[new]):.3f} | "
        f"{auc(below, worse):.3f} | {brier(risk, label):.4f} | {log_score(risk, label):.4f} | "
        f"{label.sum() / risk.sum():.2f} | {better[0]:.2f} | {better[1]:.2f}"
    )
    return f"| {name} | {figures} |"


def _share_better(trial: Trial, event: np.ndarray, risk: np.ndarray, base: np.ndarray) -> float:
    """In how many resamples of whole authorities the log score is better than the base's."""
    at = trial.tested
    y = event[at]

    def loss(p: np.ndarray) -> np.ndarray:
        return -(y * np.log(p[at]) + (1 - y) * np.log(1 - p[at]))

    gain = loss(base) - loss(risk)
    codes, cluster = np.unique(trial.cases["la_code"][at], return_inverse=True)
    totals = np.bincount(cluster, weights=gain)
    rng = np.random.default_rng(20160913)
    drawn = rng.integers(0, len(codes), (RESAMPLES, len(codes)))
    return float((totals[drawn].sum(axis=1) > 1e-12).mean())
