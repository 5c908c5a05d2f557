"""The report in linked files: every link arrives, and each file stands by itself."""

from __future__ import annotations

import re
from base64 import b64decode
from xml.etree import ElementTree as ET

import pytest

from earlywarn.cli.parser import main
from earlywarn.errors import UsageError
from earlywarn.report.page import INDEX, write_report

DAY = "2025-12-31"
CHOSEN = ["Leeds", "Isles of Scilly", "Barnsley"]


@pytest.fixture(scope="module")
def folder(national, model, tmp_path_factory):
    target = tmp_path_factory.mktemp("split") / "report"
    given = {"panel": national, "model": model, "as_of": DAY}
    assert write_report(target, authorities=CHOSEN, split=True, **given) == target / INDEX
    return target


@pytest.fixture(scope="module")
def pages(folder) -> dict[str, str]:
    return {file.name: file.read_text("utf-8") for file in folder.iterdir()}


def test_a_page_each_and_the_national_one(pages) -> None:
    assert sorted(pages) == ["370.html", "383.html", "420.html", INDEX]
    assert "<article" not in pages[INDEX]
    for name, code in (("Leeds", "383"), ("Barnsley", "370")):
        assert pages[f"{code}.html"].count("<article") == 1
        assert f"<title>{name}, early warning" in pages[f"{code}.html"]


def test_every_link_arrives(pages) -> None:
    """A place in the page, or another of the pages; nothing is asked of a network."""
    ids = {name: set(re.findall(r'\sid="([^"]+)"', text)) for name, text in pages.items()}
    for name, text in pages.items():
        links = re.findall(r'<(?:a|use)\s(?!download)[^>]*?href="([^"]*)"', text)
        assert len(links) > 10
        for link in links:
            page, _, place = link.partition("#")
            assert page in {"", *pages}, link
            assert not place or place in ids[page or name], (name, link)
        assert not re.search(r'(?:src|href)="(?!#|data:|\d{3}\.html|index\.html)', text)


def test_each_page_leads_to_the_others(pages) -> None:
    around = {name: text[text.index("<body") : text.index("<main")] for name, text in pages.items()}
    assert 'href="index.html"' in around["420.html"]
    assert 'Previous: <a href="370.html">Barnsley' in around["420.html"]
    assert 'Next: <a href="383.html">Leeds' in around["420.html"]
    assert "Next" not in around["383.html"]
    assert "Before" not in around["370.html"]
    listed = re.search(r'<nav aria-label="Authorities, A to Z">(.*?)</nav>', pages[INDEX])[1]
    assert re.findall(r'href="([^"]+)"', listed) == ["370.html", "420.html", "383.html"]
    assert re.search(r'<li style="[^"]*"><a href="383.html" class="t', pages[INDEX])


def test_every_chart_can_be_kept_as_picture_and_table(pages) -> None:
    for code in ("383", "420"):
        text = pages[f"{code}.html"]
        for figure in re.findall(r'<figure id="([^"]+)"', text):
            part = text[text.index(f'<figure id="{figure}"') :]
            part = part[: part.index("</figure>")]
            assert re.search(r'download="[^"]+\.csv" href="data:text/csv;base64,', part), figure
            assert re.search(r'download="[^"]+\.svg" href="data:image/svg', part), figure


def test_the_picture_of_all_figures_stands_alone(pages) -> None:
    coded = re.search(r'download="figures-383.svg" href="data:[^,]+,([^"]+)"', pages["383.html"])[1]
    tree = ET.fromstring(b64decode(coded))  # noqa: S314 - our own picture
    name = "{http://www.w3.org/2000/svg}"
    assert len(tree.findall(f"{name}svg")) == 30
    ids = {element.get("id") for element in tree.iter()}
    assert {use.get("href")[1:] for use in tree.iter(f"{name}use")} <= ids
    assert "Re-referrals within 12 months" in {text.text for text in tree.iter(f"{name}text")}


def test_nothing_is_replaced_unasked_and_nothing_half_written(folder, capsys, tmp_path) -> None:
    assert main(["report", "--split", "--out", str(folder), "--as-of", DAY]) == 2
    assert "a report is there already" in capsys.readouterr().err
    with pytest.raises(UsageError, match="a brief covers authorities only"):
        write_report(tmp_path / "new", authorities=["Leeds"], brief=True, split=True)
    taken = tmp_path / "file"
    taken.write_text("", encoding="utf-8")
    assert main(["report", "--split", "--out", str(taken)]) == 2
    assert "Traceback" not in capsys.readouterr().err
    assert taken.read_text("utf-8") == ""
