"""Measure how often the 90% interval covers the truth, on the national design with known weights.

Weights are drawn from what the intervals allow for (the doubt in ``WeightPrior``), yearly levels
from their assumed process (``levels``), and judgements for the real inspections with their real
figures. A model is fitted to them, and its intervals for today's authorities in the year to come
are compared with the true risks. Run it with ``python tools/coverage.py``.
"""

from __future__ import annotations

from datetime import date

import numpy as np
from joblib import Parallel, delayed

import earlywarn as ew
from earlywarn.indicators.build import build_indicators
from earlywarn.indicators.catalogue import model_column, scored_indicators
from earlywarn.indicators.timeline import Timeline
from earlywarn.model.base_rate import DAMPING, USUAL_STEP
from earlywarn.model.classifier import RiskClassifier
from earlywarn.model.prior import WeightPrior, prior_of
from earlywarn.model.training import SEED, ages, design, training_cases
from earlywarn.statistics.distributions import expit

WORLDS, REFITS = 400, 60


def walk(years: int, rng: np.random.Generator) -> np.ndarray:
    """Draw levels of the years from the oldest to the one to come, around 0."""
    step = abs(rng.normal(scale=USUAL_STEP))
    change, level, levels = 0.0, 0.0, []
    for _ in range(years + 1):
        levels.append(level)
        change = DAMPING * change + step * rng.standard_normal()
        level += change
    return np.array(levels)


def main() -> None:
    """Print the coverage with its standard error."""
    panel, model = ew.load_panel(), ew.load_model()
    records = scored_indicators()
    cases = training_cases(panel.judgements, until=model.info["training"]["until"])
    age = ages(cases, date.fromisoformat(model.info["training"]["until"]))
    X = design(Timeline(panel, panel.judgements), cases, records).to_numpy(dtype=float)
    latest = build_indicators(panel.as_of(panel.newest_publication))
    today = latest[[model_column(record) for record in records]].to_numpy(dtype=float)
    filled, known = model.complete(X)[0], model.complete(today)[0]
    work = delayed(covered)
    shares = Parallel(n_jobs=-1)(
        work(seed, filled, known, model.thresholds, cases["la_code"].to_numpy(), age)
        for seed in range(WORLDS)
    )
    error = np.std(shares, ddof=1) / np.sqrt(WORLDS)
    held = f"{np.mean(shares):.3f} of the true risks lie in their 90% interval"
    print(f"{held} (standard error {error:.3f})")


def covered(
    seed: int,
    filled: np.ndarray,
    known: np.ndarray,
    thresholds: np.ndarray,
    codes: np.ndarray,
    age: np.ndarray,
) -> float:
    """The share of today's authorities, in one simulated world, whose interval covers the truth."""
    rng = np.random.default_rng([SEED, seed])
    weight_prior = prior_of(scored_indicators(), WeightPrior())
    doubt = np.linalg.cholesky(weight_prior["doubt_covariance"])
    weights = weight_prior["prior_mean"] + doubt @ rng.standard_normal(len(doubt))
    years = int(age.max()) + 1
    levels = walk(years, rng)
    noise = np.log(1 / rng.random(len(filled)) - 1) + levels[years - 1 - age.astype(int)]
    grade = np.digitize(filled @ weights + noise, thresholds)
    fitted = RiskClassifier(**weight_prior, n_bootstrap=REFITS, random_state=SEED).fit(
        filled + weight_prior["centre"], grade, clusters=codes, age=age
    )
    lower, upper = fitted.model_.interval(known + weight_prior["centre"])
    truth = expit(known @ weights + levels[-1] - thresholds[-1])
    return float(np.mean((lower <= truth) & (truth <= upper)))


if __name__ == "__main__":
    main()
