"""The inputs of the commands: the panel, the model and the date given by the options."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import earlywarn as ew
from earlywarn.errors import AuthorityError, IndicatorError, PanelError, ScoreError, UsageError
from earlywarn.scoring.own_tables import read_figures

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    import pandas as pd

    from earlywarn.model.risk_model import RiskModel
    from earlywarn.panel.panel import Panel, Snapshot


def panel_of(chosen: argparse.Namespace) -> Panel:
    """The given panel, with the judgements of --judgements added to its own."""
    panel = ew.load_panel(chosen.panel)
    if getattr(chosen, "judgements", None) is None:
        return panel
    return panel.add_judgements(ew.load_judgements(chosen.judgements, alone=False))


def snapshot_of(chosen: argparse.Namespace) -> Snapshot:
    """The snapshot on the given date, with the figures of --figures put in."""
    panel = panel_of(chosen)
    day = panel.newest_publication if chosen.as_of is None else chosen.as_of
    snapshot = panel.as_of(day)
    return _with_figures(chosen, snapshot)


def earlier_of(chosen: argparse.Namespace) -> Snapshot:
    """What was public on the earlier day that is named.

    Raises
    ------
    PanelError
        If it is not a day that the panel reaches to.
    """
    try:
        return panel_of(chosen).as_of(chosen.earlier)
    except PanelError as error:
        parts = error.as_dict() | {"where": "earlier"}
        raise PanelError(parts.pop("problem"), **parts) from error


def figures_of(chosen: argparse.Namespace) -> pd.DataFrame | None:
    """The table of --figures; None if not given."""
    if getattr(chosen, "figures", None) is None:
        return None
    return _whose(chosen, read_figures(chosen.figures))


@contextmanager
def figures_named(chosen: argparse.Namespace) -> Iterator[None]:
    """Add to an error about own figures the file that contains them."""
    try:
        yield
    except (AuthorityError, IndicatorError) as error:
        named = isinstance(error, AuthorityError) and not error.where.startswith(("row ", "line "))
        if named or getattr(chosen, "figures", None) is None:
            raise  # An authority from an option, not from a row.
        parts = error.as_dict()
        where = f"{chosen.figures}, {parts.pop('where')}".removesuffix(", ")
        raise ScoreError(parts.pop("problem"), where=where, **parts) from error


def _with_figures(chosen: argparse.Namespace, snapshot: Snapshot) -> Snapshot:
    figures = figures_of(chosen)
    if figures is None:
        return snapshot
    if isinstance(getattr(chosen, "authority", None), str):
        snapshot.existing_code(chosen.authority)  # An error in this is not in the file.
    with figures_named(chosen):
        return ew.with_figures(snapshot, figures)


def _whose(chosen: argparse.Namespace, figures: pd.DataFrame) -> pd.DataFrame:
    """A single row that names no authority belongs to the one that the command is about."""
    authority = getattr(chosen, "authority", None)
    unnamed = not {"la_code", "la_name", "authority"} & set(figures.columns)
    if unnamed and len(figures) == 1 and isinstance(authority, str):
        return figures.assign(la_code=authority)
    return figures


def model_of(chosen: argparse.Namespace, snapshot: Snapshot) -> RiskModel:
    """Load the given model, if the date is within its life or --outside-life is given.

    Raises
    ------
    UsageError
        If the date is outside the model's life.
    """
    model = ew.load_model(chosen.model)
    first, last = model.info.get("first_date", ""), model.info.get("sunset", "9999")
    if not chosen.outside_life and not first <= snapshot.as_of.isoformat() <= last:
        raise UsageError(
            "the date is outside the model's life",
            where="--as-of",
            found=snapshot.as_of.isoformat(),
            expected=f"{first} to {last}, which {model.info.get('model_id', 'it')} is meant for",
            remedy="Retrain it (python -m earlywarn train), or add --outside-life.",
        )
    return model
