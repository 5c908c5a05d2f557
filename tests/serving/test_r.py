"""The model's file scored in base R, and earlywarn called from R: Python's numbers."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.helpers.extras import absent

import earlywarn as ew
from earlywarn.utils.files import package_path

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "docs" / "how-to" / "score_model.R"
PAGE = ROOT / "docs" / "how-to" / "r.md"


def rscript(*arguments: str, **settings: str) -> str:
    program = shutil.which("Rscript")
    if program is None:
        absent("R", "R is not installed (Debian: apt-get install r-base-core)")
    done = subprocess.run(  # noqa: S603 - our own script
        [str(program), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, **settings},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def scored_in_r(rows: pd.DataFrame, folder: Path) -> pd.DataFrame:
    rows.to_csv(folder / "rows.csv", index=False)
    model = package_path("models/default") / "model.json"
    rscript(str(SCRIPT), str(model), str(folder / "rows.csv"), str(folder / "out.csv"))
    return pd.read_csv(folder / "out.csv")


def assert_python_says_so_too(rows: pd.DataFrame, found: pd.DataFrame) -> None:
    expected = ew.score_batch(rows, explain=True)
    assert set(expected["status"]) <= {"scored", "refused: no figure is known"}
    assert (expected["status"] == "scored").mean() > 0.6
    assert found["risk"].notna().tolist() == (expected["status"] == "scored").tolist()
    names = [name for name in expected.columns if name.startswith("contribution_")]
    assert list(found.columns) == ["risk", *names]
    for name in found.columns:
        np.testing.assert_allclose(found[name], expected[name], rtol=0, atol=1e-12, err_msg=name)


def test_the_national_table_in_base_r(snapshot: ew.Snapshot, tmp_path: Path) -> None:
    """Without its day: the script's risks are those of the year after the model's cut."""
    rows = ew.build_indicators(snapshot).reset_index().drop(columns="as_of")
    found = scored_in_r(rows, tmp_path)
    assert len(found) == len(rows) > 150
    assert_python_says_so_too(rows, found)


def test_what_is_missing_or_far_out_in_base_r(tmp_path: Path) -> None:
    model, rng = ew.load_model(), np.random.default_rng(4)
    levels = rng.normal(scale=1.5, size=(300, len(model.columns)))
    levels = levels.clip(-4.0, 4.0)
    levels[rng.random(levels.shape) < rng.random((300, 1))] = np.nan
    rows = pd.DataFrame(levels, columns=list(model.columns))
    for name in rows.columns[~rows.columns.str.endswith("_z")]:
        rows[name] = rng.choice([0.0, 1.0, np.nan], 300)
    # The last inspection can't have been both.
    rows.loc[rows["previously_good"] == 1, "previously_inadequate"] = 0.0
    rows.loc[0] = np.nan
    assert rows.isna().mean(axis=None) > 0.3
    assert_python_says_so_too(rows, scored_in_r(rows, tmp_path))
    some = rows[["rereferrals_z", "previously_good"]]
    assert_python_says_so_too(some, scored_in_r(some, tmp_path))


def test_it_is_short_and_needs_no_package() -> None:
    lines = [line.strip() for line in SCRIPT.read_text(encoding="utf-8").splitlines()]
    code = [line for line in lines if line and not line.startswith("#")]
    assert len(code) < 40
    assert not [line for line in code if "library(" in line or "::" in line or "eval(" in line]


def test_the_page_through_reticulate(tmp_path: Path) -> None:
    there = 'cat(nzchar(system.file(package = "reticulate")))'
    if rscript("-e", there) != "TRUE":
        pytest.skip("R's package reticulate is not installed (Debian: r-cran-reticulate)")
    page = PAGE.read_text(encoding="utf-8")
    block = re.search(r"^```r\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert block is not None
    told = 'cat(sprintf("%.17g", answer$risk), answer$status, nrow(scores), sep = "\\n")\n'
    (tmp_path / "page.R").write_text(block[1] + told, encoding="utf-8")
    paths = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    told = rscript(str(tmp_path / "page.R"), RETICULATE_PYTHON=sys.executable, PYTHONPATH=paths)
    rows = [
        {"la_code": "383", "rereferrals": 31.0, "agency_workers": 14.0},
        {"la_code": "301", "agency_workers": 140.0},
    ]
    expected = ew.score_batch(rows)
    *_, first, _, status, refused, count = told.splitlines()
    assert float(first) == expected["risk"][0]
    assert [status, refused] == expected["status"].tolist()
    assert int(count) > 150
