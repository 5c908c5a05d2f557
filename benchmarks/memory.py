"""The most memory that ``batch`` takes, and how long, at two sizes of file: it must not grow.

``python benchmarks/memory.py`` makes invented files in a temporary folder, scores each with the
command in processes of their own, prints a table, removes the files and rewrites
``docs/benchmarks-memory.md``.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from page import machine

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks-memory.md"
BLOCK = 500_000
MOST_GROWTH = 0.03
COLUMNS = ("rereferrals", "agency_workers", "vacancies", "caseload", "reviews_in_time")


class Run(NamedTuple):
    """The measurements of one run of the command."""

    rows: int
    ending: str
    jobs: int
    peak: float
    """Megabytes of all its processes together."""
    seconds: float


def write(file: Path, rows: int) -> None:
    """Write invented rows, a block at a time."""
    rng = np.random.default_rng(0)
    writer = None
    for start in range(0, rows, BLOCK):
        size = min(BLOCK, rows - start)
        frame = pd.DataFrame(
            {
                "id": np.arange(start, start + size),
                "la_code": rng.choice(["383", "301", "999"], size, p=[0.6, 0.39, 0.01]),
                **{name: rng.uniform(0, 60, size).round(2) for name in COLUMNS},
            }
        )
        if file.suffix == ".csv":
            frame.to_csv(file, mode="a", header=not start, index=False)
            continue
        import pyarrow as pa  # noqa: PLC0415 - for Parquet alone
        from pyarrow import parquet  # noqa: PLC0415

        table = pa.Table.from_pandas(frame, preserve_index=False)
        writer = writer or parquet.ParquetWriter(file, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def family(process: int) -> set[int]:
    """A process and those that it has started, from Linux's own list."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stat = (folder / "stat").read_text(encoding="utf-8")
            except OSError:  # It has ended in the meantime.
                continue
            parents[int(folder.name)] = int(stat.rpartition(")")[2].split()[1])
    found, new = {process}, {process}
    while new:
        new = {child for child, parent in parents.items() if parent in new} - found
        found |= new
    return found


def megabytes(process: int) -> float:
    """The memory of a process: its own, plus its part of shared memory."""
    try:
        told = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="utf-8")
    except OSError:  # It has ended in the meantime.
        return 0.0
    lines = dict(line.split(":", 1) for line in told.splitlines()[1:])
    return int(lines["Pss"].split()[0]) / 1024


def measure(rows: int, ending: str, jobs: int) -> Run:
    """Score a file of a number of rows, and measure the peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / f"in{ending}"
        write(source, rows)
        command = [sys.executable, "-m", "earlywarn", "batch", str(source), "--quiet"]
        command += ["--out", str(Path(folder) / f"out{ending}"), "--jobs", str(jobs)]
        return Run(rows, ending, jobs, *watched(command))


def watched(command: list[str]) -> tuple[float, float]:
    """Run a program, and return the peak memory of its processes together and its seconds."""
    begun, peak = time.perf_counter(), 0.0
    running = subprocess.Popen(command)  # noqa: S603 - our own command
    done = threading.Event()
    threading.Thread(target=lambda: (running.wait(), done.set()), daemon=True).start()
    while not done.wait(0.2):
        peak = max(peak, sum(megabytes(each) for each in family(running.pid)))
    if running.returncode:
        sys.exit(f"the command ended with {running.returncode}")
    return peak, time.perf_counter() - begun


def table(runs: list[Run]) -> str:
    """The runs as a table."""
    lines = ["| rows | file | processes | peak memory, MB | seconds |", "|---|---|---|---|---|"]
    lines += [
        f"| {run.rows:,} | {run.ending} | {run.jobs} | {run.peak:,.0f} | {run.seconds:,.0f} |"
        for run in runs
    ]
    return "\n".join(lines)


def growth(runs: list[Run]) -> str:
    """How much more memory the largest file of each kind took than the smallest."""
    told = []
    for ending in dict.fromkeys(run.ending for run in runs):
        sizes = sorted(run for run in runs if run.ending == ending)
        more = sizes[-1].peak / sizes[0].peak - 1
        reached = "reached" if more < MOST_GROWTH else "**not** reached"
        told.append(
            f"{ending}: {more:+.0%} from {sizes[0].rows:,} to {sizes[-1].rows:,} rows "
            f"(aim: under {MOST_GROWTH:.0%}, {reached})."
        )
    return "\n\n".join(told)


def page(runs: list[Run]) -> str:
    """The page with what was measured, where and how."""
    intro = (
        "`python benchmarks/memory.py` scores invented files of several sizes with "
        "`earlywarn batch` and rewrites this page. Peak memory is that of all the command's "
        "processes together, looked at five times a second."
    )
    return "\n\n".join(["# Memory of batch", intro, machine(), table(runs), growth(runs)]) + "\n"


def main() -> None:
    """Measure, print and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 20_000_000])
    parser.add_argument(
        "--endings", nargs="+", choices=(".csv", ".parquet"), default=[".csv", ".parquet"]
    )
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=PAGE)
    chosen = parser.parse_args()
    if not Path("/proc/self/smaps_rollup").exists():
        sys.exit("it reads memory where Linux tells it, in /proc")
    runs = [measure(rows, ending, chosen.jobs) for ending in chosen.endings for rows in chosen.rows]
    print(table(runs))
    chosen.out.write_text(page(runs), encoding="utf-8")


if __name__ == "__main__":
    main()
