"""Names as people write them: made plain, shortened, and found by how they begin or sound."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SHORTEST_BEGINNING = 3
"""Letters that a beginning of a name must have."""
_TOO_COMMON = frozenset(
    {"authority", "borough", "city", "council", "county", "district", "london", "metropolitan"}
    | {"of", "royal", "the", "unitary"}
)


def plain_name(name: str) -> str:
    """The name in small letters, "&" as "and", without apostrophes and punctuation.

    Examples
    --------
    >>> plain_name("St. Helen's"), plain_name("Hammersmith & Fulham")
    ('st helens', 'hammersmith and fulham')
    """
    text = re.sub(r"(?<=\w)['\u2019](?=s\b)", "", name.lower())
    text = text.replace("&", " and ").replace(" _ ", " and ")
    return " ".join(re.findall(r"[a-z0-9]+", text))


def short_name(plain: str) -> str:
    """A plain name without the words that many share, such as "city of"."""
    return " ".join(word for word in plain.split() if word not in _TOO_COMMON)


def beginning_with(text: str, codes: Mapping[str, str]) -> list[str]:
    """The codes of the plain names that begin with a plain text; whole words before parts of them.

    Examples
    --------
    >>> beginning_with("newcastle", {"newcastle upon tyne": "391", "newham": "316"})
    ['391']
    >>> beginning_with("new", {"newcastle upon tyne": "391", "newham": "316"})
    ['391', '316']
    """
    if len(text) < SHORTEST_BEGINNING:
        return []
    found = [name for name in codes if name.startswith(text)]
    whole = [name for name in found if name.startswith(f"{text} ")]
    return list(dict.fromkeys(codes[name] for name in whole or found))


def near_names(text: str, names: Iterable[str]) -> list[str]:
    """The plain names that hold a plain text as whole words, then those written most like it."""
    listed = list(names)
    near = [name for name in listed if text and f" {text} " in f" {name} "]
    return near + difflib.get_close_matches(text, listed, n=3, cutoff=0.5)
