"""What the columns of comparisons mean: with others, with another date, with other figures."""

from __future__ import annotations

from earlywarn.export.column import (
    LOG_ODDS,
    NOT_APPLICABLE,
    WHO,
    Column,
    place_column,
    share_column,
    text_column,
)

_GIVEN = "as given"


def _figure(name: str, label: str, meaning: str) -> Column:
    return Column(name, label, meaning, _GIVEN, 1)


def _year(name: str, label: str, meaning: str) -> Column:
    return Column(name, label, meaning, "year", 0)


def _log_odds(name: str, label: str, meaning: str) -> Column:
    return Column(name, label, meaning, LOG_ODDS, 3)


_INDICATOR = text_column(
    "indicator", "Indicator", "The indicator's name in the catalogue.", NOT_APPLICABLE
)
_FAMILY = text_column("family", "Family", "The family of indicators it belongs to.", NOT_APPLICABLE)
_UNIT = text_column("unit", "Unit", "What the figures of the row count.", NOT_APPLICABLE)

COMPARED_FIGURES = (
    *WHO,
    _INDICATOR,
    text_column("title", "Title", "The indicator in words."),
    _FAMILY,
    _UNIT,
    text_column("direction", "Direction", "Which way is worse; empty where neither is."),
    _figure("value", "Value", "The authority's newest figure that is not too old."),
    _year("period", "Year", "The year in which its period ends; of an own figure, the others'."),
    text_column("own", "Own figure", "Whether it is the caller's own, not the published one."),
    _figure("lower", "Lower limit", "Lower 95% limit for chance, where the cases are known."),
    _figure("upper", "Upper limit", "Upper 95% limit for chance, where the cases are known."),
    text_column("group", "Group", "Whom the authority is compared with."),
    _figure(
        "group_value",
        "The group's value",
        "Of the same year, without the authority: of all its cases together, or the plain mean.",
    ),
    text_column(
        "group_pooled",
        "Of all cases together",
        "Whether the group's value is that of all its cases together; else it is the plain mean.",
    ),
    Column("group_known", "Known in the group", "Of how many it is known.", "authorities", 0),
    Column(
        "rank",
        "Rank in the group",
        "1 is the best by the direction, or the lowest where there is none.",
        "place among group and authority",
        0,
    ),
    Column("of", "Ranked", "How many have a rank, the authority too.", "authorities", 0),
    Column("quartile", "Quarter", "The quarter of the ranks, 1 to 4.", "quarter", 0),
    text_column(
        "significance",
        "Compared with the group",
        "'higher' or 'lower' where the group's value lies outside the limits, else 'similar'; "
        "'not tested' where there are no limits.",
    ),
    text_column(
        "standing",
        "Better or worse",
        "What that means by the direction; empty where there is none, or no test.",
        NOT_APPLICABLE,
    ),
)
"""The columns of ``earlywarn.compare``, in order."""

NEIGHBOURS = (
    Column("rank", "Closeness", "1 is the closest.", "place among the neighbours", 0),
    *WHO[:2],
    text_column("region", "Region", "The region of England."),
    text_column("closeness", "How close", "In the publisher's words, if the panel has them."),
    Column("model", "Model of neighbours", "The year of the model of neighbours.", "year", 0),
    text_column("exists", "Exists", "Whether the neighbour existed on the date."),
)
"""The columns of ``earlywarn.neighbours``, in order."""

CHANGED = (
    *WHO[:2],
    text_column("earlier", "Earlier date", "Only what had been published by it was used."),
    text_column("later", "Later date", "Only what had been published by it was used."),
    share_column("risk_then", "Risk then", "Risk of an Inadequate judgement on the earlier date."),
    share_column("risk_now", "Risk now", "Risk of an Inadequate judgement on the later date."),
    place_column("rank_then", "Rank then", "Place among all authorities on the earlier date."),
    place_column("rank_now", "Rank now", "Place among all authorities on the later date."),
    text_column(
        "part",
        "Part",
        "'level' (where every authority starts), 'judgement', 'indicator', or 'missing': a figure "
        "that is known on one of the dates only, or stood in for on both.",
    ),
    _INDICATOR,
    _FAMILY,
    _UNIT,
    _figure("value_then", "Value then", "The authority's figure on the earlier date."),
    _figure("value_now", "Value now", "The authority's figure on the later date."),
    _log_odds("contribution_then", "Contribution then", "What it added to the log-odds."),
    _log_odds("contribution_now", "Contribution now", "What it adds to the log-odds."),
    _log_odds(
        "change",
        "Change",
        "The contribution now less the one then; an authority's add up to the change in log-odds.",
    ),
    text_column(
        "worse_and_worsening",
        "Worse and worsening",
        "Whether the figure is worse than the mean of the statistical neighbours, and than it was.",
    ),
    text_column("sentence", "In words", "The row as a sentence."),
    _year("period_then", "Year then", "The year in which the earlier figure's period ends."),
    _year("period_now", "Year now", "The year in which the later figure's period ends."),
)
"""The columns of ``earlywarn.what_changed``, in order."""

WHAT_IF = (
    *WHO,
    text_column(
        "way",
        "Way",
        "'alone' for one figure changed by itself, 'together' for one after the other.",
    ),
    Column("step", "Step", "The place in its way.", "place", 0),
    _INDICATOR,
    _FAMILY,
    _figure("value", "Value", "The authority's figure."),
    _figure("value_to", "Changed to", "The first figure at which the band changes, or the bound."),
    _figure("bound", "Bound", "The furthest figure that is looked at."),
    Column("moved_sd", "Moved", "How far.", "standard deviations between authorities", 2),
    share_column("risk", "Risk of an Inadequate judgement", "Before the change."),
    share_column("risk_after", "Risk after", "After it; in 'together' after all steps so far."),
    share_column("risk_after_lower", "Lower limit of the risk after", "Of its 90% interval."),
    share_column("risk_after_upper", "Upper limit of the risk after", "Of its 90% interval."),
    text_column("band", "Band", "The risk compared with the expected share, in words, before."),
    text_column(
        "band_after", "Band after", "The risk compared with the expected share, in words, after."
    ),
    text_column("reached", "Another band", "Whether the band changes."),
)
"""The columns of ``earlywarn.what_would_change``, in order."""
