"""The commands about figures: the catalogue, and building a panel from published files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import earlywarn as ew
from earlywarn.cli import options
from earlywarn.cli import text as printing
from earlywarn.panel.storage import check_panel_place
from earlywarn.utils.progress import reporter

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from earlywarn.cli.options import Commands


def catalogue(_: Namespace) -> None:
    """Print the indicators."""
    print(printing.catalogue_text())


def _build_options(command: ArgumentParser) -> None:
    options.add(
        command, options.out("PANEL", "the panel folder to write"), options.OVERWRITE, options.QUIET
    )
    command.add_argument("folder", metavar="FOLDER")
    command.add_argument(
        "--known",
        metavar="P",
        help="a panel folder to compare the files with: what the same release gave differently is "
        "a finding (default: the panel that ships)",
    )
    command.add_argument(
        "--keep-judgements",
        action="store_true",
        help="keep that panel's judgements where the files have none for the inspection",
    )


def build(chosen: Namespace) -> None:
    """Read published files into a panel folder."""
    check_panel_place(Path(chosen.out), overwrite=chosen.overwrite)
    known = ew.load_panel(chosen.known)
    progress = reporter(quiet=chosen.quiet)
    progress.say(f"Reading the published files in {chosen.folder}")
    keep = known.judgements if chosen.keep_judgements else None
    panel = ew.read_published(chosen.folder, known=known, keep_judgements=keep, progress=progress)
    ew.write_panel(panel, chosen.out, overwrite=chosen.overwrite)
    progress.say(printing.build_text(panel, chosen.out))


COMMANDS: Commands = {
    "catalogue": (options.add, catalogue),
    "build": (_build_options, build),
}
