"""What plain figures of a row are compared with: the model's own spreads, or those on a date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from earlywarn.indicators.build import (
    newest_sizes,
    published_indicators,
    reference_distributions,
)
from earlywarn.indicators.catalogue import DEPRIVATION
from earlywarn.indicators.standardise import Distribution
from earlywarn.panel.snapshot import Snapshot, checked_snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping

    from earlywarn.model.risk_model import RiskModel
    from earlywarn.statistics.arrays import FloatArray

SAME = 1e-9
"""Relative difference below which a figure counts as the published one."""


@dataclass(frozen=True, eq=False)
class Reference:
    """The spreads that plain figures are compared with, and authorities' published figures.

    Parameters
    ----------
    name : str
        Its name, as in ``compared_with``.
    spreads : mapping of str to Distribution
        By indicator.
    published : DataFrame or None
        By authority, the columns of ``build_indicators`` on the date; None for the model's own.
    sizes : DataFrame or None
        By authority and indicator, the cases behind the latest figures.
    day : str
        The date of the figures; empty for the model's own.
    """

    name: str
    spreads: Mapping[str, Distribution]
    published: pd.DataFrame | None = None
    sizes: pd.DataFrame | None = None
    day: str = ""

    @classmethod
    def of_model(cls, model: RiskModel) -> Reference:
        """Use the spreads stored in the model: those of the latest year before its cut."""
        entries = model.info.get("reference", {})
        spreads = {name: Distribution(**entry) for name, entry in entries.items()}
        return cls(f"model {model.info.get('model_id', '')}".strip(), spreads)

    @classmethod
    def of_snapshot(cls, snapshot: Snapshot) -> Reference:
        """Use the spreads of the latest year that was public on a date.

        Raises
        ------
        IndicatorError
            If anything but a Snapshot is given.

        Examples
        --------
        >>> import earlywarn as ew
        >>> Reference.of_snapshot(ew.load_panel().as_of("2024-06-30")).name
        'figures public on 2024-06-30'
        """
        checked_snapshot(snapshot)
        return cls(
            name=f"figures public on {snapshot.as_of}",
            spreads=reference_distributions(snapshot),
            published=published_indicators(snapshot).droplevel("as_of"),
            sizes=newest_sizes(snapshot),
            day=snapshot.as_of.isoformat(),
        )

    def places(self, codes: pd.Series | None, count: int) -> Places:
        """The authority of each row, if it is in the reference."""
        if self.published is None or codes is None:
            return Places(self, np.full(count, -1))
        return Places(self, self.published.index.get_indexer(pd.Index(codes.astype("str"))))


@dataclass(frozen=True, eq=False)
class Places:
    """Rows matched with their authorities' published figures.

    Parameters
    ----------
    reference : Reference
    place : ndarray of int
        The row of ``reference.published``; -1 where there is none.
    """

    reference: Reference
    place: npt.NDArray[np.intp]

    def deprivation(self, given: FloatArray) -> FloatArray:
        """The rows' deprivation; the published one where none is given."""
        return np.where(np.isnan(given), self._of_published(DEPRIVATION), given)

    def sizes(self, name: str, given: FloatArray) -> FloatArray:
        """The cases behind the rows' figures; those of the latest published ones by default."""
        table = self.reference.sizes
        if table is None or name not in table.columns:
            return given
        usual = table[name].reindex(self._index()).to_numpy(dtype=float)
        return np.where(np.isnan(given), self._taken(usual), given)

    def standing(
        self, name: str, value: FloatArray
    ) -> tuple[npt.NDArray[np.bool_], FloatArray, FloatArray]:
        """Which figures are the published ones, with their levels and standard errors.

        They may be for an earlier year, and are compared within that.
        """
        usual = self._of_published(name)
        same = np.abs(value - usual) <= SAME * np.maximum(np.abs(usual), 1.0)
        # A suppressed figure has no value but a level: it is small.
        same |= np.isnan(value) & np.isnan(usual)
        return same, self._of_published(f"{name}_z"), self._of_published(f"{name}_se")

    def _index(self) -> pd.Index:
        published = self.reference.published
        return pd.Index([]) if published is None else published.index

    def _of_published(self, column: str) -> FloatArray:
        table = self.reference.published
        if table is None or column not in table.columns:
            return np.full(len(self.place), np.nan)
        return self._taken(table[column].to_numpy(dtype=float))

    def _taken(self, values: FloatArray) -> FloatArray:
        if not len(values):
            return np.full(len(self.place), np.nan)
        taken = np.where(self.place >= 0, values[self.place], np.nan)
        return np.asarray(taken, dtype=float)
