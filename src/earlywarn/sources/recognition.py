"""Recognise what a table is by its columns, never by its file's name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from earlywarn.authorities import REGISTER_COLUMNS
from earlywarn.sources.lait import is_lait, read_lait_parquet
from earlywarn.sources.layouts import Layout, match_layout
from earlywarn.sources.members import PARQUET, Member
from earlywarn.sources.neighbours import is_neighbours
from earlywarn.sources.schema import Finding
from earlywarn.sources.tabular_files import (
    Grid,
    Table,
    header_candidates,
    table_from,
    where_of,
    whole_grid,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# The calendar; and known published tables without anything that is used here.
_KNOWN = (
    ("releases", {"series", "reporting_year", "first_published", "precision"}),
    ("releases", {"series", "period", "published_on", "precision"}),
    ("list of authorities", {"la_number", "la_name", "region", "type"}),
    ("LAIT dictionary", {"measure_code", "measure_short", "polarity"}),
    ("C3", {"time_period", "episodes_with_assessment_factor"}),
    ("C4", {"time_period", "section47", "icpc"}),
    ("centroids", {"la_code", "easting", "northing"}),
)
IDLE = frozenset({"list of authorities", "LAIT dictionary", "C3", "C4", "centroids"})
"""The known tables from which nothing is read."""

# The register's own tables: exactly these columns.
_REGISTER = (
    ("authorities", {"la_code", "closed"}),
    ("area_codes", {"gss_code", "la_code"}),
    ("reorganisations", {"predecessor", "successor"}),
)


@dataclass(frozen=True, eq=False)
class Recognised:
    """A table, the member of the folder that contains it, and what it is."""

    member: Member
    kind: str
    table: Table
    layout: Layout | None = None

    @property
    def idle(self) -> bool:
        """Whether it is a known published table without anything that is used here."""
        return self.kind in IDLE


def recognise(member: Member, sheets: Sequence[Grid]) -> tuple[list[Recognised], list[Finding]]:
    """Find the known tables of figures in one file.

    Parameters
    ----------
    member : Member
        The file, or one of an archive.
    sheets : sequence of Grid
        Its `first_rows`.

    Returns
    -------
    tables : list of Recognised
        Empty if none is known.
    findings : list of Finding
        A note where the file is not in the usual encoding, a warning for a header without rows.

    Raises
    ------
    SourceError
        If a known table is incomplete.
    """
    found, findings = [], []
    for start in sheets:
        one = _recognised(member, start)
        if one is None:
            continue
        table, notes = one
        if len(table.table.lines) == 0:
            message = f"a header of {table.kind} with no rows below it: skipped"
            findings.append(Finding("warning", "no-rows", message, table.table.file))
            continue
        found.append(table)
        findings += notes
    return found, findings


def _recognised(member: Member, start: Grid) -> tuple[Recognised, list[Finding]] | None:
    """The known table in one sheet, if there is one, and findings on how it was read."""
    where = where_of(member, start)
    for index, keys in header_candidates(start):
        kind, layout = kind_of(keys, where)
        if not kind:
            continue
        if kind == "LAIT" and member.kind == PARQUET:
            return Recognised(member, kind, read_lait_parquet(member, start.rows[0][1])), []
        grid = whole_grid(member, start.sheet)
        table = table_from(grid, index, where)
        return Recognised(member, kind, table, layout), list(_of_the_text(grid, table))
    return None


def _of_the_text(grid: Grid, table: Table) -> Iterator[Finding]:
    """A note of an unusual encoding, and a warning where a file may end within its last cell."""
    if grid.note:
        yield Finding("note", "encoding", grid.note, table.file)
    own = {"published_on", "first_published", "closed", "gss_code", "predecessor"} & {
        *table.columns
    }
    if grid.unended and len(table.lines) and not own:  # what users write ends as they like
        line = float(table.lines[-1])
        message = (
            "the last line does not end with a line break, as in a file that was cut off: check "
            f"that its last cell ({table.cells.iloc[-1, -1]!r}) is complete, or download the file "
            "again"
        )
        yield Finding("warning", "no-last-end", message, table.file, line)


def kind_of(keys: Sequence[str], where: str) -> tuple[str, Layout | None]:
    """Return what a table is by its columns; empty if unknown."""
    layout = match_layout(keys, where)
    if layout is not None:
        return layout.table, layout
    if is_lait(keys, where):
        return "LAIT", None
    if is_neighbours(keys):
        return "neighbours", None
    have = set(keys) - {""}
    kinds = [name for name, columns in _KNOWN if columns <= have]
    kinds += [name for name, columns in _REGISTER if columns <= have <= {*REGISTER_COLUMNS[name]}]
    return next(iter(kinds), ""), None
