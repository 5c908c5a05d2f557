"""A page for exploring: change an authority's figures, and see risk and reasons at once.

One HTML file that needs no network: the model, the figures and a small script are inside.
"""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from itertools import groupby
from typing import TYPE_CHECKING, Any

from earlywarn._version import __version__
from earlywarn.errors import UsageError, require
from earlywarn.model.horizon import on_day
from earlywarn.panel.panel import panel_or_shipped
from earlywarn.report.contents import check_within_life
from earlywarn.report.explorer_data import explorer_data
from earlywarn.report.page import TEMPLATES, template_environment
from earlywarn.report.source_dates import freshness_table, freshness_words
from earlywarn.report.track_record import past_in_brief, past_record
from earlywarn.scoring.defaults import model_or_shipped
from earlywarn.scoring.freshness import freshness
from earlywarn.scoring.own_figures import with_figures
from earlywarn.utils.files import check_outputs, package_path, write_whole, written_to
from earlywarn.utils.formatting import long_date, percent
from earlywarn.utils.paths import as_path
from earlywarn.utils.progress import Progress, progress_or_silent

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    import pandas as pd

    from earlywarn.model.risk_model import RiskModel
    from earlywarn.panel.panel import Panel
    from earlywarn.panel.snapshot import Snapshot

SCRIPTS = ("explorer.js", "explorer_page.js")
"""The files of the arithmetic, and of the page around it."""


def write_explorer(
    path: str | Path,
    *,
    panel: Panel | None = None,
    model: RiskModel | None = None,
    as_of: date | str | None = None,
    authority: str | None = None,
    figures: pd.DataFrame | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write a page on which an authority's figures can be changed, as one self-contained file.

    Parameters
    ----------
    path : str or Path
        The file to write, ending in ``.html``.
    panel : Panel, optional
        The published figures. Default: the national panel that ships with the package.
    model : RiskModel, optional
        As returned by ``earlywarn.load_model``. Default: the one that ships with the package.
    as_of : date or ISO text, optional
        Use only what was published by this date. Default: that of the latest publication.
    authority : str, optional
        The authority with which the page opens, by name or code. Default: the first by name.
    figures : DataFrame, optional
        Own figures with which the page opens, as for ``with_figures``.
    overwrite : bool
        Whether an existing file may be replaced.
    progress : Progress, optional
        Where to report progress.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    UsageError
        If the file can't be written, or exists and may not be replaced.
    PanelError
        If the panel does not reach back to the date.
    ScoreError
        If the date is outside the model's life.
    AuthorityError
        If the authority is unknown, or did not exist on the date.
    IndicatorError
        If a figure is not in the catalogue, or is not valid.
    MissingExtraError
        If jinja2 is not installed.

    Notes
    -----
    The page works like ``with_figures``, ``score`` and ``explain``, and gives the same numbers to
    1e-9. A browser needs no network for it, and nothing that you type leaves the page.

    Examples
    --------
    >>> import earlywarn as ew
    >>> ew.write_explorer("explore.txt")
    Traceback (most recent call last):
    earlywarn.errors.UsageError: explore.txt: not a kind of page: found .txt; expected .html.
    """
    file, watched = as_path(path, "path"), progress_or_silent(progress)
    if file.suffix.lower() not in (".html", ".htm"):
        found = file.suffix or "no ending"
        raise UsageError("not a kind of page", where=str(file), found=found, expected=".html")
    check_outputs(file, overwrite=overwrite)
    require("jinja2", extra="report")
    panel = panel_or_shipped(panel)
    model = model_or_shipped(model)
    snapshot = panel.as_of(panel.newest_publication if as_of is None else as_of)
    own = None if figures is None else with_figures(snapshot, figures).own_figures
    text = explorer_page(model, snapshot, authority, own)
    watched.say(f"Page to explore with, as of {snapshot.as_of}")
    with written_to(file):
        write_whole(file, text, overwrite=overwrite)
    return file


def explorer_page(
    model: RiskModel,
    snapshot: Snapshot,
    authority: str | None = None,
    own: pd.DataFrame | None = None,
) -> str:
    """Build the page as text.

    Parameters
    ----------
    model : RiskModel
    snapshot : Snapshot
        What was public on the date.
    authority : str, optional
        The authority with which it opens. Default: the first with own figures, or by name.
    own : DataFrame, optional
        A snapshot's own figures.

    Returns
    -------
    str
        HTML. The same inputs give the same text.
    """
    check_within_life(model, snapshot.as_of)
    asked = None if authority is None else snapshot.existing_code(authority)
    data = explorer_data(model, snapshot, own)
    listed = sorted(data["authorities"], key=lambda each: each["name"].casefold())
    chosen = asked or next(iter(data["own"]), listed[0]["code"])
    script = _script()
    whole = template_environment().get_template("explorer.html")
    return str(
        whole.render(
            **_said(model, snapshot),
            **_fields(data),
            authorities=listed,
            chosen=chosen,
            data=_json(data),
            script=script,
            script_hash=_hash(script),
            style="\n".join(_template(name) for name in ("page.css", "explorer.css")),
        )
    )


def _said(model: RiskModel, snapshot: Snapshot) -> dict[str, Any]:
    """The page's information on its date, model and sources."""
    info, sources = model.info, freshness(model, snapshot)
    return {
        "as_of": snapshot.as_of.isoformat(),
        "day": long_date(snapshot.as_of),
        "usual": percent(on_day(model, snapshot.as_of).info["prior"]["risk"]),
        "model_id": info.get("model_id", ""),
        "training": info.get("training", {}),
        "until": long_date(info.get("training", {}).get("until")),
        "scenario": info.get("prior", {}).get("scenario", False),
        "sunset": long_date(info.get("sunset")),
        "dates": freshness_words(sources),
        "fresh": freshness_table(sources),
        "in_brief": past_in_brief(past_record()),
        "version": __version__,
    }


def _fields(data: dict[str, Any]) -> dict[str, Any]:
    """The fields by family, with the counts that may be given for each."""
    figures = [
        {
            **record,
            "counts": [
                name for name in (record["numerator"], record["denominator"]) if name in counts
            ],
        }
        for counts in [data["counts"]]
        for record in data["indicators"]
        if not record["history"]
    ]
    families = [
        (family, list(records))
        for family, records in groupby(figures, key=lambda record: record["family"])
    ]
    names = ("counts", "deprivation", "unweighed")
    return {"families": families, **{name: data[name] for name in names}}


def _json(data: dict[str, Any]) -> str:
    """Data escaped so that it can't end the element that contains it."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _script() -> str:
    return "\n".join(_template(name) for name in SCRIPTS)


def _hash(script: str) -> str:
    """The hash in the page's policy, which allows only this script."""
    return f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}"


def _template(name: str) -> str:
    return (package_path(TEMPLATES) / name).read_text(encoding="utf-8")
