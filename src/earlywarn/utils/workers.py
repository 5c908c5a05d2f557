"""Worker processes: how many, and none that outlives the process that it works for."""

from __future__ import annotations

import ctypes
import os
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import joblib

from earlywarn.utils.arguments import whole_number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from earlywarn.utils.progress import Progress

MOST_JOBS = max(60, os.cpu_count() or 1)
"""Windows can wait for some sixty processes; more than there are cores are of no use anywhere."""
_LOOK = 0.5
"""Seconds between two looks at whether the parent is there."""
_ENDED = 1
_SYNCHRONIZE, _INFINITE = 0x00100000, 0xFFFFFFFF
_SIGNALLED, _NO_SUCH_PROCESS = 0, 87


def check_jobs(jobs: int) -> int:
    """Refuse a number of processes that can't be started, before any work is done.

    Parameters
    ----------
    jobs : int
        Processes; -1 is one a core.

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
    """Give joblib's ``Parallel``, with processes that end when this one does, however it ends.

    Parameters
    ----------
    jobs : int
        Processes; -1 is one a core.
    **options
        As for ``joblib.Parallel``.

    Notes
    -----
    A worker waits for work on a pipe whose other end it holds itself: by the pipe alone it would
    never see that nobody is there any more.
    """
    return joblib.Parallel(
        n_jobs=check_jobs(jobs), initializer=end_with, initargs=(os.getpid(),), **options
    )


def in_workers(
    work: Callable[[Any], Any], items: Sequence[Any], jobs: int, progress: Progress, title: str
) -> list[Any]:
    """Do work on each of several items in as many processes, and give what came of them in order.

    Parameters
    ----------
    work : callable
        Takes an item.
    items : sequence
    jobs : int
        Processes; -1 is one a core, 1 is none but this one.
    progress : Progress
        What to report to.
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
    """Have this process end within a second of the one it works for.

    Parameters
    ----------
    parent : int
        The process that started this one.
    """
    wait = _wait_on_windows if os.name == "nt" else _wait_on_others
    threading.Thread(target=_end_after, args=(wait, parent), daemon=True).start()


def _end_after(wait: Callable[[int], None], parent: int) -> None:
    wait(parent)
    os._exit(_ENDED)  # No one is left to answer, and nothing of a worker needs clearing up.


def _wait_on_others(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK)


def _wait_on_windows(parent: int) -> None:
    """Wait for the parent, by a handle: its number may be another process's by the next look."""
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
