"""Check that a code and a name in the same row belong to the same authority."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from earlywarn.authorities import ENGLAND
from earlywarn.errors import AuthorityError
from earlywarn.sources.schema import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from earlywarn.authorities import Register
    from earlywarn.sources.tabular_files import Table


def of_another(register: Register, code: str, name: str) -> bool:
    """Whether a name belongs to a different authority from a code; an unknown one is only a label.

    A place before and after a reorganisation counts as the same.

    Examples
    --------
    >>> from earlywarn.authorities import Register
    >>> register = Register.load()
    >>> of_another(register, "383", "Bradford"), of_another(register, "835", "Dorset")
    (True, False)
    """
    meant = register.find(name)
    return (
        meant is not None
        and meant in register.codes
        and meant != code
        and meant not in register.heirs(code)
        and code not in register.heirs(meant)
    )


def mismatches(
    table: Table, codes: Mapping[str, tuple[str, ...]], text: pd.Series, register: Register
) -> list[Finding]:
    """Warn of each code next to a code or a name of a different authority.

    Parameters
    ----------
    table : Table
        A published table.
    codes : mapping of str to tuple of str
        The authorities meant by each way of writing a code.
    text : Series
        The code of each row, as written.
    register : Register
        The authorities to read with.
    """
    beside = ("new_la_code", "la_name")
    given = {name: table.cells[name] for name in beside if name in table.cells}
    rows = pd.DataFrame({"code": text, "line": table.lines, **given})
    rows = rows[rows["code"] != ENGLAND].drop_duplicates(["code", *given])
    return [
        *(_other_codes(table.file, rows, codes, register) if "new_la_code" in given else ()),
        *(_other_names(table.file, rows, codes, register) if "la_name" in given else ()),
    ]


def _other_codes(
    file: str, rows: pd.DataFrame, codes: Mapping[str, tuple[str, ...]], register: Register
) -> Iterator[Finding]:
    pairs = rows[rows["new_la_code"] != ""].drop_duplicates(["code", "new_la_code"])
    for old, new, line in zip(pairs["code"], pairs["new_la_code"], pairs["line"], strict=True):
        try:
            same = register.codes_of(new) == codes[old]
            severity, what = "warning", f"{old} and {new} are not the same authority: {old} is used"
        except AuthorityError:
            same = False
            severity, what = "note", f"{new} is not in the register: {old} is used"
        if not same and codes[old]:
            yield _finding(severity, what, file, line, codes[old][0], "new_la_code", new)


def _other_names(
    file: str, rows: pd.DataFrame, codes: Mapping[str, tuple[str, ...]], register: Register
) -> Iterator[Finding]:
    pairs = rows.drop_duplicates(["code", "la_name"])
    for code, name, line in zip(pairs["code"], pairs["la_name"], pairs["line"], strict=True):
        meant = codes[code]
        if len(meant) == 1 and of_another(register, meant[0], name):
            what = f"{code} is {register.name_of(meant[0])}, and the name next to it is {name}: "
            what += f"{code} is used"
            yield _finding("warning", what, file, line, meant[0], "la_name", name)


def _finding(
    severity: str, what: str, file: str, line: object, code: str, column: str, found: str
) -> Finding:
    at = float(str(line))
    return Finding(severity, "area-code", what, file, at, code, column=column, found=found)
