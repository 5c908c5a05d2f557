"""The command line."""

from earlywarn.cli.parser import main

__all__ = ["main"]
