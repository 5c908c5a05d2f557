"""The documents say what the program does: their commands run, their outputs are today's.

``python tests/docs/test_docs.py`` writes the outputs in the documents.
"""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import io
import re
import shlex
import sys
import tempfile
import warnings
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from earlywarn.cli.parser import main
from earlywarn.sources.lait import ITEMS
from earlywarn.sources.layouts import LAYOUTS

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "earlywarn"
DOCUMENTS = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docs/design.md",
    "docs/methods.md",
    "docs/data-and-sources.md",
    "docs/assumptions.md",
    "models/README.md",
)
RUN = "python -m earlywarn"
NOT_RUN = (
    "python -m pip",
    "python -m pytest",
    "python -m build",
    "python -m venv",
    "python -m sphinx",
    "python tests/docs/test_docs.py",
    ".ci/run",
    ". .venv",
    "git",
    "cd",
)
"""Commands that install or test: .ci/run runs them from a fresh clone."""
PLACES = ("FOLDER", "PANEL")
"""What a reader puts names for; commands with them need the published files."""


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the rest of its first line, and its text."""

    kind: str
    options: str
    text: str
    start: int
    end: int


FENCE = re.compile(r"^```(\w+)(.*)\n((?:.*\n)*?)```$", re.MULTILINE)


def blocks_of(name: str, *kinds: str) -> list[Block]:
    found = FENCE.finditer((ROOT / name).read_text(encoding="utf-8"))
    blocks = [Block(m[1], m[2].strip(), m[3], m.start(3), m.end(3)) for m in found]
    return [block for block in blocks if not kinds or block.kind in kinds]


def having(*kinds: str) -> list[str]:
    return [name for name in DOCUMENTS if (ROOT / name).is_file() and blocks_of(name, *kinds)]


# --- what is run ---------------------------------------------------------------------------------


def run(command: str, folder: Path) -> str:
    """The output of one ``python -m earlywarn`` command on a terminal 120 columns wide.

    It is run in this process: a new one for each would load pandas each time.
    """
    told, complained = io.StringIO(), io.StringIO()
    with (
        chdir(folder),
        pytest.MonkeyPatch.context() as patched,
        redirect_stdout(told),
        redirect_stderr(complained),
        warnings.catch_warnings(),
    ):
        patched.setenv("COLUMNS", "120")
        warnings.simplefilter("default")
        code = main(shlex.split(command.removeprefix(RUN)))
    assert code == 0, f"{command}\n{complained.getvalue()}"
    return told.getvalue()


def excerpt(output: str, options: str) -> str:
    """The lines asked for, with an ellipsis for what is left out.

    ``lines=1-14,Lowers+5`` asks for lines 1 to 14, and for five from the first that starts so.
    """
    lines = [line.rstrip() for line in output.rstrip("\n").split("\n")]
    chosen = re.search(r"lines=(\S+)", options)
    spans = [_span(part, lines) for part in chosen[1].split(",")] if chosen else [(0, len(lines))]
    parts = ["\n".join(lines[first:last]) for first, last in spans]
    return "\n...\n".join(parts) + ("\n...\n" if spans[-1][1] < len(lines) else "\n")


def _span(part: str, lines: list[str]) -> tuple[int, int]:
    if "+" in part:
        word, count = part.split("+")
        first = next(place for place, line in enumerate(lines) if line.startswith(word))
        return first, first + int(count)
    first, last = part.split("-")
    return int(first) - 1, int(last)


def console_text(block: Block, folder: Path) -> str:
    """A ``console`` block as it should be: its command after the dollar sign, and the output."""
    command = block.text.split("\n", 1)[0].removeprefix("$ ")
    assert command.startswith(RUN), f"a console block shows {command!r}"
    return f"$ {command}\n{excerpt(run(command, folder), block.options)}"


def pycon_text(block: Block, names: dict[str, object]) -> str:
    """A ``pycon`` block as it should be: each statement, and what it prints."""
    written = []
    for example in doctest.DocTestParser().get_examples(block.text):
        printed = io.StringIO()
        with redirect_stdout(printed):
            exec(compile(example.source, "<document>", "single"), names)  # noqa: S102
        first, *rest = example.source.rstrip("\n").split("\n")
        written += [f">>> {first}", *(f"... {line}" for line in rest)]
        written += [line.rstrip() for line in printed.getvalue().rstrip("\n").split("\n") if line]
    return "\n".join(written) + "\n"


def today(name: str, folder: Path) -> str:
    """A document with the outputs of today."""
    text, names, pieces, at = (ROOT / name).read_text(encoding="utf-8"), {}, [], 0
    for block in blocks_of(name, "console", "pycon"):
        console = block.kind == "console"
        told = console_text(block, folder) if console else pycon_text(block, names)
        pieces += [text[at : block.start], told]
        at = block.end
    return "".join([*pieces, text[at:]])


def shell_commands(name: str) -> list[str]:
    """The single commands of a document's ``sh`` blocks, comments left out."""
    lines = "".join(block.text for block in blocks_of(name, "sh")).splitlines()
    parts = [part.split("  #")[0].strip() for line in lines for part in line.split("&&")]
    return [part for part in parts if part and not part.startswith("#")]


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
        "python tests/docs/test_docs.py writes them again"
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


def test_commands_on_published_files_run(real_data: Path, tmp_path: Path) -> None:
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
        "scoring.national.BANDS",
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


def _write_anew() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name in having("console", "pycon"):
            text = today(name, Path(folder))
            (ROOT / name).write_text(text, encoding="utf-8", newline="\n")
            sys.stdout.write(f"{name}: outputs of today\n")


if __name__ == "__main__":
    _write_anew()
