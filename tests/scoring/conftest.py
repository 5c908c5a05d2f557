"""What several tests of this folder look at, worked out once."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from earlywarn.indicators.timeline import Timeline
from earlywarn.panel.panel import Panel


@pytest.fixture(scope="session")
def of_any_day(national: Panel) -> pd.DataFrame:
    """The rows built of every day of a publication, and of days between from 2014 to 2028.

    A timeline gives what `build_indicators` gives, to the last bit (tests/evaluation).
    """
    published = [day for day in national.observations["published_on"].unique() if day.year > 2013]
    between = [
        date(year, *day) for year in range(2014, 2029) for day in ((1, 15), (4, 1), (12, 31))
    ]
    days = [*published, *between]
    assert len(days) > 100
    timeline = Timeline(national, national.judgements)
    return pd.concat([timeline.at(day).reset_index() for day in days], ignore_index=True)
