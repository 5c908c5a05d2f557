"""One word for one thing: refuse the words that the project has replaced by the field's own.

``python -m tools.check_words`` prints each place as file:line and ends with 1 if there is any.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]


class Rule(NamedTuple):
    """A word that is not used, and what to write instead."""

    pattern: re.Pattern[str]
    instead: str


def rule(word: str, instead: str) -> Rule:
    """A rule for a whole word, also in names: ``past_rivals`` has it, ``arrivals`` does not."""
    return Rule(re.compile(rf"(?<![a-zA-Z])(?:{word})(?![a-zA-Z])", re.IGNORECASE), instead)


RULES = (
    rule("beliefs?", "prior"),
    rule("verdicts", "predictions"),
    rule("rowwise", "kernels"),
    rule("evaluation_frames", "protocol"),
    rule("rivals?", "baseline"),
    rule("tells|told|telling", "says, shows, gives"),
    rule("foretells?|foretold", "predicts"),
    rule("nought", "zero"),
    rule("anew", "again"),
    rule("lest", "so that ... not, unless"),
    rule("to be had", "available"),
)
SEARCHED = (
    *("src", "docs", "notebooks/source"),
    *("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "models/README.md"),
)
ENDINGS = {".py", ".md", ".html", ".css", ".js", ".txt"}
RIGHT = re.compile(r"\bRIVALS\b")
"""What is allowed everywhere: an old public name that other people's code uses."""
PLACES: tuple[tuple[str, str], ...] = (
    ("src/earlywarn/evaluation/backtesting.py", "rivals"),
    ("CHANGELOG.md", "`rivals=`"),
    ("notebooks/source/3_retraining.py", "neither acquit nor condemn"),
)
"""A file and a part of a line in which a word is allowed."""


def files() -> list[Path]:
    """The files known to git, except data and generated files."""
    listed = subprocess.run(  # noqa: S603 - git, with our own names
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *SEARCHED],  # noqa: S607
        cwd=ROOT, capture_output=True, encoding="utf-8", check=True,
    ).stdout.splitlines()  # fmt: skip
    return [ROOT / name for name in sorted(listed) if Path(name).suffix in ENDINGS]


def faults(name: str, text: str) -> list[str]:
    """Each place in a text, with what to write instead."""
    kept = [part for place, part in PLACES if place == name]
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if any(part in line for part in kept):
            continue
        for pattern, instead in RULES:
            found += [
                f"{name}:{number}: {match[0]!r}: say {instead}"
                for match in pattern.finditer(RIGHT.sub("", line))
            ]
    return found


def main() -> int:
    """Print the places; 1 if there is any."""
    places = [
        place
        for path in files()
        for place in faults(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
    ]
    print("\n".join(places) or f"one word for one thing in {len(files())} files")
    return 1 if places else 0


if __name__ == "__main__":
    sys.exit(main())
