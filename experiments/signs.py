"""What the judgements alone say of each figure's direction, beside the direction assumed.

    python -m experiments.signs

Each scored figure is put beside the last inspection in a model of its own, its weight hardly held
back and towards nothing, and fitted to the inspections that the model that ships was learnt from.
Registered nowhere and used for nothing: it says how much of ``sign_stability`` is assumed.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

import earlywarn as ew
from earlywarn.indicators.catalogue import model_column, scored_indicators
from earlywarn.indicators.timeline import Timeline
from earlywarn.model.classifier import RiskClassifier
from earlywarn.model.prior import WeightPrior, prior_of
from earlywarn.model.training import ages, design, training_cases
from earlywarn.scoring.explanation import sign_stability
from earlywarn.statistics.distributions import normal_cdf

WIDE = 1.0


def table() -> pd.DataFrame:
    """Each figure: its weight by itself in the assumed direction, and how sure that is."""
    panel, model = ew.load_panel(), ew.load_model()
    until = date.fromisoformat(model.info["training"]["until"])
    cases = training_cases(panel.judgements, until=until)
    records = scored_indicators()
    X = design(Timeline(panel, panel.judgements), cases, records)
    last = [record for record in records if record.kind == "history"]
    told, prior = sign_stability(model), prior_of(records, WeightPrior())
    doubt = np.sqrt(np.diag(prior["doubt_covariance"]))
    assumed = normal_cdf(np.abs(prior["prior_mean"]) / doubt)
    rows = {}
    for place, record in enumerate(records):
        if record.kind == "history":
            continue
        columns = [model_column(one) for one in (record, *last)]
        fit = RiskClassifier(prior_covariance=WIDE**2 * np.eye(3), centre=[0.0, 0.5, 0.2]).fit(
            X[columns], cases["grade"].astype(int), age=ages(cases, until)
        )
        weight = record.sign * fit.model_.coefficients[0]
        sd = float(np.sqrt(fit.model_.covariance[1, 1]))
        rows[record.id] = {
            "weight": weight,
            "sd": sd,
            "alone": float(normal_cdf(weight / sd)),
            "assumed": float(assumed[place]),
            "told": told[record.id],
        }
    return pd.DataFrame(rows).T


def main() -> None:
    """Print the table and what it comes to."""
    found = table()
    print(
        "| figure | weight by itself, assumed direction up | sd | probability of that direction |"
    )
    print("|---|---|---|---|")
    for name, row in found.sort_values("alone", ascending=False).iterrows():
        print(f"| `{name}` | {row['weight']:+.2f} | {row['sd']:.2f} | {row['alone']:.2f} |")
    agreed = int((found["alone"] > 0.5).sum())
    sure, against = int((found["alone"] > 0.95).sum()), int((found["alone"] < 0.05).sum())
    same, other = (found["told"].corr(found[name]) for name in ("assumed", "alone"))
    print(
        f"\n{agreed} of {len(found)} go the assumed way by themselves, {sure} with a probability "
        f"of 0.95 or more, and {against} as surely the other way. sign_stability correlates "
        f"{same:.2f} with what the prior alone gives, {other:.2f} with what judgements alone do."
    )


if __name__ == "__main__":
    main()
