"""What every test shares: where the real published files are, if they are here."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import settings

from earlywarn.indicators.build import build_indicators
from earlywarn.model.risk_model import RiskModel
from earlywarn.model.serialisation import load_model
from earlywarn.panel.panel import Panel, Snapshot, load_panel

LONGEST = (
    "test_agreement.py",
    "test_page_whole.py",
    "test_backtesting.py",
    "test_site.py",
    "test_malformed.py",
    "test_notebooks.py",
    "test_progress.py",
    "test_commands.py",
    "test_http_live.py",
    "test_classifier.py",
    "test_folder.py",
    "test_docs.py",
    "test_training.py",
    "test_batch_file.py",
    "test_panel.py",
    "test_ordinal.py",
    "test_leaks.py",
    "test_mlflow.py",
    "test_cluster.py",
)
"""Files of tests that take half a minute or more: they go first."""

settings.register_profile("no deadline", deadline=None)  # a busy machine is no fault of the code
settings.load_profile("no deadline")

REAL_DATA = Path(os.environ.get("EARLYWARN_DATA", Path(__file__).parents[2] / "shared" / "data"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files, so that no worker is left with one of them at the end."""
    rank = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.name, len(LONGEST)))


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
