"""Tables of own figures as files: whatever program saved them, the same figures are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from earlywarn.errors import IndicatorError, ScoreError
from earlywarn.indicators.catalogue import INDICATORS
from earlywarn.scoring.own_figures import with_figures
from earlywarn.scoring.own_tables import read_figures

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROWS = pd.DataFrame(
    {"la_code": ["383", "Sheffield"], "rereferrals": [31.5, 28.0], "caseload": [18.0, None]}
)
TITLED = ROWS.rename(
    columns={"la_code": "LA Code", "rereferrals": "Re-referrals within 12 months "}
)
FILES: dict[str, Callable[[Path], object]] = {
    "plain.csv": lambda path: ROWS.to_csv(path, index=False),
    "UPPER.CSV": lambda path: ROWS.to_csv(path, index=False),
    "wide.csv": lambda path: ROWS.to_csv(path, index=False, encoding="utf-16"),
    "semicolons.csv": lambda path: ROWS.to_csv(path, index=False, sep=";"),
    "tabs.txt": lambda path: ROWS.to_csv(path, index=False, sep="\t"),
    "titled.csv": lambda path: TITLED.to_csv(path, index=False),
    "windows.csv": lambda path: ROWS.assign(la_name=["Leeds \u2013 ours", ""]).to_csv(
        path, index=False, encoding="cp1252"
    ),
    "sheet.xlsx": lambda path: ROWS.to_excel(path, index=False),
    "below.xlsx": lambda path: ROWS.to_excel(path, index=False, startrow=3),
    "sheet.ods": lambda path: ROWS.to_excel(path, index=False, engine="odf"),
    "columns.PARQUET": lambda path: path.write_bytes(ROWS.to_parquet(index=False)),
    "lines.JSONL": lambda path: ROWS.to_json(path, orient="records", lines=True),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_any_kind_gives_the_same_figures(snapshot, tmp_path, name):
    FILES[name](tmp_path / name)
    read = with_figures(snapshot, read_figures(tmp_path / name)).own_figures
    pd.testing.assert_frame_equal(read, with_figures(snapshot, ROWS).own_figures)


@pytest.mark.parametrize("name", FILES)
def test_a_wrong_figure_is_named_by_its_line_in_the_file(snapshot, tmp_path, name):
    FILES[name](tmp_path / name)
    figures = read_figures(tmp_path / name)
    line = {"below.xlsx": 6, "lines.JSONL": 2}.get(name, 3)
    with pytest.raises(
        IndicatorError, match=f"Sheffield, line {line}, rereferrals: this figure is not"
    ):
        with_figures(snapshot, figures.assign(rereferrals=["31.5", "128"]))
    with pytest.raises(
        IndicatorError, match=f"found line {line - 1} and line {line}; expected one"
    ):
        with_figures(snapshot, figures.assign(la_code="383"))


def test_a_line_of_json_that_is_none_is_named(tmp_path):
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b'{"la_code": "383", "caseload": 15}\n\n{"la_code": "Caf\xe9"}\n')
    with pytest.raises(ScoreError, match=r"lines.jsonl, line 3: .*Windows-1252"):
        read_figures(path)


def test_every_title_but_those_of_rates_is_taken_for_its_name(tmp_path):
    path = tmp_path / "titles.csv"
    shares = [record for record in INDICATORS if record.kind not in ("rate", "history")]
    frame = pd.DataFrame([[1.0] * len(shares)], columns=[record.title for record in shares])
    frame.to_csv(path, index=False)
    assert len(shares) > 20
    assert list(read_figures(path)) == [record.id for record in shares]


@pytest.mark.parametrize("column", ["Referrals", "Care applications"])
def test_a_title_that_may_mean_a_count_or_its_rate_is_refused(snapshot, tmp_path, column):
    path = tmp_path / "unclear.csv"
    path.write_text(f"la_code,{column}\n383,500\n", encoding="utf-8")
    with pytest.raises(IndicatorError, match=f"no figure has this name: found '{column}'"):
        with_figures(snapshot, read_figures(path))


def test_a_name_and_its_title_are_one_column_twice(snapshot, tmp_path):
    path = tmp_path / "twice.csv"
    path.write_text("la_code,caseload,Cases per social worker\n383,15,16\n", encoding="utf-8")
    with pytest.raises(IndicatorError, match=r"a column stands twice.*caseload"):
        with_figures(snapshot, read_figures(path))


REFUSED = {
    "empty.csv": (b"", "found an empty file"),
    "paper.csv": (b"%PDF-1.4 and so on", "found a PDF document; expected one table: CSV, Excel"),
    "short.csv": (b"la_code,caseload,rereferrals\n383,15\n373,1,2\n", "line 2.*found 2 cells"),
    "twice.csv": (
        b"la_code,caseload,caseload\n383,15,16\n",
        "two columns with the same name.*caseload",
    ),
    "broken.xlsx": (b"PK\x03\x04 and so on", "broken.xlsx: not a workbook that can be read"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_table_is_named(tmp_path, name):
    content, message = REFUSED[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ScoreError, match=message) as caught:
        read_figures(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)


def test_two_sheets_of_figures_are_not_chosen_between(tmp_path):
    path = tmp_path / "two.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"Notes": ["by hand"]}).to_excel(book, sheet_name="Notes", index=False)
        ROWS.to_excel(book, sheet_name="June", index=False)
        ROWS.to_excel(book, sheet_name="July", index=False)
    with pytest.raises(ScoreError, match="several sheets contain figures: found June, July"):
        read_figures(path)
