"""The commands that compare an authority with others, another date, or other figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import earlywarn as ew
from earlywarn.cli import options, table_file
from earlywarn.cli import text as printing
from earlywarn.cli.changes_text import all_changes_text, changes_text
from earlywarn.cli.inputs import earlier_of, model_of, snapshot_of
from earlywarn.errors import ScoreError, UsageError
from earlywarn.scoring.counterfactual import NO_BAND

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    import pandas as pd

    from earlywarn.cli.options import Commands
    from earlywarn.model.risk_model import RiskModel
    from earlywarn.panel.panel import Snapshot


def _compare_options(command: ArgumentParser) -> None:
    options.add(command, options.AS_OF, options.panel(), options.FIGURES, *options.WRITTEN)
    command.add_argument("authority", metavar="NAME_OR_CODE")
    command.add_argument(
        "--with",
        dest="with_",
        default="neighbours",
        metavar="GROUP",
        help='neighbours (default), region, type, England, "North East", or a list: "Leeds, 373", '
        "with semicolons where a name has a comma",
    )


def compare(chosen: Namespace) -> None:
    """Print an authority's figures next to those of a group, and write them if asked."""
    table_file.check_place(chosen)
    snapshot = snapshot_of(chosen)
    rows = ew.compare(snapshot, chosen.authority, chosen.with_)
    table_file.write(chosen, rows)
    alike = chosen.with_.strip().lower() == "neighbours"
    names = ew.neighbours(snapshot, chosen.authority)["la_name"].tolist() if alike else []
    print(printing.comparison_text(rows, names))
    table_file.say_rest(chosen, rows, snapshot)


def _changes_options(command: ArgumentParser) -> None:
    options.add(command, *options.ASKED, *options.WRITTEN)
    command.add_argument(
        "authority", metavar="NAME_OR_CODE", nargs="?", help="one authority (default: all)"
    )
    command.add_argument(
        "--since", dest="earlier", metavar="DATE", required=True, help="the earlier date"
    )
    command.add_argument("--top", type=int, metavar="N", help="print only the N largest changes")


def changes(chosen: Namespace) -> None:
    """Print what changed since a date, and write it if asked."""
    table_file.check_place(chosen)
    later = snapshot_of(chosen)
    model, earlier = model_of(chosen, later), earlier_of(chosen)
    rows = ew.what_changed(model, earlier, later, chosen.authority)
    table_file.write(chosen, rows)
    text = changes_text if chosen.authority else all_changes_text
    print(text(rows, top=chosen.top))
    table_file.say_rest(chosen, rows, later)


def _whatif_options(command: ArgumentParser) -> None:
    options.add(command, *options.ASKED, *options.WRITTEN)
    command.add_argument("authority", metavar="NAME_OR_CODE")
    command.add_argument(
        "--worse", action="store_true", help="aim for the next higher band, not the lower"
    )


def whatif(chosen: Namespace) -> None:
    """Print with which figures an authority's band would be different, and write them if asked."""
    table_file.check_place(chosen)
    snapshot = snapshot_of(chosen)
    model = model_of(chosen, snapshot)
    rows = _what_would_change(chosen, model, snapshot)
    table_file.write(chosen, rows)
    print(printing.what_if_text(rows, ew.score(model, snapshot), model, snapshot))
    table_file.say_rest(chosen, rows, snapshot)


def _what_would_change(chosen: Namespace, model: RiskModel, snapshot: Snapshot) -> pd.DataFrame:
    """The figures of another band; an error names the option that it concerns."""
    try:
        rows = ew.what_would_change(model, snapshot, chosen.authority, better=not chosen.worse)
    except ScoreError as fault:
        if fault.problem != NO_BAND:
            raise
        other = "without --worse" if chosen.worse else "with --worse"
        parts = {**fault.as_dict(), "remedy": f"Try the other direction: {other}."}
        raise ScoreError(parts.pop("problem"), **parts) from fault
    if rows.empty:
        raise UsageError("no figure can be changed in that direction", where=chosen.authority)
    return rows


COMMANDS: Commands = {
    "compare": (_compare_options, compare),
    "changes": (_changes_options, changes),
    "whatif": (_whatif_options, whatif),
}
