"""Options shared by several commands, each defined once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from earlywarn.export.tables import ENDINGS

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Mapping

    Commands = Mapping[str, tuple[Callable[[ArgumentParser], None], Callable[[Namespace], None]]]
    """By command name, the function that adds its options, and the one that runs it."""

SHIPS = "default: the one that ships"


@dataclass(frozen=True)
class Option:
    """An option, and its arguments for argparse."""

    name: str
    settings: dict[str, Any]


def add(command: ArgumentParser, *shared: Option) -> None:
    """Add shared options to a command."""
    for option in shared:
        command.add_argument(option.name, **option.settings)


def _flag(name: str, description: str) -> Option:
    return Option(name, {"action": "store_true", "help": description})


def _value(name: str, metavar: str, description: str, *, required: bool = False) -> Option:
    return Option(name, {"metavar": metavar, "help": description, "required": required})


def model(description: str = f"a model folder or file ({SHIPS})") -> Option:
    """Define --model."""
    return _value("--model", "M", description)


def panel(
    description: str = f"a panel folder that build wrote ({SHIPS})",
) -> Option:
    """Define --panel."""
    return _value("--panel", "P", description)


def out(metavar: str, description: str) -> Option:
    """Define --out as a required option."""
    return _value("--out", metavar, description, required=True)


QUIET = _flag("--quiet", "print only errors")
OVERWRITE = _flag("--overwrite", "replace what is already there")
OUTSIDE_LIFE = _flag("--outside-life", "allow a date that the model is not meant for")
AS_OF = _value(
    "--as-of", "DATE", "use only what was published by this date (default: the latest in the panel)"
)
FIGURES = _value(
    "--figures",
    "FILE",
    "your own newer figures, as CSV or a workbook: la_code (or names) and one column for each "
    "figure, named as in the catalogue",
)
JUDGEMENTS = _value(
    "--judgements",
    "FILE",
    "new judgements to add to the panel's: Ofsted's ODS, a table or a folder",
)
TABLE = _value("--out", "FILE", f"write all rows and columns to a file ({', '.join(ENDINGS)})")

ASKED = [AS_OF, model(), panel(), JUDGEMENTS, FIGURES, OUTSIDE_LIFE]
"""The options of every command about authorities on a date."""
WRITTEN = [TABLE, OVERWRITE]
"""The options of every command that can write a table."""
