"""Rows 46, 47 and 50 to 52 of docs/experiments.md: ranks and risks under four truths.

    python -m experiments.truths

In each world weights, levels of the years and the figures behind the published ones are drawn, and
then grades for the real inspections; a model is fitted to them as training fits it, and what it
says of today's authorities is held against their true risks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from scipy.optimize import brentq

import earlywarn as ew
from earlywarn.indicators.catalogue import WAS_INADEQUATE, scored_indicators
from earlywarn.indicators.timeline import Timeline
from earlywarn.model.base_rate import DAMPING, USUAL_STEP
from earlywarn.model.classifier import RiskClassifier
from earlywarn.model.prior import GOOD_SHARE, INADEQUATE_SHARE, WeightPrior, prior_of
from earlywarn.model.training import FORM_DOUBT, ages, training_cases
from earlywarn.scoring.national import TOP_K
from earlywarn.scoring.preprocessing import read_rows
from earlywarn.scoring.ranks import ranked
from earlywarn.statistics.distributions import expit, logit

if TYPE_CHECKING:
    from earlywarn.model.risk_model import RiskModel

WORLDS, REFITS, SEED = 40, 40, 20160913
OWN_SLOPES = ((1.5, -3.1), (1.0, -1.2), (0.5, -0.33))
"""At each threshold: times the composite's weight, and the weight of Good or better last time."""
OMITTED = 0.5
SURE, LIKELY = 0.9, 0.5
DOUBTS = (0.0, FORM_DOUBT, 0.41)
"""None, that of the forms of equal skill, and what it would be with the penalised logistic."""


@dataclass(frozen=True)
class Truth:
    """What a world is drawn from."""

    name: str
    weight_prior: WeightPrior = WeightPrior()  # noqa: RUF009 - frozen
    slopes: bool = False
    omitted: float = 0.0


TRUTHS = (
    Truth("own assumptions"),
    Truth(
        "weights that stray twice as far",
        WeightPrior(
            family_doubt=2 * WeightPrior.family_doubt,
            indicator_doubt=2 * WeightPrior.indicator_doubt,
        ),
    ),
    Truth("own slopes at each threshold", slopes=True),
    Truth("an omitted effect of each authority", omitted=OMITTED),
)


class Rows(NamedTuple):
    """Figures as published, their standard errors, and which authority each row is."""

    values: np.ndarray
    noise: np.ndarray
    codes: np.ndarray


@dataclass(frozen=True, eq=False)
class Design:
    """The real inspections and today's authorities, and the model that fills in what is missing."""

    model: RiskModel
    past: Rows
    age: np.ndarray
    grade: np.ndarray
    today: Rows


class Told(NamedTuple):
    """What was said of today's authorities in one world, and what was true."""

    within: np.ndarray
    """Whether the true rank lies in its interval."""
    width: np.ndarray
    chance: np.ndarray
    among: np.ndarray
    """The probability given to be among the first, and whether an authority is."""
    risk_within: np.ndarray
    """Whether the true risk lies in its interval."""
    risk_width: np.ndarray
    """In log-odds."""


def design(until: date | None = None) -> Design:
    """The design of the model that ships, or of one that learns until a day and is used on it."""
    panel = ew.load_panel()
    timeline = Timeline(panel, panel.judgements)
    if until is None:
        model, day = ew.load_model(), panel.newest_publication
        cut = date.fromisoformat(model.info["training"]["until"])
    else:
        model = ew.train(panel, panel.judgements, until=until, refits=0, timeline=timeline)
        cut = day = until
    cases = training_cases(panel.judgements, until=cut)
    pairs = zip(cases["la_code"], cases["inspection_start"], strict=True)
    past = timeline.rows(pairs)
    today = timeline.at(day).reset_index()
    return Design(
        model,
        _rows(model, past, cases["la_code"].to_numpy()),
        ages(cases, cut),
        cases["grade"].to_numpy(int),
        _rows(model, today, today["la_code"].to_numpy()),
    )


def _rows(model: RiskModel, frame: pd.DataFrame, codes: np.ndarray) -> Rows:
    inputs = read_rows(model, frame)
    return Rows(inputs.values, inputs.noise, codes)


def behind(model: RiskModel, rows: Rows, rng: np.random.Generator) -> np.ndarray:
    """The true figures: about the published ones, or with their family where there is none."""
    filled, _ = model.complete(rows.values)
    true = filled + rng.standard_normal(filled.shape) * np.nan_to_num(rows.noise)
    missing = np.isnan(rows.values)
    for name in dict.fromkeys(model.groups):
        inside = np.flatnonzero([group == name for group in model.groups])
        r = model.agreement[inside]
        known = (~missing[:, inside]).sum(axis=1, keepdims=True)
        shared = np.sqrt(r * (1 - r) / (1 + (known - 1) * r))
        own = np.sqrt(1 - r) * rng.standard_normal((len(filled), len(inside)))
        away = model.orientation[inside] * (own + shared * rng.standard_normal((len(filled), 1)))
        true[:, inside] += np.where(missing[:, inside], away, 0.0)
    _draw_last_grade(model, missing, true, rng)
    return true


def _draw_last_grade(
    model: RiskModel, missing: np.ndarray, true: np.ndarray, rng: np.random.Generator
) -> None:
    """A last grade that is not known is one or another."""
    was = model.columns.index(WAS_INADEQUATE)
    good = next(j for j, g in enumerate(model.groups) if g == model.groups[was] and j != was)
    gone, lot = missing[:, was], rng.random(len(true))
    true[gone, was] = (lot[gone] < INADEQUATE_SHARE) - model.centre[was]
    true[gone, good] = (lot[gone] > 1 - GOOD_SHARE) - model.centre[good]


def weights(truth: Truth, thresholds: int, rng: np.random.Generator) -> np.ndarray:
    """The true weights at each threshold, the worst grade's last."""
    prior = prior_of(scored_indicators(), truth.weight_prior)
    root = np.linalg.cholesky(prior["doubt_covariance"])
    mean = prior["prior_mean"]
    own, sizes = list(prior["own"]), np.array(prior["own_sd"])
    if not truth.slopes:
        found = np.tile(mean + root @ rng.standard_normal(len(mean)), (thresholds, 1))
        found[:, own] += sizes * rng.standard_normal((thresholds, len(own)))
        return found
    good = next(j for j in own if mean[j] != 0)
    found = np.empty((thresholds, len(mean)))
    for row, (times, last_good) in zip(found, OWN_SLOPES, strict=True):
        row[:] = times * mean + root @ rng.standard_normal(len(mean))
        row[good] = last_good
    return found


def walk(years: int, rng: np.random.Generator) -> np.ndarray:
    """Levels of the years from the oldest to the one to come, about none."""
    step = abs(rng.normal(scale=USUAL_STEP))
    change, level, levels = 0.0, 0.0, []
    for _ in range(years + 1):
        levels.append(level)
        change = DAMPING * change + step * rng.standard_normal()
        level += change
    return np.array(levels)


def world(seed: int, truth: Truth, known: Design, doubts: tuple[float, ...]) -> list[Told]:
    """Draw a world, learn from it, and say what was told under each doubt of the form."""
    rng = np.random.default_rng([SEED, TRUTHS.index(truth), seed])
    grades = int(known.grade.max()) + 1
    beta = weights(truth, grades - 1, rng)
    effect = dict.fromkeys(np.r_[known.past.codes, known.today.codes], 0.0)
    if truth.omitted:
        effect = {code: truth.omitted * rng.standard_normal() for code in effect}
    years = int(known.age.max()) + 1
    levels = walk(years, rng)
    moved = levels[years - 1 - known.age.astype(int)] + [effect[c] for c in known.past.codes]
    odds = behind(known.model, known.past, rng) @ beta.T + moved[:, None]
    grade, worst = drawn(odds, known.grade, rng)
    records = scored_indicators()
    fit = RiskClassifier(
        **prior_of(records, WeightPrior()), n_bootstrap=REFITS, random_state=SEED
    ).fit(known.past.values, grade, clusters=known.past.codes, age=known.age)
    true = behind(known.model, known.today, rng) @ beta[-1]
    true = true + [effect[code] for code in known.today.codes] + worst + levels[-1]
    model = replace(fit.model_, columns=known.model.columns)
    return [told(model, known.today, true, doubt) for doubt in doubts]


def drawn(odds: np.ndarray, real: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Grades by the log-odds of being worse than each, each as frequent as it really was.

    With them comes what was added to the log-odds of the worst grade for that.
    """
    above, level = np.ones(odds.shape), 0.0
    for k in range(odds.shape[1]):
        share = np.mean(real > k)
        level = brentq(lambda x, k=k, share=share: expit(odds[:, k] + x).mean() - share, -30, 30)
        above[:, k] = expit(odds[:, k] + level)
    # Slopes of their own may cross far out: a worse grade is never likelier than a better one.
    above = np.minimum.accumulate(above, axis=1)
    return np.asarray((rng.random(len(odds))[:, None] < above).sum(axis=1)), float(level)


def told(model: RiskModel, today: Rows, true: np.ndarray, doubt: float) -> Told:
    """What the model says of today's authorities, held against their true log-odds."""
    model = replace(model, form_sd=doubt)
    ranks = ranked(model, today.values, today.noise, TOP_K)
    place = np.argsort(np.argsort(-true)) + 1
    within = (ranks.rank_lower <= place) & (place <= ranks.rank_upper)
    width = ranks.rank_upper - ranks.rank_lower
    lower, upper = model.interval(today.values, today.noise)
    held = (lower <= expit(true)) & (expit(true) <= upper)
    apart = logit(upper) - logit(lower)
    return Told(within, width, ranks.top_k_probability, place <= TOP_K, held, apart)


def summary(worlds: list[Told]) -> dict[str, float]:
    """Coverage with its standard error, width, and what became of the sure and the likely."""
    shares = [one.within.mean() for one in worlds]
    risks = [one.risk_within.mean() for one in worlds]
    whole = Told(*(np.concatenate(part) for part in zip(*worlds, strict=True)))
    first = whole.chance >= LIKELY
    found = {
        "coverage": float(np.mean(shares)),
        "error": float(np.std(shares, ddof=1) / np.sqrt(len(shares))),
        "first": float(whole.within[first].mean()),
        "width": float(np.median(whole.width)),
        "risk": float(whole.risk_within.mean()),
        "risk_error": float(np.std(risks, ddof=1) / np.sqrt(len(risks))),
        "risk_width": float(np.median(whole.risk_width)),
    }
    for name, inside in (
        ("sure", whole.chance >= SURE),
        ("likely", first & (whole.chance < SURE)),
    ):
        found |= {
            f"{name}_n": float(inside.sum() / len(worlds)),
            f"{name}_said": float(whole.chance[inside].mean()) if inside.any() else np.nan,
            f"{name}_came": float(whole.among[inside].mean()) if inside.any() else np.nan,
        }
    return found


def table(doubts: tuple[float, ...] = DOUBTS, worlds: int = WORLDS) -> pd.DataFrame:
    """The summary of every truth under every doubt of the form."""
    known, work = design(), delayed(world)
    jobs = [work(seed, truth, known, doubts) for truth in TRUTHS for seed in range(worlds)]
    found = Parallel(n_jobs=-1)(jobs)
    rows = []
    for place, truth in enumerate(TRUTHS):
        here = found[place * worlds : (place + 1) * worlds]
        for which, doubt in enumerate(doubts):
            facts = summary([one[which] for one in here])
            rows.append({"truth": truth.name, "doubt": doubt, **facts})
    return pd.DataFrame(rows)


def main() -> None:
    """Print the table."""
    print(
        "| truth | doubt of the form | rank in its 90% interval | of those likely among the 26 | "
        "median width | 0.9 and more: said, came, a world | 0.5 to 0.9: said, came, a world | "
        "risk in its 90% interval | its median width in log-odds |"
    )
    print(9 * "|---" + "|")
    for row in table().to_dict("records"):
        sides = [
            f"{row[f'{side}_said']:.2f}, {row[f'{side}_came']:.2f}, {row[f'{side}_n']:.1f}"
            for side in ("sure", "likely")
        ]
        print(
            f"| {row['truth']} | {row['doubt']:.3f} | {row['coverage']:.3f} ({row['error']:.3f}) | "
            f"{row['first']:.2f} | {row['width']:.0f} | {sides[0]} | {sides[1]} | "
            f"{row['risk']:.3f} ({row['risk_error']:.3f}) | {row['risk_width']:.2f} |"
        )


if __name__ == "__main__":
    main()
