"""Print what pip installs for the lowest versions of the core: ``python tools/lowest_versions.py``.

These are the minimum versions of ``dependencies`` in pyproject.toml. CI runs the core's tests with
them.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parents[1] / "pyproject.toml"


def floors(dependencies: list[str]) -> list[str]:
    """Pin each requirement to its minimum version.

    >>> floors(["pandas>=3.0", "tqdm>=4.66"])
    ['pandas==3.0', 'tqdm==4.66']
    """
    pinned = []
    for requirement in dependencies:
        match = re.fullmatch(r"([\w-]+)>=([\w.]+)", requirement)
        if match is None:
            raise SystemExit(
                f"{PROJECT.name}: {requirement!r} has no floor; expected NAME>=VERSION"
            )
        pinned.append(f"{match[1]}=={match[2]}")
    return pinned


if __name__ == "__main__":
    print(*floors(tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["dependencies"]))
