"""The service and Dask, loaded once for all tests of this folder."""

from __future__ import annotations

import asyncio
import json
import warnings
from functools import cache
from typing import Any

from tests.helpers.extras import needed

from earlywarn.serving.http_app import create_app


def dask_frames() -> Any:
    """Dask's frames; it warns as it is loaded."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return needed("dask.dataframe", "Dask is not installed")


@cache
def service() -> Any:
    """The service's application."""
    needed("httpx", "the service is asked with httpx")
    needed("fastapi", "FastAPI is not installed")
    return create_app()


def asked(app: Any, *parts: list[dict[str, Any]], path: str = "/score") -> list[dict[str, Any]]:
    """Send rows in requests of some each, and give the rows of the answers."""
    httpx = needed("httpx", "the service is asked with httpx")

    async def ask() -> list[dict[str, Any]]:
        transport = httpx.ASGITransport(app=app)
        answers: list[dict[str, Any]] = []
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            for rows in parts:
                # Infinities are no JSON; the service takes them as Python's own writer has them.
                answer = await client.post(
                    path,
                    content=json.dumps({"rows": rows}),
                    headers={"content-type": "application/json"},
                )
                assert answer.status_code == 200, answer.text[:300]
                answers += answer.json()["rows"]
        return answers

    return asyncio.run(ask())
