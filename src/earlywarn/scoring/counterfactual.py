"""Find which figures would have to differ for an authority's band to change; never advice.

Arithmetic on a model, not a claim about causes: a changed figure is treated in the same way as the
published one, and the result is the model's forecast with it.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from earlywarn.errors import IndicatorError, ModelError, ScoreError
from earlywarn.indicators.build import build_indicators, published_indicators
from earlywarn.indicators.catalogue import Indicator, get_indicator, model_column
from earlywarn.indicators.figures import POPULATION
from earlywarn.indicators.standardise import USUAL
from earlywarn.model.horizon import on_day
from earlywarn.panel.snapshot import checked_snapshot
from earlywarn.scoring.defaults import checked_model
from earlywarn.scoring.predictions import BANDS, expected_share
from earlywarn.scoring.preprocessing import Inputs, model_indicators, read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from earlywarn.model.risk_model import RiskModel
    from earlywarn.panel.panel import Snapshot
    from earlywarn.statistics.arrays import FloatArray

ACTIONABLE = {
    "repeat work": "the authority decides when help ends, and what a second call leads to",
    "timeliness": "the authority plans its own assessments, conferences and reviews",
    "workforce": "the authority recruits, leads and keeps its own staff",
    "children in care": "the authority is these children's parent: it finds homes, checks and help",
}
"""The families whose figures an authority can change by its own work, and why."""

NOT_ACTIONABLE = {
    "demand": "need comes from families; a rate can be lowered by turning children away",
    "last inspection": "a fact of the past: only another inspection changes it",
}
"""The other families in a model, and why they are left unchanged."""

NO_BAND = "there is no band beyond"
"""The problem with an authority that is already in the last band."""
STEP = 0.1
"""Figures are changed in steps of the last decimal that is published."""

COLUMNS = (
    "la_code",
    "la_name",
    "as_of",
    "way",
    "step",
    "indicator",
    "family",
    "value",
    "value_to",
    "bound",
    "moved_sd",
    "risk",
    "risk_after",
    "risk_after_lower",
    "risk_after_upper",
    "band",
    "band_after",
    "reached",
)
"""The columns of ``what_would_change``, in order."""


def what_would_change(
    model: RiskModel, snapshot: Snapshot, la_code: str, *, better: bool = True
) -> pd.DataFrame:
    """Find the smallest changes in actionable figures that would move an authority's band.

    Parameters
    ----------
    model : RiskModel
        As returned by ``earlywarn.load_model`` or ``earlywarn.train``.
    snapshot : Snapshot
        What ``panel.as_of(date)`` gave.
    la_code : str
        An authority, by code or name.
    better : bool
        True for the next lower band; False for the next higher one.

    Returns
    -------
    DataFrame
        Rows with ``way`` "alone", one per indicator of ``ACTIONABLE`` that has a figure for the
        latest year and may move: ``value_to`` is the first figure, in published decimals, at which
        the band changes (``reached``), or else the furthest one tried, ``bound``. Smallest change
        first, in standard deviations between authorities (``moved_sd``). Then rows with ``way``
        "together": one indicator after another, strongest effect first, each moved to its bound
        except the last, which moves as far as needed; ``risk_after`` adds up the steps, and
        ``risk_after_lower`` and ``risk_after_upper`` are its 90% interval.

    Raises
    ------
    AuthorityError
        If the authority is unknown, or did not exist on the date.
    ScoreError
        If it is already in the last band.

    Notes
    -----
    This makes no claim about causes: a figure reflects much else, and an authority that changed
    only the figure may be as likely to fail as before. All other figures, its own and those of
    others, stay the same. The bounds are the 10th and 90th percentile of the authorities' figures
    for the same year, so that no change is required that few have achieved; a figure beyond its
    bound may not move. The steps together are one way to the band, not the shortest. The interval
    of the risk is wider than most bands: a band counts as reached when the middle of the interval
    reaches it. See Wachter et al. 2018 for the idea (doi 10.2139/ssrn.3063289).

    Examples
    --------
    >>> import earlywarn as ew
    >>> snapshot = ew.load_panel().as_of("2024-06-30")
    >>> rows = what_would_change(ew.load_model(), snapshot, "Leeds", better=False)
    >>> sorted(rows["way"].unique()), bool((rows["risk_after"] >= rows["risk"]).all())
    (['alone', 'together'], True)
    """
    case = _case(model, snapshot, la_code, better=better)
    moves = _moves(case)
    alone = sorted((_alone(case, move) for move in moves), key=case.order)
    ways = {"alone": alone, "together": _together(case, moves)}
    rows = [
        _row(case, way, step, found)
        for way, steps in ways.items()
        for step, found in enumerate(steps, 1)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def with_figures(snapshot: Snapshot, la_code: str, figures: Mapping[str, float]) -> Snapshot:
    """Return the snapshot as it would be if an authority's latest figures were different.

    Parameters
    ----------
    snapshot : Snapshot
        As returned by ``panel.as_of(date)``; it is not changed.
    la_code : str
        An authority, by code or name.
    figures : mapping of str to float
        New values by indicator id, in the indicators' units.

    Raises
    ------
    IndicatorError
        If an indicator is not a single published figure, the authority has none for the latest
        year, or the figure is out of range.

    Examples
    --------
    >>> import earlywarn as ew
    >>> snapshot = ew.load_panel().as_of("2024-06-30")
    >>> other = with_figures(snapshot, "Leeds", {"agency_workers": 12.0})
    >>> float(ew.build_indicators(other).loc[("383", "2024-06-30"), "agency_workers"])
    12.0
    """
    code = snapshot.existing_code(la_code)
    rows = snapshot.observations.copy()
    for name, value in figures.items():
        place = _newest_row(rows, _checked(name, value), code)
        rows.loc[place, "value"] = value
        per = 100 if get_indicator(name).kind == "proportion" else 1
        if pd.notna(rows.loc[place, "numerator"]):
            rows.loc[place, "numerator"] = value / per * rows.loc[place, "denominator"]
    return replace(snapshot, observations=rows)


# --- the parts -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Move:
    """An indicator that may move: its figure, the furthest figure tried, and all it needs."""

    record: Indicator
    value: float
    bound: float
    snapshot: Snapshot

    def figures(self) -> list[float]:
        """Every published figure on the way to the bound, nearest first."""
        # Steps are counted in integers: sums of tenths would drift. Adding 0 turns -0.0 into 0.0.
        side = 1 if self.bound > self.value else -1
        first = np.floor(side * self.value / STEP + 1e-9) + 1
        last = np.floor(side * self.bound / STEP + 1e-9)
        return [round(float(side * k * STEP), 1) + 0.0 for k in np.arange(first, last + 1)]


class _Level(NamedTuple):
    """An indicator's level among the authorities in its year, and its standard error."""

    z: float
    se: float


@dataclass(frozen=True)
class _Found:
    """Where a move ends, and the risk there."""

    move: _Move
    value_to: float
    moved_sd: float
    level: _Level
    risk: float
    interval: tuple[float, float]
    reached: bool


@dataclass(frozen=True, eq=False)
class _Case:
    """One authority on one date under a model, and the band to reach."""

    model: RiskModel
    snapshot: Snapshot
    code: str
    inputs: Inputs
    better: bool
    wanted: str
    levels: dict[tuple[str, float], _Level] = field(default_factory=dict)
    """The levels worked out so far: both ways need an indicator at its bound."""

    def place(self, move: _Move) -> int:
        """The position of an indicator among the model's columns."""
        return self.model.columns.index(model_column(move.record))

    def risk(self, levels: Mapping[int, _Level]) -> float:
        """The risk with some columns of the model at other levels."""
        return float(self.model.risk(self._with(levels)[0])[0])

    def interval(self, levels: Mapping[int, _Level]) -> tuple[float, float]:
        """The 90% interval of that risk."""
        low, high = self.model.interval(*self._with(levels))
        return float(low[0]), float(high[0])

    def level(self, move: _Move, value: float) -> _Level:
        """The indicator's level with a different latest figure, by the production code."""
        name = move.record.id
        if (name, value) not in self.levels:
            other = with_figures(move.snapshot, self.code, {name: value})
            row = published_indicators(other, [move.record]).droplevel("as_of").loc[[self.code]]
            z, se = row[[f"{name}_z", f"{name}_se"]].to_numpy()[0]
            self.levels[name, value] = _Level(float(z), float(se))
        return self.levels[name, value]

    def _with(self, levels: Mapping[int, _Level]) -> tuple[FloatArray, FloatArray]:
        values, noise = np.array(self.inputs.values), np.array(self.inputs.noise)
        for place, level in levels.items():
            values[0, place], noise[0, place] = level.z, np.nan_to_num(level.se)
        return values, noise

    def order(self, found: _Found) -> tuple[bool, float, str]:
        """Moves that reach the band first, smallest change first; then by how close they come."""
        left = found.risk if self.better else -found.risk
        return not found.reached, found.moved_sd if found.reached else left, found.move.record.id

    def reached(self, risk: float) -> bool:
        """Whether a risk is in the band to reach, or beyond."""
        names = [name for _, name in BANDS]
        place = names.index(_band(self.model, risk)), names.index(self.wanted)
        return place[0] >= place[1] if self.better else place[0] <= place[1]


def _case(model: RiskModel, snapshot: Snapshot, la_code: str, *, better: bool) -> _Case:
    model, snapshot = checked_model(model), checked_snapshot(snapshot)
    code = snapshot.existing_code(la_code)
    X = build_indicators(snapshot)
    model = on_day(model, snapshot.as_of)
    row = X[X.index.get_level_values("la_code") == code].reset_index(drop=True)
    inputs = read_rows(model, row)
    names = [name for _, name in BANDS]
    risk = float(model.risk(inputs.values)[0])
    band = _band(model, risk)
    place = names.index(band) + (1 if better else -1)
    if not 0 <= place < len(names):
        raise ScoreError(
            NO_BAND,
            where=f"{snapshot.register.name_of(code)} ({code})",
            found=f"{band}, a risk of {100 * risk:.1f}%",
            remedy=f"Try the other direction: better={not better}.",
        )
    return _Case(model, snapshot, code, inputs, better, names[place])


def _band(model: RiskModel, risk: float) -> str:
    usual = expected_share(model)
    if np.isnan(usual):
        raise ModelError("the model does not say which share it was set to", where="prior")
    return next(name for edge, name in BANDS if risk / usual >= edge)


def _checked(name: str, value: float) -> Indicator:
    record = get_indicator(name)
    if record.kind == "history" or record.denominator == POPULATION:
        raise IndicatorError(
            "not one published figure",
            where=name,
            found=record.definition,
            expected="an indicator such as rereferrals",
        )
    top = 100.0 if record.kind == "proportion" else np.inf
    if not 0 <= value <= top:
        raise IndicatorError(
            "out of range", where=name, found=f"{value:g}", expected=f"0 to {top:g}"
        )
    return record


def _newest_row(rows: pd.DataFrame, record: Indicator, code: str) -> Any:
    """The label of the authority's own row for the latest year."""
    there = rows[(rows["measure"] == record.measure) & rows["value"].notna()]
    newest = there["period"].max()
    own = there.index[(there["la_code"] == code) & (there["period"] == newest)]
    if not len(own):
        raise IndicatorError(
            "the authority has no figure for the latest year",
            where=f"{record.id}, {code}",
            expected=f"one of {newest}",
        )
    return own[0]


def _moves(case: _Case) -> list[_Move]:
    """The actionable indicators with their own figure for the latest year, and room to move."""
    rows, found = case.snapshot.observations, []
    for record in model_indicators(case.model):
        there = rows[(rows["measure"] == record.measure) & rows["value"].notna()]
        there = there[there["period"] == there["period"].max()].set_index("la_code")["value"]
        if record.family not in ACTIONABLE or case.code not in there.index:
            continue
        upwards = (record.sign > 0) != case.better
        value, bound = float(there[case.code]), float(there.quantile(USUAL[int(upwards)]))
        move = _Move(record, value, bound, _about(record, case.snapshot))
        if (bound > value) == upwards and move.figures():
            found.append(move)
    return found


def _about(record: Indicator, snapshot: Snapshot) -> Snapshot:
    """The observations that one indicator is built from: quicker than using all."""
    needed = [record.measure, record.size_measure, POPULATION]
    own, england = snapshot.observations, snapshot.england
    return replace(
        snapshot,
        observations=own[own["measure"].isin(needed)],
        england=england[england["measure"].isin(needed)],
        neighbours=snapshot.neighbours.iloc[:0],
    )


def _alone(case: _Case, move: _Move, before: Mapping[int, _Level] | None = None) -> _Found:
    """The first figure on the way at which the band is reached, or the last one."""
    figures, column = move.figures(), case.place(move)

    def changed(place: int) -> dict[int, _Level]:
        return {**(before or {}), column: case.level(move, figures[place])}

    place = last = len(figures) - 1
    if case.reached(case.risk(changed(last))):
        key = lambda k: case.reached(case.risk(changed(k)))  # noqa: E731 - one line, used once
        place = bisect_left(range(last), x=True, key=key)
    end = changed(place)
    risk, start = case.risk(end), float(case.inputs.values[0, column])  # noqa: PD011
    level = case.level(move, figures[place])
    moved, interval = abs(level.z - start), case.interval(end)
    return _Found(move, figures[place], moved, level, risk, interval, case.reached(risk))


def _together(case: _Case, moves: list[_Move]) -> list[_Found]:
    """Move one after another to its bound, strongest effect first, until the band is reached."""
    at_bound = [
        (case.risk({case.place(move): case.level(move, move.figures()[-1])}), move)
        for move in moves
    ]
    at_bound.sort(key=lambda pair: (pair[0] if case.better else -pair[0], pair[1].record.id))
    levels: dict[int, _Level] = {}
    found: list[_Found] = []
    for _, move in at_bound:
        found.append(_alone(case, move, levels))
        levels[case.place(move)] = found[-1].level
        if found[-1].reached:
            break
    return found


def _row(case: _Case, way: str, step: int, found: _Found) -> dict[str, Any]:
    now = case.risk({})
    return {
        "la_code": case.code,
        "la_name": case.snapshot.register.name_of(case.code),
        "as_of": case.snapshot.as_of.isoformat(),
        "way": way,
        "step": step,
        "indicator": found.move.record.id,
        "family": found.move.record.family,
        "value": found.move.value,
        "value_to": found.value_to,
        "bound": found.move.bound,
        "moved_sd": found.moved_sd,
        "risk": now,
        "risk_after": found.risk,
        "risk_after_lower": found.interval[0],
        "risk_after_upper": found.interval[1],
        "band": _band(case.model, now),
        "band_after": _band(case.model, found.risk),
        "reached": found.reached,
    }
