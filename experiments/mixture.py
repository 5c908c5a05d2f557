"""Row 53 of docs/experiments.md: a mixture of forms for ranks, against one doubt about the form.

    python -m experiments.mixture

Worlds are drawn as in ``experiments.truths``, from the inspections and figures of the development
years alone, and rank the country on the first of January 2022. Every form learns from the drawn
grades; what each way of drawing ranks says is held against the true ranks.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from experiments.truths import (
    SEED,
    TRUTHS,
    Design,
    Rows,
    Truth,
    behind,
    design,
    drawn,
    walk,
    weights,
)
from joblib import Parallel, delayed
from scipy.stats import norm

from earlywarn.evaluation.baselines import BASELINES, RED_FLAG, Baseline
from earlywarn.indicators.catalogue import model_column, scored_indicators
from earlywarn.model.classifier import RiskClassifier
from earlywarn.model.prior import WeightPrior, prior_of
from earlywarn.model.training import FORM_DOUBT
from earlywarn.scoring.national import TOP_K

if TYPE_CHECKING:
    from earlywarn.model.risk_model import RiskModel

UNTIL = date(2022, 1, 1)
WORLDS, REFITS, DRAWS, ALPHA = 25, 30, 2000, 0.1
RIDGE_SD = 0.1
OWN_FORM = Truth("red flags, one of the mixture's own")
RULES = {rule.name: rule for rule in BASELINES if isinstance(rule, Baseline)}
EQUAL = ("model", "yes/no fit", "equal-weight composite", "red flags")
WAYS = {
    "no doubt": ("model",),
    "one doubt": ("with doubt",),
    "mixture of four": EQUAL,
    "mixture with the ridge": (*EQUAL, "ridge"),
}
"""How ranks are drawn: from which forms, alike many draws each."""


class Learnt(NamedTuple):
    """A form as fitted, and today's authorities as it sees them."""

    model: RiskModel
    values: np.ndarray
    noise: np.ndarray

    def draws(self, size: int, seed: int) -> np.ndarray:
        """Log-odds of today's authorities under equally credible weights, levels and figures."""
        return self.model.draws(self.values, self.noise, size=size, seed=seed)


def learnt(known: Design, grade: np.ndarray, refits: int = REFITS) -> dict[str, Learnt]:
    """Every form, fitted to grades of the past inspections."""
    past, today = known.past, known.today
    usual = prior_of(scored_indicators(), WeightPrior())
    about = {"n_bootstrap": refits, "random_state": SEED}
    given = {"clusters": past.codes, "age": known.age}
    model = RiskClassifier(**usual, **about).fit(past.values, grade, **given).model_
    alike = usual | {"own": (), "own_sd": 1.0}
    event = RiskClassifier(**alike, **about).fit(past.values, (grade >= 3).astype(int), **given)
    free = alike | {
        "prior_mean": None,
        "prior_covariance": RIDGE_SD**2 * np.eye(len(model.columns)),
    }
    ridge = RiskClassifier(**free | {"doubt_covariance": None}).fit(past.values, grade, **given)
    found = {
        "model": Learnt(model, *today[:2]),
        "with doubt": Learnt(replace(model, form_sd=FORM_DOUBT), *today[:2]),
        "yes/no fit": Learnt(event.model_, *today[:2]),
        "ridge": Learnt(ridge.model_, *today[:2]),
    }
    before, now = (framed(rows) for rows in (past, today))
    for name, noise in (
        ("equal-weight composite", composite_noise(today)),
        ("red flags", flag_noise(today)),
    ):
        rule = RULES[name].fit(before, pd.Series(grade), known.age)
        found[name] = Learnt(rule, RULES[name].columns(now).to_numpy(), noise[:, None])
    return found


def framed(rows: Rows) -> pd.DataFrame:
    """The figures by name, as the rules take them."""
    return pd.DataFrame(rows.values, columns=[model_column(one) for one in scored_indicators()])


def composite_noise(rows: Rows) -> np.ndarray:
    """The standard error of the composite: that of its figures, and 1 for a missing one."""
    shares = prior_of(scored_indicators(), WeightPrior(composite=1.0, history=0.0))["prior_mean"]
    error = np.where(np.isnan(rows.values), 1.0, np.nan_to_num(rows.noise))
    return np.asarray(np.sqrt((error**2) @ shares**2))


def flag_noise(rows: Rows) -> np.ndarray:
    """The standard error of ten times the share of red flags: each is one with a probability."""
    records = scored_indicators()
    figure = [place for place, one in enumerate(records) if one.kind != "history"]
    sign = np.array([records[place].sign for place in figure])
    z, error = (np.take(part, figure, axis=1) for part in rows[:2])
    z, error = z * sign, np.nan_to_num(error)
    chance = norm.cdf((z - RED_FLAG) / np.maximum(error, 1e-9))
    known = np.isfinite(z)
    variance = np.where(known, chance * (1 - chance), 0.0).sum(axis=1)
    return np.asarray(10 * np.sqrt(variance) / np.maximum(known.sum(axis=1), 1))


def truth_of(
    truth: Truth, known: Design, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The true log-odds of the past inspections at each threshold, and of today's authorities."""
    steps = int(known.grade.max())
    past, today = (behind(known.model, rows, rng) for rows in (known.past, known.today))
    if truth is OWN_FORM:
        rule = RULES["red flags"]
        fit = rule.fit(framed(known.past), pd.Series(known.grade), known.age)
        slope = rng.normal(fit.coefficients[0], np.sqrt(fit.covariance[1, 1]))
        flags = [
            slope * rule.columns(framed(known.past._replace(values=one))).to_numpy()[:, 0]
            for one in (past, today)
        ]
        return np.tile(flags[0][:, None], steps), flags[1]
    beta = weights(truth, steps, rng)
    codes = np.r_[known.past.codes, known.today.codes]
    effect = {code: truth.omitted * rng.standard_normal() for code in dict.fromkeys(codes)}
    moved = np.array([effect[code] for code in known.past.codes])
    years = int(known.age.max()) + 1
    moved = moved + walk(years, rng)[years - 1 - known.age.astype(int)]
    here = np.array([effect[code] for code in known.today.codes])
    return past @ beta.T + moved[:, None], today @ beta[-1] + here


def world(seed: int, truth: Truth, known: Design, refits: int = REFITS) -> dict[str, np.ndarray]:
    """Draw a world and learn from it; the figures of each way of drawing ranks."""
    rng = np.random.default_rng([SEED, [*TRUTHS, OWN_FORM].index(truth), seed, 53])
    odds, true = truth_of(truth, known, rng)
    grade, _ = drawn(odds, known.grade, rng)
    forms = learnt(known, grade, refits)
    place = places(true[None, :])[0]
    shown = places(forms["model"].model.log_odds(forms["model"].values)[None, :])[0]
    return {name: facts(mixed(forms, names), shown, place) for name, names in WAYS.items()}


def mixed(forms: dict[str, Learnt], names: tuple[str, ...]) -> np.ndarray:
    """Places in draws, as many of each form."""
    size = DRAWS // len(names)
    return places(
        np.vstack([forms[name].draws(size, SEED + each) for each, name in enumerate(names)])
    )


def places(odds: np.ndarray) -> np.ndarray:
    """The place of each column in each row, the highest first."""
    return np.asarray(np.argsort(np.argsort(-odds, axis=1), axis=1) + 1)


def facts(order: np.ndarray, shown: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Coverage, median width and score of the 90% interval; Brier score of the first list."""
    low = np.minimum(np.quantile(order, ALPHA / 2, axis=0, method="lower"), shown)
    high = np.maximum(np.quantile(order, 1 - ALPHA / 2, axis=0, method="higher"), shown)
    missed = np.maximum(low - place, 0) + np.maximum(place - high, 0)
    chance = (order <= TOP_K).mean(axis=0)
    return np.array(
        [
            (missed == 0).mean(),
            np.median(high - low),
            (high - low + 2 / ALPHA * missed).mean(),
            ((chance - (place <= TOP_K)) ** 2).mean(),
        ]
    )


def table(worlds: int = WORLDS, refits: int = REFITS) -> dict[str, dict[str, np.ndarray]]:
    """For each truth and way of drawing, the facts of every world, one a row."""
    known, work = design(UNTIL), delayed(world)
    truths = [*TRUTHS, OWN_FORM]
    jobs = [work(seed, truth, known, refits) for truth in truths for seed in range(worlds)]
    found = Parallel(n_jobs=1)(jobs)
    return {
        truth.name: {
            way: np.array([one[way] for one in found[at * worlds : (at + 1) * worlds]])
            for way in WAYS
        }
        for at, truth in enumerate(truths)
    }


def compared(one: np.ndarray, base: np.ndarray) -> str:
    """The mean difference of the two scores from the one doubt's, paired by world, with errors."""
    away = one[:, 2:] - base[:, 2:]
    mean, error = away.mean(axis=0), away.std(axis=0, ddof=1) / np.sqrt(len(away))
    return f"{mean[0]:+.1f} ({error[0]:.1f}) | {mean[1]:+.4f} ({error[1]:.4f})"


def main() -> None:
    """Print the table, and the mean over the four truths."""
    print(
        "| truth | ranks drawn from | in the 90% interval | median width | interval score | "
        "Brier score of the first 26 | score less that of one doubt | Brier less |"
    )
    print(8 * "|---" + "|")
    found = table()
    four = {way: np.mean([found[one.name][way] for one in TRUTHS], axis=0) for way in WAYS}
    for truth, ways in (found | {"mean of the four": four}).items():
        for way, rows in ways.items():
            held, width, score, brier = rows.mean(axis=0)
            error = rows[:, 0].std(ddof=1) / np.sqrt(len(rows))
            print(
                f"| {truth} | {way} | {held:.3f} ({error:.3f}) | {width:.0f} | {score:.1f} | "
                f"{brier:.4f} | {compared(rows, ways['one doubt'])} |"
            )


if __name__ == "__main__":
    main()
