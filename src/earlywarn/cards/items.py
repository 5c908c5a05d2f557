"""An item of a standard: what it asks about, and what is said to it or why it does not apply."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BLANK = "[TO BE COMPLETED BY THE OWNER: {}]"
BLANK = re.compile(r"\[TO BE COMPLETED BY THE OWNER: [^\]]+\]")
"""What only the owner can say, as it stands in a card."""


@dataclass(frozen=True)
class Item:
    """One item of a standard.

    Attributes
    ----------
    number : str
        As the standard numbers it.
    section : str
        The heading that it stands under.
    topic : str
        What it asks about, in our words.
    text : str
        The answer, or why the item does not apply, with the names of facts in braces. Numbers are
        facts, so that a text holds none of its own.
    applies : bool
        Whether it is answered; if not, the text is the reason.
    """

    number: str
    section: str
    topic: str
    text: str
    applies: bool = True

    @property
    def status(self) -> str:
        """Answered, to be completed, or not applicable."""
        if not self.applies:
            return "not applicable"
        blanks = BLANK.findall(self.text)
        if not blanks:
            return "answered"
        return "to be completed" if BLANK.sub("", self.text).strip() == "" else "partly answered"


def blank(what: str) -> str:
    """What only the owner can say, marked so that it is found.

    Examples
    --------
    >>> blank("the team")
    '[TO BE COMPLETED BY THE OWNER: the team]'
    """
    return _BLANK.format(what)
