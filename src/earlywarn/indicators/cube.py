"""Turn rows of observations into arrays: each measure's figures by area and reporting year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from earlywarn.statistics.arrays import FloatArray

PUBLISHED, OTHER, SUPPRESSED, BARRED = range(4)
_STATUSES = {"published": PUBLISHED, "suppressed": SUPPRESSED, "not applicable": BARRED}
_FIGURES = ("numerator", "denominator", "value")
_BLOCK = 1 << 21
"""Rows at a time, so that the intermediate results take almost no memory."""


@dataclass(frozen=True)
class Cube:
    """The published figures, by measure, area and year.

    Parameters
    ----------
    areas : tuple of str
        The codes, in order; England's is the last.
    years : ndarray of shape (n_years,)
        The reporting years.
    tables : dict of str to ndarray of shape (3, n_areas, n_years)
        The numerators, denominators and values of each measure; NaN where there are none.
    statuses : dict of str to ndarray of shape (n_areas, n_years)
        The statuses of each measure's figures: published 0, other 1, suppressed 2, not applicable
        3.
    """

    areas: tuple[str, ...]
    years: FloatArray
    tables: dict[str, FloatArray]
    statuses: dict[str, npt.NDArray[np.int8]]


def cube_of(
    parts: Sequence[pd.DataFrame], existing: Collection[str], last_area: str, year: int
) -> Cube:
    """Put rows into arrays.

    Parameters
    ----------
    parts : sequence of DataFrame
        Rows of figures, in the panel's columns.
    existing : collection of str
        Areas that get a row in the arrays, with or without figures.
    last_area : str
        The area in the last row.
    year : int
        The only year, if there are no figures at all.
    """
    codes, different = _numbered(parts, "la_code")
    measure, measures = _numbered(parts, "measure")
    areas = (*sorted({*different, *existing} - {last_area}), last_area)
    years = _years(parts, year)
    shape = (len(measures), len(areas), len(years))
    row = pd.Index(areas, dtype="str").get_indexer(pd.Index(different, dtype="str"))
    figures, statuses = np.full((len(_FIGURES), *shape), np.nan), np.zeros(shape, dtype=np.int8)
    start = 0
    for block in _blocks(parts):
        rows = slice(start, start + len(block))
        place = measure[rows].astype(np.intp)
        for more, length in (
            (row[codes[rows]], len(areas)),
            (block["period"].to_numpy(dtype=int) - int(years[0]), len(years)),
        ):
            place *= length
            place += more
        for table, name in zip(figures, _FIGURES, strict=True):
            table.reshape(-1)[place] = block[name].to_numpy(dtype=float)
        statuses.reshape(-1)[place] = _status(block)
        start += len(block)
    return Cube(
        areas=areas,
        years=years,
        tables={name: figures[:, number] for number, name in enumerate(measures)},
        statuses=dict(zip(measures, statuses, strict=True)),
    )


def _blocks(parts: Sequence[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    for part in parts:
        for start in range(0, len(part), _BLOCK):
            yield part.iloc[start : start + _BLOCK]


def _numbered(
    parts: Sequence[pd.DataFrame], column: str
) -> tuple[npt.NDArray[np.int32], list[str]]:
    """The position of each row's name among a column's distinct names, and these names."""
    places: dict[str, int] = {}
    found = [np.empty(0, dtype=np.int32)]
    for block in _blocks(parts):
        codes, names = pd.factorize(block[column])
        here = [places.setdefault(name, len(places)) for name in names.tolist()]
        found.append(np.array(here, dtype=np.int32)[codes])
    return np.concatenate(found), list(places)


def _years(parts: Sequence[pd.DataFrame], year: int) -> FloatArray:
    """Every year from the first with figures to the one after the last."""
    ends = [(part["period"].min(), part["period"].max()) for part in parts if len(part)]
    first = min((int(low) for low, _ in ends), default=year)
    last = max((int(high) + 1 for _, high in ends), default=year)
    return np.arange(first, last + 1, dtype=float)


def _status(rows: pd.DataFrame) -> npt.NDArray[np.int8]:
    codes, different = pd.factorize(rows["status"], use_na_sentinel=False)
    return np.array([_STATUSES.get(name, OTHER) for name in different], dtype=np.int8)[codes]
