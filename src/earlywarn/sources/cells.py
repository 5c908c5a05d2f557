"""Turn published cells into numbers, or the reasons why there are none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from earlywarn.sources.schema import (
    NOT_APPLICABLE,
    PUBLISHED,
    ROUNDS_TO_ZERO,
    SUPPRESSED,
    UNAVAILABLE,
    UNRELIABLE,
    Finding,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

SYMBOLS = {
    "": UNAVAILABLE,
    "c": SUPPRESSED,
    "z": NOT_APPLICABLE,
    "x": UNAVAILABLE,
    ":": UNAVAILABLE,
    "u": UNRELIABLE,
    "low": ROUNDS_TO_ZERO,
    "k": ROUNDS_TO_ZERO,
    "~": ROUNDS_TO_ZERO,
}
"""The current and former symbols of published tables, and what they mean."""

LEGACY = frozenset(
    {".", "..", "...", "-", "--", "\N{EN DASH}", "\N{EM DASH}", "*", "n/a", "na", "n.a.", "null"}
    | {"#n/a", "nan", "none", "missing"}
)
"""Symbols that older tables and other programs use where there is no figure: read as unavailable.
They don't show why there is none, so each table that has some gets a finding.
"""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_SHORTHAND = re.compile(r"\[([a-z]+)\]|\(([a-z]+)\)", re.ASCII)


def parse_cells(
    cells: pd.Series, symbols: Mapping[str, str] = SYMBOLS
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.object_], npt.NDArray[np.bool_]]:
    """Parse text cells into numbers and reasons.

    Parameters
    ----------
    cells : pandas.Series of str
        The cells of one column.
    symbols : mapping of str to str, optional
        The symbols of missing or tiny values, in lower case, and their status; each also in
        brackets, as `[c]`. The symbols of `LEGACY` mean unavailable.

    Returns
    -------
    values : numpy.ndarray of float
        NaN where there is no number; 0.0 for "rounds to zero".
    statuses : numpy.ndarray of str
        One of `schema.STATUSES`.
    wrong : numpy.ndarray of bool
        True for a cell that is neither a number nor a known symbol, including 5% and 1,204, which
        are ambiguous.

    Examples
    --------
    >>> parse_cells(pd.Series(["12.5", "[c]", "low", "..", "5%"]))[0].tolist()
    [12.5, nan, 0.0, nan, nan]
    """
    codes, uniques = pd.factorize(cells)
    parsed = [_cell(str(text), symbols) for text in uniques]
    values = np.array([np.nan if cell is None else cell[0] for cell in parsed], dtype=np.float64)
    statuses = np.array([UNAVAILABLE if cell is None else cell[1] for cell in parsed], dtype=object)
    wrong = np.array([cell is None for cell in parsed], dtype=np.bool_)
    return values[codes], statuses[codes], wrong[codes]


def legacy_signs(cells: pd.Series, symbols: Mapping[str, str] = SYMBOLS) -> dict[str, int]:
    """Count each `LEGACY` symbol in a column; those of `symbols` are not counted.

    Examples
    --------
    >>> legacy_signs(pd.Series(["1", "..", "..", "c"]))
    {'..': 2}
    """
    counts = cells.value_counts(sort=False)
    old = {str(text): int(count) for text, count in counts.items() if str(text).lower() in LEGACY}
    return {text: count for text, count in old.items() if text.lower() not in symbols}


def legacy_findings(
    cells: pd.Series, column: str, file: str, symbols: Mapping[str, str] = SYMBOLS
) -> list[Finding]:
    """Warn of a column with `LEGACY` symbols instead of figures."""
    signs = legacy_signs(cells, symbols)
    if not signs:
        return []
    counts = ", ".join(f"{sign!r} {count} times" for sign, count in sorted(signs.items()))
    message = f"signs that are not standard symbols are read as unavailable: {counts}"
    return [Finding("warning", "old-sign", message, file, column=column, found=next(iter(signs)))]


def _cell(text: str, symbols: Mapping[str, str]) -> tuple[float, str] | None:
    if _NUMBER.fullmatch(text):  # Most cells are numbers, and no symbol is one.
        number = float(text)
        return (number, PUBLISHED) if np.isfinite(number) else None
    word = text.lower()
    found = _SHORTHAND.fullmatch(word)
    status = symbols.get(word if found is None else (found[1] or found[2]))
    if status is None and word in LEGACY:
        status = UNAVAILABLE
    if status is None:
        return None
    return (0.0 if status == ROUNDS_TO_ZERO else np.nan), status
