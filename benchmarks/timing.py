"""Timing calls in turn, and what one line of the page is made of."""

from __future__ import annotations

import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Line(NamedTuple):
    """One comparison: seconds of ours and of the peer's, on the same data in one run."""

    what: str
    ours: float
    peer: str
    theirs: float
    aim: float | None = None
    """The least ratio, theirs to ours, that is aimed at."""

    @property
    def ratio(self) -> float:
        """How many times as long the peer takes."""
        return self.theirs / self.ours


class Limit(NamedTuple):
    """One figure that has a limit of its own, whatever a peer does."""

    what: str
    found: float
    unit: str
    most: float | None = None
    """What is aimed at, at the most."""


class Section(NamedTuple):
    """What one subject's measuring gave."""

    title: str
    lines: list[Line]
    limits: list[Limit]
    left_out: list[str]
    """Peers that are not installed, and how to install them."""


def in_turn(calls: Mapping[str, Callable[[], object]], rounds: int = 3) -> dict[str, float]:
    """Seconds of each call's fastest run; one run of each a round, so that all share a slow spell.

    Parameters
    ----------
    calls : mapping of str to callable
        What to run, by name.
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
    """Why a peer does not take part, or nothing if it does."""
    if package in without:
        return f"{package}: left out on request (--without {package})"
    if find_spec(package) is None:
        return f'{package}: not installed (pip install "earlywarn[benchmarks]" brings it)'
    return ""
