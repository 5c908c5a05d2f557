"""The same answers over HTTP: ``/score``, ``/explain``, ``/catalogue``, ``/health``, ``/model``.

It listens on this machine alone unless told otherwise, takes so many rows and bytes and no more,
waits so long for a request and no longer, and names no file in what it answers.
"""

from __future__ import annotations

import ipaddress
import json
import threading
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from earlywarn._version import __version__
from earlywarn.errors import EarlyWarnError, ScoreError, UsageError, require
from earlywarn.indicators.catalogue import INDICATORS
from earlywarn.model.serialisation import load_model, model_file
from earlywarn.scoring.batch import score_batch
from earlywarn.serving.http_limits import PATIENCE, Fault, Limits, patient_protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from earlywarn.model.risk_model import RiskModel

LOOPBACK = "127.0.0.1"
MOST_ROWS = 10_000
EXAMPLE = {"la_code": "383", "as_of": "2024-06-30", "rereferrals": 31.0, "caseload": 16.0}


@dataclass
class Request:
    """Rows to be scored: columns by the catalogue's names, any others are sent back untouched."""

    rows: list[dict[str, Any]]


@dataclass
class Answer:
    """The rows in their order, each with its scores and its ``status``."""

    model_id: str
    rows: list[dict[str, Any]]


@dataclass
class Health:
    """Whether it answers, and with which model; ``warning`` says if a newer file was refused."""

    status: str
    version: str
    model_id: str
    warning: str = ""


class ModelFile:
    """A model read again when its file changes: whole requests see the old one or the new one.

    A new file that can't be trusted changes nothing but ``warning``.

    Parameters
    ----------
    path : path, optional
        A model folder or file; the model that ships if not given.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._seen = self._stamp()
        self._model = load_model(path)
        self.warning = ""

    def current(self) -> RiskModel:
        """The model as the file has it now, or the last one that could be read."""
        stamp = self._stamp()
        if stamp != self._seen:
            with self._lock:
                if stamp != self._seen:
                    self._read(stamp)
        return self._model

    def _read(self, stamp: tuple[int, ...]) -> None:
        try:
            self._model, self.warning = load_model(self._path), ""
        except EarlyWarnError as fault:
            self.warning = f"the model's file has changed and was refused: {fault.problem}"
        self._seen = stamp

    def _stamp(self) -> tuple[int, ...]:
        try:
            found = model_file(self._path).stat()
        except OSError:
            return ()
        return found.st_mtime_ns, found.st_size, found.st_ino


def create_app(model: str | Path | None = None, *, patience: float = PATIENCE) -> Any:
    """Make the service as an ASGI application.

    Parameters
    ----------
    model : path, optional
        A model folder or file; the model that ships if not given.
    patience : float
        Seconds that a client may take to send its request.

    Returns
    -------
    fastapi.FastAPI
        Its OpenAPI description is at ``/openapi.json``.

    Raises
    ------
    MissingExtraError
        If FastAPI is not installed.
    StoreError
        If the model can't be read.
    """
    fastapi = require("fastapi", extra="serve")
    models = ModelFile(model)
    app = fastapi.FastAPI(
        title="earlywarn", version=__version__, description=__doc__, docs_url=None, redoc_url=None
    )
    for path, call in (("/score", _scoring(models)), ("/explain", _scoring(models, explain=True))):
        app.add_api_route(
            path,
            call,
            methods=["POST"],
            name=path.strip("/"),
            response_model=Answer,
            responses={code: {"model": Fault} for code in (400, 408, 413, 422, 500, 503)},
            openapi_extra=_example({"rows": [EXAMPLE]}),
        )
    facts: tuple[tuple[str, Callable[[], Any], Any], ...] = (
        ("/catalogue", _catalogue, list[dict[str, Any]]),
        ("/health", _health(models), Health),
        ("/model", _account(models), dict[str, Any]),
    )
    for path, fact, record in facts:
        app.add_api_route(
            path,
            fact,
            methods=["GET"],
            name=path.strip("/"),
            response_model=record,
            responses={code: {"model": Fault} for code in (500, 503)},
        )
    _add_faults(app)
    app.add_middleware(Limits, patience=patience)
    return app


def serve(*, host: str = LOOPBACK, port: int = 8000, model: str | Path | None = None) -> None:
    """Answer until stopped.

    Raises
    ------
    UsageError
        If the port is none, or nothing can listen there.
    MissingExtraError
        If FastAPI or uvicorn is not installed.
    """
    if not 0 < port < 65_536:
        raise UsageError("not a port", where="--port", found=str(port), expected="1 to 65535")
    uvicorn = require("uvicorn", extra="serve")
    app = create_app(model)
    try:
        uvicorn.run(
            app,
            host=host,
            port=port,
            http=patient_protocol(),
            ws="none",
            log_level="info" if is_loopback(host) else "warning",
            timeout_keep_alive=5,
            server_header=False,
        )
    except SystemExit as stopped:
        raise UsageError(
            "nothing can listen there",
            where=f"{host}:{port}",
            remedy="Stop what listens there already, or choose another --port.",
        ) from stopped


def _example(body: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"content": {"application/json": {"example": body}}}}


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a service that listens there.

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("0.0.0.0")
    (True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _scoring(models: ModelFile, *, explain: bool = False) -> Callable[[Request], Any]:
    responses = require("fastapi.responses", extra="serve")

    def answer(request: Request) -> Any:
        if len(request.rows) > MOST_ROWS:
            raise ScoreError(
                "too many rows for one request",
                where="rows",
                found=f"{len(request.rows):,}",
                expected=f"at most {MOST_ROWS:,}",
                remedy="Send them in parts: a row's answer does not depend on the others.",
            )
        model = models.current()
        try:
            rows = _answered(request.rows, model, explain=explain)
            told = {"model_id": model.info.get("model_id", ""), "rows": rows}
            # As ASCII, since half of a surrogate pair, which JSON can hold, is no UTF-8.
            return responses.Response(json.dumps(told), media_type="application/json")
        except RecursionError as deep:
            raise ScoreError("a cell is nested too deeply", where="rows") from deep

    return answer


def _answered(
    rows: list[dict[str, Any]], model: RiskModel, *, explain: bool
) -> list[dict[str, Any]]:
    """Each row as it came, with what is said of it."""
    scored = score_batch(rows, model, explain=explain)
    added = scored.iloc[:, len({name: None for row in rows for name in row}) :]
    told = added.astype(object).where(added.notna(), None).to_dict("records")
    return [_plain({**row, **more}) for row, more in zip(rows, told, strict=True)]


def _plain(cell: Any) -> Any:
    """What JSON can hold: NaN and infinities, which it can't, are nothing."""
    if isinstance(cell, dict):
        return {name: _plain(value) for name, value in cell.items()}
    if isinstance(cell, list):
        return [_plain(value) for value in cell]
    return None if isinstance(cell, float) and not abs(cell) < float("inf") else cell


def _catalogue() -> list[dict[str, Any]]:
    return [asdict(record) for record in INDICATORS]


def _health(models: ModelFile) -> Callable[[], Health]:
    def answer() -> Health:
        model_id = models.current().info.get("model_id", "")
        return Health("ok", __version__, model_id, models.warning)

    return answer


def _account(models: ModelFile) -> Callable[[], dict[str, Any]]:
    def answer() -> dict[str, Any]:
        model = models.current()
        return {"columns": list(model.columns), **model.info}

    return answer


def _add_faults(app: Any) -> None:
    """Answer every fault in one form."""
    responses = require("fastapi.responses", extra="serve")
    exceptions = require("fastapi.exceptions", extra="serve")
    http = require("starlette.exceptions", extra="serve")

    async def ours(_: Any, fault: EarlyWarnError) -> Any:
        return responses.JSONResponse(fault.as_dict(), 422)

    async def malformed(_: Any, fault: Any) -> Any:
        first = fault.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        told = Fault(str(first["msg"]), where, "", '{"rows": [{"caseload": 16.0}, ...]}')
        return responses.JSONResponse(asdict(told), 422)

    async def other(_: Any, fault: Any) -> Any:
        told = asdict(Fault(str(fault.detail)))
        return responses.JSONResponse(told, fault.status_code, fault.headers)

    async def unforeseen(_: Any, __: Exception) -> Any:
        told = Fault("a fault of the service, not of the request", remedy="Its log says more.")
        return responses.JSONResponse(asdict(told), 500)

    app.add_exception_handler(EarlyWarnError, ours)
    app.add_exception_handler(exceptions.RequestValidationError, malformed)
    app.add_exception_handler(http.HTTPException, other)
    app.add_exception_handler(Exception, unforeseen)
