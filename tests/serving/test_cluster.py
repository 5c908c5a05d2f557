"""A backtest under joblib's Dask backend, on real workers: the serial result."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from joblib import parallel_config
from tests.helpers import backtests  # type: ignore[attr-defined]
from tests.helpers.extras import needed

distributed = needed("distributed", "Dask's distributed scheduler is not installed")
pytestmark = pytest.mark.filterwarnings("ignore")


def test_a_backtest_on_a_cluster() -> None:
    few = {"first_year": 2016, "until": date(2017, 1, 31), "leads": (0,), "baselines": ()}
    serial = backtests.run(**few)
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        with parallel_config("dask"):
            found = backtests.run(**few, n_jobs=-1)
        done = client.run(lambda dask_worker: dask_worker.state.executed_count)
    assert sum(done.values()) >= 2, "the workers did nothing"
    assert len(serial.forecasts) > 20
    pd.testing.assert_frame_equal(found.forecasts, serial.forecasts, check_exact=True)
    pd.testing.assert_frame_equal(found.lists, serial.lists, check_exact=True)
