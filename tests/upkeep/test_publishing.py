"""The register of forecasts: what was written stands, and is held against what came."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import earlywarn as ew
from earlywarn.cli import main
from earlywarn.errors import RegisterError
from earlywarn.upkeep.chain import append_entry
from earlywarn.upkeep.publishing import BASELINES, chances_of_counts

DAYS = ("2025-04-01", "2025-10-01", "2026-04-01")


def forecasts(seed: int) -> pd.DataFrame:
    risks = np.random.default_rng(seed).uniform(0.01, 0.4, (3, 1 + len(BASELINES))).round(4)
    table = pd.DataFrame(risks, columns=["risk", *BASELINES])
    table.insert(0, "la_code", ["201", "202", "203"])
    return table


@pytest.fixture
def register(tmp_path: Path) -> Path:
    for seed, day in enumerate(DAYS):
        facts = {"kind": "published", "as_of": day, "target": "any_inadequate"}
        append_entry(tmp_path / "register", facts, forecasts(seed))
    return tmp_path / "register"


def change(folder: Path) -> None:
    file = folder / "0002.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("202,0.", "202,0.1"), encoding="utf-8")


def change_the_last(folder: Path) -> None:
    file = folder / "0003.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("202,0.", "202,0.1"), encoding="utf-8")


def reorder(folder: Path) -> None:
    first = (folder / "0001.csv").read_bytes()
    shutil.copy(folder / "0002.csv", folder / "0001.csv")
    (folder / "0002.csv").write_bytes(first)


def remove_with_its_line(folder: Path) -> None:
    (folder / "0002.csv").unlink()
    lines = (folder / "chain.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "chain.csv").write_text("".join(lines[:2] + lines[3:]), encoding="utf-8")


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (change, "entry 0002.csv was changed"),
        (change_the_last, "entry 0003.csv was changed"),
        (reorder, "0001.csv holds entry 2: the entries were reordered"),
        (lambda folder: (folder / "0002.csv").unlink(), "entry 0002.csv was removed"),
        (remove_with_its_line, "place 2 holds entry 3: reordered or gone"),
        (
            lambda folder: shutil.copy(folder / "0003.csv", folder / "0004.csv"),
            "entry 0004.csv was slipped in",
        ),
    ],
)
def test_what_was_done_to_a_register_is_named(
    register: Path, act: Callable[[Path], object], said: str
) -> None:
    assert ew.verify(register).entries == 3
    act(register)
    with pytest.raises(RegisterError, match=said):
        ew.verify(register)
    with pytest.raises(RegisterError, match=said):
        append_entry(register, {"as_of": "2026-09-01"}, forecasts(9))


def test_each_inspection_is_held_against_the_last_entry_before_it(register: Path) -> None:
    came = ew.load_judgements().iloc[:3].copy()
    came["la_code"] = ["201", "202", "203"]
    came["inspection_start"] = [date(2025, 10, 1), date(2025, 10, 2), date(2025, 3, 1)]
    found = ew.verify(register, came)
    assert found.cases["entry"].tolist() == [1, 2]
    assert found.cases["lead_days"].tolist() == [183, 1]
    ours = found.figures.iloc[0]
    assert ours["expected"] == pytest.approx(
        forecasts(0).loc[0, "risk"] + forecasts(1).loc[1, "risk"]
    )
    assert set(found.figures["model"]) == {"earlywarn", *BASELINES}


def test_a_day_is_published_once(register: Path) -> None:
    with pytest.raises(RegisterError, match="this day or a later one"):
        append_entry(register, {"as_of": DAYS[-1]}, forecasts(1))


def test_the_ends_of_lines_are_no_change(register: Path) -> None:
    file = register / "0001.csv"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert ew.verify(register).entries == 3


def test_chances_of_counts_by_hand() -> None:
    assert chances_of_counts(np.array([0.1, 0.2])) == pytest.approx([0.72, 0.26, 0.02])


def test_the_commands_publish_and_verify(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = str(tmp_path / "register")
    assert main(["publish", "--to", place, "--as-of", "2025-04-01", "--replay"]) == 0
    text = (tmp_path / "register" / "0001.csv").read_text(encoding="utf-8")
    assert "# kind: replay, computed afterwards\n" in text
    assert "# before: none\n" in text
    assert main(["verify", place]) == 0
    assert "1 entries, none changed" in capsys.readouterr().out
    assert main(["verify", str(tmp_path)]) == 2
