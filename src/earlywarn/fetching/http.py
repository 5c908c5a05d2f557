"""Send one request at a time: patient with a busy service, strict about its responses."""

from __future__ import annotations

import hashlib
import json
import math
import os
import tempfile
import time
import zlib
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from earlywarn._version import __version__
from earlywarn.errors import FetchError, UsageError, require
from earlywarn.utils.arguments import number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import httpx

USER_AGENT = f"earlywarn/{__version__} (Python library; early warning for children's services)"
BUSY = frozenset({429, 500, 502, 503, 504})
"""Statuses that may be different a moment later."""
TRIES = 6
FIRST_PAUSE, LONGEST_PAUSE, LONGEST_WAIT = 1.0, 60.0, 600.0
_PIECE = 1 << 16


class GoneError(FetchError):
    """The requested file is not, or no longer, published (403, 404)."""


class _AgainError(Exception):
    """The response was cut off, or refused for now: the request is repeated."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class _NoConnectionError(_AgainError):
    """There was no connection at all: no network, a wrong name, a host that is down."""


class Fetched(NamedTuple):
    """A downloaded file: its path, size and digest, and the mark of its state."""

    path: Path
    size: int
    sha256: str
    state: dict[str, str]


@dataclass
class Client:
    """A client of the official services that sends one request at a time.

    Attributes
    ----------
    time_limit : float
        Seconds that one response may take, from first to last byte.
    size_limit : int
        The most bytes in one response, compressed and uncompressed.
    pause : callable
        How to wait for a number of seconds.
    requests : int
        The number of requests sent.
    """

    time_limit: float = 900.0
    size_limit: int = 1 << 30
    pause: Callable[[float], None] = time.sleep
    requests: int = 0
    _session: Any = field(default=None, repr=False)
    _answered: set[str] = field(default_factory=set, repr=False)
    """The hosts that have responded."""
    _unreached: set[str] = field(default_factory=set, repr=False)
    """The hosts that could not be reached after all attempts."""

    def __post_init__(self) -> None:
        for name, value in (("time_limit", self.time_limit), ("size_limit", self.size_limit)):
            limit = number(value, name, expected="above 0")
            if not (math.isfinite(limit) and limit > 0):
                raise UsageError("not a limit", where=name, found=str(value), expected="above 0")

    def json(self, address: str, query: Mapping[str, str | int] | None = None) -> dict[str, Any]:
        """Get the JSON object at an address.

        Raises
        ------
        FetchError
            If there is none.
        """
        text = self.text(address, query)
        try:
            answer = json.loads(text)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise FetchError(
                "the answer is not a JSON object",
                where=address,
                found=_shown(text),
                remedy="See that the address is that of the service.",
            )
        return answer

    def text(self, address: str, query: Mapping[str, str | int] | None = None) -> str:
        """Get the text at an address."""

        def read(answer: httpx.Response) -> bytes:
            return b"".join(self._pieces(answer))

        body: bytes = self._patiently(address, query, read)
        try:
            return body.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise FetchError(
                "the answer is not text in UTF-8", where=address, found=repr(body[:40])
            ) from None

    def first_line(self, address: str, query: Mapping[str, str | int] | None = None) -> str:
        """Get the first line at an address; the rest is not downloaded."""

        def read(answer: httpx.Response) -> bytes:
            begun = b""
            for piece in self._pieces(answer):
                begun += piece
                if b"\n" in begun:
                    break
                if len(begun) > _PIECE * 16:
                    raise FetchError("a first line without an end", where=address)
            return begun.split(b"\n", 1)[0]

        line: bytes = self._patiently(address, query, read)
        return line.decode("utf-8-sig", "replace").strip()

    def file(
        self,
        address: str,
        folder: Path,
        query: Mapping[str, str | int] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        whole: Callable[[Path], str] | None = None,
    ) -> Fetched | None:
        """Download an address into a new file in a folder.

        Parameters
        ----------
        address : str
        folder : Path
            Where to create it.
        query, headers : mapping, optional
        whole : callable, optional
            Returns a reason if the file is incomplete, or an empty text.

        Returns
        -------
        Fetched or None
            None if the service reports that nothing has changed (304).
        """

        def read(answer: httpx.Response) -> Fetched | None:
            if answer.status_code == 304:
                return None
            fetched = self._written(answer, folder)
            fault = whole(fetched.path) if whole else ""
            if fault:
                fetched.path.unlink()
                raise _AgainError(fault)
            return fetched

        fetched: Fetched | None = self._patiently(address, query, read, headers)
        return fetched

    def _written(self, answer: httpx.Response, folder: Path) -> Fetched:
        handle, name = tempfile.mkstemp(dir=folder, suffix=".part")
        digest, size = hashlib.sha256(), 0
        try:
            with os.fdopen(handle, "wb") as stream:
                for piece in self._pieces(answer):
                    stream.write(piece)
                    digest.update(piece)
                    size += len(piece)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        names = ("etag", "last-modified")
        state = {name: answer.headers[name] for name in names if name in answer.headers}
        return Fetched(Path(name), size, digest.hexdigest(), state)

    def _pieces(self, answer: httpx.Response) -> Iterator[bytes]:
        """The uncompressed bytes of a response, within the limits and checked to be complete."""
        packing = answer.headers.get("content-encoding", "identity").strip().lower()
        if packing not in {"identity", "", "gzip", "x-gzip"}:
            raise FetchError(
                "packed in a way that was not asked for",
                where=_place(answer),
                found=packing,
                expected="gzip",
            )
        self._refuse_length(answer)
        end = time.monotonic() + self.time_limit
        raw = self._counted(answer, end)
        if packing not in {"gzip", "x-gzip"}:
            yield from raw
            return
        size = 0
        for piece in _unpacked(raw):
            size += len(piece)
            if size > self.size_limit:
                raise self._too_large(answer, "unpacked")
            yield piece

    def _counted(self, answer: httpx.Response, end: float) -> Iterator[bytes]:
        size = 0
        for piece in answer.iter_raw(_PIECE):
            size += len(piece)
            if size > self.size_limit:
                raise self._too_large(answer, "as sent")
            if time.monotonic() > end:
                raise _AgainError(f"not whole after {self.time_limit:g} seconds", 0.0)
            yield piece
        length = answer.headers.get("content-length", "")
        if length.isdigit() and int(length) != size:
            raise _AgainError(f"{size:,} bytes came of {int(length):,}")

    def _refuse_length(self, answer: httpx.Response) -> None:
        length = answer.headers.get("content-length", "")
        if length.isdigit() and int(length) > self.size_limit:
            raise self._too_large(answer, f"of {int(length):,} bytes")

    def _too_large(self, answer: httpx.Response, how: str) -> FetchError:
        return FetchError(
            f"an answer {how} that is too large",
            where=_place(answer),
            expected=f"no more than {self.size_limit:,} bytes",
            remedy="Raise the limit (--size-limit, in megabytes) if it is right.",
        )

    def _patiently(
        self,
        address: str,
        query: Mapping[str, str | int] | None,
        read: Callable[[httpx.Response], Any],
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Repeat the request until there is a response, with growing pauses.

        Without a network a run would spend minutes on each address, one after another: once a host
        could not be reached, those that have not responded yet are only tried once.
        """
        pause, last, host = FIRST_PAUSE, "", urlsplit(address).netloc
        tries = 1 if self._unreached and host not in self._answered else TRIES
        problem = f"no answer in {tries} tries" if tries > 1 else "no answer"
        for turn in range(tries):
            try:
                return self._once(address, query, read, headers)
            except _AgainError as again:
                last = str(again)
                wait = pause if again.wait is None else again.wait
                if isinstance(again, _NoConnectionError) and turn + 1 == tries:
                    self._unreached.add(host)
            except zlib.error as error:
                last, wait = f"the answer can't be unpacked ({error})", pause
            if wait > LONGEST_WAIT:
                problem = "the service asks for a longer wait"
                break
            if turn + 1 < tries:
                self.pause(wait)
            pause = min(pause * 2, LONGEST_PAUSE)
        raise FetchError(
            problem,
            where=address,
            found=last,
            remedy="Try again later: what was fetched before is kept. Behind a proxy, set "
            "HTTPS_PROXY and SSL_CERT_FILE.",
        )

    def _once(
        self,
        address: str,
        query: Mapping[str, str | int] | None,
        read: Callable[[httpx.Response], Any],
        headers: Mapping[str, str] | None,
    ) -> Any:
        http = require("httpx", extra="refresh")
        self.requests += 1
        try:
            with self._open().stream(
                "GET", address, params=query or None, headers=headers
            ) as answer:
                self._answered.add(urlsplit(address).netloc)
                self._refuse_status(answer)
                return read(answer)
        except (http.InvalidURL, http.UnsupportedProtocol, http.TooManyRedirects) as error:
            raise FetchError(
                "not an address that can be asked",
                where=address,
                found=str(error),
                expected="a full address such as https://api.education.gov.uk/statistics/v1",
            ) from error
        except http.TransportError as error:
            unreached = isinstance(error, (http.ConnectError, http.ConnectTimeout))
            kind = _NoConnectionError if unreached else _AgainError
            raise kind(f"{type(error).__name__}: {str(error) or 'no reason'}") from error

    def _refuse_status(self, answer: httpx.Response) -> None:
        status = answer.status_code
        if status in {200, 304}:
            return
        if status in BUSY:
            raise _AgainError(f"status {status}", _asked_wait(answer))
        answer.read()
        kind = GoneError if status in {403, 404} else FetchError
        raise kind(
            "the service refuses",
            where=_place(answer),
            found=f"status {status}: {problem(answer.text)}",
            remedy="" if kind is GoneError else "See that the address is that of the service.",
        )

    def _open(self) -> Any:
        if self._session is None:
            http = require("httpx", extra="refresh")
            # Proxies and certificates come from the environment (trust_env).
            self._session = http.Client(
                headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"},
                timeout=http.Timeout(min(60.0, self.time_limit), connect=min(20, self.time_limit)),
                limits=http.Limits(max_connections=2),
                follow_redirects=True,
                trust_env=True,
            )
        return self._session

    def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            self._session.close()
            self._session = None


@contextmanager
def client(**options: Any) -> Iterator[Client]:
    """A client that closes its connections afterwards."""
    made = Client(**options)
    try:
        yield made
    finally:
        made.close()


def problem(text: str) -> str:
    """Return the message of a problem-details body, or the beginning of the text.

    Examples
    --------
    >>> problem('{"title": "Forbidden", "errors": [{"message": "withdrawn", "code": "W"}]}')
    'Forbidden; withdrawn'
    """
    with suppress(ValueError, TypeError, AttributeError):
        body = json.loads(text)
        errors = [str(item.get("message") or item.get("code")) for item in body.get("errors") or ()]
        parts = [str(body.get("title") or ""), *errors]
        return "; ".join(part for part in parts if part)[:300] or _shown(text)
    return _shown(text)


def seconds_of(text: str, now: datetime | None = None) -> float | None:
    """Return the seconds that a ``Retry-After`` asks to wait, given as seconds or a date.

    Examples
    --------
    >>> seconds_of("3")
    3.0
    >>> seconds_of("Wed, 21 Oct 2026 07:28:05 GMT", datetime(2026, 10, 21, 7, 28, tzinfo=UTC))
    5.0
    >>> seconds_of("soon") is None
    True
    """
    with suppress(ValueError):
        seconds = float(text)
        return seconds if math.isfinite(seconds) and seconds >= 0 else None
    try:
        then = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, (then - (now or datetime.now(UTC))).total_seconds())


def _asked_wait(answer: httpx.Response) -> float | None:
    return seconds_of(answer.headers.get("retry-after", ""))


def _unpacked(raw: Iterator[bytes]) -> Iterator[bytes]:
    """The bytes of one or more gzip members; refused unless the last is complete."""
    machine, begun = zlib.decompressobj(31), False
    for packed in raw:
        rest = packed
        while rest:
            if machine.eof:
                machine = zlib.decompressobj(31)
            piece = machine.decompress(rest, _PIECE)
            begun = True
            rest = machine.unconsumed_tail or (machine.unused_data if machine.eof else b"")
            if piece:
                yield piece
    if not begun or not machine.eof:
        raise _AgainError("cut off before its end")


def _place(answer: httpx.Response) -> str:
    return str(answer.request.url)


def _shown(text: str) -> str:
    return repr(text[:80]) if text else "nothing"
