"""Rows 26 to 31 of docs/experiments.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from experiments.trial import Extra, Idea, Trial, at_recent_share, learnt, ordinary

from earlywarn.indicators.catalogue import HISTORY, model_column, scored_indicators
from earlywarn.model.classifier import RiskClassifier
from earlywarn.model.prior import WeightPrior, prior_of
from earlywarn.statistics.distributions import expit, logit

if TYPE_CHECKING:
    from collections.abc import Callable

STEPS = np.array([0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.9])
DAMPING = 0.5


def curved(X: pd.DataFrame) -> pd.DataFrame:
    """Row 26: a step further into the bad counts for more than one out of the good."""
    bent = X.copy()
    for record in scored_indicators():
        if record.kind != "history":
            bad = X[model_column(record)] * record.sign
            bent[model_column(record)] = record.sign * (bad + (bad**2 - 1) / 4)
    return bent


def worst_family(trial: Trial) -> Extra:
    """Row 27: how far the worst family's mean lies above the mean of the families."""
    records = [record for record in scored_indicators() if record.kind != "history"]
    means = pd.DataFrame(
        {
            family: pd.concat(
                [trial.full[model_column(r)] * r.sign for r in records if r.family == family],
                axis=1,
            ).mean(axis=1)
            for family in dict.fromkeys(record.family for record in records)
        }
    ).astype(float)
    column = (means.max(axis=1) - means.mean(axis=1)).to_numpy()
    return Extra("worst_family", column, 0.5, 0.3, centre=float(np.nanmean(column)))


def own_history(
    trial: Trial, idea: Idea, known: np.ndarray, now: np.ndarray, year: int
) -> np.ndarray:
    """Row 28: the weight of the last judgement in the odds of below Good is its own."""
    usual = ordinary(trial, idea, known, now, year)
    classifier, X = learnt(trial, idea, known, year)
    prior = prior_of(scored_indicators(), WeightPrior())
    own = X.columns == model_column(next(r for r in scored_indicators() if r.id == HISTORY))
    fixed = prior | {
        "prior_mean": np.where(own, -1.2, classifier.model_.coefficients),
        "prior_covariance": np.diag(np.where(own, 0.3, 1e-4) ** 2),
    }
    worse = (trial.grade[known] >= 2).astype(int)
    below = at_recent_share(RiskClassifier(**fixed), X[known], worse, trial.age(known, year))
    risk = usual[:, -1]
    share = np.maximum(below.predict_proba(X[now])[:, 1], risk + 1e-6)
    rest = usual[:, :-2] / usual[:, :-2].sum(axis=1, keepdims=True) * (1 - share)[:, None]
    return np.column_stack([rest, share - risk, risk])


def fading(trial: Trial) -> Extra:
    """Row 29: Good or better counts for less, the longer ago it was."""
    years = trial.last["years"].to_numpy(float)
    good = trial.full[model_column(next(r for r in scored_indicators() if r.id == HISTORY))]
    column = good.to_numpy(float) * np.exp(-years / 5)
    return Extra("fading", column, -0.8, 0.3, centre=float(np.nanmean(column)))


def walking(
    difference: Callable[[int], np.ndarray], drift: float
) -> Callable[[Trial, Idea, np.ndarray, np.ndarray, int], np.ndarray]:
    """Rows 30 and 31: levels over years, the size of their steps learnt, carried one year on."""

    def fit(trial: Trial, idea: Idea, known: np.ndarray, now: np.ndarray, year: int) -> np.ndarray:
        classifier, X = learnt(trial, idea, known, year)
        model = classifier.model_
        terms = model.complete(X.to_numpy(float))[0] @ model.coefficients
        first = int(trial.start.dt.year.min())
        when = np.eye(year - first)[(trial.start.dt.year - first).to_numpy()[known]]
        above = []
        for k in range(len(model.thresholds)):
            event = (trial.grade[known] > model.classes[k]).astype(float)
            level = next_level(terms[known], event, when, difference(year - first), drift)
            above.append(expit(terms[now] + level))
        exceed = np.minimum.accumulate(np.array(above), axis=0).T
        edges = np.column_stack([np.ones(len(exceed)), exceed, np.zeros(len(exceed))])
        return edges[:, :-1] - edges[:, 1:]

    return fit


def next_level(
    terms: np.ndarray, event: np.ndarray, when: np.ndarray, steps: np.ndarray, drift: float
) -> float:
    """The level of the year to come, averaged over step sizes by their marginal likelihood."""
    found = [_walk(terms, event, when, steps, size) for size in STEPS]
    evidence = np.array([one for one, _ in found]) - STEPS**2 / (2 * 0.3**2)
    # The grid is uneven: each size stands for the stretch around it.
    weight = np.exp(evidence - evidence.max()) * np.gradient(STEPS)
    ahead = [level[-1] + drift * (level[-1] - level[-2]) for _, level in found]
    return float(weight @ np.array(ahead) / weight.sum())


def _walk(
    terms: np.ndarray, event: np.ndarray, when: np.ndarray, steps: np.ndarray, size: float
) -> tuple[float, np.ndarray]:
    """The levels of the years by Newton's steps, and the log evidence by Laplace's method."""
    precision = steps.T @ steps / size**2 + 1e-2 * np.eye(steps.shape[1])
    middle = logit(event.mean())
    level = np.full(steps.shape[1], middle)
    for _ in range(100):
        p = expit(terms + when @ level)
        gradient = when.T @ (event - p) - precision @ (level - middle)
        hessian = (when.T * (p * (1 - p))) @ when + precision
        level = level + np.clip(np.linalg.solve(hessian, gradient), -1.0, 1.0)
    away = level - middle
    likelihood = float(event @ np.log(p) + (1 - event) @ np.log(1 - p))
    determinants = np.linalg.slogdet(precision)[1] - np.linalg.slogdet(hessian)[1]
    return likelihood - away @ precision @ away / 2 + determinants / 2, level


def _increments(years: int) -> np.ndarray:
    return np.diff(np.eye(years), axis=0)


def _damped_increments(years: int) -> np.ndarray:
    steps = _increments(years)
    steps[1:] -= DAMPING * steps[:-1].copy()
    return steps


with_damped_trend = walking(_damped_increments, DAMPING)


def ideas(trial: Trial) -> dict[str, Idea]:
    """The rows of the register by name."""
    return {
        "26 tails": Idea(bent=curved),
        "27 worst family": Idea(extras=(worst_family(trial),)),
        "28 own history": Idea(fit=own_history),
        "29 fading history": Idea(extras=(fading(trial),), without=(HISTORY,)),
        "30 learnt walk": Idea(fit=walking(_increments, 0.0)),
        "31 damped trend": Idea(fit=with_damped_trend),
    }
