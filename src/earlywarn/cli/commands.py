"""What each command does: take the inputs it names, call one door, print what a person reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import earlywarn as ew
from earlywarn.cli import text as printing
from earlywarn.cli.changes_text import all_changes_text, changes_text
from earlywarn.cli.inputs import model_of, panel_of, snapshot_of
from earlywarn.errors import ScoreError, UsageError, require
from earlywarn.export.tables import check_table_place, write_table
from earlywarn.export.workbook import about_explanation, about_scores
from earlywarn.model.horizon import on_day
from earlywarn.model.serialisation import model_file
from earlywarn.panel.naming import region_meant
from earlywarn.panel.storage import check_panel_place
from earlywarn.scoring.counterfactual import NO_BAND
from earlywarn.scoring.national import at_prior
from earlywarn.utils.files import check_outputs
from earlywarn.utils.progress import Progress, reporter

if TYPE_CHECKING:
    import argparse

    import pandas as pd

    from earlywarn.evaluation.baselines import Contender
    from earlywarn.panel.panel import Snapshot


def score(chosen: argparse.Namespace) -> None:
    """Score every authority, print the list, and write it if asked."""
    if chosen.top is not None and chosen.top < 1:
        raise UsageError(
            "not a number of rows", where="--top", found=str(chosen.top), expected="1 or more"
        )
    if chosen.out:
        check_table_place(Path(chosen.out), overwrite=chosen.overwrite)
    snapshot = snapshot_of(chosen)
    model = model_of(chosen, snapshot)
    if chosen.prior is not None:
        model = at_prior(on_day(model, snapshot.as_of), chosen.prior)
    scores = ew.score(model, snapshot)
    if chosen.region is not None:
        scores = _of_region(scores, snapshot, chosen.region)
    if chosen.out:
        about = about_scores(scores, model, snapshot)
        write_table(scores, Path(chosen.out), about=about, overwrite=chosen.overwrite)
    already = chosen.include is not None
    print(printing.scores_text(scores, model, snapshot, top=chosen.top, include_already=already))
    _say_own_figures(snapshot)
    if chosen.out:
        print(f"\nAll {len(scores)} rows and {len(scores.columns)} columns are in {chosen.out}.")


def explain(chosen: argparse.Namespace) -> None:
    """Print what one authority's risk is made of, and write it if asked."""
    if chosen.out:
        check_table_place(Path(chosen.out), overwrite=chosen.overwrite)
    snapshot = snapshot_of(chosen)
    model = model_of(chosen, snapshot)
    rows = ew.explain(model, snapshot, chosen.authority)
    scores = ew.score(model, snapshot)
    if chosen.out:
        about = about_explanation(rows, model, snapshot)
        write_table(rows, Path(chosen.out), about=about, overwrite=chosen.overwrite)
    print(printing.explanation_text(rows, scores, model, snapshot))
    _say_own_figures(snapshot)
    if chosen.out:
        print(f"\nAll {len(rows)} rows and {len(rows.columns)} columns are in {chosen.out}.")


def compare(chosen: argparse.Namespace) -> None:
    """Print an authority's figures beside those of a group, and write them if asked."""
    if chosen.out:
        check_table_place(Path(chosen.out), overwrite=chosen.overwrite)
    snapshot = snapshot_of(chosen)
    rows = ew.compare(snapshot, chosen.authority, chosen.group)
    if chosen.out:
        write_table(rows, Path(chosen.out), overwrite=chosen.overwrite)
    alike = chosen.group.strip().lower() == "neighbours"
    names = ew.neighbours(snapshot, chosen.authority)["la_name"].tolist() if alike else []
    print(printing.comparison_text(rows, names))
    _say_own_figures(snapshot)
    if chosen.out:
        print(f"\nAll {len(rows)} rows and {len(rows.columns)} columns are in {chosen.out}.")


def changes(chosen: argparse.Namespace) -> None:
    """Print what changed since a day, and write it if asked."""
    if chosen.out:
        check_table_place(Path(chosen.out), overwrite=chosen.overwrite)
    later = snapshot_of(chosen)
    model, earlier = model_of(chosen, later), panel_of(chosen).as_of(chosen.since)
    rows = ew.what_changed(model, earlier, later, chosen.authority)
    if chosen.out:
        write_table(rows, Path(chosen.out), overwrite=chosen.overwrite)
    text = changes_text if chosen.authority else all_changes_text
    print(text(rows, top=chosen.top))
    _say_own_figures(later)
    if chosen.out:
        print(f"\nAll {len(rows)} rows and {len(rows.columns)} columns are in {chosen.out}.")


def whatif(chosen: argparse.Namespace) -> None:
    """Print with which figures an authority's band would be another."""
    snapshot = snapshot_of(chosen)
    model = model_of(chosen, snapshot)
    try:
        rows = ew.what_would_change(model, snapshot, chosen.authority, better=not chosen.worse)
    except ScoreError as fault:
        if fault.problem != NO_BAND:
            raise
        other = "without --worse" if chosen.worse else "with --worse"
        parts = {**fault.as_dict(), "remedy": f"Ask the other way: {other}."}
        raise ScoreError(parts.pop("problem"), **parts) from fault
    if rows.empty:
        raise UsageError("no figure can be moved that way", where=chosen.authority)
    print(printing.what_if_text(rows, model, snapshot))


def catalogue(_: argparse.Namespace) -> None:
    """Print the indicators."""
    print(printing.catalogue_text())


def drift(chosen: argparse.Namespace) -> None:
    """Print whether today's figures are like those that the model learnt from."""
    model, snapshot = ew.load_model(chosen.model), snapshot_of(chosen)
    found = ew.drift(model, snapshot)
    conclusion = "The model may be used." if found.usable else "The model should not be used."
    text = printing.drift_text(found.indicators, found.reasons, model, snapshot.as_of)
    print(f"{text}\n\n{conclusion}")


def build(chosen: argparse.Namespace) -> None:
    """Read published files into a panel folder."""
    check_panel_place(Path(chosen.out), overwrite=chosen.overwrite)
    known = ew.load_panel(chosen.known)
    progress = reporter(quiet=chosen.quiet)
    progress.say(f"Reading the published files below {chosen.folder}")
    panel = ew.read_published(chosen.folder, known=known, progress=progress)
    ew.write_panel(panel, chosen.out, overwrite=chosen.overwrite)
    progress.say(printing.build_text(panel, chosen.out))


def train(chosen: argparse.Namespace) -> None:
    """Learn a model, and write it."""
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


def backtest(chosen: argparse.Namespace) -> None:
    """Make the record of what would have been said, print it, and write it if asked."""
    if chosen.challengers:
        require("interpret", extra="challengers")
    if chosen.out is not None:
        file = Path(chosen.out) / "backtest.json"
        check_outputs(file, overwrite=chosen.overwrite, make_folders=True, what="a record")
    progress = reporter(quiet=chosen.quiet)
    panel, model = ew.load_panel(chosen.panel), ew.load_model(chosen.model)
    baselines: list[Contender] = [*ew.RIVALS, *(ew.CHALLENGERS if chosen.challengers else ())]
    parts = None if chosen.out is None else Path(chosen.out) / "parts"
    found = ew.backtest(
        panel,
        panel.judgements,
        target=model.info["target"]["name"],
        rivals=baselines,
        parts=parts,
        n_jobs=chosen.jobs,
        progress=progress,
    )
    record = ew.make_record(found, model, panel, mute=chosen.mute, progress=progress)
    if chosen.out is not None:
        ew.write_record(record, chosen.out, overwrite=chosen.overwrite)
    print(printing.record_text(record.evaluation.records, record.tables["checks"], chosen.out))


def card(chosen: argparse.Namespace) -> None:
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
        "What only the owner can say is marked TO BE COMPLETED BY THE OWNER."
    )


def batch(chosen: argparse.Namespace) -> None:
    """Score a file of rows into another file."""
    progress = reporter(quiet=chosen.quiet)
    result = ew.score_file(
        chosen.rows,
        chosen.out,
        ew.load_model(chosen.model),
        explain=chosen.explain,
        chunk=chosen.chunk,
        resume=chosen.resume,
        overwrite=chosen.overwrite,
        jobs=chosen.jobs,
        progress=progress,
    )
    before = "All was done before: " if result.done_before else ""
    progress.say(
        f"{before}{result.rows:,} rows are in {result.out}; {result.refused:,} were refused, "
        f"and stand with the reason in {result.refused_rows}."
    )


def serve(chosen: argparse.Namespace) -> None:
    """Answer over HTTP until stopped."""
    ew.serve(
        host=chosen.host,
        port=chosen.port,
        model=chosen.model,
        panel=chosen.panel,
        workers=chosen.workers,
        log_json=chosen.log_json,
    )


def _judgements_alone(chosen: argparse.Namespace) -> pd.DataFrame:
    if chosen.judgements is None:
        raise UsageError(
            "no judgements are named", where="--judgements-only", expected="--judgements FILE too"
        )
    return ew.load_judgements(chosen.judgements)


def _of_region(scores: pd.DataFrame, snapshot: Snapshot, region: str) -> pd.DataFrame:
    """The rows of a region's authorities; ranks stay those among all of England."""
    table = snapshot.authorities
    meant = region_meant(table["region"], region)
    codes = set(table.loc[table["region"] == meant, "la_code"])
    return scores[scores["la_code"].isin(codes)].reset_index(drop=True)


def _say_own_figures(snapshot: Snapshot) -> None:
    if len(snapshot.own_figures):
        print(f"\n{printing.own_figures_text(snapshot)}")
