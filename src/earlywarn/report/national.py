"""The national part of the report: the list, the tile map, the regions, the data."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from earlywarn.evaluation.protocol import OURS, WINDOWS
from earlywarn.indicators.catalogue import INDICATORS, Indicator, get_indicator
from earlywarn.report.authority_charts import WIDTH
from earlywarn.report.chart import Chart, Column, Table
from earlywarn.report.palette import BAND_STYLES, style_of
from earlywarn.report.svg import Scale, drawing, label
from earlywarn.report.tilemap import tile_name
from earlywarn.report.track_record import window_words
from earlywarn.scoring.explanation import said_once
from earlywarn.scoring.predictions import BANDS, MOST_DRIVERS
from earlywarn.scoring.standing_words import NOTHING, judgement_words, top_chances
from earlywarn.scoring.words import NONE
from earlywarn.utils.formatting import long_date, number, percent, text, whole, year

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from earlywarn.report.contents import Contents

MAP_COLUMNS = {
    "la_name": Column("Authority", text, numeric=False),
    "region": Column("Region", text, numeric=False),
    "band": Column("Band", text, numeric=False),
    "risk": Column("Risk", percent),
    "risk_lower": Column("90% interval, from", percent),
    "risk_upper": Column("to", percent),
}
ROOM, FIRST = 1.08, 10
REGION_COLUMNS = {
    "region": Column("Region", text, numeric=False),
    "authorities": Column("Authorities", whole),
    "lowest": Column("Lowest risk", percent),
    "median": Column("Median risk", percent),
    "highest": Column("Highest risk", percent),
    **{band: Column(band.capitalize(), whole) for _, band in BANDS},
}
RECORD_COLUMNS = {
    "model": Column("Way of ranking", text, numeric=False),
    "auc": Column("Right in pairs (AUC)", percent),
    "auc_range": Column("95% interval", text),
    "auc_below_good": Column("Below Good, right in pairs", percent),
    "brier": Column("Brier skill (95% interval)", text),
    "on_list": Column("Inadequate on a list of 26", text),
    "in_vain": Column("On the list, inspected, not Inadequate", whole),
}


# --- the list ------------------------------------------------------------------------------------


def range_mark(low: float, risk: float, high: float, top: float, usual: float) -> str:
    """A risk as a point on its interval; hidden from screen readers, which read the numbers."""
    scale = Scale(0.0, top, 3, 157)
    return (
        '<svg class="rg" viewBox="0 0 160 12" aria-hidden="true" focusable="false">'
        f'<path class="gx" d="M3 6H157"/><path class="us" d="M{scale(usual)} 0v12"/>'
        f'<path class="ci" d="M{scale(low)} 6H{scale(high)}"/>'
        f'<circle cx="{scale(risk)}" cy="6" r="4"/></svg>'
    )


def list_rows(contents: Contents) -> list[dict[str, object]]:
    """The ranked list, each row as shown on the page."""
    # A little more than the highest, or an interval that ends at the axis would look cut off.
    top = ROOM * float(contents.scores["risk_upper"].max())
    regions = {name: place for place, name in enumerate(region_names(contents))}
    apart = set_apart(contents, first_codes(contents))
    rows = []
    for row in contents.listed.to_dict("records"):
        style = style_of(row["band"])
        rows.append(
            {
                "code": row["la_code"],
                "name": row["la_name"],
                "linked": row["la_code"] in contents.chosen,
                "href": contents.link(row["la_code"]),
                "region": row["region"],
                "in": regions[row["region"]],
                "rank": "none" if pd.isna(row["rank"]) else f"{row['rank']}",
                "ranks": _ranks(row),
                "band": style.band,
                "css": style.css,
                "risk": percent(row["risk"]),
                "range": f"{percent(row['risk_lower'])} to {percent(row['risk_upper'])}",
                "mark": range_mark(
                    row["risk_lower"], row["risk"], row["risk_upper"], top, contents.usual
                ),
                "top": top_chances(row),
                "below_good": percent(row["below_good"]),
                "moved": _moved(row),
                "held": _held(row),
                "apart": apart.get(str(row["la_code"]), ""),
                "drivers": row["drivers_up"].split("; ") if row["drivers_up"] else [],
            }
        )
    return rows


def first_codes(contents: Contents) -> list[str]:
    """The authorities to look at first: the highest risks of those not already Inadequate."""
    listed = contents.listed
    new = ~listed["already_inadequate"] & (listed["known"] > 0)
    return [str(code) for code in listed.loc[new, "la_code"].head(FIRST)]


def left_out_above(contents: Contents) -> list[str]:
    """Already Inadequate authorities ranked above the last of the first ones, so left out."""
    listed, first = contents.listed, first_codes(contents)
    last = listed.index[listed["la_code"].isin(first)].max() if first else len(listed)
    return [str(name) for name in listed.loc[:last].query("already_inadequate")["la_name"]]


def region_names(contents: Contents) -> list[str]:
    """The regions, A to Z."""
    return sorted(contents.scores["region"].unique())


def _ranks(row: Mapping[Hashable, Any]) -> str:
    if pd.isna(row["rank"]):
        return NOTHING
    return f"{row['rank_lower']} to {row['rank_upper']}"


def _held(row: Mapping[Hashable, Any]) -> str:
    if pd.isna(row["previous_judgement"]):
        return "none"
    worst, overall = row["previous_judgement"], row["previous_overall"]
    year = str(row["previous_inspection"])[:4]
    return f"{worst}, {year}" if worst == overall else f"{judgement_words(row)}, {year}"


def _moved(row: Mapping[Hashable, Any]) -> str:
    if pd.isna(row["moved"]):
        return "not known"
    moved = int(row["moved"])
    places = "0" if moved == 0 else f"{abs(moved)} {'up' if moved > 0 else 'down'}"
    return f"{places}, {'more than noise' if row['beyond_noise'] else 'within noise'}"


def shared_drivers(contents: Contents, codes: list[str]) -> list[tuple[str, int]]:
    """What is most often among the three strongest drivers that raise these authorities' risk."""
    rows = contents.terms[contents.terms["la_code"].isin(codes)]
    rows = pd.concat([said_once(own) for _, own in rows.groupby("la_code", sort=False)])
    rows = rows[(rows["term"] == "indicator") & (rows["contribution"] > NONE)]
    rows = rows[rows["value"].notna()].sort_values("contribution", ascending=False, kind="stable")
    first = rows.groupby("la_code", sort=False).head(MOST_DRIVERS)
    counts: dict[str, int] = {}
    for row in first.to_dict("records"):
        cause = _cause(get_indicator(str(row["indicator"])), row["value"], row["england"])
        counts[cause] = counts.get(cause, 0) + 1
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_DRIVERS]


def set_apart(contents: Contents, codes: list[str]) -> dict[str, str]:
    """What distinguishes each: the figure with the most weight compared with the others."""
    rows = contents.terms[contents.terms["la_code"].isin(codes)]
    rows = rows[(rows["term"] == "indicator") & rows["value"].notna() & rows["england"].notna()]
    usual = rows.groupby("indicator")["contribution"].transform("mean")
    rows = rows.assign(beyond=rows["contribution"] - usual).sort_values("beyond", kind="stable")
    most = rows.groupby("la_code").tail(1)
    return {str(row["la_code"]): _figure_of(row) for row in most.to_dict("records")}


def _figure_of(row: Mapping[Hashable, Any]) -> str:
    record = get_indicator(str(row["indicator"]))
    mark = "%" if record.unit.startswith("%") else ""
    return (
        f"{record.title[:1].lower()}{record.title[1:]} {number(row['value'])}{mark} "
        f"(England {number(row['england'])}{mark})"
    )


def _cause(record: Indicator, value: float, england: float) -> str:
    if record.kind == "history":
        return "an area below Good at the last inspection"
    title = record.title[:1].lower() + record.title[1:]
    if pd.isna(england):
        return title
    less = "less" if record.kind == "amount" else "fewer"
    return f"{'more' if value > england else less} {title}"


# --- the map -------------------------------------------------------------------------------------


def tile_map(contents: Contents) -> Chart:
    """A tile per authority, coloured by band; a link to its section where it has one."""
    rows = contents.scores.merge(contents.tiles, on="la_code").sort_values(["row", "column"])
    tiles = [
        _tile(row, contents.link(row["la_code"]) if row["la_code"] in contents.chosen else "")
        for row in rows.to_dict("records")
    ]
    high = contents.scores["band"].isin([BANDS[0][1], BANDS[1][1]])
    title = (
        f"{high.sum()} of {len(rows)} authorities have a risk higher or much higher than usual, in "
        f"{contents.scores.loc[high, 'region'].nunique()} of {contents.scores['region'].nunique()} "
        "regions"
    )
    counts = contents.scores["band"].value_counts()
    alt = "Tile map of England, one tile per authority, by band: " + "; ".join(
        f"{counts.get(band, 0)} {band}" for _, band in BANDS
    )
    columns = int(rows["column"].max()) + 1
    html = (
        f'<ul class="map" role="list" style="--c:{columns}" aria-label="{escape(alt)}">'
        f"{''.join(tiles)}</ul>"
    )
    data = rows.sort_values(["la_name", "la_code"])[["la_code", *MAP_COLUMNS, "column", "row"]]
    return Chart("map", title, alt, data.reset_index(drop=True), MAP_COLUMNS, html)


def _tile(row: Mapping[Hashable, Any], href: str) -> str:
    style, name = style_of(row["band"]), str(row["la_name"])
    # Screen readers read the whole name and the risk, which others see next to the map on focus.
    reading = (
        f"{percent(row['risk'])} ({percent(row['risk_lower'])} to {percent(row['risk_upper'])}), "
        f"{style.band}"
    )
    inner = (
        f'<span aria-hidden="true">{escape(tile_name(name))}<i>{style.mark}</i></span>'
        f'<span class="full"><b>{escape(name)}</b> {reading}</span>'
    )
    place = f'style="grid-area:{int(row["row"]) + 1}/{int(row["column"]) + 1}"'
    tile = f'class="t {style.css}">{inner}'
    if href:
        return f'<li {place}><a href="{escape(href)}" {tile}</a></li>'
    return f"<li {place}><span {tile}</span></li>"


# --- the regions ---------------------------------------------------------------------------------


def region_chart(contents: Contents) -> Chart:
    """Each authority's risk as a dot, region by region, with the region's median."""
    frame = contents.regions
    top = float(contents.scores["risk"].max())
    scale = Scale(0.0, top * 1.05, 172, 470)
    bottom = 26 * len(frame) + 8
    ticks = [tick / 10 for tick in range(int(top * 10) + 1)]
    grid = "".join(f"M{scale(tick)} 4V{bottom}" for tick in ticks)
    usual = scale(contents.usual)
    parts = [f'<path class="grid" d="{grid}"/><path class="use" d="M{usual} 4V{bottom}"/>']
    parts += [label(scale(tick), bottom + 14, f"{tick:.0%}", "m") for tick in ticks]
    for place, row in enumerate(frame.to_dict("records")):
        y = 26 * place + 20
        own = contents.scores[contents.scores["region"] == row["region"]]
        median = scale(row["median"])
        dots = "".join(f"M{scale(risk)} {y}h0" for risk in own["risk"])
        parts.append(
            f"{label(162, y + 4, row['region'], 'e')}"
            f'<path class="dots" d="{dots}"/><path class="med" d="M{median} {y - 10}v20"/>'
        )
    first, last = frame.iloc[0], frame.iloc[-1]
    title = (
        f"Risks differ more within regions than between them: medians run from "
        f"{percent(last['median'])} ({last['region']}) to {percent(first['median'])} "
        f"({first['region']})"
        if _within(contents) > 0.5
        else f"The median risk is highest in {first['region']}, {percent(first['median'])}, "
        f"and lowest in {last['region']}, {percent(last['median'])}"
    )
    alt = (
        f"Dot plot of the risk of every authority by region, with the regions' medians; the usual "
        f"risk, {percent(contents.usual)}, is marked"
    )
    svg = drawing(WIDTH, bottom + 20, alt, parts, "wide")
    return Chart("regions", title, alt, frame, REGION_COLUMNS, svg)


def _within(contents: Contents) -> float:
    """The share of the variance of risk that is within regions."""
    risk = contents.scores["risk"]
    mean = risk.groupby(contents.scores["region"]).transform("mean")
    return float(((risk - mean) ** 2).sum() / ((risk - risk.mean()) ** 2).sum())


# --- how well it has done, and the data ----------------------------------------------------------


def record_tables(contents: Contents) -> list[tuple[str, Table]]:
    """The record with its baselines, one table per window."""
    frame = contents.record
    written = frame.assign(
        model=frame["model"].replace(OURS, "earlywarn (this report)"),
        auc_range=[
            "not known" if pd.isna(low) else f"{percent(low)} to {percent(high)}"
            for low, high in zip(frame["auc_lower"], frame["auc_upper"], strict=True)
        ],
        brier=[_skill(*row) for row in frame[_SKILL].itertuples(index=False)],
        on_list=[f"{row.events_at_26:.0f} of {row.events:.0f}" for row in frame.itertuples()],
        in_vain=frame["inspected_at_26"] - frame["events_at_26"],
    )
    present = set(frame["window"])
    return [
        (
            f"{window_words(str(window), present)}: {rows['n'].iloc[0]} inspections",
            Table.of(rows, RECORD_COLUMNS),
        )
        for window, rows in written.groupby("window", sort=False)
        if window in WINDOWS
    ]


_SKILL = ["brier_skill", "brier_skill_lower", "brier_skill_upper"]


def _skill(skill: float, low: float, high: float) -> str:
    """A skill with its interval; a ranking without risks has none."""
    return "not known" if math.isnan(skill) else f"{skill:+.2f} ({low:+.2f} to {high:+.2f})"


def quality_table(contents: Contents) -> Table:
    """For each indicator: the latest year, how many authorities have it, why others don't."""
    frame = contents.indicator_history
    rows = []
    for record in INDICATORS:
        own = frame[frame["indicator"] == record.id]
        if own.empty:
            continue
        newest = own[own["period"] == own["period"].max()]
        status = newest.loc[newest["value"].isna(), "status"].value_counts()
        rows.append(
            {
                "title": record.title,
                "newest": int(newest["period"].iloc[0]),
                "known": int(newest["value"].notna().sum()),
                "suppressed": int(status.get("suppressed", 0)),
                "other": int(status.sum() - status.get("suppressed", 0)),
                "joint": int(newest["joint"].sum()),
                "restated": 100 * float(own["restated"].mean()),
                "assumed": 100 * float(own["assumed"].mean()),
            }
        )
    return Table.of(pd.DataFrame(rows), QUALITY_COLUMNS)


QUALITY_COLUMNS = {
    "title": Column("Indicator", text, numeric=False),
    "newest": Column("Latest year", str),
    "known": Column("Authorities with a figure", whole),
    "suppressed": Column("Suppressed", whole),
    "other": Column("Otherwise missing", whole),
    "joint": Column("From a joint return", whole),
    "restated": Column("Restated later, all years, %", number),
    "assumed": Column("Publication date assumed, all years, %", number),
}
FINDING_COLUMNS = {
    "la_name": Column("Authority", text, numeric=False),
    "period": Column("Year", year, numeric=False),
    "code": Column("Finding", text, numeric=False),
    "message": Column("Description", text, numeric=False),
}


def findings_table(contents: Contents) -> Table:
    """The findings about the files, as in the panel."""
    rows = contents.findings
    register = contents.snapshot.register
    names = ["(all)" if not text(code) else register.name_of(code) for code in rows["la_code"]]
    # Findings that repeat, as for files of two years in the same format, are listed once.
    once = rows.assign(la_name=names).drop_duplicates(list(FINDING_COLUMNS))
    return Table.of(once, FINDING_COLUMNS)


def sources_table() -> Table:
    """The definition, source and direction of each indicator."""
    rows = [
        {
            "title": record.title,
            "definition": record.definition,
            "direction": record.direction,
            "family": record.family,
            "reference": record.reference,
            "scored": "yes" if record.scored else "no, context only",
        }
        for record in INDICATORS
    ]
    return Table.of(pd.DataFrame(rows), SOURCE_COLUMNS)


SOURCE_COLUMNS = {
    "title": Column("Indicator", text, numeric=False),
    "definition": Column("How it is worked out", text, numeric=False),
    "direction": Column("Which way raises concern", text, numeric=False),
    "family": Column("Family", text, numeric=False),
    "reference": Column("Source", text, numeric=False),
    "scored": Column("In the model", text, numeric=False),
}


def legend() -> list[tuple[str, str, str]]:
    """Class, mark and words of each band."""
    return [(style.css, style.mark, style.band) for style in BAND_STYLES]


def dates_line(contents: Contents) -> dict[str, str]:
    """The dates shown on the page."""
    snapshot, info = contents.snapshot, contents.model.info
    return {
        "as_of": long_date(contents.as_of),
        "before": long_date(contents.before) if contents.before else "",
        "data_through": long_date(snapshot.data_through),
        "sunset": long_date(info.get("sunset")),
        "until": long_date(info.get("training", {}).get("until")),
    }
