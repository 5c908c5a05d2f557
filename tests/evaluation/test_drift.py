"""Drift: when the model should not be used, why, and how it is told."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import earlywarn as ew
from earlywarn.cli import parser as cli
from earlywarn.evaluation.drift import LOST, MOVED, drift
from earlywarn.scoring.preprocessing import model_indicators


def with_reference(model, record: str, **changes):
    info = dict(model.info)
    entry = {**info["reference"][record], **changes}
    return model.with_info({**info, "reference": {**info["reference"], record: entry}})


def without(snapshot, keep: float):
    """The snapshot with the figures of only so many measures."""
    measures = sorted(set(snapshot.observations["measure"]) - {"population_0_17"})
    lost = measures[round(keep * len(measures)) :]
    rows = snapshot.observations
    gone = rows["measure"].isin(lost)
    return dataclasses.replace(
        snapshot, observations=rows.assign(value=rows["value"].mask(gone),
                                           numerator=rows["numerator"].mask(gone))
    )  # fmt: skip


def test_the_front_door_is_the_function():
    assert ew.drift is drift


def test_today_is_like_the_days_it_learnt_from(model, snapshot):
    found = drift(model, snapshot)
    assert found.usable
    table = found.indicators
    assert table["indicator"].tolist() == [record.id for record in model_indicators(model)]
    assert table["weight"].sum() == pytest.approx(1.0)
    assert table["missing"].between(0, 1).all()
    expected = abs(model.coefficients[0]) / np.abs(model.coefficients).sum()
    assert table["weight"].iloc[0] == pytest.approx(expected)


def test_on_its_own_reference_date_nothing_has_moved(model, national):
    found = drift(model, national.as_of(model.info["reference_date"]))
    assert found.indicators["moved"].abs().max() < 1e-6


def test_after_the_sunset_it_should_not_be_used(model, national):
    last = model.info["sunset"]
    assert drift(model, national.as_of(last)).usable
    shorter = model.with_info({**model.info, "sunset": "2025-12-30"})
    found = drift(shorter, national.as_of("2025-12-31"))
    assert not found.usable
    assert found.reasons[0] == "the model is not to be used after 2025-12-30; retrain it"


def test_without_most_figures_it_should_not_be_used(model, snapshot):
    found = drift(model, without(snapshot, 0.1))
    lost = float(found.indicators["weight"] @ found.indicators["missing"])
    assert lost > LOST
    assert not found.usable
    assert f"{100 * lost:.0f}% of the model's weight has no figure" in found.reasons
    assert any(reason.startswith("mostly missing: ") for reason in found.reasons)


def test_one_lost_figure_is_told_and_does_not_stop_it(model, snapshot):
    rows = snapshot.observations
    kept = rows["value"].mask(rows["measure"] == "caseload")
    numerator = rows["numerator"].mask(rows["measure"] == "caseload")
    lost = dataclasses.replace(snapshot, observations=rows.assign(value=kept, numerator=numerator))
    found = drift(model, lost)
    verdicts = found.indicators.set_index("indicator")["verdict"]
    assert verdicts["caseload"] == "mostly missing"
    assert "mostly missing: caseload" in found.reasons
    assert found.usable


@pytest.mark.parametrize(("by", "verdict"), [(2.0, "moved"), (-2.0, "moved"), (0.5, "as before")])
def test_a_centre_that_moved_is_told(model, national, by, verdict):
    snapshot = national.as_of(model.info["reference_date"])
    entry = model.info["reference"]["rereferrals"]
    centre = entry["centre"] - by * np.sqrt(entry["tau2"])
    found = drift(with_reference(model, "rereferrals", centre=centre), snapshot)
    row = found.indicators.set_index("indicator").loc["rereferrals"]
    assert row["moved"] == pytest.approx(by, abs=1e-6)
    assert (row["verdict"], abs(by) > MOVED) == (verdict, verdict == "moved")
    assert ("moved: rereferrals" in found.reasons) == (verdict == "moved")
    assert found.usable


def test_without_a_reference_nothing_is_said_to_have_moved(model, snapshot):
    found = drift(model.with_info({**model.info, "reference": {}}), snapshot)
    assert found.indicators["moved"].isna().all()
    assert "moved" not in set(found.indicators["verdict"])


# --- the command ---------------------------------------------------------------------------------


def test_the_command_tells_the_table_and_the_verdict(capsys, model):
    assert cli.main(["drift", "--as-of", "2025-12-31"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for record in model_indicators(model):
        assert f"\n{record.id} " in out
    assert "2025-12-31" in out.replace("\n", " ")
    assert out.endswith("The model may be used.\n")


def test_the_command_says_when_to_stop_and_that_is_no_fault(capsys, model):
    assert cli.main(["drift", "--as-of", "2035-01-01"]) == 0
    out, _ = capsys.readouterr()
    assert f"not to be used after {model.info['sunset']}" in out.replace("\n", " ")
    assert out.endswith("The model should not be used.\n")


def test_the_command_fits_the_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert cli.main(["drift"]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_faults_of_the_command_are_one_line(capsys):
    assert cli.main(["drift", "--as-of", "soon"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
