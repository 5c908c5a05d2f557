"""Unfinished files beside those that they are meant for; what a killed run left of them goes."""

from __future__ import annotations

import contextlib
import importlib
import os
import tempfile
import time
from pathlib import Path
from typing import IO, Any

_WINDOWS = os.name == "nt"
_SYSTEM: Any = None if _WINDOWS else importlib.import_module("fcntl")
_START, _END = ".earlywarn-", ".part"
_LONGEST = 3600
"""Seconds after which nobody writes a file any more, where that can't be seen from a lock."""


def new_part(folder: Path) -> tuple[IO[bytes], Path]:
    """Open a new unfinished file, locked for as long as it is open.

    The lock is the system's own and ends with the process, however that ends. Where there is none
    the file is never taken for one left behind.
    """
    while True:
        # Not the file's own name in it: one of 250 characters has no room for more.
        handle, name = tempfile.mkstemp(dir=folder, prefix=_START, suffix=_END)
        stream = os.fdopen(handle, "wb")
        if _WINDOWS:
            return stream, Path(name)
        try:
            if _free(stream) is not False and os.fstat(handle).st_nlink:
                return stream, Path(name)
        except BaseException:
            stream.close()
            Path(name).unlink(missing_ok=True)
            raise
        # Swept up by another run between the making and the lock: once more.
        stream.close()


def sweep(folder: Path) -> None:
    """Remove the unfinished files that nobody writes any more: their processes were killed."""
    try:
        left = [Path(item.path) for item in os.scandir(folder) if _is_part(item.name)]
    except OSError:
        return
    for part in left:
        with contextlib.suppress(OSError):  # Gone meanwhile, or another user's.
            if _WINDOWS:
                if time.time() - part.stat().st_mtime > _LONGEST:
                    part.unlink()
                continue
            with part.open("rb") as stream:
                if _free(stream):
                    part.unlink()


def _is_part(name: str) -> bool:
    return name.startswith(_START) and name.endswith(_END)


def _free(stream: IO[bytes]) -> bool | None:
    """Lock a file; whether nobody else had, or nothing where the file system has no locks."""
    try:
        _SYSTEM.flock(stream.fileno(), _SYSTEM.LOCK_EX | _SYSTEM.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True
