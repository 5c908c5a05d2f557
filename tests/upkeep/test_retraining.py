"""A challenger against the champion, by a rule that was set before."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import earlywarn as ew
from earlywarn.errors import ModelLifeWarning, StoreError, UsageError
from earlywarn.evaluation.checks import CHECKS
from earlywarn.indicators.timeline import Timeline
from earlywarn.judgements.targets import get_target
from earlywarn.model.serialisation import from_text, to_text
from earlywarn.upkeep import retraining
from earlywarn.upkeep.retrained import UNCHANGED, Retrained, largest_changes, page, write_retrained
from earlywarn.upkeep.retraining import numbered_checks, risks_at_start
from earlywarn.upkeep.rule import FAULTS, KEEP, MARGIN, REPLACE, RULE, UNKNOWN, decide
from earlywarn.utils.progress import Progress

# The figures of one release are old by the newest publication: scores of that day say so.
pytestmark = pytest.mark.filterwarnings("ignore:on 20.* later releases were already due")

CUT = date(2023, 12, 31)


@pytest.fixture(scope="module")
def short() -> ew.Panel:
    """The figures of one release, each Inadequate from 2021 on and a quarter of the others."""
    panel = ew.load_panel()
    first = panel.observations["vintage"].min()
    rows = panel.observations[panel.observations["vintage"] == first]
    late = panel.judgements[panel.judgements["inspection_start"] >= date(2021, 6, 1)]
    chosen = (get_target("any_inadequate").label(late) == 1) | (np.arange(len(late)) % 4 == 0)
    few = late[chosen].reset_index(drop=True)
    return replace(panel, observations=rows.reset_index(drop=True), judgements=few)


def none_fails(*_: Any) -> pd.DataFrame:
    rows = [(number, "a check", "pass", "nothing") for number in range(1, 14)]
    return pd.DataFrame(rows, columns=["number", "title", "status", "sentence"])


@pytest.fixture(scope="module")
def trained(short: ew.Panel, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Retrained]:
    folder = tmp_path_factory.mktemp("retrained")
    champion = ew.train(short, short.judgements, until=CUT, refits=5)
    ew.save_model(champion, folder / "in-use")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retraining, "numbered_checks", none_fails)
        done = ew.retrain(
            short, against=folder / "in-use", out=folder / "new", replace_champion=True, refits=5
        )
    return folder, done


def test_both_are_measured_on_what_began_after_the_champions_cut(
    trained: tuple[Path, Retrained], short: ew.Panel
) -> None:
    _, done = trained
    late = short.judgements[short.judgements["inspection_start"] > CUT]
    assert set(done.figures["inspections"]) == {len(late)}
    assert (
        done.figures.groupby("event")["model"].apply(list).tolist()
        == [["champion", "challenger"]] * 2
    )
    # The same recipe and figures, stopped at the same day, is the same model.
    assert done.compared["worse"].abs().max() < 1e-9


def test_of_two_at_once_to_one_new_folder_one_is_refused(
    trained: tuple[Path, Retrained], tmp_path: Path
) -> None:
    _, done = trained
    write_retrained(done, tmp_path / "new", overwrite=False)
    with pytest.raises(UsageError, match="another run has written it meanwhile"):
        write_retrained(done, tmp_path / "new", overwrite=False)
    assert len(list((tmp_path / "new").iterdir())) == 3


def test_what_is_measured_is_what_score_gives(
    trained: tuple[Path, Retrained], short: ew.Panel
) -> None:
    _, done = trained
    late = short.judgements[short.judgements["inspection_start"] > CUT].iloc[[0, -1]]
    found = risks_at_start(done.champion, Timeline(short, short.judgements), late)
    for row, (code, start) in enumerate(
        zip(late["la_code"], late["inspection_start"], strict=True)
    ):
        scores = ew.score(done.champion, short.as_of(start)).set_index("la_code")
        assert found["inadequate"][row] == pytest.approx(scores.loc[code, "risk"], abs=1e-9)
        assert found["below good"][row] == pytest.approx(scores.loc[code, "below_good"], abs=1e-9)


def test_the_parts_of_the_changes_add_up_to_the_change(
    trained: tuple[Path, Retrained], short: ew.Panel
) -> None:
    _, done = trained
    parts = done.changes.groupby("la_code")
    step = parts["change"].sum()
    risks = parts[["risk_champion", "risk_challenger"]].first()
    odds = np.log(risks / (1 - risks))
    assert np.allclose(odds["risk_challenger"] - odds["risk_champion"], step, atol=1e-9)
    day = short.newest_publication
    for name, model in (("champion", done.champion), ("challenger", done.challenger)):
        past = pytest.warns(ModelLifeWarning) if name == "champion" else nullcontext()
        with past:
            scores = ew.score(model, short.as_of(day)).set_index("la_code")["risk"]
        assert np.allclose(risks[f"risk_{name}"], scores.reindex(risks.index), atol=1e-9)


def test_the_model_s_file_says_its_line(trained: tuple[Path, Retrained], short: ew.Panel) -> None:
    folder, done = trained
    line = ew.load_model(folder / "new").info["line"]
    assert [one["model"] for one in line] == [
        done.champion.info["model_id"],
        done.challenger.info["model_id"],
    ]
    assert line[1]["parent"] == line[0]["model"]
    assert line[1]["rule"] == RULE
    account = json.loads((folder / "new" / "retrained.json").read_text(encoding="utf-8"))
    assert account["line"] == line
    assert account["proposal"] == done.proposal
    page = (folder / "new" / "retrained.md").read_text(encoding="utf-8")
    assert f"**Proposed: {done.proposal}.** Reason: {done.reason}." in page


def test_where_nothing_changes_that_is_said(trained: tuple[Path, Retrained]) -> None:
    _, done = trained
    assert UNCHANGED not in page(done)
    assert len(largest_changes(done.changes)) == 15
    still = replace(done, changes=done.changes.assign(change=1e-7))
    assert largest_changes(still.changes).empty
    end = page(still).rpartition("## What would change")[2]
    assert UNCHANGED in end
    assert "|" not in end


def test_the_champion_is_kept_beside_the_challenger_that_took_its_place(
    trained: tuple[Path, Retrained],
) -> None:
    folder, done = trained
    assert done.proposal == REPLACE
    assert done.replaced
    in_use = ew.load_model(folder / "in-use")
    assert in_use.info["model_id"] == done.challenger.info["model_id"]
    kept = folder / "in-use" / f"{done.champion.info['model_id']}.json"
    assert ew.load_model(kept).info == done.champion.info


def test_what_can_t_be_replaced_is_refused_before_anything_is_trained(
    trained: tuple[Path, Retrained], short: ew.Panel
) -> None:
    with pytest.raises(UsageError, match="ships can't be replaced"):
        ew.retrain(short, replace_champion=True)
    with pytest.raises(UsageError, match="a model is there already"):
        ew.retrain(short, out=trained[0] / "new")


def test_a_line_that_is_none_is_refused(model: ew.RiskModel) -> None:
    for strange in ("me", [{"model": 3}], ["me"]):
        with pytest.raises(StoreError, match="line of the model"):
            from_text(to_text(model.with_info({**model.info, "line": strange})))


def compared(seen: Sequence[int], limits: tuple[float, float]) -> pd.DataFrame:
    return pd.DataFrame(
        {"event": ["inadequate", "below good"], "inspections": 60, "seen": seen, "worse": 0.0}
    ).assign(worse_lower=limits[0], worse_upper=limits[1])


ENOUGH, ALIKE = (5, 20), (-0.01, 0.01)


@pytest.mark.parametrize(
    ("failed", "seen", "limits", "unusable", "proposal"),
    [
        ([], ENOUGH, ALIKE, (), REPLACE),
        ([3, 4, 5, 6, 7, 10, 11], ENOUGH, ALIKE, (), REPLACE),
        *[([number], ENOUGH, ALIKE, (), KEEP) for number in FAULTS],
        ([], ENOUGH, (-0.01, MARGIN + 0.001), (), KEEP),
        ([], (4, 20), ALIKE, (), UNKNOWN),
        ([], (5, 56), ALIKE, (), UNKNOWN),
        ([], (0, 0), (np.nan, np.nan), (), UNKNOWN),
        ([], ENOUGH, (np.nan, np.nan), (), KEEP),
        ([], (0, 0), (np.nan, np.nan), ("it is past its life",), REPLACE),
        ([], (1, 20), (-0.1, 0.3), ("it is past its life",), REPLACE),
        ([], ENOUGH, (MARGIN + 0.001, 0.3), ("it is past its life",), KEEP),
        ([8], (0, 0), ALIKE, ("it is past its life",), KEEP),
    ],
)
def test_the_rule(
    failed: list[int],
    seen: tuple[int, int],
    limits: tuple[float, float],
    unusable: tuple[str, ...],
    proposal: str,
) -> None:
    assert decide(failed, compared(seen, limits), unusable=unusable).proposal == proposal


def test_the_rule_in_the_document_is_the_rule_in_force() -> None:
    text = (Path(__file__).parents[2] / "docs" / "how-to" / "retrain.md").read_text("utf-8")
    said = " ".join(text.split())
    for part in re.split(r" (?=\d\. )", RULE):
        assert part in said


def test_the_numbered_checks_are_those_of_the_record(
    trained: tuple[Path, Retrained], short: ew.Panel
) -> None:
    known = short.judgements[short.judgements["inspection_start"] < date(2025, 7, 1)]
    panel = replace(short, judgements=known)
    found = numbered_checks(panel, known, trained[1].challenger, 2025, Progress())
    assert found["number"].tolist() == list(CHECKS)
    status = found.set_index("number")["status"]
    assert status[1] == status[12] == "pass"
    assert set(status) <= {"pass", "fail", "not applicable"}
