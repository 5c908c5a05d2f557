"""Rows as they come from anywhere -> a frame: frames, Arrow tables, records, files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from earlywarn.errors import ScoreError, require
from earlywarn.scoring.preprocessing import known_columns


def as_frame(rows: Any) -> pd.DataFrame:
    """Give rows as a frame with a plain index, whatever they came as.

    Raises
    ------
    ScoreError
        If they are no rows, or a file can't be read.

    Examples
    --------
    >>> as_frame([{"caseload": 16.0}])
       caseload
    0      16.0
    """
    if isinstance(rows, pd.DataFrame):
        return rows.reset_index(drop=True)
    if isinstance(rows, (str, Path)):
        return _read_file(Path(rows))
    if hasattr(rows, "to_pandas"):
        return pd.DataFrame(rows.to_pandas())
    if isinstance(rows, Iterable) and not isinstance(rows, (bytes, Mapping)):
        listed = list(rows)
        if all(isinstance(row, Mapping) for row in listed):
            return _of_records(listed)
    raise ScoreError(
        "these are no rows",
        where="rows",
        found=f"a {type(rows).__name__}",
        expected="a frame, an Arrow table, an iterable of dicts, "
        "or a path to CSV, Parquet or JSON lines",
    )


def beside(frame: pd.DataFrame, added: pd.DataFrame) -> pd.DataFrame:
    """Put columns beside those of rows, whatever the rows' columns are called."""
    try:
        return pd.concat([frame, added], axis=1)
    except UnicodeEncodeError:  # Half of a surrogate pair in a name, which an index can't hold.
        names = pd.Index([*frame.columns, *added.columns], dtype=object)
        return pd.concat([frame, added], axis=1, ignore_index=True).set_axis(names, axis=1)


def _of_records(records: list[Mapping[Any, Any]]) -> pd.DataFrame:
    """A frame of records; a whole number stays one, also where its column has gaps."""
    try:
        frame = pd.DataFrame(records)
    except UnicodeEncodeError:  # Half of a surrogate pair, which a column of text can't hold.
        names = dict.fromkeys(name for record in records for name in record)
        return pd.DataFrame(records, columns=pd.Index(list(names), dtype=object), dtype=object)
    for place, name in enumerate(frame.columns):
        passed_through = name not in known_columns() and frame.dtypes.iloc[place].kind == "f"
        if passed_through and any(isinstance(record.get(name), int) for record in records):
            cells = pd.Series([record.get(name) for record in records], dtype=object)
            frame.isetitem(place, cells.array)
    return frame


def _read_file(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise ScoreError(
            "there is no such file", where=str(path), expected="CSV, Parquet or JSON lines"
        )
    try:
        if path.suffix == ".csv":
            return _read_csv(path)
        if path.suffix == ".parquet":
            require("pyarrow", extra="data")
            return pd.read_parquet(path)
        if path.suffix in (".jsonl", ".ndjson", ".json"):
            lines = path.read_text(encoding="utf-8-sig").splitlines()
            return as_frame([json.loads(line) for line in lines if line.strip()])
    except (ValueError, OSError, RecursionError) as error:
        raise ScoreError(
            "the file can't be read",
            where=str(path),
            found=str(error).strip()[:120],
            expected="CSV, Parquet or JSON lines",
        ) from error
    raise ScoreError(
        "not a kind of file that can be scored",
        where=str(path),
        found=path.suffix or "no ending",
        expected=".csv, .parquet or .jsonl",
    )


def _read_csv(path: Path) -> pd.DataFrame:
    """Cells as they stand: a name that stands twice stays so, a row that is too long is refused."""
    cells = pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8-sig", header=None)
    return cells.iloc[1:].set_axis(cells.iloc[0].tolist(), axis=1).reset_index(drop=True)
