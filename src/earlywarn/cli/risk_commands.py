"""The commands that show authorities' risks, and what they are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import earlywarn as ew
from earlywarn.cli import options, table_file
from earlywarn.cli import text as printing
from earlywarn.cli.inputs import model_of, snapshot_of
from earlywarn.errors import UsageError
from earlywarn.export.workbook import about_explanation, about_scores
from earlywarn.model.horizon import on_day
from earlywarn.panel.naming import region_meant
from earlywarn.scoring.national import at_prior

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    import pandas as pd

    from earlywarn.cli.options import Commands
    from earlywarn.panel.panel import Snapshot


def _score_options(command: ArgumentParser) -> None:
    options.add(command, *options.ASKED, *options.WRITTEN)
    command.add_argument("--top", type=int, metavar="N", help="print only the N highest")
    command.add_argument(
        "--include",
        choices=["already-inadequate"],
        metavar="already-inadequate",
        help="also print those already judged Inadequate, in a list of their own",
    )
    command.add_argument("--region", metavar="NAME", help="only the authorities in a region")
    command.add_argument(
        "--prior",
        type=float,
        metavar="SHARE",
        help="a scenario: a different share of Inadequate judgements, such as 0.08",
    )


def score(chosen: Namespace) -> None:
    """Score every authority, print the list, and write it if asked."""
    if chosen.top is not None and chosen.top < 1:
        raise UsageError(
            "not a number of rows", where="--top", found=str(chosen.top), expected="1 or more"
        )
    table_file.check_place(chosen)
    snapshot = snapshot_of(chosen)
    model = model_of(chosen, snapshot)
    if chosen.prior is not None:
        model = at_prior(on_day(model, snapshot.as_of), chosen.prior)
    scores = ew.score(model, snapshot)
    if chosen.region is not None:
        scores = _of_region(scores, snapshot, chosen.region)
    table_file.write(chosen, scores, lambda: about_scores(scores, model, snapshot))
    already = chosen.include is not None
    print(printing.scores_text(scores, model, snapshot, top=chosen.top, include_already=already))
    table_file.say_rest(chosen, scores, snapshot)


def _explain_options(command: ArgumentParser) -> None:
    options.add(command, *options.ASKED, *options.WRITTEN)
    command.add_argument("authority", metavar="NAME_OR_CODE")


def explain(chosen: Namespace) -> None:
    """Print what one authority's risk is made of, and write it if asked."""
    table_file.check_place(chosen)
    snapshot = snapshot_of(chosen)
    model = model_of(chosen, snapshot)
    rows = ew.explain(model, snapshot, chosen.authority)
    scores = ew.score(model, snapshot)
    table_file.write(chosen, rows, lambda: about_explanation(rows, model, snapshot))
    print(printing.explanation_text(rows, scores, model, snapshot))
    table_file.say_rest(chosen, rows, snapshot)


def _of_region(scores: pd.DataFrame, snapshot: Snapshot, region: str) -> pd.DataFrame:
    """The rows of a region's authorities; ranks are still among all of England."""
    table = snapshot.authorities
    meant = region_meant(table["region"], region)
    codes = set(table.loc[table["region"] == meant, "la_code"])
    return scores[scores["la_code"].isin(codes)].reset_index(drop=True)


COMMANDS: Commands = {"score": (_score_options, score), "explain": (_explain_options, explain)}
