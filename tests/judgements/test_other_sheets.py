"""The sheets of Ofsted's workbook say the same inspections: where they don't, that is named."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from tests.helpers.workbooks import HISTORY, ODS_HEADER, ods_row, write_sheets

from earlywarn.errors import DataQualityWarning
from earlywarn.judgements.reading import judgements_in, read_judgements
from earlywarn.sources.members import members_of

LATEST, YEAR = "Inspections_as_at_31_March", "In-year_inspections"
VISITS = [name.replace("Inspection ", "Inspection/Visit ") for name in ODS_HEADER]


def barnet_row() -> list[object]:
    days = {"start": date(2024, 6, 10), "published": date(2024, 7, 23)}
    return ods_row("E09000003", "Barnet", **days, grades=("Good",) * 5)


def sheets() -> dict[str, list[list[object]]]:
    """Two authorities: one inspected before the year, one before it and in it."""
    older = ods_row(start=date(2020, 1, 13), published=date(2020, 3, 2))
    barnet = barnet_row()
    visit = ods_row(
        start=date(2025, 3, 26), published=date(2025, 4, 29), kind="ILACS Focused Visit"
    )
    visit[8:] = [""] * 5
    return {
        LATEST: [["Judgements as at 31 March 2025"], [*ODS_HEADER], ods_row(), barnet],
        YEAR: [["Activity 2024-25"], [*VISITS], visit, barnet],
        HISTORY: [["History"], [*ODS_HEADER], older, ods_row(), barnet],
    }


def said(folder: Path, book: dict[str, list[list[object]]]) -> list[str]:
    path = write_sheets(folder / "outcomes.xlsx", book)
    read = judgements_in(list(members_of(path, path.name)))
    return [one.message for one in read.findings if one.code == "sheets-disagree"]


def change(row: list[object], cells: dict[int, object]) -> list[object]:
    return [cells.get(place, cell) for place, cell in enumerate(row)]


def test_a_workbook_that_agrees_says_nothing(tmp_path: Path) -> None:
    assert said(tmp_path, sheets()) == []


@pytest.mark.parametrize("alone", [[HISTORY], [LATEST], [HISTORY, "Cover"]])
def test_a_workbook_without_the_other_sheets_says_nothing(tmp_path: Path, alone: list[str]) -> None:
    book = sheets() | {"Cover": [["Ofsted"]]}
    assert said(tmp_path, {name: book[name] for name in alone}) == []


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({10: "Inadequate"}, "need help and protection' is Good, in the history Inadequate"),
        ({5: date(2024, 6, 3)}, "date' is 2024-06-10, in the history 2024-06-03"),
        ({6: date(2024, 7, 30)}, "'Publication date' is 2024-07-23, in the history 2024-07-30"),
        ({12: ""}, "care leavers' is Good, in the history blank"),
    ],
)
def test_a_cell_of_the_history_that_two_sheets_say_otherwise(
    tmp_path: Path, cells: dict[int, object], words: str
) -> None:
    book = sheets()
    book[HISTORY][-1] = change(book[HISTORY][-1], cells)
    latest, year = said(tmp_path, book)
    assert f"sheet {LATEST}, row 4, Barnet: " in latest
    assert f"sheet {YEAR}, row 4, Barnet: " in year
    assert all(words in one and "row 5, Barnet)" in one for one in (latest, year))


def test_a_type_is_held_against_the_year(tmp_path: Path) -> None:
    book = sheets()
    book[HISTORY][-1] = change(book[HISTORY][-1], {7: "ILACS Short Inspection"})
    found = said(tmp_path, book)[-1]
    assert f"sheet {YEAR}, row 4, Barnet: 'Inspection/Visit type' is standard" in found


def test_a_row_lost_from_any_sheet(tmp_path: Path) -> None:
    lost = {name: sheets() for name in (HISTORY, LATEST, YEAR)}
    for name, book in lost.items():
        del book[name][-1]
    first, second = said(tmp_path, lost[HISTORY])
    assert f"sheet {LATEST}, row 4, Barnet: the history has no" in first
    assert f"sheet {YEAR}, row 4, Barnet: the history has no" in second
    (latest,) = said(tmp_path, lost[LATEST])
    assert f"row 5, Barnet: sheet {LATEST} has no row of this authority" in latest
    (year,) = said(tmp_path, lost[YEAR])
    assert f"row 5, Barnet: sheet {YEAR} has no inspection of it" in year


def test_an_inspection_after_the_day_of_the_workbook(tmp_path: Path) -> None:
    book = sheets()
    days = {5: date(2025, 6, 9), 6: date(2025, 7, 21)}
    for name in book:
        book[name][-1] = change(book[name][-1], days)
    (found,) = said(tmp_path, book)
    assert "Barnet: it began on 2025-06-09, and the workbook is as at 2025-03-31" in found


def test_a_row_that_the_other_sheet_spoils_is_named_and_stops_nothing(tmp_path: Path) -> None:
    book = sheets()
    book[LATEST][-1] = change(book[LATEST][-1], {10: "Adequate"})
    path = write_sheets(tmp_path / "outcomes.xlsx", book)
    with pytest.warns(DataQualityWarning, match=f"sheet {LATEST}, row 4, Barnet.*not a grade"):
        assert len(read_judgements(path)) == 3


def test_the_published_workbook_agrees_with_itself(real_data: Path) -> None:
    path = next(real_data.rglob("LA_Inspection_Outcomes_as_at_31_March_2025.ods"))
    read = judgements_in(list(members_of(path, path.name)))
    assert len(read.frame) == 271
    assert read.findings == []
