"""How long people and systems wait, each against a named peer on the same data.

``python benchmarks/run.py`` prints the tables and writes docs/benchmarks.md. Nothing here is a
test: machines differ. Memory and building at scale are measured apart.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import building_speed
import command_speed
import files_speed
import fitting_speed
import scoring_speed
import service_speed
import starting_speed
from page import page

SUBJECTS = ("service", "rows", "files", "commands", "building", "fitting", "starting")
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
    parser.add_argument("--seconds", type=float, default=3.0, help="of each turn of the service")
    parser.add_argument("--file-rows", type=int, default=2_000_000, help="rows of a file")
    parser.add_argument(
        "--commands",
        nargs="*",
        choices=command_speed.COMMANDS,
        default=list(command_speed.COMMANDS),
        help="commands to run",
    )
    parser.add_argument("--before", type=Path, help="a checkout of an older version, for commands")
    parser.add_argument("--published", type=Path, help="a folder of published files, for build")
    parser.add_argument("--only", nargs="*", choices=SUBJECTS, default=SUBJECTS, help="subjects")
    parser.add_argument("--without", nargs="*", default=[], help="peers' packages to leave out")
    parser.add_argument("--out", type=Path, default=PAGE, help="the page to write")
    chosen = parser.parse_args()
    without = frozenset(chosen.without)
    measures = {
        "service": lambda: service_speed.measure(chosen.seconds),
        "rows": lambda: scoring_speed.measure(chosen.rows, without),
        "files": lambda: files_speed.measure(chosen.file_rows, without),
        "commands": lambda: command_speed.measure(chosen.before, chosen.published, chosen.commands),
        "building": lambda: building_speed.measure(tuple(chosen.providers), chosen.before),
        "fitting": lambda: fitting_speed.measure(chosen.refits, without, chosen.inspections),
        "starting": lambda: starting_speed.measure(chosen.starts),
    }
    sections = []
    for subject in SUBJECTS:
        if subject in chosen.only:
            sections.append(measures[subject]())
            # Written as it goes: the whole takes minutes, and may be interrupted.
            print(page(sections[-1:]).partition("\n## ")[2], file=sys.stderr)
    text = page(sections)
    print(text)
    chosen.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
