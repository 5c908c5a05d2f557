"""Build indicators for invented providers: seconds per million figures, and how they grow."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from timing import Limit, Line, Section, in_turn

import earlywarn as ew

YEARS = 12
HERE = Path(__file__).parent
LARGE = 100_000
"""From this many providers on, it should take half of the original 33 passes."""
HALF = 2.0
"""The target speed, as a multiple of an older version's."""
ALONE = """
import sys, time
sys.path.insert(0, sys.argv[1])
from building_speed import invented
import earlywarn as ew
snapshot = invented(int(sys.argv[2]))
start = time.perf_counter()
ew.build_indicators(snapshot)
print(time.perf_counter() - start)
"""
"""One build in a separate process, which prints how long it took."""
THE_LIMIT = "one pass of numpy over the figures: read three columns, multiply, add, write"


def measure(sizes: tuple[int, ...], before: Path | None = None) -> Section:
    """Time ``build_indicators`` for each number of providers; the largest by an older version too.

    Parameters
    ----------
    sizes : tuple of int
        Numbers of providers, ascending.
    before : Path, optional
        A checkout of an older version.
    """
    lines, limits, pace = [], [], []
    for providers in sizes:
        snapshot = invented(providers)
        figures = len(snapshot.observations)
        rounds = 3 if figures < 10**7 else 1
        found = in_turn(
            {
                # A new snapshot of the same figures, since a snapshot's indicators are built only
                # once.
                "build": lambda given=snapshot: ew.build_indicators(replace(given)),
                "one pass": lambda given=snapshot: one_pass(given.observations),
            },
            rounds,
        )
        took = found["build"]
        pace.append(took / figures * 10**6)
        what = f"{providers:,} providers x {YEARS} years, {figures:,} figures"
        limits.append(Limit(f"{what}: seconds a million figures", pace[-1], "s"))
        aim = 1 / 16.5 if providers >= LARGE else None
        lines.append(Line(what, took, THE_LIMIT, found["one pass"], aim))
    if before is not None:
        ours, old = (_alone(version, sizes[-1]) for version in (HERE.parent, before))
        what = f"{sizes[-1]:,} providers x {YEARS} years, in a process of its own"
        lines.append(Line(what, ours, "an older version", old, HALF))
    times = f"{sizes[-1] // sizes[0]:,} times as many providers"
    growth = pace[-1] / pace[0]
    limits.append(Limit(f"{times}: time a figure, as a multiple (linear is 1)", growth, "x", 1.5))
    return Section("Building indicators", lines, limits, left_out=[])


def _alone(version: Path, providers: int) -> float:
    """The seconds that a version takes."""
    command = [sys.executable, "-W", "ignore", "-c", ALONE, str(HERE), str(providers)]
    place = {**os.environ, "PYTHONPATH": str(version / "src")}
    found = subprocess.run(command, check=True, capture_output=True, env=place)  # noqa: S603 - our own
    return float(found.stdout)


def invented(providers: int) -> ew.Snapshot:
    """The latest snapshot's figures for each measure, drawn for invented providers."""
    panel = ew.load_panel()
    snapshot = panel.as_of(panel.newest_publication)
    rng = np.random.default_rng(0)
    usual = snapshot.observations.groupby("measure")[["denominator", "value"]].median().fillna(100)
    newest = int(snapshot.observations["period"].max())
    codes = pd.array([f"P{number:06}" for number in range(providers)], dtype="str")
    places = np.indices((len(usual), YEARS, providers)).reshape(3, -1)
    measure, year, provider = places
    around = np.abs(rng.normal(1.0, 0.2, len(measure)))
    figures = pd.DataFrame(
        {
            "la_code": codes.take(provider),
            "measure": pd.array(usual.index, dtype="str").take(measure),
            "period": newest - year,
            "numerator": np.nan,
            "denominator": usual["denominator"].to_numpy()[measure],
            "value": usual["value"].to_numpy()[measure] * around,
            "status": pd.array(["published"], dtype="str").take(np.zeros_like(measure)),
        },
        copy=False,
    )
    return replace(snapshot, observations=figures, authorities=pd.DataFrame({"la_code": codes}))


def one_pass(figures: pd.DataFrame) -> object:
    """The limit: read every number once, multiply, add, write."""
    total = np.zeros(len(figures))
    for name in ("numerator", "denominator", "value"):
        total += figures[name].to_numpy() * 0.5
    return total
