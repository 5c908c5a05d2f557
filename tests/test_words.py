"""The words of the glossary: what check_words finds, and what it leaves alone."""

from __future__ import annotations

import pytest
from tools.check_words import faults, files


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("What is told of a row.", "told"),
        ("def told(frame):", "told"),
        ("past_rivals = 3", "rivals"),
        ("It tells nothing.", "tells"),
        ("Verdicts of the model", "Verdicts"),
        ("The risk is nought.", "nought"),
    ],
)
def test_a_replaced_word_is_found_with_its_line(line: str, word: str) -> None:
    (fault,) = faults("a.py", f"first\n{line}\n")
    assert fault.startswith(f"a.py:2: {word!r}: say ")


def test_whole_words_only_and_public_names_are_left_alone() -> None:
    text = "arrivals, storytelling, intellect, RIVALS\nlesson, anewer\n"
    assert faults("a.py", text) == []


def test_it_looks_at_source_and_documents() -> None:
    names = {path.name for path in files()}
    assert {"README.md", "CHANGELOG.md", "national.py", "methods.md", "1_first_look.py"} <= names
