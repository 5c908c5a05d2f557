"""The form in which every function here takes arrays, and the checks of its arguments.

Arrays in, arrays out. A missing value is NaN and stays NaN; nothing here warns.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from earlywarn.errors import IndicatorError

# An array of floats; NaN where a value is missing.
FloatArray = npt.NDArray[np.float64]


def aligned(**arrays: npt.ArrayLike) -> tuple[FloatArray, ...]:
    """Turn the arguments into float arrays of one shape, in the order given.

    Parameters
    ----------
    **arrays : array-like
        The arguments by name. A single number is repeated; nothing else is broadcast.

    Returns
    -------
    tuple of ndarray
        One array per argument. They may be read-only.

    Raises
    ------
    IndicatorError
        If an argument is not numeric, or two of them differ in shape.

    Examples
    --------
    >>> aligned(count=[1, 2], total=10)[1]
    array([10., 10.])
    """
    found = tuple([_floats(name, values) for name, values in arrays.items()])
    shapes = {values.shape for values in found}
    if len(shapes) == 1:
        return found
    shape, *others = shapes - {()}
    if others:
        by_name = {name: each.shape for name, each in zip(arrays, found, strict=True) if each.ndim}
        raise IndicatorError(
            "arguments differ in shape",
            where=", ".join(by_name),
            found=" and ".join(str(each) for each in by_name.values()),
            expected="one value a unit in each, or a single number",
        )
    return tuple(each if each.ndim else np.broadcast_to(each, shape) for each in found)


def refuse(where: str, values: FloatArray, bad: npt.NDArray[np.bool_], *, expected: str) -> None:
    """Raise if any value is marked as bad, showing the first of them.

    Parameters
    ----------
    where : str
        Name of the argument.
    values, bad : ndarray
        Its values, and which of them are bad.
    expected : str
        What a value should be.

    Raises
    ------
    IndicatorError
        If any is bad.

    Examples
    --------
    >>> refuse("count", np.array([1.0]), np.array([False]), expected="0 or more")
    """
    if bad.any():
        wrong = np.atleast_1d(values)[np.atleast_1d(bad)]
        others = f" and {wrong.size - 1} more such" if wrong.size > 1 else ""
        raise IndicatorError(
            "value out of range", where=where, found=f"{wrong[0]:g}{others}", expected=expected
        )


def rate(numerator: npt.ArrayLike, denominator: npt.ArrayLike, per: float = 1.0) -> FloatArray:
    """Divide, with NaN where the denominator is zero.

    Parameters
    ----------
    numerator, denominator : array-like
        The count, and what it is out of. The denominator must not be negative.
    per : float
        Unit of the rate, such as 10_000.

    Returns
    -------
    ndarray
        ``per * numerator / denominator``.

    Raises
    ------
    IndicatorError
        If a denominator is negative, or the shapes differ.

    Examples
    --------
    >>> rate([30, 1], [6000, 0], per=10_000)
    array([50., nan])
    """
    top, bottom = aligned(numerator=numerator, denominator=denominator)
    refuse("denominator", bottom, bottom < 0, expected="0 or more")
    with np.errstate(all="ignore"):
        return np.where(bottom == 0, np.nan, per * (top / bottom))


def _floats(name: str, values: npt.ArrayLike) -> FloatArray:
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise IndicatorError(
            "not numbers",
            where=name,
            found=repr(values)[:60],
            expected="numbers, or NaN if missing",
        ) from error
