"""Names as people write them: normalised, shortened, and found by beginning or similarity."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SHORTEST_BEGINNING = 3
"""The fewest letters in the beginning of a name."""
_TOO_COMMON = frozenset(
    {"authority", "borough", "city", "council", "county", "district", "london", "metropolitan"}
    | {"of", "royal", "the", "unitary"}
)


def plain_name(name: str) -> str:
    """Return a name in lower case, with "&" as "and", without apostrophes and punctuation.

    Examples
    --------
    >>> plain_name("St. Helen's"), plain_name("Hammersmith & Fulham")
    ('st helens', 'hammersmith and fulham')
    """
    text = re.sub(r"(?<=\w)['\u2019](?=s\b)", "", name.lower())
    text = text.replace("&", " and ").replace(" _ ", " and ")
    return " ".join(re.findall(r"[a-z0-9]+", text))


def short_name(plain: str) -> str:
    """Return a plain name without common words, such as "city of"."""
    return " ".join(word for word in plain.split() if word not in _TOO_COMMON)


def beginning_with(text: str, codes: Mapping[str, str]) -> list[str]:
    """Return the codes of plain names beginning with a plain text; whole words come first.

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
    """Return the plain names that contain a plain text as whole words, then the most similar."""
    listed = list(names)
    near = [name for name in listed if text and f" {text} " in f" {name} "]
    return near + difflib.get_close_matches(text, listed, n=3, cutoff=0.5)
