"""Processes: none outlives what it works for, and being asked to stop is an interrupt."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from earlywarn.errors import UsageError
from earlywarn.utils.locks import owned
from earlywarn.utils.signals import stopped_like_an_interrupt
from earlywarn.utils.workers import MOST_JOBS, check_jobs, parallel

posix = pytest.mark.skipif(os.name == "nt", reason="processes are listed below /proc here")

BUSY = """
import signal, sys, time
import joblib
from earlywarn.utils.signals import stopped_like_an_interrupt
from earlywarn.utils.workers import parallel

def work(folder):
    import os, pathlib, time
    pathlib.Path(folder, str(os.getpid())).touch()
    time.sleep(100)

# Both are ignored where the tests are started in the background.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
with stopped_like_an_interrupt():
    parallel(2)(joblib.delayed(work)(sys.argv[1]) for _ in range(2))
"""


def descendants(of: int) -> set[int]:
    """The processes below this one, by what /proc says."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int(
                (folder / "stat").read_text().rpartition(")")[2].split()[1]
            )
        except (OSError, ValueError):
            continue
    found, new = set(), {of}
    while new:
        new = {child for child, parent in parents.items() if parent in new} - found
        found |= new
    return found


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def left_after(processes: set[int], seconds: float) -> set[int]:
    until = time.monotonic() + seconds
    while (left := {one for one in processes if alive(one)}) and time.monotonic() < until:
        time.sleep(0.1)
    return left


@posix
@pytest.mark.parametrize("how", ["SIGKILL", "SIGTERM", "SIGHUP", "SIGINT"])
def test_no_process_is_left(tmp_path: Path, how: str) -> None:
    running = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-c", BUSY, str(tmp_path)], stderr=subprocess.DEVNULL
    )
    until = time.monotonic() + 60
    while len(list(tmp_path.iterdir())) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    below = descendants(running.pid)
    assert len(below) >= 2
    running.send_signal(getattr(signal, how))
    running.wait(timeout=20)
    assert left_after(below, 10) == set()


@posix
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_is_an_interrupt(name: str) -> None:
    number = getattr(signal, name)
    # Where the tests are started with nohup, the hang-up is ignored; that has a test of its own.
    before = signal.signal(number, signal.SIG_DFL)
    try:
        with pytest.raises(KeyboardInterrupt), stopped_like_an_interrupt():
            signal.raise_signal(number)
        assert signal.getsignal(number) is signal.SIG_DFL
    finally:
        signal.signal(number, before)


@posix
def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stopped_like_an_interrupt():
            signal.raise_signal(signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("jobs", [0, -2, MOST_JOBS + 1, 1_000_000])
def test_numbers_of_processes(jobs: int) -> None:
    with pytest.raises(UsageError, match=f"--jobs: not a number of processes: found {jobs}"):
        parallel(jobs)
    assert check_jobs(-1) == -1


class TestLock:
    def test_one_at_a_time(self, tmp_path: Path) -> None:
        file = tmp_path / "work" / "lock"
        with owned(file):
            said = f"found process {os.getpid()} on .*, since 20"
            with pytest.raises(UsageError, match=said), owned(file):
                pytest.fail("two own it")
            assert file.is_file()
        assert not file.exists()
        with owned(file):
            assert file.is_file()

    def test_one_left_by_a_process_that_was_killed_locks_nobody_out(self, tmp_path: Path) -> None:
        file = tmp_path / "work" / "lock"
        script = (
            "import os, sys, pathlib; from earlywarn.utils.locks import owned\n"
            "with owned(pathlib.Path(sys.argv[1])): os._exit(9)"
        )
        subprocess.run([sys.executable, "-c", script, str(file)], check=False)  # noqa: S603
        assert file.is_file()
        with owned(file):
            assert str(os.getpid()) in file.read_text("utf-8")

    def test_a_folder_that_is_nowhere(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="it can't be written"), owned(tmp_path / "a/b/lock"):
            pytest.fail("there is no such folder")
