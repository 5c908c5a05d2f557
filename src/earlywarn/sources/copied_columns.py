"""Find columns of a table with the same figures in a year: one was copied over the other."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from earlywarn.authorities import ENGLAND
from earlywarn.sources.cells import parse_cells
from earlywarn.sources.schema import Finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    import pandas as pd

    from earlywarn.authorities import Register
    from earlywarn.sources.tabular_files import Table
    from earlywarn.statistics.arrays import FloatArray

_COUNTED_FROM = 5.0  # smaller figures are equal by chance
_MOST = 0.8  # of a year's authorities at most 0.54 had the same in two columns
_FEWEST = 50
_OF_REGION = 8  # so many of a region were never all the same: at most nine of eleven


def check_copied_columns(
    table: Table,
    places: pd.DataFrame,
    columns: Collection[str],
    but: Collection[str],
    register: Register,
) -> list[Finding]:
    """A warning where a column that is read has the figures of another in a year or region.

    Parameters
    ----------
    table : Table
        Rows of England and of authorities.
    places : DataFrame
        Its rows that count: `row, la_code, period`.
    columns : collection of str
        The columns that are read.
    but : collection of str
        Columns that describe.
    register : Register
        For the region of each authority.
    """
    local = places[places["la_code"] != ENGLAND].drop_duplicates("row")
    rows = local["row"].to_numpy()
    figures = {
        key: _large(parse_cells(table.cells[key])[0][rows])
        for key in table.columns
        if key not in but
    }
    own = register.authorities
    regions = local["la_code"].map(dict(zip(own["la_code"], own["region"], strict=True)))
    parts = local.assign(region=regions)[["period", "region"]]
    return [
        _said(table, one, other, year, where)
        for one, other in itertools.combinations(figures, 2)
        if one in columns or other in columns
        for year, where in _places(parts, figures[one], figures[other])
    ]


def _large(values: FloatArray) -> FloatArray:
    return np.where(values >= _COUNTED_FROM, values, np.nan)


def _said(table: Table, one: str, other: str, year: int, where: str) -> Finding:
    column = table.columns[one]
    message = (
        f"{column} and {table.columns[other]} have the same figures in {year} for {where}, which "
        "no two columns of a published table do: was one copied over the other? Download the file "
        "again"
    )
    return Finding(
        "warning", "copied-column", message, table.file, period=float(year), column=column
    )


def _places(parts: pd.DataFrame, one: FloatArray, other: FloatArray) -> Iterator[tuple[int, str]]:
    """The years, and the regions of other years, whose authorities have the same in both."""
    if (one == other).sum() < _OF_REGION:
        return
    known = np.isfinite(one) & np.isfinite(other)
    both = parts[known].assign(same=(one == other)[known])
    years = both.groupby("period")["same"].agg(["mean", "size"])
    whole = years.index[(years["mean"] > _MOST) & (years["size"] >= _FEWEST)]
    yield from ((int(year), "nearly all authorities") for year in whole)
    rest = both[~both["period"].isin(whole)].groupby(["period", "region"])["same"]
    shares = rest.agg(["all", "size"])
    for year, region in shares.index[shares["all"] & (shares["size"] >= _OF_REGION)]:
        yield int(year), str(region)
