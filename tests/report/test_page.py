"""The report: whole without a network, its pictures told in tables, its numbers the frames'."""

from __future__ import annotations

import io
import json
import math
import re
from base64 import b64decode
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from zipfile import ZipFile

import html5lib
import numpy as np
import pandas as pd
import pytest

from earlywarn import __version__
from earlywarn.cli.parser import main
from earlywarn.errors import AuthorityError, ScoreError, UsageError
from earlywarn.indicators.catalogue import get_indicator
from earlywarn.report.authority import sections
from earlywarn.report.authority_charts import small_chart, waterfall_frame
from earlywarn.report.contents import Contents, gather
from earlywarn.report.indicator_history import Line
from earlywarn.report.national import (
    first_codes,
    left_out_above,
    region_chart,
    set_apart,
    shared_drivers,
    tile_map,
)
from earlywarn.report.page import authority_page, page, write_report
from earlywarn.report.palette import style_of
from earlywarn.report.standing import cloud, place_in_words, strip
from earlywarn.report.svg import TimeAxis
from earlywarn.report.track_record import (
    FROZEN,
    past_calibration,
    past_in_brief,
    past_level,
    past_record,
    past_sentences,
    past_warnings,
)
from earlywarn.report.track_record_charts import LEADS, calibration_chart, warning_chart
from earlywarn.scoring.national import score
from earlywarn.sources.schema import PUBLISHED
from earlywarn.utils.formatting import chance, number
from earlywarn.utils.progress import Progress

DAY = "2025-12-31"
CHOSEN = ["Tameside", "943", "City of London"]
EVALUATION = Path(__file__).parents[2] / "docs" / "evaluation.md"
HOSTILE = '<script>alert("x")</script> & "Sons" \'<img src=http://evil.example/x>'


@pytest.fixture(scope="module")
def contents(national, model) -> Contents:
    return gather(national, model, DAY, CHOSEN, Progress())


@pytest.fixture(scope="module")
def text(contents) -> str:
    return page(contents)


@pytest.fixture(scope="module")
def tree(text):
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    return parser.parse(text)


def words(element) -> str:
    return " ".join("".join(element.itertext()).split())


def local(element) -> str:
    return str(element.tag).rsplit("}", 1)[-1]


def every(tree, *names):
    return [e for e in tree.iter() if isinstance(e.tag, str) and local(e) in names]


def table_rows(table) -> list[list[str]]:
    rows = [[words(cell) for cell in every(row, "th", "td")] for row in every(table, "tr")]
    return [row for row in rows if row]


def table_named(tree, caption: str) -> list[list[str]]:
    found = [t for t in every(tree, "table") if caption in words(every(t, "caption")[0])]
    assert len(found) == 1, caption
    return table_rows(found[0])


# --- structure -----------------------------------------------------------------------------------


def test_the_page_is_in_english_with_landmarks_and_a_way_past_them(tree):
    assert tree.get("lang") == "en-GB"
    assert len(every(tree, "main")) == len(every(tree, "h1")) == 1
    assert every(tree, "header")
    assert every(tree, "footer")
    first = every(tree, "a")[0]
    assert first.get("href") == "#main"
    labels = [nav.get("aria-label") for nav in every(tree, "nav")]
    assert all(labels)
    assert len(set(labels)) == len(labels)


def test_headings_go_down_one_step_at_a_time(tree):
    levels = [int(local(e)[1]) for e in every(tree, "h1", "h2", "h3", "h4", "h5")]
    assert len(levels) > 20
    body = levels[levels.index(1) :]
    assert all(after - before <= 1 for before, after in pairwise(body))


def test_ids_are_there_once_and_every_link_arrives(tree):
    ids = [e.get("id") for e in tree.iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    links = [e.get("href") for e in every(tree, "a") if not e.get("download")]
    assert len(links) > 10
    assert {link[1:] for link in links} <= set(ids)


def test_nothing_is_loaded_or_run(text, tree):
    assert not every(tree, "script", "link", "iframe", "img", "object", "embed")
    assert not re.search(r"""(?:src|href|srcset|action)\s*=\s*["']?(?:https?:)?//""", text)
    style = "".join(words(e) for e in every(tree, "style"))
    assert "url(" not in style
    assert "@import" not in style
    assert not [e for e in tree.iter() for name in e.attrib if str(name).startswith("on")]


def test_every_picture_has_a_name_or_stands_beside_its_numbers(tree):
    parents = {child: parent for parent in tree.iter() for child in parent}
    pictures = every(tree, "svg")
    assert len(pictures) > 153 + 10 + 3 * 29 * 2
    for picture in pictures:
        if picture.get("aria-hidden") == "true":
            assert picture.get("class") == "defs" or re.search(r"\d", words(parents[picture]))
        else:
            assert picture.get("role") in {"img", "group"}
            assert len(picture.get("aria-label")) > 10


def test_every_figure_has_a_message_and_a_table(tree):
    figures = every(tree, "figure")
    assert len(figures) == 4 + 3 * len(CHOSEN)
    for figure in figures:
        assert len(words(every(figure, "figcaption")[0])) > 20
        assert len(table_rows(every(figure, "table")[0])) > 2


def test_every_table_has_a_caption_and_scoped_headings(tree):
    tables = every(tree, "table")
    assert len(tables) > 15
    for table in tables:
        assert words(every(table, "caption")[0])
        headings = every(table, "th")
        assert headings
        assert {th.get("scope") for th in headings} <= {"col", "row", "rowgroup"}


def test_what_scrolls_can_be_reached_and_is_named(tree):
    boxes = [e for e in every(tree, "div") if e.get("class") == "scroll"]
    assert len(boxes) > 15
    assert all(e.get("tabindex") == "0" and e.get("aria-label") for e in boxes)
    assert len({e.get("aria-label") for e in boxes}) == len(boxes)


def test_the_crown_is_not_worn(text):
    assert "crown" not in text.lower()
    assert "govuk-" not in text


# --- numbers -------------------------------------------------------------------------------------


def test_the_list_is_what_score_gives(tree, national, model):
    rows = table_named(tree, "Risk of an Inadequate judgement")[1:]
    scores = score(model, national.as_of(DAY))
    assert [row[0] for row in rows] == scores["la_name"].tolist()
    regions = national.register.existing(DAY).set_index("la_code")["region"]
    for row, given in zip(rows, scores.to_dict("records"), strict=True):
        assert row[1] == regions[given["la_code"]]
        assert row[2] == f"{given['rank']} ({given['rank_lower']} to {given['rank_upper']})"
        assert row[3] == given["band"]
        risk, low, high = (100 * given[name] for name in ("risk", "risk_lower", "risk_upper"))
        assert row[4] == f"{risk:.1f}% ({low:.1f}% to {high:.1f}%)"
        new = given["top_k_probability_new"]
        assert pd.isna(new) == given["already_inadequate"]
        assert row[5] == chance(given["top_k_probability"]) + (
            "" if pd.isna(new) else f" ({chance(new)})"
        )
        assert row[6] == f"{100 * given['below_good']:.1f}%"
        assert row[8] == last_judgement(given)


def last_judgement(given) -> str:
    worst, overall = given["previous_judgement"], given["previous_overall"]
    if pd.isna(worst):
        return "none"
    year = given["previous_inspection"][:4]
    of = "the worst of three areas" if worst in ("Good", "Outstanding") else "its worst area"
    if pd.isna(overall):
        return f"{worst} in {of}, no overall grade, {year}"
    if worst == overall:
        return f"{worst}, {year}"
    return f"{overall} overall, {worst} in {of}, {year}"


def test_the_ten_first_are_told_with_why_and_how_sure(tree, national, model):
    ten = next(e for e in every(tree, "ol") if e.get("class") == "ten")
    told = [words(item) for item in ten if local(item) == "li"]
    whole = score(model, national.as_of(DAY))
    scores = whole[~whole["already_inadequate"]].head(10).to_dict("records")
    assert len(told) == len(scores) == 10
    for item, given in zip(told, scores, strict=True):
        risk, low, high = (100 * given[name] for name in ("risk", "risk_lower", "risk_upper"))
        for part in (
            given["la_name"],
            given["band"],
            f"{risk:.1f}% ({low:.1f}% to {high:.1f}%)",
            f"Rank {given['rank_lower']} to {given['rank_upper']}",
            f"26 highest: {chance(given['top_k_probability'])};",
            f"{chance(given['top_k_probability_new'])} among those not already Inadequate",
            *given["drivers_up"].split("; "),
        ):
            assert part in item


def not_already(contents) -> pd.DataFrame:
    return contents.scores[~contents.scores["already_inadequate"]]


def test_those_already_inadequate_above_the_ten_are_named_and_stay_in_the_list(tree, contents):
    last = not_already(contents).index[9]
    above = contents.scores.loc[:last].query("already_inadequate")["la_name"].tolist()
    assert above, "the day shows nothing"
    box = next(e for e in every(tree, "div") if e.get("class") == "minute")
    ten = next(e for e in every(tree, "section") if e.get("id") == "ten")
    names = ", ".join(above)
    assert f"already judged Inadequate are not among them: {names}, with a risk as high," in words(
        box
    )
    assert f"which includes them: {names}." in words(ten)
    items = [words(e) for e in every(ten, "strong")]
    assert not set(items) & set(above)
    rows = table_named(tree, "Risk of an Inadequate judgement")[1:]
    assert [row[0] for row in rows] == contents.scores["la_name"].tolist()


def test_an_authority_is_told_its_risk_on_the_day_by_date(tree, contents):
    for code in contents.chosen:
        article = next(e for e in every(tree, "article") if e.get("id") == f"la-{code}")
        assert "if inspected on 31 December 2025:" in words(article)


def test_the_ten_without_anyone_already_inadequate(contents):
    scores = contents.scores
    nobody = replace(contents, scores=scores.assign(already_inadequate=False))
    assert first_codes(nobody) == scores["la_code"].head(10).tolist()
    assert left_out_above(nobody) == []
    most = replace(contents, scores=scores.assign(already_inadequate=scores.index > 2))
    assert first_codes(most) == scores["la_code"].head(3).tolist()
    assert left_out_above(most) == []


def test_in_one_minute_the_ten_are_named_with_what_they_share(tree, contents):
    box = next(e for e in every(tree, "div") if e.get("class") == "minute")
    told = words(box)
    first = not_already(contents).head(10)
    apart = set_apart(contents, first["la_code"].tolist())
    for row in first.to_dict("records"):
        risk, low, high = (100 * row[name] for name in ("risk", "risk_lower", "risk_upper"))
        line = f"{row['la_name']} {risk:.1f}% ({low:.1f}% to {high:.1f}%): {apart[row['la_code']]}"
        assert line in told
    assert len(set(apart.values())) > 3, "what sets one apart is not the same for all"
    shared = shared_drivers(contents, first["la_code"].tolist())
    assert 1 <= len(shared) <= 3
    assert all(f"{title} ({count} of 10)" in told for title, count in shared)
    below = (first["drivers_up"].str.contains("last inspection")).sum()
    assert dict(shared).get("an area below Good at the last inspection", 0) == below
    assert past_in_brief(contents.record) in told


def test_a_chance_is_never_certain():
    assert [chance(share) for share in (0.0, 0.004, 0.01, 0.5, 0.99, 0.996, 1.0)] == [
        "under 1%",
        "under 1%",
        "1%",
        "50%",
        "99%",
        "over 99%",
        "over 99%",
    ]


def test_movement_is_told_with_its_verdict(tree, contents):
    rows = table_named(tree, "Risk of an Inadequate judgement")[1:]
    moved = contents.listed["moved"].tolist()
    noise = contents.listed["beyond_noise"].tolist()
    for row, places, beyond in zip(rows, moved, noise, strict=True):
        assert row[7].startswith(str(abs(int(places))))
        assert row[7].endswith("more than noise" if beyond else "within noise")
    assert 0 < sum(noise) < len(noise)


def test_the_map_says_what_its_table_says(tree, contents):
    chart = tile_map(contents)
    rows = table_named(tree, "Bands and risks by authority")[1:]
    frame = chart.frame()
    assert [row[0] for row in rows] == frame["la_name"].tolist()
    assert [row[2] for row in rows] == frame["band"].tolist()
    shown = next(e for e in every(tree, "ul") if e.get("class") == "map")
    tiles = {words(every(item, "b")[0]): item for item in shown}
    assert len(tiles) == len(frame) == 153
    for row, (_, given) in zip(rows, frame.iterrows(), strict=True):
        tile = tiles[row[0]]
        told = next(e for e in tile.iter() if e.get("class") == "full")
        assert words(told) == f"{row[0]} {row[3]} ({row[4]} to {row[5]}), {row[2]}"
        assert tile.get("style") == f"grid-area:{given['row'] + 1}/{given['column'] + 1}"
        assert tile[0].get("class") == f"t {style_of(row[2]).css}"


def test_a_dot_stands_for_each_list_before_each_inadequate_judgement(tree, national):
    chart = warning_chart(past_warnings(), national.register)
    frame = chart.frame()
    lists = frame[list(LEADS)]
    record = past_record().set_index(["window", "model"])
    assert len(frame) == record.loc[("from 2022", "earlywarn"), "events"]
    assert chart.plot().count('class="on"') == (lists == 1).to_numpy().sum() > 0
    assert chart.plot().count('class="off"') == (lists == 0).to_numpy().sum() > 0
    assert chart.title.startswith(f"{lists['on_last_list'].sum():.0f} of {len(frame)} ")
    rows = table_named(tree, "Inadequate judgements and the lists before them")[1:]
    assert [row[0] for row in rows] == frame["la_name"].tolist()
    held = {"on the list": 1, "not on it": 0}
    for row, given in zip(rows, lists.to_numpy(), strict=True):
        assert [held.get(cell) for cell in row[2:6]] == [
            None if pd.isna(cell) else cell for cell in given
        ]


def test_the_calibration_stands_where_its_table_says(tree):
    level = past_level(past_record())
    chart = calibration_chart(past_calibration(), level)
    assert chart.title.startswith(f"{level}: ")
    assert any(f"{level}: " in sentence for sentence in past_sentences(past_record()))
    frame = chart.frame()
    rows = table_named(tree, "Risks predicted and what was judged")[1:]
    assert [row[2] for row in rows] == [f"{100 * risk:.1f}%" for risk in frame["expected"]]
    dots = re.findall(r'<circle class="dot" cx="(\d+)" cy="(\d+)"', chart.plot())
    assert len(dots) == len(frame) == 5
    x = [int(across) for across, _ in dots]
    y = [int(up) for _, up in dots]
    assert pd.Series(x).corr(frame["expected"]) > 0.999
    assert pd.Series(y).corr(frame["observed"]) < -0.999
    for row in frame.itertuples():
        assert f">{row.events} of {row.n}<" in chart.plot()


@pytest.mark.parametrize(
    ("told", "changes"),
    [
        ("not clearly better than", {}),
        ("were better than", {"brier_skill_lower": 0.01}),
        ("were worse than", {"brier_skill_upper": -0.01}),
        ("too few judgements to say", {"observed_expected": 0.88}),
        ("The risks were too low, though hardly", {"observed_expected_lower": 1.1}),
        ("The risks were too high, though hardly", {"observed_expected_upper": 0.9}),
        (
            "The risks were too high, beyond",
            {"observed_expected_upper": 0.6, "events": 20, "observed_expected": 0.4},
        ),
        ("about right", {"observed_expected_lower": 0.9, "observed_expected_upper": 1.1}),
        ("pairs, not clearly better than chance", {"auc_below_good_lower": 0.4}),
    ],
)
def test_what_is_said_of_the_record_follows_its_numbers(told, changes):
    record = past_record()
    ours = (record["window"] == "from 2022") & (record["model"] == "earlywarn")
    record.loc[ours, ["brier_skill_lower", "brier_skill_upper"]] = [-0.1, 0.1]
    record.loc[ours, ["observed_expected_lower", "observed_expected_upper"]] = [0.54, 1.24]
    for name, value in changes.items():
        record.loc[ours, name] = value
    assert any(told in sentence for sentence in past_sentences(record))


def test_the_regions_add_up(contents):
    frame = region_chart(contents).frame()
    assert frame["authorities"].sum() == len(contents.scores)
    bands = frame[[name for name in frame if str(name).endswith("usual")]]
    assert (bands.sum(axis=1) == frame["authorities"]).all()


def test_an_authoritys_waterfall_ends_at_its_risk(tree, contents):
    rows = table_named(tree, "From the start to the risk of Tameside")
    scores = contents.scores.set_index("la_name")
    assert rows[-1][0] == "Risk"
    assert rows[-1][2] == f"{100 * scores['risk']['Tameside']:.1f}%"
    steps = [float(row[1]) for row in rows[1:-1]]
    assert sum(steps) == pytest.approx(float(rows[-1][1]), abs=0.005 * len(steps) + 0.005)


def test_risk_by_day_is_told_beside_region_and_neighbours(tree, contents):
    rows = table_named(tree, "Risk of Tameside by day")[1:]
    own = contents.risks[contents.risks["la_code"] == "357"]
    assert len(rows) == len(own) == 10
    assert [row[1] for row in rows] == [f"{100 * risk:.1f}%" for risk in own["risk"]]
    assert [row[4] for row in rows] == [f"{100 * risk:.1f}%" for risk in own["region_median"]]
    north_west = contents.scores[contents.scores["region"] == "North West"]["risk"]
    assert rows[-1][4] == f"{100 * north_west.median():.1f}%"
    last = contents.risks[contents.risks["as_of"] == contents.scores["as_of"].iloc[0]]
    limits = ["risk", "risk_lower", "risk_upper"]
    own, listed = (f.set_index("la_code")[limits].sort_index() for f in (last, contents.scores))
    pd.testing.assert_frame_equal(own, listed, check_exact=True)


@pytest.mark.parametrize(("indicator", "ends"), [("rereferrals", (3, 31)), ("caseload", (9, 30))])
def test_a_figure_stands_at_the_day_its_year_ends(indicator, ends):
    axis = TimeAxis(2013, date(2026, 3, 19), 0, 10_000)
    years, none = [2023, 2025], [math.nan, math.nan]
    rows = Line(years, [1.0, 2.0], none, none, none, none, [PUBLISHED, PUBLISHED])
    drawn = small_chart(get_indicator(indicator), "Leeds", rows, axis, "", 3.0)
    x = [int(x) for x in re.findall(r"[ML](\d+) ", re.search(r'class="own" d="([^"]+)"', drawn)[1])]
    assert x == [axis.of_day(date(year, *ends)) for year in years]


def test_a_year_that_ends_on_another_day_says_so(tree):
    rows = table_named(tree, "Tameside: reporting years, to 31 March unless another date is given")
    titles = [row[0] for row in rows]
    assert sum(title.endswith("(to 30 September)") for title in titles) == 5
    assert sum(title.endswith("(to 31 January)") for title in titles) == 1
    assert sum("31 March)" in title for title in titles) == 0


def test_the_figures_by_year_are_the_histories(tree, contents):
    rows = table_named(tree, "Tameside: reporting years")
    years = [int(year) for year in rows[0][2:]]
    start = next(n for n, row in enumerate(rows) if row[0].startswith("Re-referrals"))
    told = dict(zip(years, rows[start][2:], strict=True))
    history = contents.indicator_history
    own = history[(history["la_code"] == "357") & (history["indicator"] == "rereferrals")]
    assert len(own) > 8
    for year, value in zip(own["period"], own["value"], strict=True):
        assert told[year] == (f"{value:.1f}" if pd.notna(value) else told[year])


SAID = {"90%", "95%", "50%", "10%", "0.1", "3.0", __version__[:3]}
"""Levels of intervals, chance, an example in the glossary, a licence, our own version."""


def written(contents) -> set[str]:
    """Every way in which the page writes the decimals of the frames."""
    frames = [contents.scores, contents.terms, contents.risks, contents.indicator_history]
    frames += [contents.record, contents.calibration, contents.warnings, contents.regions]
    frames += [waterfall_frame(rows) for _, rows in contents.terms.groupby("la_code")]
    values = {0.0, contents.usual, *contents.findings["period"].dropna()}
    for frame in frames:
        for name in frame.select_dtypes("number"):
            values |= set(frame[name].dropna().astype(float))
    for mark in ("restated", "assumed"):
        values |= set(100 * contents.indicator_history.groupby("indicator")[mark].mean())
    ways = ("{0:.1f}", "{0:,.1f}", "{0:.2f}", "{1:.1f}%", "{1:.0f}%", "{0:.1f}%", "{0:.0f}%")
    return {way.format(abs(value), abs(100 * value)) for value in values for way in ways}


def test_every_decimal_and_every_percentage_is_one_of_the_frames(text, contents):
    tree = html5lib.HTMLParser(namespaceHTMLElements=False).parse(text)
    findings = next(t for t in every(tree, "table") if "Findings" in words(every(t, "caption")[0]))
    # Axes have ticks of their own, and pictures have tables; findings are in the publisher's words.
    for element in [*every(tree, "svg", "style"), findings]:
        after = element.tail
        element.clear()
        element.tail = after
    found = re.findall(r"\d[\d,]*\.\d+%?|\d+%", " ".join(tree.itertext()))
    assert len(found) > 4000
    assert sorted(set(found) - written(contents) - SAID) == []


def test_holes_are_said_out_loud(text):
    assert "Not known, so others of the same family stand in" in text
    assert "Suppressed:" in text
    assert "Formed on 1 April 2023 from Cumbria" in text
    assert "only an assumed publication date" in text


def test_the_record_in_the_page_is_the_evaluations(text):
    record = past_record()
    told = EVALUATION.read_text("utf-8")
    for window in ("development", "confirmation", "from 2018"):
        section = told.split(f"## At the start of the inspection, {window}")[1].split("\n## ")[0]
        for row in record[record["window"] == window].itertuples():
            shown = f"| {row.model} | {row.auc:.2f} [{row.auc_lower:.2f}, {row.auc_upper:.2f}] |"
            assert shown in section, (window, row.model)
    assert len(record) >= 20
    assert all(sentence in text for sentence in past_sentences(record)[:1])


def test_the_prospective_test_is_told_as_it_came_out(text):
    figures = json.loads((EVALUATION.parent / "prospective.json").read_text("utf-8"))
    new = figures["groups"]["53 new"]["leads"]["0"]
    ours = new["earlywarn"]["below_good"]
    low, high = ours["auc_interval"]
    last = new["previous judgement"]["below_good"]["auc"]
    assert f"{ours['auc']:.0%} of pairs ({low:.0%} to {high:.0%})" in FROZEN
    assert f"alone is right in {last:.0%}" in FROZEN
    level = new["earlywarn"]["inadequate"]
    expected, came = level["expected"], level["observed"]
    assert f"{expected:.1f} Inadequate judgements were expected, and there was {came}." in FROZEN
    assert f"the {level['n']} inspections" in FROZEN
    assert FROZEN in text


def test_the_page_says_first_what_it_is_and_is_not(tree):
    sections = [e.get("id") for e in every(tree, "section")]
    assert sections[:2] == ["about", "ten"]
    about = words(next(e for e in every(tree, "section") if e.get("id") == "about"))
    for phrase in ("31 December 2025", "can't say", "done before", "Who should not use it"):
        assert phrase in about


# --- choosing, refusing, repeating ---------------------------------------------------------------


def test_a_report_on_authorities_begins_with_them_and_leaves_england_out(contents):
    alone = authority_page(contents)
    tree = html5lib.HTMLParser(namespaceHTMLElements=False).parse(alone)
    assert [e.get("id") for e in every(tree, "section")] == ["every", "about"]
    assert [e.get("id") for e in every(tree, "article")] == ["la-201", "la-357", "la-943"]
    assert 'href="#list"' not in alone
    names = contents.snapshot.neighbours.query("la_code == '357'")["neighbour_code"]
    assert len(names) == 10
    assert all(contents.names[code] in alone for code in names)


def test_each_chart_can_be_downloaded_as_picture_and_table_without_a_script(contents):
    tree = html5lib.HTMLParser(namespaceHTMLElements=False).parse(authority_page(contents))
    links = {e.get("download"): e.get("href") for e in every(tree, "a") if e.get("download")}
    assert len(links) == 2 * 3 * len(CHOSEN)
    for name, link in links.items():
        content = b64decode(link.partition(";base64,")[2]).decode("utf-8")
        if name.endswith(".svg"):
            assert content.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
            assert content.endswith("</svg>")
            style = content[: content.index("</style>")]
            drawn = " ".join(re.findall('class="([^"]+)"', content)).split()
            styled = set(re.findall(r"[,}\s>]\.([a-z][\w-]*)", f" {style}"))
            assert styled <= set(drawn)
            assert styled & {"own", "dot"}
            assert all(name in style for name in re.findall(r"var\((--\w+)\)", style))
        else:
            assert len(pd.read_csv(io.StringIO(content))) > 2
    risks = pd.read_csv(io.StringIO(b64decode(links["risk-357.csv"].split(",")[1]).decode("utf-8")))
    own = contents.risks[contents.risks["la_code"] == "357"]
    assert risks["risk"].tolist() == own["risk"].tolist()


def test_in_one_file_each_authority_has_its_charts_and_figures_as_one_download(contents, tree):
    links = {e.get("download"): e.get("href") for e in every(tree, "a") if e.get("download")}
    parts = {section.code: section for section in sections(contents)}
    for code in contents.chosen:
        name = f"figures-{code}"
        with ZipFile(io.BytesIO(b64decode(links[f"{name}.zip"].split(",")[1]))) as packed:
            assert packed.namelist() == [f"{name}.svg", f"{name}.csv"]
            picture, table = (packed.read(each).decode("utf-8") for each in packed.namelist())
        titles = re.findall(r'<text x="\d+" y="\d+" font-size="11">([^<]+)', picture)
        assert picture.count("<svg x=") == len(parts[code].smalls) <= len(titles)
        assert ".own{stroke" in picture
        rows = pd.read_csv(io.StringIO(table), dtype={"la_code": "str"})
        own = contents.indicator_history.query("la_code == @code")
        assert rows["indicator"].tolist() == own["indicator"].tolist()
        np.testing.assert_allclose(rows["value"], own["value"], rtol=0, atol=0.005001)


def test_the_figures_that_weigh_most_come_first_on_axes_that_compare(contents):
    parts = {section.code: section for section in sections(contents)}
    terms = contents.terms[contents.terms["term"] == "indicator"]
    shown = set(contents.indicator_history["indicator"])
    for code, section in parts.items():
        order = [name for name in terms.loc[terms["la_code"] == code, "indicator"] if name in shown]
        titles = [get_indicator(name).title for name in order]
        assert [small.message.partition(":")[0] for small in section.smalls][
            : len(titles)
        ] == titles
        assert all('<text x="2" y="77">0</text>' in small.svg for small in section.smalls)


def test_a_strip_says_and_shows_where_an_authority_stands(contents):
    standing = contents.standings["rereferrals"]
    top = contents.axis_tops["rereferrals"]
    lower = (standing.figures < standing.figures["357"]).sum()
    words_of = place_in_words("Tameside", "357", standing)
    others = len(standing.figures) - 1
    assert words_of == f"{lower} of {others} other authorities with a figure have a lower one"
    place = re.search(r'<circle class="dot" cx="(\d+)"', strip("357", standing, top))[1]
    assert int(place) == pytest.approx(8 + 224 * min(standing.figures["357"] / top, 1), abs=0.51)
    assert place_in_words("X", "000", standing).startswith("no figure for X")


def test_a_figure_beyond_the_strips_end_is_an_arrow_and_the_end_says_or_more(contents):
    standing = contents.standings["rereferrals"]
    figures = standing.figures.sort_values()
    top = float(figures.iloc[-2])
    last, beyond = strip(figures.index[-2], standing, top), strip(figures.index[-1], standing, top)
    assert ("<circle" in last, "<circle" in beyond) == (True, False)
    assert '<path class="dot" d="M225 7l14 7l-14 7z"/>' in beyond
    assert f">{number(top)} or more</text>" in cloud(standing, top)
    assert f">{number(figures.iloc[-1])}</text>" in cloud(standing, float(figures.iloc[-1]))


def test_a_brief_needs_an_authority(tmp_path):
    with pytest.raises(UsageError, match=r"a brief covers authorities only: found no authority"):
        write_report(tmp_path / "r.html", brief=True)


def test_only_those_chosen_have_a_section_but_the_list_is_national(tree):
    articles = [e.get("id") for e in every(tree, "article")]
    assert articles == ["la-201", "la-357", "la-943"]
    assert len(table_named(tree, "Risk of an Inadequate judgement")) == 154


def test_names_from_outside_are_harmless(national, model, contents):
    register = national.register
    rows = register.authorities.copy()
    rows.loc[rows["la_code"] == "357", "la_name"] = HOSTILE
    panel = replace(national, register=replace(register, authorities=rows))
    told = page(gather(panel, model, DAY, ["357"], Progress()))
    tree = html5lib.HTMLParser(namespaceHTMLElements=False).parse(told)
    assert not every(tree, "script", "img")
    assert HOSTILE in words(every(every(tree, "article")[0], "h3")[0])
    assert any(HOSTILE in (svg.get("aria-label") or "") for svg in every(tree, "svg"))


def test_the_same_contents_give_the_same_page(contents, text):
    assert page(contents) == text


def test_an_earlier_day_without_neighbours_is_told(national, model):
    told = page(gather(national, model, "2016-06-30", ["909"], Progress()))
    assert "Cumbria" in told
    assert "No model of statistical neighbours is available" in told
    assert "There is no rank from a year before" in told


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        (UsageError, {"path": "report.pdf"}, "expected .html"),
        (UsageError, {"path": "nowhere/report.html"}, "no such folder"),
        (AuthorityError, {"authorities": ["Atlantis"]}, "Atlantis"),
        (AuthorityError, {"as_of": "2025-12-31", "authorities": ["909"]}, "Cumberland"),
    ],
)
def test_faults_of_the_user_are_told(kind, options, said, tmp_path):
    path = tmp_path / options.pop("path", "report.html")
    with pytest.raises(kind, match=said):
        write_report(path, **options)
    assert not path.exists()


def test_a_day_outside_the_models_life_is_refused(national, model, tmp_path):
    with pytest.raises(ScoreError, match="outside the model's life"):
        write_report(tmp_path / "r.html", panel=national, model=model, as_of="2014-06-30")


def test_the_command_writes_a_page_and_replaces_none(tmp_path, capsys):
    out = str(tmp_path / "report.html")
    assert main(["report", "--out", out, "--as-of", DAY, "--authority", "Leeds", "--quiet"]) == 0
    assert capsys.readouterr().err == ""
    assert "la-383" in Path(out).read_text("utf-8")
    assert main(["report", "--out", out, "--authority", "Leeds"]) == 2
    assert "--overwrite" in capsys.readouterr().err
