"""Worker processes: their number, and how they end with the process that they work for."""

from __future__ import annotations

import ctypes
import functools
import multiprocessing
import os
import threading
import time
from dataclasses import dataclass
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING, Any

import joblib
from joblib.externals.loky import get_reusable_executor

from earlywarn.utils.arguments import whole_number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from earlywarn.utils.progress import Progress

MOST_JOBS = max(60, os.cpu_count() or 1)
"""Windows can wait for some sixty processes; more than the number of cores are no use anywhere."""
_LOOK = 0.5
"""Seconds between two checks that the parent is still there."""
_ENDED = 1
_SYNCHRONIZE, _INFINITE = 0x00100000, 0xFFFFFFFF
_SIGNALLED, _NO_SUCH_PROCESS = 0, 87


def check_jobs(jobs: int) -> int:
    """Refuse a number of processes that can't be started, before any work is done.

    Parameters
    ----------
    jobs : int
        Number of processes; -1 for one per core.

    Returns
    -------
    int
        The same number.

    Raises
    ------
    UsageError
        If it is neither -1 nor from 1 to ``MOST_JOBS``.

    Examples
    --------
    >>> check_jobs(0)
    Traceback (most recent call last):
    earlywarn.errors.UsageError: --jobs: not a number of processes: found 0; expected -1 (one \
per core), or 1 to ...
    """
    given: object = jobs
    if isinstance(given, int) and given == -1:
        return given
    expected = f"-1 (one per core), or 1 to {MOST_JOBS}"
    problem = "not a number of processes"
    return whole_number(jobs, "--jobs", least=1, most=MOST_JOBS, problem=problem, expected=expected)


def parallel(jobs: int, **options: Any) -> Any:
    """Return joblib's ``Parallel``, with processes that end when this one does, however it ends.

    Parameters
    ----------
    jobs : int
        Number of processes; -1 for one per core.
    **options
        As for ``joblib.Parallel``.

    Notes
    -----
    A worker waits for work on a pipe whose other end it also has open, so the pipe would never show
    it that the parent is gone.
    """
    n_jobs = check_jobs(jobs)
    if multiprocessing.parent_process() is not None:
        _end_idle_workers_at_exit()
    return joblib.Parallel(n_jobs=n_jobs, initializer=end_with, initargs=(os.getpid(),), **options)


@functools.cache
def _end_idle_workers_at_exit() -> None:
    """End joblib's idle workers with this process, which is itself a worker of somebody's.

    Such a process waits for its own children before it ends, and idle workers stay for minutes.
    """
    Finalize(None, _end_idle_workers, exitpriority=1)


def _end_idle_workers() -> None:
    get_reusable_executor(kill_workers=True).shutdown(kill_workers=True)


def in_workers(
    work: Callable[[Any], Any], items: Sequence[Any], jobs: int, progress: Progress, title: str
) -> list[Any]:
    """Process items in several worker processes, and return the results in order.

    Parameters
    ----------
    work : callable
        Takes an item.
    items : sequence
    jobs : int
        Number of processes; -1 for one per core, 1 for this process only.
    progress : Progress
        Where to report progress.
    title : str
        What is being done.

    Returns
    -------
    list

    Examples
    --------
    >>> from earlywarn.utils.progress import Progress
    >>> in_workers(abs, [-1, 2], 1, Progress(), "Making positive")
    [1, 2]
    """
    done = parallel(jobs, return_as="generator")(joblib.delayed(work)(item) for item in items)
    return list(progress.over(_Counted(done, len(items)), title))


@dataclass(frozen=True)
class _Counted:
    """An iterator that knows its length, for the progress."""

    items: Any
    length: int

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Any:
        return iter(self.items)


def end_with(parent: int) -> None:
    """Make this process end within a second of the one it works for.

    Parameters
    ----------
    parent : int
        The process that started this one.
    """
    wait = _wait_on_windows if os.name == "nt" else _wait_on_others
    threading.Thread(target=_end_after, args=(wait, parent), daemon=True).start()


def _end_after(wait: Callable[[int], None], parent: int) -> None:
    wait(parent)
    os._exit(_ENDED)  # Nobody is left to report to, and a worker has nothing to clear up.


def _wait_on_others(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK)


def _wait_on_windows(parent: int) -> None:
    """Wait for the parent by a handle, since its number may soon be another process's."""
    kernel: Any = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined, unused-ignore]
    kernel.OpenProcess.restype = ctypes.c_void_p  # a handle has 64 bits, not the 32 of an int
    kernel.OpenProcess.argtypes = (ctypes.c_uint32, ctypes.c_int, ctypes.c_uint32)
    kernel.WaitForSingleObject.argtypes = (ctypes.c_void_p, ctypes.c_uint32)
    kernel.WaitForSingleObject.restype = ctypes.c_uint32
    handle = kernel.OpenProcess(_SYNCHRONIZE, 0, parent)
    if handle:
        ended = kernel.WaitForSingleObject(handle, _INFINITE) == _SIGNALLED
    else:
        ended = ctypes.get_last_error() == _NO_SUCH_PROCESS  # type: ignore[attr-defined, unused-ignore]
    if not ended:  # It can't be watched: better to outlive it than to end while it waits for us.
        threading.Event().wait()
