"""The register that stands in docs/register: its replay gives the prospective test's figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from experiments.prospective import DOCS, FIGURES, MODEL

import earlywarn as ew
from earlywarn.cli import main
from earlywarn.upkeep.chain import REPLAY, read_register
from earlywarn.upkeep.publishing import BY_ALL
from earlywarn.upkeep.verifying import Verification
from experiments import prospective

REGISTER = DOCS / "register"
SAME = {
    "n": "inspections",
    "observed": "seen",
    "expected": "expected",
    "chance_of_as_few": "chance_of_as_few",
    "chance_of_as_many": "chance_of_as_many",
    "auc": "auc",
    "auc_of_the_model_less_this": "model_less_this",
    "brier": "brier",
    "brier_skill": "brier_skill",
    "log_skill": "log_skill",
}
"""A figure of the prospective test, and its name here."""
SPANS = {
    "auc_interval": ("auc_lower", "auc_upper"),
    "difference_interval": ("less_lower", "less_upper"),
}


@pytest.fixture(scope="module")
def replayed() -> Verification:
    return ew.verify(REGISTER)


@pytest.mark.parametrize("event", ["inadequate", "below_good"])
@pytest.mark.parametrize("name", ["earlywarn", *BY_ALL])
def test_the_replay_gives_the_figures_of_the_prospective_test(
    replayed: Verification, event: str, name: str
) -> None:
    kept = json.loads(FIGURES.read_text(encoding="utf-8"))
    theirs: dict[str, Any] = kept["groups"]["53 new"]["leads"]["0"][name][event]
    rows = replayed.figures[replayed.figures["kind"] == REPLAY]
    ours = rows.set_index(["event", "model"]).loc[(event, name)]
    for there, here in SAME.items():
        assert ours[here] == pytest.approx(theirs[there], rel=1e-5, abs=1e-9), there
    for there, names in SPANS.items():
        limits = [np.nan if one is None else one for one in theirs[there]]
        assert list(ours[list(names)]) == pytest.approx(limits, rel=1e-5, nan_ok=True), there


def test_the_headline_is_what_the_page_says(replayed: Verification) -> None:
    rows = replayed.figures[replayed.figures["kind"] == REPLAY].set_index(["event", "model"])
    ours = rows.loc[("inadequate", "earlywarn")]
    assert (ours["inspections"], ours["seen"]) == (53, 1)
    assert ours["expected"].round(1) == 6.4
    assert ours["chance_of_as_few"].round(3) == 0.007
    assert rows.loc[("below_good", "earlywarn"), "auc"].round(2) == 0.75


def test_every_forecast_is_that_of_the_prospective_test(replayed: Verification) -> None:
    kept = prospective.read_forecasts()
    kept = kept[(kept["new"] == 1) & (kept["lead_months"] == 0)]
    kept = kept[kept["last_judgement"] == prospective.AS_OF_DAY]
    theirs = kept.set_index(["model", "la_code"])
    replay = replayed.cases[replayed.cases["kind"] == REPLAY].set_index("la_code")
    assert len(replay) == 53
    for name in ("earlywarn", *BY_ALL):
        own = theirs.loc[name].loc[replay.index]
        assert replay[name].tolist() == own["risk"].tolist()
        assert replay[f"{name}, below Good"].tolist() == own["below_good_risk"].tolist()
    assert replay["rank"].tolist() == theirs.loc["earlywarn"].loc[replay.index, "rank"].tolist()


def test_the_first_entry_is_a_replay_and_the_second_of_the_day_it_was_written() -> None:
    entries, faults = read_register(REGISTER)
    assert not faults
    first, second = (entry.facts for entry in entries[:2])
    assert first["kind"] == "replay, computed afterwards"
    assert first["model"] == MODEL
    assert first["from"] < "2025-04-01" < first["as_of"] < first["written"]
    assert second["kind"] == "published"
    assert second["as_of"] >= "2026-08-20"
    assert len(entries[1].forecasts) == 153


def test_the_page_of_the_register_says_what_the_first_entry_is() -> None:
    text = (Path(REGISTER) / "README.md").read_text(encoding="utf-8")
    assert "computed afterwards" in text


def test_the_command_writes_the_same_for_machines(
    replayed: Verification, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "found.json"
    assert main(["verify", str(REGISTER), "--out", str(file)]) == 0
    document = json.loads(file.read_text(encoding="utf-8"))
    assert document["entries"] == replayed.entries
    assert len(document["cases"]) == len(replayed.cases)
    first = document["figures"][0]
    assert first["expected"] == replayed.figures["expected"].iloc[0]
    assert first["auc_lower"] is None
    assert "6.4 expected" in capsys.readouterr().out
    assert main(["verify", str(REGISTER), "--out", str(file)]) == 2
