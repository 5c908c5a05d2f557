"""Check figures of the LAIT file against each other: parts and wholes, authorities and regions."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from earlywarn.sources.schema import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from earlywarn.authorities import Register

REGIONS = {
    "980": "North East", "981": "North West", "982": "Yorkshire and The Humber",
    "983": "East Midlands", "984": "West Midlands", "985": "East of England",
    "987": "Inner London", "988": "Outer London", "989": "South East", "990": "South West",
}  # fmt: skip
"""The file's numbers of regions."""

RATES = ("Section_47", "ISCP_Conf")
"""Rates per 10,000 children of the year before: a region's is that of its authorities together."""

COUNTS = ("NoCareLeavers",)
"""Counts that add up to their region's."""

PARTS = {
    "LACStable_2016on": ("LACStableNum_2016on", "LACnum"),
    "CareLeaverAcc": ("NoCareLeaverAcc", "NoCareLeavers"),
}
"""Percentages, and the descriptions of the counts behind them."""

SUMMED = frozenset({*RATES, *COUNTS, *PARTS, *(one for pair in PARTS.values() for one in pair)})
"""The short descriptions that are looked at here."""

_SINCE = 2018  # before it counts were rounded to fives
_RATE_OFF = 0.25  # no region's rate from 2016 to 2025 was 0.12 off
_COUNT_OFF = 10.0  # regions are rounded to tens; one was 6 off
_PERCENT_OFF = 1.0  # no authority's percentage since 2018 was 0.6 off
_NAMED = 5


def check_lait_sums(
    rows: pd.DataFrame, people: pd.DataFrame, register: Register, file: str
) -> list[Finding]:
    """A warning for each figure of the LAIT file that others in it contradict.

    Parameters
    ----------
    rows : DataFrame
        `figures_again.figures_again` of the file.
    people : DataFrame
        Populations, `la_code, period, newest, value`: rates are looked at if they are of the same
        release, which is that of the year before.
    register : Register
        For regions and names.
    file : str
        The file.
    """
    findings = [one for desc in PARTS for one in _parts(rows, desc, register)]
    for desc in (*RATES, *COUNTS):
        own = rows[rows["desc"] == desc]
        newest = own.loc[own["again"].notna(), "period"].max()
        weights = people[people["newest"] + 1 == newest].dropna(subset="value")
        weights = weights.assign(period=weights["period"] + 1)
        if desc in RATES and len(weights):
            findings += _regions(own, weights, desc, register, _RATE_OFF)
        elif desc in COUNTS:
            since = own[own["period"] >= _SINCE]
            findings += _regions(since, None, desc, register, _COUNT_OFF)
    return [replace(one, file=file) for one in findings]


def _parts(rows: pd.DataFrame, desc: str, register: Register) -> Iterator[Finding]:
    """A percentage that is not its part of the whole."""
    key = ["la_code", "period"]
    value, part, whole = (
        rows[(rows["desc"] == one) & (rows["period"] >= _SINCE)].set_index(key)["again"]
        for one in (desc, *PARTS[desc])
    )
    both = pd.concat([value, part, whole], axis=1, keys=["value", "part", "whole"]).dropna()
    both = both[~both.index.get_level_values("la_code").isin(REGIONS)]
    given = 100 * both["part"] / both["whole"].where(both["whole"] > 0)
    off = both.assign(given=given)[(given - both["value"]).abs() > _PERCENT_OFF]
    if off.empty:
        return
    off = off.reset_index().sort_values(["period", "la_code"], ascending=[False, True])
    named = ", ".join(
        f"{_name(str(row['la_code']), register)} {row['period']} {row['value']:g}, where the "
        f"counts give {row['given']:.1f}"
        for row in off.head(_NAMED).to_dict("records")
    )
    more = f" and {len(off) - _NAMED} more" if len(off) > _NAMED else ""
    message = (
        f"{desc} is not {' of '.join(PARTS[desc])}: {named}{more}. One of the three may be wrong: "
        "download the file again"
    )
    yield _finding(message, desc, float(off["period"].iloc[0]))


def _regions(
    own: pd.DataFrame, weights: pd.DataFrame | None, desc: str, register: Register, most: float
) -> Iterator[Finding]:
    """A region whose figure is not what its authorities give together."""
    given = _together(own, weights, register)
    said = own.assign(region=own["la_code"].map(REGIONS)).dropna(subset="region")
    there = said.set_index(["period", "region"])["again"].reindex(given.index)
    off = (given - there).abs() > most
    together = "weighted by their population" if weights is not None else "added up"
    for year, region in off.index[off][:_NAMED]:
        message = (
            f"{desc} of {region} in {year} is {there[year, region]:.10g}, where the figures of its "
            f"authorities, {together}, give {given[year, region]:.1f}: a cell may have been "
            "changed, moved or lost"
        )
        yield _finding(message, desc, float(year))
    if (left := int(off.sum()) - _NAMED) > 0:
        yield _finding(f"{left} more regions and years of {desc} don't agree", desc, math.nan)


def _together(own: pd.DataFrame, weights: pd.DataFrame | None, register: Register) -> pd.Series:
    """What the authorities of each region and year give, where all that were there have figures."""
    places = register.authorities
    regions = dict(zip(places["la_code"], places["region"], strict=True))
    local = own.assign(region=own["la_code"].map(regions)).dropna(subset="region")
    local = local.assign(value=1.0)
    if weights is not None:
        people = weights[["la_code", "period", "value"]]
        local = local.drop(columns="value").merge(people, on=["la_code", "period"])
    local = local.assign(weighed=local["again"] * local["value"]).dropna(subset="weighed")
    groups = local.groupby(["period", "region"])
    sums, codes = groups[["weighed", "value"]].sum(), groups["la_code"].agg(set)
    whole = [
        has == {code for code in register.codes_on(f"{year}-03-31") if regions[code] == region}
        for year, region, has in codes.reset_index().itertuples(index=False, name=None)
    ]
    given = sums["weighed"] / sums["value"] if weights is not None else sums["weighed"]
    return given[whole]


def _name(code: str, register: Register) -> str:
    return register.name_of(code) if code in {*register.authorities["la_code"]} else code


def _finding(message: str, desc: str, year: float) -> Finding:
    return Finding("warning", "lait-sum", message, "", period=year, column=desc)
