"""Challengers: machine-learning models, to see whether they find more in the same figures.

Each is a binary classifier of the scored indicators, with settings fixed beforehand for some eighty
events and never tuned. Its log-odds are moved to the level of the year to come, like the model's.
It gives only the risk of the worst grade.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from earlywarn.errors import TrainingError, require
from earlywarn.indicators.catalogue import model_column, scored_indicators
from earlywarn.judgements.targets import GRADES
from earlywarn.model.base_rate import next_level
from earlywarn.statistics.distributions import expit, logit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from earlywarn.statistics.arrays import FloatArray

EXTRA = "challengers"
SEED = 20160913
SUREST = 1e-3
"""The limits of the risk: no machine that learnt from so few cases can be surer than this."""


@dataclass(frozen=True, eq=False)
class Learnt:
    """A classifier after learning, set to the level of the year to come.

    Parameters
    ----------
    classifier : object
        Has ``predict_proba``; the second class is the worst grade.
    names : tuple of str
        The columns that it learnt from: those with any known values.
    shift : float
        What is added to its log-odds.
    """

    classifier: Any
    names: tuple[str, ...]
    shift: float

    def risk(self, X: pd.DataFrame) -> FloatArray:
        """Probability of the worst grade, strictly between 0 and 1."""
        return np.asarray(
            expit(_log_odds(self.classifier, X[list(self.names)]) + self.shift), dtype=float
        )


@dataclass(frozen=True)
class Challenger:
    """A learning machine in the form of a baseline.

    Parameters
    ----------
    name : str
        The name shown in tables.
    new : callable
        Makes the unfitted classifier from the names of the columns.
    at_random : bool
        Whether its list is drawn at random.
    by_figures : bool
        Whether it uses published figures only, and no last inspection.
    """

    name: str
    new: Callable[[Sequence[str]], Any]
    at_random: bool = False
    by_figures: bool = False

    def columns(self, X: pd.DataFrame) -> pd.DataFrame:
        """The scored indicators of some rows."""
        return X[[model_column(record) for record in scored_indicators()]]

    def fit(self, X: pd.DataFrame, grade: pd.Series, age: FloatArray) -> Learnt:
        """Fit the classifier, then move its log-odds to the level of the year to come.

        Parameters
        ----------
        X : DataFrame
            Indicators, a row per case.
        grade : Series
            0 to 3.
        age : ndarray
            Years from each case to the date from which it predicts.

        Raises
        ------
        MissingExtraError
            If its package is not installed.
        TrainingError
            If all cases have the same outcome.
        """
        columns = self.columns(X).dropna(axis="columns", how="all")
        worst = (grade == len(GRADES) - 1).to_numpy(dtype=int)
        if worst.min() == worst.max():
            raise TrainingError(
                "there is nothing to separate",
                where=self.name,
                found="one class",
                expected="cases with and without the worst grade",
            )
        names = tuple(columns.columns)
        with _one_thread():
            classifier = self.new(names).fit(columns, worst)
        level = next_level(_log_odds(classifier, columns), worst.astype(float), age)
        return Learnt(classifier, names, level.value)


def _one_thread() -> threadpool_limits:
    """Use one OpenMP thread: with so few cases, several spend longer waiting than working."""
    return threadpool_limits(1, user_api="openmp")


def _log_odds(classifier: Any, columns: pd.DataFrame) -> FloatArray:
    with _one_thread():
        probability = np.asarray(classifier.predict_proba(columns)[:, 1], dtype=float)
    return np.asarray(logit(np.clip(probability, SUREST, 1 - SUREST)), dtype=float)


def _boosting(names: Sequence[str]) -> Any:
    """Boosted trees of four leaves that may not go against the catalogue's directions."""
    signs = {model_column(record): record.sign for record in scored_indicators()}
    return HistGradientBoostingClassifier(
        learning_rate=0.05,
        max_iter=100,
        max_leaf_nodes=4,
        min_samples_leaf=20,
        l2_regularization=1.0,
        monotonic_cst={name: signs[name] for name in names},
        random_state=SEED,
    )


def _forest(_: Sequence[str]) -> Any:
    return RandomForestClassifier(n_estimators=300, min_samples_leaf=10, random_state=SEED)


def _logistic(_: Sequence[str]) -> Any:
    """Ridge logistic regression on standardised columns; a missing value is set to the mean."""
    ridge = LogisticRegression(C=0.05, max_iter=1000)
    return make_pipeline(SimpleImputer(), StandardScaler(), ridge)


def _explainable(_: Sequence[str]) -> Any:
    """Additive boosted curves, without interactions; a missing value is set to the mean."""
    require("interpret", extra=EXTRA)
    glassbox = require("interpret.glassbox", extra=EXTRA)
    curves = glassbox.ExplainableBoostingClassifier(
        interactions=0, outer_bags=8, max_rounds=2000, n_jobs=1, random_state=SEED
    )
    return make_pipeline(SimpleImputer(), curves)


CHALLENGERS: tuple[Challenger, ...] = (
    Challenger("monotone boosting", _boosting),
    Challenger("random forest", _forest),
    Challenger("penalised logistic", _logistic),
    Challenger("explainable boosting", _explainable),
)
"""The challengers, in the order of the tables; the last one needs the extra."""
