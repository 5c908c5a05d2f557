"""Text in the width of the terminal: how wide it is, lines cut to it, paragraphs filled to it."""

from __future__ import annotations

import shutil
import textwrap

_NARROWEST, _WIDEST = 60, 200


def width() -> int:
    """Columns of the terminal, within reason; 120 where there is none."""
    return min(max(shutil.get_terminal_size((120, 40)).columns, _NARROWEST), _WIDEST)


def cut(text: str, room: int) -> str:
    """A text cut to the room there is, with dots where something is left out.

    Examples
    --------
    >>> cut("Bath and North East Somerset", 18)
    'Bath and North...'
    """
    return text if len(text) <= room else text[: room - 3].rstrip(" ;,(") + "..."


def wrapped(text: str) -> str:
    """A paragraph filled to the terminal's width, its later lines indented."""
    return textwrap.fill(text, width(), subsequent_indent=" " * 6)
