"""The outputs in the documents, as the program produces them today.

Blocks of a document are run in this process, in order: a new process for each would load pandas
each time. ``tools.update_docs`` writes the outputs; the tests compare them.
"""

from __future__ import annotations

import doctest
import io
import os
import re
import shlex
import warnings
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from earlywarn.cli.parser import main

ROOT = Path(__file__).parents[1]
DOCUMENTS = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docs/design.md",
    "docs/methods.md",
    "docs/data-and-sources.md",
    "docs/assumptions.md",
    "models/README.md",
)
RUN = "python -m earlywarn"
WIDTH = "120"
"""Terminal width, in columns, of the printed outputs."""


class DocumentError(Exception):
    """A block can't be run, or its command failed."""


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the rest of its first line, and its text."""

    kind: str
    options: str
    text: str
    start: int
    end: int


FENCE = re.compile(r"^```(\w+)(.*)\n((?:.*\n)*?)```$", re.MULTILINE)


def blocks_of(name: str, *kinds: str) -> list[Block]:
    """The blocks of a document, or those in some languages."""
    matches = FENCE.finditer((ROOT / name).read_text(encoding="utf-8"))
    blocks = [Block(m[1], m[2].strip(), m[3], m.start(3), m.end(3)) for m in matches]
    return [block for block in blocks if not kinds or block.kind in kinds]


def having(*kinds: str) -> list[str]:
    """The documents with blocks in some languages."""
    return [name for name in DOCUMENTS if (ROOT / name).is_file() and blocks_of(name, *kinds)]


def run(command: str, folder: Path) -> str:
    """Run one ``python -m earlywarn`` command in a folder, and return its output."""
    printed, complaints = io.StringIO(), io.StringIO()
    with (
        chdir(folder),
        patch.dict(os.environ, {"COLUMNS": WIDTH}),
        redirect_stdout(printed),
        redirect_stderr(complaints),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("default")
        code = main(shlex.split(command.removeprefix(RUN)))
    if code:
        raise DocumentError(f"{command}\nended with {code}: {complaints.getvalue()}")
    return printed.getvalue()


def excerpt(output: str, options: str) -> str:
    """The requested lines, with an ellipsis for what is left out.

    ``lines=1-14,Lowers+5`` asks for lines 1 to 14, and for five from the first that starts with
    ``Lowers``.
    """
    lines = [line.rstrip() for line in output.rstrip("\n").split("\n")]
    chosen = re.search(r"lines=(\S+)", options)
    spans = [_span(part, lines) for part in chosen[1].split(",")] if chosen else [(0, len(lines))]
    parts = ["\n".join(lines[first:last]) for first, last in spans]
    return "\n...\n".join(parts) + ("\n...\n" if spans[-1][1] < len(lines) else "\n")


def _span(part: str, lines: list[str]) -> tuple[int, int]:
    if "+" in part:
        word, count = part.split("+")
        places = [place for place, line in enumerate(lines) if line.startswith(word)]
        if not places:
            raise DocumentError(f"lines={part}: no line of the output starts with {word!r}")
        return places[0], places[0] + int(count)
    first, last = part.split("-")
    return int(first) - 1, int(last)


def console_text(block: Block, folder: Path) -> str:
    """A ``console`` block as it should be: its command after the dollar sign, and the output."""
    command = block.text.split("\n", 1)[0].removeprefix("$ ")
    if not command.startswith(RUN):
        raise DocumentError(f"a console block shows {command!r}; expected {RUN}")
    return f"$ {command}\n{excerpt(run(command, folder), block.options)}"


def pycon_text(block: Block, names: dict[str, object]) -> str:
    """A ``pycon`` block as it should be: each statement, and what it prints."""
    written = []
    for example in doctest.DocTestParser().get_examples(block.text):
        printed = io.StringIO()
        with redirect_stdout(printed):
            exec(compile(example.source, "<document>", "single"), names)  # noqa: S102
        first, *rest = example.source.rstrip("\n").split("\n")
        written += [f">>> {first}", *(f"... {line}" for line in rest)]
        written += [line.rstrip() for line in printed.getvalue().rstrip("\n").split("\n") if line]
    return "\n".join(written) + "\n"


def today(name: str, folder: Path) -> str:
    """A document with today's outputs."""
    text, names, pieces, at = (ROOT / name).read_text(encoding="utf-8"), {}, [], 0
    for block in blocks_of(name, "console", "pycon"):
        console = block.kind == "console"
        output = console_text(block, folder) if console else pycon_text(block, names)
        pieces += [text[at : block.start], output]
        at = block.end
    return "".join([*pieces, text[at:]])


def shell_commands(name: str) -> list[str]:
    """The individual commands in a document's ``sh`` blocks, without comments."""
    lines = "".join(block.text for block in blocks_of(name, "sh")).splitlines()
    parts = [part.split("  #")[0].strip() for line in lines for part in line.split("&&")]
    return [part for part in parts if part and not part.startswith("#")]
