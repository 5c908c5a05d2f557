"""The command line: what it takes, which command it means, and one line for every fault.

Exit codes: 0 done; 2 the user's input is at fault, said in one line; 1 a fault of ours; 3 of
`monitor`: something needs attention.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from earlywarn._version import __version__
from earlywarn.cli import commands, options
from earlywarn.cli.drawing_command import add_draw
from earlywarn.cli.page_commands import add_pages
from earlywarn.cli.signing_commands import add_signing
from earlywarn.cli.upkeep_commands import add_upkeep
from earlywarn.errors import (
    DataQualityWarning,
    EarlyWarnError,
    LeftBehindWarning,
    ModelLifeWarning,
    OverdueWarning,
    RowsWarning,
    UsageError,
)
from earlywarn.judgements.targets import TARGETS
from earlywarn.serving.chunks import CHUNK
from earlywarn.serving.chunks import ENDINGS as ROW_ENDINGS
from earlywarn.utils.files import is_refusal, unwritable
from earlywarn.utils.signals import stopped_like_an_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DONE, OURS, YOURS = 0, 1, 2
HERE = "127.0.0.1"
"""The default of the service too, which is loaded only when it is asked for."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command line without the program's name; that of the process if not given.

    Returns
    -------
    int
        The exit code.

    Examples
    --------
    >>> main(["explain", "Atlantis"])
    2
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A Windows console may not hold every letter: show a mark rather than stop.
            stream.reconfigure(errors="replace")
    parser = _parser()
    try:
        chosen = parser.parse_args(arguments)
        _refuse_empty(chosen)
        with warnings.catch_warnings(), stopped_like_an_interrupt():
            warnings.simplefilter("always", DataQualityWarning)
            warnings.simplefilter("always", LeftBehindWarning)
            warnings.simplefilter("always", ModelLifeWarning)
            warnings.simplefilter("always", OverdueWarning)
            warnings.simplefilter("always", RowsWarning)
            warnings.showwarning = _shown_once()
            chosen.run(chosen)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else YOURS
    except EarlyWarnError as fault:
        print(f"earlywarn: {_one_line(str(fault))}", file=sys.stderr)
        return YOURS
    except BrokenPipeError:
        return DONE
    except KeyboardInterrupt as stop:
        left = str(stop) or "nothing half-written was left behind"
        print(f"earlywarn: stopped; {left}.", file=sys.stderr)
        return YOURS
    except Exception as fault:  # noqa: BLE001 - the last resort: one line, no traceback
        return _unforeseen(fault)
    return DONE


def _refuse_empty(chosen: argparse.Namespace) -> None:
    """Refuse a value without a character: some would read it as the folder that we are in."""
    empty = [name for name, value in vars(chosen).items() if isinstance(value, str) and not value]
    if empty:
        raise UsageError(
            "nothing is given",
            where=empty[0].replace("_", "-"),
            found="an empty value",
            expected="a name, a day or a path",
            remedy="Leave the option out, or give it a value.",
        )


def _unforeseen(fault: Exception) -> int:
    if isinstance(fault, OSError) and is_refusal(fault):
        place = Path(str(fault.filename or "the disk"))
        print(f"earlywarn: {_one_line(str(unwritable(place, fault)))}", file=sys.stderr)
        return YOURS
    print(
        f"earlywarn: a fault of earlywarn itself, {type(fault).__name__}: "
        f"{_one_line(str(fault))}. Please report it with the command that you ran.",
        file=sys.stderr,
    )
    return OURS


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _shown_once() -> Callable[..., None]:
    """What shows a warning, each text once: several steps of a command may notice the same."""
    shown: set[str] = set()

    def show(message: Warning | str, *_: object, **__: object) -> None:
        if (text := _one_line(str(message))) not in shown:
            shown.add(text)
            print(f"earlywarn: warning: {text}", file=sys.stderr)

    return show


class _Parser(argparse.ArgumentParser):
    """Errors of usage like all others: one line."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(
            message,
            where=self.prog if " " in self.prog else "",
            remedy=f"{self.prog} --help shows what it takes.",
        )


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="earlywarn",
        description="Early warning of failing children's services in England, "
        "from published figures.",
    )
    parser.add_argument("--version", action="version", version=f"earlywarn {__version__}")
    subcommands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_score(subcommands)
    _add_explain(subcommands)
    _add_compare(subcommands)
    _add_changes(subcommands)
    _add_whatif(subcommands)
    _add(
        subcommands,
        "catalogue",
        commands.catalogue,
        "the indicators: definition, unit, direction, source, since when",
    )
    _add_build(subcommands)
    _add_train(subcommands)
    _add_backtest(subcommands)
    _add_card(subcommands)
    add_pages(_add, subcommands)
    add_draw(_add, subcommands)
    _add_batch(subcommands)
    _add_serve(subcommands)
    add_upkeep(_add, subcommands)
    add_signing(_add, subcommands)
    _add(
        subcommands,
        "drift",
        commands.drift,
        "say whether the model still fits the figures",
        options.AS_OF,
        options.model(),
        options.panel(),
    )
    return parser


Subcommands = argparse._SubParsersAction  # noqa: SLF001 - argparse names this type only so


def _add(
    subcommands: Subcommands[_Parser],
    name: str,
    run: Callable[[argparse.Namespace], None],
    does: str,
    *parents: argparse.ArgumentParser,
) -> argparse.ArgumentParser:
    shared: Any = parents
    command = subcommands.add_parser(
        name, help=does, description=does[0].upper() + does[1:] + ".", parents=shared
    )
    command.set_defaults(run=run)
    return command


def _add_score(subcommands: Subcommands[_Parser]) -> None:
    command = _add(
        subcommands,
        "score",
        commands.score,
        "score every authority in England for the risk of an Inadequate judgement",
        *options.ASKED,
        *options.WRITTEN,
    )
    command.add_argument("--top", type=int, metavar="N", help="print only the N highest")
    command.add_argument(
        "--include",
        choices=["already-inadequate"],
        metavar="already-inadequate",
        help="print those that hold an Inadequate judgement already too, apart",
    )
    command.add_argument("--region", metavar="NAME", help="only the authorities of a region")
    command.add_argument(
        "--prior",
        type=float,
        metavar="SHARE",
        help="a scenario: another share of Inadequate judgements, such as 0.08",
    )


def _add_explain(subcommands: Subcommands[_Parser]) -> None:
    command = _add(
        subcommands,
        "explain",
        commands.explain,
        "say what one authority's risk is made of",
        *options.ASKED,
        *options.WRITTEN,
    )
    command.add_argument("authority", metavar="NAME_OR_CODE")


def _add_compare(subcommands: Subcommands[_Parser]) -> None:
    command = _add(
        subcommands,
        "compare",
        commands.compare,
        "set one authority's figures beside those of a group",
        options.AS_OF,
        options.panel(),
        options.FIGURES,
        *options.WRITTEN,
    )
    command.add_argument("authority", metavar="NAME_OR_CODE")
    command.add_argument(
        "--with",
        dest="group",
        default="neighbours",
        metavar="GROUP",
        help='neighbours (default), region, type, England, "North East", or a list: "Leeds, 373"',
    )


def _add_changes(subcommands: Subcommands[_Parser]) -> None:
    command = _add(
        subcommands,
        "changes",
        commands.changes,
        "say what changed since a day, and what the change is made of",
        *options.ASKED,
        *options.WRITTEN,
    )
    command.add_argument(
        "authority", metavar="NAME_OR_CODE", nargs="?", help="one authority (default: all)"
    )
    command.add_argument("--since", metavar="DATE", required=True, help="the earlier day")
    command.add_argument("--top", type=int, metavar="N", help="print only the N largest changes")


def _add_whatif(subcommands: Subcommands[_Parser]) -> None:
    command = _add(
        subcommands,
        "whatif",
        commands.whatif,
        "say with which figures one authority's band would be another",
        *options.ASKED,
    )
    command.add_argument("authority", metavar="NAME_OR_CODE")
    command.add_argument("--worse", action="store_true", help="the next higher band, not the lower")


def _add_build(subcommands: Subcommands[_Parser]) -> None:
    command = _add(
        subcommands,
        "build",
        commands.build,
        "read every known published file below a folder into a panel",
        options.out("PANEL", "the panel folder to write"),
        options.OVERWRITE,
        options.QUIET,
    )
    command.add_argument("folder", metavar="FOLDER")
    command.add_argument(
        "--known",
        metavar="P",
        help="a panel folder that the files are held against: what the same release gave otherwise "
        "is a finding (that which ships if not given)",
    )


def _add_train(subcommands: Subcommands[_Parser]) -> None:
    command = _add(
        subcommands,
        "train",
        commands.train,
        "learn a model from the judgements published by a date",
        options.panel(),
        options.JUDGEMENTS,
        options.out("MODEL_DIR", "where to write model.json"),
        options.OVERWRITE,
        options.QUIET,
    )
    command.add_argument("--until", metavar="DATE", help="the cut (default: the newest report)")
    command.add_argument(
        "--target", default="any_inadequate", metavar="T", help=f"one of {', '.join(TARGETS)}"
    )
    command.add_argument(
        "--prior",
        type=float,
        metavar="SHARE",
        help="a scenario: another share of Inadequate judgements than is expected",
    )
    command.add_argument(
        "--judgements-only",
        action="store_true",
        help="learn from --judgements alone, not from the panel's beside them",
    )


def _add_backtest(subcommands: Subcommands[_Parser]) -> None:
    command = _add(
        subcommands,
        "backtest",
        commands.backtest,
        "the honest record: what would have been said, what happened",
        options.model("whose target is backtested and whose list is checked (default: ours)"),
        options.panel(),
        options.OVERWRITE,
        options.QUIET,
    )
    command.add_argument(
        "--out",
        metavar="DIR",
        help="write figures as JSON, tables and a page; goes on if interrupted",
    )
    command.add_argument(
        "--challengers",
        action="store_true",
        help="compare with machine-learning models, too; needs the extra challengers",
    )
    command.add_argument(
        "--mute", type=int, action="append", default=[], metavar="N", help="leave out check N"
    )
    command.add_argument("--jobs", type=int, default=2, metavar="N", help="years at a time")


def _add_card(subcommands: Subcommands[_Parser]) -> None:
    command = _add(
        subcommands,
        "card",
        commands.card,
        "write a model's card, transparency record and quality log",
        options.out("DIR", "the folder to write into"),
        options.model(),
        options.panel(f"the panel folder that it was learnt from ({options.SHIPS})"),
        options.OVERWRITE,
        options.QUIET,
    )
    command.add_argument(
        "--record",
        metavar="RECORD",
        help="what backtest --out wrote for it (default: what ships of the shipped model's record)",
    )
    command.add_argument(
        "--links",
        metavar="PLACE",
        help="where earlywarn's source tree lies, such as ../.., to make links of its documents",
    )
    command.add_argument(
        "--templates",
        metavar="DIR",
        help="your own tripod_ai.md or atrs.md, with what only you can say filled in",
    )


def _add_batch(subcommands: Subcommands[_Parser]) -> None:
    command = _add(
        subcommands,
        "batch",
        commands.batch,
        "score a file of rows of any size into another file",
        options.out("OUT", f"the file to write ({', '.join(ROW_ENDINGS)})"),
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
        "--jobs", type=int, default=-1, metavar="N", help="processes (default: one a core)"
    )
    command.add_argument("--resume", action="store_true", help="carry on where it was stopped")


def _add_serve(subcommands: Subcommands[_Parser]) -> None:
    command = _add(
        subcommands, "serve", commands.serve, "answer other systems over HTTP, on this machine"
    )
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
        "--log-json", action="store_true", help="each answer as a line of JSON in the log"
    )
