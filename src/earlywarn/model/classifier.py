"""RiskClassifier: the scikit-learn estimator that learns a RiskModel from ordered grades."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
from threadpoolctl import threadpool_limits

from earlywarn.errors import ModelError, TrainingError
from earlywarn.model.base_rate import Level, LevelState, level_state
from earlywarn.model.columns import no_numbers
from earlywarn.model.grade_order import graded, order_of
from earlywarn.model.ordinal import OrdinalFit, Prior, fit_ordinal
from earlywarn.model.risk_model import RiskModel
from earlywarn.utils.progress import Progress, progress_or_silent

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_NUMBERS: dict[str, Any] = {"ensure_all_finite": "allow-nan", "dtype": np.float64}


@dataclass(frozen=True)
class _Cases:
    """Graded cases with their prior, which can be fitted and recalibrated under any weights."""

    X: Floats
    grade: Ints
    n_grades: int
    prior: Prior
    age: Floats | None

    def fit(
        self, weight: Floats, *, start: OrdinalFit | None = None, max_iterations: int = 100
    ) -> OrdinalFit:
        return fit_ordinal(
            self.X,
            self.grade,
            self.n_grades,
            self.prior,
            weight=weight,
            start=start,
            max_iterations=max_iterations,
        )

    def thresholds(self, fit: OrdinalFit, weight: Floats, centre: Floats) -> Floats:
        """The thresholds of the fit or, where the ages are known, of the year to come."""
        if self.age is None:
            return fit.thresholds
        last = self.n_grades - 1
        rising = np.array([-self.level(fit, weight, k).value for k in range(last)])
        own = list(self.prior.own)
        # Where levels would put grades out of order, the worse one keeps its threshold.
        for k in range(last - 2, -1, -1):
            apart = (fit.deviations[k] - fit.deviations[k + 1])[own]
            closest = np.minimum(-centre[own] * apart, (1 - centre[own]) * apart).sum()
            rising[k] = min(rising[k], rising[k + 1] + closest - _LEAST_APART)
        return rising

    def level(self, fit: OrdinalFit, weight: Floats, k: int) -> Level:
        """The level of being worse than grade k: of the fit, or of the year to come."""
        state = self.state(fit, weight, k)
        return Level(-float(fit.thresholds[k]), 0.0) if state is None else state.ahead(1.0)

    def state(self, fit: OrdinalFit, weight: Floats, k: int) -> LevelState | None:
        """The state of the level of being worse than grade k at the cut; None without ages."""
        if self.age is None:
            return None
        above = (self.grade > k).astype(float)
        terms = self.X @ (fit.coefficients + fit.deviations[k])
        return level_state(terms, above, self.age, weight=weight)


_LEAST_APART = 1e-6
"""The least distance between thresholds, in log-odds."""


class RiskClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A cumulative logit for ordered grades, with a Gaussian prior on the coefficients.

    Parameters
    ----------
    prior_mean : array-like of shape (n_features,), optional
        What the coefficients are shrunk towards; 0 by default. This is where the indicators'
        directions enter.
    prior_covariance : array-like of shape (n_features, n_features), optional
        How far the cases may move them from that mean; the identity by default.
    doubt_covariance : array-like of shape (n_features, n_features), optional
        How far they may really be from that mean, for the bootstrap: wider than
        ``prior_covariance`` where that is kept tight for good predictions. The same by default.
    orientation : array-like of shape (n_features,), optional
        +1 or -1: the direction in which the columns of a group agree.
    groups : sequence of str, optional
        The group of each column. The known columns of a group are used to fill in its missing ones;
        by default each column is a group by itself, and a missing value is replaced by the column's
        centre.
    centre : array-like of shape (n_features,), optional
        Subtracted from each column; 0 by default.
    order : sequence, optional
        The classes, worst last; by default the order of an ordered categorical, otherwise sorted,
        with a warning if they are words.
    own : sequence of int, optional
        Positions of columns, with values from 0 to 1, whose coefficient may differ between
        thresholds: a partial proportional odds model. None by default.
    own_sd : float or sequence of float, default=0.5
        Standard deviation of the distance of such a coefficient from the common one; one for all,
        or one for each column in ``own``.
    n_bootstrap : int, default=0
        Number of refits for the coefficients' uncertainty; 0 uses the curvature at the mode
        (Laplace).
    max_iter : int, default=100
        Newton steps allowed; failing to converge is an error.
    random_state : int, default=0
        Seed of the bootstrap.

    Attributes
    ----------
    model_ : RiskModel
        The fitted model.
    classes_ : ndarray
        The grades, worst last.
    n_features_in_ : int
    n_iter_ : int
    levels_ : tuple of LevelState or None
        The level of each threshold at the cut, where ages were given.

    Notes
    -----
    The model is McCullagh's (1980, doi 10.1111/j.2517-6161.1980.tb01109.x). With ``age`` the
    thresholds are moved after the fit to the levels of the year to come, and the uncertainty of
    those is included in the intercept's variance: see ``earlywarn.model.base_rate``. The bootstrap
    draws a weight for each cluster (Rubin 1981, doi 10.1214/aos/1176345338) and a prior mean from
    ``doubt_covariance``, and repeats the whole fit, so that the spread also covers the uncertainty
    of the prior.

    Examples
    --------
    >>> X = np.array([[-2.0], [-1.0], [0.0], [0.5], [1.0], [2.0]])
    >>> RiskClassifier().fit(X, [0, 0, 1, 1, 2, 2]).predict_proba(X).shape
    (6, 3)
    """

    def __init__(  # noqa: PLR0913 - scikit-learn takes every parameter here, by name
        self,
        *,
        prior_mean: ArrayLike | None = None,
        prior_covariance: ArrayLike | None = None,
        doubt_covariance: ArrayLike | None = None,
        orientation: ArrayLike | None = None,
        groups: Sequence[str] | None = None,
        centre: ArrayLike | None = None,
        order: Sequence[Any] | None = None,
        own: Sequence[int] = (),
        own_sd: float | Sequence[float] = 0.5,
        n_bootstrap: int = 0,
        max_iter: int = 100,
        random_state: int = 0,
    ) -> None:
        self.prior_mean = prior_mean
        self.prior_covariance = prior_covariance
        self.doubt_covariance = doubt_covariance
        self.orientation = orientation
        self.groups = groups
        self.centre = centre
        self.order = order
        self.own = own
        self.own_sd = own_sd
        self.n_bootstrap = n_bootstrap
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        clusters: ArrayLike | None = None,
        age: ArrayLike | None = None,
        progress: Progress | None = None,
    ) -> RiskClassifier:
        """Learn from graded cases.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            May contain NaN.
        y : array-like of shape (n_samples,)
            The grades.
        sample_weight : array-like of shape (n_samples,), optional
        clusters : array-like of shape (n_samples,), optional
            Cases that belong together, for the bootstrap; each alone by default.
        age : array-like of shape (n_samples,), optional
            Years from each case to the date from which the model is used, 0 or more.
        progress : Progress, optional
            What to report the refits to; silent by default.

        Returns
        -------
        RiskClassifier
            Itself.

        Raises
        ------
        TrainingError
            If fewer than two grades are present, a cell is not a number, or the fit does not
            converge.
        """
        try:
            rows, grades = validate_data(self, X, y, **_NUMBERS)
        except ValueError as error:
            raise no_numbers(X, TrainingError) or error from None
        check_classification_targets(grades)
        weight = _check_sample_weight(sample_weight, rows, dtype=np.float64)
        ages = None if age is None else _ages(age, len(rows))
        cluster = np.arange(len(rows)) if clusters is None else _numbered(clusters, len(rows))
        if not weight.all():
            counts = weight > 0
            rows, grades = rows[counts], grades[counts]
            weight, cluster = weight[counts], cluster[counts]
            ages = None if ages is None else ages[counts]
        self.classes_, grade = graded(grades, order_of(y, self.order))
        blank = self._blank(rows)
        self._check_own(rows)
        filled, _ = blank.complete(rows)
        cases = _Cases(filled, grade, len(self.classes_), self._prior(), ages)
        # Hundreds of small fits: threads would spend longer waiting for one another than working.
        with threadpool_limits(1, user_api="blas"):
            self._learn(cases, blank, weight, cluster, progress_or_silent(progress))
        return self

    def _learn(
        self, cases: _Cases, blank: RiskModel, weight: Floats, cluster: Ints, progress: Progress
    ) -> None:
        fit = cases.fit(weight, max_iterations=self.max_iter)
        self.model_ = replace(
            blank,
            coefficients=fit.coefficients + fit.deviations[-1],
            shifts=fit.deviations - fit.deviations[-1] if cases.prior.own else None,
            thresholds=cases.thresholds(fit, weight, blank.centre),
            covariance=self._covariance(cases, fit, weight, cluster, progress),
        )
        self.levels_ = tuple(cases.state(fit, weight, k) for k in range(cases.n_grades - 1))
        self.n_iter_ = fit.iterations

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Probability of each grade, worst last."""
        matrix = self._checked(X)
        return self.model_.probabilities(matrix)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The most probable grade."""
        probabilities = self.predict_proba(X)
        return np.asarray(self.classes_[probabilities.argmax(axis=1)])

    def decision_function(self, X: ArrayLike) -> Floats:
        """Log-odds of the worst grade if there are two, otherwise the log-probability of each."""
        matrix = self._checked(X)
        if len(self.classes_) == 2:
            return self.model_.log_odds(matrix)
        return np.log(np.maximum(self.model_.probabilities(matrix), 1e-300))

    def _checked(self, X: ArrayLike) -> Floats:
        check_is_fitted(self)
        try:
            rows = validate_data(self, X, reset=False, **_NUMBERS)
        except ValueError as error:
            raise no_numbers(X, ModelError) or error from None
        return np.asarray(rows, dtype=float)

    def _blank(self, X: Floats) -> RiskModel:
        """The model before learning: columns, groups and how much the columns of a group agree."""
        width = X.shape[1]
        names = getattr(self, "feature_names_in_", [f"x{position}" for position in range(width)])
        groups = tuple(names) if self.groups is None else tuple(self.groups)
        if len(groups) != width:
            raise _misfit("groups", f"{len(groups)}", f"one for each of {width} columns")
        orientation = _column_facts(self.orientation, "orientation", np.ones(width))
        centre = _column_facts(self.centre, "centre", np.zeros(width))
        return RiskModel(
            columns=tuple(str(name) for name in names),
            coefficients=np.zeros(width),
            thresholds=np.zeros(len(self.classes_) - 1),
            centre=centre,
            orientation=orientation,
            groups=tuple(str(group) for group in groups),
            agreement=_agreement((X - centre) * orientation, groups),
            covariance=np.zeros((width + 1, width + 1)),
            classes=tuple(self.classes_.tolist()),
        )

    def _prior(self) -> Prior:
        width = self.n_features_in_
        mean = _column_facts(self.prior_mean, "prior_mean", np.zeros(width))
        covariance = _column_facts(
            self.prior_covariance, "prior_covariance", np.eye(width, dtype=np.float64)
        )
        try:
            np.linalg.cholesky(covariance)
            precision = np.asarray(np.linalg.inv(covariance), dtype=np.float64)
        except np.linalg.LinAlgError as error:
            raise _misfit("prior_covariance", str(error), "a positive definite matrix") from error
        own = tuple(self.own)
        own_sd = np.broadcast_to(np.asarray(self.own_sd, dtype=float), len(own))
        return Prior(mean, precision, own, tuple(own_sd.tolist()))

    def _check_own(self, rows: Floats) -> None:
        """Refuse columns in ``own`` that do not exist or are not between 0 and 1."""
        sizes = np.asarray(self.own_sd, dtype=float)
        if sizes.shape not in ((), (len(self.own),)) or not (sizes > 0).all():
            raise _misfit("own_sd", f"{self.own_sd}", "a number above 0, or one for each of own")
        for place in self.own:
            if not 0 <= place < rows.shape[1]:
                raise _misfit("own", str(place), f"positions from 0 to {rows.shape[1] - 1}")
            column = rows[:, place]
            known = column[~np.isnan(column)]
            if ((known < 0) | (known > 1)).any():
                raise _misfit("own", f"a value of {known.max():g}", "columns from 0 to 1")

    def _covariance(
        self, cases: _Cases, fit: OrdinalFit, weight: Floats, cluster: Ints, progress: Progress
    ) -> Floats:
        """The covariance of the worst grade's intercept and the coefficients."""
        last = len(self.classes_) - 2
        if self.n_bootstrap == 0:
            parts = _worst_of_all(fit, cases.prior.own)
            covariance = parts @ np.linalg.inv(fit.information) @ parts.T
            if cases.age is not None:
                covariance[0, 0] = _explained(covariance)
        else:
            refits = self._refits(cases, fit, weight, cluster, progress)
            covariance = np.atleast_2d(np.cov(refits.T))
        covariance[0, 0] += cases.level(fit, weight, last).sd ** 2
        return np.asarray(covariance, dtype=float)

    def _refits(
        self, cases: _Cases, fit: OrdinalFit, weight: Floats, cluster: Ints, progress: Progress
    ) -> Floats:
        """The worst grade's intercept and the coefficients, one row per refit."""
        last = len(self.classes_) - 2
        rng = np.random.default_rng(self.random_state)
        root = self._doubt(cases.prior)
        refits = np.empty((self.n_bootstrap, len(fit.coefficients) + 1))
        for row in progress.over(refits, "Refitting, to measure how uncertain the weights are"):
            drawn = weight * rng.standard_exponential(cluster.max() + 1)[cluster]
            mean = cases.prior.mean + root @ rng.standard_normal(len(root))
            apart = np.asarray(cases.prior.own_sd) * rng.standard_normal(
                (last + 1, len(cases.prior.own))
            )
            again = replace(cases, prior=replace(cases.prior, mean=mean, own_mean=apart))
            refit = again.fit(drawn, start=fit, max_iterations=self.max_iter)
            # The uncertainty of the level for given coefficients is added once, to all of them.
            worst = refit.coefficients + refit.deviations[-1]
            row[:] = again.level(refit, weight, last).value, *worst
        return refits

    def _doubt(self, prior: Prior) -> Floats:
        """A square root of the covariance from which prior means are drawn."""
        usual = np.asarray(np.linalg.inv(prior.precision), dtype=float)
        covariance = _column_facts(self.doubt_covariance, "doubt_covariance", usual)
        try:
            return np.asarray(np.linalg.cholesky(covariance), dtype=float)
        except np.linalg.LinAlgError as error:
            raise _misfit("doubt_covariance", str(error), "a positive definite matrix") from error

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        # Unordered classes can't be learnt by a model of ordered grades.
        tags.classifier_tags.poor_score = True
        return tags


def _worst_of_all(fit: OrdinalFit, own: tuple[int, ...]) -> Floats:
    """The worst grade's intercept and coefficients as sums of the parameters of a fit."""
    last, width = len(fit.thresholds) - 1, len(fit.coefficients)
    parts = np.zeros((width + 1, len(fit.point)))
    parts[0, last] = -1.0
    parts[1:, last + 1 : last + 1 + width] = np.eye(width)
    first = len(fit.point) - len(own)
    for position, place in enumerate(own):
        parts[1 + place, first + position] = 1.0
    return parts


def _explained(covariance: Floats) -> float:
    """The variance of the first parameter that the others explain."""
    shared = covariance[1:, 0]
    return float(shared @ np.linalg.solve(covariance[1:, 1:], shared))


def _column_facts(given: ArrayLike | None, name: str, default: Floats) -> Floats:
    """A parameter with a number for each column, in the default's shape."""
    if given is None:
        return default
    facts = np.asarray(given, dtype=float)
    if facts.shape != default.shape or not np.isfinite(facts).all():
        found = f"shape {facts.shape}" if facts.shape != default.shape else "a missing number"
        raise _misfit(name, found, f"finite numbers of shape {default.shape}")
    return facts


def _ages(given: ArrayLike, rows: int) -> Floats:
    ages = np.asarray(given, dtype=float)
    if ages.shape != (rows,):
        raise _misfit("age", f"shape {ages.shape}", f"one for each of {rows} cases")
    return ages


def _numbered(clusters: ArrayLike, rows: int) -> Ints:
    numbers = np.unique(np.asarray(clusters), return_inverse=True)[1]
    if numbers.shape != (rows,):
        raise _misfit("clusters", f"shape {numbers.shape}", f"one for each of {rows} cases")
    return np.asarray(numbers, dtype=np.int64)


def _misfit(name: str, found: str, expected: str) -> TrainingError:
    return TrainingError(f"{name} does not fit", where=name, found=found, expected=expected)


def _agreement(oriented: Floats, groups: Sequence[str]) -> Floats:
    """The mean known correlation of each column with the others of its group, from 0 to 0.95."""
    result = np.zeros(oriented.shape[1])
    for name in dict.fromkeys(groups):
        inside = np.flatnonzero([group == name for group in groups])
        pairs = [
            _correlation(oriented[:, a], oriented[:, b])
            for position, a in enumerate(inside)
            for b in inside[position + 1 :]
        ]
        known = [pair for pair in pairs if np.isfinite(pair)]
        result[inside] = min(max(float(np.mean(known)), 0.0), 0.95) if known else 0.0
    return result


def _correlation(a: Floats, b: Floats) -> float:
    both = np.isfinite(a) & np.isfinite(b)
    if both.sum() < 10 or np.ptp(a[both]) == 0 or np.ptp(b[both]) == 0:
        return np.nan
    return float(np.corrcoef(a[both], b[both])[0, 1])
