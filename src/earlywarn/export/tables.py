"""A frame -> a file that others open, whole or not at all: CSV, spreadsheets, Parquet, JSON."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pandas as pd

from earlywarn.errors import UsageError, require
from earlywarn.export.data_dictionary import data_dictionary
from earlywarn.export.ods import ods
from earlywarn.export.workbook import About, about_table, book_of
from earlywarn.export.xlsx import xlsx
from earlywarn.utils.arguments import of_kind
from earlywarn.utils.csv_text import inert
from earlywarn.utils.files import check_outputs, write_together, written_to
from earlywarn.utils.paths import as_path

if TYPE_CHECKING:
    from pathlib import Path


ENDINGS = (".csv", ".xlsx", ".ods", ".parquet", ".json")


def write_table(
    frame: pd.DataFrame, path: str | Path, *, about: About | None = None, overwrite: bool = False
) -> None:
    """Write a frame in the form that the file's ending asks for.

    Beside ``NAME.csv`` stands ``NAME.meta.csv``, its data dictionary by the open data standards of
    the Department for Education; either both are written or neither. Text that a spreadsheet would
    take for a formula is kept from being one: in a CSV by an apostrophe before it, in a workbook by
    the type of the cell.

    Parameters
    ----------
    frame : DataFrame
        An index that has names, as that of ``build_indicators``, is written as columns.
    path : str or Path
        Ending in ``.csv``, ``.xlsx``, ``.ods``, ``.parquet`` or ``.json``.
    about : About, optional
        What the cover of a workbook says; from the frame's own columns if not given.
    overwrite : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    UsageError
        If the ending is another, the folder is not there, or a file is there and may not be
        replaced.
    MissingExtraError
        If the form needs an optional package that is not installed.

    Examples
    --------
    >>> import earlywarn as ew
    >>> ew.write_table(ew.score(), "scores.ods")  # doctest: +SKIP
    """
    file = as_path(path, "path")
    of_kind(frame, pd.DataFrame, "frame", expected="a table that earlywarn gave")
    check_table_place(file, overwrite=overwrite)
    rows = frame.reset_index() if any(name is not None for name in frame.index.names) else frame
    contents = _contents(rows, file.suffix.lower(), about or about_table(rows))
    with written_to(file):
        write_together(dict(zip(_files(file), contents, strict=True)), overwrite=overwrite)


def check_table_place(path: Path, *, overwrite: bool = False) -> None:
    """Refuse, before any work is done, a file that a table could not be written to.

    Raises
    ------
    UsageError
        If its ending is none of ``ENDINGS``, or it can't be written or may not be replaced.
    """
    if path.suffix.lower() not in ENDINGS:
        raise UsageError(
            "not a kind of table",
            where=str(path),
            found=path.suffix or "no ending",
            expected=", ".join(ENDINGS),
        )
    check_outputs(*_files(path), overwrite=overwrite)


def _files(path: Path) -> list[Path]:
    return [path, path.with_suffix(".meta.csv")] if path.suffix.lower() == ".csv" else [path]


def _contents(frame: pd.DataFrame, ending: str, about: About) -> list[bytes]:
    if ending == ".csv":
        return [_csv(inert(frame)), _csv(inert(data_dictionary(frame)))]
    if ending == ".json":
        text = frame.to_json(orient="records", indent=1, double_precision=15, force_ascii=False)
        return [f"{text}\n".encode()]
    if ending == ".parquet":
        require("pyarrow", extra="data")
        buffer = io.BytesIO()
        frame.to_parquet(buffer, index=False)
        return [buffer.getvalue()]
    return [(ods if ending == ".ods" else xlsx)(book_of(frame, about))]


def _csv(frame: pd.DataFrame) -> bytes:
    # A return within a text would end the row for whoever reads it, unless the text is quoted.
    texts = frame.select_dtypes(exclude="number")
    returns = any(texts[name].astype("str").str.contains("\r").any() for name in texts.columns)
    text = frame.to_csv(
        index=False,
        lineterminator="\n",
        quoting=csv.QUOTE_NONNUMERIC if returns else csv.QUOTE_MINIMAL,
    )
    return text.encode("utf-8")
