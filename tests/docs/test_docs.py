"""The documents say what the program does: their commands run, their outputs are today's."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import re
import shlex
from pathlib import Path

import pytest
from tools.documents import (
    DOCUMENTS,
    FENCE,
    ROOT,
    RUN,
    blocks_of,
    having,
    run,
    shell_commands,
    today,
)

import earlywarn as ew
from earlywarn.model import training
from earlywarn.sources.lait import ITEMS
from earlywarn.sources.layouts import LAYOUTS

SOURCE = ROOT / "src" / "earlywarn"
NOT_RUN = (
    "python -m pip",
    "python -m pytest",
    "python -m build",
    "python -m venv",
    "python -m sphinx",
    "python -m tools.update_docs",
    ".ci/run",
    ". .venv",
    "git",
    "cd",
)
"""Commands that install or test: .ci/run runs them from a fresh clone."""
PLACES = ("FOLDER", "PANEL")
"""What a reader puts names for; commands with them need the published files."""


# --- the tests -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DOCUMENTS)
def test_document_is_there_and_its_links_lead_somewhere(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)\s]+)\)", re.sub(FENCE, "", text))
    broken = [
        link
        for link in links
        if not link.startswith(("http", "#", "mailto:"))
        and not ((ROOT / name).parent / link.split("#")[0]).exists()
    ]
    assert not broken, f"{name} points to {', '.join(broken)}"


@pytest.mark.parametrize("name", having("console", "pycon"))
def test_outputs_are_those_of_today(name: str, tmp_path: Path) -> None:
    found, expected = (ROOT / name).read_text(encoding="utf-8"), today(name, tmp_path)
    assert found.split("\n") == expected.split("\n"), (
        "python -m tools.update_docs writes them again"
    )


@pytest.mark.parametrize("name", having("python"))
def test_python_blocks_run_one_after_the_other(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in blocks_of(name, "python"):
        exec(compile(block.text, name, "exec"), names)  # noqa: S102


@pytest.mark.parametrize("name", having("sh"))
def test_shell_blocks_run(name: str, tmp_path: Path) -> None:
    for command in shell_commands(name):
        assert command.startswith((RUN, *NOT_RUN)), f"{name}: what is {command!r}?"
        if command.startswith(RUN) and not any(place in command for place in PLACES):
            run(command, tmp_path)


def test_commands_on_published_files_run(
    real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With all refits tests/model/test_training.py trains the model that ships.
    monkeypatch.setattr(ew, "train", functools.partial(training.train, refits=20))
    commands = [
        command
        for name in having("sh")
        for command in shell_commands(name)
        if command.startswith(RUN) and any(place in command for place in PLACES)
    ]
    assert any("build FOLDER" in command for command in commands)
    for command in dict.fromkeys(commands):
        for made in re.findall(r"--out (\S+)", command):
            (tmp_path / made).parent.mkdir(parents=True, exist_ok=True)
        run(command.replace("FOLDER", shlex.quote(str(real_data))), tmp_path)


def test_readme_has_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert "python -m pip install . && python -m earlywarn score" in text
    assert 'python -m pip install -e ".[test]" && python -m pytest' in text


def test_readme_lists_every_command(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `(\w+)[^`]*` \|", text, re.MULTILINE))
    there = set(re.findall(r"^    (\w+)(?:\s|$)", run(f"{RUN} --help", tmp_path), re.MULTILINE))
    assert told == there - {"COMMAND"}
    assert {"score", "explain", "train"} <= told


def test_readme_lists_every_public_name() -> None:
    listed = importlib.import_module("earlywarn").__all__
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    lacking = [name for name in listed if name != "__version__" and f"`{name}`" not in text]
    assert not lacking, f"README.md does not name {', '.join(lacking)}"


def told_constants() -> dict[str, str]:
    text = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `([\w.()]+)` \| `([^`]+)` \|", text, re.MULTILINE))


def constant(name: str) -> object:
    """A constant by ``module.NAME``, ``module.Class.field`` or ``module.function(parameter)``."""
    path, _, parameter = name.rstrip(")").partition("(")
    parts = path.split(".")
    depth = 1 if (SOURCE / f"{parts[0]}.py").is_file() else 2
    value: object = importlib.import_module(".".join(["earlywarn", *parts[:depth]]))
    for part in parts[depth:]:
        value = getattr(value, part)
    return inspect.signature(value).parameters[parameter].default if parameter else value  # type: ignore[arg-type]


def test_methods_tells_the_constants_of_the_code() -> None:
    told = told_constants()
    needed = {
        "model.base_rate.HALF_LIFE",
        "model.base_rate.PSEUDO_CASES",
        "model.base_rate.DAMPING",
        "model.base_rate.STEPS",
        "model.training.REFITS",
        "indicators.standardise.REACH",
        "indicators.standardise.FEWEST",
        "scoring.national.TOP_K",
        "scoring.predictions.BANDS",
    }
    weight_prior = importlib.import_module("earlywarn.model.prior").WeightPrior
    needed |= {
        f"model.prior.WeightPrior.{name}" for name in inspect.signature(weight_prior).parameters
    }
    assert needed <= set(told), f"docs/methods.md does not tell {', '.join(needed - set(told))}"
    wrong = {
        name: (value, constant(name))
        for name, value in told.items()
        if ast.literal_eval(value) != constant(name)
    }
    assert not wrong


def test_data_document_names_every_table_and_measure() -> None:
    text = (ROOT / "docs" / "data-and-sources.md").read_text(encoding="utf-8")
    measures = {measure.name for layout in LAYOUTS for measure in layout.measures}
    names = measures | {item.measure for item in ITEMS} | {layout.table for layout in LAYOUTS}
    assert len(names) > 30
    lacking = sorted(name for name in names if f"`{name}`" not in text)
    assert not lacking, f"docs/data-and-sources.md does not name {', '.join(lacking)}"


def test_ci_runs_the_test_command_of_the_readme() -> None:
    text = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "set -euo pipefail" in text
    assert re.search(r"^python -m pytest$", text, re.MULTILINE)
