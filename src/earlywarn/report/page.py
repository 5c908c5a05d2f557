"""The report as one HTML file: no network, no script, and all text from outside escaped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from earlywarn._version import __version__
from earlywarn.errors import UsageError, require
from earlywarn.model.serialisation import load_model
from earlywarn.panel.panel import load_panel
from earlywarn.report import national
from earlywarn.report.authority import sections
from earlywarn.report.contents import Contents, gather
from earlywarn.report.track_record import past_in_brief, past_sentences
from earlywarn.report.track_record_charts import calibration_chart, warning_chart
from earlywarn.utils.files import check_outputs, package_path, write_whole, written_to
from earlywarn.utils.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from earlywarn.model.risk_model import RiskModel
    from earlywarn.panel.panel import Panel

TEMPLATES, FIRST = "report/templates", 10


def write_report(
    path: str | Path,
    *,
    panel: Panel | None = None,
    model: RiskModel | None = None,
    as_of: date | str | None = None,
    authorities: Sequence[str] | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write the national report as one self-contained HTML file.

    Parameters
    ----------
    path : str or Path
        The file to write, ending in ``.html``.
    panel : Panel, optional
        The published figures; the national ones that ship if not given.
    model : RiskModel, optional
        As ``earlywarn.load_model`` gives it; the one that ships if not given.
    as_of : date or ISO text, optional
        Only what was published by this day; the newest publication if not given.
    authorities : sequence of str, optional
        The authorities that get a section of their own, by name or code; all if not given. The
        list, the map and the regions are always of the whole country.
    overwrite : bool
        Whether a file that is there may be replaced.
    progress : Progress, optional
        What to report to.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    UsageError
        If the file can't be written, or is there and may not be replaced.
    PanelError
        If the panel does not reach back to the day.
    AuthorityError
        If an authority is not known, or did not exist on the day.
    MissingExtraError
        If jinja2 is not installed.

    Examples
    --------
    >>> import earlywarn as ew
    >>> ew.write_report("report.txt")
    Traceback (most recent call last):
    earlywarn.errors.UsageError: report.txt: not a kind of report: found .txt; expected .html.
    """
    file = Path(path)
    _check(file, overwrite=overwrite)
    require("jinja2", extra="report")
    watched = progress or Progress()
    panel = load_panel() if panel is None else panel
    model = load_model() if model is None else model
    contents = gather(panel, model, as_of or panel.newest_publication, authorities, watched)
    text = page(contents, watched)
    with written_to(file):
        write_whole(file, text)
    return file


def page(contents: Contents, progress: Progress | None = None) -> str:
    """The report as text.

    Parameters
    ----------
    contents : Contents
        As ``gather`` gives it.
    progress : Progress, optional
        What to report to.

    Returns
    -------
    str
        HTML. The same contents give the same text.
    """
    jinja2 = require("jinja2", extra="report")
    folder = package_path(TEMPLATES)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    one = environment.get_template("authority.html")
    watched = (progress or Progress()).over(contents.chosen, "Drawing the authorities")
    parts = [
        one.render(section=section) for section, _ in zip(sections(contents), watched, strict=True)
    ]
    style = (folder / "page.css").read_text(encoding="utf-8")
    return str(
        environment.get_template("page.html").render(
            **_national(contents), parts=parts, style=style
        )
    )


def _national(contents: Contents) -> dict[str, Any]:
    rows = national.list_rows(contents)
    info = contents.model.info
    return {
        "dates": national.dates_line(contents),
        "version": __version__,
        "model_id": info.get("model_id", ""),
        "target": info.get("target", {}).get("title", ""),
        "usual": f"{100 * contents.usual:.1f}%",
        "training": info.get("training", {}),
        "scenario": info.get("prior", {}).get("scenario", False),
        "count": len(contents.scores),
        "rows": rows,
        "first": rows[:FIRST],
        "shared": national.shared_drivers(contents, [str(row["code"]) for row in rows[:FIRST]]),
        "region_names": national.region_names(contents),
        "legend": national.legend(),
        "map": national.tile_map(contents),
        "regions": national.region_chart(contents),
        "brief": past_in_brief(contents.record),
        "past": past_sentences(contents.record),
        "warned": warning_chart(contents.warnings, contents.snapshot.register),
        "came_true": calibration_chart(contents.calibration),
        "record": national.record_tables(contents),
        "quality": national.quality_table(contents),
        "findings": national.findings_table(contents),
        "sources": national.sources_table(),
        "snapshot": contents.snapshot,
        "chosen": [(code, contents.names[code]) for code in contents.chosen],
        "whole": len(contents.chosen) == len(contents.scores),
    }


def _check(file: Path, *, overwrite: bool) -> None:
    if file.suffix.lower() not in (".html", ".htm"):
        raise UsageError(
            "not a kind of report",
            where=str(file),
            found=file.suffix or "no ending",
            expected=".html",
        )
    check_outputs(file, overwrite=overwrite)
