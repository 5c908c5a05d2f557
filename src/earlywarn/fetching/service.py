"""Explore education statistics through its public API: publications, data sets, versions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from earlywarn.errors import FetchError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from earlywarn.fetching.http import Client

API = "https://api.education.gov.uk/statistics/v1"
PAGE = 20
"""The page size: the most versions that the service returns at once; used for all lists."""
STATUSES = frozenset({"Published", "Deprecated", "Withdrawn"})
_RELISTS = 3


@dataclass(frozen=True)
class Publication:
    """A publication: a title, and the name of its page."""

    id: str
    title: str
    slug: str


@dataclass(frozen=True)
class DataSet:
    """A table of a publication, with all its versions under one identifier."""

    id: str
    title: str
    status: str
    levels: tuple[str, ...]


@dataclass(frozen=True)
class Version:
    """One published state of a data set.

    Attributes
    ----------
    number : str
        For example "2.0" or "2.0.1".
    published : date
        The publication date.
    status : str
        Published, Deprecated or Withdrawn.
    release : str
        The title of its release; empty if not given.
    """

    number: str
    published: date
    status: str
    release: str

    @property
    def order(self) -> tuple[int, ...]:
        """The sort key of versions: numbers, not text."""
        return version_order(self.number)


def version_order(number: str) -> tuple[int, ...]:
    """Turn a version into numbers.

    Examples
    --------
    >>> version_order("10.0") > version_order("9.1.2")
    True
    >>> version_order("2.0") < version_order("2.0.1")
    True
    """
    parts = number.split(".")
    if len(parts) not in {2, 3} or not all(part.isascii() and part.isdigit() for part in parts):
        raise FetchError(
            "not a version of a data set", found=repr(number), expected="such as 2.0 or 2.0.1"
        )
    return tuple(int(part) for part in parts)


@dataclass(frozen=True)
class Service:
    """A client of the public API at an address."""

    client: Client
    api: str = API

    def publications(self) -> list[Publication]:
        """Every publication of the service."""
        return [
            Publication(_text(item, "id", where), _text(item, "title", where), _slug(item, where))
            for item, where in self._listed("publications")
        ]

    def data_sets(self, publication: Publication) -> list[DataSet]:
        """Every data set of a publication."""
        return [
            _data_set(item, where)
            for item, where in self._listed(f"publications/{quote(publication.id)}/data-sets")
        ]

    def versions(self, data_set: DataSet) -> list[Version]:
        """Every version of a data set, the oldest first."""
        path = f"data-sets/{quote(data_set.id)}/versions"
        found = [_version(item, where) for item, where in self._listed(path, key="version")]
        return sorted(found, key=lambda version: version.order)

    def csv(self, data_set: DataSet, version: Version) -> tuple[str, dict[str, str | int]]:
        """The address and the query of a version as a CSV file."""
        return f"{self.api}/data-sets/{quote(data_set.id)}/csv", {"dataSetVersion": version.number}

    def _listed(self, path: str, key: str = "id") -> list[tuple[dict[str, Any], str]]:
        """All items of a paged list; started again if it changed in the meantime."""
        address = f"{self.api}/{path}"
        for _ in range(_RELISTS):
            items = list(self._pages(address))
            names = [str(item.get(key)) for item, _, _ in items]
            if len(set(names)) == len(names) and all(len(names) == total for *_, total in items):
                return [(item, address) for item, _, _ in items]
        raise FetchError(
            "a list that does not contain what it claims",
            where=address,
            found=f"{len(set(names))} different items in {len(names)}",
            expected=f"{items[-1][2] if items else 0} (totalResults)",
            remedy="Try again later.",
        )

    def _pages(self, address: str) -> Iterator[tuple[dict[str, Any], int, int]]:
        page, pages = 1, 1
        while page <= pages:
            answer = self.client.json(address, {"page": page, "pageSize": PAGE})
            paging, results = answer.get("paging"), answer.get("results")
            if not isinstance(paging, dict) or not isinstance(results, list):
                raise _unlike(address, "paging and results", sorted(answer))
            here, pages, total = (_count(paging, n, address) for n in _PAGING)
            if here != page:
                raise _unlike(address, f"page {page}", f"page {here}")
            for item in results:
                if not isinstance(item, dict):
                    raise _unlike(address, "an object for each result", item)
                yield item, page, total
            page += 1


_PAGING = ("page", "totalPages", "totalResults")


def day_of(text: object, where: str) -> date:
    """Return the date of an ISO timestamp.

    Examples
    --------
    >>> day_of("2025-10-30T09:30:00Z", "published")
    datetime.date(2025, 10, 30)
    """
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        raise _unlike(where, "a day of publication such as 2025-10-30T09:30:00Z", text) from None


def _data_set(item: dict[str, Any], where: str) -> DataSet:
    latest = item.get("latestVersion")
    levels = latest.get("geographicLevels") if isinstance(latest, dict) else None
    return DataSet(
        _text(item, "id", where),
        _text(item, "title", where),
        _status(item, where),
        tuple(str(level) for level in levels) if isinstance(levels, list) else (),
    )


def _version(item: dict[str, Any], where: str) -> Version:
    number = _text(item, "version", where)
    version_order(number)
    release = item.get("release")
    return Version(
        number,
        day_of(item.get("published"), f"{where}, version {number}"),
        _status(item, where),
        str(release.get("title", "")) if isinstance(release, dict) else "",
    )


def _status(item: dict[str, Any], where: str) -> str:
    status = _text(item, "status", where)
    if status not in STATUSES:
        raise _unlike(where, f"a status of {', '.join(sorted(STATUSES))}", status)
    return status


def _slug(item: dict[str, Any], where: str) -> str:
    return _text(item, "slug", where)


def _text(item: dict[str, Any], name: str, where: str) -> str:
    value = item.get(name)
    if not isinstance(value, str) or not value:
        raise _unlike(where, f"a text for {name}", value)
    return value


def _count(paging: dict[str, Any], name: str, where: str) -> int:
    value = paging.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _unlike(where, f"a number for paging.{name}", value)
    return value


def _unlike(where: str, expected: str, found: object) -> FetchError:
    return FetchError(
        "the service answers in a form that is not known",
        where=where,
        found=repr(found)[:200],
        expected=expected,
        remedy="The service may have changed: see whether there is a newer earlywarn.",
    )
