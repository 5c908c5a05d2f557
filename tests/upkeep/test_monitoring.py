"""One look at everything that ages."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from experiments.prospective import DOCS
from tests.fetching.example import example
from tests.fetching.replica import serving

import earlywarn as ew
from earlywarn.cli import main
from earlywarn.errors import DataQualityWarning, UsageError
from earlywarn.scoring.freshness import freshness, records_of
from earlywarn.serving.http_models import out_of_date
from earlywarn.upkeep.monitoring import Monitored

REGISTER = DOCS / "register"


def statuses(found: Monitored) -> dict[str, str]:
    return {item.what: item.status for item in found.items}


def sentence(found: Monitored, what: str) -> str:
    return next(item.sentence for item in found.items if item.what == what)


def test_all_is_well_on_a_day_soon_after(national: ew.Panel, model: ew.RiskModel) -> None:
    found = ew.monitor(panel=national, model=model, register=REGISTER, day="2026-08-31")
    assert set(statuses(found).values()) == {"ok"}
    assert {"source C1", "source CSWW", "judgements", "drift", "forecast"} <= set(statuses(found))
    assert not found.needs_attention
    assert found.days_to_sunset == 720


def test_what_is_late_needs_attention(national: ew.Panel, model: ew.RiskModel) -> None:
    found = ew.monitor(panel=national, model=model, register=REGISTER, day="2028-07-01")
    status = statuses(found)
    assert {status["source C1"], status["source ONS"], status["judgements"]} == {"attention"}
    assert status["life of the model"] == "attention"
    assert "50 days left" in sentence(found, "life of the model")
    assert "more than a quarter ago: one is due" in sentence(found, "forecast")
    after = ew.monitor(panel=national, model=model, day="2028-08-21")
    assert "has passed: retrain it" in sentence(after, "life of the model")


def test_a_source_is_late_a_month_after_its_day(national: ew.Panel, model: ew.RiskModel) -> None:
    for day, status in (("2026-11-30", "ok"), ("2026-12-01", "attention")):
        assert statuses(ew.monitor(panel=national, model=model, day=day))["source C1"] == status


@pytest.mark.parametrize(
    "day", ["2026-08-31", "2026-09-01", "2026-11-20", "2026-11-21", "2026-12-01", "2027-04-01"]
)
def test_every_door_calls_the_same_sources_overdue(
    national: ew.Panel, model: ew.RiskModel, day: str
) -> None:
    """What `explain` and the service say of a day, a scheduler's look says too, word for word."""
    found = ew.monitor(panel=national, model=model, day=day)
    said = out_of_date(records_of(freshness(model, national.as_of(day))))
    aging = [item for item in found.items if item.what.startswith(("source", "judg", "neigh"))]
    assert {item.sentence for item in aging if item.status == "attention"} == set(said)


def test_a_table_a_year_behind_those_of_its_series(national: ew.Panel, model: ew.RiskModel) -> None:
    rows = national.observations
    without = replace(national, observations=rows[rows["source"] != "D3 2025"])
    found = ew.monitor(panel=without, model=model, day="2026-08-31")
    late = [item.what for item in found.items if item.status == "attention"]
    assert late == ["source D3"]
    assert "the latest year is 2024" in sentence(found, "source D3")


def test_a_panel_without_judgements_needs_attention(
    national: ew.Panel, model: ew.RiskModel
) -> None:
    none = replace(national, judgements=national.judgements.head(0))
    found = ew.monitor(panel=none, model=model, day="2026-08-31")
    assert (statuses(found)["judgements"], sentence(found, "judgements")) == (
        "attention",
        "there are none",
    )


def test_a_register_that_was_changed_is_named(
    national: ew.Panel, model: ew.RiskModel, tmp_path: Path
) -> None:
    shutil.copytree(REGISTER, tmp_path / "register")
    file = tmp_path / "register" / "0002.csv"
    file.write_text(file.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    found = ew.monitor(
        panel=national, model=model, register=tmp_path / "register", day="2026-08-31"
    )
    assert statuses(found)["register of forecasts"] == "attention"
    assert "entry 0002.csv was changed" in sentence(found, "register of forecasts")


def test_the_command_writes_for_both_and_ends_with_a_code_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["monitor", "--out", str(tmp_path / "look"), "--register", str(REGISTER)]
    assert main([*command, "--day", "2026-08-31"]) == 0
    document = json.loads((tmp_path / "look" / "monitor.json").read_text(encoding="utf-8"))
    assert document["needs_attention"] is False
    assert main([*command, "--day", "2028-07-01"]) == 3
    document = json.loads((tmp_path / "look" / "monitor.json").read_text(encoding="utf-8"))
    assert document["needs_attention"] is True
    assert {item["status"] for item in document["items"]} == {"ok", "attention"}
    page = (tmp_path / "look" / "monitor.md").read_text(encoding="utf-8")
    first = next(line for line in page.splitlines() if line.startswith("| source"))
    assert "| attention |" in first
    assert "attention: source C1" in capsys.readouterr().out
    assert main([*command, "--day", "soon"]) == 2
    assert main([*command, "--day", "1800-01-01"]) == 2
    assert "nothing was known yet" in capsys.readouterr().err


def test_files_that_are_new_are_fetched_and_built_once(tmp_path: Path, model: ew.RiskModel) -> None:
    with serving(example(tmp_path)) as service:
        with pytest.warns(DataQualityWarning, match="only 4 authorities"):
            found = ew.monitor(
                files=tmp_path / "files", fetch=True, model=model, services=service.addresses
            )
        assert found.refreshed is not None
        assert "12 new, 0 already there; the panel was built" in sentence(found, "published files")
        asked = len(service.asked)
        again = ew.monitor(files=tmp_path / "files", model=model)
        assert again.refreshed is None
        assert len(service.asked) == asked
    with pytest.raises(UsageError, match="no folder to fetch into"):
        ew.monitor(fetch=True)
