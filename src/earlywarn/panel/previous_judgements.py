"""Compare new judgements with the previous one of the same authority."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from earlywarn.judgements.doubts import APART
from earlywarn.panel.known import rows_of, with_code
from earlywarn.sources.schema import Finding
from earlywarn.statistics.binomial import at_most

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pandas as pd

    from earlywarn.authorities import Register

ODD_TYPE = "odd-type"
"""The finding for a type of inspection that does not fit the previous judgement."""

Pair = tuple[dict[str, Any], dict[str, Any]]
"""A new inspection, and the previous one of the same authority."""

_BELOW_GOOD = ("Requires improvement", "Inadequate")  # none of 168 after these was short
_GOOD = ("Outstanding", "Good")
_STANDARD = 0.2  # of 148 inspections after these 20 were standard, at most 5 of 11 within 18 months
_RARE = 1e-4


def check_previous_judgements(
    new: Sequence[dict[str, Any]], known: pd.DataFrame, register: Register
) -> Iterator[Finding]:
    """Compare new inspections with the previous judgement, known or also new.

    Parameters
    ----------
    new : sequence of dict
        The inspections, with a value for each column of a judgements frame.
    known : DataFrame
        The current judgements.
    register : Register
        For names in messages.

    Yields
    ------
    Finding
        A warning for a short inspection of an authority that was below Good, for one within 500
        days of another, and if nearly all inspections of authorities that were Good are standard.
    """
    held: dict[str, list[dict[str, Any]]] = {}
    every = sorted([*rows_of(known), *new], key=lambda one: one["inspection_start"])
    for one in every:
        held.setdefault(one["la_code"], []).append(one)
    pairs = [(row, before) for row in new if (before := _before(row, held))]
    for row, before in pairs:
        if row["inspection_type"] == "short" and before["overall"] in _BELOW_GOOD:
            yield _short(row, before, register)
        apart = (row["inspection_start"] - before["inspection_start"]).days
        # Two new ones are both in the files that were read, and are checked there.
        if apart < APART and not any(before is one for one in new):
            yield _soon(row, before, apart, register)
    yield from _mostly_standard(pairs)


def _short(row: dict[str, Any], before: dict[str, Any], register: Register) -> Finding:
    message = (
        f"is a short one, and the one of {before['inspection_start']} gave overall "
        f"{before['overall']}: so far all after such a judgement were standard; is the row that of "
        "another authority, or the type wrong? Check it"
    )
    return _doubt(ODD_TYPE, row, message, register)


def _soon(row: dict[str, Any], before: dict[str, Any], apart: int, register: Register) -> Finding:
    message = (
        f"began {apart} days after the one of {before['inspection_start']}: no inspection known "
        "came so soon; is the row that of another authority? Check it"
    )
    return _doubt("soon-again", row, message, register)


def _before(row: dict[str, Any], held: dict[str, list[dict[str, Any]]]) -> dict[str, Any] | None:
    """The authority's last inspection that began before."""
    start = row["inspection_start"]
    earlier = [one for one in held.get(row["la_code"], ()) if one["inspection_start"] < start]
    return earlier[-1] if earlier else None


def _doubt(code: str, row: dict[str, Any], message: str, register: Register) -> Finding:
    name = with_code(row["la_code"], register)
    words = f"the inspection of {name} of {row['inspection_start']} {message}"
    return Finding("warning", code, words, row["source"], la_code=row["la_code"])


def _mostly_standard(pairs: Iterable[Pair]) -> Iterator[Finding]:
    """A warning for each file where nearly all inspections of Good authorities are standard."""
    files: dict[str, list[str]] = {}
    for row, before in pairs:
        if row["inspection_type"] and before["overall"] in _GOOD:
            files.setdefault(row["source"], []).append(row["inspection_type"])
    for file, kinds in files.items():
        short = kinds.count("short")
        if at_most(short, len(kinds), 1 - _STANDARD) < _RARE:
            message = (
                f"{file}: of {len(kinds)} inspections of authorities that were Good or Outstanding "
                f"before, {len(kinds) - short} are standard; so far about 1 in 7 was: was the type "
                "lost, or one filled down? Check some against the reports"
            )
            yield Finding("warning", ODD_TYPE, message, file, column="inspection_type")
