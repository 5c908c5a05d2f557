"""Writing that is stopped at each of its calls to the file system: killed there, or refused."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pytest

REMOVALS = ("unlink", "rmdir")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_CALLS = ("open", "replace", "rename", "link", "mkdir", "chmod", "fsync", *REMOVALS)


class Steps:
    """The calls that change files, in their turn; what shall happen before each is given.

    Parameters
    ----------
    patch : MonkeyPatch
    before : callable
        Gets the number of the call, from 0, and its name.
    """

    def __init__(self, patch: pytest.MonkeyPatch, before: Callable[[int, str], None]) -> None:
        self.count = 0
        self._before = before
        self._busy = False
        for name in _CALLS:
            patch.setattr(os, name, self._watched(name, getattr(os, name)))
        patch.setattr(io, "open", self._watched("write", io.open))
        patch.setattr(os, "fdopen", self._filled(os.fdopen))

    def _step(self, name: str) -> None:
        if self._busy:
            return
        self._busy = True
        try:
            self.count += 1
            self._before(self.count - 1, name)
        finally:
            self._busy = False

    def _watched(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **options: Any) -> Any:
            mode = str([options.get("mode", ""), *args[1:2]])
            new = not isinstance(args[0], int) and any(sign in mode for sign in "wax+")
            reads = name == "write" and not new
            if not reads and not (name == "open" and not args[1] & _WRITES):
                self._step(name)
            made = call(*args, **options)
            return made if reads or name != "write" else self._stepping(made)

        return watched

    def _filled(self, call: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args, **options: self._stepping(call(*args, **options))

    def _stepping(self, stream: Any) -> Any:
        """A stream each flush of which is a step: what is not flushed is lost by a kill."""
        flush = stream.flush

        def flushed() -> None:
            self._step("flush")
            flush()

        with contextlib.suppress(AttributeError):
            stream.flush = flushed
        return stream


def kills(
    patch: pytest.MonkeyPatch, folder: Path, copies: Path, write: Callable[[], object]
) -> Iterator[Path]:
    """The folder as a kill before each of the calls leaves it, and last as it is in the end."""
    with patch.context() as now:
        steps = Steps(now, lambda number, _: shutil.copytree(folder, copies / str(number)))
        write()
    for number in range(steps.count):
        yield copies / str(number)
    yield folder


def refusals(
    patch: pytest.MonkeyPatch, fault: OSError, write: Callable[[], object]
) -> Iterator[tuple[str, BaseException | None]]:
    """Which call was refused, each in its turn, and what came of it."""
    at, last = 0, False
    while not last:
        refused = ""

        def refuse(number: int, name: str, at: int = at) -> None:
            nonlocal refused
            if number == at:
                refused = name
                raise fault

        error: BaseException | None = None
        with patch.context() as now:
            Steps(now, refuse)
            try:
                write()
            except Exception as raised:  # noqa: BLE001 - whatever it is, the test looks at it
                error = raised
        last, at = not refused, at + 1
        if refused:
            yield refused, error
