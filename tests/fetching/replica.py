"""A replica of the official services on the loopback address, with every fault to order.

One server answers for the API (``/api``), the site (``/site``) and the content (``/content``).
"""

from __future__ import annotations

import gzip
import io
import json
import re
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Fault = Callable[[BaseHTTPRequestHandler, bytes], bool]
"""Answers in place of the server and gives True, or leaves it to the server."""


@dataclass
class Version:
    number: str
    published: str
    csv: bytes
    status: str = "Published"
    forbidden: bool = False


@dataclass
class DataSet:
    id: str
    title: str
    versions: list[Version]
    status: str = "Published"
    levels: tuple[str, ...] = ("National", "Regional", "Local authority")


@dataclass
class Replica:
    publications: dict[str, tuple[str, str, list[DataSet]]] = field(default_factory=dict)
    """Title, slug and data sets, by identifier."""
    releases: dict[tuple[str, int], tuple[str, str | None, dict[str, bytes]]] = field(
        default_factory=dict
    )
    """Release identifier, day and members of the zip, by slug and year."""
    other: dict[str, bytes] = field(default_factory=dict)
    etag: str = ""
    faults: list[tuple[str, Fault]] = field(default_factory=list)
    """A pattern of path and query, and the fault for the next request that matches it."""
    asked: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def addresses(self) -> dict[str, str]:
        return {name: f"{self.url}/{name}" for name in ("api", "site", "content")}

    def data_set(self, name: str) -> DataSet:
        every = (d for _, _, sets in self.publications.values() for d in sets)
        return next(d for d in every if d.id == name)

    def files_asked(self) -> list[str]:
        return [path for path in self.asked if "/csv" in path or "/files" in path]


@contextmanager
def serving(replica: Replica) -> Iterator[Replica]:
    class Handler(_Handler):
        service = replica

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    replica.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield replica
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    service: Replica

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        service = self.service
        with service.lock:
            service.asked.append(self.path)
            service.agents.add(self.headers.get("User-Agent", ""))
            found = [item for item in service.faults if re.search(item[0], self.path)][:1]
            for item in found:
                service.faults.remove(item)
        status, body, kind = self._answer()
        if found and found[0][1](self, body):
            return
        self.send(status, body, kind)

    def send(self, status: int, body: bytes, kind: str = "application/json", **more: str) -> None:
        packed = kind in {"application/json", "text/csv"} and status == 200
        body = gzip.compress(body) if packed else body
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if packed:
            self.send_header("Content-Encoding", "gzip")
        for name, value in more.items():
            self.send_header(name.replace("_", "-"), value)
        if self.service.etag and kind == "application/octet-stream":
            self.send_header("ETag", self.service.etag)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _answer(self) -> tuple[int, bytes, str]:  # noqa: C901, PLR0911 - a route a line
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        match parts.path.strip("/").split("/"):
            case ["api", "publications"]:
                rows = [
                    {"id": name, "slug": slug, "title": title, "summary": "", "lastPublished": ""}
                    for name, (title, slug, _) in self.service.publications.items()
                ]
                return _page(rows, query)
            case ["api", "publications", name, "data-sets"]:
                sets = self.service.publications[name][2]
                return _page([_summary(item) for item in sets], query)
            case ["api", "data-sets", name, "versions"]:
                versions = self.service.data_set(name).versions[::-1]
                return _page([_version(version) for version in versions], query)
            case ["api", "data-sets", name, "csv"]:
                return self._csv(name, query["dataSetVersion"])
            case ["site", "find-statistics", slug, year]:
                return self._page_of(slug, year)
            case ["content", "api", "releases", name, "files"]:
                for release, _, members in self.service.releases.values():
                    if release == name:
                        return 200, zipped(members), "application/zip"
            case ["other", name] if name in self.service.other:
                if self.service.etag and self.headers.get("If-None-Match") == self.service.etag:
                    return 304, b"", "text/plain"
                return 200, self.service.other[name], "application/octet-stream"
        return _problem(404, "Not found")

    def _csv(self, name: str, number: str) -> tuple[int, bytes, str]:
        for version in self.service.data_set(name).versions:
            if version.number == number:
                if version.forbidden or version.status == "Withdrawn":
                    return _problem(403, "Forbidden")
                return 200, version.csv, "text/csv"
        return _problem(404, "Not found")

    def _page_of(self, slug: str, year: str) -> tuple[int, bytes, str]:
        found = self.service.releases.get((slug, int(year)))
        if found is None:
            return 404, b"<html>Page not found</html>", "text/html"
        summary = {"id": found[0]} | ({"published": found[1]} if found[1] else {})
        block = json.dumps({"props": {"pageProps": {"releaseVersionSummary": summary}}})
        text = f'<html><script id="__NEXT_DATA__" type="application/json">{block}</script></html>'
        return 200, text.encode(), "text/html"


def zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(zipfile.ZipInfo(name), content)
    return stream.getvalue()


def _page(rows: list[dict[str, Any]], query: dict[str, str]) -> tuple[int, bytes, str]:
    page, size = int(query.get("page", 1)), int(query.get("pageSize", 10))
    if size > 20:
        return _problem(400, "pageSize must be at most 20")
    pages = -(-len(rows) // size)
    paging = {"page": page, "pageSize": size, "totalPages": pages, "totalResults": len(rows)}
    body = {"paging": paging, "results": rows[(page - 1) * size : page * size]}
    return 200, json.dumps(body).encode(), "application/json"


def _problem(status: int, title: str) -> tuple[int, bytes, str]:
    body = {"title": title, "type": "about:blank", "status": status, "errors": []}
    return status, json.dumps(body).encode(), "application/problem+json"


def _summary(item: DataSet) -> dict[str, Any]:
    newest = item.versions[-1]
    latest = {"version": newest.number, "published": newest.published}
    latest |= {"geographicLevels": list(item.levels), "file": {"id": f"file-{item.id}"}}
    return {"id": item.id, "title": item.title, "status": item.status, "latestVersion": latest}


def _version(version: Version) -> dict[str, Any]:
    return {
        "version": version.number,
        "type": "Major",
        "status": version.status,
        "published": version.published,
        "notes": "",
        "totalResults": version.csv.count(b"\n") - 1,
        "file": {"id": "f"},
        "release": {"title": "A release", "slug": "r"},
    }


# -- faults


def status(code: int, **headers: str) -> Fault:
    def fault(handler: Any, _: bytes) -> bool:
        handler.send(code, b'{"title": "To order"}', "application/problem+json", **headers)
        return True

    return fault


def cut(handler: Any, body: bytes) -> bool:
    """The connection ends in the middle of what was announced."""
    packed = gzip.compress(body)
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", str(len(packed)))
    handler.end_headers()
    handler.wfile.write(packed[: len(packed) // 2])
    handler.close_connection = True
    return True


def wrong_length(handler: Any, body: bytes) -> bool:
    """Fewer bytes are announced than a whole file has."""
    packed = gzip.compress(body)
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", str(len(packed) - 7))
    handler.end_headers()
    handler.wfile.write(packed[:-7])
    handler.close_connection = True
    return True


def cut_in_silence(handler: Any, body: bytes) -> bool:
    """The connection ends early, and nothing was announced by which that could be seen."""
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(body[: body.rindex(b",")])
    handler.close_connection = True
    return True


def plain(content: bytes) -> Fault:
    def fault(handler: Any, _: bytes) -> bool:
        handler.send(200, content, "text/html")
        return True

    return fault
