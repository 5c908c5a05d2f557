"""The site: its blocks run page by page, its links lead somewhere, and it leaves nothing out.

The site itself is built with ``python -m sphinx -W --keep-going docs site``, which fails at any
warning.
"""

from __future__ import annotations

import functools
import importlib
import os
import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import made_pages
import pytest
from tests.helpers.browsers import axe, chromium
from tools.documents import DOCUMENTS, FENCE, ROOT, DocumentError
from tools.site_pages import (
    BESIDE,
    DOCS,
    NEEDED,
    PAGES,
    WITH_BLOCKS,
    downloads,
    followed,
    name_of,
    steps_of,
)

import earlywarn as ew
from earlywarn.export import data_dictionary as columns
from earlywarn.model import training
from earlywarn.scoring import batch as rows_anywhere
from earlywarn.scoring import counterfactual, explanation
from earlywarn.scoring import national as scoring

GENERATED = DOCS / "generated"
MOST_NOT_RUN = 12


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of two years, which is enough to build and score; to retrain takes them all."""
    return downloads(tmp_path_factory.mktemp("downloads") / "FOLDER", 2024)


# --- the pages -----------------------------------------------------------------------------------


@pytest.mark.parametrize("page", WITH_BLOCKS, ids=name_of)
def test_the_blocks_of_a_page_run_in_order(
    page: Path, published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name_of(page) == "how-to/retrain":
        # With all refits tests/model/test_training.py trains the model that ships.
        monkeypatch.setattr(ew, "train", functools.partial(training.train, refits=20))
    if name_of(page) in NEEDED:
        needed = NEEDED[name_of(page)]
        pytest.importorskip(needed, reason=f"{needed}, which the page is about, is not installed")
    if name_of(page) == "how-to/retrain":
        downloads(tmp_path / "FOLDER")
    elif "FOLDER" in page.read_text(encoding="utf-8"):
        shutil.copytree(published, tmp_path / "FOLDER")
    found, expected = page.read_text(encoding="utf-8"), followed(page, tmp_path)
    assert found.split("\n") == expected.split("\n"), "python -m tools.update_docs writes it"


def test_every_block_that_is_not_run_has_a_reason() -> None:
    steps = [(name_of(page), step) for page in PAGES for step in steps_of(page)]
    left_out = [(name, step) for name, step in steps if step.reason]
    assert all(len(step.reason.split()) >= 5 for _, step in left_out), "a reason is a sentence"
    assert len(left_out) <= MOST_NOT_RUN, "too much of the documentation is not run"
    comments = {step.comment for _, step in steps if step.comment and not step.reason}
    assert comments <= {BESIDE}, f"not a mark of a block: {comments - {BESIDE}}"
    assert len(steps) > 40


def test_a_block_that_fails_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    for block in (
        "```python\nassert 1 == 2\n```\n",
        "```sh\npython -m earlywarn explain Atlantis\n```\n",
        "```sh\nrm -rf everything\n```\n",
    ):
        page.write_text(block, encoding="utf-8")
        with pytest.raises((AssertionError, DocumentError)):
            followed(page, tmp_path)
    page.write_text("```pycon\n>>> 1 + 1\n3\n```\n", encoding="utf-8")
    assert followed(page, tmp_path) == "```pycon\n>>> 1 + 1\n2\n```\n"


# --- links ---------------------------------------------------------------------------------------

LINK = re.compile(r"\]\((?!\w+:)([^)\s]*)\)")
TREE = re.compile(r"^```\{toctree\}\n((?:.*\n)*?)```$", re.MULTILINE)
LINKING = sorted(
    {ROOT / name for name in DOCUMENTS}
    | {ROOT / "src" / "earlywarn" / "data" / "LICENCE-DATA.md"}
    | {path for path in DOCS.rglob("*.md") if GENERATED not in path.parents}
)


def anchors_of(page: Path) -> set[str]:
    """What the headings of a page are called in links, on code hosts and on the site alike."""
    text = re.sub(FENCE, "", page.read_text(encoding="utf-8"))
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", LINKING, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_internal_link_leads_somewhere(page: Path) -> None:
    text = re.sub(FENCE, "", page.read_text(encoding="utf-8"))
    broken = []
    for link in LINK.findall(text):
        target, _, anchor = link.partition("#")
        there = page.parent / target if target else page
        if not link or not there.exists() or (anchor and anchor not in anchors_of(there)):
            broken.append(link)
    assert not broken, f"{page.name} points to {', '.join(map(repr, broken))}"


def test_every_page_is_in_one_table_of_contents() -> None:
    listed = []
    for page in DOCS.rglob("*.md"):
        for tree in TREE.findall(page.read_text(encoding="utf-8")):
            entries = [line for line in tree.splitlines() if line and not line.startswith(":")]
            listed += [(page.parent / entry).resolve() for entry in entries]
    there = {page.with_suffix("") for page in LINKING if DOCS in page.parents} - {DOCS / "index"}
    lacking = sorted(str(page.relative_to(DOCS)) for page in there - set(listed))
    assert not lacking, f"no table of contents leads to {', '.join(lacking)}"
    missing = [page for page in listed if page not in there and GENERATED not in page.parents]
    assert not missing, f"pages in a table of contents that are not there: {missing}"
    assert len(listed) == len(set(listed))


# --- the built site, in a real browser -----------------------------------------------------------


SITE = os.environ.get("EARLYWARN_SITE", "")
LOOKED_AT = ("index", "tutorial/index", "reference/figures")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not SITE:
        pytest.skip("EARLYWARN_SITE does not say where the site was built; .ci/run builds it")
    with chromium() as started:
        yield started


@pytest.mark.parametrize("name", LOOKED_AT)
def test_axe_finds_no_violation_on_a_page_of_the_site(browser: Any, name: str) -> None:
    for width, scheme in ((1280, "dark"), (400, "light")):
        tab = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        tab.goto((Path(SITE) / f"{name}.html").resolve().as_uri())
        tab.evaluate(axe())
        found = tab.evaluate("axe.run(document, {resultTypes: ['violations']})")
        assert [(v["id"], v["nodes"][0]["html"][:200]) for v in found["violations"]] == []
        assert len(found["passes"]) > 15
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        tab.close()


# --- the reference, and the pages that are made --------------------------------------------------


def test_the_reference_has_every_public_name() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in (DOCS / "reference").glob("*.md"))
    lacking = [
        name
        for name in ew.__all__
        if not re.search(
            rf"^   {name}$|py:data:: earlywarn\.{name}$|ew\.{name}`", text, re.MULTILINE
        )
    ]
    assert not lacking, f"the reference leaves out {', '.join(lacking)}"


def test_the_reference_names_modules_that_are_there() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in (DOCS / "reference").glob("*.md"))
    named = re.findall(r"automodule:: (\S+)", text)
    assert {
        f"earlywarn.{name}"
        for name in ("statistics.intervals", "statistics.funnel", "statistics.metrics")
    } <= set(named)
    assert len(named) == len(set(named))
    for name in named:
        assert importlib.import_module(name).__doc__


def test_the_made_pages_tell_every_command_and_indicator() -> None:
    commands, indicators = made_pages.commands_page(), made_pages.indicators_page()
    for name in ("score", "explain", "build", "train", "serve"):
        assert f"## {name}\n\n```text\nusage: earlywarn {name} " in commands
    assert [f"| `{record.id}` | {record.title} |" in indicators for record in ew.INDICATORS].count(
        True
    ) == len(ew.INDICATORS)


def test_the_reference_tells_every_column_of_every_frame() -> None:
    scores, reasons, batch = made_pages.columns_page().split("\n## ")[1:]
    for section, names in (
        (scores, scoring.COLUMNS),
        (reasons, explanation.COLUMNS),
        (batch, rows_anywhere.BATCH_COLUMNS),
    ):
        assert re.findall(r"^\| `(\w+)` ", section, re.MULTILINE) == list(names)
    frames = (DOCS / "reference" / "frames.md").read_text(encoding="utf-8")
    told = {
        section.split("\n")[0]: re.findall(r"^\| `(\w+)` ", section, re.MULTILINE)
        for section in frames.split("\n## ")[1:]
    }
    panel = ew.load_panel()
    found = ew.backtest(
        panel,
        panel.judgements,
        first_year=2017,
        until=date(2017, 3, 31),
        leads=(0,),
        baselines=(),
        n_jobs=1,
    )
    snapshot = panel.as_of("2025-12-31")
    model = ew.load_model()
    there = {
        "Judgements": ew.load_judgements().columns,
        "Observations": panel.observations.columns,
        "Neighbours": panel.neighbours.columns,
        "Findings": panel.findings.columns,
        "Release calendar": panel.releases.columns,
        "Changes that would change the band": counterfactual.COLUMNS,
        "Compared figures": ew.compare(snapshot, "Leeds").columns,
        "Neighbours of an authority": ew.neighbours(snapshot, "Leeds").columns,
        "What changed": ew.what_changed(model, "2024-12-31", snapshot, "Leeds").columns,
        "Forecasts of a backtest": found.forecasts.columns,
        "Lists of a backtest": found.lists.columns,
        "Drift": ew.drift(model, snapshot).indicators.columns,
        "The data dictionary": columns.METADATA,
    }
    assert {name: list(names) for name, names in there.items()} == {
        name: told[name] for name in there
    }
    endings = {f"_{name}" for name in re.findall(r"^\| `_(\w+)` ", frames, re.MULTILINE)}
    for column in ew.build_indicators(snapshot).columns:
        record = max((r.id for r in ew.INDICATORS if column.startswith(r.id)), key=len)
        assert column.removeprefix(record) in {"", *endings}, column


@pytest.mark.parametrize(
    ("page", "link", "expected"),
    [
        ("methods", "../README.md", "/index.md"),
        ("explanation/limits", "../methods.md", "/methods.md"),
        ("how-to/retrain", "../../CONTRIBUTING.md", "/generated/contributing.md"),
        ("generated/contributing", "docs/design.md", "/design.md"),
        ("generated/model", "../docs/methods.md", "/methods.md"),
        ("generated/notebooks/1_first_look", "../docs/methods.md", "/methods.md"),
        ("index", "https://example.org/a.md", "https://example.org/a.md"),
    ],
)
def test_links_lead_to_the_sites_own_pages(page: str, link: str, expected: str) -> None:
    source = [f"See [this]({link}), [part]({link}#part)."]
    made_pages.turn_links(None, page, source)
    assert source == [f"See [this]({expected}), [part]({expected}#part)."]
