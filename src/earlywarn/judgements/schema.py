"""The judgements frame: its columns and grades, and how it is checked and written."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from earlywarn.errors import OutcomeError
from earlywarn.utils.arguments import of_kind
from earlywarn.utils.dates import as_date

GRADES = ("Outstanding", "Good", "Requires improvement", "Inadequate")
"""The grades as full words, worst last."""

AREAS = ("leadership", "help_and_protection", "in_care", "care_leavers")
"""The areas that are judged under every framework; adoption is not included."""

COLUMNS = (
    "la_code",
    "framework",
    "inspection_start",
    "published_on",
    "overall",
    *AREAS,
    "inspection_type",
    "start_precision",
    "source",
)
"""The columns of a judgements frame, in order."""

NO_OVERALL_FROM = date(2026, 4, 1)
"""Inspections that began on or after this date have no overall grade, whatever the report date."""

DATES = ("inspection_start", "published_on")
"""The columns with dates."""

_ADDED = {"inspection_type": "", "start_precision": "day", "source": ""}
_CONTRACT = tuple(column for column in COLUMNS if column not in _ADDED)


def frame_of(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Make a judgements frame from rows with every column.

    Parameters
    ----------
    rows : list of dict
        A value for each of `COLUMNS`; dates as datetime.date, a missing grade as None.

    Returns
    -------
    DataFrame
        Text columns of dtype str, date columns of datetime.date.
    """
    columns = {column: pd.Series([row[column] for row in rows], dtype=object) for column in COLUMNS}
    frame = pd.DataFrame(columns)
    return frame.astype({column: "str" for column in COLUMNS if column not in DATES})


def empty_judgements() -> pd.DataFrame:
    """Return an empty judgements frame, with its columns and types.

    Examples
    --------
    >>> len(empty_judgements())
    0
    """
    return frame_of([])


def check_judgements(frame: pd.DataFrame) -> pd.DataFrame:
    """Check a frame of judgements that a caller gives, and convert it to the standard form.

    Parameters
    ----------
    frame : DataFrame
        At least the columns of the contract; dates may be ISO text.

    Returns
    -------
    DataFrame
        The same rows and index, dates as datetime.date; other columns are kept.

    Raises
    ------
    OutcomeError
        If a column is missing, a date is not valid, or a grade is not a full word.
    """
    of_kind(
        frame, pd.DataFrame, "judgements", expected="what load_judgements gives", fault=OutcomeError
    )
    missing = [column for column in _CONTRACT if column not in frame.columns]
    if missing:
        raise OutcomeError(
            "columns are missing",
            where="judgements",
            found=f"no {', '.join(missing)}",
            expected=", ".join(_CONTRACT),
            remedy="Use a frame that load_judgements gave.",
        )
    for column in ("overall", *AREAS):
        _check_grades(frame[column])
    days = {column: _days(frame[column]) for column in DATES}
    added = {column: value for column, value in _ADDED.items() if column not in frame.columns}
    return frame.assign(**days, **added)


def _days(dates: pd.Series) -> pd.Series:
    if all(type(value) is date for value in dates):
        return dates  # as in our own frames, which are checked repeatedly
    where = f"judgements, column '{dates.name}'"
    days = [as_date(value, where, OutcomeError) for value in dates]
    return pd.Series(days, index=dates.index, dtype=object)


def _check_grades(grades: pd.Series) -> None:
    distinct = set(grades.to_numpy(dtype=object)) - set(GRADES)
    if any(not pd.isna(cell) for cell in distinct):
        strange = grades[grades.notna() & ~grades.isin(GRADES)]
        raise OutcomeError(
            "not a grade",
            where=f"judgements, column '{grades.name}', row {strange.index[0]}",
            found=repr(strange.iloc[0]),
            expected=f"{', '.join(GRADES)}, or missing",
            remedy="Read the judgements with load_judgements, which gives full words.",
        )


def judgements_text(frame: pd.DataFrame) -> str:
    """Write a judgements frame as CSV text, the same for the same frame.

    Parameters
    ----------
    frame : DataFrame
        Judgements as returned by `read_judgements`.

    Returns
    -------
    str
        `COLUMNS`, LF line endings, ISO dates, missing grades blank.

    Raises
    ------
    OutcomeError
        As for `check_judgements`.
    """
    checked = check_judgements(frame)
    return checked.loc[:, list(COLUMNS)].to_csv(index=False, lineterminator="\n")


def write_judgements(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a judgements frame as a CSV file in UTF-8.

    Parameters
    ----------
    frame : DataFrame
        Judgements as returned by `read_judgements`.
    path : str or Path
        The file to write.

    Raises
    ------
    OutcomeError
        As for `check_judgements`.
    """
    Path(path).write_text(judgements_text(frame), encoding="utf-8", newline="")
