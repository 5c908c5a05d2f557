"""Each source has its own day, and one that should have come by now is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from earlywarn.cli.parser import main
from earlywarn.cli.text import explanation_text
from earlywarn.errors import OverdueWarning
from earlywarn.evaluation.drift import drift
from earlywarn.indicators.catalogue import INDICATORS
from earlywarn.model.serialisation import load_model
from earlywarn.panel.panel import load_panel
from earlywarn.scoring.explanation import explain
from earlywarn.scoring.freshness import (
    COLUMNS,
    TITLES,
    _of_series,
    _years,
    freshness,
    overdue_words,
    records_of,
    warn_if_overdue,
)
from earlywarn.scoring.national import score

LATE, FRESH = "2026-11-28", "2026-03-31"


@pytest.fixture(scope="module")
def model():
    return load_model()


@pytest.fixture(scope="module")
def panel():
    return load_panel()


@pytest.fixture(scope="module")
def late(model, panel) -> pd.DataFrame:
    return freshness(model, panel.as_of(LATE)).set_index("source")


def test_every_series_of_the_catalogue_has_a_row(late) -> None:
    assert {record.series for record in INDICATORS if record.kind != "history"} | {"pop"} == set(
        TITLES
    )
    assert list(late.index) == [*TITLES, "judgements", "neighbours", "model"]
    assert [*late.reset_index().columns] == list(COLUMNS)


def test_each_source_has_its_own_day(late, panel) -> None:
    published = panel.as_of(LATE).observations
    for source, measure in (("cin", "rereferrals"), ("csww", "caseload"), ("cla", "looked_after")):
        rows = published[published["measure"] == measure]
        assert late.loc[source, "through"] == rows["published_on"].max().isoformat()
        assert late.loc[source, "period"] == rows["period"].max()
    assert late.loc["judgements", "through"] == "2026-08-20"
    assert late.loc["neighbours", ["through", "period"]].tolist() == ["2025-05-31", 2025]
    assert late.loc["model", ["through", "due"]].tolist() == ["2026-08-20", "2028-08-20"]


@pytest.mark.parametrize(
    ("day", "source", "due"),
    [
        ("2020-09-30", "judgements", "2021-09-27"),
        ("2021-08-19", "judgements", "2021-09-27"),
        ("2022-09-30", "pop", "2022-11-30"),
        ("2019-11-15", "cla", "2019-12-05"),
        ("2020-07-15", "cafcass", "2020-07-31"),
    ],
)
def test_a_past_day_is_judged_by_what_was_due_then(model, panel, day, source, due) -> None:
    table = freshness(model, panel.as_of(day)).set_index("source")
    assert table.loc[source, "due"] == due
    assert overdue_words(table.reset_index()) == ""


def test_what_a_past_day_lacks_is_overdue_all_the_same(model, panel) -> None:
    """Judgements of before the pandemic alone, long after it."""
    early = replace(panel, judgements=panel.as_of("2020-06-30").judgements)
    table = freshness(model, early.as_of("2021-09-28")).set_index("source")
    assert table.loc["judgements", ["due", "overdue"]].tolist() == ["2021-09-27", True]


@pytest.mark.parametrize(
    ("day", "overdue"), [("2026-11-20", False), ("2026-11-21", True)], ids=["on it", "after it"]
)
def test_judgements_are_overdue_the_day_after_they_are_due(model, panel, day, overdue) -> None:
    table = freshness(model, panel.as_of(day)).set_index("source")
    assert table.loc["judgements", "overdue"] == overdue


def test_each_series_goes_by_its_own_calendar(model, panel) -> None:
    """One published every November is overdue in January, and one of February is not."""
    table = freshness(model, panel.as_of("2027-01-05")).set_index("source")
    assert table.loc["cla", ["cadence", "due", "overdue"]].tolist() == [
        "yearly, in November",
        "2026-12-31",
        True,
    ]
    assert table.loc["cin", ["cadence", "due"]].tolist() == ["yearly, in October", "2026-11-30"]
    assert table.loc["csww", ["cadence", "due"]].tolist() == ["yearly, in February", "2027-03-31"]
    assert not table.loc["csww", "overdue"]
    late = overdue_words(table.reset_index())
    assert (
        "Children looked after: no figures later than 2025, overdue since 2027-01-01 (yearly, in "
        "November)" in late
    )
    assert "workforce" not in late


def test_a_series_without_a_calendar_has_fourteen_months(panel, model) -> None:
    shipped = panel.as_of(FRESH)
    assert _of_series("homes", None, shipped.as_of)["due"] is None
    rows = shipped.observations.query("measure == 'caseload' and period == 2025")
    years = _years(replace(shipped, observations=rows))["csww"]
    found = _of_series("homes", years, shipped.as_of)
    assert (found["cadence"], found["due"]) == ("yearly", "2027-05-20")


def test_nothing_known_is_said_and_is_not_overdue(model, panel) -> None:
    empty = panel.as_of("2016-01-01")
    table = freshness(model, empty).set_index("source")
    assert pd.isna(table.loc["neighbours", "through"])
    assert records_of(table)[-2]["through"] is None
    assert not table.loc["neighbours", "overdue"]


def test_tables_carry_it_and_warn(model, panel) -> None:
    snapshot = panel.as_of(LATE)
    with pytest.warns(OverdueWarning, match="judgements: nothing later than 2026-08-20") as caught:
        rows = explain(model, snapshot, "Leeds")
    assert caught[0].filename == __file__
    assert rows.attrs["freshness"] == records_of(freshness(model, snapshot))


def test_after_the_models_life_one_warning_is_enough(model, panel) -> None:
    snapshot = panel.as_of("2030-01-01")
    table = freshness(model, snapshot)
    assert "judgements" in overdue_words(table)
    warn_if_overdue(table, snapshot.as_of)


def test_drift_looks_at_it(model, panel) -> None:
    found = drift(model, panel.as_of(LATE))
    assert any(reason.startswith("overdue: ") for reason in found.reasons)
    assert found.sources.loc[found.sources["overdue"], "source"].tolist()[-1] == "judgements"


def test_the_command_says_it_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "Leeds", "--as-of", LATE]) == 0
    said = capsys.readouterr()
    assert "Ofsted's judgements (2026-08-20)" in said.out.replace("\n        ", " ")
    assert "Last judgement known (to 2026-08-20)" in said.out
    assert said.err.count("later releases were already due") == 1


def test_now_is_today_only(monkeypatch, model, panel) -> None:
    snapshot = panel.as_of(FRESH)
    rows, scores = explain(model, snapshot, "Leeds"), score(model, snapshot)
    assert scores.attrs == rows.attrs
    for today, words in ((date(2026, 3, 31), "now"), (date(2026, 4, 1), "on 2026-03-31")):
        monkeypatch.setattr("earlywarn.cli.text.this_day", lambda day=today: day)
        assert f"if inspected {words}:" in explanation_text(rows, scores, model, snapshot)


def test_the_default_day_is_never_after_today(monkeypatch, panel) -> None:
    monkeypatch.setattr("earlywarn.panel.panel.this_day", lambda: date(2026, 7, 1))
    again = replace(panel)
    assert again.newest_publication <= date(2026, 7, 1)
    assert again.judgements["published_on"].max() > date(2026, 7, 1)


@pytest.mark.parametrize(
    ("late", "ways"),
    [(["pop"], "refresh)"), (["pop", "judgements"], "refresh, or --judgements FILE)")],
    ids=["figures", "judgements too"],
)
def test_judgements_are_offered_where_they_are_what_is_overdue(model, panel, late, ways) -> None:
    table = freshness(model, panel.as_of("2026-08-20"))
    table["overdue"] = table["source"].isin(late)
    with pytest.warns(OverdueWarning) as said:
        warn_if_overdue(table, date(2026, 8, 20))
    assert str(said[0].message).endswith(f"(python -m earlywarn {ways}.")
