"""What can't be a path is refused at every door, and never a traceback."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from earlywarn.authorities import Register
from earlywarn.errors import EarlyWarnError, PanelError
from earlywarn.export.tables import write_table
from earlywarn.judgements.reading import read_judgements
from earlywarn.model.serialisation import load_model, save_model
from earlywarn.panel.panel import load_panel
from earlywarn.scoring.batch import score_batch
from earlywarn.serving.batch_file import score_file
from earlywarn.sources.folder import read_folder
from earlywarn.utils.paths import as_path

BAD: list[Any] = [
    "x" * 300 + ".csv", "a\0b.csv", "a/" * 3000 + "b.csv", "é" * 200, 5, object(), b"a.csv",
    ["a.csv"], float("nan"), "", "\ud800.csv",
]  # fmt: skip
MODEL = load_model()
DOORS: dict[str, Callable[[Any], object]] = {
    "register": Register.load,
    "figures": read_folder,
    "judgements": read_judgements,
    "model": load_model,
    "panel": load_panel,
    "table": lambda path: write_table(pd.DataFrame({"a": [1]}), path),
    "save": lambda path: save_model(MODEL, path),
    "batch": lambda path: score_file(path, "out.csv", MODEL),
    "out": lambda path: score_file("in.csv", path, MODEL),
}


@pytest.mark.parametrize("name", DOORS)
def test_every_door_refuses_what_is_no_path(name: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    for bad in BAD:
        with pytest.raises(EarlyWarnError):
            DOORS[name](bad)
    assert list(tmp_path.iterdir()) == []


def test_rows_in_a_file_of_no_possible_name_are_refused() -> None:
    for bad in BAD[:4]:
        with pytest.raises(EarlyWarnError, match="no file can have this name"):
            score_batch(bad, MODEL)


def test_a_path_comes_back() -> None:
    assert as_path("a/b.csv", "path") == as_path(Path("a", "b.csv"), "path") == Path("a", "b.csv")
    assert as_path("x" * 255, "path", PanelError).name == "x" * 255


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes in a folder")
def test_a_pipe_is_not_said_to_be_missing(tmp_path: Path) -> None:
    pipe = tmp_path / "rows.csv"
    os.mkfifo(pipe)
    for door in (score_batch, lambda path: score_file(path, tmp_path / "out.csv")):
        with pytest.raises(EarlyWarnError, match="not a file that can be kept"):
            door(pipe)
