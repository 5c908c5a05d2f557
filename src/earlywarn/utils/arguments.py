"""Checks of the arguments that a Python caller gives, which refuse the wrong kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, TypeVar

from earlywarn.errors import UsageError

if TYPE_CHECKING:
    from earlywarn.errors import EarlyWarnError

Kind = TypeVar("Kind")


def of_kind(
    value: object,
    kind: type[Kind],
    what: str,
    *,
    expected: str,
    fault: type[EarlyWarnError] = UsageError,
    remedy: str = "",
) -> Kind:
    """Return the value, or refuse one of another type.

    Parameters
    ----------
    value : object
        The value that a caller gave.
    kind : type
        What it must be an instance of.
    what : str
        Which argument it is, for the error.
    expected, remedy : str
        Where to get such a thing, and what to do instead.
    fault : type of EarlyWarnError
        The error to raise.

    Returns
    -------
    object
        The same value.

    Raises
    ------
    EarlyWarnError
        Of the type given.

    Examples
    --------
    >>> of_kind(3, dict, "rows", expected="what read_rows gives")
    Traceback (most recent call last):
    earlywarn.errors.UsageError: rows: a dict is needed: found of type int; expected what \
read_rows gives.
    """
    if isinstance(value, kind):
        return value
    raise fault(
        f"a {kind.__name__} is needed",
        where=what,
        found=f"of type {type(value).__name__}",
        expected=expected,
        remedy=remedy,
    )


def whole_number(
    value: object,
    what: str,
    *,
    least: int,
    most: int | None = None,
    problem: str = "not a whole number within the limits",
    expected: str = "",
    fault: type[EarlyWarnError] = UsageError,
) -> int:
    """Return a whole number, or refuse a value that is not one or is outside its limits.

    Parameters
    ----------
    value : object
        The value that a caller gave; numpy's integers count, True and False don't.
    what : str
        Which argument it is, for the error.
    least, most : int
        The limits, inclusive; without ``most`` there is no upper limit.
    problem, expected : str
        What is wrong, and what would have been right, if the limits don't make it clear.
    fault : type of EarlyWarnError
        The error to raise.

    Returns
    -------
    int

    Raises
    ------
    EarlyWarnError
        Of the type given.

    Examples
    --------
    >>> whole_number(0, "--port", least=1, most=65_535)
    Traceback (most recent call last):
    earlywarn.errors.UsageError: --port: not a whole number within the limits: found 0; \
expected 1 to 65535.
    """
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if whole and value >= least and (most is None or value <= most):  # type: ignore[operator]
        return int(value)  # type: ignore[call-overload, no-any-return]
    raise fault(
        problem,
        where=what,
        found=repr(value)[:60],
        expected=expected or (f"{least} or more" if most is None else f"{least} to {most}"),
    )


def number(
    value: object, what: str, *, expected: str, fault: type[EarlyWarnError] = UsageError
) -> float:
    """Return a number, or refuse what is not one; the caller checks the limits.

    Examples
    --------
    >>> number("much", "prior", expected="a share from 0 to 1")
    Traceback (most recent call last):
    earlywarn.errors.UsageError: prior: not a number: found 'much'; expected a share from 0 to 1.
    """
    if isinstance(value, Real) and not isinstance(value, bool):
        return float(value)
    raise fault("not a number", where=what, found=repr(value)[:60], expected=expected)


def several(
    value: object,
    kind: type,
    what: str,
    *,
    expected: str,
    fault: type[EarlyWarnError] = UsageError,
) -> tuple[Any, ...]:
    """Return the members of a list, or refuse what is not a list of one type.

    A text does not count as a list, though Python iterates over its letters: "Leeds" would be five
    authorities.

    Examples
    --------
    >>> several("Leeds", str, "authorities", expected="names or codes")
    Traceback (most recent call last):
    earlywarn.errors.UsageError: authorities: not a list: found 'Leeds'; expected a list of \
names or codes.
    """
    listed = isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping))
    members: tuple[Any, ...] = tuple(value) if listed else ()  # type: ignore[arg-type]
    strange = [member for member in members if not isinstance(member, kind)]
    if listed and not strange:
        return members
    raise fault(
        "not a list" if not listed else "not a list of what is needed",
        where=what,
        found=repr(strange[0] if strange else value)[:60],
        expected=f"a list of {expected}",
    )
