"""The model card: a summary, every item of TRIPOD+AI, and the tables they refer to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from earlywarn.cards import tables
from earlywarn.cards.quality import versions
from earlywarn.evaluation.record_page import markdown

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from earlywarn.cards.facts import Facts
    from earlywarn.cards.items import Item
    from earlywarn.evaluation.stored_record import Recorded
    from earlywarn.model.risk_model import RiskModel


@dataclass(frozen=True, eq=False)
class Learnt:
    """A model with the inspections from which it was learnt.

    Attributes
    ----------
    model : RiskModel
    cases : DataFrame
        As returned by ``training_cases``.
    X : DataFrame
        The model's columns for each case.
    sources : DataFrame
        How fresh each source was on the panel's latest date, as returned by ``freshness``.
    """

    model: RiskModel
    cases: pd.DataFrame
    X: pd.DataFrame
    sources: pd.DataFrame


def model_card(facts: Facts, learnt: Learnt, recorded: Recorded, items: Iterable[Item]) -> str:
    """Write the card as Markdown.

    Parameters
    ----------
    facts : Facts
    learnt : Learnt
    recorded : Recorded
    items : iterable of Item
        The items of TRIPOD+AI.
    """
    parts = [
        facts.fill(_HEAD),
        "## In short\n\n" + markdown(versions(facts)),
        facts.fill(_HOW_GOOD),
        facts.fill(_NOT_FOR),
        facts.fill(_ITEMS),
        *items_text(items, facts, level=3),
        "## Tables",
        *(
            f"### {title}\n\n{facts.fill(caption)}\n\n{markdown(frame)}"
            for title, caption, frame in _tables(learnt, recorded)
        ),
    ]
    return "\n\n".join(parts) + "\n"


_HEAD = (
    "# Model card: {model_id}\n\n"
    "The risk that an inspection of children's services in England would find: {question}.\n\n"
    "Written by `python -m earlywarn card` from the model, the panel and the record of its "
    "backtest, never by hand. What is said about how it was trained applies to a model that "
    "`python -m earlywarn train` made; one made in Python with another prior or other indicators "
    "needs its own words. The risks are not official statistics, and no publisher of the figures "
    "has endorsed them. With this card come the "
    "[algorithmic transparency record](TRANSPARENCY.md), the "
    "[quality log](QUALITY.md), and all of it in machine-readable form (`card.json`)."
)
_HOW_GOOD = (
    "## How good it is\n\n"
    "On the {n_head} inspections begun {window_head}, {events_head} of them with the event, each "
    "predicted by a model built in the same way that had seen only reports of earlier years "
    "(brackets are {level} intervals). These years were not used to choose anything, but they have "
    "been looked at before:\n\n"
    "- Of two authorities, one judged so and one not, the first had the higher risk in this share "
    "of pairs (AUC; half is chance): {auc_head}. The order was {order_words}.\n"
    "- As probabilities the risks were {skill_words} (Brier skill {brier_skill_head}), and "
    "{level_words} (observed over expected {observed_expected_head}): there were {seen_head} where "
    "{expected_head} were expected. If the risks were right, the chance of so few or fewer is "
    "{as_few_head}.\n"
    "- Of authorities that were not already Inadequate, {new_seen_head} were judged so where "
    "{new_expected_head} were expected ({new_ratio_head}; AUC {new_order_head}); of those that "
    "were, {again_seen_head} where {again_expected_head} were expected ({again_ratio_head}). Over "
    "all years since the first forecast these last were {again_seen_all} where "
    "{again_expected_all} were expected ({again_ratio_all}).\n"
    "- A list of {top_k} included {found_head} of the {events_head} on the day their inspection "
    "began. {listed_head} on the list were inspected, so {vain_head} were not judged so.\n"
    "- A model frozen before the latest of these judgements was tested on them, and its risks "
    "were far too high: {doc_prospective}.\n"
    "- {held_words} ({doc_experiments}).\n"
    "- In AUC it was better beyond chance than these simple rules: {better_than}. It was not "
    "better beyond chance than these: {alike}.\n"
    "- Fairness: {fairness_words}.\n"
    "- Of {checks} numbered checks {checks_failed} failed: {failed}."
)
_NOT_FOR = (
    "## What it must not be used for\n\n"
    "- Not to pre-judge an inspection, nor to decide when or how strictly to inspect.\n"
    "- Not as a league table, and no rank without its interval and drivers.\n"
    "- Not about a child, a family, a social worker or a leader.\n"
    "- Not to say what causes failure, or that improving a figure would improve a service.\n"
    "- Not for funding, contracts, dismissals or intervention by itself.\n"
    "- Not for dates after {sunset}, and not outside England."
)
_ITEMS = (
    "## TRIPOD+AI, item by item\n\nThe statement ({ref_tripod}) is for clinical models. Here a "
    "participant is an inspection of an authority, a cluster is an authority, and health care is "
    "the care that children's services give. Topics are in our words; each item is answered, or "
    "marked as not applicable with the reason."
)


def items_text(items: Iterable[Item], facts: Facts, *, level: int) -> list[str]:
    """Write each item under its section, in order; sections are headings of this level."""
    parts: list[str] = []
    section = ""
    for item in items:
        if item.section != section:
            section = item.section
            parts.append(f"{'#' * level} {section}")
        answer = facts.fill(item.text)
        body = answer if item.applies else f"*Not applicable.* {answer}"
        parts.append(f"{'#' * (level + 1)} {item.number}. {item.topic}\n\n{body}")
    return parts


def _tables(learnt: Learnt, recorded: Recorded) -> list[tuple[str, str, pd.DataFrame]]:
    return [
        ("What the model was learnt from", _LEARNT, tables.learnt_from(*_parts(learnt))),
        ("Sources", _SOURCES, tables.sources(learnt.sources)),
        ("Families", _FAMILIES, tables.families(learnt.model)),
        ("Predictors", _PREDICTORS, tables.predictors(learnt.model)),
        ("Thresholds", _THRESHOLDS, tables.thresholds(learnt.model)),
        ("Performance at the start of the inspection", _WINDOWS, tables.performance(recorded)),
        ("New failures and re-inspections", _POPULATIONS, tables.populations(recorded)),
        ("Against each baseline", _AGAINST, tables.against(recorded)),
        ("Months before", _LEADS, tables.leads(recorded)),
        ("Calibration", _CALIBRATION, tables.calibration(recorded)),
        ("Net benefit", _BENEFIT, tables.benefit(recorded)),
        ("Groups of authorities", _GROUPS, tables.groups(recorded)),
    ]


def _parts(learnt: Learnt) -> tuple[RiskModel, pd.DataFrame, pd.DataFrame]:
    return learnt.model, learnt.cases, learnt.X


_LEARNT = (
    "As known on the day that each inspection began. The level of a family is the mean of its "
    "known predictors, in standard deviations between authorities of the year; above zero is "
    "the bad direction."
)
_SOURCES = (
    "How up to date each source was on the panel's latest date, {newest}: publications and, for "
    "the model, the reports that it learnt from. A source is overdue if nothing newer was known "
    "after the date it was due; for the model this is its last date."
)
_FAMILIES = "What a family weighs when all its predictors are one unit in the bad direction."
_PREDICTORS = (
    "A column that ends in `_z` is the authority's place within its year, shrunk. Weights are "
    "log-odds a unit; `sd` is over the refits, and for doubt of what is believed. Within a family "
    "the weights are mostly assumed: that one is larger than another is hardly a finding."
)
_THRESHOLDS = (
    "The log-odds of a grade or worse are the sum of weight times (column less centre), less its "
    "threshold. Columns of the last inspection have their own weight at each threshold, given "
    "here; those of the worst grade are listed among the predictors too. A missing column is "
    "filled as described under missing data."
)
_WINDOWS = (
    "The development years ({years_dev}) were searched and flatter the model. The confirmation "
    "years ({years_conf}) and the latest have been looked at several times, and were not used to "
    "choose anything. Windows that begin with the word from include others. Brier "
    "skill: by how much the squared error is smaller than that of the trailing share of events; "
    "zero is no better. O/E: observed over expected events. Slope: of the log-odds; one is "
    "right, below one too bold. On the list: events among those of the {top_k} highest that were "
    "inspected."
)
_AGAINST = (
    "Differences in {window_head}, on the same resamples: above zero the model is the better one, "
    "and an interval that includes zero shows no difference."
)
_POPULATIONS = (
    "Where the last judgement is Inadequate the department is already involved. Limits of O/E are "
    "exact ({ref_garwood}). The last column is the exact chance of so few events or fewer, if the "
    "risks were right."
)
_LEADS = "The same inspections, predicted so many months before they began."
_CALIBRATION = (
    "By fifths of risk at the start of the inspection, lowest first. The last column is where "
    "{band_level} of observed shares would lie if the risks were right."
)
_BENEFIT = (
    "Of acting on risks above a threshold ({ref_vickers}), at the start of the inspection. Acting "
    "on nobody has a benefit of zero. No intervals were computed: differences of this size are "
    "not to be read individually."
)
_GROUPS = "Confirmation years, with exact limits ({ref_garwood})."
