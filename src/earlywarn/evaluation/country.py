"""The whole country on a day, as every contender sees it: what lists and ranks are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from earlywarn.evaluation.baselines import below_good
from earlywarn.evaluation.protocol import OURS
from earlywarn.judgements.targets import GRADES
from earlywarn.model.horizon import on_day
from earlywarn.model.risk_model import RiskModel
from earlywarn.scoring.preprocessing import read_rows
from earlywarn.statistics.distributions import logit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
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

    A backtest asks for hundreds of days and of most of them for one authority, so the table of all
    is made only of the rows that are wanted.

    Parameters
    ----------
    people : DataFrame
        One row an authority: who it is, its deprivation and children, and its last grade.
    answers : mapping of str to mapping of str to ndarray
        By contender and column, one number an authority.
    """

    people: pd.DataFrame
    answers: Mapping[str, Mapping[str, FloatArray]]

    def table(self, la_code: str | None = None) -> pd.DataFrame:
        """One row for each contender and authority; of one authority, none if it did not exist."""
        codes = self.people["la_code"]
        here = np.flatnonzero(np.ones(len(codes)) if la_code is None else codes == la_code)
        names = list(self.answers)
        facts = self.people.take(np.tile(here, len(names))).reset_index(drop=True)
        numbers = {
            column: np.concatenate([self.answers[name][column][here] for name in names])
            for column in self.answers[names[0]]
        }
        contender = pd.Series(np.repeat(names, len(here)), dtype="str")
        given = {"model": contender, "list_length": len(codes), **numbers}
        return pd.concat([facts, pd.DataFrame(given, index=facts.index)], axis=1)[list(_COLUMNS)]


def country_on(
    day: date,
    models: Mapping[str, Forecaster],
    baselines: Sequence[Contender],
    timeline: Timeline,
    population: pd.DataFrame,
) -> Country:
    """Score the whole country on a day under every model.

    Parameters
    ----------
    day : date
        What was public by it counts.
    models : mapping of str to Forecaster
        Our own and each baseline, as they had learnt by then.
    baselines : sequence of Contender
        In the order of the tables.
    timeline : Timeline
        The panel by days.
    population : DataFrame
        The panel's estimates of the number of children.
    """
    X = timeline.at(day).droplevel("as_of")
    last = timeline.last_inspection(day)
    full = pd.concat([X, last], axis=1)
    answers = {OURS: _ours(models[OURS], X, day)}
    for baseline in baselines:
        answers[baseline.name] = _theirs(baseline, models[baseline.name], full, day)
    already = (last["grade"] == INADEQUATE).to_numpy()
    ranked = {name: {**found, **_ranks(found["score"], already)} for name, found in answers.items()}
    people = timeline.authorities(day).set_index("la_code").reindex(X.index)
    people = people.assign(
        deprivation=X["free_school_meals"],
        children=_children(population, day),
        last_grade=last["grade"],
    )
    shares = people[["deprivation", "children"]].rank(pct=True).add_suffix("_rank")
    return Country(pd.concat([people, shares], axis=1).reset_index(), ranked)


def _ranks(score: FloatArray, already: npt.NDArray[np.bool_]) -> dict[str, npt.NDArray[Any]]:
    """Places on the list, the highest score first, and among those not yet Inadequate."""
    order = np.argsort(-score, kind="stable")
    place = np.empty(len(score), dtype=np.int64)
    place[order] = np.arange(1, len(score) + 1)
    among_new = np.full(len(score), np.nan)
    new = order[~already[order]]
    among_new[new] = np.arange(1, len(new) + 1)
    return {"list_rank": place, "list_rank_new": among_new}


def _ours(model: Forecaster, X: pd.DataFrame, day: date) -> dict[str, FloatArray]:
    assert isinstance(model, RiskModel)  # noqa: S101 - for the type checker
    values = read_rows(model, X.reset_index(drop=True)).values  # noqa: PD011 - not a frame
    return _answers(on_day(model, day), values)


def _theirs(
    baseline: Contender, model: Forecaster, X: pd.DataFrame, day: date
) -> dict[str, FloatArray]:
    found = _answers(model, baseline.columns(X))
    if baseline.at_random:
        found["score"] = np.random.default_rng([SEED, day.toordinal()]).random(len(X))
    return found


def _answers(model: Forecaster, values: Any) -> dict[str, FloatArray]:
    rows = model.matrix(values) if isinstance(model, RiskModel) else values
    risk = model.risk(rows)
    return {"risk": risk, "score": logit(risk), **_grades(model, rows)}


def _grades(model: Forecaster, values: Any) -> dict[str, FloatArray]:
    """The probabilities of below Good and of each grade; NaN for one that knows the worst only."""
    if not isinstance(model, RiskModel):
        return {name: np.full(len(values), np.nan) for name in ("below_good", *_PROBABILITIES)}
    grades = model.probabilities(values)
    return {
        "below_good": below_good(model, values),
        **{column: _grade(grades, model, k) for k, column in enumerate(_PROBABILITIES)},
    }


def _grade(grades: FloatArray, model: RiskModel, grade: int) -> FloatArray:
    """The probability of a grade; 0 for one that had not been given yet when the model learnt."""
    known = list(model.classes)
    return grades[:, known.index(grade)] if grade in known else np.zeros(len(grades))


def _children(population: pd.DataFrame, day: date) -> pd.Series:
    public = population[population["published_on"] <= day]
    newest = public.sort_values("period").drop_duplicates("la_code", keep="last")
    children: pd.Series = newest.set_index("la_code")["value"]
    return children
