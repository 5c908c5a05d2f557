"""The facts of a card, as text by name, from the model, the panel and the record only."""

from __future__ import annotations

import inspect
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from earlywarn._version import __version__
from earlywarn.cards.record_facts import facts_of_record
from earlywarn.errors import CardError
from earlywarn.evaluation.protocol import WINDOWS
from earlywarn.indicators import catalogue
from earlywarn.indicators import standardise as comparison
from earlywarn.indicators.catalogue import digest as catalogue_digest
from earlywarn.model import training
from earlywarn.model.prior import WeightPrior
from earlywarn.model.risk_model import RiskModel
from earlywarn.panel.panel import FIRST_DAY
from earlywarn.panel.storage import panel_digest
from earlywarn.scoring.national import TOP_K
from earlywarn.scoring.predictions import BANDS
from earlywarn.scoring.ranks import held_words
from earlywarn.statistics.bootstrap import consistency_band
from earlywarn.utils.formatting import percent

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from earlywarn.evaluation.stored_record import Recorded
    from earlywarn.panel.panel import Panel

DOCUMENTS = {
    "readme": "README.md",
    "methods": "docs/methods.md",
    "evaluation": "docs/evaluation.md",
    "experiments": "docs/experiments.md",
    "assumptions": "docs/assumptions.md",
    "prospective": "docs/prospective.md",
    "sources": "docs/data-and-sources.md",
    "ethics": "docs/explanation/ethics.md",
    "limits": "docs/explanation/limits.md",
    "contributing": "CONTRIBUTING.md",
}
"""Where the long texts are in earlywarn's source tree."""

REFERENCES = {
    "tripod": "Collins et al. 2024, doi 10.1136/bmj-2023-078378",
    "wilkins": "Wilkins and Antonopoulou 2020, doi 10.1108/JCS-07-2019-0035",
    "griffiths": "Griffiths et al. 2017, doi 10.1136/bmjqs-2015-004687",
    "allen": "Allen et al. 2020, doi 10.1093/intqhc/mzz101",
    "bywaters": "Bywaters et al. 2015, doi 10.1016/j.childyouth.2015.06.017",
    "riley": "Riley et al. 2019, doi 10.1002/sim.7992",
    "vickers": "Vickers and Elkin 2006, doi 10.1177/0272989X06295361",
    "spiegelhalter": "Spiegelhalter 2005, doi 10.1136/qshc.2005.013755",
    "mccullagh": "McCullagh 1980, doi 10.1111/j.2517-6161.1980.tb01109.x",
    "peterson": "Peterson and Harrell 1990, doi 10.2307/2347760",
    "garwood": "Garwood 1936, doi 10.1093/biomet/28.3-4.437",
    "nao": catalogue.NAO,
}
ATRS_VERSION = "v3.0"
"""The template of the Algorithmic Transparency Recording Standard that is filled in."""
FRAMEWORK_CHANGES = {
    "overall_ends": "1 April 2026",
    "next_framework": "2027",
}
"""What Ofsted has announced that is not in any table of the panel."""

TARGET_REASONS = {
    "any_inadequate": "It was chosen because it means the same under each framework, with and "
    "without an overall grade, and holds every overall Inadequate.",
}
_NARROWER = "It is narrower than the default target, and so has fewer events."

GRADED = ("Outstanding", "Good", "Requires improvement", "Inadequate")


class Facts(dict[str, str]):
    """Facts by name; filling a text with a missing one is an error.

    A check or a comparison that is not in the record is shown as such.
    """

    def __missing__(self, name: str) -> str:
        if name.startswith(("check_", "over_")):
            return "not in this record"
        raise CardError(
            "a text names a fact that is not known",
            found=f"{{{name}}}",
            expected=f"one of the {len(self)} facts in card.json",
            remedy=f"Did you mean {', '.join(get_close_matches(name, self)) or 'another one'}?",
        )

    def fill(self, text: str) -> str:
        """Fill a text with its facts."""
        return text.format_map(self)


def gather_facts(
    model: RiskModel,
    panel: Panel,
    recorded: Recorded,
    cases: pd.DataFrame,
    *,
    links: str | None = None,
) -> Facts:
    """Collect the facts of a card.

    Parameters
    ----------
    model : RiskModel
    panel : Panel
    recorded : Recorded
        The record of this model and panel.
    cases : DataFrame
        The inspections from which the model was learnt, as returned by ``training_cases``.
    links : str, optional
        Where the source tree is, so that the names of documents become links.
    """
    found: dict[str, Any] = {
        **_documents(links),
        **{f"ref_{name}": text for name, text in REFERENCES.items()},
        **FRAMEWORK_CHANGES,
        **_of_constants(),
        **_of_model(model),
        **_of_panel(panel),
        **_of_cases(panel, cases, str(model.info["training"]["until"])),
        **facts_of_record(recorded),
    }
    linked = ("doc_", "ref_")
    return Facts(
        {name: str(v) if name.startswith(linked) else plain(v) for name, v in found.items()}
    )


def plain(value: object) -> str:
    """Make outside text harmless for Markdown: one line, no marks, no tags, no cells.

    Examples
    --------
    >>> plain("<b>x</b> | y")
    '&lt;b&gt;x&lt;/b&gt; / y'
    """
    text = re.sub(r"[\s\x00-\x1f]+", " ", str(value)).strip()
    for mark, instead in (
        ("&", "&amp;"),
        ("<", "&lt;"),
        (">", "&gt;"),
        ("|", "/"),
        ("`", "'"),
        ("](", "] ("),
    ):
        text = text.replace(mark, instead)
    return text


def _documents(links: str | None) -> dict[str, str]:
    base = None if links is None else links.rstrip("/")
    return {
        f"doc_{name}": f"`{file}`" if base is None else f"[{file}]({base}/{file})"
        for name, file in DOCUMENTS.items()
    }


def _of_constants() -> dict[str, Any]:
    _, usual, higher, highest = sorted(edge for edge, _ in BANDS)
    held = WeightPrior()
    return {
        "version": __version__,
        "atrs_version": ATRS_VERSION,
        "catalogue": catalogue_digest(),
        "reach": f"{comparison.REACH:g}",
        "top_k": TOP_K,
        "held_words": held_words(),
        "refits": training.REFITS,
        "life_years": training.LIFE_YEARS,
        "first_day": FIRST_DAY.isoformat(),
        "band_level": _default(consistency_band, "level"),
        "interval": _default(RiskModel.interval, "level"),
        "band_usual": f"{usual:g}",
        "band_higher": f"{higher:g}",
        "band_highest": f"{highest:g}",
        "band_names": ", ".join(name for _, name in BANDS),
        "composite": f"{held.composite:g}",
        "composite_sd": f"{held.composite_sd:g}",
        "history": f"{held.history:g}",
        "history_sd": f"{held.history_sd:g}",
        "history_own_sd": f"{held.history_own_sd:g}",
        "inadequate": f"{held.inadequate:g}",
        "inadequate_sd": f"{held.inadequate_sd:g}",
        "inadequate_own_sd": f"{held.inadequate_own_sd:g}",
    }


def _default(function: Callable[..., Any], parameter: str) -> str:
    """The default share of a function."""
    return f"{inspect.signature(function).parameters[parameter].default:.0%}"


def _of_model(model: RiskModel) -> dict[str, Any]:
    info = model.info
    learnt, prior, target = info["training"], info["prior"], info["target"]
    return {
        "model_id": info["model_id"],
        "target": target["name"],
        "target_version": target["version"],
        "question": target["title"][:1].lower() + target["title"][1:],
        "target_reason": TARGET_REASONS.get(target["name"], _NARROWER),
        "until": learnt["until"],
        "first_start": learnt["first_start"],
        "last_start": learnt["last_start"],
        "inspections": learnt["inspections"],
        "events": learnt["events"],
        "authorities": learnt["authorities"],
        "event_share": percent(learnt["events"] / learnt["inspections"]),
        "usual": percent(prior["risk"]),
        "usual_from": "a scenario given by hand"
        if prior["scenario"]
        else "the judgements of the years before",
        "recent_share": percent(prior["recent_share"]),
        "first_date": info["first_date"],
        "sunset": info["sunset"],
        "reference_date": info["reference_date"],
        "form_sd": f"{model.form_sd:g}",
        "indicators": len(model.columns),
        "families": len(set(model.groups)),
        "family_names": ", ".join(dict.fromkeys(model.groups)),
    }


def _of_panel(panel: Panel) -> dict[str, Any]:
    figures, snapshot = panel.observations, panel.as_of(panel.newest_publication)
    there = figures["status"].isin(["published", "rounds to zero"])
    severities = panel.findings["severity"].value_counts()
    return {
        "panel": panel_digest(panel.manifest),
        "newest": panel.newest_publication.isoformat(),
        "files": len(panel.manifest.get("sources", [])),
        "figures": f"{len(figures):,}",
        "measures": figures["measure"].nunique(),
        "first_period": figures["period"].min(),
        "last_period": figures["period"].max(),
        "suppressed": f"{int((figures['status'] == 'suppressed').sum()):,}",
        "without_value": percent(1 - there.mean()),
        "joint": f"{int(figures['joint'].sum()):,}",
        "assumed": percent(figures["date_assumed"].mean()),
        "findings": len(panel.findings),
        "finding_kinds": ", ".join(f"{n} {kind}" for kind, n in severities.items()) or "none",
        "authorities_now": len(snapshot.authorities),
        "regions": snapshot.authorities["region"].nunique(),
        "judgements": len(panel.judgements),
        "newest_report": max(panel.judgements["published_on"]).isoformat(),
    }


def _of_cases(panel: Panel, cases: pd.DataFrame, until: str) -> dict[str, Any]:
    every = panel.judgements
    public = every[[day.isoformat() <= until for day in every["published_on"]]]
    shares = cases["grade"].value_counts(normalize=True)
    confirmed_from = WINDOWS["confirmation"][0]
    late = cases["inspection_start"].astype(str) >= confirmed_from
    return {
        "not_yet_public": len(every) - len(public),
        "left_out": len(public) - len(cases),
        "grade_shares": ", ".join(
            f"{name} {percent(shares.get(float(place), 0.0))}" for place, name in enumerate(GRADED)
        ),
        "short": int((cases["inspection_type"] == "short").sum()),
        "framework_counts": ", ".join(
            f"{n} {name}" for name, n in cases["framework"].value_counts().sort_index().items()
        ),
        "events_early": int(cases.loc[~late, "label"].sum()),
        "cases_early": int((~late).sum()),
        "share_early": percent(cases.loc[~late, "label"].mean()),
        "events_late": int(cases.loc[late, "label"].sum()),
        "cases_late": int(late.sum()),
        "share_late": percent(cases.loc[late, "label"].mean()) if late.any() else "not known",
        "confirmed_from": confirmed_from,
    }
