"""One authority's part of the report: its charts, figures by year, and missing figures."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from earlywarn.indicators.catalogue import INDICATORS, Indicator
from earlywarn.report.authority_charts import (
    FIRST_YEAR,
    SMALL,
    risk_chart,
    small_chart,
    together,
    waterfall_chart,
)
from earlywarn.report.chart import Chart, Column, Table, archive, inline
from earlywarn.report.indicator_history import NOT_THERE, NOT_YET, Line, lines_of
from earlywarn.report.standing import place_in_words, strip
from earlywarn.report.svg import TimeAxis, inspection_lines
from earlywarn.scoring.explanation import said_once
from earlywarn.scoring.standing_words import band_words, judgement_words, rank_words, top_chances
from earlywarn.sources.reporting_years import last_day
from earlywarn.sources.schema import PUBLISHED
from earlywarn.utils.csv_text import inert
from earlywarn.utils.formatting import (
    long_date,
    number,
    percent,
    signed,
    text,
    whole,
    year_ranges,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from earlywarn.report.contents import Contents

YEARS_END = last_day("cin")
"""The end of the year in the children in need census, as in most tables."""
_RECORDS = {record.id: record for record in INDICATORS}
_MOST = 3
FIGURE_DIGITS = 2
"""Decimals of the figures for download: as many as are published."""
TERM_COLUMNS = {
    "title": Column("Indicator", text, numeric=False),
    "value": Column("Value", number),
    "unit": Column("Unit", text, numeric=False),
    "england": Column("England", number),
    "neighbours": Column("Neighbours, mean", number),
    "percentile": Column("Authorities that are lower", percent),
    "contribution": Column("Adds (log-odds)", signed),
    "sign_stability": Column("Assumed direction held", percent),
}
INSPECTION_COLUMNS = {
    "inspection_start": Column("Inspected from", long_date, numeric=False),
    "published_on": Column("Report", long_date, numeric=False),
    "framework": Column("Framework", text, numeric=False),
    "overall": Column("Overall", text, numeric=False),
    "leadership": Column("Leadership", text, numeric=False),
    "help_and_protection": Column("Help and protection", text, numeric=False),
    "in_care": Column("Children in care", text, numeric=False),
    "care_leavers": Column("Care leavers", text, numeric=False),
}


@dataclass(frozen=True)
class Small:
    """An indicator's two charts and their messages: over the years, and among all authorities."""

    title: str
    message: str
    svg: str
    place: str
    strip: str


@dataclass(frozen=True)
class History:
    """The lines of one indicator in the table of figures: heading, then a cell per year."""

    title: str
    lines: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Section:
    """What the page shows for one authority."""

    code: str
    name: str
    region: str
    la_type: str
    summary: tuple[str, ...]
    raises: tuple[str, ...]
    lowers: tuple[str, ...]
    risk: Chart
    waterfall: Chart
    neighbours: tuple[str, ...]
    terms: Table
    smalls: tuple[Small, ...]
    years: tuple[int, ...]
    histories: tuple[History, ...]
    inspections: Table
    holes: tuple[str, ...]
    figures: pd.DataFrame
    years_end: str = YEARS_END

    def figures_link(self) -> str:
        """All figures of the authority as a CSV file, embedded in the link."""
        return inline("text/csv", self._figures())

    def figures_picture(self) -> str:
        """The charts of all figures as one SVG file, embedded in the link."""
        return inline("image/svg+xml", self._picture())

    def figures_archive(self) -> str:
        """That picture and that table as one zip file, embedded in the link."""
        name = f"figures-{self.code}"
        files = {f"{name}.svg": self._picture(), f"{name}.csv": self._figures()}
        return inline("application/zip", archive(files))

    def _figures(self) -> str:
        return self.figures.to_csv(index=False, lineterminator="\r\n")

    def _picture(self) -> str:
        charts = [(small.title, small.svg) for small in self.smalls]
        lines = "the line; dots: mean of its neighbours; dashes: England; every axis from zero"
        return together(f"{self.name}: {lines}", charts)


def sections(contents: Contents) -> Iterator[Section]:
    """The sections of the chosen authorities, in order."""
    scores = {str(row["la_code"]): row for _, row in contents.listed.iterrows()}
    frames = {
        "terms": contents.terms,
        "risks": contents.risks,
        "inspections": contents.inspections,
        "history": contents.indicator_history,
        "neighbours": contents.snapshot.neighbours,
    }
    rows = {name: _by_authority(frame, contents.chosen) for name, frame in frames.items()}
    for code in contents.chosen:
        own = {name: by_authority[code] for name, by_authority in rows.items()}
        yield _section(contents, _Rows(code, scores[code], **own))


@dataclass(frozen=True, eq=False)
class _Rows:
    """One authority's rows of each frame."""

    code: str
    score: pd.Series
    terms: pd.DataFrame
    risks: pd.DataFrame
    inspections: pd.DataFrame
    history: pd.DataFrame
    neighbours: pd.DataFrame


def _by_authority(frame: pd.DataFrame, codes: Sequence[str]) -> dict[str, pd.DataFrame]:
    """The rows of each authority; text as objects, since Arrow is slow on thirty rows at a time."""
    texts = frame.select_dtypes(exclude=["number", "bool"]).columns
    rows = frame[frame["la_code"].isin(codes)].astype(dict.fromkeys(texts, object))
    found = {str(code): own for code, own in rows.groupby("la_code")}
    return dict.fromkeys(codes, rows.iloc[:0]) | found


def _section(contents: Contents, own: _Rows) -> Section:
    code, row, terms, history = own.code, own.score, own.terms, own.history
    name = contents.names[code]
    axis = TimeAxis(FIRST_YEAR, contents.as_of, 28, SMALL[0] - 6)
    marks = axis.ticks(78, each=4) + inspection_lines(axis, own.inspections, 10, 78)
    shared = f'<use href="#j{code}"/>'
    by_indicator = _by_weight(lines_of(history), terms)
    years = tuple(range(int(history["period"].min()), int(history["period"].max()) + 1))
    once = said_once(terms)
    smalls = [_small(contents, key, code, part, axis, shared) for key, part in by_indicator.items()]
    # Axis and inspections are the same behind every small chart: drawn once, then referenced.
    drawn_once = smalls[0].svg.replace(shared, f'<g id="j{code}">{marks}</g>')
    smalls[0] = replace(smalls[0], svg=drawn_once)
    return Section(
        code=code,
        name=name,
        region=row["region"],
        la_type=row["la_type"],
        summary=_summary(contents, row),
        raises=_sentences(once, 1),
        lowers=_sentences(once, -1),
        risk=risk_chart(code, name, row["region"], own.risks, own.inspections, contents.as_of),
        waterfall=waterfall_chart(code, name, terms),
        neighbours=_neighbours(contents, own.neighbours),
        terms=_terms(terms),
        smalls=tuple(smalls),
        years=years,
        histories=tuple(_history(_RECORDS[key], by_indicator[key], years) for key in by_indicator),
        inspections=Table.of(own.inspections, INSPECTION_COLUMNS),
        holes=_holes(contents, row, history),
        figures=_written(history),
    )


def _by_weight(lines: dict[str, Line], terms: pd.DataFrame) -> dict[str, Line]:
    """Indicators in order of their effect on this authority's risk, those without one last."""
    order = [name for name in terms["indicator"] if name in lines]
    return {name: lines[name] for name in dict.fromkeys([*order, *lines])}


def _small(
    contents: Contents, key: str, code: str, part: Line, axis: TimeAxis, shared: str
) -> Small:
    record, name = _RECORDS[key], contents.names[code]
    top, standing = contents.axis_tops[key], contents.standings[key]
    return Small(
        record.title,
        _message(record, part),
        small_chart(record, name, part, axis, shared, top),
        f"In {standing.period}, {place_in_words(name, code, standing)}",
        strip(code, standing, top),
    )


def _neighbours(contents: Contents, pairs: pd.DataFrame) -> tuple[str, ...]:
    names = contents.names
    return tuple(names[other] for other in pairs["neighbour_code"] if other in names)


def _written(history: pd.DataFrame) -> pd.DataFrame:
    """The figures for download: to two decimals, without trailing zeros."""
    rounded = history.round(FIGURE_DIGITS)
    numbers = {
        str(name): ["" if math.isnan(cell) else f"{cell:.10g}" for cell in column.tolist()]
        for name, column in rounded.select_dtypes("float").items()
    }
    return inert(rounded).assign(**numbers)


# --- in words ------------------------------------------------------------------------------------


def _summary(contents: Contents, row: pd.Series) -> tuple[str, ...]:
    last = (
        "No inspection report was public on this date."
        if pd.isna(row["previous_judgement"])
        else f"Last judgement known (to {long_date(row['judgements_through'])}): "
        f"{judgement_words(row)}, "
        f"inspected from {long_date(row['previous_inspection'])}."
    )
    risk = (
        f"Risk of an Inadequate judgement if inspected on {long_date(contents.as_of)}: "
        f"{percent(row['risk'])} "
        f"(90% interval {percent(row['risk_lower'])} to {percent(row['risk_upper'])}): "
        f"{band_words(row)}. "
        f"Risk of a judgement below Good: {percent(row['below_good'])}."
    )
    among_all, among_new = top_chances(row)
    new = f"; {among_new} among those not already Inadequate" if among_new else ""
    rank = (
        f"{rank_words(row, len(contents.scores))}; chance of being among the 26 highest: "
        f"{among_all}{new}."
    )
    return (
        risk,
        rank if row["known"] else f"{rank_words(row, 0)}.",
        moved_sentence(row, contents),
        last,
    )


def moved_sentence(row: pd.Series, contents: Contents) -> str:
    """Describe how far it has moved, and whether that is more than noise."""
    if contents.before is None or pd.isna(row["moved"]):
        return "There is no rank from a year before to compare with."
    places = abs(int(row["moved"]))
    way = "up the list (a higher risk)" if row["moved"] > 0 else "down the list (a lower risk)"
    distance = f"{places} place{'s' * (places != 1)} {way}" if places else "no places"
    size = "more than noise" if row["beyond_noise"] else "no more than noise"
    return (
        f"Moved {distance} since {long_date(contents.before)}, from rank {row['rank_before']:.0f}: "
        f"{size} (90% interval of the change {row['moved_lower']:+.0f} to "
        f"{row['moved_upper']:+.0f})."
    )


def _sentences(terms: pd.DataFrame, side: int) -> tuple[str, ...]:
    columns = (terms[name] for name in ("term", "contribution", "value", "sentence"))
    worded = [
        sentence.rsplit(": ", 1)[0]
        for term, contribution, value, sentence in zip(*columns, strict=True)
        if term == "indicator" and contribution * side > 0.005 and not math.isnan(value)
    ]
    return tuple(worded[:_MOST])


def _message(record: Indicator, rows: Line) -> str:
    """The latest figure, compared with England's and the year before."""
    known = dict(zip(rows.period, rows.value, strict=True))
    known = {year: value for year, value in known.items() if not math.isnan(value)}
    if not known:
        return f"{record.title}: nothing published"
    last = max(known)
    mark = "%" if record.unit.startswith("%") else ""
    unit = "" if mark else f" {record.unit}"
    parts = [f"{record.title}: {number(known[last])}{mark}{unit} in {last}"]
    england = rows.england[rows.period.index(last)]
    if math.isfinite(england):
        parts.append(f"{_compare(known[last], england)} England ({number(england)}{mark})")
    if last - 1 in known:
        parts.append(f"{_compare(known[last], known[last - 1])} the year before")
    if last < rows.period[-1]:
        parts.append("nothing more recent")
    return ", ".join(parts)


def _compare(value: float, other: float) -> str:
    if number(value) == number(other):
        return "level with"
    return "above" if value > other else "below"


# --- as tables -----------------------------------------------------------------------------------


def _terms(terms: pd.DataFrame) -> Table:
    rows = terms[terms["term"] == "indicator"]
    titles = [_RECORDS[name].title for name in rows["indicator"]]
    table = Table.of(rows.assign(title=titles), TERM_COLUMNS)
    facts = [_RECORDS[name].kind == "history" for name in rows["indicator"]]
    cells = zip(table.rows, facts, strict=True)
    return replace(table, rows=tuple(_fact(row) if fact else row for row, fact in cells))


def _fact(cells: tuple[str, ...]) -> tuple[str, ...]:
    """The row of a fact about the last inspection: true or not, without a comparison."""
    title, value, *compared = cells
    return title, _TRUE.get(value, value), *("" if cell == _UNKNOWN else cell for cell in compared)


_TRUE, _UNKNOWN = {number(1.0): "yes", number(0.0): "no"}, number(math.nan)


def _history(record: Indicator, rows: Line, years: tuple[int, ...]) -> History:
    own = [
        _SHORT.get(status, "[x]") if math.isnan(value) else number(value)
        for value, status in zip(rows.value, rows.status, strict=True)
    ]
    limits = [
        "" if math.isnan(low) else f"{number(low)}-{number(high)}"
        for low, high in zip(rows.lower, rows.upper, strict=True)
    ]
    texts = {"Own": own, "95% limits": limits} if any(limits) else {"Own": own}
    for name, values in (("Neighbours", rows.neighbours), ("England", rows.england)):
        texts[name] = ["[x]" if math.isnan(value) else number(value) for value in values]
    lines = []
    for name, cells in texts.items():
        by_year = dict(zip(rows.period, cells, strict=True))
        lines.append((name, tuple(by_year.get(year, "") for year in years)))
    title = f"{record.title}, {record.unit}" if record.unit else record.title
    return History(title + _ending(record), tuple(lines))


def _ending(record: Indicator) -> str:
    """The day on which the indicator's years end, if it differs from most tables."""
    day = last_day(record.series)
    return "" if day == YEARS_END else f" (to {day})"


_SHORT = {
    "suppressed": "[c]",
    "not applicable": "[z]",
    "unavailable": "[x]",
    "unreliable": "[u]",
    NOT_THERE: "[x]",
    NOT_YET: "[z]",
}
"""The shorthand of official statistics for missing values."""


# --- the holes -----------------------------------------------------------------------------------


def _holes(contents: Contents, row: pd.Series, history: pd.DataFrame) -> tuple[str, ...]:
    sentences = [_missing(row["missing_indicators"])]
    sentences += [_made_of(contents, str(row["la_code"]))]
    lacking = history[history["value"].isna() & (history["status"] != NOT_YET)]
    sentences += [
        _lacking(status, lacking[lacking["status"] == status])
        for status in sorted(set(lacking["status"]))
    ]
    joint = history[history["joint"]]
    if len(joint):
        names = "; ".join(_years_of(joint))
        sentences.append(f"From a joint return with another authority, the same for both: {names}.")
    sentences.append(
        f"Of {whole(history['value'].notna().sum())} figures, "
        f"{whole(history['restated'].sum())} could only be read as restated after this date, and "
        f"{whole(history['assumed'].sum())} have only an assumed publication date."
    )
    return tuple(sentence for sentence in sentences if sentence)


def _missing(titles: str) -> str:
    if not titles:
        return "Every indicator of the model has a figure that is recent enough to be compared."
    return f"Not known, so others of the same family stand in: {titles}."


def _made_of(contents: Contents, code: str) -> str:
    changes = contents.snapshot.register.predecessors(code)
    if not changes:
        return ""
    names = ", ".join(contents.snapshot.register.name_of(change.predecessor) for change in changes)
    return (
        f"Formed on {long_date(changes[0].date)} from {names}, whose figures the model uses for "
        "the years before; the charts show only its own."
    )


def _lacking(status: str, rows: pd.DataFrame) -> str:
    start = "Not published" if status in (NOT_THERE, PUBLISHED) else status.capitalize()
    return f"{start}: {'; '.join(_years_of(rows))}."


def _years_of(rows: pd.DataFrame) -> list[str]:
    years: dict[str, list[int]] = {}
    for name, year in zip(rows["indicator"], rows["period"], strict=True):
        years.setdefault(name, []).append(year)
    return [f"{_RECORDS[name].title} {year_ranges(found)}" for name, found in years.items()]
