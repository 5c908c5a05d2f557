"""A frame -> a file that others open: CSV, Excel, Parquet or JSON, whole or not at all."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from earlywarn.errors import UsageError, require
from earlywarn.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

ENDINGS = (".csv", ".xlsx", ".parquet", ".json")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_table(frame: pd.DataFrame, path: Path, *, overwrite: bool = False) -> None:
    """Write a frame in the form that the file's ending asks for.

    Parameters
    ----------
    frame : DataFrame
        Rows with a plain index.
    path : Path
        Ending in ``.csv``, ``.xlsx``, ``.parquet`` or ``.json``.
    overwrite : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    UsageError
        If the ending is another, the folder is not there, or a file is there and may not be
        replaced.
    MissingExtraError
        If the form needs an optional package that is not installed.
    """
    if path.suffix not in ENDINGS:
        raise UsageError(
            "not a kind of table",
            where=str(path),
            found=path.suffix or "no ending",
            expected=", ".join(ENDINGS),
        )
    if not path.parent.is_dir():
        raise UsageError("there is no such folder", where=str(path.parent), remedy="Make it first.")
    if path.exists() and not overwrite:
        raise UsageError(
            "a file is there already",
            where=str(path),
            remedy="Choose another name, or add --overwrite.",
        )
    try:
        write_whole(path, _content(frame, path.suffix))
    except OSError as error:
        raise UsageError(
            "the file can't be written",
            where=str(path),
            found=str(error)[:200],
            remedy="Choose another name, or close what has it open.",
        ) from error


def _content(frame: pd.DataFrame, ending: str) -> bytes:
    if ending == ".csv":
        return _inert(frame).to_csv(index=False, lineterminator="\n").encode("utf-8")
    if ending == ".json":
        return (
            frame.to_json(orient="records", indent=1, double_precision=15, force_ascii=False) + "\n"
        ).encode("utf-8")
    buffer = io.BytesIO()
    if ending == ".parquet":
        require("pyarrow", extra="data")
        frame.to_parquet(buffer, index=False)
    else:
        require("openpyxl", extra="data")
        _inert(frame).to_excel(buffer, index=False, sheet_name="scores", freeze_panes=(1, 0))
    return buffer.getvalue()


def _inert(frame: pd.DataFrame) -> pd.DataFrame:
    """Text that a spreadsheet would take for a formula, made plain text."""

    def plain(cell: object) -> object:
        return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell

    text = frame.select_dtypes(exclude="number").columns
    return frame.assign(**{name: frame[name].map(plain) for name in text})
