"""An authority beside a group: values, ranks and tests against figures worked out another way."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from earlywarn.errors import AuthorityError, PanelError, ScoreError
from earlywarn.indicators.catalogue import INDICATORS, get_indicator
from earlywarn.scoring.comparison import COLUMNS, compare, neighbours
from earlywarn.scoring.own_figures import with_figures


@pytest.fixture(scope="module")
def leeds(snapshot) -> pd.DataFrame:
    return compare(snapshot, "Leeds").set_index("indicator")


def test_ten_neighbours_by_name(snapshot):
    table = neighbours(snapshot, "Leeds")
    rows = snapshot.neighbours.query("la_code == '383'").sort_values("rank")
    assert table["rank"].tolist() == list(range(1, 11))
    assert table["la_code"].tolist() == rows["neighbour_code"].tolist()
    assert table["la_name"].tolist()[0] == snapshot.register.name_of(table["la_code"][0])
    assert set(table["model"]) == {snapshot.neighbour_model}


def test_one_row_an_indicator(leeds, indicators):
    assert list(leeds.reset_index().columns.sort_values()) == sorted(COLUMNS)
    assert list(leeds.index) == [r.id for r in INDICATORS if r.kind != "history"]
    for name in leeds.index:
        assert leeds.loc[name, "value"] == pytest.approx(indicators.loc["383", name], nan_ok=True)


def test_the_groups_value_is_pooled_from_the_published_counts(snapshot, leeds):
    codes = neighbours(snapshot, "Leeds")["la_code"]
    rows = snapshot.observations.query("measure == 'rereferrals' and period == 2025")
    rows = rows[rows["la_code"].isin(codes)]
    pooled = 100 * rows["numerator"].sum() / rows["denominator"].sum()
    assert leeds.loc["rereferrals", "period"] == 2025
    assert leeds.loc["rereferrals", "group_pooled"]
    assert leeds.loc["rereferrals", "group_value"] == pytest.approx(pooled, abs=0.05)


def test_rank_and_quartile_go_from_best_to_worst(snapshot, indicators):
    codes = indicators.index.tolist()
    for name in ("caseload", "icpc_in_15_days"):
        best = get_indicator(name).sign
        values = indicators[name].dropna()
        found = {
            code: compare(snapshot, code, "England").set_index("indicator").loc[name]
            for code in (codes[3], (values * best).idxmin(), (values * best).idxmax())
        }
        assert found[(values * best).idxmin()]["rank"] == 1
        assert found[(values * best).idxmin()]["quartile"] == 1
        assert found[(values * best).idxmax()]["quartile"] == 4
        assert (values * best < values[codes[3]] * best).sum() + 1 == found[codes[3]]["rank"]


def test_significance_follows_from_the_limits(leeds):
    tested = leeds[leeds["significance"] != "not tested"]
    assert len(tested) > 15
    assert (tested["lower"] <= tested["value"]).all()
    assert (tested["value"] <= tested["upper"]).all()
    higher = tested["lower"] > tested["group_value"]
    lower = tested["upper"] < tested["group_value"]
    assert (
        tested["significance"] == np.select([higher, lower], ["higher", "lower"], "similar")
    ).all()
    signs = tested.index.map(lambda name: get_indicator(name).sign)
    worse = (higher & (signs > 0)) | (lower & (signs < 0))
    assert (tested["standing"] == "worse").tolist() == worse.tolist()
    assert (leeds.loc[["absence", "free_school_meals"], "significance"] == "not tested").all()


@pytest.mark.parametrize(
    ("with_", "name", "others"),
    [
        ("region", "Yorkshire and The Humber", 14),
        ("type", "metropolitan district", 35),
        ("England", "England", 152),
        (["Sheffield", "Bradf", "383"], "own list", 2),
        ("Sheffield, Newcastle", "own list", 2),
        ("Sheffield", "own list", 1),
        ("north east", "North East", 12),
    ],
)
def test_groups(snapshot, with_, name, others):
    rows = compare(snapshot, "Leeds", with_).set_index("indicator")
    assert set(rows["group"]) == {name}
    assert rows.loc["cin_rate", "of"] - 1 == rows.loc["cin_rate", "group_known"] == others


def test_own_figures_are_compared_and_marked(snapshot, leeds):
    newer = with_figures(snapshot, "Leeds", rereferral_count=4500, referrals=9000)
    rows = compare(newer, "Leeds").set_index("indicator")
    assert rows.index[rows["own"]].tolist() == ["referral_rate", "rereferrals"]
    assert rows.loc["rereferrals", "value"] == 50
    assert rows.loc["rereferrals", "standing"] == "worse"
    assert rows.loc["rereferrals", "group_value"] == leeds.loc["rereferrals", "group_value"]


def test_refusals(snapshot, national):
    with pytest.raises(ScoreError, match=r"not a group.*neighbours, region, type, England"):
        compare(snapshot, "Leeds", "friends")
    with pytest.raises(ScoreError, match="no one to compare with"):
        compare(snapshot, "Leeds", ["383"])
    with pytest.raises(AuthorityError, match="Atlantis"):
        compare(snapshot, "Leeds", ["Atlantis", "Sheffield"])
    with pytest.raises(PanelError, match="no statistical neighbours"):
        neighbours(national.as_of("2018-12-31"), "Leeds")


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ("Bournemouth, Christchurch and Poole", 1),
        ("Bristol, City of", 1),
        ("Bristol, City of; Bournemouth, Christchurch and Poole", 2),
        ("Hackney; Camden", 2),
        ("Hackney, Camden", 2),
    ],
)
def test_a_list_takes_names_that_hold_a_comma(given, codes):
    rows = compare(None, "Leeds", given).set_index("indicator")
    assert rows.loc["caseload", "of"] == codes + 1
