"""Indicators built a few at a time from figures on disk: as the plain build has them, or refused.

Building by Spark is tested in test_agreement.py, where a session runs.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from tests.helpers.extras import needed

import earlywarn as ew
from earlywarn.errors import IndicatorError, UsageError
from earlywarn.serving.building import PUBLISHED, build_one, dask_build, read_built

BARE = {"scheduler": "synchronous"}


@pytest.fixture(scope="module")
def figures(snapshot: ew.Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("figures") / "figures.parquet"
    snapshot.observations.sort_values("measure").to_parquet(file, row_group_size=5_000)
    return file


def without_figures(snapshot: ew.Snapshot) -> ew.Snapshot:
    return replace(snapshot, observations=snapshot.observations.head(0))


def test_dask_builds_what_the_plain_call_builds(
    snapshot: ew.Snapshot, figures: Path, tmp_path: Path
) -> None:
    needed("dask", "Dask is not installed")
    bare = without_figures(snapshot)
    dask_build(bare, figures, tmp_path / "new" / "built", **BARE)
    found = read_built(tmp_path / "new" / "built", bare)
    pd.testing.assert_frame_equal(found, ew.build_indicators(snapshot), check_exact=True)


def test_a_folder_of_parts_is_read_as_one(
    snapshot: ew.Snapshot, figures: Path, tmp_path: Path
) -> None:
    rows = pd.read_parquet(figures)
    for place, part in enumerate((rows.iloc[::2], rows.iloc[1::2])):
        part.to_parquet(tmp_path / f"part{place}.parquet")
    whole, parts = (build_one("rereferrals", snapshot, where) for where in (figures, tmp_path))
    assert whole["rereferrals_z"].notna().sum() > 140
    pd.testing.assert_frame_equal(whole, parts, check_exact=True)


def test_a_figure_that_is_there_twice_is_refused(
    snapshot: ew.Snapshot, figures: Path, tmp_path: Path
) -> None:
    rows = pd.read_parquet(figures)
    one = rows[rows["measure"] == "rereferrals"].head(1)
    pd.concat([rows, one]).to_parquet(tmp_path / "twice.parquet")
    with pytest.raises(
        IndicatorError, match=rf"twice\.parquet, authority {one['la_code'].iloc[0]}"
    ):
        build_one("rereferrals", snapshot, tmp_path / "twice.parquet")


@pytest.mark.parametrize("content", [None, b"la_code\n1", "without"])
def test_figures_that_are_none_are_refused(
    snapshot: ew.Snapshot, figures: Path, tmp_path: Path, content: bytes | str | None
) -> None:
    file = tmp_path / "figures.parquet"
    if content == "without":
        pd.read_parquet(figures).drop(columns="status").to_parquet(file)
    elif isinstance(content, bytes):
        file.write_bytes(content)
    with pytest.raises(IndicatorError, match=r"figures\.parquet"):
        build_one("rereferrals", snapshot, file)


def test_nothing_is_overwritten_and_parts_that_do_not_fit_are_refused(
    snapshot: ew.Snapshot, figures: Path, tmp_path: Path
) -> None:
    needed("dask", "Dask is not installed")
    folder = tmp_path / "built"
    folder.mkdir()
    (folder / "rereferrals.parquet").write_bytes(b"mine")
    with pytest.raises(UsageError, match=r"rereferrals\.parquet"):
        dask_build(snapshot, figures, folder, **BARE)
    assert (folder / "rereferrals.parquet").read_bytes() == b"mine"
    with pytest.raises(IndicatorError, match="has not been built"):
        read_built(tmp_path, snapshot)
    first = PUBLISHED[0].id
    build_one(first, snapshot, figures).to_parquet(tmp_path / f"{first}.parquet")
    another = replace(snapshot, as_of=snapshot.as_of.replace(year=2024))
    with pytest.raises(IndicatorError, match=rf"{first}\.parquet: .*another snapshot"):
        read_built(tmp_path, another)
