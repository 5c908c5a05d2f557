"""New failures apart from re-inspections: counts by hand, and every case in one of the two."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from tests.helpers import backtests

from earlywarn.evaluation.performance import evaluate
from earlywarn.evaluation.populations import (
    AGAIN,
    ALL,
    NEW,
    lists_of_new,
    new_events,
    new_failures,
    populations,
)
from earlywarn.evaluation.watchlist import list_record


@pytest.fixture(scope="module")
def forecasts() -> pd.DataFrame:
    return backtests.toy().forecasts


def test_every_case_is_a_new_one_or_a_re_inspection(forecasts):
    table = populations(forecasts).set_index(["window", "population"])
    assert {"all", "development", "confirmation"} <= set(table.index.get_level_values("window"))
    for window, part in table.groupby("window"):
        rows = part.droplevel("window")
        for column in ("n", "events", "expected"):
            total = rows.loc[NEW, column] + rows.loc[AGAIN, column]
            assert rows.loc[ALL, column] == pytest.approx(total), (window, column)


def test_populations_by_hand(forecasts):
    row = populations(forecasts).set_index(["window", "population"]).loc[("all", AGAIN)]
    ours = forecasts[(forecasts["model"] == "earlywarn") & (forecasts["last_grade"] == 3)]
    assert (row["n"], row["events"]) == (len(ours), ours["label"].sum())
    assert row["observed_expected"] == pytest.approx(ours["label"].sum() / ours["risk"].sum())
    assert row["lower"] < row["observed_expected"] < row["upper"]
    few = stats.poisson_binom.cdf if hasattr(stats, "poisson_binom") else None
    if few is not None:
        assert row["as_few"] == pytest.approx(few(row["events"], ours["risk"].to_numpy()))
    assert row["as_few"] + row["as_many"] > 1


def test_no_order_is_measured_by_fewer_than_five_events(forecasts):
    ours = forecasts[(forecasts["model"] == "earlywarn") & (forecasts["lead_months"] == 0)]
    events, others = ours[ours["label"] == 1], ours[ours["label"] == 0]
    for count in (0, 1, 4):
        table = populations(pd.concat([events.head(count), others]))
        assert table["auc"].isna().all(), count
        assert table.loc[0, "events"] == count
    table = populations(pd.concat([events.head(5), others])).set_index(["window", "population"])
    assert table.loc[("all", ALL), "auc"] > 0


def test_places_are_counted_among_those_not_yet_inadequate(forecasts):
    new = new_failures(forecasts)
    assert (new["last_grade"] != 3).all()
    assert new["last_grade"].isna().any()
    assert (new["list_rank"] <= forecasts.loc[new.index, "list_rank"]).all()
    found = evaluate(new, resamples=0).records.set_index(["window", "model"])
    ours = new[(new["model"] == "earlywarn") & (new["window"] == "development")]
    assert found.loc[("development", "earlywarn"), "n"] == len(ours)


def test_an_authority_already_inadequate_is_on_no_list_of_new_failures():
    lists = backtests.toy().lists
    kept = lists_of_new(lists)
    assert kept["rank"].isna().sum() == lists["rank_new"].isna().sum() > 0
    assert list_record(kept)["listings"].max() <= list_record(lists)["listings"].max()


def test_events_of_authorities_already_inadequate_are_left_out(forecasts):
    judgements = backtests.toy().judgements
    events = new_events(forecasts, judgements)
    old = forecasts[(forecasts["last_grade"] == 3) & (forecasts["model"] == "earlywarn")]
    assert len(events) == judgements["label"].sum() - old["label"].sum() > 0


def test_a_random_list_is_measured_by_its_expectation(forecasts):
    ours = forecasts[forecasts["model"] == "earlywarn"]
    drawn = ours.assign(model="random list", score=np.arange(len(ours), dtype=float))
    found = evaluate(pd.concat([ours, drawn]), resamples=20)
    row = found.records.set_index(["window", "model"]).loc[("development", "random list")]
    assert row["auc"] == row["auc_lower"] == row["auc_upper"] == 0.5
    assert row["recall_top20pct"] == pytest.approx(0.2)
    assert row["recall_at_26"] == pytest.approx(26 / 150)
    assert row["precision_at_26"] == pytest.approx(row["events"] / row["n"])
    assert row["lift_at_26"] == pytest.approx(1)
    assert np.isnan(row["p_value_at_26"])
