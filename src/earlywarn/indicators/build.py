"""Build the indicators of a snapshot: one row per authority, one column per figure.

Only a Snapshot is accepted, so that nothing published after its date can be seen.
"""

from __future__ import annotations

from functools import wraps
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from earlywarn.indicators.catalogue import (
    DEPRIVATION,
    HISTORY,
    INDICATORS,
    WAS_INADEQUATE,
    Indicator,
    columns_of,
    get_indicator,
)
from earlywarn.indicators.figures import Figures, Level, Pairs
from earlywarn.indicators.standardise import usual_level
from earlywarn.judgements.targets import previous_judgement
from earlywarn.panel.snapshot import Snapshot, checked_snapshot, once
from earlywarn.statistics.arrays import FloatArray, rate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date

    import numpy.typing as npt

    from earlywarn.indicators.standardise import Distribution


FEWEST_NEIGHBOURS = 3


def _once(make: Callable[[Snapshot], pd.DataFrame]) -> Callable[[Snapshot], pd.DataFrame]:
    """Built once per snapshot in use: scores, explanations, reports and what-ifs all need it."""
    made = once(make)

    @wraps(make)
    def held(snapshot: Snapshot) -> pd.DataFrame:
        checked_snapshot(snapshot)
        # A new frame over the same figures, so that a caller's changes to it stay with the caller.
        return made(snapshot).copy(deep=False)

    return held


def build_indicators(snapshot: Snapshot) -> pd.DataFrame:
    """Compute every indicator of the catalogue as it was known on the snapshot's date.

    Parameters
    ----------
    snapshot : Snapshot
        As returned by ``panel.as_of(date)``.

    Returns
    -------
    DataFrame
        Indexed ``(la_code, as_of)``, one row per authority that existed on the date. For each
        indicator: its value in its unit; ``_z``, the over-dispersion-adjusted and shrunk level
        within the year; ``_se``, its standard error; ``_gap``, the value minus England's;
        ``_neighbour_gap``, minus the mean of its statistical neighbours; ``_trend``, the annual
        change over three years; ``_period``, the year in which the value's period ends;
        ``_distance``, the distance from the middle, for those that may be both too high and too
        low; ``_expected``, the value expected at the authority's deprivation, for those that are
        compared like for like. NaN where unknown.

    Raises
    ------
    IndicatorError
        If anything but a Snapshot is given.

    Notes
    -----
    An authority whose latest figure is missing keeps last year's, compared within last year. A new
    authority inherits the figures of those it was made from for earlier years.

    Examples
    --------
    >>> import earlywarn as ew
    >>> X = ew.build_indicators(ew.load_panel().as_of("2024-06-30"))
    >>> X.index.names, len(X)
    (FrozenList(['la_code', 'as_of']), 153)
    """
    return indicators_after(snapshot, last_judgements(snapshot))


def indicators_after(snapshot: Snapshot, last: pd.DataFrame) -> pd.DataFrame:
    """The result of ``build_indicators``, where the last judgements are already available."""
    history = history_of(last).set_axis(_index(snapshot))
    return pd.concat([published_indicators(snapshot), history], axis=1)


def published_indicators(
    snapshot: Snapshot,
    records: Sequence[Indicator] = INDICATORS,
    kept: dict[bytes, dict[str, FloatArray]] | None = None,
) -> pd.DataFrame:
    """The indicators that come from published figures; they only change with a publication.

    Columns worked out before are taken from ``kept``, and new ones are added to it: a publication
    affects a few indicators, and leaves the others as they were.
    """
    checked_snapshot(snapshot)
    if records is INDICATORS and kept is None:
        return _all_published(snapshot)
    return _built(snapshot, records, kept)


@_once
def _all_published(snapshot: Snapshot) -> pd.DataFrame:
    return _built(snapshot, INDICATORS, None)


def _built(
    snapshot: Snapshot,
    records: Sequence[Indicator],
    kept: dict[bytes, dict[str, FloatArray]] | None,
) -> pd.DataFrame:
    figures = Figures.of(snapshot)
    levels = figures.levels([get_indicator(DEPRIVATION), *_published(records)])
    deprivation = next(levels)
    neighbours = figures.neighbour_pairs(snapshot.neighbours)
    blocks = []
    for level in levels:
        if kept is None:
            blocks.append(_columns(level, deprivation, neighbours))
            continue
        key = _digest(level, deprivation, neighbours)
        if key not in kept:
            kept[key] = _columns(level, deprivation, neighbours)
        blocks.append(kept[key])
    frame = pd.DataFrame(
        {name: column for block in blocks for name, column in block.items()},
        index=pd.Index(figures.areas[:-1], dtype="str"),
    )
    return frame.reindex(snapshot.authorities["la_code"]).set_axis(_index(snapshot))


@_once
def last_judgements(snapshot: Snapshot) -> pd.DataFrame:
    """The outcome of each authority's last inspection, among those published by the date."""
    codes = snapshot.authorities["la_code"]
    return previous_judgement(snapshot.judgements, snapshot.as_of, codes, snapshot.register)


def history_of(last: pd.DataFrame) -> pd.DataFrame:
    """The indicators that come from the last judgements, as returned by ``previous_judgement``."""
    grade = last["previous_judgement"]
    known = grade.notna()
    return pd.DataFrame(
        {
            HISTORY: grade.isin(["Good", "Outstanding"]).astype(float).where(known),
            WAS_INADEQUATE: (grade == "Inadequate").astype(float).where(known),
        }
    )


def reference_distributions(snapshot: Snapshot) -> Mapping[str, Distribution]:
    """The latest year's distribution of each indicator, which a single row is compared with."""
    checked_snapshot(snapshot)
    records = [get_indicator(DEPRIVATION), *_published(INDICATORS)]
    levels = Figures.of(snapshot).levels(records)
    deprivation, found = next(levels), {}
    for level in levels:
        spread = None if level.newest is None else level.spread(level.newest, deprivation)
        if spread is not None:
            found[level.record.id] = spread
    return found


def newest_sizes(snapshot: Snapshot) -> pd.DataFrame:
    """The cases behind each published figure of the latest year, by authority and indicator.

    Where that year has none, those of the last year that has; NaN where there never were any.

    Examples
    --------
    >>> import earlywarn as ew
    >>> sizes = newest_sizes(ew.load_panel().as_of("2024-06-30"))
    >>> bool(sizes.loc["383", "rereferrals"] > 1000)
    True
    """
    checked_snapshot(snapshot)
    figures = Figures.of(snapshot)
    found = {
        level.record.id: level.usual_size(level.newest)
        for level in figures.levels(_published(INDICATORS))
        if level.newest is not None
    }
    return pd.DataFrame(found, index=pd.Index(figures.areas[:-1], dtype="str", name="la_code"))


def newest_comparisons(snapshot: Snapshot) -> pd.DataFrame:
    """What a newer figure of each authority would be compared with, within the latest year.

    Returns
    -------
    DataFrame
        One row per authority and comparable indicator: ``la_code, indicator, period``; ``centre``,
        the stabilised value that is usual for it (at its deprivation, where it is compared like for
        like), and ``expected``, the same in the indicator's unit, NaN where deprivation is not
        used; ``size``, as in ``newest_sizes``; ``tau2``, ``typical_sd`` and ``gradient``, as in
        ``Distribution``; ``average``, its deprivation; ``england``, England's figure; and
        ``meets``, whether the deprivation is that of its own latest year.

    Examples
    --------
    >>> import earlywarn as ew
    >>> table = newest_comparisons(ew.load_panel().as_of("2024-06-30"))
    >>> leeds = table[table["la_code"] == "383"].set_index("indicator")
    >>> leeds.loc["cin_rate", ["period", "expected"]].astype(float).round().tolist()
    [2023.0, 365.0]
    """
    checked_snapshot(snapshot)
    figures, parts = Figures.of(snapshot), []
    levels = figures.levels([get_indicator(DEPRIVATION), *_published(INDICATORS)])
    deprivation = next(levels)
    for level in levels:
        column = level.newest
        against = None if column is None else level.spread(column, deprivation)
        if column is None or against is None:
            continue
        like, expected = level.expected(column, deprivation, against)
        parts.append(
            pd.DataFrame(
                {
                    "la_code": pd.Index(figures.areas[:-1], dtype="str"),
                    "indicator": level.record.id,
                    "period": int(level.years[column]),
                    "centre": usual_level(like, against),
                    "expected": expected,
                    "size": level.usual_size(column),
                    "tau2": against.tau2,
                    "typical_sd": against.typical_sd,
                    "england": level.england[column],
                    "gradient": against.gradient,
                    "average": against.deprivation,
                    "meets": _meets(level, column, deprivation),
                }
            )
        )
    columns = ["la_code", "indicator", "period", "centre", "expected", "size", "tau2"]
    columns += ["typical_sd", "england", "gradient", "average", "meets"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def like_for_like(snapshot: Snapshot) -> pd.DataFrame:
    """The basis of each published figure that is compared like for like.

    Returns
    -------
    DataFrame
        One row per indicator and authority with a level: ``la_code, indicator, period``; ``y`` and
        ``sd``, the stabilised figure and its sampling error; ``centre``, what is usual for it at
        its deprivation; ``tau2, gradient, average, meets`` as in ``newest_comparisons``, for the
        year of the figure.

    Examples
    --------
    >>> import earlywarn as ew
    >>> table = like_for_like(ew.load_panel().as_of("2024-06-30"))
    >>> leeds = table[table["la_code"] == "383"].set_index("indicator").loc["cin_rate"]
    >>> int(leeds["period"]), bool(leeds["y"] < leeds["centre"])
    (2023, True)
    """
    checked_snapshot(snapshot)
    figures = Figures.of(snapshot)
    parts: list[pd.DataFrame] = []
    levels = figures.levels([get_indicator(DEPRIVATION), *_published(INDICATORS)])
    deprivation, codes = next(levels), pd.Index(figures.areas[:-1], dtype="str")
    for level in levels:
        for column, here, _ in _standings(level, deprivation) if level.record.like_for_like else ():
            against = level.spread(column, deprivation)
            if against is None:
                continue
            y, sd = level.stable(column)
            like, _ = level.expected(column, deprivation, against)
            part = {
                "la_code": codes,
                "indicator": level.record.id,
                "period": int(level.years[column]),
                "y": y,
                "sd": np.where(np.isnan(sd), against.typical_sd, sd),
                "centre": usual_level(like, against),
                "tau2": against.tau2,
                "gradient": against.gradient,
                "average": against.deprivation,
                "meets": _meets(level, column, deprivation),
            }
            parts.append(pd.DataFrame(part)[here])
    columns = ["la_code", "indicator", "period", "y", "sd", "centre", "tau2", "gradient"]
    columns += ["average", "meets"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _meets(level: Level, column: int, deprivation: Level) -> bool:
    """Whether a year's figures are compared at the deprivation of its own latest year."""
    newest = deprivation.newest
    return (
        newest is not None and level.record.like_for_like and deprivation.nearest(column) == newest
    )


def newest_figures(snapshot: Snapshot) -> pd.DataFrame:
    """The figures of each indicator's latest year and the year before, with the caller's own.

    Parameters
    ----------
    snapshot : Snapshot
        As returned by ``panel.as_of(date)``.

    Returns
    -------
    DataFrame
        ``la_code, indicator, period, value, size``: one row per figure of an authority that existed
        on the date; ``size`` is the number of cases behind it, NaN where unknown.

    Examples
    --------
    >>> import earlywarn as ew
    >>> figures = newest_figures(ew.load_panel().as_of("2024-06-30"))
    >>> len(figures.query("indicator == 'caseload' and period == 2023")) > 140
    True
    """
    checked_snapshot(snapshot)
    figures, parts = Figures.of(snapshot), []
    codes = pd.Index(figures.areas[:-1], dtype="str")
    for level in figures.levels(_published(INDICATORS)):
        for column in [] if level.newest is None else [level.newest - 1, level.newest]:
            value, size = level.with_own_figures(column)
            parts.append(
                pd.DataFrame(
                    {
                        "la_code": codes,
                        "indicator": level.record.id,
                        "period": int(level.years[column]),
                        "value": value,
                        "size": np.where(np.isfinite(value), size, np.nan),
                    }
                )
            )
    columns = ["la_code", "indicator", "period", "value", "size"]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    there = table["la_code"].isin(snapshot.authorities["la_code"]) & table["value"].notna()
    return table[there].reset_index(drop=True)


def _published(records: Sequence[Indicator]) -> list[Indicator]:
    return [record for record in records if record.kind != "history"]


def _index(snapshot: Snapshot) -> pd.MultiIndex:
    return snapshot_index(snapshot.authorities["la_code"], snapshot.as_of)


def snapshot_index(la_codes: pd.Series | pd.Index, day: date) -> pd.MultiIndex:
    """The index of the indicators of a date."""
    codes, names = pd.Index(la_codes.to_numpy()), ["la_code", "as_of"]
    if not (codes.is_unique and codes.is_monotonic_increasing):
        days = np.full(len(codes), day.isoformat())
        return pd.MultiIndex.from_arrays([codes, days], names=names)
    # The codes already are the index level, so they need no search.
    places = [list(range(len(codes))), [0] * len(codes)]
    return pd.MultiIndex([codes, [day.isoformat()]], places, names=names, verify_integrity=False)


def _digest(level: Level, deprivation: Level, neighbours: Pairs) -> bytes:
    """A digest of everything that an indicator's columns are worked out from."""
    digest = blake2b(f"{level.record.id} {level.newest}".encode(), digest_size=32)
    for array in (*level.used(deprivation), *neighbours):
        digest.update(f"{array.dtype} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.digest()


def _columns(level: Level, deprivation: Level, neighbours: Pairs) -> dict[str, FloatArray]:
    """Every column of one indicator, by authority."""
    value, z, se, england, alike, period, expected = np.full((7, len(level.value)), np.nan)
    for column, here, found in _standings(level, deprivation):
        value[here] = level.with_own_figures(column)[0][here]
        period[here] = level.years[column]
        england[here] = level.england[column]
        alike[here] = _neighbour_mean(level.value[:, column], neighbours)[here]
        z[here], se[here], expected[here] = (part[here] for part in found)
    columns = {"": value, "_z": z, "_se": se, "_trend": level.trend(), "_period": period}
    columns |= {"_gap": value - england, "_neighbour_gap": value - alike}
    columns |= {"_distance": np.abs(z), "_expected": expected}
    return {name: columns[name.removeprefix(level.record.id)] for name in columns_of(level.record)}


def _standings(
    level: Level, deprivation: Level
) -> Iterator[tuple[int, npt.NDArray[np.bool_], tuple[FloatArray, FloatArray, FloatArray]]]:
    """The years that authorities are compared in, latest first, with their results."""
    settled = np.zeros(len(level.value), dtype=np.bool_)
    # Last year's only where there is no figure this year: not for a count that is suppressed this
    # year, which is small whatever it was last year, nor for one that does not apply.
    for column in () if level.newest is None else (level.newest, level.newest - 1):
        here = np.isfinite(level.counted(column)) & ~settled
        if column < 0 or not here.any() or (found := level.standing(column, deprivation)) is None:
            continue
        yield column, here, found
        settled |= here | level.suppressed[:, column] | level.barred[:, column]


def _neighbour_mean(value: FloatArray, neighbours: Pairs) -> FloatArray:
    area, neighbour = neighbours
    theirs = value[neighbour]
    known = np.isfinite(theirs)
    count = np.bincount(area[known], minlength=len(value))
    total = np.bincount(area[known], weights=theirs[known], minlength=len(value))
    return np.where(count >= FEWEST_NEIGHBOURS, rate(total, count), np.nan)
