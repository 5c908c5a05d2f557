"""Read a folder of published files, as downloaded: recognise, check and date their tables."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from earlywarn.authorities import REGISTER_COLUMNS, Register
from earlywarn.errors import DataQualityWarning, SourceError
from earlywarn.sources.calendar import Calendar, shipped_calendar
from earlywarn.sources.figures_again import check_again, populations
from earlywarn.sources.lait import read_lait
from earlywarn.sources.lait_sums import check_lait_sums
from earlywarn.sources.layouts import LAYOUTS
from earlywarn.sources.members import (
    TABLE_KINDS,
    WORKBOOK,
    Member,
    digest_of,
    entries_below,
    hidden,
    members_of,
)
from earlywarn.sources.neighbours import merge_neighbours, read_neighbours
from earlywarn.sources.observations import observe
from earlywarn.sources.recognition import Recognised, recognise
from earlywarn.sources.register_changes import register_findings, rows_once
from earlywarn.sources.schema import FileRecord, Finding, Published, findings_frame
from earlywarn.sources.tabular_files import first_rows
from earlywarn.sources.wide_tables import Reading, read_wide
from earlywarn.utils.formatting import counted
from earlywarn.utils.paths import as_path
from earlywarn.utils.progress import Progress, progress_or_silent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

UNRECOGNISED = "unrecognised"
NOT_READ = "not looked into"
_SUFFIXES = (".csv", ".tsv", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".parquet", ".gz", ".zip")
_FIGURES = frozenset({layout.table for layout in LAYOUTS} | {"LAIT"})


@dataclass(frozen=True, eq=False)
class Figures:
    """The content of a folder except judgements, and the members without any of it.

    Attributes
    ----------
    published : Published
        The figures; its findings do not list files that were not read.
    unread : tuple of Member
        Members with a table that is unknown here: some may contain judgements.
    """

    published: Published
    unread: tuple[Member, ...]


def read_folder(folder: str | Path, *, progress: Progress | None = None) -> Published:
    """Read every known figure below a folder of published files.

    Parameters
    ----------
    folder : path
        Searched at any depth for CSV, Excel, OpenDocument and Parquet files, plain, in gzip or in
        zip archives. A file is recognised by its columns, whatever its name. A release calendar
        (`releases.csv`) and register tables (`authorities.csv`, `area_codes.csv`,
        `reorganisations.csv`) extend those that ship.
    progress : Progress, optional
        Where to report progress; silent by default.

    Returns
    -------
    Published
        Observations, neighbours, calendar, findings, register and files. Every file below the
        folder was read, or is listed in the findings with the reason.

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
    figures = read_figures(folder, progress=progress)
    return settled(figures, {}, findings_frame([]))


def read_figures(folder: str | Path, *, progress: Progress | None = None) -> Figures:
    """Read as `read_folder` does, but return members without a known table separately.

    Parameters
    ----------
    folder : path
        As for `read_folder`.
    progress : Progress, optional
        Where to report progress.

    Returns
    -------
    Figures
        To be completed by `settled`.

    Raises
    ------
    SourceError, AuthorityError
        As for `read_folder`.
    """
    root, reporter = as_path(folder, "folder", SourceError), progress_or_silent(progress)
    looked = _look_through(root, reporter)
    found = looked.found
    register, changes = _register(found)
    calendar, findings = _calendar(found)
    neighbours, odd = _neighbours(found, register)
    readings = _readings(found, register, reporter)
    if not readings:
        raise _no_figures(root, looked)
    observations, assumed = observe(
        [(item.table.file, _turn(item), reading.figures) for item, reading in readings],
        calendar,
        register,
    )
    findings = [*looked.findings, *changes, *findings, *odd, *assumed]
    findings += [finding for _, reading in readings for finding in reading.findings]
    findings += _unlike_lait(readings, register)
    rows = {id(item): reading.rows for item, reading in readings}
    records = [
        _record(
            path,
            digest,
            [item for item in found if item.member.file == path],
            rows,
            UNRECOGNISED if path in {member.file for member in looked.unread} else NOT_READ,
        )
        for path, digest in looked.files.items()
    ]
    published = Published(
        observations,
        neighbours,
        calendar.releases.copy(),  # a copy, so that a caller's changes to it stay with the caller
        findings_frame(findings),
        register,
        tuple(records),
    )
    return Figures(published, tuple(looked.unread))


def settled(figures: Figures, read: Mapping[str, tuple[str, int]], more: pd.DataFrame) -> Published:
    """Complete the figures with what others read in the folder, and list the unread files.

    Parameters
    ----------
    figures : Figures
        As returned by `read_figures`.
    read : mapping of str to (str, int)
        For each member that another reader read, by its name: what it is, and the number of rows.
    more : DataFrame
        Its findings.

    Returns
    -------
    Published

    Warns
    -----
    DataQualityWarning
        Once, if there are findings of severity "warning".
    """
    published = figures.published
    taken = {member.name: member.file for member in figures.unread if member.name in read}
    records = [
        _with_others(record, [read[name] for name, file in taken.items() if file == record.path])
        for record in published.files
    ]
    known = {
        record.path for record in records if record.recognised_as not in {UNRECOGNISED, NOT_READ}
    }
    notes = [
        Finding("note", UNRECOGNISED, "it contains no known table: skipped", member.name)
        for member in figures.unread
        if member.name not in read and (member.name != member.file or member.file not in known)
    ]
    every = pd.concat([published.findings, more, findings_frame(notes)], ignore_index=True)
    findings = every.sort_values("severity", kind="stable", ascending=False, ignore_index=True)
    _warn(findings)
    return replace(published, findings=findings, files=tuple(records))


@dataclass(frozen=True, eq=False)
class _Looked:
    """What is below a folder: each file's digest, the known tables, and what remains."""

    files: dict[str, str]
    found: list[Recognised]
    findings: list[Finding]
    unread: list[Member]
    faults: list[SourceError]


def _look_through(root: Path, progress: Progress) -> _Looked:
    if not root.is_dir():
        raise SourceError(
            "no such folder",
            where=str(root),
            expected="a folder of published files",
            remedy="Give the folder that the files were downloaded to.",
        )
    looked = _Looked({}, [], [], [], [])
    for path, closed in progress.over(entries_below(root), "Checking each file"):
        name = path.relative_to(root).as_posix()
        reason = hidden(name) or closed
        if reason:
            looked.findings.append(_passed_over(name, reason))
            continue
        try:
            looked.files[name] = digest_of(path)
            members = members_of(path, name)
        except (OSError, SourceError) as error:
            _note_fault(looked, name, error)
            continue
        for member in members:
            _look_into(member, looked)
    return looked


def _look_into(member: Member, looked: _Looked) -> None:
    """Add the known tables of one member, or the reason why it has none."""
    if member.kind not in TABLE_KINDS:
        looked.findings.append(_passed_over(member.name, member.kind))
        return
    try:
        sheets = first_rows(member)
    except SourceError as error:
        _note_fault(looked, member.name, error)
        return
    found, notes = recognise(member, sheets)
    looked.found.extend(found)
    looked.findings.extend(notes)
    looked.findings.extend(
        Finding("note", NOT_READ, f"it is {item.kind}, of which nothing is read", item.table.file)
        for item in found
        if item.idle
    )
    empty = any(note.code == "no-rows" for note in notes)
    if (not found and not empty) or member.kind == WORKBOOK:
        looked.unread.append(member)


def _passed_over(name: str, reason: str) -> Finding:
    severity = "warning" if reason.startswith("a folder") else "note"  # there may be tables in it
    return Finding(severity, NOT_READ, f"not looked into: it is {reason}", name)


def _note_fault(looked: _Looked, name: str, error: SourceError | OSError) -> None:
    """Report what could not be read; it stops the rest only if nothing else can be read."""
    is_table = name.lower().endswith(_SUFFIXES)
    message = f"it can't be read and was skipped: {error}"
    looked.findings.append(Finding("warning" if is_table else "note", "unreadable", message, name))
    if isinstance(error, SourceError) and is_table:
        looked.faults.append(error)


def _record(
    path: str, digest: str, found: Sequence[Recognised], rows: Mapping[int, int], unknown: str
) -> FileRecord:
    kinds = ", ".join(dict.fromkeys(item.kind for item in found)) or unknown
    read = sum(rows.get(id(item), len(item.table.lines)) for item in found if not item.idle)
    return FileRecord(path, digest, kinds, read)


def _with_others(record: FileRecord, others: Sequence[tuple[str, int]]) -> FileRecord:
    if not others:
        return record
    own = [] if record.recognised_as in {UNRECOGNISED, NOT_READ} else [record.recognised_as]
    kinds = ", ".join(dict.fromkeys([*own, *(kind for kind, _ in others)]))
    return replace(record, recognised_as=kinds, rows=record.rows + sum(rows for _, rows in others))


def _of(found: Sequence[Recognised], kind: str) -> list[Recognised]:
    return [item for item in found if item.kind == kind]


def _register(found: Sequence[Recognised]) -> tuple[Register, list[Finding]]:
    """The register with the folder's tables, and what they change in it."""
    tables = {
        name: pd.concat([item.table.cells for item in _of(found, name)])
        for name in REGISTER_COLUMNS
        if _of(found, name)
    }
    shipped = Register.load()
    if not tables:
        return shipped, []
    findings = []
    for name, table in tables.items():
        files = ", ".join(item.table.file for item in _of(found, name))
        tables[name], twice = rows_once(table, name, files)
        findings += twice
    register = shipped.extended(tables)
    return register, findings + register_findings(shipped, register)


def _calendar(found: Sequence[Recognised]) -> tuple[Calendar, list[Finding]]:
    calendar, findings = shipped_calendar(), []
    for item in _of(found, "releases"):
        calendar, notes = calendar.extended(item.table)
        findings += notes
    return calendar, findings


def _neighbours(
    found: Sequence[Recognised], register: Register
) -> tuple[pd.DataFrame, list[Finding]]:
    tables, findings = [], []
    for item in _of(found, "neighbours"):
        table, odd = read_neighbours(item.table, register)
        tables.append((item.table.file, table))
        findings += odd
    merged, odd = merge_neighbours(tables)
    return merged, findings + odd


def _readings(
    found: Sequence[Recognised], register: Register, progress: Progress
) -> list[tuple[Recognised, Reading]]:
    tables = [item for item in found if item.kind in _FIGURES]
    return [
        (item, _read(item, register))
        for item in progress.over(tables, "Reading each table's figures")
    ]


def _read(item: Recognised, register: Register) -> Reading:
    if item.layout is not None:
        return read_wide(item.table, item.layout, register)
    return read_lait(item.table, register)


def _unlike_lait(
    readings: Sequence[tuple[Recognised, Reading]], register: Register
) -> list[Finding]:
    """Where a LAIT file contradicts the wide tables of the same release, or itself."""
    wide = [(item.table.file, reading.figures) for item, reading in readings if item.layout]
    again = [(i.table.file, reading.again) for i, reading in readings if reading.again is not None]
    if not again:
        return []
    people, findings = populations(wide), []
    for file, rows in again:
        findings += check_again(wide, rows, register)
        findings += check_lait_sums(rows, people, register, file)
    return [*dict.fromkeys(findings)]  # the LAIT file may be there twice, as CSV and as Parquet


def _turn(item: Recognised) -> int:
    """The precedence of a table: an earlier layout wins over a later one, and any over LAIT."""
    return LAYOUTS.index(item.layout) if item.layout is not None else len(LAYOUTS)


def _no_figures(root: Path, looked: _Looked) -> SourceError:
    if looked.faults:
        return looked.faults[0]
    empty = [finding for finding in looked.findings if finding.code == "no-rows"]
    if empty:
        return SourceError(
            "a table without a row",
            where=empty[0].file,
            found="only a header",
            expected="rows below it",
            remedy="Download the file again.",
        )
    kinds = {item.member.file: item.kind for item in looked.found}
    seen = ", ".join(f"{path} ({kinds.get(path, UNRECOGNISED)})" for path in [*looked.files][:5])
    tables = ", ".join(dict.fromkeys(layout.table for layout in LAYOUTS))
    return SourceError(
        "no published table of figures was found in this folder",
        where=str(root),
        found=seen or "no CSV, Excel, OpenDocument or Parquet file",
        expected=f"at least one of the tables {tables}, LAIT",
        remedy="Download the tables as CSV files, and leave their headers unchanged.",
    )


def _warn(findings: pd.DataFrame) -> None:
    warned = findings[findings["severity"] == "warning"]
    if len(warned):
        first = warned.iloc[0]
        place = f" in {first['file']}" if first["file"] else ""
        counts = counted(len(warned), "data warning")
        warnings.warn(
            f"{counts}, the first{place}: {first['message']}; see .findings",
            DataQualityWarning,
            stacklevel=4,
        )
