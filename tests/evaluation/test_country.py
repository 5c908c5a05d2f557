"""The country on a day: one row for each contender and authority, ranked as a list is read."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from tests.helpers import backtests

from earlywarn.evaluation.baselines import BASELINES
from earlywarn.evaluation.country import INADEQUATE, Countries, Country
from earlywarn.evaluation.protocol import OURS
from earlywarn.indicators.timeline import Timeline
from earlywarn.model.serialisation import load_model

DAY = date(2023, 4, 1)
CHANCE = next(baseline for baseline in BASELINES if baseline.at_random)


@pytest.fixture(scope="module")
def country() -> Country:
    panel = backtests.panel()
    figures = panel.observations
    cases = pd.Series([0, 1, 2, 3])
    models = {OURS: load_model(), CHANCE.name: CHANCE.fit(pd.DataFrame(index=cases), cases, cases)}
    population = figures[figures["measure"] == "population_0_17"]
    timeline = Timeline(panel, panel.judgements)
    return Countries(models, [CHANCE], timeline, population).on(DAY)


def test_a_table_has_a_row_for_each_contender_and_authority(country: Country) -> None:
    table = country.table()
    assert table.groupby("model")["la_code"].nunique().to_dict() == {OURS: 153, CHANCE.name: 153}
    one = country.table("383")
    assert one["model"].tolist() == [OURS, CHANCE.name]
    expected = table[table["la_code"] == "383"].reset_index(drop=True)
    pd.testing.assert_frame_equal(one, expected, check_exact=True)
    assert country.table("909").empty  # Cumbria ended on that day


def test_ranks_are_those_of_pandas_by_contender(country: Country) -> None:
    table = country.table()
    groups = table.groupby("model")
    ranked = groups["score"].rank(ascending=False, method="first")
    np.testing.assert_array_equal(table["list_rank"], ranked)
    new = table["score"].where(table["last_grade"] != INADEQUATE)
    among_new = new.groupby(table["model"]).rank(ascending=False, method="first")
    assert among_new.isna().any()
    np.testing.assert_array_equal(table["list_rank_new"], among_new)


def test_a_list_by_lot_is_in_no_order_of_its_risks_and_ours_is(country: Country) -> None:
    table = country.table().sort_values("list_rank")
    by_lot, ours = (table[table["model"] == name] for name in (CHANCE.name, OURS))
    assert by_lot["risk"].eq(by_lot["risk"].iloc[0]).all()
    assert by_lot["la_code"].tolist() != sorted(by_lot["la_code"])
    assert ours["score"].is_monotonic_decreasing
