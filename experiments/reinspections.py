"""Rows 54 to 56 of docs/experiments.md: re-inspections after an Inadequate judgement.

    python -m experiments.reinspections

Forecasts are rolling over the development years, as in ``experiments.rows_36_to_42``; nothing later
is read, unless ``--later`` asks for the form that ships and row 55 on 2022 to August 2026.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from experiments.rows_36_to_42 import HEAD, Form, Trial, line
from scipy.optimize import minimize
from scipy.stats import chi2

from earlywarn.indicators.catalogue import WAS_INADEQUATE
from earlywarn.model.prior import WeightPrior
from earlywarn.statistics.distributions import expit, logit

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
    return Share(both.x[0], both.x[1], float(error), float(chi2.sf(ratio, 1)), float(expected))


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


def forms() -> dict[str, Form]:
    """The form that ships, and those of rows 55 and 56."""
    usual = WeightPrior()
    return {
        "as it ships": Form(usual),
        "55 help is believed to help": Form(replace(usual, inadequate=usual.history)),
        "56 looser": Form(replace(usual, inadequate_sd=0.3, inadequate_own_sd=0.5)),
    }


def show(trial: Trial) -> None:
    """Print the tables of some years."""
    found = {name: trial.forecasts(form) for name, form in forms().items()}
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
            "only the level is wrong"
        )


def main() -> None:
    """Print the tables of the development years, and of the later ones if they are asked for."""
    show(Trial())
    if "--later" in sys.argv[1:]:
        print("\n2022 to August 2026, which have been looked at before:\n")
        show(Trial(2022, 2027))


if __name__ == "__main__":
    main()
