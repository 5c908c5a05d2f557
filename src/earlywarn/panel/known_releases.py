"""Compare a new release with the latest known one, in which earlier years should hardly differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from earlywarn.panel.known import cell_text, family_of, first_few, rows_of, with_code
from earlywarn.sources.continuity import SMALLEST
from earlywarn.sources.schema import KEY, UNAVAILABLE, Finding
from earlywarn.utils.dates import ordinals_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from earlywarn.authorities import Register

OTHERWISE = "unlike-the-release-before"

_COLUMNS = ("value", "numerator", "denominator")
_YEAR_MOVED = 0.025
"""How much (in logarithms) half of a year's figures of a measure must have moved for a warning: no
release from 2023 to 2026 moved half of them by more than 0.005, and new populations did by about
0.01."""
_OWN_MOVED = 0.05
"""The same for an authority's earlier years: the most was 0.021, except for `SMALLEST`."""
_FEWEST, _FEWEST_YEARS = 50, 3
_TIMES = 2.5
"""The same as between files: no release changed one figure by a factor of more than 2.2."""
_FEWEST_GONE = 2
"""No release withdrew the figures of two authorities for one measure and year, only of one."""
_NAMED = 12


def check_release_before(
    read: pd.DataFrame, known: pd.DataFrame, register: Register
) -> list[Finding]:
    """Compare the earlier years of new releases with the latest known figures.

    Parameters
    ----------
    read, known : DataFrame
        Observations of a panel just read, and of the current panel.
    register : Register
        For names in messages.

    Returns
    -------
    list of Finding
        A warning for each measure most years of which moved, for each other year of a table, for
        each authority most of whose other figures moved, and for each other figure that is two and
        a half times what it was. Each is named once. One for each measure and year of which
        figures are gone, and for each release that lacks authorities. Releases that are known, or
        older ones, are `check_figures_known`'s.
    """
    both = _beside(read, known)
    if both.empty:
        return []
    findings = [*_lacking(read, both, known, register), *_gone(both, register)]
    moved = both[both["moved"].notna()]
    by_year = moved.groupby(["family", "measure", "period"])["moved"].agg(["median", "size"])
    far = by_year["median"].gt(_YEAR_MOVED) & by_year["size"].ge(_FEWEST)
    years = far.groupby(["family", "measure"]).agg(["mean", "size"])
    all_years = years.index[years["mean"].gt(0.5) & years["size"].ge(_FEWEST_YEARS)]
    of_measure = _within(moved, ["family", "measure"], all_years)
    findings += _of_measures(moved[of_measure], register)
    of_year = _within(moved, ["family", "measure", "period"], far.index[far]) & ~of_measure
    findings += _of_years(moved[of_year], register)
    rest = moved[~of_measure & ~of_year]
    own = rest[~rest["la_code"].isin(SMALLEST)]
    by_own = own.groupby(["family", "la_code", "measure"])["moved"].agg(["median", "size"])
    far = by_own["median"].gt(_OWN_MOVED) & by_own["size"].ge(_FEWEST_YEARS)
    of_own = _within(rest, ["family", "la_code", "measure"], far.index[far])
    findings += _of_authorities(rest[of_own], register)
    return findings + _of_figures(rest[~of_own], register)


def _beside(read: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """A new release's figures for what was known before, and how far each moved."""
    last = pd.Series(ordinals_of(known["vintage"])).groupby(known["measure"].to_numpy()).max()
    newer = ordinals_of(read["vintage"]) > read["measure"].map(last).to_numpy()
    new = read[newer]
    if new.empty:
        return new
    # What a new release only repeats is under the release read before it.
    there = read[read["measure"].isin(set(new["measure"]))]
    here, before = (
        frame.sort_values("vintage", kind="stable").drop_duplicates(KEY, keep="last")
        for frame in (there, known)
    )
    both = here.merge(before[[*KEY, *_COLUMNS]], on=KEY, suffixes=("", "_known"))
    both["family"] = family_of(both["source"])
    source = new.sort_values("vintage", kind="stable").assign(family=family_of(new["source"]))
    newest = source.drop_duplicates("family", keep="last").set_index("family")["source"]
    both["source"] = both["family"].map(newest).fillna(both["source"])
    apart = [_apart(both[name], both[f"{name}_known"]) for name in _COLUMNS]
    both["moved"] = pd.concat(apart, axis=1).max(axis=1)
    return both


def _lacking(
    read: pd.DataFrame, both: pd.DataFrame, known: pd.DataFrame, register: Register
) -> Iterator[Finding]:
    """A warning for each new release without any figure of authorities that the one before has."""
    there = read[["la_code", "measure"]].drop_duplicates()
    own = known[known["measure"].isin(set(both["measure"])) & known["value"].notna()]
    newest = own[own["period"] == own.groupby("measure")["period"].transform("max")]
    gone = newest[["la_code", "measure"]].merge(there, how="left", indicator=True)
    gone = gone[gone["_merge"] == "left_only"]
    gone = gone.assign(source=gone["measure"].map(both.groupby("measure")["source"].last()))
    for source, part in gone.groupby("source"):
        codes = sorted(set(part["la_code"]))
        names = first_few([with_code(code, register) for code in codes])
        message = (
            f"{source} has no figures for {names}, for which the latest release known has "
            f"{first_few(sorted(set(part['measure'])))}: was a filter left on, or were rows lost?"
        )
        yield Finding("warning", OTHERWISE, message, str(source), la_code=codes[0])


def _gone(both: pd.DataFrame, register: Register) -> list[Finding]:
    """A warning for each measure and year with figures that are no longer available."""
    lost = both["value"].isna() & both["status"].eq(UNAVAILABLE) & both["value_known"].notna()
    findings = []
    for (measure, year), part in both[lost].groupby(["measure", "period"]):
        if len(part) < _FEWEST_GONE:
            continue
        source = part["source"].iloc[0]
        names = first_few([with_code(code, register) for code in sorted(part["la_code"])])
        message = (
            f"{measure} of {names} for {year} is not available, where the newest release known has "
            f"figures: were cells lost? Check the notes of {source}, or download it again"
        )
        about = {
            "la_code": min(part["la_code"]),
            "period": float(str(year)),
            "column": str(measure),
        }
        findings.append(Finding("warning", OTHERWISE, message, source, **about))
    return findings


def _apart(here: pd.Series, there: pd.Series) -> pd.Series:
    """The distance of two figures in logarithms, each plus 1 since small ones vary by chance."""
    one, other = (
        np.log1p(figures.to_numpy(dtype=np.float64).clip(0, None)) for figures in (here, there)
    )
    return pd.Series(np.abs(one - other), index=here.index)


def _within(rows: pd.DataFrame, key: list[str], groups: pd.Index) -> pd.Series:
    return pd.Series(pd.MultiIndex.from_frame(rows[key]).isin(groups), index=rows.index)


def _of_measures(moved: pd.DataFrame, register: Register) -> Iterator[Finding]:
    for _, part in moved.groupby(["family", "measure"]):
        measure, source = part["measure"].iloc[0], part["source"].iloc[0]
        message = (
            f"most figures of {measure} in {source} for the years before are unlike those of the "
            f"newest release known{_for_instance(part, register)}: were columns swapped, or is "
            f"it counted in another way now? Check the notes of {source}, or download it again"
        )
        yield Finding("warning", OTHERWISE, message, source, column=measure)


def _of_years(moved: pd.DataFrame, register: Register) -> Iterator[Finding]:
    for _, part in moved.groupby(["family", "period"]):
        year, source = part["period"].iloc[0], part["source"].iloc[0]
        measures = sorted(set(part["measure"]))
        message = (
            f"most figures for {year} of {first_few(measures)} are unlike those of the newest "
            f"release known{_for_instance(part, register)}: were years swapped? Check the "
            f"notes of {source}, or download it again"
        )
        yield Finding("warning", OTHERWISE, message, source, period=year, column=measures[0])


def _of_authorities(moved: pd.DataFrame, register: Register) -> list[Finding]:
    findings = []
    for _, part in moved.groupby(["family", "la_code"]):
        code, source = part["la_code"].iloc[0], part["source"].iloc[0]
        measures = sorted(set(part["measure"]))
        message = (
            f"most figures of {with_code(code, register)} for the years before, of "
            f"{first_few(measures)}, are unlike those of the newest release known"
            f"{_for_instance(part, register)}: are they under another authority? Check "
            f"the notes of {source}, or download it again"
        )
        about = {"la_code": code, "column": measures[0]}
        findings.append(Finding("warning", OTHERWISE, message, source, **about))
    if (more := len(findings) - _NAMED) > 0:
        message = f"{more} more authorities' figures are unlike those of the newest release known"
        findings[_NAMED:] = [Finding("warning", OTHERWISE, message, findings[0].file)]
    return findings


def _of_figures(moved: pd.DataFrame, register: Register) -> list[Finding]:
    """A warning for each single figure that moved more than any has."""
    here, there = moved["value"], moved["value_known"]
    times = np.log(here.where(here > 0)) - np.log(there.where(there > 0))
    far = moved[times.abs() > np.log(_TIMES)].sort_values(KEY)
    findings = []
    for row in rows_of(far.head(_NAMED)):
        message = (
            f"{row['measure']} of {with_code(row['la_code'], register)} for {row['period']} is "
            f"{cell_text(row['value'])}, and {cell_text(row['value_known'])} in the newest release "
            f"known: a cell may be wrong; check the notes of {row['source']}"
        )
        found = cell_text(row["value"])
        place = {"la_code": row["la_code"], "period": row["period"], "column": row["measure"]}
        findings.append(Finding("warning", OTHERWISE, message, row["source"], **place, found=found))
    if (more := len(far) - _NAMED) > 0:
        message = f"{more} more figures are far from those of the newest release known"
        findings.append(Finding("warning", OTHERWISE, message, far["source"].iloc[0]))
    return findings


def _for_instance(part: pd.DataFrame, register: Register) -> str:
    """The latest figure that moved, in brackets; of several, the largest."""
    clear = part[part["moved"] > part["moved"].median() / 2]
    newest = clear[clear["period"] == clear["period"].max()]
    row: dict[str, Any] = rows_of(newest.sort_values("value").tail(1))[0]
    field = max(_COLUMNS, key=lambda name: _gap(row, name))
    return (
        f" (for instance {row['measure']} of {with_code(row['la_code'], register)} for "
        f"{row['period']}: {'' if field == 'value' else field + ' '}{cell_text(row[field])}, and "
        f"{cell_text(row[f'{field}_known'])} known)"
    )


def _gap(row: dict[str, Any], name: str) -> float:
    gap = abs(np.log1p(row[name]) - np.log1p(row[f"{name}_known"]))
    return -1.0 if np.isnan(gap) else float(gap)
