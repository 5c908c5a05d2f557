"""A lock on what a command fills, which names its holder and ends with its process."""

from __future__ import annotations

import contextlib
import errno
import importlib
import json
import os
import socket
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

from earlywarn.errors import EarlyWarnError, UsageError
from earlywarn.utils.files import unwritable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_WINDOWS = os.name == "nt"
# By name, since each system lacks the other's.
_SYSTEM: Any = importlib.import_module("msvcrt" if _WINDOWS else "fcntl")
_HELD = {errno.EAGAIN, errno.EACCES, errno.EDEADLK}
_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS}
_FAR = 1 << 30
"""The byte that Windows locks: beyond the text, so that others can read the holder's name."""


@contextlib.contextmanager
def owned(file: Path) -> Iterator[None]:
    """Hold a lock exclusively among all processes and threads.

    Parameters
    ----------
    file : Path
        The lock's file: created, with its folder, and removed again at the end.

    Raises
    ------
    UsageError
        If another process holds it, named with its machine and time; or it can't be locked.

    Notes
    -----
    The lock is the system's own (``flock``, ``LockFile``): it ends with the process, however that
    ends, so a file left by a killed process locks nobody out.
    """
    stream = _locked(file)
    try:
        yield
    finally:
        _release(stream, file)


def _locked(file: Path) -> IO[str]:
    while True:
        try:
            file.parent.mkdir(exist_ok=True)
            stream = file.open("a+", encoding="utf-8")
        except OSError as error:
            if isinstance(error, FileNotFoundError) and file.parent.parent.is_dir():
                continue  # The previous holder removed the folder in between.
            raise unwritable(file, error) from error
        try:
            _take(stream)
            if _same(stream, file):
                _say_who(stream)
                return stream
        except OSError as error:
            fault = _fault(error, file, stream)
            stream.close()
            raise fault from error
        except BaseException:
            stream.close()
            raise
        # The previous holder removed it between opening and locking: try again.
        stream.close()


def _take(stream: IO[str]) -> None:
    """Lock it, or fail as blocked if another holds it, whatever the system calls that."""
    try:
        if _WINDOWS:
            os.lseek(stream.fileno(), _FAR, os.SEEK_SET)
            _SYSTEM.locking(stream.fileno(), _SYSTEM.LK_NBLCK, 1)
        else:
            _SYSTEM.flock(stream.fileno(), _SYSTEM.LOCK_EX | _SYSTEM.LOCK_NB)
    except OSError as error:
        if error.errno in _HELD:
            raise BlockingIOError(error.errno, error.strerror) from error
        raise


def _same(stream: IO[str], file: Path) -> bool:
    """Whether the locked file is still the one with this name."""
    if _WINDOWS:
        return True  # An open file can't be removed there.
    try:
        return os.path.samestat(os.fstat(stream.fileno()), file.stat())
    except FileNotFoundError:
        return False


def _say_who(stream: IO[str]) -> None:
    holder = {
        "process": os.getpid(),
        "machine": socket.gethostname(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    stream.seek(0)
    stream.truncate()
    stream.write(json.dumps(holder))
    stream.flush()


def _fault(error: OSError, file: Path, stream: IO[str]) -> EarlyWarnError:
    if isinstance(error, BlockingIOError):
        return _taken(file, stream)
    with contextlib.suppress(OSError):  # Windows can't remove an open file, as this one is.
        file.unlink(missing_ok=True)
    return _unlockable(file, error) if error.errno in _NO_LOCKS else unwritable(file, error)


def _taken(file: Path, stream: IO[str]) -> UsageError:
    try:
        stream.seek(0)
        holder = json.loads(stream.read())
        who = f"process {holder['process']} on {holder['machine']}, since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        who = "a process that has just begun"
    return UsageError(
        "another run is at work here",
        where=str(file.parent),
        found=who,
        remedy="Wait until it has ended, stop it, or choose another place.",
    )


def _unlockable(file: Path, error: OSError) -> UsageError:
    return UsageError(
        "the file system can't lock a file, so that two runs could mix",
        where=str(file.parent),
        found=error.strerror or str(error),
        remedy="Write to a folder on a disk of this machine.",
    )


def _release(stream: IO[str], file: Path) -> None:
    with stream:
        if not _WINDOWS:
            # Removed while still locked: whoever opened it before sees that the name is gone.
            with contextlib.suppress(OSError):
                file.unlink()
            return
        with contextlib.suppress(OSError):
            os.lseek(stream.fileno(), _FAR, os.SEEK_SET)
            _SYSTEM.locking(stream.fileno(), _SYSTEM.LK_UNLCK, 1)
    with contextlib.suppress(OSError):  # An open file can't be removed there.
        file.unlink()
