"""The service: the plain call's answers over HTTP, within limits, and no file named in any."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from earlywarn.cli.parser import main
from earlywarn.indicators.catalogue import INDICATORS
from earlywarn.model.serialisation import load_model, save_model
from earlywarn.scoring.batch import score_batch
from earlywarn.scoring.national import at_prior
from earlywarn.serving.http_app import LOOPBACK, MOST_ROWS, create_app, is_loopback
from earlywarn.serving.http_limits import MOST_AT_ONCE, MOST_BYTES, PATIENCE

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
    assert row["status"] == "scored"


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


def test_the_other_pages(app) -> None:
    health = get(app, "/health").json()
    assert (health["status"], health["model_id"]) == ("ok", MODEL.info["model_id"])
    assert [record["id"] for record in get(app, "/catalogue").json()] == [r.id for r in INDICATORS]
    account = get(app, "/model").json()
    assert account["columns"] == list(MODEL.columns)
    assert account["prior"] == MODEL.info["prior"]
    described = get(app, "/openapi.json").json()
    assert set(described["paths"]) == {"/score", "/explain", "/catalogue", "/health", "/model"}
    assert set(described["components"]["schemas"]) >= {"Request", "Answer", "Fault", "Health"}


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
    rows = [{"caseload": float(1 + place % 30)} for place in range(300)]
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
    assert main(["serve", "--model", "nowhere"]) == 2


@pytest.mark.parametrize(
    ("host", "alone"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("x.y", False)],  # noqa: S104
)
def test_who_can_reach_it(host: str, alone: bool) -> None:
    assert is_loopback(host) is alone


def test_the_limits_are_those_in_the_documentation() -> None:
    assert (MOST_ROWS, MOST_BYTES, MOST_AT_ONCE, PATIENCE) == (10_000, 20_000_000, 2_000, 30.0)
