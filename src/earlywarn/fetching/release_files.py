"""Tables that are not in the API: the files of a whole release, found through its page."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
import zipfile
import zlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from earlywarn.errors import FetchError
from earlywarn.fetching.http import GoneError
from earlywarn.fetching.wanted import Recognised, recognised

if TYPE_CHECKING:
    from earlywarn.fetching.http import Client

SITE = "https://explore-education-statistics.service.gov.uk"
CONTENT = "https://content.explore-education-statistics.service.gov.uk"
MOST_MEMBERS = 2000
_BLOCK = re.compile(
    r"<script[^>]*\bid=[\"']__NEXT_DATA__[\"'][^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE
)


class Release(NamedTuple):
    """A release as named on its page; no date if the page has none."""

    id: str
    page: str
    published: date | None


class Member(NamedTuple):
    """A table of a release's files, unpacked."""

    name: str
    path: Path
    size: int
    sha256: str
    what: Recognised


@dataclass(frozen=True)
class ReleaseFiles:
    """The pages and the files of releases, at their addresses."""

    client: Client
    site: str = SITE
    content: str = CONTENT

    def release(self, slug: str, year: int) -> Release | None:
        """The release of a year, or None if there is no such page.

        Raises
        ------
        FetchError
            If the page does not name its release.
        """
        page = f"{self.site}/find-statistics/{quote(slug)}/{year}"
        try:
            text = self.client.text(page)
        except GoneError:
            return None
        summary = _summary(text, page)
        name = summary.get("id")
        if not isinstance(name, str) or not name:
            raise _unlike(page, "its releaseVersionSummary has no id")
        day = None
        with suppress(ValueError):
            day = date.fromisoformat(str(summary.get("published", ""))[:10])
        return Release(name, page, day)

    def address(self, release: Release) -> str:
        """Where the files of a release are."""
        return f"{self.content}/api/releases/{quote(release.id)}/files"


def _summary(text: str, page: str) -> dict[str, Any]:
    """A page's description of its release, from its JSON block."""
    block = _BLOCK.search(text)
    if block is None:
        raise _unlike(page, "no block __NEXT_DATA__ in the page")
    try:
        found = json.loads(block.group(1))
        for name in ("props", "pageProps", "releaseVersionSummary"):
            found = found[name]
    except (ValueError, KeyError, TypeError):
        raise _unlike(page, "no props.pageProps.releaseVersionSummary in the block") from None
    if not isinstance(found, dict):
        raise _unlike(page, "a releaseVersionSummary of another form")
    return found


def not_a_zip(file: Path) -> str:
    """Why a file is not a complete zip; empty if it is."""
    return "" if zipfile.is_zipfile(file) else "not a whole zip file"


def tables_in(archive: Path, folder: Path, *, limit: int, where: str) -> list[Member]:
    """Unpack the tables that are used: only ``data/*.csv`` recognised by their columns.

    Raises
    ------
    FetchError
        If there are too many members, or they are too large, or damaged.
    """
    kept: list[Member] = []
    room = limit
    try:
        with zipfile.ZipFile(archive) as packed:
            members = packed.infolist()
            if len(members) > MOST_MEMBERS:
                raise FetchError(
                    "too many files in a release", where=where, found=str(len(members))
                )
            for member in members:
                if not re.fullmatch(r"data/[^/\\:]+\.csv", member.filename, re.IGNORECASE):
                    continue
                with packed.open(member) as stream:
                    header = stream.readline(1 << 20).decode("utf-8-sig", "replace").strip()
                what = recognised(header, f"{where}, {member.filename}")
                if what.table:
                    kept.append(_unpacked(packed, member, folder, room, what, where))
                    room -= kept[-1].size
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError) as error:
        raise FetchError("a damaged release file", where=where, found=str(error)) from error
    return kept


def _unpacked(
    packed: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    folder: Path,
    room: int,
    what: Recognised,
    where: str,
) -> Member:
    handle, name = tempfile.mkstemp(dir=folder, suffix=".part")
    digest, size = hashlib.sha256(), 0
    with os.fdopen(handle, "wb") as out, packed.open(member) as stream:
        while piece := stream.read(1 << 16):
            size += len(piece)
            if size > room:
                raise FetchError(
                    "a release that is too large when unpacked",
                    where=f"{where}, {member.filename}",
                    remedy="Raise the limit (--size-limit, in megabytes) if it is right.",
                )
            out.write(piece)
            digest.update(piece)
    return Member(Path(member.filename).name, Path(name), size, digest.hexdigest(), what)


def _unlike(page: str, found: str) -> FetchError:
    return FetchError(
        "the page does not name its release where it did",
        where=page,
        found=found,
        remedy="The site may have changed: see whether there is a newer earlywarn.",
    )
