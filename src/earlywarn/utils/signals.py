"""Being asked to stop, by whatever signal: the way of an interrupt, which clears up."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ("SIGTERM", "SIGHUP", "SIGBREAK")
"""What schedulers and containers send, a terminal that is closed, and Windows' own."""


@contextlib.contextmanager
def stopped_like_an_interrupt() -> Iterator[None]:
    """Have these signals raise ``KeyboardInterrupt`` meanwhile; one that is ignored stays so.

    Left alone they would end the process at once, with its workers running on and its parts left.
    """
    changed = {}
    if threading.current_thread() is threading.main_thread():
        for name in NAMES:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                changed[number] = signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, before in changed.items():
            signal.signal(number, before)
