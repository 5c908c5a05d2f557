"""Everything that a report shows, as frames that are gathered once and drawn later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from earlywarn.errors import ScoreError
from earlywarn.indicators.build import build_indicators
from earlywarn.indicators.timeline import Timeline
from earlywarn.judgements.targets import AREAS
from earlywarn.report.indicator_history import indicator_history
from earlywarn.report.risk_history import movement, risk_history
from earlywarn.report.standing import Standing, axis_tops, standings
from earlywarn.report.tilemap import tiles_for
from earlywarn.report.track_record import past_calibration, past_record, past_warnings
from earlywarn.scoring.defaults import codes_meant
from earlywarn.scoring.explanation import explain
from earlywarn.scoring.freshness import freshness
from earlywarn.scoring.national import score_quietly
from earlywarn.scoring.predictions import BANDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from earlywarn.model.risk_model import RiskModel
    from earlywarn.panel.panel import Panel, Snapshot
    from earlywarn.utils.progress import Progress


@dataclass(frozen=True, eq=False)
class Contents:
    """The frames of a report.

    Attributes
    ----------
    snapshot : Snapshot
        What was public on the date.
    model : RiskModel
        The model.
    findings : DataFrame
        Findings about the files.
    scores : DataFrame
        As returned by ``earlywarn.score``, with region and type.
    terms : DataFrame
        As returned by ``earlywarn.explain``.
    risk_moves : DataFrame
        As returned by ``rank_movement``; no rows if the panel does not reach back a year.
    before : date or None
        The date from which moves are counted.
    risks : DataFrame
        As returned by ``risk_history``, with the median of region and neighbours.
    indicator_history : DataFrame
        As returned by ``indicator_history``.
    tiles : DataFrame
        As returned by ``tiles_for``.
    record, calibration, warnings : DataFrame
        As returned by ``past_record``, ``past_calibration`` and ``past_warnings``.
    chosen : tuple of str
        The authorities that get a section, by name.
    split : bool
        Whether each of them has a separate page.
    """

    snapshot: Snapshot
    model: RiskModel
    findings: pd.DataFrame
    scores: pd.DataFrame
    terms: pd.DataFrame
    risk_moves: pd.DataFrame
    before: date | None
    risks: pd.DataFrame
    indicator_history: pd.DataFrame
    tiles: pd.DataFrame
    record: pd.DataFrame
    calibration: pd.DataFrame
    warnings: pd.DataFrame
    chosen: tuple[str, ...]
    split: bool = False

    def link(self, code: object) -> str:
        """Where the section of an authority is, from the national page."""
        return f"{code}.html" if self.split else f"#la-{code}"

    @property
    def as_of(self) -> date:
        """The date of the report."""
        return self.snapshot.as_of

    @property
    def usual(self) -> float:
        """The share of Inadequate judgements that the model expects on the date."""
        return float(self.scores["prior"].iloc[0])

    @cached_property
    def sources(self) -> pd.DataFrame:
        """How fresh each source was on the date, as returned by ``freshness``."""
        return freshness(self.model, self.snapshot)

    @cached_property
    def standings(self) -> dict[str, Standing]:
        """Every authority's figure for the latest year, by indicator."""
        return standings(self.indicator_history)

    @cached_property
    def axis_tops(self) -> dict[str, float]:
        """The end of each indicator's axis, the same for every authority."""
        return axis_tops(self.indicator_history)

    @cached_property
    def inspections(self) -> pd.DataFrame:
        """The inspections whose reports were public, latest first, with how each is drawn."""
        return _graded(self.snapshot.judgements)

    @cached_property
    def names(self) -> dict[str, str]:
        """The name of each authority."""
        rows = self.snapshot.authorities
        return dict(zip(rows["la_code"], rows["la_name"], strict=True))

    @cached_property
    def listed(self) -> pd.DataFrame:
        """The ranked list: the scores with their movement."""
        moved = self.risk_moves.drop(columns="rank")
        return self.scores.join(moved, on="la_code")

    @cached_property
    def regions(self) -> pd.DataFrame:
        """One row per region: its risks and how many authorities are in each band."""
        by_region = self.scores.groupby("region")
        frame = by_region["risk"].agg(["size", "min", "median", "max"])
        frame.columns = pd.Index(["authorities", "lowest", "median", "highest"])
        counts = pd.crosstab(self.scores["region"], self.scores["band"])
        names = [band for _, band in BANDS]
        counts = counts.reindex(columns=names, fill_value=0)
        frame = frame.join(counts).sort_values("median", ascending=False)
        return frame.reset_index()


def gather(
    panel: Panel,
    model: RiskModel,
    as_of: date | str,
    authorities: str | Sequence[str] | None,
    progress: Progress,
) -> Contents:
    """Gather the contents: scores, explanations and history.

    Raises
    ------
    PanelError
        If the panel does not reach back to the date.
    AuthorityError
        If one of the authorities did not exist on the date.
    ScoreError
        If the date is outside the model's life.
    """
    snapshot = panel.as_of(as_of)
    chosen = _chosen(snapshot, authorities)
    check_within_life(model, snapshot.as_of)
    scores = score_quietly(model, snapshot)
    progress.say(f"Report as of {snapshot.as_of}: {len(scores)} authorities scored")
    terms = explain(model, snapshot)
    risks = risk_history(panel, model, snapshot.as_of, progress=progress)
    days = sorted(set(risks["as_of"]))
    before = date.fromisoformat(days[-2]) if len(days) > 1 else None
    places = snapshot.authorities[["la_code", "la_type"]]
    return Contents(
        snapshot=snapshot,
        model=model,
        findings=panel.findings,
        scores=scores.merge(places, on="la_code", how="left"),
        terms=terms,
        risk_moves=_risk_moves(panel, model, before, snapshot),
        before=before,
        risks=_with_medians(risks, snapshot),
        indicator_history=indicator_history(snapshot),
        tiles=tiles_for(snapshot.authorities["la_code"], snapshot.register),
        record=past_record(),
        calibration=past_calibration(),
        warnings=past_warnings(),
        chosen=chosen,
    )


def check_within_life(model: RiskModel, day: date) -> None:
    """Refuse a page for a date outside the model's life, since a page outlasts a warning.

    Raises
    ------
    ScoreError
        If the date is outside the model's life.
    """
    first, last = model.info.get("first_date", ""), model.info.get("sunset", "9999")
    if not first <= day.isoformat() <= last:
        raise ScoreError(
            "the date is outside the model's life",
            where="as_of",
            found=day.isoformat(),
            expected=f"a date from {first} to {last}",
            remedy="Choose another date, or retrain the model (python -m earlywarn train).",
        )


def _chosen(snapshot: Snapshot, authorities: str | Sequence[str] | None) -> tuple[str, ...]:
    rows = snapshot.authorities
    names = dict(zip(rows["la_code"], rows["la_name"], strict=True))
    codes = codes_meant(snapshot, authorities)
    return tuple(sorted(codes, key=lambda code: (names[code].casefold(), code)))


def _risk_moves(panel: Panel, model: RiskModel, before: date | None, now: Snapshot) -> pd.DataFrame:
    indicators = build_indicators(now)
    if before is None:
        return movement(model, indicators, indicators).iloc[:0]
    # The risk history has worked these out: the panel keeps its results by date.
    return movement(model, Timeline(panel, panel.judgements).at(before), indicators)


def _with_medians(risks: pd.DataFrame, snapshot: Snapshot) -> pd.DataFrame:
    """The risks of today's authorities, with the medians of their comparison groups."""
    places = snapshot.authorities.set_index("la_code")["region"]
    rows = risks[risks["la_code"].isin(places.index)].copy()
    rows["region_median"] = rows.groupby([rows["la_code"].map(places), "as_of"])["risk"].transform(
        "median"
    )
    pairs = snapshot.neighbours[["la_code", "neighbour_code"]]
    theirs = pairs.merge(
        rows[["la_code", "as_of", "risk"]].rename(columns={"la_code": "neighbour_code"}),
        on="neighbour_code",
    )
    medians = theirs.groupby(["la_code", "as_of"])["risk"].median().rename("neighbour_median")
    return rows.join(medians, on=["la_code", "as_of"])


def _graded(judgements: pd.DataFrame) -> pd.DataFrame:
    """Inspections, latest first, with the worst area and the grade to draw."""
    rows = judgements.sort_values("inspection_start", ascending=False, kind="stable")
    areas = rows[list(AREAS)].to_dict("records")
    worst = pd.Series([_worst(set(row.values())) for row in areas], rows.index, dtype=object)
    return rows.assign(worst_area=worst, grade=rows["overall"].fillna(worst))


_ORDER = ("Inadequate", "Requires improvement", "Good", "Outstanding")


def _worst(grades: set[str]) -> str | None:
    return next((grade for grade in _ORDER if grade in grades), None)
