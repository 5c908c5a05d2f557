"""The whole national report as one file, in a real browser: three widths, print, keyboard, axe."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from tests.helpers.browsers import axe, chromium

import earlywarn as ew
from earlywarn.indicators.catalogue import get_indicator
from earlywarn.report.indicator_history import indicator_history
from earlywarn.report.page import write_report
from earlywarn.statistics.distributions import logit

DAY = "2025-12-31"
DRAWN = ["357", "943", "420"]  # the highest risk, a new authority, one with hardly a figure
# And the longest name, the largest and the smallest, a district's, London's, an old county's.
SOME = [*DRAWN, "839", "330", "201", "383", "202", "886", "810", "857", "908"]
KINDS = """() => {
  const seen = new Set();
  for (const old of document.querySelectorAll("[data-kind]")) old.removeAttribute("data-kind");
  for (const element of document.querySelectorAll("body *")) {
    const told = [...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!told) continue;
    const path = [];
    for (let at = element; at !== document.body; at = at.parentElement)
      path.push(at.tagName + "." + (at.getAttribute("class") || "").replace(/\\br\\d+\\b/, ""));
    const kind = path.join(">");
    if (!seen.has(kind)) element.setAttribute("data-kind", seen.size);
    seen.add(kind);
  }
  return seen.size;
}"""


@pytest.fixture(scope="module")
def file(national, model, tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("report") / "report.html"
    return write_report(target, panel=national, model=model, as_of=DAY)


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def tab(browser, national, model, tmp_path_factory):
    """England and some sections, opened once; a test that changes the window sets it first.

    A template wrote all sections: 153 of them take a browser minutes to lay out at each width.
    """
    place = tmp_path_factory.mktemp("report") / "some.html"
    some = {"panel": national, "model": model, "as_of": DAY, "authorities": SOME}
    yield from opened(browser, write_report(place, **some, national=True))


@pytest.fixture(scope="module")
def whole_tab(browser, file):
    """England and every section."""
    yield from opened(browser, file)


def opened(browser, file: Path):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(300_000)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    assert asked == [file.as_uri()], "the page asked for something else"
    yield page
    page.close()


@pytest.fixture
def wide(tab):
    tab.set_viewport_size({"width": 1280, "height": 900})
    tab.emulate_media(media="screen")
    tab.evaluate("scrollTo(0, 0)")
    return tab


# --- the file ------------------------------------------------------------------------------------


def test_the_whole_report_is_small_enough_to_send(file):
    # A sixth of it is the download of each authority's charts and figures; it opens no slower.
    assert 3_000_000 < file.stat().st_size < 14_000_000
    text = file.read_text("utf-8")
    assert text.count("<article") == text.count('.zip" href="data:application/zip') == 153


def test_every_link_of_the_whole_report_arrives(file):
    text = file.read_text("utf-8")
    ids = re.findall(r'\sid="([^"]+)"', text)
    links = re.findall(r'<a(?! download)[^>]* href="([^"]*)"', text)
    assert len(ids) == len(set(ids)) > 900
    assert len(links) > 4 * 153
    assert {link[1:] for link in links} <= set(ids)
    assert all(link.startswith("#") for link in links)


# --- pictures against tables, and both against the library ---------------------------------------

SHARE = r'<text x="(\d+)" y="(\d+)"[^>]*>(\d+)%</text>'


@pytest.fixture(scope="module")
def told(file) -> str:
    return file.read_text("utf-8")


@pytest.fixture(scope="module")
def scores(national, model):
    return ew.score(model, national.as_of(DAY)).set_index("la_code")


@pytest.fixture(scope="module")
def histories(national):
    rows = indicator_history(national.as_of(DAY))
    return rows.assign(title=rows["indicator"].map(lambda name: get_indicator(name).title))


def figure(told: str, name: str) -> tuple[str, list[list[str]]]:
    """The picture of a figure, and the rows of the table below it."""
    part = told[told.index(f'<figure id="{name}"') :]
    part = part[: part.index("</figure>")]
    body = part[part.index("<tbody>") : part.index("</table>")]
    rows = [re.split(r"<t[hd][^>]*>", row)[1:] for row in body.split("<tr>")[1:]]
    return part[: part.index("<table")], [[cell.split("<")[0].strip() for cell in r] for r in rows]


def points(picture: str, kind: str) -> list[tuple[float, float]]:
    path = re.search(rf'<path class="{kind}" d="([^"]+)"', picture)
    return [(float(x), float(y)) for x, y in re.findall(r"[ML](\d+) (\d+)", path[1])]


def axis(picture: str, place: int, change=lambda share: share):
    """From a coordinate to the share that the labels of the axis give it, and a pixel's worth."""
    labels = [(float(m[place]), change(int(m[2]) / 100)) for m in re.findall(SHARE, picture)]
    slope, start = np.polyfit(*zip(*labels, strict=True), 1)
    return lambda at: slope * at + start, abs(slope)


def percents(rows: list[list[str]], column: int) -> list[float]:
    return [float(row[column].rstrip("%")) / 100 for row in rows]


@pytest.mark.parametrize("code", DRAWN)
def test_the_line_of_risk_stands_where_its_table_and_score_say(told, scores, code):
    picture, rows = figure(told, f"risk-{code}")
    read, pixel = axis(picture, 1)
    slack = pixel + 0.0006
    # Labels stand 4 below their line, so that they are in the middle of it.
    line = [read(y + 4) for _, y in points(picture, "own")]
    assert line == pytest.approx(percents(rows, 1), abs=slack)
    edge = [read(y + 4) for _, y in points(picture, "lim")]
    upper, lower = edge[: len(rows)], edge[: len(rows) - 1 : -1]
    assert upper == pytest.approx(percents(rows, 3), abs=slack)
    assert lower == pytest.approx(percents(rows, 2), abs=slack)
    now = scores.loc[code, ["risk", "risk_lower", "risk_upper"]].tolist()
    assert [percents(rows, column)[-1] for column in (1, 2, 3)] == pytest.approx(now, abs=0.0006)


@pytest.mark.parametrize("code", DRAWN)
def test_the_bars_of_the_waterfall_stand_where_explain_says(told, scores, national, model, code):
    picture, rows = figure(told, f"why-{code}")
    # Numbers beside the bars are no labels of the axis: those stand in one line, the lowest.
    bottom = max(int(y) for _, y, _ in re.findall(SHARE, picture))
    ticks = [m[0] for m in re.finditer(SHARE, picture) if m[2] == str(bottom)]
    read, pixel = axis("".join(ticks), 0, logit)
    terms = ew.explain(model, national.as_of(DAY), code)
    family = terms[terms["term"] == "indicator"].groupby("family")["contribution"].sum()
    bars = re.findall(r'<rect class="(up|dn)" x="(\d+)" y="\d+" width="(\d+)"', picture)
    assert len(bars) == len(family) == len(rows) - 2
    for (kind, _, width), row in zip(bars, rows[1:-1], strict=True):
        adds = family[{name.lower(): name for name in family.index}[row[0].lower()]]
        assert float(row[1]) == pytest.approx(adds, abs=0.006)
        assert (kind == "up") == (adds >= 0)
        assert int(width) * pixel == pytest.approx(abs(adds), abs=2.5 * pixel)
    ends = [read(float(x)) for x in re.findall(r'<circle class="dot" cx="(\d+)"', picture)]
    assert ends[1] == pytest.approx(logit(scores["risk"][code]), abs=2 * pixel)
    assert percents(rows, 2)[-1] == pytest.approx(scores["risk"][code], abs=0.0006)


@pytest.mark.parametrize("code", DRAWN)
def test_each_small_line_stands_where_the_panel_and_the_table_say(told, histories, code):
    start = told.index('<ul class="small">', told.index(f'<figure id="years-{code}"'))
    charts = told[start : told.index("</ul>", start)].split("<li>")[1:]
    table = told[told.index('<table class="y">', start) :]
    table = table[: table.index("</table>")].split("<tbody>")[1:]
    own = histories[histories["la_code"] == code]
    assert len(charts) == len(table) == 30
    drawn = 0
    for chart, part in zip(charts, table, strict=True):
        title = re.search(r'aria-label="(.+), [^,]+, line chart"', chart)[1]
        given = own.loc[own["title"] == title, "value"].dropna().tolist()
        cells = part.split("<tr>")[1].split("<td>")[1:]
        said = [float(c.replace(",", "")) for c in map(str.strip, cells) if c and c[0] != "["]
        assert said == pytest.approx(given, abs=0.51, rel=0.005)
        line = points(chart, "own") if 'class="own"' in chart else []
        high, low = (
            float(re.search(rf'<text x="2" y="{y}">([^<]+)<', chart)[1].replace(",", ""))
            for y in (20, 77)
        )
        read = [low + (76 - y) / 60 * (high - low) for _, y in line]
        assert read == pytest.approx(
            given, abs=(high - low) / 110 + (0.51 if high >= 100 else 0.06)
        )
        drawn += len(read)
    assert drawn > 20


def test_the_marks_of_the_list_are_the_scores(told, scores):
    listed = told[told.index('<table class="list"') :]
    marks = re.findall(
        r'href="#la-(\d{3})".*?class="ci" d="M(\d+) 6H(\d+)".*?cx="(\d+)"',
        listed[: listed.index("</table>")],
    )
    assert len(marks) == 153
    wide = 154 / (1.08 * scores["risk_upper"].max())
    for code, *drawn in marks:
        given = scores.loc[code, ["risk_lower", "risk_upper", "risk"]].astype(float) * wide + 3
        assert [int(x) for x in drawn] == pytest.approx(given.tolist(), abs=0.51)
    assert max(int(high) for _, _, high, _ in marks) < 150, "an interval looks cut off"


def test_the_dots_of_the_regions_are_the_scores(told, scores):
    picture, rows = figure(told, "regions")
    read, pixel = axis(picture, 0)
    dots = re.findall(r'class="dots" d="([^"]+)"/><path class="med" d="M(\d+) ', picture)
    for (path, middle), row in zip(dots, rows, strict=True):
        own = scores.loc[scores["region"] == row[0], "risk"]
        shown = [read(float(x)) for x in re.findall(r"M(\d+) ", path)]
        # Dots and labels both stand on whole pixels: half of one each, and more beyond the labels.
        assert sorted(shown) == pytest.approx(sorted(own), abs=1.5 * pixel)
        assert read(float(middle)) == pytest.approx(own.median(), abs=pixel)
        assert percents([row], 3) == pytest.approx([own.median()], abs=0.0006)
    assert len(dots) == scores["region"].nunique()


# --- briefs --------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", DRAWN)
def test_a_brief_prints_on_two_pages_of_a4(browser, national, model, tmp_path, code):
    brief = write_report(
        tmp_path / "b.html", panel=national, model=model, as_of=DAY, authorities=[code], brief=True
    )
    opened = browser.new_page(viewport={"width": 320, "height": 800})
    opened.goto(brief.as_uri())
    assert opened.evaluate("document.documentElement.scrollWidth") == 320
    printed = opened.pdf(format="A4", prefer_css_page_size=True, print_background=True)
    opened.close()
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 2


# --- at every width ------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [320, 500, 768, 1024, 1100, 1366, 1920])
def test_the_ranked_list_fits_its_box(tab, width):
    tab.emulate_media(media="screen")
    tab.set_viewport_size({"width": width, "height": 900})
    box = "document.querySelector('#list .scroll')"
    assert tab.evaluate(f"{box}.scrollWidth <= {box}.clientWidth")
    cut = """[...document.querySelectorAll('#list td, #list tbody th')].slice(0, 90).filter(
        cell => cell.scrollWidth > cell.clientWidth + 1).length"""
    assert tab.evaluate(cut) == 0


@pytest.mark.parametrize("width", [320, 400, 800, 1400])
def test_the_page_never_scrolls_sideways_and_no_name_is_cut(tab, width):
    """320 pixels are a window of 1,280 at 400% zoom."""
    tab.emulate_media(media="screen")
    tab.set_viewport_size({"width": width, "height": 900})
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert cut_names(tab) == []
    first = "[...document.querySelectorAll('svg.wide')].slice(0, 12)"
    charts = tab.evaluate(f"{first}.map(s => s.getBoundingClientRect())")
    assert len(charts) == 12
    assert all(box["left"] >= 0 and box["right"] <= width for box in charts)


def cut_names(tab) -> list[str]:
    names = tab.evaluate(
        """[...document.querySelectorAll(".t > span:first-child")].map(e =>
        [e.textContent, e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight])"""
    )
    assert len(names) == 153
    return [name for name, cut in names if cut]


def test_in_print_tables_are_open_and_names_whole(tab):
    tab.set_viewport_size({"width": 718, "height": 1000})  # 190 mm of A4
    tab.emulate_media(media="print")
    height = "document.querySelector('#map details table').getBoundingClientRect().height"
    assert tab.evaluate(height) > 500
    assert cut_names(tab) == []
    size = "parseFloat(getComputedStyle(document.querySelector('.map')).fontSize)"
    assert tab.evaluate(size) >= 7
    wide = "[...document.querySelectorAll('#ten, #england, #list')].map(e => e.scrollWidth)"
    assert max(tab.evaluate(wide)) <= 718


# --- by keyboard ---------------------------------------------------------------------------------


def test_tab_goes_down_the_page_and_is_always_seen(wide):
    stops = []
    wide.evaluate("document.activeElement.blur()")
    for _ in range(45):
        wide.keyboard.press("Tab")
        stops.append(
            wide.evaluate(
                """() => {
                const at = document.activeElement, style = getComputedStyle(at);
                const box = at.getBoundingClientRect();
                return {href: at.getAttribute("href"), outline: style.outlineStyle,
                        width: parseFloat(style.outlineWidth), from: box.top, to: box.bottom};
                }"""
            )
        )
    assert stops[0]["href"] == "#main"
    assert [stop["href"] for stop in stops[1:4]] == ["#about", "#ten", "#record"]
    assert all(stop["outline"] == "solid" and stop["width"] >= 3 for stop in stops)
    assert all(stop["from"] < 900 and stop["to"] > 0 for stop in stops)


def test_a_tile_tells_its_risk_beside_the_map_on_focus(wide):
    told = "a.t[href='#la-357'] .full"
    shown = f'getComputedStyle(document.querySelector("{told}")).clipPath'
    assert wide.evaluate(shown) != "none"
    wide.focus("a.t[href='#la-357']")
    assert wide.evaluate(shown) == "none"
    box = wide.locator(told).bounding_box()
    tiles = wide.evaluate(
        "Math.min(...[...document.querySelectorAll('.t')].map(t => t.getBoundingClientRect().left))"
    )
    assert box["width"] > 100
    assert box["x"] + box["width"] <= tiles, "what is told hides no tile"
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= 900


def test_a_tile_leads_to_its_authority(wide):
    wide.focus("a.t[href='#la-383']")
    wide.keyboard.press("Enter")
    wide.wait_for_timeout(500)
    top = "document.getElementById('la-383').getBoundingClientRect().top"
    assert -20 <= wide.evaluate(top) < 450


def test_the_list_shows_one_region_without_a_script(wide):
    rows = "[...document.querySelectorAll('#list tbody tr')].filter(r => r.offsetHeight).length"
    assert wide.evaluate(rows) == 153
    wide.get_by_label("North East", exact=True).check()
    shown = wide.evaluate(
        """[...document.querySelectorAll('#list tbody tr')].filter(r => r.offsetHeight)
        .map(r => r.cells[1].textContent)"""
    )
    wide.get_by_label("all of England").check()
    assert len(shown) == 12
    assert set(shown) == {"North East"}
    assert wide.evaluate(rows) == 153


# --- what is read out ----------------------------------------------------------------------------


def test_a_screen_reader_meets_every_authority_and_each_figure_by_its_message(whole_tab):
    """The tree that a browser hands to screen readers, before anything is scrolled to."""
    session = whole_tab.context.new_cdp_session(whole_tab)
    session.send("Accessibility.enable")
    page = session.send("DOM.getDocument", {"depth": 0})["root"]["nodeId"]

    def read(role: str) -> list[str]:
        asked = {"nodeId": page, "role": role}
        nodes = session.send("Accessibility.queryAXTree", asked)["nodes"]
        return [node["name"]["value"] for node in nodes if not node["ignored"]]

    headings, figures, images = read("heading"), read("figure"), read("image")
    session.detach()
    assert {"Reading", "York", "What raises the risk of York"} <= set(headings)
    assert len(headings) > 5 * 153
    assert len(figures) == 3 * 153 + 4
    assert len(images) > 2 * 153
    assert all(len(told) > 20 for told in figures + images)


# --- axe -----------------------------------------------------------------------------------------

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
BY_STYLE = ["color-contrast", "link-in-text-block", "target-size"]
"""Rules that look at how an element is styled. They cost a hundred times the others, and answer
alike for elements of one kind: the whole page has some 150 kinds, and 100,000 elements."""
IN_PARTS = """async ([options, open, size]) => {
  const articles = [...document.querySelectorAll("article")];
  const marks = articles.map(() => document.createComment(""));
  articles.forEach((a, place) => a.before(marks[place]));
  const bad = [], passed = new Set();
  let seen = 0;
  const look = async context => {
    const found = await axe.run(context, options);
    for (const rule of found.violations)
      bad.push([rule.id, rule.nodes.length, rule.nodes[0].html.slice(0, 200)]);
    for (const rule of found.passes) passed.add(rule.id);
  };
  articles.forEach(a => a.remove());
  await look(document);
  const tables = [];
  for (let at = 0; at < articles.length; at += at ? size : open) {
    const part = articles.slice(at, at + (at ? size : open));
    part.forEach((a, place) => marks[at + place].before(a));
    for (const details of document.querySelectorAll("article details")) {
      if (!at) details.open = true;
      else for (const inner of [...details.children].slice(1)) {
        tables.push([details, inner]);
        inner.remove();
      }
    }
    await look({include: part});
    seen += part.length;
    part.forEach(a => a.remove());
  }
  tables.forEach(([details, inner]) => details.append(inner));
  articles.forEach((a, place) => marks[place].replaceWith(a));
  return {bad, passed: [...passed], seen};
}"""
"""The tables below the first sections are opened, and those below the others, which one template
wrote, are left out: otherwise axe would take half an hour."""


def audited(page):
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(media="screen")
    page.evaluate(axe())
    return page


@pytest.mark.parametrize(("page", "sections"), [("tab", len(SOME)), ("whole_tab", 153)])
def test_axe_finds_no_violation_in_any_part_of_the_page(request, page, sections):
    """A few sections at a time: axe takes hours over so many elements at once."""
    off = {rule: {"enabled": False} for rule in BY_STYLE}
    options = {"resultTypes": ["violations"], "runOnly": TAGS, "rules": off}
    found = audited(request.getfixturevalue(page)).evaluate(IN_PARTS, [options, 2, 38])
    assert found["bad"] == []
    assert found["seen"] == sections
    assert len(found["passed"]) > 25


def test_axe_finds_no_violation_in_the_style_of_any_kind_of_element(tab):
    """With the tables open: closed, the page has the same elements less those of the tables."""
    page = audited(tab)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    kinds = page.evaluate(KINDS)
    assert 100 < kinds < 400
    # Sections without a kind of their own are taken out, since axe measures the whole page.
    found = page.evaluate(
        """async rules => {
        const spare = [...document.querySelectorAll("article")].filter(
            a => !a.querySelector("[data-kind]")).map(a => [a, document.createComment("")]);
        spare.forEach(([a, mark]) => a.replaceWith(mark));
        const found = await axe.run({include: [["[data-kind]"]]},
            {resultTypes: ["violations"], runOnly: rules});
        spare.forEach(([a, mark]) => mark.replaceWith(a));
        return {bad: found.violations.map(v => [v.id, v.nodes[0].html.slice(0, 200)]),
                passed: found.passes.map(p => p.id)};
        }""",
        BY_STYLE,
    )
    assert found["bad"] == []
    assert {"color-contrast", "target-size"} <= set(found["passed"])
