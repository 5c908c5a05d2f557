"""Which grade is the worst: by a given order, a categorical's own order, or sorted."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from earlywarn.errors import GradeOrderWarning, TrainingError
from earlywarn.judgements.schema import GRADES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def order_of(y: object, order: Sequence[Any] | None) -> Sequence[Any] | None:
    """The order of the grades, worst last, if one is given or ``y`` is an ordered categorical.

    Warns
    -----
    GradeOrderWarning
        If a categorical has Ofsted's grades in an order other than Ofsted's.

    Examples
    --------
    >>> words = pd.Categorical(["Good", "Inadequate"], ["Good", "Inadequate"], ordered=True)
    >>> order_of(words, None), order_of([0, 1], None)
    (['Good', 'Inadequate'], None)
    """
    kind = getattr(y, "dtype", None)
    if order is None and isinstance(kind, pd.CategoricalDtype) and kind.ordered:
        own = list(kind.categories)
        held = [grade for grade in own if grade in GRADES]
        if held != [grade for grade in GRADES if grade in held]:
            # This can come from a folder of Parquet files whose years do not have the same grades.
            warnings.warn(
                f"the categorical has the grades in the order {' < '.join(map(str, own))}, and the "
                f"last is taken as the worst; Ofsted's order is {' < '.join(GRADES)}: give "
                "order=[...], worst last",
                GradeOrderWarning,
                stacklevel=3,
            )
        return own
    return order


def graded(y: NDArray[Any], order: Sequence[Any] | None) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Put the grades in order, and give each case's position among them.

    Parameters
    ----------
    y : ndarray
        The grade of each case.
    order : sequence or None
        The grades, worst last; sorted by default.

    Raises
    ------
    TrainingError
        If a grade is not in the order, or there is only one.

    Warns
    -----
    GradeOrderWarning
        If the grades are words and no order is given: sorted, the last in the alphabet counts as
        the worst. Also if no case has the worst grade of the order: the risk would be that of
        another grade.
    """
    present, grade = np.unique(y, return_inverse=True)
    if order is not None:
        strange = [value for value in present if value not in list(order)]
        if strange:
            raise TrainingError(
                "a grade is not in the order given",
                found=repr(strange[0]),
                expected=f"one of {list(order)}",
            )
        rank = {value: position for position, value in enumerate(order)}
        ordered = sorted(range(len(present)), key=lambda position: rank[present[position]])
        grade = np.argsort(ordered)[grade]
        present = present[ordered]
    if len(present) < 2:
        raise TrainingError(
            "there is nothing to tell apart",
            found="one class",
            expected="cases of at least two classes",
            remedy="Give cases with and without the worst grade.",
        )
    if order is not None and present[-1] != order[-1]:
        # A year with no Inadequate would make the model treat Requires improvement as the risk.
        warnings.warn(
            f"no case is {order[-1]}, the worst of the order: the worst of the model is "
            f"{present[-1]}, and its risk is of that; take cases of more years, or an order that "
            f"ends with {present[-1]}",
            GradeOrderWarning,
            stacklevel=3,
        )
    if order is None and present.dtype.kind in "OUST":
        warnings.warn(
            f"the grades are words without an order, so they are taken in that of the alphabet, "
            f"{' < '.join(map(str, present[:6]))}, and the last is the worst: give order=[...], "
            "worst last, or an ordered pandas Categorical",
            GradeOrderWarning,
            stacklevel=3,
        )
    return present, grade.astype(np.int64)
