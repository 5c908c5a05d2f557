"""What changed between two dates, as shown in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from earlywarn.cli.terminal import cut, width, wrapped

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

_DAYS = ("then", "now")


def changes_text(rows: pd.DataFrame, *, top: int | None) -> str:
    """What changed for each requested authority, part by part, the largest first."""
    blocks = []
    for _, own in rows.groupby("la_code", sort=False):
        first = own.iloc[0]
        shown = own if top is None else own.head(top)
        blocks.append(
            "\n".join(
                [
                    *_then_and_now(first),
                    "",
                    *(wrapped(_change(row)) for row in shown.to_dict("records")),
                    "",
                    f"The numbers are log-odds; they add up to {own['change'].sum():+.2f}.",
                ]
            )
        )
    return "\n\n".join(blocks)


def _then_and_now(row: Any) -> tuple[str, str]:
    days = f"{row['earlier']} to {row['later']}"
    risk = f"Risk {100 * row['risk_then']:.1f}% then, {100 * row['risk_now']:.1f}% now"
    ranks = [
        "none" if pd.isna(row[f"rank_{day}"]) else f"{row[f'rank_{day}']:.0f}" for day in _DAYS
    ]
    rank = f"rank {ranks[0]} then, {ranks[1]} now"
    return f"{row['la_name']} ({row['la_code']}), {days}", f"{risk}; {rank}"


def _change(row: Mapping[Hashable, Any]) -> str:
    return f"{row['change']:+6.2f}  {row['sentence'].rsplit(': ', 1)[0]}"


def all_changes_text(rows: pd.DataFrame, *, top: int | None) -> str:
    """Risk and rank of every authority then and now, and the largest part of the change."""
    first = rows.drop_duplicates("la_code")
    moved = (first["risk_now"] - first["risk_then"]).abs()
    ordered = first.loc[moved.sort_values(ascending=False, kind="stable").index]
    shown = ordered if top is None else ordered.head(top)
    head = f"{'Authority':<32}{'Risk then':>10}{'now':>7}{'Rank then':>11}{'now':>5}  Largest part"
    lines = [
        f"{cut(row['la_name'], 31):<32}"
        f"{100 * row['risk_then']:>9.1f}%{100 * row['risk_now']:>6.1f}%"
        f"{row['rank_then']:>11.0f}{row['rank_now']:>5.0f}  "
        f"{cut(row['sentence'].rsplit(': ', 1)[0], max(width() - 67, 20))}"
        for row in shown.to_dict("records")
    ]
    left = rows.attrs.get("not_compared", [])
    more = [f"Not on both dates: {', '.join(left)}."] if left else []
    days = f"From {first['earlier'].iloc[0]} to {first['later'].iloc[0]}, largest changes first."
    return "\n".join([days, "", head, *lines, "", *more]).rstrip()
