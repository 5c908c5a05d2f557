"""Cells as people and systems give them -> checked numbers, or what is wrong with them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from earlywarn.indicators.catalogue import INDICATORS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from earlywarn.statistics.arrays import FloatArray

LARGEST = 1e12
"""No count, rate or amount of an English authority comes near this."""
STRANGE = "?"
"""What stands for a cell that is neither text, number nor date."""
_SIGNS = frozenset({"c", "z", "x", "u", "k", "low", "~", ":", "..", ".", "-", "*"})
"""What publishers write where there is no figure."""
_HISTORY = frozenset(record.id for record in INDICATORS if record.kind == "history")
_LEAVE_EMPTY = "leave it empty where it was not published"
_YES_OR_NO = {"true": "1", "yes": "1", "false": "0", "no": "0"}


class Ever(NamedTuple):
    """What authorities published of an indicator."""

    lowest: float
    highest: float
    zero: bool


MARGIN = 1.1
"""How many times as far a figure may lie before it is doubted."""
EVER = {
    "absence": Ever(0.1, 12.7, zero=True),
    "agency_workers": Ever(0.3, 55.2, zero=True),
    "assessed_not_in_need": Ever(0.2, 64.1, zero=True),
    "assessments_in_45_days": Ever(45.6, 100.0, zero=False),
    "care_application_rate": Ever(2.1, 48.2, zero=False),
    "care_leavers_active": Ever(16.0, 80.0, zero=False),
    "care_leavers_housed": Ever(21.0, 100.0, zero=False),
    "caseload": Ever(7.6, 51.3, zero=False),
    "cin_rate": Ever(143.0, 882.3, zero=False),
    "dental_checks": Ever(6.0, 100.0, zero=False),
    "free_school_meals": Ever(4.8, 46.7, zero=False),
    "health_checks": Ever(48.0, 100.0, zero=False),
    "icpc_in_15_days": Ever(22.5, 100.0, zero=False),
    "icpc_rate": Ever(10.1, 256.7, zero=False),
    "immunisations": Ever(6.0, 100.0, zero=True),
    "long_term_stability": Ever(45.0, 89.0, zero=False),
    "looked_after_rate": Ever(20.0, 228.0, zero=False),
    "no_further_action": Ever(0.1, 63.6, zero=True),
    "placement_instability": Ever(3.0, 26.0, zero=False),
    "plan_rate": Ever(5.1, 170.6, zero=False),
    "plan_start_rate": Ever(9.3, 231.1, zero=False),
    "plans_two_years": Ever(0.6, 12.7, zero=True),
    "referral_rate": Ever(173.2, 2083.0, zero=False),
    "repeat_plans": Ever(2.7, 100.0, zero=False),
    "rereferrals": Ever(2.7, 67.6, zero=False),
    "reviews_in_time": Ever(3.0, 100.0, zero=True),
    "section_47_rate": Ever(37.4, 762.8, zero=False),
    "social_work_spend": Ever(30.0, 400.0, zero=False),
    "turnover": Ever(0.7, 66.7, zero=True),
    "vacancies": Ever(0.4, 62.4, zero=True),
}
"""Of every authority but `SMALLEST` from 2013 to 2025: the lowest figure above zero, the highest,
and whether one had zero."""
SMALLEST = frozenset({"201", "420", "857"})
"""City of London, Isles of Scilly and Rutland, whose figures move by chance alone."""


class Faults:
    """Reasons for refusal, each with the rows that it holds for."""

    def __init__(self) -> None:
        self._reasons: list[tuple[npt.NDArray[np.bool_], str]] = []

    def add(self, bad: npt.NDArray[np.bool_], reason: str) -> None:
        """Note a reason for the rows where it holds."""
        if bad.any() and reason not in (given for _, given in self._reasons):
            self._reasons.append((bad, reason))

    def texts(self) -> dict[int, str]:
        """All that is wrong with each row that has a fault, by its place."""
        found: dict[int, str] = {}
        for bad, reason in self._reasons:
            for place in np.flatnonzero(bad).tolist():
                found[place] = f"{found[place]}; {reason}" if place in found else reason
        return found


class Extent(NamedTuple):
    """How far the figures of a column reach."""

    low: float
    """The lowest above zero; infinite where there is none."""
    peak: float
    """The highest; below 0 where none is known."""
    total: float
    known: int
    """How many are known."""
    zeros: int

    @classmethod
    def of(cls, values: FloatArray) -> Extent:
        """That of a column, NaN where not known."""
        there = values[~np.isnan(values)]
        zeros = len(there) - int(np.count_nonzero(there))
        above = there[there > 0] if zeros else there
        low, peak = float(above.min(initial=np.inf)), float(there.max(initial=-1.0))
        return cls(low, peak, float(there.sum()), len(there), zeros)

    @classmethod
    def together(cls, parts: Sequence[Extent]) -> Extent:
        """That of a column in parts."""
        lows, peaks, totals, counts, zeros = zip(*parts, strict=True)
        return cls(min(lows), max(peaks), sum(totals), sum(counts), sum(zeros))


def beyond(name: str, extent: Extent) -> bool:
    """Whether figures of an indicator reach beyond all that was ever published.

    Examples
    --------
    >>> beyond("caseload", Extent(16.0, 160.0, 176.0, 2, 0))
    True
    """
    ever = EVER.get(name)
    if ever is None or not extent.known:
        return False
    return (
        extent.peak > MARGIN * ever.highest
        or extent.low * MARGIN < ever.lowest
        or (extent.zeros > 0 and not ever.zero)
    )


class Numbers:
    """Columns of a frame as checked numbers."""

    def __init__(self, rows: pd.DataFrame, faults: Faults) -> None:
        self._rows = rows
        self._names = frozenset(rows.columns)
        self.faults = faults
        self.absent = np.full(len(rows), np.nan)
        self.absent.flags.writeable = False
        self.extents: dict[str, Extent] = {}
        self.unlike: dict[str, int] = {}
        self.codes: pd.Series | None = None
        self.compared = np.zeros(len(rows), dtype=np.bool_)
        self.agreeing = np.inf

    def has(self, *names: str) -> bool:
        """Whether the frame has all of these columns."""
        return self._names.issuperset(names)

    def any_of(self, names: frozenset[str]) -> bool:
        """Whether the frame has one of these columns or more."""
        return not self._names.isdisjoint(names)

    def column(
        self, name: str, *, lowest: float = 0.0, highest: float = LARGEST, percent: bool = False
    ) -> FloatArray:
        """A column's numbers, NaN where empty, absent or refused."""
        if not self.has(name):
            return self.absent
        numbers = self._parsed(name)
        if percent:
            highest = 100.0
        within = np.fmin.reduce(numbers, initial=np.inf) >= lowest
        if within and np.fmax.reduce(numbers, initial=-np.inf) <= highest:
            return numbers
        self.faults.add(np.isinf(numbers), f"{name} is infinite")
        finite = np.where(np.isinf(numbers), np.nan, numbers)
        self.faults.add(finite < lowest, f"{name} is below {lowest:g}")
        self.faults.add(finite > highest, f"{name} is above {highest:g}")
        return np.where((finite < lowest) | (finite > highest), np.nan, finite)

    def note(self, name: str, values: FloatArray) -> None:
        """Keep how far the values of an indicator reach, but for the smallest authorities."""
        if values is self.absent:
            return
        extent = Extent.of(values)
        if beyond(name, extent) and self.codes is not None:
            extent = Extent.of(values[~self.codes.isin(SMALLEST).to_numpy()])
        self.extents[name] = extent

    def lenient(self, name: str) -> FloatArray:
        """A column that only words are made of: NaN where it holds no number."""
        if not self.has(name) or isinstance(column := self._rows[name], pd.DataFrame):
            return self.absent
        if pd.api.types.is_float_dtype(column.dtype):
            return column.to_numpy(dtype=float, na_value=np.nan)
        return _read_text(column)[0]

    def _parsed(self, name: str) -> FloatArray:
        column = self._rows[name]
        if isinstance(column, pd.DataFrame):
            self.faults.add(np.ones(len(column), dtype=bool), f"{name} stands twice")
            return self.absent
        kinds = pd.api.types
        odd = kinds.is_complex_dtype(column.dtype) or kinds.is_bool_dtype(column.dtype)
        if kinds.is_numeric_dtype(column.dtype) and not odd:
            # Contiguous, since a column of a wide table is read many times.
            return np.ascontiguousarray(column.to_numpy(dtype=float, na_value=np.nan))
        numbers, strange, unpublished = _read_text(column, yes_or_no=name in _HISTORY)
        self.faults.add(unpublished, f"{name} is no number: {_LEAVE_EMPTY}")
        self.faults.add(strange, f"{name} is no number")
        return numbers


def _read_text(
    column: pd.Series, *, yes_or_no: bool = False
) -> tuple[FloatArray, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Cells as numbers, which of them hold something that is none, and which a publisher's sign."""
    if _is_text(column):
        text = column.str.strip()
    else:
        text = column.astype(object).where(column.notna(), "").map(cell_text).astype("str")
    if yes_or_no:
        text = text.where(~text.str.lower().isin(_YES_OR_NO), text.str.lower().map(_YES_OR_NO))
    numbers = pd.to_numeric(text.where(text != "", None), errors="coerce").to_numpy(
        dtype=float, na_value=np.nan
    )
    strange = np.isnan(numbers)
    left = text[strange].fillna("").str.lower()
    unpublished = strange.copy()
    strange[strange] = ~left.isin(["", "nan", "none", "na"]).to_numpy(dtype=bool)
    unpublished[unpublished] = left.isin(_SIGNS).to_numpy(dtype=bool)
    return numbers, strange & ~unpublished, unpublished


def _is_text(column: pd.Series) -> bool:
    """Whether every cell is text, or nothing: columns that can be treated whole."""
    return isinstance(column.dtype, pd.StringDtype)


def cell_text(cell: object) -> str:
    """A cell as text: a number is the same one, whatever stands beside it in its column.

    Only text and numbers are looked at. What an object says of itself may be anything, or nothing.
    """
    if isinstance(cell, str):
        # Half of a surrogate pair, which JSON can hold, is not text that a column can hold.
        return cell.strip().encode("utf-8", "replace").decode("utf-8")
    if isinstance(cell, (complex, np.complexfloating)) and not isinstance(cell, float):
        # One complex cell makes its neighbours in the column complex too.
        return repr(float(cell.real)) if cell.imag == 0 else STRANGE
    if isinstance(cell, (float, np.floating)):
        return repr(float(cell))
    if isinstance(cell, int) and cell.bit_length() > 1024:
        return "inf" if cell > 0 else "-inf"  # Python doesn't write one of thousands of digits.
    return str(cell) if isinstance(cell, (int, np.integer, np.bool_, Decimal)) else STRANGE
