"""Row 47 of docs/experiments.md: how far forms of equal skill put one authority apart.

    python -m experiments.forms

For each year from 2016 to 2021 the model and four other forms learn from the reports published
before 1 January, forecast that year's inspections, and rank the country on the first of April.
Nothing later is read. What it prints is ``FORM_DOUBT`` in ``earlywarn.model.training``.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from experiments.rows_36_to_42 import AFTER, FIRST, Trial

from earlywarn.evaluation.baselines import BASELINES
from earlywarn.evaluation.challengers import CHALLENGERS
from earlywarn.indicators.catalogue import model_column, scored_indicators
from earlywarn.model.classifier import RiskClassifier
from earlywarn.model.prior import WeightPrior, prior_of
from earlywarn.statistics.distributions import logit
from earlywarn.statistics.metrics import auc

if TYPE_CHECKING:
    from earlywarn.evaluation.baselines import Contender

OURS = "earlywarn"
WORSE = 0.05
"""A form whose AUC on the development years is lower by more than this is not of equal skill."""
RULES = ("equal-weight composite", "red flags", "penalised logistic")


def fitted(
    trial: Trial, known: np.ndarray, age: np.ndarray, rows: pd.DataFrame
) -> dict[str, np.ndarray]:
    """The log-odds of an Inadequate area for some rows, under each form."""
    records = scored_indicators()
    columns = [model_column(record) for record in records]
    X, grade = trial.X[known], trial.grade[known]
    usual = prior_of(records, WeightPrior())
    event = (grade >= 3).astype(int)
    found = {
        OURS: RiskClassifier(**usual).fit(X[columns], grade, age=age),
        "yes/no fit": RiskClassifier(**usual | {"own": (), "own_sd": 1.0}).fit(
            X[columns], event, age=age
        ),
    }
    odds = {name: form.model_.log_odds(rows[columns]) for name, form in found.items()}
    for rule in _rules():
        learnt = rule.fit(X, trial.cases["grade"][known], age)
        odds[rule.name] = np.asarray(logit(learnt.risk(rule.columns(rows))))
    return odds


def _rules() -> list[Contender]:
    return [rule for rule in (*BASELINES, *CHALLENGERS) if rule.name in RULES]


def distances(trial: Trial) -> pd.DataFrame:
    """Each form: its AUC on the development years, and how far it lies from the model."""
    forecasts, apart = [], []
    for year, (known, now, age) in zip(range(FIRST, AFTER), trial.folds(), strict=True):
        forecasts.append(pd.DataFrame(fitted(trial, known, age, trial.X[now])))
        forecasts[-1]["event"] = (trial.grade[now] >= 3).astype(float)
        day = date(year, 4, 1)
        country = trial.timeline.at(day).droplevel("as_of")
        rows = pd.concat([country, trial.timeline.last_inspection(day)], axis=1).astype(float)
        odds = pd.DataFrame(fitted(trial, known, age, rows))
        apart.append(odds - odds.mean())
    told, country = pd.concat(forecasts), pd.concat(apart)
    away = country.sub(country[OURS], axis=0)
    return pd.DataFrame(
        {
            "auc": {name: auc(told[name], told["event"]) for name in country},
            "spread": country.std(ddof=0),
            "distance": np.sqrt((away**2).mean()),
            "tau": country.corr("kendall")[OURS],
        }
    )


def doubt(table: pd.DataFrame) -> float:
    """The root mean square distance of the forms of equal skill."""
    others = table.drop(index=OURS)
    equal = others[others["auc"] >= table.loc[OURS, "auc"] - WORSE]
    return float(np.sqrt((equal["distance"] ** 2).mean()))


def main() -> None:
    """Print the forms, and the doubt that they give."""
    table = distances(Trial())
    print("| form | AUC 2016 to 2021 | sd of log-odds | distance from the model | Kendall's tau |")
    print("|---|---|---|---|---|")
    for name, row in table.iterrows():
        print(
            f"| {name} | {row['auc']:.3f} | {row['spread']:.2f} | {row['distance']:.2f} | "
            f"{row['tau']:.2f} |"
        )
    print(f"\nDoubt about the form: {doubt(table):.3f} in log-odds")


if __name__ == "__main__":
    main()
