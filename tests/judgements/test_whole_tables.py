"""What the rows of a table show together is named; real tables, whole and in parts, are silent."""

from __future__ import annotations

from datetime import date, timedelta
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from earlywarn.authorities import Register
from earlywarn.judgements.reading import judgements_in, read_judgements
from earlywarn.judgements.rows import Inspection, inspection_in
from earlywarn.judgements.tables import tables_in
from earlywarn.judgements.whole_tables import doubts_about_table
from earlywarn.sources.members import files_below, members_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from earlywarn.sources.schema import Finding

GRADE = {
    "O": "Outstanding",
    "G": "Good",
    "R": "Requires improvement",
    "I": "Inadequate",
    "-": None,
}
COLUMNS = ("overall", "leadership", "help_and_protection", "in_care", "care_leavers")
USUAL = ["RRRRR"] * 12 + ["GGGGG"] * 10 + ["GGRGR"] * 4 + ["OOGOO"] * 4 + ["OOOOG"] * 4
USUAL += ["IIIIR"] * 3 + ["GOGGG"] * 3 + ["IIIRR"] * 3 + ["RRRGG"] * 3 + ["GGGRG"] * 2 + ["RGRRR"]
MIXED = [USUAL[place] for place in np.random.default_rng(3).permutation(len(USUAL))]


def table(grades: list[str], *, days: int = 49, **changes: Any) -> list[Inspection]:
    """Inspections a week apart, with these grades."""
    made = []
    for place, words in enumerate(grades):
        start = date(2024, 1, 15) + timedelta(weeks=place)
        row: dict[str, Any] = {
            "la_code": f"{300 + place}",
            "framework": "ILACS",
            "inspection_type": "standard",
            "inspection_start": start,
            "published_on": start + timedelta(days=days),
            "start_precision": "day",
        }
        row |= {name: GRADE[word] for name, word in zip(COLUMNS, words, strict=True)}
        made.append(Inspection(f"a.csv, row {place + 2}, Leeds", row | changes, member="a.csv"))
    return made


def said(inspections: list[Inspection]) -> list[Finding]:
    return doubts_about_table(inspections)


def only(inspections: list[Inspection]) -> Finding:
    (found,) = said(inspections)
    assert (found.severity, found.file) == ("warning", "a.csv")
    assert found.message.startswith("a.csv: ")
    return found


def test_a_plain_table_and_an_empty_one_say_nothing() -> None:
    assert said(table(MIXED)) == []
    assert said([]) == []


def test_a_block_in_which_a_column_slipped() -> None:
    cells = [words[1] for words in MIXED[15:35]]
    moved = [
        words[0] + cell + words[2:]
        for words, cell in zip(MIXED[15:35], [cells[-1], *cells], strict=False)
    ]
    found = said(table([*MIXED[:15], *moved, *MIXED[35:]]))[0]
    assert (found.code, found.column) == ("odd-columns", "leadership")
    assert "row 17, Leeds to row " in found.message
    assert "far likelier with leadership taken from the row below" in found.message
    assert "did the column slip by a row there? Check these rows" in found.message


def test_two_columns_exchanged() -> None:
    found = said(table([words[0] + words[2] + words[1] + words[3:] for words in MIXED]))[0]
    assert found.code == "odd-columns"
    assert "leadership and help_and_protection swapped" in found.message
    assert "were the two columns swapped there?" in found.message


def test_a_few_rows_with_odd_grades() -> None:
    odd = ["GGGGG", "GRIRG", "OGGRG", "GGGGG", "GRIGG", "RRGOR", "RRRRR", "GIRRG", "OROGO"]
    found = only(table(odd))
    assert found.code == "odd-block"
    assert "of 9 rows that follow each other, 6 have grades that hardly any" in found.message
    assert "row 3, Leeds (overall Good, leadership Requires improvement," in found.message
    assert "; and 1 more; in the tables so far it is 3 of 15 at most" in found.message


def test_a_column_sorted_by_itself() -> None:
    cells = sorted((words[4] for words in MIXED), key="OGRI".index)
    found = only(table([words[:4] + cell for words, cell in zip(MIXED, cells, strict=True)]))
    assert (found.code, found.column) == ("odd-columns", "care_leavers")
    assert "has little to do with the other areas of the same rows" in found.message
    assert "0.46 at least): did the column slip by a row, or was it sorted" in found.message


def test_a_column_copied_into_another() -> None:
    grades = [words[:4] + words[3] for words in MIXED]
    assert only(table(grades)).message == (
        "a.csv: care_leavers is in_care in 49 of 49 rows; in the tables so far it is in about "
        "68%: was one column copied into the other? Check both"
    )


def test_leadership_that_is_seldom_the_overall_grade() -> None:
    grades = [words[:2] + words[0] + words[0] + words[4] for words in MIXED]
    found = said(table([words[0] + "-" + words[2:] for words in grades]))
    assert [one.column for one in found if "leadership in 0" in one.message] == [
        "help_and_protection",
        "in_care",
    ]


def test_a_grade_that_is_gone() -> None:
    found = said(table([words.replace("O", "G") for words in MIXED]))[-1]
    assert found.code == "odd-grades"
    assert "0 of 49 rows hold the grade Outstanding" in found.message
    sif = table([words.replace("O", "G") for words in MIXED], framework="SIF")
    assert "odd-grades" not in {one.code for one in said(sif)}


@pytest.mark.parametrize("days", [35, 77])
def test_reports_sooner_or_later_than_in_any_year(days: int) -> None:
    found = only(table(MIXED, days=days))
    assert (found.code, found.column) == ("odd-gap", "published_on")
    assert f"was published {days} days after the inspection began (49 rows)" in found.message


def test_rows_out_of_the_order_of_the_reports() -> None:
    rows = table(MIXED)
    rows[9].row["published_on"] += timedelta(days=70)
    found = only(rows)
    assert (found.code, found.column) == ("odd-order", "published_on")
    assert "all rows but 1 are in the order of their reports; out of it: row 11, Leeds, " in (
        found.message
    )


def test_a_table_in_another_order_has_no_rows_out_of_it() -> None:
    rows = table(MIXED)
    assert said(rows[::2] + rows[1::2]) == []


def test_few_rows_are_too_few() -> None:
    assert said(table([words.replace("O", "G") for words in MIXED[:29]], days=35)) == []


def test_every_reader_says_it(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    header = f"la_code,inspection_start,published_on,{','.join(COLUMNS)}"
    codes = Register.load().authorities["la_code"].to_list()[1:]
    lines = [
        f"{code},{one.row['inspection_start']},{one.row['published_on']},"
        + ",".join(str(one.row[name]) for name in COLUMNS)
        for one, code in zip(table(MIXED, days=35), codes, strict=False)
    ]
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    read = judgements_in(list(members_of(path, path.name)))
    assert "odd-gap" in {one.code for one in read.findings}


def real_tables(real_data: Path) -> Iterator[list[Inspection]]:
    """Each real table of judgements, in its order: and the history that ships."""
    ship = Path(str(resources.files("earlywarn") / "data" / "national" / "judgements.csv"))
    places = [ship, *files_below(real_data), *files_below(real_data.parent / "judgements")]
    register = Register.load()
    for path in places:
        if path.suffix in {".csv", ".ods"}:
            for member in members_of(path, path.name):
                for found in tables_in(member):
                    if not found.missing:
                        yield [
                            inspection_in(found, n, cells, register)
                            for n, cells in found.rows
                            if any(cells)
                        ]


def test_the_real_tables_and_each_part_of_them_say_nothing(real_data: Path) -> None:
    lengths = []
    for rows in real_tables(real_data):
        lengths.append(len(rows))
        assert said(rows) == []
        for part in parts_of(rows):
            by_report = sorted(part, key=lambda one: one.row["published_on"])
            assert [one.message for one in said(part) + said(by_report)] == []
    assert {492, 271, 168} <= set(lengths)


def parts_of(rows: list[Inspection]) -> Iterator[list[Inspection]]:
    """The reports of 12 and 18 months, from every half-year on."""
    first, last = (pick(one.row["published_on"] for one in rows) for pick in (min, max))
    while first < last:
        for days in (365, 548):
            until = first + timedelta(days=days)
            yield [one for one in rows if first <= one.row["published_on"] < until]
        first += timedelta(days=182)


def test_the_history_that_ships_is_read_without_a_warning() -> None:
    ship = Path(str(resources.files("earlywarn") / "data" / "national" / "judgements.csv"))
    assert len(read_judgements(ship)) == 492
