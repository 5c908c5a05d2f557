"""The Local Authority Interactive Tool's long file: one row per measure, authority and year."""

from __future__ import annotations

import difflib
import io
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from earlywarn.authorities import ENGLAND, Register
from earlywarn.errors import AuthorityError, SourceError, require
from earlywarn.sources.cells import SYMBOLS, legacy_findings, parse_cells
from earlywarn.sources.continuity import check_other_years
from earlywarn.sources.figures_again import AGAIN, figures_again
from earlywarn.sources.lait_sums import SUMMED
from earlywarn.sources.layouts import JOINT_SERVICES, Layout, Measure
from earlywarn.sources.lost_cells import check_lost, fraction_findings
from earlywarn.sources.plausibility import (
    check_coverage,
    check_scale,
    refuse_unknown_codes,
    refuse_years_ahead,
)
from earlywarn.sources.reorganisations import settle_lifetimes, share_joint_leads
from earlywarn.sources.schema import UNAVAILABLE, Finding
from earlywarn.sources.tabular_files import Table, broken_parquet, column_key, sheet_text
from earlywarn.sources.validation import check_figures, settle_ratios
from earlywarn.sources.whole_years import check_copied_values, check_years
from earlywarn.sources.wide_tables import Reading
from earlywarn.utils.formatting import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from earlywarn.sources.members import Member

COLUMNS = ("short_desc", "years", "values", "la_number")
"""The columns by which the file is recognised, as keys."""

_ENGLAND_NUMBER = "970"
_REGION_NUMBERS = re.compile(r"98[0-9]|990|1000")  # regions, London's halves, England as it was
_SYMBOLS = {**SYMBOLS, "-": UNAVAILABLE}  # the file does not show why a value is missing


@dataclass(frozen=True)
class Item:
    """One measure of the file: its short descriptions, and the years for which it is used.

    `numerator` and `denominator` are short descriptions whose values are added up.
    """

    measure: str
    unit: str
    series: str
    value: str
    numerator: tuple[str, ...] = ()
    denominator: tuple[str, ...] = ()
    since: int = 0
    until: int = 9999
    may_exceed: bool = False
    joint_leads: tuple[tuple[str, str], ...] = ()

    @property
    def short_descs(self) -> tuple[str, ...]:
        """Every short description from which the measure is read."""
        return tuple(dict.fromkeys([self.value, *self.numerator, *self.denominator]))


def _workforce(measure: str, unit: str, value: str) -> Item:
    # From 2017 the workforce tables themselves are available.
    return Item(
        measure,
        unit,
        "csww",
        value,
        since=2016,
        until=2016,
        may_exceed=True,
        joint_leads=JOINT_SERVICES,
    )


ITEMS = (
    Item("section_47", "rate", "cin", "Section_47"),
    Item("icpc", "rate", "cin", "ISCP_Conf"),
    # The four bands are conferences by working days since the strategy discussion. They leave out
    # the few of unknown duration, which the percentage counts.
    Item(
        "icpc_in_15_days",
        "percent",
        "cin",
        "CP_conf_15days",
        ("10_ICPC", "15_ICPC"),
        ("10_ICPC", "15_ICPC", "20_ICPC", "21_ICPC"),
    ),
    Item("assessments_in_45_days", "percent", "cin", "Continue_Assess_Comp"),
    Item(
        "reviews_in_time",
        "percent",
        "cin",
        "RevCP",
        ("CPP_Reviewed_InReqTimeScl",),
        ("CPP_31March_3MnthorMore",),
    ),
    Item("care_applications", "rate", "cafcass", "CareApplications"),
    Item("looked_after", "rate", "cla", "LAC", ("LACnum",)),
    # Placements, health and care leavers came in additional tables, months after the first ones.
    Item("placement_instability", "percent", "cla_later_tables", "LACStable_2016on"),
    Item("long_term_stability", "percent", "cla_later_tables", "LAC_LongStable%"),
    Item("health_checks", "percent", "cla_later_tables", "LACHealth%"),
    Item("dental_checks", "percent", "cla_later_tables", "LACDental%"),
    Item("immunisations", "percent", "cla_later_tables", "LACVaccinations%"),
    Item("care_leavers_housed", "percent", "cla_later_tables", "CareLeaverAcc"),
    Item("care_leavers_active", "percent", "cla_later_tables", "CareLeaverEET"),
    Item("care_leavers", "count", "cla_later_tables", "NoCareLeavers", ("NoCareLeavers",)),
    Item("social_work_spend", "pounds", "s251", "SWFinance", until=2022),
    Item("social_work_spend", "pounds", "s251_unit_costs", "SWFinance", since=2023),
    Item("free_school_meals", "percent", "school_census", "PriFSM"),
    _workforce("vacancies", "percent", "Work_Force_Vac_Rate"),
    _workforce("agency_workers", "percent", "Work_Force_Agecy_Rate"),
    _workforce("turnover", "percent", "Work_Force_TO_Rate"),
    _workforce("absence", "percent", "Work_Force_SWAbsence"),
    _workforce("caseload", "per worker", "Work_Force_AvgNumCase_SW"),
)
"""The measures taken from the file."""

SHORT_DESCS = tuple(dict.fromkeys(desc for item in ITEMS for desc in item.short_descs))
"""The short descriptions that are needed, out of some four hundred."""

_COUNTED = tuple(dict.fromkeys(d for item in ITEMS for d in (*item.numerator, *item.denominator)))


def is_lait(keys: Sequence[str], where: str) -> bool:
    """Whether columns, as keys, are those of the file.

    Raises
    ------
    SourceError
        If they are, except that a needed one is missing.
    """
    missing = [column for column in COLUMNS if column not in keys]
    if "short_desc" not in keys or len(missing) > 1:
        return False
    if missing:
        raise SourceError(
            f"the LAIT file lacks the column {missing[0]}",
            where=where,
            found=", ".join(keys),
            expected=", ".join(COLUMNS),
        )
    return True


def read_lait_parquet(member: Member, names: Sequence[str]) -> Table:
    """Read the needed rows of the file in Parquet format, as text."""
    parquet = require("pyarrow.parquet", extra="data")
    compute = require("pyarrow.compute", extra="data")
    by_key = {column_key(name): name for name in names}
    wanted = compute.field(by_key["short_desc"]).isin([*SHORT_DESCS, *AGAIN, *SUMMED])
    try:
        source = io.BytesIO(member.content)
        rows = parquet.read_table(source, columns=[by_key[key] for key in COLUMNS], filters=wanted)
        cells = pd.DataFrame({key: _texts(rows[by_key[key]]) for key in COLUMNS})
    except (OSError, ValueError, NotImplementedError) as error:
        raise broken_parquet(member.name, error) from error
    columns = {key: by_key[key] for key in COLUMNS}
    lines = np.full(len(cells), -1, dtype=np.int64)  # filtered rows have no line number to show
    return Table(member.name, columns, cells, lines)


def _texts(column: Any) -> Any:
    """An Arrow column as text; each of its few distinct cells is converted once."""
    coded = column.combine_chunks().dictionary_encode()
    unlike = pd.array([*map(_text, coded.dictionary.to_pylist()), ""], dtype="str")
    return unlike.take(coded.indices.fill_null(len(unlike) - 1).to_numpy())


def _text(cell: object) -> str:
    """A cell as in a CSV file, with all its digits."""
    if cell is None or cell != cell:  # noqa: PLR0124 - only NaN is unlike itself
        return ""
    return sheet_text(cell)


def read_lait(table: Table, register: Register) -> Reading:
    """Read the figures of the LAIT file.

    Parameters
    ----------
    table : Table
        The long table as text.
    register : Register
        The authorities; regions are left out.

    Returns
    -------
    Reading
        The figures of `ITEMS`. The file is one snapshot, so all years of a measure have the vintage
        of its latest.

    Raises
    ------
    SourceError
        If a year or a value is not one, or if two rows contradict each other.
    """
    rows, findings = _rows(table, register)
    findings += _renamed(table)
    by_desc = {str(desc): part for desc, part in rows.groupby("desc", sort=False)}
    for desc in (desc for desc in _COUNTED if desc in by_desc):
        values, lines = (by_desc[desc][name].to_numpy() for name in ("value", "line"))
        findings += fraction_findings(values, lines, desc, table.file)
    rows_of = defaultdict(rows.iloc[:0].copy, by_desc)
    parts, closed = [], _closed(register)
    for item in (item for item in ITEMS if item.value in by_desc):
        part, noticed = _item_figures(rows_of, item, table.file, register, closed)
        parts.append(part)
        findings += noticed
    if not any(len(part) for part in parts):
        raise SourceError(
            "the LAIT file has none of the measures needed",
            where=table.file,
            found=f"{len(table.lines)} rows",
            expected=", ".join(SHORT_DESCS),
        )
    figures = pd.concat(parts, ignore_index=True).assign(source="LAIT")
    return Reading(figures, findings, len(rows), figures_again(table))


def _renamed(table: Table) -> list[Finding]:
    """A warning naming needed measures that are not in the file, and similar names."""
    there = list(table.cells["short_desc"].unique())
    findings = []
    for desc in SHORT_DESCS:
        if desc not in there:
            near = difflib.get_close_matches(desc, there, n=2, cutoff=0.6)
            hint = f"; near it is {' or '.join(near)}" if near else ""
            message = f"the measure {desc} is not in the file{hint}: nothing is read for it"
            findings.append(
                Finding("warning", "measure-missing", message, table.file, column="Short Desc")
            )
    return findings


def _rows(table: Table, register: Register) -> tuple[pd.DataFrame, list[Finding]]:
    """`la_code, period, desc, value, status, line` of the needed rows."""
    numbers = table.cells["la_number"].str.removesuffix(".0")
    wanted = table.cells["short_desc"].isin(SHORT_DESCS)
    bare = (table.cells["short_desc"] == "") & (numbers != "") & (table.cells["years"] != "")
    wanted &= ~numbers.str.fullmatch(_REGION_NUMBERS)
    cells = table.cells.assign(la_number=numbers)[wanted]
    lines = table.lines[wanted.to_numpy()]
    codes, findings = _codes(cells["la_number"], lines, table.file, register)
    findings += _unnamed(bare.to_numpy(), table)
    unknown = cells.loc[cells["la_number"].map(codes).isna(), "la_number"]
    first = str(next(iter(unknown), ""))
    refuse_unknown_codes(len(unknown), len(cells), first, "LA Number", table.file)
    values, statuses, wrong = parse_cells(cells["values"], _SYMBOLS)
    if wrong.any():
        _refuse_value(cells, lines, int(np.flatnonzero(wrong)[0]), table.file)
    findings += legacy_findings(cells["values"], "Values", table.file, _SYMBOLS)
    rows = pd.DataFrame(
        {
            "la_code": cells["la_number"].map(codes).to_numpy(),
            "period": cells["years"].map(_years(cells["years"], table.file)).to_numpy(),
            "desc": cells["short_desc"].to_numpy(),
            "value": _as_published(values),
            "status": statuses,
            "line": np.where(lines > 0, lines, np.nan),
        }
    ).dropna(subset="la_code")
    return _without_doubles(rows, table.file, findings), findings


def _unnamed(bare: npt.NDArray[np.bool_], table: Table) -> list[Finding]:
    """A warning where rows of figures have no measure: merged cells look like this."""
    if not bare.any():
        return []
    line = float(table.lines[np.flatnonzero(bare)[0]])
    message = f"{counted(int(bare.sum()), 'row names', 'rows name')} no measure: were cells merged?"
    found = "a blank Short Desc"
    return [Finding("warning", "no-measure", message, table.file, line, "", np.nan, found)]


def _as_published(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Values without the noise of spreadsheet sums, such as 2.9000000000000004 for 2.9."""
    unlike, place = np.unique(values, return_inverse=True)
    rounded = np.array([float(f"{value:.10g}") for value in unlike], dtype=np.float64)
    return rounded[place]


def _codes(
    numbers: pd.Series, lines: np.ndarray, file: str, register: Register
) -> tuple[dict[str, str | None], list[Finding]]:
    codes: dict[str, str | None] = {_ENGLAND_NUMBER: ENGLAND}
    findings = []
    for number in numbers.unique():
        try:
            codes[number] = register.code_of(number)
        except AuthorityError:
            codes[number] = None
            rows = np.flatnonzero(numbers == number)
            line = float(lines[rows[0]])
            findings.append(
                Finding(
                    "warning",
                    "unknown-authority",
                    f"{counted(len(rows), 'row')} of an authority that the register does not know, "
                    "left out; to read them, put authorities.csv into the folder",
                    file,
                    line if line > 0 else np.nan,
                    column="LA Number",
                    found=str(number),
                )
            )
    return codes, findings


def _years(texts: pd.Series, file: str) -> dict[str, int]:
    """The reporting year for each way of writing one: 2016-17 (OT) is 2017."""
    years = {}
    for text in texts.unique():
        found = re.fullmatch(r"(20[0-9]{2})(?:[-/]([0-9]{2}))?( \(.*\))?", text)
        first = int(found[1]) if found else 0
        if not found or (found[2] and int(found[2]) != (first + 1) % 100):
            raise SourceError(
                "not a year",
                where=f"{file}, Years",
                found=repr(text),
                expected="a year such as 2016, or 2016-17",
            )
        years[text] = first + bool(found[2])
    return years


def _refuse_value(cells: pd.DataFrame, lines: np.ndarray, row: int, file: str) -> None:
    place = cells.iloc[row]
    line = f", line {lines[row]}" if lines[row] > 0 else ""
    raise SourceError(
        "neither a number nor a known symbol",
        where=f"{file}{line}, {place['short_desc']}, {place['la_number']}, {place['years']}",
        found=repr(place["values"]),
        expected="a number such as 22.6, or '-'",
    )


def _without_doubles(rows: pd.DataFrame, file: str, findings: list[Finding]) -> pd.DataFrame:
    key = ["la_code", "period", "desc"]
    twice = rows[rows.duplicated(key)]
    if twice.empty:
        return rows
    distinct = rows.drop_duplicates([*key, "value", "status"])
    unlike = distinct[distinct.duplicated(key)]
    first = (unlike if len(unlike) else twice).iloc[0]
    found = f"{first['desc']} of {first['la_code']} for {first['period']}"
    if len(unlike):
        raise SourceError(
            "two values for one measure, authority and year",
            where=file,
            found=found,
            expected="one row each",
            remedy="Remove the row that should not count.",
        )
    message = (
        f"{counted(len(twice), 'row is', 'rows are')} there twice, the first {found}: kept once"
    )
    findings.append(Finding("warning", "row-twice", message, file, first["line"]))
    return rows.drop_duplicates(key)


def _item_figures(
    rows: Mapping[str, pd.DataFrame],
    item: Item,
    file: str,
    register: Register,
    closed: frozenset[str],
) -> tuple[pd.DataFrame, list[Finding]]:
    place = ["la_code", "period"]
    figures = rows[item.value].drop(columns="desc")
    valued = figures.loc[figures["value"].notna(), "period"]
    newest = (valued if len(valued) else figures["period"]).max()
    figures = figures[figures["period"].between(item.since, item.until)].reset_index(drop=True)
    keys = pd.MultiIndex.from_frame(figures[place])
    counts = {
        desc: rows[desc].set_index(place)["value"].reindex(keys).to_numpy()
        for desc in (*item.numerator, *item.denominator)
    }
    holes = np.full(len(figures), np.nan)
    for name, descs in (("numerator", item.numerator), ("denominator", item.denominator)):
        figures[name] = np.sum([counts[d] for d in descs], axis=0) if descs else holes
    figures = figures.assign(
        measure=item.measure, joint=False, needed=np.nan, series=item.series, newest=newest
    )
    measure = Measure(
        item.measure,
        item.unit,
        item.value,
        " + ".join(item.numerator),
        item.denominator,
        may_exceed=item.may_exceed,
    )
    layout = Layout("LAIT", item.series, 2025, (measure,))
    findings = settle_ratios(figures, measure, file)
    findings += check_figures(figures, measure, layout, file, register)
    if len(figures):
        where = f"{file}, {item.value}"
        refuse_years_ahead(figures["period"], item.series, where)
        findings += check_coverage(figures[place], register, item.series, where)
        findings += check_scale(figures, item.value, file)
        findings += check_lost(figures, measure, file, closed)
        findings += check_years(figures, item.value, file, register)
        findings += check_copied_values(figures, item.value, file, register)
        findings += check_other_years(figures, item.value, file, register)
    figures, shared = share_joint_leads(figures, item.joint_leads, file)
    figures, settled = settle_lifetimes(figures, register, item.series, file)
    return figures.drop(columns="needed"), [*findings, *shared, *settled]


def _closed(register: Register) -> frozenset[str]:
    own = register.authorities
    return frozenset(
        own.loc[[register.life(code)[1] is not None for code in own["la_code"]], "la_code"]
    )
