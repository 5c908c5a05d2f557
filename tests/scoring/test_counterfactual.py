"""What would have to change for a band to change: exact, smallest, within bounds, never demand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from earlywarn.errors import AuthorityError, IndicatorError, ModelError, ScoreError
from earlywarn.indicators.build import build_indicators
from earlywarn.indicators.catalogue import (
    INDICATORS,
    get_indicator,
    model_column,
    scored_indicators,
)
from earlywarn.panel.panel import Snapshot
from earlywarn.scoring.counterfactual import (
    ACTIONABLE,
    COLUMNS,
    NOT_ACTIONABLE,
    what_would_change,
    with_figures,
)
from earlywarn.scoring.national import score
from earlywarn.scoring.predictions import BANDS

NAMES = [name for _, name in BANDS]


@pytest.fixture(scope="module")
def scores(model, snapshot) -> pd.DataFrame:
    return score(model, snapshot).set_index("la_code")


@pytest.fixture(scope="module")
def near(scores) -> str:
    """The authority that lies closest above the second band's edge: one figure is enough for it."""
    edge = BANDS[0][0] * scores["prior"].iloc[0]
    above = scores.loc[scores["risk"] > edge, "risk"]
    return str(above.idxmin())


@pytest.fixture(scope="module")
def found(model, snapshot, near) -> pd.DataFrame:
    return what_would_change(model, snapshot, near)


def rescored(model, snapshot: Snapshot, code: str, rows: pd.DataFrame) -> pd.Series:
    figures = dict(zip(rows["indicator"], rows["value_to"], strict=True))
    return score(model, with_figures(snapshot, code, figures)).set_index("la_code").loc[code]


def test_the_columns_and_what_is_told_of_today(found, scores, near):
    assert list(found.columns) == list(COLUMNS)
    assert set(found["way"]) == {"alone", "together"}
    assert found["risk"].unique().tolist() == [scores.loc[near, "risk"]]
    assert found["band"].unique().tolist() == [scores.loc[near, "band"]]


def test_each_single_change_is_what_score_says_of_the_changed_figures(model, snapshot, near, found):
    for _, row in found[found["way"] == "alone"].head(6).iterrows():
        told = rescored(model, snapshot, near, row.to_frame().T)
        assert told["risk"] == pytest.approx(row["risk_after"], rel=1e-12)
        assert told["risk_lower"] == pytest.approx(row["risk_after_lower"], rel=1e-12)
        assert told["risk_upper"] == pytest.approx(row["risk_after_upper"], rel=1e-12)
        assert told["band"] == row["band_after"]


@pytest.mark.parametrize("better", [True, False])
@pytest.mark.parametrize("name", ["Tameside", "Leeds"])
def test_the_steps_together_are_what_score_says(model, snapshot, scores, name, better):
    code = snapshot.existing_code(name)
    place = NAMES.index(scores.loc[code, "band"]) + (1 if better else -1)
    if not 0 <= place < len(NAMES):
        with pytest.raises(ScoreError, match="no band beyond"):
            what_would_change(model, snapshot, name, better=better)
        return
    rows = what_would_change(model, snapshot, name, better=better)
    together = rows[rows["way"] == "together"]
    told = rescored(model, snapshot, code, together)
    last = together.iloc[-1]
    assert told["risk"] == pytest.approx(last["risk_after"], rel=1e-12)
    assert told["band"] == last["band_after"]
    assert last["reached"] == (NAMES.index(told["band"]) == place)
    assert not together["reached"].iloc[:-1].any()


def test_it_is_the_first_published_figure_at_which_the_band_changes(model, snapshot, near, found):
    reached = found[(found["way"] == "alone") & found["reached"]]
    assert len(reached), "the authority nearest the edge can't be moved by one figure"
    for _, row in reached.head(3).iterrows():
        back = 0.1 * np.sign(row["value"] - row["value_to"])
        before = row.to_frame().T.assign(value_to=round(row["value_to"] + back, 1))
        assert rescored(model, snapshot, near, before)["band"] == row["band"]
    assert reached["moved_sd"].is_monotonic_increasing


def test_a_figure_moves_only_towards_the_asked_side_and_within_what_was_seen(snapshot, found):
    figures = snapshot.observations
    for row in found.to_dict("records"):
        sign = get_indicator(row["indicator"]).sign
        assert np.sign(row["value_to"] - row["value"]) == -sign
        seen = figures[(figures["measure"] == row["indicator"]) & figures["value"].notna()]
        seen = seen.loc[seen["period"] == seen["period"].max(), "value"]
        assert sign * row["value_to"] >= sign * row["bound"]
        assert row["bound"] == seen.quantile(0.1 if sign > 0 else 0.9)
        assert row["risk_after"] < row["risk"]


def test_demand_and_the_past_are_left_alone_and_every_family_is_declared(found):
    families = {record.family for record in scored_indicators()}
    assert families == {*ACTIONABLE, *NOT_ACTIONABLE}
    assert set(found["family"]) <= set(ACTIONABLE)


def test_worse_is_the_other_side(model, snapshot):
    rows = what_would_change(model, snapshot, "Leeds", better=False)
    assert (rows["risk_after"] > rows["risk"]).all()
    unreached = rows[(rows["way"] == "alone") & ~rows["reached"]]
    assert unreached["risk_after"].is_monotonic_decreasing


def test_the_same_figures_change_nothing(model, snapshot, scores):
    row = build_indicators(snapshot).loc[("383", snapshot.as_of.isoformat())]
    same = {name: row[name] for name in ("rereferrals", "agency_workers", "reviews_in_time")}
    again = score(model, with_figures(snapshot, "Leeds", same)).set_index("la_code")
    pd.testing.assert_frame_equal(again.loc[scores.index], scores, check_exact=True)


def test_other_figures_touch_one_authority_and_leave_the_snapshot_as_it_was(snapshot, indicators):
    before = snapshot.observations.copy()
    changed = with_figures(snapshot, "383", {"caseload": 25.0})
    pd.testing.assert_frame_equal(snapshot.observations, before)
    X = build_indicators(changed).droplevel("as_of")
    assert X.loc["383", "caseload"] == 25.0
    others = X.index != "383"
    pd.testing.assert_series_equal(X["caseload"][others], indicators["caseload"][others])
    rows = changed.observations
    row = rows[(rows["la_code"] == "383") & (rows["measure"] == "caseload")].iloc[-1]
    assert row["numerator"] == pytest.approx(25.0 * row["denominator"])


def test_an_indicator_without_a_figure_of_the_newest_year_does_not_move(model, snapshot):
    rows = snapshot.observations
    mine = (rows["la_code"] == "383") & (rows["measure"] == "rereferrals")
    without = dataclasses.replace(
        snapshot, observations=rows[~(mine & (rows["period"] == rows.loc[mine, "period"].max()))]
    )
    assert "rereferrals" not in set(what_would_change(model, without, "Leeds")["indicator"])
    with pytest.raises(IndicatorError, match="no figure for the latest year"):
        with_figures(without, "Leeds", {"rereferrals": 20.0})


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ({"referral_rate": 300.0}, "not one published figure"),
        ({"previously_good": 1.0}, "not one published figure"),
        ({"rereferrals": 120.0}, "out of range"),
        ({"caseload": -1.0}, "out of range"),
        ({"rereferrals": float("nan")}, "out of range"),
        ({"nonsense": 1.0}, "no such indicator"),
    ],
)
def test_what_can_not_be_changed_is_refused(snapshot, figures, words):
    with pytest.raises(IndicatorError, match=words):
        with_figures(snapshot, "Leeds", figures)


def test_an_unknown_authority_and_a_model_without_a_prior_are_refused(model, snapshot):
    with pytest.raises(AuthorityError):
        what_would_change(model, snapshot, "Atlantis")
    bare = {name: fact for name, fact in model.info.items() if name != "prior"}
    with pytest.raises(ModelError, match="which share"):
        what_would_change(model.with_info(bare), snapshot, "Leeds")


def test_every_actionable_indicator_is_one_published_figure():
    for record in INDICATORS:
        if record.family in ACTIONABLE:
            assert record.measure == record.id
            assert not record.like_for_like
            assert model_column(record).endswith("_z")
