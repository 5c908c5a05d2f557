"""Hundreds of malformed inputs, each refused, told of or harmless; never a bare traceback."""

# Either an error that names the file, or a finding: what follows an except is the point here.
# ruff: noqa: PT017

from __future__ import annotations

import csv
import io
import random
import shutil
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.helpers import published  # type: ignore[attr-defined]
from tests.helpers.published import TABLES, lait_rows, wide_rows, write_neighbours, write_rows

import earlywarn as ew
from earlywarn.errors import DataQualityWarning, EarlyWarnError
from earlywarn.judgements.reading import read_judgements
from earlywarn.panel.panel import read_panel, write_panel
from earlywarn.panel.published import read_published
from earlywarn.sources.folder import read_folder

CODES = ["201", "202", "203", "204", "205", "206"]
REFUSED, TOLD, SAME, SILENT = "refused", "told of", "the same as before", "silent"


class Case:
    """One table, and the ways in which it can go wrong."""

    def __init__(self, rows: list[dict[str, str]], number: str, code: str, year: str) -> None:
        self.rows, self.number, self.code, self.year = rows, number, code, year
        self.header = list(rows[0])
        # A row of an authority that is counted.
        self.at = next(place for place, row in enumerate(rows) if row[code] in CODES)

    def cell(self, column: str, text: str) -> bytes:
        rows = [dict(row) for row in self.rows]
        rows[self.at][column] = text
        return as_csv(rows)

    def text(self) -> bytes:
        return as_csv(self.rows)


def as_csv(
    rows: list[dict[str, str]], delimiter: str = ",", header: list[str] | None = None
) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
    writer.writerow(header or list(rows[0]))
    writer.writerows(row.values() for row in rows)
    return stream.getvalue().encode()


NUMBER_OF = {
    "C1": "rereferral_percent", "C1 2024": "Re_referrals_percent", "B1": "At31_episodes",
    "D3": "CPP_subsequent_percent", "D5": "2_years_or_more_percent", "CSWW": "vacancy_rate_fte",
    "CSWW 2022": "vacancy_rate_fte_%", "CLA": "children_count", "ONS": "population_estimate",
}  # fmt: skip

OF_EACH_KIND = {
    "Section_47", "CP_conf_15days", "10_ICPC", "15_ICPC", "20_ICPC", "21_ICPC", "LAC", "LACnum",
    "SWFinance", "Work_Force_Vac_Rate", "EALPri",
}  # fmt: skip
"""Of the LAIT file; all its measures are read in test_folder.py."""


def cases() -> dict[str, Case]:
    found = {
        table: Case(wide_rows(table, [2024], CODES), NUMBER_OF[table], "old_la_code", "time_period")
        for table in TABLES
    }
    # Of two authorities, and one measure of each kind: a rate, a share of summed counts, one of a
    # span of years, one of joint returns, and one that is not read.
    rows = [row for row in lait_rows([2024], CODES[:2]) if row["Short Desc"] in OF_EACH_KIND]
    found["LAIT"] = Case(rows, "Values", "LA Number", "Years")
    return found


CASES = cases()
BY_CELLS = {"C1 2024", "D5", "CSWW", "CSWW 2022", "CLA"}
"""Tables with faults of columns and cells alone: before a table is known by its columns, every wide
table's file goes the same way, which those of the other tables go."""


def faults(table: str) -> dict[str, bytes]:
    """Each fault of a table by its name, with the file's content."""
    case = CASES[table]
    return faults_of_cells(case) | ({} if table in BY_CELLS else faults_of_a_file(case))


def faults_of_a_file(case: Case) -> dict[str, bytes]:
    """What is wrong with the bytes, whatever the columns."""
    rows, text = case.rows, case.text()
    rng = random.Random(20160913)  # noqa: S311 - any places will do, the same each time
    places = sorted(rng.sample(range(60, len(text) - 2), 6))
    return {
        "empty": b"",
        "blank": b"\n \n\n",
        "header only": text.split(b"\n")[0] + b"\n",
        "html": b"<!DOCTYPE html><html><body>Sorry</body></html>",
        "json": b'{"error": "not found"}',
        "nul bytes": text[:200] + b"\x00" * 8 + text[200:],
        "nul far down": text[:-40] + b"\x00" + text[-40:],
        "utf-16": text.decode().encode("utf-16"),
        "utf-32": text.decode().encode("utf-32"),
        "zip": b"PK\x03\x04" + bytes(range(256)),
        "gzip": b"\x1f\x8b\x08\x00" + bytes(range(255, 0, -1)),
        "semicolons": as_csv(rows, ";"),
        "tabs": as_csv(rows, "\t"),
        "bars": as_csv(rows, "|"),
        "open quote": text.replace(b"\n", b'\n"', 2),
        "a row too long": text.replace(b"\n", b",1,2\n", 2).replace(b",1,2\n", b"\n", 1),
        "a row too short": b"\n".join([*text.split(b"\n")[:2], b"a,b", *text.split(b"\n")[2:]]),
        "byte order mark": b"\xef\xbb\xbf" + text,
        "windows line ends": text.replace(b"\n", b"\r\n"),
        **{f"cut at byte {place}": text[:place] for place in places},
    }


def faults_of_cells(case: Case) -> dict[str, bytes]:
    """What is wrong with columns, rows and cells."""
    rows = case.rows
    made: dict[str, bytes] = {
        "reversed columns": as_csv([dict(reversed(row.items())) for row in rows]),
        "extra column": as_csv([{**row, "extra": "x"} for row in rows]),
        "upper-case header": as_csv(rows, header=[name.upper() for name in case.header]),
        "the number renamed": as_csv(
            rows, header=["value_2" if name == case.number else name for name in case.header]
        ),
        "the number twice": as_csv([{**row, "copy": "999999"} for row in rows],
                                   header=[*case.header, case.number]),
        "a row twice": as_csv([*rows, rows[case.at]]),
        "a row twice that differs": as_csv(
            [*rows, {**rows[case.at], case.number: "3.5"}]
        ),
        "unknown code": case.cell(case.code, "777"),
        "code of no digits": case.cell(case.code, "Camden?"),
    }  # fmt: skip
    for column in (case.number, case.code, case.year):
        made[f"without {column}"] = as_csv(
            [{k: v for k, v in row.items() if k != column} for row in rows]
        )
    for bad in (
        "-5",
        "1e308",
        "1e999",
        "twelve",
        "12,5",
        "12%",
        "#REF!",
        "NaN",
        "inf",
        "\U0001d7d9",
    ):
        made[f"number {bad}"] = case.cell(case.number, bad)
    if "%" in case.number or "percent" in case.number or "rate_fte" in case.number:
        made["number 150"] = case.cell(case.number, "150")
    for bad in ("", "1999", "2101", "24", "2024.5", "202425", "next"):
        made[f"year {bad}"] = case.cell(case.year, bad)
    return made


def outcome(folder: Path, before) -> tuple[str, str]:
    """What became of a folder, and the words that tell it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataQualityWarning)
            read = read_folder(folder)
    except EarlyWarnError as error:
        return REFUSED, str(error)
    columns = ["la_code", "measure", "period", "value", "status"]
    one, other = (frame.observations[columns].reset_index(drop=True) for frame in (read, before))
    told = set(read.findings["message"]) - set(before.findings["message"])
    unknown = [record.path for record in read.files if record.recognised_as == "unrecognised"]
    if told or unknown:
        return TOLD, "; ".join(told) + str(set(read.findings["file"]))
    return (SAME, "") if one.equals(other) else (SILENT, f"{len(one)} of {len(other)} rows")


HARMLESS = {
    "byte order mark", "windows line ends", "reversed columns", "extra column", "upper-case header"
}  # fmt: skip
"""Of these, those that a table has."""
counted: list[str] = []


@pytest.mark.parametrize("table", CASES)
def test_every_malformed_table_is_refused_or_told_or_harmless(tmp_path, table):
    case, name = CASES[table], "the table.csv"
    # Another table beside it, so that a file that is passed over is still told of.
    companion = "ONS" if table != "ONS" else "B1"
    beside = tmp_path / "beside"
    published.write_table(beside, companion, [2024], codes=CODES)
    good = tmp_path / name
    good.write_bytes(case.text())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataQualityWarning)
        before = read_folder(tmp_path)
    ends: dict[str, tuple[str, str]] = {}
    for fault, content in faults(table).items():
        good.write_bytes(content)
        ends[fault] = outcome(tmp_path, before)
    by_cells = table in BY_CELLS
    assert len(ends) >= (29 if by_cells else 50)
    for fault, (end, words) in ends.items():
        assert end != SILENT, (fault, words)
        if end in {REFUSED, TOLD}:
            assert name in words, (fault, words)
            assert "\n" not in words
    same = {fault for fault, (end, _) in ends.items() if end == SAME}
    assert same >= HARMLESS & set(ends), HARMLESS & set(ends) - same
    assert sum(end == REFUSED for end, _ in ends.values()) >= (10 if by_cells else 25)


def test_there_are_hundreds_of_them():
    assert sum(len(faults(table)) for table in CASES) >= 400


# --- other files of a folder -----------------------------------------------


@pytest.mark.parametrize("suffix", ["xlsx", "ods", "parquet", "xlsm"])
@pytest.mark.parametrize(
    "content", [b"", b"\x00" * 50, b"PK\x03\x04broken", b"<html>", b"a,b\n1,2"]
)
def test_a_workbook_that_is_none(tmp_path, suffix, content):
    published.write_table(tmp_path, "D3", [2024], codes=CODES)
    (tmp_path / f"bad.{suffix}").write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataQualityWarning)
        read = read_published(tmp_path)
    assert "bad." in " ".join(read.findings["file"])
    (tmp_path / TABLES["D3"][0]).unlink()
    with pytest.raises(EarlyWarnError, match=r"bad\."):
        read_published(tmp_path)


@pytest.mark.parametrize("place", [0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
@pytest.mark.parametrize("kind", ["cut", "flipped"])
def test_a_damaged_parquet_file(tmp_path, place, kind):
    good = published.write_lait(tmp_path, [2024], codes=CODES)
    data = bytearray(good.read_bytes())
    at = int(len(data) * place)
    good.write_bytes(
        bytes(data[:at]) if kind == "cut" else bytes([*data[:at], *b"\xff" * 30, *data[at + 30 :]])
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataQualityWarning)
        try:
            read = read_folder(tmp_path)
        except EarlyWarnError as error:
            assert "lait_bds_long.parquet" in str(error)
        else:
            assert len(read.observations) > 0


@pytest.mark.parametrize("change", ["text", "missing", "year", "values as numbers", "nulls"])
def test_a_parquet_file_of_other_types(tmp_path, change):
    frame = pd.DataFrame(lait_rows([2024], CODES))
    if change == "text":
        frame["LA Number"] = "number " + frame["LA Number"]
    elif change == "missing":
        frame = frame.drop(columns="LA Number")
    elif change == "year":
        frame["Years"] = frame["Years"].str[:4].where(frame["Years"].str.len() == 4, "2024")
        frame["Years"] = frame["Years"].astype(int)
    elif change == "values as numbers":
        frame["Values"] = pd.to_numeric(frame["Values"], errors="coerce")
    else:
        frame.loc[:5, "LA Number"] = None
    frame.to_parquet(tmp_path / "lait.parquet")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataQualityWarning)
        try:
            read = read_folder(tmp_path)
        except EarlyWarnError as error:
            assert "lait.parquet" in str(error)
        else:
            assert len(read.observations) > 0


@pytest.mark.parametrize("bad", ["", "-1", "abc", "201.5", "9999999", "NaN"])
def test_neighbours_that_are_none(tmp_path, bad):
    published.write_table(tmp_path, "D3", [2024], codes=CODES)
    write_neighbours(tmp_path, changed={("201", 3): bad})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataQualityWarning)
        try:
            read = read_folder(tmp_path)
        except EarlyWarnError as error:
            assert "sn_model_2025_wide.csv" in str(error)
        else:
            assert "sn_model_2025_wide.csv" in set(read.findings["file"]) or not bad


# --- judgements --------------------------------------------------------------

JUDGED = {
    "la_code": "202", "la_name": "Camden", "framework": "ILACS", "inspection_start": "2022-05-09",
    "publication_date": "2022-07-01", "overall_effectiveness": "Good",
    "help_and_protection": "Good",
    "looked_after": "Good", "care_leavers": "Good", "leadership": "Outstanding",
}  # fmt: skip
OTHER = {**JUDGED, "la_code": "203", "la_name": "Greenwich", "inspection_start": "2023-05-09",
         "publication_date": "2023-07-03"}  # fmt: skip


def judgement_faults() -> dict[str, bytes]:
    rows = [JUDGED, OTHER]
    text = as_csv(rows)
    made = {f"without {c}": as_csv([{k: v for k, v in r.items() if k != c} for r in rows])
            for c in list(JUDGED)[3:] if c != "care_leavers"}  # fmt: skip
    bad_cells = {
        "la_code": ["777", "Atlantis", "1e9", "203"],
        "la_name": ["Atlantis", "Greenwich"],
        "framework": ["Ofsted 2030"],
        "inspection_start": ["", "soon", "2022-13-01", "31/02/2022", "99999999", "1e9", "2022"],
        "publication_date": ["", "never", "2021-01-01", "0000-00-00", "-5"],
        "overall_effectiveness": ["Goood", "5", "Inadequate?", "=1+1"],
        "help_and_protection": ["Bad", "NaN", "0"],
        "leadership": ["<b>Good</b>", "\U0001f600"],
    }
    for column, texts in bad_cells.items():
        for bad in texts:
            made[f"{column} {bad!r}"] = as_csv([{**JUDGED, column: bad}, OTHER])
    made |= {
        "empty": b"", "html": b"<html></html>", "nul": text[:99] + b"\x00" + text[99:],
        "utf-16": text.decode().encode("utf-16"), "semicolons": as_csv(rows, ";"),
        "not utf-8": text.replace(b"Good", b"Go\xe9d"), "another table": b"a,b\n1,2\n",
        "no grade": as_csv([dict.fromkeys(JUDGED, "") | dict(list(JUDGED.items())[:5])]),
        "told twice": as_csv([JUDGED, {**JUDGED, "leadership": "Inadequate"}]),
        "huge cell": as_csv([{**JUDGED, "leadership": "x" * 200_000}, OTHER]),
        "cut": text[:-60],
    }  # fmt: skip
    return made


JUDGEMENT_FAULTS = judgement_faults()


@pytest.mark.parametrize("fault", JUDGEMENT_FAULTS)
def test_malformed_judgements_are_refused(tmp_path, fault):
    assert len(JUDGEMENT_FAULTS) >= 40
    file = tmp_path / "judged.csv"
    file.write_bytes(as_csv([JUDGED, OTHER]))
    assert len(read_judgements(file)) == 2
    file.write_bytes(JUDGEMENT_FAULTS[fault])
    if fault in {"utf-16", "semicolons"}:  # told by the first bytes, and by the header
        assert len(read_judgements(file)) == 2
        return
    with pytest.raises(EarlyWarnError, match=r"judged\.csv"):
        read_judgements(file)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"text", b"\x00" * 99])
@pytest.mark.parametrize("suffix", ["ods", "xlsx"])
def test_malformed_workbooks_of_judgements(tmp_path, content, suffix):
    (tmp_path / f"outcomes.{suffix}").write_bytes(content)
    with pytest.raises(EarlyWarnError, match=r"outcomes\."):
        read_judgements(tmp_path / f"outcomes.{suffix}")
    with pytest.raises(EarlyWarnError, match=r"outcomes\."):
        ew.load_judgements(tmp_path)


# --- panel folders -----------------------------------------------------------


@pytest.fixture(scope="module")
def panel_folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("panel")
    published.write_table(root / "downloads", "D3", [2024], codes=CODES)
    write_rows(root / "downloads" / "judged.csv", [JUDGED, OTHER])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataQualityWarning)
        write_panel(read_published(root / "downloads"), root / "built")
    return root / "built"


PANEL_FILES = ["manifest.json", "observations.csv", "releases.csv", "neighbours.csv",
               "judgements.csv", "findings.csv"]  # fmt: skip


@pytest.mark.parametrize("name", PANEL_FILES)
@pytest.mark.parametrize(
    "kind",
    ["gone", "empty", "cut", "half", "html", "binary", "utf-16", "a list", "a folder", "bom"],
)
def test_a_damaged_panel_is_refused(panel_folder, tmp_path, name, kind):
    copy = tmp_path / "copy"
    shutil.copytree(panel_folder, copy)
    file = copy / name
    data = file.read_bytes()
    file.unlink()
    made = {
        "empty": b"", "cut": data[:-3], "half": data[: len(data) // 2], "html": b"<html></html>",
        "binary": b"\x80\x00\xff" * 20, "utf-16": data.decode().encode("utf-16"), "a list": b"[1]",
        "bom": b"\xef\xbb\xbf" + data,
    }  # fmt: skip
    if kind == "a folder":
        file.mkdir()
    elif kind in made:
        file.write_bytes(made[kind])
    with pytest.raises(EarlyWarnError, match="copy"):
        read_panel(copy)


@pytest.mark.parametrize(
    "text",
    ['{"format": 1}', '{"format": 2, "files": {}}', '{"format": 1, "files": []}', '{"format": "1"}',
     '{"format": 1, "files": {"observations.csv": 5}}', "null", "[" * 100_000, '{"format": 1e999}',
     '{"format": 1, "files": {"releases.csv": {"sha256": 5}}}'],
)  # fmt: skip
def test_a_manifest_that_is_none(panel_folder, tmp_path, text):
    copy = tmp_path / "copy"
    shutil.copytree(panel_folder, copy)
    (copy / "manifest.json").write_text(text)
    with pytest.raises(EarlyWarnError, match="copy"):
        read_panel(copy)


# --- rows to be scored ---------------------------------------------------------

BAD_CELLS = ["abc", "-1", "1e400", "inf", "-inf", "1e13", "12,5", "=1+1", [1], {}, object(), "1 2",
             float("inf"), -5, 10**400, b"5", "\x00", "0x10", "150%"]  # fmt: skip


@pytest.mark.parametrize("column", ["rereferrals", "vacancies", "reviews_in_time"])
@pytest.mark.parametrize("bad", BAD_CELLS, ids=lambda bad: repr(bad)[:12])
def test_a_cell_that_can_not_be_scored_is_told_in_its_row(column, bad):
    rows = [{column: 20.0, "id": "a"}, {column: bad, "id": "b"}, {column: 20.0, "id": "c"}]
    scored = ew.score_batch(rows)
    assert scored["status"].tolist()[::2] == ["scored", "scored"]
    assert column in scored["status"][1]
    assert np.isnan(scored["risk"][1])
    alone = ew.score_batch(rows[:1])
    assert scored["risk"][0] == scored["risk"][2] == alone["risk"][0]
    with pytest.raises(EarlyWarnError, match=column):
        ew.score_batch(rows, errors="raise")


@pytest.mark.parametrize("day", ["soon", "2013-01-01", "2099-01-01", 5, "0", [1], "9" * 30, -1e300])
def test_a_date_that_can_not_be_scored(day):
    scored = ew.score_batch([{"rereferrals": 20.0, "as_of": day}])
    assert "as_of" in scored["status"][0]


@pytest.mark.parametrize("rows", [5, None, "nowhere.csv", b"bytes", [1, 2], {"a": 1}, ["x"], 1.5])
def test_what_are_no_rows(rows):
    with pytest.raises(EarlyWarnError):
        ew.score_batch(rows)


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "json", "parquet", "txt"])
@pytest.mark.parametrize(
    "content",
    [b"\x00\xff" * 20, b"<html>", b"[1]\n", b"{", b'{"rereferrals": 1}{', b"\x80abc", b"5\n",
     b"[" * 100_000, b'"a\n', b"a,b\n1,2,3,4\n"],
    ids=range(10),
)  # fmt: skip
def test_a_file_of_rows_that_is_none(tmp_path, suffix, content):
    file = tmp_path / f"rows.{suffix}"
    file.write_bytes(content)
    try:
        scored = ew.score_batch(file)
    except EarlyWarnError as error:
        assert str(error)
    else:
        # One line of text is a CSV file's header, and no row.
        assert suffix == "csv"
        assert len(scored) == 0
