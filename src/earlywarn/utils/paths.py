"""Check the paths that people and programs give, before using the file system."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from earlywarn.errors import UsageError

if TYPE_CHECKING:
    from earlywarn.errors import EarlyWarnError

LONGEST_NAME, LONGEST = 255, 4096
"""The most bytes in a name, and in a whole path, on the systems in use."""


def as_path(value: object, what: str, fault: type[EarlyWarnError] = UsageError) -> Path:
    """Return a path, or refuse what can't be one.

    Parameters
    ----------
    value : str or os.PathLike
        The path.
    what : str
        Which argument it is, for the error.
    fault : type of EarlyWarnError
        The error to raise.

    Returns
    -------
    Path

    Raises
    ------
    EarlyWarnError
        Of the type given: if it is neither text nor a path, empty, or a name that no file can have.

    Examples
    --------
    >>> as_path("scores.csv", "path").name
    'scores.csv'
    >>> as_path(5, "path")
    Traceback (most recent call last):
    earlywarn.errors.UsageError: path: not a path: found of type int; expected text or a Path.
    """
    text = os.fspath(value) if isinstance(value, (str, os.PathLike)) else None
    if not isinstance(text, str):
        raise fault(
            "not a path",
            where=what,
            found=f"of type {type(value).__name__}",
            expected="text or a Path",
        )
    try:
        longest = max((len(os.fsencode(part)) for part in Path(text).parts), default=0)
        whole = len(os.fsencode(text))
    except UnicodeEncodeError:
        longest = whole = LONGEST
    if not text or "\0" in text or longest > LONGEST_NAME or whole >= LONGEST:
        raise fault(
            "no file can have this name",
            where=what,
            found=repr(text if len(text) <= 80 else f"{text[:80]}..."),
            expected=f"a path whose names have 1 to {LONGEST_NAME} bytes each, none of them NUL",
        )
    return Path(text)


def check_file(path: Path, *, expected: str, fault: type[EarlyWarnError]) -> None:
    """Refuse what is not a file, such as a pipe or device, which can't be read a second time.

    Raises
    ------
    EarlyWarnError
        Of the type given.

    Examples
    --------
    >>> check_file(Path("rows.csv"), expected="CSV", fault=UsageError)
    Traceback (most recent call last):
    earlywarn.errors.UsageError: rows.csv: there is no such file: expected CSV.
    """
    if not path.is_file():
        problem = "not a file that can be kept" if path.exists() else "there is no such file"
        raise fault(problem, where=str(path), expected=expected)
