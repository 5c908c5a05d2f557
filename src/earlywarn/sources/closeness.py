"""Check the stated closeness of neighbours against their ranks and each other."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from earlywarn.sources.schema import Finding

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import pandas as pd

_WORDS = ("extremely close", "very close", "close", "somewhat close", "not close")
_NAMED = 3


def doubts_about_closeness(
    cells: pd.DataFrame,
    subject: str,
    ranks: Mapping[str, int],
    there: Collection[str],
    file: str,
) -> list[Finding]:
    """Warn of each rule of closeness that neighbours break; no published table breaks one.

    Parameters
    ----------
    cells : DataFrame
        The table, with a column of words such as ``Very close`` next to each rank.
    subject : str
        The column of the authority.
    ranks : mapping of str to int
        The columns of neighbours, and the rank of each.
    there : collection of str
        The authorities on the model's date: those that are gone are not compared.
    file : str
        The table, for the findings.

    Returns
    -------
    list of Finding
        For a neighbour closer than one of a better rank; for two authorities that are not equally
        close to each other; for one that is closer than the tenth neighbour of another that does
        not list it. Empty if the table has no such words.
    """
    ordered = sorted(ranks, key=lambda column: ranks[column])
    if not all(f"{column}p" in cells for column in ordered):
        return []
    rows = {row[subject]: row for row in cells.to_dict("records") if row[subject] in there}
    ten = {code: _places([(row[c], row[f"{c}p"]) for c in ordered]) for code, row in rows.items()}
    kinds = {
        "closer than the one ranked before": _out_of_order(ten),
        "closer or less close than in their own row": _unequal(ten),
        "closer than the farthest in their own row, which lacks the authority": _not_returned(ten),
    }
    return [
        Finding("warning", "odd-closeness", _message(pairs, words), file, la_code=pairs[0][0])
        for words, pairs in kinds.items()
        if pairs
    ]


def _places(words: list[tuple[str, str]]) -> dict[str, int]:
    """Each neighbour, by rank, with the order of its word; those with other words are left out."""
    plain = [(code, " ".join(word.lower().split())) for code, word in words]
    return {code: _WORDS.index(word) for code, word in plain if word in _WORDS}


def _out_of_order(ten: Mapping[str, dict[str, int]]) -> list[tuple[str, str]]:
    return [
        (code, other)
        for code, places in ten.items()
        for (_, before), (other, place) in pairwise(places.items())
        if place < before
    ]


def _unequal(ten: Mapping[str, dict[str, int]]) -> list[tuple[str, str]]:
    return [
        (code, other)
        for code, places in ten.items()
        for other, place in places.items()
        if code < other and ten.get(other, {}).get(code, place) != place
    ]


def _not_returned(ten: Mapping[str, dict[str, int]]) -> list[tuple[str, str]]:
    return [
        (code, other)
        for code, places in ten.items()
        for other, place in places.items()
        if (back := ten.get(other)) and code not in back and place < max(back.values())
    ]


def _message(pairs: list[tuple[str, str]], words: str) -> str:
    first = ", ".join(f"{other} of {code}" for code, other in pairs[:_NAMED])
    more = f" and {len(pairs) - _NAMED} more" if len(pairs) > _NAMED else ""
    return (
        f"neighbours {words}, as in no published table: {first}{more}; were cells or columns "
        "swapped? Download the table again"
    )
