"""Groups with exact limits, how far lists move, and what counting otherwise would gain."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from tests.helpers import backtests

from earlywarn.errors import EarlyWarnError
from earlywarn.evaluation.fairness import groups, recounted, steadiness
from earlywarn.indicators.catalogue import get_indicator, model_column
from earlywarn.scoring.preprocessing import model_indicators, read_rows


@pytest.fixture(scope="module")
def forecasts() -> pd.DataFrame:
    return backtests.toy().forecasts


def garwood(events: int) -> tuple[float, float]:
    """Exact 95% limits of a Poisson mean, from the chi-squared distribution."""
    lower = stats.chi2.ppf(0.025, 2 * events) / 2 if events else 0.0
    return lower, stats.chi2.ppf(0.975, 2 * events + 2) / 2


def test_limits_are_those_of_garwood(forecasts):
    table = groups(forecasts)
    assert len(table) > 10
    for row in table.to_dict("records"):
        lower, upper = garwood(int(row["events"]))
        assert row["lower"] == pytest.approx(lower / row["expected"], rel=1e-6)
        assert row["upper"] == pytest.approx(upper / row["expected"], rel=1e-6)
        assert row["observed_expected"] == pytest.approx(row["events"] / row["expected"])
        assert row["lower"] <= row["observed_expected"] <= row["upper"]


def test_groups_by_hand(forecasts):
    table = groups(forecasts).set_index(["window", "kind", "group"])
    ours = forecasts[forecasts["model"] == "earlywarn"]
    part = ours[(ours["window"] == "development") & (ours["region"] == "London")]
    row = table.loc[("development", "region", "London")]
    assert (row["n"], row["events"]) == (len(part), part["label"].sum())
    assert row["expected"] == pytest.approx(part["risk"].sum())
    assert row["brier"] == pytest.approx(((part["risk"] - part["label"]) ** 2).mean())


def test_every_kind_of_group_holds_every_case_once(forecasts):
    table = groups(forecasts)
    assert set(table["kind"]) == {
        *("region", "type", "deprivation fifth", "size fifth", "last judgement")
    }
    cases = forecasts[forecasts["model"] == "earlywarn"].groupby("window").size()
    for (window, _), n in table.groupby(["window", "kind"])["n"].sum().items():
        assert n == cases[window]


def test_fifths_are_of_the_country_on_the_day(forecasts):
    # A year in which every inspected authority was among the least deprived of the day.
    low = forecasts.assign(deprivation_rank=0.15)
    table = groups(low)
    fifths = table[table["kind"] == "deprivation fifth"]
    assert set(fifths["group"]) == {"1 of 5"}
    ours = forecasts[forecasts["model"] == "earlywarn"]
    highest = ours[ours["deprivation_rank"] > 0.8]
    table = groups(forecasts)
    found = table[(table["kind"] == "deprivation fifth") & (table["group"] == "5 of 5")]
    assert found["expected"].sum() == pytest.approx(highest["risk"].sum())


def test_no_case_without_a_group_is_lost(forecasts):
    holes = forecasts.index % 7 > 0
    unknown = forecasts.assign(
        **{name: forecasts[name].where(holes) for name in ("children_rank", "region", "last_grade")}
    )
    table = groups(unknown)
    cases = forecasts[forecasts["model"] == "earlywarn"].groupby("window").size()
    for (window, kind), n in table.groupby(["window", "kind"])["n"].sum().items():
        assert n == cases[window], kind
    for kind in ("size fifth", "region", "last judgement"):
        assert "not known" in set(table.loc[table["kind"] == kind, "group"])


def test_another_model_and_other_leads_are_left_out(forecasts):
    longer = forecasts.assign(lead_months=12, risk=0.9)
    both = pd.concat([forecasts, longer], ignore_index=True)
    pd.testing.assert_frame_equal(groups(both), groups(forecasts))
    other = groups(forecasts, model="previous judgement")
    assert (other["expected"] - groups(forecasts)["expected"]).abs().max() > 0.1


def test_steadiness_by_hand():
    ranks = {"2017-10-01": [1, 2, 3], "2018-01-01": [3, 2, 1], "2018-04-01": [3, 1, 2]}
    lists = pd.DataFrame(
        [
            {"as_of": day, "model": "earlywarn", "la_code": code, "rank": rank}
            for day, places in ranks.items()
            for code, rank in zip(("301", "302", "303"), places, strict=True)
        ]
    )
    found = steadiness(lists)
    assert found["as_of"].tolist() == ["2018-01-01", "2018-04-01"]
    assert found["refitted"].tolist() == [True, False]
    assert found["median_move"].tolist() == [2.0, 1.0]
    assert found["largest_move"].tolist() == [2.0, 1.0]
    assert found["rank_correlation"].tolist() == pytest.approx([-1.0, 0.5])


def test_an_authority_that_is_new_does_not_count_as_moved():
    lists = pd.DataFrame(
        {
            "as_of": ["2019-01-01"] * 2 + ["2019-04-01"] * 3,
            "model": "earlywarn",
            "la_code": ["301", "302", "301", "302", "839"],
            "rank": [1, 2, 1, 2, 3],
        }
    )
    assert steadiness(lists)["largest_move"].tolist() == [0.0]


def test_counting_otherwise_lowers_the_risk(model, indicators):
    X = indicators.assign(as_of="2025-12-31").set_index("as_of", append=True)
    found = recounted(model, X)
    known = X[model_column(get_indicator("rereferrals"))].notna().to_numpy()
    assert found["la_code"].tolist() == indicators.index.tolist()
    assert (found["risk_if"] <= found["risk"]).all()
    assert (found["risk_if"] < found["risk"])[known].all()
    assert (found["rank_if"] >= found["rank"]).all()
    assert sorted(found["rank"]) == list(range(1, len(found) + 1))
    values = read_rows(model, indicators.reset_index(drop=True))
    np.testing.assert_array_equal(found["risk"], model.risk(values.values))


def test_the_gain_is_the_weight(model, indicators):
    X = indicators.assign(as_of="2025-12-31").set_index("as_of", append=True)
    found = recounted(model, X, "reviews_in_time", by=2.0)
    names = [record.id for record in model_indicators(model)]
    weight = abs(model.coefficients[names.index("reviews_in_time")])
    known = X["reviews_in_time_z"].notna().to_numpy()
    odds = np.log(found["risk"] / (1 - found["risk"]))
    odds_if = np.log(found["risk_if"] / (1 - found["risk_if"]))
    assert known.sum() > 100
    full = X[[model_column(record) for record in model_indicators(model)]].notna().all(axis=1)
    assert (odds - odds_if)[full.to_numpy()].to_numpy() == pytest.approx(2 * weight)


def test_an_unknown_indicator_is_told(model, indicators):
    with pytest.raises(EarlyWarnError, match="happiness"):
        recounted(model, indicators, "happiness")
