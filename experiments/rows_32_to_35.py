"""Rows 32 to 35 of docs/experiments.md: each starts from the model with the damped trend."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
from experiments.rows_26_to_31 import fading, with_damped_trend
from experiments.trial import Extra, Idea, Trial

from earlywarn.indicators.catalogue import HISTORY, model_column, scored_indicators
from earlywarn.model.classifier import RiskClassifier
from earlywarn.model.prior import WeightPrior, prior_of

FREEDOM = (1.0, 3.0, 8.0, 20.0)


def swings(trial: Trial) -> Extra:
    """Row 33: how far the scored figures stand from where they stood a year before."""
    names = [model_column(r) for r in scored_indicators() if r.kind != "history"]
    found = []
    for code, day in trial.pairs:
        before = trial.timeline.at(max(day - timedelta(days=365), date(2014, 1, 1))).droplevel(
            "as_of"
        )
        now = trial.timeline.rows([(code, day)]).iloc[0][names].astype(float)
        then = before[names].astype(float).reindex([code]).iloc[0]
        found.append((now - then).abs().mean())
    column = np.array(found, dtype=float)
    return Extra("swings", column, 0.5, 0.3, centre=float(np.nanmean(column)))


def learnt_freedom(
    trial: Trial, idea: Idea, known: np.ndarray, now: np.ndarray, year: int
) -> np.ndarray:
    """Row 34: forecasts of four settings, weighted by the marginal likelihood of each."""
    forecasts, evidence = [], []
    for times in FREEDOM:
        usual = WeightPrior()
        weight_prior = WeightPrior(
            family_sd=usual.family_sd * times, indicator_sd=usual.indicator_sd * times
        )
        freer = replace(idea, weight_prior=weight_prior)
        forecasts.append(with_damped_trend(trial, freer, known, now, year))
        evidence.append(_log_evidence(trial, weight_prior, known))
    weight = np.exp(np.array(evidence) - max(evidence))
    return np.tensordot(weight / weight.sum(), np.array(forecasts), axes=1)


def _log_evidence(trial: Trial, weight_prior: WeightPrior, known: np.ndarray) -> float:
    """Marginal likelihood of the graded judgements, by Laplace's method."""
    prior = prior_of(scored_indicators(), weight_prior)
    X, grade = trial.columns(Idea())[0][known], trial.grade[known]
    model = RiskClassifier(**prior).fit(X, grade).model_
    chance = model.probabilities(X.to_numpy(float))
    place = np.searchsorted(np.array(model.classes), grade)
    likelihood = float(np.log(chance[np.arange(len(grade)), place]).sum())
    away = model.coefficients - prior["prior_mean"]
    penalty = float(away @ np.linalg.solve(prior["prior_covariance"], away)) / 2
    return likelihood - penalty + _log_volume(model, prior["prior_covariance"], X.to_numpy(float))


def _log_volume(model: object, prior: np.ndarray, X: np.ndarray) -> float:
    """Half the log of how much smaller the posterior's volume is than the prior's."""
    filled = model.complete(X)[0]
    above = 1 / (1 + np.exp(model.thresholds - (filled @ model.coefficients)[:, None]))
    edges = np.column_stack([np.ones(len(above)), above, np.zeros(len(above))])
    # Each judgement's expected information about the sum of its terms, in a cumulative logit.
    slope = edges * (1 - edges)
    chance = np.maximum(edges[:, :-1] - edges[:, 1:], 1e-12)
    told = ((slope[:, :-1] - slope[:, 1:]) ** 2 / chance).sum(axis=1)
    information = (filled * told[:, None]).T @ filled
    return -float(np.linalg.slogdet(np.eye(len(prior)) + prior @ information)[1]) / 2


def regions(trial: Trial) -> tuple[Extra, ...]:
    """Row 35: one column a region."""
    found = []
    for code, day in trial.pairs:
        there = trial.timeline.authorities(day).set_index("la_code")["region"]
        found.append(there.loc[code])
    names = np.array(found)
    return tuple(
        Extra(f"region {name}", (names == name).astype(float), 0.0, 0.3, centre=0.0)
        for name in sorted(set(names))
    )


def ideas(trial: Trial) -> dict[str, Idea]:
    """The rows of the register by name."""
    return {
        "32 fading history": Idea(
            extras=(fading(trial),), without=(HISTORY,), fit=with_damped_trend
        ),
        "33 swings": Idea(extras=(swings(trial),), fit=with_damped_trend),
        "34 learnt freedom": Idea(fit=learnt_freedom),
        "35 regions": Idea(extras=regions(trial), fit=with_damped_trend),
    }
