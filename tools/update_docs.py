"""Write everything that the program says of itself again: ``python -m tools.update_docs``.

In this order, since the later show what the earlier wrote: the backtest's record (where asked for),
the card beside the model, the outputs in documents and pages, the notebooks. What can't be made is
said at the end with its fault, the rest is written all the same, and the exit code is 1.

``python -m tools.update_docs score 4_one`` writes only what has one of these words in its name.
``--list`` shows the names. ``--record FOLDER`` also makes docs/evaluation.md and the tables of the
record that ship, from a folder that ``backtest --out`` wrote; if it is not there, the backtest is
run first.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import redirect_stdout
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from tools.documents import ROOT, having, today
from tools.notebooks import SOURCES, made
from tools.site_pages import DOCS, NEEDED, WITH_BLOCKS, downloads, followed, name_of

from earlywarn.utils.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Sequence

CARD = ("card", "--out", "models/default", "--links", "../..", "--overwrite")


@dataclass(frozen=True)
class Done:
    """The result for one document, page or notebook."""

    name: str
    seconds: float
    changed: bool = False
    left_out: str = ""
    fault: str = ""


def names() -> list[str]:
    """Every document, page and notebook with outputs, slowest kind first."""
    notebooks = [f"notebooks/{source.stem}" for source in SOURCES]
    return [*notebooks, *(f"docs/{name_of(page)}.md" for page in WITH_BLOCKS), *documents()]


def documents() -> list[str]:
    """The documents with outputs."""
    return having("console", "pycon")


def path_of(name: str) -> Path:
    """The path of a name."""
    return ROOT / (f"{name}.ipynb" if name.startswith("notebooks/") else name)


def text_of(name: str, place: Path, published: Path) -> str:
    """What the file should contain today; run in ``place``, an empty folder."""
    if name.startswith("notebooks/"):
        source = next(source for source in SOURCES if f"notebooks/{source.stem}" == name)
        return made(source, place)
    if name in documents():
        return today(name, place)
    shutil.copytree(published, place / "FOLDER")
    return followed(path_of(name), place)


def update(name: str, published: Path) -> Done:
    """Make one again, and write it if it changed; an error is kept, not raised."""
    begun = time.monotonic()
    needed = NEEDED.get(name.removeprefix("docs/").removesuffix(".md"))
    if needed and not _is_there(needed):
        return Done(name, 0.0, left_out=f"{needed}, which it is about, is not installed")
    try:
        with (
            tempfile.TemporaryDirectory() as place,
            redirect_stdout(io.StringIO()),  # output of blocks that show none
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("error")  # as in the tests: no document may show code that warns
            text = text_of(name, Path(place), published)
    except Exception:  # noqa: BLE001 - whatever a document's code raises is reported
        return Done(name, time.monotonic() - begun, fault=traceback.format_exc(limit=-6))
    changed = text != path_of(name).read_text(encoding="utf-8")
    if changed:
        write_whole(path_of(name), text)
    return Done(name, time.monotonic() - begun, changed=changed)


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def update_all(chosen: Sequence[str], jobs: int) -> list[Done]:
    """Make them again in parallel, and report each as it finishes."""
    results = []
    with tempfile.TemporaryDirectory() as place:
        published = downloads(Path(place) / "FOLDER")
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as workers:
            running = {workers.submit(update, name, published): name for name in chosen}
            for finished in as_completed(running):
                broken = finished.exception()  # the process itself ended
                lost = Done(running[finished], 0.0, fault=repr(broken))
                results.append(lost if broken else finished.result())
                say(results[-1], f"{len(results)} of {len(chosen)}")
    return results


def say(done: Done, place: str) -> None:
    """Print a line on one that is finished."""
    state = "written" if done.changed else "as it was"
    if done.left_out:
        state = f"left as it is: {done.left_out}"
    if done.fault:
        state = "FAILED"
    print(f"[{place}] {done.name}: {state} ({done.seconds:.0f} s)", flush=True)


def command(*arguments: str) -> None:
    """Run a command of this project in its root; its output is shown."""
    print(f"$ {' '.join(('python', *arguments))}", flush=True)
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT), os.environ.get("PYTHONPATH", "")])
    subprocess.run(  # noqa: S603 - our own commands
        [sys.executable, *arguments], cwd=ROOT, check=True, env=os.environ | {"PYTHONPATH": paths}
    )


def update_record(folder: Path) -> None:
    """Update docs/evaluation.md and the shipped record of the current model and panel."""
    if not folder.exists():
        command("-m", "earlywarn", "backtest", "--out", str(folder))
    command("tools/make_record_table.py", str(folder))
    write_whole(DOCS / "evaluation.md", (folder / "evaluation.md").read_text(encoding="utf-8"))


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.update_docs", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("words", nargs="*", help="parts of the names to write; none means all")
    parser.add_argument("--record", type=Path, metavar="FOLDER", help="also the backtest's record")
    parser.add_argument("--no-card", action="store_true", help="leave the card as it is")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="side by side")
    parser.add_argument("--list", action="store_true", help="the names, and nothing else")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write what was requested; return 1 if any of it failed."""
    options = parsed(arguments)
    words = options.words or [""]
    chosen = [name for name in names() if any(word in name for word in words)]
    if options.list or not chosen:
        print("\n".join(chosen or [f"nothing has {' or '.join(words)} in its name", *names()]))
        return 0 if chosen else 1
    if options.record:
        update_record(options.record.resolve())
    if not (options.words or options.no_card):
        command("-m", "earlywarn", *CARD)
    results = update_all(chosen, max(1, min(options.jobs, len(chosen))))
    failed = [done for done in results if done.fault]
    for done in failed:
        print(f"\n{done.name} FAILED\n{done.fault}", file=sys.stderr)
    changed = sum(done.changed for done in results)
    print(f"{changed} of {len(results)} changed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
