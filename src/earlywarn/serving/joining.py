"""The parts of an output file: packed where that can be done, and joined as they come."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from typing import TYPE_CHECKING, Any

from earlywarn.errors import ScoreError, require
from earlywarn.serving.csv_parts import csv_header

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    # Puts the next part behind those before it: the columns' names, its file and its SHA-256.
    Join = Callable[[list[str], Path, str], None]

_PACKED = b"\x28\xb5\x2f\xfd"
"""How a file packed by Zstandard begins, and no text in UTF-8 does."""


def packed(text: bytes) -> bytes:
    """Give text in a tenth of its size, where Arrow is there: it is written once and read once.

    Examples
    --------
    >>> unpacked(packed(b"301,0.05")) == b"301,0.05"
    True
    """
    if "pyarrow" not in sys.modules:
        return text
    codec = require("pyarrow", extra="data").Codec("zstd", compression_level=1)
    return bytes(codec.compress(text, asbytes=True))


def unpacked(content: bytes) -> bytes:
    """Give text as it was before it was packed, if it was."""
    if not content.startswith(_PACKED):
        return content
    pa = require("pyarrow", extra="data")
    with pa.CompressedInputStream(pa.BufferReader(content), "zstd") as stream:
        return bytes(stream.read())


@contextlib.contextmanager
def joined(file: Path) -> Iterator[Join]:
    """Put the parts of an output together in one file, and bring it to the disk at the end.

    Where that fails, no file is left.

    Raises
    ------
    ScoreError
        If a part is not what was written.
    """
    join = _rows_of_arrow if file.suffix.lower() == ".parquet" else _text
    try:
        with join(file) as add:
            yield add
        with file.open("rb+") as out:
            os.fsync(out.fileno())
    except BaseException:
        file.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _text(file: Path) -> Iterator[Join]:
    with file.open("wb") as out:

        def add(names: list[str], part: Path, digest: str) -> None:
            if out.tell() == 0 and file.suffix.lower() == ".csv":
                out.write(csv_header(names))
            out.write(unpacked(_unchanged(part, digest)))

        yield add


@contextlib.contextmanager
def _rows_of_arrow(file: Path) -> Iterator[Join]:
    pa, pq = require("pyarrow", extra="data"), require("pyarrow.parquet", extra="data")
    with contextlib.ExitStack() as stack:
        write: Callable[[Any], None] | None = None

        def add(_names: list[str], part: Path, digest: str) -> None:
            nonlocal write
            with pa.ipc.open_file(_unchanged(part, digest)) as reader:
                rows = reader.read_all()
            if write is None:
                write = stack.enter_context(pq.ParquetWriter(file, rows.schema)).write_table
            write(rows)

        yield add


def _unchanged(part: Path, digest: str) -> bytes:
    content = part.read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        raise ScoreError(
            "a part of the output was changed by somebody else",
            where=str(part),
            remedy="Nothing was written. Run it again.",
        )
    return content
