"""Turn cells as people and systems give them into checked numbers, or what is wrong with them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from earlywarn.indicators.catalogue import INDICATORS
from earlywarn.scoring.published import APART, LEEWAY, RATIOS, RELATED, SMALLEST, Extent, beyond

if TYPE_CHECKING:
    from earlywarn.statistics.arrays import FloatArray

LARGEST = 1e12
"""No count, rate or amount of an English authority comes near this."""
STRANGE = "?"
"""The stand-in for a cell that is neither text, number nor date."""
_SIGNS = frozenset({"c", "z", "x", "u", "k", "low", "~", ":", "..", ".", "-", "*"})
"""What publishers write where there is no figure."""
_HISTORY = frozenset(record.id for record in INDICATORS if record.kind == "history")
_LEAVE_EMPTY = "leave it empty where it was not published"
_PERCENTAGES = frozenset(record.id for record in INDICATORS if record.unit.startswith("%"))
"""The names of indicators whose figures are in per cent, so that the sign is redundant."""
_COUNTS = {name for record in INDICATORS for name in (record.numerator, record.denominator)} - {""}
_LARGE = _COUNTS | {record.id for record in INDICATORS if record.kind in ("rate", "amount")}
"""The names of figures that may have thousands: in others a comma can only be decimal."""
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(,\d{3})+(\.\d+)?")
_YES_OR_NO = {"true": "1", "yes": "1", "false": "0", "no": "0"}


class Faults:
    """Reasons for refusal, each with the rows to which it applies."""

    def __init__(self) -> None:
        self._reasons: list[tuple[npt.NDArray[np.bool_], str]] = []

    def add(self, bad: npt.NDArray[np.bool_], reason: str) -> None:
        """Add a reason for the rows to which it applies."""
        if bad.any() and reason not in (given for _, given in self._reasons):
            self._reasons.append((bad, reason))

    def texts(self) -> dict[int, str]:
        """Everything that is wrong with each refused row, by its position."""
        found: dict[int, str] = {}
        for bad, reason in self._reasons:
            for place in np.flatnonzero(bad).tolist():
                found[place] = f"{found[place]}; {reason}" if place in found else reason
        return found


class Numbers:
    """Columns of a frame as checked numbers."""

    def __init__(self, rows: pd.DataFrame, faults: Faults) -> None:
        self._rows = rows
        self._names = frozenset(rows.columns)
        self.faults = faults
        self.absent = np.full(len(rows), np.nan)
        self.absent.flags.writeable = False
        self.extents: dict[str, Extent] = {}
        self.doubted: dict[str, npt.NDArray[np.bool_]] = {}
        self._related: dict[str, FloatArray] = {}
        self._read: dict[str, FloatArray] = {}
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
        self,
        name: str,
        *,
        lowest: float = 0.0,
        highest: float = LARGEST,
        percent: bool = False,
        usual: tuple[float, str] = (np.inf, ""),
    ) -> FloatArray:
        """A column's numbers, NaN if empty, absent or refused; doubted beyond what is usual."""
        if not self.has(name):
            return self.absent
        if name not in self._read:
            self._read[name] = self._parsed(name)
        numbers = self._read[name]
        if percent:
            highest = 100.0
        least = np.fmin.reduce(numbers, initial=np.inf)
        most = np.fmax.reduce(numbers, initial=-np.inf)
        if max(most, -least) > usual[0]:
            self.doubt(f"{name} {usual[1]}", np.abs(numbers) > usual[0])
        if least >= lowest and most <= highest:
            return numbers
        self.faults.add(np.isinf(numbers), f"{name} is infinite")
        finite = np.where(np.isinf(numbers), np.nan, numbers)
        self.faults.add(finite < lowest, f"{name} is below {lowest:g}")
        self.faults.add(finite > highest, f"{name} is above {highest:g}")
        return np.where((finite < lowest) | (finite > highest), np.nan, finite)

    def note(self, name: str, values: FloatArray) -> None:
        """Keep the range of a column's figures, without the smallest authorities."""
        if values is self.absent or name in self.extents:
            return
        extent = Extent.of(values)
        if beyond(name, extent):
            extent = Extent.of(values[~self._small()])
        self.extents[name] = extent
        if name in RELATED:
            self._related[name] = values

    def doubt(self, what: str, bad: npt.NDArray[np.bool_]) -> None:
        """Add what looks wrong in some rows; ``{rows}`` stands for how many."""
        if bad.any():
            self.doubted[what] = bad

    def relate(self) -> None:
        """Doubt figures of a row that are in a ratio that no authority has had."""
        for part, whole, lowest, highest in RATIOS:
            if part not in self._related or whole not in self._related:
                continue
            given, of = self._related[part], self._related[whole]
            odd = (given > LEEWAY * highest * of) | (LEEWAY * given < lowest * of)
            if odd.any():
                odd &= ~self._small()
            self.doubt(
                f"{part} is not between {lowest:.2g} and {highest:.2g} times {whole}, as all "
                "authorities published it, in {rows}: are they swapped, or in different units?",
                odd,
            )

        if self._related.keys() >= {*APART}:
            one, other = (self._related[name] for name in APART)
            what = f"{' and '.join(APART)} are above 100 together, in {{rows}}"
            self.doubt(f"{what}: they are used", one + other > 101)  # of rounded ones

    def _small(self) -> npt.NDArray[np.bool_]:
        """The rows of the smallest authorities."""
        if self.codes is None:
            return np.zeros(len(self.absent), dtype=np.bool_)
        return self.codes.isin(SMALLEST).to_numpy()

    def lenient(self, name: str) -> FloatArray:
        """A column used for words only: NaN where it is not a number."""
        if not self.has(name) or isinstance(column := self._rows[name], pd.DataFrame):
            return self.absent
        return lenient_numbers(column)

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
        numbers, strange, unpublished = _read_text(column, name)
        self.faults.add(unpublished, f"{name} is no number: {_LEAVE_EMPTY}")
        self.faults.add(strange, f"{name} is no number")
        return numbers


def written_number(text: str, name: str) -> float:
    """Parse a figure as people write it: NaN if it is not one.

    Commas may only separate the thousands of a count, a rate or an amount: 31,5 or 0,125 is
    ambiguous. A per cent sign is that of the unit, so 31% is 31.0; with a count or a rate per
    10,000 it is not a figure.

    Examples
    --------
    >>> written_number("1,234.5", "referrals"), written_number("31 %", "rereferrals")
    (1234.5, 31.0)
    >>> written_number("31%", "referrals"), written_number("1,000", "caseload")
    (nan, nan)
    """
    plain = text.removesuffix("%").rstrip() if name in _PERCENTAGES else text
    if name in _LARGE and _THOUSANDS.fullmatch(plain):
        plain = plain.replace(",", "")
    try:
        return float(plain) if plain.isascii() and "_" not in plain else np.nan
    except ValueError:
        return np.nan


def lenient_numbers(column: pd.Series) -> FloatArray:
    """Return a column as numbers, NaN where there is none."""
    if pd.api.types.is_float_dtype(column.dtype):
        return column.to_numpy(dtype=float, na_value=np.nan)
    return _read_text(column)[0]


def _read_text(
    column: pd.Series, name: str = ""
) -> tuple[FloatArray, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Cells as numbers, which of them are not numbers, and which are a publisher's symbol."""
    if _is_text(column):
        # Figures are rounded: each of the few distinct texts is read once.
        places, different = pd.factorize(column, use_na_sentinel=False)
        numbers, strange, unpublished = _numbers(pd.Series(different).str.strip(), name)
        return numbers[places], strange[places], unpublished[places]
    text = column.astype(object).where(column.notna(), "").map(cell_text).astype("str")
    return _numbers(text, name)


def _numbers(
    text: pd.Series, name: str
) -> tuple[FloatArray, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    if name in _HISTORY:
        text = text.where(~text.str.lower().isin(_YES_OR_NO), text.str.lower().map(_YES_OR_NO))
    numbers = pd.to_numeric(text.where(text != "", None), errors="coerce").to_numpy(
        dtype=float, na_value=np.nan
    )
    strange = np.isnan(numbers)
    left = text[strange].fillna("").str.lower()
    unpublished = strange.copy()
    unpublished[unpublished] = left.isin(_SIGNS).to_numpy(dtype=bool)
    strange[strange] = ~left.isin(["", "nan", "none", "na"]).to_numpy(dtype=bool)
    written = {cell: written_number(cell, name) for cell in text[strange].unique()}
    if any(not np.isnan(number) for number in written.values()):
        numbers = numbers.copy()
        numbers[strange] = text[strange].map(written).to_numpy(dtype=float)
        strange &= np.isnan(numbers)
    return numbers, strange & ~unpublished, unpublished


def _is_text(column: pd.Series) -> bool:
    """Whether every cell is text or empty, so that the column can be processed as a whole."""
    return isinstance(column.dtype, pd.StringDtype)


def cell_text(cell: object) -> str:
    """Return a cell as text: a number's text does not depend on the rest of its column.

    Only text and numbers are used. Another object's own text could be anything, or nothing.
    """
    if isinstance(cell, str):
        # Half of a surrogate pair is possible in JSON, but not in a column of text.
        return cell.strip().encode("utf-8", "replace").decode("utf-8")
    if isinstance(cell, (complex, np.complexfloating)) and not isinstance(cell, float):
        # One complex cell makes the others in the column complex too.
        return repr(float(cell.real)) if cell.imag == 0 else STRANGE
    if isinstance(cell, (float, np.floating)):
        return repr(float(cell))
    if isinstance(cell, int) and cell.bit_length() > 1024:
        return "inf" if cell > 0 else "-inf"  # Too many digits for Python to write.
    return str(cell) if isinstance(cell, (int, np.integer, np.bool_, Decimal)) else STRANGE
