"""Rows 15 to 25 of docs/experiments.md."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from experiments.lait_figures import grip_elsewhere, help_early
from experiments.trial import YEARS, Extra, Idea, Trial, at_recent_share, learnt, ordinary, widened

from earlywarn.evaluation.baselines import BASELINES
from earlywarn.indicators.catalogue import HISTORY, model_column, scored_indicators
from earlywarn.model.classifier import RiskClassifier
from earlywarn.model.prior import WeightPrior, prior_of
from earlywarn.statistics.distributions import expit, logit

if TYPE_CHECKING:
    from pathlib import Path

AREAS = ("leadership", "help_and_protection", "in_care", "care_leavers")
STACKED = ("red flags", "deprivation", "three rates")
GRADE = {"Outstanding": 0.0, "Good": 1.0, "Requires improvement": 2.0, "Inadequate": 3.0}


def composite(X: pd.DataFrame) -> np.ndarray:
    """The unweighted composite, on what is known."""
    records = [record for record in scored_indicators() if record.kind != "history"]
    weight = prior_of(records, WeightPrior(composite=1.0))["prior_mean"]
    values = X[[model_column(record) for record in records]].to_numpy(float)
    there = np.isfinite(values) * np.abs(weight)
    return np.nan_to_num(values) @ weight / np.maximum(there.sum(axis=1), 1e-9)


def holes(trial: Trial) -> Extra:
    """Row 17: the share of the scored figures missing that most others have on the day."""
    names = [model_column(r) for r in scored_indicators() if r.kind != "history"]
    share = []
    for code, day in trial.pairs:
        table = trial.timeline.at(day)[names].droplevel("as_of")
        usual = table.notna().mean() > 0.5
        share.append(float(table.loc[code, usual.index[usual]].isna().mean()))
    return Extra("holes", np.array(share) * 3, 0.5, 0.3)


def profile(trial: Trial) -> tuple[Extra, Extra]:
    """Row 18: the mean of the areas' grades at the last inspection known, and the years since."""
    means = []
    for code, day in trial.pairs:
        public = trial.judgements[trial.judgements["published_on"] <= day]
        mine = public[(public["la_code"] == code) & (public["inspection_start"] < day)]
        grades = mine.sort_values("inspection_start").tail(1)[list(AREAS)]
        means.append(grades.iloc[0].map(GRADE).mean() if len(grades) else np.nan)
    years = trial.last["years"].to_numpy(float)
    return (
        Extra("profile", np.array(means), 0.5, 0.2, centre=1.7),
        Extra("years_since", years / 3, 0.0, 0.2, centre=1.0),
    )


def slipped(trial: Trial) -> Extra:
    """Row 20: the composite now less the composite when the last inspection began."""
    now = composite(trial.full)
    then = np.full(len(now), np.nan)
    for row, ((code, day), years) in enumerate(zip(trial.pairs, trial.last["years"], strict=True)):
        if np.isfinite(years):
            before = (pd.Timestamp(day) - pd.Timedelta(days=round(years * 365.25))).date()
            table = trial.timeline.at(max(before, date(2014, 1, 1))).droplevel("as_of")
            if code in table.index:
                then[row] = composite(table.loc[[code]])[0]
    return Extra("slipped", now - then, 0.5, 0.3)


def pooled_areas(
    trial: Trial, idea: Idea, known: np.ndarray, now: np.ndarray, year: int
) -> np.ndarray:
    """Row 21: slopes from a row for each graded area; thresholds refitted on the target."""
    X, prior = trial.columns(idea)
    grades = trial.cases.loc[known, list(AREAS)].apply(lambda column: column.map(GRADE))
    stacked, grade, weight = [], [], []
    for position, area in enumerate(AREAS):
        there = grades[area].notna().to_numpy()
        rows = X[known][there].copy()
        for other, name in enumerate(AREAS[1:], start=1):
            rows[f"is_{name}"] = float(other == position)
        stacked.append(rows)
        grade += grades[area][there].astype(int).tolist()
        weight += (1 / grades.notna().sum(axis=1)[there]).tolist()
    wide = prior
    for name in AREAS[1:]:
        wide = widened(wide, Extra(f"is_{name}", np.empty(0), 0.0, 2.0))
    fit = RiskClassifier(**wide).fit(pd.concat(stacked), grade, sample_weight=weight)
    fixed = prior | {
        "prior_mean": fit.model_.coefficients[: X.shape[1]],
        "prior_covariance": np.eye(X.shape[1]) * 1e-8,
    }
    last = RiskClassifier(**fixed)
    return at_recent_share(
        last, X[known], trial.grade[known], trial.age(known, year)
    ).predict_proba(X[now])


def year_walk(
    trial: Trial, idea: Idea, known: np.ndarray, now: np.ndarray, year: int, sd: float = 0.4
) -> np.ndarray:
    """Row 23: each grade's level walks from year to year; the last year's is carried forward."""
    classifier, X = learnt(trial, idea, known, year)
    model = classifier.model_
    filled = model.complete(X.to_numpy(float))[0]
    terms = filled @ model.coefficients
    when = (trial.start.dt.year - trial.start.dt.year.min()).to_numpy()
    above = []
    for k in range(len(model.thresholds)):
        event = (trial.grade[known] > model.classes[k]).astype(float)
        level = _walk(terms[known], event, when[known], year - int(trial.start.dt.year.min()), sd)
        above.append(expit(terms[now] + level))
    exceed = np.minimum.accumulate(np.array(above), axis=0).T
    edges = np.column_stack([np.ones(len(exceed)), exceed, np.zeros(len(exceed))])
    return edges[:, :-1] - edges[:, 1:]


def _walk(terms: np.ndarray, event: np.ndarray, when: np.ndarray, years: int, sd: float) -> float:
    """The last year's level under a Gaussian random walk, by Newton's steps."""
    steps = np.diff(np.eye(years), axis=0)
    precision = steps.T @ steps / sd**2 + 1e-4 * np.eye(years)
    place = np.eye(years)[when]
    level = np.full(years, logit(event.mean()))
    for _ in range(50):
        p = expit(terms + place @ level)
        gradient = place.T @ (event - p) - precision @ level
        step = np.linalg.solve(place.T * (p * (1 - p)) @ place + precision, gradient)
        level = level + np.clip(step, -1.0, 1.0)
    return float(level[-1])


def stacked(trial: Trial, idea: Idea, known: np.ndarray, now: np.ndarray, year: int) -> np.ndarray:
    """Row 24: a firm prior on the model alone, moved by earlier forecasts of the baselines."""
    own = ordinary(trial, idea, known, now, year)
    earlier = known & trial.tested
    Z = all_log_odds(trial)
    centre = logit(own[:, -1].mean())
    weights, mean, precision = np.eye(4)[0], np.eye(4)[0], np.eye(4) / 0.2**2
    if earlier.any():
        for _ in range(50):
            A = Z[earlier] - centre
            p = expit(centre + A @ weights)
            gradient = A.T @ (trial.label[earlier] - p) - precision @ (weights - mean)
            weights = weights + np.linalg.solve((A.T * (p * (1 - p))) @ A + precision, gradient)
    risk = expit(centre + (Z[now] - centre) @ weights)
    rest = own[:, :-1] / own[:, :-1].sum(axis=1, keepdims=True) * (1 - risk)[:, None]
    return np.column_stack([rest, risk])


@cache
def all_log_odds(trial: Trial) -> np.ndarray:
    """Those of the model that ships and of three baselines, each year's as of before it."""
    return np.column_stack([logit(trial.forecasts(Idea())[0]), baseline_log_odds(trial)])


def baseline_log_odds(trial: Trial) -> np.ndarray:
    """The forecasts of the baselines that row 24 stacks, year by year."""
    chosen = [baseline for baseline in BASELINES if baseline.name in STACKED]
    full = pd.concat([trial.full, trial.last], axis=1).astype(float)
    found = np.full((len(trial.cases), len(chosen)), np.nan)
    for year in YEARS:
        known, now = trial.known(year), np.asarray(trial.start.dt.year == year)
        age = trial.age(known, year)
        for column, baseline in enumerate(chosen):
            grades = trial.cases.loc[known, "grade"]
            model = baseline.fit(full[known], grades, age)
            found[now, column] = logit(model.risk(baseline.columns(full[now])))
    return found


def sooner(trial: Trial) -> Extra:
    """Row 25: how much sooner than usual an inspection came, by what was known on the day."""
    column = np.zeros(len(trial.pairs))
    begun = trial.judgements[["la_code", "inspection_start", "published_on"]].sort_values(
        ["la_code", "inspection_start"]
    )
    good = (trial.last["grade"] <= 1).to_numpy()
    years = trial.last["years"].to_numpy(float)
    for row, (_, day) in enumerate(trial.pairs):
        earlier = np.array([start < day for _, start in trial.pairs])
        alike = earlier & (good == good[row]) & np.isfinite(years)
        if not np.isfinite(years[row]) or alike.sum() < 20:
            continue
        public = begun[begun["inspection_start"] < day].drop_duplicates("la_code", keep="last")
        waiting = np.array([(day - start).days / 365.25 for start in public["inspection_start"]])
        column[row] = 1 - _cumulative_hazard(years[alike], waiting, years[row])
    return Extra("sooner", np.clip(column, -2, 1), 0.3, 0.2)


def _cumulative_hazard(events: np.ndarray, censored: np.ndarray, until: float) -> float:
    """Nelson and Aalen's estimate, with the waits that have not ended."""
    everyone = np.r_[events, censored]
    return float(sum(1 / (everyone >= wait).sum() for wait in events if wait <= until))


def ideas(trial: Trial, folder: Path) -> dict[str, Idea]:
    """The rows of the register by name."""
    grip, grip_figures = grip_elsewhere(folder, trial.timeline, trial.pairs)
    early, early_figures = help_early(folder, trial.timeline, trial.pairs)
    old = trial.cases["framework"].str.upper().eq("SIF").to_numpy(float)
    since_profile = profile(trial)
    return {
        "15 grip elsewhere": Idea(records=grip, figures=grip_figures),
        "16 early help": Idea(records=early, figures=early_figures),
        "17 holes": Idea(extras=(holes(trial),)),
        "18 profile": Idea(extras=since_profile, without=(HISTORY,)),
        "19 firmer history": Idea(
            weight_prior=replace(WeightPrior(), history=-1.0, history_sd=0.3)
        ),
        "20 slipped": Idea(extras=(slipped(trial),)),
        "21 pooled areas": Idea(fit=pooled_areas),
        "22 framework": Idea(extras=(Extra("older_framework", old, 0.0, 1.0),)),
        "23 year walk": Idea(fit=year_walk),
        "24 stacking": Idea(fit=stacked),
        "25 sooner": Idea(extras=(sooner(trial),)),
    }
