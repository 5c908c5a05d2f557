"""Time calls alternately, and define the lines of the page."""

from __future__ import annotations

import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Line(NamedTuple):
    """One comparison: our seconds and the peer's, on the same data in one run."""

    what: str
    ours: float
    peer: str
    theirs: float
    aim: float | None = None
    """The target ratio, theirs to ours."""

    @property
    def ratio(self) -> float:
        """The peer's time as a multiple of ours."""
        return self.theirs / self.ours


class Limit(NamedTuple):
    """A figure with its own limit, regardless of peers."""

    what: str
    found: float
    unit: str
    most: float | None = None
    """The target, as an upper limit."""


class Section(NamedTuple):
    """The measurements of one subject."""

    title: str
    lines: list[Line]
    limits: list[Limit]
    left_out: list[str]
    """Peers that are not installed, and how to install them."""


def in_turn(calls: Mapping[str, Callable[[], object]], rounds: int = 3) -> dict[str, float]:
    """Time each call's fastest run, one run of each per round, so that all share slow spells.

    Parameters
    ----------
    calls : mapping of str to callable
        The calls to run, by name.
    rounds : int
        How often each is run.
    """
    found = dict.fromkeys(calls, float("inf"))
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            found[name] = min(found[name], time.perf_counter() - start)
    return found


def missing_peer(package: str, without: frozenset[str]) -> str:
    """Why a peer is left out; empty if it is not."""
    if package in without:
        return f"{package}: left out on request (--without {package})"
    if find_spec(package) is None:
        return f'{package}: not installed (pip install "earlywarn[benchmarks]" brings it)'
    return ""
