"""The dates of the report's sources: up to when each is known, and which are overdue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from earlywarn.report.chart import Column, Table
from earlywarn.scoring.freshness import JUDGEMENTS, overdue_words
from earlywarn.utils.formatting import long_date, text, year

if TYPE_CHECKING:
    import pandas as pd


def _yes_or_no(cell: Any) -> str:
    return "yes" if cell else "no"


COLUMNS = {
    "title": Column("Source", text, numeric=False),
    "through": Column("Published up to", long_date, numeric=False),
    "period": Column("Latest year", year),
    "cadence": Column("How often", text, numeric=False),
    "due": Column("Next due by", long_date, numeric=False),
    "overdue": Column("Overdue", _yes_or_no, numeric=False),
}


def freshness_table(sources: pd.DataFrame) -> Table:
    """Table up to when each source is known, and whether it is overdue on the date.

    Parameters
    ----------
    sources : DataFrame
        As returned by ``freshness``.
    """
    return Table.of(sources, COLUMNS)


def freshness_words(sources: pd.DataFrame) -> dict[str, str]:
    """The latest judgement's date, and what is overdue; empty if nothing is."""
    through = sources.loc[sources["source"] == JUDGEMENTS, "through"].iloc[0]
    return {"judged_through": long_date(through), "overdue": overdue_words(sources)}
