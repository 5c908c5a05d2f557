"""Judgements unlike all those known are named."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from earlywarn.judgements.doubts import doubts_about
from earlywarn.judgements.rows import Inspection

PLAIN: dict[str, Any] = {
    "la_code": "383",
    "framework": "ILACS",
    "inspection_type": "standard",
    "inspection_start": date(2024, 2, 5),
    "published_on": date(2024, 3, 25),
    "overall": "Good",
    "leadership": "Good",
    "help_and_protection": "Good",
    "in_care": "Requires improvement",
    "care_leavers": "Good",
    "start_precision": "day",
}


def codes(*changes: dict[str, Any]) -> list[str]:
    rows = [Inspection("a.csv, row 2", PLAIN | change, member="a.csv") for change in changes]
    return [one.code for one in doubts_about(rows)]


def test_a_plain_inspection_says_nothing() -> None:
    assert codes({}) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"published_on": date(2025, 3, 25)}, "odd-gap"),
        ({"published_on": date(2024, 2, 12)}, "odd-gap"),
        ({"published_on": date(2024, 3, 24)}, "weekend"),
        ({"inspection_start": date(2024, 2, 3)}, "weekend"),
        ({"overall": "Outstanding"}, "odd-grades"),
        ({"overall": "Requires improvement", "leadership": "Outstanding"}, "odd-grades"),
        ({"in_care": "Inadequate"}, "odd-grades"),
        ({"in_care": None}, "no-grade"),
        ({"care_leavers": None}, "no-grade"),
        ({"framework": "SIF", "inspection_type": ""}, "odd-type"),
        ({"inspection_start": date(2024, 1, 2)}, "holidays"),
        ({"inspection_start": date(2024, 4, 8), "published_on": date(2024, 5, 27)}, "holidays"),
        ({"published_on": date(2024, 3, 29)}, "holidays"),
        ({"inspection_start": date(2024, 2, 6)}, "odd-start"),
        ({"inspection_start": date(2024, 2, 9)}, "odd-start"),
    ],
)
def test_what_no_inspection_shows_is_named(change: dict[str, Any], code: str) -> None:
    assert codes(change) == [code]


def test_grades_that_were_not_given_are_not_missed() -> None:
    before = {"inspection_start": date(2022, 2, 7), "published_on": date(2022, 3, 28)}
    assert codes(before | {"care_leavers": None}) == []
    assert codes({"la_code": "420", "in_care": None, "care_leavers": None}) == []


@pytest.mark.parametrize(("framework", "kind"), [("SIF", "short"), ("ILACS", "")])
def test_a_framework_or_type_of_other_years_is_named(framework: str, kind: str) -> None:
    before = {"inspection_start": date(2017, 2, 6), "published_on": date(2017, 3, 27)}
    assert codes(before | {"framework": framework, "inspection_type": kind}) == ["odd-type"]
    assert codes(before | {"framework": "SIF", "inspection_type": ""}) == []


def test_weeks_that_begin_on_another_day() -> None:
    """The day after a holiday, on the Isles of Scilly, and before ILACS."""
    tuesday = {"inspection_start": date(2025, 5, 6), "published_on": date(2025, 6, 24)}
    assert codes(tuesday) == []
    later = {"inspection_start": date(2025, 5, 13), "published_on": date(2025, 6, 24)}
    assert codes(later) == ["odd-start"]
    assert codes(later | {"la_code": "420"}) == []
    before = {"inspection_start": date(2017, 2, 7), "published_on": date(2017, 3, 27)}
    assert codes(before | {"framework": "SIF", "inspection_type": ""}) == []


def test_a_start_known_to_the_month_has_no_weekday() -> None:
    start = {"inspection_start": date(2024, 6, 1), "published_on": date(2024, 7, 15)}
    assert codes(start | {"start_precision": "month"}) == []


def test_two_inspections_within_500_days_are_named() -> None:
    again = {"inspection_start": date(2024, 9, 2), "published_on": date(2024, 10, 21)}
    assert codes({}, again) == ["soon-again"]
    assert codes({}, again | {"la_code": "380"}) == []
