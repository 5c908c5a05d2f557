"""The record of one column of what earlywarn writes, and the kinds that most of them are of."""

from __future__ import annotations

from dataclasses import dataclass

NOT_AVAILABLE, NOT_APPLICABLE = "[x]", "[z]"
SHARE, LOG_ODDS, PLACE = "share from 0 to 1", "log-odds", "place on the list"


@dataclass(frozen=True)
class Column:
    """One column.

    Parameters
    ----------
    name : str
        As it stands in the frame and the file.
    label : str
        A few words, for people.
    meaning : str
        A sentence.
    unit : str
        Of numbers; empty for text.
    places : int, optional
        Decimal places shown; none for text.
    blank : str
        The shorthand that stands in a sheet where the cell is empty.
    """

    name: str
    label: str
    meaning: str
    unit: str = ""
    places: int | None = None
    blank: str = NOT_AVAILABLE


def text_column(name: str, label: str, meaning: str, blank: str = NOT_AVAILABLE) -> Column:
    """A column of text."""
    return Column(name, label, meaning, blank=blank)


def share_column(name: str, label: str, meaning: str, blank: str = NOT_AVAILABLE) -> Column:
    """A column of shares or probabilities."""
    return Column(name, label, meaning, SHARE, 3, blank)


def place_column(name: str, label: str, meaning: str) -> Column:
    """A column of places, the first of which is 1."""
    return Column(name, label, meaning, PLACE, 0)


WHO = (
    text_column("la_code", "Authority code", "The three-digit code of the local authority."),
    text_column("la_name", "Authority", "The name of the local authority."),
    text_column("as_of", "As of", "Only what had been published by this day was used."),
)
"""Whose a row is, and of which day."""
