"""Treat any signal to stop like an interrupt, which clears up."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ("SIGTERM", "SIGHUP", "SIGBREAK")
"""The signals of schedulers, containers and closed terminals, and Windows' own."""


@contextlib.contextmanager
def stopped_like_an_interrupt() -> Iterator[None]:
    """Make these signals raise ``KeyboardInterrupt``, except one that is ignored.

    Otherwise they would end the process at once, leaving its workers running and its parts behind.
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
