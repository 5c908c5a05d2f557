"""The label, unit and meaning of each column that earlywarn writes, in one place."""

from __future__ import annotations

import pandas as pd

from earlywarn.export.column import (
    LOG_ODDS,
    NOT_APPLICABLE,
    NOT_AVAILABLE,
    WHO,
    Column,
    place_column,
    share_column,
    text_column,
)
from earlywarn.export.compared_columns import CHANGED, COMPARED_FIGURES, NEIGHBOURS, WHAT_IF
from earlywarn.utils.arguments import of_kind

SHORTHAND = {
    NOT_AVAILABLE: "not available: no such figure or judgement is on record",
    NOT_APPLICABLE: "not applicable: there is nothing to say here",
}
"""The shorthand shown in a sheet instead of an empty cell, as in other official statistics."""

METADATA = (
    "col_name",
    "col_type",
    "label",
    "indicator_grouping",
    "indicator_unit",
    "indicator_dp",
    "filter_hint",
    "filter_grouping_column",
)
"""Columns of a metadata file, by the open data standards of the Department for Education."""


KNOWN_COUNT = Column(
    "known", "Indicators known", "How many of the model's indicators are known.", "indicators", 0
)

SCORES = (
    *WHO,
    share_column(
        "risk",
        "Risk of an Inadequate judgement",
        "Probability that an inspection starting on the day would find an Inadequate area.",
    ),
    share_column(
        "risk_lower", "Lower limit of the risk", "Lower limit of the 90% interval of the risk."
    ),
    share_column(
        "risk_upper", "Upper limit of the risk", "Upper limit of the 90% interval of the risk."
    ),
    share_column(
        "below_good",
        "Risk of being judged below Good",
        "Probability of Requires improvement or worse, from the same model.",
    ),
    place_column("rank", "Rank", "Place among all authorities on the date; 1 is the highest risk."),
    place_column(
        "rank_lower", "Lower limit of the rank", "Lower limit of the 90% interval of the rank."
    ),
    place_column(
        "rank_upper", "Upper limit of the rank", "Upper limit of the 90% interval of the rank."
    ),
    text_column(
        "band",
        "Band",
        "The risk compared with the expected share of Inadequate judgements, in words.",
    ),
    share_column(
        "top_k_probability",
        "Probability of being among the 26 highest risks",
        "The list is as long as the number of authorities in intervention in 2016, unless the "
        "call asked for another length.",
    ),
    text_column(
        "previous_judgement",
        "Last judgement",
        "The grade of the worst area at the last inspection published by then, of leadership, "
        "help and protection, and children in care; Inadequate if any area was.",
    ),
    text_column(
        "previous_inspection", "Last inspection", "The day on which that inspection started."
    ),
    text_column(
        "drivers_up",
        "What raises the risk",
        "Figures that raise the risk, strongest first.",
        NOT_APPLICABLE,
    ),
    text_column(
        "drivers_down",
        "What lowers the risk",
        "Figures that lower the risk, strongest first.",
        NOT_APPLICABLE,
    ),
    text_column(
        "missing_indicators",
        "Figures that are missing",
        "Figures with no usable value; others of their family stand in, and the interval is wider.",
        NOT_APPLICABLE,
    ),
    text_column(
        "data_through", "Newest figures", "The latest date on which a figure used was published."
    ),
    text_column("model_id", "Model", "The model that gave the scores."),
    share_column(
        "prior",
        "Expected share of Inadequate judgements",
        "The share of inspections that the model was set to: what it expects, or a scenario's.",
    ),
    text_column("region", "Region", "The region of England."),
    text_column(
        "already_inadequate",
        "Already Inadequate",
        "Whether the last judgement known has an Inadequate grade, overall or of an area.",
    ),
    KNOWN_COUNT,
    text_column(
        "judgements_through",
        "Newest judgement",
        "The latest date on which a judgement used was published; later ones are not known here.",
    ),
    share_column(
        "top_k_probability_new",
        "Probability of being among the 26 highest not yet Inadequate",
        "Empty for an authority that is Inadequate already; the list is as long as that of "
        "top_k_probability.",
        NOT_APPLICABLE,
    ),
    share_column(
        "band_probability",
        "Probability of the band",
        "How probable it is that the risk lies in the band that is named, given its interval.",
        NOT_APPLICABLE,
    ),
    text_column(
        "previous_overall",
        "Overall grade of the last judgement",
        "The overall grade of that inspection; empty where the report gives none, as since "
        "April 2026.",
    ),
)
"""The columns of ``earlywarn.score``, in order."""

EXPLANATION = (
    *WHO,
    text_column(
        "term", "Term", "'baseline' for the row where every authority starts, else 'indicator'."
    ),
    text_column("indicator", "Indicator", "The indicator's name in the catalogue.", NOT_APPLICABLE),
    text_column("family", "Family", "The family of indicators it is averaged in.", NOT_APPLICABLE),
    Column("value", "Value", "The authority's figure, in the unit next to it.", "as given", 1),
    text_column("unit", "Unit", "What the figures of the row count.", NOT_APPLICABLE),
    Column("england", "England", "England's figure, in the same unit.", "as given", 1),
    Column(
        "neighbours",
        "Statistical neighbours",
        "The plain mean of the figures of the authority's statistical neighbours.",
        "as given",
        1,
    ),
    share_column(
        "percentile",
        "Share of other authorities that are lower",
        "Strictly lower, among those with a figure.",
    ),
    Column(
        "contribution",
        "Contribution",
        "What the row adds to the log-odds of the risk; an authority's rows add up to them.",
        LOG_ODDS,
        3,
    ),
    share_column(
        "sign_stability",
        "How firmly the assumed direction is held",
        "0.5 to 1, by the weight's size relative to its uncertainty. Directions are assumed, "
        "not learnt: this is no evidence from judgements.",
    ),
    text_column("sentence", "In words", "The row as a sentence."),
    Column(
        "period",
        "Year",
        "The year in which the value's period ends; of an own figure, that of the others.",
        "year",
        0,
    ),
    Column(
        "expected",
        "Expected for its deprivation",
        "The value expected of an equally deprived authority, where compared like for like.",
        "as given",
        1,
    ),
    text_column(
        "own", "Own figure", "Whether the value is the caller's own, not the published one."
    ),
)
"""The columns of ``earlywarn.explain``, in order."""

STATUS = text_column("status", "Status", "'scored', or why the row could not be scored.")
COMPARED = text_column(
    "compared_with",
    "Compared with",
    "The figures that plain values were compared with; empty where standardised levels were given.",
)
KNOWN = {column.name: column for column in (*SCORES, *EXPLANATION, COMPARED, STATUS)}


def columns_of(frame: pd.DataFrame) -> tuple[Column, ...]:
    """Return the record of each column of a frame, in order.

    Parameters
    ----------
    frame : DataFrame
        A column that earlywarn does not write itself is described as such.

    Examples
    --------
    >>> columns_of(pd.DataFrame({"rank": [1], "mine": ["a"]}))[1].meaning
    'A column that was given to earlywarn, and passed through.'
    """
    known = KNOWN | _own_meanings({str(name) for name in frame.columns})
    return tuple(known.get(str(name), _passed_through(frame, str(name))) for name in frame.columns)


def _own_meanings(names: set[str]) -> dict[str, Column]:
    """The frame to which these columns belong, since some mean something else elsewhere."""
    for table in (NEIGHBOURS, COMPARED_FIGURES, CHANGED, WHAT_IF):
        records = {column.name: column for column in table}
        if records.keys() <= names:
            return records
    return {}


def _passed_through(frame: pd.DataFrame, name: str) -> Column:
    meaning = "A column that was given to earlywarn, and passed through."
    kind, places = frame[name].dtype, None
    if pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind):
        places = 0 if pd.api.types.is_integer_dtype(kind) else 3
    return Column(name, name, meaning, places=places)


def data_dictionary(frame: pd.DataFrame) -> pd.DataFrame:
    """Make the data dictionary of a frame: a row per column, to the department's standards.

    Parameters
    ----------
    frame : DataFrame

    Returns
    -------
    DataFrame
        With the columns of ``METADATA``, all text. A number is an ``Indicator``, anything else a
        ``Filter``. Shares are numbers from 0 to 1, so ``indicator_unit``, which is kept for pounds
        and percentages, stays empty; the unit is in the label.

    Examples
    --------
    >>> data_dictionary(pd.DataFrame({"risk": [0.25]})).loc[0, ["col_type", "label"]].tolist()
    ['Indicator', 'Risk of an Inadequate judgement (share from 0 to 1)']
    """
    of_kind(frame, pd.DataFrame, "frame", expected="a table that earlywarn gave")
    rows = [
        dict.fromkeys(METADATA, "")
        | {
            "col_name": column.name,
            "col_type": "Filter" if column.places is None else "Indicator",
            "label": f"{column.label} ({column.unit})" if column.unit else column.label,
            "indicator_dp": "" if column.places is None else str(column.places),
            "filter_hint": column.meaning if column.places is None else "",
        }
        for column in columns_of(frame)
    ]
    return pd.DataFrame(rows, columns=list(METADATA))
