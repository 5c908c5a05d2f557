"""Read wide tables, with one row per authority and year, by their layout."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from earlywarn.authorities import ENGLAND, Register
from earlywarn.errors import AuthorityError, SourceError
from earlywarn.sources.cells import SYMBOLS, legacy_findings, parse_cells
from earlywarn.sources.continuity import check_copied_years, check_other_years
from earlywarn.sources.copied_columns import check_copied_columns
from earlywarn.sources.exchanged import check_exchanged
from earlywarn.sources.layouts import IDENTIFIERS
from earlywarn.sources.lost_cells import blank_findings, check_cells, fraction_findings
from earlywarn.sources.names_and_codes import mismatches
from earlywarn.sources.odd_figures import (
    check_decimals,
    check_not_available,
    check_small_counts,
    check_whole_rates,
)
from earlywarn.sources.odd_signs import check_rounded, check_signs
from earlywarn.sources.plausibility import (
    check_coverage,
    check_scale,
    refuse_unknown_codes,
    refuse_years_ahead,
)
from earlywarn.sources.reorganisations import settle_lifetimes, share_joint_leads
from earlywarn.sources.schema import Finding
from earlywarn.sources.sums import LOCAL, NATIONAL, REGIONAL, check_absence, check_bands, check_sums
from earlywarn.sources.validation import check_figures, settle_ratios
from earlywarn.sources.whole_years import check_copied_values, check_years
from earlywarn.utils.formatting import counted

if TYPE_CHECKING:
    from earlywarn.sources.layouts import Layout, Measure
    from earlywarn.sources.tabular_files import Table

_LEVELS = {
    **dict.fromkeys(("national", "nat", "country"), NATIONAL),
    **dict.fromkeys(("local authority", "la", "local_authority", "local authorities"), LOCAL),
    **dict.fromkeys(("regional", "reg", "region", "rgn"), REGIONAL),
    # Levels of the official standard whose rows are not read here.
    **dict.fromkeys(("local authority district", "lad", "ward", "war", "school", "sch"), "other"),
    **dict.fromkeys(("parliamentary constituency", "pcon", "institution", "inst"), "other"),
}

_DESCRIBING = frozenset(
    {"time_identifier", "country_code", "country_name", "region_code", "region_name"}
    | {"new_la_code", "la_name", "category"}
)
"""Columns that identify a row, and never a group of children."""

_NO_COUNTS = _DESCRIBING | {*IDENTIFIERS, "population_type", "population_count", "age_group"}

Numbers = dict[str, tuple[npt.NDArray[np.float64], npt.NDArray[np.object_]]]


@dataclass(frozen=True, eq=False)
class Reading:
    """The figures of one table, before they are dated.

    `figures` has `la_code, measure, period, numerator, denominator, value, status, joint, line,
    series, newest, source`; `newest` is the newest period of the release it was read from, whose
    publication date is the vintage; `rows` is how many rows of the table were read; `again` are
    figures of other tables that it has too (`figures_again`).
    """

    figures: pd.DataFrame
    findings: list[Finding]
    rows: int
    again: pd.DataFrame | None = None


def level_of(text: str) -> str:
    """Return a geographic level from its label or code, in any case; empty if unknown.

    Examples
    --------
    >>> level_of("LA"), level_of("National"), level_of("Regional"), level_of("Planet")
    ('local authority', 'national', 'regional', '')
    """
    return _LEVELS.get(" ".join(text.casefold().replace("-", " ").split()), "")


def read_wide(table: Table, layout: Layout, register: Register) -> Reading:
    """Read the figures of a wide table.

    Parameters
    ----------
    table : Table
        The table as text.
    layout : Layout
        The layout that its columns match (`layouts.match_layout`).
    register : Register
        The authorities.

    Returns
    -------
    Reading
        The rows for England and authorities; regions are left out.

    Raises
    ------
    SourceError
        If a year, a cell or a row does not fit the layout.
    """
    table.check_once(layout.columns)
    counted, others = _counted_rows(table, layout)
    kept = counted.take((counted.cells["geographic_level"].map(level_of) != REGIONAL).to_numpy())
    places, findings = _places(kept, register)
    findings = others + findings
    places, doubled = _without_doubles(kept, layout, places, register)
    refuse_years_ahead(places["period"], layout.series, kept.file)
    findings += doubled + check_coverage(
        places, register, layout.series, kept.file, [partner for _, partner in layout.joint_leads]
    )
    numbers, signs = _numbers(kept, layout, register)
    findings += signs + _sums(counted, layout)
    findings += check_copied_years(kept, places, _NO_COUNTS, register)
    findings += check_copied_columns(kept, places, numbers, _NO_COUNTS, register)
    findings += check_signs(places, numbers, kept.file, whole=not layout.count_half)
    whole = sorted(layout.whole)
    findings += check_rounded(places, numbers, whole, kept.file, register)
    parts = []
    for measure in layout.measures:
        part = _figures(places, measure, numbers)
        findings += check_cells(part, measure, kept.file)
        findings += settle_ratios(part, measure, kept.file)
        findings += check_figures(part, measure, layout, kept.file, register)
        findings += check_scale(part, measure.value, kept.file)
        findings += check_years(part, measure.value, kept.file, register)
        findings += check_copied_values(part, measure.value, kept.file, register)
        findings += check_whole_rates(part, measure, kept.file, register)
        findings += check_not_available(part, measure, kept.file, register, layout.series)
        findings += check_other_years(part, measure.value, kept.file, register)
        findings += check_exchanged(part, measure.value, kept.file, register)
        parts.append(part.drop(columns=["needed", "row"]))
    figures = pd.concat(parts, ignore_index=True)
    figures, shared = share_joint_leads(figures, layout.joint_leads, kept.file)
    figures, settled = settle_lifetimes(figures, register, layout.series, kept.file)
    newest = int(places["period"].max())
    figures = figures.assign(series=layout.series, newest=newest, source=f"{layout.table} {newest}")
    return Reading(figures, [*findings, *shared, *settled], len(kept.lines))


def _counted_rows(table: Table, layout: Layout) -> tuple[Table, list[Finding]]:
    """The rows for England, regions and authorities to use, and findings about others."""
    level = table.cells["geographic_level"].map(level_of)
    findings = _other_levels(table, level)
    counts = level.isin([NATIONAL, REGIONAL, LOCAL])
    if layout.where:
        column, *values = layout.where
        counts &= table.cells[column].str.casefold().isin([value.casefold() for value in values])
    if not (counts & (level == LOCAL)).any():
        which = f" and {layout.where[0]} {layout.where[1]!r}" if layout.where else ""
        raise SourceError(
            f"table {layout.table} has no row of an authority that counts",
            where=table.file,
            found=f"{len(table.lines)} rows, of the levels "
            + ", ".join(table.cells["geographic_level"].unique()[:5]),
            expected=f"rows of geographic_level 'Local authority'{which}",
            remedy="Download the whole table again.",
        )
    findings += _years_lost(table, counts & (level == LOCAL))
    kept, totals = _totals(table.take(counts.to_numpy()), layout)
    return kept, findings + totals


def _years_lost(table: Table, own: pd.Series) -> list[Finding]:
    """Warn where years have rows, but none for an authority that can be used."""
    years = table.cells["time_period"]
    if not (lost := sorted(set(years) - set(years[own]))):
        return []
    first = years.index[years == lost[0]][0]
    message = (
        f"{', '.join(lost)}: there are rows, and none of an authority that counts: their level, or "
        "what they are of, may have been changed"
    )
    at = float(table.lines[first])
    column = "geographic_level"
    return [Finding("warning", "year-without-authorities", message, table.file, at, column=column)]


def _other_levels(table: Table, level: pd.Series) -> list[Finding]:
    """Warn of each unknown geographic level: its rows are not used."""
    unknown = table.cells.loc[level == "", "geographic_level"]
    return [
        Finding(
            "warning",
            "unknown-level",
            f"{counted(count, 'row')} of a geographic level that is not known, left out",
            table.file,
            float(table.lines[unknown.index[unknown == text][0]]),
            column="geographic_level",
            found=str(text),
        )
        for text, count in unknown.value_counts().items()
    ]


def _totals(table: Table, layout: Layout) -> tuple[Table, list[Finding]]:
    """The rows of the total, in a table with a filter column that is not in the layout."""
    findings = []
    for key in [key for key in table.columns if key not in {*layout.columns, *_DESCRIBING}]:
        words = table.cells[key].str.casefold()
        total = words.eq("total")
        if not total.any():
            findings += _one_part(table, key, words)
        if total.all() or not total.any():
            continue
        findings.append(
            Finding(
                "warning",
                "new-filter",
                f"the column {table.columns[key]} divides the figures: the {int(total.sum())} rows "
                f"of its {table.cells[key][total].iloc[0]!r} are used, the {int((~total).sum())} "
                "others are not",
                table.file,
                column=table.columns[key],
            )
        )
        table = table.take(total.to_numpy())
    return table, findings


def _one_part(table: Table, key: str, words: pd.Series) -> list[Finding]:
    """Warn of a column with the same word in every row: the table may be for one group only."""
    said = [word for word in words.unique() if word and word not in SYMBOLS]
    if len(said) != 1 or said[0].startswith(("all", "total")) or not parse_cells(words)[2].any():
        return []
    column = table.columns[key]
    message = (
        f"the column {column} says {said[0]!r} of every row: if that is only some of the "
        "children, the figures are not for all of them"
    )
    return [Finding("warning", "one-part", message, table.file, column=column, found=said[0])]


def _places(table: Table, register: Register) -> tuple[pd.DataFrame, list[Finding]]:
    """One row per authority and year: `row, line, period, la_code, joint`."""
    national = table.cells["geographic_level"].map(level_of) == NATIONAL
    text = table.cells["old_la_code"]
    if "new_la_code" in table.cells:
        text = text.mask(text == "", table.cells["new_la_code"])
    if "la_name" in table.cells:
        text = text.mask(text == "", table.cells["la_name"])
    text = text.mask(national, ENGLAND)
    codes, findings = _codes(table, text, register)
    meant = [codes[written] for written in text]
    members = np.array([len(each) for each in meant], dtype=np.intp)
    unknown = text[members == 0]
    first = str(next(iter(unknown), ""))
    refuse_unknown_codes(len(unknown), int((~national).sum()), first, "old_la_code", table.file)
    if joint := int((members > 1).sum()):
        returns = counted(joint, "row is a joint return", "rows are joint returns")
        message = f"{returns}: given to each of their authorities"
        findings.append(Finding("note", "joint-return", message, table.file))
    rows = np.repeat(np.arange(len(text)), members)
    places = pd.DataFrame(
        {
            "row": rows,
            "line": table.lines[rows],
            "period": _periods(table)[rows],
            "la_code": pd.Series([code for each in meant for code in each], dtype="str"),
            "joint": members[rows] > 1,
        }
    )
    return places, findings + mismatches(table, codes, text, register)


def _codes(
    table: Table, text: pd.Series, register: Register
) -> tuple[dict[str, tuple[str, ...]], list[Finding]]:
    """The authorities meant by each way of writing a code; none, and a warning, if unknown."""
    codes: dict[str, tuple[str, ...]] = {}
    findings = []
    for written in text.unique():
        try:
            codes[written] = register.codes_of(written)
        except AuthorityError:
            codes[written] = ()
            rows = np.flatnonzero(text == written)
            findings.append(
                Finding(
                    "warning",
                    "unknown-authority",
                    f"{counted(len(rows), 'row')} of an authority that the register does not know, "
                    "left out; to read them, put authorities.csv into the folder",
                    table.file,
                    float(table.lines[rows[0]]),
                    column="old_la_code",
                    found=str(written),
                )
            )
    return codes, findings


def _periods(table: Table) -> npt.NDArray[np.int64]:
    text = table.cells["time_period"]
    wrong = ~text.str.fullmatch(r"20[0-9]{2}|2100")
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise SourceError(
            "not a year",
            where=f"{table.file}, line {table.lines[first]}, time_period",
            found=repr(text.iloc[first]),
            expected="a year between 2000 and 2100",
        )
    return text.to_numpy(dtype=np.int64)


def _without_doubles(
    table: Table, layout: Layout, places: pd.DataFrame, register: Register
) -> tuple[pd.DataFrame, list[Finding]]:
    """The places once each; a repeated row is a finding, a different one is refused."""
    twice = places[places.duplicated(["la_code", "period"], keep=False)]
    findings = []
    cells = table.cells[list(layout.columns)]
    for names, rows in twice.groupby(["la_code", "period"], sort=True):
        code, period = str(names[0]), int(str(names[1]))
        first, *others = rows["row"]
        lines = ", ".join(str(line) for line in rows["line"])
        if any((cells.loc[other] != cells.loc[first])[3:].any() for other in others):
            raise SourceError(
                "an authority has two different rows for one year",
                where=f"{table.file}, lines {lines}",
                found=f"{register.name_of(code)} ({code}), {period}",
                expected="one row per authority and year",
                remedy="Remove the row that should not count.",
            )
        message = f"{register.name_of(code)} has the same row twice, in lines {lines}: kept once"
        line = float(rows["line"].iloc[1])
        findings.append(
            Finding("warning", "row-twice", message, table.file, line, code, float(period))
        )
    return places.drop_duplicates(["la_code", "period"], ignore_index=True), findings


def _numbers(table: Table, layout: Layout, register: Register) -> tuple[Numbers, list[Finding]]:
    columns = dict.fromkeys(name for measure in layout.measures for name in measure.columns)
    numbers: Numbers = {}
    findings: list[Finding] = []
    for column in columns:
        values, statuses, wrong = parse_cells(table.cells[column])
        if wrong.any():
            _refuse_cell(table, column, int(np.flatnonzero(wrong)[0]), register)
        numbers[column] = values, statuses
        findings += legacy_findings(table.cells[column], table.columns[column], table.file)
        findings += blank_findings(table, column)
        findings += _odd_figures(table, layout, column, values)
    return numbers, findings


def _odd_figures(
    table: Table, layout: Layout, column: str, values: npt.NDArray[np.float64]
) -> list[Finding]:
    """The findings about the numbers of one column, each by itself."""
    place = values, table.lines, table.columns[column], table.file
    if column in layout.whole:
        small = [] if layout.count_half else check_small_counts(*place)
        return fraction_findings(*place) + small
    counts = {name for measure in layout.measures for name in measure.counts}
    half = layout.count_half if column in counts else layout.value_half
    return check_decimals(*place, step=2 * half)


def _sums(table: Table, layout: Layout) -> list[Finding]:
    """What does not add up in a table with rows for regions."""
    level = table.cells["geographic_level"].map(level_of)
    counts = [column for measure in layout.measures for column in measure.counts]
    findings = check_sums(table, level, [*dict.fromkeys(counts)], layout.count_half)
    if layout.bands:
        local = table.take((level == LOCAL).to_numpy())
        findings += check_bands(local, layout.bands_of, layout.bands)
    for measure in layout.measures:
        if measure.name == "absence":
            workers = next(other.denominator[-1] for other in layout.measures if other.denominator)
            local = table.take((level == LOCAL).to_numpy())
            findings += check_absence(local, measure.numerator, workers, measure.value)
    return findings


def _refuse_cell(table: Table, column: str, row: int, register: Register) -> None:
    cells = table.cells.loc[row]
    try:
        codes = register.codes_of(cells["old_la_code"] or cells.get("new_la_code") or ENGLAND)
        who = " and ".join(f"{register.name_of(code)} ({code})" for code in codes)
    except AuthorityError:
        who = repr(cells["old_la_code"])
    symbols = ", ".join(symbol for symbol in SYMBOLS if symbol)
    decimal = "," in cells[column] and "." not in cells[column]
    raise SourceError(
        "neither a number nor a known symbol",
        where=f"{table.file}, line {table.lines[row]}, {who}, {table.columns[column]}",
        found=repr(cells[column]),
        expected=f"a number such as 22.6, or one of the symbols {symbols}",
        remedy="Save the file with decimal points, not commas." if decimal else "Correct the cell.",
    )


def _figures(places: pd.DataFrame, measure: Measure, numbers: Numbers) -> pd.DataFrame:
    row = places["row"].to_numpy()
    values, statuses = numbers[measure.value]
    holes = np.full(len(row), math.nan)
    parts = [numbers[column][0][row] for column in measure.denominator]
    return places.assign(
        measure=measure.name,
        numerator=numbers[measure.numerator][0][row] if measure.numerator else holes,
        denominator=np.sum(parts, axis=0) if parts else holes,
        value=values[row],
        status=statuses[row],
        needed=numbers[measure.needs][0][row] if measure.needs else holes,
    )
