"""Golden rows: the answers of a model when it was written, which must be the same when it is read.

Together they cover every way in which a number in the file can affect an answer: rows of levels,
days after the cut, and plain values that are compared with the reference.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from earlywarn.indicators.catalogue import INDICATORS
from earlywarn.indicators.standardise import Distribution, compare, stabilise, usual_value
from earlywarn.model.checked import is_number, refuse
from earlywarn.model.horizon import on_day

if TYPE_CHECKING:
    from collections.abc import Iterator

    from earlywarn.indicators.record import Indicator
    from earlywarn.model.risk_model import RiskModel
    from earlywarn.statistics.arrays import FloatArray

TOLERANCE = 1e-9
"""Relative to 1 or to the number itself, whichever is larger."""
DAYS_ON = (0, 500, 730)
"""The golden days, in days after the cut: near, between whole years, and the end of a life."""
BESIDE = 0.9
"""The plain values as multiples of the usual one: far enough from it to have a level."""
CASES, DEPRIVED = 200.0, 5.0
"""The cases behind one of the two plain values, and how far above average deprivation both are."""


def golden_rows(model: RiskModel) -> dict[str, Any]:
    """Work out a model's golden rows now.

    Returns
    -------
    dict
        ``rows`` of levels with their scores; ``days`` with the expected share on each and the
        scores of a row of which nothing is known; and ``plain`` values with their levels.

    Examples
    --------
    >>> from earlywarn.model.serialisation import load_model
    >>> golden = golden_rows(load_model())
    >>> [day["day"] for day in golden["days"]]
    ['2026-08-20', '2028-01-02', '2028-08-19']
    """
    return {
        "rows": _scored(model, _rows(len(model.columns))),
        "days": list(_days(model)),
        "plain": list(_plain(model)),
    }


def check_golden(model: RiskModel, golden: Any, where: str) -> None:
    """Refuse a model whose golden rows differ from the recorded ones.

    Raises
    ------
    StoreError
        Naming the first golden row that differs, and what differs about it.
    """
    again = golden_rows(model)
    if not isinstance(golden, dict) or set(golden) != set(again):
        refuse(where, "the golden rows are not complete")
    for part, expected in again.items():
        found = golden[part]
        if not isinstance(found, list) or len(found) != len(expected):
            refuse(where, f"the golden {part} are not complete")
        for place, entry in enumerate(expected):
            _check_entry(found[place], entry, f"{part}, {place}", where)


def _check_entry(found: Any, expected: dict[str, Any], name: str, where: str) -> None:
    if not isinstance(found, dict) or set(found) != set(expected):
        refuse(where, f"the golden {name} is not whole")
    for key, value in expected.items():
        if not _same(found[key], value):
            problem = f"the golden {name} scores differently"
            refuse(where, problem, f"{key} {str(value)[:60]}", str(found[key])[:60])


def _same(found: Any, expected: Any) -> bool:
    if isinstance(expected, list):
        return (
            isinstance(found, list)
            and len(found) == len(expected)
            and all(map(_same, found, expected))
        )
    if not isinstance(expected, float):
        return type(found) is type(expected) and bool(found == expected)
    return is_number(found) and abs(found - expected) <= TOLERANCE * max(1.0, abs(expected))


def _rows(width: int) -> FloatArray:
    """Nothing known; all raised, all lowered; each half known; alternately yes and no."""
    rows = np.full((7, width), np.nan)
    rows[1], rows[2] = 1.0, -1.0
    for half in (0, 1):
        known = rows[3 + half, half::2]
        known[:] = np.linspace(-1.5, 1.5, len(known)) if len(known) > 1 else 1.5
        rows[5 + half] = (np.arange(width) + half) % 2
    return rows


def _scored(model: RiskModel, rows: FloatArray) -> list[dict[str, Any]]:
    lower, upper = model.interval(rows)
    figures = {
        "row": [[None if np.isnan(value) else value for value in row] for row in rows.tolist()],
        "risk": model.risk(rows).tolist(),
        "lower": lower.tolist(),
        "upper": upper.tolist(),
        "below_good": model.at_least(rows, max(len(model.classes) - 2, 1)).tolist(),
        "grades": model.probabilities(rows).tolist(),
    }
    return [dict(zip(figures, row, strict=True)) for row in zip(*figures.values(), strict=True)]


def _days(model: RiskModel) -> Iterator[dict[str, Any]]:
    """The share expected on days after the cut, and the scores of a row of nothing known."""
    nothing = np.full((1, len(model.columns)), np.nan)
    levels = model.info["levels"]
    cut = date.fromisoformat(levels["cut"] if levels else model.info["reference_date"])
    for on in DAYS_ON if levels else DAYS_ON[:1]:
        day = (cut + timedelta(days=on)).isoformat()
        there = on_day(model, day)
        prior = there.info["prior"]
        shares = {f"share_{name}": prior[name] for name in ("risk", "below_good")}
        yield {"day": day, **shares, **_scored(there, nothing)[0]}


def _plain(model: RiskModel) -> Iterator[dict[str, Any]]:
    """Values below the usual one, with and without the cases behind them, and their levels."""
    known = {record.id: record for record in INDICATORS}
    for name, entry in sorted(model.info["reference"].items()):
        yield from _compared(known[name], Distribution(**entry))


def _compared(record: Indicator, against: Distribution) -> Iterator[dict[str, Any]]:
    deprivation = against.deprivation + DEPRIVED
    usual = float(usual_value(record, deprivation, against))
    value, cases = BESIDE * usual, (None, CASES)
    y, sd = stabilise(record, [value, value], [np.nan, CASES])
    levels = compare(y, sd, np.array([deprivation, deprivation]), against)
    for size, z, se in zip(cases, *(each.tolist() for each in levels), strict=True):
        yield {
            "indicator": record.id,
            "usual": usual,
            "value": value,
            "cases": size,
            "deprivation": deprivation,
            "z": z,
            "se": se,
        }
