"""One table of cases: columns as people and systems write them, and what is said of each row."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from earlywarn.scoring.batch import score_batch

LEAVE_EMPTY = "refused: caseload is no number: leave it empty where it was not published"
NO_AUTHORITY = "refused: la_code is no authority's"
SEVERAL = "refused: la_code is the beginning of several authorities' names"
SCORED = "scored"
COMPARED = ("risk", "risk_lower", "below_good", "known")


@dataclass(frozen=True)
class Case:
    """Rows in some form.

    Parameters
    ----------
    rows : DataFrame
        As somebody has them.
    status : tuple of str
        What is said of each, by every route.
    plain : DataFrame
        Plain floats and codes that have the same answers; a refused row has none.
    """

    rows: pd.DataFrame
    status: tuple[str, ...]
    plain: pd.DataFrame


def _texts(*cells: str) -> pd.Series:
    return pd.Series(cells, dtype="str")


KINDS = Case(
    pd.DataFrame(
        {
            "la_code": pd.Series([383, None, 301, 202], dtype="Int64"),
            "previously_good": pd.Series([True, None, False, True], dtype="boolean"),
            "previously_inadequate": pd.Series([False, None, True, None], dtype=object),
            "caseload": pd.Series([16, 17, 18, 19], dtype="int64"),
            "rereferrals": pd.Series([20, None, 22, 23], dtype="Int64"),
            "repeat_plans": pd.Series([18, 19, 20, 21], dtype="int32"),
            "agency_workers": pd.Series(
                [Decimal("12.50"), Decimal("13.25"), None, Decimal("14.00")], dtype=object
            ),
            "turnover": _texts("11.5", " 12 ", "", "1.3e1"),
            "vacancies": pd.Series([9.5, float("nan"), 10.25, 11.0], dtype="float64"),
        }
    ),
    (SCORED,) * 4,
    pd.DataFrame(
        {
            "la_code": ["383", "", "301", "202"],
            "previously_good": [1.0, None, 0.0, 1.0],
            "previously_inadequate": [0.0, None, 1.0, None],
            "caseload": [16.0, 17.0, 18.0, 19.0],
            "rereferrals": [20.0, None, 22.0, 23.0],
            "repeat_plans": [18.0, 19.0, 20.0, 21.0],
            "agency_workers": [12.5, 13.25, None, 14.0],
            "turnover": [11.5, 12.0, None, 13.0],
            "vacancies": [9.5, None, 10.25, 11.0],
        }
    ),
)
SIGNS = Case(
    pd.DataFrame(
        {
            "caseload": _texts("c", "z", "low", "x", ":", "16", ""),
            "rereferrals": _texts(*["20"] * 7),
        }
    ),
    (*[LEAVE_EMPTY] * 5, SCORED, SCORED),
    pd.DataFrame({"caseload": [16.0] * 6 + [None], "rereferrals": [20.0] * 7}),
)
NAMES = Case(
    pd.DataFrame(
        {
            "la_code": _texts("383", "Leeds", "E08000035", "Newcastle", "St Helen's", "New", "999"),
            "caseload": [16.0] * 7,
        }
    ),
    (*[SCORED] * 5, SEVERAL, NO_AUTHORITY),
    pd.DataFrame({"caseload": [16.0] * 7}),
)
NAMED = Case(
    pd.DataFrame(
        {
            "la_code": _texts("383", "", "", "", "999"),
            "la_name": _texts("our area", "Leeds", "New", "Atlantis", "Leeds"),
            "caseload": [16.0] * 5,
        }
    ),
    (
        SCORED,
        SCORED,
        "refused: la_name is the beginning of several authorities' names",
        "refused: la_name is no authority's",
        NO_AUTHORITY,
    ),
    pd.DataFrame({"caseload": [16.0] * 5}),
)
TRUTHS = Case(
    pd.DataFrame(
        {
            "rereferrals": pd.Series([True, None, False], dtype="boolean"),
            "caseload": [16.0, 16.0, 16.0],
        }
    ),
    ("refused: rereferrals is no number", SCORED, "refused: rereferrals is no number"),
    pd.DataFrame({"caseload": [16.0] * 3}),
)
CASES = {
    "kinds of numbers, yes and no": KINDS,
    "a publisher's signs": SIGNS,
    "authorities by name and code": NAMES,
    "names where there is no code": NAMED,
    "true in a percentage": TRUTHS,
}


def assert_case(found: pd.DataFrame, case: Case) -> None:
    """That a case was answered as it must be: the plain call's bits, or refused in its words."""
    expected = score_batch(case.plain)
    assert found["status"].tolist() == list(case.status)
    for place, status in enumerate(case.status):
        if status == SCORED:
            for name in COMPARED:
                assert found[name].iloc[place] == expected[name].iloc[place], (place, name)
        else:
            assert pd.isna(found["risk"].iloc[place])
