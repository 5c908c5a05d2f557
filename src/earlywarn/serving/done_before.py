"""Whether existing files already contain the result of scoring a file of rows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from earlywarn.errors import ScoreError, require
from earlywarn.scoring.batch import BATCH_COLUMNS
from earlywarn.serving.chunks import CHUNK, encode, read_chunks
from earlywarn.serving.joining import unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from earlywarn.model.risk_model import RiskModel


@dataclass(frozen=True)
class _Content:
    """The content of a file of rows: its first columns, as in an output, and those that follow."""

    names: list[str]
    digest: str
    rows: int
    models: set[str]


def counts_of_done(
    source: Path, out: Path, refused: Path, model: RiskModel, *, explain: bool
) -> tuple[int, int] | None:
    """Count the rows scored and refused, if the files contain the scored rows of the source.

    Parameters
    ----------
    source : Path
        The rows.
    out, refused : Path
        The output, and the refused rows next to it.
    model : RiskModel
        The model to score them with.
    explain : bool
        Whether contributions and drivers should be there.

    Returns
    -------
    tuple of int, or None
        None if they are for other rows, another model or other options, or can't be read.
    """
    ending = out.suffix.lower()
    try:
        given = _content(source, ending)
        width = len(given.names)
        done = _content(out, ending, width)
        names, added = done.names[:width], done.names[width:]
        # Rows without any column of the catalogue are refused, so nothing was written for them.
        same = (names, done.digest) == (given.names, given.digest)
        explained = len(added) > len(BATCH_COLUMNS)
        models = done.models - {"", str(model.info.get("model_id", ""))}
        if not same or explained != explain or models or "status" not in added:
            return None
        return done.rows, sum(len(part.rows) for part in read_chunks(refused, CHUNK))
    except ScoreError:
        return None


def _content(file: Path, ending: str, width: int | None = None) -> _Content:
    """Read through a file; in an output, as many columns are compared as were given."""
    digest, rows, names, models = hashlib.sha256(), 0, [], set[str]()
    for part in read_chunks(file, CHUNK):
        frame = isinstance(part.rows, pd.DataFrame)
        names = [str(name) for name in (part.rows.columns if frame else part.rows.column_names)]
        first = range(len(names) if width is None else min(width, len(names)))
        given = part.rows.iloc[:, list(first)] if frame else part.rows.select(list(first))
        digest.update(_as_written(given, ending))
        rows += len(part.rows)
        if width is not None and "model_id" in names[width:]:
            models |= set(map(str, _column(part.rows, names.index("model_id", width))))
    return _Content(names, digest.hexdigest(), rows, models)


def _column(rows: Any, place: int) -> Iterator[Any]:
    cells = (
        rows.iloc[:, place] if isinstance(rows, pd.DataFrame) else rows.column(place).to_pylist()
    )
    return ("" if cell is None or cell != cell else cell for cell in cells)  # noqa: PLR0124


def _as_written(rows: Any, ending: str) -> bytes:
    """Rows as in an output with this ending, in bytes that depend only on their cells."""
    nothing = pd.DataFrame(index=range(len(rows)))
    content = encode(rows, nothing, ending)
    if ending != ".parquet":
        return unpacked(content)
    table = require("pyarrow", extra="data").ipc.open_file(content).read_all()
    return unpacked(encode(table, nothing, ".csv"))
