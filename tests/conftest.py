"""What every test shares: where the real published files are, if they are here."""

from __future__ import annotations

import functools
import gc
import os
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import settings

from earlywarn.errors import PanelError
from earlywarn.indicators.build import build_indicators
from earlywarn.model.risk_model import RiskModel
from earlywarn.model.serialisation import load_model
from earlywarn.panel import panel as panels
from earlywarn.panel.panel import Panel, Snapshot, load_panel
from earlywarn.utils.dates import as_date

LONGEST = (
    "test_agreement.py",
    "test_page_whole.py",
    "test_notebooks.py",
    "test_malformed.py",
    "test_batch_file.py",
    "test_http_live.py",
    "test_benchmarks.py",
    "test_folder.py",
    "test_site.py",
    "test_commands.py",
    "test_explorer.py",
    "test_known.py",
    "test_leaks.py",
    "test_backtesting.py",
    "test_fetch.py",
    "test_cards.py",
    "test_panel.py",
    "test_docs.py",
    "test_progress.py",
    "test_record.py",
    "test_serialisation.py",
    "test_http_contract.py",
    "test_page.py",
    "test_counterfactual.py",
    "test_mlflow.py",
    "test_doors.py",
    "test_performance.py",
    "test_plots.py",
    "test_cluster.py",
    "test_refreshing.py",
    "test_training.py",
    "test_changes.py",
)
"""Files of tests that take long, the longest first: none of them is left for the end."""

PAGE = "docs/test_site.py::test_the_blocks_of_a_page_run_in_order"
TABLE = "sources/test_malformed.py::test_every_malformed_table_is_refused_or_told_or_harmless"
PARTS = "report/test_page_whole.py::test_axe_finds_no_violation_in_any_part_of_the_page"
LONG = {
    f"{PAGE}[how-to/retrain]": "tests/model and tests/upkeep train, notebook 3 retrains",
    f"{PAGE}[how-to/read-the-report]": "tests/report writes the same reports",
    f"{PAGE}[how-to/explore]": "tests/report/test_explorer.py writes the same page",
    f"{TABLE}[CSWW]": "the other tables have the same faults",
    f"{TABLE}[CSWW 2022]": "the other tables have the same faults",
    f"{TABLE}[D5]": "the other tables have the same faults",
    f"{TABLE}[CLA]": "the other tables have the same faults",
    f"{PARTS}[whole_tab-153]": "a dozen sections of the same template are looked at",
    "model/test_classifier.py::test_the_intervals_cover_nine_in_ten[60]": "without refits it runs",
    "model/test_serialisation.py::test_every_number_that_counts_is_missed": "one of each kind runs",
    "scoring/test_preprocessing.py::TestAlone::test_chunks_and_repeats": "test_agreement cuts too",
    "scoring/test_own_figures.py::test_a_worse_figure_never_lies_lower": "the model's signs have "
    "tests of their own",
    "serving/test_agreement.py::test_spark_builds_the_same_indicators[30]": "three of them run on "
    "Spark, and all of them on Dask",
    "serving/test_http_live.py::test_two_workers_answer_and_none_is_left[SIGKILL]": "SIGTERM runs, "
    "and utils/test_workers.py kills a parent of workers",
    "evaluation/test_record.py::test_the_command_writes_and_tells_the_record": "others of the file "
    "write it without the command",
}
"""Tests that are left out unless asked for with ``-m long``, each with what covers it else."""

settings.register_profile("no deadline", deadline=None)  # a busy machine is no fault of the code
settings.load_profile("no deadline")

REAL_DATA = Path(os.environ.get("EARLYWARN_DATA", Path(__file__).parents[2] / "shared" / "data"))

read_panel, as_of, shipped = panels.read_panel, Panel.as_of, panels._national()


@functools.cache
def the_shipped_panel() -> Panel:
    return read_panel(shipped)


@functools.lru_cache(maxsize=40)
def on_the_day(day: date) -> Snapshot:
    return as_of(the_shipped_panel(), day)


def read_once(folder: str | Path) -> Panel:
    """A panel, of which the one that ships is read once for all tests of a process."""
    ours = isinstance(folder, type(shipped)) and folder == shipped
    return the_shipped_panel() if ours else read_panel(folder)


def seen_once(panel: Panel, day: date | str) -> Snapshot:
    """What was public on a day, worked out once if the panel is the one that ships.

    A day's indicators are kept as long as its snapshot: most tests look at a few days.
    """
    if panel is not the_shipped_panel() or type(day) not in {date, str}:
        return as_of(panel, day)
    return on_the_day(as_date(day, "as_of", PanelError))


# Every door loads the panel for itself, and a second is nothing to one who asks once.
panels.read_panel, Panel.as_of = read_once, seen_once  # type: ignore[method-assign]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark long tests; begin with the longest files, so that none is left for the end."""
    for item in items:
        if item.nodeid.removeprefix("tests/") in LONG:
            item.add_marker("long")
    rank = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.name, len(LONGEST)))


def pytest_collection_finish() -> None:
    """Leave out of every later collection of garbage what stays until the end.

    Modules and thousands of tests would be gone through again each time.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with `published/` and `compiled/`; a test that needs it is skipped without it."""
    if not (REAL_DATA / "published").is_dir():
        pytest.skip(
            f"the published files are not at {REAL_DATA}; set EARLYWARN_DATA to test with them"
        )
    return REAL_DATA


@pytest.fixture(scope="session")
def national() -> Panel:
    """The panel that ships: real numbers, always there."""
    return load_panel()


@pytest.fixture(scope="session")
def model() -> RiskModel:
    """The model that ships."""
    return load_model()


@pytest.fixture(scope="session")
def snapshot(national: Panel) -> Snapshot:
    """What was public at the end of 2025."""
    return national.as_of("2025-12-31")


@pytest.fixture(scope="session")
def indicators(snapshot: Snapshot) -> pd.DataFrame:
    """The indicators at the end of 2025, by authority."""
    return build_indicators(snapshot).droplevel("as_of")
