"""Options that several commands share, each written once: parents of the commands' parsers."""

from __future__ import annotations

import argparse

from earlywarn.export.tables import ENDINGS

SHIPS = "default: the one that ships"


def _flag(name: str, description: str) -> argparse.ArgumentParser:
    parent = argparse.ArgumentParser(add_help=False)
    parent.add_argument(name, action="store_true", help=description)
    return parent


def _value(
    name: str, metavar: str, description: str, *, required: bool = False
) -> argparse.ArgumentParser:
    parent = argparse.ArgumentParser(add_help=False)
    parent.add_argument(name, metavar=metavar, help=description, required=required)
    return parent


def model(description: str = f"a model folder or file ({SHIPS})") -> argparse.ArgumentParser:
    """Give --model."""
    return _value("--model", "M", description)


def panel(
    description: str = f"a panel folder that build wrote ({SHIPS})",
) -> argparse.ArgumentParser:
    """Give --panel."""
    return _value("--panel", "P", description)


def out(metavar: str, description: str) -> argparse.ArgumentParser:
    """Give --out where it must be given."""
    return _value("--out", metavar, description, required=True)


QUIET = _flag("--quiet", "say nothing but errors")
OVERWRITE = _flag("--overwrite", "replace what is there already")
OUTSIDE_LIFE = _flag("--outside-life", "also for a day that the model is not meant for")
AS_OF = _value(
    "--as-of", "DATE", "only what was published by this date (default: the newest in the panel)"
)
FIGURES = _value(
    "--figures",
    "FILE",
    "your own newer figures: la_code (or names) and a column a figure, named as in the catalogue",
)
JUDGEMENTS = _value(
    "--judgements",
    "FILE",
    "new judgements beside the panel's: Ofsted's ODS, a table or a folder",
)
TABLE = _value("--out", "FILE", f"write all rows and columns to a file ({', '.join(ENDINGS)})")

ASKED = [AS_OF, model(), panel(), JUDGEMENTS, FIGURES, OUTSIDE_LIFE]
"""What every command takes that says something of authorities on a day."""
WRITTEN = [TABLE, OVERWRITE]
"""What every command takes that can write a table."""
