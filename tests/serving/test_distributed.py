"""What the engines are told of the answer: columns, types, index (Spark: test_agreement.py)."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from tests.helpers.extras import needed

from earlywarn.errors import ScoreError
from earlywarn.model.serialisation import load_model
from earlywarn.scoring.batch import BATCH_COLUMNS, score_batch
from earlywarn.serving.distributed import dask_score, output_schema

# Figures are invented, some beyond all that was published: `test_doubts` sees that it is said.
pytestmark = pytest.mark.filterwarnings("ignore:.* so far. is the unit right")
MODEL = load_model()
ROWS = 2_000


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    text = [f"{x:.2f}" for x in rng.uniform(0, 60, ROWS)]
    for place in rng.integers(0, ROWS, 30):
        text[place] = ["c", "", "31,5", "-4", "inf", "=1+1"][place % 6]
    return pd.DataFrame(
        {
            "id": np.arange(ROWS),
            "la_code": rng.choice(["383", "301", "999", ""], ROWS, p=[0.5, 0.4, 0.01, 0.09]),
            "rereferrals": pd.Series(text, dtype="str"),
            "agency_workers": rng.uniform(0, 101, ROWS),
            "caseload_z": np.where(rng.random(ROWS) < 0.3, np.nan, rng.normal(size=ROWS)),
            "previously_good": rng.choice([0.0, 1.0, np.nan], ROWS),
        }
    )


def assert_same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    found = found.sort_values("id", ignore_index=True)
    assert list(found.columns) == list(expected.columns)
    assert 30 < (expected["status"] != "scored").sum() < ROWS / 10
    for name in expected.columns:
        if pd.api.types.is_numeric_dtype(expected[name].dtype):
            assert found[name].to_numpy().tobytes() == expected[name].to_numpy().tobytes(), name
        else:
            assert found[name].fillna("").tolist() == expected[name].fillna("").tolist(), name


def test_the_schema_is_that_of_the_answer() -> None:
    given = pd.DataFrame({"caseload": [16.0], "note": ["x"]})
    for explain in (False, True):
        schema = output_schema(given, MODEL, explain=explain)
        answer = score_batch(given, MODEL, explain=explain)
        assert list(schema) == list(answer.columns[2:])
        for name, kind in schema.items():
            meant = {"f": "number", "i": "whole number"}.get(answer[name].dtype.kind, "text")
            assert kind == meant, name
        assert schema["known"] == "whole number"
    assert set(BATCH_COLUMNS) <= set(schema)
    with pytest.raises(ScoreError, match="overwrite"):
        output_schema(pd.DataFrame(columns=["risk"]), MODEL)


@pytest.mark.parametrize("explain", [False, True])
def test_dask(rows: pd.DataFrame, explain: bool) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dd = needed("dask.dataframe", "Dask is not installed")
        ddf = dd.from_pandas(rows, npartitions=7)
        scored = dask_score(ddf, MODEL, explain=explain)
        found = scored.compute(scheduler="threads")
    expected = score_batch(rows, MODEL, explain=explain)
    assert list(scored.columns) == list(expected.columns)
    added = list(expected.columns[rows.shape[1] :])
    assert scored.dtypes[added].tolist() == expected.dtypes[added].tolist()
    assert found.index.tolist() == rows.index.tolist()
    assert_same(found, expected)
