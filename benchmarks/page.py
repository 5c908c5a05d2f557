"""The measurements as a page: tables, and which targets were reached."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from timing import Limit, Line, Section

INTRO = (
    "`python benchmarks/run.py` measures these again and rewrites this page. Ours and the peer's "
    "calls run in turn on the same data; the fastest of a few runs counts. A ratio says how many "
    "times as long the peer takes. Where a peer is too slow for all the work, it did a part and "
    "its time is scaled: the line says so. `score_batch` also checks every cell and writes the "
    "texts, which no peer does."
)
PACKAGES = ("numpy", "pandas", "pyarrow", "scikit-learn")
PEERS = ("fastapi", "polars", "shap", "interpret", "statsmodels", "mord")


def page(sections: Iterable[Section]) -> str:
    """The whole page."""
    sections = list(sections)
    lines = ["# Benchmarks", "", INTRO, "", machine(), "", *_aims(sections)]
    for section in sections:
        lines += [f"## {section.title}", ""]
        if section.lines:
            lines += ["| what | ours, s | against | theirs, s | ratio |", "|---|---|---|---|---|"]
            lines += [_row(line) for line in section.lines] + [""]
        if section.limits:
            lines += ["| what | measured |", "|---|---|"]
            lines += [f"| {limit.what} | {_number(limit)} |" for limit in section.limits] + [""]
        if section.left_out:
            lines += ["Left out:", "", *(f"- {why}" for why in section.left_out), ""]
    return "\n".join(lines).rstrip() + "\n"


def _aims(sections: list[Section]) -> list[str]:
    """Every target, with what was measured and whether that reaches it."""
    lines = [line for section in sections for line in section.lines if line.aim is not None]
    limits = [limit for section in sections for limit in section.limits if limit.most is not None]
    rows = [
        *(_aim(_comparison(line), _wanted(line), line.ratio >= (line.aim or 0)) for line in lines),
        *(
            _aim(
                f"{limit.what}: {_number(limit)}",
                f"at most {limit.most:g} {limit.unit}",
                limit.found <= (limit.most or 0),
            )
            for limit in limits
        ),
    ]
    return ["## The aims", "", "| measured | aim | reached |", "|---|---|---|", *rows, ""]


def _aim(told: str, wanted: str, reached: bool) -> str:  # noqa: FBT001 - a cell of the table
    return f"| {told} | {wanted} | {'yes' if reached else '**no**'} |"


def _comparison(line: Line) -> str:
    if line.ratio >= 1:
        return f"{line.what}: {line.ratio:.3g} times as fast as {line.peer}"
    return f"{line.what}: {1 / line.ratio:.3g} times as long as {line.peer}"


def _wanted(line: Line) -> str:
    aim = line.aim or 1.0
    return f"at least {aim:g} times as fast" if aim >= 1 else f"at most {1 / aim:g} times as long"


def _row(line: Line) -> str:
    return f"| {line.what} | {line.ours:.3g} | {line.peer} | {line.theirs:.3g} | {line.ratio:.3g} |"


def _number(limit: Limit) -> str:
    return f"{limit.found:.3g} {limit.unit}"


def machine() -> str:
    """The machine of the measurements."""
    used = ", ".join(f"{name} {number}" for name, number in _versions().items())
    return (
        f"Measured on {os.cpu_count()} cores ({platform.machine()}), "
        f"Python {platform.python_version()}, {used}."
    )


def _versions() -> dict[str, str]:
    """The versions of the packages compared."""
    found = {}
    for name in (*PACKAGES, *PEERS):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
