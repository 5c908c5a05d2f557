"""A frame as a file: read back equal, inert in a spreadsheet, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earlywarn import errors, files
from earlywarn.errors import MissingExtraError, UsageError
from earlywarn.tables import ENDINGS, write_table

FRAME = pd.DataFrame(
    {
        "la_code": ["201", "420", "840"],
        "la_name": ["City of London", "Isles of Scilly", "Côte d'Or, “quoted”\nand more"],
        "risk": [0.1, 1 / 3, 2e-17],
        "rank": [1, 2, 3],
        "previous": ["Good", None, "Inadequate"],
    }
)


def read(path: Path) -> pd.DataFrame:
    text = {"la_code": "str"}
    if path.suffix == ".csv":
        return pd.read_csv(path, dtype=text)
    if path.suffix == ".xlsx":
        return pd.read_excel(path, dtype=text, engine="openpyxl")
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    return pd.read_json(path, dtype=text, precise_float=True)


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_written_is_read_back(tmp_path, ending):
    file = tmp_path / f"scores{ending}"
    write_table(FRAME, file)
    again = read(file)
    assert list(again.columns) == list(FRAME.columns)
    assert again["la_code"].tolist() == FRAME["la_code"].tolist()
    assert again["la_name"].tolist() == FRAME["la_name"].tolist()
    assert again["rank"].tolist() == [1, 2, 3]
    np.testing.assert_allclose(again["risk"], FRAME["risk"], rtol=1e-12, atol=1e-15)
    assert again["previous"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_same_frame_gives_no_more_files_and_no_rows_too_few(tmp_path, ending):
    file = tmp_path / f"none{ending}"
    write_table(FRAME.iloc[:0], file)
    assert [p.name for p in tmp_path.iterdir()] == [file.name]
    assert file.stat().st_size > 0


@settings(max_examples=60, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_come_back_exactly_from_csv(tmp_path_factory, number):
    file = tmp_path_factory.mktemp("csv") / "a.csv"
    write_table(pd.DataFrame({"x": [number]}), file)
    assert float(file.read_text().splitlines()[1]) == number


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", '=HYPERLINK("x")'])
@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_text_is_never_a_formula(tmp_path, ending, text):
    file = tmp_path / f"a{ending}"
    write_table(pd.DataFrame({"name": [text, "plain"], "number": [-1.5, 2.0]}), file)
    if ending == ".csv":
        assert file.read_bytes().split(b"\n")[1].lstrip(b'"').startswith(b"'")
        assert pd.read_csv(file)["number"].tolist() == [-1.5, 2.0]
    else:
        sheet = openpyxl.load_workbook(file).active
        assert sheet is not None
        cell = sheet["A2"]
        assert cell.data_type == "s"
        assert str(cell.value).startswith("'")
        assert sheet["B2"].value == -1.5
        assert sheet.freeze_panes == "A2"


@pytest.mark.parametrize("name", ["a.txt", "a", "a.CSVX", "a.pkl", ".csv.gz", "a.html"])
def test_another_ending_is_refused(tmp_path, name):
    with pytest.raises(UsageError, match="not a kind of table") as told:
        write_table(FRAME, tmp_path / name)
    assert ".xlsx" in told.value.expected
    assert not any(tmp_path.iterdir())


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no such folder") as told:
        write_table(FRAME, tmp_path / "none" / "a.csv")
    assert told.value.where == str(tmp_path / "none")


def test_nothing_is_overwritten_unless_told(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("mine")
    with pytest.raises(UsageError, match="there already") as told:
        write_table(FRAME, file)
    assert "--overwrite" in told.value.remedy
    assert file.read_text() == "mine"
    write_table(FRAME, file, overwrite=True)
    assert len(pd.read_csv(file)) == 3


def test_a_folder_of_that_name_is_refused(tmp_path):
    (tmp_path / "a.csv").mkdir()
    for overwrite in (False, True):
        with pytest.raises(UsageError) as told:
            write_table(FRAME, tmp_path / "a.csv", overwrite=overwrite)
        assert str(tmp_path) in told.value.where
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]


def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    file = tmp_path / "a.csv"
    file.write_text("mine")

    def fails(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(files.Path, "replace", fails)
    with pytest.raises(KeyboardInterrupt):
        write_table(FRAME, file, overwrite=True)
    assert file.read_text() == "mine"
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]


@pytest.mark.parametrize(("ending", "package"), [(".parquet", "pyarrow"), (".xlsx", "openpyxl")])
def test_a_missing_extra_is_named(tmp_path, monkeypatch, ending, package):
    real = errors.importlib.import_module

    def without(name, *rest):
        if name == package:
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(errors.importlib, "import_module", without)
    with pytest.raises(MissingExtraError, match=r"earlywarn\[data\]") as told:
        write_table(FRAME, tmp_path / f"a{ending}")
    assert package in told.value.problem
    assert not any(tmp_path.iterdir())


def test_a_new_file_has_the_permissions_of_any_file(tmp_path):
    (tmp_path / "plain").write_text("")
    write_table(FRAME, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").stat().st_mode == (tmp_path / "plain").stat().st_mode
