"""Measure forecasts against what happened: measures, their intervals, and the baselines.

A row of forecasts is one inspection, predicted by one model a number of months before it began.
Every figure comes with its interval from an authority-clustered bootstrap, and every model is
compared with its baselines on the same resamples. Development and confirmation are always separate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from earlywarn.errors import BacktestError
from earlywarn.evaluation.curves import (
    THRESHOLDS,
    decision_curve,
    net_benefits,
    reliability,
)
from earlywarn.evaluation.protocol import (
    BASE,
    CAPACITIES,
    CAPACITY,
    CASE,
    DIGITS,
    FEWEST_EVENTS,
    OUTCOME,
    RANDOM,
    REFERENCES,
    by_window_and_lead,
    checked_forecasts,
    enough_events,
)
from earlywarn.statistics.arrays import FloatArray, rate
from earlywarn.statistics.bootstrap import (
    LEVEL,
    cluster_weights,
    interval,
    weighted_auc,
    weighted_average_precision,
    weighted_ratio,
    weighted_recall_of_top,
    weighted_slope,
)
from earlywarn.statistics.exact import hypergeometric_tail
from earlywarn.utils.progress import Progress, progress_or_silent
from earlywarn.utils.workers import in_workers

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "CAPACITIES",
    "FEWEST_EVENTS",
    "MEASURES",
    "PAIRED",
    "REFERENCES",
    "THRESHOLDS",
    "Evaluation",
    "decision_curve",
    "evaluate",
    "reliability",
    "to_records",
]


MEASURES = (
    "auc",
    "auc_within_year",
    "auc_below_good",
    "ap_over_prevalence",
    "brier_skill",
    "log_skill",
    "observed_expected",
    "calibration_slope",
    "rps",
    "rps_skill",
    "recall_top20pct",
    "recall_at_26",
)
"""The measures that have an interval."""

PAIRED = {
    "auc": "auc",
    "auc_within_year": "auc_within_year",
    "auc_below_good": "auc_below_good",
    "brier": "brier_skill",
    "log": "log_skill",
    "recall_at_26": "recall_at_26",
}
"""The measures that are compared between models, and their columns: more is always better."""

_GRADES = ["p_outstanding", "p_good", "p_requires_improvement", "p_inadequate"]
_NEEDED = [
    *OUTCOME,
    *("grade", "overall_below_good", "score", "below_good", *_GRADES, "base_rate", "list_rank"),
]
_Draws = dict[str, FloatArray]


@dataclass(frozen=True)
class Evaluation:
    """The measures of a set of forecasts.

    Attributes
    ----------
    records : DataFrame
        One row per (window, lead_months, model), with a column per measure and its limits.
    paired : DataFrame
        One row per (window, lead_months, model, against, measure): difference, lower, upper.
    resamples : int
        Number of resamples behind the limits.
    seed : int
        Their seed.
    level : float
        The share of the resamples between the limits.
    """

    records: pd.DataFrame
    paired: pd.DataFrame
    resamples: int
    seed: int
    level: float = LEVEL


def evaluate(
    forecasts: pd.DataFrame,
    *,
    resamples: int = 1000,
    seed: int = 2016,
    reference_models: Sequence[str] | None = None,
    n_jobs: int = 1,
    progress: Progress | None = None,
) -> Evaluation:
    """Measure every model in every window, with intervals, and compare it with its baselines.

    Parameters
    ----------
    forecasts : DataFrame
        One row per case, lead and model: ``window`` (development or confirmation), ``lead_months``,
        ``model``, ``la_code``, ``inspection_start``, ``label`` (1 or 0), ``grade`` (0 to 3),
        ``overall_below_good``, ``risk``, ``score`` (to rank by), ``below_good``, the four
        probabilities of the grades, ``base_rate`` and ``list_rank``.
    resamples : int
        Number of resamples of whole authorities; 0 for no intervals.
    seed : int
        Seed of the resamples.
    reference_models : sequence of str, optional
        The models to compare with; by default those of `REFERENCES` that are in the forecasts.
    n_jobs : int
        Number of processes; -1 for one per core.
    progress : Progress, optional
        Where to report progress.

    Returns
    -------
    Evaluation
        In `records`, ``ap_over_prevalence`` is a ratio; skill is 1 less the score over that of
        ``base_rate`` (for ``rps_skill``, of the trailing base rate's own grade shares);
        ``recall_top20pct`` ranks the inspected cases; ``*_at_<capacity>`` refers to the whole
        national list of that length, and ``inspected_at_`` is how many on it were inspected. In
        `paired`, ``brier`` and ``log`` are differences in skill: above 0 the model is better.

    Raises
    ------
    BacktestError
        If columns are missing, values are not valid, cases occur twice, or a reference model is not
        in the forecasts.

    Notes
    -----
    With fewer than 5 events, or without any other case, measures are NaN; ``n`` and ``events`` show
    why. Models are paired on the cases that both predicted. The p value is the exact chance that a
    random list contains at least as many of the events (hypergeometric).

    Examples
    --------
    >>> risk = np.tile([0.4, 0.3, 0.1, 0.1], 10)
    >>> forecasts = pd.DataFrame({"window": "development", "lead_months": 0, "model": "earlywarn",
    ...     "la_code": [str(code) for code in range(301, 341)], "inspection_start": "2018-05-14",
    ...     "label": [1.0, 0.0, 0.0, 0.0] * 10, "grade": [3, 2, 1, 1] * 10,
    ...     "overall_below_good": [1.0, 1.0, 0.0, 0.0] * 10, "risk": risk, "score": risk,
    ...     "below_good": 0.5, "p_outstanding": 0.1, "p_good": 0.4,
    ...     "p_requires_improvement": 0.5 - risk, "p_inadequate": risk, "base_rate": 0.25,
    ...     "list_rank": range(1, 41)})
    >>> found = evaluate(forecasts, resamples=100)
    >>> found.records[["window", "n", "events", "auc", "brier_skill"]].round(3)
            window   n  events  auc  brier_skill
    0  development  40      10  1.0         0.373
    1    from 2018  40      10  1.0         0.373
    """
    rows = _prepared(forecasts)
    present = list(rows["model"].unique())
    references = _references(present, reference_models)
    groups = list(by_window_and_lead(rows))
    found = in_workers(
        partial(_measured, present, references, resamples, seed),
        [group for *_, group in groups],
        n_jobs,
        progress_or_silent(progress),
        f"Measuring, with {resamples:,} resamples of authorities",
    )
    records: list[dict[str, Any]] = []
    paired: list[dict[str, Any]] = []
    for (window, lead, _), (measured, pairs) in zip(groups, found, strict=True):
        where = {"window": window, "lead_months": lead}
        records += [where | row for row in measured]
        paired += [where | row for row in pairs]
    columns = ["window", "lead_months", "model", "against", "measure"]
    return Evaluation(
        pd.DataFrame(records).round(DIGITS),
        pd.DataFrame(paired, columns=[*columns, "difference", "lower", "upper"]).round(DIGITS),
        resamples,
        seed,
    )


def _measured(
    present: Sequence[str], references: Sequence[str], resamples: int, seed: int, rows: pd.DataFrame
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The records of one window and lead, and how the models differ there."""
    cases = _Cases(rows, resamples, seed)
    models = [model for model in present if model in cases.models]
    pairs = [(one, two) for one in models for two in references if two in models and one != two]
    differences = [row for pair in pairs for row in cases.differences(*pair)]
    return [cases.record(model) for model in models], differences


def to_records(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Turn the evaluation into plain records, ready for JSON.

    Parameters
    ----------
    evaluation : Evaluation
        As returned by `evaluate`.

    Returns
    -------
    list of dict
        One per (window, lead_months, model), with every column of `Evaluation.records` and
        ``paired``: a list of against, measure, difference, lower, upper. NaN becomes None.

    Examples
    --------
    >>> records = pd.DataFrame({"window": ["development"], "lead_months": [0],
    ...     "model": ["earlywarn"], "n": [3], "events": [0], "auc": [np.nan]})
    >>> paired = pd.DataFrame(columns=["window", "lead_months", "model", "against"])
    >>> to_records(Evaluation(records, paired, resamples=0, seed=1))  # doctest: +ELLIPSIS
    [{'window': 'development', ..., 'events': 0, 'auc': None, 'paired': []}]
    """
    keys = ["window", "lead_months", "model"]
    paired: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in map(_plain, evaluation.paired.to_dict("records")):
        paired.setdefault(tuple(row.pop(key) for key in keys), []).append(row)
    records = map(_plain, evaluation.records.to_dict("records"))
    return [row | {"paired": paired.get(tuple(row[key] for key in keys), [])} for row in records]


class _Cases:
    """The forecasts of one window and lead, all models, under one set of resamples."""

    def __init__(self, rows: pd.DataFrame, resamples: int, seed: int) -> None:
        numbered = rows.assign(case=rows.groupby(CASE).ngroup())
        every = numbered.drop_duplicates("case").sort_values("case")
        self.weights = cluster_weights(every["la_code"], resamples, seed)
        self.models = {
            str(model): group.sort_values("case").set_index("case")
            for model, group in numbered.groupby("model", sort=False)
        }
        self._known: dict[tuple[str, bytes], _Draws] = {}

    def record(self, model: str) -> dict[str, Any]:
        """One row of the record: counts, measures with limits, and the events on the list."""
        rows = self.models[model]
        below_good = rows["overall_below_good"][rows["below_good"].notna()]
        row: dict[str, Any] = {"model": model, "n": len(rows), "events": int(rows["label"].sum())}
        row["authorities"] = rows["la_code"].nunique()
        row["below_good_events"] = int(below_good.sum())
        for measure, draws in self._draws(model, rows.index).items():
            row[measure] = float(draws[0])
            row[f"{measure}_lower"], row[f"{measure}_upper"] = interval(draws)
        enough = enough_events(rows["label"])
        for capacity in CAPACITIES:
            row |= _on_list(rows, capacity, enough=enough)
        for threshold in THRESHOLDS:
            row |= _worth(rows, threshold, enough=enough)
        return row

    def differences(self, model: str, against: str) -> list[dict[str, Any]]:
        """How much better one model is than another, on the cases and resamples of both models."""
        common = self.models[model].index.intersection(self.models[against].index)
        ours, theirs = self._draws(model, common), self._draws(against, common)
        rows = []
        for measure, column in PAIRED.items():
            difference = ours[column] - theirs[column]
            lower, upper = interval(difference)
            rows.append(
                {"model": model, "against": against, "measure": measure}
                | {"difference": float(difference[0]), "lower": lower, "upper": upper}
            )
        return rows

    def _draws(self, model: str, cases: pd.Index) -> _Draws:
        numbers = np.sort(cases.to_numpy())
        key = (model, numbers.tobytes())
        if key not in self._known:
            self._known[key] = _measure(self.models[model].loc[numbers], self.weights[:, numbers])
        return self._known[key]


def _measure(rows: pd.DataFrame, weights: FloatArray) -> _Draws:
    """Every measure that has an interval: as observed, then for each resample."""
    draws = {measure: np.full(len(weights), np.nan) for measure in MEASURES}
    if enough_events(rows["label"]):
        draws |= _discrimination(rows, weights) | _accuracy(rows, weights)
    known = (rows["below_good"].notna() & rows["overall_below_good"].notna()).to_numpy()
    below_good = rows.loc[known, "overall_below_good"]
    if enough_events(below_good):
        draws["auc_below_good"] = weighted_auc(
            weights[:, known], rows.loc[known, "below_good"], below_good
        )
    return draws


def _discrimination(rows: pd.DataFrame, weights: FloatArray) -> _Draws:
    score, label = rows["score"].to_numpy(float), rows["label"].to_numpy(float)
    ranked = rows["list_rank"].notna().to_numpy()
    listed = _listed(rows, CAPACITY)
    precision = weighted_average_precision(weights, score, label)
    return {
        "auc": weighted_auc(weights, score, label),
        "auc_within_year": weighted_auc(weights, score, label, rows["year"]),
        "ap_over_prevalence": rate(precision, weighted_ratio(weights, label, np.ones_like(label))),
        "recall_top20pct": weighted_recall_of_top(weights, score, label, 0.2),
        "recall_at_26": weighted_ratio(weights, label * listed, label * ranked),
    }


def _accuracy(rows: pd.DataFrame, weights: FloatArray) -> _Draws:
    label, risk = rows["label"].to_numpy(float), rows["risk"].to_numpy(float)
    base = rows["base_rate"].to_numpy(float)
    graded = rows["rps"].notna().to_numpy()
    both = graded & rows["rps_reference"].notna().to_numpy()
    rps, reference = rows["rps"].to_numpy(float), rows["rps_reference"].to_numpy(float)
    return {
        "brier_skill": 1 - weighted_ratio(weights, (risk - label) ** 2, (base - label) ** 2),
        "log_skill": 1 - weighted_ratio(weights, _surprise(risk, label), _surprise(base, label)),
        "observed_expected": weighted_ratio(weights, label, risk),
        "calibration_slope": weighted_slope(weights, risk, label),
        "rps": weighted_ratio(weights[:, graded], rps[graded], np.ones(int(graded.sum()))),
        "rps_skill": 1 - weighted_ratio(weights[:, both], rps[both], reference[both]),
    }


def _surprise(p: FloatArray, label: FloatArray) -> FloatArray:
    return -np.where(label == 1, np.log(p), np.log1p(-p))


def _on_list(rows: pd.DataFrame, capacity: int, *, enough: bool) -> dict[str, float]:
    """The cases with a known rank that a national list of this length would have included."""
    rank, label = rows["list_rank"].to_numpy(float), rows["label"].to_numpy(float)
    ranked, listed = ~np.isnan(rank), _listed(rows, capacity)
    n, events = int(ranked.sum()), int(label[ranked].sum())
    inspected, hits = _count(listed.sum()), _count((label * listed).sum())
    precision = float(rate(hits, inspected))
    found = {
        "precision": precision,
        "recall": float(rate(hits, events)),
        "lift": float(rate(precision, rate(events, n))),
        "p_value": hypergeometric_tail(hits, events, inspected, n)
        if isinstance(hits, int) and isinstance(inspected, int)
        else np.nan,
    }
    # Recall at 26 is already among the measures with limits.
    kept = {name: value for name, value in found.items() if (name, capacity) != ("recall", 26)}
    counts: dict[str, float] = {
        f"inspected_at_{capacity}": inspected,
        f"events_at_{capacity}": hits,
    }
    return counts | {
        f"{name}_at_{capacity}": value if enough else np.nan for name, value in kept.items()
    }


def _listed(rows: pd.DataFrame, capacity: int) -> FloatArray:
    """1 for a case on the national list of this length; for a random list, its probability."""
    ranked = rows["list_rank"].notna().to_numpy()
    if "list_length" in rows and (rows["model"] == RANDOM).all():
        return np.where(ranked, np.minimum(capacity / rows["list_length"], 1.0), 0.0)
    return np.where(ranked, rows["list_rank"] <= capacity, 0.0)


def _count(value: float) -> int | float:
    """A whole number as an integer; the expectation of a random list unchanged."""
    return int(value) if float(value).is_integer() else float(value)


def _worth(rows: pd.DataFrame, threshold: float, *, enough: bool) -> dict[str, float]:
    benefit, treat_all = net_benefits(rows, threshold) if enough else (np.nan, np.nan)
    percent = round(100 * threshold)
    return {
        f"net_benefit_{percent}pct": benefit,
        f"net_benefit_over_all_{percent}pct": benefit - treat_all,
    }


def _prepared(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Checked forecasts with the ranked probability scores of each and of the trailing shares."""
    rows = checked_forecasts(forecasts, _NEEDED)
    # A random list is measured by the average of such lists, not by one draw.
    rows["score"] = rows["score"].mask(rows["model"] == RANDOM, 0.0)
    shares = rows[_GRADES].to_numpy(float)
    grade = rows["grade"].to_numpy(float)[:, np.newaxis]
    missed = np.cumsum(shares, axis=1) - (grade <= np.arange(len(_GRADES)))
    rps = np.sum(missed[:, :-1] ** 2, axis=1)
    rows["rps"] = np.where(np.isnan(grade[:, 0]), np.nan, rps)
    keys = ["lead_months", *CASE]
    trailing = rows.loc[rows["model"] == BASE, [*keys, "rps"]]
    return rows.merge(trailing.rename(columns={"rps": "rps_reference"}), on=keys, how="left")


def _references(present: list[str], named: Sequence[str] | None) -> list[str]:
    if named is None:
        return [model for model in REFERENCES if model in present]
    unknown = [model for model in named if model not in present]
    if unknown:
        raise BacktestError(
            "no such model among the forecasts",
            where="reference_models",
            found=", ".join(unknown),
            expected=f"some of {', '.join(present)}",
        )
    return list(named)


def _plain(row: dict[Any, Any]) -> dict[str, Any]:
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in row.items()
    }
