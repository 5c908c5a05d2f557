"""The command line: its options, the choice of command, and one line for every error.

Exit codes: 0 done; 2 an input error, reported in one line; 1 a bug in earlywarn; 3 (`monitor` only)
something needs attention.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from earlywarn._version import __version__
from earlywarn.errors import (
    DataQualityWarning,
    EarlyWarnError,
    LeftBehindWarning,
    ModelLifeWarning,
    OverdueWarning,
    RowsWarning,
    UsageError,
)
from earlywarn.utils.files import is_refusal, unwritable
from earlywarn.utils.signals import stopped_like_an_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DONE, OURS, YOURS = 0, 1, 2
COMMANDS = {
    "score": (
        "risk_commands",
        "score every authority in England for the risk of an Inadequate judgement",
    ),
    "explain": ("risk_commands", "show what makes up one authority's risk"),
    "compare": ("comparison_commands", "compare one authority's figures with those of a group"),
    "changes": (
        "comparison_commands",
        "show what has changed since a date, and what makes up the change",
    ),
    "whatif": (
        "comparison_commands",
        "show which figures would put one authority in another band",
    ),
    "catalogue": (
        "panel_commands",
        "list the indicators: definition, unit, direction, source, first year",
    ),
    "build": ("panel_commands", "read every known published file in a folder into a panel"),
    "train": ("model_commands", "train a model on the judgements published by a date"),
    "backtest": (
        "model_commands",
        "make the honest record: what would have been forecast, and what happened",
    ),
    "card": ("model_commands", "write a model's card, transparency record and quality log"),
    "report": (
        "page_commands",
        "write a report for any browser, on England or the authorities named",
    ),
    "explore": (
        "page_commands",
        "write a page for any browser on which you can change an authority's figures",
    ),
    "draw": (
        "drawing_command",
        "draw one chart and save it: a funnel, a history, the ranked risks or the map",
    ),
    "batch": (
        "rows_commands",
        "score a file of rows of any size, and write the results to another file",
    ),
    "serve": ("rows_commands", "serve scores to other systems over HTTP, from this machine"),
    "refresh": (
        "upkeep_commands",
        "fetch newly published official figures into a folder",
    ),
    "publish": ("upkeep_commands", "add today's forecasts to a register of forecasts"),
    "verify": (
        "upkeep_commands",
        "check a register of forecasts, and score it against the actual outcomes",
    ),
    "retrain": (
        "upkeep_commands",
        "train a challenger, and compare it with the model in use",
    ),
    "monitor": (
        "upkeep_commands",
        (
            "check everything that goes out of date: figures, drift, forecasts, the model's "
            "life (exit code 3: something needs attention)"
        ),
    ),
    "sign": ("signing_commands", "sign a model file with your key (extra sign)"),
    "signed": (
        "signing_commands",
        "check whether a model file is signed by the holder of a key (extra sign)",
    ),
    "drift": ("model_commands", "check whether the model still fits the figures"),
}
"""Each command's module, with its options and what it does, and its description."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command line without the program's name. Default: that of the process.

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
            # A Windows console may not support every letter: show a mark rather than stop.
            stream.reconfigure(errors="replace")
    given = sys.argv[1:] if arguments is None else [*arguments]
    chosen = argparse.Namespace()
    try:
        _parser(given).parse_args(given, chosen)
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
        print(f"earlywarn: {_one_line(str(_by_option(fault, chosen)))}", file=sys.stderr)
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


def _by_option(fault: EarlyWarnError, chosen: argparse.Namespace) -> EarlyWarnError:
    """An error in a function's argument, named by the option that gave it."""
    options: dict[str, str] = getattr(chosen, "options", {})
    parts = fault.as_dict()
    name, comma, rest = parts["where"].partition(",")
    places = {value for value in vars(chosen).values() if isinstance(value, str)}
    if name not in options or name in places:  # a folder may have the name of an argument
        return fault
    parts["where"] = f"{options[name]}{comma}{rest}"
    return EarlyWarnError(parts.pop("problem"), **parts)


def _refuse_empty(chosen: argparse.Namespace) -> None:
    """Refuse an empty value, which could be read as the current folder."""
    empty = [name for name, value in vars(chosen).items() if isinstance(value, str) and not value]
    if empty:
        raise UsageError(
            "nothing is given",
            where=chosen.options.get(empty[0], empty[0]),
            found="an empty value",
            expected="a name, a date or a path",
            remedy="Leave the option out, or give it a value.",
        )


def _unforeseen(fault: Exception) -> int:
    if isinstance(fault, OSError) and is_refusal(fault):
        place = Path(str(fault.filename or "the disk"))
        print(f"earlywarn: {_one_line(str(unwritable(place, fault)))}", file=sys.stderr)
        return YOURS
    print(
        f"earlywarn: an error in earlywarn itself, {type(fault).__name__}: "
        f"{_one_line(str(fault))}. Please report it with the command that you ran.",
        file=sys.stderr,
    )
    return OURS


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _shown_once() -> Callable[..., None]:
    """Show each warning once, since several steps of a command may give the same one."""
    shown: set[str] = set()

    def show(message: Warning | str, *_: object, **__: object) -> None:
        if (text := _one_line(str(message))) not in shown:
            shown.add(text)
            print(f"earlywarn: warning: {text}", file=sys.stderr)

    return show


class _Parser(argparse.ArgumentParser):
    """A parser with unabbreviated options, and usage errors in one line like all others."""

    def __init__(self, **settings: Any) -> None:
        # If abbreviated, --out would mean --outside-life where a command writes no file.
        super().__init__(allow_abbrev=False, **settings)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Refuse left-over arguments here, where the command is known."""
        known, left = super().parse_known_args(args, namespace)
        if left:
            self.error(f"no such option or argument: {' '.join(left)}")
        return known, left

    def error(self, message: str) -> NoReturn:
        raise UsageError(
            message,
            where=self.prog if " " in self.prog else "",
            remedy=f"See {self.prog} --help for what it takes.",
        )


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="earlywarn",
        description="Early warning of failing children's services in England, "
        "from published figures.",
    )
    parser.add_argument("--version", action="version", version=f"earlywarn {__version__}")
    subcommands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name, (module, does) in COMMANDS.items():
        about = does[0].upper() + does[1:] + "."
        command = subcommands.add_parser(name, help=does, description=about)
        if name in given:  # to load every command takes as long as to score England
            add_options, run = import_module(f"earlywarn.cli.{module}").COMMANDS[name]
            add_options(command)
            command.set_defaults(run=run, options=_options(command))
    return parser


def _options(command: argparse.ArgumentParser) -> dict[str, str]:
    """The options of a command, by the corresponding argument names of functions."""
    actions = command._actions  # noqa: SLF001 - argparse has no other way to ask
    return {one.dest: one.option_strings[0] for one in actions if one.option_strings}
