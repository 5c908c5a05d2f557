"""An authority's band, rank and place on the list in words, also if nothing is known about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from earlywarn.scoring.words import worst_of
from earlywarn.utils.formatting import chance

if TYPE_CHECKING:
    from collections.abc import Mapping

NOTHING = "nothing known"
"""The name shown instead of a band if nothing is known about an authority."""
CAUTION = (
    "These figures predict little: ranks overlap widely, and most authorities high on the list "
    "will not be judged Inadequate."
)
"""The caution shown wherever authorities are ranked."""
_REASON = "as nothing is known about it"


def band_name(row: Mapping[Any, Any] | pd.Series) -> str:
    """Return the band of a row of ``score``.

    Examples
    --------
    >>> band_name({"band": float("nan")})
    'nothing known'
    """
    return NOTHING if pd.isna(row["band"]) else str(row["band"])


def judgement_words(row: Mapping[Any, Any] | pd.Series) -> str:
    """Describe the last judgement of a row of ``score``: overall grade, and worst area.

    Ofsted's overall grade is missing in inspections since April 2026; a judgement counts here by
    its worst area (`worst_of`).

    Examples
    --------
    >>> judgement_words({"previous_judgement": "Requires improvement", "previous_overall": "Good"})
    'Good overall, Requires improvement in its worst area'
    >>> judgement_words({"previous_judgement": "Good", "previous_overall": None})
    'Good in the worst of three areas, no overall grade'
    """
    worst, overall = row["previous_judgement"], row["previous_overall"]
    if pd.isna(worst):
        return "none on record"
    if pd.isna(overall):
        return f"{worst} in {worst_of(worst)}, no overall grade"
    if overall == worst:
        return f"{worst}, overall and in {worst_of(worst)}"
    return f"{overall} overall, {worst} in {worst_of(worst)}"


def band_words(row: Mapping[Any, Any] | pd.Series) -> str:
    """Describe the band of a row of ``score``, and its probability.

    Examples
    --------
    >>> band_words({"band": "about usual", "band_probability": 0.456})
    'about usual (probability of this band 0.46)'
    >>> band_words({"band": None, "band_probability": None})
    'in no band, as nothing is known about it'
    """
    if pd.isna(row["band"]):
        return f"in no band, {_REASON}"
    return f"{row['band']} (probability of this band {row['band_probability']:.2f})"


def rank_words(row: Mapping[Any, Any] | pd.Series, count: int) -> str:
    """Describe the rank of a row of ``score`` with its interval.

    Examples
    --------
    >>> rank_words({"rank": 3, "rank_lower": 1, "rank_upper": 20}, 153)
    'Rank 3 of 153 (90% interval 1 to 20)'
    >>> rank_words({"rank": None, "rank_lower": None, "rank_upper": None}, 153)
    'No rank, as nothing is known about it'
    """
    if pd.isna(row["rank"]):
        return f"No rank, {_REASON}"
    return (
        f"Rank {row['rank']} of {count} (90% interval {row['rank_lower']} to {row['rank_upper']})"
    )


def top_chances(row: Mapping[Any, Any] | pd.Series) -> tuple[str, str]:
    """Return the chances of being on the top list: of all, and of those not yet Inadequate.

    Examples
    --------
    >>> top_chances({"top_k_probability": 0.62, "top_k_probability_new": 0.7})
    ('62%', '70%')
    >>> top_chances({"top_k_probability": 0.62, "top_k_probability_new": float("nan")})
    ('62%', '')
    """
    new = row["top_k_probability_new"]
    return chance(row["top_k_probability"]), "" if pd.isna(new) else chance(new)
