"""The benchmarks still run: tiny sizes, every subject, and a page whose numbers were measured."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"
SIZES = {
    "rows": [200],
    "providers": [30, 60],
    "refits": [2],
    "inspections": [60],
    "starts": [1],
    "seconds": [0.2],
    "file-rows": [200],
    "commands": ["explain Leeds"],
}
SLOW = ("shap", "interpret", "mord", "statsmodels", "polars")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    out = tmp_path_factory.mktemp("benchmarks") / "page.md"
    sizes = [part for name, size in SIZES.items() for part in (f"--{name}", *map(str, size))]
    command = [sys.executable, FOLDER / "run.py", *sizes, "--out", out, "--without", *SLOW]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    text = out.read_text(encoding="utf-8")
    assert done.stdout.strip() == text.strip()
    return text


def test_every_subject_is_there(page: str) -> None:
    titles = re.findall(r"^## (.+)$", page, flags=re.MULTILINE)
    assert titles == [
        "The aims",
        "The service",
        "Scoring rows",
        "Files of rows",
        "Commands",
        "Building indicators",
        "Refitting the model",
        "A cold start",
    ]


def test_each_ratio_is_that_of_its_line(page: str) -> None:
    table = r"^\| .+ \| ([\d.e-]+) \| .+ \| ([\d.e-]+) \| ([\d.e-]+) \|$"
    rows = re.findall(table, page, flags=re.MULTILINE)
    assert len(rows) == 21
    assert not re.search(r"\| \d+ \| [\d.e-]+ \| [\d.e-]+ \|$", page, flags=re.MULTILINE)
    for ours, theirs, ratio in (map(float, row) for row in rows):
        assert ours > 0
        assert ratio == pytest.approx(theirs / ours, rel=0.03)


def test_peers_that_took_no_part_are_named(page: str) -> None:
    for package in SLOW:
        assert f"- {package}: left out on request" in page


def test_an_aim_is_reached_or_not_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(FOLDER)
    timing, pages = (importlib.import_module(name) for name in ("timing", "page"))
    section = timing.Section(
        "Tea",
        [
            timing.Line("boiling", 1.0, "a kettle", 5.0, aim=4.0),
            timing.Line("pouring", 1.0, "a pot", 3.0, aim=4.0),
            timing.Line("drinking", 2.4, "a cup", 1.0, aim=0.4),
            timing.Line("washing", 2.6, "a sink", 1.0, aim=0.4),
            timing.Line("waiting", 1.0, "a clock", 1.0),
        ],
        [timing.Limit("sitting", 2.1, "s", 2.0), timing.Limit("standing", 1.9, "s", 2.0)],
        [],
    )
    assert pages.page([section]).split("## Tea")[0].splitlines()[-7:-1] == [
        "| boiling: 5 times as fast as a kettle | at least 4 times as fast | yes |",
        "| pouring: 3 times as fast as a pot | at least 4 times as fast | **no** |",
        "| drinking: 2.4 times as long as a cup | at most 2.5 times as long | yes |",
        "| washing: 2.6 times as long as a sink | at most 2.5 times as long | **no** |",
        "| sitting: 2.1 s | at most 2 s | **no** |",
        "| standing: 1.9 s | at most 2 s | yes |",
    ]


def test_the_fastest_of_runs_in_turn_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(FOLDER)
    timing = importlib.import_module("timing")
    clock = iter([0.0, 5.0, 10.0, 17.0, 20.0, 22.0, 30.0, 39.0])
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(clock))
    order: list[str] = []
    calls = {name: (lambda name=name: order.append(name)) for name in ("ours", "theirs")}
    assert timing.in_turn(calls, 2) == {"ours": 2.0, "theirs": 7.0}
    assert order == ["ours", "theirs", "ours", "theirs"]


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="memory is told by Linux")
def test_building_at_scale_is_compared_and_measured(tmp_path: Path) -> None:
    pytest.importorskip("dask", reason="Dask is not installed")
    out = tmp_path / "page.md"
    command = [sys.executable, FOLDER / "building_at_scale.py", "--providers", "60"]
    subprocess.run([*command, "--workers", "1", "--out", out], check=True, capture_output=True)  # noqa: S603
    rows = re.findall(r"^\| .+ \| ([\d,]+) \| \d+ \|$", out.read_text("utf-8"), flags=re.MULTILINE)
    assert len(rows) == 2
    assert all(50 < int(peak.replace(",", "")) < 2_000 for peak in rows)


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="memory is told by Linux")
def test_the_memory_of_batch_can_be_measured(tmp_path: Path) -> None:
    out = tmp_path / "page.md"
    command = [sys.executable, FOLDER / "memory.py", "--rows", "500", "--endings", ".csv"]
    subprocess.run([*command, "--jobs", "1", "--out", out], check=True, capture_output=True)  # noqa: S603
    row = r"^\| 500 \| \.csv \| 1 \| ([\d,]+) \| \d+ \|$"
    (peak,) = re.findall(row, out.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert 50 < int(peak.replace(",", "")) < 2_000
