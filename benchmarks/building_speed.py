"""Building indicators for invented providers: seconds a million figures, and how they grow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from timing import Limit, Section, in_turn

import earlywarn as ew

YEARS = 12


def measure(sizes: tuple[int, ...]) -> Section:
    """Time ``build_indicators`` for each number of providers."""
    limits, pace = [], []
    for providers in sizes:
        snapshot = invented(providers)
        figures = len(snapshot.observations)
        rounds = 3 if figures < 10**7 else 1
        took = in_turn({"build": lambda given=snapshot: ew.build_indicators(given)}, rounds)[
            "build"
        ]
        pace.append(took / figures * 10**6)
        what = f"{providers:,} providers x {YEARS} years, {figures:,} figures"
        limits.append(Limit(f"{what}: seconds a million figures", pace[-1], "s"))
    times = f"{sizes[-1] // sizes[0]:,} times as many providers"
    growth = pace[-1] / pace[0]
    limits.append(Limit(f"{times}: time a figure, as a multiple (linear is 1)", growth, "x", 1.5))
    return Section("Building indicators", lines=[], limits=limits, left_out=[])


def invented(providers: int) -> ew.Snapshot:
    """What the newest snapshot holds of each measure, drawn for invented providers."""
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
        },
        copy=False,
    )
    return replace(snapshot, observations=figures, authorities=pd.DataFrame({"la_code": codes}))
