"""Building the indicators of many providers: in one go, and a few at a time on Dask from a file.

``python benchmarks/building_at_scale.py`` makes invented figures in a temporary folder, builds
their indicators both ways in processes of their own, holds a sample of one against the other to the
last bit, and rewrites ``docs/benchmarks-at-scale.md``.
"""

from __future__ import annotations

import argparse
import pickle
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
from building_speed import YEARS, invented
from memory import watched
from page import machine

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks-at-scale.md"
SAMPLE = 1_000
"""One in this many providers is compared, column by column."""

PLAIN = """
import pickle, sys
from dataclasses import replace
from pathlib import Path
import pandas as pd
import earlywarn as ew
folder = Path(sys.argv[1])
snapshot = pickle.loads((folder / "snapshot.pickle").read_bytes())
figures = pd.read_parquet(folder / "figures.parquet")
X = ew.build_indicators(replace(snapshot, observations=figures))
X.iloc[:: int(sys.argv[2])].to_parquet(folder / "plain.parquet")
"""
A_FEW = """
import pickle, sys
from pathlib import Path
from earlywarn.serving.building import dask_build
if __name__ == "__main__":
    folder = Path(sys.argv[1])
    snapshot = pickle.loads((folder / "snapshot.pickle").read_bytes())
    how = {"scheduler": "processes", "num_workers": int(sys.argv[2])}
    dask_build(snapshot, folder / "figures.parquet", folder / "built", **how)
"""


def write(folder: Path, providers: int) -> int:
    """Write invented figures, sorted by measure, and return their number."""
    snapshot = invented(providers)
    figures = snapshot.observations
    figures.to_parquet(folder / "figures.parquet", row_group_size=providers * YEARS // 4)
    bare = replace(snapshot, observations=figures.head(0))
    (folder / "snapshot.pickle").write_bytes(pickle.dumps(bare))
    return len(figures)


def measure(providers: int, workers: int) -> list[tuple[str, float, float]]:
    """The name of each way, its peak memory in megabytes and its seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        figures = write(folder, providers)
        size = (folder / "figures.parquet").stat().st_size / 2**20
        print(f"{figures:,} figures, {size:,.0f} MB", file=sys.stderr)
        rows = []
        for label, program, argument in (
            ("in one go, `build_indicators`", PLAIN, str(SAMPLE)),
            (f"a few at a time, `dask_build` with {workers} processes", A_FEW, str(workers)),
        ):
            script = folder / "way.py"
            script.write_text(program, encoding="utf-8")
            rows.append((label, *watched([sys.executable, str(script), str(folder), argument])))
        compare(folder)
        return rows


def compare(folder: Path) -> None:
    """Compare a sample of what was built a few at a time with what was built in one go."""
    plain = pd.read_parquet(folder / "plain.parquet")
    for file in sorted((folder / "built").iterdir()):
        part = pd.read_parquet(file).iloc[::SAMPLE]
        pd.testing.assert_frame_equal(part, plain[list(part.columns)], check_exact=True)


def page(providers: int, rows: list[tuple[str, float, float]]) -> str:
    """The page with what was measured, where and how."""
    intro = (
        f"`python benchmarks/building_at_scale.py` builds the indicators of {providers:,} invented "
        f"providers over {YEARS} years from a Parquet file, in processes of their own, and "
        "rewrites this page. Peak memory is that of all processes together, looked at five times a "
        f"second. One provider of {SAMPLE:,} was compared: all columns are equal to the last bit."
    )
    lines = ["| way | peak memory, MB | seconds |", "|---|---|---|"]
    lines += [f"| {label} | {peak:,.0f} | {took:,.0f} |" for label, peak, took in rows]
    return "\n\n".join(["# Building at scale", intro, machine(), "\n".join(lines)]) + "\n"


def main() -> None:
    """Measure, print and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--providers", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=PAGE)
    chosen = parser.parse_args()
    if not Path("/proc/self/smaps_rollup").exists():
        sys.exit("it reads memory where Linux tells it, in /proc")
    text = page(chosen.providers, measure(chosen.providers, chosen.workers))
    print(text)
    chosen.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
