"""The service under load, against a bare FastAPI with scikit-learn's pipeline and an empty one.

Each is a separate process that listens on this machine. Clients send the next request as soon as
they have their answer; ours and the peers' turns take the same time, one after the other.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from timing import Line, Section

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "127.0.0.1"
FIGURES = {"rereferrals": 31.0, "agency_workers": 14.0, "vacancies": 20.0, "caseload": 17.5}
PATIENCE = 60
"""Seconds that a service may take to start listening."""
BARE = """
import sys, joblib, pandas as pd, uvicorn
from fastapi import FastAPI
app, pipeline = FastAPI(), joblib.load(sys.argv[2])
@app.post("/score")
def score(body: dict) -> dict:
    risk = pipeline.predict_proba(pd.DataFrame(body["rows"]))[:, 1]
    return {"rows": [{"risk": float(one)} for one in risk]}
@app.post("/empty")
def empty(body: dict) -> dict:
    return {"rows": [{"risk": 0.1}]}
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
"""


def measure(seconds: float, rounds: int = 3) -> Section:
    """Measure requests of one row each, in seconds per request."""
    with tempfile.TemporaryDirectory() as name, _both(Path(name)) as (ours, bare):
        doors = {
            "score, 64 clients": (ours, "/score", 64),
            "score, 1 client": (ours, "/score", 1),
            "explain, 64 clients": (ours, "/explain", 64),
            "bare, 64 clients": (bare, "/score", 64),
            "bare, 1 client": (bare, "/score", 1),
            "empty, 64 clients": (bare, "/empty", 64),
        }
        _compare_answers(ours)
        found = dict.fromkeys(doors, float("inf"))
        for _ in range(rounds):
            for what, door in doors.items():
                found[what] = min(found[what], _pace(*door, seconds))
    plain, empty = "bare FastAPI and scikit-learn's pipeline", "empty FastAPI"
    told = (
        ("POST /score, one row, 64 clients", "score, 64 clients", plain, "bare, 64 clients", 2.4),
        ("POST /score, one row, 1 client", "score, 1 client", plain, "bare, 1 client", None),
        (
            "POST /explain, one row, 64 clients",
            "explain, 64 clients",
            plain,
            "bare, 64 clients",
            1.2,
        ),
        ("POST /score, one row, 64 clients", "score, 64 clients", empty, "empty, 64 clients", None),
    )
    lines = [
        Line(f"{what}: seconds a request", found[mine], peer, found[theirs], aim)
        for what, mine, peer, theirs, aim in told
    ]
    return Section("The service", lines, limits=[], left_out=[])


@contextlib.contextmanager
def _both(folder: Path) -> Iterator[tuple[int, int]]:
    """Both services, and the ports on which they listen."""
    (folder / "bare.py").write_text(BARE, encoding="utf-8")
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(rng.uniform(0, 40, (200, len(FIGURES))), columns=list(FIGURES))
    steps = SimpleImputer(), StandardScaler(), LogisticRegression()
    joblib.dump(make_pipeline(*steps).fit(rows, rng.random(200) > 0.8), folder / "pipeline.joblib")
    ports = [_free_port(), _free_port()]
    commands: tuple[list[Any], ...] = (
        ["-m", "earlywarn", "serve", "--port", ports[0]],
        [folder / "bare.py", ports[1], folder / "pipeline.joblib"],
    )
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    running = [
        subprocess.Popen([sys.executable, *map(str, each)], **quiet)  # noqa: S603 - our own
        for each in commands
    ]
    try:
        for port in ports:
            _wait_for(port)
        yield ports[0], ports[1]
    finally:
        for process in running:
            process.terminate()
            process.wait()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        return int(taken.getsockname()[1])


def _wait_for(port: int) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            socket.create_connection((HOST, port), timeout=1).close()
            return
        time.sleep(0.1)
    sys.exit("a service does not listen")


def _request(path: str, figures: dict[str, float]) -> bytes:
    body = json.dumps({"rows": [figures]}).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _pace(port: int, path: str, clients: int, seconds: float) -> float:
    """Seconds per request, with a number of clients at a time."""
    request = _request(path, FIGURES)

    async def client(until: float) -> int:
        reader, writer = await asyncio.open_connection(HOST, port)
        count = 0
        while time.perf_counter() < until:
            writer.write(request)
            await _answer(reader)
            count += 1
        writer.close()
        return count

    async def all_clients() -> float:
        begun = time.perf_counter()
        counts = await asyncio.gather(*(client(begun + seconds) for _ in range(clients)))
        return (time.perf_counter() - begun) / sum(counts)

    return asyncio.run(all_clients())


async def _answer(reader: asyncio.StreamReader) -> bytes:
    """The body of one answer; anything but 200 ends the benchmark."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b" 200 " not in head.splitlines()[0]:
        sys.exit(f"a service refused a request: {head.decode()}")
    length = int(head.partition(b"content-length:")[2].split()[0])
    return await reader.readexactly(length)


def _compare_answers(port: int) -> None:
    """Check that sixty-four clients get, byte for byte, what each would get alone."""
    requests = [_request("/explain", {**FIGURES, "caseload": 10.0 + n / 8}) for n in range(64)]

    async def ask(request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(request)
        answer = await _answer(reader)
        writer.close()
        return answer

    async def together() -> list[bytes]:
        return await asyncio.gather(*(ask(request) for request in requests))

    alone = [asyncio.run(ask(request)) for request in requests]
    if asyncio.run(together()) != alone:
        sys.exit("clients that ask together get other answers than alone")
