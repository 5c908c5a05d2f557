"""A frame as a file: read back equal, inert in a spreadsheet, whole or not at all."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import odf.element
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from earlywarn import errors
from earlywarn.errors import MissingExtraError, UsageError
from earlywarn.export import data_dictionary as columns
from earlywarn.export.compared_columns import NEIGHBOURS
from earlywarn.export.tables import ENDINGS, write_table
from earlywarn.export.workbook import LINES_ABOVE
from earlywarn.scoring import changes, comparison, counterfactual, explanation
from earlywarn.scoring import national as scoring
from earlywarn.utils import files

FRAME = pd.DataFrame(
    {
        "la_code": ["201", "420", "840"],
        "la_name": ["City of London", "Isles of Scilly", "Côte d'Or, “quoted”\nand more"],
        "risk": [0.1, 1 / 3, 2e-17],
        "rank": [1, 2, 3],
        "previous_judgement": ["Good", None, "Inadequate"],
    }
)
FORMULAS = ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("x")']


def read(path: Path) -> pd.DataFrame:
    """The table of a file, with what stands for nothing read as nothing."""
    text = {"la_code": "str"}
    if path.suffix == ".csv":
        return pd.read_csv(path, dtype=text)
    if path.suffix in {".xlsx", ".ods"}:
        engine = "openpyxl" if path.suffix == ".xlsx" else "calamine"
        options = {"sheet_name": "Table", "skiprows": LINES_ABOVE, "na_values": ["[x]", "[z]"]}
        return pd.read_excel(path, dtype=text, engine=engine, **options)
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    return pd.read_json(path, dtype=text, precise_float=True)


def written_for(path: Path) -> set[str]:
    """What stands in a folder once a table has been written there."""
    return {path.name, path.with_suffix(".meta.csv").name} if path.suffix == ".csv" else {path.name}


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_ending_in_capitals_means_the_same(tmp_path, ending):
    small, large = tmp_path / f"small{ending}", tmp_path / f"large{ending.upper()}"
    for file in (small, large):
        write_table(FRAME, file)
    names = {file.name for file in tmp_path.iterdir()}
    assert names == written_for(small) | {large.name, *written_for(large.with_suffix(ending))} - {
        f"large{ending}"
    }
    again = large.rename(tmp_path / f"again{ending}")
    pd.testing.assert_frame_equal(read(again), read(small))


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
    assert again["previous_judgement"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_frame_without_rows_is_a_file_too(tmp_path, ending):
    file = tmp_path / f"none{ending}"
    write_table(FRAME.iloc[:0], file)
    assert {p.name for p in tmp_path.iterdir()} == written_for(file)
    assert len(read(file)) == 0
    if ending != ".json":
        assert list(read(file).columns) == list(FRAME.columns)


@pytest.mark.parametrize("ending", ENDINGS)
def test_another_day_gives_the_same_bytes(tmp_path, monkeypatch, ending):
    one, other = tmp_path / f"one{ending}", tmp_path / f"other{ending}"
    write_table(FRAME, one)
    later = time.gmtime(2_000_000_000)
    monkeypatch.setattr(time, "localtime", lambda *_: later)
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)
    write_table(FRAME, other)
    assert one.read_bytes() == other.read_bytes()


def test_bytes_do_not_depend_on_what_was_written_before(tmp_path, monkeypatch):
    monkeypatch.setattr(odf.element.Element, "namespaces", {})  # as in a process that begins
    for name in ("first", "second"):
        write_table(FRAME, tmp_path / f"{name}.ods")
    assert (tmp_path / "first.ods").read_bytes() == (tmp_path / "second.ods").read_bytes()


@settings(max_examples=60, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_come_back_exactly_from_csv(tmp_path_factory, number):
    file = tmp_path_factory.mktemp("csv") / "a.csv"
    write_table(pd.DataFrame({"x": [number]}), file)
    assert float(file.read_text().splitlines()[1]) == number


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(-9.9e307, 9.9e307), min_size=1, max_size=20))
def test_numbers_come_back_from_spreadsheets(tmp_path_factory, numbers):
    folder = tmp_path_factory.mktemp("sheets")
    for ending in (".xlsx", ".ods"):
        write_table(pd.DataFrame({"x": numbers}), folder / f"a{ending}")
        # Readers give whole numbers as int, however large.
        found = read(folder / f"a{ending}")["x"].astype("float64")
        np.testing.assert_allclose(found, numbers, rtol=1e-15)


# --- text is text -------------------------------------------------------------


@pytest.mark.parametrize("text", FORMULAS)
def test_a_csv_holds_no_formula(tmp_path, text):
    file = tmp_path / "a.csv"
    write_table(pd.DataFrame({"name": [text, "plain"], "number": [-1.5, 2.0]}), file)
    assert file.read_bytes().split(b"\n")[1].lstrip(b'"').startswith(b"'")
    assert pd.read_csv(file)["number"].tolist() == [-1.5, 2.0]
    assert pd.read_csv(file)["name"].tolist()[1] == "plain"


@pytest.mark.parametrize("text", [*FORMULAS, "12", "1e5", "http://a.b", "[a](http://b.c)", "TRUE"])
def test_a_cell_of_a_workbook_is_text_as_it_was(tmp_path, text):
    frame = pd.DataFrame({"name": [text, "plain"], "number": [-1.5, 2.0]})
    write_table(frame, tmp_path / "a.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["Table"]
    cell, number = sheet.cell(LINES_ABOVE + 2, 1), sheet.cell(LINES_ABOVE + 2, 2)
    assert (cell.data_type, cell.value) == ("s", text.replace("\r", "_x000D_"))
    assert cell.hyperlink is None
    assert (number.data_type, number.value) == ("n", -1.5)


@pytest.mark.parametrize("text", [*FORMULAS, "12", "1e5", "http://a.b", "TRUE"])
def test_a_cell_of_an_open_document_is_text_as_it_was(tmp_path, text):
    frame = pd.DataFrame({"name": [text, "plain"], "number": [-1.5, 2.0]})
    write_table(frame, tmp_path / "a.ods")
    rows = CalamineWorkbook.from_path(tmp_path / "a.ods").get_sheet_by_name("Table").to_python()
    name, number = rows[LINES_ABOVE + 1][:2]
    assert isinstance(name, str)
    assert name.strip() == text.strip()
    assert number == -1.5


@pytest.mark.parametrize("ending", [".xlsx", ".ods"])
def test_letters_that_no_document_may_hold_are_marked(tmp_path, ending):
    file = tmp_path / f"a{ending}"
    write_table(pd.DataFrame({"name": ["a\x00b\x1fc", "plain"]}), file)
    assert read(file)["name"].tolist() == ["a\ufffdb\ufffdc", "plain"]


def test_a_text_longer_than_a_cell_is_refused(tmp_path):
    with pytest.raises(UsageError, match="too large for a spreadsheet") as told:
        write_table(pd.DataFrame({"name": ["x" * 40_000]}), tmp_path / "a.xlsx")
    assert "40,000" in told.value.found
    assert ".csv" in told.value.remedy
    assert not any(tmp_path.iterdir())


# --- the data dictionary --------------------------------------------------------


@pytest.mark.parametrize(
    ("records", "names"),
    [
        (columns.SCORES, scoring.COLUMNS),
        (columns.EXPLANATION, explanation.COLUMNS),
        (columns.COMPARED_FIGURES, comparison.COLUMNS),
        (columns.CHANGED, changes.COLUMNS),
        (columns.WHAT_IF, counterfactual.COLUMNS),
    ],
    ids=["scores", "explanation", "compare", "changes", "whatif"],
)
def test_every_column_has_its_record(records, names):
    assert tuple(record.name for record in records) == tuple(names)
    for record in records:
        assert record.label
        assert record.meaning.endswith(".")
        assert bool(record.unit) == (record.places is not None)
        assert record.blank in columns.SHORTHAND


def test_the_dictionary_has_the_form_of_the_departments_standard(tmp_path, model, snapshot):
    frames = (
        scoring.score(model, snapshot),
        explanation.explain(model, snapshot, "Leeds"),
        comparison.compare(snapshot, "Leeds"),
        changes.what_changed(model, "2024-03-31", snapshot, "Leeds"),
        counterfactual.what_would_change(model, snapshot, "Leeds"),
    )
    for frame in frames:
        write_table(frame, tmp_path / "a.csv", overwrite=True)
        told = pd.read_csv(tmp_path / "a.meta.csv", keep_default_na=False, dtype="str")
        assert list(told.columns) == [
            "col_name",
            "col_type",
            "label",
            "indicator_grouping",
            "indicator_unit",
            "indicator_dp",
            "filter_hint",
            "filter_grouping_column",
        ]
        assert told["col_name"].tolist() == pd.read_csv(tmp_path / "a.csv").columns.tolist()
        assert told["label"].is_unique
        assert told["label"].str.len().between(2, 80).all()
        assert not told["label"].str.contains(",").any()
        # Yes or no is what rows are filtered by, not a figure, though pandas counts it as a number.
        numeric = [
            pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype)
            for dtype in frame.dtypes
        ]
        assert told["col_type"].eq("Indicator").tolist() == numeric
        assert set(told["col_type"]) == {"Filter", "Indicator"}
        assert set(told["indicator_unit"]) <= {"", "£", "£m", "%", "pp"}
        indicator = told["col_type"] == "Indicator"
        assert told.loc[indicator, "indicator_dp"].str.fullmatch(r"\d").all()
        assert (told.loc[~indicator, ["indicator_dp", "indicator_unit"]] == "").all(axis=None)
        assert (told.loc[~indicator, "filter_hint"] != "").all()
        assert not told["filter_hint"].str.contains("passed through").any()


def test_a_rank_among_a_group_is_not_said_to_be_one_by_risk(snapshot):
    told = columns.data_dictionary(comparison.compare(snapshot, "Leeds")).set_index("col_name")
    assert told.loc["rank", "label"] == "Rank in the group (place among group and authority)"
    near = comparison.neighbours(snapshot, "Leeds")
    assert [*near.columns] == [column.name for column in NEIGHBOURS]
    told = columns.data_dictionary(near).set_index("col_name")
    assert told.loc["rank", "label"] == "Closeness (place among the neighbours)"
    assert not told["filter_hint"].str.contains("passed through").any()


def test_a_column_from_elsewhere_is_told_as_such():
    frame = pd.DataFrame({"mine": ["a"], "count": [1], "rate": [0.5]})
    told = columns.data_dictionary(frame).set_index("col_name")
    assert told["col_type"].tolist() == ["Filter", "Indicator", "Indicator"]
    assert told["indicator_dp"].tolist() == ["", "0", "3"]
    assert "passed through" in told.loc["mine", "filter_hint"]
    assert told["label"].tolist() == ["mine", "count", "rate"]


# --- whole or not at all ---------------------------------------------------------


@pytest.mark.parametrize("name", ["a.txt", "a", "a.CSVX", "a.pkl", ".csv.gz", "a.html"])
def test_another_ending_is_refused(tmp_path, name):
    with pytest.raises(UsageError, match="not a kind of table") as told:
        write_table(FRAME, tmp_path / name)
    assert ".xlsx, .ods" in told.value.expected
    assert not any(tmp_path.iterdir())


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no such folder") as told:
        write_table(FRAME, tmp_path / "none" / "a.csv")
    assert told.value.where == str(tmp_path / "none")


@pytest.mark.parametrize("there", ["a.csv", "a.meta.csv"])
def test_nothing_is_overwritten_unless_told(tmp_path, there):
    (tmp_path / there).write_text("mine")
    with pytest.raises(UsageError, match="there already") as told:
        write_table(FRAME, tmp_path / "a.csv")
    assert "--overwrite" in told.value.remedy
    assert told.value.where == str(tmp_path / there)
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [(there, "mine")]
    write_table(FRAME, tmp_path / "a.csv", overwrite=True)
    assert len(pd.read_csv(tmp_path / "a.csv")) == 3
    assert len(pd.read_csv(tmp_path / "a.meta.csv")) == len(FRAME.columns)


def test_a_folder_of_that_name_is_refused(tmp_path):
    (tmp_path / "a.csv").mkdir()
    for overwrite in (False, True):
        with pytest.raises(UsageError) as told:
            write_table(FRAME, tmp_path / "a.csv", overwrite=overwrite)
        assert str(tmp_path) in told.value.where
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]


@pytest.mark.parametrize("after", [0, 1])
@pytest.mark.parametrize("fault", [KeyboardInterrupt, PermissionError])
def test_an_interrupted_write_leaves_the_old_files(tmp_path, monkeypatch, after, fault):
    (tmp_path / "a.csv").write_text("mine")
    calls, real = [], files.Path.replace

    def fails(part, target):
        calls.append(target)
        if len(calls) > after:
            raise fault
        return real(part, target)

    monkeypatch.setattr(files.Path, "replace", fails)
    expected = UsageError if fault is PermissionError else fault
    with pytest.raises(expected):
        write_table(FRAME, tmp_path / "a.csv", overwrite=True)
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("a.csv", "mine")]


@pytest.mark.parametrize(
    ("ending", "package"),
    [(".parquet", "pyarrow"), (".xlsx", "xlsxwriter"), (".ods", "odf.opendocument")],
)
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
    for name in ("a.csv", "a.meta.csv"):
        assert (tmp_path / name).stat().st_mode == (tmp_path / "plain").stat().st_mode
