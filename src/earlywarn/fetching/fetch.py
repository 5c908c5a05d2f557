"""Download new files from the official services into a folder."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from earlywarn.errors import FetchError
from earlywarn.fetching.http import Client, GoneError, client
from earlywarn.fetching.ofsted import check_ofsted, fetch_ofsted
from earlywarn.fetching.release_files import CONTENT, SITE, ReleaseFiles, not_a_zip, tables_in
from earlywarn.fetching.service import API, Service, Version
from earlywarn.fetching.store import ARCHIVES, SUPERSEDED, Fetching, Store, file_name
from earlywarn.fetching.wanted import (
    PUBLICATIONS,
    Recognised,
    Wanted,
    not_whole,
    periods,
    recognised,
)
from earlywarn.sources.calendar import shipped_calendar
from earlywarn.utils.arguments import of_kind
from earlywarn.utils.files import written_to
from earlywarn.utils.paths import as_path
from earlywarn.utils.progress import Progress, progress_or_silent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from earlywarn.fetching.release_files import Member, Release
    from earlywarn.fetching.service import DataSet, Publication


@dataclass
class Run:
    """One run: the service, the folder, and what is wanted."""

    service: Service
    pages: ReleaseFiles
    store: Store
    work: Path | None
    """Where unfinished files go; None in a dry run, which downloads no file."""
    since: date | None
    today: date
    progress: Progress
    result: Fetching = field(default_factory=Fetching)

    @property
    def client(self) -> Client:
        """The HTTP client."""
        return self.service.client

    def everything(self, ofsted: str | None) -> Fetching:
        """Fetch all publications, then Ofsted's file; failures are reported at the end."""
        publications: list[Publication] = []
        self._attempt("the list of publications", lambda: publications.extend(self._published()))
        for wanted in PUBLICATIONS:
            named = [item for item in publications if wanted.is_called(item.title)]
            self._attempt(wanted.words, lambda w=wanted, n=named: self._publication(w, n))
        if ofsted is not None:
            given = (self.client, self.store, self.work, self.result, self.today)
            self._attempt("Ofsted's file", lambda: fetch_ofsted(*given, ofsted))
        return self.result

    def _published(self) -> list[Publication]:
        listed = self.service.publications()
        if not any(wanted.is_called(item.title) for wanted in PUBLICATIONS for item in listed):
            raise FetchError(
                "none of the publications is in the service by its title",
                where=self.service.api,
                found=f"{len(listed)} publications",
                expected=", ".join(wanted.words for wanted in PUBLICATIONS),
                remedy="See that the address is that of the service.",
            )
        return listed

    def _attempt(self, what: str, work: Any) -> None:
        try:
            work()
        except FetchError as fault:
            self.result.failed.append(f"{what}: {fault}")

    def _publication(self, wanted: Wanted, named: list[Publication]) -> None:
        newest: dict[str, int] = {}
        faults = []
        for publication in named:
            self.progress.say(f"Checking {publication.title}")
            for data_set in self.service.data_sets(publication):
                try:
                    table, year = self._data_set(publication, data_set)
                except FetchError as fault:
                    faults.append(f"{data_set.title}: {fault}")
                    continue
                if table:
                    newest[table] = max(year, newest.get(table, 0))
        self.result.failed += faults
        if not faults:
            self._releases(wanted, named, newest)

    def _releases(self, wanted: Wanted, named: list[Publication], newest: dict[str, int]) -> None:
        """Fetch files of what the API lacks: tables, earlier releases, and any after it stopped."""
        missing = tuple(table for table in wanted.tables if table not in newest)
        this = self.today.year
        if missing:
            self._files(wanted, named, missing, range(wanted.first_year, this + 1))
            if len(missing) == len(wanted.tables):
                return
        elif wanted.began_as_files:
            years = range(wanted.first_year, self._first_year(wanted.tables))
            self._files(wanted, named, wanted.tables, years)
        for table in wanted.tables:
            last = newest.get(table, this)
            try:
                self._files(wanted, named, (table,), range(last + 1, this + 1))
            except FetchError as fault:
                self.result.notes.append(
                    f"whether {table} has a later release is not known: {fault}"
                )

    # -- the API

    def _data_set(self, publication: Publication, data_set: DataSet) -> tuple[str, int]:
        """Fetch every wanted version of a data set; return its table and latest year."""
        levels = {level.lower() for level in data_set.levels}
        if levels and not any(level.startswith("local authorit") for level in levels):
            return "", 0
        versions = self.service.versions(data_set)
        self._note_withdrawn(data_set, versions)
        alive = [version for version in versions if version.status != "Withdrawn"]
        what = self._look(data_set, alive)
        if not what.table:
            return "", 0
        if what.doubt:
            self.result.notes.append(
                f"{data_set.title} is kept as it came but can't be read: {what.doubt}"
            )
        last_of_day = {version.published: version for version in alive}
        for version in alive:
            if self.since is None or version.published >= self.since:
                hidden = last_of_day[version.published] is not version
                self._version(publication, data_set, version, hidden=hidden)
        return what.table, self._newest_year(data_set)

    def _look(self, data_set: DataSet, versions: list[Version]) -> Recognised:
        """The table of a data set, recognised by the columns of its latest available version."""
        known = [
            entry for entry in self.store.files.values() if entry.get("data_set") == data_set.id
        ]
        if known:
            return Recognised(known[-1]["table"], known[-1]["series"])
        for version in reversed(versions):
            key = _key(data_set, version)
            if key in self.store.passed_over:
                return Recognised()
            address, query = self.service.csv(data_set, version)
            try:
                what = recognised(self.client.first_line(address, query), data_set.title)
            except GoneError:
                continue
            if not what.table and self.work is not None:
                self.store.passed_over[key] = f"{data_set.title}: no table that is read here"
                self.store.save()
            return what
        return Recognised()

    def _version(
        self, publication: Publication, data_set: DataSet, version: Version, *, hidden: bool
    ) -> None:
        key = _key(data_set, version)
        if self.store.has(key):
            self.result.kept += 1
            return
        address, query = self.service.csv(data_set, version)
        name = file_name(data_set.title, f"v{version.number}-{data_set.id[:8]}")
        place = f"{version.published.isoformat()}/{name}"
        entry: dict[str, Any] = {
            "key": key,
            "file": f"{SUPERSEDED}/{place}" if hidden else place,
            "address": f"{address}?dataSetVersion={version.number}",
            "publication": publication.title,
            "title": data_set.title,
            "data_set": data_set.id,
            "version": version.number,
            "release": version.release,
            "published": version.published.isoformat(),
            "published_from": "the data set's version",
            "status": version.status,
        }
        if self.work is None:
            self.result.new.append(entry)
            return
        self.progress.say(f"Fetching {data_set.title}, version {version.number}")
        try:
            fetched = self.client.file(address, self.work, query, whole=not_whole)
        except GoneError as fault:
            self.result.notes.append(f"{data_set.title} {version.number} is withdrawn: {fault}")
            return
        assert fetched is not None  # noqa: S101 - only a conditional request can end without a file
        what = _of_file(fetched.path, data_set.title)
        if what.doubt:
            self.result.notes.append(
                f"{data_set.title} {version.number} is kept as it came but can't be read: "
                f"{what.doubt}"
            )
        entry |= {"bytes": fetched.size, "sha256": fetched.sha256}
        entry |= {"table": what.table, "series": what.series}
        entry |= {"periods": list(periods(fetched.path)), "fetched": self.today.isoformat()}
        self.store.keep(fetched.path, entry["file"])
        self.store.add(entry)
        self.result.new.append(entry)

    def _note_withdrawn(self, data_set: DataSet, versions: list[Version]) -> None:
        for version in versions:
            entry = self.store.files.get(_key(data_set, version))
            if version.status == "Withdrawn" and entry and entry["status"] != "Withdrawn":
                self.result.notes.append(
                    f"{data_set.title} {version.number} was withdrawn after it was fetched; "
                    "the file is kept, as it was what was known"
                )
                if self.work is not None:
                    self.store.add(entry | {"status": "Withdrawn"})

    def _newest_year(self, data_set: DataSet) -> int:
        entries = (e for e in self.store.files.values() if e.get("data_set") == data_set.id)
        years = [year for entry in entries for year in entry["periods"]]
        return max(years, default=self.today.year)

    def _first_year(self, tables: tuple[str, ...]) -> int:
        """The latest year of the oldest version in the API."""
        entries = (e for e in self.store.files.values() if e["table"] in tables and "data_set" in e)
        return min((max(e["periods"]) for e in entries if e["periods"]), default=0)

    # -- files

    def _files(
        self, wanted: Wanted, named: list[Publication], tables: tuple[str, ...], years: range
    ) -> None:
        """Fetch the releases of some years, by their pages; a year without a page has none."""
        slugs = [slug for slug in (wanted.slug, *(item.slug for item in named)) if slug]
        if not slugs:
            self.result.notes.append(f"{wanted.words}: not in the service, and no page is known")
            return
        start = max(years.start, self.since.year - 1) if self.since else years.start
        for year in range(start, years.stop):
            pages = (self.pages.release(slug, year) for slug in dict.fromkeys(slugs))
            release = next((page for page in pages if page is not None), None)
            if release is not None:
                self._release(wanted, release, year, tables)
        known = {table for entry in self.store.files.values() for table in _tables(entry)}
        lacking = sorted(set(tables) - known)
        if lacking and self.work is not None:
            self.result.notes.append(
                f"{wanted.words}: {', '.join(lacking)} is neither in the service nor among the "
                f"files of the releases from {start} on"
            )

    def _release(
        self, wanted: Wanted, release: Release, year: int, tables: tuple[str, ...]
    ) -> None:
        key = f"release {release.id}"
        if self.store.has(key):
            self.result.kept += 1
            return
        day, day_from = self._day(wanted, release, year)
        if self.since is not None and day < self.since:
            return
        address = self.pages.address(release)
        entry: dict[str, Any] = {
            "key": key,
            "file": f"{ARCHIVES}/{day.isoformat()}-{release.id}.zip",
            "address": address,
            "publication": wanted.words,
            "title": f"{wanted.words}, {year}",
            "page": release.page,
            "version": release.id,
            "published": day.isoformat(),
            "published_from": day_from,
            "status": "Published",
        }
        if self.work is None:
            self.result.new.append(entry)
            return
        self.progress.say(f"Fetching the files for {wanted.words}, {year}")
        fetched = self.client.file(address, self.work, whole=not_a_zip)
        assert fetched is not None  # noqa: S101 - only a conditional request can end without a file
        found = tables_in(fetched.path, self.work, limit=self.client.size_limit, where=f"{address}")
        taken = [m for m in found if m.what.doubt or m.what.table in tables]
        entry |= {"bytes": fetched.size, "sha256": fetched.sha256, "table": "", "series": ""}
        entry |= {"periods": [], "fetched": self.today.isoformat()}
        self._keep_release(entry, fetched.path, taken)

    def _keep_release(self, entry: dict[str, Any], archive: Path, taken: list[Member]) -> None:
        if not taken:
            self.result.notes.append(f"{entry['title']}: no table in it is one that is read here")
        members = []
        for member in taken:
            if member.what.doubt:
                self.result.notes.append(
                    f"{entry['title']}, {member.name} is kept as it came but can't be read: "
                    f"{member.what.doubt}"
                )
            place = f"{entry['published']}/{member.name}"
            members.append(
                {
                    "file": place,
                    "bytes": member.size,
                    "sha256": member.sha256,
                    "table": member.what.table,
                    "series": member.what.series,
                    "periods": list(periods(member.path)),
                }
            )
            self.store.keep(member.path, place)
        self.store.keep(archive, entry["file"])
        self.store.add(entry | {"members": members})
        self.result.new.append(entry | {"members": members})

    def _day(self, wanted: Wanted, release: Release, year: int) -> tuple[date, str]:
        """When a release was published, by its page or else by the release calendar."""
        if release.published is not None:
            return release.published, "the release's page"
        series = {"CSWW": "csww", "CLA": "cla"}.get(wanted.tables[0], "cin")
        day, assumed = shipped_calendar().release(series, year)
        return day, "assumed by rule" if assumed else "the release calendar"


def fetch_published(  # noqa: PLR0913 - every address and limit, by name
    out: str | Path,
    *,
    since: date | None = None,
    dry_run: bool = False,
    api: str = API,
    site: str = SITE,
    content: str = CONTENT,
    ofsted: str | Path | None = None,
    time_limit: float = 900.0,
    size_limit: int = 1 << 30,
    pause: Callable[[float], None] = time.sleep,
    today: date | None = None,
    progress: Progress | None = None,
) -> Fetching:
    """Download new files from the official services into a folder.

    Parameters
    ----------
    out : str or Path
        The folder; created if missing.
    since : date, optional
        Only what was published on or after this date.
    dry_run : bool
        Whether only to look: no file is downloaded and nothing is written.
    api, site, content : str
        The addresses of the services.
    ofsted : str or Path, optional
        A file or an address of Ofsted's yearly workbook.
    time_limit : float
        Seconds that one response may take.
    size_limit : int
        The most bytes in one response, compressed and uncompressed.
    pause : callable
        How to wait for a number of seconds.
    today : date, optional
        The date of the run. Default: that of the machine.
    progress : Progress, optional
        Where to report progress; silent by default.

    Returns
    -------
    Fetching
        What was downloaded, what was already there, and what was not available.

    Raises
    ------
    FetchError
        If the folder contains a manifest of another kind.
    """
    store = Store.at(as_path(out, "out", FetchError))
    ofsted = None if ofsted is None else check_ofsted(ofsted)
    named = {"api": api, "site": site, "content": content}.items()
    whole = "the address of a service"
    addresses = [of_kind(given, str, name, expected=whole).rstrip("/") for name, given in named]
    with client(time_limit=time_limit, size_limit=size_limit, pause=pause) as asker:
        run = Run(
            Service(asker, addresses[0]),
            ReleaseFiles(asker, addresses[1], addresses[2]),
            store,
            None,
            since,
            today or datetime.now(UTC).date(),
            progress_or_silent(progress),
        )
        if dry_run:
            return run.everything(ofsted)
        with written_to(store.folder, FetchError), store.writing() as run.work:
            # Another run may have finished while this one was waiting to begin.
            run.store = Store.at(as_path(out, "out", FetchError))
            return run.everything(ofsted)


def _of_file(file: Path, title: str) -> Recognised:
    with file.open(encoding="utf-8-sig", errors="replace") as stream:
        return recognised(stream.readline().strip(), title)


def _tables(entry: dict[str, Any]) -> set[str]:
    return {str(part.get("table", "")) for part in (entry, *entry.get("members", ()))}


def _key(data_set: DataSet, version: Version) -> str:
    return f"data set {data_set.id} {version.number}"
