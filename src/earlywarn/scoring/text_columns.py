"""Columns of text, joined row by row."""

from __future__ import annotations

import sys
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

import pandas as pd

from earlywarn.errors import require

if TYPE_CHECKING:
    from collections.abc import Sequence


def joined(columns: Sequence[Any]) -> Any:
    """Give the texts of several columns as one, row by row; nothing where one has none.

    Parameters
    ----------
    columns : sequence of array of str
        pandas' arrays, of one length.

    Returns
    -------
    array of str
        All at one go where Arrow holds them: adding one after the other writes the first ones
        again each time, and most of the time goes into memory.

    Examples
    --------
    >>> list(joined([pd.array(["a", "b"], dtype="str"), pd.array(["c", ""], dtype="str")]))
    ['ac', 'b']
    """
    dtype = columns[0].dtype
    if "pyarrow" not in sys.modules or dtype.storage != "pyarrow":
        return reduce(add, columns)
    pa, pc = require("pyarrow", extra="data"), require("pyarrow.compute", extra="data")
    kind, nothing = pa.large_string(), pa.scalar("", pa.large_string())
    texts = [pa.array(column).cast(kind) for column in columns]
    return pd.array(pc.binary_join_element_wise(*texts, nothing), dtype=dtype)
