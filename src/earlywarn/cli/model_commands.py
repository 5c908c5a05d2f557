"""The commands that train a model and show how good it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import earlywarn as ew
from earlywarn.cli import options
from earlywarn.cli import text as printing
from earlywarn.cli.inputs import panel_of, snapshot_of
from earlywarn.errors import UsageError, require
from earlywarn.judgements.targets import TARGETS
from earlywarn.model.serialisation import model_file
from earlywarn.utils.files import check_outputs
from earlywarn.utils.progress import Progress, reporter

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    import pandas as pd

    from earlywarn.cli.options import Commands
    from earlywarn.evaluation.baselines import Contender


def _train_options(command: ArgumentParser) -> None:
    options.add(
        command,
        options.panel(),
        options.JUDGEMENTS,
        options.out("MODEL_DIR", "where to write model.json"),
        options.OVERWRITE,
        options.QUIET,
    )
    command.add_argument(
        "--until", metavar="DATE", help="the cut-off date (default: the latest report)"
    )
    command.add_argument(
        "--target", default="any_inadequate", metavar="T", help=f"one of {', '.join(TARGETS)}"
    )
    command.add_argument(
        "--prior",
        type=float,
        metavar="SHARE",
        help="a scenario: a different share of Inadequate judgements from the one expected",
    )
    command.add_argument(
        "--judgements-only",
        action="store_true",
        help="train on --judgements only, without the panel's judgements",
    )


def train(chosen: Namespace) -> None:
    """Train a model, and write it."""
    file = model_file(chosen.out)
    check_outputs(file, overwrite=chosen.overwrite, make_folders=True, what="a model")
    progress: Progress = reporter(quiet=chosen.quiet)
    panel = ew.load_panel(chosen.panel) if chosen.judgements_only else panel_of(chosen)
    judgements = panel.judgements
    if chosen.judgements_only:
        judgements = _judgements_alone(chosen)
    model = ew.train(
        panel,
        judgements,
        until=chosen.until,
        target=chosen.target,
        prior=chosen.prior,
        progress=progress,
    )
    file = ew.save_model(model, chosen.out, overwrite=chosen.overwrite)
    progress.say(printing.training_text(model, file))


def _backtest_options(command: ArgumentParser) -> None:
    options.add(
        command,
        options.model(
            "the model whose target is backtested and whose list is checked (default: ours)"
        ),
        options.panel(),
        options.OVERWRITE,
        options.QUIET,
    )
    command.add_argument(
        "--out",
        metavar="DIR",
        help="write figures as JSON, tables and a page here; carries on if interrupted",
    )
    command.add_argument(
        "--challengers",
        action="store_true",
        help="also compare with machine-learning models; needs the extra challengers",
    )
    command.add_argument(
        "--mute", type=int, action="append", default=[], metavar="N", help="leave out check N"
    )
    command.add_argument("--jobs", type=int, default=2, metavar="N", help="processes")


def backtest(chosen: Namespace) -> None:
    """Run a backtest, print its record, and write it if asked."""
    if chosen.challengers:
        require("interpret", extra="challengers")
    if chosen.out is not None:
        file = Path(chosen.out) / "backtest.json"
        check_outputs(file, overwrite=chosen.overwrite, make_folders=True, what="a record")
    progress = reporter(quiet=chosen.quiet)
    panel, model = ew.load_panel(chosen.panel), ew.load_model(chosen.model)
    baselines: list[Contender] = [*ew.BASELINES, *(ew.CHALLENGERS if chosen.challengers else ())]
    parts = None if chosen.out is None else Path(chosen.out) / "parts"
    found = ew.backtest(
        panel,
        panel.judgements,
        target=model.info["target"]["name"],
        baselines=baselines,
        parts=parts,
        n_jobs=chosen.jobs,
        progress=progress,
    )
    record = ew.make_record(
        found, model, panel, mute=chosen.mute, n_jobs=chosen.jobs, progress=progress
    )
    if chosen.out is not None:
        ew.write_record(record, chosen.out, overwrite=chosen.overwrite)
    print(printing.record_text(record.evaluation.records, record.tables["checks"], chosen.out))


def _card_options(command: ArgumentParser) -> None:
    options.add(
        command,
        options.out("DIR", "the folder to write into"),
        options.model(),
        options.panel(f"the panel folder that it was trained on ({options.SHIPS})"),
        options.OVERWRITE,
        options.QUIET,
    )
    command.add_argument(
        "--record",
        metavar="RECORD",
        help="what backtest --out wrote for it (default: the part of our record that ships)",
    )
    command.add_argument(
        "--links",
        metavar="PLACE",
        help="where earlywarn's source tree is, such as ../.., to link to its documents",
    )
    command.add_argument(
        "--templates",
        metavar="DIR",
        help="your own tripod_ai.md or atrs.md, with the parts that only you can write filled in",
    )


def card(chosen: Namespace) -> None:
    """Write a model's card, transparency record and quality log."""
    progress = reporter(quiet=chosen.quiet)
    folder = ew.write_card(
        chosen.out,
        model=ew.load_model(chosen.model),
        panel=ew.load_panel(chosen.panel),
        record=chosen.record,
        links=chosen.links,
        templates=chosen.templates,
        overwrite=chosen.overwrite,
        progress=progress,
    )
    progress.say(
        f"The model card, the transparency record and the quality log are in {folder}. "
        "What only the owner can add is marked TO BE COMPLETED BY THE OWNER."
    )


def _drift_options(command: ArgumentParser) -> None:
    options.add(command, options.AS_OF, options.model(), options.panel())


def drift(chosen: Namespace) -> None:
    """Print whether today's figures are like those from which the model learnt."""
    model, snapshot = ew.load_model(chosen.model), snapshot_of(chosen)
    found = ew.drift(model, snapshot)
    conclusion = "The model may be used." if found.usable else "The model should not be used."
    text = printing.drift_text(found.indicators, found.reasons, model, snapshot.as_of)
    print(f"{text}\n\n{conclusion}")


def _judgements_alone(chosen: Namespace) -> pd.DataFrame:
    if chosen.judgements is None:
        raise UsageError(
            "no judgements are given", where="--judgements-only", expected="--judgements FILE too"
        )
    return ew.load_judgements(chosen.judgements)


COMMANDS: Commands = {
    "train": (_train_options, train),
    "backtest": (_backtest_options, backtest),
    "card": (_card_options, card),
    "drift": (_drift_options, drift),
}
