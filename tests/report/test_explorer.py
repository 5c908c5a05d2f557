"""The page to explore with, in a real browser: its numbers and words are those of Python."""

from __future__ import annotations

import json
import re
import warnings
from base64 import b64decode
from hashlib import sha256

import numpy as np
import pandas as pd
import pytest
from tests.helpers.browsers import axe, chromium

import earlywarn as ew
from earlywarn.cli.parser import main
from earlywarn.errors import (
    AuthorityError,
    IndicatorError,
    RowsWarning,
    ScoreError,
    UsageError,
)
from earlywarn.indicators.build import like_for_like, reference_distributions
from earlywarn.indicators.catalogue import get_indicator
from earlywarn.indicators.standardise import REACH, compare
from earlywarn.model.horizon import on_day
from earlywarn.report.explorer import _json, explorer_page
from earlywarn.report.explorer_data import COUNTS, unweighed
from earlywarn.scoring.cells import written_number
from earlywarn.scoring.explanation import contribution_frame, said_once
from earlywarn.scoring.own_tables import figure_names
from earlywarn.scoring.preprocessing import read_rows
from earlywarn.scoring.words import LAST
from earlywarn.utils.formatting import long_date

CLOSE = {"rtol": 0, "atol": 1e-9}
ASSESS = """cases => {
  globalThis.parsed ??= JSON.parse(document.getElementById("data").textContent);
  return cases.map(([code, state]) => {
    const assessed = explorer.assess(parsed, code, state);
    const { doubt, filled, authority, rows, model, ...found } = assessed;
    return { ...found, share: model?.share, expected: rows?.map((row) => row.expected ?? null),
      levels: rows?.map((row) => row.level ?? null) };
  }); }"""
NUMBERS = {"risk": "risk", "risk_lower": "lower", "risk_upper": "upper", "below_good": "belowGood"}


@pytest.fixture(scope="module")
def file(national, model, snapshot, tmp_path_factory):
    target = tmp_path_factory.mktemp("explore") / "explore.html"
    options = {"panel": national, "model": model, "as_of": snapshot.as_of}
    return ew.write_explorer(target, authority="Leeds", **options)


DATA = "JSON.parse(document.getElementById('data').textContent)"


@pytest.fixture(scope="module")
def tab(file):
    """The page, opened once."""
    with chromium() as browser:
        opened = browser.new_page(viewport={"width": 1366, "height": 900})
        asked: list[str] = []
        faults: list[str] = []
        opened.on("request", lambda request: asked.append(request.url))
        opened.on("pageerror", lambda fault: faults.append(str(fault)))
        opened.on("console", lambda message: faults.append(message.text))
        opened.goto(file.as_uri())
        yield opened
        assert asked == [file.as_uri()], "the page asked for something else"
        assert faults == []


@pytest.fixture
def leeds(tab):
    """The page with the published figures of Leeds."""
    tab.set_viewport_size({"width": 1366, "height": 900})
    tab.select_option("#authority", "383")
    if tab.is_enabled("#back"):
        tab.click("#back")
    return tab


@pytest.fixture(scope="module")
def published(model, snapshot):
    return ew.score(model, snapshot).set_index("la_code")


def assessed(tab, cases):
    found = tab.evaluate(ASSESS, cases)
    assert len(found) == len(cases) > 0
    return found


def same_numbers(page, row) -> None:
    for name, own in NUMBERS.items():
        assert abs(page[own] - row[name]) <= 1e-9, (row.name, name)


@pytest.fixture(scope="module")
def ids(model) -> list[str]:
    return [column.removesuffix("_z") for column in model.columns]


# --- every authority as published ----------------------------------------------------------------


def test_published_figures_give_what_score_and_explain_give(
    tab, model, snapshot, published, ids
) -> None:
    pages = assessed(tab, [[code, {}] for code in published.index])
    assert len(pages) == 153
    explained = ew.explain(model, snapshot)
    parts = ["contribution", "sentence"]
    wide = explained.pivot_table(parts, "la_code", "indicator", aggfunc="first")
    terms = wide["contribution"].astype(float)
    sentences = wide["sentence"].drop(columns=["baseline", *LAST])
    for place, (code, page) in enumerate(zip(published.index, pages, strict=True)):
        row = published.loc[code]
        same_numbers(page, row)
        ranks = [page["ranks"][name] for name in ("rank", "lower", "upper")]
        assert ranks == row[["rank", "rank_lower", "rank_upper"]].tolist()
        assert page["band"]["name"] == row["band"]
        assert page["band"]["probability"] == pytest.approx(row["band_probability"], abs=1e-9)
        np.testing.assert_allclose(page["contributions"], terms.loc[code, ids], **CLOSE)
        said = {each["id"]: each["sentence"] for each in page["reasons"]}
        last = said.pop(LAST[0])
        assert said == sentences.loc[code].to_dict()
        if place % 10 == 0:
            once = said_once(explained[explained["la_code"] == code])
            assert last == once.loc[once["indicator"].isin(LAST), "sentence"].item()


# --- changed figures -----------------------------------------------------------------------------


WHOLES = {
    "agency_fte": "staff_fte",
    "cases": "case_holders_fte",
    "leavers_fte": "inpost_fte",
    "plans_two_years_count": "plans_at_31_march",
    "repeat_plan_count": "plans_started",
    "rereferral_count": "referrals",
    "vacancy_fte": "posts_fte",
}


def random_value(rng, known: pd.Series) -> float:
    """A usual one, one up to far beyond the highest, or zero."""
    name, top = known.name, known.max()
    value = rng.choice([rng.choice(known), rng.uniform(0, 1.6) * top, 0.0])
    share = get_indicator(name).unit.startswith("%") and name != "turnover"
    return min(value, 100.0) if share else float(value)


def random_counts(rng) -> dict[str, float]:
    """Both counts of some indicators, the part alone of a rate, a value with its whole."""
    found = {"children_in_need": float(rng.integers(50, 4000))}
    for part in rng.choice(list(WHOLES), rng.integers(1, 5), replace=False):
        whole = float(rng.integers(5, 3000))
        share = 15 if part == "cases" else rng.uniform(0, 0.6)
        found |= {WHOLES[part]: whole, part: np.floor(whole * share)}
    if "staff_fte" not in found:
        found |= {"staff_fte": 90.0, "agency_workers": rng.uniform(0, 60)}
    return found


@pytest.fixture(scope="module")
def changed(indicators) -> dict[str, dict[str, float]]:
    """Some figures of every authority: values of two in three, counts of the others."""
    rng = np.random.default_rng(20260820)
    values = [name for name, record in figure_names().items() if record is not None]
    values = [name for name in values if get_indicator(name).scored]
    found = {}
    for place, code in enumerate(indicators.index):
        names = rng.choice(values, rng.integers(1, 9), replace=False)
        given = {name: random_value(rng, indicators[name].dropna()) for name in names}
        found[code] = given if place % 3 else random_counts(rng)
        if place % 2:
            found[code]["free_school_meals"] = float(rng.uniform(0, 70))
    return found


@pytest.fixture(scope="module")
def newer(snapshot, changed):
    return with_all(snapshot, changed)


def with_all(snapshot, figures: dict[str, dict[str, float]]):
    """The figures of many; that some look like shares of 1 is chance here."""
    table = pd.DataFrame.from_dict(figures, orient="index").rename_axis("la_code").reset_index()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RowsWarning)
        return ew.with_figures(snapshot, table)


def test_changed_figures_give_what_with_figures_gives(
    tab, model, newer, published, ids, changed
) -> None:
    assert sum(map(len, changed.values())) > 600
    scores = ew.score(model, newer).set_index("la_code")
    X = ew.build_indicators(newer)
    terms = contribution_frame(model, X)
    levels = X.droplevel("as_of")
    expected = levels.reindex(columns=[f"{name}_expected" for name in ids])
    found = assessed(tab, [[code, {"given": figures}] for code, figures in changed.items()])
    for code, page in zip(changed, found, strict=True):
        row = scores.loc[code]
        same_numbers(page, row)
        np.testing.assert_allclose(page["contributions"], terms.loc[code, ids], **CLOSE)
        usual = np.array(page["expected"], dtype=float)
        np.testing.assert_allclose(usual, expected.loc[code], rtol=0, atol=1e-6)
        assert page["band"]["name"] == row["band"]
        others = published.drop(code)["risk"]
        assert page["ranks"]["rank"] == 1 + (others > row["risk"] + 1e-12).sum()
        own = {(code, name) for name in page["own"]}
        assert own == {at for at in newer.own if at[0] == code} - {(code, "free_school_meals")}
    clipped = [abs(levels.loc[code, f"{name}_z"]) == REACH for code, name in newer.own]
    assert sum(clipped) > 100


def test_changed_figures_of_every_authority_get_the_ranks_of_python(
    tab, model, snapshot, indicators, newer, changed
) -> None:
    """Each alone among the published ones: a draw of a row hangs on that row and the seed."""
    on = on_day(model, snapshot.as_of)
    before, after = (
        read_rows(model, frame.reset_index()) for frame in (indicators, ew.build_indicators(newer))
    )
    draws, moved = (on.draws(inputs.values, inputs.noise) for inputs in (before, after))
    rank = 1 + (on.log_odds(before.values)[:, None] > on.log_odds(after.values) + 1e-12).sum(axis=0)
    found = assessed(tab, [[code, {"given": figures}] for code, figures in changed.items()])
    for place, page in enumerate(found):
        order = 1 + (np.delete(draws, place, axis=1) > moved[:, [place]]).sum(axis=1)
        own = rank[place] - (on.log_odds(before.values) > on.log_odds(after.values)[place])[place]
        low = min(np.quantile(order, 0.05, method="lower"), own)
        high = max(np.quantile(order, 0.95, method="higher"), own)
        assert [page["ranks"][name] for name in ("rank", "lower", "upper")] == [own, low, high]


def test_deprivation_moves_what_is_expected_and_nothing_else(tab, model, snapshot, ids) -> None:
    code, given = "383", {"free_school_meals": 45.0}
    alone = ew.with_figures(snapshot, code, **given)
    (page,) = assessed(tab, [[code, {"given": given}]])
    same_numbers(page, ew.score(model, alone).set_index("la_code").loc[code])
    assert page["own"] == []
    assert page["changed"]
    rows = ew.explain(model, alone, code).set_index("indicator")
    said = {each["id"]: each["sentence"] for each in page["reasons"]}
    figures = [name for name in ids if name not in LAST]
    assert [said[name] for name in figures] == rows.loc[figures, "sentence"].tolist()


def test_without_a_deprivation_figures_are_compared_as_of_average(tab, snapshot, ids) -> None:
    table = like_for_like(snapshot)
    against = reference_distributions(snapshot)
    codes = ["383", "420", "330"]
    cases = [[code, {"emptied": ["free_school_meals"]}] for code in codes]
    held = 0
    for code, page in zip(codes, assessed(tab, cases), strict=True):
        for row in table[table["la_code"] == code].to_dict("records"):
            name = row["indicator"]
            newest = table.loc[table["indicator"] == name, "period"].max()
            if row["period"] == newest:
                z, _ = compare(np.array([row["y"]]), np.array([row["sd"]]), np.nan, against[name])
                np.testing.assert_allclose(page["levels"][ids.index(name)], z[0], **CLOSE)
                assert page["expected"][ids.index(name)] is None
                held += 1
    assert held >= 16


def test_another_share_is_the_scenario_of_score(tab, model, snapshot, published, changed) -> None:
    codes = list(changed)[:40]
    newer = with_all(snapshot, {code: changed[code] for code in codes})
    scores = ew.score(model, newer, prior=0.13).set_index("la_code")
    states = [{"given": changed[code], "share": 0.13} for code in codes]
    alone = assessed(tab, [[code, {"given": changed[code]}] for code in codes])
    found = assessed(tab, [list(case) for case in zip(codes, states, strict=True)])
    for code, page, without in zip(codes, found, alone, strict=True):
        row = scores.loc[code]
        same_numbers(page, row)
        assert page["band"]["name"] == row["band"]
        assert page["band"]["probability"] == pytest.approx(row["band_probability"], abs=1e-9)
        assert page["share"] == 0.13
        assert page["ranks"] == without["ranks"]
    for share in (0, 1, -0.1, 1.5):
        (refused,) = assessed(tab, [[codes[0], {"share": share}]])
        assert set(refused["faults"]) == {"share"}


def test_one_authority_gets_the_ranks_and_the_words_of_python(tab, model, snapshot) -> None:
    cases = {
        "383": {"rereferrals": 35.0, "agency_workers": 30.0, "cin_rate": 512.5},
        "420": {"caseload": 12.25, "turnover": 130.0, "plans_two_years": 0.0},
        "330": {"reviews_in_time": 100.0, "vacancies": 0.5, "section_47_rate": 12000},
    }
    newer = with_all(snapshot, cases)
    rows = ew.explain(model, newer, list(cases))
    pages = assessed(tab, [[code, {"given": figures}] for code, figures in cases.items()])
    for code, page in zip(cases, pages, strict=True):
        once = said_once(rows[rows["la_code"] == code])
        once = once[once["term"] == "indicator"]
        theirs = {name for each, figures in cases.items() if each != code for name in figures}
        said = {each["id"]: each["sentence"] for each in page["reasons"]}
        alone = once[~once["indicator"].isin({*theirs, *LAST})]
        assert len(alone) >= 20
        assert {name: said[name] for name in alone["indicator"]} == dict(
            zip(alone["indicator"], alone["sentence"], strict=True)
        )
        own = once.loc[once["own"], "indicator"]
        assert {each["id"] for each in page["reasons"] if each["own"]} == set(own)
    alone = ew.with_figures(snapshot, "383", **cases["383"])
    row = ew.score(model, alone).set_index("la_code").loc["383"]
    ranks = [pages[0]["ranks"][name] for name in ("rank", "lower", "upper")]
    assert ranks == row[["rank", "rank_lower", "rank_upper"]].tolist()


def test_what_is_emptied_is_not_known_and_another_judgement_counts(
    tab, model, snapshot, indicators, ids
) -> None:
    rng = np.random.default_rng(7)
    X = indicators.copy()
    figures = [name for name in ids if name not in LAST]
    grades = [[1, 0], [0, 0], [0, 1], [None, None]]
    lasts = [grades[place % 4] for place in range(len(X))]
    gone = [rng.choice(figures, rng.integers(1, 20), replace=False).tolist() for _ in lasts]
    gone[0] = figures
    for name in figures:
        rows = [name in each for each in gone]
        X.loc[rows, [name, f"{name}_z", f"{name}_se"]] = np.nan
    X[list(LAST)] = np.array(lasts, dtype=float)
    cases = [
        [code, {"emptied": emptied, "last": last}]
        for code, emptied, last in zip(X.index, gone, lasts, strict=True)
    ]
    inputs = read_rows(model, X.reset_index())
    on = on_day(model, snapshot.as_of)
    lower, upper = on.interval(inputs.values, inputs.noise)
    expected = {
        "risk": on.risk(inputs.values),
        "lower": lower,
        "upper": upper,
        "belowGood": on.at_least(inputs.values, 2),
        "contributions": on.contributions(inputs.values)[:, 1:],
    }
    found = assessed(tab, cases)
    for name, values in expected.items():
        np.testing.assert_allclose([page[name] for page in found], values, **CLOSE)
    assert [page["known"] for page in found] == X[list(model.columns)].notna().sum(axis=1).tolist()
    said = [each["sentence"] for each in found[1]["reasons"]]
    assert sum("as you left it empty" in each for each in said) == len(gone[1])


def test_with_nothing_known_there_is_no_band_and_no_rank(tab, ids) -> None:
    (found,) = assessed(tab, [["383", {"emptied": ids, "last": [None, None]}]])
    assert found["known"] == 0
    assert found["band"] is None
    assert found["ranks"] is None
    assert "nan" not in json.dumps(found).lower()


@pytest.mark.parametrize(
    "figures",
    [
        {"rereferrals": 101.0},
        {"cin_rate": -1.0},
        {"caseload": 1e13},
        {"rereferral_count": 20},
        {"rereferral_count": 200, "referrals": 90},
        {"rereferral_count": 0, "referrals": 0},
        {"rereferrals": 50.0, "rereferral_count": 20, "referrals": 90},
    ],
)
def test_what_python_refuses_the_page_refuses(tab, snapshot, figures) -> None:
    with pytest.raises(IndicatorError):
        ew.with_figures(snapshot, "Leeds", **figures)
    (found,) = assessed(tab, [["383", {"given": figures}]])
    assert set(found["faults"]) & set(figures)
    assert "risk" not in found


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("rereferrals", "35 %", 35),
        ("rereferrals", "1,234", "NaN"),
        ("referrals", "1,234.5", 1234.5),
        ("referrals", "35%", "NaN"),
        ("referral_rate", "1,234", 1234),
        ("referral_rate", "0,125", "NaN"),
        ("caseload", "1,234", "NaN"),
        ("caseload", " 12 ", 12),
        ("caseload", "", None),
        ("share", "6.5%", 6.5),
        ("referrals", ".5", 0.5),
        ("referrals", "1,23", "NaN"),
    ],
)
def test_a_number_as_people_type_it(tab, name, text, value) -> None:
    read = f"([name, text]) => String(explorer.number({DATA}, name, text))"
    assert str(tab.evaluate(read, [name, text])) == ("null" if value is None else str(value))
    if value is not None and name != "share":
        assert float(value) == pytest.approx(written_number(text.strip(), name), nan_ok=True)


def test_figures_are_rounded_as_python_rounds_them(tab) -> None:
    values = [0.05, 0.15, 0.25, 0.35, 2.5, 12.25, 12.75, 99.95, 584.5, 585.5, 1234567.0]
    found = tab.evaluate("xs => xs.map(x => [explorer.fixed(x, 1), explorer.grouped(x)])", values)
    assert found == [[f"{value:.1f}", f"{value:,.0f}"] for value in values]


# --- the page itself -----------------------------------------------------------------------------


def test_figures_are_typed_and_taken_back(leeds, model, snapshot, published) -> None:
    before = published.loc["383"]
    assert leeds.text_content("#risk") == f"{100 * before['risk']:.1f}%"
    leeds.fill("#v-rereferrals", "35%")
    row = ew.score(model, ew.with_figures(snapshot, "Leeds", rereferrals=35.0))
    row = row.set_index("la_code").loc["383"]
    assert leeds.text_content("#risk") == f"{100 * row['risk']:.1f}%"
    table = leeds.text_content("#both")
    assert f"{before['rank']} ({before['rank_lower']} to {before['rank_upper']})" in table
    assert f"{row['rank']} ({row['rank_lower']} to {row['rank_upper']})" in table
    field = leeds.locator('.field[data-id="rereferrals"]')
    assert "mine" in field.get_attribute("class")
    assert "changed by you" in leeds.locator("#raises li", has_text="Re-referrals").text_content()
    # Not wait_for_function: what it asks again goes through eval, which the page's policy refuses.
    leeds.locator("#live", has_text="As published").wait_for(state="attached")
    leeds.click("#back")
    assert leeds.input_value("#v-rereferrals") == "24.2"
    assert leeds.text_content("#risk") == f"{100 * before['risk']:.1f}%"
    assert leeds.evaluate("document.activeElement.id") == "authority"
    assert leeds.is_disabled("#back")


def test_deprivation_and_the_share_are_typed_too(leeds, model, snapshot) -> None:
    leeds.fill("#v-free_school_meals", "12")
    row = ew.score(model, ew.with_figures(snapshot, "Leeds", free_school_meals=12.0))
    row = row.set_index("la_code").loc["383"]
    assert leeds.text_content("#risk") == f"{100 * row['risk']:.1f}%"
    assert "Referrals from" in leeds.text_content("#moved")
    expected = ew.explain(model, ew.with_figures(snapshot, "Leeds", free_school_meals=12.0), "383")
    expected = expected.set_index("indicator").loc["cin_rate", "expected"]
    assert f"about {expected:.0f} expected" in leeds.text_content("#about-v-cin_rate")
    leeds.fill("#v-share", "20")
    assert leeds.text_content("#usual") == "20.0%"
    assert "Where every authority starts from" in leeds.text_content("#moved")
    leeds.fill("#v-share", "0")
    assert "expected a number between 0 and 100" in leeds.text_content("#fault-v-share")
    assert "Share of inspections" in leeds.text_content("#refused")
    leeds.fill("#v-share", "")
    assert leeds.text_content("#risk") == f"{100 * row['risk']:.1f}%"


def test_what_moves_nothing_is_named(leeds, model) -> None:
    said = leeds.text_content("section[aria-labelledby=h-moves]")
    titles = ["Referrals closed without action", "Referrals assessed as not in need"]
    assert unweighed(model) == [*titles, "Social work spend"]
    for title in unweighed(model):
        assert title[1:] in said


def test_a_count_is_one_count_wherever_it_stands(leeds) -> None:
    leeds.click('.field[data-id="rereferrals"] summary')
    leeds.fill("#c-rereferrals-referrals", "9000")
    assert leeds.input_value("#c-referral_rate-referrals") == "9000"
    assert leeds.is_visible("#given")  # with no part beside it, it gives the rate
    leeds.fill("#c-rereferrals-rereferral_count", "3000")
    assert "33.3%" in leeds.locator("#raises li", has_text="Re-referrals").text_content()


def test_what_can_not_be_is_said_in_its_place(leeds) -> None:
    leeds.fill("#v-rereferrals", "135")
    assert leeds.is_hidden("#given")
    assert "Re-referrals within 12 months" in leeds.text_content("#refused")
    assert "expected a number from 0 to 100" in leeds.text_content("#fault-v-rereferrals")
    assert leeds.get_attribute("#v-rereferrals", "aria-invalid") == "true"
    assert "fault-v-rereferrals" in leeds.get_attribute("#v-rereferrals", "aria-describedby")
    leeds.fill("#v-rereferrals", "thirty")
    assert leeds.text_content("#fault-v-rereferrals") == "Not a number: thirty."
    leeds.fill("#v-rereferrals", "30")
    assert leeds.is_visible("#given")


def test_every_field_has_a_name_a_unit_a_year_and_a_usual_range(leeds, ids) -> None:
    fields = leeds.locator("input[id^=v-]")
    # One a weighed figure, but for the two parts of the last judgement; deprivation; the share.
    assert fields.count() == len(ids) - 2 + 2
    assert "The usual risk" in leeds.text_content("#about-v-share")
    for field in fields.all():
        name = field.get_attribute("data-name")
        if name == "share":
            continue
        label = leeds.text_content(f"label[for=v-{name}]")
        assert get_indicator(name).title in label
        assert get_indicator(name).unit in label
        hint = leeds.text_content(f"#about-v-{name}")
        assert re.search(r"Published: .* for 20\d\d|a suppressed count|No comparable", hint)
        assert "eight in ten authorities: " in hint


@pytest.mark.parametrize("width", [320, 768, 1366])
def test_it_fits_and_anyone_can_use_it(leeds, width) -> None:
    leeds.set_viewport_size({"width": width, "height": 800})
    leeds.fill("#v-agency_workers", "30")
    leeds.fill("#v-rereferrals", "135")
    leeds.fill("#v-rereferrals", "30")
    assert leeds.evaluate("document.documentElement.scrollWidth") <= width
    if width == 1366:
        leeds.evaluate(axe())
        found = leeds.evaluate("axe.run()")
        assert [(fault["id"], fault["nodes"][0]["html"]) for fault in found["violations"]] == []


def test_the_keyboard_reaches_everything_and_is_seen(leeds) -> None:
    leeds.focus("#authority")
    seen = []
    for _ in range(8):
        leeds.keyboard.press("Tab")
        seen.append(leeds.evaluate("document.activeElement.id || document.activeElement.tagName"))
        outline = leeds.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"
    assert "v-referral_rate" in seen


def test_the_risk_that_stays_in_view_hides_no_focus(leeds) -> None:
    leeds.set_viewport_size({"width": 320, "height": 700})
    hidden = leeds.evaluate("""() => {
      const bar = document.getElementById("bar").getBoundingClientRect();
      const fields = [...document.querySelectorAll("#figures :is(summary, .field > input)")];
      return [bar.height, fields.length, fields.filter((field) => {
        field.focus();
        return field.getBoundingClientRect().bottom > bar.top;
      }).map((field) => field.id)];
    }""")
    assert hidden[0] > 20
    assert hidden[1] > 30
    assert hidden[2] == []


def test_without_its_script_the_page_says_what_to_do(file) -> None:
    text = file.read_text("utf-8")
    assert "<noscript>" in text
    assert '<div id="app" hidden>' in text


# --- the file ------------------------------------------------------------------------------------


def test_one_file_that_lets_run_its_own_script_and_no_other(file) -> None:
    text = file.read_text("utf-8")
    assert 1_000_000 < len(text) < 4_000_000
    script = re.search(r"<script>(.*?)</script>", text, re.DOTALL)[1]
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]
    digest = re.search(r"script-src 'sha256-([^']+)'", policy)[1]
    assert b64decode(digest) == sha256(script.encode()).digest()
    assert policy.startswith("default-src 'none'; ")
    assert not re.findall(r'(?:src|href)="(?!#)', text)
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in text


def test_days_and_bands_are_written_as_the_report_writes_them(file, leeds, model) -> None:
    until = long_date(model.info["training"]["until"])
    page = file.read_text(encoding="utf-8")
    assert f"such judgements, from reports published by {until}." in page
    assert re.search(r"90% interval [\d.]+% to [\d.]+%: [a-z ]+ \(prob", leeds.inner_text("main"))


def test_data_can_not_end_its_element() -> None:
    text = _json({"name": "</script><script>alert(1)</script>\u2028"})
    assert "<" not in text
    assert "\u2028" not in text
    assert json.loads(text)["name"].startswith("</script>")


def test_the_same_inputs_give_the_same_page(file, model, snapshot) -> None:
    assert explorer_page(model, snapshot, "Leeds") == file.read_text("utf-8")


def test_the_command_with_own_figures_in_the_page_from_the_start(tmp_path, capsys) -> None:
    figures, out = tmp_path / "own.csv", tmp_path / "e.html"
    figures.write_text("la_code,rereferral_count,referrals\nLeicester,300,1000\n", "utf-8")
    line = ["explore", "--out", str(out), "--as-of", "2025-12-31", "--figures", str(figures)]
    assert main(line) == 0
    assert f"The page is in {out}" in capsys.readouterr().err
    text = out.read_text("utf-8")
    data = json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])
    own = data["own"]["856"]
    assert (own["rereferrals"], own["referrals"]) == (30.0, 1000.0)
    assert '<option value="856" selected>' in text
    assert main(line) == 2
    assert "--overwrite" in capsys.readouterr().err
    figures.write_text("la_code,rereferrals\nLeeds,350\n", encoding="utf-8")
    assert main([*line, "--overwrite"]) == 2
    assert (
        f"{figures}, Leeds, line 2, rereferrals: this figure is not possible"
        in capsys.readouterr().err
    )


def test_faults_of_the_input(tmp_path, model, national) -> None:
    with pytest.raises(UsageError, match=r"expected \.html"):
        ew.write_explorer(tmp_path / "explore.pdf")
    out = tmp_path / "explore.html"
    with pytest.raises(AuthorityError, match="Atlantis"):
        ew.write_explorer(out, panel=national, model=model, authority="Atlantis")
    with pytest.raises(ScoreError, match="outside the model's life"):
        ew.write_explorer(out, panel=national, model=model, as_of="2030-01-01")
    assert not out.exists()


def test_every_count_has_words(model) -> None:
    counts = {name for name, record in figure_names().items() if record is None}
    unweighed = {"no_further_action_count", "assessed_not_in_need_count"}
    assert set(COUNTS) == counts - unweighed
