"""What every test shares: where the real published files are, if they are here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REAL_DATA = Path(os.environ.get("EARLYWARN_DATA", Path(__file__).parents[2] / "shared" / "data"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with `published/` and `compiled/`; a test that needs it is skipped without it."""
    if not (REAL_DATA / "published").is_dir():
        pytest.skip(f"the published files are not at {REAL_DATA}; set EARLYWARN_DATA to test with them")
    return REAL_DATA
