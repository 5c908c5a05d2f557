"""What changed between two days: the parts add up exactly, and are named for what they are."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from earlywarn.errors import AuthorityError, ScoreError
from earlywarn.panel.panel import Panel
from earlywarn.scoring.changes import COLUMNS, what_changed
from earlywarn.scoring.explanation import explain
from earlywarn.scoring.national import score
from earlywarn.scoring.own_figures import with_figures


@pytest.fixture(scope="module")
def changes(model, national: Panel) -> pd.DataFrame:
    return what_changed(model, national.as_of("2022-12-31"), national.as_of("2025-12-31"))


def log_odds(risk: pd.Series) -> pd.Series:
    return np.log(risk / (1 - risk))


def test_the_parts_add_up_for_every_authority(changes):
    each = changes.groupby("la_code").agg(
        step=("change", "sum"), then=("risk_then", "first"), now=("risk_now", "first")
    )
    gap = each["step"] - (log_odds(each["now"]) - log_odds(each["then"]))
    assert len(each) == 151
    assert gap.abs().max() < 1e-9
    assert list(changes.columns) == list(COLUMNS)


def test_risk_and_rank_are_those_of_the_days(changes, model, national):
    for day, column in (("2022-12-31", "then"), ("2025-12-31", "now")):
        expected = score(model, national.as_of(day)).set_index("la_code")
        found = changes.drop_duplicates("la_code").set_index("la_code")
        for name in ("risk", "rank"):
            assert (found[f"{name}_{column}"] == expected[name].loc[found.index]).all()


def test_authorities_of_one_day_only_are_named(changes):
    assert changes.attrs["not_compared"] == ["909", "942", "943"]
    assert not set(changes["la_code"]) & {"909", "942", "943"}


def test_what_is_known_on_one_day_only_is_called_missing(changes):
    gaps = changes["value_then"].isna() | changes["value_now"].isna()
    figures = ~changes["part"].isin(["level", "judgement"])
    assert (changes.loc[figures & gaps, "part"] == "missing").all()
    assert (changes.loc[figures & ~gaps, "part"] == "indicator").all()
    assert {"level", "judgement", "indicator", "missing"} == set(changes["part"])


def test_own_figures_against_the_published_of_the_same_day(model, snapshot, indicators):
    more = indicators.loc["383", "agency_workers"] + 20
    newer = with_figures(snapshot, "Leeds", agency_workers=more)
    rows = what_changed(model, snapshot, newer, "Leeds")
    moved = rows[rows["change"].abs() > 1e-12]
    assert moved["indicator"].tolist() == ["agency_workers"]
    assert moved["sentence"].item().endswith("raised the risk")
    assert rows["risk_now"].iloc[0] > rows["risk_then"].iloc[0]
    others = what_changed(model, snapshot, newer).query("la_code != '383'")
    assert (others["change"] == 0).all()


def test_a_new_judgement_is_the_judgements_part(model, national):
    before = national.as_of("2025-12-31")
    worse = before.judgements["la_code"] == "383"
    grades = ["overall", "leadership", "help_and_protection", "in_care"]
    changed = before.judgements.copy()
    changed.loc[worse, grades] = "Inadequate"
    rows = what_changed(model, before, replace(before, judgements=changed), "383")
    moved = rows[rows["change"].abs() > 1e-12]
    assert set(moved["part"]) == {"judgement"}
    assert moved["change"].sum() > 0
    (sentence,) = moved["sentence"]
    grade = r"\w.* \(inspected from [-\d]+\)"
    assert re.fullmatch(f"Last judgement: {grade}, then Inadequate.*: raised the risk", sentence)


def test_the_last_judgement_is_one_fact_that_adds_up(changes, model, national):
    rows = changes[changes["part"] == "judgement"].set_index("la_code")
    assert rows["indicator"].unique().tolist() == ["last_inspection"]
    assert rows.index.is_unique
    assert len(rows) == 151
    for day, column in (("2022-12-31", "then"), ("2025-12-31", "now")):
        terms = explain(model, national.as_of(day))
        terms = terms[terms["family"] == "last inspection"]
        whole = terms.groupby("la_code")["contribution"].sum()
        gap = rows[f"contribution_{column}"] - whole.loc[rows.index]
        assert gap.abs().max() < 1e-12
        held = score(model, national.as_of(day)).set_index("la_code").loc[rows.index]
        said = held["previous_judgement"].fillna("none known")
        for code, grade in said.items():
            assert grade in rows.loc[code, "sentence"]
    same = rows["sentence"].str.contains("on both dates")
    assert 10 < same.sum() < 150
    assert (rows.loc[same, "change"].abs() < 1e-12).all()


def test_every_figure_has_its_unit_and_year(changes):
    figures = changes[changes["part"] == "indicator"]
    for row in figures.sample(400, random_state=1).to_dict("records"):
        for day in ("then", "now"):
            assert f"in {row[f'period_{day}']:.0f}" in row["sentence"]
        assert row["unit"].removeprefix("% ") in row["sentence"]
    gone = changes[changes["value_now"].isna() & changes["value_then"].notna()]
    gone = gone[gone["part"] == "missing"]
    now = r", then (?:no comparable figure|a suppressed count, of 1 to 5)"
    assert len(gone) > 10
    assert gone["sentence"].str.contains(now).all()


def test_worse_and_worsening_is_by_direction_and_neighbours(model, snapshot, indicators):
    leeds = indicators.loc["383"]
    typical = leeds["caseload"] - leeds["caseload_neighbour_gap"]
    own = {}
    for name, caseload in (("worse", typical + 8), ("better", typical - 8)):
        newer = with_figures(snapshot, "Leeds", caseload=max(caseload, 0.0))
        rows = what_changed(model, snapshot, newer, "Leeds").set_index("indicator")
        own[name] = bool(rows.loc["caseload", "worse_and_worsening"])
    assert own == {"worse": leeds["caseload"] < typical + 8, "better": False}


def test_days_by_themselves(model, national):
    rows = what_changed(authority="Leeds")
    newest = national.newest_publication
    assert rows["later"].unique().tolist() == [newest.isoformat()]
    by_date = what_changed(model, rows["earlier"].iloc[0], newest, ["383"])
    pd.testing.assert_frame_equal(rows, by_date)


def test_refusals(model, national):
    made = "Ask for Cumbria, of which it was made, or for a day from 2023-04-01 on"
    with pytest.raises(AuthorityError, match=made):
        what_changed(model, "2022-06-30", "2025-12-31", "Cumberland")
    with pytest.raises(ScoreError, match="the earlier date is after the later one"):
        what_changed(model, "2025-12-31", "2024-12-31")
    with pytest.raises(AuthorityError, match="Cumberland"):
        what_changed(model, "2022-12-31", "2025-12-31", "Cumberland")
