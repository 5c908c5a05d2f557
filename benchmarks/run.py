"""How fast scoring and fitting are, each against a named peer on the same data in one run.

``python benchmarks/run.py`` prints a table and writes docs/benchmarks.md. A ratio says how many
times as long the peer takes. Nothing here is a test: machines differ.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
import warnings
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import earlywarn as ew
from earlywarn.inputs import model_indicators
from earlywarn.ordinal import Prior, fit_ordinal
from earlywarn.timeline import Timeline
from earlywarn.training import design, scored_indicators, training_cases

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
Row = tuple[str, float, str, float]


def best(call: Callable[[], object], times: int = 3) -> float:
    """Seconds of the fastest of a few calls."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        found.append(time.perf_counter() - start)
    return min(found)


def invented(model: ew.RiskModel, rows: int, gaps: float) -> pd.DataFrame:
    """Standardised levels and their errors, a share of them missing."""
    rng = np.random.default_rng(0)
    columns: dict[str, np.ndarray] = {}
    for name, record in zip(model.columns, model_indicators(model), strict=True):
        level = rng.integers(0, 2, rows) if record.kind == "history" else rng.normal(size=rows)
        columns[name] = np.where(rng.random(rows) < gaps, np.nan, np.clip(level, -2, 2))
        if record.kind != "history":
            columns[f"{record.id}_se"] = np.abs(rng.normal(size=rows)) * 0.2
    return pd.DataFrame(columns, copy=False)


def one_pass(X: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The limit: read every number once, multiply, add, write."""
    total = np.zeros(len(X))
    for column, weight in zip(X.T, weights, strict=True):
        total += column * weight
    return total


def scoring(rows: int, gaps: float) -> list[Row]:
    """Scoring against scikit-learn's pipeline, SHAP and one pass over the numbers."""
    model = ew.load_model()
    frame = invented(model, rows, gaps)
    levels = frame[list(model.columns)]
    X = np.asfortranarray(levels.to_numpy())
    noise = np.full_like(X, 0.2)
    peer = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression(max_iter=500))
    some = levels.head(20_000)
    peer.fit(some, model.risk(some) > np.random.default_rng(1).random(len(some)))
    pipeline = best(lambda: peer.predict_proba(levels))
    limit = best(lambda: one_pass(X, model.coefficients))
    point = best(lambda: model.risk(X))
    everything = best(lambda: model.assess(X, noise, parts=True, sd=True))
    title = f"{rows:,} rows, {gaps:.0%} missing: "
    name = "Pipeline(SimpleImputer, StandardScaler, LogisticRegression).predict_proba"
    found = [
        (title + "risk", point, name, pipeline),
        (title + "risk", point, "one pass of numpy over the numbers", limit),
        (title + "contributions and interval parts", everything, name + ", no intervals", pipeline),
        (title + "score_batch", best(lambda: ew.score_batch(frame, model), 2), name, pipeline),
        (
            title + "score_batch(explain=True)",
            best(lambda: ew.score_batch(frame, model, explain=True), 2),
            name,
            pipeline,
        ),
    ]
    return found + against_shap(title, everything, peer, levels, pipeline)


def against_shap(
    title: str, ours: float, peer: object, levels: pd.DataFrame, pipeline: float
) -> list[Row]:
    """What the peer needs for contributions too, if shap is installed."""
    try:
        import shap  # noqa: PLC0415 - optional
    except ImportError:
        return []
    ready = peer[:-1].transform(levels)  # type: ignore[index]
    explainer = shap.LinearExplainer(peer[-1], ready[:1000])  # type: ignore[index]
    took = best(lambda: explainer.shap_values(ready), 2)
    return [
        (
            title + "contributions and interval parts",
            ours,
            "that pipeline and shap.LinearExplainer, no intervals",
            pipeline + took,
        )
    ]


def fitting(refits: int) -> list[Row]:
    """Bootstrap refits of the ordered logit on the design of the model that ships."""
    try:
        from statsmodels.miscmodels.ordinal_model import OrderedModel  # noqa: PLC0415 - optional
    except ImportError:
        return []
    panel = ew.load_panel()
    cases = training_cases(panel.judgements)
    X = design(Timeline(panel, panel.judgements), cases, scored_indicators()).to_numpy(float)
    X = np.where(np.isnan(X), np.nanmean(X, axis=0), X)
    grade = cases["grade"].to_numpy(dtype=np.int64)
    width = X.shape[1]
    prior = Prior(np.zeros(width), np.eye(width))
    rng = np.random.default_rng(0)
    draws = rng.integers(0, len(X), (refits, len(X)))

    def ours() -> None:
        for draw in draws:
            fit_ordinal(X[draw], grade[draw], int(grade.max()) + 1, prior)

    def theirs() -> None:
        for draw in draws[:5]:
            OrderedModel(grade[draw], X[draw], distr="logit").fit(method="bfgs", disp=False)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = best(theirs, 1) * refits / 5
    name = f"statsmodels OrderedModel in a loop, without a prior (5 refits, times {refits // 5})"
    return [
        (f"{refits:,} refits, {len(X)} inspections x {width} columns", best(ours, 1), name, peer)
    ]


def page(rows: list[Row]) -> str:
    """The table, and on what it was measured."""
    intro = (
        "`python benchmarks/run.py` measures these again and rewrites this page. Each line is one "
        "run on one machine: the fastest of a few calls of ours, and of the peer on the same data. "
        "A ratio above 1 says how many times as long the peer takes. `score_batch` also checks "
        "every cell and writes the texts, which no peer does."
    )
    slowed = ", with OPENBLAS_CORETYPE set" if "OPENBLAS_CORETYPE" in os.environ else ""
    used = ", ".join(f"{name} {number}" for name, number in versions().items())
    machine = (
        f"Measured on {os.cpu_count()} cores ({platform.machine()}), "
        f"Python {platform.python_version()}, {used}{slowed}."
    )
    lines = [
        "# Benchmarks",
        "",
        intro,
        "",
        machine,
        "",
        "| what | ours, s | against | theirs, s | ratio |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {what} | {ours:.2f} | {peer} | {theirs:.2f} | {theirs / ours:.2f} |"
        for what, ours, peer, theirs in rows
    ]
    return "\n".join(lines) + "\n"


def versions() -> dict[str, str]:
    """What took part."""
    found = {}
    for name in ("numpy", "pandas", "pyarrow", "scikit-learn", "shap", "statsmodels"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--refits", type=int, default=1_000)
    chosen = parser.parse_args()
    rows = [*scoring(chosen.rows, 0.0), *scoring(chosen.rows, 0.1), *fitting(chosen.refits)]
    text = page(rows)
    print(text)
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
