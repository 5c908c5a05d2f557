"""Own figures: compared within the newest year, marked, refused where they can't be right."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earlywarn.cli.text import comparison_text
from earlywarn.errors import AuthorityError, IndicatorError, RowsWarning, ScoreError
from earlywarn.indicators.build import build_indicators, newest_sizes
from earlywarn.indicators.catalogue import INDICATORS
from earlywarn.model.risk_model import RiskModel
from earlywarn.panel.panel import Panel, Snapshot
from earlywarn.scoring.batch import score_batch
from earlywarn.scoring.changes import what_changed
from earlywarn.scoring.comparison import compare
from earlywarn.scoring.explanation import explain
from earlywarn.scoring.national import score
from earlywarn.scoring.own_figures import with_figures
from earlywarn.scoring.own_tables import read_figures

FIGURES = {"la_code", *(record.id for record in INDICATORS if record.kind != "history")}
DERIVED = ("_z", "_se", "_gap", "_trend", "_distance")


def risks(model: RiskModel, snapshot: Snapshot) -> pd.Series:
    return score(model, snapshot).set_index("la_code")["risk"]


def plain_rows(snapshot: Snapshot) -> pd.DataFrame:
    """What someone has who copied the published figures: values alone."""
    X = build_indicators(snapshot).reset_index()
    return X[[name for name in X.columns if not str(name).endswith(DERIVED)]]


def test_a_published_figure_put_in_by_hand_changes_nothing(snapshot, indicators):
    leeds = indicators.loc["383"]
    same = with_figures(
        snapshot, "Leeds", rereferrals=leeds["rereferrals"], caseload=leeds["caseload"]
    )
    pd.testing.assert_frame_equal(build_indicators(same), build_indicators(snapshot))


@pytest.mark.parametrize("day", ["2019-06-30", "2025-12-31"])
def test_worse_figures_raise_the_risk_and_move_no_one_else(
    model: RiskModel, national: Panel, day: str
) -> None:
    before = national.as_of(day)
    X = build_indicators(before).droplevel("as_of").loc["383"]
    after = with_figures(
        before,
        "Leeds",
        agency_workers=min(X["agency_workers"] + 15, 100),
        caseload=X["caseload"] + 6,
    )
    change = risks(model, after) - risks(model, before)
    assert change["383"] > 0
    assert (change.drop("383") == 0).all()


@pytest.mark.filterwarnings("ignore:agency_workers reaches", "ignore:own figures are in per cent")
@settings(max_examples=12, deadline=None)
@given(value=st.floats(0, 100), more=st.floats(0.5, 20))
def test_a_worse_figure_never_lies_lower(snapshot, value, more):
    higher = min(value + more, 100.0)
    z = [
        build_indicators(with_figures(snapshot, "383", agency_workers=figure))
        .droplevel("as_of")
        .loc["383", "agency_workers_z"]
        for figure in (value, higher)
    ]
    assert z[0] <= z[1]


def test_counts_give_the_value_and_its_cases(snapshot):
    table = with_figures(snapshot, "Leeds", rereferral_count=2500, referrals=9000).own_figures
    rows = table.set_index("indicator")
    children = newest_sizes(snapshot).loc["383", "referral_rate"]
    assert rows.loc["rereferrals", "value"] == pytest.approx(27.7777777778)
    assert rows.loc["rereferrals", "size"] == 9000
    assert rows.loc["referral_rate", "value"] == pytest.approx(10_000 * 9000 / children)


@pytest.mark.filterwarnings("ignore:.*is the unit right")
def test_fewer_cases_behind_a_figure_pull_it_to_the_middle(snapshot):
    level = [
        build_indicators(with_figures(snapshot, "383", rereferral_count=n * 0.3, referrals=n))
        .droplevel("as_of")
        .loc["383", ["rereferrals_z", "rereferrals_se"]]
        for n in (100, 10_000)
    ]
    assert 0 < level[0]["rereferrals_z"] < level[1]["rereferrals_z"]
    assert level[0]["rereferrals_se"] > level[1]["rereferrals_se"]


def test_many_authorities_from_a_table(model, snapshot, tmp_path):
    path = tmp_path / "figures.csv"
    path.write_text(
        "la_code,la_name,rereferrals,agency_workers,referrals\n"
        '383,Leeds,35.0,12%,\nSheffield,,,25,"9,100"\n',
        encoding="utf-8",
    )
    newer = with_figures(snapshot, read_figures(path))
    assert newer.own == {
        ("383", "rereferrals"),
        ("383", "agency_workers"),
        ("373", "agency_workers"),
        ("373", "referral_rate"),
    }
    each = with_figures(snapshot, "Leeds", rereferrals=35, agency_workers=12)
    each = with_figures(each, "Sheffield", agency_workers=25, referrals=9100)
    assert risks(model, newer).equals(risks(model, each))


def test_a_later_figure_replaces_an_earlier_own_one(snapshot):
    twice = with_figures(with_figures(snapshot, "383", caseload=12), "383", caseload=20)
    assert twice.own_figures["value"].tolist() == [20.0]
    assert snapshot.own == frozenset()


@pytest.mark.filterwarnings("ignore:.*is the unit right")
def test_own_deprivation_moves_what_is_compared_like_for_like(snapshot, indicators):
    newer = with_figures(snapshot, "Leeds", free_school_meals=60)
    X = build_indicators(newer).droplevel("as_of")
    assert X.loc["383", "cin_rate_z"] < indicators.loc["383", "cin_rate_z"]
    assert X.loc["373"].equals(indicators.loc["373"])


REFUSED = [
    ("Leeds", {"rereferals": 3}, "such as rereferrals"),
    ("Leeds", {"rereferrals_z": 3}, "such as rereferrals"),
    ("Leeds", {"rereferrals": 101}, "Leeds, rereferrals: this figure is not possible.* 0 to 100 "),
    ("Leeds", {"caseload": -1}, "0 or more"),
    ("Leeds", {"caseload": np.inf}, "0 or more"),
    ("Leeds", {"caseload": "many"}, "found 'many'"),
    ("Leeds", {"rereferral_count": 10}, "expected rereferral_count with referrals"),
    ("Leeds", {"rereferral_count": 10, "referrals": 5}, "rereferral_count 10 of referrals 5"),
    ("Leeds", {"cases": 10, "case_holders_fte": 0}, "above zero"),
    ("Leeds", {"rereferrals": 3, "rereferral_count": 10, "referrals": 50}, "counts give 20.0"),
    ("Leeds", {"previously_good": 1}, "add_judgements"),
    ("Leeds", {"caseload": "31%"}, r"found '31%'; expected a number, 0 or more \(cases per"),
    ("Leeds", {"rereferrals": "31,5"}, "found '31,5'"),
    ("Leeds", {"caseload": "1,000"}, "found '1,000'"),
    ("Leeds", {}, "no figure was given"),
    ("Leeds", {"rereferrals": None}, "no figure was given"),
    (None, {"rereferrals": 3}, "whose figures"),
    (pd.DataFrame({"rereferrals": [3]}), {}, "expected a column la_code"),
    (pd.DataFrame({"la_code": ["383"] * 2, "caseload": [3, 4]}), {}, "row 1 and row 2"),
    (pd.DataFrame({"la_code": ["383"], "caseload": [3]}), {"caseload": 3}, "outside it"),
    (
        pd.DataFrame([["383", 1, 2]], columns=["la_code", "caseload", "caseload"]),
        {},
        "column stands twice.*caseload",
    ),
    (pd.DataFrame({"la_code": ["383"], "rereferrals": [130]}), {}, "Leeds, row 1, rereferrals"),
    (
        pd.DataFrame({"la_code": ["383", "373"], "la_name": ["Leeds", "Kent"], "caseload": [9, 9]}),
        {},
        "^row 2: .*different authorities: found 373, which is Sheffield, and Kent;",
    ),
    (
        pd.DataFrame({"la_code": ["383"], "as_of": ["2026-09-30"], "caseload": [9]}),
        {},
        "^row 1, as_of: .*another date.* found '2026-09-30'; expected 2025-12-31",
    ),
    (pd.DataFrame({"la_code": ["383"], "as_of": ["soon"], "caseload": [9]}), {}, "row 1, as_of"),
    (
        pd.DataFrame({"la_code": ["383", None], "la_name": ["", ""], "caseload": [9, 9]}),
        {},
        "^row 2: the row does not say whose",
    ),
]


def test_a_name_counts_where_the_code_is_empty_and_a_label_never(snapshot):
    labels = {
        "la_code": ["383", "", "E08000019"],
        "la_name": ["Leeds City Council*", "Kent", None],
        "as_of": ["31/12/2025", snapshot.as_of, None],
    }
    newer = with_figures(snapshot, pd.DataFrame(labels | {"caseload": [15, 16, 17]}))
    assert newer.own == {(code, "caseload") for code in ("383", "886", "373")}


@pytest.mark.parametrize(("authority", "figures", "message"), REFUSED)
def test_what_cannot_be_right_is_refused(snapshot, authority, figures, message):
    with pytest.raises(IndicatorError, match=re.compile(message, re.DOTALL)):
        with_figures(snapshot, authority, **figures)


def test_a_percentage_that_looks_like_a_share_is_asked_about(snapshot):
    with pytest.warns(RowsWarning, match=r"Leeds, rereferrals 0.35 \(nine in ten: 1\d or more\)"):
        with_figures(snapshot, "Leeds", rereferrals=0.35)
    # As counts give it, or where one in ten has as little, it is what it says.
    with pytest.warns(RowsWarning, match=r"^rereferrals reaches 0\.3626, where") as caught:
        with_figures(snapshot, "Leeds", rereferral_count=33, referrals=9100)
    assert len(caught) == 1
    with_figures(snapshot, "Leeds", plans_two_years=0.6)


FAR = [{"caseload": 148}, {"caseload": 0.9}, {"referral_rate": 5850}, {"cases": 4e5}]


@pytest.mark.parametrize("figures", FAR)
def test_a_figure_beyond_all_that_was_published_is_asked_about_as_in_a_row(snapshot, figures):
    more = {"case_holders_fte": 500} if "cases" in figures else {}
    with pytest.warns(RowsWarning, match="where authorities published") as by_hand:
        with_figures(snapshot, "Leeds", **figures, **more)
    with pytest.warns(RowsWarning, match="where authorities published") as in_rows:
        score_batch([{"la_code": "383", **figures, **more}])
    said = [{str(each.message) for each in caught} for caught in (by_hand, in_rows)]
    assert said[0] == said[1]


def test_what_was_published_is_not_asked_about(national):
    for day in ("2017-06-30", "2021-12-31", "2025-12-31"):
        snapshot = national.as_of(day)
        rows = plain_rows(snapshot).dropna(axis=1, how="all")
        newer = with_figures(snapshot, rows[[name for name in rows if name in FIGURES]])
        assert len(newer.own) > 2000
    with_figures(snapshot, "Rutland", caseload=3)


def test_authorities_not_of_the_day_are_refused(national, snapshot):
    with pytest.raises(AuthorityError, match="Atlantis"):
        with_figures(snapshot, "Atlantis", caseload=3)
    with pytest.raises(AuthorityError, match="closed 2021-04-01"):
        with_figures(snapshot, "928", caseload=3)
    with pytest.raises(AuthorityError, match=r"row 2, authority: .*Atlantis"):
        with_figures(snapshot, pd.DataFrame({"la_code": ["Leeds", "Atlantis"], "caseload": [9, 9]}))
    with pytest.raises(IndicatorError, match=r"panel\.as_of"):
        with_figures(national, "Leeds", caseload=3)


def test_a_figure_that_nothing_can_be_compared_with_is_refused(national):
    early = national.as_of("2014-12-31")
    with pytest.raises(IndicatorError, match="nothing is published"):
        with_figures(early, "Leeds", dental_checks=80)


@pytest.mark.parametrize("day", ["2018-06-30", "2022-12-31", "2025-12-31"])
def test_plain_published_rows_score_as_the_country_does(model, national, day):
    snapshot = national.as_of(day)
    rows = plain_rows(snapshot).drop(columns="as_of")
    batch = score_batch(rows, model, snapshot=snapshot).set_index("la_code")["risk"]
    gap = (batch - risks(model, snapshot)).abs()
    assert len(gap) > 150
    assert gap.max() < 1e-9


def test_an_own_row_scores_as_own_figures_do(model, snapshot):
    rows = plain_rows(snapshot).query("la_code == '383'").assign(agency_workers=25.0)
    batch = score_batch(rows, model, snapshot=snapshot)["risk"].item()
    own = with_figures(snapshot, "Leeds", agency_workers=25.0)
    assert batch == pytest.approx(risks(model, own)["383"], abs=1e-12)


def test_a_row_without_an_authority_is_compared_with_the_days_spread(model, snapshot, national):
    row = [{"rereferrals": 24.0, "referrals": 9000, "rereferral_count": 2160}]
    days = [snapshot, national.as_of("2019-06-30")]
    found = [score_batch(row, model, snapshot=day)["risk"].item() for day in days]
    assert found[0] != found[1]
    with pytest.raises(IndicatorError, match="a Snapshot is needed"):
        score_batch(row, model, snapshot=national)


def test_no_door_says_of_which_year_an_own_figure_is(model, snapshot):
    newer = with_figures(snapshot, "Leeds", rereferrals=35)
    said = "your own figure, compared with the others' figures for 2025"
    row = score(model, newer).set_index("la_code").loc["383"]
    assert f"re-referrals within 12 months 35.0% ({said}, England" in row["drivers_up"]
    terms = explain(model, newer, "Leeds").set_index("indicator")
    assert f": 35.0% of referrals, {said}, England" in terms.loc["rereferrals", "sentence"]
    changes = what_changed(model, snapshot, newer, "Leeds").set_index("indicator")
    assert f" then 35.0% ({said}, England" in changes.loc["rereferrals", "sentence"]
    text = comparison_text(compare(newer, "Leeds"), [])
    line = next(line for line in text.splitlines() if said in line)
    assert line.split()[0] == "35.0"
    assert " own " in line
    assert said not in comparison_text(compare(snapshot, "Leeds"), [])


def test_contributions_still_sum_to_the_risk(model, snapshot):
    newer = with_figures(snapshot, "Leeds", rereferrals=35, caseload=22)
    rows = explain(model, newer, "Leeds")
    risk = risks(model, newer)["383"]
    assert rows["contribution"].sum() == pytest.approx(np.log(risk / (1 - risk)), abs=1e-9)


def test_a_table_that_is_not_there(tmp_path):
    with pytest.raises(ScoreError, match="no such file"):
        read_figures(tmp_path / "none.csv")
