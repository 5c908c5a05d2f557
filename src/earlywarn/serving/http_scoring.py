"""Score rows over HTTP: waiting requests are scored together, each with its own checks."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from earlywarn.errors import ScoreError
from earlywarn.scoring.batch import BATCH_COLUMNS, score_apart, score_batch
from earlywarn.scoring.doubts import Seen, doubts_about
from earlywarn.scoring.preprocessing import beside_values, known_columns
from earlywarn.scoring.reference import Reference
from earlywarn.utils.json_text import plain_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from earlywarn.model.risk_model import RiskModel
    from earlywarn.statistics.arrays import FloatArray

MOST_ROWS = 10_000
MOST_CELLS = 1_000_000
SMALL = 64_000
"""The most bytes in a request that is answered together with other waiting ones."""
TOGETHER = 128
"""The most requests that are answered together."""
SLICE = 200
"""Rows of a big request between checks for waiting small ones, or for a client that has gone."""
_WAIT = 0.05
"""The most seconds that a slice of a big request waits for small ones to be answered."""


class Stopped(Exception):  # noqa: N818 - not an error: nobody is waiting for the answer any more
    """The client has gone."""


@dataclass
class Rows:
    """The rows of one request.

    Parameters
    ----------
    given : list
        As received.
    explain : bool
        Whether contributions and drivers are added.
    unread : dict of int to str
        Why a row can't be read, by its position; the others can.
    """

    given: list[Any]
    explain: bool
    unread: dict[int, str] = field(default_factory=dict)


class _Twice(dict):  # type: ignore[type-arg]
    """An object in which a name occurs twice, with that name."""

    name = ""


def parse(body: bytes, *, explain: bool) -> Rows:
    """Read a request's body.

    Raises
    ------
    ScoreError
        If it is not of the form ``{"rows": [...]}``, or exceeds the limits.
    """
    try:
        whole = json.loads(body, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        found = " ".join(str(error).split())[:80]
        found = "text that is not UTF-8" if isinstance(error, UnicodeDecodeError) else found
        raise _malformed("the body is not JSON", found) from error
    if not isinstance(whole, dict) or not isinstance(whole.get("rows"), list):
        raise _malformed("the body contains no list of rows", type(whole).__name__)
    if isinstance(whole, _Twice) or len(whole) > 1:
        names = ", ".join(str(name)[:40] for name in list(whole)[:5])
        raise _malformed("the body contains something besides the rows", names)
    rows = Rows(whole["rows"], explain)
    _check_size(rows.given)
    for place, row in enumerate(rows.given):
        if not isinstance(row, dict):
            rows.unread[place] = "refused: the row is no object"
        elif isinstance(row, _Twice):
            rows.unread[place] = f"refused: {row.name[:80]} stands twice"
    return rows


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    whole = dict(pairs)
    if len(whole) == len(pairs):
        return whole
    names = [name for name, _ in pairs]
    twice = _Twice(whole)
    twice.name = next(name for name in names if names.count(name) > 1)
    return twice


def _malformed(problem: str, found: str) -> ScoreError:
    return ScoreError(
        problem, where="body", found=found, expected='{"rows": [{"caseload": 16.0}, ...]}'
    )


def _check_size(rows: list[Any]) -> None:
    cells = sum(len(row) for row in rows if isinstance(row, dict))
    for count, most, what in ((len(rows), MOST_ROWS, "rows"), (cells, MOST_CELLS, "cells")):
        if count > most:
            raise ScoreError(
                f"too many {what} for one request",
                where="rows",
                found=f"{count:,}",
                expected=f"at most {most:,}",
                remedy="Send them in parts: a row's answer does not depend on the others.",
            )


def check(rows: Rows, model: RiskModel) -> None:
    """Refuse the rows of a request that ``score_batch`` would refuse as a whole.

    Raises
    ------
    ScoreError
        If none of their columns can be scored, or a column would be overwritten.
    """
    names = dict.fromkeys(name for row in rows.given if isinstance(row, dict) for name in row)
    clash = [
        name
        for name in names
        if name in BATCH_COLUMNS
        or (rows.explain and name.startswith(("contribution_", "drivers_")))
    ]
    if clash:
        score_batch(pd.DataFrame(columns=pd.Index(clash, dtype=object)), model, explain=True)
    if rows.given and not known_columns() & names.keys():
        score_batch([dict.fromkeys(list(names)[:8])], model)


def answers(requests: Iterable[Rows], model: RiskModel, life: date | None = None) -> list[bytes]:
    """Return the body of the answer to each request, scored in one go.

    Parameters
    ----------
    requests : iterable of Rows
        All with the same ``explain``.
    model : RiskModel
        The model that scores them.
    life : date, optional
        Today, if rows without a date are treated as today's.
    """
    requests = list(requests)
    bodies = []
    lines, seen = _lines(requests, model, life)
    for each, its, own in zip(requests, lines, seen, strict=True):
        bodies.append(_body(each, [", ".join(its)], model, own))
    return bodies


def _body(rows: Rows, pieces: list[str], model: RiskModel, seen: Seen) -> bytes:
    """The answer to a request, with any doubts about its rows."""
    doubts = doubts_about(rows.given, Reference.of_model(model), seen)
    said = {"model_id": model.info.get("model_id", "")} | ({"doubts": doubts} if doubts else {})
    head = json.dumps(said)[:-1]
    return f'{head}, "rows": [{", ".join(filter(None, pieces))}]}}'.encode()


def _lines(
    requests: list[Rows], model: RiskModel, life: date | None
) -> tuple[list[list[str]], list[Seen]]:
    """Each answered row of each request, scored in one go, and the doubts about them."""
    rows = [row if isinstance(row, dict) else {} for each in requests for row in each.given]
    lengths, explain = [len(each.given) for each in requests], requests[0].explain
    if not rows:
        return [[] for _ in requests], [Seen() for _ in requests]
    texts, seen = _score(rows, lengths, model, explain=explain, today=life)
    answered, start = [], 0
    for each in requests:
        some = texts[start : start + len(each.given)]
        start += len(each.given)
        for place, why in each.unread.items():
            some[place] = {**dict.fromkeys(some[place]), "status": why}
        answered.append([_line(row, said) for row, said in zip(each.given, some, strict=True)])
    return answered, seen


def _score(
    rows: list[dict[str, Any]],
    lengths: list[int],
    model: RiskModel,
    *,
    explain: bool,
    today: date | None,
) -> tuple[list[dict[str, Any]], list[Seen]]:
    """The scores of each row, using only its known columns."""
    means = known_columns() | {"la_code", "la_name", "as_of"} | beside_values()
    known = [{name: row[name] for name in row.keys() & means} for row in rows]
    if today is not None:
        for row in known:
            row["as_of"] = today.isoformat() if row.get("as_of") in (None, "") else row["as_of"]
    columns = dict.fromkeys(name for row in known for name in sorted(row))
    columns = columns if known_columns() & columns.keys() else {"caseload": None}
    frame = pd.DataFrame({name: _column([row.get(name) for row in known]) for name in columns})
    answer, seen = score_apart(frame, lengths, model, explain=explain)
    added = answer.iloc[:, frame.shape[1] :]
    cells = [[None if cell != cell else cell for cell in added[name].tolist()] for name in added]  # noqa: PLR0124 - NaN is not itself
    texts = [dict(zip(added.columns, said, strict=True)) for said in zip(*cells, strict=True)]
    return texts, seen


def _column(cells: list[Any]) -> pd.Series | FloatArray:
    """An array of numbers if there is nothing else; otherwise every cell unchanged."""
    if all(cell is None or type(cell) in (int, float) for cell in cells):
        with contextlib.suppress(OverflowError):  # A whole number with hundreds of digits.
            return np.array(cells, dtype=float)
    return pd.Series(cells, dtype=object)


def _line(row: Any, said: dict[str, Any]) -> str:
    """A row as received, with its scores, as ASCII, since half a surrogate pair is not UTF-8."""
    whole = {**row, **said} if isinstance(row, dict) else said
    try:
        return plain_json(whole, ensure_ascii=True)
    except RecursionError as deep:
        raise ScoreError("a cell is nested too deeply", where="rows") from deep


@dataclass
class _Waiting:
    """A request waiting for its answer."""

    body: bytes
    explain: bool
    future: asyncio.Future[bytes]
    loop: asyncio.AbstractEventLoop
    gone: bool = False

    def settle(self, answer: bytes | BaseException) -> None:
        def done() -> None:
            if self.future.done():
                return
            if isinstance(answer, BaseException):
                self.future.set_exception(answer)
            else:
                self.future.set_result(answer)

        with contextlib.suppress(RuntimeError):  # The service has been stopped in the meantime.
            self.loop.call_soon_threadsafe(done)


class Scorer:
    """Two queues: small requests are answered together, big ones a slice at a time after them.

    Parameters
    ----------
    model : callable
        Returns the current model: one request sees one model.
    counted : callable, optional
        Called with the numbers of requests, rows and refused rows answered together.
    """

    def __init__(
        self,
        model: Callable[[], RiskModel],
        counted: Callable[[int, int], None] = lambda _, __: None,
    ) -> None:
        self._model = model
        self._counted = counted
        self._small: deque[_Waiting] = deque()
        self._big: deque[_Waiting] = deque()
        self._woken = {"small": threading.Condition(), "big": threading.Condition()}
        self._idle = threading.Event()
        self._idle.set()
        self._started = threading.Lock()
        self._running = False

    async def answer(
        self, body: bytes, *, explain: bool, gone: Callable[[], Any] | None = None
    ) -> bytes:
        """Return the body of the answer to one request.

        Raises
        ------
        ScoreError
            If the request is refused as a whole.
        Stopped
            If its client went away before it was answered.
        """
        loop = asyncio.get_running_loop()
        waiting = _Waiting(body, explain, loop.create_future(), loop)
        self._put(waiting)
        if gone is None or len(body) <= SMALL:
            return await waiting.future
        watch = asyncio.ensure_future(gone())
        try:
            await asyncio.wait({watch, waiting.future}, return_when=asyncio.FIRST_COMPLETED)
            waiting.gone = not waiting.future.done()
            if waiting.gone:
                raise Stopped
            return waiting.future.result()
        finally:
            waiting.gone = True
            watch.cancel()

    def _put(self, waiting: _Waiting) -> None:
        with self._started:
            if not self._running:
                self._running = True
                for work in (self._answer_small, self._answer_big):
                    threading.Thread(target=work, daemon=True).start()
        lane = "small" if len(waiting.body) <= SMALL else "big"
        with self._woken[lane]:
            (self._small if lane == "small" else self._big).append(waiting)
            if lane == "small":
                self._idle.clear()
            self._woken[lane].notify()

    def _answer_small(self) -> None:
        while True:
            with self._woken["small"]:
                while not self._small:
                    self._idle.set()
                    self._woken["small"].wait()
                some = [self._small.popleft() for _ in range(min(TOGETHER, len(self._small)))]
            try:
                self._answer_together(some)
            except Exception as fault:  # noqa: BLE001 - the queue goes on, whatever it was
                for waiting in some:
                    waiting.settle(fault)

    def _answer_together(self, some: list[_Waiting]) -> None:
        model = self._model()
        read: dict[bool, list[tuple[_Waiting, Rows]]] = {False: [], True: []}
        for waiting in some:
            try:
                rows = parse(waiting.body, explain=waiting.explain)
                check(rows, model)
                read[waiting.explain].append((waiting, rows))
            except Exception as fault:  # noqa: BLE001 - reported to its own client only
                waiting.settle(fault)
        for group in filter(None, read.values()):
            try:
                bodies: list[Any] = answers([rows for _, rows in group], model, _today(model))
            except Exception:  # noqa: BLE001 - one of them caused it: scoring each separately shows which
                bodies = [_alone(rows, model) for _, rows in group]
            for (waiting, _), body in zip(group, bodies, strict=True):
                waiting.settle(body)
            self._counted(len(group), sum(len(rows.given) for _, rows in group))

    def _answer_big(self) -> None:
        while True:
            with self._woken["big"]:
                while not self._big:
                    self._woken["big"].wait()
                waiting = self._big.popleft()
            try:
                waiting.settle(self._in_slices(waiting))
            except Exception as fault:  # noqa: BLE001 - reported to its own client only
                waiting.settle(fault)

    def _in_slices(self, waiting: _Waiting) -> bytes:
        self._let_pass(waiting)
        model = self._model()
        rows = parse(waiting.body, explain=waiting.explain)
        waiting.body = b""
        check(rows, model)
        today = _today(model)
        pieces: list[str] = []
        seen: list[Seen] = []
        for start in range(0, max(len(rows.given), 1), SLICE):
            self._let_pass(waiting)
            unread = {
                place - start: why
                for place, why in rows.unread.items()
                if start <= place < start + SLICE
            }
            piece = Rows(rows.given[start : start + SLICE], rows.explain, unread)
            (lines,), own = _lines([piece], model, today)
            pieces.append(", ".join(lines))
            seen += own
        self._counted(1, len(rows.given))
        return _body(rows, pieces, model, Seen.together(seen))

    def _let_pass(self, waiting: _Waiting) -> None:
        """Let small requests go first for a while; stop if nobody is waiting for this one."""
        if waiting.gone:
            raise Stopped
        self._idle.wait(_WAIT)


def _alone(rows: Rows, model: RiskModel) -> bytes | BaseException:
    try:
        return answers([rows], model, _today(model))[0]
    except Exception as fault:  # noqa: BLE001 - reported to its own client only
        return fault


def past_sunset(model: RiskModel, today: date) -> bool:
    """Whether a model is past the last day on which it may be used."""
    return today.isoformat() > str(model.info.get("sunset") or "9999")


def _today(model: RiskModel) -> date | None:
    """Today, if rows without a date must be refused because the model's life is over."""
    today = datetime.now(UTC).date()
    return today if past_sunset(model, today) else None
