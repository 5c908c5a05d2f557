"""Write the documents of a model: model card, transparency record, quality log, and JSON."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from earlywarn.cards.facts import gather_facts
from earlywarn.cards.items import blank, read_standards
from earlywarn.cards.model_card import Learnt, items_text, model_card
from earlywarn.cards.quality import assumptions, quality_log
from earlywarn.errors import CardError
from earlywarn.evaluation.stored_record import check_belongs, read_recorded
from earlywarn.indicators.timeline import Timeline
from earlywarn.model.training import design, training_cases
from earlywarn.panel.panel import panel_or_shipped
from earlywarn.scoring.defaults import model_or_shipped
from earlywarn.scoring.freshness import freshness
from earlywarn.scoring.preprocessing import model_indicators
from earlywarn.utils.arguments import of_kind
from earlywarn.utils.files import check_outputs, folder_for, write_together, written_to
from earlywarn.utils.paths import as_path
from earlywarn.utils.progress import Progress, progress_or_silent

if TYPE_CHECKING:
    from pathlib import Path

    from earlywarn.cards.facts import Facts
    from earlywarn.cards.items import Item, Standards
    from earlywarn.evaluation.stored_record import Recorded
    from earlywarn.model.risk_model import RiskModel
    from earlywarn.panel.panel import Panel

FILES = ("CARD.md", "TRANSPARENCY.md", "QUALITY.md", "card.json")


def write_card(
    folder: str | Path,
    *,
    model: RiskModel | None = None,
    panel: Panel | None = None,
    record: str | Path | None = None,
    links: str | None = None,
    templates: str | Path | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write a model's card, transparency record and quality log, all or nothing.

    Parameters
    ----------
    folder : path
        Where to write ``CARD.md``, ``TRANSPARENCY.md``, ``QUALITY.md`` and ``card.json``; it may
        be the model's own folder.
    model : RiskModel, optional
        As returned by ``earlywarn.load_model``. Default: the one that ships with the package.
    panel : Panel, optional
        The published figures from which it was learnt. Default: the national panel that ships with
        the package.
    record : path, optional
        A folder written by ``python -m earlywarn backtest --out`` for this model and panel.
        Default: the shipped record of the shipped model.
    links : str, optional
        Where the source tree of earlywarn is, such as ``../..``, to turn the names of its documents
        into links.
    templates : path, optional
        A folder with your own ``tripod_ai.md`` or ``atrs.md``, as for ``read_standards``.
    overwrite : bool
        Whether existing files may be replaced.
    progress : Progress, optional
        Where to report progress.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    CardError
        If files exist and may not be replaced, or can't be written; the record is not valid, or
        belongs to another model or panel; the model was not learnt from this panel; or a template
        can't be read or names an unknown fact.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_card(folder, record=folder)
    Traceback (most recent call last):
    earlywarn.errors.CardError: ...: there is no record here: expected a folder that python -m ...
    """
    place = as_path(folder, "folder")
    _check_free(place, overwrite=overwrite)
    if links is not None:
        of_kind(links, str, "links", expected="the address that links start with", fault=CardError)
    standards = read_standards(templates)
    model = model_or_shipped(model)
    panel = panel_or_shipped(panel)
    recorded = read_recorded(record)
    check_belongs(recorded, model, panel)
    learnt = _learnt(model, panel, progress_or_silent(progress))
    facts = gather_facts(model, panel, recorded, learnt.cases, links=links)
    texts = (
        model_card(facts, learnt, recorded, standards.tripod),
        transparency_record(facts, standards.atrs),
        quality_log(facts, recorded, panel),
        _json(facts, recorded, standards),
    )
    _write(place, dict(zip(FILES, texts, strict=True)), overwrite=overwrite)
    return place


def transparency_record(facts: Facts, fields: tuple[Item, ...]) -> str:
    """Write the transparency record as Markdown.

    Parameters
    ----------
    facts : Facts
    fields : tuple of Item
        The fields of the template.
    """
    counts = Counter(field.status for field in fields)
    counted = (
        f"Of {len(fields)} fields {counts['answered']} are filled, {counts['partly answered']} are "
        f"filled in part, and {counts['to be completed']} are the owner's alone."
    )
    return "\n\n".join([facts.fill(_HEAD), counted, *items_text(fields, facts, level=2)]) + "\n"


_HEAD = (
    "# Algorithmic transparency record: earlywarn\n\nFilled as far as the library can for the "
    "model {model_id}; what only the owner of a use can say is marked "
    f"`{blank('...')}`. Fields are those of the UK government's Algorithmic Transparency Recording "
    "Standard, template {atrs_version}: check them against the latest template before you publish. "
    "Written by `python -m earlywarn card`; every figure comes from the model, the panel and the "
    "record of its backtest."
)


def _check_free(place: Path, *, overwrite: bool) -> None:
    files = [place / name for name in FILES]
    check_outputs(*files, overwrite=overwrite, make_folders=True, what="a card", fault=CardError)


def _learnt(model: RiskModel, panel: Panel, progress: Progress) -> Learnt:
    """The inspections from which the model was learnt, selected again from the panel."""
    learnt = model.info["training"]
    cases = training_cases(
        panel.judgements, until=learnt["until"], target=model.info["target"]["name"]
    )
    held = {"inspections": len(cases), "events": int(cases["label"].sum())}
    if any(learnt[name] != number for name, number in held.items()):
        raise CardError(
            "the model was not learnt from this panel's judgements",
            where=f"model {str(model.info['model_id'])[:80]}",
            found=f"{learnt['inspections']} inspections with {learnt['events']} events",
            expected=f"{held['inspections']} with {held['events']}, as the panel has them",
            remedy="Give the panel that it was learnt from (panel, --panel).",
        )
    timeline = Timeline(panel, panel.judgements)
    X = design(timeline, cases, model_indicators(model), progress=progress)
    newest = panel.as_of(panel.newest_publication)
    return Learnt(model, cases, X, freshness(model, newest))


def _json(facts: Facts, recorded: Recorded, standards: Standards) -> str:
    document: dict[str, Any] = {
        "model_id": facts["model_id"],
        "tripod_ai": [_plain(item, facts) for item in standards.tripod],
        "transparency_record": [_plain(item, facts) for item in standards.atrs],
        "checks": recorded.tables["checks"].to_dict("records"),
        "assumptions": assumptions().to_dict("records"),
        "facts": dict(sorted(facts.items())),
    }
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def _plain(item: Item, facts: Facts) -> dict[str, str]:
    return {
        "number": item.number,
        "section": item.section,
        "topic": item.topic,
        "status": item.status,
        "text": facts.fill(item.text),
    }


def _write(place: Path, texts: dict[str, str], *, overwrite: bool) -> None:
    with written_to(place, CardError), folder_for(place):
        write_together({place / name: text for name, text in texts.items()}, overwrite=overwrite)
