"""Quarterly lists worked by hand: how long on them, how often in vain, how much they change."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from earlywarn.errors import BacktestError
from earlywarn.evaluation.watchlist import lead_time, list_record

QUARTERS = ["2018-01-01", "2018-04-01", "2018-07-01", "2018-10-01", "2019-01-01", "2019-04-01"]


def lists_of(ranks: dict[str, list[float]], model: str = "earlywarn") -> pd.DataFrame:
    """A list a quarter, from each authority's ranks; NaN where it did not stand in the ranking."""
    rows = [
        {"as_of": as_of, "model": model, "la_code": la_code, "rank": rank}
        for la_code, series in ranks.items()
        for as_of, rank in zip(QUARTERS, series, strict=True)
    ]
    frame = pd.DataFrame(rows).dropna(subset="rank")
    return frame.assign(next_start=None, next_label=np.nan)


def events_of(**starts: str) -> pd.DataFrame:
    codes = [code.removeprefix("la") for code in starts]
    return pd.DataFrame({"la_code": codes, "inspection_start": list(starts.values()), "label": 1.0})


def test_lead_time_by_hand() -> None:
    # 301 came on in July 2018 and stayed; it had been on in January, but that stand was broken.
    lists = lists_of(
        {"301": [1, 3, 2, 1, 2, 2], "302": [2, 1, 1, 2, 1, 1], "303": [3, 2, 3, 3, 3, 3]}
    )
    found = lead_time(lists, events_of(la301="2019-05-01"), capacity=2).iloc[0]
    assert (found["window"], found["model"], found["capacity"]) == ("development", "earlywarn", 2)
    assert found["last_list"] == "2019-04-01"
    assert found["on_last_list"] == 1
    assert found["months_on_list"] == 9.0  # 1 July to 1 April
    assert found["warning_months"] == 10.0  # 1 July to 1 May
    assert not found["at_least"]
    assert found["on_list_6"] == 1  # 1 November 2018: the list of October
    assert found["on_list_12"] == 0  # 1 May 2018: the list of April
    assert np.isnan(found["on_list_24"])  # no list yet


def test_a_stand_as_old_as_the_lists_is_at_least_that_long() -> None:
    lists = lists_of({"302": [1] * 6})
    found = lead_time(lists, events_of(la302="2019-04-15")).iloc[0]
    assert found["at_least"]
    assert found["months_on_list"] == 15.0


def test_an_authority_off_the_list_had_no_warning() -> None:
    lists = lists_of({"303": [1, 1, 1, 1, 1, 27]})
    found = lead_time(lists, events_of(la303="2019-04-15")).iloc[0]
    assert found["on_last_list"] == found["months_on_list"] == found["warning_months"] == 0
    assert found["on_list_6"] == 1


def test_a_list_of_the_very_day_came_too_late() -> None:
    lists = lists_of({"303": [30, 30, 30, 30, 30, 1]})
    found = lead_time(lists, events_of(la303="2019-04-01")).iloc[0]
    assert found["last_list"] == "2019-01-01"
    assert found["on_last_list"] == 0


@pytest.mark.parametrize(
    ("la_code", "start"),
    [("999", "2019-05-01"), ("301", "2017-05-01"), ("301", "2022-05-01")],
    ids=["an authority on no list", "before any list", "long after the last"],
)
def test_what_no_list_tells_is_missing(la_code: str, start: str) -> None:
    events = pd.DataFrame({"la_code": [la_code], "inspection_start": [start], "label": [1.0]})
    found = lead_time(lists_of({"301": [1] * 6}), events).iloc[0]
    told = found[["on_last_list", "months_on_list", "warning_months", "on_list_6"]]
    assert told.isna().all()
    assert not found["at_least"]


def test_a_new_authority_has_stood_since_it_exists() -> None:
    lists = lists_of({"839": [np.nan, np.nan, np.nan, 1, 1, 1], "301": [2] * 6})
    found = lead_time(lists, events_of(la839="2019-05-01")).iloc[0]
    assert found["months_on_list"] == 6.0
    assert not found["at_least"]
    assert np.isnan(found["on_list_12"])


def test_each_model_and_inadequate_judgement_has_a_row() -> None:
    lists = pd.concat([lists_of({"301": [1] * 6}), lists_of({"301": [99] * 6}, "red flags")])
    judgements = pd.DataFrame(
        {
            "la_code": ["301", "301"],
            "framework": "ILACS",
            "inspection_start": ["2018-05-14", "2019-04-15"],
            "published_on": ["2018-06-25", "2019-05-27"],
            "overall": ["Good", "Inadequate"],
            "leadership": ["Good", "Inadequate"],
            "help_and_protection": "Good",
            "in_care": "Good",
            "care_leavers": [None, None],
        }
    )
    found = lead_time(lists, judgements)
    assert list(found["model"]) == ["earlywarn", "red flags"]
    assert list(found["inspection_start"]) == ["2019-04-15"] * 2
    assert list(found["on_last_list"]) == [1, 0]
    none = lead_time(lists, judgements.head(1))
    assert none.empty
    assert "warning_months" in none


def test_list_record_by_hand() -> None:
    lists = lists_of(
        {"301": [1, 1, 1, 2, 2, 3], "302": [2, 2, 3, 1, 1, 1], "303": [3, 3, 2, 3, 3, 2]}
    )
    later = {"301": ("2018-11-05", 1.0), "302": ("2019-02-04", 0.0)}
    for code, (start, label) in later.items():
        known = (lists["la_code"] == code) & (lists["as_of"] < start)
        lists.loc[known, "next_start"] = start
        lists.loc[known, "next_label"] = label
    found = list_record(lists, capacity=2).set_index("window")
    assert list(found.index) == ["development", "from 2018"]
    row = found.loc["development"]
    assert (row["lists"], row["listings"]) == (6, 12)
    # 301 stood on four lists before its one inspection, 302 on four before its own.
    assert (row["true_alarms"], row["false_alarms"], row["false_per_true"]) == (1, 1, 1.0)
    # Not known: 301 in January, 302 in April, 303 in July and April.
    assert row["unknown_listings"] == 4
    assert row["unknown_authorities"] == 1
    # Of two places: new are 0 in April, 1 in July, 1 in October, 0 in January, 1 in April.
    assert row["churn"] == pytest.approx((0 + 0.5 + 0.5 + 0 + 0.5) / 5)


def test_an_inspection_after_two_years_says_nothing() -> None:
    lists = lists_of({"301": [1] * 6}).assign(next_label=0.0)
    row = list_record(lists.assign(next_start="2020-09-28"), capacity=1).iloc[0]
    assert row["unknown_listings"] == 3  # from October 2018 on it was within 24 months
    assert row["false_alarms"] == 1
    assert np.isnan(row["false_per_true"])


def test_development_does_not_look_into_confirmation() -> None:
    days = {"2018-01-01": "2021-07-01", "2018-04-01": "2021-10-01", "2018-07-01": "2022-01-01"}
    lists = lists_of({"301": [1] * 6}).assign(next_start="2022-05-09", next_label=1.0)
    lists = lists[lists["as_of"].isin(list(days))].assign(
        as_of=lambda rows: rows["as_of"].map(days)
    )
    found = list_record(lists, capacity=1).set_index("window")
    assert found.loc["development", "true_alarms"] == 0
    assert found.loc["development", "unknown_listings"] == 2
    assert found.loc["confirmation", "true_alarms"] == 1
    assert found.loc["from 2018", "true_alarms"] == 1


def test_bad_lists_are_refused() -> None:
    lists = lists_of({"301": [1] * 6})
    with pytest.raises(BacktestError, match="lists: columns are missing: found no rank"):
        lead_time(lists.drop(columns="rank"), events_of(la301="2019-05-01"))
    with pytest.raises(BacktestError, match="capacity: no list: found 0"):
        list_record(lists, capacity=0)
    with pytest.raises(BacktestError, match="as_of: not a date: found 'soon'"):
        list_record(lists.assign(as_of=["soon", *QUARTERS[1:]]))
    with pytest.raises(BacktestError, match="found 2018-01-01, earlywarn, 301"):
        list_record(pd.concat([lists, lists.head(1)]))
    with pytest.raises(BacktestError, match="judgements: columns are missing"):
        lead_time(lists, pd.DataFrame({"la_code": ["301"]}))
