"""Small charts as text: numbers to whole coordinates, paths with gaps where a figure is missing.

A report has some five thousand charts. Written by hand each takes under a kilobyte and a fraction
of a millisecond; a plotting library takes twenty times both, and would break the limits of each.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True)
class Scale:
    """A straight line from numbers to coordinates.

    Examples
    --------
    >>> Scale(0.0, 10.0, 100, 0)(2.5)
    75
    """

    low: float
    high: float
    start: int
    end: int

    def __call__(self, value: float) -> int:
        """The coordinate of a value, held within the drawing."""
        span = self.high - self.low
        share = 0.5 if span <= 0 else min(max((value - self.low) / span, 0.0), 1.0)
        return round(self.start + share * (self.end - self.start))


def line(x: Sequence[int], y: Sequence[float], scale: Scale) -> str:
    """The path of a line, broken where a value is missing; a lone value becomes a dot.

    Examples
    --------
    >>> line([0, 10, 20, 30], [1.0, 2.0, float("nan"), 4.0], Scale(0, 4, 40, 0))
    'M0 30L10 20M30 0h0'
    """
    parts: list[str] = []
    for place, value in zip(x, y, strict=True):
        if math.isnan(value):
            _close(parts)
            parts.append("")
        else:
            joined = bool(parts) and parts[-1] != ""
            parts.append(f"{'L' if joined else 'M'}{place} {scale(value)}")
    _close(parts)
    return "".join(parts)


def _close(parts: list[str]) -> None:
    """A point without a neighbour on either side has no length: give it one."""
    if parts and parts[-1].startswith("M"):
        parts[-1] += "h0"


def area(x: Sequence[int], low: Sequence[float], high: Sequence[float], scale: Scale) -> str:
    """The path of a band between two lines, broken where either is missing.

    Examples
    --------
    >>> area([0, 10], [1.0, 1.0], [3.0, 2.0], Scale(0, 4, 40, 0))
    'M0 10L10 20L10 30L0 30z'
    """
    parts: list[str] = []
    run: list[tuple[int, float, float]] = []
    points = list(zip(x, low, high, strict=True))
    for point in [*points, (0, math.nan, math.nan)]:
        if math.isnan(point[1] + point[2]):
            parts.append(_band(run, scale))
            run = []
        else:
            run.append(point)
    return "".join(parts)


def _band(run: list[tuple[int, float, float]], scale: Scale) -> str:
    if not run:
        return ""
    if len(run) == 1:
        place = run[0][0]
        run = [(place - 2, *run[0][1:]), (place + 2, *run[0][1:])]
    above = [f"{place} {scale(high)}" for place, _, high in run]
    below = [f"{place} {scale(low)}" for place, low, _ in reversed(run)]
    return f"M{'L'.join(above)}L{'L'.join(below)}z"


def label(x: float, y: float, text: str, css: str = "") -> str:
    """A piece of text, made harmless.

    Examples
    --------
    >>> label(1, 2, "<b>")
    '<text x="1" y="2">&lt;b&gt;</text>'
    """
    kind = f' class="{css}"' if css else ""
    return f'<text x="{x:g}" y="{y:g}"{kind}>{escape(text)}</text>'


def drawing(width: int, height: int, name: str, parts: Iterable[str], css: str = "") -> str:
    """A whole picture with its name."""
    kind = f' class="{css}"' if css else ""
    return (
        f'<svg{kind} viewBox="0 0 {width} {height}" role="img" aria-label="{escape(name)}">'
        f"{''.join(parts)}</svg>"
    )
