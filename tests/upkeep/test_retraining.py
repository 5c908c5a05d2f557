"""A challenger against the champion."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

import earlywarn as ew
from earlywarn.upkeep.retraining import RULE


def test_a_challenger_is_held_against_the_champion_on_what_neither_saw(tmp_path: Path) -> None:
    panel = ew.load_panel()
    champion = ew.train(panel, panel.judgements, until="2022-12-31", refits=20)
    done = ew.retrain(panel, against=champion, out=tmp_path / "new", refits=20)
    assert done.figures["model"].tolist() == ["champion", "challenger"]
    assert done.figures["inspections"].nunique() == 1
    assert done.proposal == ("replace" if done.checks["passed"].all() else "keep")
    assert done.checks["number"].tolist() == [1, 2, 3, 4]
    parts = done.changes.groupby("la_code")
    step = parts["change"].sum()
    risks = parts[["risk_champion", "risk_challenger"]].first()
    odds = np.log(risks / (1 - risks))
    assert np.allclose(odds["risk_challenger"] - odds["risk_champion"], step, atol=1e-9)
    scores = ew.score(champion, panel.as_of(panel.newest_publication)).set_index("la_code")["risk"]
    assert np.allclose(risks["risk_champion"], scores.reindex(risks.index), atol=1e-9)
    line = json.loads((tmp_path / "new" / "lineage.json").read_text(encoding="utf-8"))
    assert line["parent"] == champion.info["model_id"]
    assert line["rule"] == RULE
    assert ew.load_model(tmp_path / "new").info["model_id"] == line["model"]
