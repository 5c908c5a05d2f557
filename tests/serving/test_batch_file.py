"""Files of rows: the plain call's answers, whole or not at all, carried on where it was stopped."""

from __future__ import annotations

import errno
import json
import os
import pickle
import pkgutil
import re
import subprocess
import sys
import time
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earlywarn.cli.parser import main
from earlywarn.errors import LeftBehindWarning, RowsWarning, ScoreError, UsageError
from earlywarn.model.serialisation import load_model
from earlywarn.scoring.batch import BATCH_COLUMNS, score_batch, score_rows
from earlywarn.scoring.national import at_prior
from earlywarn.serving import csv_parts
from earlywarn.serving.batch_file import BatchResult, score_file
from earlywarn.serving.chunks import read_chunks
from earlywarn.serving.csv_parts import csv_bytes
from earlywarn.serving.joining import packed, unpacked
from earlywarn.serving.work_folder import WorkFolder
from earlywarn.utils import file_sets
from earlywarn.utils.file_sets import settle
from earlywarn.utils.files import check_outputs

pa = pytest.importorskip("pyarrow", reason="Parquet files need pyarrow")
pytest.importorskip("pyarrow.parquet", reason="whichever test comes first")

# Figures are invented, some beyond all that was published: `test_doubts` sees that it is said.
pytestmark = pytest.mark.filterwarnings("ignore:.* so far. is the unit right")
MODEL = load_model()
NUMBERS = ["risk", "risk_lower", "risk_upper", "below_good"]
BAD = [
    {"rereferrals": "c"},
    {"rereferrals": "31,5"},
    {"rereferrals": "=1+1"},
    {"caseload": "-inf"},
    {"caseload": "1" + "0" * 400},
    {"agency_workers": "100.1"},
    {"rereferrals": "-0.1"},
    {"la_code": "999"},
    {"as_of": "31/06/2024"},
    {"as_of": "2011-01-01"},
]


def invented(rows: int, seed: int = 1) -> pd.DataFrame:
    """Rows of text, some of them bad, with columns that nobody knows."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "ref": [f"{place:05d}" for place in range(rows)],
            "la_code": rng.choice(["383", "301", "", "202"], rows),
            "as_of": rng.choice(["2024-06-30", ""], rows),
            "note": rng.choice(["=SUM(A1)", "+44", "-1", "@x", 'a "b", c', "", "é\n2"], rows),
            "rereferrals": [f"{x:.3f}" for x in rng.uniform(5, 50, rows)],
            "caseload": rng.choice(["16", "12.5", "", "NA", "1e1"], rows),
            "agency_workers": [f"{x!s}" for x in rng.uniform(0, 60, rows)],
        },
        dtype="str",
    )
    for place, bad in enumerate(BAD):
        for name, cell in bad.items():
            frame.loc[place * 7 % rows, name] = cell
    return frame


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "in.csv"
    invented(230).to_csv(file, index=False)
    return file


def batch(source: Path, out: Path, **options) -> BatchResult:
    return score_file(source, out, MODEL, **{"chunk": 50, "jobs": 1, **options})


def hidden(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir() if file.name.startswith(".")]


def read(file: Path) -> pd.DataFrame:
    if file.suffix == ".csv":
        return pd.read_csv(file, dtype="str", keep_default_na=False)
    if file.suffix == ".parquet":
        return pd.read_parquet(file)
    return pd.DataFrame(
        [json.loads(line) for line in file.read_text("utf-8").splitlines()], dtype=object
    )


def test_relative_paths_are_those_of_the_folder_of_the_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Processes that wait for work stand in the folder that they were started in."""
    for name in ("one", "other"):
        folder = tmp_path / name
        folder.mkdir()
        monkeypatch.chdir(folder)
        invented(230).to_csv("in.csv", index=False)
        result = score_file("in.csv", "out.csv", MODEL, chunk=50, jobs=2)
        assert result.out == Path("out.csv")
        assert sorted(file.name for file in folder.iterdir()) == [
            "in.csv",
            "out.csv",
            "out.refused.csv",
        ]


@pytest.mark.parametrize("explain", [False, True])
@pytest.mark.parametrize("ending", [".csv", ".parquet", ".jsonl"])
def test_the_plain_calls_rows(source: Path, tmp_path: Path, ending: str, explain: bool) -> None:
    out = tmp_path / f"out{ending}"
    result = batch(source, out, explain=explain)
    expected = score_batch(source, MODEL, explain=explain)
    found = read(out)
    assert list(found.columns) == list(expected.columns)
    assert len(found) == result.rows == 230
    for name in expected.columns:
        numeric = pd.api.types.is_numeric_dtype(expected[name].dtype)
        if numeric and ending != ".jsonl":
            column = pd.to_numeric(found[name].replace("", None)).astype(expected[name].dtype)
            assert column.to_numpy().tobytes() == expected[name].to_numpy().tobytes(), name
            assert ending == ".csv" or found[name].dtype == expected[name].dtype, name
        elif numeric:
            cells = found[name].astype(expected[name].dtype)
            assert cells.to_numpy().tobytes() == expected[name].to_numpy().tobytes(), name
        else:
            assert found[name].fillna("").tolist() == expected[name].fillna("").tolist(), name
    assert hidden(tmp_path) == []


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".jsonl"])
def test_endings_in_capitals(source: Path, tmp_path: Path, ending: str) -> None:
    copy = tmp_path / "IN.CSV"
    copy.write_bytes(source.read_bytes())
    batch(source, tmp_path / f"small{ending}")
    batch(copy, tmp_path / f"LARGE{ending.upper()}")
    written = [tmp_path / f"small{ending}", tmp_path / f"LARGE{ending.upper()}"]
    assert written[0].read_bytes() == written[1].read_bytes()


def test_refused_rows_stand_beside_the_output(source: Path, tmp_path: Path) -> None:
    result = batch(source, tmp_path / "out.csv")
    assert result.refused_rows == tmp_path / "out.refused.csv"
    refused, expected = read(result.refused_rows), score_batch(source, MODEL)
    bad = expected["status"] != "scored"
    assert result.refused == bad.sum() == len(refused) == len(BAD)
    assert refused["row"].astype(int).tolist() == (np.flatnonzero(bad) + 1).tolist()
    assert refused["status"].tolist() == expected["status"][bad].tolist()
    assert refused["ref"].tolist() == expected["ref"][bad].tolist()


@pytest.mark.parametrize("options", [{"chunk": 1}, {"chunk": 7}, {"chunk": 1000}, {"jobs": 2}])
def test_the_same_bytes_in_any_chunks(tmp_path: Path, options) -> None:
    source = tmp_path / "in.csv"
    invented(75).to_csv(source, index=False)  # two chunks of the usual fifty rows
    batch(source, tmp_path / "one.csv")
    batch(source, tmp_path / "other.csv", **options)
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "other.csv").read_bytes()


def test_shuffled_split_and_joined_again(tmp_path: Path) -> None:
    rows = invented(120)
    order = np.random.default_rng(5).permutation(len(rows))
    rows.to_csv(tmp_path / "whole.csv", index=False)
    batch(tmp_path / "whole.csv", tmp_path / "whole.out.csv", explain=True)
    parts = []
    for number, places in enumerate(np.array_split(order, 3)):
        rows.iloc[places].to_csv(tmp_path / f"{number}.csv", index=False)
        batch(tmp_path / f"{number}.csv", tmp_path / f"{number}.out.csv", explain=True, chunk=11)
        parts.append(read(tmp_path / f"{number}.out.csv"))
    joined = pd.concat(parts, ignore_index=True).iloc[np.argsort(order)].reset_index(drop=True)
    pd.testing.assert_frame_equal(joined, read(tmp_path / "whole.out.csv"))


def test_text_is_untouched(source: Path, tmp_path: Path) -> None:
    batch(source, tmp_path / "out.csv")
    given, found = read(source), read(tmp_path / "out.csv")
    pd.testing.assert_frame_equal(found[list(given.columns)], given)
    assert "=SUM(A1)" in set(found["note"])
    assert found["ref"].iloc[3] == "00003"


@pytest.mark.parametrize("content", ["rereferrals,note\n", "rereferrals,note"])
def test_a_header_alone(tmp_path: Path, content: str) -> None:
    (tmp_path / "in.csv").write_text(content, encoding="utf-8")
    result = batch(tmp_path / "in.csv", tmp_path / "out.csv")
    assert (result.rows, result.refused) == (0, 0)
    header = ",".join(["rereferrals", "note", *BATCH_COLUMNS])
    assert (tmp_path / "out.csv").read_text("utf-8") == header + "\n"


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("in.csv", "", "can't be read"),
        ("in.csv", "a,b\n1,2\n", "no column of the rows is in the catalogue"),
        ("in.csv", "risk,caseload\n1,2\n", "scoring would overwrite"),
        ("in.csv", "caseload\n16\n1,2,3\n", "line 3: a row of another length"),
        ("in.csv", "caseload;rereferrals\n16;20\n", "not separated by commas: found semicolons"),
        ("in.csv", "caseload\n\xff\n", "can't be read"),
        ("in.parquet", "PAR1 but not", "can't be read"),
        ("in.jsonl", '{"caseload": 16}\n[1]\n', "line 2: a line is not a row"),
        ("in.jsonl", '{"caseload": 16}\n{"case', "line 2: a line is not JSON"),
        ("in.jsonl", "[" * 100_000, "line 1: a line is not JSON"),
        ("in.txt", "caseload\n16\n", "not a kind of file"),
    ],
)
def test_what_can_not_be_scored_leaves_nothing(tmp_path: Path, name, content, told) -> None:
    (tmp_path / name).write_text(content, encoding="latin-1")
    with pytest.raises(ScoreError, match=told):
        batch(tmp_path / name, tmp_path / "out.csv", chunk=1)
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_a_partitioned_folder(tmp_path: Path) -> None:
    rows = invented(60).assign(la_code=["035", "383"] * 30)
    for code, part in rows.groupby("la_code"):
        (tmp_path / "in" / f"la_code={code}").mkdir(parents=True)
        part.drop(columns="la_code").to_parquet(
            tmp_path / "in" / f"la_code={code}" / "part.parquet", index=False
        )
    result = batch(tmp_path / "in", tmp_path / "out.parquet", chunk=9)
    found = read(tmp_path / "out.parquet").sort_values("ref", ignore_index=True)
    expected = score_batch(rows, MODEL)
    assert result.rows == 60
    for name in ("la_code", "status", "band", *NUMBERS):
        cells = [table[name].astype(object).fillna("").tolist() for table in (found, expected)]
        assert cells[0] == cells[1], name
    assert (found["status"][found["la_code"] == "035"].str.contains("la_code is no")).all()


def test_a_column_only_in_the_second_file_of_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    parts = [{"caseload": [16]}, {"caseload": [12.5], "rereferrals": [31.0]}]
    for name, part in zip("ab", parts, strict=True):
        pd.DataFrame(part).to_parquet(folder / f"{name}.parquet", index=False)
    batch(folder, tmp_path / "out.parquet", chunk=9)
    found = read(tmp_path / "out.parquet").sort_values("caseload", ignore_index=True)
    plain = pd.DataFrame({"caseload": [12.5, 16.0], "rereferrals": [31.0, None]})
    assert found["risk"].tolist() == score_batch(plain, MODEL)["risk"].tolist()
    pd.DataFrame({"caseload": ["c"]}).to_parquet(folder / "c.parquet", index=False)
    with pytest.raises(ScoreError, match=r"c\.parquet: a column is of another type"):
        batch(folder, tmp_path / "again.parquet", chunk=9)
    assert not (tmp_path / "again.parquet").exists()


def test_a_key_that_stands_twice_in_json(tmp_path: Path) -> None:
    file = tmp_path / "in.jsonl"
    file.write_text('{"caseload": 16}\n{"caseload": 16, "caseload": 20}\n', encoding="utf-8")
    with pytest.raises(ScoreError, match=r"line 2.*'caseload' stands twice"):
        batch(file, tmp_path / "out.jsonl", chunk=9)
    with pytest.raises(ScoreError, match="'caseload' stands twice"):
        score_batch(file, MODEL)


def test_types_do_not_depend_on_the_chunk(tmp_path: Path) -> None:
    rows = pd.DataFrame(
        {"n": pd.array([1, None, 2**60, 4], dtype="Int64"), "caseload": [16.0, None, 12.5, 9]}
    )
    rows.to_parquet(tmp_path / "in.parquet", index=False)
    lines = '{"n": 1, "caseload": 16}\n{"caseload": null}\n{"n": 1152921504606846976}\n{"n": 4}\n'
    (tmp_path / "in.jsonl").write_text(lines, encoding="utf-8")
    for name in ("in.parquet", "in.jsonl"):
        batch(tmp_path / name, tmp_path / "one.csv", chunk=1, overwrite=True)
        batch(tmp_path / name, tmp_path / "all.csv", overwrite=True)
        assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "all.csv").read_bytes()
        assert read(tmp_path / "one.csv")["n"].tolist() == ["1", "", str(2**60), "4"]
    batch(tmp_path / "in.parquet", tmp_path / "out.parquet", chunk=1)
    assert pa.parquet.read_schema(tmp_path / "out.parquet").field("n").type == pa.int64()


def test_lists_come_back_whole(tmp_path: Path) -> None:
    """Also lists longer than what pandas shows of one."""
    lists = [[], None, list("ab"), list(range(5_000))]
    table = pa.table(
        {"caseload": [16.0] * 4, "x": [None if x is None else [str(n) for n in x] for x in lists]}
    )
    pa.parquet.write_table(table, tmp_path / "in.parquet")
    batch(tmp_path / "in.parquet", tmp_path / "out.csv")
    found = pd.read_csv(tmp_path / "out.csv", dtype=str, keep_default_na=False)["x"]
    assert [json.loads(cell) if cell else None for cell in found] == table["x"].to_pylist()


def test_parts_of_a_json_line_are_json_in_a_csv(tmp_path: Path) -> None:
    parts = [{"a": [1, None, True]}, ["é", '"quoted", with a comma'], {}]
    lines = [json.dumps({"caseload": 16.0, "x": one}) for one in parts]
    (tmp_path / "in.jsonl").write_text("\n".join(lines), encoding="utf-8")
    batch(tmp_path / "in.jsonl", tmp_path / "out.csv")
    found = pd.read_csv(tmp_path / "out.csv", dtype=str)["x"]
    assert [json.loads(cell) for cell in found] == parts


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".jsonl"])
def test_parts_that_json_has_no_number_for_are_null(tmp_path: Path, ending: str) -> None:
    lines = ['{"caseload": 16, "x": [1, NaN]}', '{"caseload": 16, "x": {"a": [-Infinity]}}']
    (tmp_path / "in.jsonl").write_text("\n".join(lines), encoding="utf-8")
    batch(tmp_path / "in.jsonl", tmp_path / f"out{ending}")
    cells = read(tmp_path / f"out{ending}")["x"]
    found = [json.loads(cell) if isinstance(cell, str) else cell for cell in cells]
    assert found == [[1, None], {"a": [None]}]


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".jsonl"])
def test_lists_of_a_parquet_file_are_passed_through(tmp_path: Path, ending: str) -> None:
    rows = pa.table({"caseload": [16.0, -1.0], "notes": [[1, 2], None], "more": [{"a": [1]}] * 2})
    pa.parquet.write_table(rows, tmp_path / "in.parquet")
    batch(tmp_path / "in.parquet", tmp_path / f"out{ending}")
    refused = read(tmp_path / "out.refused.csv")
    assert refused[["notes", "more"]].to_numpy().tolist() == [["", '{"a": [1]}']]
    if ending == ".csv":
        assert read(tmp_path / "out.csv")["notes"].tolist() == ["[1, 2]", ""]


def test_a_chunk_is_sent_on_without_the_rest_of_its_row_group(tmp_path: Path) -> None:
    kind = pd.Categorical(["one", "two"] * 10_000)
    rows = pd.DataFrame({"n": np.arange(20_000), "kind": kind, "caseload": 16.0})
    rows.to_parquet(tmp_path / "in.parquet", index=False)
    chunks = list(read_chunks(tmp_path / "in.parquet", 100))
    assert [chunk.start for chunk in chunks] == list(range(0, 20_000, 100))
    for chunk in chunks[:3]:
        assert len(pickle.dumps(chunk)) < 3 * 100 * rows.memory_usage().sum() / 20_000 + 2_000
    whole = pa.concat_tables(chunk.rows for chunk in chunks).to_pandas()
    pd.testing.assert_frame_equal(whole, rows)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            "la_code,rereferrals,caseload\n383,20.0,16.0\n383,20.0\n",
            "line 3: a row of another length than the header: found 2 cells",
        ),
        (
            "la_code,rereferrals\n383,20.0,1\n",
            "line 2: a row of another length than the header: found 3 cells",
        ),
        (
            'rereferrals,note\n20.0,"a\nb"\n21.0\n',
            "line 4: a row of another length than the header: found 1 cell",
        ),
        ('rereferrals,note\n20.0,"a\n21.0,b"\n22.0,c\n', "takes in whole rows"),
        ('rereferrals,note\n20.0,"a"b\n', "line 2"),
        ('rereferrals,note\n20.0,"a\n', "line 2"),
    ],
)
def test_rows_cut_short_are_never_filled_up(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ScoreError, match=re.escape(said)):
        score_batch(file)
    with pytest.raises(ScoreError, match=re.escape(said)):
        # The processes that are usual read no differently, and take two seconds to start.
        score_file(file, tmp_path / "out.csv", jobs=-1 if "takes in whole rows" in said else 1)
    assert [left.name for left in tmp_path.iterdir()] == ["rows.csv"]


def test_a_blank_line_of_one_column_is_a_row(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("rereferrals\n20.0\n\n31.0\n", encoding="utf-8")
    assert score_batch(file)["known"].tolist() == [1, 0, 1]
    score_file(file, tmp_path / "out.csv")
    assert len(pd.read_csv(tmp_path / "out.csv")) == 3


# A carriage return alone is quoted by Python's own writer from 3.13 on only.
TEXTS = st.text(st.characters(exclude_characters="\r"))
CELLS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS)


@given(
    st.lists(
        st.tuples(CELLS, st.floats(), st.one_of(st.none(), TEXTS), st.integers(-9, 9)),
        max_size=8,
    )
)
def test_csv_as_pandas_writes_it(rows) -> None:
    frame = pd.DataFrame(rows, columns=pd.Index(["any", "number", "text", "whole"]), dtype=object)
    kinds = {"number": "float64", "text": "str", "whole": "int64"}
    try:
        frame = frame.astype(kinds)
    except UnicodeEncodeError:  # half of a surrogate pair, which stays an object
        frame = frame.astype({"number": "float64", "whole": "int64"})
    theirs = frame.to_csv(index=False, header=False, lineterminator="\n")
    assert csv_bytes(frame) == theirs.encode("utf-8", "backslashreplace")
    with mock.patch.object(csv_parts, "sys", SimpleNamespace(modules={})):  # as without Arrow
        assert csv_bytes(frame) == theirs.encode("utf-8", "backslashreplace")


@given(st.lists(st.one_of(st.floats(), st.floats(1e-4, 1e10), st.sampled_from([0.1, -0.0, 2.0]))))
def test_numbers_as_python_writes_them(numbers) -> None:
    # many alike and all different: the two ways in which a column is written
    for column in (numbers * 5, numbers):
        frame = pd.DataFrame({"a": column, "b": 1}).astype({"a": "float64"})
        cells = ["" if number != number else repr(number) for number in column]  # noqa: PLR0124
        assert csv_bytes(frame).decode() == "".join(f"{cell},1\n" for cell in cells)


@given(st.text())
def test_a_part_is_as_it_was_before_it_was_packed(text) -> None:
    content = text.encode("utf-8", "backslashreplace")
    assert unpacked(packed(content)) == unpacked(content) == content


def test_a_lone_carriage_return_ends_no_row() -> None:
    assert csv_bytes(pd.DataFrame({"a": ["x\ry"], "b": [1]})) == b'"x\ry",1\n'


def test_huge_whole_numbers(tmp_path: Path) -> None:
    lines = [f'{{"caseload": {10**size}, "id": {10**size + 1}}}' for size in (1, 18, 30, 200)]
    (tmp_path / "in.jsonl").write_text("\n".join(lines), encoding="utf-8")
    batch(tmp_path / "in.jsonl", tmp_path / "out.jsonl", chunk=3)
    found = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [row["id"] for row in found] == [10**size + 1 for size in (1, 18, 30, 200)]
    assert found[0]["status"] == "scored"
    for row in found[1:]:
        assert row["status"] == "refused: caseload is above 1e+12"
        assert row["risk"] is None


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".jsonl"])
def test_half_a_surrogate_pair(tmp_path: Path, ending: str) -> None:
    """JSON can hold it, other files can't: the row is kept, and so are the others."""
    lines = '{"note": "\\ud800", "caseload": 16}\n{"note": "x", "caseload": "\\ud800"}\n'
    (tmp_path / "in.jsonl").write_text(lines, encoding="utf-8")
    batch(tmp_path / "in.jsonl", tmp_path / f"out{ending}")
    found = read(tmp_path / f"out{ending}").to_dict("list")
    assert found["status"] == ["scored", "refused: caseload is no number"]
    assert found["note"] == ["\ud800" if ending == ".jsonl" else "\\ud800", "x"]
    (tmp_path / "in.jsonl").write_text(lines.replace("note", "\\udc00"), encoding="utf-8")
    assert batch(tmp_path / "in.jsonl", tmp_path / f"named{ending}").rows == 2
    assert b"\\udc00" in (tmp_path / f"named{ending}").read_bytes()


class TestStopped:
    def spoil(self, monkeypatch, at: int) -> None:
        """Stop when a chunk is reached, as an unforeseen fault would."""
        whole = score_rows
        calls = iter(range(100))

        def stops(*args, **options):
            if next(calls) == at:
                raise KeyboardInterrupt
            return whole(*args, **options)

        monkeypatch.setattr("earlywarn.serving.batch_file.score_rows", stops)

    def test_carries_on_with_what_is_done(self, source, tmp_path, monkeypatch) -> None:
        batch(source, tmp_path / "whole.csv")
        with monkeypatch.context() as patch:
            self.spoil(patch, 3)
            with pytest.raises(KeyboardInterrupt):
                batch(source, tmp_path / "out.csv")
        assert not (tmp_path / "out.csv").exists()
        scored: list[int] = []
        plain = score_rows

        def counted(rows, *args, **options):
            scored.append(len(rows))
            return plain(rows, *args, **options)

        monkeypatch.setattr("earlywarn.serving.batch_file.score_rows", counted)
        result = batch(source, tmp_path / "out.csv", resume=True)
        assert scored == [50, 30]
        assert result.rows == 230
        assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
        for one, other in (("out.refused.csv", "whole.refused.csv"),):
            assert (tmp_path / one).read_bytes() == (tmp_path / other).read_bytes()
        assert hidden(tmp_path) == []

    @pytest.mark.parametrize("change", ["input", "model", "explain", "chunk"])
    def test_only_with_the_very_same(self, source, tmp_path, monkeypatch, change: str) -> None:
        with monkeypatch.context() as patch:
            self.spoil(patch, 2)
            with pytest.raises(KeyboardInterrupt):
                batch(source, tmp_path / "out.csv")
        model, options = MODEL, {"chunk": 50, "explain": False}
        if change == "input":
            source.write_text(source.read_text("utf-8") + "\n", encoding="utf-8")
        elif change == "model":
            model = at_prior(MODEL, 0.2)
        else:
            options[change] = {"explain": True, "chunk": 51}[change]
        with pytest.raises(UsageError, match="belong to another run"):
            score_file(source, tmp_path / "out.csv", model, jobs=1, resume=True, **options)
        result = score_file(source, tmp_path / "out.csv", model, jobs=1, **options)
        assert result.rows == 230

    def test_nothing_to_carry_on_with(self, source: Path, tmp_path: Path) -> None:
        assert batch(source, tmp_path / "out.csv", resume=True).rows == 230

    @pytest.mark.parametrize(
        ("step", "calls", "moved"),
        [
            ("earlywarn.utils.file_sets.place", 0, False),
            ("earlywarn.utils.file_sets.place", 1, False),
            ("pathlib.Path.unlink", 0, True),
            ("pathlib.Path.unlink", 4, True),
        ],
    )
    def test_stopped_while_files_are_moved(
        self, source, tmp_path, monkeypatch, step: str, calls: int, moved: bool
    ) -> None:
        expected = batch(source, tmp_path / "whole.csv")
        with monkeypatch.context() as patch:
            self.stop_at(patch, step, calls)
            with pytest.raises(KeyboardInterrupt):
                batch(source, tmp_path / "out.csv")
        assert (tmp_path / "out.csv").exists() == moved
        assert hidden(tmp_path) == [".out.csv.parts"]
        result = batch(source, tmp_path / "out.csv", resume=True)
        assert (result.rows, result.refused) == (expected.rows, expected.refused)
        for name in ("{}.csv", "{}.refused.csv"):
            one, other = (tmp_path / name.format(stem) for stem in ("out", "whole"))
            assert one.read_bytes() == other.read_bytes()
        assert hidden(tmp_path) == []

    def stop_at(self, monkeypatch, step: str, calls: int) -> None:
        """Stop in place of a step's call of this number, once the parts are joined."""
        done = iter(range(calls))
        owner, name = step.rsplit(".", 1)
        plain = getattr(pkgutil.resolve_name(owner), name)

        def stops(path, *args, **options):
            folders = [Path(path).parent, Path(path)]
            if name == "place":
                folders.append(Path(path).parent / ".out.csv.parts")
            joined = any((folder / "joined.json").is_file() for folder in folders)
            if joined and next(done, None) is None:
                raise KeyboardInterrupt
            return plain(path, *args, **options)

        monkeypatch.setattr(step, stops)

    @pytest.mark.parametrize("calls", [0, 1])
    def test_what_can_not_be_put_in_its_place_is_kept_and_said(
        self, source, tmp_path, monkeypatch, calls: int
    ) -> None:
        batch(source, tmp_path / "whole.csv")
        done, place = iter(range(calls)), file_sets.place

        def full(part: Path, file: Path, *, overwrite: bool) -> None:
            if next(done, None) is None:
                raise OSError(errno.ENOSPC, "No space left on device")
            place(part, file, overwrite=overwrite)

        with monkeypatch.context() as patch:
            patch.setattr("earlywarn.utils.file_sets.place", full)
            said = (
                r"out\.csv: all is scored, and .* No space left .* --resume: what is done is kept"
            )
            with pytest.raises(UsageError, match=said):
                batch(source, tmp_path / "out.csv")
        assert not (tmp_path / "out.csv").exists()
        batch(source, tmp_path / "out.csv", resume=True)
        assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
        assert hidden(tmp_path) == []

    @pytest.mark.parametrize("rest", [(), ("lock",)])
    def test_all_was_done(self, source: Path, tmp_path: Path, capsys, rest) -> None:
        """Also if it was killed as the empty folder of parts was all that was left to remove."""
        out = tmp_path / "out.csv"
        done = batch(source, out)
        assert not done.done_before
        before = out.read_bytes()
        for name in rest:
            (tmp_path / ".out.csv.parts").mkdir()
            (tmp_path / ".out.csv.parts" / name).touch()
        again = batch(source, out, resume=True)
        assert again.done_before
        assert (again.rows, again.refused) == (done.rows, done.refused)
        assert main(["batch", str(source), "--out", str(out), "--resume"]) == 0
        assert "Everything was already done" in capsys.readouterr().err
        assert out.read_bytes() == before
        assert hidden(tmp_path) == []

    @pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
    @pytest.mark.parametrize("other", ["input", "model", "explain"])
    def test_the_output_of_other_work_is_not_this_works(
        self, source, tmp_path, ending: str, other: str
    ) -> None:
        """Though it is newer than the input, and has as many rows."""
        out, model, options = tmp_path / f"out{ending}", MODEL, {"jobs": 1, "resume": True}
        batch(source, out)
        assert batch(source, out, resume=True).done_before
        if other == "input":
            text = source.read_text("utf-8").replace("00007,", "99999,")
            source.write_text(text, encoding="utf-8")
            os.utime(source, ns=(1, 1))
        elif other == "model":
            model = at_prior(MODEL, 0.2)
        else:
            options["explain"] = True
        with pytest.raises(UsageError, match="there already"):
            score_file(source, out, model, **options)

    @pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
    def test_any_rows_are_known_again(self, tmp_path: Path, ending: str) -> None:
        lines = '{"caseload": 16, "x": [1, true, null]}\n{"caseload": 17.5, "y": {"z": "é"}}\n{}\n'
        (tmp_path / "in.jsonl").write_text(lines, encoding="utf-8")
        table = pa.table(
            {
                "caseload": pa.array([16.0, None, 17.1], pa.float32()),
                "kind": pa.array(["a", None, "b"]).dictionary_encode(),
                "day": pa.array([0, None, 1], pa.timestamp("ns", tz="Europe/London")),
                "lists": [["a", "b"], None, []],
            }
        )
        pa.parquet.write_table(table, tmp_path / "in.parquet", row_group_size=2)
        for name in ("in.jsonl", "in.parquet"):
            for chunk in (1, 50):
                out = tmp_path / f"{chunk}{name}.out{ending}"
                assert not batch(tmp_path / name, out, chunk=chunk).done_before
                assert batch(tmp_path / name, out, resume=True).done_before

    def test_the_output_of_an_older_input_is_not_this_works(self, source, tmp_path) -> None:
        out = tmp_path / "out.csv"
        batch(source, out)
        os.utime(source, ns=(2**62, 2**62))
        with pytest.raises(UsageError, match="there already"):
            batch(source, out, resume=True)

    @pytest.mark.parametrize("spoilt", ["part", "refused", "note", "empty note", "ticket"])
    def test_a_part_cut_short_is_done_again(
        self, source: Path, tmp_path: Path, monkeypatch, spoilt: str
    ) -> None:
        """What a power cut leaves: parts cut short, state files of no bytes."""
        batch(source, tmp_path / "whole.csv", explain=True)
        with monkeypatch.context() as patch:
            self.spoil(patch, 3)
            with pytest.raises(KeyboardInterrupt, match="--resume carries on"):
                batch(source, tmp_path / "out.csv", explain=True)
        parts = tmp_path / ".out.csv.parts"
        name = {"part": "00000001.csv", "refused": "00000001.refused"}.get(spoilt)
        file = parts / (name or ("ticket.json" if spoilt == "ticket" else "00000001.json"))
        content = file.read_bytes()
        file.write_bytes(b"" if "e" in spoilt[:1] or spoilt == "ticket" else content[:-40])
        batch(source, tmp_path / "out.csv", explain=True, resume=True)
        for name in ("{}.csv", "{}.refused.csv"):
            one, other = (tmp_path / name.format(stem) for stem in ("out", "whole"))
            assert one.read_bytes() == other.read_bytes()
        assert hidden(tmp_path) == []

    def test_a_part_of_other_rows_is_not_used(self, source, tmp_path, monkeypatch) -> None:
        with monkeypatch.context() as patch:
            self.spoil(patch, 3)
            with pytest.raises(KeyboardInterrupt):
                batch(source, tmp_path / "out.csv")
        parts = tmp_path / ".out.csv.parts"
        for ending in (".csv", ".refused", ".json"):
            (parts / f"00000001{ending}").write_bytes((parts / f"00000000{ending}").read_bytes())
        batch(source, tmp_path / "whole.csv")
        batch(source, tmp_path / "out.csv", resume=True)
        assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()

    def test_nothing_was_done_yet_and_nothing_is_left(self, source, tmp_path, monkeypatch) -> None:
        self.spoil(monkeypatch, 0)
        with pytest.raises(KeyboardInterrupt):
            batch(source, tmp_path / "out.csv")
        assert hidden(tmp_path) == []

    def test_joined_and_another_file_in_its_place(self, source, tmp_path, monkeypatch) -> None:
        with monkeypatch.context() as patch:
            self.stop_at(patch, "earlywarn.utils.file_sets.place", 0)
            with pytest.raises(KeyboardInterrupt):
                batch(source, tmp_path / "out.csv")
        (tmp_path / "out.csv").write_text("mine", encoding="utf-8")
        with pytest.raises(UsageError, match="there already"):
            batch(source, tmp_path / "out.csv", resume=True)
        assert (tmp_path / "out.csv").read_text("utf-8") == "mine"
        assert batch(source, tmp_path / "out.csv", resume=True, overwrite=True).rows == 230
        assert len(read(tmp_path / "out.csv")) == 230

    @pytest.mark.parametrize(
        # In the midst of the work, just before its end, and while the parts are put together.
        ("ending", "moments"),
        [(".csv", (4, 20, 30)), (".parquet", (30,)), (".jsonl", (20,))],
    )
    def test_killed_at_any_moment(
        self, tmp_path: Path, ending: str, moments: tuple[int, ...]
    ) -> None:
        source, out = tmp_path / f"in{ending}", tmp_path / f"out{ending}"
        rows = invented(3_000)
        if ending == ".csv":
            rows.to_csv(source, index=False)
        elif ending == ".parquet":
            rows.to_parquet(source, index=False)
        else:
            source.write_text(rows.to_json(orient="records", lines=True), encoding="utf-8")
        options = ["--chunk", "100", "--jobs", "1", "--quiet"]
        command = [sys.executable, "-m", "earlywarn", "batch", str(source), "--out", str(out)]
        for least in moments:
            killed_at(least, [*command, *options, "--resume"], out)
            if out.exists():
                break
        if not out.exists() or hidden(tmp_path):
            subprocess.run([*command, *options, "--resume"], check=True, timeout=120)  # noqa: S603
        assert hidden(tmp_path) == []
        batch(source, tmp_path / f"whole{ending}", chunk=100)
        for name in (f"{{}}{ending}", "{}.refused.csv"):
            one, other = (tmp_path / name.format(stem) for stem in ("out", "whole"))
            assert one.read_bytes() == other.read_bytes()


def killed_at(least: int, command: list[str], out: Path) -> None:
    """Run a command, and kill it without warning once so many parts are done."""
    parts = out.parent / f".{out.name}.parts"
    process = subprocess.Popen(command, env=os.environ)  # noqa: S603 - our own command
    deadline = time.monotonic() + 100
    while len(list(parts.glob("0*.json"))) < least and time.monotonic() < deadline:
        if process.poll() is not None:
            assert process.returncode == 0
            assert out.exists()
            return
        time.sleep(0.005)
    process.kill()
    process.wait(60)
    beside = {file.name for file in out.parent.iterdir()} - {parts.name}
    whole = {f"in{out.suffix}", out.name, f"{out.stem}.refused.csv"}
    assert beside <= whole, f"half a file: {beside - whole}"


class TestOneOwner:
    def test_another_run_at_the_same_output(self, source, tmp_path, monkeypatch) -> None:
        """The second is refused, by name of the first, and takes nothing from it."""
        seen: list[str] = []
        plain = score_rows

        def meanwhile(*args, **options):
            with pytest.raises(UsageError, match=r"another run is at work here.*process \d+ on"):
                batch(source, tmp_path / "out.csv", resume=bool(seen))
            seen.append("")
            return plain(*args, **options)

        monkeypatch.setattr("earlywarn.serving.batch_file.score_rows", meanwhile)
        assert batch(source, tmp_path / "out.csv").rows == 230
        assert len(seen) == 5
        assert hidden(tmp_path) == []

    def test_ten_at_once(self, source: Path, tmp_path: Path) -> None:
        """One does it; the others say who, or that it has been done."""
        out = tmp_path / "out.csv"
        batch(source, tmp_path / "whole.csv")
        command = [sys.executable, "-m", "earlywarn", "batch", str(source), "--out", str(out)]
        running = [
            subprocess.Popen(  # noqa: S603 - our own command
                [*command, "--chunk", "9", "--jobs", "1", "--quiet"], stderr=subprocess.PIPE
            )
            for _ in range(4)
        ]
        said = [process.communicate(timeout=120)[1].decode() for process in running]
        codes = sorted(process.returncode for process in running)
        assert codes[0] == 0, said
        assert set(codes[1:]) == {2}, said
        refusals = ("another run is at work here", "a file is there already")
        assert all(any(text in line for text in refusals) for line in said if line)
        assert out.read_bytes() == (tmp_path / "whole.csv").read_bytes()
        assert hidden(tmp_path) == []


def test_an_input_changed_while_it_is_read(source: Path, tmp_path: Path, monkeypatch) -> None:
    plain = score_rows

    def cut(*args, **options):
        with source.open("r+b") as stream:
            stream.truncate(4_000)
        return plain(*args, **options)

    monkeypatch.setattr("earlywarn.serving.batch_file.score_rows", cut)
    with pytest.raises(ScoreError, match="the input was changed while it was read"):
        batch(source, tmp_path / "out.csv")
    assert [file.name for file in tmp_path.iterdir()] == ["in.csv"]


def test_a_full_disk(source: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("earlywarn.serving.work_folder.write_whole", full)
    command = ["batch", str(source), "--out", str(tmp_path / "out.csv"), "--jobs", "1"]
    assert main([*command, "--quiet"]) == 2
    assert "it can't be written: found No space left on device" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["in.csv"]


def test_a_disk_that_is_full_after_the_first_file(
    source: Path, tmp_path: Path, monkeypatch
) -> None:
    def written_and_lost(file: Path, content: str | bytes, **_: object) -> None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("earlywarn.serving.work_folder.write_whole", written_and_lost)
    with pytest.raises(UsageError, match="it can't be written: found Input/output error"):
        batch(source, tmp_path / "out.csv")
    assert [file.name for file in tmp_path.iterdir()] == ["in.csv"]


@pytest.mark.parametrize("first", [True, False])
def test_the_second_move_fails(source: Path, tmp_path: Path, monkeypatch, first: bool) -> None:
    """The refused rows are not replaced alone; --resume goes on from there."""
    out, replace = tmp_path / "out.csv", Path.replace
    both = [out, tmp_path / "out.refused.csv"]
    for file in () if first else both:
        file.write_text("old", encoding="utf-8")

    def fails(part: Path, place: Path) -> Path:
        if place == out:
            raise PermissionError(errno.EACCES, "in use")
        return replace(part, place)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fails)
        with pytest.raises(UsageError, match=r"can't be put in its place: found in use.*--resume"):
            batch(source, out, overwrite=True)
    assert [file.read_text("utf-8") for file in both if file.exists()] == ["old"] * 2 * (not first)
    assert batch(source, out, overwrite=True, resume=True).rows == len(read(out)) == 230
    assert hidden(tmp_path) == []


def killed_in_the_midst(command: list[str], calls: int) -> None:
    """Run a command in a process of its own that ends at once at this call of a change of names."""
    code = """
import os, sys
from earlywarn.cli import main
from earlywarn.serving import batch_file
calls, move = int(sys.argv[1]), batch_file._move
def counted(name):
    plain = getattr(os, name)
    def step(*args, **options):
        global calls
        calls -= 1
        if calls < 0:
            os._exit(9)
        return plain(*args, **options)
    setattr(os, name, step)
def moving(*args, **options):
    for name in ("link", "replace", "rename", "unlink"):
        counted(name)
    move(*args, **options)
batch_file._move = moving
main([*sys.argv[2:], "--jobs", "1", "--quiet"])
"""
    subprocess.run([sys.executable, "-c", code, str(calls), *command], check=False, timeout=120)  # noqa: S603


@pytest.mark.parametrize("calls", [1, 4, 5, 6])
def test_killed_while_both_files_change_places(source: Path, tmp_path: Path, calls: int) -> None:
    """What is there is both old or both new to whoever looks next; --resume always goes on."""
    out = tmp_path / "out.csv"
    both = [out, tmp_path / "out.refused.csv"]
    whole = batch(source, tmp_path / "whole.csv")
    new = [file.read_bytes() for file in (whole.out, whole.refused_rows)]
    for file in both:
        file.write_bytes(b"old")
    command = ["batch", str(source), "--out", str(out), "--overwrite", "--chunk", "50"]
    killed_in_the_midst(command, calls)
    assert hidden(tmp_path)
    settle(tmp_path)
    assert [file.read_bytes() for file in both] in (new, [b"old"] * 2)
    assert batch(source, out, overwrite=True, resume=True).rows == 230
    assert [file.read_bytes() for file in both] == new
    assert hidden(tmp_path) == []


def test_a_move_that_fails_for_good_leaves_what_was_there(
    source: Path, tmp_path: Path, monkeypatch
) -> None:
    """Also where no name can be changed back; the disk mended, --resume ends it."""
    out = tmp_path / "out.csv"
    both = [out, tmp_path / "out.refused.csv"]
    for file in both:
        file.write_bytes(b"old")
    replace = os.replace
    failed: list[object] = []

    def fails(part: Path, file: Path, **options: Any) -> None:
        if failed or file == out:
            failed.append(file)
            raise OSError(errno.EIO, "Input/output error")
        replace(part, file, **options)

    with monkeypatch.context() as patch:
        patch.setattr("os.replace", fails)
        with pytest.raises(UsageError, match=r"can't be put in its place: found Input/output"):
            batch(source, out, overwrite=True)
    assert len(failed) > 1
    assert [file.read_bytes() for file in both] == [b"old"] * 2
    assert batch(source, out, overwrite=True, resume=True).rows == len(read(out)) == 230
    assert b"refused: " in both[1].read_bytes()
    assert hidden(tmp_path) == []


@pytest.mark.parametrize("lost", [b"", b"other", None])
def test_an_output_changed_before_it_has_its_place_is_made_again(
    source: Path, tmp_path: Path, monkeypatch, lost: bytes | None
) -> None:
    """What was joined is put in its place only as it was joined, over an old output too."""
    out, whole = tmp_path / "out.csv", batch(source, tmp_path / "whole.csv")
    for file in (out, tmp_path / "out.refused.csv"):
        file.write_bytes(b"old")
    with monkeypatch.context() as patch:
        patch.setattr("earlywarn.utils.file_sets.place", unplaced)
        with pytest.raises(UsageError, match="--resume"):
            batch(source, out, overwrite=True)
    for name in ("whole.csv", "refused.csv"):
        if lost is None:
            (tmp_path / ".out.csv.parts" / name).unlink()
        else:
            (tmp_path / ".out.csv.parts" / name).write_bytes(lost)
    batch(source, out, overwrite=True, resume=True)
    assert out.read_bytes() == whole.out.read_bytes()
    assert (tmp_path / "out.refused.csv").read_bytes() == whole.refused_rows.read_bytes()


def unplaced(*_: Path, **__: bool) -> None:
    raise OSError(errno.EIO, "Input/output error")


def test_parts_that_can_not_be_removed(source: Path, tmp_path: Path, monkeypatch) -> None:
    clear, calls = WorkFolder.clear, count()

    def fails(work: WorkFolder) -> None:
        if next(calls):
            raise OSError(errno.EIO, "Input/output error")
        clear(work)

    monkeypatch.setattr(WorkFolder, "clear", fails)
    with pytest.warns(LeftBehindWarning, match=r"out\.csv is whole, but .*\.out\.csv\.parts could"):
        assert batch(source, tmp_path / "out.csv").rows == 230


@pytest.mark.parametrize(
    ("step", "said", "kept"),
    [(2, "$", []), (3, " All is scored and kept in .* for --resume", [".out.csv.parts"])],
)
def test_a_place_that_is_refused_once_work_has_begun(
    source: Path, tmp_path: Path, monkeypatch, step: int, said: str, kept: list[str]
) -> None:
    """Before anything is done nothing is left; after all is done it is kept, and said."""
    check, calls = check_outputs, count()

    def refused_later(*files: Path, **options: Any) -> None:
        if next(calls) == step:
            raise UsageError("it can't be written", remedy="Make room.")
        check(*files, **options)

    monkeypatch.setattr("earlywarn.serving.batch_file.check_outputs", refused_later)
    with pytest.raises(UsageError, match=f"can't be written.*Make room.{said}"):
        batch(source, tmp_path / "out.csv")
    assert hidden(tmp_path) == kept


class TestUsage:
    def test_its_own_refused_rows_as_input(self, source: Path, tmp_path: Path) -> None:
        batch(source, tmp_path / "s.csv")
        (tmp_path / "s.csv").unlink()
        before = (tmp_path / "s.refused.csv").read_bytes()
        with pytest.raises(UsageError, match=r"s\.refused\.csv: the output would be the input"):
            batch(tmp_path / "s.refused.csv", tmp_path / "s.csv", overwrite=True)
        assert (tmp_path / "s.refused.csv").read_bytes() == before

    def test_refused_rows_of_another_output(self, source: Path, tmp_path: Path) -> None:
        (tmp_path / "out.refused.csv").write_text("mine", encoding="utf-8")
        with pytest.raises(UsageError, match=r"out\.refused\.csv: a file is there already"):
            batch(source, tmp_path / "out.csv")
        assert (tmp_path / "out.refused.csv").read_text("utf-8") == "mine"

    @pytest.mark.parametrize("jobs", [0, -2, 1_000_000])
    def test_no_number_of_processes(self, source: Path, tmp_path: Path, jobs: int) -> None:
        with pytest.raises(UsageError, match="--jobs: not a number of processes"):
            batch(source, tmp_path / "out.csv", jobs=jobs)
        assert [file.name for file in tmp_path.iterdir()] == ["in.csv"]

    def test_a_folder_as_output(self, source: Path, tmp_path: Path) -> None:
        (tmp_path / "out.csv").mkdir()
        with pytest.raises(UsageError, match="there is a folder of this name"):
            batch(source, tmp_path / "out.csv", overwrite=True)

    def test_a_file_that_is_there(self, source: Path, tmp_path: Path) -> None:
        out = tmp_path / "out.csv"
        out.write_text("mine", encoding="utf-8")
        with pytest.raises(UsageError, match="there already"):
            batch(source, out)
        assert out.read_text("utf-8") == "mine"
        batch(source, out, overwrite=True)
        assert len(read(out)) == 230

    @pytest.mark.parametrize(
        ("out", "told"),
        [("out.xlsx", "not a kind"), ("no/out.csv", "no such folder"), ("in.csv", "be the input")],
    )
    def test_an_output_that_is_none(self, source: Path, tmp_path: Path, out, told) -> None:
        before = source.read_bytes()
        with pytest.raises(UsageError, match=told):
            batch(source, tmp_path / out, overwrite=True)
        assert source.read_bytes() == before

    def test_no_chunk(self, source: Path, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="not a number of rows"):
            batch(source, tmp_path / "out.csv", chunk=0)

    def test_no_such_file(self, tmp_path: Path) -> None:
        with pytest.raises(ScoreError, match="no such file"):
            batch(tmp_path / "in.csv", tmp_path / "out.csv")

    def test_the_command(self, source: Path, tmp_path: Path, capsys) -> None:
        out = tmp_path / "out.csv"
        code = main(["batch", str(source), "--out", str(out), "--jobs", "1", "--explain"])
        assert code == 0
        assert "230 rows are in" in capsys.readouterr().err
        assert "contribution_baseline" in read(out).columns
        assert main(["batch", str(source), "--out", str(out)]) == 2


def test_chunks_hold_no_more_than_asked_for(source: Path) -> None:
    chunks = list(read_chunks(source, 40))
    assert [len(chunk.rows) for chunk in chunks] == [40, 40, 40, 40, 40, 30]
    assert [chunk.start for chunk in chunks] == [0, 40, 80, 120, 160, 200]


@pytest.mark.filterwarnings("default:.* so far. is the unit right")
def test_a_doubtful_column_is_said_once_for_the_whole_file(tmp_path: Path) -> None:
    rows = pd.DataFrame({"caseload": [16.0] * 40, "rereferals": 25.0, "vacancies": 0.18})
    rows.loc[:9, "vacancies"] = 18.0  # the first part is in per cent, so that the whole is
    rows.to_csv(tmp_path / "in.csv", index=False)
    with pytest.warns(RowsWarning) as warned:
        batch(tmp_path / "in.csv", tmp_path / "out.csv", chunk=10)
    said = [str(each.message) for each in warned]
    assert said[0].startswith("the column rereferals is not known")
    assert said[1].startswith("vacancies reaches 0.18, where authorities published 0.4 to 62.4")
    assert len(said) == 2
