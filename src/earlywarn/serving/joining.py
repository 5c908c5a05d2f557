"""The parts of an output file: compressed where possible, and joined as they arrive."""

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
"""The first bytes of a Zstandard file, which no UTF-8 text starts with."""


def packed(text: bytes) -> bytes:
    """Return text compressed to a tenth, if Arrow is installed: it is written and read once.

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
    """Return text uncompressed, if it was compressed."""
    if not content.startswith(_PACKED):
        return content
    pa = require("pyarrow", extra="data")
    with pa.CompressedInputStream(pa.BufferReader(content), "zstd") as stream:
        return bytes(stream.read())


class Output:
    """A file that grows part by part; its digest is known without reading it again."""

    def __init__(self, stream: IO[bytes], *, header: bool) -> None:
        self._stream = stream
        self._header = header
        self._sha256 = hashlib.sha256()

    @property
    def digest(self) -> str:
        """The SHA-256 of what has been written so far."""
        return self._sha256.hexdigest()

    def add(self, names: list[str], part: Path, digest: str) -> None:
        """Append the next part.

        Parameters
        ----------
        names : list of str
            The columns.
        part : Path
        digest : str
            Its SHA-256 when it was written.
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
        """Finish writing."""


class _Parquet(Output):
    """The same for Parquet, whose parts are in Arrow's format."""

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
    """An output as a file object for Arrow."""

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
    """Join the parts of an output in one file, and flush it to disk at the end.

    If that fails, no file is left.

    Raises
    ------
    ScoreError
        If a part has been changed.
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
