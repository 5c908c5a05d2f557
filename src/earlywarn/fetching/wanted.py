"""The publications with tables that are used, and how a table is recognised by its header."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

from earlywarn.errors import SourceError
from earlywarn.sources.layouts import match_layout
from earlywarn.sources.tabular_files import column_key
from earlywarn.utils.names import plain_name

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Wanted:
    """A publication that is wanted.

    Attributes
    ----------
    words : str
        The words in its title, normalised.
    tables : tuple of str
        Its tables that are used.
    slug : str
        The name of its page where the API does not have it; empty if unknown.
    first_year : int
        The first year of its releases to look for among the files.
    began_as_files : bool
        Whether its earlier releases are files, even if the API has it now.
    """

    words: str
    tables: tuple[str, ...]
    slug: str = ""
    first_year: int = 2022
    began_as_files: bool = False

    def is_called(self, title: str) -> bool:
        """Whether a publication's title is that of this one."""
        return plain_name(self.words) in plain_name(title)


PUBLICATIONS = (
    Wanted("children in need", ("B1", "C1", "D3", "D5"), "children-in-need"),
    Wanted("children looked after in England", ("CLA",)),
    Wanted(
        "children's social work workforce",
        ("CSWW",),
        "children-s-social-work-workforce",
        first_year=2017,
        began_as_files=True,
    ),
)


@dataclass(frozen=True)
class Recognised:
    """The table that a header belongs to.

    Attributes
    ----------
    table, series : str
        The table and its series in the release calendar; empty if it is not one that is used.
    doubt : str
        Why it can't be read although it clearly is the table; empty if it can.
    """

    table: str = ""
    series: str = ""
    doubt: str = ""


def recognised(header: str, where: str) -> Recognised:
    """Recognise a table by the columns of its header.

    Examples
    --------
    >>> recognised("time_period,geographic_level,old_la_code,CPP_start,CPP_subsequent,"
    ...            "CPP_subsequent_percent", "a").table
    'D3'
    >>> recognised("time_period,number_of_pupils", "a").table
    ''
    """
    names = next(csv.reader([header]), [])
    try:
        layout = match_layout([column_key(name) for name in names], where, names)
    except SourceError as fault:
        return Recognised("in doubt", "", f"{fault.problem}: found {fault.found}")
    return Recognised(layout.table, layout.series) if layout else Recognised()


def not_whole(file: Path) -> str:
    """Return why a CSV file is incomplete; empty if it is complete.

    A connection that ends early without an error leaves a last row with missing cells.
    """
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        rows = csv.reader(stream)
        header = next(rows, [])
        last, count = header, 0
        for row in rows:
            if row:
                last, count = row, count + 1
    if len(header) < 2:
        return "not a table"
    if count == 0:
        return "a table without a row"
    return "" if len(last) == len(header) else "its last row is cut off"


def periods(file: Path) -> tuple[int, ...]:
    """The years of a table, in order."""
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        found = {row.get("time_period", "")[:4] for row in csv.DictReader(stream)}
    return tuple(sorted(int(year) for year in found if year.isascii() and year.isdigit()))
