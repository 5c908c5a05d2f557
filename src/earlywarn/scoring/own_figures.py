"""Put a caller's own newer figures into a snapshot, to be compared within its latest year."""

from __future__ import annotations

import difflib
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from earlywarn.errors import IndicatorError, RowsWarning
from earlywarn.indicators.build import (
    newest_sizes,
    published_indicators,
    reference_distributions,
)
from earlywarn.indicators.catalogue import INDICATORS, Indicator, get_indicator
from earlywarn.indicators.figures import POPULATION
from earlywarn.indicators.standardise import USUAL
from earlywarn.panel.snapshot import OWN_COLUMNS, Snapshot, checked_snapshot
from earlywarn.scoring.cells import LARGEST, written_number
from earlywarn.scoring.doubts import extents_of, far
from earlywarn.scoring.own_tables import EMPTY, figure_columns, figure_names, rows_by_authority
from earlywarn.scoring.preprocessing import MAY_PASS_100, ROUNDING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def with_figures(
    snapshot: Snapshot, authority: str | pd.DataFrame | None = None, /, **figures: float
) -> Snapshot:
    """Replace an authority's latest published figures by the caller's own.

    Parameters
    ----------
    snapshot : Snapshot
        As returned by ``panel.as_of(date)``.
    authority : str or DataFrame
        A name or code; or a frame with a column ``la_code`` (which may also contain names) and one
        column per figure, one row per authority. An empty cell keeps the published figure; an
        ``as_of`` must be the snapshot's date.
    **figures : float
        By the catalogue's names: values in the indicators' units (``rereferrals=31.5``, per cent),
        or both counts (``rereferral_count=350, referrals=1100``). A rate per 10,000 children needs
        only its count; the number of children is that of the latest published estimate.

    Returns
    -------
    Snapshot
        A new one. Its ``own_figures`` contains the figures put in, and ``own`` lists which these
        are; scores and explanations mark them. Own figures put in before are kept unless replaced.

    Raises
    ------
    AuthorityError
        If an authority is unknown, or did not exist on the date.
    IndicatorError
        If a figure is not in the catalogue, is not valid, contradicts its counts, or has no
        published figures to be compared with.

    Warns
    -----
    RowsWarning
        If a percentage looks like a share of 1: up to 1, and far below what is usual; or if a
        figure is beyond all that authorities have published so far.

    Notes
    -----
    A figure is compared with the published figures of the latest year in the snapshot. They, and
    the scores of all other authorities, stay the same, so the published figure put in by hand gives
    the published score. A value without counts is assumed to be based on as many cases as the
    authority's latest published figure.

    Examples
    --------
    >>> import earlywarn as ew
    >>> snapshot = ew.load_panel().as_of("2025-12-31")
    >>> newer = ew.with_figures(snapshot, "Leeds", rereferrals=35.0, agency_workers=12.0)
    >>> sorted(newer.own)
    [('383', 'agency_workers'), ('383', 'rereferrals')]
    """
    checked_snapshot(snapshot)
    sizes, comparable = newest_sizes(snapshot), frozenset(reference_distributions(snapshot))
    given = dict(_given(snapshot, authority, figures))
    rows = [
        {"la_code": code, **figure}
        for code, own in given.items()
        for figure in _resolved(code, own, sizes, comparable, snapshot)
    ]
    if not rows:
        raise IndicatorError(
            "no figure was given",
            where="own figures",
            expected="figures by the catalogue's names, such as rereferrals=31.5",
            remedy="python -m earlywarn catalogue prints the names.",
        )
    table = pd.DataFrame(rows)[list(OWN_COLUMNS)].astype({"la_code": "str", "indicator": "str"})
    joined = pd.concat([snapshot.own_figures, table]) if len(snapshot.own_figures) else table
    kept = joined.drop_duplicates(["la_code", "indicator"], keep="last", ignore_index=True)
    newer = replace(snapshot, own_figures=kept)
    X = published_indicators(newer).droplevel("as_of")
    _check_standing(newer, X)
    _warn_of_doubts(newer, given, table, X)
    return newer


def _given(
    snapshot: Snapshot, authority: str | pd.DataFrame | None, figures: Mapping[str, float]
) -> Iterator[tuple[str, dict[str, float]]]:
    """Each authority's code and figures, as valid numbers."""
    if not isinstance(authority, pd.DataFrame):
        if authority is None:
            raise IndicatorError(
                "whose figures are these",
                where="authority",
                found="no authority",
                expected="a name or code, or a frame with a column la_code",
            )
        code = snapshot.existing_code(str(authority))
        _check_names(figures)
        yield code, _numbers(figures, snapshot.register.name_of(code))
        return
    if figures:
        raise IndicatorError(
            "figures are given in the frame and outside it",
            where="own figures",
            found=", ".join(figures),
            expected="all of them in the frame",
        )
    yield from _rows_of(snapshot, authority)


def _rows_of(snapshot: Snapshot, frame: pd.DataFrame) -> Iterator[tuple[str, dict[str, float]]]:
    names = figure_columns(frame)
    _check_names(names, twice=True)
    for code, where, row in rows_by_authority(snapshot, frame):
        yield code, _numbers({name: row[name] for name in names}, where)


def _check_names(names: Any, *, twice: bool = False) -> None:
    known, listed = figure_names(), list(names)
    if twice and len(set(listed)) < len(listed):
        doubled = sorted({name for name in listed if listed.count(name) > 1})
        raise IndicatorError("a column stands twice", where="own figures", found=", ".join(doubled))
    for name in listed:
        if name not in known:
            raise _unknown(name, list(known))


def _unknown(name: str, known: list[str]) -> IndicatorError:
    history = {record.id for record in INDICATORS if record.kind == "history"}
    if name in history:
        return IndicatorError(
            "comes from judgements, not from figures",
            where=name,
            remedy="Add the judgement: panel.add_judgements, or --judgements FILE.",
        )
    near = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.6)
    if name.removesuffix("_z") in known or name.removesuffix("_se") in known:
        near = [name.removesuffix("_z").removesuffix("_se")]
    like = f", such as {', '.join(near)}" if near else ", or la_code for whose the figures are"
    return IndicatorError(
        "no figure has this name",
        where="own figures",
        found=repr(name),
        expected=f"a name from the catalogue{like}",
        remedy="python -m earlywarn catalogue prints them.",
    )


def _numbers(cells: Mapping[str, Any], where: str) -> dict[str, float]:
    found = {}
    for name, cell in cells.items():
        number = _number(name, cell, where)
        if not np.isnan(number):
            found[name] = number
    return found


def _number(name: str, cell: Any, where: str) -> float:
    """A cell as a valid number for a figure; NaN if empty."""
    text = "" if cell is None or cell is pd.NA else str(cell).strip()
    if text.lower() in EMPTY:
        return np.nan
    number = written_number(text, name)
    record = figure_names()[name]
    percent = record is not None and record.unit.startswith("%") and name not in MAY_PASS_100
    highest = 100.0 if percent else LARGEST
    if not 0 <= number <= highest:
        unit = "a count" if record is None else record.unit
        raise IndicatorError(
            "this figure is not possible",
            where=f"{where}, {name}",
            found=repr(cell),
            expected=f"a number from 0 to {highest:g} ({unit})"
            if percent
            else f"a number, 0 or more ({unit})",
        )
    return number


def _resolved(
    code: str,
    given: Mapping[str, float],
    sizes: pd.DataFrame,
    comparable: frozenset[str],
    snapshot: Snapshot,
) -> Iterator[dict[str, Any]]:
    """The indicators that follow from one authority's figures: value and cases."""
    where, used = snapshot.register.name_of(code), set()
    for record in INDICATORS:
        value = given.get(record.id, np.nan)
        computed, size, counts = _of_counts(record, given, sizes, code, where)
        if np.isnan(value) and np.isnan(computed):
            continue
        used |= {record.id, *counts}
        _check_agreement(record, value, computed, where)
        if record.id not in comparable:
            raise IndicatorError(
                "nothing is published that the figure could be compared with",
                where=f"{where}, {record.id}",
                expected=f"published figures of the last years on {snapshot.as_of}",
                remedy="Leave it out, or ask for another day.",
            )
        chosen = computed if np.isnan(value) else value
        yield {"indicator": record.id, "value": chosen, "size": size}
    if left := [name for name in given if name not in used]:
        raise IndicatorError(
            "a count without the other one",
            where=where,
            found=", ".join(left),
            expected="; ".join(_pairs_of(left[0])),
            remedy="Give both counts, or the value.",
        )


def _of_counts(
    record: Indicator, given: Mapping[str, float], sizes: pd.DataFrame, code: str, where: str
) -> tuple[float, float, set[str]]:
    """An indicator's value from counts, the cases behind it, and which counts were used."""
    part, whole = record.numerator, record.denominator
    if whole == POPULATION and part in given:
        children = _children(sizes, code, record.id)
        return 10_000 * given[part] / children, children, {part}
    if not part or whole not in given:
        return np.nan, np.nan, set()
    cases = given[whole]
    if part not in given:
        # With a value, a denominator shows how many cases it is based on.
        return np.nan, cases if record.id in given else np.nan, {whole}
    percent = record.kind == "proportion"
    if cases == 0 or (percent and record.id not in MAY_PASS_100 and given[part] > cases):
        raise IndicatorError(
            "these counts are not possible",
            where=f"{where}, {record.id}",
            found=f"{part} {given[part]:g} of {whole} {cases:g}",
            expected=f"{whole} above zero, and {part} no more than it",
        )
    return (100 if percent else 1) * given[part] / cases, cases, {part, whole}


def _children(sizes: pd.DataFrame, code: str, name: str) -> float:
    """An authority's number of children in the latest published estimate; NaN if none."""
    return float(sizes[name].get(code, np.nan)) if name in sizes.columns else np.nan


def _check_agreement(record: Indicator, value: float, computed: float, where: str) -> None:
    share, step = ROUNDING
    if abs(value - computed) > share * abs(computed) + step:
        raise IndicatorError(
            "the value contradicts its counts",
            where=f"{where}, {record.id}",
            found=f"{value:g}, where the counts give {computed:.1f}",
            expected="the value or the counts, or both that agree",
        )


def _pairs_of(name: str) -> list[str]:
    records = [record for record in INDICATORS if name in (record.numerator, record.denominator)]
    return [f"{record.numerator} with {record.denominator}" for record in records]


def _warn_of_doubts(
    snapshot: Snapshot, given: Mapping[str, Mapping[str, float]], new: pd.DataFrame, X: pd.DataFrame
) -> None:
    """Warn once of each of the new figures that may be a mistake."""
    fractions = _shares(snapshot, new, X)
    said = []
    if fractions:
        listed = "; ".join(fractions.values())
        said.append(f"own figures are in per cent, but these look like shares of 1: {listed}")
    rows: dict[str, dict[str, Any]] = {
        code: {"la_code": code, **own} for code, own in given.items()
    }
    for row in new.to_dict("records"):
        rows[row["la_code"]][row["indicator"]] = row["value"]
    for code, name in fractions:
        del rows[code][name]
    names = {name: None for row in rows.values() for name in row}
    for doubt in [*said, *far(extents_of(rows.values(), names))]:
        warnings.warn(doubt, RowsWarning, stacklevel=3)


def _shares(snapshot: Snapshot, new: pd.DataFrame, X: pd.DataFrame) -> dict[tuple[str, str], str]:
    """The values up to 1, far below what is usual in per cent, that may be shares of 1."""
    doubtful = {}
    for row in new[new["size"].isna() & new["value"].between(0, 1, "right")].to_dict("records"):
        code, name = row["la_code"], row["indicator"]
        others = X.loc[[one for one in X.index if (one, name) not in snapshot.own], name]
        low = others.quantile(USUAL[0])
        if get_indicator(name).unit.startswith("%") and 10 * row["value"] < low:
            whose, usual = snapshot.register.name_of(code), f"nine in ten: {low:.0f} or more"
            doubtful[code, name] = f"{whose}, {name} {row['value']:g} ({usual})"
    return doubtful


def _check_standing(snapshot: Snapshot, X: pd.DataFrame) -> None:
    """Refuse a figure that could not be compared, rather than ignore it."""
    standing = X[[f"{name}_z" for name in snapshot.own_figures["indicator"].unique()]].notna()
    for code, name in sorted(snapshot.own):
        if not standing[f"{name}_z"][code]:
            raise IndicatorError(
                "the figure can't be compared",
                where=f"{snapshot.register.name_of(code)}, {name}",
                found="too few published figures in the latest year",
                expected="at least 20 authorities",
                remedy="Leave it out, or ask for another day.",
            )
