"""The whole country on a day under every contender, from which lists and ranks are made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from earlywarn.evaluation.baselines import below_good
from earlywarn.evaluation.protocol import OURS
from earlywarn.judgements.targets import GRADES
from earlywarn.model.horizon import on_day
from earlywarn.model.risk_model import RiskModel
from earlywarn.scoring.preprocessing import read_rows
from earlywarn.scoring.words import LAST
from earlywarn.statistics.distributions import logit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    import numpy.typing as npt

    from earlywarn.evaluation.baselines import Contender, Forecaster
    from earlywarn.indicators.timeline import Timeline
    from earlywarn.statistics.arrays import FloatArray

INADEQUATE = float(GRADES.index("Inadequate"))
SEED = 20160913

_PROBABILITIES = tuple(f"p_{grade.lower().replace(' ', '_')}" for grade in GRADES)
_COLUMNS = (
    *("model", "la_code", "la_name", "region", "la_type", "risk", "score", "below_good"),
    *_PROBABILITIES,
    *("deprivation", "children", "deprivation_rank", "children_rank", "last_grade"),
    *("list_rank", "list_length", "list_rank_new"),
)


@dataclass(frozen=True, eq=False)
class Country:
    """The country on a day: its authorities, and each contender's numbers for them.

    A backtest needs hundreds of days, most of them for one authority only, so the table is made
    only of the rows that are wanted.

    Parameters
    ----------
    people : DataFrame
        One row per authority: who it is, its deprivation and children, and its last grade.
    answers : mapping of str to mapping of str to ndarray
        By contender and column, one number per authority.
    """

    people: pd.DataFrame
    answers: Mapping[str, Mapping[str, FloatArray]]

    def table(self, la_code: str | None = None) -> pd.DataFrame:
        """One row for each contender and authority; none for an authority that did not exist."""
        codes = self.people["la_code"]
        here = np.flatnonzero(np.ones(len(codes)) if la_code is None else codes == la_code)
        names = list(self.answers)
        rows = np.tile(here, len(names))
        contender = pd.Series(np.repeat(names, len(here)), dtype="str")
        table: dict[str, Any] = {"model": contender, "list_length": len(codes)}
        for column in self.people.columns:
            table[column] = self.people[column].array.take(rows)
        for column in self.answers[names[0]]:
            table[column] = np.concatenate([self.answers[name][column][here] for name in names])
        return pd.DataFrame({column: table[column] for column in _COLUMNS}, index=contender.index)


@dataclass(frozen=True, eq=False)
class Countries:
    """The country on many days; what stays the same between publications is worked out once.

    Parameters
    ----------
    models : mapping of str to Forecaster
        The model and each baseline, as trained by then.
    baselines : sequence of Contender
        In the order of the tables.
    timeline : Timeline
        The panel by day.
    population : DataFrame
        The panel's estimates of the number of children.
    """

    models: Mapping[str, Forecaster]
    baselines: Sequence[Contender]
    timeline: Timeline
    population: pd.DataFrame
    _kept: dict[tuple[Any, ...], Any] = field(default_factory=dict, repr=False)

    def on(self, day: date) -> Country:
        """Score the whole country on a day under every model, from what was public by then."""
        X = self.timeline.by_authority(day)
        last = self.timeline.last_inspection(day)
        full, epoch = pd.concat([X, last], axis=1), self.timeline.epoch(day)
        answers = {OURS: self._ours(X, day)}
        for one in self.baselines:
            answers[one.name] = self._theirs(one, full, day)
        already = (last["grade"] == INADEQUATE).to_numpy()
        ranked = {
            name: {**found, **_ranks(found["score"], already)} for name, found in answers.items()
        }
        people = self._once(("people", *epoch), lambda: self._people(X, day))
        return Country(people.assign(last_grade=last["grade"]).reset_index(), ranked)

    def _once(self, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    def _people(self, X: pd.DataFrame, day: date) -> pd.DataFrame:
        """The authorities, with their ranks by deprivation and children."""
        people = self.timeline.authorities(day).set_index("la_code").reindex(X.index)
        people = people.assign(
            deprivation=X["free_school_meals"], children=_children(self.population, day)
        )
        shares = people[["deprivation", "children"]].rank(pct=True).add_suffix("_rank")
        return pd.concat([people, shares], axis=1)

    def _ours(self, X: pd.DataFrame, day: date) -> dict[str, FloatArray]:
        model = self.models[OURS]
        assert isinstance(model, RiskModel)  # noqa: S101 - for the type checker
        key = ("levels", *self.timeline.epoch(day))
        inputs = self._once(key, lambda: read_rows(model, X.reset_index(drop=True)))
        levels = inputs.values.copy()  # noqa: PD011 - not a frame
        for place, name in enumerate(model.columns):
            if name in LAST:  # These change between publications.
                levels[:, place] = X[name]
        return _answers(on_day(model, day), levels)

    def _theirs(self, one: Contender, full: pd.DataFrame, day: date) -> dict[str, FloatArray]:
        def found() -> dict[str, FloatArray]:
            return _answers(self.models[one.name], one.columns(full))

        key = (one.name, *self.timeline.epoch(day))
        answers = self._once(key, found) if one.by_figures else found()
        if one.at_random:
            by_lot = np.random.default_rng([SEED, day.toordinal()]).random(len(full))
            return {**answers, "score": by_lot}
        return answers


def _ranks(score: FloatArray, already: npt.NDArray[np.bool_]) -> dict[str, npt.NDArray[Any]]:
    """Ranks by score, highest first, among all authorities and among those not yet Inadequate."""
    order = np.argsort(-score, kind="stable")
    place = np.empty(len(score), dtype=np.int64)
    place[order] = np.arange(1, len(score) + 1)
    among_new = np.full(len(score), np.nan)
    new = order[~already[order]]
    among_new[new] = np.arange(1, len(new) + 1)
    return {"list_rank": place, "list_rank_new": among_new}


def _answers(model: Forecaster, values: Any) -> dict[str, FloatArray]:
    rows = model.matrix(values) if isinstance(model, RiskModel) else values
    risk = model.risk(rows)
    return {"risk": risk, "score": logit(risk), **_grades(model, rows)}


def _grades(model: Forecaster, values: Any) -> dict[str, FloatArray]:
    """The probabilities of below Good and of each grade; NaN for a model of the worst only."""
    if not isinstance(model, RiskModel):
        return {name: np.full(len(values), np.nan) for name in ("below_good", *_PROBABILITIES)}
    grades = model.probabilities(values)
    return {
        "below_good": below_good(model, values),
        **{column: _grade(grades, model, k) for k, column in enumerate(_PROBABILITIES)},
    }


def _grade(grades: FloatArray, model: RiskModel, grade: int) -> FloatArray:
    """The probability of a grade; 0 for a grade that was not in the training cases."""
    known = list(model.classes)
    return grades[:, known.index(grade)] if grade in known else np.zeros(len(grades))


def _children(population: pd.DataFrame, day: date) -> pd.Series:
    public = population[population["published_on"] <= day]
    newest = public.sort_values("period").drop_duplicates("la_code", keep="last")
    children: pd.Series = newest.set_index("la_code")["value"]
    return children
