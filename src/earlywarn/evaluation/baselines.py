"""Baselines that a model has to beat: simple rules, turned into probabilities as the model is.

A baseline is a few columns, fitted by the same ordered model with a wide prior and set to a level
of judgements in the same way, so that it differs from the model only in the columns it uses. The
trailing base rate uses only the recent share of each grade.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd

from earlywarn.indicators.catalogue import Indicator, model_column, scored_indicators
from earlywarn.judgements.schema import GRADES
from earlywarn.model.base_rate import trailing_share
from earlywarn.model.classifier import RiskClassifier
from earlywarn.model.prior import WeightPrior, prior_of
from earlywarn.model.risk_model import RiskModel
from earlywarn.statistics.distributions import logit

if TYPE_CHECKING:
    from collections.abc import Callable

    from earlywarn.statistics.arrays import FloatArray

    Columns = Callable[[pd.DataFrame], pd.DataFrame]

WIDE = 1.0
"""Prior standard deviation of a baseline's weights: hardly any shrinkage."""
RED_FLAG = 1.0
"""A figure this many standard deviations on the bad side is a red flag."""


class Forecaster(Protocol):
    """A rule or machine after learning: it gives at least the risk."""

    def risk(self, X: Any, /) -> FloatArray:
        """Probability of the worst grade, for each row of the rule's columns."""


@runtime_checkable
class Contender(Protocol):
    """Anything the model can be compared with in a backtest: a rule, or a learning machine."""

    @property
    def name(self) -> str:
        """The name shown in tables."""

    @property
    def at_random(self) -> bool:
        """Whether its list is drawn at random."""

    @property
    def by_figures(self) -> bool:
        """Whether it uses published figures only, which stay the same between publications."""

    @property
    def columns(self) -> Columns:
        """Turn the indicators and the last inspection into its columns."""

    def fit(self, X: pd.DataFrame, grade: pd.Series, age: FloatArray) -> Forecaster:
        """Learn from cases, given how many years ago each was."""


@dataclass(frozen=True)
class Baseline:
    """A simple rule.

    Parameters
    ----------
    name : str
        The name shown in tables.
    columns : callable
        Turns the indicators and the last inspection (``grade``, ``years``) into the rule's columns.
    at_random : bool
        Whether its list is drawn at random.
    by_figures : bool
        Whether it uses published figures only, and no last inspection.
    """

    name: str
    columns: Columns
    at_random: bool = False
    by_figures: bool = False

    def fit(self, X: pd.DataFrame, grade: pd.Series, age: FloatArray) -> RiskModel:
        """Learn the rule's weights and thresholds.

        Parameters
        ----------
        X : DataFrame
            Indicators and last inspection, a row per case.
        grade : Series
            0 to 3.
        age : ndarray
            Years from each case to the date from which it predicts.
        """
        columns = self.columns(X)
        classifier = RiskClassifier(prior_covariance=WIDE**2 * np.eye(columns.shape[1]))
        return classifier.fit(columns, grade.astype(int), age=age).model_


@dataclass(frozen=True)
class BaseRate:
    """The recent share of each grade, and nothing else.

    Parameters
    ----------
    name : str
        The name shown in tables.
    at_random : bool
        Whether its list is drawn at random.
    by_figures : bool
        Always true: it uses no columns.
    """

    name: str
    at_random: bool = False
    by_figures: bool = True

    def columns(self, X: pd.DataFrame) -> pd.DataFrame:
        """A constant column."""
        return pd.DataFrame({"nothing": np.zeros(len(X))}, index=X.index)

    def fit(self, X: pd.DataFrame, grade: pd.Series, age: FloatArray) -> RiskModel:  # noqa: ARG002
        """The recent shares as a model; see ``Baseline.fit``."""
        grades = np.unique(grade.to_numpy(dtype=int))
        shares = [trailing_share((grade > k).to_numpy(float), age) for k in grades[:-1]]
        return RiskModel(
            columns=("nothing",),
            coefficients=np.zeros(1),
            thresholds=-logit(np.array(shares)),
            centre=np.zeros(1),
            orientation=np.ones(1),
            groups=("nothing",),
            agreement=np.zeros(1),
            covariance=np.zeros((2, 2)),
            classes=tuple(grades.tolist()),
        )


def _previous(X: pd.DataFrame) -> pd.DataFrame:
    """Each grade separately, compared with none known: risk need not rise from grade to grade."""
    grade = X["grade"].to_numpy(dtype=float)
    was = {f"was_{rank}": (grade == rank).astype(float) for rank in range(4)}
    return pd.DataFrame(was, index=X.index)


def _previous_and_time(X: pd.DataFrame) -> pd.DataFrame:
    years = np.nan_to_num(np.clip(X["years"].to_numpy(dtype=float), 0, 6), nan=3.0) - 3.0
    low = X["grade"].to_numpy(dtype=float) >= GRADES.index("Requires improvement")
    return _previous(X).assign(years=years, years_if_low=years * low)


def _deprivation(X: pd.DataFrame) -> pd.DataFrame:
    return X[["free_school_meals_z"]].fillna(0.0)


def _three_rates(X: pd.DataFrame) -> pd.DataFrame:
    return X[["referral_rate_z", "rereferrals_z", "repeat_plans_z"]].fillna(0.0)


def _figures() -> tuple[Indicator, ...]:
    return tuple(record for record in scored_indicators() if record.kind != "history")


def _composite(X: pd.DataFrame) -> pd.DataFrame:
    """The signed mean of the families, of which only the overall weight is learnt."""
    records = _figures()
    weights = prior_of(records, WeightPrior(composite=1.0))["prior_mean"]
    z = X[[model_column(record) for record in records]].fillna(0.0)
    return pd.DataFrame({"composite": z.to_numpy() @ weights}, index=X.index)


def _red_flags(X: pd.DataFrame) -> pd.DataFrame:
    records = _figures()
    z = X[[model_column(record) for record in records]].to_numpy()
    flags = z * [record.sign for record in records] >= RED_FLAG
    share = flags.sum(axis=1) / np.maximum(np.isfinite(z).sum(axis=1), 1)
    return pd.DataFrame({"red_flags": 10 * share}, index=X.index)


def below_good(model: RiskModel, X: Any) -> FloatArray:
    """The probability of Requires improvement or worse, whatever grades the model has seen."""
    good = GRADES.index("Good")
    place = sum(grade <= good for grade in model.classes)
    return model.at_least(X, place) if place else np.ones(len(X))


BASELINES: tuple[Baseline | BaseRate, ...] = (
    BaseRate("trailing base rate"),
    Baseline("previous judgement", _previous),
    Baseline("previous judgement and time since", _previous_and_time),
    Baseline("deprivation", _deprivation, by_figures=True),
    Baseline("three rates", _three_rates, by_figures=True),
    Baseline("equal-weight composite", _composite, by_figures=True),
    Baseline("red flags", _red_flags, by_figures=True),
    BaseRate("random list", at_random=True),
)
"""The baselines that ship, in the order of the tables."""

RIVALS = BASELINES
"""Their old name."""
