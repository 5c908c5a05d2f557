"""Pictures of the record: how early the lists warned, and whether the risks came true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from earlywarn.evaluation.protocol import headline, parts_of, years_of
from earlywarn.report.chart import Chart, Column
from earlywarn.report.svg import Scale, drawing, label
from earlywarn.utils.formatting import long_date, percent, text, whole

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from earlywarn.authorities import Register

LEADS = {
    "on_list_24": "24 months",
    "on_list_12": "12 months",
    "on_list_6": "6 months",
    "on_last_list": "at the start",
}
_FIRST, _STEP, _ROW = 222, 72, 22
SIZE, LISTED = (480, 330), 26


def _on_list(cell: Any) -> str:
    return {1.0: "on the list", 0.0: "not on it"}.get(cell, "no list")


def _months(cell: Any) -> str:
    return f"{cell:.1f} months" if cell > 0 else "none"


WARNING_TABLE = {
    "la_name": Column("Judged Inadequate", text, numeric=False),
    "inspection_start": Column("Inspected from", long_date, numeric=False),
    **{
        name: Column(f"{lead[:1].upper()}{lead[1:]}{' before' * ('months' in lead)}", _on_list)
        for name, lead in LEADS.items()
    },
    "warning_months": Column("On the list without a break for", _months),
}
CALIBRATION_TABLE = {
    "group": Column("Inspections, by size of risk", text, numeric=False),
    "n": Column("Inspections", whole),
    "expected": Column("Mean risk predicted", percent),
    "events": Column("Judged Inadequate", whole),
    "observed": Column("Share judged Inadequate", percent),
    "lower": Column("Chance would give (90%), from", percent),
    "upper": Column("to", percent),
}


# --- lead time -----------------------------------------------------------------------------------


def warning_chart(warnings: pd.DataFrame, register: Register) -> Chart:
    """Each Inadequate judgement in the headline years, and the lists it had been on before."""
    present = set(warnings["window"])
    window = headline(present)
    years = years_of(window, present)
    frame = warnings[warnings["window"].isin(parts_of(window))].copy()
    frame.insert(0, "la_name", [register.name_of(code) for code in frame["la_code"]])
    frame = frame.sort_values(
        ["warning_months", *LEADS, "inspection_start"],
        ascending=[False] * (1 + len(LEADS)) + [True],
        ignore_index=True,
    )
    bottom = 34 + _ROW * len(frame)
    parts = [
        label(_FIRST + _STEP * place, 16, lead, "m") for place, lead in enumerate(LEADS.values())
    ]
    parts += [_warned(34 + _ROW * place, row) for place, row in enumerate(frame.to_dict("records"))]
    held = {name: int(frame[name].sum()) for name in LEADS}
    counts = ", ".join(f"{held[name]} {lead}" for name, lead in LEADS.items())
    title = (
        f"{held['on_last_list']} of {len(frame)} Inadequate judgements were on the quarterly list "
        f"before the inspection began, {held['on_list_12']} a year before, {held['on_list_24']} "
        "two years before"
    )
    alt = (
        f"Dots in rows: for each Inadequate judgement of {years}, whether "
        f"the authority was among the {LISTED} highest 24, 12 and 6 months before the inspection, "
        f"and at its start. On it: {counts}"
    )
    svg = drawing(SIZE[0], bottom, alt, parts, "wide")
    return Chart("warned", title, alt, frame, WARNING_TABLE, svg)


def _warned(y: int, row: Mapping[Hashable, Any]) -> str:
    name = label(_FIRST - 26, y + 8, f"{row['la_name']}, {str(row['inspection_start'])[:4]}", "e")
    dots = "".join(
        f'<circle class="{"on" if row[key] else "off"}" cx="{_FIRST + _STEP * place}" '
        f'cy="{y + 4}" r="6"/>'
        for place, key in enumerate(LEADS)
        if not pd.isna(row[key])
    )
    return name + dots


# --- calibration ---------------------------------------------------------------------------------


def calibration_chart(calibration: pd.DataFrame, level: str) -> Chart:
    """Predicted risks and the shares judged Inadequate, by fifths; ``level`` is the verdict."""
    present = set(calibration["window"])
    window = headline(present)
    frame = calibration[calibration["window"] == window].reset_index(drop=True)
    frame.insert(0, "group", [_group(place, len(frame)) for place in range(len(frame))])
    top = 0.1 * (int(10 * float(frame[["expected", "observed", "upper"]].max().max())) + 1)
    across, up = Scale(0.0, top, 60, 460), Scale(0.0, top, 280, 20)
    ticks = [tick / 10 for tick in range(round(10 * top) + 1)]
    grid = "".join(f"M60 {up(tick)}H460M{across(tick)} 20V280" for tick in ticks)
    parts = [f'<path class="grid" d="{grid}"/><path class="use" d="M60 280L460 20"/>']
    parts += [label(across(tick), 296, f"{tick:.0%}", "m") for tick in ticks]
    parts += [label(52, up(tick) + 4, f"{tick:.0%}", "e") for tick in ticks]
    parts += [label(260, 318, "Risk predicted, mean of the group", "m")]
    parts += [label(60, 12, "Judged Inadequate")]
    rows = frame.to_dict("records")
    bands = "".join(
        f"M{across(row['expected'])} {up(row['lower'])}V{up(row['upper'])}" for row in rows
    )
    parts.append(f'<path class="band90" d="{bands}"/>')
    parts += [_bin(row, across, up) for row in rows]
    expected = (frame["expected"] * frame["n"]).sum()
    ratio = frame["events"].sum() / expected
    title = f"{level}: {ratio:.2f} Inadequate judgements for each one expected"
    alt = (
        f"Dot plot of the share judged Inadequate by the risk predicted, "
        f"{years_of(window, present)}, in {len(frame)} groups: "
        + "; ".join(
            f"predicted {percent(row.expected)}, {row.events} of {row.n}"
            for row in frame.itertuples()
        )
    )
    svg = drawing(*SIZE, alt, parts, "wide")
    return Chart("cameTrue", title, alt, frame, CALIBRATION_TABLE, svg)


def _bin(row: Mapping[Hashable, Any], across: Scale, up: Scale) -> str:
    x, y = across(row["expected"]), up(row["observed"])
    counts = label(x + 9, y + 4, f"{row['events']} of {row['n']}", "b halo")
    return f'<circle class="dot" cx="{x}" cy="{y}" r="6"/>{counts}'


def _group(place: int, groups: int) -> str:
    return {0: "lowest risks", groups - 1: "highest risks"}.get(place, f"group {place + 1}")
