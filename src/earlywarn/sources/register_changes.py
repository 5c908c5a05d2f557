"""Report what a folder's register tables change in the register that ships."""

from __future__ import annotations

from typing import TYPE_CHECKING

from earlywarn.authorities import REGISTER_COLUMNS
from earlywarn.errors import AuthorityError
from earlywarn.sources.schema import Finding
from earlywarn.utils.formatting import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from earlywarn.authorities import Register

_KEY = {"authorities": "la_code", "area_codes": "gss_code"}


def rows_once(table: pd.DataFrame, name: str, file: str) -> tuple[pd.DataFrame, list[Finding]]:
    """Drop repeated rows of a register table; a note counts them.

    Raises
    ------
    AuthorityError
        At the first authority or area code that has two different rows.
    """
    distinct = table.drop_duplicates()
    key = _KEY.get(name)
    if key in table.columns and distinct[key].duplicated().any():
        raise AuthorityError(
            f"two rows for one {key}",
            where=file,
            found=str(distinct.loc[distinct[key].duplicated(), key].iloc[0]),
            expected="one row each",
            remedy="Remove the row that should not count.",
        )
    more = len(table) - len(distinct)
    message = f"{counted(more, 'row stands', 'rows stand')} there twice, counted once"
    return distinct, [Finding("note", "row-twice", message, file)] if more else []


def register_findings(before: Register, after: Register) -> list[Finding]:
    """List each row that the folder's tables add to the register or change in it.

    Parameters
    ----------
    before, after : Register
        The register as it ships, and with the folder's tables.

    Returns
    -------
    list of Finding
        Notes; a warning where an area code goes to another authority, which moves figures.
    """
    findings = []
    for name, columns in REGISTER_COLUMNS.items():
        old, new = getattr(before, name), getattr(after, name)
        key = _KEY.get(name)
        held = _rows(old, key, columns)
        for row, cells in _rows(new, key, columns).items():
            was = held.get(row)
            if was != cells:
                severity = "warning" if name == "area_codes" and was else "note"
                file = f"{name}.csv"
                message = f"{row}: " + (_unlike(was, cells, columns) if was else "added")
                findings.append(Finding(severity, "register", message, file, found=row))
    return findings


def _rows(table: pd.DataFrame, key: str | None, columns: tuple[str, ...]) -> dict[str, list[str]]:
    texts = table[list(columns)].astype(object).fillna("").astype("str")
    return {
        (row[columns.index(key)] if key else " ".join(row)): row
        for row in texts.to_numpy().tolist()
    }


def _unlike(was: list[str], cells: list[str], columns: tuple[str, ...]) -> str:
    return "; ".join(_parts(was, cells, columns))


def _parts(was: list[str], cells: list[str], columns: tuple[str, ...]) -> Iterator[str]:
    for column, one, other in zip(columns, was, cells, strict=True):
        if one != other:
            yield f"{column} is {other or 'blank'} here and {one or 'blank'} as it ships"
