"""Rows as people and systems give them -> the model's matrix, row by row, or why one is refused.

The national table and a row from another system come through here alike: one route, one number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from earlywarn.errors import ModelError
from earlywarn.indicators.catalogue import INDICATORS, Indicator, model_column
from earlywarn.indicators.standardise import (
    REACH,
    Distribution,
    compare,
    level_error,
    stabilise,
    usual_value,
)
from earlywarn.model.horizon import FURTHEST, years_after
from earlywarn.scoring.reference import Places, Reference
from earlywarn.scoring.words import Facts
from earlywarn.statistics.arrays import FloatArray, rate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from earlywarn.authorities import Register
    from earlywarn.model.risk_model import RiskModel

LARGEST = 1e12
"""No count, rate or amount of an English authority comes near this."""
MAY_PASS_100 = frozenset({"turnover"})
"""Leavers can outnumber the staff in post; no other percentage can pass 100."""
STRANGE = "?"
"""What stands for a cell that is neither text, number nor date."""
_SIGNS = frozenset({"c", "z", "x", "u", "k", "low", "~", ":", "..", ".", "-", "*"})
"""What publishers write where there is no figure."""
_HISTORY = frozenset(record.id for record in INDICATORS if record.kind == "history")
_LEAVE_EMPTY = "leave it empty where it was not published"
_YES_OR_NO = {"true": "1", "yes": "1", "false": "0", "no": "0"}
_DAY = re.compile(
    r"\d{8}|\d{4}(-\d\d(-\d\d([T ]\d\d(:\d\d(:\d\d(\.\d+)?)?)?(Z|[+-]\d\d(:?\d\d)?)?)?)?)?",
    re.ASCII,
)
"""ISO 8601 as far as it is taken; pandas would also take "today", which is another day tomorrow."""


@dataclass(frozen=True)
class Inputs:
    """Rows ready to be scored.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)
        The model's columns; NaN where not known.
    noise : ndarray of shape (n_rows, n_columns)
        The standard error of each value.
    refusal : dict of int to str
        Why a row can't be scored, by its place; the others can.
    facts : sequence of Facts
        Of each column, what its drivers' words are made of; empty unless asked for.
    years : ndarray of shape (n_rows,)
        From the model's cut to each row's day, at least 0; NaN where it has none.
    compared : ndarray of shape (n_rows,), optional
        Whether a row has a plain value that was compared with the reference.
    """

    values: FloatArray
    noise: FloatArray
    refusal: dict[int, str]
    years: FloatArray
    facts: Sequence[Facts] = ()
    compared: npt.NDArray[np.bool_] | None = None


def read_rows(
    model: RiskModel,
    rows: pd.DataFrame,
    *,
    register: Register | None = None,
    reference: Reference | None = None,
    explain: bool = False,
) -> Inputs:
    """Bring rows into the model's form.

    Parameters
    ----------
    model : RiskModel
        Whose reference distributions a plain value is compared with.
    rows : DataFrame
        Columns by the catalogue's names: an indicator's ``_z`` (with ``_se``) is taken as it is,
        else its value (with the number of cases behind it, or both counts) is compared with the
        model's reference. Other columns are left alone.
    register : Register, optional
        If given, a column ``la_code`` is checked against it.
    reference : Reference, optional
        What plain values are compared with in place of the model's reference: see
        ``Reference.of_snapshot``.
    explain : bool
        Whether the facts that drivers are said with are wanted too.

    Returns
    -------
    Inputs
    """
    faults = _Faults()
    numbers = _Numbers(rows, faults)
    against = Reference.of_model(model) if reference is None else reference
    beside = against.places(None, len(rows))
    deprivation = numbers.column("free_school_meals", percent=True)
    if against.published is not None:
        beside = against.places(_single(rows, "la_code", faults), len(rows))
        deprivation = beside.deprivation(deprivation)
    # Column by column in memory, as they are read here and scored later.
    values, noise = (np.empty((len(rows), len(model.columns)), order="F") for _ in range(2))
    records = model_indicators(model)
    for place, record in enumerate(records):
        _read_indicator(record, numbers, beside, deprivation, values[:, place], noise[:, place])
    for record in INDICATORS:
        if model_column(record) not in model.columns:
            _check_unused(record, numbers)
    years = _check_dates(rows, model, faults)
    if register is not None:
        _check_authorities(rows, register, faults)
    facts = [_facts(record, numbers, beside, deprivation) for record in records] if explain else ()
    return Inputs(values, noise, faults.texts(), years, facts, numbers.compared)


def model_indicators(model: RiskModel) -> tuple[Indicator, ...]:
    """The catalogue's records for the columns of a model, in their order.

    Raises
    ------
    ModelError
        If the model has a column that is none of the catalogue's.
    """
    known = {model_column(record): record for record in INDICATORS}
    strange = [column for column in model.columns if column not in known]
    if strange:
        raise ModelError(
            "the model has columns that are no indicators",
            found=", ".join(strange[:5]),
            expected="columns of the catalogue",
            remedy="Score such a model with its own risk() and contributions().",
        )
    return tuple(known[column] for column in model.columns)


@cache
def known_columns() -> frozenset[str]:
    """Every column name that means something in a row."""
    names = set()
    for record in INDICATORS:
        names |= {record.id, record.numerator, record.denominator}
        if record.kind != "history":
            names |= {f"{record.id}_z", f"{record.id}_se"}
    return frozenset(names - {""})


def _read_indicator(
    record: Indicator,
    numbers: _Numbers,
    beside: Places,
    deprivation: FloatArray,
    level: FloatArray,
    noise: FloatArray,
) -> None:
    """Put one indicator's column for the model, and its standard error, in their places."""
    if record.kind == "history":
        level[:], noise[:] = numbers.column(record.id, highest=1.0), 0.0
        return
    z, se = numbers.column(record.id + "_z", lowest=-LARGEST), numbers.column(record.id + "_se")
    value, size = _value_and_size(record, numbers)
    if z is numbers.absent and value is numbers.absent:
        level[:], noise[:] = np.nan, 0.0
        return
    np.clip(z, -REACH, REACH, out=level)
    against = beside.reference.spreads.get(record.id)
    noise[:] = se
    _fill(noise, np.isnan(se), 0.0 if against is None else _usual_error(against))
    if against is not None and value is not numbers.absent:
        plain = np.isnan(z) & ~np.isnan(value)
        if plain.any():
            numbers.compared |= plain
            size = beside.sizes(record.id, size)
            y, sd = stabilise(record, value[plain], size[plain])
            level[plain], noise[plain] = compare(y, sd, deprivation[plain], against)
            if beside.reference.published is not None:
                same, standing, doubt = beside.standing(record.id, value)
                level[plain & same], noise[plain & same] = (
                    standing[plain & same],
                    doubt[plain & same],
                )
    _fill(noise, np.isnan(level), 0.0)


def _facts(record: Indicator, numbers: _Numbers, beside: Places, deprivation: FloatArray) -> Facts:
    """What the words of an indicator are made of, beside its level."""
    if record.kind == "history":
        return Facts(numbers.column(record.id, highest=1.0), numbers.absent, numbers.absent)
    value = _value_and_size(record, numbers)[0]
    period = numbers.lenient(record.id + "_period")
    if not record.like_for_like:
        return Facts(value, value - numbers.lenient(record.id + "_gap"), period)
    expected = numbers.lenient(record.id + "_expected")
    against = beside.reference.spreads.get(record.id)
    if against is not None and not numbers.has(record.id + "_z"):
        usual = usual_value(record, deprivation, against)
        computed = np.where(np.isnan(deprivation), np.nan, usual)
        expected = np.where(np.isnan(expected), computed, expected)
    return Facts(value, expected, period)


def _fill(numbers: FloatArray, where: npt.NDArray[np.bool_], value: float) -> None:
    if where.any():
        np.putmask(numbers, where, value)


@cache
def _usual_error(against: Distribution) -> float:
    """The standard error of a level that comes without one: of one near the middle."""
    return float(level_error(0.0, against.typical_sd, against.tau2))


def _check_unused(record: Indicator, numbers: _Numbers) -> None:
    """Refuse what can't be in a column that this model doesn't weigh, as in one that it does."""
    _value_and_size(record, numbers)
    numbers.column(record.id + "_z", lowest=-LARGEST)
    numbers.column(record.id + "_se")


def _value_and_size(record: Indicator, numbers: _Numbers) -> tuple[FloatArray, FloatArray]:
    percent = record.unit.startswith("%") and record.id not in MAY_PASS_100
    value = numbers.column(record.id, percent=percent)
    if not record.numerator:
        return value, numbers.absent
    part, whole = numbers.column(record.numerator), numbers.column(record.denominator)
    if part is numbers.absent or whole is numbers.absent:
        return value, whole
    if not numbers.has(record.numerator, record.denominator):
        return value, whole
    per = {"rate": 10_000, "proportion": 100}.get(record.kind, 1)
    if percent:
        numbers.faults.add(part > whole, f"{record.numerator} is more than {record.denominator}")
    computed = per * rate(part, whole)
    return np.where(np.isnan(value), computed, value), whole


class _Faults:
    """Reasons for refusal, each with the rows that it holds for."""

    def __init__(self) -> None:
        self._reasons: list[tuple[npt.NDArray[np.bool_], str]] = []

    def add(self, bad: npt.NDArray[np.bool_], reason: str) -> None:
        if bad.any() and reason not in (told for _, told in self._reasons):
            self._reasons.append((bad, reason))

    def texts(self) -> dict[int, str]:
        """All that is wrong with each row that has a fault, by its place."""
        found: dict[int, str] = {}
        for bad, reason in self._reasons:
            for place in np.flatnonzero(bad).tolist():
                found[place] = f"{found[place]}; {reason}" if place in found else reason
        return found


class _Numbers:
    """Columns of a frame as checked numbers."""

    def __init__(self, rows: pd.DataFrame, faults: _Faults) -> None:
        self._rows = rows
        self._names = frozenset(rows.columns)
        self.faults = faults
        self.absent = np.full(len(rows), np.nan)
        self.absent.flags.writeable = False
        self.compared = np.zeros(len(rows), dtype=np.bool_)

    def has(self, *names: str) -> bool:
        """Whether the frame has all of these columns."""
        return self._names.issuperset(names)

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
        text = column.astype(object).where(column.notna(), "").map(_cell_text).astype("str")
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


def _cell_text(cell: object) -> str:
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


def _single(rows: pd.DataFrame, name: str, faults: _Faults) -> pd.Series | None:
    """A column that may be absent, and must not stand twice."""
    if name not in rows.columns:
        return None
    column = rows[name]
    if isinstance(column, pd.DataFrame):
        faults.add(np.ones(len(rows), dtype=bool), f"{name} stands twice")
        return None
    return column


def _check_dates(rows: pd.DataFrame, model: RiskModel, faults: _Faults) -> FloatArray:
    """The years from the cut to each row's day; a row outside the model's life is refused.

    One without a date is taken for the middle of the year after the cut.
    """
    given, where = _distinct(_single(rows, "as_of", faults))
    if given is None:
        return np.full(len(rows), np.nan)
    texts = [_day_text(cell) for cell in given]
    days = [_day(text) for text in texts]
    none = [not day and text != "" for day, text in zip(days, texts, strict=True)]
    faults.add(np.array(none, dtype=bool)[where], "as_of is no date")
    first, last = model.info.get("first_date"), model.info.get("sunset")
    if first and last:
        outside = [bool(day) and not first <= day <= last for day in days]
        reason = f"as_of is outside the model's life, {first} to {last}"
        faults.add(np.array(outside, dtype=bool)[where], reason)
    years = np.array([years_after(model, day) if day else np.nan for day in days], dtype=float)
    years[years > FURTHEST] = np.nan  # Such a row is refused: its level is carried nowhere.
    return years[where]


def _day(text: str) -> str:
    """The day in UTC, or nothing: cell by cell, so that no cell sways how another is read."""
    if not _DAY.fullmatch(text):
        return ""
    try:
        moment = datetime.fromisoformat(text if len(text) >= 8 else f"{text}-01-01"[:10])
        return (moment if moment.tzinfo is None else moment.astimezone(UTC)).date().isoformat()
    except (ValueError, OverflowError):
        return ""


def _day_text(cell: object) -> str:
    return str(cell) if isinstance(cell, (date, np.datetime64)) else _cell_text(_whole(cell))


def _check_authorities(rows: pd.DataFrame, register: Register, faults: _Faults) -> None:
    codes, where = _distinct(_single(rows, "la_code", faults))
    if codes is None:
        return
    known = register.codes | {""}
    unknown = [_cell_text(_whole(code)) not in known for code in codes]
    faults.add(np.array(unknown, dtype=bool)[where], "la_code is no authority's")


def _distinct(column: pd.Series | None) -> tuple[pd.Series | None, npt.NDArray[np.intp] | slice]:
    """The cells to look at, and where each row's is among them; like cells are looked at once."""
    if column is None or column.dtype == object:
        return _blanked(column), slice(None)
    places, cells = pd.factorize(column, use_na_sentinel=False)
    return _blanked(pd.Series(cells, dtype=column.dtype)), places


def _blanked(column: pd.Series | None) -> pd.Series | None:
    return None if column is None else column.astype(object).where(column.notna(), "")


def _whole(cell: object) -> object:
    """A whole number that a gap in its column made a fraction, whole again."""
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell
