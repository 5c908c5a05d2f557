"""Model card, transparency record and quality log: whole, traced, and with nothing empty."""

from __future__ import annotations

import functools
import itertools
import json
import re
import shutil
import tomllib
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.helpers import backtests

import earlywarn as ew
from earlywarn.cards import facts as facts_module
from earlywarn.cards import model_card, quality, tables, writing
from earlywarn.cards.facts import Facts, gather_facts, plain
from earlywarn.cards.items import BLANK, Item, blank, parse_items, read_standards
from earlywarn.cards.model_card import Learnt
from earlywarn.cards.quality import assumptions, colour
from earlywarn.cards.writing import FILES, write_card
from earlywarn.cli import parser as cli
from earlywarn.errors import CardError
from earlywarn.evaluation import stored_record as recorded
from earlywarn.evaluation.checks import CHECKS
from earlywarn.evaluation.record import make_record, write_record
from earlywarn.evaluation.stored_record import Recorded, check_belongs, read_recorded, to_text
from earlywarn.panel.storage import panel_digest
from earlywarn.utils.files import package_path
from earlywarn.utils.progress import Progress

ITEMS, FIELDS = read_standards().tripod, read_standards().atrs
ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "models" / "default"
ANEW = "python -m earlywarn card --out models/default --links ../.. --overwrite writes it again"

TRIPOD = """1 2 3a 3b 3c 4 5a 5b 6a 6b 6c 7 8a 8b 8c 9a 9b 9c 10 11 12a 12b 12c 12d 12e 12f 12g 13
14 15 16 17 18a 18b 18c 18d 18e 18f 19 20a 20b 20c 21 22 23a 23b 24 25 26 27a 27b
27c""".split()  # noqa: SIM905
"""The items of Collins et al. 2024, doi 10.1136/bmj-2023-078378."""
ATRS = """0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9 1 2 3 4 1.1 1.2 1.3 1.4 1.4.1 1.4.2 1.4.3 1.4.4 1.4.5
2.1 2.2 2.3 2.4 3.1 3.2 3.3 3.4 3.5 4.1.1 4.1.2 4.1.3 4.1.4 4.1.5 4.2.1 4.2.2 4.2.3 4.2.4 4.2.5
4.2.6 4.2.7 4.2.8 4.2.9 4.3.1 4.3.2 4.3.3 4.3.4 4.3.5 4.3.6 4.3.7 4.3.8 4.3.9 4.3.10 4.3.11 5.1
5.2""".split()  # noqa: SIM905


@pytest.fixture(scope="module")
def learnt(model, national) -> Learnt:
    """Found again in the panel: half a minute, so once."""
    return writing._learnt(model, national, Progress())


@pytest.fixture(scope="module")
def shipped() -> Recorded:
    return read_recorded()


@pytest.fixture(scope="module")
def facts(model, national, shipped, learnt) -> Facts:
    return gather_facts(model, national, shipped, learnt.cases)


@pytest.fixture
def at_once(monkeypatch, learnt) -> None:
    monkeypatch.setattr(writing, "_learnt", lambda *_: learnt)


@pytest.fixture(scope="module")
def folder(model, national, tmp_path_factory) -> Path:
    """A record of invented forecasts, as the backtest writes one."""
    place = tmp_path_factory.mktemp("record")
    record = make_record(backtests.toy(), model, national, mute=[13], resamples=10)
    write_record(record, place)
    return place


def copy_of(folder: Path, tmp_path: Path, **changes: object) -> Path:
    """The record with parts of what it is about changed."""
    place = shutil.copytree(folder, tmp_path / "copy")
    file = place / "backtest.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    target = changes.pop("target", document["target"])
    file.write_text(
        json.dumps(document | {"target": target, "about": document["about"] | changes}),
        encoding="utf-8",
    )
    return place


# --- the items ---------------------------------------------------------------------------------


def test_each_item_of_the_statement_stands_once_and_in_order():
    assert [item.number for item in ITEMS] == TRIPOD
    assert len(TRIPOD) == 52
    assert {int(re.match(r"\d+", number)[0]) for number in TRIPOD} == {*range(1, 28)}


def test_each_field_of_the_template_stands_once_and_in_order():
    assert [field.number for field in FIELDS] == ATRS
    sections = list(dict.fromkeys(field.section for field in FIELDS))
    assert sections == sorted(sections, key=lambda name: (name != "Metadata", name[:6]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("### Name\nx", "t.md, line 1: the heading of an item can't be read: found ### Name"),
        ("## A\n### 1 Name\nx\n### 1 Other\ny", "t.md, line 4: an item stands twice: found 1"),
        ("## A\n### 1 Name\n\n## B", "t.md, line 2: an item has no text: found ### 1 Name"),
    ],
)
def test_a_template_that_can_t_be_read_says_where(text, message):
    with pytest.raises(CardError, match=re.escape(message)):
        parse_items(text, "t.md")


def test_an_owner_s_template_takes_the_place_of_the_one_that_ships(tmp_path):
    shipped = package_path("cards/templates/atrs.md").read_text(encoding="utf-8")
    own = shipped.replace(blank("the team that runs it"), "The data team")
    (tmp_path / "atrs.md").write_text(own, encoding="utf-8")
    standards = read_standards(tmp_path)
    changed = [new for new, old in zip(standards.atrs, FIELDS, strict=True) if new != old]
    assert [(item.topic, item.text) for item in changed] == [("Team", "The data team")]
    assert standards.tripod == ITEMS


def test_a_folder_without_a_template_is_refused(tmp_path):
    with pytest.raises(CardError, match=r"no template here: expected tripod_ai\.md or atrs\.md"):
        read_standards(tmp_path)


EMPTY = re.compile(
    r"\b(see above|see below|n/a|tbc|tbd|todo|to be confirmed|to be decided|as appropriate|various|"
    r"where possible|state of the art|best practice|robust|not available at this time|lorem)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.number)
def test_no_item_is_answered_with_an_empty_phrase(item: Item, facts):
    text = BLANK.sub("", facts.fill(item.text)).strip()
    assert item.status in {"answered", "partly answered", "not applicable"}
    assert not EMPTY.search(text)
    assert len(text.split()) >= 15, text
    assert len(text) > 1.5 * len(item.topic)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.number)
def test_no_field_is_empty(field: Item, facts):
    text = facts.fill(field.text)
    assert text.strip()
    assert not EMPTY.search(text)
    if field.status == "to be completed":
        assert BLANK.fullmatch(text)


def test_what_does_not_apply_says_why():
    reasons = [item.text for item in (*ITEMS, *FIELDS) if not item.applies]
    assert reasons
    assert all(len(reason.split()) > 20 for reason in reasons)


def test_the_owner_s_own_things_are_blank():
    status = {field.number: field.status for field in FIELDS}
    for number in ("0.1", "3", "4", "1.1", "1.2", "1.3", "2.3"):
        assert status[number] == "to be completed", number
    for number in ("1.4", "3.1", "3.2", "3.4", "3.5", "5.1", "5.2"):
        assert status[number] == "partly answered", number
    assert [item.number for item in ITEMS if item.status == "partly answered"] == [
        *("18a", "18b", "19", "27b"),
    ]


def texts_of_the_cards() -> dict[str, str]:
    """Every text that facts are filled into, by where it stands."""
    found = {f"item {item.number}": item.text for item in (*ITEMS, *FIELDS)}
    for module in (model_card, quality, writing):
        for name, value in vars(module).items():
            if re.fullmatch(r"_[A-Z_]+", name) and isinstance(value, str):
                found[f"{module.__name__}.{name}"] = value
    found |= {f"meaning of {number}": text for number, text in quality.MEANING.items()}
    found |= {number: f"{asked} {text}" for number, asked, text in quality.VALIDATED}
    return found


@pytest.mark.parametrize(("where", "text"), texts_of_the_cards().items())
def test_no_text_holds_a_number_of_its_own(where, text):
    """So that none can be out of date: numbers are facts, and facts come from the program."""
    left = re.sub(r"\{\w+\}", "", text)
    assert not re.search(r"\d", left), where


# --- the facts ---------------------------------------------------------------------------------


def test_the_facts_of_the_model_are_its_own(facts, model):
    learnt_from, prior = model.info["training"], model.info["prior"]
    assert facts["inspections"] == str(learnt_from["inspections"])
    assert facts["events"] == str(learnt_from["events"])
    assert facts["until"] == learnt_from["until"]
    assert facts["usual"] == f"{100 * prior['risk']:.1f}%"
    assert facts["sunset"] == model.info["sunset"]
    assert facts["indicators"] == str(len(model.coefficients))


def test_the_facts_of_the_panel_are_counted_in_it(facts, national):
    figures = national.observations
    assert facts["figures"] == f"{len(figures):,}"
    assert facts["assumed"] == f"{100 * figures['date_assumed'].mean():.1f}%"
    assert facts["files"] == str(len(national.manifest["sources"]))
    assert facts["panel"] == panel_digest(national.manifest)
    late = national.judgements["published_on"].astype(str) > facts["until"]
    assert facts["not_yet_public"] == str(int(late.sum()))
    flow = [int(facts[name]) for name in ("judgements", "not_yet_public", "left_out")]
    assert flow[0] - flow[1] - flow[2] == int(facts["inspections"])


@pytest.mark.parametrize(("window", "short"), [("development", "dev"), ("from 2022", "head")])
def test_the_facts_of_the_record_are_its_figures(facts, shipped, window, short):
    rows = shipped.tables["records"].query("model == 'earlywarn' and lead_months == 0")
    row = rows.set_index("window").loc[window]
    for name in ("auc", "brier_skill", "observed_expected", "calibration_slope"):
        limits = f"[{row[f'{name}_lower']:.2f}, {row[f'{name}_upper']:.2f}]"
        assert facts[f"{name}_{short}"] == f"{row[name]:.2f} {limits}"
    assert facts[f"n_{short}"] == f"{row['n']:.0f}"
    assert facts[f"vain_{short}"] == f"{row['inspected_at_26'] - row['events_at_26']:.0f}"
    assert facts[f"missed_{short}"] == f"{row['events'] - row['events_at_26']:.0f}"


def test_what_stands_first_is_all_years_on_which_nothing_was_chosen(facts, shipped):
    """New failures apart from re-inspections, and no window that leaves the newest years out."""
    rows = shipped.tables["populations"].set_index(["window", "population"])
    for name, population in (("", "all inspections"), ("new_", "not already Inadequate"),
                             ("again_", "already Inadequate")):  # fmt: skip
        for window, short in (("from 2022", "head"), ("all", "all")):
            row = rows.loc[window, population]
            assert facts[f"{name}seen_{short}"] == f"{row['events']:.0f}"
            assert facts[f"{name}expected_{short}"] == f"{row['expected']:.1f}"
            assert f"[{row['lower']:.2f}, {row['upper']:.2f}]" in facts[f"{name}ratio_{short}"]
    assert facts["window_head"] == "2022 to August 2026"
    counts = [int(rows.loc["from 2022", name]["events"]) for name in rows.loc["from 2022"].index]
    assert counts[0] == counts[1] + counts[2] == int(facts["events_head"])


def test_the_shipped_record_is_that_of_the_evaluation_page(shipped):
    """One backtest behind the card, the report and the page."""
    page = (ROOT / "docs" / "evaluation.md").read_text(encoding="utf-8")
    records = shipped.tables["records"].query("lead_months == 0 and auc.notna()")
    for _, row in records[records["model"] != "random list"].iterrows():
        spoken = f"| {row['model']} | {row['auc']:.2f} [{row['auc_lower']:.2f}, "
        part = page.split(f"## At the start of the inspection, {row['window']}\n")[1]
        assert spoken in part.split("\n## ")[0]
    assert len(records) > 20
    assert set(shipped.tables["checks"]["number"]) == set(CHECKS)


def changed(shipped: Recorded, name: str, where: str, **values: float) -> Recorded:
    frames = {key: table.copy() for key, table in shipped.tables.items()}
    rows = frames[name].eval(where)
    for column, value in values.items():
        frames[name].loc[rows, column] = value
    return Recorded(shipped.target, shipped.about, frames)


OURS = "model == 'earlywarn' and window == 'from 2022' and lead_months == 0"


def test_what_is_said_follows_from_the_figures(model, national, shipped, learnt):
    def said(record: Recorded) -> Facts:
        return gather_facts(model, national, record, learnt.cases)

    good = {"brier_skill_lower": 0.1, "auc_lower": 0.6, "observed_expected": 1.3}
    better = said(changed(shipped, "records", OURS, **good, observed_expected_lower=1.1,
                          observed_expected_upper=1.5))  # fmt: skip
    assert better["skill_words"].startswith("better than the recent share")
    assert better["order_words"] == "better than chance"
    assert better["level_words"] == "too low, though hardly beyond chance"
    both = changed(shipped, "records", OURS, **good, observed_expected_lower=1.1)
    exact = said(changed(both, "populations", "window == 'from 2022'", lower=1.05, upper=1.6))
    assert exact["level_words"] == "too low, beyond chance"
    worse = said(changed(shipped, "records", OURS, brier_skill_lower=-0.1, auc_lower=0.4))
    assert worse["skill_words"].startswith("not clearly better than the recent share")
    assert worse["order_words"] == "not clearly better than chance"
    beaten = said(changed(shipped, "paired", "measure == 'auc'", lower=0.1))
    assert beaten["alike"] == "none"
    assert "red flags" in beaten["better_than"]
    unfair = said(changed(shipped, "groups", "group == 'Inner London'", lower=1.2, upper=2.0))
    assert re.match(r"in [1-9]\d* of \d+ groups", unfair["fairness_words"])


def test_a_fact_that_is_not_there_is_an_error_but_for_what_was_left_out(facts):
    with pytest.raises(CardError, match="a fact that is not known"):
        facts.fill("{shoe_size}")
    assert facts.fill("{check_99}") == "not in this record"


def test_text_from_outside_is_made_harmless():
    assert plain("a|b\n# c `d` <script>&") == "a/b # c 'd' &lt;script&gt;&amp;"
    assert plain("[here](javascript:x)") == "[here] (javascript:x)"


# --- the tables --------------------------------------------------------------------------------


def test_the_table_of_what_was_learnt_from_is_counted_from_the_cases(learnt):
    table = tables.learnt_from(learnt.model, learnt.cases, learnt.X).set_index("of the inspections")
    cases = learnt.cases
    assert table.loc["inspections", "all"] == str(len(cases))
    assert int(table.loc["inspections", "with the event"]) == int(cases["label"].sum())
    assert table.loc["graded Inadequate", "with the event"] == "100.0%"
    early, late = (int(table.loc["inspections"].iloc[place]) for place in (3, 4))
    assert early + late == len(cases)
    groups = np.array(learnt.model.groups)
    known = learnt.X.loc[:, groups == "workforce"].notna().to_numpy().mean()
    assert table.loc["workforce: cells known", "all"] == f"{100 * known:.1f}%"
    level = table.loc["workforce: level, mean (sd)", "with the event"]
    assert level.startswith("+"), "worse where the event came"


def test_the_tables_hold_the_whole_model(learnt):
    """A reader can score a row from the card alone."""
    model = learnt.model
    told, edges = tables.predictors(model), tables.thresholds(model)
    assert told["column"].tolist() == [f"`{name}`" for name in model.columns]
    own = {name: told["column"].tolist().index(name.removeprefix("weight of "))
           for name in edges if name.startswith("weight of ")}  # fmt: skip
    assert len(own) == 2
    row = np.zeros(len(model.columns))
    row[:5] = 1.0
    row[list(own.values())] = 1.0, 0.0
    weights, centres = np.array(told["weight"], dtype=float), told["centre"].astype(float)
    for place, edge in enumerate(edges.to_dict("records")):
        for name, column in own.items():
            weights[column] = float(edge[name])
        log_odds = (weights * (row - centres)).sum() - float(edge["threshold"])
        share = float(model.at_least(row[None], place + 1)[0])
        assert 1 / (1 + np.exp(-log_odds)) == pytest.approx(share, abs=1e-5)
    families = tables.families(model)
    assert families["predictors"].astype(int).sum() == len(model.columns)


# --- the assumptions ---------------------------------------------------------------------------


def test_every_assumption_of_the_document_is_rated():
    document = (ROOT / "docs" / "assumptions.md").read_text(encoding="utf-8")
    ids = re.findall(r"^\| ([DIMU]\d+) \|", document, re.MULTILINE)
    found = assumptions()
    assert Counter(ids) == dict.fromkeys(found["id"], 2), "each told once and rated once"
    assert len(found) > 25
    assert set(found["rating"]) <= {"red", "amber", "green"}
    assert not found["evidence"].str.contains(r"\]\(").any()


@pytest.mark.parametrize(
    ("evidence", "impact", "expected"),
    [("strong", "low", "green"), ("strong", "high", "amber"), ("some", "high", "red"),
     ("weak", "low", "amber"), ("weak", "high", "red"), ("none", "low", "not rated")],
)  # fmt: skip
def test_colours_follow_the_rule(evidence, impact, expected):
    assert colour(evidence, impact) == expected


def test_an_assumption_without_a_rating_says_so():
    text = "| id | assumption | why | evidence | effect if wrong | owner | reviewed |\n|---|\n"
    found = assumptions(text.replace("|---|", "|" + "---|" * 7) + "| X1 | a | b | c | d | e | f |")
    assert found[["id", "rating"]].to_numpy().tolist() == [["X1", quality.NOT_RATED]]


# --- the files ---------------------------------------------------------------------------------


@pytest.fixture
def written(tmp_path, at_once, model, national) -> Path:
    return write_card(tmp_path / "card", model=model, panel=national)


def test_the_card_beside_the_model_that_ships_is_today_s(tmp_path, at_once, model, national):
    place = write_card(tmp_path / "today", model=model, panel=national, links="../..")
    for name in FILES:
        found = (SHIPPED / name).read_bytes()
        assert found.decode("utf-8") == (place / name).read_text(encoding="utf-8"), ANEW


def test_the_links_of_the_shipped_card_lead_somewhere():
    links = [
        link
        for name in FILES
        for link in re.findall(r"\]\(([^)\s]+)\)", (SHIPPED / name).read_text(encoding="utf-8"))
    ]
    assert len(links) > 10
    assert [link for link in links if not (SHIPPED / link).exists()] == []


def test_without_a_place_documents_are_named_and_not_linked(written):
    text = (written / "CARD.md").read_text(encoding="utf-8")
    assert "`docs/methods.md`" in text
    assert set(re.findall(r"\]\(([^)]+)\)", text)) == {"TRANSPARENCY.md", "QUALITY.md"}


@pytest.mark.parametrize("name", FILES[:3])
def test_the_pages_are_whole_markdown(written, name):
    text = (written / name).read_text(encoding="utf-8")
    assert not re.search(r"\bnan\b|\bNone\b\s*\||\{\w+\}", text)
    lines = text.splitlines()
    for before, line in itertools.pairwise(lines):
        if line.startswith("|") and before.startswith("|"):
            assert line.count("|") == before.count("|"), line
    levels = [len(m[1]) for line in lines if (m := re.match(r"(#+) ", line))]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_every_number_of_the_prose_is_a_fact(written, facts):
    """Outside tables and headings; the numbers of references and of items stand in facts too."""
    known = {number for value in facts.values() for number in re.findall(r"\d+", value)}
    for name in FILES[:2]:
        lines = (written / name).read_text(encoding="utf-8").splitlines()
        prose = [line for line in lines if not line.startswith(("|", "#", "Of "))]
        told = {number for line in prose for number in re.findall(r"\d+", line)}
        assert len(told) > 20
        assert told - known == set(), name


def test_blanks_are_marked_in_one_way(written):
    counts = {
        name: len(BLANK.findall((written / name).read_text(encoding="utf-8"))) for name in FILES
    }
    blanks = sum(len(BLANK.findall(field.text)) for field in FIELDS)
    assert counts["TRANSPARENCY.md"] == blanks + 1, "the head shows what one looks like"
    assert blanks > 20
    assert counts["QUALITY.md"] > 2 * len(quality.SIGN_OFF)
    for name in FILES:
        text = (written / name).read_text(encoding="utf-8")
        assert not re.search(r"\b(TODO|TBC|XXX)\b|_{4,}", text)


def test_the_machine_s_part_says_the_same(written, facts, shipped):
    document = json.loads((written / "card.json").read_text(encoding="utf-8"))
    assert [one["number"] for one in document["tripod_ai"]] == TRIPOD
    assert [one["number"] for one in document["transparency_record"]] == ATRS
    page = (written / "CARD.md").read_text(encoding="utf-8")
    assert all(one["text"] in page for one in document["tripod_ai"])
    assert document["facts"] == dict(facts)
    assert len(document["checks"]) == len(shipped.tables["checks"])


def test_the_log_holds_checks_sources_and_room_for_decisions(written, national, shipped):
    text = (written / "QUALITY.md").read_text(encoding="utf-8")
    checks = shipped.tables["checks"].set_index("number")
    for number, row in checks.iterrows():
        line = next(one for one in text.splitlines() if one.startswith(f"| {number} |"))
        assert plain(row["sentence"]) in line
        assert bool(BLANK.search(line)) == (row["status"] == "fail")
    for source in national.manifest["sources"]:
        assert source["sha256"] in text
    assert "Nobody has signed." in text
    assert set(quality.MEANING) == set(CHECKS)


def test_the_tests_that_the_log_names_are_there():
    assert len(quality.VERIFIED) > 5
    assert [file for _, _, file in quality.VERIFIED if not (ROOT / file).is_file()] == []


def test_the_same_inputs_give_the_same_bytes(tmp_path, at_once, model, national, folder):
    first = write_card(tmp_path / "a", model=model, panel=national, record=folder)
    again = write_card(tmp_path / "b", model=model, panel=national, record=folder)
    for name in FILES:
        assert (first / name).read_bytes() == (again / name).read_bytes()


def test_what_ships_of_a_record_gives_the_card_of_the_folder(
    tmp_path, at_once, model, national, folder, monkeypatch
):
    from_folder = write_card(tmp_path / "a", model=model, panel=national, record=folder)
    file = tmp_path / "record_card.json"
    file.write_text(to_text(read_recorded(folder)), encoding="utf-8")
    monkeypatch.setattr(recorded, "package_path", lambda _: file)
    as_shipped = write_card(tmp_path / "b", model=model, panel=national)
    for name in FILES:
        assert (from_folder / name).read_bytes() == (as_shipped / name).read_bytes()
    assert to_text(read_recorded()) == file.read_text(encoding="utf-8")


def test_a_model_s_folder_may_hold_its_card(written, model):
    ew.save_model(model, written)
    assert ew.load_model(written).info["model_id"] == model.info["model_id"]


def test_the_wheel_brings_what_the_log_reads():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    forced = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert forced[quality.DOCUMENT] == f"earlywarn/{quality.DOCUMENT}"
    assert forced["models/default"] == "earlywarn/models/default"


# --- faults ------------------------------------------------------------------------------------


def test_a_card_that_is_there_is_kept(written, model, national):
    before = {name: (written / name).read_bytes() for name in FILES}
    (written / "CARD.md").write_text("mine", encoding="utf-8")
    with pytest.raises(CardError, match=r"CARD.md: a card is there already.*--overwrite"):
        write_card(written, model=model, panel=national)
    assert (written / "CARD.md").read_text(encoding="utf-8") == "mine"
    write_card(written, model=model, panel=national, overwrite=True)
    assert {name: (written / name).read_bytes() for name in FILES} == before


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model_id": "another"}, r"made with another model: found another; expected any_"),
        ({"panel": "00ff"}, "made from another panel: found panel 00ff"),
        ({"target": "overall_inadequate"}, "answers another question: found overall_inadequate"),
    ],
)
def test_a_record_of_something_else_is_refused(folder, tmp_path, model, national, changes, words):
    place = copy_of(folder, tmp_path, **changes)
    with pytest.raises(CardError, match=words) as caught:
        write_card(tmp_path / "card", model=model, panel=national, record=place)
    assert "python -m earlywarn backtest --out" in str(caught.value)
    assert not (tmp_path / "card").exists()


def test_a_record_of_this_model_belongs(folder, model, national):
    assert check_belongs(read_recorded(folder), model, national) is None


def test_a_folder_without_a_record(tmp_path):
    with pytest.raises(CardError, match="there is no record here"):
        read_recorded(tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("backtest.json", "{", "backtest.json: the record can't be read"),
        ("backtest.json", "[]", "no target"),
        ("backtest.json", '{"target": "any_inadequate"}', "nothing of the model and panel"),
        ("records.csv", "a,b\n1,2\n", "records.csv: the record can't be read"),
        ("checks.csv", "", "checks.csv: the record can't be read"),
    ],
)
def test_a_broken_record(folder, tmp_path, name, text, words):
    place = shutil.copytree(folder, tmp_path / "copy")
    (place / name).write_text(text, encoding="utf-8")
    with pytest.raises(CardError, match=words):
        read_recorded(place)


def test_a_record_without_the_confirmation_years(folder, tmp_path):
    place = shutil.copytree(folder, tmp_path / "copy")
    records = pd.read_csv(place / "records.csv")
    records[records["window"] != "confirmation"].to_csv(place / "records.csv", index=False)
    with pytest.raises(CardError, match="no measures of the development and the confirmation"):
        read_recorded(place)


def test_a_model_of_other_judgements_is_refused(tmp_path, model, national):
    fewer = replace(national, judgements=national.judgements.iloc[:-40])
    learnt = model.info["training"]
    with pytest.raises(CardError, match=rf"not learnt from this.*found {learnt['inspections']} "):
        writing._learnt(model, fewer, Progress())


def test_a_place_that_can_t_be_written(tmp_path, at_once, model, national):
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(CardError, match="file: there is a file where a folder is needed"):
        write_card(tmp_path / "file" / "card", model=model, panel=national)


def test_all_files_or_none(tmp_path, at_once, model, national, monkeypatch):
    def fails(*_: object, **__: object) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(writing, "quality_log", fails)
    with pytest.raises(ZeroDivisionError):
        write_card(tmp_path / "card", model=model, panel=national)
    assert not (tmp_path / "card").exists()


# --- the commands ------------------------------------------------------------------------------


def test_the_command_writes_the_card(capsys, tmp_path, at_once, folder):
    place = tmp_path / "card"
    arguments = ["card", "--out", str(place), "--record", str(folder), "--links", "../x/"]
    assert cli.main(arguments) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert str(place) in err
    assert "TO BE COMPLETED BY THE OWNER" in err
    assert "(../x/docs/methods.md)" in (place / "CARD.md").read_text(encoding="utf-8")
    assert {file.name for file in place.iterdir()} == set(FILES)
    assert cli.main(arguments) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert cli.main([*arguments, "--overwrite", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


def test_the_command_takes_the_owner_s_templates(tmp_path, at_once):
    templates = shutil.copytree(package_path("cards/templates"), tmp_path / "templates")
    own = (templates / "atrs.md").read_text(encoding="utf-8")
    changed = own.replace(blank("the team that runs it"), "The data team")
    (templates / "atrs.md").write_text(changed, encoding="utf-8")
    place = tmp_path / "card-with-ours"
    assert cli.main(["card", "--templates", str(templates), "--out", str(place), "--quiet"]) == 0
    assert "The data team" in (place / "TRANSPARENCY.md").read_text(encoding="utf-8")


def test_the_command_tells_a_fault_in_one_line(capsys, tmp_path):
    assert cli.main(["card", "--out", str(tmp_path / "card"), "--record", str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "there is no record here" in err


def test_a_backtest_is_of_the_model_that_is_named(capsys, tmp_path, model, monkeypatch):
    """So that its record belongs to that model, and asks its question."""
    info = {**model.info, "model_id": "mine", "target": {**model.info["target"]}}
    ew.save_model(model.with_info(info), tmp_path / "mine")
    given = {}

    def backtest(_panel, _judgements, **settings):
        given.update(settings)
        return backtests.toy()

    monkeypatch.setattr(ew, "backtest", backtest, raising=False)
    few = functools.partial(make_record, resamples=2)
    monkeypatch.setattr(ew, "make_record", few, raising=False)
    arguments = ["backtest", "--model", str(tmp_path / "mine"), "--mute", "13", "--quiet"]
    assert cli.main([*arguments, "--out", str(tmp_path / "record")]) == 0
    assert given["target"] == "any_inadequate"
    assert read_recorded(tmp_path / "record").about["model_id"] == "mine"
    assert "mine" not in capsys.readouterr().err


def test_blank_is_found_by_its_pattern():
    assert BLANK.fullmatch(blank("the team"))
    assert facts_module.DOCUMENTS
