"""How fast scoring, building and fitting are, each against a named peer on the same data.

``python benchmarks/run.py`` prints the tables and writes docs/benchmarks.md. Nothing here is a
test: machines differ. Memory is measured apart.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import building_speed
import fitting_speed
import scoring_speed
import starting_speed
from page import page

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows to score")
    parser.add_argument(
        "--providers", type=int, nargs="+", default=[1_000, 10_000, 100_000], help="ascending"
    )
    parser.add_argument("--refits", type=int, default=1_000, help="bootstrap refits")
    parser.add_argument("--inspections", type=int, help="the last so many to fit; all if not given")
    parser.add_argument("--starts", type=int, default=5, help="cold starts of each command")
    parser.add_argument("--without", nargs="*", default=[], help="peers' packages to leave out")
    parser.add_argument("--out", type=Path, default=PAGE, help="the page to write")
    chosen = parser.parse_args()
    without = frozenset(chosen.without)
    text = page(
        [
            scoring_speed.measure(chosen.rows, without),
            building_speed.measure(tuple(chosen.providers)),
            fitting_speed.measure(chosen.refits, without, chosen.inspections),
            starting_speed.measure(chosen.starts),
        ]
    )
    print(text)
    chosen.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
