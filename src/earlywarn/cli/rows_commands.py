"""The commands that score rows for other systems: from a file of any size, and over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import earlywarn as ew
from earlywarn.cli import options
from earlywarn.scoring.row_files import ENDINGS
from earlywarn.serving.chunks import CHUNK
from earlywarn.utils.formatting import counted
from earlywarn.utils.progress import reporter

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from earlywarn.cli.options import Commands
    from earlywarn.serving.batch_file import BatchResult

HERE = "127.0.0.1"
"""Also the default of the service, which is loaded only when needed."""


def _batch_options(command: ArgumentParser) -> None:
    options.add(
        command,
        options.out("OUT", f"the file to write ({', '.join(ENDINGS)})"),
        options.model(),
        options.OVERWRITE,
        options.QUIET,
    )
    command.add_argument(
        "rows", metavar="IN", help="CSV, JSON lines, Parquet, or a partitioned folder of Parquet"
    )
    command.add_argument("--explain", action="store_true", help="add contributions and drivers")
    command.add_argument("--chunk", type=int, default=CHUNK, metavar="N", help="rows at a time")
    command.add_argument(
        "--jobs", type=int, default=-1, metavar="N", help="processes (default: one per core)"
    )
    command.add_argument("--resume", action="store_true", help="carry on from where it stopped")


def batch(chosen: Namespace) -> None:
    """Score a file of rows, and write the scores to another file."""
    progress = reporter(quiet=chosen.quiet)
    result = ew.score_file(
        chosen.rows,
        chosen.out,
        ew.load_model(chosen.model),
        explain=chosen.explain,
        chunk=chosen.chunk,
        resume=chosen.resume,
        overwrite=chosen.overwrite,
        jobs=chosen.jobs,
        progress=progress,
    )
    before = "Everything was already done: " if result.done_before else ""
    progress.say(
        f"{before}{counted(result.rows, 'row is', 'rows are')} in {result.out}; {_refused(result)}."
    )


def _refused(result: BatchResult) -> str:
    words = counted(result.refused, "was refused and is listed", "were refused and are listed")
    return f"{words} with the reason in {result.refused_rows}" if result.refused else "none refused"


def _serve_options(command: ArgumentParser) -> None:
    command.add_argument(
        "--host", default=HERE, help=f"where to listen (default: {HERE}, this machine only)"
    )
    command.add_argument("--port", type=int, default=8000, metavar="N")
    command.add_argument(
        "--model",
        metavar="M",
        help="a model folder or file (default: the one that ships); read again when it changes",
    )
    command.add_argument(
        "--panel", metavar="P", help="a panel folder, for GET /authorities (default: what ships)"
    )
    command.add_argument(
        "--workers", type=int, default=1, metavar="N", help="processes that answer (default: 1)"
    )
    command.add_argument(
        "--log-json", action="store_true", help="log each answer as a line of JSON"
    )


def serve(chosen: Namespace) -> None:
    """Run the HTTP service until stopped."""
    ew.serve(
        host=chosen.host,
        port=chosen.port,
        model=chosen.model,
        panel=chosen.panel,
        workers=chosen.workers,
        log_json=chosen.log_json,
    )


COMMANDS: Commands = {
    "batch": (_batch_options, batch),
    "serve": (_serve_options, serve),
}
