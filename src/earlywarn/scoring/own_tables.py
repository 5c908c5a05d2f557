"""Tables of own figures: from a file to cells, and whose each row is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from earlywarn.errors import AuthorityError, IndicatorError
from earlywarn.scoring.batch import as_frame
from earlywarn.sources.names_and_codes import of_another
from earlywarn.utils.dates import parse_cell_day

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import pandas as pd

    from earlywarn.panel.snapshot import Snapshot

LABELS = ("la_code", "la_name", "as_of")
"""Columns of a table of own figures that say whose they are, and are no figures."""
AUTHORITY = ("la_code", "authority", "la_name")
"""Columns that may say whose a row is, the first that a row has filled."""
EMPTY = frozenset({"", "nan", "none", "na", "<na>"})
"""What a cell without anything says of itself, in small letters."""


def read_figures(path: str | Path) -> pd.DataFrame:
    """Read a table of own figures from a file, for ``with_figures``.

    Parameters
    ----------
    path : str or Path
        CSV, Parquet or JSON lines: ``la_code`` (names are taken too) and a column a figure.

    Returns
    -------
    DataFrame
        The cells as they stand.

    Raises
    ------
    ScoreError
        If there is no such file, or it can't be read.
    """
    return as_frame(path)


def figure_columns(frame: pd.DataFrame) -> list[str]:
    """The columns that hold figures.

    Raises
    ------
    IndicatorError
        If no column says whose the rows are.
    """
    label = next((name for name in AUTHORITY if name in frame.columns), None)
    if label is None:
        raise IndicatorError(
            "the table does not say whose figures these are",
            where="own figures",
            found=", ".join(map(str, frame.columns[:8])),
            expected="a column la_code, with codes or names",
        )
    return [str(name) for name in frame.columns if name not in {*LABELS, label}]


def rows_by_authority(
    snapshot: Snapshot, frame: pd.DataFrame
) -> Iterator[tuple[str, str, dict[Any, Any]]]:
    """Each row's code, its place in words, and its cells.

    Raises
    ------
    AuthorityError
        If a row's authority is not known, or did not exist on the day.
    IndicatorError
        If an authority stands twice, a row is of another day, or its code and name are of two
        authorities.
    """
    seen: dict[str, int] = {}
    for place, row in enumerate(frame.to_dict("records"), start=1):
        _check_day(snapshot, row.get("as_of"), place)
        code = _code_of(snapshot, row, place)
        where = f"{snapshot.register.name_of(code)}, row {place}"
        if code in seen:
            raise IndicatorError(
                "an authority stands twice in the table",
                where=where,
                found=f"rows {seen[code]} and {place}",
                expected="one row an authority",
            )
        seen[code] = place
        yield code, where, row


def _check_day(snapshot: Snapshot, cell: Any, place: int) -> None:
    """Refuse a row of another day than the one that is asked about."""
    text = label_text(cell)
    if text and parse_cell_day(cell) != snapshot.as_of:
        raise IndicatorError(
            "the row is of another day than the one asked about",
            where=f"row {place}, as_of",
            found=repr(text),
            expected=f"{snapshot.as_of}, or nothing",
            remedy="Ask about that day, or leave as_of out: own figures are compared with the "
            "newest year that was published on the day asked about.",
        )


def _code_of(snapshot: Snapshot, row: Mapping[Any, Any], place: int) -> str:
    """Whose a row is, by its code, or by its name where the code is empty."""
    said = [text for name in AUTHORITY if (text := label_text(row.get(name)))]
    if not said:
        raise IndicatorError(
            "the row does not say whose figures these are",
            where=f"row {place}",
            expected="a code or a name in la_code",
        )
    try:
        code = snapshot.existing_code(said[0])
    except AuthorityError as error:
        parts = error.as_dict()
        where = f"row {place}, {parts.pop('where')}"
        raise AuthorityError(parts.pop("problem"), where=where, **parts) from error
    for name in said[1:]:
        _check_one(snapshot, code, said[0], name, place)
    return code


def _check_one(snapshot: Snapshot, code: str, text: str, name: str, place: int) -> None:
    register = snapshot.register
    if of_another(register, code, name):
        other = register.name_of(register.code_of(name))
        own = register.name_of(code)
        raise IndicatorError(
            "the code and the name are of two authorities",
            where=f"row {place}",
            found=f"{text}, which is {own}, and {name}, which is {other}"
            if text != own
            else f"{own} and {other}",
            expected="both of the same authority",
            remedy="Correct the code or the name.",
        )


def label_text(cell: Any) -> str:
    """A code or name as text; a code that a gap or a spreadsheet made a number, whole again."""
    whole = isinstance(cell, float) and cell.is_integer()
    text = str(int(cell)) if whole else str(cell).strip()
    return "" if text.lower() in EMPTY else text
