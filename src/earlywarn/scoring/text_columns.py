"""Join columns of text row by row."""

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
    """Join the texts of several columns row by row; missing where one is missing.

    Parameters
    ----------
    columns : sequence of array of str
        pandas' arrays of equal length.

    Returns
    -------
    array of str
        Joined in one go where Arrow stores them: adding one after another would copy the first ones
        each time, and memory takes most of the time.

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
