"""The command line: what it prints, what it writes, and one line for every fault."""

from __future__ import annotations

import functools
import json
import re
import subprocess
import sys
from datetime import date

import numpy as np
import pandas as pd
import pytest
from tests.helpers.published import write_published, write_table

import earlywarn as ew
from earlywarn.cli import text as text_of_lists
from earlywarn.cli.parser import main
from earlywarn.cli.text import scores_text
from earlywarn.errors import DataQualityWarning
from earlywarn.export.data_dictionary import SHORTHAND
from earlywarn.export.workbook import LINES_ABOVE
from earlywarn.indicators.catalogue import FAMILIES, INDICATORS
from earlywarn.judgements.schema import judgements_text
from earlywarn.model import training
from earlywarn.scoring.national import COLUMNS

DAY = "2025-03-31"


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")


@pytest.fixture(scope="module")
def expected() -> pd.DataFrame:
    return ew.score(ew.load_model(), ew.load_panel().as_of(DAY))


@pytest.fixture(scope="module")
def downloads(tmp_path_factory):
    return write_published(tmp_path_factory.mktemp("downloads"), (2024, 2025))


@pytest.fixture(scope="module")
def built(downloads, tmp_path_factory):
    folder = tmp_path_factory.mktemp("built") / "panel"
    assert main(["build", str(downloads), "--out", str(folder), "--quiet"]) == 0
    return folder


def said(capsys, *arguments, code=0) -> tuple[str, str]:
    """What a command wrote to standard output and error, once its exit code is as told."""
    found = main(list(arguments))
    out, err = capsys.readouterr()
    assert found == code, err
    assert "Traceback" not in err
    return out, err


def fault(capsys, *arguments) -> str:
    """The one line that a fault of the user gets."""
    out, err = said(capsys, *arguments, code=2)
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("earlywarn: ")
    assert "error in earlywarn itself" not in err
    return err


# --- score and explain -----------------------------------------------------


def listed(out: str) -> list[list[str]]:
    """The rank and the whole line of each row of the printed lists."""
    lines = [line for line in out.splitlines() if re.match(r" *\d+ +\d+-\d+ ", line)]
    return [[line.split()[0], line] for line in lines]


def test_score_leads_with_those_not_already_inadequate(capsys, expected):
    out, err = said(capsys, "score", "--as-of", DAY)
    assert besides_the_past(err) == []
    assert len(expected) == 153
    already = expected["already_inadequate"]
    assert 0 < already.sum() < 30
    rows, shown = listed(out), expected[~already]
    assert [rank for rank, _ in rows] == [str(rank) for rank in shown["rank"]]
    for (_, line), name in zip(rows, shown["la_name"], strict=True):
        assert f" {name} " in line
    assert f"{100 * shown['risk'].iloc[0]:.1f}%" in rows[0][1]
    words = " ".join(out.split())
    assert "153 authorities" in words
    assert (
        f"Already Inadequate: {already.sum()} of 153 authorities, listed separately with" in words
    )
    assert ew.load_model().info["sunset"] in out


def test_score_shows_those_already_inadequate_apart_when_asked(capsys, expected):
    out, _ = said(capsys, "score", "--as-of", DAY, "--include", "already-inadequate")
    already = expected["already_inadequate"]
    wanted = [*expected.loc[~already, "rank"], *expected.loc[already, "rank"]]
    assert [rank for rank, _ in listed(out)] == [str(rank) for rank in wanted]
    first, second = out.split("Already Inadequate: ")
    for name, held in zip(expected["la_name"], already, strict=True):
        assert f" {name} " in (second if held else first)


@pytest.mark.parametrize(
    ("count", "said_of"),
    [
        (0, "Already Inadequate: none of 5 authorities."),
        (1, "Already Inadequate: 1 of 5 authorities, listed separately"),
        (5, "Already Inadequate: 5 of 5 authorities, listed separately"),
    ],
)
def test_none_one_or_all_already_inadequate(expected, count, said_of):
    few = expected.head(5).assign(already_inadequate=[place < count for place in range(5)])
    snapshot = ew.load_panel().as_of(DAY)
    text = scores_text(few, ew.load_model(), snapshot, top=None)
    assert said_of in " ".join(text.split())
    assert len(listed(text)) == 5 - count
    whole = scores_text(few, ew.load_model(), snapshot, top=None, include_already=True)
    assert len(listed(whole)) == 5


def test_score_and_explain_name_the_last_figure_and_the_last_judgement(capsys, expected):
    snapshot = ew.load_panel().as_of(DAY)
    through = (
        f"figures published up to {snapshot.data_through}, "
        f"judgements reported up to {snapshot.judgements['published_on'].max()}"
    )
    for command in (["score", "--top", "1"], ["explain", "Camden"]):
        out, _ = said(capsys, *command, "--as-of", DAY)
        assert through in " ".join(out.split())


@pytest.mark.parametrize("command", [["explain", "Camden"], ["whatif", "Leeds", "--worse"]])
def test_now_is_said_of_today_alone(capsys, monkeypatch, command):
    out, _ = said(capsys, *command, "--as-of", DAY)
    assert f"if inspected on {DAY}:" in out
    assert "inspected now" not in out
    monkeypatch.setattr(text_of_lists, "this_day", lambda: date.fromisoformat(DAY))
    out, _ = said(capsys, *command, "--as-of", DAY)
    assert "if inspected now:" in out


@pytest.mark.parametrize("columns", ["80", "100", "200"])
def test_score_fits_the_terminal(capsys, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    out, _ = said(capsys, "score", "--as-of", DAY)
    widest = max(out.splitlines(), key=len)
    assert len(widest) <= int(columns), widest


@pytest.mark.parametrize("command", [["explain", "Camden"], ["catalogue"]])
def test_the_other_texts_fit_the_terminal(capsys, monkeypatch, command):
    monkeypatch.setenv("COLUMNS", "80")
    out, _ = said(capsys, *command)
    widest = max(out.splitlines(), key=len)
    assert len(widest) <= 80, widest


def test_top_prints_so_many(capsys, expected):
    out, _ = said(capsys, "score", "--as-of", DAY, "--top", "3")
    new = expected[~expected["already_inadequate"]]
    assert [rank for rank, _ in listed(out)] == [str(rank) for rank in new["rank"].head(3)]
    names = [name for name in new["la_name"] if f" {name} " in out]
    assert names == new["la_name"].head(3).tolist()


def test_a_scenario_is_told_and_moves_the_risk(capsys, expected):
    out, _ = said(capsys, "score", "--as-of", DAY, "--prior", "0.4", "--top", "1")
    assert "40.0% of inspections" in out.replace("\n", " ")
    first = expected[~expected["already_inadequate"]].iloc[0]
    assert f" {first['la_name']} " in out
    assert f" {100 * first['risk']:.1f}%" not in out


def test_without_a_date_it_is_the_newest_publication(capsys):
    out, _ = said(capsys, "score", "--top", "1")
    assert str(ew.load_panel().newest_publication) in out.replace("\n", " ")


@pytest.mark.parametrize("ending", ["csv", "xlsx", "ods", "parquet", "json"])
def test_out_writes_what_score_gives(capsys, tmp_path, expected, ending):
    file = tmp_path / f"scores.{ending}"
    out, _ = said(capsys, "score", "--as-of", DAY, "--top", "1", "--out", str(file))
    assert f"All 153 rows and {len(COLUMNS)} columns are in {file}." in out
    text = {"la_code": "str"}
    sheet = {"sheet_name": "Scores", "skiprows": LINES_ABOVE, "na_values": [*SHORTHAND]}
    again = {
        "csv": lambda: pd.read_csv(file, dtype=text),
        "xlsx": lambda: pd.read_excel(file, engine="openpyxl", dtype=text, **sheet),
        "ods": lambda: pd.read_excel(file, engine="calamine", dtype=text, **sheet),
        "parquet": lambda: pd.read_parquet(file),
        "json": lambda: pd.DataFrame(json.loads(file.read_text(encoding="utf-8"))),
    }[ending]()
    assert list(again.columns) == list(COLUMNS)
    for column in COLUMNS:
        if pd.api.types.is_numeric_dtype(expected[column].dtype):
            np.testing.assert_allclose(again[column], expected[column], rtol=1e-13, atol=1e-15)
        else:
            one, other = (
                [None if pd.isna(cell) or cell == "" else str(cell) for cell in frame[column]]
                for frame in (again, expected)
            )
            assert one == other, column


def test_whatif_tells_the_changed_figures_and_claims_no_cause(capsys, expected):
    out, err = said(capsys, "whatif", "Leeds", "--worse", "--as-of", DAY)
    assert besides_the_past(err) == []
    now = expected.set_index("la_name").loc["Leeds"]
    limits = f"{100 * now['risk_lower']:.1f}% to {100 * now['risk_upper']:.1f}%"
    risk = f"{100 * now['risk']:.1f}% (90% interval {limits}), {now['band']}"
    assert risk in " ".join(out.split())
    explained, _ = said(capsys, "explain", "Leeds", "--as-of", DAY)
    for start in ("Risk of an", "Rank ", "Last judgement known"):  # as explain has them
        line = next(line for line in explained.splitlines() if line.startswith(start))
        assert line in out
    rows = ew.what_would_change(ew.load_model(), ew.load_panel().as_of(DAY), "Leeds", better=False)
    told = [line for line in out.splitlines() if re.match(r" +\d+\.\d +\d+\.\d ", line)]
    assert len(told) == len(rows)
    assert f"{100 * rows['risk_after'].iloc[-1]:.1f}%" in told[-1]
    assert "not a claim about causes" in " ".join(out.split())


def test_whatif_says_of_which_thing_the_band_is_and_writes_its_table(capsys, tmp_path):
    place = tmp_path / "a.csv"
    out, _ = said(capsys, "whatif", "Leeds", "--as-of", DAY, "--out", str(place))
    rows = ew.what_would_change(ew.load_model(), ew.load_panel().as_of(DAY), "Leeds")
    reached = rows[rows["reached"]]
    assert len(reached)
    assert out.count("; the risk would be ") == len(reached)  # and not the figure
    assert f"All {len(rows)} rows and {len(rows.columns)} columns are in {place}." in out
    assert len(pd.read_csv(place)) == len(rows)
    assert place.with_suffix(".meta.csv").exists()


@pytest.mark.parametrize("given", ["--outside", "--pan", "--out"])
def test_an_option_is_not_known_by_its_beginning(capsys, given):
    text = fault(capsys, "drift", given, "a")
    assert text == (
        f"earlywarn: earlywarn drift: no such option or argument: {given} a. "
        "See earlywarn drift --help for what it takes.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "starts"),
    [
        (["score", "--as-of", "2025"], "--as-of: not a date: found '2025'"),
        (["changes", "Leeds", "--since", "2025"], "--since: not a date: found '2025'"),
        (["changes", "Leeds", "--since", "2012-01-01"], "--since: the panel does not reach back"),
        (["changes", "Leeds", "--since", "2099-01-01"], "--since: the earlier date is after"),
        (["compare", "Leeds", "--with", "nowhere"], "--with: not a group: found 'nowhere'"),
        (["compare", "Leeds", "--with", "Leeds"], "--with, own list: there is no one to compare"),
        (["explain", "nowhere"], "authority: no authority is known"),
        (["score", "--as-of", ""], "--as-of: nothing is given"),
    ],
)
def test_a_fault_names_the_option_and_not_the_argument_of_a_function(capsys, arguments, starts):
    assert fault(capsys, *arguments).startswith(f"earlywarn: {starts}")


def test_a_folder_that_is_called_like_an_argument_is_named_as_it_is(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert fault(capsys, "score", "--panel", "panel").startswith("earlywarn: panel: there is no")


def test_compare_says_what_the_value_of_the_group_is(capsys):
    out, _ = said(capsys, "compare", "Leeds", "--as-of", DAY)
    assert "The group's value is that of all its cases together where they are known" in " ".join(out.split())


def test_whatif_says_that_there_is_no_band_beyond(capsys, expected):
    lowest, highest = expected["la_code"].iloc[-1], expected["la_code"].iloc[0]
    text = fault(capsys, "whatif", lowest, "--as-of", DAY)
    assert "no band beyond" in text
    assert text.endswith("Try the other direction: with --worse.\n")
    text = fault(capsys, "whatif", highest, "--worse", "--as-of", DAY)
    assert text.endswith("Try the other direction: without --worse.\n")
    with pytest.raises(ew.EarlyWarnError, match="better=False"):
        ew.what_would_change(ew.load_model(), ew.load_panel().as_of(DAY), lowest)


@pytest.mark.parametrize("name", ["Camden", "202", "E09000007", "camden"])
def test_explain_tells_what_the_risk_is_made_of(capsys, expected, name):
    out, err = said(capsys, "explain", name, "--as-of", DAY)
    row = expected[expected["la_code"] == "202"].iloc[0]
    assert besides_the_past(err) == []
    assert out.startswith("Camden (202)")
    assert f"{100 * row['risk']:.1f}%" in out
    assert f"Rank {row['rank']} of 153" in out
    assert "Raises the risk" in out
    assert "Lowers the risk" in out
    assert f"{np.log(row['risk'] / (1 - row['risk'])):+.2f}" in out


def test_the_catalogue_names_every_indicator_and_family(capsys):
    out, _ = said(capsys, "catalogue")
    assert INDICATORS
    for record in INDICATORS:
        assert f"  {record.id}: " in out
    for family in FAMILIES:
        assert family.upper() in out


@pytest.mark.parametrize("arguments", [["--help"], ["score", "--help"], ["--version"]])
def test_help_is_no_fault(capsys, arguments):
    out, err = said(capsys, *arguments)
    assert "earlywarn" in out
    assert besides_the_past(err) == []


# --- build and train --------------------------------------------------------


def test_build_says_what_it_read(capsys, downloads, tmp_path):
    out, err = said(capsys, "build", str(downloads), "--out", str(tmp_path / "panel"))
    assert out == ""
    assert "observations of" in err
    assert "findings.csv" in err
    panel = ew.load_panel(tmp_path / "panel")
    assert f"{len(panel.observations):,} observations" in err
    with pytest.raises(SystemExit):
        raise SystemExit(main(["build", str(downloads), "--out", str(tmp_path / "panel")]))
    assert "overwr" in capsys.readouterr().err


def test_build_prints_its_first_warnings_and_counts_the_rest(capsys, tmp_path):
    codes = [f"{code}" for code in range(382, 385)]
    broken = {(code, year): {"At31_episodes": "7.5"} for code in codes for year in (2024, 2025)}
    write_table(tmp_path / "in", "B1", (2024, 2025), codes=codes, cells=broken)
    for number in range(6):
        head = "series,period,period_end,published_on,precision,evidence"
        row = f"odd{number},2024,,2024-10-31,day,page"
        (tmp_path / "in" / f"releases{number}.csv").write_text(f"{head}\n{row}\n")
    _, err = said(capsys, "build", str(tmp_path / "in"), "--out", str(tmp_path / "panel"))
    text = " ".join(err.split())
    findings = ew.load_panel(tmp_path / "panel").findings
    warned = findings[findings["severity"] == "warning"]
    assert {"not-whole", "unknown-series"} <= set(warned["code"])
    for row in warned.head(5).to_dict("records"):
        assert f"- {row['file']}: {row['message']}" in text
    assert f"- and {len(warned) - 5} more warnings" in text
    assert f"{len(warned)} warnings and {len(findings) - len(warned)} notes" in text


def test_build_twice(capsys, downloads, built):
    before = (built / "manifest.json").read_bytes()
    assert "overwritten" in fault(capsys, "build", str(downloads), "--out", str(built), "--quiet")
    said(capsys, "build", str(downloads), "--out", str(built), "--quiet", "--overwrite")
    assert (built / "manifest.json").read_bytes() == before


def test_build_holds_files_against_a_panel(capsys, tmp_path):
    """Invented figures are none that ship, and what was built of them is built of them again."""
    files, one, other = (tmp_path / name for name in ("files", "one", "other"))
    files.mkdir()
    write_table(files, "D3", [2025])
    said(capsys, "build", str(files), "--out", str(one), "--quiet")
    assert "unlike-the-known" in set(ew.load_panel(one).findings["code"])
    said(capsys, "build", str(files), "--out", str(other), "--known", str(one), "--quiet")
    assert "unlike-the-known" not in set(ew.load_panel(other).findings["code"])
    words = fault(capsys, "build", str(files), "--out", str(tmp_path / "p"), "--known", "nowhere")
    assert "nowhere" in words
    assert not (tmp_path / "p").exists()


def test_what_judgements_beside_the_panels_lack_is_no_doubt(capsys, tmp_path):
    """A year's file holds few of those known; another grade than the one known is still named."""
    file, known = tmp_path / "some.csv", ew.load_judgements()
    some = known[known["published_on"] < known["published_on"].max()].copy()
    file.write_text(judgements_text(some), encoding="utf-8")
    _, words = said(capsys, "score", "--judgements", str(file))
    assert "not in the files" not in words
    with pytest.warns(DataQualityWarning, match="not in the files"):
        ew.load_judgements(file)
    some.iloc[-1, some.columns.get_loc("start_precision")] = "month"
    file.write_text(judgements_text(some), encoding="utf-8")
    _, words = said(capsys, "score", "--judgements", str(file))
    assert "has start_precision month, and day is known" in words


def test_build_keeps_the_judgements_that_no_file_holds(capsys, tmp_path):
    files, out = tmp_path / "files", str(tmp_path / "out")
    files.mkdir()
    write_table(files, "D3", [2025])
    said(capsys, "build", str(files), "--out", out, "--keep-judgements", "--quiet")
    assert len(ew.load_panel(out).judgements) == len(ew.load_judgements())


def test_a_built_panel_is_scored(capsys, built, tmp_path):
    file = tmp_path / "a.csv"
    out, _ = said(
        capsys, "score", "--panel", str(built), "--as-of", "2025-11-30", "--out", str(file)
    )
    assert len(pd.read_csv(file)) == 153
    assert "2025-11-30" in out.replace("\n", " ")
    out, _ = said(capsys, "explain", "Camden", "--panel", str(built))
    assert "none on record" in out


def test_build_on_an_empty_folder(capsys, tmp_path):
    (tmp_path / "empty").mkdir()
    told = fault(capsys, "build", str(tmp_path / "empty"), "--out", str(tmp_path / "p"), "--quiet")
    assert "no published table" in told
    assert not (tmp_path / "p").exists()


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(ew, "train", functools.partial(training.train, refits=2), raising=False)


def test_train_writes_a_model_and_does_not_overwrite_it(capsys, tmp_path, quick):
    folder = tmp_path / "mine"
    train = ["train", "--until", "2016-06-01", "--out", str(folder), "--quiet"]
    out, err = said(capsys, *train)
    assert (out, err) == ("", "")
    model = ew.load_model(folder)
    assert model.info["training"]["until"] == "2016-06-01"
    before = (folder / "model.json").read_bytes()
    assert "there already" in fault(capsys, *train)
    assert (folder / "model.json").read_bytes() == before
    _, err = said(capsys, *train[:-1], "--overwrite", "--prior", "0.1")
    assert "set to 10.0% Inadequate" in err
    assert re.search(r"^Refitting, .* \(2\)$", err, re.MULTILINE)
    assert ew.load_model(folder).info["prior"]["scenario"] is True
    out, _ = said(capsys, "score", "--model", str(folder), "--as-of", "2016-06-01", "--top", "1")
    assert "any_inadequate-2016-06-01" in out.replace("\n", " ")


def test_train_on_other_judgements(capsys, tmp_path, quick):
    file = tmp_path / "judgements.csv"
    frame = ew.load_judgements()
    frame[frame["published_on"].astype(str) < "2016-03-01"].to_csv(file, index=False)
    said(
        capsys, "train", "--judgements", str(file), "--judgements-only", "--until", "2016-06-01",
        "--out", str(tmp_path / "m.json"), "--quiet", "--target", "overall_inadequate",
    )  # fmt: skip
    info = ew.load_model(tmp_path / "m.json").info
    assert info["training"]["last_start"] < "2016-03-01"
    assert info["target"]["name"] == "overall_inadequate"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--until", "soon"], "not a date"),
        (["--until", "2013-01-01"], "too few events"),
        (["--target", "failing"], "no such target"),
        (["--until", "2016-06-01", "--prior", "8"], "not a share"),
        (["--panel", "nowhere"], "no such folder"),
        (["--judgements", "nowhere.csv"], "no such file"),
    ],
)
def test_faults_of_train(capsys, tmp_path, quick, arguments, words):
    folder = tmp_path / "m"
    assert words in fault(capsys, "train", "--out", str(folder), "--quiet", *arguments)
    assert not folder.exists()


# --- faults -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "required"),
        (["predict"], "predict"),
        (["score", "--nonsense"], "--nonsense"),
        (["score", "--as-of", "yesterday"], "'yesterday'"),
        (["score", "--as-of", "31/02/2025"], "2025-03-31"),
        (["score", "--as-of", "2013-12-31"], "2014-01-01"),
        (["score", "--as-of", "2025-02-30"], "not a date"),
        (["score", "--as-of", ""], "as-of: nothing is given"),
        (["score", "--out", ""], "out: nothing is given"),
        (["monitor", "--out", "m", "--files", ""], "files: nothing is given"),
        (["serve", "--host", ""], "host: nothing is given"),
        (["report", "--out", "a.html", "--as-of", ""], "as-of: nothing is given"),
        (["train", "--out", "m", "--until", "2999-01-01"], "the date is in the future"),
        (["publish", "--to", "r", "--as-of", "2999-01-01"], "the date is in the future"),
        (["score", "--panel", "nowhere"], "nowhere"),
        (["score", "--model", "nowhere"], "no model here"),
        (["score", "--top", "0"], "1 or more"),
        (["score", "--top", "-3"], "1 or more"),
        (["score", "--top", "many"], "many"),
        (["score", "--include", "all"], "already-inadequate"),
        (["score", "--prior", "0"], "not a share"),
        (["score", "--prior", "1.5"], "not a share"),
        (["score", "--prior", "nan"], "not a share"),
        (["score", "--out", "scores.txt"], ".xlsx"),
        (["score", "--out", "nowhere/scores.csv"], "no such folder"),
        (["explain"], "NAME_OR_CODE"),
        (["explain", "Atlantis"], "Atlantis"),
        (["explain", "Camdn"], "Camden"),
        (["explain", "999"], "999"),
        (["explain", ""], ""),
        (["explain", "Poole", "--as-of", DAY], "Bournemouth, Christchurch and Poole"),
        (["explain", "England"], "England"),
        (["build"], "FOLDER"),
        (["build", "nowhere", "--out", "p", "--quiet"], "nowhere"),
        (["build", ".", "--quiet"], "--out"),
        (["train"], "--out"),
    ],
    ids=" ".join,
)
def test_every_fault_is_one_line(capsys, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    assert words in fault(capsys, *arguments)
    assert not any(tmp_path.iterdir())


def test_a_file_that_is_there(capsys, tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("mine")
    assert "--overwrite" in fault(capsys, "score", "--out", str(file))
    assert file.read_text() == "mine"
    said(capsys, "score", "--as-of", DAY, "--out", str(file), "--overwrite")
    assert len(pd.read_csv(file)) == 153


def test_a_folder_where_a_file_should_be(capsys, tmp_path):
    (tmp_path / "a.csv").mkdir()
    assert "a.csv" in fault(capsys, "score", "--out", str(tmp_path / "a.csv"), "--overwrite")


@pytest.mark.parametrize("content", [b"", b"{}", b"\x80\x04pickle", b'{"format": 1'])
def test_a_corrupt_model(capsys, tmp_path, content):
    (tmp_path / "model.json").write_bytes(content)
    assert str(tmp_path) in fault(capsys, "score", "--model", str(tmp_path))


def test_a_corrupt_panel(capsys, built, tmp_path):
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in built.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    text = (copy / "observations.csv").read_text(encoding="utf-8")
    (copy / "observations.csv").write_text(text.replace("2024", "2023", 1), encoding="utf-8")
    assert "changed" in fault(capsys, "score", "--panel", str(copy))
    (copy / "manifest.json").unlink()
    assert "not a panel folder" in fault(capsys, "score", "--panel", str(copy))


def test_a_fault_of_ours_is_exit_code_one_and_one_line(capsys, monkeypatch):
    def fails(*_):
        raise ZeroDivisionError("of\nall things")

    monkeypatch.setattr(text_of_lists, "catalogue_text", fails)
    out, err = said(capsys, "catalogue", code=1)
    assert out == ""
    assert err.count("\n") == 1
    assert "ZeroDivisionError: of all things" in err


def test_an_interruption_is_told(capsys, monkeypatch):
    def fails(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(text_of_lists, "catalogue_text", fails)
    _, err = said(capsys, "catalogue", code=2)
    assert "nothing half-written" in err


# --- as a process ------------------------------------------------------------


def besides_the_past(err: str) -> list[str]:
    """What is said on stderr, but for the warning that the model knows what came after ``DAY``."""
    return [line for line in err.splitlines() if "was not known then" not in line]


def run(*arguments, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own program and arguments
        [sys.executable, "-m", "earlywarn", *arguments],
        capture_output=True, text=True, check=False, timeout=120, encoding="utf-8", **options,
    )  # fmt: skip


def test_the_module_runs(expected):
    done = run("score", "--as-of", DAY, "--top", "2")
    assert (done.returncode, besides_the_past(done.stderr)) == (0, [])
    assert expected["la_name"].iloc[1] in done.stdout


@pytest.mark.parametrize("arguments", [["predict"], ["explain", "Atlantis"]])
def test_the_module_tells_faults_in_one_line(arguments):
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


def test_a_console_of_few_letters_is_no_fault(tmp_path):
    done = run("catalogue", env={"PYTHONIOENCODING": "ascii", "PATH": ""})
    assert (done.returncode, besides_the_past(done.stderr)) == (0, [])
    assert "rereferrals" in done.stdout


def test_a_record_prints_nothing_for_what_is_not_known():
    measures = ("auc", "auc_lower", "auc_upper", "auc_below_good", "brier_skill",
                "observed_expected", "recall_at_26")  # fmt: skip
    known = {"window": "latest", "lead_months": 0, "model": "a", "n": 52, "events": 1}
    rows = [known | dict.fromkeys(measures, 0.5), known | dict.fromkeys(measures, np.nan)]
    checks = pd.DataFrame(columns=["number", "status", "title", "sentence"])
    lines = text_of_lists.record_text(pd.DataFrame(rows), checks, None).splitlines()
    assert lines[2] == "latest: 52 inspections, 1 event"
    assert lines[3].split() == ["a", "0.50", "[0.50,", "0.50]", "0.50", "+0.500", "0.50", "0.50"]
    assert lines[4].split() == ["a", "not", "known"]
    assert lines[0].endswith("top 26")
    assert len(lines[0]) == len(lines[3])
