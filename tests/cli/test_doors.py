"""The commands' own figures, judgements, regions and changes: what they print, what they refuse."""

from __future__ import annotations

import pandas as pd
import pytest

import earlywarn as ew
from earlywarn.cli.parser import main

DAY = "2025-12-31"
JUDGEMENT = {
    "la_code": "383",
    "la_name": "Leeds",
    "inspection_start": "2025-10-06",
    "published_on": "2025-11-24",
    "overall": "Inadequate",
    "leadership": "Inadequate",
    "help_and_protection": "Inadequate",
    "in_care": "Inadequate",
    "care_leavers": "Good",
}


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")


@pytest.fixture
def figures(tmp_path):
    path = tmp_path / "figures.csv"
    path.write_text("la_code,agency_workers\nLeeds,35\nSheffield,28\n", encoding="utf-8")
    return path


@pytest.fixture
def judgements(tmp_path):
    path = tmp_path / "new.csv"
    pd.DataFrame([JUDGEMENT]).to_csv(path, index=False)
    return path


def said(capsys, *arguments, code=0) -> str:
    assert main([*map(str, arguments)]) == code
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return out if code == 0 else err


def test_own_figures_are_scored_and_said(capsys, figures, tmp_path, model, snapshot):
    out = tmp_path / "scores.csv"
    text = said(capsys, "score", "--as-of", DAY, "--figures", figures, "--out", out, "--top", 1)
    table = pd.read_csv(out, dtype={"la_code": str}).set_index("la_code")
    newer = ew.with_figures(snapshot, "Leeds", agency_workers=35)
    newer = ew.with_figures(newer, "Sheffield", agency_workers=28)
    expected = ew.score(model, newer).set_index("la_code")
    assert (table["risk"] - expected["risk"]).abs().max() < 1e-12
    assert "Your own figures replace" in text
    assert "Leeds: Agency social workers" in " ".join(text.split())


def test_a_row_without_a_name_is_the_authority_asked_about(capsys, tmp_path):
    path = tmp_path / "one.csv"
    path.write_text("agency_workers\n35\n", encoding="utf-8")
    text = said(capsys, "explain", "Leeds", "--as-of", DAY, "--figures", path)
    assert "Agency social workers: 35.0%" in text
    assert "Your own figures replace" in text
    text = said(capsys, "explain", "Atlantis", "--as-of", DAY, "--figures", path, code=2)
    assert "one.csv" not in text
    text = said(capsys, "whatif", "Leeds", "--as-of", DAY, "--figures", path)
    assert "Your own figures replace the latest published ones, and are compared" in text
    text = said(capsys, "score", "--as-of", DAY, "--figures", path, code=2)
    assert "one.csv, own figures: the table does not say whose figures" in text


def test_a_wrong_figure_names_the_file_the_row_and_the_column(capsys, tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text("la_code,agency_workers\nLeeds,135\n", encoding="utf-8")
    text = said(capsys, "score", "--figures", path, code=2)
    assert "bad.csv, Leeds, line 2, agency_workers: this figure is not possible" in text
    assert len(text.splitlines()) == 1
    path.write_text("la_code,agency_wokers\nLeeds,13\n", encoding="utf-8")
    assert "such as agency_workers" in said(capsys, "score", "--figures", path, code=2)
    path.write_text("la_code,agency_workers\nLeeds,13\nLedes,13\n", encoding="utf-8")
    assert "bad.csv, line 3, authority: no auth" in said(capsys, "score", "--figures", path, code=2)


@pytest.mark.parametrize("door", ["score", "explain Leeds", "explore"])
def test_a_row_of_two_authorities_is_refused_by_every_door(capsys, tmp_path, door):
    path, out = tmp_path / "two.csv", ["--out", tmp_path / "page.html"]
    path.write_text("la_code,la_name,rereferrals\n383,Kent,24\n", encoding="utf-8")
    more = out if door == "explore" else []
    text = said(capsys, *door.split(), "--figures", path, *more, code=2)
    assert (
        "two.csv, line 2: the code and the name are those of different authorities: found 383"
        in text
    )
    assert "is Leeds, and Kent" in text


def test_new_judgements_go_beside_the_panels(capsys, judgements):
    before = said(capsys, "explain", "Leeds", "--as-of", DAY)
    after = said(capsys, "explain", "Leeds", "--as-of", DAY, "--judgements", judgements)
    judged = "Inadequate, overall and in its worst area, inspected from 2025-10-06"
    assert judged not in " ".join(before.split())
    assert judged in " ".join(after.split())
    other = said(capsys, "explain", "Sheffield", "--as-of", DAY, "--judgements", judgements)
    assert other == said(capsys, "explain", "Sheffield", "--as-of", DAY)


def test_a_region(capsys, tmp_path, snapshot):
    out = tmp_path / "region.csv"
    said(capsys, "score", "--as-of", DAY, "--region", "yorkshire", "--out", out)
    codes = set(pd.read_csv(out, dtype={"la_code": str})["la_code"])
    table = snapshot.authorities
    assert codes == set(table.loc[table["region"] == "Yorkshire and The Humber", "la_code"])
    text = said(capsys, "score", "--region", "north", code=2)
    assert "expected North East or North West" in text
    assert "expected East Midlands, " in said(capsys, "score", "--region", "Mercia", code=2)


def test_compare(capsys, tmp_path, snapshot):
    out = tmp_path / "beside.csv"
    text = said(capsys, "compare", "Leeds", "--as-of", DAY, "--out", out)
    table = pd.read_csv(out, dtype={"la_code": str}).set_index("indicator")
    expected = ew.compare(snapshot, "Leeds").set_index("indicator")
    assert table["rank"].dropna().tolist() == expected["rank"].dropna().tolist()
    for name in ew.neighbours(snapshot, "Leeds")["la_name"]:
        assert name in " ".join(text.split())
    text = said(capsys, "compare", "Leeds", "--as-of", DAY, "--with", "region")
    assert "compared with Yorkshire and The Humber" in text
    assert "not a group" in said(capsys, "compare", "Leeds", "--with", "friends", code=2)


def test_changes_of_one_and_of_all(capsys, tmp_path, model, national):
    out = tmp_path / "changes.csv"
    days = ["--since", "2024-12-31", "--as-of", DAY]
    text = said(capsys, "changes", "Leeds", *days, "--out", out)
    table = pd.read_csv(out, dtype={"la_code": str})
    expected = ew.what_changed(model, "2024-12-31", national.as_of(DAY), "Leeds")
    assert table["change"].tolist() == pytest.approx(expected["change"].tolist(), abs=1e-12)
    assert f"they add up to {expected['change'].sum():+.2f}" in text
    text = said(capsys, "changes", "--since", "2022-12-31", "--as-of", DAY, "--top", 3)
    assert len([line for line in text.splitlines() if "%" in line]) == 3
    assert "Not on both dates: 909, 942, 943." in text
    assert "the earlier date is after" in said(
        capsys, "changes", "--since", DAY, "--as-of", "2024-12-31", code=2
    )


@pytest.mark.parametrize("line", ["score", "explain Leeds", "whatif Leeds --worse"])
def test_a_day_outside_the_models_life_is_refused_unless_asked_for(capsys, line, model):
    late = [*line.split(), "--as-of", "2030-01-01"]
    assert f"2016-01-01 to {model.info['sunset']}" in said(capsys, *late, code=2)
    assert "2030-01-01" in said(capsys, *late, "--outside-life")


@pytest.mark.parametrize("line", ["score --top 1", "explain Leeds"])
def test_a_day_before_what_was_learnt_says_so_in_its_heading(capsys, line, model):
    until = model.info["training"]["until"]
    past = said(capsys, *line.split(), "--as-of", "2016-06-30")
    heading = " ".join(past.split("\n\n")[0].split())
    assert (
        f"judgements reported up to 2016-06-27, with what the model learnt until {until}" in heading
    )
    assert "what was learnt" not in said(capsys, *line.split(), "--as-of", until)


def test_judgements_alone_need_a_file(capsys, tmp_path):
    out = tmp_path / "m"
    text = said(capsys, "train", "--judgements-only", "--out", out, "--quiet", code=2)
    assert "--judgements FILE too" in text
