"""The notebooks run from top to bottom, and hold the outputs of today.

``python -m tools.update_docs`` makes them again from the plain sources in notebooks/source.
Pictures are not compared, since another version of matplotlib draws other pixels: the alternative
text beside each holds its numbers, and is.
"""

from __future__ import annotations

import copy
import re
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from nbclient.exceptions import CellExecutionError
from tools.notebooks import FOLDER, SOURCES, outputs_but_pictures, plain, run_notebook, stored

from earlywarn.errors import ScoreError
from earlywarn.report import funnel
from earlywarn.report.notebook import picture, say, table

ALLOWED = re.compile(r"\b(19|20)\d\d(-\d\d)?\b|\b(31 March|90%|95%|99\.8%|section 251)|\]\([^)]*\)")
"""Digits in prose that are no results: days, the names of things, and links."""


def read(source: Path) -> nbformat.NotebookNode:
    return nbformat.read(stored(source), as_version=4)


def outputs(source: Path) -> list[nbformat.NotebookNode]:
    return [output for cell in read(source).cells for output in cell.get("outputs", [])]


def name_of(source: Path) -> str:
    return source.stem


# --- as they are stored --------------------------------------------------------------------------


def test_there_are_five_notebooks_and_no_others() -> None:
    assert len(SOURCES) == 5
    assert sorted(FOLDER.glob("*.ipynb")) == [stored(source) for source in SOURCES]


@pytest.mark.parametrize("source", SOURCES, ids=name_of)
def test_a_notebook_is_made_from_its_plain_source(source: Path) -> None:
    one, other = read(source), plain(source)
    assert [(c.cell_type, c.source) for c in one.cells] == [
        (c.cell_type, c.source) for c in other.cells
    ]
    assert one.metadata == other.metadata
    counts = [cell.execution_count for cell in one.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


@pytest.mark.parametrize("source", SOURCES, ids=name_of)
def test_outputs_hold_no_fault_no_warning_and_nothing_of_a_machine(source: Path) -> None:
    found = outputs(source)
    assert {output.output_type for output in found} == {"execute_result"}
    text = str(outputs_but_pictures(read(source)))
    assert not re.search(r"0x[0-9a-f]{6,}|/home/|/root/|/tmp/|/work/|site-packages", text)
    assert not re.search(r"\bnan\b|<NA>|\binf\b", text)


@pytest.mark.parametrize("source", SOURCES, ids=name_of)
def test_every_picture_has_words(source: Path) -> None:
    pairs = [(cell, output) for cell in read(source).cells for output in cell.get("outputs", [])]
    pictures = [(cell, output) for cell, output in pairs if "image/png" in output.get("data", {})]
    assert pictures
    for cell, output in pictures:
        alt = output.metadata["image/png"]["alt"]
        assert cell.metadata["mystnb"]["image"]["alt"] == alt
        assert len(alt.split()) >= 10
        assert output.data["text/plain"] == alt


@pytest.mark.parametrize("source", SOURCES, ids=name_of)
def test_no_result_is_typed_by_hand(source: Path) -> None:
    """Prose holds no digits but days, names and, in block quotes, what the auditor wrote."""
    prose = [cell.source for cell in read(source).cells if cell.cell_type == "markdown"]
    lines = [line for text in prose for line in text.splitlines() if not line.startswith(">")]
    typed = [line for line in lines if re.search(r"\d", ALLOWED.sub("", line))]
    assert not typed
    assert not any("show(" in cell.source for cell in read(source).cells)


def test_the_first_look_has_ten_cells() -> None:
    cells = [cell for cell in read(SOURCES[0]).cells if cell.cell_type == "code"]
    assert len(cells) <= 10


# --- run again ------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", SOURCES, ids=name_of)
def test_a_notebook_runs_and_says_what_is_stored(source: Path, tmp_path: Path) -> None:
    found = outputs_but_pictures(read(source))
    expected = outputs_but_pictures(run_notebook(plain(source), tmp_path))
    assert found == expected, "python -m tools.update_docs writes it"
    assert list(tmp_path.iterdir()) == [], "the notebook left files behind"


def test_a_fault_and_a_drift_are_noticed(tmp_path: Path) -> None:
    source = tmp_path / "a.py"
    source.write_text("# %%\n1 / 0\n", encoding="utf-8")
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        run_notebook(plain(source), tmp_path)
    book = read(SOURCES[0])
    other = copy.deepcopy(book)
    output = next(cell for cell in other.cells if cell.get("outputs")).outputs[0]
    output.data["text/plain"] += " and more"
    assert outputs_but_pictures(other) != outputs_but_pictures(book)


# --- what they are told with ---------------------------------------------------------------------


def test_sentences_and_tables_in_every_form() -> None:
    data, _ = say("One & two.", "Three.")._repr_mimebundle_()
    assert data == dict.fromkeys(("text/plain", "text/markdown"), "One & two.\n\nThree.")
    frame = pd.DataFrame({"Name <b>": ["A & B", None], "Share": [0.5, np.nan]})
    html = table(frame, "Two < three").data["text/html"]
    assert html.count('<th scope="col">') == 2
    assert "<caption>Two &lt; three</caption>" in html
    assert "Name &lt;b&gt;" in html
    assert "A &amp; B" in html
    assert "nan" not in html.lower()


def test_a_picture_has_its_words_and_is_closed(snapshot) -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot", reason="matplotlib draws the pictures")
    pyplot.switch_backend("Agg")
    before = pyplot.get_fignums()
    data, metadata = picture(funnel(snapshot, "rereferrals"), "A funnel.")._repr_mimebundle_()
    assert data["image/png"].startswith("iVBORw0KGgo")
    assert data["text/plain"] == metadata["image/png"]["alt"] == "A funnel."
    assert pyplot.get_fignums() == before
    own = picture(funnel(snapshot, "rereferrals")).text
    assert own.startswith("A funnel of one indicator: Re-referrals within 12 months: ")
    with pytest.raises(ScoreError, match="without words"):
        picture(pyplot.subplots()[1], " ")
    pyplot.close("all")
