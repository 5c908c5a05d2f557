"""The figures that experiments 15 and 16 read from the Local Authority Interactive Tool."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from earlywarn.indicators.catalogue import LAIT, Indicator, get_indicator, model_column

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from earlywarn.indicators.timeline import Timeline

TABLE = "lait_bds_long.parquet"
LONGEST = 2.0
"""As in the library: no figure counts for more than two standard deviations."""


@dataclass(frozen=True)
class Figure:
    """A figure, which way is worse, and how long after its year it is public at the latest."""

    id: str
    names: tuple[str, ...]
    direction: str
    months: int
    like_for_like: bool = False


GRIP = (
    Figure("ehc_plans_in_time", ("SEN_EHC_All_20wks",), "lower is worse", 18),
    Figure("activity_not_known", ("16-17_not known",), "higher is worse", 12),
    Figure("absence_on_plans", ("CPPPerAbs_3Term",), "higher is worse", 18),
    Figure("not_in_touch", ("CareLeavers_LA_NotInTouch",), "higher is worse", 12),
)
EARLY = (
    Figure(
        "early_help_spend",
        ("FamilySupportFinance", "SureStartFinance", "YoungPeopleFinance"),
        "lower is worse",
        12,
        like_for_like=True,
    ),
)

Found = tuple[tuple[Indicator, ...], pd.DataFrame]


def grip_elsewhere(folder: Path, timeline: Timeline, pairs: Sequence[tuple[str, date]]) -> Found:
    """Row 15."""
    return _family(folder, timeline, pairs, GRIP, "grip elsewhere")


def help_early(folder: Path, timeline: Timeline, pairs: Sequence[tuple[str, date]]) -> Found:
    """Row 16."""
    return _family(folder, timeline, pairs, EARLY, "early help")


def _family(
    folder: Path,
    timeline: Timeline,
    pairs: Sequence[tuple[str, date]],
    figures: Sequence[Figure],
    family: str,
) -> Found:
    table = pd.read_parquet(next(folder.rglob(TABLE)))
    like = get_indicator("absence")
    records = tuple(
        replace(like, id=one.id, family=family, direction=one.direction, direction_source=LAIT)
        for one in figures
    )
    columns = {
        model_column(record): _levels(table, timeline, pairs, one)
        for record, one in zip(records, figures, strict=True)
    }
    return records, pd.DataFrame(columns)


def _levels(
    table: pd.DataFrame, timeline: Timeline, pairs: Sequence[tuple[str, date]], figure: Figure
) -> np.ndarray:
    """The robust standard score of the newest public year, for each authority and day."""
    values = _by_year(table, figure)
    if figure.like_for_like:
        # Spend is published in pounds; what counts is pounds a child.
        values = values.div(_children(timeline), axis=0).dropna(how="all")
    found = np.full(len(pairs), np.nan)
    for row, (code, day) in enumerate(pairs):
        public = [y for y in values if _public(y, figure.months) <= day and y >= day.year - 3]
        if public and code in values.index:
            year = values[max(public)]
            alike = timeline.at(day).droplevel("as_of")["free_school_meals"]
            found[row] = _score(year, alike if figure.like_for_like else None).get(code, np.nan)
    return found


def _public(year: int, months: int) -> date:
    return (pd.Timestamp(year, 1, 1) + pd.DateOffset(months=months)).date()


def _by_year(table: pd.DataFrame, figure: Figure) -> pd.DataFrame:
    rows = table[table["Short Desc"].isin(figure.names)].copy()
    rows["year"] = rows["Years"].astype(str).map(_ending)
    rows["value"] = pd.to_numeric(rows["Values"], errors="coerce")
    rows["la_code"] = rows["LA Number"].astype("Int64").astype(str)
    rows = rows[rows["la_code"].str.fullmatch(r"[2-9]\d\d") & (rows["la_code"] != "970")]
    wide = rows.pivot_table(
        index="la_code", columns="year", values="value", aggfunc=lambda x: x.sum(min_count=1)
    )
    return wide.astype(float)


def _ending(text: str) -> int:
    first = int(text[:4])
    return first + 1 if "-" in text else first


def _children(timeline: Timeline) -> pd.Series:
    rows = timeline.panel.observations
    rows = rows[rows["measure"] == "population_0_17"]
    return rows.sort_values("period").drop_duplicates("la_code").set_index("la_code")["value"]


def _score(year: pd.Series, alike: pd.Series | None) -> pd.Series:
    known = year.dropna()
    if alike is not None:
        both = pd.concat([known.rename("y"), alike.rename("x")], axis=1).dropna()
        slope, level = np.polyfit(both["x"], both["y"], 1)
        known = both["y"] - slope * both["x"] - level
    middle = known.median()
    spread = 1.4826 * (known - middle).abs().median()
    return ((known - middle) / max(spread, 1e-9)).clip(-LONGEST, LONGEST)
