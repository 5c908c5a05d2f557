"""Progress of long work: a bar on a terminal, plain lines otherwise, or nothing if silenced."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sized
from importlib import import_module
from typing import TypeVar

from earlywarn.utils.arguments import of_kind

Item = TypeVar("Item")


class Progress:
    """The progress of long work; silent by default.

    Examples
    --------
    >>> list(Progress().over([1, 2], "counting"))
    [1, 2]
    """

    def say(self, text: str) -> None:
        """Report a message."""

    def over(self, items: Iterable[Item], title: str) -> Iterator[Item]:
        """Iterate over items and report progress."""
        del title
        yield from items


class _OnStandardError(Progress):
    """Progress on standard error, so that standard output contains results only."""

    def say(self, text: str) -> None:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def over(self, items: Iterable[Item], title: str) -> Iterator[Item]:
        if sys.stderr.isatty():
            columns, rows = _size()
            # Imported here: that takes long compared with a single score.
            yield from import_module("tqdm").tqdm(
                items,
                desc=title,
                file=sys.stderr,
                leave=False,
                ascii=True,
                ncols=columns,
                nrows=rows,
            )
            return
        count = f" ({len(items)})" if isinstance(items, Sized) else ""
        self.say(f"{title}{count}")
        yield from items


def _size() -> tuple[int | None, int | None]:
    """A usual size if a terminal gives none, as in containers; otherwise None: tqdm asks it."""
    try:
        size = os.get_terminal_size(sys.stderr.fileno())
    except OSError:
        return 80, 24
    return (None, None) if size.columns and size.lines else (80, 24)


def reporter(*, quiet: bool = False) -> Progress:
    """Return the progress of a command: on standard error, or silent.

    Examples
    --------
    >>> reporter(quiet=True).say("nothing is printed")
    """
    return Progress() if quiet else _OnStandardError()


def progress_or_silent(progress: Progress | None) -> Progress:
    """Return the progress that a caller gave, or a silent one.

    Raises
    ------
    UsageError
        If it is not a Progress.

    Examples
    --------
    >>> progress_or_silent(None).say("nothing is printed")
    """
    if progress is None:
        return Progress()
    return of_kind(progress, Progress, "progress", expected="one of earlywarn.utils.progress")
