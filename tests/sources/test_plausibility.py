"""Mutations of real tables that a reader must not take: years, scale, coverage, quotes, columns."""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.helpers import published

from earlywarn.errors import DataQualityWarning, EarlyWarnError, SourceError
from earlywarn.judgements.reading import read_judgements
from earlywarn.sources.folder import read_folder
from earlywarn.sources.schema import Published

Rows = list[dict[str, str]]


def table(real_data: Path, start: str) -> Rows:
    path = next((real_data / "published").glob(f"{start}*.csv"))
    with path.open(encoding="utf-8-sig") as stream:
        return list(csv.DictReader(stream))


def read(folder: Path, rows: Rows) -> Published:
    published.write_rows(folder / "table.csv", rows)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataQualityWarning)
        return read_folder(folder)


def each(rows: Rows, change: Callable[[dict[str, str]], dict[str, str]]) -> Rows:
    return [row | change(row) for row in rows]


def is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()


def fraction(row: dict[str, str]) -> dict[str, str]:
    text = row["CPP_subsequent_percent"]
    return {"CPP_subsequent_percent": str(float(text) / 100) if is_number(text) else text}


def test_percentages_as_fractions_are_refused(real_data: Path, tmp_path: Path) -> None:
    rows = each(table(real_data, "d3"), fraction)
    with pytest.raises(SourceError, match=r"contradict their own counts.*Give percentages as 22.6"):
        read(tmp_path, rows)


def test_a_column_sorted_by_itself_is_refused_and_not_called_a_fraction(
    real_data: Path, tmp_path: Path
) -> None:
    rows = table(real_data, "d3")
    cells = sorted((row["CPP_start"] for row in rows), key=lambda text: (len(text), text))
    rows = [row | {"CPP_start": cell} for row, cell in zip(rows, cells, strict=True)]
    with pytest.raises(SourceError, match="sorted, pasted or moved by itself") as refused:
        read(tmp_path, rows)
    assert "22.6" not in str(refused.value)


def test_one_year_of_fractions_is_refused(real_data: Path, tmp_path: Path) -> None:
    rows = [
        row | fraction(row) if row["time_period"] == "2021" else row
        for row in table(real_data, "d3")
    ]
    with pytest.raises(SourceError, match=r"2021: values that contradict"):
        read(tmp_path, rows)


def test_a_year_ten_times_the_last_is_a_warning(real_data: Path, tmp_path: Path) -> None:
    rows = [
        row | {"At31_episodes": f"{row['At31_episodes']}0"}
        if row["time_period"] == "2025" and is_number(row["At31_episodes"])
        else row
        for row in table(real_data, "b1")
    ]
    findings = read(tmp_path, rows).findings
    found = findings[findings["code"] == "scale"]
    # Far from the year before, and far from all that was ever published.
    assert found["period"].tolist() == [2025, 2025]
    assert set(found["severity"]) == {"warning"}


@pytest.mark.parametrize("year", ["2026", "2031"])
def test_one_row_of_another_year_does_not_date_the_table(
    real_data: Path, tmp_path: Path, year: str
) -> None:
    rows = table(real_data, "d3")
    at = next(i for i, row in enumerate(rows) if row["old_la_code"] == "202")
    rows[at] = rows[at] | {"time_period": year}
    with pytest.raises(SourceError, match=r"latest year has only a few rows|has not ended yet"):
        read(tmp_path, rows)


def test_one_row_of_england_does_not_date_the_table(real_data: Path, tmp_path: Path) -> None:
    rows = table(real_data, "d3")
    england = next(row for row in rows if row["geographic_level"] == "National")
    rows.append(england | {"time_period": "2026"})
    with pytest.raises(SourceError, match=r"latest year has only a few rows|has not ended yet"):
        read(tmp_path, rows)


def test_an_absent_authority_is_named(real_data: Path, tmp_path: Path) -> None:
    rows = [
        row
        for row in table(real_data, "d3")
        if (row["old_la_code"], row["time_period"]) != ("202", "2024")
    ]
    findings = read(tmp_path, rows).findings
    found = findings[findings["code"] == "authorities-missing"]
    assert found["message"].str.contains(r"152 of 153 .* 2024; none for Camden \(202\)").all()
    assert len(found) == 1


def test_a_year_without_england_is_said(tmp_path: Path) -> None:
    rows = [
        row
        for row in published.wide_rows("D3", (2024, 2025))
        if (row["geographic_level"], row["time_period"]) != ("National", "2025")
    ]
    findings = read(tmp_path, rows).findings
    said = findings.loc[findings["code"] == "england-missing", "message"]
    assert said.tolist()[0].startswith("there is no row for England for 2025")


@pytest.mark.parametrize("level", ["LA", "LOCAL AUTHORITY", "Local\u00a0authority", "la"])
def test_levels_by_label_or_code(real_data: Path, tmp_path: Path, level: str) -> None:
    rows = table(real_data, "d3")
    before = read(tmp_path, rows)
    names = {"Local authority": level, "National": "NAT", "Regional": "REG"}
    after = read(
        tmp_path, each(rows, lambda row: {"geographic_level": names[row["geographic_level"]]})
    )
    assert after.observations.equals(before.observations)
    assert set(after.findings["code"]) == set(before.findings["code"])


def test_rows_of_an_unknown_level_are_counted(real_data: Path, tmp_path: Path) -> None:
    rows = table(real_data, "d3")
    rows[0] = rows[0] | {"geographic_level": "Planet"}
    findings = read(tmp_path, rows).findings
    found = findings[findings["code"] == "unknown-level"].iloc[0]
    assert (found["severity"], found["found"]) == ("warning", "Planet")
    assert found["message"].startswith("1 row ")


def test_no_row_of_an_authority_is_an_error(real_data: Path, tmp_path: Path) -> None:
    rows = [row for row in table(real_data, "d3") if row["geographic_level"] != "Local authority"]
    with pytest.raises(SourceError, match="no row of an authority that counts"):
        read(tmp_path, rows)


def test_a_new_filter_column_uses_its_totals(real_data: Path, tmp_path: Path) -> None:
    rows = table(real_data, "d3")
    before = read(tmp_path, rows).observations
    parted = [
        {**row, "sex": sex, "CPP_start": row["CPP_start"] if sex == "Total" else "1"}
        for row in rows
        for sex in ("Total", "Female", "Male")
    ]
    after = read(tmp_path, parted)
    assert after.observations.equals(before)
    assert after.findings.query("code == 'new-filter'")["column"].tolist() == ["sex"]


def text_of(rows: Rows) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def quoted(text: str) -> str:
    """Two stray quotes in a column that is not read: one swallows the rows to the other."""
    lines = text.split("\n")
    lines[5] = lines[5].replace(",Reporting year", ',"Reporting year', 1)
    lines[8] = lines[8].replace("Reporting year,", 'Reporting year",', 1)
    return "\n".join(lines)


def column_twice(text: str) -> str:
    head, *body = text.rstrip("\n").split("\n")
    return "\n".join([f"{head},CPP_start", *(f"{line},7" for line in body)])


def row_cut(text: str) -> str:
    lines = text.split("\n")
    lines[9] = lines[9].rsplit(",", 2)[0]
    return "\n".join(lines)


@pytest.mark.parametrize("fault", [quoted, column_twice, row_cut])
def test_one_strict_reader(real_data: Path, tmp_path: Path, fault: Callable[[str], str]) -> None:
    text = fault(text_of(table(real_data, "d3")))
    (tmp_path / "table.csv").write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=r"table\.csv"):
        read_folder(tmp_path)


SECTOR = (
    "urn,local_authority,inspection_link,pdf_filename,publication_date,inspection_framework,"
    "inspection_start_date,overall_effectiveness_grade,impact_of_leaders_grade,"
    "help_and_protection_grade,in_care_grade,care_leavers_grade"
)
READ = [
    (
        "80491,camden,https://x,a.pdf,15/04/25,short,03/03/2025,outstanding,good,good,"
        "requires improvement,outstanding"
    ),
    (
        "80492,bristol city of,https://x,b.pdf,20/07/26,standard,11/05/2026,not_reported_post_reform,"
        "good,good,good,good"
    ),
    (
        "80493,kingston upon hull,https://x,c.pdf,17/05/19,short,14/01/2019,good,good,good,outstanding,"
        "inspection_pre_dates_judgement"
    ),
]
LEFT = {
    "data_unreadable": "80494,leeds,https://x,d.pdf,02/09/24,standard,01/07/2024,good,"
    "data_unreadable,good,good,good",
    "Atlantis": "80495,Atlantis,https://x,e.pdf,02/09/24,standard,01/07/2024,good,good,good,good,",
    "31/02/2024": "80496,kent,https://x,f.pdf,02/09/24,standard,31/02/2024,good,good,good,good,",
    "no overall grade": "80497,essex,https://x,g.pdf,02/09/24,standard,01/07/2024,"
    "not_reported_post_reform,good,good,good,good",
}


def test_the_table_that_the_sector_compiles(tmp_path: Path) -> None:
    path = tmp_path / "daily.csv"
    path.write_text("\n".join([SECTOR, *READ, *LEFT.values(), ""]), encoding="utf-8")
    with pytest.warns(DataQualityWarning, match="4 doubts about judgements") as caught:
        frame = read_judgements(path)
    assert frame["la_code"].tolist() == ["202", "801", "810"]
    assert frame["overall"].fillna("").tolist() == ["Outstanding", "", "Good"]
    assert frame["in_care"].tolist()[0] == "Requires improvement"
    assert frame["published_on"].astype(str).tolist() == ["2025-04-15", "2026-07-20", "2019-05-17"]
    for number, words in enumerate(LEFT, 5):
        message = str(caught[0].message)
        assert f"row {number}," in message
        assert words in message


def test_an_overall_inadequate_needs_an_inadequate_area(tmp_path: Path) -> None:
    path = tmp_path / "daily.csv"
    header = SECTOR.replace("inspection_link,pdf_filename,", "")
    line = READ[0].replace("https://x,a.pdf,", "").replace("outstanding", "inadequate", 1)
    path.write_text(f"{header}\n{line}\n", encoding="utf-8")
    with pytest.raises(EarlyWarnError, match="without an Inadequate area"):
        read_judgements(path)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("cin,2025,2025-03-31,2024-10-30,day,x", "published before its period ended"),
        ("cin,2025,2025-03-31,2025-10-30,day,x\ncin,2025,2025-03-31,2025-11-30,day,x", "two dates"),
        ("cin,2025,2025-03-31,2025-W44,day,x", "not a date"),
    ],
)
def test_a_calendar_that_can_not_be(tmp_path: Path, row: str, words: str) -> None:
    published.write_table(tmp_path, "D3", (2025,))
    head = "series,period,period_end,published_on,precision,evidence"
    (tmp_path / "releases.csv").write_text(f"{head}\n{row}\n", encoding="utf-8")
    with pytest.raises(SourceError, match=words):
        read_folder(tmp_path)


def test_a_series_and_a_day_that_are_not_known(tmp_path: Path) -> None:
    published.write_table(tmp_path, "D3", (2025,))
    head = "series,period,period_end,published_on,precision,evidence"
    rows = "cni,2025,2025-03-31,2025-10-30,day,x\ncin,2030,2030-03-31,2999-10-30,day,x"
    (tmp_path / "releases.csv").write_text(f"{head}\n{rows}\n", encoding="utf-8")
    with pytest.warns(DataQualityWarning, match="2 data warnings"):
        findings = read_folder(tmp_path).findings
    assert set(findings["code"]) >= {"unknown-series", "future-release"}
