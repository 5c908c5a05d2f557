"""Run the registered experiments of docs/experiments.md on the development years, and no other.

    python tools/experiments.py FOLDER [NUMBER ...]

``FOLDER`` holds the published files; rows 15 and 16 read figures of the Local Authority
Interactive Tool that the panel does not carry. Each row prints its own figures and how it differs
from the model that ships, as a row for the page.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from registered_figures import grip_elsewhere, help_early

import earlywarn as ew
from earlywarn.beliefs import Beliefs, prior_of
from earlywarn.catalogue import HISTORY, Indicator, model_column, scored_indicators
from earlywarn.classifier import RiskClassifier
from earlywarn.measures import auc, brier, log_score
from earlywarn.outcomes import cohort, get_target
from earlywarn.rivals import RIVALS
from earlywarn.stats import expit, logit
from earlywarn.timeline import Timeline
from earlywarn.training import PSEUDO_INSPECTIONS, recent_weights, training_cases

DEVELOPMENT_UNTIL = date(2022, 1, 1)
YEARS = range(2016, 2022)
RESAMPLES = 1000
AREAS = ("leadership", "help_and_protection", "in_care", "care_leavers")
STACKED = ("red flags", "deprivation", "three rates")
GRADE = {"Outstanding": 0.0, "Good": 1.0, "Requires improvement": 2.0, "Inadequate": 3.0}


if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SHIPPED = Beliefs()


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

    beliefs: Beliefs = SHIPPED
    records: tuple[Indicator, ...] = ()
    figures: pd.DataFrame | None = None
    extras: tuple[Extra, ...] = ()
    without: tuple[str, ...] = ()
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
        self.full = pd.DataFrame([self.timeline.row(*pair) for pair in self.pairs]).reset_index(
            drop=True
        )
        last = [self.timeline.last_inspection(day).loc[code] for code, day in self.pairs]
        self.last = pd.DataFrame(last).reset_index(drop=True)
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

    @cached_property
    def all_log_odds(self) -> np.ndarray:
        """Those of the model that ships and of three rivals, each year's as of before it."""
        return np.column_stack([logit(self.forecasts(Idea())[0]), rival_log_odds(self)])

    def columns(self, idea: Idea) -> tuple[pd.DataFrame, dict[str, Any]]:
        """The design of every case, and the prior that goes with it."""
        records = tuple(r for r in scored_indicators() if r.id not in idea.without) + idea.records
        X = self.full if idea.figures is None else pd.concat([self.full, idea.figures], axis=1)
        X = X[[model_column(record) for record in records]].astype(float)
        prior = prior_of(records, idea.beliefs)
        for extra in idea.extras:
            X = X.assign(**{extra.name: extra.column})
            prior = _widened(prior, extra)
        return X, prior

    def flow(self, known: np.ndarray, year: int) -> np.ndarray:
        """How much each inspection counts in the recent flow of judgements."""
        return recent_weights(self.cases[known], date(year, 1, 1))


def _widened(prior: dict[str, Any], extra: Extra) -> dict[str, Any]:
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
    classifier = RiskClassifier(**prior, flow_pseudo=PSEUDO_INSPECTIONS)
    classifier.fit(X[known], trial.grade[known], flow_weight=trial.flow(known, year))
    return classifier, X


def ordinary(trial: Trial, idea: Idea, known: np.ndarray, now: np.ndarray, year: int) -> np.ndarray:
    """The probabilities of the grades, as the model that ships gives them."""
    classifier, X = learnt(trial, idea, known, year)
    return classifier.predict_proba(X[now])


def composite(X: pd.DataFrame) -> np.ndarray:
    """The unweighted composite, on what is known."""
    records = [record for record in scored_indicators() if record.kind != "history"]
    weight = prior_of(records, Beliefs(composite=1.0))["prior_mean"]
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
        wide = _widened(wide, Extra(f"is_{name}", np.empty(0), 0.0, 2.0))
    fit = RiskClassifier(**wide).fit(pd.concat(stacked), grade, sample_weight=weight)
    fixed = prior | {
        "prior_mean": fit.model_.coefficients[: X.shape[1]],
        "prior_covariance": np.eye(X.shape[1]) * 1e-8,
    }
    last = RiskClassifier(**fixed, flow_pseudo=PSEUDO_INSPECTIONS)
    last.fit(X[known], trial.grade[known], flow_weight=trial.flow(known, year))
    return last.predict_proba(X[now])


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
    """Row 24: a firm prior on the model alone, moved by earlier forecasts of the rivals."""
    own = ordinary(trial, idea, known, now, year)
    earlier = known & trial.tested
    Z = trial.all_log_odds
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


def rival_log_odds(trial: Trial) -> np.ndarray:
    """The forecasts of the rivals that row 24 stacks, year by year."""
    chosen = [rival for rival in RIVALS if rival.name in STACKED]
    full = pd.concat([trial.full, trial.last], axis=1).astype(float)
    found = np.full((len(trial.cases), len(chosen)), np.nan)
    for year in YEARS:
        known, now = trial.known(year), np.asarray(trial.start.dt.year == year)
        flow = trial.flow(known, year)
        for column, rival in enumerate(chosen):
            grades = trial.cases.loc[known, "grade"]
            model = rival.fit(full[known], grades, flow, PSEUDO_INSPECTIONS)
            found[now, column] = logit(model.risk(rival.columns(full[now])))
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
    """The register's rows by name, the model that ships first."""
    grip, grip_figures = grip_elsewhere(folder, trial.timeline, trial.pairs)
    early, early_figures = help_early(folder, trial.timeline, trial.pairs)
    old = trial.cases["framework"].str.upper().eq("SIF").to_numpy(float)
    since_profile = profile(trial)
    return {
        "shipped": Idea(),
        "15 grip elsewhere": Idea(records=grip, figures=grip_figures),
        "16 early help": Idea(records=early, figures=early_figures),
        "17 holes": Idea(extras=(holes(trial),)),
        "18 profile": Idea(extras=since_profile, without=(HISTORY,)),
        "19 firmer history": Idea(beliefs=replace(Beliefs(), history=-1.0, history_sd=0.3)),
        "20 slipped": Idea(extras=(slipped(trial),)),
        "21 pooled areas": Idea(fit=pooled_areas),
        "22 framework": Idea(extras=(Extra("older_framework", old, 0.0, 1.0),)),
        "23 year walk": Idea(fit=year_walk),
        "24 stacking": Idea(fit=stacked),
        "25 sooner": Idea(extras=(sooner(trial),)),
    }


def line(name: str, trial: Trial, found: Sequence[np.ndarray], base: Sequence[np.ndarray]) -> str:
    """A row for the page: the figures, and how sure the difference in log score is."""
    at, new = trial.tested, trial.start.dt.year.to_numpy() >= 2018
    risk, below = (one[at] for one in found)
    label, worse = trial.label[at], (trial.grade >= 2)[at]
    better = _share_better(trial, found[0], base[0])
    figures = (
        f"{auc(risk, label):.3f} | {auc(found[0][new], trial.label[new]):.3f} | "
        f"{auc(below, worse):.3f} | {brier(risk, label):.4f} | {log_score(risk, label):.4f} | "
        f"{label.sum() / risk.sum():.2f} | {better:.2f}"
    )
    return f"| {name} | {figures} |"


def _share_better(trial: Trial, risk: np.ndarray, base: np.ndarray) -> float:
    """In how many resamples of whole authorities the log score is better than the base's."""
    at = trial.tested
    y = trial.label[at]

    def loss(p: np.ndarray) -> np.ndarray:
        return -(y * np.log(p[at]) + (1 - y) * np.log(1 - p[at]))

    gain = loss(base) - loss(risk)
    codes, cluster = np.unique(trial.cases["la_code"][at], return_inverse=True)
    totals = np.bincount(cluster, weights=gain)
    rng = np.random.default_rng(20160913)
    drawn = rng.integers(0, len(codes), (RESAMPLES, len(codes)))
    return float((totals[drawn].sum(axis=1) > 1e-12).mean())


def main() -> None:
    """Print the table."""
    trial = Trial()
    print("| | AUC | from 2018 | below Good | Brier | log score | O/E | better in |")
    print("|---|---|---|---|---|---|---|---|")
    base = None
    chosen = sys.argv[2:]
    for name, idea in ideas(trial, Path(sys.argv[1])).items():
        if chosen and base is not None and name.split()[0] not in chosen:
            continue
        found = trial.forecasts(idea)
        base = found if base is None else base
        print(line(name, trial, found, base), flush=True)


if __name__ == "__main__":
    main()
