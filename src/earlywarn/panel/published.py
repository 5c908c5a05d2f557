"""Read published files, as downloaded, into a panel."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from earlywarn.judgements.reading import judgements_in
from earlywarn.judgements.schema import check_judgements
from earlywarn.panel.known import (
    check_figures_known,
    check_neighbours_known,
)
from earlywarn.panel.known_frameworks import beside_the_files, check_frameworks_known
from earlywarn.panel.known_judgements import check_judgements_known, file_name
from earlywarn.panel.known_releases import check_release_before
from earlywarn.panel.panel import Panel, panel_or_shipped
from earlywarn.sources.folder import read_figures, settled
from earlywarn.sources.schema import findings_frame

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from earlywarn.utils.progress import Progress


def read_published(
    folder: str | Path,
    *,
    known: Panel | None = None,
    keep_judgements: pd.DataFrame | None = None,
    progress: Progress | None = None,
) -> Panel:
    """Read the published files below a folder, including judgements.

    Parameters
    ----------
    folder : str or Path
        Files as downloaded, at any depth, recognised by their columns.
    known : Panel, optional
        What is already known; by default the panel that ships with the package. The findings list
        each figure, neighbour or judgement that differs in the same release or is missing, and each
        framework without judgements in the files.
    keep_judgements : DataFrame, optional
        Judgements, as returned by `load_judgements`, to keep where the files lack the inspection.
    progress : Progress, optional
        Where to report progress; silent by default.

    Returns
    -------
    Panel
        Without judgements if there are none below the folder and none are kept: see
        `Panel.with_judgements`.

    Raises
    ------
    SourceError, OutcomeError, AuthorityError
        If a file, or a judgement to keep, is not what it should be.
    PanelError
        If `known` is not a panel.
    """
    keep = None if keep_judgements is None else check_judgements(keep_judgements)
    figures = read_figures(folder, progress=progress)
    judged = judgements_in(figures.unread, register=figures.published.register)
    against = panel_or_shipped(known, "known")
    read, register = figures.published, figures.published.register
    files = {file_name(member) for member in judged.read}
    judgements, standing = beside_the_files(judged.frame, keep, register)
    differences = [
        *check_figures_known(read.observations, against.observations, register),
        *check_release_before(read.observations, against.observations, register),
        *check_neighbours_known(read.neighbours, against.neighbours, register),
        *check_judgements_known(judged.frame, against.judgements, register, files),
        *check_frameworks_known(judgements, against.judgements),
        *standing,
    ]
    published = settled(figures, judged.read, findings_frame([*judged.findings, *differences]))
    return Panel(
        observations=published.observations,
        neighbours=published.neighbours,
        judgements=judgements,
        releases=published.releases,
        findings=published.findings,
        register=published.register,
        manifest={"sources": [asdict(record) for record in published.files]},
    )
