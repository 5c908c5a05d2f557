"""The service as it runs, on a port of this machine: under load, and with unruly clients."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from earlywarn.cli.parser import main
from earlywarn.model.serialisation import load_model, save_model
from earlywarn.scoring.batch import score_batch
from earlywarn.scoring.national import at_prior
from earlywarn.serving.http_app import LOOPBACK, create_app
from earlywarn.serving.http_limits import patient_protocol

httpx = pytest.importorskip("httpx", reason="the service is tested with httpx")
uvicorn = pytest.importorskip("uvicorn", reason="uvicorn is not installed")
pytest.importorskip("fastapi", reason="FastAPI is not installed")

MODEL = load_model()
OTHER = at_prior(MODEL, 0.3)
AT_ONCE = 1_000
FAULT = {"problem", "where", "found", "expected", "remedy"}
MALFORMED = (b"{", b"null", b'{"rows": 1}', b"\xff\xfe", b'{"rows": [{"shoe_size": 9}]}', b"")


@pytest.fixture(scope="module", autouse=True)
def _many_files() -> None:
    """A thousand connections need as many open files, here and in the service."""
    if os.name == "nt":
        return
    import resource  # noqa: PLC0415 - not there on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4 * AT_ONCE if hard == resource.RLIM_INFINITY else min(4 * AT_ONCE, hard)
    if wanted > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        return int(taken.getsockname()[1])


def wait_for(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            socket.create_connection((LOOPBACK, port), timeout=1).close()
            return
        time.sleep(0.1)
    pytest.fail("the service did not start within a minute")


@pytest.fixture
def command(tmp_path: Path):
    """The command, as users run it, with a model that can be changed."""
    file, port = save_model(MODEL, tmp_path / "model.json"), free_port()
    log = (tmp_path / "log.txt").open("wb")
    told = ["serve", "--port", str(port), "--model", str(file)]
    running = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "earlywarn", *told], stdout=log, stderr=log
    )
    try:
        wait_for(port)
        yield port, file, tmp_path / "log.txt"
    finally:
        running.terminate()
        running.wait(timeout=30)
        log.close()


@pytest.fixture(scope="module")
def impatient():
    """A service in a thread that waits half a second for a client."""
    port = free_port()
    config = uvicorn.Config(
        create_app(patience=0.5),
        host=LOOPBACK,
        port=port,
        http=patient_protocol(0.5),
        ws="none",
        log_level="critical",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_for(port)
    yield port
    server.should_exit = True
    thread.join(timeout=30)
    assert not thread.is_alive()


def load(place: int) -> tuple[bytes, list[dict[str, object]]]:
    """What one of a thousand clients sends: a row or a few, or something malformed."""
    if place % 10 == 9:
        return MALFORMED[place // 10 % len(MALFORMED)], []
    rows = [{"caseload": 8 + place / 50, "rereferrals": "c" if place % 7 == 0 else 5 + place % 40}]
    return json.dumps({"rows": rows * (1 + place % 3)}).encode(), rows * (1 + place % 3)


def risks_of_all(model) -> list[list[float]]:
    """The plain call's answers to all that a thousand clients send, client by client."""
    sent = [load(place)[1] for place in range(AT_ONCE)]
    risks = iter(score_batch([row for rows in sent for row in rows], model)["risk"].tolist())
    return [[next(risks) for _ in rows] for rows in sent]


async def storm(port: int, file: Path) -> list[object]:
    """A thousand requests at once, and in the midst of them another model."""
    limits = httpx.Limits(max_connections=AT_ONCE)
    async with httpx.AsyncClient(
        base_url=f"http://{LOOPBACK}:{port}", limits=limits, timeout=120, trust_env=False
    ) as client:
        done = 0

        async def one(place: int):
            nonlocal done
            answer = await client.post(
                "/score", content=load(place)[0], headers={"content-type": "application/json"}
            )
            done += 1
            return answer

        async def swap() -> None:
            while done < AT_ONCE // 4:
                await asyncio.sleep(0.01)
            await asyncio.to_thread(save_model, OTHER, file, overwrite=True)

        asked = asyncio.gather(*(one(place) for place in range(AT_ONCE // 2)))
        await swap()
        later = asyncio.gather(*(one(place) for place in range(AT_ONCE // 2, AT_ONCE)))
        return [*await asked, *await later]


def test_a_thousand_at_once_and_a_model_swapped_under_them(command) -> None:
    port, file, log = command
    with contextlib.ExitStack() as open_:
        for _ in range(20):
            dribbling = open_.enter_context(socket.create_connection((LOOPBACK, port)))
            dribbling.sendall(b"POST /score HTTP/1.1\r\nHost: here\r\nContent-Le")
        answers = asyncio.run(storm(port, file))
    expected = {model.info["model_id"]: risks_of_all(model) for model in (MODEL, OTHER)}
    seen = dict.fromkeys(expected, 0)
    for place, answer in enumerate(answers):
        body = answer.json()
        if not load(place)[1]:
            assert answer.status_code in {400, 422}
            assert set(body) == FAULT
            continue
        assert answer.status_code == 200, body
        seen[body["model_id"]] += 1
        risks = expected[body["model_id"]][place]
        for row, risk in zip(body["rows"], risks, strict=True):
            assert row["model_id"] == (body["model_id"] if row["risk"] is not None else None)
            assert row["risk"] == (risk if risk == risk else None)  # noqa: PLR0124
    assert sum(seen.values()) == AT_ONCE * 9 // 10
    assert min(seen.values()) > 0, seen
    assert "Traceback" not in log.read_text(encoding="utf-8")


def talk(port: int, *parts: bytes, pause: float = 0.0) -> bytes:
    """Send some bytes, with pauses, and hear what comes until the service hangs up."""
    with socket.create_connection((LOOPBACK, port), timeout=20) as client:
        with contextlib.suppress(OSError):
            for part in parts:
                client.sendall(part)
                time.sleep(pause)
        heard = b""
        with contextlib.suppress(ConnectionError):
            while more := client.recv(65_536):
                heard += more
    return heard


HEAD = b"POST /score HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"


def fault_in(heard: bytes) -> dict[str, str]:
    fault = json.loads(heard.partition(b"\r\n\r\n")[2])
    assert set(fault) == FAULT
    return dict(fault)


class TestSlowClients:
    def test_one_that_dribbles_its_body(self, impatient: int) -> None:
        body = [b"{", *[b" "] * 40]
        heard = talk(impatient, HEAD + b"Content-Length: 100\r\n\r\n", *body, pause=0.05)
        assert heard.startswith(b"HTTP/1.1 408 ")
        assert fault_in(heard)["problem"] == "the request took too long to arrive"

    def test_one_that_dribbles_its_head(self, impatient: int) -> None:
        begun = time.monotonic()
        heard = talk(impatient, *[bytes([letter]) for letter in HEAD[:60]], pause=0.05)
        assert heard == b""
        assert time.monotonic() - begun < 6

    def test_one_that_says_nothing(self, impatient: int) -> None:
        assert talk(impatient) == b""

    def test_one_that_dribbles_its_second_head(self, impatient: int) -> None:
        first = b"GET /health HTTP/1.1\r\nHost: here\r\n\r\n"
        heard = talk(impatient, first, *[bytes([letter]) for letter in HEAD[:60]], pause=0.05)
        assert heard.count(b"HTTP/1.1") == 1
        assert heard.startswith(b"HTTP/1.1 200 ")

    def test_one_that_does_not_take_its_answer(self, impatient: int) -> None:
        rows = json.dumps({"rows": [{"caseload": 16.0, "note": "x" * 20_000}] * 400}).encode()
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect((LOOPBACK, impatient))
            client.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(rows) + rows)
            time.sleep(4)
            client.settimeout(20)
            heard = 0
            with contextlib.suppress(ConnectionError):
                while more := client.recv(1 << 20):
                    heard += len(more)
        assert heard < len(rows)

    def test_one_that_hangs_up(self, impatient: int) -> None:
        for parts in ([HEAD], [HEAD + b"Content-Length: 100\r\n\r\n", b'{"rows": [']):
            with socket.create_connection((LOOPBACK, impatient), timeout=20) as client:
                for part in parts:
                    client.sendall(part)
        assert httpx.get(f"http://{LOOPBACK}:{impatient}/health", trust_env=False).is_success


class TestRefused:
    def test_a_body_that_is_too_long_is_told_so(self, impatient: int) -> None:
        body = b'{"rows": [' + b" " * 25_000_000
        url = f"http://{LOOPBACK}:{impatient}/score"
        answer = httpx.post(url, content=body, timeout=60, trust_env=False)
        assert answer.status_code == 413
        assert answer.json()["expected"] == "at most 20,000,000 bytes"

    @pytest.mark.parametrize(
        "sent",
        [
            b"nonsense\r\n\r\n",
            b"GET / HTTP/9\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00",
            b"\x00" * 99,
        ],
    )
    def test_what_is_no_http(self, impatient: int, sent: bytes) -> None:
        heard = talk(impatient, sent)
        assert heard == b"" or fault_in(heard)["expected"] == "HTTP/1.1"


def workers_below(parent: int) -> set[int]:
    """The processes that answer for one, by what /proc says; none but those are started anew."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state = (folder / "stat").read_text().rpartition(")")[2].split()
            said = (folder / "cmdline").read_bytes()
            if int(state[1]) == parent and b"spawn_main" in said and state[0] != "Z":
                found.add(int(folder.name))
    return found


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="processes are listed below /proc here")
@pytest.mark.parametrize("how", ["SIGTERM", "SIGKILL"])
def test_two_workers_answer_and_none_is_left(tmp_path: Path, how: str) -> None:
    """It starts three processes: nothing less shows that each answers, and that each ends."""
    port = free_port()
    log = (tmp_path / "log.txt").open("wb")
    command = [sys.executable, "-m", "earlywarn", "serve", "--port", str(port), "--workers", "2"]
    running = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603 - our own command
    try:
        until = time.monotonic() + 60
        while (tmp_path / "log.txt").read_bytes().count(b"startup complete") < 2:
            assert time.monotonic() < until
            time.sleep(0.1)
        both = workers_below(running.pid)
        assert len(both) == 2
        for halted in both:  # What one can't answer meanwhile, the other does.
            os.kill(halted, signal.SIGSTOP)
            answer = post_to(port, [{"la_code": "383", "caseload": 16.0}])
            os.kill(halted, signal.SIGCONT)
            assert answer["rows"][0]["status"] == "scored"
        running.send_signal(getattr(signal, how))
        running.wait(timeout=20)
        until = time.monotonic() + 10
        while any(Path(f"/proc/{one}").exists() for one in both) and time.monotonic() < until:
            time.sleep(0.1)
        assert not any(Path(f"/proc/{one}").exists() for one in both)
    finally:
        running.kill()
        running.wait(timeout=20)
        log.close()


def post_to(port: int, rows: list[dict[str, object]]) -> dict[str, list[dict[str, object]]]:
    url = f"http://{LOOPBACK}:{port}/score"
    for _ in range(20):  # The one that is halted may have taken the first.
        with contextlib.suppress(httpx.TimeoutException):
            return httpx.post(url, json={"rows": rows}, timeout=2, trust_env=False).json()
    return pytest.fail("nobody answers")


def test_a_port_that_is_taken(capsys) -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        assert main(["serve", "--port", str(taken.getsockname()[1])]) == 2
    assert "nothing can listen there" in capsys.readouterr().err


def test_it_listens_on_this_machine_alone(command) -> None:
    port = command[0]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # Sends nothing: it tells the address of this machine.
        own = probe.getsockname()[0]
    if own.startswith("127."):
        pytest.skip("this machine has no address but loopback")
    with pytest.raises(OSError):  # noqa: PT011 - refused or timed out, as the system has it
        socket.create_connection((own, port), timeout=2)
