"""The commands that write pages for any browser: the report, and the page to explore with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import earlywarn as ew
from earlywarn.cli import options
from earlywarn.cli.inputs import figures_named, figures_of, panel_of
from earlywarn.utils.progress import reporter

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    Adder = Callable[..., argparse.ArgumentParser]


def add_pages(add: Adder, subcommands: Any) -> None:
    """Add the commands to the command line."""
    _add_report(add, subcommands)
    _add_explore(add, subcommands)


def report(chosen: argparse.Namespace) -> None:
    """Write the report page."""
    progress = reporter(quiet=chosen.quiet)
    file = ew.write_report(
        chosen.out,
        panel=panel_of(chosen),
        model=ew.load_model(chosen.model),
        as_of=chosen.as_of,
        authorities=chosen.authority,
        national=chosen.national,
        brief=chosen.brief,
        split=chosen.split,
        overwrite=chosen.overwrite,
        progress=progress,
    )
    progress.say(f"The report is in {file}")


def explore(chosen: argparse.Namespace) -> None:
    """Write the page to explore with."""
    progress = reporter(quiet=chosen.quiet)
    with figures_named(chosen):
        file = ew.write_explorer(
            chosen.out,
            panel=panel_of(chosen),
            model=ew.load_model(chosen.model),
            as_of=chosen.as_of,
            authority=chosen.authority,
            figures=figures_of(chosen),
            overwrite=chosen.overwrite,
            progress=progress,
        )
    progress.say(f"The page is in {file}")


def _add_report(add: Adder, subcommands: Any) -> None:
    command = add(
        subcommands,
        "report",
        report,
        "write a report for any browser: England, or the authorities named",
        options.AS_OF,
        options.model(),
        options.panel(),
        options.JUDGEMENTS,
        options.out("FILE.html", "the page to write; with --split, the folder"),
        options.OVERWRITE,
        options.QUIET,
    )
    command.add_argument(
        "--split",
        action="store_true",
        help="England as index.html in a folder, and a page an authority beside it, linked",
    )
    command.add_argument(
        "--authority",
        nargs="+",
        action="extend",
        metavar="NAME_OR_CODE",
        help="a report on these alone (default: England, and every authority)",
    )
    command.add_argument(
        "--national", action="store_true", help="put England's parts before the authorities named"
    )
    command.add_argument(
        "--brief", action="store_true", help="two pages of A4 for each authority named"
    )


def _add_explore(add: Adder, subcommands: Any) -> None:
    command = add(
        subcommands,
        "explore",
        explore,
        "write a page for any browser on which an authority's figures can be changed",
        options.AS_OF,
        options.model(),
        options.panel(),
        options.JUDGEMENTS,
        options.FIGURES,
        options.out("FILE.html", "the page to write"),
        options.OVERWRITE,
        options.QUIET,
    )
    command.add_argument("--authority", metavar="NAME_OR_CODE", help="whose figures it opens with")
