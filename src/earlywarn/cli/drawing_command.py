"""The command that draws one figure into a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import earlywarn as ew
from earlywarn import report
from earlywarn.cli import options
from earlywarn.cli.inputs import figures_named, panel_of, snapshot_of
from earlywarn.errors import UsageError, require
from earlywarn.report.picture_files import check_picture, picture_bytes
from earlywarn.utils.files import check_outputs, write_whole, written_to

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from earlywarn.cli.options import Commands

OF_INDICATORS = ("funnel", "history")
KINDS = (*OF_INDICATORS, "risks", "map")


def _draw_options(command: ArgumentParser) -> None:
    options.add(
        command,
        options.AS_OF,
        options.model(),
        options.panel(),
        options.JUDGEMENTS,
        options.FIGURES,
        options.out("FILE", "the picture to write: .svg, .png or .pdf"),
        options.OVERWRITE,
    )
    command.add_argument("kind", choices=KINDS, help="what to draw")
    command.add_argument(
        "indicator", nargs="?", help="for a funnel or a history: a name from the catalogue"
    )
    command.add_argument(
        "--mark",
        nargs="+",
        action="extend",
        metavar="NAME_OR_CODE",
        help="authorities to highlight; for a history, the one it shows",
    )


def draw(chosen: Namespace) -> None:
    """Draw the requested figure, and print what it shows."""
    file = Path(chosen.out)
    check_picture(file)
    check_outputs(file, overwrite=chosen.overwrite)
    _check(chosen)
    require("matplotlib", extra="report").use("agg")  # a file needs no screen
    axes = _drawn(chosen)
    said = axes.get_label()
    with written_to(file):
        write_whole(file, picture_bytes(axes, file.suffix), overwrite=chosen.overwrite)
    print(said)
    print(f"The picture is in {file}")


def _check(chosen: Namespace) -> None:
    """Refuse incompatible options before any work."""
    needed = chosen.kind in OF_INDICATORS
    if needed != (chosen.indicator is not None):
        raise UsageError(
            "a funnel or a history takes an indicator, the others take none",
            where=f"draw {chosen.kind}",
            found=chosen.indicator or "no indicator",
            expected="a name from the catalogue, such as rereferrals" if needed else "none",
        )
    if chosen.kind != "history":
        return
    if len(chosen.mark or []) != 1 or chosen.as_of or chosen.figures:
        raise UsageError(
            "a history shows one authority, as published up to the latest date",
            where="draw history",
            found=", ".join(chosen.mark or ["no authority"]),
            expected="--mark with one authority, and neither --as-of nor --figures",
        )


def _drawn(chosen: Namespace) -> Any:
    if chosen.kind == "history":
        return report.history(panel_of(chosen), chosen.mark[0], chosen.indicator)
    with figures_named(chosen):
        snapshot = snapshot_of(chosen)
    if chosen.kind == "funnel":
        return report.funnel(snapshot, chosen.indicator, mark=chosen.mark)
    scores = ew.score(ew.load_model(chosen.model), snapshot)
    plot = {"risks": report.ranked_intervals, "map": report.tile_map}[chosen.kind]
    return plot(scores, mark=chosen.mark)


COMMANDS: Commands = {"draw": (_draw_options, draw)}
