"""Refresh: download new figures, build the panel, and report what changed."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from earlywarn.errors import FetchError, PanelError
from earlywarn.fetching.fetch import fetch_published
from earlywarn.fetching.release_files import CONTENT, SITE
from earlywarn.fetching.service import API
from earlywarn.fetching.store import MANIFEST, Store
from earlywarn.model.serialisation import load_model
from earlywarn.panel.known_frameworks import STANDS
from earlywarn.panel.panel import load_panel, write_panel
from earlywarn.panel.published import read_published
from earlywarn.panel.storage import brought_back
from earlywarn.scoring.national import score
from earlywarn.upkeep.changes import Changes, changes_between
from earlywarn.utils.dates import as_date
from earlywarn.utils.files import write_whole, written_to
from earlywarn.utils.formatting import counted
from earlywarn.utils.progress import Progress, progress_or_silent

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from earlywarn.panel.panel import Panel

PANEL = ".panel"
"""The panel that is built, in the folder of the files; hidden from the reader of the files."""

BUILT_OF = ".panel-built-of.json"
"""The digest of each file that the panel was built from, next to it."""
_NEW = ["file", "title", "version", "published", "address"]


@dataclass(frozen=True, eq=False)
class Refreshed:
    """The result of a refresh.

    Attributes
    ----------
    folder : Path
        Where the files are.
    new : DataFrame
        A row for each file that was downloaded (or would be, in a dry run): ``file, title, version,
        published, address``.
    kept : int
        Files that were there before.
    notes : tuple of str
        Notes for the user.
    panel : Path or None
        The panel, if it was built.
    changes : Changes or None
        The differences from the panel before.
    scores : DataFrame or None
        ``la_code, la_name, risk_before, risk_after, rank_before, rank_after``.
    """

    folder: Path
    new: pd.DataFrame
    kept: int
    notes: tuple[str, ...]
    panel: Path | None = None
    changes: Changes | None = None
    scores: pd.DataFrame | None = None


def refresh(  # noqa: PLR0913 - every address and limit, by name
    out: str | Path,
    *,
    since: date | str | None = None,
    dry_run: bool = False,
    build: bool = False,
    api: str = API,
    site: str = SITE,
    content: str = CONTENT,
    ofsted: str | Path | None = None,
    time_limit: float = 900.0,
    size_limit: int = 1 << 30,
    pause: Callable[[float], None] = time.sleep,
    progress: Progress | None = None,
) -> Refreshed:
    """Download new official figures, and optionally build the panel.

    Parameters
    ----------
    out : str or Path
        The folder in which the files are kept, by publication date.
    since : date or ISO text, optional
        Only versions published on or after this date.
    dry_run : bool
        Whether only to look: no file is downloaded and nothing is written.
    build : bool
        Whether to build a panel from all files in the folder (``out/.panel``), and compare it with
        the one before: that of the last build, or the one that ships with the package.
    api, site, content : str
        The addresses of the services, for a mirror, a proxy or a replica.
    ofsted : str or Path, optional
        Ofsted's yearly workbook: a file or an address.
    time_limit : float
        Seconds that one response may take.
    size_limit : int
        The most bytes in one response, compressed and uncompressed.
    pause : callable
        How to wait for a number of seconds.
    progress : Progress, optional
        Where to report progress; silent by default.

    Returns
    -------
    Refreshed

    Raises
    ------
    FetchError
        If something could not be downloaded. Everything else was, and is kept.
    SourceError, PanelError
        If the panel can't be built from what was downloaded.

    Examples
    --------
    >>> import earlywarn as ew
    >>> done = ew.refresh("published", since="2025-01-01")  # doctest: +SKIP
    >>> done.new["published"].max()  # doctest: +SKIP
    '2025-10-30'
    """
    watched = progress_or_silent(progress)
    done = fetch_published(
        out,
        since=None if since is None else as_date(since, "since", FetchError),
        dry_run=dry_run,
        api=api,
        site=site,
        content=content,
        ofsted=ofsted,
        time_limit=time_limit,
        size_limit=size_limit,
        pause=pause,
        progress=watched,
    )
    if done.failed:
        raise FetchError(
            f"{counted(len(done.failed), 'part')} could not be fetched; "
            f"{counted(len(done.new), 'new file was, and is', 'new files were, and are')} kept",
            found=" | ".join(one.rstrip(".") for one in done.failed),
            remedy="Run it again: it carries on from there.",
        )
    new = pd.DataFrame(done.new, columns=_NEW)
    notes = tuple(done.notes)
    if dry_run or not build:
        return Refreshed(Path(out), new, done.kept, notes)
    return build_panel(Path(out), Refreshed(Path(out), new, done.kept, notes), progress=watched)


def build_panel(
    folder: Path, done: Refreshed | None = None, *, progress: Progress | None = None
) -> Refreshed:
    """Build a panel from the files in a folder, and compare it with the one before.

    Parameters
    ----------
    folder : Path
        A folder kept by ``refresh``.
    done : Refreshed, optional
        What was downloaded before.
    progress : Progress, optional
        Where to report progress; silent by default.

    Returns
    -------
    Refreshed
        Includes the panel, what changed, and the scores before and after.
    """
    if done is None:
        done = Refreshed(folder, pd.DataFrame(columns=_NEW), len(Store.at(folder).files), ())
    watched = progress_or_silent(progress)
    place = folder / PANEL
    there = brought_back(place)
    before = load_panel(place if there else None)
    watched.say(f"Building the panel from the files in {folder}")
    digests = _digests(folder)  # before reading: files that arrive meanwhile are noticed next time
    after = read_published(folder, keep_judgements=before.judgements, progress=watched)
    standing = after.findings.loc[after.findings["code"] == STANDS, "message"]
    notes = (*done.notes, *standing)
    write_panel(after, place, overwrite=there)
    with written_to(folder, PanelError):
        write_whole(folder / BUILT_OF, json.dumps(digests, indent=1) + "\n")
    found = changes_between(before, after)
    scores = _scores(before, after)
    return replace(done, notes=notes, panel=place, changes=found, scores=scores)


def is_behind(folder: Path) -> bool:
    """Whether a folder has no panel yet, or one that was built from other files."""
    try:
        built_of = json.loads((folder / BUILT_OF).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return True
    return not brought_back(folder / PANEL) or built_of != _digests(folder)


def _digests(folder: Path) -> dict[str, str]:
    """The digest of every file that the reader uses, which excludes the list of downloads."""
    found = {}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        hidden = any(part.startswith(".") for part in parts)
        if path.is_file() and not hidden and parts != (MANIFEST,):
            found["/".join(parts)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def _scores(before: Panel, after: Panel) -> pd.DataFrame:
    """Each authority's risk from the previous panel and this one, as of each one's latest day."""
    model = load_model()
    tables: dict[str, pd.DataFrame] = {}
    for name, panel in (("before", before), ("after", after)):
        rows = score(model, panel.as_of(panel.newest_publication)).set_index("la_code")
        tables[name] = rows[["la_name", "risk", "rank"]]
    ends = ("_before", "_after")
    both = tables["before"].merge(tables["after"], how="outer", on="la_code", suffixes=ends)
    both.insert(0, "la_name", both.pop("la_name_after").fillna(both.pop("la_name_before")))
    return both.sort_values("risk_after", ascending=False).reset_index()
