"""Turn frames into the text shown in a terminal."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from earlywarn.cli.sources_text import sources_text
from earlywarn.cli.terminal import cut, width, wrapped
from earlywarn.indicators.catalogue import FAMILIES, INDICATORS, Indicator, get_indicator
from earlywarn.indicators.standardise import USUAL
from earlywarn.scoring.national import hindsight
from earlywarn.scoring.standing_words import CAUTION, band_words, judgement_words, rank_words
from earlywarn.scoring.words import NONE, own_figure
from earlywarn.utils.dates import this_day
from earlywarn.utils.formatting import counted, span

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from earlywarn.model.risk_model import RiskModel
    from earlywarn.panel.panel import Panel, Snapshot

_DRIVER_ROOM = 20
_MOST_NAMED = 5
_WARNED = 5
_SHOWN = ["rank", "rank_lower", "rank_upper", "la_name", "drivers_up"]
_SHOWN += ["risk", "risk_lower", "risk_upper"]


def scores_text(
    scores: pd.DataFrame,
    model: RiskModel,
    snapshot: Snapshot,
    *,
    top: int | None,
    include_already: bool = False,
) -> str:
    """Write the ranked list to the terminal's width, first those not already Inadequate.

    Parameters
    ----------
    scores : DataFrame
        As returned by ``earlywarn.score``.
    model : RiskModel
    snapshot : Snapshot
    top : int or None
        How many rows of each list; all if None.
    include_already : bool
        Whether those already Inadequate are shown, separately from the others.
    """
    already = scores["already_inadequate"]
    lines = _ranked(scores[~already].head(top or len(scores)))
    lines += ["", *_already(scores, include=include_already)]
    if include_already and already.any():
        lines += ["", *_ranked(scores[already].head(top or len(scores)))]
    return "\n".join([_preamble(model, snapshot, scores), "", *lines, "", *_caution(model)])


def _already(scores: pd.DataFrame, *, include: bool) -> list[str]:
    """How many already have an Inadequate judgement, and where they are shown."""
    count = int(scores["already_inadequate"].sum())
    where = "shown below" if include else "listed separately with --include already-inadequate"
    text = f"Already Inadequate: {count or 'none'} of {len(scores)} authorities"
    ranks = f", {where}. Ranks are among all authorities, including these." if count else "."
    return [textwrap.fill(f"{text}{ranks}", width())]


def _ranked(shown: pd.DataFrame) -> list[str]:
    # Names are cut before drivers, so that a row fits a terminal of 80 columns.
    longest = max([len("Authority"), *(len(name) for name in shown["la_name"])])
    name_width = min(longest, max(width() - 36 - _DRIVER_ROOM, 20))
    head = f"{'Rank':>4} {'(90%)':>9}  {'Authority':<{name_width}}  {'Risk':>5} {'(90%)':>9}  "
    room = max(width() - len(head), 3)
    lines = [f"{head}What drives it up"]
    return lines + [
        f"{_ranks(row)}  "
        f"{cut(row['la_name'], name_width):<{name_width}}  {100 * row['risk']:4.1f}% "
        f"{100 * row['risk_lower']:4.1f}-{100 * row['risk_upper']:<4.1f}  "
        f"{cut(row['drivers_up'], room)}".rstrip()
        for row in shown[_SHOWN].to_dict("records")
    ]


def _ranks(row: Mapping[Hashable, Any]) -> str:
    """The rank and its interval as columns; empty if nothing is known."""
    if pd.isna(row["rank"]):
        return f"{'-':>4} {'':>9}"
    return f"{row['rank']:>4} {row['rank_lower']:>4}-{row['rank_upper']:<4}"


def explanation_text(
    rows: pd.DataFrame, scores: pd.DataFrame, model: RiskModel, snapshot: Snapshot
) -> str:
    """One authority: its risk, then what raises and what lowers it, strongest first."""
    code, name = rows["la_code"].iloc[0], rows["la_name"].iloc[0]
    row = _row_of(scores, rows.iloc[0])
    lines = [
        f"{name} ({code}), as of {snapshot.as_of}; {_known_to(model, snapshot, scores)}",
        sources_text(rows.attrs.get("freshness", [])),
        "",
        *_stands(row, len(scores), snapshot),
        "",
        *_terms_by_side(rows),
        "",
        _adds_up(rows, row["prior"]),
    ]
    wrapped = [
        textwrap.fill(line, width(), subsequent_indent=" " * 8) if len(line) > width() else line
        for block in lines
        for line in block.splitlines() or [""]
    ]
    return "\n".join([*wrapped, *_caution(model)])


def _row_of(scores: pd.DataFrame, about: pd.Series) -> pd.Series:
    """The row of ``score`` for the authority of a row in another table."""
    row: pd.Series = scores[scores["la_code"] == about["la_code"]].iloc[0]
    return row


def _stands(row: pd.Series, count: int, snapshot: Snapshot) -> list[str]:
    """The risk of one authority, its rank, and its last judgement."""
    risk = (
        f"Risk of an Inadequate judgement if inspected {_when(snapshot)}: "
        f"{100 * row['risk']:.1f}% "
        f"(90% interval {100 * row['risk_lower']:.1f}% to {100 * row['risk_upper']:.1f}%), "
        f"{band_words(row)}"
    )
    below_good = f"risk of being judged below Good: {100 * row['below_good']:.0f}%"
    known = f"Last judgement known (to {row['judgements_through'] or 'no day'})"
    day = row["previous_inspection"]
    inspected = "" if pd.isna(day) else f", inspected from {day}"
    return [
        risk,
        f"{rank_words(row, count)}; {below_good}",
        f"{known}: {judgement_words(row)}{inspected}",
    ]


def _terms_by_side(rows: pd.DataFrame) -> list[str]:
    """The common baseline; then what raises the risk, what lowers it, and what does neither."""
    terms = rows[rows["term"] == "indicator"]
    baseline = rows[rows["term"] == "baseline"].iloc[0]
    lines = [f"{baseline['contribution']:+6.2f}  {baseline['sentence']}"]
    for title, side in (("Raises the risk", 1), ("Lowers the risk", -1)):
        chosen = terms[terms["contribution"] * side >= NONE]
        lines += ["", title, *(_term(term) for term in chosen.to_dict("records"))]
    quiet = terms[terms["contribution"].abs() < NONE]
    if len(quiet):
        lines += ["", "No effect", *(_term(term) for term in quiet.to_dict("records"))]
    return lines


def _adds_up(rows: pd.DataFrame, prior: float) -> str:
    """What the terms add up to, and where they start."""
    baseline = rows.loc[rows["term"] == "baseline", "contribution"].iloc[0]
    start = f"{100 / (1 + np.exp(-baseline)):.1f}% is the risk if every figure is in the middle"
    usual = f"{100 * prior:.1f}% is the mean over inspections like recent ones"
    total = rows["contribution"].sum()
    return f"The numbers are log-odds; they add up to {total:+.2f}. {start}; {usual}."


def own_figures_text(snapshot: Snapshot) -> str:
    """Which figures of which authorities are the caller's own."""
    table, register = snapshot.own_figures, snapshot.register
    parts = [
        f"{register.name_of(str(code))}: {', '.join(get_indicator(n).title for n in names)}"
        for code, names in table.groupby("la_code")["indicator"]
    ]
    shown = "; ".join(parts[:_MOST_NAMED])
    more = f"; and {len(parts) - _MOST_NAMED} more authorities" if parts[_MOST_NAMED:] else ""
    return textwrap.fill(
        "Your own figures replace the latest published ones, and are compared with those of the "
        f"latest year. {shown}{more}.",
        width(),
    )


def comparison_text(rows: pd.DataFrame, names: Sequence[str]) -> str:
    """An authority's figures next to those of a group; with the group's names, if any."""
    first = rows.iloc[0]
    title = f"{first['la_name']} ({first['la_code']}), as of {first['as_of']}, compared with "
    head = (
        f"{'Value':>8} {'(95%)':>15} {'Year':>5} {'Group':>8} {'Rank':>8} {'Quarter':>7}  Indicator"
    )
    known = rows[rows["value"].notna()]
    left = rows.loc[rows["value"].isna(), "title"].tolist()
    lead = (
        "Rank 1 and quarter 1 are the best by the indicator's direction, or the lowest where it "
        "has none. Higher or lower: the group's value is outside the 95% limits; of about 30 "
        "indicators, one or two will be so by chance. The group's value is that of all its cases "
        "together where they are known, and otherwise the plain mean, which explain and the report "
        "give for statistical neighbours."
    )
    notes = [
        lead,
        *([f"No figure: {', '.join(left)}."] if left else []),
        *([f"The group: {', '.join(names)}."] if names else []),
    ]
    return "\n".join(
        [
            textwrap.fill(f"{title}{first['group']}", width()),
            "",
            head,
            *(_compared(row) for row in known.to_dict("records")),
            "",
            *(textwrap.fill(note, width()) for note in notes),
        ]
    )


def _compared(row: Mapping[Hashable, Any]) -> str:
    limits = "" if np.isnan(row["lower"]) else f"{row['lower']:,.1f}-{row['upper']:,.1f}"
    quarter = "" if np.isnan(row["quartile"]) else f"{row['quartile']:.0f}"
    usual = "" if np.isnan(row["group_value"]) else f"{row['group_value']:,.1f}"
    year = "own" if row["own"] else f"{row['period']:.0f}"
    side = {"higher": "higher", "lower": "lower"}.get(row["significance"], "")
    words = [word for word in (side, row["standing"] if side else "") if word]
    text = (
        f"{row['value']:>8,.1f} {limits:>15} {year:>5} {usual:>8} "
        f"{row['rank']:>4.0f}/{row['of']:<3.0f} {quarter:>7}  {row['title']}"
    )
    words = [own_figure(row["period"])] * row["own"] + words
    return f"{text}: {', '.join(words)}" if words else text


def what_if_text(
    rows: pd.DataFrame, scores: pd.DataFrame, model: RiskModel, snapshot: Snapshot
) -> str:
    """The figures with which an authority's band would be different, alone and together."""
    now = rows.iloc[0]
    head = f"{'Today':>7}{'Other':>7}{'Risk':>7} {'(90%)':>10}  "
    lines = [
        f"{now['la_name']} ({now['la_code']}), as of {snapshot.as_of}",
        "",
        *(wrapped(line) for line in _stands(_row_of(scores, now), len(scores), snapshot)),
    ]
    for way, title in (("alone", "One figure alone"), ("together", "One after the other")):
        lines += ["", f"{head}{title}"]
        lines += [_changed(row) for row in rows[rows["way"] == way].to_dict("records")]
    lead = (
        "This is arithmetic on the model, not a claim about causes: an authority that changed a "
        "figure by itself may be as likely to fail as before. Only figures that depend on its own "
        f"work are changed, within the {' to '.join(f'{100 * share:.0f}th' for share in USUAL)} "
        "percentile of authorities; everything else stays the same."
    )
    return "\n".join([*lines, "", textwrap.fill(lead, width()), *_caution(model)])


def _changed(row: Mapping[Hashable, Any]) -> str:
    limits = f"{100 * row['risk_after_lower']:.1f}-{100 * row['risk_after_upper']:.1f}"
    band = f"; the risk would be {row['band_after']}" if row["reached"] else ""
    title = get_indicator(row["indicator"]).title
    text = (
        f"{row['value']:7.1f}{row['value_to']:7.1f}{100 * row['risk_after']:6.1f}% {limits:>10}  "
        f"{title}{band}"
    )
    return textwrap.fill(text, width(), subsequent_indent=" " * 34)


def catalogue_text() -> str:
    """The catalogue, family by family."""
    blocks = [
        f"{family.upper()}\n"
        + "\n\n".join(_entry(record) for record in INDICATORS if record.family == family)
        for family in FAMILIES
    ]
    return "\n\n".join(blocks)


def build_text(panel: Panel, folder: str | Path) -> str:
    """The result of a build: what was read, and what to check."""
    counts = panel.observations["status"].value_counts()
    lines = [
        (
            f"{len(panel.observations):,} observations of "
            f"{panel.observations['measure'].nunique()} measures, "
            f"{len(panel.judgements)} inspections, published up to {panel.newest_publication}, "
            f"in {folder}"
        ),
        "Status: " + ", ".join(f"{name} {count:,}" for name, count in counts.items()),
    ]
    found = panel.findings.groupby(["severity", "code"]).size().reset_index(name="count")
    lines += [
        f"{severity}: {code} {count}"
        for severity, code, count in zip(
            found["severity"], found["code"], found["count"], strict=True
        )
    ]
    return "\n".join([*lines, *_warned(panel.findings)])


def _warned(findings: pd.DataFrame) -> list[str]:
    """The first warnings of a build in full, and where to find all findings."""
    warned = findings[findings["severity"] == "warning"]
    first = warned.head(_WARNED)
    lines = [
        wrapped(f"- {f'{file}: ' if file else ''}{message}")
        for file, message in zip(first["file"], first["message"], strict=True)
    ]
    if len(warned) > len(first):
        lines.append(f"- and {counted(len(warned) - len(first), 'more warning')}")
    notes = counted(len(findings) - len(warned), "note")
    counts = f"{counted(len(warned), 'warning')} and {notes}"
    return [*lines, f"findings.csv has {counts}, each with its file, line and authority."]


def training_text(model: RiskModel, file: Path) -> str:
    """What was learnt, in one paragraph."""
    training, prior = model.info["training"], model.info["prior"]
    return (
        f"{model.info['model_id']}: {training['inspections']} inspections, "
        f"{training['events']} events from {training['authorities']} authorities, "
        f"reports up to {training['until']}; "
        f"set to {100 * prior['risk']:.1f}% Inadequate in the year after; written to {file}"
    )


def record_text(records: pd.DataFrame, checks: pd.DataFrame, folder: str | Path | None) -> str:
    """The results of a backtest at the start of the inspections, then its checks."""
    rows = records[records["lead_months"] == 0]
    head = f"{'':36}{'AUC (95% interval)':>22}{'below Good':>12}{'Brier skill':>13}"
    lines = [f"{head}{'O/E':>7}{'top 26':>8}"]
    for window, part in rows.groupby("window", sort=False):
        first = part.iloc[0]
        events = "1 event" if first["events"] == 1 else f"{first['events']:.0f} events"
        lines += ["", f"{window}: {first['n']:.0f} inspections, {events}"]
        lines += [_measured(row) for row in part.to_dict("records")]
    lines += ["", "Checks, each named after the fault that it looks for"]
    lines += [
        wrapped(f"{row['number']:>3} {row['status']}: {row['title']}: {row['sentence']}")
        for row in checks.to_dict("records")
    ]
    if folder is not None:
        lines += ["", f"The full record is in {folder}; evaluation.md shows it."]
    return "\n".join(lines)


def drift_text(table: pd.DataFrame, reasons: Sequence[str], model: RiskModel, day: date) -> str:
    """Describe how a date's figures differ from those the model learnt from, and what follows.

    Parameters
    ----------
    table : DataFrame
        As returned by ``earlywarn.drift``.
    reasons : sequence of str
        Why the model should not be used, or what to check.
    model : RiskModel
    day : date
        The date of the figures.
    """
    head = f"{'Indicator':<32}{'Weight':>8}{'Missing':>9}{'Moved':>8}  Verdict"
    lines = [
        f"{row['indicator']:<32}{100 * row['weight']:>7.1f}%{100 * row['missing']:>8.1f}%"
        f"{'' if np.isnan(row['moved']) else format(row['moved'], '+.2f'):>8}  {row['verdict']}"
        for row in table.to_dict("records")
    ]
    lead = (
        f"Figures of {day} compared with those that {model.info['model_id']} learnt from. Moved: "
        "how far the middle of the country has shifted, in standard deviations between "
        "authorities; scores compare figures within a year."
    )
    found = [wrapped(f"  - {reason}") for reason in reasons] or ["  - nothing needs attention"]
    return "\n".join([textwrap.fill(lead, width()), "", head, *lines, "", *found])


def _measured(row: Mapping[Hashable, Any]) -> str:
    shown = "".join(
        f"{'' if np.isnan(row[name]) else format(row[name], form):>{width}}"
        for name, form, width in (
            ("auc_below_good", ".2f", 12),
            ("brier_skill", "+.3f", 13),
            ("observed_expected", ".2f", 7),
            ("recall_at_26", ".2f", 8),
        )
    )
    return f"  {row['model']:<34}{span(row, 'auc'):>22}{shown}".rstrip()


def _when(snapshot: Snapshot) -> str:
    return "now" if snapshot.as_of == this_day() else f"on {snapshot.as_of}"


def _known_to(model: RiskModel, snapshot: Snapshot, scores: pd.DataFrame) -> str:
    """The dates of the last known figure and judgement."""
    last = scores["judgements_through"].iloc[0]
    judged = "no judgements known" if pd.isna(last) else f"judgements reported up to {last}"
    late = hindsight(model, snapshot)
    return f"figures published up to {snapshot.data_through}, {judged}{late}"


def _preamble(model: RiskModel, snapshot: Snapshot, scores: pd.DataFrame) -> str:
    assumed = (
        f" {snapshot.assumed:,} figures have only an assumed publication date."
        if snapshot.assumed
        else ""
    )
    usual = scores["prior"].iloc[0]
    text = (
        f"Risk that an inspection starting on {snapshot.as_of} would find an Inadequate area: "
        f"{len(scores)} authorities, from {_known_to(model, snapshot, scores)}. "
        f"Model {model.info['model_id']}, set to expect this in {100 * usual:.1f}% of "
        f"inspections.{assumed}"
    )
    sources = sources_text(scores.attrs.get("freshness", []))
    return "\n".join(textwrap.fill(part, width()) for part in (text, sources) if part)


def _caution(model: RiskModel) -> list[str]:
    use = "Use it to offer support and to ask questions, never to pre-judge an inspection."
    text = f"{CAUTION} {use}"
    life = f"Do not use the model after {model.info['sunset']}."
    return [textwrap.fill(text, width()), life]


def _term(row: Mapping[Hashable, Any]) -> str:
    sentence = row["sentence"].rsplit(": ", 1)[0]
    return textwrap.fill(
        f"{row['contribution']:+6.2f}  {sentence}", width(), subsequent_indent=" " * 8
    )


def _entry(record: Indicator) -> str:
    facts = (
        f"formula: {record.definition}",
        f"unit: {record.unit or 'yes or no'}; {record.direction} ({record.direction_source})",
        f"source: {record.reference}; series {record.series}, since {record.first_year}"
        + ("" if record.scored else "; not used by the default model"),
    )
    body = [
        textwrap.fill(fact, width(), initial_indent="    ", subsequent_indent="      ")
        for fact in facts
    ]
    title = f"  {record.id}: {record.title}"
    return "\n".join([textwrap.fill(title, width(), subsequent_indent=" " * 6), *body])
