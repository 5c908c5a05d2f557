"""Ofsted's yearly file, from a file or an address given by the user."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from earlywarn.errors import FetchError
from earlywarn.fetching.http import Fetched
from earlywarn.utils.paths import as_path

if TYPE_CHECKING:
    from datetime import date

    from earlywarn.fetching.http import Client
    from earlywarn.fetching.store import Fetching, Store

ENDINGS = (".ods", ".xlsx", ".csv")


def fetch_ofsted(
    client: Client,
    store: Store,
    work: Path | None,
    result: Fetching,
    today: date,
    text: str,
) -> None:
    """Copy or download the file that a user names into the folder ``ofsted``, if it is new."""
    name, remote = _name_of(text), _is_address(text)
    key = f"ofsted {text}"
    before = store.files.get(key) if store.has(key) else None
    entry: dict[str, Any] = {
        "key": key,
        "file": f"ofsted/{re.sub(r'[^A-Za-z0-9._-]+', '_', name).lstrip('.')}",
        "address": text,
        "publication": "Ofsted",
        "title": name,
        "version": "",
        "published": "",
        "published_from": "not known: the reports in it have their own days",
        "status": "Published",
        "table": "judgements",
        "series": "",
        "periods": [],
    }
    if work is None:
        result.kept += before is not None
        result.new += [] if before else [entry]
        return
    fetched = _remote(client, work, text, before) if remote else _local(work, Path(text))
    if fetched is None or (before and before["sha256"] == fetched.sha256):
        if fetched is not None:
            fetched.path.unlink()
        result.kept += 1
        return
    _refuse_other(fetched.path, name, text)
    entry |= {"bytes": fetched.size, "sha256": fetched.sha256, "state": fetched.state}
    entry["fetched"] = today.isoformat()
    store.keep(fetched.path, entry["file"])
    store.add(entry)
    result.new.append(entry)


def check_ofsted(source: str | Path) -> str:
    """Refuse what can't be Ofsted's file, before any download; return it as text.

    Raises
    ------
    FetchError
        If its name does not end like a table's, or there is no such file.
    """
    text = str(as_path(source, "ofsted", FetchError)) if not _is_address(source) else str(source)
    if Path(_name_of(text)).suffix.lower() not in ENDINGS:
        raise FetchError(
            "not the name of a file of judgements",
            where=text,
            expected=f"a name that ends in {', '.join(ENDINGS)}",
        )
    if not _is_address(text):
        _check_there(Path(text))
    return text


def _is_address(source: object) -> bool:
    given = isinstance(source, str)
    return given and re.match(r"https?://", str(source), re.IGNORECASE) is not None


def _name_of(text: str) -> str:
    return Path(unquote(urlsplit(text).path)).name if _is_address(text) else Path(text).name


def _check_there(file: Path) -> None:
    if not file.is_file():
        raise FetchError(
            "no such file", where=str(file), remedy="Give Ofsted's file as downloaded."
        )


def _remote(
    client: Client, work: Path, address: str, before: dict[str, Any] | None
) -> Fetched | None:
    """The file at an address; None if it has not changed.

    The service is asked whether it has changed. If it gave no mark of the file's state, the
    existing file is kept: published files of a year do not change at their address.
    """
    headers = {}
    if before is not None:
        state = before.get("state") or {}
        names = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
        headers = {names[name]: mark for name, mark in state.items() if name in names}
        if not headers:
            return None
    return client.file(address, work, headers=headers)


def _local(work: Path, source: Path) -> Fetched:
    _check_there(source)
    content = source.read_bytes()
    handle, name = tempfile.mkstemp(dir=work, suffix=".part")
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
    return Fetched(Path(name), len(content), hashlib.sha256(content).hexdigest(), {})


def _refuse_other(file: Path, name: str, where: str) -> None:
    """Refuse a web page, or an empty file, with the name of a table."""
    with file.open("rb") as stream:
        begins = stream.read(64)
    workbook = begins.startswith(b"PK")
    text = begins.lstrip(b"\xef\xbb\xbf \r\n\t")
    if workbook == name.lower().endswith((".ods", ".xlsx")) and text and not text.startswith(b"<"):
        return
    raise FetchError(
        "not the file that its name promises",
        where=where,
        found=f"a beginning of {begins[:20]!r}",
        expected="a workbook" if not name.lower().endswith(".csv") else "a table in text",
        remedy="Give the address of the file itself, not of the page that links to it.",
    )
