"""Score rows, against scikit-learn's pipeline, its explainers, and one pass of numpy."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from timing import Line, Section, in_turn, missing_peer

import earlywarn as ew
from earlywarn.model.kernels import probabilities
from earlywarn.scoring.preprocessing import model_indicators
from earlywarn.statistics.distributions import normal_quantile

if TYPE_CHECKING:
    from collections.abc import Callable

Floats = NDArray[np.float64]

PIPELINE = "Pipeline(SimpleImputer, StandardScaler, LogisticRegression).predict_proba"
REPEATED = 30
"""Number of calls with one row that are timed together."""
FEW = 2_000
"""Rows for peers that are too slow for all of them: their time is scaled by the number of rows."""


def measure(rows: int, without: frozenset[str]) -> Section:
    """Time one row, and rows without and with a tenth of their figures missing."""
    lines, left_out = _one_row(), {}
    for gaps in (0.0, 0.1):
        task = _Task(rows, gaps)
        lines += task.against_pipeline()
        if gaps:
            peers = {"shap": [_linear, _boosting], "interpret": [_additive]}
            for package, makers in peers.items():
                left_out[package] = missing_peer(package, without)
                if not left_out[package]:
                    lines += [task.against(maker) for maker in makers]
    return Section(
        "Scoring rows", lines, limits=[], left_out=[why for why in left_out.values() if why]
    )


def _one_row() -> list[Line]:
    """One row, as in a program, through pandas and scikit-learn; and only the arithmetic."""
    row = {"rereferrals": 31.0, "agency_workers": 14.0, "vacancies": 20.0, "caseload": 17.5}
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(rng.uniform(0, 40, (200, len(row))), columns=list(row))
    steps = SimpleImputer(), StandardScaler(), LogisticRegression()
    pipeline = make_pipeline(*steps).fit(rows, rng.random(200) > 0.8)
    model = ew.load_model()
    levels = np.zeros((1, len(model.columns)))
    calls: dict[str, Callable[[], object]] = {
        "ours": lambda: ew.score_batch([row], model),
        "explained": lambda: ew.score_batch([row], model, explain=True),
        "pipeline": lambda: pipeline.predict_proba(pd.DataFrame([row])),
        "arithmetic": lambda: model.assess(levels, levels, sd=True),
    }
    found = in_turn({name: _repeated(call) for name, call in calls.items()}, 5)
    found = {name: took / REPEATED for name, took in found.items()}
    peer = "pandas.DataFrame([{...}]) and a pipeline's predict_proba"
    one, explained = (
        "one row: `score_batch([{...}])`",
        "one row: `score_batch([{...}], explain=True)`",
    )
    return [
        Line(one, found["ours"], peer, found["pipeline"], 1.0),
        Line(explained, found["explained"], peer, found["pipeline"]),
        Line(one, found["ours"], "`model.assess` of the same row", found["arithmetic"]),
    ]


def _repeated(call: Callable[[], object]) -> Callable[[], object]:
    return lambda: [call() for _ in range(REPEATED)]


class _Task:
    """Invented rows, the model that ships and a fitted pipeline."""

    def __init__(self, rows: int, gaps: float) -> None:
        self.model = ew.load_model()
        self.frame = invented(self.model, rows, gaps)
        self.levels = self.frame[list(self.model.columns)]
        self.noise = np.full(self.levels.shape, 0.2, order="F")
        self.title = f"{rows:,} rows, {gaps:.0%} missing: "
        some = self.levels.head(min(rows, 20_000))
        drawn = np.random.default_rng(1).random(len(some))
        self.some, self.label = some, self.model.risk(some) > drawn
        self.pipeline = make_pipeline(
            SimpleImputer(), StandardScaler(), LogisticRegression(max_iter=500)
        ).fit(some, self.label)
        self.seconds: dict[str, float] = {}

    def against_pipeline(self) -> list[Line]:
        """Ours and the pipeline's time, from the same frame; and one pass over the same array."""
        matrix = np.asfortranarray(self.levels.to_numpy())
        found = self.seconds = in_turn(
            {
                "pipeline": lambda: self.pipeline.predict_proba(self.levels),
                "one pass": lambda: one_pass(matrix, self.model.coefficients),
                "risk": lambda: self.model.risk(self.levels),
                "risk of an array": lambda: self.model.risk(matrix),
                "everything": self.everything,
                "score_batch": lambda: ew.score_batch(self.frame, self.model),
                "explained": lambda: ew.score_batch(self.frame, self.model, explain=True),
            }
        )
        told = (
            ("point risk", "risk", "pipeline", 4.0),
            ("point risk", "risk of an array", "one pass", 1 / 2.5),
            ("contributions, risk and 90% interval", "everything", "pipeline", 1.0),
            ("`score_batch`", "score_batch", "pipeline", None),
            ("`score_batch(explain=True)`", "explained", "pipeline", 1 / 1.5),
        )
        peers = {"pipeline": PIPELINE, "one pass": "one pass of numpy: read, multiply, add, write"}
        return [
            Line(self.title + what, found[ours], peers[peer], found[peer], aim)
            for what, ours, peer, aim in told
        ]

    def everything(self) -> tuple[Floats, ...]:
        """Contributions, risk and both limits of the 90% interval of each row."""
        found = self.model.assess(self.levels, self.noise, parts=True, sd=True)
        reach = float(normal_quantile(0.95)) * found.sd
        odds = (found.log_odds, found.log_odds - reach, found.log_odds + reach)
        return (found.contributions, *(probabilities(each) for each in odds))

    def against(self, maker: Callable[[_Task], tuple[str, float]]) -> Line:
        """Our time against that of a peer that also explains."""
        peer, theirs = maker(self)
        what = self.title + "contributions, risk and 90% interval"
        return Line(what, self.seconds["everything"], peer, theirs)

    def scaled(self, call: Callable[[], object]) -> float:
        """Seconds for all rows, scaled from a call on a few of them."""
        return in_turn({"peer": call}, 2)["peer"] * len(self.levels) / len(self.few)

    @property
    def few(self) -> pd.DataFrame:
        """The rows for slow peers."""
        return self.levels.head(FEW)


def _linear(task: _Task) -> tuple[str, float]:
    """The pipeline's risks, with contributions from shap.LinearExplainer."""
    import shap  # noqa: PLC0415 - optional

    ready = task.pipeline[:-1].transform(task.levels)
    explainer = shap.LinearExplainer(task.pipeline[-1], ready[:1000])
    took = in_turn({"shap": lambda: explainer.shap_values(ready)}, 2)["shap"]
    return f"{PIPELINE} and shap.LinearExplainer (no intervals)", task.seconds["pipeline"] + took


def _boosting(task: _Task) -> tuple[str, float]:
    """HistGradientBoosting's risks, with contributions from shap.TreeExplainer."""
    import shap  # noqa: PLC0415 - optional

    trees = HistGradientBoostingClassifier(random_state=0).fit(task.some, task.label)
    explainer = shap.TreeExplainer(trees)
    few = task.few

    def both() -> object:
        return trees.predict_proba(few), explainer.shap_values(few)

    peer = "HistGradientBoostingClassifier and shap.TreeExplainer (no intervals)"
    return f"{peer}; {len(few):,} rows, scaled", task.scaled(both)


def _additive(task: _Task) -> tuple[str, float]:
    """An explainable boosting machine's risks and contributions."""
    from interpret.glassbox import ExplainableBoostingClassifier  # noqa: PLC0415 - optional

    settings = {"interactions": 0, "outer_bags": 2, "max_rounds": 50, "n_jobs": 1}
    machine = ExplainableBoostingClassifier(random_state=0, **settings)
    with warnings.catch_warnings():
        # It warns that its pictures do not show missing values.
        warnings.simplefilter("ignore")
        machine.fit(task.some.head(5_000), task.label[:5_000])
    few = task.few
    peer = "interpret's ExplainableBoostingClassifier.explain_local (no intervals)"
    return f"{peer}; {len(few):,} rows, scaled", task.scaled(lambda: machine.explain_local(few))


def invented(model: ew.RiskModel, rows: int, gaps: float) -> pd.DataFrame:
    """Standardised levels and their errors, with a share of them missing."""
    rng = np.random.default_rng(0)
    columns: dict[str, Floats] = {}
    for name, record in zip(model.columns, model_indicators(model), strict=True):
        level = rng.integers(0, 2, rows) if record.kind == "history" else rng.normal(size=rows)
        columns[name] = np.where(rng.random(rows) < gaps, np.nan, np.clip(level, -2, 2))
        if record.kind != "history":
            columns[f"{record.id}_se"] = np.abs(rng.normal(size=rows)) * 0.2
    return pd.DataFrame(columns, copy=False)


def one_pass(X: Floats, weights: Floats) -> Floats:
    """The limit: read every number once, multiply, add, write."""
    total = np.zeros(len(X))
    for column, weight in zip(X.T, weights, strict=True):
        total += column * weight
    return total
