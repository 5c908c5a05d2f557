"""Statistical neighbours: the tables of ten authorities most like each authority."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from earlywarn.errors import AuthorityError, SourceError
from earlywarn.sources.closeness import doubts_about_closeness
from earlywarn.sources.schema import NEIGHBOUR_COLUMNS, Finding
from earlywarn.utils.formatting import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from earlywarn.authorities import Register
    from earlywarn.sources.tabular_files import Table

PUBLISHED_ON = {2021: date(2021, 4, 1), 2025: date(2025, 5, 31)}
"""When each model was published; the day is assumed."""

RANKS = range(1, 11)
_SUBJECTS = ("old_la_code", "la_number", "la_num")
_NEW_IN_2023 = frozenset({"942", "943"})
_NAMED = 5


def is_neighbours(keys: Sequence[str]) -> bool:
    """Whether columns, as keys, are those of a table of statistical neighbours."""
    return bool(_rank_columns(keys)) and any(name in keys for name in _SUBJECTS)


def read_neighbours(table: Table, register: Register) -> tuple[pd.DataFrame, list[Finding]]:
    """Read the neighbours in one table.

    Parameters
    ----------
    table : Table
        A table of either model: a subject column and `SN1`..`SN10` or `SN_1`..`SN_10`.
    register : Register
        The authorities.

    Returns
    -------
    frame : pandas.DataFrame
        `NEIGHBOUR_COLUMNS`. The model is recognised by the table's content: only that of 2025 has
        neighbours of, or among, the authorities created in 2023.
    findings : list of Finding
        A warning for each code that is not in the register, for rows without a code, for an
        authority without a row, for one that is its own neighbour, has one twice or lacks some, and
        for the doubts of `doubts_about_closeness`.

    Raises
    ------
    SourceError
        If a neighbour is not a code, or if no authority has neighbours.
    """
    subject = next(name for name in _SUBJECTS if name in table.cells)
    subjects = table.cells[subject].str.fullmatch(r"[0-9]{3}")
    cells = table.cells[subjects]
    ranks = _rank_columns(list(cells.columns))
    table.check_once([subject, *ranks])
    doubts = _check_subjects(table, subject, subjects, list(ranks))
    if [*ranks.values()] != sorted(ranks.values()):
        message = f"the ranks are not in the order 1 to 10: {', '.join(ranks)}"
        doubts.append(Finding("note", "rank-order", message, table.file))
    long = cells.melt(subject, list(ranks), "rank", "neighbour_code")
    long = long.rename(columns={subject: "la_code"})
    long["rank"] = long["rank"].map(ranks)
    long = long[~long["neighbour_code"].isin(["", "-"])]
    _refuse_wrong(long, table.file)
    model = 2025 if _NEW_IN_2023 & {*long["la_code"], *long["neighbour_code"]} else 2021
    known, findings = _only_known(long, register, table.file)
    findings += doubts + _odd_neighbours(long, register, table.file, model)
    there = {*register.existing(PUBLISHED_ON[model])["la_code"]}
    findings += doubts_about_closeness(cells, subject, ranks, there, table.file)
    known = known.assign(model=model, published_on=PUBLISHED_ON[model])
    ordered = known.sort_values(["la_code", "rank"], ignore_index=True)
    return ordered[list(NEIGHBOUR_COLUMNS)].astype({"rank": "int64"}), findings


def merge_neighbours(
    tables: Sequence[tuple[str, pd.DataFrame]],
) -> tuple[pd.DataFrame, list[Finding]]:
    """Merge the tables of several files; where two disagree on a neighbour, keep the first."""
    empty = pd.DataFrame(columns=list(NEIGHBOUR_COLUMNS))
    merged, findings = empty, []
    for file, table in tables:
        both = table.merge(merged, on=["model", "la_code", "rank"], suffixes=("", "_before"))
        unlike = (
            both[both["neighbour_code"] != both["neighbour_code_before"]] if len(both) else both
        )
        if len(unlike):
            first = unlike.iloc[0]
            findings.append(
                Finding(
                    "warning",
                    "neighbours-disagree",
                    f"{len(unlike)} neighbours of model {first['model']} differ from another file "
                    f"that gives it, the first {first['neighbour_code']} and "
                    f"{first['neighbour_code_before']} at rank {first['rank']}: the other is kept",
                    file,
                    la_code=first["la_code"],
                )
            )
        merged = table if merged.empty else pd.concat([merged, table])
        merged = merged.drop_duplicates(["model", "la_code", "rank"])
    order = ["model", "la_code", "rank"]
    return merged.sort_values(order, ignore_index=True), findings


def _check_subjects(
    table: Table, subject: str, subjects: pd.Series, ranks: list[str]
) -> list[Finding]:
    """Refuse an authority with two different rows; warn of rows without an authority."""
    named = table.cells.loc[subjects, [subject, *ranks]].drop_duplicates()
    twice = named.loc[named[subject].duplicated(), subject]
    if len(twice):
        raise SourceError(
            "an authority has two different rows of neighbours",
            where=table.file,
            found=str(twice.iloc[0]),
            expected="one row each",
            remedy="Remove the row that should not count.",
        )
    bare = ~subjects & table.cells[ranks].apply(lambda cells: cells.str.fullmatch("[0-9]{3}")).any(
        axis=1
    )
    if not bare.any():
        return []
    line = float(table.lines[bare.to_numpy()][0])
    message = (
        f"{counted(int(bare.sum()), 'row')} of neighbours without an authority's code, left out"
    )
    return [Finding("warning", "no-authority", message, table.file, line, column=subject)]


def _odd_neighbours(long: pd.DataFrame, register: Register, file: str, model: int) -> list[Finding]:
    """Warn of each authority that does not have ten different others, or has no row."""
    findings = []
    for code, rows in long.groupby("la_code", sort=True):
        others = [one for one in rows["neighbour_code"] if one != code]
        if len({*others}) < len(RANKS):
            message = f"{code} has {len({*others})} different neighbours other than itself, not ten"
            findings.append(Finding("warning", "odd-neighbours", message, file, la_code=str(code)))
    there = {*register.existing(PUBLISHED_ON[model])["la_code"]}
    findings += _gone(long, register, file, model, there)
    findings += _missing(sorted(there - {*long["la_code"]}), register, file, model)
    return findings


def _missing(missing: list[str], register: Register, file: str, model: int) -> list[Finding]:
    """Warn where authorities on the model's date have no row, as in no published table."""
    if not missing:
        return []
    named = ", ".join(f"{code} ({register.name_of(code)})" for code in missing[:_NAMED])
    more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
    message = f"{len(missing)} authorities have no neighbours: {named}{more}"
    if model < max(PUBLISHED_ON):
        made = " nor ".join(sorted(_NEW_IN_2023))
        message += (
            f"; the table is taken for the model of {model}, as it has neither {made}: if it is a "
            "newer one, rows of these were lost"
        )
    return [Finding("warning", "neighbours-missing", message, file, la_code=missing[0])]


def _gone(
    long: pd.DataFrame, register: Register, file: str, model: int, there: set[str]
) -> list[Finding]:
    """Warn of each neighbour that had closed a year before the model was published.

    Published tables keep rows of closed authorities, but don't list them as neighbours of others.
    """
    came_out = PUBLISHED_ON[model]
    there = there | {*register.existing(came_out.replace(year=came_out.year - 1))["la_code"]}
    known = {*register.authorities["la_code"]}
    named = {*long.loc[long["la_code"].isin(there), "neighbour_code"]}
    return [
        Finding(
            "warning",
            "odd-neighbours",
            f"{register.name_of(code)} ({code}) is a neighbour in the model of {model}, but no "
            f"longer existed by {came_out}",
            file,
            la_code=code,
        )
        for code in sorted((named & known) - there)
    ]


def _rank_columns(keys: Sequence[str]) -> dict[str, int]:
    """The columns of the ten ranks, or none."""
    found = {key: int(match[1]) for key in keys if (match := re.fullmatch(r"sn_?(\d+)", key))}
    return found if set(found.values()) == set(RANKS) else {}


def _refuse_wrong(long: pd.DataFrame, file: str) -> None:
    wrong = long[~long["neighbour_code"].str.fullmatch(r"[0-9]{3}")]
    if len(wrong):
        first = wrong.iloc[0]
        raise SourceError(
            "a neighbour is not a code",
            where=f"{file}, authority {first['la_code']}, rank {first['rank']}",
            found=repr(first["neighbour_code"]),
            expected="a three-digit code, or '-'",
        )
    if long.empty:
        raise SourceError(
            "no authority has neighbours",
            where=file,
            expected="one row per authority, with the codes of its ten neighbours",
        )


def _only_known(
    long: pd.DataFrame, register: Register, file: str
) -> tuple[pd.DataFrame, list[Finding]]:
    findings, unknown = [], set()
    for code in sorted({*long["la_code"], *long["neighbour_code"]}):
        try:
            register.name_of(code)
        except AuthorityError:
            unknown.add(code)
            message = "an authority that the register does not know is left out; to read it, put "
            message += "authorities.csv into the folder"
            findings.append(Finding("warning", "unknown-authority", message, file, found=code))
    kept = ~(long["la_code"].isin(unknown) | long["neighbour_code"].isin(unknown))
    return long[kept], findings
