"""The record as files: the contract's figures, the same bytes twice, and the page."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pandas as pd
import pytest
from tests.helpers import backtests

import earlywarn as ew
from earlywarn.cli import parser as cli
from earlywarn.errors import BacktestError, MissingExtraError
from earlywarn.evaluation import record_page
from earlywarn.evaluation.checks import CHECKS, Result, as_frame
from earlywarn.evaluation.fairness import groups, steadiness
from earlywarn.evaluation.performance import decision_curve, evaluate, reliability
from earlywarn.evaluation.record import Record, make_record, tables_of_new_failures, write_record
from earlywarn.evaluation.watchlist import lead_time, list_record
from earlywarn.utils.progress import Progress

KEYS = """window lead_months model n events auc auc_lower auc_upper auc_within_year auc_below_good
ap_over_prevalence brier_skill log_skill observed_expected calibration_slope recall_top20pct
recall_at_26 paired""".split()  # noqa: SIM905
TABLES = """forecasts lists records paired reliability decision_curve lead_time list_record groups
steadiness recounted populations records_new reliability_new decision_curve_new lead_time_new
list_record_new groups_new checks""".split()  # noqa: SIM905


@pytest.fixture(scope="module")
def made(model, national) -> Record:
    """Of a small backtest; check 13 takes long and has its own tests."""
    return make_record(backtests.small(), model, national, mute=[13], resamples=10)


@pytest.fixture(scope="module")
def toy() -> Record:
    """Of invented forecasts of both windows."""
    backtest = backtests.toy()
    events = backtest.judgements[backtest.judgements["label"] == 1.0]
    gain = pd.DataFrame(
        {
            "la_code": ["301", "302"],
            "risk": [0.2, 0.1],
            "risk_if": [0.15, 0.08],
            "rank": [1, 2],
            "rank_if": [2, 2],
        }
    )
    results = (Result(1, "the training window overlaps", "pass", "0 of 9 forecasts"),)
    tables = {
        "reliability": reliability(backtest.forecasts),
        "decision_curve": decision_curve(backtest.forecasts),
        "lead_time": lead_time(backtest.lists, events),
        "list_record": list_record(backtest.lists),
        "groups": groups(backtest.forecasts),
        "steadiness": steadiness(backtest.lists),
        "recounted": gain,
        **tables_of_new_failures(backtest, 10),
        "checks": as_frame(results),
    }
    return Record(backtest, evaluate(backtest.forecasts, resamples=10), tables, results)


@pytest.fixture(scope="module")
def written(made, tmp_path_factory):
    folder = tmp_path_factory.mktemp("written") / "record"
    write_record(made, folder)
    return folder


def test_every_file_is_written(written):
    expected = {f"{name}.{ending}" for name in TABLES for ending in ("csv", "parquet")}
    assert {file.name for file in written.iterdir()} == {
        *expected, "backtest.json", "evaluation.md",
    }  # fmt: skip


def refuse(constant: str) -> None:
    raise AssertionError(constant)


def test_the_json_has_the_keys_of_the_contract(written, made):
    text = (written / "backtest.json").read_text(encoding="utf-8")
    document = json.loads(text, parse_constant=refuse)
    assert document["target"] == "any_inadequate"
    records = document["records"]
    assert [(row["window"], row["lead_months"], row["model"]) for row in records] == list(
        made.evaluation.records[["window", "lead_months", "model"]].itertuples(index=False)
    )
    assert len(records) > 20
    for row in records:
        assert set(KEYS) <= set(row)
        for pair in row["paired"]:
            assert list(pair) == ["against", "measure", "difference", "lower", "upper"]
    ours = [row for row in records if row["model"] == "earlywarn"]
    assert all(
        {"previous judgement"} <= {pair["against"] for pair in row["paired"]} for row in ours
    )
    assert [check["number"] for check in document["checks"]] == [*range(1, 13)]


def test_what_is_not_known_is_null(written, made):
    document = json.loads((written / "backtest.json").read_text(encoding="utf-8"))
    frame = made.evaluation.records
    unknown = frame["auc"].isna().to_numpy()
    assert unknown.any()
    assert not unknown.all()
    for row, missing in zip(document["records"], unknown, strict=True):
        assert (row["auc"] is None) == missing
    known = [row["auc"] for row in document["records"] if row["auc"] is not None]
    assert known == frame["auc"].dropna().tolist()


def test_the_tables_are_those_of_the_record(written, made):
    for name, frame in {"forecasts": made.backtest.forecasts, **made.tables}.items():
        again = pd.read_csv(written / f"{name}.csv", dtype={"la_code": "str"})
        assert list(again.columns) == list(frame.columns), name
        assert len(again) == len(frame), name
        parquet = pd.read_parquet(written / f"{name}.parquet")
        assert list(parquet.columns) == list(frame.columns), name
    again = pd.read_csv(written / "forecasts.csv", dtype={"la_code": "str"})
    np.testing.assert_allclose(again["risk"], made.backtest.forecasts["risk"], rtol=1e-14)


def test_a_record_is_not_overwritten_unless_asked(written, made, toy):
    before = {file.name: file.read_bytes() for file in written.iterdir()}
    with pytest.raises(BacktestError, match=r"a record is there already.*--overwrite"):
        write_record(toy, written)
    assert {file.name: file.read_bytes() for file in written.iterdir()} == before
    write_record(made, written, overwrite=True)
    assert {file.name: file.read_bytes() for file in written.iterdir()} == before


def test_the_same_record_gives_the_same_bytes(written, model, national, tmp_path):
    heard: list[tuple[str, int]] = []

    class Heard(Progress):
        def over(self, items, title):
            heard.append((title, len(items)))
            return iter(items)

    again = make_record(
        backtests.small(), model, national, mute=[13], resamples=10, progress=Heard()
    )
    assert heard[0][0] == "Measuring, with 10 resamples of authorities"
    assert heard[0][1] > 1
    write_record(again, tmp_path / "again")
    for file in written.iterdir():
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes(), file.name


def test_without_pyarrow_there_is_no_parquet(toy, tmp_path, monkeypatch):
    def missing(module: str, *, extra: str) -> None:
        raise MissingExtraError(f"{module}, of {extra}")

    monkeypatch.setattr("earlywarn.evaluation.record.require", missing)
    write_record(toy, tmp_path / "record")
    names = {file.name for file in (tmp_path / "record").iterdir()}
    assert names == {*(f"{name}.csv" for name in TABLES), "backtest.json", "evaluation.md"}


def test_the_tables_follow_from_the_backtest(made):
    assert set(made.tables) == set(TABLES[4:])
    events = made.backtest.judgements
    leads = made.tables["lead_time"]
    assert len(leads[leads["model"] == "earlywarn"]) == (events["label"] == 1).sum() > 0
    assert [result.number for result in made.checks] == [*range(1, 13)]
    assert set(CHECKS) - {result.number for result in made.checks} == {13}


# --- the page ------------------------------------------------------------------------------------


def text_of(record: Record) -> str:
    return record_page.page(record.evaluation, record.tables, record.backtest)


def test_the_page_tells_every_part(toy):
    text = text_of(toy)
    for title in (
        *("At the start of the inspection, development", "Against each baseline", "How early"),
        *(
            "At the start of the inspection, confirmation",
            "At the start of the inspection, from 2018",
        ),
        *("Lists of a length", "was it on the list?", "Calibration", "Decision curve"),
        *("Groups of authorities", "How stable scores are", "Numbered checks"),
    ):
        assert text.count(title) == 1, title
    assert "nan" not in text
    assert "None" not in text
    lines = text.splitlines()
    for before, line in itertools.pairwise(lines):
        if line.startswith("|") and before.startswith("|"):
            assert line.count("|") == before.count("|"), line


def test_the_numbers_of_the_page_are_those_of_the_frames(toy):
    text = text_of(toy)
    records = toy.evaluation.records
    for row in records[records["lead_months"] == 0].to_dict("records"):
        table = text.split(f"## At the start of the inspection, {row['window']}\n")[1]
        table = table.split("\n## ")[0]
        line = next(one for one in table.splitlines() if one.startswith(f"| {row['model']} |"))
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        limits = f"[{row['auc_lower']:.2f}, {row['auc_upper']:.2f}]"
        assert cells[1] == f"{row['auc']:.2f} {limits}"
        assert cells[5] == f"{row['brier_skill']:+.3f}"
        assert cells[7] == f"{row['observed_expected']:.2f}"
        assert f"{row['n']} inspections, {row['events']} with" in table
    pair = toy.evaluation.paired.query(
        "model == 'earlywarn' and against == 'previous judgement' and measure == 'auc'"
    ).iloc[0]
    assert f"{pair['difference']:+.3f} [{pair['lower']:+.3f}, {pair['upper']:+.3f}]" in text
    assert "fall by 3.5 percentage points (median; at most 5.0)" in text


def test_the_page_of_a_record_with_too_few_events(made):
    text = text_of(made)
    assert "nan" not in text
    assert "## At the start of the inspection, confirmation" not in text
    counted = made.tables["populations"].query("window == 'development'").iloc[0]
    assert f"events where {counted['expected']:.1f} were expected" in text


def test_a_page_without_baselines_or_limits(toy):
    forecasts = toy.backtest.forecasts
    alone = evaluate(forecasts[forecasts["model"] == "earlywarn"], resamples=0)
    text = record_page.page(alone, toy.tables, toy.backtest)
    assert "# Would it have been early enough?" in text
    counted = toy.tables["populations"].query("window == 'development'").iloc[0]
    assert f"chance of so few events or fewer is {counted['as_few']:.0%}" in text


def test_bars_in_a_cell_do_not_break_a_table():
    table = pd.DataFrame({"a": ["x|y", None], "b": ["1", "2"]})
    assert record_page.markdown(table).splitlines()[2:] == ["| x/y | 1 |", "|  | 2 |"]


# --- the command ---------------------------------------------------------------------------------


@pytest.fixture
def quick(monkeypatch):
    """The command with a backtest that is there, and few resamples."""
    given, there = {}, backtests.small()  # before the function that makes it is another

    def backtest(_panel, _judgements, **settings):
        given.update(settings)
        return there

    monkeypatch.setattr(ew, "backtest", backtest, raising=False)
    kept: dict[tuple[int, ...], Record] = {}

    def few(*arguments, mute=(), **settings):
        """Made once for the same muted checks: the command is asked more than once."""
        muted = tuple(mute)
        if muted not in kept:
            kept[muted] = make_record(*arguments, mute=mute, resamples=5, **settings)
        return kept[muted]

    monkeypatch.setattr(ew, "make_record", few, raising=False)
    return given


def test_the_command_writes_and_tells_the_record(capsys, tmp_path, quick):
    folder = tmp_path / "record"
    arguments = ["backtest", "--out", str(folder), "--mute", "13", "--mute", "7", "--jobs", "1"]
    assert cli.main([*arguments, "--quiet"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert quick["parts"] == folder / "parts"
    assert quick["n_jobs"] == 1
    for name in ("earlywarn", "previous judgement", "random list"):
        assert f"\n  {name} " in out
    assert "\n 12 pass: inspections left out" in out
    assert "\n 13 " not in out
    assert "\n  7 " not in out
    assert str(folder) in out
    document = json.loads((folder / "backtest.json").read_text(encoding="utf-8"))
    assert [check["number"] for check in document["checks"]] == [*range(1, 7), *range(8, 13)]
    assert cli.main([*arguments, "--quiet"]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert cli.main([*arguments, "--quiet", "--overwrite"]) == 0


def test_an_unknown_check_is_a_fault_of_one_line(capsys, quick):
    assert cli.main(["backtest", "--mute", "99", "--quiet"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "no such check: found 99" in told.err


def test_measures_are_the_same_however_many_processes_take_part() -> None:
    forecasts = backtests.toy().forecasts
    alone, shared = (evaluate(forecasts, resamples=10, n_jobs=jobs) for jobs in (1, 2))
    pd.testing.assert_frame_equal(shared.records, alone.records, check_exact=True)
    pd.testing.assert_frame_equal(shared.paired, alone.paired, check_exact=True)
