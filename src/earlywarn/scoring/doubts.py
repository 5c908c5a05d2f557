"""What looks like a mistake in rows: misspelt names, shares, figures beyond all others."""

from __future__ import annotations

import difflib
import math
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from earlywarn.indicators.catalogue import INDICATORS, columns_of, get_indicator
from earlywarn.indicators.standardise import usual_value
from earlywarn.scoring.cells import LARGEST, written_number
from earlywarn.scoring.preprocessing import PER, known_columns
from earlywarn.scoring.published import COUNTS, EVER, REACHES, SMALLEST, Extent, beyond
from earlywarn.utils.csv_text import clean
from earlywarn.utils.formatting import counted

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

    from earlywarn.indicators.catalogue import Indicator
    from earlywarn.scoring.reference import Reference

ALIKE = 0.85
"""How similar two names must be for one to count as a misspelling of the other."""
FEWEST = 5
"""The fewest figures in a column; with fewer, low ones may be real."""
MANY = 10
"""How many figures of two columns can hardly be the same by chance."""


@dataclass(frozen=True)
class Seen:
    """What may be doubted in rows; that of parts can be combined into that of the whole.

    Parameters
    ----------
    names : sequence
        The columns.
    extents : mapping of str to Extent
        The range of each indicator's values.
    changed : mapping of str to int
        In how many rows a value does not agree with its level.
    doubted : mapping of str to int
        What else looks wrong, with ``{rows}`` for the number, and in how many rows.
    """

    names: Sequence[Hashable] = ()
    extents: Mapping[str, Extent] = field(default_factory=dict)
    changed: Mapping[str, int] = field(default_factory=dict)
    doubted: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def together(cls, parts: Sequence[Seen]) -> Seen:
        """Combine what was seen in parts."""
        names = dict.fromkeys(name for part in parts for name in part.names)
        changed, doubted = Counter[str](), Counter[str]()
        extents: dict[str, list[Extent]] = {}
        for part in parts:
            changed.update(part.changed)
            doubted.update(part.doubted)
            for name, extent in part.extents.items():
                extents.setdefault(name, []).append(extent)
        whole = {name: Extent.together(several) for name, several in extents.items()}
        return cls([*names], whole, changed, doubted)

    def as_facts(self) -> dict[str, Any]:
        """The same for JSON."""
        extents = {name: [*extent] for name, extent in self.extents.items()}
        names = [name for name in self.names if isinstance(name, str)]
        counts = {"changed": dict(self.changed), "doubted": dict(self.doubted)}
        return {"names": names, "extents": extents, **counts}

    @classmethod
    def of_facts(cls, facts: Mapping[str, Any]) -> Seen:
        """Read what ``as_facts`` returned."""
        extents = {name: Extent(*several) for name, several in facts["extents"].items()}
        return cls(facts["names"], extents, facts["changed"], facts["doubted"])

    def said(self, reference: Reference) -> list[str]:
        """The doubts in words, compared with what is usual in a reference."""
        fractions = shares(self.extents, reference)
        left = {
            name: extent
            for name, extent in self.extents.items()
            if not any(line.startswith(f"{name} ") for line in fractions)
        }
        return [
            *_by_hand(self.changed),
            *misspelt(self.names),
            *fractions,
            *far(left),
            *copies(self.extents),
            *[what.format(rows=counted(count, "row")) for what, count in self.doubted.items()],
        ]


def doubts_about(rows: Iterable[Any], reference: Reference, seen: Seen | None = None) -> list[str]:
    """Return the doubts about the few rows of one request, checked one by one.

    Parameters
    ----------
    rows : iterable
        As received.
    reference : Reference
        The reference for what is usual.
    seen : Seen, optional
        What was seen when they were scored.

    Examples
    --------
    >>> from earlywarn.model.serialisation import load_model
    >>> from earlywarn.scoring.reference import Reference
    >>> reference = Reference.of_model(load_model())
    >>> doubts_about([{"caseload": 164.0}, {"caseload": 16.0, "la_code": "383"}], reference)
    ['caseload reaches 164, where authorities published 7.6 to 51.3 so far: is the unit right?']
    """
    listed = [row for row in rows if isinstance(row, dict)]
    names: dict[Hashable, None] = {}
    same: dict[Hashable, Any] = {}
    for row in listed:
        if row.keys() != same.keys():  # nearly all rows of a request have the same names
            names.update(dict.fromkeys(row))
            same = row
    own = Seen([*names], extents_of(listed, names))
    return (own if seen is None else Seen.together([own, seen])).said(reference)


def extents_of(rows: Iterable[dict[Any, Any]], names: Iterable[Hashable]) -> dict[str, Extent]:
    """Return the range of a few rows' figures, including those given as counts only.

    Parameters
    ----------
    rows : iterable of dict
        With an authority's code in ``la_code``: figures of the smallest don't count.
    names : iterable of str
        The columns of any of them.

    Examples
    --------
    >>> row = {"cases": 900.0, "case_holders_fte": 50.0}
    >>> sorted(extents_of([row], row))
    ['case_holders_fte', 'caseload', 'cases']
    """
    known = frozenset(names)
    large = [row for row in rows if str(row.get("la_code", "")) not in SMALLEST]
    extents = {}
    for name in REACHES.keys() & known:
        numbers = [_number(cell, name) for row in large if (cell := row.get(name)) is not None]
        extents[name] = Extent.of(np.array([one for one in numbers if one is not None]))
    for record in INDICATORS if COUNTS.keys() & known else ():
        if known >= {record.numerator, record.denominator} and record.id not in known:
            extents[record.id] = Extent.of(np.array([*_of_counts(record, large)]))
    return extents


def _number(cell: Any, name: str) -> float | None:
    """A cell as the figure that is scored, if it is one."""
    if isinstance(cell, str):
        cell = written_number(cell.strip(), name)
    elif type(cell) is not float:
        try:
            cell = math.nan if isinstance(cell, bool) else float(cell)
        except (TypeError, ValueError, OverflowError):
            return None
    return cell if 0 <= cell <= LARGEST else None


def _of_counts(record: Indicator, rows: Sequence[dict[str, Any]]) -> Iterator[float]:
    """The figures that are given as counts only."""
    for row in rows:
        part, whole = (_number(row.get(n), n) for n in (record.numerator, record.denominator))
        if part is not None and whole:
            yield PER.get(record.kind, 1) * part / whole


def _by_hand(changed: Mapping[str, int]) -> list[str]:
    listed = ", ".join(f"{name} in {counted(count, 'row')}" for name, count in changed.items())
    said = (
        f"values were changed after the indicators were built: {listed}. Rows are scored by the "
        "levels beside them (_z), which were not. Put your own figures in with with_figures, or "
        "leave the _z columns out"
    )
    return [said] * bool(changed)


def far(extents: Mapping[str, Extent]) -> list[str]:
    """Return the doubts about figures beyond all that has ever been published.

    Examples
    --------
    >>> far({"caseload": Extent(16.0, 164.0, 180.0, 2, 0)})
    ['caseload reaches 164, where authorities published 7.6 to 51.3 so far: is the unit right?']
    """
    return [_far(name, extents[name]) for name in sorted(extents) if beyond(name, extents[name])]


def _far(name: str, extent: Extent) -> str:
    ever = REACHES[name]
    if extent.peak > ever.highest:
        reach = extent.peak
    elif extent.zeros and not ever.zero:
        reach = 0.0
    else:
        reach = extent.low
    usual = f"{ever.lowest:g} to {ever.highest:g}" + (" or 0" if ever.zero else "")
    return (
        f"{name} reaches {reach:.4g}, where authorities published {usual} so far: "
        "is the unit right?"
    )


def misspelt(names: Iterable[Hashable]) -> list[str]:
    """Return the doubts about unknown columns with almost the name of a known one.

    If the column that it resembles is also there, it is taken to be intended.

    Examples
    --------
    >>> misspelt(["rereferals", "caseload", "remark"])
    ['the column rereferals is not known and is passed through: did you mean rereferrals?']
    """
    given = list(names)
    nearest = {name: _nearest(name) for name in given if isinstance(name, str)}
    return [
        f"the column {name} is not known and is passed through: did you mean {near}?"
        for name, near in nearest.items()
        if near and near not in given
    ]


def copies(extents: Mapping[str, Extent]) -> list[str]:
    """Return the doubts about two indicators with identical figures: one column copied.

    Parameters
    ----------
    extents : mapping of str to Extent
        The range of each indicator's values.

    Examples
    --------
    >>> same = Extent(2.7, 67.6, 3400.5, 150, 0)
    >>> copies({"rereferrals": same, "repeat_plans": same})
    ['repeat_plans and rereferrals have the same figures: is one a copy of the other?']
    """
    holders: dict[Extent, list[str]] = {}
    for name, extent in sorted(extents.items()):
        if name in EVER and extent.known >= MANY and extent.low < extent.peak:
            holders.setdefault(extent, []).append(name)
    return [
        f"{' and '.join(names)} have the same figures: is one a copy of the other?"
        for names in holders.values()
        if len(names) > 1
    ]


def shares(extents: Mapping[str, Extent], reference: Reference) -> list[str]:
    """Return the doubts about percentages up to 1 where ten times their mean would be low.

    Parameters
    ----------
    extents : mapping of str to Extent
        The range of each indicator's values.
    reference : Reference
        The reference for what is usual.

    Examples
    --------
    >>> from earlywarn.model.serialisation import load_model
    >>> from earlywarn.scoring.reference import Reference
    >>> given = {
    ...     "rereferrals": Extent(0.1, 0.31, 1.4, 9, 0),
    ...     "vacancies": Extent(9.0, 31.0, 99.0, 9, 0),
    ... }
    >>> shares(given, Reference.of_model(load_model()))
    ['rereferrals never exceeds 1 and is in per cent, usually about 20: are these shares of 1?']
    """
    said = []
    for name, (_, peak, total, count, _) in sorted(extents.items()):
        spread = reference.spreads.get(name)
        if spread is None or not 0 < peak <= 1 or count < FEWEST:
            continue
        if not get_indicator(name).unit.startswith("%"):
            continue
        usual = float(usual_value(get_indicator(name), np.nan, spread))
        if 10 * total / count < usual:
            said.append(
                f"{name} never exceeds 1 and is in per cent, usually about {usual:.0f}: "
                "are these shares of 1?"
            )
    return said


@lru_cache(maxsize=10_000)
def _nearest(name: str) -> str:
    """The known name that an unknown one resembles most; empty if there is none."""
    if name in _meaning():
        return ""
    plain = re.sub(r"[\s-]+", "_", clean(name).lower())
    level = re.sub(r"_z_?scores?$", "_z", plain)
    if level in known_columns():
        return level
    for written in (plain, re.sub(r"(_*[\d.]+|_(value|percent|pct|x|y)|_*\(?%\)?)$", "", plain)):
        if near := difflib.get_close_matches(written, _alike(written), n=1, cutoff=ALIKE):
            return near[0]
    return ""


@cache
def _meaning() -> frozenset[str]:
    """Every known name in a row, or in the result of ``build_indicators``."""
    further = {column for record in INDICATORS for column in columns_of(record)}
    return known_columns() | {"la_code", "as_of"} | further


def _alike(written: str) -> list[str]:
    """The known names that share half of their letter pairs with one: only they can be near.

    A row may have thousands of names, and comparing each with all the known ones takes seconds.
    """
    pairs = _pairs(written)
    shared = Counter(name for pair in pairs for name in _names_with().get(pair, ()))
    return sorted(name for name, count in shared.items() if 2 * count >= len(pairs))


@cache
def _names_with() -> dict[str, list[str]]:
    """The known names that contain each pair of letters."""
    names: dict[str, list[str]] = {}
    for name in known_columns() | {"la_code", "as_of"}:
        for pair in _pairs(name):
            names.setdefault(pair, []).append(name)
    return names


def _pairs(text: str) -> set[str]:
    return {text[place : place + 2] for place in range(len(text) - 1)}
