"""Turn rows as people and systems give them into the model's matrix, or reasons for refusal.

The national table and a row from another system both go through here, so that they give the same
numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

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
from earlywarn.scoring.cells import LARGEST, Faults, Numbers
from earlywarn.scoring.reference import Places, Reference
from earlywarn.scoring.row_labels import authority_codes, row_days, single_column, years_of
from earlywarn.scoring.untimely import untimely
from earlywarn.scoring.words import LAST, Facts
from earlywarn.statistics.arrays import FloatArray, rate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from earlywarn.authorities import Register
    from earlywarn.model.risk_model import RiskModel
    from earlywarn.scoring.published import Extent

LOOSE, TIGHT = 3.5, 0.5
"""How far, in standard deviations between authorities, a value may be from its level: years move
the whole country by up to three, while the spread of a single date leaves hardly any doubt."""
ROUNDING = (0.005, 0.06)
"""How far a value may be from that of its counts: a share of it, and a rounding step."""
_REACHES = f"levels reach from {-REACH:g} to {REACH:g}, and further ones count as these"
LEVELS = (2 * REACH, f"lies beyond {2 * REACH:g} either way, in {{rows}}: {_REACHES}")
ERRORS = (1.0, "is above 1, in {rows}: no level is as unsure, but the figure is used")
"""The doubts about levels and their standard errors."""
PER = {"rate": 10_000, "proportion": 100}
"""The multiplier of the quotient of two counts, by kind of indicator."""
_UNLIKE = "is not what the counts beside it give, in {rows}: it is used"
_BETWEEN = "is neither 0 nor 1, in {rows}: it is used as it stands"
MAY_PASS_100 = frozenset({"turnover"})
"""Leavers can outnumber the staff in post; no other percentage can pass 100."""


@dataclass(frozen=True)
class Inputs:
    """Rows ready to be scored.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)
        The model's columns; NaN where unknown.
    noise : ndarray of shape (n_rows, n_columns)
        The standard error of each value.
    refusal : dict of int to str
        Why a row can't be scored, by its position; the others can.
    facts : sequence of Facts
        For each column, the facts for its drivers' words; empty unless asked for.
    years : ndarray of shape (n_rows,)
        From the model's cut to each row's date, at least 0; NaN without a date.
    compared : ndarray of shape (n_rows,), optional
        Whether a row has a plain value that was compared with the reference.
    extents : mapping of str to Extent
        The range of each indicator's values, without the smallest authorities.
    doubted : mapping of str to ndarray of shape (n_rows,)
        What looks wrong, and in which rows.
    """

    values: FloatArray
    noise: FloatArray
    refusal: dict[int, str]
    years: FloatArray
    facts: Sequence[Facts] = ()
    compared: npt.NDArray[np.bool_] | None = None
    extents: Mapping[str, Extent] = field(default_factory=dict)
    doubted: Mapping[str, npt.NDArray[np.bool_]] = field(default_factory=dict)


def read_rows(
    model: RiskModel,
    rows: pd.DataFrame,
    *,
    register: Register | None = None,
    reference: Reference | None = None,
    explain: bool = False,
) -> Inputs:
    """Convert rows to the model's matrix.

    Parameters
    ----------
    model : RiskModel
        The model whose reference distributions a plain value is compared with.
    rows : DataFrame
        Columns by the catalogue's names: an indicator's ``_z`` (with ``_se``) is used unchanged,
        otherwise its value (with the number of cases behind it, or both counts) is compared with
        the model's reference. Other columns are ignored.
    register : Register, optional
        If given, a column ``la_code`` is checked against it.
    reference : Reference, optional
        What plain values are compared with instead of the model's reference: see
        ``Reference.of_snapshot``.
    explain : bool
        Whether the facts for the drivers' words are included.

    Returns
    -------
    Inputs
    """
    faults = Faults()
    numbers = Numbers(rows, faults)
    against = Reference.of_model(model) if reference is None else reference
    beside = against.places(None, len(rows))
    deprivation = numbers.column("free_school_meals", percent=True)
    codes = single_column(rows, "la_code", faults) if register is None else None
    if register is not None:
        codes = authority_codes(rows, register, faults)
    numbers.codes = codes
    if against.published is not None:
        beside = against.places(codes, len(rows))
        deprivation = beside.deprivation(deprivation)
    numbers.agreeing = (TIGHT if against.published is not None else LOOSE) if register else np.inf
    # Stored column by column, as they are read here and scored later.
    values, noise = (np.empty((len(rows), len(model.columns)), order="F") for _ in range(2))
    records = model_indicators(model)
    for place, record in enumerate(records):
        level, error = values[:, place], noise[:, place]
        if numbers.any_of(_NAMES[record.id]):
            _read_indicator(record, numbers, beside, deprivation, level, error)
        else:  # A row of few figures is not searched for all the others.
            level[:], error[:] = np.nan, 0.0
    for record in INDICATORS:
        if model_column(record) not in model.columns and numbers.any_of(_NAMES[record.id]):
            _check_unused(record, numbers)
    good, inadequate = (numbers.column(name, highest=1.0) for name in LAST)
    faults.add(good + inadequate > 1.0, f"{' and '.join(LAST)} can't both be so")
    days = row_days(rows, against.day, faults)
    years = years_of(days, model, faults)
    facts = [_facts(record, numbers, beside, deprivation) for record in records] if explain else ()
    numbers.relate()
    for what, bad in untimely(rows, days, codes, register):
        numbers.doubt(what, bad)
    seen = numbers.compared, numbers.extents, numbers.doubted
    return Inputs(values, noise, faults.texts(), years, facts, *seen)


def model_indicators(model: RiskModel) -> tuple[Indicator, ...]:
    """Return the catalogue's records for the columns of a model, in order.

    Raises
    ------
    ModelError
        If the model has a column that is not in the catalogue.
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


def _names(record: Indicator) -> frozenset[str]:
    """The columns of a row that an indicator is read from."""
    names = {record.id, record.numerator, record.denominator}
    if record.kind != "history":
        names |= {f"{record.id}_z", f"{record.id}_se"}
    return frozenset(names - {""})


_NAMES = {record.id: _names(record) for record in INDICATORS}


def known_columns() -> frozenset[str]:
    """Every known column name of a row."""
    return _KNOWN


_KNOWN = frozenset().union(*_NAMES.values())


def beside_values() -> frozenset[str]:
    """Columns next to values that are not in the model: they are used for words and doubts."""
    return _BESIDE


_BESIDE = frozenset(
    f"{record.id}{ending}"
    for record in INDICATORS
    if record.kind != "history"
    for ending in ("_gap", "_expected", "_period")
)


def _read_indicator(
    record: Indicator,
    numbers: Numbers,
    beside: Places,
    deprivation: FloatArray,
    level: FloatArray,
    noise: FloatArray,
) -> None:
    """Fill in one indicator's column for the model, and its standard error."""
    if record.kind == "history":
        fact = numbers.column(record.id, highest=1.0)
        numbers.doubt(f"{record.id} {_BETWEEN}", (fact > 0) & (fact < 1))
        level[:], noise[:] = fact, 0.0
        return
    z, se = _level_and_error(record, numbers)
    value, size = _value_and_size(record, numbers)
    if z is numbers.absent and value is numbers.absent:
        level[:], noise[:] = np.nan, 0.0
        return
    np.clip(z, -REACH, REACH, out=level)
    against = beside.reference.spreads.get(record.id)
    noise[:] = se
    _fill(noise, np.isnan(se), 0.0 if against is None else _usual_error(against))
    if against is not None and value is not numbers.absent:
        given, known = ~np.isnan(z), ~np.isnan(value)
        plain = known & ~given
        if plain.any():
            numbers.compared |= plain
            level[plain], noise[plain] = _placed(record, value, size, deprivation, beside, plain)
        if np.isfinite(numbers.agreeing) and (both := known & given).any():
            placed = _placed(record, value, size, deprivation, beside, both)[0]
            far = np.zeros(len(value), dtype=np.bool_)
            far[both] = np.abs(placed - level[both]) > numbers.agreeing
            numbers.faults.add(far, f"{record.id} contradicts {record.id}_z")
        if beside.reference.published is not None:
            # A small suppressed count has a level, though it has no value.
            same, standing, doubt = beside.standing(record.id, value)
            same &= ~given
            level[same], noise[same] = standing[same], doubt[same]
    _fill(noise, np.isnan(level), 0.0)


def _placed(
    record: Indicator,
    value: FloatArray,
    size: FloatArray,
    deprivation: FloatArray,
    beside: Places,
    rows: npt.NDArray[np.bool_],
) -> tuple[FloatArray, FloatArray]:
    """The levels of some rows' plain values in the reference, with their standard errors."""
    cases = beside.sizes(record.id, size)
    y, sd = stabilise(record, value[rows], cases[rows])
    level, noise = compare(y, sd, deprivation[rows], beside.reference.spreads[record.id])
    if beside.reference.published is not None:
        same, standing, doubt = (each[rows] for each in beside.standing(record.id, value))
        level, noise = np.where(same, standing, level), np.where(same, doubt, noise)
    return level, noise


def _facts(record: Indicator, numbers: Numbers, beside: Places, deprivation: FloatArray) -> Facts:
    """The facts for the words of an indicator, besides its level."""
    parts = _known(record, numbers, beside, deprivation)
    return Facts(*(part[:1] if part is numbers.absent else part for part in parts))


def _known(record: Indicator, numbers: Numbers, beside: Places, deprivation: FloatArray) -> Facts:
    if record.kind == "history":
        good, inadequate = (numbers.column(name, highest=1.0) for name in LAST)
        return Facts(good, inadequate, numbers.absent)
    value = _value_and_size(record, numbers)[0]
    period = numbers.lenient(record.id + "_period")
    if not record.like_for_like:
        gap = numbers.lenient(record.id + "_gap")
        missing = value is numbers.absent or gap is numbers.absent
        return Facts(value, numbers.absent if missing else value - gap, period)
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
    """The standard error of a level given without one: that of one near the middle."""
    return float(level_error(0.0, against.typical_sd, against.tau2))


def _check_unused(record: Indicator, numbers: Numbers) -> None:
    """Refuse invalid cells in a column that this model doesn't use, as in one that it does."""
    _value_and_size(record, numbers)
    _level_and_error(record, numbers)


def _level_and_error(record: Indicator, numbers: Numbers) -> tuple[FloatArray, FloatArray]:
    z = numbers.column(record.id + "_z", lowest=-LARGEST, usual=LEVELS)
    return z, numbers.column(record.id + "_se", usual=ERRORS)


def _value_and_size(record: Indicator, numbers: Numbers) -> tuple[FloatArray, FloatArray]:
    percent = record.unit.startswith("%") and record.id not in MAY_PASS_100
    value = numbers.column(record.id, percent=percent)
    if not record.numerator:
        numbers.note(record.id, value)
        return value, numbers.absent
    part, whole = numbers.column(record.numerator), numbers.column(record.denominator)
    numbers.note(record.numerator, part)
    numbers.note(record.denominator, whole)
    if part is numbers.absent or whole is numbers.absent:
        numbers.note(record.id, value)
        return value, whole
    per = PER.get(record.kind, 1)
    if percent:
        numbers.faults.add(part > whole, f"{record.numerator} is more than {record.denominator}")
    computed = per * rate(part, whole)
    share, step = ROUNDING
    unlike = np.abs(value - computed) > share * np.abs(computed) + step
    numbers.doubt(f"{record.id} {_UNLIKE}", unlike)
    value = np.where(np.isnan(value), computed, value)
    numbers.note(record.id, value)
    return value, whole
