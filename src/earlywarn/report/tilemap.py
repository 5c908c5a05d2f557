"""A map of England with one equal tile per council, so a small city is as visible as a county."""

from __future__ import annotations

import csv
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from earlywarn.errors import require
from earlywarn.utils.files import package_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from earlywarn.authorities import Register
    from earlywarn.statistics.arrays import FloatArray

TILES = "data/tiles.csv"
STEPS = 600
MARGIN = 2


def assign_tiles(easting: npt.ArrayLike, northing: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Assign each place its own tile, so that neighbours stay near each other.

    Parameters
    ----------
    easting, northing : array-like of shape (n,)
        The coordinates of the places, in any unit of length.

    Returns
    -------
    ndarray of shape (n, 2)
        Column and row of each place, from 0; row 0 is the northernmost.

    Raises
    ------
    MissingExtraError
        If scipy is not installed.

    Notes
    -----
    First, crowded places push each other apart, as in a Dorling cartogram (Dorling 1996, Area
    Cartograms, ISBN 978-1-872464-11-7), while a spring keeps each near its original place; then
    finding the tiles with the least sum of squared distances is an assignment problem (Crouse 2016,
    doi 10.1109/TAES.2016.140952).

    Examples
    --------
    >>> assign_tiles([0, 10, 0], [10, 10, 0]).tolist()
    [[0, 0], [1, 0], [0, 1]]
    """
    optimize = require("scipy.optimize", extra="report")
    place = spread_out(np.column_stack([easting, -np.asarray(northing, dtype=float)]))
    size = np.ceil(place.max(axis=0)).astype(int) + MARGIN
    cells = np.array(list(product(range(-MARGIN, size[0] + 1), range(-MARGIN, size[1] + 1))))
    cost = ((place[:, None, :] - cells[None, :, :]) ** 2).sum(axis=2)
    _, chosen = optimize.linear_sum_assignment(cost)
    # Columns and rows without any tile are dropped, so that a distant island adds no empty sea.
    tiles = [np.unique(part, return_inverse=True)[1] for part in cells[chosen].T]
    return np.column_stack(tiles).astype(np.int64)


def spread_out(place: FloatArray) -> FloatArray:
    """Push places apart until hardly any two are closer than a tile; leave the rest in place."""
    span = np.ptp(place, axis=0)
    # England is somewhat taller than wide; allow a third more tiles than there are places, so that
    # the coast keeps its shape.
    tile = max(np.sqrt(span.prod() / (1.7 * len(place))), span.max() / len(place))
    home = (place - place.min(axis=0)) / max(tile, 1e-9)
    moved = home.copy()
    for step in range(STEPS):
        # Tiles grow from nothing, so that places move apart slowly and none jumps over another.
        grown = min(1.0, 1.25 * (step + 1) / STEPS)
        pull = 0.01 * (home - moved) * (1 - step / STEPS)
        moved = moved + _push(moved, 1.1 * grown) + pull
    return np.asarray(moved - moved.min(axis=0), dtype=float)


def _push(place: FloatArray, tile: float) -> FloatArray:
    """How each place moves away from those that are closer than a tile."""
    apart = place[:, None, :] - place[None, :, :]
    distance = np.sqrt((apart**2).sum(axis=2))
    overlap = np.maximum(tile - distance, 0.0)
    np.fill_diagonal(overlap, 0.0)
    away = apart / np.maximum(distance, 1e-9)[..., None]
    return np.asarray(0.25 * (away * overlap[..., None]).sum(axis=1), dtype=float)


def neighbours_kept(easting: npt.ArrayLike, northing: npt.ArrayLike, tiles: npt.ArrayLike) -> float:
    """Return the share of places whose nearest place has a touching tile (side or corner).

    Examples
    --------
    >>> neighbours_kept([0, 1, 9], [0, 0, 0], [[0, 0], [1, 0], [4, 0]])
    0.6666666666666666
    """
    where = np.column_stack([easting, northing]).astype(float)
    distance = np.sqrt(((where[:, None] - where[None]) ** 2).sum(axis=2))
    np.fill_diagonal(distance, np.inf)
    cells = np.asarray(tiles)
    steps = np.abs(cells - cells[distance.argmin(axis=1)]).max(axis=1)
    return float((steps <= 1).mean())


def shipped_tiles() -> dict[str, tuple[int, int]]:
    """The shipped tiles, by authority: column and row."""
    with package_path(TILES).open(encoding="utf-8", newline="") as stream:
        return {
            row["la_code"]: (int(row["column"]), int(row["row"])) for row in csv.DictReader(stream)
        }


def tiles_for(codes: Iterable[str], register: Register) -> pd.DataFrame:
    """Find tiles for a date's authorities: the shipped ones, or the nearest free one.

    Parameters
    ----------
    codes : iterable of str
        The authorities to place.
    register : Register
        The register, for what an authority without a tile was made from, or became.

    Returns
    -------
    DataFrame
        ``la_code, column, row``, by code. No two share a tile.
    """
    wanted, known = sorted(codes), shipped_tiles()
    taken = {code: known[code] for code in wanted if code in known}
    lowest = max((row for _, row in known.values()), default=0) + 2
    for code in wanted:
        if code not in taken:
            taken[code] = _nearest_free(_kin(code, register, known) or (0, lowest), taken)
    rows = [(code, *taken[code]) for code in wanted]
    return pd.DataFrame(rows, columns=["la_code", "column", "row"])


def _kin(
    code: str, register: Register, known: dict[str, tuple[int, int]]
) -> tuple[int, int] | None:
    kin = [change.successor for change in register.successors(code)]
    kin += [change.predecessor for change in register.predecessors(code)]
    return next((known[other] for other in kin if other in known), None)


def _nearest_free(near: tuple[int, int], taken: dict[str, tuple[int, int]]) -> tuple[int, int]:
    used = set(taken.values())
    reach = range(-20, 21)
    steps = sorted(product(reach, reach), key=lambda step: (step[0] ** 2 + step[1] ** 2, step))
    places = ((near[0] + right, near[1] + down) for right, down in steps)
    return next(place for place in places if place not in used and min(place) >= 0)


# --- names on tiles ---

SOFT = "\u00ad"
_BREAKS = {
    "Northumberland": 7,
    "Northamptonshire": 8,
    "Buckinghamshire": 7,
    "Herefordshire,": 8,
    "Middlesbrough": 7,
    "Wolverhampton": 6,
    "Peterborough": 5,
    "Bournemouth,": 6,
    "Hammersmith": 6,
    "Southampton": 5,
    "Westmorland": 7,
}
_CUT = {"and": "&"}


def tile_name(name: str) -> str:
    """Return a name as written on a tile: in full, with soft hyphens in long words.

    Examples
    --------
    >>> tile_name("Windsor and Maidenhead"), tile_name("Kent"), tile_name("Derbyshire")
    ('Windsor & Maidenhead', 'Kent', 'Derbyshire')
    >>> tile_name("Nottinghamshire").split(SOFT)
    ['Nottingham', 'shire']
    """
    return " ".join(_breakable(_CUT.get(word, word)) for word in name.split())


def _breakable(word: str) -> str:
    shire = len(word) - 5 if word.endswith("shire") and len(word) > 10 else 0
    at = _BREAKS.get(word, shire)
    return f"{word[:at]}{SOFT}{word[at:]}" if at else word
