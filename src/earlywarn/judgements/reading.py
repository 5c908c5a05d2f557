"""Read inspection judgements from Ofsted's ODS, tables compiled from reports and our own CSV."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from earlywarn.authorities import Register
from earlywarn.errors import DataQualityWarning, OutcomeError, SourceError
from earlywarn.judgements.merging import merged
from earlywarn.judgements.other_sheets import doubts_of_sheets
from earlywarn.judgements.rows import Inspection, inspection_in, is_blank, is_older
from earlywarn.judgements.schema import empty_judgements, frame_of
from earlywarn.judgements.tables import (
    JudgementTable,
    missing_columns,
    names_judgements,
    tables_in,
)
from earlywarn.judgements.urns import doubts_about_urns
from earlywarn.judgements.whole_tables import doubts_about_table
from earlywarn.sources.members import Member, files_below, hidden, members_of
from earlywarn.sources.schema import Finding
from earlywarn.utils.paths import as_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

KIND = "judgements"
NO_JUDGEMENTS = "no-judgements"
"""The name of a table of judgements among the files that were read."""

_SIF_ENDED, _ILACS_ALL = date(2018, 1, 1), date(2024, 1, 1)
_NEARLY_ALL = 120


@dataclass(frozen=True, eq=False)
class JudgementsRead:
    """The content of tables of judgements.

    Attributes
    ----------
    frame : DataFrame
        As returned by `read_judgements`.
    findings : list of Finding
        What was left out or is doubtful.
    read : dict of str to (str, int)
        For each member of the folder with judgements, by name: what it is, and how many rows were
        read.
    faults : list of OutcomeError
        Why files could not be read.
    """

    frame: pd.DataFrame
    findings: list[Finding]
    read: dict[str, tuple[str, int]]
    faults: list[OutcomeError]


def read_judgements(path: str | Path, *, register: Register | None = None) -> pd.DataFrame:
    """Read inspection judgements in any of their usual formats.

    Parameters
    ----------
    path : str or Path
        Ofsted's ODS (or the same workbook as .xlsx), a CSV in the compiled form, a table that the
        sector compiles from the reports, a CSV written by earlywarn, any of these in gzip or zip,
        or a folder with any of them at any depth. Tables are recognised by their column names,
        wherever the header is.
    register : Register, optional
        The authorities, for codes and names. Default: the register that ships with the package.

    Returns
    -------
    DataFrame
        One row per inspection, sorted by authority and start: `la_code`, `framework` (SIF or
        ILACS), `inspection_start`, `published_on` (datetime.date), `overall`, `leadership`,
        `help_and_protection`, `in_care`, `care_leavers` (full words; missing is missing),
        `inspection_type` (standard, short or empty), `start_precision` (day or month), `source`.

    Raises
    ------
    OutcomeError
        If there is nothing to read, a cell is not what it should be, or two tables contradict each
        other.

    Warns
    -----
    DataQualityWarning
        Where rows of a table compiled from the reports could not be read, and for doubtful dates.

    Notes
    -----
    Until December 2022 ILACS judged care leavers together with children in care: `in_care` covers
    both and `care_leavers` is missing. The grade for looked after children under the single
    inspection framework is `in_care`; adoption is not included. Inspections that began on or after
    1 April 2026 have no overall grade, whatever the date of the report.
    """
    place = as_path(path, "path", OutcomeError)
    if not place.exists():
        raise OutcomeError(
            "there is no such file or folder",
            where=str(path),
            remedy="Check the path of the judgements.",
        )
    members, faults = _members(place)
    read = judgements_in(members, register=register)
    if not read.read:
        raise next(iter([*faults, *read.faults]), None) or _nothing(place, members)
    if read.frame.empty and all(finding.code == NO_JUDGEMENTS for finding in read.findings):
        raise OutcomeError(
            "there are no judgements in it",
            where=str(path),
            found=f"{len(read.read)} tables of judgements, and no row",
            expected="one row per inspection",
            remedy="Download the file again.",
        )
    warn_of_doubts(read.findings, stacklevel=3)
    return read.frame


def judgements_in(members: Sequence[Member], *, register: Register | None = None) -> JudgementsRead:
    """Read the judgements among the files of a folder.

    Parameters
    ----------
    members : sequence of Member
        Files that may contain judgements. Others are skipped.
    register : Register, optional
        The authorities. Default: the register that ships with the package.

    Returns
    -------
    JudgementsRead

    Raises
    ------
    OutcomeError
        As for `read_judgements`, except for files that can't be opened or lack a column.
    """
    known = Register.load() if register is None else register
    tables, findings, faults = _tables(members)
    inspections: list[Inspection] = []
    read: dict[str, tuple[str, int]] = {}
    for table in tables:
        own, left_out = _inspections(table, known)
        if not own and not left_out:
            message = "a table of judgements without a row: nothing is read of it"
            findings.append(Finding("warning", NO_JUDGEMENTS, message, table.member))
        inspections += own
        findings += left_out + doubts_of_sheets(table, own, known) + doubts_about_table(own)
        read[table.member] = (KIND, read.get(table.member, (KIND, 0))[1] + len(own))
    findings += doubts_about_urns(inspections, known)
    kept, doubts = merged(inspections)
    frame = frame_of([one.row for one in kept]) if kept else empty_judgements()
    return JudgementsRead(frame, findings + doubts + _holes(frame, known), read, faults)


def _holes(frame: pd.DataFrame, register: Register) -> list[Finding]:
    """A note naming the authorities without a judgement under a framework that nearly all have.

    Each authority was inspected once under the single inspection framework, and under ILACS since.
    """
    findings = []
    for framework, day in (("SIF", _SIF_ENDED), ("ILACS", _ILACS_ALL)):
        known = set(frame.loc[frame["framework"] == framework, "la_code"])
        existed = register.codes_on(day)
        # For an authority made in between, its predecessors' judgements count.
        heirs = {heir for code in known for heir in register.heirs(code)}
        missing = sorted(existed - known - heirs)
        if len(known & existed) < _NEARLY_ALL or not missing:
            continue
        names = ", ".join(f"{register.name_of(code)} ({code})" for code in missing)
        message = f"no judgement under {framework} is known for {names}"
        findings.append(Finding("note", "judgement-hole", message, found=framework))
    return findings


def _members(place: Path) -> tuple[list[Member], list[OutcomeError]]:
    """The files at a path, and why some can't be opened."""
    names = {path: path.relative_to(place).as_posix() for path in files_below(place)}
    members: list[Member] = []
    faults: list[OutcomeError] = []
    for path, name in (names or {place: place.name}).items():
        if place.is_dir() and (not names or hidden(name)):
            continue
        try:
            members += members_of(path, name)
        except SourceError as error:
            faults.append(OutcomeError(**error.as_dict()))
    return members, faults


def _tables(
    members: Sequence[Member],
) -> tuple[list[JudgementTable], list[Finding], list[OutcomeError]]:
    """The tables that can be read; those that add nothing are reported, but not refused."""
    tables: list[JudgementTable] = []
    findings: list[Finding] = []
    faults: list[OutcomeError] = []
    for member in members:
        try:
            found = tables_in(member)
        except OutcomeError as error:
            faults.append(error)
            if names_judgements(member):
                findings.append(_passed_over(member.name, error))
            continue
        tables += [table for table in found if not table.missing]
        for table in found:
            if table.missing:
                faults.append(missing_columns(table, list(table.missing)))
                findings.append(_passed_over(table.member, faults[-1]))
    return tables, findings, faults


def _passed_over(member: str, fault: OutcomeError) -> Finding:
    message = f"judgements that can't be read, skipped: {fault}"
    return Finding("warning", "judgements-incomplete", message, member)


def _inspections(
    table: JudgementTable, register: Register
) -> tuple[list[Inspection], list[Finding]]:
    """The inspections of one table, and its rows that are left out."""
    own: list[Inspection] = []
    findings: list[Finding] = []
    older = 0
    for number, cells in table.rows:
        if is_blank(table, cells):
            continue
        if is_older(table, cells):
            older += 1
            continue
        try:
            own.append(inspection_in(table, number, cells, register))
        except OutcomeError as error:
            if not table.from_reports:
                raise
            message = f"left out: {error}"
            findings.append(
                Finding("warning", "judgement-left-out", message, table.member, float(number))
            )
    if older:
        message = f"{older} inspections before November 2013, of earlier frameworks, are left out"
        findings.append(Finding("note", "older-framework", message, table.member))
    return own, findings


def warn_of_doubts(findings: Sequence[Finding], *, stacklevel: int) -> None:
    """Warn once of the findings that are more than notes, if there are any.

    Parameters
    ----------
    findings : sequence of Finding
        The findings about judgements.
    stacklevel : int
        As for `warnings.warn`, relative to the caller.

    Warns
    -----
    DataQualityWarning
        Lists the first five.
    """
    warned = [finding.message for finding in findings if finding.severity == "warning"]
    if warned:
        more = f"; and {len(warned) - 5} more" if len(warned) > 5 else ""
        doubts = "1 doubt" if len(warned) == 1 else f"{len(warned)} doubts"
        warnings.warn(
            f"{doubts} about judgements: {'; '.join(warned[:5])}{more}",
            DataQualityWarning,
            stacklevel=stacklevel,
        )


def _nothing(place: Path, members: Sequence[Member]) -> OutcomeError:
    if place.is_dir():
        return OutcomeError(
            "there are no inspection judgements in the folder",
            where=str(place),
            found=", ".join(member.name for member in members[:5]),
            expected="Ofsted's inspection outcomes (ODS) or a CSV in the compiled form",
            remedy="Download them into the folder, or give their own path.",
        )
    return OutcomeError(
        "there is no table of inspection judgements in the file",
        where=place.name,
        found="no row with the column names",
        expected="a header with an authority's code or name, inspection start, publication date, "
        "leadership, help_and_protection and in_care",
        remedy="Give Ofsted's inspection outcomes (ODS) or a CSV in the compiled form.",
    )
