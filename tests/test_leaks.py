"""Nothing published after a date may move what is said as of that date, whatever way it comes."""

from __future__ import annotations

import csv
import dataclasses
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.helpers import published

from earlywarn.errors import DataQualityWarning
from earlywarn.model.risk_model import RiskModel
from earlywarn.panel.panel import Panel, read_panel, write_panel
from earlywarn.panel.published import read_published
from earlywarn.scoring.explanation import explain
from earlywarn.scoring.national import score
from earlywarn.sources.schema import KEY

DAYS = [date(2017, 6, 30), date(2023, 2, 22), date(2025, 10, 29)]
Answers = tuple[pd.DataFrame, pd.DataFrame]


def said(panel: Panel, day: date, model: RiskModel) -> Answers:
    snapshot = panel.as_of(day)
    return score(model, snapshot), explain(model, snapshot)


def assert_same(one: Answers, other: Answers) -> None:
    for left, right in zip(one, other, strict=True):
        pd.testing.assert_frame_equal(left, right, check_exact=True)


@pytest.fixture(scope="module")
def before(national: Panel, model: RiskModel) -> Callable[[date], Answers]:
    """What was said of a day before anything was changed, worked out once a day."""
    kept: dict[date, Answers] = {}

    def of(day: date) -> Answers:
        if day not in kept:
            kept[day] = said(national, day, model)
        return kept[day]

    return of


def later_figures(panel: Panel, day: date) -> np.ndarray:
    """Rows first public after the day, and restatements after it of what was read before."""
    rows = panel.observations
    restated = rows["vintage"] > day
    read = pd.MultiIndex.from_frame(rows.loc[~restated, KEY])
    again = restated & pd.MultiIndex.from_frame(rows[KEY]).isin(read)
    return ((rows["published_on"] > day) | again).to_numpy(dtype=bool)


def later_neighbours(panel: Panel, day: date) -> np.ndarray:
    """Neighbours of models that were published after the day."""
    return (panel.neighbours["published_on"] > day).to_numpy(dtype=bool)


def altered(panel: Panel, day: date, seed: int) -> Panel:
    """Every later figure, report and neighbour another one."""
    rng = np.random.default_rng(seed)
    rows, figures = panel.observations.copy(), later_figures(panel, day)
    for name in ("numerator", "denominator", "value"):
        wild = rng.choice([0.0, 1.0, 5.0, 99.0, np.nan], size=figures.sum())
        rows.loc[figures, name] = wild
    reports, late = panel.judgements.copy(), (panel.judgements["published_on"] > day).to_numpy()
    for name in ("overall", "leadership", "help_and_protection", "in_care"):
        reports.loc[late, name] = rng.choice(["Inadequate", "Outstanding"], size=late.sum())
    alike, mask = panel.neighbours.copy(), later_neighbours(panel, day)
    alike.loc[mask, "neighbour_code"] = "420"
    return dataclasses.replace(panel, observations=rows, judgements=reports, neighbours=alike)


def deleted(panel: Panel, day: date, seed: int) -> Panel:
    """Some of what came later, or all of it, never came."""
    rng = np.random.default_rng(seed)
    share = rng.choice([0.3, 1.0])

    def kept(late: np.ndarray) -> np.ndarray:
        return ~late | (rng.random(len(late)) > share)

    return dataclasses.replace(
        panel,
        observations=panel.observations[kept(later_figures(panel, day))],
        judgements=panel.judgements[kept((panel.judgements["published_on"] > day).to_numpy())],
        neighbours=panel.neighbours[kept(later_neighbours(panel, day))],
    )


def added(panel: Panel, day: date, seed: int) -> Panel:
    """More came the day after: new years, new vintages of old figures, new reports and models."""
    rng, morrow = np.random.default_rng(seed), day + timedelta(days=1)
    known = panel.observations[panel.observations["vintage"] <= day]
    public = panel.observations[panel.observations["published_on"] <= day]
    some = public.iloc[rng.choice(len(public), size=500, replace=False)]
    ahead = some.assign(period=some["period"] + 20, value=77.0, published_on=morrow, vintage=morrow)
    vintage = known.sample(min(300, len(known)), random_state=seed)
    vintage = vintage.assign(value=1.0, numerator=1.0, denominator=9.0, vintage=morrow)
    reports = panel.judgements.head(150).drop_duplicates("la_code")
    reports = reports.assign(
        inspection_start=day - timedelta(days=60), published_on=morrow, overall="Inadequate"
    )
    alike = panel.neighbours[panel.neighbours["model"] == 2021]
    alike = alike.assign(model=2099, published_on=morrow, neighbour_code="420")
    return dataclasses.replace(
        panel,
        observations=_joined(panel.observations, ahead, vintage).drop_duplicates([*KEY, "vintage"]),
        judgements=_joined(panel.judgements, reports),
        neighbours=_joined(panel.neighbours, alike),
    )


def _joined(*frames: pd.DataFrame) -> pd.DataFrame:
    return pd.concat(frames, ignore_index=True)


CHANGES = (altered, deleted, added)


@pytest.mark.parametrize("day", DAYS, ids=str)
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_came_later(change, day: date, national: Panel, model: RiskModel, before) -> None:
    changed = change(national, day, 1)
    assert len(later_figures(national, day)) == len(national.observations)
    assert later_figures(national, day).any()
    assert_same(said(changed, day, model), before(day))


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    day=st.dates(date(2016, 1, 1), date(2026, 3, 18)),
    seed=st.integers(0, 2**16),
    change=st.sampled_from(CHANGES),
)
def test_what_came_later_on_any_day(day, seed, change, national, model, before) -> None:
    assert_same(said(change(national, day, seed), day, model), before(day))


def test_what_came_earlier_does_count(national: Panel, model: RiskModel, before) -> None:
    """The other tests are not hollow: the same changes a while earlier are seen."""
    day = DAYS[-1]
    for change in (altered, deleted):
        changed = said(change(national, date(2024, 6, 30), 1), day, model)
        for old, new in zip(before(day), changed, strict=True):
            assert differ(old, new)


def differ(old: pd.DataFrame, new: pd.DataFrame) -> bool:
    """Whether numbers differ by more than rounding could, or the rows are others."""
    if old.shape != new.shape:
        return True
    gaps = (old.select_dtypes("number") - new.select_dtypes("number")).abs()
    return bool(gaps.max().max() > 1e-3)


def test_through_a_panel_folder(national: Panel, model: RiskModel, before, tmp_path: Path) -> None:
    day = DAYS[1]
    for change in (altered, added):
        write_panel(change(national, day, 3), tmp_path / change.__name__)
        again = read_panel(tmp_path / change.__name__)
        assert_same(said(again, day, model), before(day))


# --- through published files ---------------------------------------------------------------------

FILES_DAY = date(2025, 5, 30)
"""Before the first figures of 2025, and the last day of the neighbours of 2021."""


def test_through_published_files(national: Panel, model: RiskModel, tmp_path: Path) -> None:
    years = (2023, 2024, 2025)
    whole = published.write_published(tmp_path / "whole", years)
    expected = _said_from(whole, national, model)
    assert expected[0]["risk"].nunique() > 100
    other = shutil.copytree(whole, tmp_path / "other")
    _spoil(other)
    with pytest.warns(DataQualityWarning, match="rose by .* more than in any published year"):
        spoiled = _said_from(other, national, model)
    assert_same(spoiled, expected)
    short = published.write_published(tmp_path / "short", years[:-1])
    assert_same(_said_from(short, national, model), expected)


def _said_from(folder: Path, national: Panel, model: RiskModel) -> Answers:
    frames = ("observations", "neighbours")
    nothing = dataclasses.replace(national, **{of: getattr(national, of).head(0) for of in frames})
    read = read_published(folder, known=nothing)  # as of a new release: nothing can be compared
    panel = read.with_judgements(national.judgements)
    return said(panel, FILES_DAY, model)


def _spoil(folder: Path) -> None:
    """Take the figures of the year that is not public yet from another authority."""
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        if "time_period" not in rows[0]:
            continue
        newest = "2024" if "population" in path.name else "2025"
        late = [row for row in rows if row["time_period"] == newest and row["old_la_code"]]
        assert late
        figures = list(rows[0])[len(published.ID) :]
        moved = [{name: row[name] for name in figures} for row in late[1:] + late[:1]]
        for row, cells in zip(late, moved, strict=True):
            row.update(cells)
        published.write_rows(path, rows)
