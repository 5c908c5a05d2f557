"""The frozen record of one indicator: what it is, how it is computed, and which way is worse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["proportion", "rate", "ratio", "amount", "history"]
Direction = Literal["higher is worse", "lower is worse", "either extreme is worse", "context"]

LAIT = (
    "LAIT polarity, Department for Education, "
    "https://www.gov.uk/government/publications/local-authority-interactive-tool-lait"
)


@dataclass(frozen=True)
class Indicator:
    """One indicator: what it is, how it is computed, and which way is worse.

    Parameters
    ----------
    id : str
        The name of its column.
    title : str
        Plain English, as at the start of a sentence.
    definition : str
        The formula.
    numerator, denominator : str
        The measures of its counts; empty where the publisher gives only the result.
    unit : str
        What the number counts, as written after the number.
    kind : {"proportion", "rate", "ratio", "amount", "history"}
        How chance affects it: a share of a count, a count per child, a count per worker, an amount
        without a known sampling error, or a fact about earlier inspections.
    direction : {"higher is worse", "lower is worse", "either extreme is worse", "context"}
        Which way raises concern.
    direction_source : str
        Who gives the direction.
    family : str
        The family in which it is averaged.
    series : str
        The release series that publishes it.
    first_year : int
        The first reporting year in the files read.
    reference : str
        The publication.
    measure : str
        The measure of its observations.
    size_measure : str
        The measure that counts the cases behind it, where the table has no denominator; for an
        amount, the measure whose denominator counts the staff behind it.
    like_for_like : bool
        Whether it is compared with equally deprived authorities.
    scored : bool
        Whether the default model uses it.
    """

    id: str
    title: str
    definition: str
    numerator: str
    denominator: str
    unit: str
    kind: Kind
    direction: Direction
    direction_source: str
    family: str
    series: str
    first_year: int
    reference: str
    measure: str
    size_measure: str = ""
    like_for_like: bool = False
    scored: bool = True

    @property
    def sign(self) -> int:
        """+1 if a higher value raises the risk, -1 if a lower one does, otherwise 0."""
        return {"higher is worse": 1, "lower is worse": -1}.get(self.direction, 0)

    @property
    def conviction(self) -> float:
        """How certain the direction is: 1 if declared by the department, a half if by papers."""
        return 1.0 if self.direction_source == LAIT else 0.5
