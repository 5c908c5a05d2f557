"""The commands that write HTML pages: the report, and the page for exploring."""

from __future__ import annotations

from typing import TYPE_CHECKING

import earlywarn as ew
from earlywarn.cli import options
from earlywarn.cli.inputs import figures_named, figures_of, panel_of
from earlywarn.utils.progress import reporter

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from earlywarn.cli.options import Commands


def report(chosen: Namespace) -> None:
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


def explore(chosen: Namespace) -> None:
    """Write the page for exploring."""
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


def _report_options(command: ArgumentParser) -> None:
    options.add(
        command,
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
        help="write a folder: England as index.html, with a linked page for each authority",
    )
    command.add_argument(
        "--authority",
        nargs="+",
        action="extend",
        metavar="NAME_OR_CODE",
        help="report on these only (default: England and every authority)",
    )
    command.add_argument(
        "--national",
        action="store_true",
        help="put the sections on England before the authorities named",
    )
    command.add_argument(
        "--brief", action="store_true", help="two pages of A4 for each authority named"
    )


def _explore_options(command: ArgumentParser) -> None:
    options.add(
        command,
        options.AS_OF,
        options.model(),
        options.panel(),
        options.JUDGEMENTS,
        options.FIGURES,
        options.out("FILE.html", "the page to write"),
        options.OVERWRITE,
        options.QUIET,
    )
    command.add_argument("--authority", metavar="NAME_OR_CODE", help="the authority it opens with")


COMMANDS: Commands = {"report": (_report_options, report), "explore": (_explore_options, explore)}
