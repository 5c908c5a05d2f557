"""Rows 49 and 50 of docs/experiments.md: missing figures of a family that are unsure together.

    python -m experiments.gaps

Within a family two missing figures share r (1 - r) / (1 + (n - 1) r) of their variance. This is how
much wider that makes the standard deviation of the log-odds than if each were drawn by itself, the
doubt about the form apart. Nothing else moves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from experiments.truths import Rows, design

if TYPE_CHECKING:
    from earlywarn.model.risk_model import RiskModel

BANDS = ((0, 0), (1, 2), (3, 6), (7, 28))
"""Missing figures, from and to."""


def together(model: RiskModel, rows: Rows) -> np.ndarray:
    """The variance that missing figures of one family bring by what they share."""
    missing = np.isnan(rows.values)
    products = np.outer(model.coefficients, model.coefficients) + model.covariance[1:, 1:]
    found = np.zeros(len(missing))
    for name in dict.fromkeys(model.groups):
        inside = np.flatnonzero([group == name for group in model.groups])
        r = float(model.agreement[inside[0]])
        gone = missing[:, inside] * model.orientation[inside]
        known = len(inside) - missing[:, inside].sum(axis=1)
        shared = r * (1 - r) / (1 + (known - 1) * r)
        apart = products[np.ix_(inside, inside)]
        apart = apart - np.diag(np.diag(apart))
        found += shared * np.einsum("ij,jk,ik->i", gone, apart, gone)
    return found


def wider(model: RiskModel, rows: Rows) -> np.ndarray:
    """The standard deviation of each row's log-odds, as a multiple of what it would be."""
    variance = model.log_odds_sd(rows.values, rows.noise) ** 2 - model.form_sd**2
    return np.sqrt(variance / (variance - together(model, rows)))


def main() -> None:
    """Print how much wider, by how many figures are missing."""
    known = design()
    print("| rows | figures missing | rows | mean | most |")
    print("|---|---|---|---|---|")
    for name, rows in (("training inspections", known.past), ("today", known.today)):
        times, count = wider(known.model, rows), np.isnan(rows.values).sum(axis=1)
        for low, high in BANDS:
            here = times[(low <= count) & (count <= high)]
            if len(here):
                print(
                    f"| {name} | {low} to {high} | {len(here)} | {here.mean():.3f} | "
                    f"{here.max():.3f} |"
                )


if __name__ == "__main__":
    main()
