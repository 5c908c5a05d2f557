"""A frame's columns as a model needs them: by name, as plain numbers, copied only if need be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype

from earlywarn.errors import ModelError, TrainingError

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = NDArray[np.float64]


def by_name(frame: Any, columns: Sequence[str]) -> list[Floats]:
    """The columns of a frame, or of anything that behaves like one, in the model's order.

    Raises
    ------
    ModelError
        If a column is missing, occurs twice, or contains something that is not a number.

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
            "columns appear twice",
            found=", ".join(twice[:5]),
            expected="each column of the model once",
            remedy="Drop or rename the others.",
        )
    return [_numbers(name, column) for name, column in zip(columns, found, strict=True)]


def no_numbers(
    frame: Any, kind: type[ModelError | TrainingError]
) -> ModelError | TrainingError | None:
    """The error for a frame's first cell that is not a number, such as a suppression mark.

    Examples
    --------
    >>> import pandas as pd
    >>> print(no_numbers(pd.DataFrame({"rate": [12.5, "c"]}, index=["301", "302"]), ModelError))
    column 'rate', row '302': not a number: found 'c'; expected a number, or NaN where there is \
none. Read official files with earlywarn, or put NaN for marks such as c, z, x and low.
    >>> no_numbers(pd.DataFrame({"rate": [12.5, None]}), ModelError)
    """
    for name in frame.columns if isinstance(frame, pd.DataFrame) else ():
        column = frame[name]
        if isinstance(column, pd.DataFrame) or is_numeric_dtype(column.dtype):
            continue
        wrong = column.notna() & pd.to_numeric(column, errors="coerce").isna()
        if wrong.any():
            row = wrong.to_numpy().argmax()
            return kind(
                "not a number",
                where=f"column {str(name)!r}, row {str(frame.index[row])!r}",
                found=repr(column.iloc[row]),
                expected="a number, or NaN where there is none",
                remedy="Read official files with earlywarn, or put NaN for marks such as "
                "c, z, x and low.",
            )
    return None


def _numbers(name: str, column: Any) -> Floats:
    """A frame's column: not copied if plain numbers, else with NaN for its missing values."""
    if column.dtype == np.float64:
        return np.asarray(column.to_numpy(), dtype=float)
    try:
        return np.asarray(column.to_numpy(dtype=float, na_value=np.nan), dtype=float)
    except (TypeError, ValueError) as error:
        raise no_numbers(pd.DataFrame({name: column}), ModelError) or error from None
