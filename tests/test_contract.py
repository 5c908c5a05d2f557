"""What other systems may rely on: the front door, and what it does not load."""

from __future__ import annotations

import inspect
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import earlywarn as ew
from earlywarn import errors

NAMES = [
    "load_panel",
    "read_published",
    "load_judgements",
    "build_indicators",
    "train",
    "load_model",
    "save_model",
    "score",
    "explain",
    "score_batch",
    "with_figures",
    "backtest",
    "RiskClassifier",
    "RiskModel",
    "Panel",
    "Snapshot",
    "EarlyWarnError",
]
HEAVY = ("sklearn", "matplotlib", "scipy", "pyarrow", "odf", "openpyxl", "python_calamine")
WORK = """
import earlywarn as ew
model, snapshot = ew.load_model(), ew.load_panel().as_of("2024-06-30")
ew.score(model, snapshot), ew.explain(model, snapshot, "Leeds")
ew.score_batch([{"la_code": "383", "rereferrals": 31.0}], model, explain=True)
"""


def loaded_after(code: str, folder: Path) -> set[str]:
    """Run a program of its own and say which packages it loaded."""
    report = "\nimport sys\nprint('loaded:', *sorted({name.split('.')[0] for name in sys.modules}))"
    found = subprocess.run(  # noqa: S603 - our own interpreter, our own text
        [sys.executable, "-c", code + report],
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    return set(found.stdout.split("loaded:")[-1].split())


@pytest.mark.parametrize("name", NAMES)
def test_front_door(name: str) -> None:
    assert callable(getattr(ew, name))
    assert name in dir(ew)
    assert name in ew.__all__


def test_no_other_name() -> None:
    with pytest.raises(AttributeError, match="no attribute 'scores'"):
        _ = ew.scores


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("load_panel", ["path"]),
        ("read_published", ["folder"]),
        ("load_judgements", ["path"]),
        ("build_indicators", ["snapshot"]),
        ("train", ["panel", "judgements", "until", "target"]),
        ("load_model", ["path"]),
        ("save_model", ["model", "path"]),
        ("score", ["model", "snapshot"]),
        ("explain", ["model", "snapshot", "authorities", "la_code"]),
        ("score_batch", ["rows", "model", "explain", "errors", "snapshot"]),
        ("with_figures", ["snapshot", "authority", "figures"]),
    ],
)
def test_signatures(name: str, parameters: list[str]) -> None:
    assert list(inspect.signature(getattr(ew, name)).parameters)[: len(parameters)] == parameters


def test_importing_loads_nothing_heavy(tmp_path: Path) -> None:
    loaded = loaded_after("import earlywarn", tmp_path)
    assert "earlywarn" in loaded
    assert loaded.isdisjoint({*HEAVY, "pandas", "numpy"})
    assert list(tmp_path.iterdir()) == []


def test_scoring_loads_no_learner_and_no_plotting(tmp_path: Path) -> None:
    """From another working directory, with all that ships; pandas itself may load pyarrow."""
    loaded = loaded_after(WORK, tmp_path)
    assert "pandas" in loaded
    assert loaded.isdisjoint(set(HEAVY) - {"pyarrow"})
    assert list(tmp_path.iterdir()) == []


def test_what_ships_from_another_directory(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    panel, judgements, model = ew.load_panel(), ew.load_judgements(), ew.load_model()
    assert len(panel.observations) > 50_000
    assert len(judgements) > 400
    assert list(judgements.columns)[:9] == [
        "la_code",
        "framework",
        "inspection_start",
        "published_on",
        "overall",
        "leadership",
        "help_and_protection",
        "in_care",
        "care_leavers",
    ]
    assert model.info["target"]["name"] == "any_inadequate"
    assert list(tmp_path.iterdir()) == []


ERRORS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, errors.EarlyWarnError)
]


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_errors_pickle(kind: type[errors.EarlyWarnError]) -> None:
    error = kind("wrong", where="here", found="this", expected="that", remedy="Mend it.")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(again) is kind
    assert str(again) == str(error) == "here: wrong: found this; expected that. Mend it."
    assert again.as_dict() == error.as_dict()


def test_there_are_errors_to_pickle() -> None:
    assert len(ERRORS) > 8
