"""Fit text to the width of the terminal: cut lines and fill paragraphs."""

from __future__ import annotations

import shutil
import textwrap

_NARROWEST, _WIDEST = 60, 200


def width() -> int:
    """The terminal's width in columns, within limits; 120 without a terminal."""
    return min(max(shutil.get_terminal_size((120, 40)).columns, _NARROWEST), _WIDEST)


def cut(text: str, room: int) -> str:
    """Cut a text to the available space, with dots where something is left out.

    Examples
    --------
    >>> cut("Bath and North East Somerset", 18)
    'Bath and North...'
    """
    return text if len(text) <= room else text[: room - 3].rstrip(" ;,(") + "..."


def wrapped(text: str) -> str:
    """Fill a paragraph to the terminal's width, with its later lines indented."""
    return textwrap.fill(text, width(), subsequent_indent=" " * 6)
