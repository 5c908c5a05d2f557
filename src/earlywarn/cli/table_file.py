"""The file to which a command writes its table, if --out is given, and what is printed about it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from earlywarn.cli.text import own_figures_text
from earlywarn.export.tables import check_table_place, write_table

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    import pandas as pd

    from earlywarn.export.workbook import About
    from earlywarn.panel.panel import Snapshot


def check_place(chosen: Namespace) -> None:
    """Refuse a file that can't be written, before any work."""
    if chosen.out:
        check_table_place(Path(chosen.out), overwrite=chosen.overwrite)


def write(chosen: Namespace, rows: pd.DataFrame, about: Callable[[], About] | None = None) -> None:
    """Write the table, with its description in a workbook."""
    if chosen.out:
        said = None if about is None else about()
        write_table(rows, Path(chosen.out), about=said, overwrite=chosen.overwrite)


def say_rest(chosen: Namespace, rows: pd.DataFrame, snapshot: Snapshot) -> None:
    """Print below the table which figures are the caller's own, and where the file is."""
    say_own(snapshot)
    if chosen.out:
        print(f"\nAll {len(rows)} rows and {len(rows.columns)} columns are in {chosen.out}.")


def say_own(snapshot: Snapshot) -> None:
    """Print which figures are the caller's own, if any."""
    if len(snapshot.own_figures):
        print(f"\n{own_figures_text(snapshot)}")
