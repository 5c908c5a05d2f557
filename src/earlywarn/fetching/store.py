"""The folder in which published files are kept unchanged, and its manifest.

Each file is in a folder named after its publication date, ``YYYY-MM-DD/FILE``. The manifest is
written after the file it names, each completely or not at all: what an interrupted run left without
an entry is downloaded again.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from earlywarn.errors import FetchError
from earlywarn.sources.calendar import RELEASE_COLUMNS, shipped_calendar
from earlywarn.utils.files import check_folder, write_whole
from earlywarn.utils.locks import owned
from earlywarn.utils.parts import sweep

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MANIFEST = "manifest.json"
FORMAT = 1
WORK = ".fetching"
"""Unfinished files; emptied when the next run begins."""
ARCHIVES = ".releases"
"""Whole releases, unchanged: hidden from the reader, which reads the tables next to them."""
SUPERSEDED = ".superseded"
"""Versions that were replaced by another on the same day."""


@dataclass
class Fetching:
    """The result of a run.

    Attributes
    ----------
    new : list of dict
        An entry for each file that was downloaded, or would be in a dry run.
    kept : int
        Files that were there already.
    notes, failed : list of str
        Notes for the user; what could not be downloaded.
    """

    new: list[dict[str, Any]] = field(default_factory=list)
    kept: int = 0
    notes: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


@dataclass
class Store:
    """Files downloaded before, by what they are."""

    folder: Path
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    passed_over: dict[str, str] = field(default_factory=dict)

    @classmethod
    def at(cls, folder: Path) -> Store:
        """Open the store in a folder; empty if there is none."""
        place = folder / MANIFEST
        if not place.is_file():
            return cls(folder)
        try:
            document = json.loads(place.read_text(encoding="utf-8"))
            ours = document["format"] == FORMAT
            files = {item["key"]: item for item in document["files"]}
            passed = {str(key): str(why) for key, why in document["passed_over"].items()}
            for item in files.values():
                _ = item["file"], item["bytes"], item["sha256"], item["published"]
        except (ValueError, KeyError, TypeError, AttributeError):
            ours = False
        if not ours:
            raise FetchError(
                "not a manifest of fetched files",
                where=str(place),
                remedy="Choose another folder, or delete the file: everything is then fetched "
                "again.",
            )
        return cls(folder, files, passed)

    def has(self, key: str) -> bool:
        """Whether a file was downloaded and is unchanged, by its digest.

        The digest also detects damage by a power cut, so that nothing has to wait for the disk.
        """
        entry = self.files.get(key)
        if entry is None:
            return False
        return all(
            _is(self.folder / part["file"], part) for part in (entry, *entry.get("members", ()))
        )

    @contextmanager
    def writing(self) -> Iterator[Path]:
        """Write exclusively, with a folder for unfinished files."""
        check_folder(self.folder, make=True, fault=FetchError)
        self.folder.mkdir(parents=True, exist_ok=True)
        work = self.folder / WORK
        with owned(self.folder / ".fetching.lock"):
            work.mkdir(exist_ok=True)
            self._clear(work)
            sweep(self.folder)
            try:
                yield work
            finally:
                self._clear(work)
                work.rmdir()

    def _clear(self, work: Path) -> None:
        for part in work.iterdir():
            part.unlink()

    def keep(self, part: Path, name: str) -> None:
        """Move a finished file to its place."""
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        part.chmod(0o644)
        part.replace(target)

    def add(self, entry: dict[str, Any]) -> None:
        """Record a file that is in its place."""
        self.files[entry["key"]] = entry
        self.save()

    def save(self) -> None:
        """Write the manifest, and the dates of releases that the shipped calendar lacks."""
        document = {
            "format": FORMAT,
            "files": sorted(self.files.values(), key=lambda item: (item["published"], item["key"])),
            "passed_over": dict(sorted(self.passed_over.items())),
        }
        text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
        releases = releases_text(list(self.files.values()))
        if releases:
            write_whole(self.folder / "releases.csv", releases, durable=False)
        write_whole(self.folder / MANIFEST, text, durable=False)


def _is(file: Path, entry: dict[str, Any]) -> bool:
    if not file.is_file() or file.stat().st_size != entry["bytes"]:
        return False
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return digest == str(entry["sha256"])


def releases_text(entries: list[dict[str, Any]]) -> str:
    """The release calendar's rows for periods that the shipped one does not have."""
    calendar = shipped_calendar()
    first: dict[tuple[str, int], tuple[str, str]] = {}
    for entry in entries:
        for table in [entry, *entry.get("members", ())]:
            series = table.get("series") or ""
            for year in table.get("periods", ()) if series else ():
                if not calendar.knows(series, year) and 2000 <= year < 2100:
                    when = (entry["published"], entry["published_from"])
                    first[series, year] = min(first.get((series, year), when), when)
    if not first:
        return ""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(RELEASE_COLUMNS)
    for (series, year), (day, evidence) in sorted(first.items()):
        exact = "assumed" if evidence.startswith("assumed") else "day"
        writer.writerow([series, year, "", day, exact, evidence])
    return stream.getvalue()


def file_name(title: str, mark: str) -> str:
    """Return a plain file name from a title and a distinguishing suffix.

    Examples
    --------
    >>> file_name("C1: Referrals & re-referrals", "v2.0-1a2b")
    'c1-referrals-re-referrals-v2.0-1a2b.csv'
    """
    stem = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60].rstrip("-")
    return f"{stem or 'table'}-{re.sub(r'[^A-Za-z0-9.]+', '-', mark)}.csv"
