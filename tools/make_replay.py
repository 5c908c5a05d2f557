"""Write the first page of docs/register: the model frozen at March 2025, from then to July 2026.

Usage: python tools/make_replay.py REGISTER. It takes the commit in which docs/prospective.md was
added from the git history, scores with the code and the model of that day, and checks that every
forecast of the prospective test is on the page exactly as in docs/prospective-forecasts.csv. The
page was computed afterwards: no line of it was published before the event.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from experiments.prospective import MODEL, OURS, read_forecasts

from earlywarn.judgements.schema import check_judgements
from earlywarn.panel.panel import load_judgements
from earlywarn.upkeep.chain import BELOW, REPLAY, append_entry

ROOT = Path(__file__).parents[1]
COMMIT = "d48ed89"
NEW_SINCE = pd.Timestamp(2025, 5, 15).date()
"""Reports before this date are in the yearly file that the test's authors had: they are not new."""
FIRST_REPORT = pd.Timestamp(2025, 4, 1).date()


def main(register: str) -> None:
    """Compute the page, check it, and append it to a register that is still empty."""
    with tempfile.TemporaryDirectory() as name:
        table = computed(Path(name))
    check(table)
    facts = {
        "kind": REPLAY,
        "from": table["as_of"].min(),
        "as_of": table["as_of"].max(),
        "written": datetime.now(UTC).date().isoformat(),
        "model": MODEL,
        "model_digest": MODEL.rpartition("-")[2],
        "code": f"commit {COMMIT}, the figures of its panel, and the reports public on each day",
        "target": "any_inadequate",
        "reports_from": NEW_SINCE.isoformat(),
        "rows": "a row an authority whenever what is said of it changes, and on the first day of "
        "its inspection; it holds until the next; the rank is that of the row's day",
    }
    print(append_entry(Path(register), facts, table))


def computed(folder: Path) -> pd.DataFrame:
    """The table, computed by the code of that day in a separate folder."""
    parts = ["src", "models", "experiments", "docs", "pyproject.toml"]
    archive = subprocess.run(  # noqa: S603 - fixed words
        ["git", "archive", COMMIT, *parts],  # noqa: S607 - the developer's own git
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    reports(folder / "reports.csv")
    script = Path(__file__).with_name("replay_of_frozen.py")
    subprocess.run(  # noqa: S603 - this Python, a script in this folder
        [sys.executable, script, folder / "reports.csv", folder / "table.csv"],
        cwd=folder,
        check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(folder / "src"), str(folder)])},
    )
    return pd.read_csv(folder / "table.csv", dtype={"la_code": str})


def reports(file: Path) -> None:
    """The reports since April 2025, in the format read by the code of that day."""
    every = check_judgements(load_judgements())
    late = every[every["published_on"] >= FIRST_REPORT]
    named = late.rename(
        columns={"published_on": "publication_date", "overall": "overall_effectiveness"}
    )
    named.assign(inspection_framework="").to_csv(file, index=False)


def check(table: pd.DataFrame) -> None:
    """Refuse a page on which a forecast of the prospective test differs."""
    kept = read_forecasts()
    kept = kept[(kept["new"] == 1) & (kept["lead_months"] == 0)]
    kept = kept[kept["last_judgement"].str.startswith("as of each")]
    page = table.set_index(["la_code", "as_of"])
    for name, rows in kept.groupby("model"):
        risk, below = ("risk", "below_good") if name == OURS else (str(name), f"{name}{BELOW}")
        ours = page.loc[list(zip(rows["la_code"], rows["as_of"], strict=True))]
        for column, there in ((risk, "risk"), (below, "below_good_risk")):
            if not np.array_equal(ours[column].to_numpy(), rows[there].to_numpy()):
                raise SystemExit(f"{name}: {column} is not that of the prospective test")


if __name__ == "__main__":
    main(*sys.argv[1:])
