"""Published files, as downloaded -> Panel."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from earlywarn.judgements.reading import judgements_in
from earlywarn.panel.panel import Panel
from earlywarn.sources.folder import read_figures, settled
from earlywarn.sources.schema import findings_frame

if TYPE_CHECKING:
    from pathlib import Path

    from earlywarn.utils.progress import Progress


def read_published(folder: str | Path, *, progress: Progress | None = None) -> Panel:
    """Read the published files below a folder, with the judgements among them.

    Parameters
    ----------
    folder : str or Path
        Files as downloaded, found by their columns at any depth.
    progress : Progress, optional
        What to report to; silent if not given.

    Returns
    -------
    Panel
        Without judgements if there are none below the folder: see `Panel.with_judgements`.

    Raises
    ------
    SourceError, OutcomeError, AuthorityError
        If a file is not what it should be.
    """
    figures = read_figures(folder, progress=progress)
    judged = judgements_in(figures.unread, register=figures.published.register)
    published = settled(figures, judged.read, findings_frame(judged.findings))
    return Panel(
        observations=published.observations,
        neighbours=published.neighbours,
        judgements=judged.frame,
        releases=published.releases,
        findings=published.findings,
        register=published.register,
        manifest={"sources": [asdict(record) for record in published.files]},
    )
