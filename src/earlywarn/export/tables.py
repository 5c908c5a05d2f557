"""Write a frame to CSV, a spreadsheet, Parquet or JSON, completely or not at all."""

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
    """Write a frame in the format given by the file's ending.

    ``NAME.csv`` comes with ``NAME.meta.csv``, its data dictionary, following the open data
    standards of the Department for Education; either both are written or neither. Text that a
    spreadsheet would treat as a formula is prevented from being one: in a CSV by a preceding
    apostrophe, in a workbook by the type of the cell.

    Parameters
    ----------
    frame : DataFrame
        An index with names, such as that of ``build_indicators``, is written as columns.
    path : str or Path
        Ending in ``.csv``, ``.xlsx``, ``.ods``, ``.parquet`` or ``.json``.
    about : About, optional
        The text of a workbook's cover; by default taken from the frame's own columns.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    UsageError
        If the ending is none of these, the folder does not exist, or the file exists and may not be
        replaced.
    MissingExtraError
        If the format needs an optional package that is not installed.

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
    """Refuse a file that a table could not be written to, before any work is done.

    Raises
    ------
    UsageError
        If its ending is not in ``ENDINGS``, or it can't be written or may not be replaced.
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
    # A carriage return within a text would end the row for readers, unless the text is quoted.
    texts = frame.select_dtypes(exclude="number")
    returns = any(texts[name].astype("str").str.contains("\r").any() for name in texts.columns)
    text = frame.to_csv(
        index=False,
        lineterminator="\n",
        quoting=csv.QUOTE_NONNUMERIC if returns else csv.QUOTE_MINIMAL,
    )
    return text.encode("utf-8")
