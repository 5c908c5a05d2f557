"""The service against its own description: whatever OpenAPI allows or forbids, by schemathesis."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.helpers.extras import needed

from earlywarn.scoring.preprocessing import known_columns
from earlywarn.serving.http_app import create_app

schemathesis = needed("schemathesis", "schemathesis is not installed")
testclient = needed("starlette.testclient", "the test client of Starlette needs httpx")
needed("fastapi", "FastAPI is not installed")

APP = create_app()
DESCRIBED = APP.openapi()
ROW = DESCRIBED["components"]["schemas"]["Row"]
# Of a hundred columns alike a few: to invent rows of all of them takes minutes.
ROW["properties"] = {
    name: ROW["properties"][name]
    for name in ("la_code", "as_of", "caseload", "rereferrals_z", "previously_good", "posts_fte")
}
APP.openapi = lambda: DESCRIBED
WHOLE = {
    "no column of the rows is in the catalogue",
    "the rows have columns that scoring would overwrite",
}
"""What is wrong with rows that the description allows: it does not list every column's name."""

schema = schemathesis.openapi.from_asgi(
    "/openapi.json",
    APP,
    config=schemathesis.Config.from_dict(
        {
            "checks": {
                "positive_data_acceptance": {"expected-statuses": ["2xx", "422"]},
                # A row that does not fit the description is refused by itself, as tested below.
                "negative_data_rejection": {"expected-statuses": ["200", "4xx"]},
            }
        }
    ),
    # Each day that is asked for costs a scoring of the country: tested by hand in test_http_app.
).exclude(path_regex="authorities|compare")


@pytest.mark.filterwarnings("ignore")
@schema.parametrize()
@settings(
    max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
def test_every_answer_is_as_described(case) -> None:
    answer = case.call_and_validate()
    if answer.status_code == 422 and case.meta.generation.mode.is_positive:
        assert answer.json()["problem"] in WHOLE
    if (
        answer.status_code == 200
        and case.meta.generation.mode.is_negative
        and case.method == "POST"
    ):
        assert any(row["status"].startswith("refused: ") for row in answer.json()["rows"])


cells = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.integers(-(10**400), 10**400),
        st.floats(),
        st.text(st.characters(), max_size=20),
        st.sampled_from(["31,5", "\ud800", "1e999", "\x00", "٣١", "2024-06-30", "383"]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
columns = st.one_of(
    st.sampled_from(["la_code", "as_of", *sorted(known_columns())]), st.text(min_size=1)
)
bodies = st.lists(st.dictionaries(columns, cells, max_size=5), max_size=4)
client = testclient.TestClient(APP, raise_server_exceptions=False)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(bodies, st.sampled_from(["/score", "/explain"]))
def test_any_json_in_any_column(rows, path: str) -> None:
    rows = [{"caseload": 16.0, **row} for row in rows]
    answer = client.post(
        path, content=json.dumps({"rows": rows}), headers={"content-type": "application/json"}
    )
    body = answer.json()
    if answer.status_code == 422:
        assert body["problem"] in WHOLE
        return
    assert answer.status_code == 200, body
    assert len(body["rows"]) == len(rows)
    for row, told in zip(rows, body["rows"], strict=True):
        assert set(row) < set(told)
        assert told["status"] == "scored" or told["status"].startswith("refused: ")
        assert (told["risk"] is None) == (told["status"] != "scored")


@pytest.mark.parametrize("depth", [100, 300, 450, 600, 900, 5_000])
@pytest.mark.parametrize("column", ["caseload", "note", "la_code", "as_of"])
def test_a_cell_within_a_cell_within_a_cell(depth: int, column: str) -> None:
    body = '{"rows": [{"caseload": 1, "%s": %s}]}' % (column, "[" * depth + "]" * depth)  # noqa: UP031
    answer = client.post("/score", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in {200, 400, 422}, answer.text
    if answer.status_code != 200:
        assert answer.json()["problem"]
