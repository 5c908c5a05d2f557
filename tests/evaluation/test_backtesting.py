"""Looking back: the doors of production, nothing from the future, the same bytes each time."""

from __future__ import annotations

import dataclasses
import functools
from contextlib import chdir
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from joblib import Parallel, delayed
from tests.helpers import backtests

import earlywarn as ew
from earlywarn.errors import BacktestError
from earlywarn.evaluation import backtesting
from earlywarn.evaluation.backtesting import CONFIRMATION_FROM, OURS
from earlywarn.evaluation.baselines import BASELINES
from earlywarn.evaluation.stored_record import read_recorded
from earlywarn.evaluation.watchlist import lead_time
from earlywarn.indicators.timeline import Timeline
from earlywarn.judgements.targets import GRADES, get_target
from earlywarn.report.track_record import past_record, past_warnings

TURNS = (
    "2016-01-01",
    "2019-03-31",  # the last day of Bournemouth, Dorset and Poole as they were
    "2019-04-01",
    "2020-12-31",
    "2021-01-01",
    "2021-03-31",  # Northamptonshire, and the first statistical neighbours
    "2021-04-01",
    "2023-03-31",  # Cumbria
    "2023-04-01",
    "2025-05-30",  # other statistical neighbours, on a day without figures
    "2025-05-31",
    "2025-12-21",  # a restatement, on a day without new periods
    "2025-12-22",
)


def csv(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False, lineterminator="\n").encode()


@pytest.fixture(scope="module")
def small() -> ew.Backtest:
    return backtests.small()


# --- the timeline --------------------------------------------------------------------------------


@functools.cache
def built(day: str) -> pd.DataFrame:
    panel = backtests.panel()
    return ew.build_indicators(panel.as_of(day))


@pytest.mark.parametrize("order", [1, -1], ids=["forwards", "backwards"])
def test_a_timeline_gives_what_build_indicators_gives(order):
    panel = backtests.panel()
    timeline = Timeline(panel, panel.judgements)
    for day in TURNS[::order]:
        expected = built(day)
        pd.testing.assert_frame_equal(
            timeline.at(date.fromisoformat(day)), expected, check_exact=True
        )


def test_a_row_of_a_timeline_is_that_of_its_day():
    panel = backtests.panel()
    timeline = Timeline(panel, panel.judgements)
    # Leeds, the Isles of Scilly with hardly a figure, and an authority that was made in 2021.
    cases = [("383", "2018-11-30"), ("420", "2018-11-30"), ("940", "2023-02-22")]
    pairs = [(code, date.fromisoformat(day)) for code, day in cases]
    rows, last = timeline.rows(pairs), timeline.last_inspections(pairs)
    for place, (code, day) in enumerate(cases):
        expected = ew.build_indicators(panel.as_of(day)).loc[(code, day)]
        pd.testing.assert_series_equal(
            rows.loc[place], expected, check_exact=True, check_names=False
        )
        of_day = timeline.last_inspection(date.fromisoformat(day)).loc[code]
        pd.testing.assert_series_equal(last.loc[place], of_day, check_exact=True, check_names=False)


def test_a_timeline_tells_the_last_judgement_that_was_public():
    panel = backtests.panel()
    rows = panel.judgements[panel.judgements["la_code"] == "330"].sort_values("published_on")
    one, two = rows.iloc[0], rows.iloc[1]
    timeline = Timeline(panel, panel.judgements)
    before = timeline.last_inspection(two["published_on"] - timedelta(days=1)).loc["330"]
    after = timeline.last_inspection(two["published_on"]).loc["330"]
    assert before["grade"] == GRADES.index(one["overall"])
    assert after["grade"] == GRADES.index(two["overall"])
    began = two["published_on"] - two["inspection_start"]
    assert after["years"] == pytest.approx(began.days / 365.25)


# --- the same doors ------------------------------------------------------------------------------


@pytest.mark.parametrize("year", [2017, 2018])
def test_forecasts_are_what_production_would_have_said(small, year):
    panel = backtests.panel()
    model = ew.train(panel, panel.judgements, until=date(year, 1, 1), refits=2)
    ours = small.forecasts[small.forecasts["model"] == OURS]
    ours = ours[ours["as_of"].str[:4] == str(year)]
    rows = ours.groupby("lead_months").nth([0, -1])
    assert len(rows) >= 2
    for row in rows.to_dict("records"):
        scores = ew.score(model, panel.as_of(row["as_of"])).set_index("la_code")
        said = scores.loc[row["la_code"]]
        assert row["risk"] == pytest.approx(said["risk"], abs=1e-12)
        assert row["below_good"] == pytest.approx(said["below_good"], abs=1e-12)
        assert row["list_rank"] == said["rank"]
        assert row["list_length"] == len(scores)
        assert row["la_name"] == said["la_name"]
        assert row["trained_until"] == f"{year}-01-01"


def test_lists_are_what_production_would_have_said(small):
    panel, day = backtests.panel(), "2018-01-01"
    model = ew.train(panel, panel.judgements, until=day, refits=2)
    scores = ew.score(model, panel.as_of(day)).set_index("la_code")
    listed = small.lists[(small.lists["model"] == OURS) & (small.lists["as_of"] == day)]
    assert set(listed["la_code"]) == set(scores.index)
    expected = scores["risk"].reindex(listed["la_code"])
    np.testing.assert_allclose(listed["risk"], expected, rtol=0, atol=1e-12)


def test_each_case_has_a_row_for_each_model_and_its_outcome(small):
    cases = small.judgements
    assert len(cases) > 40
    zero = small.forecasts[small.forecasts["lead_months"] == 0]
    models = {OURS, *(baseline.name for baseline in BASELINES)}
    assert set(zero["model"]) == models
    assert len(zero) == len(cases) * len(models)
    labels = get_target("any_inadequate").label(cases)
    assert cases["label"].tolist() == labels.tolist()
    starts = [str(day) for day in cases["inspection_start"]]
    told = zero.drop_duplicates(["la_code", "inspection_start"])
    told = told.set_index(["la_code", "inspection_start"])["label"]
    assert told.loc[list(zip(cases["la_code"], starts, strict=True))].tolist() == labels.tolist()
    grades = zero[["p_outstanding", "p_good", "p_requires_improvement", "p_inadequate"]]
    np.testing.assert_allclose(grades.sum(axis=1), 1.0, atol=1e-12)
    np.testing.assert_allclose(grades["p_inadequate"], zero["risk"], atol=1e-12)
    assert set(zero["window"]) == {"development"}
    assert zero["inspection_start"].max() < CONFIRMATION_FROM.isoformat()


def test_without_leads_there_are_the_lists_alone_and_the_same_ones(small):
    alone = backtests.run(leads=())
    assert alone.forecasts.empty
    pd.testing.assert_frame_equal(alone.lists, small.lists, check_exact=True)


def test_leads_use_the_earlier_day(small):
    six = small.forecasts[small.forecasts["lead_months"] == 6]
    assert len(six) > 0
    for row in six.drop_duplicates(["la_code", "inspection_start"]).to_dict("records"):
        earlier = pd.Timestamp(row["inspection_start"]) - pd.DateOffset(months=6)
        assert row["as_of"] == f"{earlier:%Y-%m-%d}"
        assert row["trained_until"] == f"{earlier:%Y}-01-01"
    zero = small.forecasts[small.forecasts["lead_months"] == 0]
    assert (zero["as_of"] == zero["inspection_start"]).all()
    assert (small.forecasts["trained_until"] <= small.forecasts["as_of"]).all()
    key = ["model", "la_code", "inspection_start"]
    both = six.merge(zero, on=key, suffixes=("", "_start"))
    ours = both[both["model"] == OURS]
    assert (ours["risk"] - ours["risk_start"]).abs().max() > 0.01


def test_a_lead_before_the_first_year_has_no_row(small):
    six = small.forecasts[small.forecasts["lead_months"] == 6]
    assert six["as_of"].min() >= f"{backtests.FIRST_YEAR}-01-01"
    assert six["inspection_start"].min() >= f"{backtests.FIRST_YEAR}-07-01"


def test_who_was_not_inspected_is_unknown(small):
    ours = small.lists[small.lists["model"] == OURS]
    cases = small.judgements
    for row in ours[ours["as_of"] == "2017-10-01"].to_dict("records"):
        later = cases[
            (cases["la_code"] == row["la_code"]) & (cases["inspection_start"] > date(2017, 10, 1))
        ]
        if later.empty:
            assert pd.isna(row["next_start"])
            assert np.isnan(row["next_label"])
        else:
            assert row["next_start"] == later["inspection_start"].iloc[0].isoformat()
            assert row["next_label"] == later["label"].iloc[0]
    assert ours["next_label"].isna().sum() > 300
    assert set(ours["next_label"].dropna()) == {0.0, 1.0}


def test_every_list_ranks_the_whole_country_once(small):
    for (as_of, _), part in small.lists.groupby(["as_of", "model"]):
        expected = backtests.panel().register.existing(date.fromisoformat(as_of))
        assert set(part["la_code"]) == set(expected["la_code"])
        assert part["rank"].tolist() == list(range(1, len(expected) + 1))
    assert sorted(set(small.lists["as_of"])) == [
        *("2017-01-01", "2017-04-01", "2017-07-01", "2017-10-01", "2018-01-01")
    ]


# --- nothing from the future ---------------------------------------------------------------------


def with_planted(published_on: date, codes: list[str]) -> pd.DataFrame:
    """The judgements, and one more of these authorities: all Inadequate, begun in November 2016."""
    judgements = backtests.panel().judgements
    planted = judgements.drop_duplicates("la_code")
    planted = planted[planted["la_code"].isin(codes)].assign(
        inspection_start=date(2016, 11, 1), published_on=published_on
    )
    assert len(planted) == len(codes) > 0
    areas = ["overall", "leadership", "help_and_protection", "in_care"]
    planted[areas] = "Inadequate"
    return pd.concat([judgements, planted], ignore_index=True)


def at_the_start(forecasts: pd.DataFrame, before: str) -> pd.DataFrame:
    kept = forecasts[(forecasts["lead_months"] == 0) & (forecasts["inspection_start"] < before)]
    return kept.reset_index(drop=True)


def test_a_report_of_later_changes_nothing(small):
    """A judgement that began before the forecasts, but was published after."""
    codes = small.judgements["la_code"].unique()[:40].tolist()
    later = with_planted(date(2018, 1, 1), codes)
    again = backtests.run(later, until=date(2017, 12, 31), leads=(0,))
    then = at_the_start(small.forecasts, "2018-01-01")
    pd.testing.assert_frame_equal(again.forecasts, then, check_exact=True)


def test_a_report_of_earlier_does_count(small):
    """The test before is not hollow: published in time, the same judgement moves its authority."""
    then = at_the_start(small.forecasts, "2017-02-01")
    codes = then["la_code"].unique()[:3].tolist()
    earlier = with_planted(date(2016, 12, 15), codes)
    again = backtests.run(earlier, until=date(2017, 1, 31), leads=(0,), baselines=(BASELINES[1],))
    risks = pd.DataFrame(
        {
            name: frame[frame["model"] == "previous judgement"].set_index("la_code")["risk"]
            for name, frame in (("then", then), ("again", again.forecasts))
        }
    ).dropna()
    assert 0 < len(codes) < len(risks)
    moved = risks["again"] - risks["then"]
    assert (moved[codes] > 0.05).all()
    assert (moved[codes].min() - moved.drop(codes)).min() > 0.05


# --- parallel, interrupted, again ----------------------------------------------------------------


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """A folder of finished years, and the backtest of two processes that left it."""
    folder = tmp_path_factory.mktemp("record")
    # Processes that wait for work stand in the folder that they were started in: another one.
    Parallel(n_jobs=2)(delayed(abs)(number) for number in range(4))
    with chdir(folder):
        return folder / "parts", backtests.run(parts="parts", n_jobs=2)


def test_in_parallel_it_is_the_same(small, parts):
    _, parallel = parts
    pd.testing.assert_frame_equal(parallel.forecasts, small.forecasts, check_exact=True)
    pd.testing.assert_frame_equal(parallel.lists, small.lists, check_exact=True)


def test_an_interrupted_run_goes_on(small, parts, monkeypatch):
    """One of the two finished years is computed no more; the bytes are the same."""
    folder, _ = parts
    files = sorted(folder.iterdir())
    assert [file.name.rpartition("-")[0] for file in files] == [
        *("forecasts-2017", "forecasts-2018", "lists-2017", "lists-2018"),
        *("whole-2017", "whole-2018"),
    ]
    before = {file: file.read_bytes() for file in files}
    files[1].write_bytes(before[files[1]][:-20])  # What a power cut leaves.
    asked = []
    trained = backtesting._trained
    monkeypatch.setattr(backtesting, "_trained", lambda *a: (asked.append(a[-1]), trained(*a))[1])
    again = backtests.run(parts=folder)
    assert asked == [date(2018, 1, 1)]
    assert {file: file.read_bytes() for file in files} == before
    assert csv(again.forecasts) == csv(small.forecasts)
    assert csv(again.lists) == csv(small.lists)
    pd.testing.assert_frame_equal(again.forecasts, small.forecasts, check_exact=True)


def test_years_of_another_question_are_not_used(parts, monkeypatch):
    folder, _ = parts
    asked = []

    def stop(*arguments):
        asked.append(arguments[-1])
        raise BacktestError("computed again")

    monkeypatch.setattr(backtesting, "_trained", stop)
    backtests.run(parts=folder)
    assert asked == []
    changed = backtests.panel().judgements.iloc[:-1]
    others = [{"leads": (0,)}, {"baselines": BASELINES[:2]}, {"target": "overall_inadequate"}]
    for change in [*others, {"judgements": changed}, {"until": date(2018, 2, 28)}]:
        with pytest.raises(BacktestError, match="computed again"):
            backtests.run(parts=folder, **change)
    assert len(asked) == 5


def test_years_of_other_figures_are_not_used(parts, monkeypatch):
    folder, _ = parts
    panel = backtests.panel()
    rows = panel.observations.copy()
    rows.loc[rows.index[5], "value"] = 12.5
    other = dataclasses.replace(panel, observations=rows)
    monkeypatch.setattr(backtests, "panel", lambda: other)
    monkeypatch.setattr(backtesting, "_trained", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        backtests.run(parts=folder)


def test_a_year_without_inspections_is_kept_and_read(tmp_path):
    judgements = backtests.panel().judgements
    year = [day.year == 2016 for day in judgements["inspection_start"]]
    without = judgements[~np.array(year)]
    settings = {"first_year": 2016, "until": date(2017, 1, 31), "leads": (0,), "baselines": ()}
    first = backtests.run(without, parts=tmp_path, **settings)
    again = backtests.run(without, parts=tmp_path, **settings)
    assert set(first.forecasts["as_of"].str[:4]) == {"2017"}
    pd.testing.assert_frame_equal(again.forecasts, first.forecasts, check_exact=True)
    pd.testing.assert_frame_equal(again.lists, first.lists, check_exact=True)
    assert first.forecasts["base_rate"].between(0, 1).all()


def test_nothing_to_forecast_is_told():
    with pytest.raises(BacktestError, match=r"no inspection to forecast.*2026") as fault:
        backtests.run(first_year=2026, until=date(2026, 1, 1))
    assert "another span" in fault.value.remedy


# --- what the documents tell ---------------------------------------------------------------------


def test_the_page_tells_our_skill_in_the_development_years():
    """The first row of the first table of docs/evaluation.md is that of the record that ships."""
    page = (Path(__file__).parents[2] / "docs" / "evaluation.md").read_text(encoding="utf-8")
    table = page.split("## At the start of the inspection, development")[1]
    row = next(line for line in table.splitlines() if line.startswith("| earlywarn |"))
    told = [cell.strip() for cell in row.strip("|").split("|")]
    where = f"model == {OURS!r} and window == 'development'"
    ours = past_record().query(where).iloc[0]
    card = read_recorded().tables["records"].query(f"{where} and lead_months == 0").iloc[0]
    assert f"{ours['n']:.0f} inspections, {ours['events']:.0f} with an Inadequate area" in table
    limits = f"[{ours['auc_lower']:.2f}, {ours['auc_upper']:.2f}]"
    assert told[1] == f"{ours['auc']:.2f} {limits}"
    assert told[2] == f"{card['auc_within_year']:.2f}"
    assert told[3] == f"{ours['auc_below_good']:.2f}"
    assert told[5] == f"{ours['brier_skill']:+.3f}"
    assert told[7] == f"{ours['observed_expected']:.2f}"
    assert told[8] == f"{ours['calibration_slope']:.2f}"
    assert told[10] == f"{ours['recall_at_26']:.2f}"


def test_the_record_that_ships_has_the_lists_of_today(small):
    """Five quarters of it made again: who stood on which list, and for how long."""
    events = small.judgements[small.judgements["label"] == 1.0]
    found = lead_time(small.lists[small.lists["model"] == OURS], events)
    found = found.set_index(["la_code", "inspection_start"])
    shipped = past_warnings().set_index(["la_code", "inspection_start"])
    shipped = shipped[shipped["model"] == OURS].loc[found.index]
    assert len(found) > 5
    assert found["on_last_list"].nunique() == 2
    for name in ("last_list", "on_last_list"):
        assert found[name].tolist() == shipped[name].tolist()
    for name in ("on_list_6", "on_list_12"):
        known = found[name].notna()
        assert found[name][known].tolist() == shipped[name][known].tolist()
    begun = ~found["at_least"].astype(bool)
    assert found["warning_months"][begun].tolist() == shipped["warning_months"][begun].tolist()
