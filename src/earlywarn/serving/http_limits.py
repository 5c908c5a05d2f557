"""Limits on what the service accepts and how long it waits, with an answer to what exceeds them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from earlywarn.errors import require

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    App = Callable[[Message, Receive, Send], Awaitable[None]]

MOST_BYTES = 20_000_000
MOST_BYTES_AT_ONCE = 200_000_000
"""The most bytes in all current requests."""
MOST_AT_ONCE = 2_000
PATIENCE = 30.0
"""Seconds that a client may take to send its request, and to receive its answer."""

_TAKEN, _GONE, _LATE, _LONG, _BUSY = 200, 0, 408, 413, 503


@dataclass
class Fault:
    """What is wrong with a request, in the parts of the library's own errors."""

    problem: str
    where: str = ""
    found: str = ""
    expected: str = ""
    remedy: str = ""

    def as_bytes(self) -> bytes:
        """The error as it is sent."""
        return json.dumps(asdict(self)).encode()


_FAULTS = {
    _LATE: Fault("the request took too long to arrive"),
    _LONG: Fault("the request is too long", "body", "", f"at most {MOST_BYTES:,} bytes"),
    _BUSY: Fault("too much is under way", remedy="Ask again in a few seconds."),
}


class Limits:
    """ASGI middleware that reads the whole body within the limits, then passes the request on.

    Parameters
    ----------
    app : ASGI application
        The application that answers.
    patience : float
        Seconds that a client may take to send its request.
    """

    def __init__(self, app: App, *, patience: float) -> None:
        self._app = app
        self._patience = patience
        self._requests = 0
        self._bytes = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        parts: list[bytes] = []
        self._requests += 1
        try:
            code = await self._collected(receive, parts, _said_length(scope))
            if code == _TAKEN:
                await self._app(scope, _sent_again(parts, receive), send)
            elif code != _GONE:
                await _refuse(send, code)
        finally:
            self._requests -= 1
            self._bytes -= sum(map(len, parts))

    async def _collected(self, receive: Receive, parts: list[bytes], said: int) -> int:
        if self._requests > MOST_AT_ONCE:
            return _BUSY
        first = _LONG if said > MOST_BYTES else _TAKEN
        try:
            return await asyncio.wait_for(self._collect(receive, parts, first), self._patience)
        except TimeoutError:
            return _LATE if first == _TAKEN else first

    async def _collect(self, receive: Receive, parts: list[bytes], first: int) -> int:
        """Collect the parts of a body. One over the limits is read to its end, then refused.

        A client that is cut off while sending never receives the reason.
        """
        code, size, more = first, 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return _GONE
            part = message.get("body", b"")
            more = message.get("more_body", False)
            size += len(part)
            if size > MOST_BYTES:
                code = _LONG
            elif code == _TAKEN and self._bytes + len(part) > MOST_BYTES_AT_ONCE:
                code = _BUSY
            if code == _TAKEN:
                parts.append(part)
                self._bytes += len(part)
        return code


def _said_length(scope: Message) -> int:
    """The body length given in a request's headers; 0 if there is none."""
    given = dict(scope["headers"]).get(b"content-length", b"")
    return int(given) if given.isdigit() else 0


def _sent_again(parts: list[bytes], receive: Receive) -> Receive:
    """The body that has been read, for the application to read again."""
    waiting = [{"type": "http.request", "body": b"".join(parts), "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again


async def _refuse(send: Send, code: int) -> None:
    body = _FAULTS[code].as_bytes()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": code, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def patient_protocol(patience: float = PATIENCE) -> Any:
    """Return uvicorn's own protocol, with time limits for the headers and for the answer.

    uvicorn waits indefinitely for clients that are slow with either; ``Limits`` deals with the
    body.

    Parameters
    ----------
    patience : float
        Seconds that a client may take to send the headers of a request, and to receive its answer.

    Returns
    -------
    type
        A class for uvicorn's ``http`` setting.

    Raises
    ------
    MissingExtraError
        If uvicorn is not installed.
    """
    h11 = require("h11", extra="serve")
    uvicorn = require("uvicorn.protocols.http.h11_impl", extra="serve")

    class Patient(uvicorn.H11Protocol):  # type: ignore[misc, name-defined]
        _head: asyncio.TimerHandle | None = None
        _tail: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            self._head = self.loop.call_later(patience, transport.abort)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.conn.their_state is not h11.IDLE:
                _stop(self._head)
                self._head = None
            elif self._head is None:
                self._head = self.loop.call_later(patience, self.transport.abort)

        def pause_writing(self) -> None:
            super().pause_writing()
            self._tail = self.loop.call_later(patience, self.transport.abort)

        def resume_writing(self) -> None:
            super().resume_writing()
            _stop(self._tail)

        def connection_lost(self, exc: Exception | None) -> None:
            _stop(self._head)
            _stop(self._tail)
            super().connection_lost(exc)

        def send_400_response(self, msg: str) -> None:
            body = Fault(msg.rstrip("."), expected="HTTP/1.1").as_bytes()
            length = (b"content-length", str(len(body)).encode())
            kind = (b"content-type", b"application/json")
            head = [kind, length, (b"connection", b"close")]
            for event in (
                h11.Response(status_code=400, headers=head, reason=b"Bad Request"),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event))
            self.transport.close()

    return Patient


def _stop(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()


def __getattr__(name: str) -> Any:
    """``Patient``, by which the processes of a service find the protocol."""
    if name == "Patient":
        return patient_protocol()
    raise AttributeError(name)
