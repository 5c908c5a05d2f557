"""A card of one authority's explanation: true, accessible, and one file by itself."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import html5lib
import pytest

import earlywarn as ew
from earlywarn.errors import UsageError
from earlywarn.report.explanation_card import QUIET, explanation_card
from earlywarn.utils.formatting import percent


@pytest.fixture(scope="module")
def rows(model, snapshot):
    return ew.explain(model, snapshot, "Leeds")


@pytest.fixture(scope="module")
def card(model, snapshot):
    return explanation_card(model, snapshot, "Leeds")


def test_it_says_what_score_and_explain_say(card, rows, model, snapshot) -> None:
    scores = ew.score(model, snapshot).set_index("la_code").loc["383"]
    assert percent(scores["risk"]) in card.summary
    assert f"{percent(scores['risk_lower'])} to {percent(scores['risk_upper'])}" in card.summary
    assert repr(card).startswith(card.summary)
    told = [item.text for item in html5lib.parse(card.html, namespaceHTMLElements=False).iter("li")]
    moved = rows[(rows["term"] == "indicator") & (rows["contribution"].abs() >= QUIET)]
    assert len(told) == len(moved) > 10
    for sentence in moved["sentence"]:
        assert any(item.startswith(sentence.rsplit(": ", 1)[0]) for item in told)


def test_it_says_what_the_model_has_learnt_since_the_day(model, national) -> None:
    early = explanation_card(model, national.as_of("2021-12-31"), "Leeds")
    assert (
        f"2021, with what the model learnt until {model.info['training']['until']}." in early.html
    )


def test_a_page_by_itself(card, tmp_path: Path) -> None:
    text = card.save(tmp_path / "leeds.html").read_text(encoding="utf-8")
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    assert tree.get("lang") == "en-GB"
    assert [step.tag for step in tree.iter() if re.fullmatch("h[1-6]", str(step.tag))] == [
        "h1", "h2", "h3", "h3",
    ]  # fmt: skip
    (picture,) = tree.iter("img")
    assert picture.get("alt").startswith("Waterfall chart")
    assert picture.get("src").startswith("data:image/svg+xml;base64,")
    assert "http://" not in text
    assert "<script" not in text


def test_a_picture_by_itself(card, tmp_path: Path) -> None:
    tree = ET.parse(card.save(tmp_path / "leeds.svg"))  # noqa: S314 - our own file
    title = tree.getroot().find("{http://www.w3.org/2000/svg}title")
    assert title is not None
    assert title.text == card.summary


def test_an_ending_in_capitals(card, tmp_path: Path) -> None:
    for name in ("leeds.svg", "leeds.html"):
        small, large = (card.save(tmp_path / each) for each in (name, f"a {name.upper()}"))
        assert small.read_bytes() == large.read_bytes()


def test_what_is_there_is_kept(card, tmp_path: Path) -> None:
    file = tmp_path / "leeds.svg"
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="there already"):
        card.save(file)
    with pytest.raises(UsageError, match=r"expected \.html or \.svg"):
        card.save(tmp_path / "leeds.png")
    with pytest.raises(UsageError, match="a card shows one authority"):
        explanation_card()
