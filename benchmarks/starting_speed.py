"""A cold start: the whole process of ``python -m earlywarn score``, against a peer's script."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import joblib
import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from timing import Limit, Line, Section, in_turn

import earlywarn as ew

PEER = "a script: pandas, a CSV of ready indicators, a pipeline that joblib loads, predict_proba"
SCRIPT = """
import sys, joblib, pandas as pd
rows = pd.read_csv(sys.argv[1], dtype={"la_code": "str"})
risk = joblib.load(sys.argv[2]).predict_proba(rows.drop(columns="la_code"))[:, 1]
print(rows.assign(risk=risk).sort_values("risk", ascending=False).to_string())
"""
LOADED = """
import earlywarn.cli.parser, sys
from importlib.metadata import packages_distributions
earlywarn.cli.parser.main(["score"])
others = (packages_distributions().keys() & sys.modules.keys()) - {"earlywarn"}
print(",".join(sorted(name for name in others if not name.startswith("_"))))
"""


def measure(rounds: int = 9) -> Section:
    """Time whole processes, and what remains without the imported packages."""
    with tempfile.TemporaryDirectory() as folder:
        peer, packages = _peer(Path(folder)), _packages()
        found = in_turn(
            {
                "ours": lambda: _run("-m", "earlywarn", "score"),
                "peer": lambda: _run(*peer),
                "packages": lambda: _run("-c", f"import {packages}"),
                "pandas": lambda: _run("-c", "import pandas"),
            },
            rounds,
        )
    command = "`python -m earlywarn score`, whole process"
    own = found["ours"] - found["packages"]
    return Section(
        "A cold start",
        [
            Line(command, found["ours"], PEER, found["peer"]),
            Line(command, found["ours"], "`import pandas`", found["pandas"], 1 / 1.3),
        ],
        [
            Limit(command, found["ours"], "s", 2.0),
            Limit("of which not spent on Python and importing other packages", own, "s", 0.4),
        ],
        left_out=[],
    )


def _peer(folder: Path) -> tuple[str, ...]:
    """What one would otherwise assemble: prepared rows, a stored pipeline, a short script."""
    panel = ew.load_panel()
    X = ew.build_indicators(panel.as_of(panel.newest_publication))
    model = ew.load_model()
    levels = X[list(model.columns)]
    label = model.risk(levels) > np.random.default_rng(0).random(len(levels)) / 4
    pipeline = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression())
    levels.reset_index("as_of", drop=True).to_csv(folder / "rows.csv")
    joblib.dump(pipeline.fit(levels, label), folder / "pipeline.joblib")
    (folder / "peer.py").write_text(SCRIPT, encoding="utf-8")
    return tuple(str(folder / name) for name in ("peer.py", "rows.csv", "pipeline.joblib"))


def _packages() -> str:
    """The third-party packages that the command has loaded when it finishes."""
    return _run("-c", LOADED).splitlines()[-1]


def _run(*arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own commands
        [sys.executable, *arguments], check=True, capture_output=True, encoding="utf-8"
    )
    return done.stdout
