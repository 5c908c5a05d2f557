"""New judgements beside the held ones: one inspection is one row, contradictions are refused."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest

from earlywarn.errors import AuthorityError, DataQualityWarning, EarlyWarnError, OutcomeError
from earlywarn.panel.panel import Panel
from earlywarn.scoring.national import score


def row(**given: Any) -> dict[str, Any]:
    usual = {
        "la_code": "Leeds",
        "framework": "ILACS",
        "inspection_start": "2025-10-06",
        "published_on": "2025-11-24",
        "overall": "Inadequate",
        "leadership": "Inadequate",
        "help_and_protection": "Inadequate",
        "in_care": "Requires improvement",
        "care_leavers": None,
    }
    return usual | given


def frame(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(row()))


def test_a_new_judgement_stands_beside_the_others(national: Panel, model) -> None:
    more = national.add_judgements(frame(row()))
    assert len(more.judgements) == len(national.judgements) + 1
    before, after = (score(model, p.as_of("2025-12-31")) for p in (national, more))
    held = [table.set_index("la_code")["previous_judgement"] for table in (before, after)]
    assert held[1]["383"] == "Inadequate"
    assert held[0].drop("383").sort_index().equals(held[1].drop("383").sort_index())


def test_the_same_again_is_one(national: Panel) -> None:
    once = national.add_judgements(frame(row()))
    pd.testing.assert_frame_equal(once.add_judgements(frame(row())).judgements, once.judgements)
    pd.testing.assert_frame_equal(
        national.add_judgements(national.judgements).judgements.reset_index(drop=True),
        national.judgements.sort_values(["la_code", "inspection_start"], ignore_index=True),
    )


def test_blanks_are_filled_and_a_day_replaces_a_month(national: Panel) -> None:
    month = frame(row(inspection_start="2025-10-01", overall=None)).assign(start_precision="month")
    panel = national.add_judgements(month).add_judgements(frame(row()))
    found = panel.judgements.query("la_code == '383'").iloc[-1]
    assert len(panel.judgements) == len(national.judgements) + 1
    assert found["overall"] == "Inadequate"
    assert found["inspection_start"] == date(2025, 10, 6)
    assert found["start_precision"] == "day"


REFUSED = [
    (row(leadership="Good"), "row 2, Leeds.*in leadership.*found Good; expected Inadequate"),
    (row(inspection_start="2025-10-07"), "in inspection_start"),
    (row(published_on="2025-11-25"), "in published_on"),
    (row(la_code="Atlantis"), "row 2: no authority"),
    (row(la_code=None), "row 2: no authority"),
    (row(inspection_start="2025-12-01"), "before the inspection started"),
    (row(la_code="928"), "did not exist"),
    (row(in_care="RI"), "not a grade"),
    (
        row(
            la_code="Sheffield",
            overall=None,
            leadership=None,
            help_and_protection=None,
            in_care=None,
        ),
        "no judgement in the row",
    ),
]


@pytest.mark.parametrize(("second", "message"), REFUSED)
def test_contradictions_and_impossible_rows_are_refused(national, second, message):
    with pytest.raises(EarlyWarnError, match=message) as caught:
        national.add_judgements(frame(row(), second))
    assert isinstance(caught.value, (OutcomeError, AuthorityError))


def test_replacing_them_warns_of_what_is_lost(national: Panel) -> None:
    with pytest.warns(DataQualityWarning, match=r"155 authorities have no last judgement") as told:
        replaced = national.with_judgements(frame(row(la_code="383")))
    assert "and 150 more" in str(told[0].message)
    assert len(replaced.judgements) == 1
