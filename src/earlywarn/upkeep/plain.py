"""Tables of an account as plain JSON values."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Turn a table into records: dates as ISO text, unknown values as None.

    Examples
    --------
    >>> import pandas as pd
    >>> records(pd.DataFrame({"day": [date(2026, 9, 1)], "auc": [float("nan")], "seen": [1]}))
    [{'day': '2026-09-01', 'auc': None, 'seen': 1}]
    """
    plain = table.astype(object).where(table.notna(), None)
    return [
        {str(name): str(value) if isinstance(value, date) else value for name, value in row.items()}
        for row in plain.to_dict("records")
    ]
