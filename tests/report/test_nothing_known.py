"""An authority of which nothing is known: no band and no rank wherever it stands, never a nan."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

import earlywarn as ew
from earlywarn.cli.text import explanation_text, scores_text
from earlywarn.report.contents import gather
from earlywarn.report.page import authority_page, page
from earlywarn.utils.progress import Progress

CODE, NAME = "420", "Isles of Scilly"


@pytest.fixture(scope="module")
def panel(national):
    """The national panel without a figure or a judgement of one authority."""
    figures, held = national.observations, national.judgements
    return replace(
        national,
        observations=figures[figures["la_code"] != CODE],
        judgements=held[held["la_code"] != CODE],
    )


@pytest.fixture(scope="module")
def contents(panel, model):
    return gather(panel, model, "2025-12-31", [NAME], Progress())


def said(html: str) -> str:
    return " ".join(
        re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<(style|script).*?</\1>", "", html)).split()
    )


def unsaid(text: str) -> None:
    assert re.findall(r".{40}\bnan\b.{40}", text, re.IGNORECASE) == []
    assert "<NA>" not in text


def test_the_report(contents) -> None:
    (row,) = contents.scores[contents.scores["la_code"] == CODE].to_dict("records")
    assert row["known"] == 0
    for html in (authority_page(contents), authority_page(contents, brief=True), page(contents)):
        text = said(html)
        unsaid(text)
        assert "in no band, as nothing is known about it" in text
        assert "No rank, as nothing is known about it." in text
    tile = re.search(rf"<b>{NAME}</b>[^<]*", page(contents))
    assert tile is not None
    assert tile[0].endswith("nothing known")


def test_the_command_line(contents, model) -> None:
    snapshot = contents.snapshot
    scores, rows = ew.score(model, snapshot), ew.explain(model, snapshot, NAME)
    text = explanation_text(rows, scores, model, snapshot)
    unsaid(text)
    assert "in no band, as nothing is known about it" in " ".join(text.split())
    assert "No rank, as nothing is known about it; risk of being judged below Good" in text
    unsaid(scores_text(scores, model, snapshot, top=None))


def test_the_card_and_the_other_doors(contents, model) -> None:
    card = ew.explanation_card(model, contents.snapshot, NAME)
    unsaid(card.summary + said(card.html))
    changes = ew.what_would_change(model, contents.snapshot, NAME)
    assert changes.empty
