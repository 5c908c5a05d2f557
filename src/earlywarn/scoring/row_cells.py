"""Cells of rows as numbers or text, and the reasons why a row is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

if TYPE_CHECKING:
    from earlywarn.statistics.arrays import FloatArray

STRANGE = "?"
"""What stands for a cell that is neither text, number nor date."""
_SIGNS = frozenset({"c", "z", "x", "u", "k", "low", "~", ":", "..", ".", "-", "*"})
"""What publishers write where there is no figure."""
_YES_OR_NO = {"true": "1", "yes": "1", "false": "0", "no": "0"}


class Faults:
    """Reasons for refusal, each with the rows that it holds for."""

    def __init__(self) -> None:
        self._reasons: list[tuple[npt.NDArray[np.bool_], str]] = []

    def add(self, bad: npt.NDArray[np.bool_], reason: str) -> None:
        """Note a reason, and for which rows it holds."""
        if bad.any() and reason not in (told for _, told in self._reasons):
            self._reasons.append((bad, reason))

    def texts(self) -> dict[int, str]:
        """All that is wrong with each row that has a fault, by its place."""
        found: dict[int, str] = {}
        for bad, reason in self._reasons:
            for place in np.flatnonzero(bad).tolist():
                found[place] = f"{found[place]}; {reason}" if place in found else reason
        return found


def read_text(
    column: pd.Series, *, yes_or_no: bool = False
) -> tuple[FloatArray, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Cells as numbers, which of them hold something that is none, and which a publisher's sign."""
    if _is_text(column):
        text = column.str.strip()
    else:
        text = column.astype(object).where(column.notna(), "").map(cell_text).astype("str")
    if yes_or_no:
        text = text.where(~text.str.lower().isin(_YES_OR_NO), text.str.lower().map(_YES_OR_NO))
    numbers = pd.to_numeric(text.where(text != "", None), errors="coerce").to_numpy(
        dtype=float, na_value=np.nan
    )
    strange = np.isnan(numbers)
    left = text[strange].fillna("").str.lower()
    unpublished = strange.copy()
    strange[strange] = ~left.isin(["", "nan", "none", "na"]).to_numpy(dtype=bool)
    unpublished[unpublished] = left.isin(_SIGNS).to_numpy(dtype=bool)
    return numbers, strange & ~unpublished, unpublished


def _is_text(column: pd.Series) -> bool:
    """Whether every cell is text, or nothing: columns that can be treated whole."""
    return isinstance(column.dtype, pd.StringDtype)


def cell_text(cell: object) -> str:
    """A cell as text: a number is the same one, whatever stands beside it in its column.

    Only text and numbers are looked at. What an object says of itself may be anything, or nothing.
    """
    if isinstance(cell, str):
        # Half of a surrogate pair, which JSON can hold, is not text that a column can hold.
        return cell.strip().encode("utf-8", "replace").decode("utf-8")
    if isinstance(cell, (complex, np.complexfloating)) and not isinstance(cell, float):
        # One complex cell makes its neighbours in the column complex too.
        return repr(float(cell.real)) if cell.imag == 0 else STRANGE
    if isinstance(cell, (float, np.floating)):
        return repr(float(cell))
    if isinstance(cell, int) and cell.bit_length() > 1024:
        return "inf" if cell > 0 else "-inf"  # Python doesn't write one of thousands of digits.
    return str(cell) if isinstance(cell, (int, np.integer, np.bool_, Decimal)) else STRANGE
