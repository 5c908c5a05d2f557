"""Files of rows, a chunk at a time: read without changing a cell, and written in three formats."""

from __future__ import annotations

import functools
import io
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from earlywarn.errors import ScoreError, UsageError, require
from earlywarn.scoring.batch import beside
from earlywarn.scoring.row_files import (
    ENDINGS,
    READ_LINES,
    check_parquet,
    check_text,
    json_records,
    no_utf8,
    unknown_kind,
)
from earlywarn.serving.csv_parts import LONE, cell_text, csv_bytes
from earlywarn.serving.joining import packed
from earlywarn.utils.csv_text import check_rows
from earlywarn.utils.json_text import plain_json
from earlywarn.utils.paths import check_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

CHUNK = 50_000
"""Rows that each process holds in memory at a time, for a file of any size."""
LINES = (".jsonl", ".ndjson")
PARTS = {".parquet": ".arrow"}
"""The endings of an output's parts, where they differ from the output's."""


@dataclass(frozen=True)
class Chunk:
    """Some rows of a file.

    Parameters
    ----------
    start : int
        How many rows of the file come before them.
    rows : DataFrame or Arrow table
        Every cell as in the file: text from CSV, JSON's own values, Arrow's own types. No cell's
        type depends on the other rows of its chunk.
    """

    start: int
    rows: Any


def read_chunks(source: Path, size: int) -> Iterator[Chunk]:
    """Read a file, or a folder of Parquet, in chunks of limited size; at least one chunk.

    Raises
    ------
    ScoreError
        If there is no such file, or it can't be read.
    """
    if not source.is_dir():
        check_file(source, expected=", ".join(ENDINGS), fault=ScoreError)
    if source.is_dir():
        parts: Iterable[Any] = _parquet(source, size)
    elif source.suffix.lower() in READ_LINES:
        parts = _json_lines(source, size)
    else:
        parts = {".csv": _csv, ".parquet": _parquet}.get(source.suffix.lower(), _unknown)(
            source, size
        )
    start = 0
    try:
        for rows in parts:
            yield Chunk(start, rows)
            start += len(rows)
            give_back_memory()
    except UnicodeDecodeError as error:
        raise no_utf8(source) from error
    except (ValueError, OSError, RecursionError) as error:
        raise ScoreError(
            "the file can't be read",
            where=str(source),
            found=" ".join(str(error).split())[:120] or type(error).__name__,
            expected="CSV, Parquet or JSON lines",
            remedy="Nothing was written.",
        ) from error


def check_ending(file: Path) -> None:
    """Refuse an output whose format is not clear from its name, or can't be written here."""
    if file.suffix.lower() not in ENDINGS:
        raise UsageError(
            "not a kind of file that rows are written to",
            where=str(file),
            found=file.suffix or "no ending",
            expected=", ".join(ENDINGS),
        )
    if file.suffix.lower() == ".parquet":
        require("pyarrow", extra="data")


def encode(rows: Any, added: pd.DataFrame, ending: str) -> bytes:
    """Return the rows of a chunk with their scores, in the format of a part of an output file."""
    if ending == ".csv":
        return packed(csv_bytes(beside(as_cells(rows), added)))
    if ending in LINES:
        return packed(_line_bytes(rows, added))
    return _arrow_bytes(rows, added)


def as_cells(rows: Any) -> pd.DataFrame:
    """Return rows as written in a CSV: a cell's text doesn't depend on the cells around it."""
    if isinstance(rows, pd.DataFrame):
        return rows
    pa = require("pyarrow", extra="data")
    table = pa.Table.from_arrays(
        [_column_of_cells(column) for column in rows.columns], names=rows.column_names
    )
    return pd.DataFrame(table.to_pandas(integer_object_nulls=True))


def _column_of_cells(column: Any) -> Any:
    """A column in a form that pandas keeps unchanged: dates, times, lists and the like as text."""
    pa = require("pyarrow", extra="data")
    if pa.types.is_temporal(column.type):
        return column.cast(pa.string())
    if not pa.types.is_nested(column.type):
        return column
    texts = [None if cell is None else cell_text(cell) for cell in column.to_pylist()]
    return pa.array(texts, type=pa.string())


def give_back_memory() -> None:
    """Make Arrow, which also stores pandas' text, release the memory of finished chunks.

    Otherwise it keeps more and more, and the memory of a batch would grow with its rows.
    """
    if (arrow := sys.modules.get("pyarrow")) is not None:
        arrow.default_memory_pool().release_unused()


def _unknown(source: Path, _: int) -> Iterator[Any]:
    raise unknown_kind(source)


def _csv(source: Path, size: int) -> Iterator[pd.DataFrame]:
    check_text(source)
    width = check_rows(source, ScoreError)
    with pd.read_csv(
        source,
        dtype="str",
        keep_default_na=False,
        encoding="utf-8-sig",
        header=None,
        chunksize=size,
        skip_blank_lines=width > 1,  # of one column, a blank line is a row without a figure
    ) as reader:
        names = reader.get_chunk(1).iloc[0].tolist()
        empty = True
        for rows in reader:
            empty = False
            yield rows.set_axis(names, axis=1).reset_index(drop=True)
        if empty:
            yield pd.DataFrame(columns=names, dtype="str")


def _json_lines(source: Path, size: int) -> Iterator[pd.DataFrame]:
    # Two passes: the columns are only known at the end of the file.
    names: dict[str, None] = {}
    for _, record in json_records(source):
        names.update(dict.fromkeys(record))
    columns = pd.Index(list(names), dtype=object)
    held: list[dict[str, Any]] = []
    empty = True
    for _, record in json_records(source):
        held.append(record)
        if len(held) == size:
            yield pd.DataFrame(held, columns=columns, dtype=object)
            held, empty = [], False
    if held or empty:
        yield pd.DataFrame(held, columns=columns, dtype=object)


def _parquet(source: Path, size: int) -> Iterator[Any]:
    pa, ds = require("pyarrow", extra="data"), require("pyarrow.dataset", extra="data")
    if source.is_file():
        check_parquet(source)
    names = [part.split("=")[0] for part in _folders(source) if "=" in part]
    # A folder named la_code=035 means the text 035, not the number 35.
    schema = pa.schema([(name, pa.string()) for name in dict.fromkeys(names)])
    # Streamed: Arrow would otherwise keep all that it has read of a file until its end.
    options = ds.ParquetFragmentScanOptions(use_buffered_stream=True, pre_buffer=False)
    opened = functools.partial(
        ds.dataset,
        source,
        format=ds.ParquetFileFormat(default_fragment_scan_options=options),
        partitioning=ds.partitioning(schema, flavor="hive"),
    )
    dataset = opened(schema=_all_columns(source, opened(), set(names)))
    empty = True
    for batch in dataset.to_batches(batch_size=size, batch_readahead=1, fragment_readahead=1):
        if batch.num_rows:
            empty = False
            yield _by_itself(batch).replace_schema_metadata(None)
    if empty:
        yield dataset.schema.empty_table().replace_schema_metadata(None)


def _all_columns(source: Path, dataset: Any, folders: set[str]) -> Any:
    """The columns of all files in a folder: Arrow itself uses only those of the first."""
    pa = require("pyarrow", extra="data")
    schema = dataset.schema.remove_metadata()
    for fragment in dataset.get_fragments():
        own = [field for field in fragment.physical_schema if field.name not in folders]
        try:
            schema = pa.unify_schemas([schema, pa.schema(own)], promote_options="permissive")
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise ScoreError(
                "a column is of another type than in the files before",
                where=str(fragment.path or source),
                found=" ".join(str(error).split())[:120],
                expected="one type a column in all files of the folder",
            ) from error
    return schema


def _by_itself(batch: Any) -> Any:
    """A batch as a separate table: as a view it would be sent on with its whole row group."""
    pa = require("pyarrow", extra="data")
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(batch)
    return pa.ipc.open_stream(sink.getvalue()).read_all()


def _folders(source: Path) -> list[str]:
    below = sorted(source.rglob("*")) if source.is_dir() else []
    files = [file for file in below if file.suffix.lower() == ".parquet"]
    if source.is_dir() and not files:
        raise ScoreError(
            "there is no Parquet file in the folder", where=str(source), expected="*.parquet"
        )
    return [part for file in files for part in file.relative_to(source).parts[:-1]]


def _line_bytes(rows: Any, added: pd.DataFrame) -> bytes:
    records = rows.to_dict("records") if isinstance(rows, pd.DataFrame) else rows.to_pylist()
    scores = added.astype(object).where(added.notna(), None).to_dict("records")
    lines = [
        plain_json({**_plain(record), **score})
        for record, score in zip(records, scores, strict=True)
    ]
    return "".join(f"{line}\n" for line in lines).encode("utf-8", LONE)


def _plain(record: dict[Any, Any]) -> dict[str, Any]:
    """A record that JSON can represent: values that are not numbers become null."""
    return {
        str(name): None if isinstance(cell, float) and not _finite(cell) else cell
        for name, cell in record.items()
    }


def _finite(cell: float) -> bool:
    return abs(cell) < float("inf")


def _arrow_bytes(rows: Any, added: pd.DataFrame) -> bytes:
    pa = require("pyarrow", extra="data")
    table = _texts(rows) if isinstance(rows, pd.DataFrame) else rows
    for name in added.columns:
        kind = {"f": pa.float64(), "i": pa.int64()}.get(added[name].dtype.kind, pa.string())
        table = table.append_column(name, pa.array(added[name], type=kind, from_pandas=True))
    buffer = io.BytesIO()
    # A part is read once, when all are joined: Parquet would be compressed twice.
    packed = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_file(buffer, table.schema, options=packed) as file:
        file.write_table(table)
    return buffer.getvalue()


def _texts(rows: pd.DataFrame) -> Any:
    """Untyped rows as an Arrow table of text; values other than text as JSON."""
    pa = require("pyarrow", extra="data")
    columns = [
        [
            _encodable(cell)
            if isinstance(cell, str)
            else None
            if cell is None or cell != cell  # noqa: PLR0124 - NaN is not itself
            else plain_json(cell, ensure_ascii=True)
            for cell in column
        ]
        for _, column in rows.items()
    ]
    arrays = [pa.array(column, type=pa.string()) for column in columns]
    return pa.Table.from_arrays(arrays, names=[_encodable(str(name)) for name in rows.columns])


def _encodable(text: str) -> str:
    return text.encode("utf-8", LONE).decode("utf-8")
