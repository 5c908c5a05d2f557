"""A frame's columns as a model takes them: by name, as plain numbers, nothing copied in vain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from earlywarn.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = NDArray[np.float64]


def by_name(frame: Any, columns: Sequence[str]) -> list[Floats]:
    """The columns of a frame, or of anything that passes for one, in the model's order.

    Raises
    ------
    ModelError
        If a column is missing, or stands twice.

    Examples
    --------
    >>> import pandas as pd
    >>> by_name(pd.DataFrame({"b": [1, 2], "a": [3.5, None]}), ("a", "b"))
    [array([3.5, nan]), array([1., 2.])]
    """
    lacking = [name for name in columns if name not in frame.columns]
    if lacking:
        raise ModelError(
            "columns are missing",
            found=f"{len(frame.columns)} columns without {', '.join(lacking[:5])}",
            expected=f"the {len(columns)} columns of the model",
            remedy="earlywarn.build_indicators gives them all; "
            "a column of NaN will do for one not known.",
        )
    found = [frame[name] for name in columns]
    twice = [name for name, column in zip(columns, found, strict=True) if column.ndim > 1]
    if twice:
        raise ModelError(
            "columns stand twice",
            found=", ".join(twice[:5]),
            expected="each column of the model once",
            remedy="Drop or rename the others.",
        )
    return [_numbers(column) for column in found]


def _numbers(column: Any) -> Floats:
    """A frame's column as it lies, if it is plain numbers: another missing value is put in else."""
    plain = column.dtype == np.float64
    found = column.to_numpy() if plain else column.to_numpy(dtype=float, na_value=np.nan)
    return np.asarray(found, dtype=float)
