"""Columns of rows that look like a mistake: a name near a known one, shares for percentages."""

from __future__ import annotations

import difflib
import re
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from earlywarn.indicators.catalogue import INDICATORS, columns_of, get_indicator
from earlywarn.indicators.standardise import usual_value
from earlywarn.scoring.preprocessing import known_columns

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

    from earlywarn.scoring.cells import Percentages
    from earlywarn.scoring.reference import Reference

ALIKE = 0.85
"""How much of two names must be the same for one to be taken for the other misspelt."""
FEWEST = 5
"""Figures of a column below which low ones may be real."""


def misspelt(names: Iterable[Hashable]) -> list[str]:
    """What is said of columns that mean nothing and are written almost like one that does.

    A column whose likely meaning stands beside it is taken for what the user wants it to be.

    Examples
    --------
    >>> misspelt(["rereferals", "caseload", "remark"])
    ['the column rereferals means nothing here and is passed through: is it rereferrals?']
    """
    given = list(names)
    nearest = {name: _nearest(name) for name in given if isinstance(name, str)}
    return [
        f"the column {name} means nothing here and is passed through: is it {near}?"
        for name, near in nearest.items()
        if near and near not in given
    ]


def shares(percentages: Mapping[str, Percentages], reference: Reference) -> list[str]:
    """What is said of percentages that never exceed 1 where ten times their mean would be little.

    Parameters
    ----------
    percentages : mapping of str to Percentages
        What stands in the column of each indicator in per cent.
    reference : Reference
        What is usual.

    Examples
    --------
    >>> from earlywarn.model.serialisation import load_model
    >>> from earlywarn.scoring.cells import Percentages
    >>> from earlywarn.scoring.reference import Reference
    >>> given = {"rereferrals": Percentages(0.31, 1.4, 9), "vacancies": Percentages(31.0, 99.0, 9)}
    >>> shares(given, Reference.of_model(load_model()))
    ['rereferrals never exceeds 1 and is in per cent, usually about 20: are these shares of 1?']
    """
    said = []
    for name, (peak, total, count) in sorted(percentages.items()):
        spread = reference.spreads.get(name)
        if spread is None or not 0 < peak <= 1 or count < FEWEST:
            continue
        usual = float(usual_value(get_indicator(name), np.nan, spread))
        if 10 * total / count < usual:
            said.append(
                f"{name} never exceeds 1 and is in per cent, usually about {usual:.0f}: "
                "are these shares of 1?"
            )
    return said


@cache
def _nearest(name: str) -> str:
    """The known name that an unknown one is written most like; empty if there is none."""
    further = {column for record in INDICATORS for column in columns_of(record)}
    known = known_columns() | {"la_code", "as_of"}
    if name in known | further:
        return ""
    plain = re.sub(r"[\s-]+", "_", name.strip().lower())
    near = difflib.get_close_matches(plain, sorted(known), n=1, cutoff=ALIKE)
    return near[0] if near else ""
