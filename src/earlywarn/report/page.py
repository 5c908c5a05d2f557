"""The report as one HTML file: no network, no script, and all outside text escaped."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from earlywarn._version import __version__
from earlywarn.errors import UsageError, require
from earlywarn.panel.panel import panel_or_shipped
from earlywarn.report import national as country
from earlywarn.report.authority import sections
from earlywarn.report.contents import Contents, gather
from earlywarn.report.source_dates import freshness_table, freshness_words
from earlywarn.report.standing import clouds
from earlywarn.report.track_record import FROZEN, past_in_brief, past_level, past_sentences
from earlywarn.report.track_record_charts import calibration_chart, warning_chart
from earlywarn.scoring.defaults import model_or_shipped
from earlywarn.utils.arguments import several
from earlywarn.utils.files import (
    check_outputs,
    folder_for,
    package_path,
    write_together,
    write_whole,
    written_to,
)
from earlywarn.utils.paths import as_path
from earlywarn.utils.progress import Progress, progress_or_silent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from earlywarn.model.risk_model import RiskModel
    from earlywarn.panel.panel import Panel

TEMPLATES = "report/templates"
INDEX = "index.html"
"""The national page of a report in linked files."""


def write_report(  # noqa: PLR0913 - every choice of a report, by name
    path: str | Path,
    *,
    panel: Panel | None = None,
    model: RiskModel | None = None,
    as_of: date | str | None = None,
    authorities: str | Sequence[str] | None = None,
    national: bool = False,
    brief: bool = False,
    split: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write the national report as one self-contained HTML file, or as linked ones.

    Parameters
    ----------
    path : str or Path
        The file to write, ending in ``.html``; with ``split`` the folder to write into.
    panel : Panel, optional
        The published figures. Default: the national panel that ships with the package.
    model : RiskModel, optional
        As returned by ``earlywarn.load_model``. Default: the one that ships with the package.
    as_of : date or ISO text, optional
        Use only what was published by this date. Default: that of the latest publication.
    authorities : str or sequence of str, optional
        The authorities covered by the report, by name or code. By default it covers the whole
        country: list, map, regions, and a section for every authority.
    national : bool
        Whether the national parts come before the sections of the chosen authorities.
    brief : bool
        Whether each chosen authority gets two printed pages of A4 instead of all its figures.
    split : bool
        Whether the national parts become ``index.html`` and each authority a separate page, all
        linked to each other: each opens and prints in seconds, while the whole country in one file
        has some 1,250 printed pages.
    overwrite : bool
        Whether an existing file may be replaced.
    progress : Progress, optional
        Where to report progress.

    Returns
    -------
    Path
        The file; with ``split``, ``index.html`` in the folder.

    Raises
    ------
    UsageError
        If a file can't be written, or exists and may not be replaced; or if a brief is requested
        without authorities, with the national parts or in linked files.
    PanelError
        If the panel does not reach back to the date.
    AuthorityError
        If an authority is unknown, or did not exist on the date.
    MissingExtraError
        If jinja2 is not installed.

    Examples
    --------
    >>> import earlywarn as ew
    >>> ew.write_report("report.txt")
    Traceback (most recent call last):
    earlywarn.errors.UsageError: report.txt: not a kind of report: found .txt; expected .html.
    """
    place = as_path(path, "path")
    if authorities is not None and not isinstance(authorities, str):
        authorities = several(authorities, object, "authorities", expected="names or codes")
    _check_brief(authorities, national=national, brief=brief, split=split)
    if split:
        check_outputs(place / INDEX, overwrite=overwrite, make_folders=True, what="a report")
    else:
        _check(place, overwrite=overwrite)
    require("jinja2", extra="report")
    watched = progress_or_silent(progress)
    panel = panel_or_shipped(panel)
    model = model_or_shipped(model)
    day = panel.newest_publication if as_of is None else as_of
    contents = gather(panel, model, day, authorities, watched)
    if split:
        pages = split_pages(replace(contents, split=True), watched)
        files = {place / name: text for name, text in pages.items()}
        check_outputs(*files, overwrite=overwrite, make_folders=True)
        with written_to(place), folder_for(place):
            write_together(files, overwrite=overwrite)
        return place / INDEX
    alone = authorities is not None and not national
    text = authority_page(contents, watched, brief=brief) if alone else page(contents, watched)
    with written_to(place):
        write_whole(place, text, overwrite=overwrite)
    return place


def _check_brief(
    authorities: str | Sequence[str] | None, *, national: bool, brief: bool, split: bool
) -> None:
    if brief and (authorities is None or national or split):
        linked = "linked files" if split else "the sections on England"
        raise UsageError(
            "a brief covers authorities only",
            where="brief",
            found=linked if national or split else "no authority",
            expected="one authority or more, in one file, without the sections on England",
            remedy="Name them (authorities=[...], --authority NAME).",
        )


def authority_page(
    contents: Contents, progress: Progress | None = None, *, brief: bool = False
) -> str:
    """Build a report on the chosen authorities only, without the national tables, as text.

    Parameters
    ----------
    contents : Contents
        As returned by ``gather``.
    progress : Progress, optional
        Where to report progress.
    brief : bool
        Whether each authority gets two printed pages instead of all its figures.
    """
    chosen = [(code, contents.names[code]) for code in contents.chosen]
    template = "brief.html" if brief else "authority.html"
    return _rendered(
        "authorities.html",
        _parts(contents, template, progress, alone=True),
        _dots(contents),
        {
            **_common(contents),
            **_trust(contents),
            "title": ", ".join(name for _, name in chosen),
            "chosen": chosen,
            "brief": brief,
        },
    )


def _trust(contents: Contents) -> dict[str, Any]:
    """The other content of a page on authorities, if nothing else is chosen."""
    return {"in_brief": past_in_brief(contents.record), "brief": False, "around": None}


def page(contents: Contents, progress: Progress | None = None) -> str:
    """Build the report as text.

    Parameters
    ----------
    contents : Contents
        As returned by ``gather``.
    progress : Progress, optional
        Where to report progress.

    Returns
    -------
    str
        HTML. The same contents give the same text.
    """
    parts = _parts(contents, "authority.html", progress)
    shown = {**_common(contents), **_national(contents)}
    return _rendered("page.html", parts, _dots(contents), shown)


def split_pages(contents: Contents, progress: Progress | None = None) -> dict[str, str]:
    """Build the report as linked pages: their names and texts.

    Parameters
    ----------
    contents : Contents
        As returned by ``gather``, with ``split``.
    progress : Progress, optional
        Where to report progress.
    """
    names = [(code, contents.names[code]) for code in contents.chosen]
    parts = _parts(contents, "authority.html", progress, alone=True)
    shown, dots = {**_common(contents), **_trust(contents)}, _dots(contents)
    pages = {
        INDEX: _rendered("page.html", [], "", {**shown, **_national(contents)}),
    }
    sides = zip([None, *names], names, [*names[1:], None], strict=False)
    for part, (before, (code, name), after) in zip(parts, sides, strict=True):
        around = {"before": before, "after": after}
        whose = {"title": name, "chosen": [(code, name)], "around": around}
        pages[contents.link(code)] = _rendered("authorities.html", [part], dots, {**shown, **whose})
    return pages


def _parts(
    contents: Contents, template: str, progress: Progress | None, *, alone: bool = False
) -> list[str]:
    """Each chosen authority's part."""
    one = template_environment().get_template(template)
    watched = progress_or_silent(progress).over(contents.chosen, "Drawing the authorities")
    return [
        one.render(section=section, alone=alone)
        for section, _ in zip(sections(contents), watched, strict=True)
    ]


def _rendered(template: str, parts: list[str], dots: str, shown: dict[str, Any]) -> str:
    style = (package_path(TEMPLATES) / "page.css").read_text(encoding="utf-8")
    whole = template_environment().get_template(template)
    return str(whole.render(**shown, parts=parts, style=style, clouds=dots))


def _dots(contents: Contents) -> str:
    """Every authority as a dot, for each indicator: drawn once per page, then referenced."""
    return clouds(contents.standings, contents.axis_tops)


def template_environment() -> Any:
    """The environment that renders the report's templates; all values are escaped."""
    jinja2 = require("jinja2", extra="report")
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(package_path(TEMPLATES)),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def _common(contents: Contents) -> dict[str, Any]:
    """The values shared by both kinds of page."""
    info = contents.model.info
    return {
        "dates": country.dates_line(contents) | freshness_words(contents.sources),
        "fresh": freshness_table(contents.sources),
        "version": __version__,
        "model_id": info.get("model_id", ""),
        "usual": f"{100 * contents.usual:.1f}%",
        "training": info.get("training", {}),
        "scenario": info.get("prior", {}).get("scenario", False),
        "snapshot": contents.snapshot,
    }


def _national(contents: Contents) -> dict[str, Any]:
    rows, codes = country.list_rows(contents), country.first_codes(contents)
    return {
        "target": contents.model.info.get("target", {}).get("title", ""),
        "count": len(contents.scores),
        "rows": rows,
        "first": [row for row in rows if row["code"] in codes],
        "left_out": country.left_out_above(contents),
        "shared": country.shared_drivers(contents, codes),
        "region_names": country.region_names(contents),
        "legend": country.legend(),
        "map": country.tile_map(contents),
        "regions": country.region_chart(contents),
        "brief": past_in_brief(contents.record),
        "past": [*past_sentences(contents.record), FROZEN],
        "warned": warning_chart(contents.warnings, contents.snapshot.register),
        "came_true": calibration_chart(contents.calibration, past_level(contents.record)),
        "record": country.record_tables(contents),
        "quality": country.quality_table(contents),
        "findings": country.findings_table(contents),
        "sources": country.sources_table(),
        "chosen": [(code, contents.names[code]) for code in contents.chosen],
        "link": contents.link,
        "split": contents.split,
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
