"""Whole commands that people wait for, against an older version and a bare read of the files."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from timing import Limit, Line, Section, in_turn

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parents[1]
COMMANDS: dict[str, tuple[list[str], float]] = {
    "backtest": (["backtest"], 3.0),
    "train": (["train", "--out", "{out}/model"], 3.0),
    "report": (["report", "--out", "{out}/all.html"], 2.0),
    "report --authority Leeds": (
        ["report", "--authority", "Leeds", "--out", "{out}/one.html"],
        5.0,
    ),
    "explain Leeds": (["explain", "Leeds"], 2.0),
}
"""The arguments of each command, and its target speed as a multiple of the old one."""
LONG = frozenset({"backtest"})
"""Commands that are run once: minutes of them are steady enough."""


def measure(before: Path | None, published: Path | None, commands: list[str]) -> Section:
    """Time each command, and also with an older checkout if there is one.

    Parameters
    ----------
    before : Path or None
        A checkout of an older version.
    published : Path or None
        A folder of published files, for ``build``.
    commands : list of str
        Which of ``COMMANDS`` to run.
    """
    lines, limits = [], []
    for name in commands:
        words, aim = COMMANDS[name]
        calls: dict[str, Callable[[], object]] = {"ours": lambda words=words: _run(HERE, words)}
        if before is not None:
            calls["before"] = lambda words=words: _run(before, words)
        found = in_turn(calls, 1 if name in LONG else 2)
        if before is None:
            limits.append(Limit(f"`{name}`", found["ours"], "s"))
        else:
            old = "an older version"
            lines.append(Line(f"`{name}`", found["ours"], old, found["before"], aim))
    if published is not None:
        lines += _build(published)
    left_out = [] if published else ["`build`: no folder of published files (--published FOLDER)"]
    if before is None:
        left_out.append("an older version: no checkout of one (--before FOLDER)")
    return Section("Commands", lines, limits, left_out)


BARE = """
import sys, warnings
from pathlib import Path
import pandas as pd

warnings.simplefilter("ignore")  # what a workbook holds beside its cells
for file in sorted(Path(sys.argv[1]).rglob("*.*")):
    if file.suffix == ".csv":
        pd.read_csv(file, dtype="str", encoding="latin-1")
    elif file.suffix == ".parquet":
        pd.read_parquet(file)
    elif file.suffix in {".ods", ".xlsx"}:
        pd.read_excel(file, sheet_name=None, header=None, dtype="str")
"""
"""Only read, with pandas, what ``build`` reads, in a separate process like ``build``."""


def _build(published: Path) -> list[Line]:
    """Reading the published files into a panel, against only reading them."""
    tables = sorted(published.rglob("*.csv"))
    bare = [sys.executable, "-c", BARE, str(published)]
    found = in_turn(
        {
            "ours": lambda: _run(HERE, ["build", str(published), "--out", "{out}/panel"]),
            "bare": lambda: subprocess.run(bare, check=True),  # noqa: S603 - the code above
            "text": lambda: [
                pd.read_csv(table, dtype="str", encoding="latin-1") for table in tables
            ],
        },
        2,
    )
    name, whole = "`build` of the published files", "a process in which pandas reads the same files"
    text = f"pandas reading the {len(tables)} CSV files alone as text, already started"
    return [
        Line(name, found["ours"], whole, found["bare"], 1 / 5),
        Line(name, found["ours"], text, found["text"]),
    ]


def _run(version: Path, words: list[str]) -> None:
    """Run a command of a version, with its results in a temporary folder."""
    with tempfile.TemporaryDirectory() as out:
        given = [word.replace("{out}", out) for word in words]
        command = [sys.executable, "-W", "ignore", "-m", "earlywarn", *given]
        place = {**os.environ, "PYTHONPATH": str(version / "src")}
        subprocess.run(command, check=True, capture_output=True, env=place)  # noqa: S603 - our own
