"""Hundreds of kinds of bad and odd rows: refused with a reason, or scored as what they mean."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.helpers.bad_rows import COLUMN_KINDS, KINDS, Kind

from earlywarn.model.serialisation import load_model
from earlywarn.scoring.batch import score_batch
from earlywarn.scoring.predictions import SCORED

pytestmark = [
    pytest.mark.filterwarnings("ignore:.* so far. is the unit right"),
    pytest.mark.filterwarnings("ignore:.* lies beyond 4 either way"),
    pytest.mark.filterwarnings("ignore:.* is above 1, in"),
]
MODEL = load_model()
NUMBERS = ["risk", "risk_lower", "risk_upper", "below_good"]
TEXTS = ["band", "missing_indicators", "status"]
ALL = KINDS | COLUMN_KINDS
REFUSED = {name: kind for name, kind in ALL.items() if isinstance(kind[1], str)}


def complaints(kinds: dict[str, Kind], answer: pd.DataFrame) -> list[str]:
    """Which rows were not answered as their kind says."""
    meant = [rule for _, rule in kinds.values() if not isinstance(rule, str)]
    plain = iter(score_batch(meant, MODEL).to_dict("records"))
    found = []
    for (name, (_, rule)), told in zip(kinds.items(), answer.to_dict("records"), strict=True):
        if isinstance(rule, str):
            right = told["status"].startswith("refused: ") and rule in told["status"]
            right &= all(np.isnan(told[number]) for number in NUMBERS)
        else:
            expected = next(plain)
            right = all(told[column] == expected[column] for column in (*NUMBERS, *TEXTS))
            right &= told["status"] == SCORED
        if not right:
            found.append(f"{name}: {told['status'][:80]}")
    return found


def test_there_are_more_than_two_hundred_kinds_of_bad_row() -> None:
    assert sum(isinstance(rule, str) for _, rule in KINDS.values()) >= 200
    assert len(REFUSED) >= 600
    assert sum(not isinstance(rule, str) for _, rule in KINDS.values()) >= 100


def test_each_has_its_status_among_all_the_others() -> None:
    answer = score_batch([row for row, _ in ALL.values()], MODEL)
    assert len(answer) == len(ALL)
    assert complaints(ALL, answer) == []


def test_each_has_the_same_status_alone() -> None:
    alone = [score_batch([row], MODEL) for row, _ in KINDS.values()]
    columns = [*NUMBERS, *TEXTS]
    assert complaints(KINDS, pd.concat([answer[columns] for answer in alone])) == []


def test_each_has_the_same_status_in_a_frame_of_objects_and_in_another_order() -> None:
    names = ["caseload", "rereferrals", "as_of", "la_code"]
    kinds = {name: kind for name, kind in KINDS.items() if set(kind[0]) <= set(names)}
    assert len(kinds) > 250
    order = np.random.default_rng(7).permutation(len(kinds))
    kinds = {list(kinds)[place]: list(kinds.values())[place] for place in order}
    cells = {
        name: pd.Series([row.get(name) for row, _ in kinds.values()], dtype=object)
        for name in names
    }
    assert complaints(kinds, score_batch(pd.DataFrame(cells), MODEL)) == []


def test_what_is_passed_through_is_untouched() -> None:
    rows = [{"caseload": 16.0, "id": 2**60 + 1}, {"caseload": 12.0}, {"id": 3, "la_code": 383}]
    answer = score_batch(rows, MODEL)
    assert answer["id"].tolist() == [2**60 + 1, None, 3]
    assert answer["la_code"].tolist() == [None, None, 383]
