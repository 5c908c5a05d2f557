"""The middleware of every request: token, HEAD, options, counts and a line in the log."""

from __future__ import annotations

import hmac
import json
import logging
import threading
import time
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from earlywarn.serving.http_limits import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from earlywarn.serving.http_limits import App, Message, Receive, Send

OPEN = frozenset({"/live", "/ready", "/health"})
"""Paths answered without a token, since their callers have none."""
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Boundaries of the duration counts, in seconds."""
LOG = logging.getLogger("earlywarn.service")


class Metrics:
    """Counts in Prometheus' text form."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: Counter[tuple[str, int]] = Counter()
        self._seconds: Counter[float] = Counter()
        self._sums: Counter[str] = Counter()

    def answered(self, path: str, status: int, seconds: float) -> None:
        """Count one answer."""
        with self._lock:
            self._answers[path, status] += 1
            self._seconds.update(bound for bound in BOUNDS if seconds <= bound)
            self._sums.update({"count": 1})
            self._sums["seconds"] += seconds  # type: ignore[assignment]

    def scored(self, requests: int, rows: int) -> None:
        """Count requests that were scored together, and their rows."""
        with self._lock:
            self._sums.update({"batches": 1, "requests": requests, "rows": rows})

    def text(self) -> str:
        """All counts since this process started."""
        with self._lock:
            answers, seconds, sums = dict(self._answers), dict(self._seconds), dict(self._sums)
        name = "earlywarn_request_duration_seconds"
        lines = ["# TYPE earlywarn_requests_total counter"]
        lines += [
            f'earlywarn_requests_total{{path="{path}",status="{status}"}} {count}'
            for (path, status), count in sorted(answers.items())
        ]
        lines += [f"# TYPE {name} histogram"]
        lines += [f'{name}_bucket{{le="{bound}"}} {seconds.get(bound, 0)}' for bound in BOUNDS]
        lines += [
            f'{name}_bucket{{le="+Inf"}} {sums.get("count", 0)}',
            f"{name}_sum {sums.get('seconds', 0.0)}",
            f"{name}_count {sums.get('count', 0)}",
        ]
        for what in ("rows", "requests", "batches"):
            lines += [
                f"# TYPE earlywarn_scored_{what}_total counter",
                f"earlywarn_scored_{what}_total {sums.get(what, 0)}",
            ]
        return "\n".join(lines) + "\n"


class Front:
    """ASGI middleware around the whole service.

    Parameters
    ----------
    app : ASGI application
        The application that answers.
    metrics : Metrics
        Where requests are counted.
    options : mapping of str to collection of str
        The paths, and the names of the options that each of them accepts.
    token : str
        What a client must send in ``Authorization: Bearer``; nothing if empty.
    """

    def __init__(
        self, app: App, *, metrics: Metrics, options: Mapping[str, frozenset[str]], token: str
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._options = options
        self._token = token.encode()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status, size = time.perf_counter(), 500, 0
        head = scope["method"] == "HEAD"

        async def heard(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                size += len(message.get("body", b""))
                if head:
                    message = {**message, "body": b""}
            await send(message)

        try:
            await self._answer({**scope, "method": "GET"} if head else scope, receive, heard)
        finally:
            self._note(scope, status, size, time.perf_counter() - begun)

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if self._token and path not in OPEN and not self._may(scope):
            fault = Fault("this service asks for a token", "Authorization", "", "Bearer TOKEN")
            await _say(send, 401, fault, (b"www-authenticate", b"Bearer"))
            return
        given = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
        known = self._options.get(self._name(path), frozenset())
        strange = [name for name, _ in given if name not in known]
        if strange or len({name for name, _ in given}) < len(given):
            takes = ", ".join(sorted(known)) or "no options"
            name = (strange or [given[-1][0]])[0][:80]
            problem = "an unknown option" if strange else "an option that appears twice"
            await _say(send, 422, Fault(problem, "query", name, takes))
            return
        await self._app(scope, receive, send)

    def _may(self, scope: Message) -> bool:
        shown = dict(scope["headers"]).get(b"authorization", b"")
        kind, _, token = shown.partition(b" ")
        return kind.lower() == b"bearer" and hmac.compare_digest(token.strip(), self._token)

    def _name(self, path: str) -> str:
        """The name that a path is counted under: one for all authorities, one for all others."""
        if path in self._options:
            return path
        return "/authorities/{code}" if path.startswith("/authorities/") else "other"

    def _note(self, scope: Message, status: int, size: int, seconds: float) -> None:
        path = self._name(scope["path"])
        self._metrics.answered(path, status, seconds)
        if LOG.isEnabledFor(logging.INFO):
            entry: dict[str, Any] = {
                "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                "method": scope["method"],
                "path": path,
                "status": status,
                "bytes": size,
                "seconds": round(seconds, 4),
            }
            LOG.info(json.dumps(entry))


async def _say(send: Send, code: int, fault: Fault, *headers: tuple[bytes, bytes]) -> None:
    body = json.dumps(asdict(fault)).encode()
    head = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        *headers,
    ]
    await send({"type": "http.response.start", "status": code, "headers": head})
    await send({"type": "http.response.body", "body": body})
