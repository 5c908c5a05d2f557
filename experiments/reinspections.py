"""Rows 54 to 57 of docs/experiments.md: re-inspections after an Inadequate judgement.

    python -m experiments.reinspections [--later]

Forecasts are rolling over the development years, as in ``experiments.rows_36_to_42``; nothing later
is read, unless ``--later`` asks for 2022 to August 2026 too.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from experiments.prospective import poisson_binomial
from experiments.rows_36_to_42 import HEAD, Form, Trial, line
from scipy.optimize import minimize
from scipy.stats import chi2

from earlywarn.indicators.catalogue import WAS_INADEQUATE, scored_indicators
from earlywarn.model.classifier import RiskClassifier
from earlywarn.model.prior import WeightPrior
from earlywarn.statistics.distributions import expit, logit

if TYPE_CHECKING:
    from earlywarn.model.ordinal import Prior

LATER = ("as it ships", "57 55 for Inadequate alone")
"""The forms that are shown on the later years: the one that ships, and the best of the others."""
YEARS = (2.0, 3.0)
"""Years since the last inspection by which re-inspections are told apart."""


class Share(NamedTuple):
    """What is the last grade's own in the forecasts of some inspections, the level apart."""

    level: float
    """Of the others, in log-odds: how far they came out above the forecasts."""
    own: float
    """Of re-inspections beyond that, in log-odds."""
    error: float
    p: float
    """Of so large an ``own`` by chance, by the likelihood ratio."""
    expected: float
    """Re-inspections found Inadequate if only the level were wrong, for all inspections alike."""
    as_few: float
    """The exact probability of so few among so many events, whatever the level."""


def share(risk: np.ndarray, event: np.ndarray, again: np.ndarray) -> Share:
    """Regress outcomes on an intercept and being a re-inspection, with the forecasts as offset."""
    odds = logit(risk)

    def loss(at: np.ndarray) -> float:
        eta = odds + at[0] + (at[1] * again if len(at) > 1 else 0.0)
        return float(np.logaddexp(0.0, eta).sum() - event @ eta)

    alone, both = (minimize(loss, np.zeros(n), method="BFGS", tol=1e-9) for n in (1, 2))
    p = expit(odds + both.x[0] + both.x[1] * again)
    design = np.column_stack([np.ones(len(p)), again])
    error = np.sqrt(np.linalg.inv(design.T @ (design * (p * (1 - p))[:, None]))[1, 1])
    ratio = 2 * (alone.fun - both.fun)
    expected = expit(odds + alone.x[0])[again > 0].sum()
    few = as_few(risk, event, again)
    return Share(both.x[0], both.x[1], float(error), float(chi2.sf(ratio, 1)), float(expected), few)


def as_few(risk: np.ndarray, event: np.ndarray, again: np.ndarray) -> float:
    """How likely so few events among re-inspections are, given the number of events in all.

    Log-odds that are all off by one number leave it as it is.
    """
    every, inside = int(event.sum()), again > 0
    seen, most = int(event[inside].sum()), int(inside.sum())
    there = poisson_binomial(risk[inside])
    elsewhere = np.r_[poisson_binomial(risk[~inside]), np.zeros(every + 1)]
    counts = np.arange(min(every, most) + 1)
    joint = there[counts] * elsewhere[every - counts]
    return float(joint[: seen + 1].sum() / joint.sum())


@dataclass(frozen=True)
class Groups:
    """Re-inspections and others among the inspections that are forecast."""

    risk: np.ndarray
    event: np.ndarray
    again: np.ndarray
    years: np.ndarray

    @classmethod
    def of(cls, trial: Trial, found: np.ndarray) -> Groups:
        """Of the inspections that a trial forecasts."""
        at = trial.tested
        event = (trial.grade >= 3).astype(float)
        again = (trial.X[WAS_INADEQUATE].to_numpy() == 1).astype(float)
        years = trial.X["years"].to_numpy()
        return cls(*(part[at] for part in (found[:, 0], event, again, years)))

    def lines(self) -> list[str]:
        """Seen and expected by group."""
        again, band = self.again > 0, np.digitize(self.years, YEARS)
        groups = {
            "re-inspections after Inadequate": again,
            "of these within two years": again & (band == 0),
            "of these after two to three years": again & (band == 1),
            "of these after three years or more": again & (band == 2),
            "all others": ~again,
        }
        sums = {
            name: (inside.sum(), self.event[inside].sum(), self.risk[inside].sum())
            for name, inside in groups.items()
            if inside.any()
        }
        return [
            f"| {name} | {n} | {seen:.0f} | {expected:.1f} | {seen / expected:.2f} |"
            for name, (n, seen, expected) in sums.items()
        ]


class Helped(RiskClassifier):  # type: ignore[misc]  # scikit-learn has no types
    """Having been Inadequate is believed to lower the odds of Inadequate, and of nothing else."""

    def _prior(self) -> Prior:
        prior = super()._prior()
        names = [record.id for record in scored_indicators()]
        means = np.zeros((len(self.classes_) - 1, len(prior.own)))
        means[-1, prior.own.index(names.index(WAS_INADEQUATE))] = WeightPrior.history
        return replace(prior, own_mean=means)


def forms() -> dict[str, Form]:
    """The form that ships, and those of rows 55 to 57."""
    usual = WeightPrior()
    return {
        "as it ships": Form(usual),
        "55 help is believed to help": Form(replace(usual, inadequate=usual.history)),
        "56 looser": Form(replace(usual, inadequate_sd=0.3, inadequate_own_sd=0.5)),
        "57 55 for Inadequate alone": Form(usual, classifier=Helped),
    }


def show(trial: Trial, names: tuple[str, ...]) -> None:
    """Print the tables of some years."""
    found = {name: trial.forecasts(forms()[name]) for name in names}
    print(HEAD)
    for name, forecasts in found.items():
        print(line(name, trial, forecasts, found["as it ships"]))
    for name, forecasts in found.items():
        groups = Groups.of(trial, forecasts)
        print(f"\n{name}\n\n| inspections | n | seen | expected | O/E |\n|---|---|---|---|---|")
        print("\n".join(groups.lines()))
        one = share(groups.risk, groups.event, groups.again)
        print(
            f"\nThe level {one.level:+.2f}; of re-inspections beyond it {one.own:+.2f} "
            f"(standard error {one.error:.2f}, p = {one.p:.2f}); {one.expected:.1f} expected if "
            f"only the level is wrong; so few by chance {one.as_few:.2f}"
        )


def main() -> None:
    """Print the tables of the development years, and of the later ones if they are asked for."""
    show(Trial(), tuple(forms()))
    if "--later" in sys.argv[1:]:
        print("\n2022 to August 2026, which have been looked at before:\n")
        show(Trial(2022, 2027), LATER)


if __name__ == "__main__":
    main()
