"""Make the notebooks from their plain sources in notebooks/source, and run them."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING
from unittest.mock import patch

import jupytext
import nbformat
from nbclient import NotebookClient
from tools.documents import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = ROOT / "notebooks"
SOURCES = sorted((FOLDER / "source").glob("*.py"))
LIMIT = 1800
"""Seconds for a cell, to stop a stuck one; how long a notebook takes is not tested here."""
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def stored(source: Path) -> Path:
    """The notebook that is made from a source."""
    return FOLDER / f"{source.stem}.ipynb"


def plain(source: Path) -> nbformat.NotebookNode:
    """The notebook of a plain source, without outputs; it is reproducible."""
    book = jupytext.reads(source.read_text(encoding="utf-8"), fmt="py:percent")
    cells = [dict(cell, id=f"cell-{place}", metadata={}) for place, cell in enumerate(book.cells)]
    return nbformat.from_dict(
        {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}
    )


def run_notebook(book: nbformat.NotebookNode, folder: Path) -> nbformat.NotebookNode:
    """The notebook with today's outputs, run in an empty folder."""
    client = NotebookClient(
        book,
        timeout=LIMIT,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    )
    paths = os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]))
    with patch.dict(os.environ, {"PYTHONPATH": paths}), warnings.catch_warnings():
        # Warnings of the client are ignored; those of a cell are outputs, and checked.
        warnings.simplefilter("ignore")
        client.execute()
    book.metadata = nbformat.from_dict(METADATA)
    return _with_words(book)


def _with_words(book: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Add the alternative text of each picture where the documentation site looks for it."""
    for cell in book.cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                alt = output.metadata["image/png"]["alt"]
                cell.metadata = nbformat.from_dict({"mystnb": {"image": {"alt": alt}}})
    return book


def outputs_but_pictures(book: nbformat.NotebookNode) -> list[list[dict[str, object]]]:
    """The outputs of the cells; for pictures, only their alternative text.

    Pictures are not compared, since another version of matplotlib draws different pixels: the
    alternative text of each contains its numbers.
    """
    return [
        [
            {
                "kind": output["output_type"],
                "text": output.get("text"),
                "data": {k: v for k, v in output.get("data", {}).items() if k != "image/png"},
                "metadata": output.get("metadata"),
            }
            for output in cell.get("outputs", [])
        ]
        for cell in book.cells
    ]


def made(source: Path, folder: Path) -> str:
    """The text of the notebook file, run today."""
    return nbformat.writes(run_notebook(plain(source), folder), version=4) + "\n"
