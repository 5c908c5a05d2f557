"""New judgements that don't fit the one before of their authority are named."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest

from earlywarn.authorities import Register
from earlywarn.judgements.schema import frame_of
from earlywarn.panel.known_judgements import check_judgements_known
from earlywarn.panel.panel import load_judgements
from earlywarn.panel.previous_judgements import check_previous_judgements

REGISTER = Register.load()
PLAIN: dict[str, Any] = {
    "la_code": "383",
    "framework": "ILACS",
    "inspection_start": date(2021, 3, 1),
    "published_on": date(2021, 4, 20),
    "overall": "Requires improvement",
    "leadership": "Requires improvement",
    "help_and_protection": "Requires improvement",
    "in_care": "Requires improvement",
    "care_leavers": None,
    "inspection_type": "standard",
    "start_precision": "day",
    "source": "old.csv",
}
NEW = PLAIN | {
    "inspection_start": date(2025, 3, 3),
    "published_on": date(2025, 4, 22),
    "care_leavers": "Good",
    "source": "new.csv",
}


def said(new: list[dict[str, Any]], known: list[dict[str, Any]]) -> list[tuple[str, str]]:
    found = check_judgements_known(frame_of(new), frame_of(known), REGISTER)
    return [(one.code, one.message) for one in found if one.severity == "warning"]


def test_a_standard_inspection_years_later_fits() -> None:
    assert said([NEW], [PLAIN]) == []


def test_a_short_inspection_after_one_below_good_is_named() -> None:
    ((code, message),) = said([NEW | {"inspection_type": "short"}], [PLAIN])
    assert code == "odd-type"
    assert message == (
        "the inspection of Leeds (383) of 2025-03-03 is a short one, and the one of 2021-03-01 "
        "gave overall Requires improvement: so far all after such a judgement were standard; "
        "is the row that of another authority, or the type wrong? Check it"
    )
    assert said([NEW | {"inspection_type": "short"}], [PLAIN | {"overall": "Good"}]) == []
    other = NEW | {"inspection_type": "short", "la_code": "380"}
    assert said([other], [PLAIN]) == []


def test_an_inspection_soon_after_one_that_is_known_is_named() -> None:
    soon = PLAIN | {"inspection_start": date(2024, 1, 15), "published_on": date(2024, 3, 5)}
    ((code, message),) = said([NEW], [PLAIN, soon])
    assert code == "soon-again"
    assert "began 413 days after the one of 2024-01-15: no inspection known came" in message


@pytest.mark.parametrize(("short", "named"), [(0, 1), (22, 0)])
def test_types_that_are_nearly_all_standard_are_named(short: int, named: int) -> None:
    codes = REGISTER.authorities["la_code"].to_list()[1:31]
    known = [PLAIN | {"la_code": code, "overall": "Good"} for code in codes]
    new = [
        NEW | {"la_code": code, "inspection_type": "short" if place < short else "standard"}
        for place, code in enumerate(codes)
    ]
    found = said(new, known)
    assert len(found) == named
    for code, message in found:
        assert code == "odd-type"
        assert message.startswith("new.csv: of 30 inspections of authorities that were Good or")
        assert "30 are standard; so far about 1 in 7 was: was the type lost" in message


@pytest.mark.parametrize("until", pd.date_range("2014-12-31", "2025-12-31", freq="YS").date)
def test_what_is_known_fits_what_was_known_before(until: date) -> None:
    known = load_judgements()
    old = known["published_on"] <= until
    new = known[~old].to_dict("records")
    assert new
    assert list(check_previous_judgements(new, known[old], REGISTER)) == []
