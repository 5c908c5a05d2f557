"""A folder of published files, as downloaded: found by their columns, read, checked, dated."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from earlywarn.authorities import REGISTER_COLUMNS, Register
from earlywarn.errors import DataQualityWarning, SourceError
from earlywarn.sources.calendar import Calendar
from earlywarn.sources.lait import is_lait, read_lait, read_lait_parquet
from earlywarn.sources.layouts import LAYOUTS, Layout, match_layout
from earlywarn.sources.neighbours import is_neighbours, merge_neighbours, read_neighbours
from earlywarn.sources.observations import observe
from earlywarn.sources.schema import FileRecord, Finding, Published, findings_frame
from earlywarn.sources.tabular_files import (
    SUFFIXES,
    Grid,
    Table,
    column_key,
    header_candidates,
    parquet_grid,
    parquet_names,
    read_grids,
    table_from,
)
from earlywarn.sources.wide_tables import Reading, read_wide
from earlywarn.utils.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Sequence

UNRECOGNISED = "unrecognised"

# The calendar; and published tables that are known and hold nothing that is read here.
_TELLING = (
    ("releases", {"series", "reporting_year", "first_published", "precision"}),
    ("releases", {"series", "period", "published_on", "precision"}),
    ("list of authorities", {"la_number", "la_name", "region", "type"}),
    ("LAIT dictionary", {"measure_code", "measure_short", "polarity"}),
    ("C3", {"time_period", "episodes_with_assessment_factor"}),
    ("C4", {"time_period", "section47", "icpc"}),
    ("centroids", {"la_code", "easting", "northing"}),
)
# The register's own tables: these columns, and none but theirs.
_REGISTER = (
    ("authorities", {"la_code", "closed"}),
    ("area_codes", {"gss_code", "la_code"}),
    ("reorganisations", {"predecessor", "successor"}),
)


@dataclass(frozen=True, eq=False)
class _Found:
    """One table of one file, and what it was recognised as."""

    path: str
    kind: str
    table: Table
    layout: Layout | None = None


def read_folder(folder: str | Path, *, progress: Progress | None = None) -> Published:
    """Everything known below a folder of published files.

    Parameters
    ----------
    folder : path
        Looked through to any depth for CSV, Excel, OpenDocument and Parquet files. A file is
        known by its columns, whatever its name. A release calendar (`releases.csv`) and register
        tables (`authorities.csv`, `area_codes.csv`, `reorganisations.csv`) extend those that ship.
    progress : Progress, optional
        What to report to; silent if not given.

    Returns
    -------
    Published
        Observations, neighbours, calendar, findings, register and files.

    Raises
    ------
    SourceError
        If there is no such folder, no table of figures in it, or a file that can't be right.
    AuthorityError
        If a register table contradicts itself.

    Warns
    -----
    DataQualityWarning
        Once, if there are findings of severity "warning".
    """
    root, told_to = Path(folder), progress or Progress()
    records, found, findings = _look_through(root, told_to)
    register = _register(found)
    calendar = Calendar.load()
    for item in _of(found, "releases"):
        calendar = calendar.extended(item.table)
    neighbours, told = _neighbours(found, register)
    readings = _readings(found, register, told_to)
    if not readings:
        raise _no_figures(root, records)
    observations, assumed = observe(
        [(item.table.file, _turn(item), reading.figures) for item, reading in readings], calendar
    )
    findings += told + assumed
    findings += [finding for _, reading in readings for finding in reading.findings]
    frame = findings_frame(findings)
    _warn(frame)
    return Published(observations, neighbours, calendar.releases, frame, register, tuple(records))


def _look_through(
    root: Path, progress: Progress
) -> tuple[list[FileRecord], list[_Found], list[Finding]]:
    if not root.is_dir():
        raise SourceError(
            "no such folder",
            where=str(root),
            expected="a folder of published files",
            remedy="Give the folder that the files were downloaded to.",
        )
    records, everything, findings = [], [], []
    files = [path for path in sorted(root.rglob("*")) if _may_be_read(path, root)]
    for path in progress.over(files, "Looking into each file"):
        name = path.relative_to(root).as_posix()
        found, told = _look_into(path, name)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        kinds = ", ".join(dict.fromkeys(item.kind for item in found)) or UNRECOGNISED
        records.append(FileRecord(name, digest, kinds, sum(len(f.table.lines) for f in found)))
        everything += found
        findings += told
    return records, everything, findings


def _may_be_read(path: Path, root: Path) -> bool:
    hidden = any(part.startswith((".", "~$")) for part in path.relative_to(root).parts)
    return not hidden and path.suffix.lower() in SUFFIXES and path.is_file()


def _look_into(path: Path, name: str) -> tuple[list[_Found], list[Finding]]:
    """The known tables of one file; a note where there is none."""
    findings = []
    if path.suffix.lower() == ".parquet":
        names = parquet_names(path, name)
        kind, _ = _kind([column_key(column) for column in names], name)
        if kind == "LAIT":
            return [_Found(name, kind, read_lait_parquet(path, name, names))], []
        grids = [parquet_grid(path, names)] if kind else []
    else:
        grids = read_grids(path, name)
    found = []
    for grid in grids:
        table = _recognised(grid, name)
        found += [table] if table else []
        if table and grid.note:
            findings.append(Finding("note", "encoding", grid.note, table.table.file))
    if not found:
        message = "no table in it is known: passed over"
        findings.append(Finding("note", UNRECOGNISED, message, name))
    return found, findings


def _recognised(grid: Grid, name: str) -> _Found | None:
    """The known table of one sheet, if there is one."""
    where = f"{name}, sheet {grid.sheet}" if grid.sheet else name
    for index, keys in header_candidates(grid):
        kind, layout = _kind(keys, where)
        if kind:
            return _Found(name, kind, _filled(table_from(grid, index, where)), layout)
    return None


def _kind(keys: Sequence[str], where: str) -> tuple[str, Layout | None]:
    """What a table is by its columns; an empty text if it is none that is known."""
    layout = match_layout(keys, where)
    if layout is not None:
        return layout.table, layout
    if is_lait(keys, where):
        return "LAIT", None
    if is_neighbours(keys):
        return "neighbours", None
    have = set(keys) - {""}
    kinds = [name for name, columns in _TELLING if columns <= have]
    kinds += [name for name, columns in _REGISTER if columns <= have <= {*REGISTER_COLUMNS[name]}]
    return ("judgements" if _judges(have) else next(iter(kinds), "")), None


def _judges(have: set[str]) -> bool:
    inspected = any(key.startswith(("inspection_start", "inspection_date")) for key in have)
    return inspected and any("help_and_protection" in key for key in have)


def _filled(table: Table) -> Table:
    if len(table.lines) == 0:
        raise SourceError(
            "a table without a row",
            where=table.file,
            found="only a header",
            expected="rows below it",
            remedy="Download the file again.",
        )
    return table


def _of(found: Sequence[_Found], kind: str) -> list[_Found]:
    return [item for item in found if item.kind == kind]


def _register(found: Sequence[_Found]) -> Register:
    tables = {
        name: pd.concat([item.table.cells for item in _of(found, name)])
        for name in REGISTER_COLUMNS
        if _of(found, name)
    }
    register = Register.load()
    return register.extended(tables) if tables else register


def _neighbours(found: Sequence[_Found], register: Register) -> tuple[pd.DataFrame, list[Finding]]:
    tables, findings = [], []
    for item in _of(found, "neighbours"):
        table, told = read_neighbours(item.table, register)
        tables.append((item.table.file, table))
        findings += told
    merged, told = merge_neighbours(tables)
    return merged, findings + told


def _readings(
    found: Sequence[_Found], register: Register, progress: Progress
) -> list[tuple[_Found, Reading]]:
    told = [item for item in found if item.layout is not None or item.kind == "LAIT"]
    return [
        (item, _read(item, register))
        for item in progress.over(told, "Reading each table's figures")
    ]


def _read(item: _Found, register: Register) -> Reading:
    if item.layout is not None:
        return read_wide(item.table, item.layout, register)
    return read_lait(item.table, register)


def _turn(item: _Found) -> int:
    """The precedence of a table: an earlier layout wins over a later, every one over LAIT."""
    return LAYOUTS.index(item.layout) if item.layout is not None else len(LAYOUTS)


def _no_figures(root: Path, records: Sequence[FileRecord]) -> SourceError:
    seen = ", ".join(f"{record.path} ({record.recognised_as})" for record in records[:5])
    tables = ", ".join(dict.fromkeys(layout.table for layout in LAYOUTS))
    return SourceError(
        "no published table of figures is below this folder",
        where=str(root),
        found=seen or "no CSV, Excel, OpenDocument or Parquet file",
        expected=f"one at least of the tables {tables}, LAIT",
        remedy="Download the tables as CSV files, and leave their header as it is.",
    )


def _warn(findings: pd.DataFrame) -> None:
    count = int((findings["severity"] == "warning").sum())
    if count:
        first = findings.iloc[0]
        warnings.warn(
            f"{count} data warnings, the first in {first['file']}: {first['message']}; "
            "see .findings",
            DataQualityWarning,
            stacklevel=3,
        )
