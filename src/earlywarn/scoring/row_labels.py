"""The labels of a row: its date, within the model's life, and its authority."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from earlywarn.model.horizon import FURTHEST, years_after
from earlywarn.panel.naming import candidates
from earlywarn.scoring.cells import LARGEST, Faults, cell_text
from earlywarn.sources.names_and_codes import of_another
from earlywarn.utils.dates import parse_cell_day

if TYPE_CHECKING:
    from earlywarn.authorities import Register
    from earlywarn.model.risk_model import RiskModel
    from earlywarn.statistics.arrays import FloatArray

LONGEST = 100
"""The most letters in the name of an authority."""


def single_column(rows: pd.DataFrame, name: str, faults: Faults) -> pd.Series | None:
    """A column that may be absent, but must not occur twice."""
    if name not in rows.columns:
        return None
    column = rows[name]
    if isinstance(column, pd.DataFrame):
        faults.add(np.ones(len(rows), dtype=bool), f"{name} stands twice")
        return None
    return column


class Days(NamedTuple):
    """The day of each row."""

    where: npt.NDArray[np.intp] | slice
    """The index of each row's date among the distinct ones."""
    given: list[date | None]
    """The distinct dates; None where there is none, or it is refused."""


def row_days(rows: pd.DataFrame, usual: str, faults: Faults) -> Days:
    """The date of each row; by default the one on which its figures are compared, if any."""
    cells, where = _distinct(single_column(rows, "as_of", faults))
    if cells is None:
        where = np.zeros(len(rows), dtype=np.intp)
    listed = [""] if cells is None else cells.tolist()
    blank = [isinstance(cell, str) and _said(cell_text(cell)) == "" for cell in listed]
    start = parse_cell_day(usual)
    days = [start if empty else _day(cell) for cell, empty in zip(listed, blank, strict=True)]
    none = [day is None and not empty for day, empty in zip(days, blank, strict=True)]
    faults.add(np.array(none, dtype=bool)[where], "as_of is no date")
    return Days(where, days)


def years_of(days: Days, model: RiskModel, faults: Faults) -> FloatArray:
    """The years from the cut to each row's date; a row outside the model's life is refused.

    A row without a date is treated as in the middle of the year after the cut.
    """
    texts = ["" if day is None else day.isoformat() for day in days.given]
    first, last = model.info.get("first_date"), model.info.get("sunset")
    if first and last:
        outside = [bool(day) and not first <= day <= last for day in texts]
        reason = f"as_of is outside the model's life, {first} to {last}"
        faults.add(np.array(outside, dtype=bool)[days.where], reason)
    years = np.array([years_after(model, day) if day else np.nan for day in texts], dtype=float)
    years[years > FURTHEST] = np.nan  # Such a row is refused, so its level is not carried forward.
    return years[days.where]


def _said(text: str) -> str:
    """A cell's text: R writes NA where there is nothing."""
    return "" if text == "NA" else text


def _day(cell: object) -> date | None:
    """The date that a cell means, if any, independently of other cells."""
    if isinstance(cell, (int, float, np.integer)):
        cell = cell_text(_whole(cell)) if -LARGEST < cell < LARGEST else ""
    elif not isinstance(cell, (str, date, np.datetime64)):
        return None  # Another object's own text could be anything.
    return parse_cell_day(cell)


def authority_codes(rows: pd.DataFrame, register: Register, faults: Faults) -> pd.Series | None:
    """The code of each row's authority, empty where none is given; None if no row has one.

    ``la_code`` contains a code, a nine-character code, a name or the beginning of one; where a
    row's ``la_code`` is empty, its ``la_name`` is used, regardless of other rows. A row whose
    authority is unknown is refused.
    """
    answer: npt.NDArray[np.object_] | None = None
    bare = np.ones(len(rows), dtype=bool)  # rows without an authority so far
    for label in ("la_code", "la_name"):
        column = _of_bare(rows, label, bare, faults)
        cells, where = _distinct(column)
        if cells is None:
            continue
        texts = [_said(cell_text(_whole(cell))) for cell in cells]
        meant = [_codes(text, register) for text in texts]
        reason = f"{label} is the beginning of several authorities' names"
        for wrong, why in (
            ([not codes for codes in meant], f"{label} is no authority's"),
            ([len(codes) > 1 for codes in meant], reason),
        ):
            faults.add(_within(bare, np.array(wrong, dtype=bool)[where]), why)
        found = np.array([codes[0] if len(codes) == 1 else "" for codes in meant], dtype=object)
        answer = np.full(len(rows), "", dtype=object) if answer is None else answer
        answer[bare] = found[where]
        bare = _within(bare, np.array([not text for text in texts], dtype=bool)[where])
    if answer is None:
        return None
    faults.add(_of_another(rows, answer, register), "la_name is another authority's than la_code")
    return pd.Series(answer, index=rows.index, dtype="str")


def _of_another(
    rows: pd.DataFrame, codes: npt.NDArray[np.object_], register: Register
) -> npt.NDArray[np.bool_]:
    """The rows whose code and name belong to different authorities."""
    if not {"la_code", "la_name"} <= set(rows.columns) or not rows.columns.is_unique:
        return np.zeros(len(rows), dtype=bool)

    @cache
    def differ(code: str, name: str) -> bool:
        return bool(code) and len(name) <= LONGEST and of_another(register, code, name)

    names = [name if isinstance(name, str) else "" for name in rows["la_name"].tolist()]
    return np.fromiter(map(differ, codes.tolist(), names), dtype=bool, count=len(rows))


def _of_bare(
    rows: pd.DataFrame, label: str, bare: npt.NDArray[np.bool_], faults: Faults
) -> pd.Series | None:
    """A column's cells in the rows where it is used; None if there are none."""
    if label not in rows.columns or not bare.any():
        return None
    column = rows[label]
    if isinstance(column, pd.DataFrame):
        faults.add(bare, f"{label} stands twice")
        return None
    return column if bare.all() else column[bare]


def _within(rows: npt.NDArray[np.bool_], some: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """A mask within the marked rows, as a mask of all rows."""
    marked = np.zeros(len(rows), dtype=bool)
    marked[rows] = some
    return marked


def _codes(text: str, register: Register) -> list[str]:
    """The codes that a cell may mean; one empty code for an empty cell."""
    if text in register.codes or not text:
        return [text]
    found = candidates(register, text) if len(text) <= LONGEST else []
    return [code for code in found if code in register.codes]


def _distinct(column: pd.Series | None) -> tuple[pd.Series | None, npt.NDArray[np.intp] | slice]:
    """The distinct cells, and the index of each row's among them, so that each is read once."""
    if column is None or column.dtype == object:
        return _blanked(column), slice(None)
    places, cells = pd.factorize(column, use_na_sentinel=False)
    return _blanked(pd.Series(cells, dtype=column.dtype)), places


def _blanked(column: pd.Series | None) -> pd.Series | None:
    return None if column is None else column.astype(object).where(column.notna(), "")


def _whole(cell: object) -> object:
    """A whole number that became fractional through a gap in its column, restored."""
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell
