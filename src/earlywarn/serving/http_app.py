"""The same answers over HTTP: rows scored and explained, the published authorities, and its health.

It listens on this machine alone unless you say otherwise, limits the rows, cells and bytes of a
request and the wait for it, and names no file in what it answers.
"""

from __future__ import annotations

import functools
import ipaddress
import json
import logging
import os
import socket
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from earlywarn._version import __version__
from earlywarn.errors import EarlyWarnError, UsageError, require
from earlywarn.indicators.catalogue import INDICATORS
from earlywarn.scoring.preprocessing import known_columns
from earlywarn.serving.http_front import LOG, Front, Metrics
from earlywarn.serving.http_limits import PATIENCE, Fault, Limits, patient_protocol
from earlywarn.serving.http_models import Country, ModelFile, out_of_date
from earlywarn.serving.http_scoring import MOST_ROWS, Scorer, Stopped, past_sunset
from earlywarn.utils.arguments import of_kind, whole_number
from earlywarn.utils.paths import as_path
from earlywarn.utils.workers import end_with

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LOOPBACK = "127.0.0.1"
MOST_WORKERS = 64
OWN_ADDRESS = "an address or a name of this machine"
SETTINGS = "EARLYWARN_SERVICE"
"""Where the processes of a service with several workers find its settings."""
TOKEN = "EARLYWARN_TOKEN"  # noqa: S105 - the name of a variable
"""The variable with the token that clients must send: not the command line, which all can see."""
EXAMPLE = {"la_code": "383", "as_of": "2024-06-30", "rereferrals": 31.0, "caseload": 16.0}
OPTIONS: dict[str, frozenset[str]] = {
    **dict.fromkeys(("/score", "/explain", "/catalogue", "/model"), frozenset()),
    **dict.fromkeys(("/health", "/live", "/ready", "/metrics", "/openapi.json"), frozenset()),
    **dict.fromkeys(("/authorities", "/authorities/{code}"), frozenset({"as_of"})),
    "/compare": frozenset({"authority", "group", "as_of"}),
}


@dataclass
class Answer:
    """The rows in their order, each with its scores and its ``status``.

    ``doubts`` is there if anything in the rows looks like a mistake: what ``score_batch`` warns of.
    """

    model_id: str
    rows: list[dict[str, Any]]
    doubts: list[str] = field(default_factory=list)


@dataclass
class Health:
    """Whether its answers may be relied on today, with which model, and sources up to when.

    ``status`` is ``ok`` or ``out of date``; ``warning`` says why, or that a newer model's file was
    refused.
    """

    status: str
    version: str
    model_id: str
    model_until: str
    figures_through: str
    judgements_through: str
    sources: list[dict[str, Any]]
    warning: str = ""


@dataclass
class State:
    """What a probe asks."""

    status: str


@dataclass
class Account:
    """One authority's row of ``score``, and its rows of ``explain``."""

    score: dict[str, Any]
    explanation: list[dict[str, Any]]


def create_app(
    model: str | Path | None = None,
    *,
    panel: str | Path | None = None,
    patience: float = PATIENCE,
    token: str = "",
) -> Any:
    """Create the service as an ASGI application.

    Parameters
    ----------
    model : path, optional
        A model folder or file. Default: the model that ships with the package.
    panel : path, optional
        A panel folder, for the answers about authorities. Default: the panel that ships with the
        package.
    patience : float
        Seconds that a client may take to send its request.
    token : str
        What a client must send in ``Authorization: Bearer``; nothing if empty.

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
    models, metrics = ModelFile(model), Metrics()
    country = Country(models, panel)
    app = fastapi.FastAPI(
        title="earlywarn",
        version=__version__,
        description=__doc__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # A redirect would go to any host that the client named.
    )
    scorer = Scorer(models.current, metrics.scored)
    for path in ("/score", "/explain"):
        app.add_api_route(
            path,
            _scoring(scorer, explain=path == "/explain"),
            methods=["POST"],
            name=path.strip("/"),
            response_model=Answer,
            responses={code: {"model": Fault} for code in (400, 401, 408, 413, 415, 422, 500, 503)},
            openapi_extra=_body(),
        )
    _add_facts(app, models, country, metrics)
    _add_faults(app)
    app.openapi = functools.partial(_described, app, app.openapi)
    app.add_middleware(Limits, patience=patience)
    app.add_middleware(Front, metrics=metrics, options=OPTIONS, token=token)
    return app


def _add_facts(app: Any, models: ModelFile, country: Country, metrics: Metrics) -> None:
    """Add the routes that use GET."""
    plain = require("fastapi.responses", extra="serve").PlainTextResponse
    ready = {503: {"model": State}}
    facts: tuple[tuple[str, Callable[..., Any], Any, dict[int, Any]], ...] = (
        ("/catalogue", _catalogue, list[dict[str, Any]], {}),
        ("/health", _health(models, country), Health, {}),
        ("/live", _live, State, {}),
        ("/ready", _ready(models), State, ready),
        ("/model", _account(models, country), dict[str, Any], {}),
        ("/authorities", country.scores, list[dict[str, Any]], {422: {"model": Fault}}),
        ("/authorities/{code}", country.account, Account, {422: {"model": Fault}}),
        ("/compare", country.compare, list[dict[str, Any]], {422: {"model": Fault}}),
    )
    for path, fact, record, more in facts:
        app.add_api_route(
            path,
            fact,
            methods=["GET"],
            name=path.strip("/").partition("/{")[0] + ("_one" if "{" in path else ""),
            response_model=record,
            responses={code: {"model": Fault} for code in (401, 500, 503)} | more,
        )
    app.add_api_route(
        "/metrics", metrics.text, methods=["GET"], response_class=plain, name="metrics"
    )


def serve(
    *,
    host: str = LOOPBACK,
    port: int = 8000,
    model: str | Path | None = None,
    panel: str | Path | None = None,
    workers: int = 1,
    log_json: bool = False,
) -> None:
    """Run the HTTP service until stopped.

    Parameters
    ----------
    host, port : str, int
        The address and port to listen on.
    model, panel : path, optional
        Default: the ones that ship with the package.
    workers : int
        Number of processes that answer requests.
    log_json : bool
        Whether the log has only one line of JSON for each request. Without it the log shows where
        the service listens and, only if that is this machine alone, each request with its client.

    Raises
    ------
    UsageError
        If the port is not valid, nothing can listen there, or there are no workers.
    MissingExtraError
        If FastAPI or uvicorn is not installed.

    Notes
    -----
    If the environment variable ``EARLYWARN_TOKEN`` is set, clients must send it.
    """
    port = whole_number(port, "--port", least=1, most=65_535, problem="not a port")
    processes = "not a number of processes"
    workers = whole_number(workers, "--workers", least=1, most=MOST_WORKERS, problem=processes)
    _check_host(of_kind(host, str, "--host", expected=OWN_ADDRESS))
    uvicorn = require("uvicorn", extra="serve")
    places = {"model": _path_text(model, "model"), "panel": _path_text(panel, "panel")}
    settings = {**places, "log": log_json}
    app = _started(settings)
    several = workers > 1
    os.environ[SETTINGS] = json.dumps(settings)
    try:
        uvicorn.run(
            "earlywarn.serving.http_app:from_environment" if several else app,
            factory=several,
            workers=workers if several else None,
            host=host,
            port=port,
            http="earlywarn.serving.http_limits:Patient" if several else patient_protocol(),
            ws="none",
            log_level="warning" if log_json else "info",
            access_log=is_loopback(host) and not log_json,
            timeout_keep_alive=5,
            server_header=False,
        )
    except KeyboardInterrupt:
        return  # Being stopped is the normal end of a service.
    except SystemExit as stopped:
        raise UsageError(
            "nothing can listen there",
            where=f"{host}:{port}",
            remedy="Stop what listens there already, or choose another --port.",
        ) from stopped


def _check_host(host: str) -> None:
    try:
        socket.getaddrinfo(host, None)
    except (OSError, UnicodeError) as error:
        raise UsageError(
            "no address is known by this name", where="--host", found=host, expected=OWN_ADDRESS
        ) from error


def _path_text(path: str | Path | None, what: str) -> str | None:
    return None if path is None else str(as_path(path, what))


def from_environment() -> Any:
    """Create the application in a worker process, which ends with the one that started it."""
    end_with(os.getppid())
    return _started(json.loads(os.environ[SETTINGS]))


def _started(settings: dict[str, Any]) -> Any:
    if settings["log"]:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(message)s"))
        LOG.addHandler(handler)
        LOG.setLevel(logging.INFO)
    token = os.environ.get(TOKEN, "")
    return create_app(settings["model"], panel=settings["panel"], token=token)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a service that listens at an address.

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("0.0.0.0")
    (True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _scoring(scorer: Scorer, *, explain: bool) -> Callable[..., Any]:
    fastapi = require("fastapi", extra="serve")
    responses = require("fastapi.responses", extra="serve")

    async def answer(request: Any) -> Any:
        kind = request.headers.get("content-type", "application/json").partition(";")[0]
        if kind.strip().lower() != "application/json":
            raise fastapi.HTTPException(415, "the body is not declared as application/json")
        body = await request.body()

        async def gone() -> None:
            while (await request.receive())["type"] != "http.disconnect":
                pass

        try:
            said = await scorer.answer(body, explain=explain, gone=gone)
        except Stopped:
            return responses.Response(status_code=503)
        return responses.Response(said, media_type="application/json")

    answer.__annotations__["request"] = fastapi.Request
    return answer


def _body() -> dict[str, Any]:
    content = {
        "schema": {"$ref": "#/components/schemas/Request"},
        "example": {"rows": [EXAMPLE]},
    }
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def _described(app: Any, plain: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The OpenAPI description, with the fields of a row as in the catalogue."""
    description = plain()
    title = {record.id: f"{record.title} ({record.unit})" for record in INDICATORS}
    cell = {"anyOf": [{"type": kind} for kind in ("number", "string", "boolean", "null")]}
    title |= {"la_code": "Authority", "as_of": "Day", "la_name": "Where la_code is empty"}
    columns = {
        name: {**cell, "title": title[name]} if name in title else cell
        for name in ("la_code", "la_name", "as_of", *sorted(known_columns()))
    }
    rows = {"type": "array", "items": {"$ref": "#/components/schemas/Row"}, "maxItems": MOST_ROWS}
    description["components"]["schemas"] |= {
        "Row": {"type": "object", "properties": columns, "additionalProperties": True},
        "Request": {
            "type": "object",
            "properties": {"rows": rows},
            "required": ["rows"],
            "additionalProperties": False,
            "description": "Rows to be scored; columns of other names are sent back untouched.",
        },
    }
    app.openapi_schema = description
    return description


def _catalogue() -> list[dict[str, Any]]:
    return [asdict(record) for record in INDICATORS]


def _live() -> State:
    return State("ok")


def _ready(models: ModelFile) -> Callable[[], Any]:
    responses = require("fastapi.responses", extra="serve")

    def answer() -> Any:
        if past_sunset(models.current(), datetime.now(UTC).date()):
            return responses.JSONResponse({"status": "the model is past its last day"}, 503)
        return State("ok")

    answer.__annotations__["return"] = Any
    return answer


def _health(models: ModelFile, country: Country) -> Callable[[], Health]:
    def answer() -> Health:
        model, sources = models.current(), country.sources()
        reasons = out_of_date(sources)
        days = {kind: _newest(sources, kind) for kind in ("figures", "judgements")}
        return Health(
            "out of date" if reasons else "ok",
            __version__,
            model.info.get("model_id", ""),
            model.info.get("sunset", ""),
            days["figures"],
            days["judgements"],
            sources,
            "; ".join([*reasons, *filter(None, [models.warning])]),
        )

    return answer


def _newest(sources: list[dict[str, Any]], kind: str) -> str:
    """The latest date of one kind of source; empty if unknown."""
    return max((one["through"] or "" for one in sources if one["kind"] == kind), default="")


def _account(models: ModelFile, country: Country) -> Callable[[], dict[str, Any]]:
    def answer() -> dict[str, Any]:
        model = models.current()
        return {"columns": list(model.columns), "sources": country.sources(), **model.info}

    return answer


def _add_faults(app: Any) -> None:
    """Answer every error in one form."""
    responses = require("fastapi.responses", extra="serve")
    exceptions = require("fastapi.exceptions", extra="serve")
    http = require("starlette.exceptions", extra="serve")

    async def ours(_: Any, fault: EarlyWarnError) -> Any:
        return responses.JSONResponse(fault.as_dict(), 422)

    async def malformed(_: Any, fault: Any) -> Any:
        first = fault.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        rows = '{"rows": [{"caseload": 16.0}, ...]}'
        expected = rows if first["loc"][0] == "body" else f"?{first['loc'][-1]}=..."
        answer = Fault(str(first["msg"]), where, "", expected)
        return responses.JSONResponse(asdict(answer), 422)

    async def other(_: Any, fault: Any) -> Any:
        answer = asdict(Fault(str(fault.detail)))
        return responses.JSONResponse(answer, fault.status_code, fault.headers)

    async def unforeseen(_: Any, __: Exception) -> Any:
        answer = Fault("an error in the service, not in the request", remedy="Its log says more.")
        return responses.JSONResponse(asdict(answer), 500)

    app.add_exception_handler(EarlyWarnError, ours)
    app.add_exception_handler(exceptions.RequestValidationError, malformed)
    app.add_exception_handler(http.HTTPException, other)
    app.add_exception_handler(Exception, unforeseen)
