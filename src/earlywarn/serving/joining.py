"""The parts of an output file: packed where that can be done, and joined as they come."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import sys
from typing import TYPE_CHECKING, Any

from earlywarn.errors import ScoreError, require
from earlywarn.serving.csv_parts import csv_header

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

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


class Output:
    """A file that grows by its parts; its digest is known without reading it again."""

    def __init__(self, stream: IO[bytes], *, header: bool) -> None:
        self._stream = stream
        self._header = header
        self._sha256 = hashlib.sha256()

    @property
    def digest(self) -> str:
        """The SHA-256 of what was written so far."""
        return self._sha256.hexdigest()

    def add(self, names: list[str], part: Path, digest: str) -> None:
        """Put the next part behind those before it.

        Parameters
        ----------
        names : list of str
            The columns.
        part : Path
        digest : str
            The SHA-256 that it had when it was written.
        """
        if self._header:
            self.write(csv_header(names))
            self._header = False
        self.write(unpacked(_unchanged(part, digest)))

    def write(self, content: bytes) -> int:
        """Write some bytes."""
        self._sha256.update(content)
        return self._stream.write(content)

    def close(self) -> None:
        """Nothing is left to be written."""


class _Parquet(Output):
    """The same of Parquet, whose parts are Arrow's."""

    _writer: Any = None

    def add(self, names: list[str], part: Path, digest: str) -> None:
        del names
        pa, pq = require("pyarrow", extra="data"), require("pyarrow.parquet", extra="data")
        with pa.ipc.open_file(_unchanged(part, digest)) as reader:
            rows = reader.read_all()
        if self._writer is None:
            self._writer = pq.ParquetWriter(_Sink(self), rows.schema)
        self._writer.write_table(rows)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


class _Sink(io.RawIOBase):
    """An output as a file that Arrow writes to."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._place = 0

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        written = self._output.write(content)
        self._place += written
        return written

    def tell(self) -> int:
        return self._place


@contextlib.contextmanager
def joined(file: Path) -> Iterator[Output]:
    """Put the parts of an output together in one file, and bring it to the disk at the end.

    Where that fails, no file is left.

    Raises
    ------
    ScoreError
        If a part is not what was written.
    """
    ending = file.suffix.lower()
    kind = _Parquet if ending == ".parquet" else Output
    try:
        with file.open("wb") as stream:
            output = kind(stream, header=ending == ".csv")
            with contextlib.closing(output):
                yield output
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        file.unlink(missing_ok=True)
        raise


def _unchanged(part: Path, digest: str) -> bytes:
    content = part.read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        raise ScoreError(
            "a part of the output was changed by somebody else",
            where=str(part),
            remedy="Nothing was written. Run it again.",
        )
    return content
