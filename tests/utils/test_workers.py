"""Processes: none outlives what it works for, and being asked to stop is an interrupt."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from earlywarn.errors import UsageError
from earlywarn.utils import locks, workers
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


class TestTheBranchesOfWindows:
    """Run here against stand-ins that do as Microsoft's documents say; not on Windows itself."""

    @pytest.fixture
    def held(self, monkeypatch) -> dict[tuple[int, int], int]:
        """Windows' locks of single bytes, and its rule that an open file can't be removed."""
        held: dict[tuple[int, int], int] = {}

        def locking(file: int, mode: int, count: int) -> None:
            place = os.fstat(file).st_ino, os.lseek(file, 0, os.SEEK_CUR)
            assert (place[1], count) == (1 << 30, 1), "beyond the text, so that others can read it"
            if mode == 0:
                if held.get(place) != file:
                    raise OSError(errno.EACCES, "Permission denied")
                del held[place]
            elif held.setdefault(place, file) != file:
                raise OSError(errno.EACCES, "Permission denied")

        unlink = Path.unlink

        def removed(file: Path, *, missing_ok: bool = False) -> None:
            here = file.stat().st_ino if file.exists() else 0
            for one in Path("/proc/self/fd").iterdir():
                if one.exists() and one.stat().st_ino == here:
                    raise PermissionError(errno.EACCES, "used by another process", str(file))
            unlink(file, missing_ok=missing_ok)

        system = SimpleNamespace(locking=locking, LK_NBLCK=2, LK_UNLCK=0)
        monkeypatch.setattr(locks, "_WINDOWS", True)
        monkeypatch.setattr(locks, "_SYSTEM", system)
        monkeypatch.setattr(Path, "unlink", removed)
        return held

    @posix
    def test_one_at_a_time(self, held, tmp_path: Path) -> None:
        file = tmp_path / "work" / "lock"
        with owned(file):
            assert held
            said = f"found process {os.getpid()} on .*, since 20"
            with pytest.raises(UsageError, match=said), owned(file):
                pytest.fail("two own it")
        assert not held
        assert not file.exists()
        with owned(file):
            assert str(os.getpid()) in file.read_text("utf-8")

    @posix
    def test_one_that_another_has_opened_meanwhile_is_left(self, held, tmp_path: Path) -> None:
        file = tmp_path / "lock"
        with file.open("a+") as other:
            with owned(file):
                pass
            assert file.exists()
            assert not other.closed
        with owned(file):
            assert held

    @posix
    def test_a_fault_while_it_is_open(self, held, tmp_path: Path, monkeypatch) -> None:
        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(locks, "_say_who", full)
        with pytest.raises(UsageError, match="No space left"), owned(tmp_path / "lock"):
            pytest.fail("nobody owns it")

    def test_control_break_is_an_interrupt(self, monkeypatch) -> None:
        number = signal.SIGUSR1 if os.name != "nt" else signal.SIGBREAK
        monkeypatch.setattr(signal, "SIGBREAK", number, raising=False)
        with pytest.raises(KeyboardInterrupt), stopped_like_an_interrupt():
            signal.raise_signal(number)

    @pytest.mark.parametrize(
        ("handle", "answer", "error", "ends"),
        [(7, 0, 0, True), (0, 0, 87, True), (0, 0, 5, False), (7, 0xFFFFFFFF, 6, False)],
        ids=["ended", "gone already", "not to be opened", "not to be waited for"],
    )
    def test_a_worker_ends_with_its_parent_alone(
        self, monkeypatch, handle: int, answer: int, error: int, ends: bool
    ) -> None:
        asked: list[tuple[int, ...]] = []

        class Call:
            def __init__(self, gives: int) -> None:
                self.gives = gives

            def __call__(self, *given: int) -> int:
                asked.append(given)
                return self.gives

        kernel = SimpleNamespace(OpenProcess=Call(handle), WaitForSingleObject=Call(answer))
        monkeypatch.setattr(ctypes, "WinDLL", lambda *_, **__: kernel, raising=False)
        monkeypatch.setattr(ctypes, "get_last_error", lambda: error, raising=False)
        waiting = threading.Thread(target=workers._wait_on_windows, args=(4711,), daemon=True)
        waiting.start()
        waiting.join(5 if ends else 0.1)
        assert waiting.is_alive() is not ends
        assert asked[0] == (0x00100000, 0, 4711)
        assert asked[1:] == ([(7, 0xFFFFFFFF)] if handle else [])


NESTED = """
import multiprocessing

from earlywarn.utils.progress import Progress
from earlywarn.utils.workers import in_workers


def work():
    assert in_workers(abs, [-1, -2, -3, -4], 2, Progress(), "Working") == [1, 2, 3, 4]


if __name__ == "__main__":
    process = multiprocessing.get_context("spawn").Process(target=work)
    process.start()
    process.join(60)
    print(process.exitcode)
    process.kill()
"""


def test_a_process_of_a_pool_ends_although_it_had_workers_of_its_own(tmp_path):
    """Idle workers stay for five minutes, and such a process waits for them."""
    script = tmp_path / "nested.py"
    script.write_text(NESTED, encoding="utf-8")
    command = [sys.executable, script]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)  # noqa: S603
    assert done.stdout == "0\n", done.stderr
