"""Follow the site's pages from top to bottom as a reader would, with today's outputs."""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, chdir, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.helpers.published import write_published
from tools.documents import FENCE, ROOT, RUN, Block, DocumentError, console_text, pycon_text, run

import earlywarn as ew
from earlywarn.judgements.schema import write_judgements

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOCS = ROOT / "docs"
FOLDERS = ("tutorial", "how-to", "explanation", "reference")
PAGES = sorted(path for name in FOLDERS for path in (DOCS / name).glob("*.md"))
NEEDED = {"how-to/spark-and-dask": "dask.dataframe"}
"""Pages that are run only if a package is installed."""
COMMENT = re.compile(r"<!-- (.+?) -->\n\Z")
NOT_RUN, BESIDE = "not run: ", "runs beside the rest"
RUNNABLE = ("python", "pycon", "console", "sh", "bash", "text")


@dataclass(frozen=True)
class Step(Block):
    """A block of a page, with the instruction in the comment directly before it."""

    comment: str = ""

    @property
    def reason(self) -> str:
        """Why it is not run; empty if it is."""
        return self.comment.removeprefix(NOT_RUN) if self.comment.startswith(NOT_RUN) else ""


def steps_of(page: Path) -> list[Step]:
    """The blocks of a page."""
    text = page.read_text(encoding="utf-8")
    steps = []
    for match in FENCE.finditer(text):
        before = COMMENT.search(text[: match.start()])
        place = (match.start(3), match.end(3))
        comment = before[1] if before else ""
        steps.append(Step(match[1], match[2].strip(), match[3], *place, comment))
    return steps


def name_of(page: Path) -> str:
    """A page by its folder and name, such as ``how-to/score``."""
    return page.relative_to(DOCS).with_suffix("").as_posix()


WITH_BLOCKS = [page for page in PAGES if any(step.kind in RUNNABLE for step in steps_of(page))]


@dataclass
class Reader:
    """A reader who follows a page from top to bottom, in a separate folder."""

    folder: Path
    exits: ExitStack
    names: dict[str, object] = field(default_factory=dict)

    def follow(self, step: Step) -> str:
        """Run the block, and return what it should contain today."""
        if not step.reason:
            done = {"console": self._console, "pycon": self._pycon, "python": self._python}
            done |= {"sh": self._shell, "bash": self._shell, "text": self._file}
            if step.kind in done:
                return done[step.kind](step) or step.text
        return step.text

    def _console(self, step: Step) -> str:
        return console_text(step, self.folder)

    def _pycon(self, step: Step) -> str:
        return pycon_text(step, self.names)

    def _python(self, step: Step) -> None:
        exec(compile(step.text, "<page>", "exec"), self.names)  # noqa: S102

    def _file(self, step: Step) -> None:
        """Write a block that is marked as a file."""
        if step.options.startswith("file="):
            path = self.folder / step.options.removeprefix("file=")
            path.write_text(step.text, encoding="utf-8", newline="\n")

    def _shell(self, step: Step) -> None:
        for command in step.text.splitlines():
            if not command.startswith(RUN):
                raise DocumentError(f"what is {command!r}? Give it a reason not to be run")
            if step.comment == BESIDE:
                self.exits.enter_context(beside(command, self.folder))
            else:
                run(command, self.folder)


@contextmanager
def beside(command: str, folder: Path) -> Iterator[None]:
    """A service that runs while the rest of the page is run."""
    arguments = shlex.split(command.removeprefix("python"))
    port = int(arguments[arguments.index("--port") + 1])
    paths = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    with subprocess.Popen(  # noqa: S603 - a command from our own documents
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as service:
        try:
            _wait_for(port, service)
            yield
        finally:
            service.terminate()


def _wait_for(port: int, service: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if service.poll() is not None:
            raise DocumentError("the service stopped before it answered")
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise DocumentError("the service did not answer within a minute")


def downloads(folder: Path, first_year: int = 2016) -> Path:
    """The pages' FOLDER: small files in the published layouts, and real judgements."""
    write_published(folder, tuple(range(first_year, 2026)))
    write_judgements(ew.load_judgements(), folder / "judgements.csv")
    return folder


def followed(page: Path, folder: Path) -> str:
    """A page with today's outputs, after running all its blocks in order."""
    text, pieces, at = page.read_text(encoding="utf-8"), [], 0
    with ExitStack() as exits, chdir(folder):
        reader = Reader(folder, exits)
        for step in steps_of(page):
            pieces += [text[at : step.start], reader.follow(step)]
            at = step.end
    return "".join([*pieces, text[at:]])
