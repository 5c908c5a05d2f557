"""Finished years of a backtest, kept on disk so that an interrupted run can resume."""

from __future__ import annotations

import hashlib
import io
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from earlywarn.utils.files import check_folder, folder_for, write_whole, written_to
from earlywarn.utils.locks import owned

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_TEXTS = (
    *("window", "model", "la_code", "la_name", "region", "la_type", "as_of", "trained_until"),
    *("inspection_start", "inspection_type", "next_start"),
)
_WHOLE = ("lead_months", "list_rank", "list_length", "rank")


class FinishedYears:
    """Finished years on disk, by the digest of everything that they depend on.

    Parameters
    ----------
    folder : Path
        Where they are kept; created if missing.
    digest : str
        A digest of everything that they depend on.
    """

    def __init__(self, folder: Path, digest: str) -> None:
        self._folder = folder
        self._digest = digest
        check_folder(folder, make=True)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Make this the only run that fills the folder; an interruption reports what is kept."""
        with written_to(self._folder), folder_for(self._folder), owned(self._folder / "lock"):
            try:
                yield
            except KeyboardInterrupt as stop:
                kept = f"finished years are kept in {self._folder} for the same command"
                raise KeyboardInterrupt(kept) from stop

    def read(self, year: int) -> tuple[pd.DataFrame, pd.DataFrame] | None:
        """The forecasts and lists of a year, if they are there and complete."""
        try:
            contents = [file.read_bytes() for file in self._files(year)]
            whole = self._note(year).read_text("utf-8") == _digests(contents)
        except (OSError, ValueError):
            return None
        if not whole:  # Truncated by a power cut, or changed since: computed again.
            return None
        first, second = map(_kept, contents)
        return first, second

    def write(self, year: int, forecasts: pd.DataFrame, lists: pd.DataFrame) -> None:
        """Keep a year: its tables, and then the note that marks them as complete."""
        contents = [
            frame.to_csv(index=False, lineterminator="\n").encode() for frame in (forecasts, lists)
        ]
        for file, content in zip(self._files(year), contents, strict=True):
            write_whole(file, content, durable=False)
        write_whole(self._note(year), _digests(contents), durable=False)

    def _note(self, year: int) -> Path:
        return self._folder / f"whole-{year}-{self._digest}.txt"

    def _files(self, year: int) -> tuple[Path, Path]:
        names = (f"{part}-{year}-{self._digest}.csv" for part in ("forecasts", "lists"))
        first, second = (self._folder / name for name in names)
        return first, second


def _digests(contents: Sequence[bytes]) -> str:
    return "".join(f"{hashlib.sha256(content).hexdigest()}\n" for content in contents)


def _kept(content: bytes) -> pd.DataFrame:
    """A table of a finished year, exact to the last bit; one without inspections has no columns."""
    if not content.strip():
        return pd.DataFrame()
    # An empty text stays one, except for an unknown start of an inspection.
    frame = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
    for name in frame.columns.difference(list(_TEXTS)):
        # Python's own float reads back exactly what was written; pandas' fast one may not.
        numbers = frame[name].map(lambda cell: float(cell) if cell else np.nan).astype(float)
        frame[name] = numbers.astype(int) if name in _WHOLE else numbers
    if "next_start" in frame:
        frame["next_start"] = frame["next_start"].mask(frame["next_start"] == "")
    return frame
