"""The charts of one authority: risk over time, what it is made of, and histories."""

from __future__ import annotations

import math
from datetime import date
from html import escape
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from earlywarn.report.chart import Chart, Column, picture_style
from earlywarn.report.standing import rounded_up
from earlywarn.report.svg import Scale, TimeAxis, area, drawing, inspection_lines, label, line
from earlywarn.scoring.words import NONE
from earlywarn.sources.reporting_years import span
from earlywarn.statistics.distributions import expit, logit
from earlywarn.utils.formatting import long_date, number, percent, signed, text

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from earlywarn.indicators.catalogue import Indicator
    from earlywarn.report.indicator_history import Line

FIRST_YEAR = 2013
WIDTH, SMALL = 480, (240, 96)
ACROSS = 3
"""The number of small charts side by side in a picture of all of them."""
"""Narrow enough for a phone, so that a chart shrinks to fit and nothing scrolls."""
TICKS = (0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8)
RISK_COLUMNS = {
    "as_of": Column("As of", long_date, numeric=False),
    "risk": Column("Risk", percent),
    "risk_lower": Column("90% interval, from", percent),
    "risk_upper": Column("to", percent),
    "region_median": Column("Region, median", percent),
    "neighbour_median": Column("Neighbours, median", percent),
}
WATERFALL_COLUMNS = {
    "step": Column("Step", text, numeric=False),
    "contribution": Column("Adds (log-odds)", signed),
    "risk_after": Column("Risk after it", percent),
}


def risk_chart(
    code: str, name: str, region: str, risks: pd.DataFrame, inspections: pd.DataFrame, last: date
) -> Chart:
    """Risk with its interval over time, compared with the region and the neighbours."""
    axis = TimeAxis(FIRST_YEAR, last, 44, 468)
    high = max(0.3, math.ceil(10 * float(risks["risk_upper"].max())) / 10)
    scale = Scale(0.0, high, 230, 24)
    x = [axis.of_day(date.fromisoformat(day)) for day in risks["as_of"]]
    ends = (risks["risk_lower"].tolist(), risks["risk_upper"].tolist())
    parts = [
        _percent_grid(scale, high),
        _path("lim", area(x, *ends, scale)),
        _path("eng", line(x, risks["region_median"].tolist(), scale)),
        _path("nei", line(x, risks["neighbour_median"].tolist(), scale)),
        _path("own", line(x, risks["risk"].tolist(), scale)),
        axis.ticks(230, each=2),
        inspection_lines(axis, inspections, 24, 230),
    ]
    now = risks.iloc[-1]
    others = {
        "median of its region": "region_median",
        "median of its neighbours": "neighbour_median",
    }
    comparisons = [
        f"{_beside(now['risk'], now[column])} the {words} ({percent(now[column])})"
        for words, column in others.items()
        if math.isfinite(now[column])
    ]
    title = f"{name}: risk {percent(now['risk'])}, {' and '.join(comparisons)}"
    alt = (
        f"Line chart of the risk of {name} on one day a year, {risks['as_of'].iloc[0][:4]} to "
        f"{last.year}: from {percent(risks['risk'].iloc[0])} to {percent(now['risk'])}, with its "
        f"90% interval, the medians of {region} and of its neighbours, and its inspections."
    )
    columns = risks[list(RISK_COLUMNS)].reset_index(drop=True)
    return Chart(
        f"risk-{code}", title, alt, columns, RISK_COLUMNS, drawing(WIDTH, 250, alt, parts, "wide")
    )


def _path(css: str, path: str) -> str:
    return f'<path class="{css}" d="{path}"/>' if path else ""


def _percent_grid(scale: Scale, high: float) -> str:
    step = 0.1 if high <= 0.7 else 0.2
    levels = np.arange(0, high + 1e-9, step)
    lines = "".join(f"M44 {scale(level)}H468" for level in levels)
    labels = "".join(label(38, scale(level) + 4, f"{level:.0%}", "e") for level in levels)
    return f'<path class="grid" d="{lines}"/>{labels}'


def _beside(risk: float, other: float) -> str:
    if round(risk, 3) == round(other, 3):
        return "level with"
    return "above" if risk > other else "below"


# --- what the risk is made of ------------------------------------------------


def waterfall_frame(terms: pd.DataFrame) -> pd.DataFrame:
    """Build the steps from the common baseline, through the families, to the risk.

    Parameters
    ----------
    terms : DataFrame
        The rows of one authority, as returned by ``earlywarn.explain``.

    Returns
    -------
    DataFrame
        One row per step: ``step, contribution, start, end`` in log-odds and ``risk_after``;
        families are in order of strength between the start and the risk itself.
    """
    start = terms.loc[terms["term"] == "baseline", "contribution"].iloc[0]
    families = terms[terms["term"] == "indicator"].groupby("family")["contribution"].sum()
    strongest = np.argsort(-np.abs(families.to_numpy()), kind="stable")
    contribution = np.array([start, *families.to_numpy()[strongest]])
    end = np.cumsum(contribution)
    risk = end[-1]
    steps = [_capital(family) for family in families.index[strongest]]
    frame = {
        "step": ["Where every authority starts", *steps, "Risk"],
        "contribution": [*contribution, risk],
        "start": [*(end - contribution), 0.0],
        "end": [*end, risk],
    }
    return pd.DataFrame(frame).assign(risk_after=expit(np.array(frame["end"])))


def waterfall_chart(code: str, name: str, terms: pd.DataFrame) -> Chart:
    """The waterfall from the start through each family to the risk, on the log-odds scale."""
    frame = waterfall_frame(terms)
    ends = frame["end"].tolist()
    scale = Scale(min([logit(0.04), *ends]) - 0.15, max([logit(0.25), *ends]) + 0.15, 124, 468)
    bottom = 24 * len(frame) + 6
    shown = [tick for tick in TICKS if scale.low <= logit(tick) <= scale.high]
    grid = "".join(f"M{scale(float(logit(tick)))} 4V{bottom}" for tick in shown)
    parts = [f'<path class="grid" d="{grid}"/>']
    parts += [label(scale(float(logit(tick))), bottom + 14, f"{tick:.0%}", "m") for tick in shown]
    rows = frame.to_dict("records")
    # Each bar begins where the one above ended: thin lines lead the eye from one to the next.
    joins = "".join(f"M{scale(end)} {24 * n + 15}v24" for n, end in enumerate(ends[:-1]))
    parts.append(f'<path class="join" d="{joins}"/>')
    parts += [_step(place, row, rows, scale) for place, row in enumerate(rows)]
    families = "; ".join(f"{row['step']} {signed(row['contribution'])}" for row in rows[1:-1])
    alt = (
        f"Waterfall chart, in log-odds: from {percent(rows[0]['risk_after'])}, where every "
        f"authority starts, through {families}, to {percent(rows[-1]['risk_after'])}"
    )
    svg = drawing(WIDTH, bottom + 20, alt, parts, "wide")
    return Chart(f"why-{code}", _why(name, frame), alt, frame, WATERFALL_COLUMNS, svg)


def _step(
    place: int, row: Mapping[Hashable, Any], rows: list[dict[Hashable, Any]], scale: Scale
) -> str:
    y = 24 * place + 8
    ends = place in (0, len(rows) - 1)
    name = label(114, y + 11, "Start" if place == 0 else str(row["step"]), "e b" if ends else "e")
    if ends:
        x = scale(row["end"])
        mark = f'<circle class="dot" cx="{x}" cy="{y + 7}" r="6"/>'
        return name + mark + _beside_bar(x - 9, x + 9, y + 11, percent(row["risk_after"]), "b")
    low, high = sorted((scale(row["start"]), scale(row["end"])))
    kind = "up" if row["contribution"] >= 0 else "dn"
    bar = f'<rect class="{kind}" x="{low}" y="{y}" width="{max(high - low, 1)}" height="14"/>'
    words = f"{signed(row['contribution'])}, to {percent(row['risk_after'])}"
    return name + bar + _beside_bar(low - 5, high + 5, y + 11, words)


def _beside_bar(left: int, right: int, y: int, words: str, css: str = "") -> str:
    """Words to the right of a bar, or to its left where there is no room."""
    if right + 7.5 * len(words) <= WIDTH:
        return label(right, y, words, css)
    return label(left, y, words, f"e {css}".strip())


def _why(name: str, frame: pd.DataFrame) -> str:
    steps = dict(zip(frame["step"][1:-1], frame["contribution"][1:-1], strict=True))
    up, down = max(steps, key=steps.__getitem__), min(steps, key=steps.__getitem__)
    raised = f"{up.lower()} raises the risk of {name} most" if steps[up] > NONE else ""
    lowered = f"{down.lower()} lowers it most" if steps[down] < -NONE else ""
    if raised and lowered:
        return _capital(f"{raised}, {lowered}")
    return (
        _capital(raised or lowered.replace(" it ", f" the risk of {name} ")) or "Nothing stands out"
    )


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


# --- small charts ------------------------------------------------------------


def small_chart(
    record: Indicator, name: str, rows: Line, axis: TimeAxis, marks: str, top: float
) -> str:
    """One indicator's history: own line and limits, neighbours, England; inspections behind.

    A figure is drawn at the day on which its year ends, so that earlier figures are before an
    inspection. The axis begins at zero and ends at ``top``, so that the charts of two authorities
    are comparable; if an authority's own figures are beyond it, the axis is longer, and its label
    says so.
    """
    scale = Scale(0.0, max(top, *_own_reach(rows)), 76, 16)
    x = [axis.of_day(span(record.series, period)[1]) for period in rows.period]
    parts = [
        marks,
        _path("lim", area(x, rows.lower, rows.upper, scale)),
        _path("eng", line(x, rows.england, scale)),
        _path("nei", line(x, rows.neighbours, scale)),
        _path("own", line(x, rows.value, scale)),
        label(2, 20, number(scale.high)),
        label(2, 77, "0"),
    ]
    return drawing(*SMALL, f"{record.title}, {name}, line chart", parts)


def _own_reach(rows: Line) -> list[float]:
    """How far the axis must reach so that no line is cut; limits may be cut."""
    lines = [y for y in (*rows.value, *rows.neighbours, *rows.england) if math.isfinite(y)]
    return [0.0, rounded_up(max(lines)) if lines else 0.0]


def together(heading: str, charts: Sequence[tuple[str, str]]) -> str:
    """Combine small charts with their titles in one picture, to keep as a file.

    Parameters
    ----------
    heading : str
        What the picture shows.
    charts : sequence of (str, str)
        Title and drawing of each, in order; any references are to parts of one of them.
    """
    width, height = SMALL[0] + 16, SMALL[1] + 44
    rows = -(-len(charts) // ACROSS)
    parts = [f'<text x="4" y="18" class="b">{escape(heading)}</text>']
    for place, (title, chart) in enumerate(charts):
        x, y = place % ACROSS * width, place // ACROSS * height + 28
        parts += [
            f'<text x="{x + 4}" y="{y + 13 + 13 * line}" font-size="11">{escape(words)}</text>'
            for line, words in enumerate(wrap(title, 42)[:2])
        ]
        inside = f'<svg x="{x}" y="{y + 30}" width="{SMALL[0]}" height="{SMALL[1]}"'
        parts.append(chart.replace("<svg", inside, 1))
    size, drawn = f"0 0 {ACROSS * width} {rows * height + 28}", "".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{size}" role="img" '
        f'aria-label="{escape(heading)}">{picture_style(drawn)}{drawn}</svg>'
    )
