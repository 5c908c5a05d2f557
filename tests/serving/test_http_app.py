"""The service: the plain call's answers over HTTP, within limits, and no file named in any."""

from __future__ import annotations

import asyncio
import json
import math
import os
import time
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from earlywarn.cli.parser import main
from earlywarn.errors import RowsWarning
from earlywarn.indicators.catalogue import INDICATORS
from earlywarn.model.serialisation import load_model, save_model
from earlywarn.panel.panel import load_panel
from earlywarn.scoring.batch import score_batch
from earlywarn.scoring.comparison import compare
from earlywarn.scoring.national import at_prior, score
from earlywarn.scoring.preprocessing import known_columns
from earlywarn.serving.http_app import LOOPBACK, OPTIONS, create_app, is_loopback
from earlywarn.serving.http_limits import MOST_AT_ONCE, MOST_BYTES, PATIENCE
from earlywarn.serving.http_scoring import (
    MOST_CELLS,
    MOST_ROWS,
    SLICE,
    SMALL,
    Rows,
    Scorer,
    Stopped,
    answers,
    parse,
)

httpx = pytest.importorskip("httpx", reason="the service is tested with httpx")
pytest.importorskip("fastapi", reason="FastAPI is not installed")

MODEL = load_model()
ROWS = [
    {"la_code": "383", "rereferrals": 31.0, "note": "=1+1", "big": 10**30, "nested": {"a": [1]}},
    {"rereferrals": "c"},
    {"caseload": 16, "rereferrals": None},
    {"agency_workers": 140.0, "la_code": "999"},
]


def ask(app, *calls):
    """Send requests to the application, and give the answers."""

    async def run():
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return [await client.request(*call[:2], **call[2]) for call in calls]

    return asyncio.run(run())


def post(app, path: str, **content):
    return ask(app, ("POST", path, content))[0]


def get(app, path: str):
    return ask(app, ("GET", path, {}))[0]


@pytest.fixture(scope="module")
def app():
    return create_app()


@pytest.fixture
def on_day(monkeypatch: pytest.MonkeyPatch):
    """Sets which day the service takes for today."""

    def pinned(day: date) -> None:
        monkeypatch.setattr("earlywarn.serving.http_models.this_day", lambda: day)

    return pinned


@pytest.mark.parametrize("explain", [False, True])
def test_the_plain_calls_answers(app, explain: bool) -> None:
    answer = post(app, "/explain" if explain else "/score", json={"rows": ROWS})
    assert answer.status_code == 200
    body = answer.json()
    assert body["model_id"] == MODEL.info["model_id"]
    expected = score_batch(ROWS, MODEL, explain=explain)
    names = list(expected.columns[7:])
    assert "status" in names
    assert ("contribution_baseline" in names) is explain
    for row, found in enumerate(body["rows"]):
        assert {name: found[name] for name in ROWS[row]} == ROWS[row]
        for name in names:
            cell = expected[name].iloc[row]
            assert found[name] == (None if cell != cell else cell), name  # noqa: PLR0124


def test_a_row_alone_and_among_others(app) -> None:
    whole = post(app, "/score", json={"rows": ROWS}).json()["rows"]
    for row, expected in zip(ROWS, whole, strict=True):
        alone = post(app, "/score", json={"rows": [row]}).json()["rows"][0]
        assert alone == expected


def test_no_rows(app) -> None:
    assert post(app, "/score", json={"rows": []}).json()["rows"] == []


MALFORMED = [
    (b"", 422),
    (b"{", 422),
    (b"[]", 422),
    (b"null", 422),
    (b'{"rows": {}}', 422),
    (b'{"rows": [1, 2]}', 422),
    (b'{"rows": "x"}', 422),
    (b'{"lines": []}', 422),
    (b"\xff\xfe", 400),
    (b"[" * 50_000, 400),
    (b'{"rows": [{"shoe_size": 9}]}', 422),
    (b'{"rows": [{"caseload": 16, "risk": 0.5}]}', 422),
]


@pytest.mark.parametrize(("body", "code"), MALFORMED, ids=lambda part: str(part)[:40])
def test_malformed_bodies(app, body: bytes, code: int) -> None:
    answer = post(app, "/score", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in {code, 400, 422}
    fault = answer.json()
    assert set(fault) == {"problem", "where", "found", "expected", "remedy"}
    assert fault["problem"]
    assert str(Path.cwd()) not in answer.text
    assert "Traceback" not in answer.text


def test_not_a_number_is_sent_back_as_nothing(app) -> None:
    body = b'{"rows": [{"caseload": NaN, "x": Infinity, "y": {"z": [NaN]}}]}'
    answer = post(app, "/score", content=body, headers={"content-type": "application/json"})
    row = answer.json()["rows"][0]
    assert (row["caseload"], row["x"], row["y"]) == (None, None, {"z": [None]})
    assert row["status"] == "refused: no figure is known"


def test_limits_on_rows(app) -> None:
    answer = post(app, "/score", json={"rows": [{"caseload": 1}] * (MOST_ROWS + 1)})
    assert answer.status_code == 422
    assert answer.json()["problem"] == "too many rows for one request"
    assert answer.json()["found"] == "10,001"


def test_limits_on_the_body(app) -> None:
    answer = post(app, "/score", content=b" " * (MOST_BYTES + 1))
    assert answer.status_code == 413
    assert answer.json()["expected"] == "at most 20,000,000 bytes"


def test_a_slow_client_is_not_waited_for() -> None:
    async def slowly():
        yield b'{"rows": '
        await asyncio.sleep(30)

    answer = post(create_app(patience=0.05), "/score", content=slowly())
    assert answer.status_code == 408
    assert answer.json()["problem"] == "the request took too long to arrive"


def test_the_other_pages(app, on_day) -> None:
    on_day(date(2026, 8, 20))
    health = get(app, "/health").json()
    assert (health["status"], health["model_id"]) == ("ok", MODEL.info["model_id"])
    assert (health["figures_through"], health["judgements_through"]) == ("2026-03-19", "2026-08-20")
    assert [record["id"] for record in get(app, "/catalogue").json()] == [r.id for r in INDICATORS]
    account = get(app, "/model").json()
    assert account["columns"] == list(MODEL.columns)
    assert account["prior"] == MODEL.info["prior"]
    assert account["sources"] == health["sources"]
    described = get(app, "/openapi.json").json()
    assert set(described["paths"]) == set(OPTIONS) - {"/openapi.json"}
    assert set(described["components"]["schemas"]) >= {"Request", "Answer", "Fault", "Health"}
    row = described["components"]["schemas"]["Row"]["properties"]
    assert set(row) == known_columns() | {"la_code", "la_name", "as_of"}
    assert row["rereferrals"]["title"].endswith("(% of referrals)")


class TestRowsByThemselves:
    def test_one_that_can_not_be_read_fails_alone(self, app) -> None:
        body = (
            b'{"rows": [{"caseload": 16}, 5, {"caseload": 16, "caseload": 17}, {"caseload": 16}]}'
        )
        rows = post(app, "/score", content=body).json()["rows"]
        assert [row["status"] for row in rows] == [
            "scored",
            "refused: the row is no object",
            "refused: caseload stands twice",
            "scored",
        ]
        assert rows[0] == rows[3]
        assert rows[1]["risk"] is rows[2]["risk"] is None

    def test_what_waits_together_is_answered_as_one_by_one(self, app) -> None:
        """Byte for byte, whatever stands in the columns of those beside it."""
        bodies = [
            b'{"rows": [{"caseload": 16.0, "note": "a"}]}',
            b'{"rows": [{"caseload": "16,5"}]}',
            b'{"rows": [{"caseload": [1], "la_code": 383}]}',
            b'{"rows": [{"caseload": true, "rereferrals": 31}]}',
            b'{"rows": [{"caseload": 1e999, "as_of": "2011-01-01"}]}',
            b'{"rows": [{"caseload": 16, "risk": 1}]}',
            b'{"rows": [{"shoe_size": 9}]}',
            b'{"rows": [{"caseload": 16, "la_name": "Leeds"}, {"caseload": 16, "la_name": "No"}]}',
            b'{"rows": [{"caseload": 12345678901234567890123}]}',
            b'{"rows": [{"rereferrals_z": 0.30000000000000004, "caseload": 1.1}]}',
            b"{",
        ]
        for path in ("/score", "/explain"):
            calls = [("POST", path, {"content": body}) for body in bodies]
            alone = [ask(app, call)[0].content for call in calls]

            async def at_once(calls=calls):
                transport = httpx.ASGITransport(app=app)
                async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
                    sent = [client.request(*call[:2], **call[2]) for call in calls * 5]
                    return [answer.content for answer in await asyncio.gather(*sent)]

            assert asyncio.run(at_once()) == alone * 5

    def test_a_big_request_in_slices_is_answered_as_in_one_go(self, app) -> None:
        rows = [{"caseload": 1 + place / 7, "note": "x" * 90} for place in range(SLICE * 3 + 7)]
        rows[SLICE + 1] = {"caseload": "c"}
        body = json.dumps({"rows": [*rows, 5]}).encode()
        assert len(body) > SMALL
        whole = post(app, "/score", content=body).content
        in_one_go = answers([parse(body, explain=False)], MODEL)[0]
        assert whole == in_one_go

    def test_cost_is_that_of_the_cells(self, app) -> None:
        """Two thousand rows, each with a key of its own, took 38 seconds as a square of cells."""
        rows = [{"caseload": 16.0, f"key {place}": place} for place in range(2_000)]
        begun = time.perf_counter()
        answer = post(app, "/score", json={"rows": rows})
        assert answer.status_code == 200
        wide = {"caseload": 16.0, **{f"key {place}": place for place in range(20_000)}}
        assert len(post(app, "/score", json={"rows": [wide]}).json()["rows"][0]) > 20_000
        assert time.perf_counter() - begun < 10

    def test_doubts_are_said_with_the_rows(self, app) -> None:
        given = {"rows": [{"caseload": 164.0, "rereferals": 20.0}]}
        body = post(app, "/score", json=given).json()
        assert [line.split()[0] for line in body["doubts"]] == ["the", "caseload"]
        assert "doubts" not in post(app, "/score", json={"rows": [{"caseload": 16.0}]}).json()

    @pytest.mark.parametrize("times", [1, 400])
    def test_doubts_are_those_of_the_frame(self, app, times: int) -> None:
        """Also of a request that is answered in slices."""
        odd = {"la_code": "909", "as_of": "2025-06-01", "rereferrals": 24.0}
        odd |= {"rereferrals_period": 2025, "caseload_z": 30.0, "previously_good": 0.5}
        odd |= {"plan_rate": 160.0, "cin_rate": 330.0, "note": "x" * 400}
        rows = [odd, {"caseload": 16.0}] * times
        with pytest.warns(RowsWarning) as warned:
            score_batch(pd.DataFrame(rows))
        body = post(app, "/score", json={"rows": rows}).json()
        assert body["doubts"] == [str(each.message) for each in warned]
        assert len(body["doubts"]) == 5

    def test_figures_that_rows_have_as_counts_only_are_looked_at_too(self, app) -> None:
        row = {"leavers_fte": 150, "inpost_fte": 60}
        body = post(app, "/score", json={"rows": [row, {"caseload": 16.0}]}).json()
        assert [line.partition(",")[0] for line in body["doubts"]] == ["turnover reaches 250"]

    def test_doubts_are_each_requests_own(self) -> None:
        rows = [[{"caseload_z": 30.0}], [{"caseload_z": 1.0}], [], [{"caseload_z": 40.0}] * 2]
        bodies = [
            json.loads(body) for body in answers([Rows(r, explain=False) for r in rows], MODEL)
        ]
        said = [body.get("doubts", [""])[0].partition(": ")[0] for body in bodies]
        beyond = "caseload_z lies beyond 4 either way, in {}"
        assert said == [beyond.format("1 row"), "", "", beyond.format("2 rows")]

    def test_a_limit_on_cells(self, app, monkeypatch) -> None:
        monkeypatch.setattr("earlywarn.serving.http_scoring.MOST_CELLS", 10)
        answer = post(app, "/score", json={"rows": [{"caseload": 1, "a": 1}] * 6})
        assert answer.status_code == 422
        assert answer.json()["problem"] == "too many cells for one request"

    def test_work_stops_when_the_client_has_gone(self) -> None:
        scored: list[int] = []
        scorer = Scorer(lambda: MODEL, lambda _, rows: scored.append(rows))
        body = json.dumps({"rows": [{"caseload": 1.0, "note": "x" * 90}] * 9_000}).encode()

        async def run() -> None:
            async def gone() -> None:
                await asyncio.sleep(0.01)

            with pytest.raises(Stopped):
                await scorer.answer(body, explain=True, gone=gone)
            await scorer.answer(b'{"rows": [{"caseload": 1}]}', explain=False)
            await asyncio.sleep(0.5)

        asyncio.run(run())
        assert scored == [1]


class TestInFront:
    def test_head_where_get_is(self, app) -> None:
        for path in ("/health", "/model", "/catalogue", "/metrics", "/live"):
            head, whole = ask(app, ("HEAD", path, {}), ("GET", path, {}))
            assert (head.status_code, head.content) == (200, b"")
            assert head.headers["content-type"] == whole.headers["content-type"]

    @pytest.mark.parametrize("path", ["/score/", "/health/", "//health"])
    def test_no_redirect_to_the_clients_host(self, app, path: str) -> None:
        answer = ask(app, ("GET", path, {"headers": {"host": "evil.example"}}))[0]
        assert answer.status_code == 404
        assert "location" not in answer.headers
        assert "evil" not in answer.text

    @pytest.mark.parametrize(
        ("path", "said"),
        [
            ("/health?verbose=1", "no options"),
            ("/authorities?as-of=2024-06-30", "as_of"),
            ("/authorities?as_of=2024-06-30&as_of=2024-07-01", "as_of"),
        ],
    )
    def test_unknown_options_are_refused(self, app, path: str, said: str) -> None:
        answer = get(app, path)
        assert answer.status_code == 422
        assert answer.json()["expected"] == said
        assert post(app, "/score?explain=true", json={"rows": []}).status_code == 422

    def test_a_token(self) -> None:
        app = create_app(token="secret")  # noqa: S106 - of this test
        for header, code in (
            ({}, 401),
            ({"authorization": "Bearer wrong"}, 401),
            ({"authorization": "Basic secret"}, 401),
            ({"authorization": "Bearer secret"}, 200),
        ):
            assert ask(app, ("GET", "/model", {"headers": header}))[0].status_code == code
        assert [get(app, path).status_code for path in ("/live", "/ready", "/health")] == [200] * 3

    def test_counts_and_a_line_a_request(self, caplog) -> None:
        app = create_app()
        with caplog.at_level("INFO", logger="earlywarn.service"):
            post(app, "/score", json={"rows": ROWS})
            get(app, "/nowhere?x=1")
            text = get(app, "/metrics").text
        assert 'earlywarn_requests_total{path="/score",status="200"} 1' in text
        assert 'earlywarn_requests_total{path="other",status="422"} 1' in text
        assert f"earlywarn_scored_rows_total {len(ROWS)}" in text
        assert 'earlywarn_request_duration_seconds_bucket{le="+Inf"} 2' in text
        lines = [json.loads(record.message) for record in caplog.records]
        assert [line["path"] for line in lines] == ["/score", "other", "/metrics"]
        assert lines[0]["status"] == 200
        assert "383" not in caplog.text


class TestOutOfDate:
    def test_a_model_past_its_sunset(self, tmp_path: Path) -> None:
        info, cut = MODEL.info, "2019-06-30"
        learnt = {**info["training"], "last_start": "2019-05-01", "until": cut}
        old = {"first_date": cut, "sunset": "2020-01-01", "levels": {**info["levels"], "cut": cut}}
        model = MODEL.with_info({**info, **old, "training": learnt})
        app = create_app(save_model(model, tmp_path / "model.json"))
        health, ready, live = (get(app, path) for path in ("/health", "/ready", "/live"))
        assert health.json()["status"] == "out of date"
        assert "not to be used after 2020-01-01" in health.json()["warning"]
        assert (ready.status_code, live.status_code) == (503, 200)
        rows = [{"caseload": 16.0}, {"caseload": 16.0, "as_of": "2019-06-30"}]
        said = post(app, "/score", json={"rows": rows}).json()["rows"]
        assert "outside the model's life" in said[0]["status"]
        assert "as_of" not in said[0]
        assert said[1]["status"] == "scored"

    def test_sources_past_their_cadence(self, app, on_day) -> None:
        on_day(date(2026, 11, 28))
        health = get(app, "/health").json()
        assert health["status"] == "out of date"
        judged = "Ofsted's judgements: nothing later than 2026-08-20, overdue since 2026-11-21"
        assert judged in health["warning"]
        late = [source["source"] for source in health["sources"] if source["overdue"]]
        assert "judgements" in late
        assert not {"cin", "csww", "neighbours", "model"} & set(late)


def test_published_authorities(app) -> None:
    day = "2024-06-30"
    snapshot = load_panel().as_of(day)
    expected = score(MODEL, snapshot)
    rows = get(app, f"/authorities?as_of={day}").json()
    assert [row["la_code"] for row in rows] == expected["la_code"].tolist()
    assert [row["risk"] for row in rows] == expected["risk"].tolist()
    one = get(app, f"/authorities/383?as_of={day}").json()
    assert one["score"] == next(row for row in rows if row["la_code"] == "383")
    total = sum(term["contribution"] for term in one["explanation"])
    risk = one["score"]["risk"]
    assert total == pytest.approx(math.log(risk / (1 - risk)), abs=1e-9)
    for path in ("/authorities/999", "/authorities?as_of=soon", "/authorities?as_of=2011-01-01"):
        answer = get(app, path)
        assert answer.status_code == 422
        assert answer.json()["problem"]


def test_an_authority_is_meant_as_on_the_command_line(app) -> None:
    one = get(app, "/authorities/383?as_of=2024-06-30").json()
    for name in ("Leeds", "leeds%20city%20council", "E08000035", "Leed"):
        assert get(app, f"/authorities/{name}?as_of=2024-06-30").json() == one
    closed = get(app, "/authorities/909?as_of=2024-06-30")
    assert closed.status_code == 422
    assert closed.json()["where"] == "Cumbria (909)"
    assert closed.json()["remedy"].startswith("Ask for Cumberland, Westmorland and Furness, or")
    early = get(app, "/authorities/942?as_of=2022-06-30").json()
    assert early["remedy"].startswith("Ask for Cumbria, of which it was made")
    near = get(app, "/authorities/Ledes")
    assert near.status_code == 422
    assert "Leeds (383)" in near.json()["remedy"]


@pytest.mark.parametrize(
    ("query", "with_"),
    [
        ("&group=region", "region"),
        ("", "neighbours"),
        ("&group=Kent;301", ["Kent", "301"]),
        ("&group=South West", "South West"),
    ],
)
def test_an_authority_beside_a_group(app, query: str, with_) -> None:
    rows = get(app, f"/compare?authority=Leeds&as_of=2024-06-30{query}").json()
    expected = compare(load_panel().as_of("2024-06-30"), "Leeds", with_)
    assert [row["indicator"] for row in rows] == expected["indicator"].tolist()
    assert [row["group_value"] for row in rows] == expected["group_value"].tolist()


@pytest.mark.parametrize(
    ("query", "problem", "expected"),
    [
        ("", "Field required", "?authority=..."),
        ("?authority=Nowhere", "no authority is known", ""),
        ("?authority=Leeds&group=regoin", "not a group", "neighbours, region, type"),
    ],
)
def test_no_such_comparison(app, query: str, problem: str, expected: str) -> None:
    answer = get(app, f"/compare{query}")
    assert answer.status_code == 422
    assert problem in answer.json()["problem"]
    assert expected in answer.json()["expected"]


def test_a_media_type_in_any_case(app) -> None:
    kind = {"content-type": "Application/JSON; charset=utf-8"}
    answer = post(app, "/score", content='{"rows": [{"caseload": 16.0}]}', headers=kind)
    assert answer.status_code == 200


@pytest.mark.parametrize(("path", "code"), [("/nowhere", 404), ("/score", 405)])
def test_what_is_not_there(app, path: str, code: int) -> None:
    answer = get(app, path)
    assert answer.status_code == code
    assert answer.json()["problem"]


def test_a_model_swapped_under_it(tmp_path: Path) -> None:
    file = save_model(MODEL, tmp_path / "model.json")
    app = create_app(file)
    row = {"rows": [{"caseload": 16.0}]}
    first = post(app, "/score", json=row).json()
    other = at_prior(MODEL, 0.3)
    save_model(other, file, overwrite=True)
    second = post(app, "/score", json=row).json()
    assert first["model_id"] != second["model_id"] == other.info["model_id"]
    assert second["rows"][0]["risk"] == score_batch(row["rows"], other)["risk"].item()
    file.write_text("{}", encoding="utf-8")
    os.utime(file, ns=(1, 1))
    third, health = post(app, "/score", json=row).json(), get(app, "/health").json()
    assert third == second
    assert "was refused" in health["warning"]
    assert str(tmp_path) not in json.dumps(health)
    file.unlink()
    assert post(app, "/score", json=row).json() == second


def test_many_at_once(app, tmp_path: Path) -> None:
    file = save_model(MODEL, tmp_path / "model.json")
    swapped = create_app(file)
    other = at_prior(MODEL, 0.3)
    rows = [{"caseload": float(8 + place % 30)} for place in range(300)]
    answers = {
        model.info["model_id"]: score_batch(rows, model)["risk"].tolist()
        for model in (MODEL, other)
    }

    async def run():
        transport = httpx.ASGITransport(app=swapped)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            calls = [client.post("/score", json={"rows": [row]}, timeout=120) for row in rows]
            swap = asyncio.to_thread(save_model, other, file, overwrite=True)
            return await asyncio.gather(*calls[:150], swap, *calls[150:])

    found = [answer for answer in asyncio.run(run()) if not isinstance(answer, Path)]
    assert len(found) == 300
    for place, answer in enumerate(found):
        body = answer.json()
        assert body["rows"][0]["risk"] == answers[body["model_id"]][place]


def test_loopback_unless_told(monkeypatch, capsys) -> None:
    uvicorn = pytest.importorskip("uvicorn", reason="uvicorn is not installed")
    told: dict[str, object] = {}
    monkeypatch.setattr(uvicorn, "run", lambda _, **options: told.update(options))
    assert main(["serve"]) == 0
    assert (told["host"], told["port"]) == (LOOPBACK, 8000)
    assert main(["serve", "--host", "0.0.0.0", "--port", "9000"]) == 0  # noqa: S104
    assert (told["host"], told["port"]) == ("0.0.0.0", 9000)  # noqa: S104
    assert main(["serve", "--port", "99999"]) == 2
    assert "not a port" in capsys.readouterr().err
    assert main(["serve", "--host", "nowhere.invalid"]) == 2
    assert "no address is known by this name" in capsys.readouterr().err
    assert main(["serve", "--model", "nowhere"]) == 2
    assert main(["serve", "--workers", "0"]) == 2
    assert "not a number of processes" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "level", "each"),
    [
        (["--host", "127.0.0.1"], "info", True),
        (["--host", "0.0.0.0"], "info", False),  # noqa: S104 - nothing listens in this test
        (["--host", "0.0.0.0", "--log-json"], "warning", False),  # noqa: S104
    ],
    ids=["this machine", "all", "lines of JSON"],
)
def test_the_log_says_where_it_listens(monkeypatch, given, level, each) -> None:
    uvicorn = pytest.importorskip("uvicorn", reason="uvicorn is not installed")
    seen: dict[str, object] = {}
    monkeypatch.setattr(uvicorn, "run", lambda _, **settings: seen.update(settings))
    assert main(["serve", *given]) == 0
    assert (seen["log_level"], seen["access_log"]) == (level, each)


@pytest.mark.parametrize(
    ("host", "alone"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("x.y", False)],  # noqa: S104
)
def test_who_can_reach_it(host: str, alone: bool) -> None:
    assert is_loopback(host) is alone


def test_the_limits_are_those_in_the_documentation() -> None:
    assert (MOST_ROWS, MOST_BYTES, MOST_AT_ONCE, PATIENCE) == (10_000, 20_000_000, 2_000, 30.0)
    assert MOST_CELLS == 1_000_000
