"""Files of rows: ``batch --explain`` as a whole process, against polars writing the same rows."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from memory import write
from timing import Line, Section, in_turn, missing_peer

SCRIPT = """
import sys, polars
given, out = sys.argv[1:]
if given.endswith(".csv"):
    polars.read_csv(given).write_csv(out)
else:
    polars.read_parquet(given).write_parquet(out)
"""
AIMS = {".csv": 1 / 3, ".parquet": 1 / 1.85}
"""Four and two times the speed of the first measurement, relative to polars."""


def measure(rows: int, without: frozenset[str]) -> Section:
    """Time both endings; polars reads what was written and writes it again."""
    left_out = missing_peer("polars", without)
    lines = [] if left_out else [_line(rows, ending) for ending in AIMS]
    return Section("Files of rows", lines, limits=[], left_out=[left_out] if left_out else [])


def _line(rows: int, ending: str) -> Line:
    with tempfile.TemporaryDirectory() as name:
        given, out, again = (Path(name) / f"{word}{ending}" for word in ("in", "out", "again"))
        (Path(name) / "peer.py").write_text(SCRIPT, encoding="utf-8")
        write(given, rows)
        command = ["-m", "earlywarn", "batch", given, "--out", out, "--explain", "--overwrite"]
        found = in_turn(
            {
                "ours": lambda: _run(*command, "--quiet"),
                "peer": lambda: _run(Path(name) / "peer.py", out, again),
            },
            2,
        )
    what = f"`batch --explain`, {ending}, {rows:,} rows of five figures"
    peer = "polars reading the result and writing it again"
    return Line(what, found["ours"], peer, found["peer"], AIMS[ending])


def _run(*arguments: object) -> None:
    subprocess.run([sys.executable, *map(str, arguments)], check=True)  # noqa: S603 - our own
