"""The data behind the service: the model as currently in its file, and the national figures."""

from __future__ import annotations

import functools
import threading
from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd

from earlywarn.errors import EarlyWarnError, UsageError
from earlywarn.model.serialisation import load_model, model_file
from earlywarn.panel.panel import load_panel
from earlywarn.scoring.comparison import compare
from earlywarn.scoring.explanation import explain
from earlywarn.scoring.freshness import MODEL, freshness, overdue_sentence, records_of
from earlywarn.scoring.national import score_quietly
from earlywarn.utils.dates import as_date, this_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from earlywarn.model.risk_model import RiskModel
    from earlywarn.panel.panel import Panel


class ModelFile:
    """A model reloaded when its file changes: a request sees either the old one or the new one.

    A new file that can't be trusted only changes ``warning``.

    Parameters
    ----------
    path : path, optional
        A model folder or file. Default: the model that ships with the package.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._seen = self._stamp()
        self._model = load_model(path)
        self.warning = ""

    def current(self) -> RiskModel:
        """The model as currently in the file, or the last one that could be read."""
        stamp = self._stamp()
        if stamp != self._seen:
            with self._lock:
                if stamp != self._seen:
                    self._read(stamp)
        return self._model

    def _read(self, stamp: tuple[int, ...]) -> None:
        try:
            self._model, self.warning = load_model(self._path), ""
        except EarlyWarnError as fault:
            self.warning = f"the model's file has changed and was refused: {fault.problem}"
        self._seen = stamp

    def _stamp(self) -> tuple[int, ...]:
        try:
            found = model_file(self._path).stat()
        except OSError:
            return ()
        return found.st_mtime_ns, found.st_size, found.st_ino


class Country:
    """The published figures of all authorities, read when first asked for.

    Parameters
    ----------
    models : ModelFile
        The model that scores them.
    path : path, optional
        A panel folder. Default: the panel that ships with the package.
    """

    def __init__(self, models: ModelFile, path: str | Path | None = None) -> None:
        self._models = models
        self._path = path
        self._lock = threading.Lock()
        self._frames = functools.lru_cache(maxsize=8)(self._scored)
        self._fresh = functools.lru_cache(maxsize=2)(self._sources)

    @functools.cached_property
    def panel(self) -> Panel:
        """The figures."""
        return load_panel(self._path)

    def scores(self, as_of: str = "") -> list[dict[str, Any]]:
        """The row of ``score`` for each authority, as of a date."""
        return _records(self._frame(self._day(as_of))[0])

    def account(self, code: str, as_of: str = "") -> dict[str, Any]:
        """The row of ``score`` for one authority, and the parts of its risk.

        Parameters
        ----------
        code : str
            A code, a name, or the beginning of one.
        as_of : str
            The date. Default: that of the latest publication.

        Raises
        ------
        AuthorityError
            If there is no such authority on the date; for a closed one it names the successors.
        """
        day = self._day(as_of)
        scores, explanation = self._frame(day)
        if not (scores["la_code"] == code).any():
            code = self.panel.as_of(day).existing_code(code[:80])
        row = scores[scores["la_code"] == code]
        terms = explanation[explanation["la_code"] == code]
        return {"score": _records(row)[0], "explanation": _records(terms)}

    def compare(
        self, authority: str, group: str = "neighbours", as_of: str = ""
    ) -> list[dict[str, Any]]:
        """Compare an authority's figures with a group's, as ``earlywarn.compare`` does.

        Parameters
        ----------
        authority : str
            A name or code.
        group : str
            ``neighbours``, ``region``, ``type``, ``England``, a region's name, or names and codes
            separated by ``;``.
        as_of : str
            The date. Default: that of the latest publication.
        """
        with self._lock:
            newest = self.newest()
        day = as_date(as_of, "as_of", UsageError) if as_of else newest
        with_ = group.split(";") if ";" in group else group
        return _records(compare(self.panel.as_of(day), authority, with_))

    def newest(self) -> date:
        """The latest publication date."""
        return self.panel.newest_publication

    def sources(self) -> list[dict[str, Any]]:
        """How fresh each source is today, as returned by ``freshness``."""
        model_id = str(self._models.current().info.get("model_id", ""))
        with self._lock:
            return self._fresh(this_day(), model_id)

    def _sources(self, day: date, _: str) -> list[dict[str, Any]]:
        return records_of(freshness(self._models.current(), self.panel.as_of(day)))

    def _day(self, as_of: str) -> date:
        with self._lock:
            newest = self.newest()
        day = as_date(as_of, "as_of", UsageError) if as_of else newest
        first, last = (self._models.current().info.get(name) for name in ("first_date", "sunset"))
        if first and last and not first <= day.isoformat() <= last:
            raise UsageError(
                "outside the model's life",
                where="as_of",
                found=day.isoformat(),
                expected=f"{first} to {last}",
            )
        return day

    def _frame(self, day: date) -> tuple[pd.DataFrame, pd.DataFrame]:
        model = self._models.current()
        with self._lock:
            return self._frames(day, str(model.info.get("model_id", "")))

    def _scored(self, day: date, _: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        model, snapshot = self._models.current(), self.panel.as_of(day)
        return score_quietly(model, snapshot), explain(model, snapshot)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows for JSON: dates as ISO text, and null for missing values."""
    columns = [[_plain(cell) for cell in frame[name].tolist()] for name in frame.columns]
    return [dict(zip(frame.columns, row, strict=True)) for row in zip(*columns, strict=True)]


def _plain(cell: Any) -> Any:
    if isinstance(cell, date):
        return cell.isoformat()
    return None if cell is pd.NA or cell != cell else cell  # noqa: PLR0124 - NaN is not itself


def out_of_date(sources: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return why answers as of today should not be relied on; empty if they can be.

    Parameters
    ----------
    sources : iterable of mapping
        As returned by ``Country.sources``.
    """
    late = [source for source in sources if source["overdue"]]
    return [
        f"the model is not to be used after {source['due']}: retrain it"
        if source["kind"] == MODEL
        else overdue_sentence(source)
        for source in late
    ]
