"""Unfinished files next to their targets, and the removal of those that a killed run left."""

from __future__ import annotations

import contextlib
import errno
import importlib
import os
import tempfile
import time
import warnings
from pathlib import Path
from typing import IO, Any

from earlywarn.errors import LeftBehindWarning

WINDOWS = os.name == "nt"
# By name, since each system lacks the other's.
_SYSTEM: Any = importlib.import_module("msvcrt" if WINDOWS else "fcntl")
START = ".earlywarn-"
"""The prefix of the names of all unfinished files."""
_END = ".part"
_LONGEST = 3600
"""Seconds after which a file counts as abandoned, where no lock can show it."""
_FAR = 1 << 30
"""The byte that Windows locks: beyond the text, so that it can be read."""
_NO_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EPERM, errno.EBADF, errno.ENOSYS}
"""The errors of a file system that can't flush a folder to disk."""


def new_part(folder: Path, end: str = _END) -> tuple[IO[bytes], Path]:
    """Open a new unfinished file, locked for as long as it is open.

    The lock is the system's own and ends with the process, however that ends. Where there are no
    locks, the file is never treated as left behind.
    """
    while True:
        # Without the file's own name: one of 250 characters has no room for more.
        handle, name = tempfile.mkstemp(dir=folder, prefix=START, suffix=end)
        try:
            stream = os.fdopen(handle, "wb")
        except BaseException:
            os.close(handle)
            Path(name).unlink(missing_ok=True)
            raise
        try:
            if is_free(stream) is not False and os.fstat(handle).st_nlink:
                return stream, Path(name)
        except BaseException:
            stream.close()
            Path(name).unlink(missing_ok=True)
            raise
        # Swept up by another run between creation and lock: try again.
        stream.close()


def fill(stream: IO[bytes], part: Path, content: bytes, *, durable: bool) -> None:
    """Write the content of an unfinished file, with the permissions of any new file."""
    try:
        stream.write(content)
        stream.flush()
        if durable:
            os.fsync(stream.fileno())
    except OSError:
        with contextlib.suppress(OSError):  # What could not be written can't be flushed either.
            stream.close()
        raise
    mask = os.umask(0)
    os.umask(mask)
    part.chmod(0o666 & ~mask)


def place(part: Path, file: Path, *, overwrite: bool) -> None:
    """Give a finished part its name; unless ``overwrite``, one of two runs is refused."""
    if overwrite:
        part.replace(file)
        return
    try:
        os.link(part, file)
    except FileExistsError:
        raise
    except (OSError, NotImplementedError) as error:  # A file system without links.
        if os.path.lexists(file):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(file)) from error
        part.replace(file)
    else:
        try:
            part.unlink()
        except BaseException:
            if part.exists():
                file.unlink(missing_ok=True)
            raise


def sync_folder(folder: Path) -> None:
    """Flush a folder's names to disk, where the system can."""
    if WINDOWS:
        return
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise
    finally:
        os.close(handle)


def confirm_names(folder: Path) -> None:
    """Flush the names of placed files to disk; the files stay in place even if that fails.

    Warns
    -----
    LeftBehindWarning
        If the disk does not confirm this.
    """
    try:
        sync_folder(folder)
    except OSError as error:
        message = (
            f"what was written to {folder} is there, but the disk did not confirm it "
            f"({error.strerror}): a power cut may still take it back. Look at the disk, and write "
            "it again."
        )
        warnings.warn(message, LeftBehindWarning, stacklevel=3)


def sweep(folder: Path) -> None:
    """Remove the unfinished files of killed processes."""
    try:
        left = [Path(item.path) for item in os.scandir(folder) if _is_part(item.name)]
    except OSError:
        return
    for part in left:
        with contextlib.suppress(OSError):  # Gone in the meantime, or another user's.
            if WINDOWS:  # Windows closes it before it is moved, so it has no lock.
                if time.time() - part.stat().st_mtime > _LONGEST:
                    part.unlink()
                continue
            with part.open("rb") as stream:
                if is_free(stream):
                    part.unlink()


def is_free(stream: IO[bytes]) -> bool | None:
    """Try to lock a file: True if it was free, None where the file system has no locks."""
    try:
        if WINDOWS:
            at = stream.tell()
            os.lseek(stream.fileno(), _FAR, os.SEEK_SET)
            try:
                _SYSTEM.locking(stream.fileno(), _SYSTEM.LK_NBLCK, 1)
            finally:
                os.lseek(stream.fileno(), at, os.SEEK_SET)
        else:
            _SYSTEM.flock(stream.fileno(), _SYSTEM.LOCK_EX | _SYSTEM.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        return False if WINDOWS and error.errno in (errno.EACCES, errno.EDEADLK) else None
    return True


def _is_part(name: str) -> bool:
    return name.startswith(START) and name.endswith(_END)
