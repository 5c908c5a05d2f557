"""One figure as a file, from the command line: what it says, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from earlywarn.cli.parser import main

MAGIC = {".svg": b"<?xml", ".png": b"\x89PNG", ".pdf": b"%PDF"}


@pytest.mark.parametrize(
    ("words", "ending", "said"),
    [
        ("funnel rereferrals --mark Leeds", ".svg", "Leeds 24.2, inside"),
        ("history rereferrals --mark Leeds", ".png", "Re-referrals within 12 months, Leeds: 24.2"),
        ("map --mark Leeds --as-of 2026-3-31", ".pdf", "Marked: Leeds. These figures predict"),
        ("risks --mark Leeds", ".svg", "most authorities high on the list will not be judged Inad"),
    ],
)
def test_a_figure_is_a_file_and_says_what_it_shows(tmp_path, capsys, words, ending, said) -> None:
    out = tmp_path / f"figure{ending}"
    assert main(["draw", *words.split(), "--out", str(out)]) == 0
    assert said in capsys.readouterr().out
    assert out.read_bytes().startswith(MAGIC[ending])


def test_the_same_inputs_give_the_same_bytes_and_own_figures_are_drawn(tmp_path, capsys) -> None:
    own = tmp_path / "own.csv"
    own.write_text("authority,rereferrals\nLeeds,45\n", encoding="utf-8")
    line = ["draw", "funnel", "rereferrals", "--mark", "Leeds", "--figures", str(own)]
    files = [tmp_path / name for name in ("a.svg", "b.svg")]
    for file in files:
        assert main([*line, "--out", str(file)]) == 0
    said = "Leeds 45.0 (your own figure, compared with the others' figures for 2025), outside"
    assert said in capsys.readouterr().out
    assert files[0].read_bytes() == files[1].read_bytes()
    assert main([*line, "--out", str(files[0])]) == 2
    assert "--overwrite" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("funnel --out a.svg", "found no indicator; expected a name from the catalogue"),
        ("map rereferrals --out a.svg", "found rereferrals; expected none"),
        ("funnel absence --out a.svg", "a funnel needs the number of cases"),
        ("history rereferrals --out a.svg", "found no authority; expected --mark with one"),
        ("history rereferrals --mark Leeds --as-of 2024-6-30 --out a.svg", "neither --as-of"),
        ("funnel rereferrals --mark Atlantis --out a.svg", "Atlantis"),
        ("funnel rereferrals --out a.docx", "not a kind of picture: found .docx"),
    ],
)
def test_what_can_not_be_drawn_is_refused_and_nothing_is_written(
    tmp_path, monkeypatch, capsys, words, said
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["draw", *words.split()]) == 2
    assert said in capsys.readouterr().err
    assert list(Path().iterdir()) == []
