"""The cumulative logit with a Gaussian prior, fitted by damped Newton steps, on plain arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earlywarn.errors import TrainingError
from earlywarn.statistics.distributions import expit, logit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SMALLEST_GAP = 1e-8
_SMALLEST_STEP = 2.0**-30
_REMEDY = "Look for columns of very different scale, or give the coefficients a tighter prior."


@dataclass(frozen=True)
class Prior:
    """A Gaussian prior of the coefficients: their mean and their precision (inverse covariance)."""

    mean: Floats
    precision: Floats


@dataclass(frozen=True)
class OrdinalFit:
    """The mode of the posterior, and its curvature.

    Parameters
    ----------
    thresholds : ndarray of shape (n_grades - 1,)
        Strictly increasing.
    coefficients : ndarray of shape (n_columns,)
        P(grade > k) = expit(X @ coefficients - thresholds[k]).
    information : ndarray of shape (n_grades - 1 + n_columns, n_grades - 1 + n_columns)
        Minus the Hessian of the log posterior at the mode, thresholds first.
    iterations : int
        Newton steps taken.
    """

    thresholds: Floats
    coefficients: Floats
    information: Floats
    iterations: int


def fit_ordinal(
    X: Floats,
    grade: Ints,
    n_grades: int,
    prior: Prior,
    *,
    weight: Floats | None = None,
    start: OrdinalFit | None = None,
    max_iterations: int = 100,
    tolerance: float = 1e-9,
) -> OrdinalFit:
    """Fit the cumulative logit model by its posterior mode.

    The log posterior is concave (Pratt 1981), so that damped Newton steps with the exact gradient
    and Hessian reach its one maximum; where they don't, that is an error, never a silent bad fit.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_columns)
        No missing values.
    grade : ndarray of shape (n_rows,)
        0 to ``n_grades - 1``, each present.
    n_grades : int
        How many ordered grades there are.
    prior : Prior
        Of the coefficients; the thresholds have none.
    weight : ndarray of shape (n_rows,), optional
        How often each row counts.
    start : OrdinalFit, optional
        Where to begin, for refits.
    max_iterations : int
        Newton steps allowed.
    tolerance : float
        The Newton decrement below which the fit is done.

    Returns
    -------
    OrdinalFit

    Raises
    ------
    TrainingError
        If the steps do not converge.

    Notes
    -----
    McCullagh 1980, doi 10.1111/j.2517-6161.1980.tb01109.x; concavity: Pratt 1981,
    doi 10.1080/01621459.1981.10477613.

    Examples
    --------
    >>> X = np.array([[-2.0], [-1.0], [0.0], [0.5], [1.0], [2.0]])
    >>> fit = fit_ordinal(X, np.array([0, 0, 1, 0, 1, 1]), 2, Prior(np.zeros(1), np.eye(1)))
    >>> bool(fit.coefficients[0] > 0)
    True
    """
    weight = np.ones(len(X)) if weight is None else weight
    problem = _Problem(X, grade, n_grades, prior, weight)
    point = problem.start() if start is None else np.r_[start.thresholds, start.coefficients]
    value, decrement = problem.value(point), np.inf
    for iteration in range(1, max_iterations + 1):
        gradient, information = problem.derivatives(point)
        step = _newton_step(information, gradient)
        decrement = float(gradient @ step)
        point, value = _damped(problem, point, step, value)
        if decrement < tolerance:
            thresholds, coefficients = point[: n_grades - 1], point[n_grades - 1 :]
            return OrdinalFit(thresholds, coefficients, information, iteration)
    raise TrainingError(
        "the ordinal fit did not converge",
        found=f"a Newton decrement of {decrement:.2g} after {max_iterations} steps",
        expected=f"below {tolerance:.2g}",
        remedy=_REMEDY,
    )


def _newton_step(information: Floats, gradient: Floats) -> Floats:
    try:
        return np.asarray(np.linalg.solve(information, gradient), dtype=float)
    except np.linalg.LinAlgError as error:
        raise TrainingError(
            "the data and the prior leave a coefficient open",
            expected="columns of which none is a sum of others",
            remedy="Leave such a column out, or give the coefficients a prior.",
        ) from error


def _damped(problem: _Problem, point: Floats, step: Floats, value: float) -> tuple[Floats, float]:
    """Halve the step until it does not make things worse."""
    size = 1.0
    while size > _SMALLEST_STEP:
        trial = point + size * step
        reached = problem.value(trial)
        if reached >= value - 1e-12 * abs(value):
            return trial, reached
        size /= 2
    raise TrainingError(
        "the ordinal fit found no way up",
        remedy=_REMEDY,
    )


@dataclass(frozen=True)
class _Problem:
    """The log posterior of one data set, with its exact derivatives."""

    X: Floats
    grade: Ints
    n_grades: int
    prior: Prior
    weight: Floats

    def start(self) -> Floats:
        """The thresholds that fit the shares of the grades alone, and the prior's mean."""
        counts = np.bincount(self.grade, weights=self.weight, minlength=self.n_grades)
        below = np.cumsum(counts)[:-1] / counts.sum()
        return np.asarray(np.r_[logit(below), self.prior.mean], dtype=float)

    def value(self, point: Floats) -> float:
        thresholds, coefficients = self._split(point)
        if np.any(np.diff(thresholds) < _SMALLEST_GAP):
            return -np.inf
        upper, lower = self._cumulative(thresholds, coefficients)
        away = coefficients - self.prior.mean
        likelihood = self.weight @ np.log(np.maximum(upper - lower, 1e-300))
        return float(likelihood - away @ self.prior.precision @ away / 2)

    def derivatives(self, point: Floats) -> tuple[Floats, Floats]:
        """Gradient and minus the Hessian; in a logit, d log p / d eta is upper + lower - 1."""
        thresholds, coefficients = self._split(point)
        upper, lower = self._cumulative(thresholds, coefficients)
        share = np.maximum(upper - lower, 1e-300)
        d_upper, d_lower = upper * (1 - upper), lower * (1 - lower)
        at, under = self._indicators()
        slope = self.weight * (upper + lower - 1)
        away = coefficients - self.prior.mean
        by_threshold = at.T @ (self.weight * d_upper / share) - under.T @ (
            self.weight * d_lower / share
        )
        gradient = np.r_[by_threshold, self.X.T @ slope - self.prior.precision @ away]
        cross = -(at * d_upper[:, None] + under * d_lower[:, None]).T @ (
            self.weight[:, None] * self.X
        )
        curve = (self.X * (self.weight * (d_upper + d_lower))[:, None]).T @ self.X
        corner = self._threshold_information(upper, lower, share)
        return gradient, np.block([[corner, cross], [cross.T, curve + self.prior.precision]])

    def _threshold_information(self, upper: Floats, lower: Floats, share: Floats) -> Floats:
        d_upper, d_lower = upper * (1 - upper), lower * (1 - lower)
        at, under = self._indicators()
        own = self.weight * ((d_upper / share) ** 2 - d_upper * (1 - 2 * upper) / share)
        other = self.weight * ((d_lower / share) ** 2 + d_lower * (1 - 2 * lower) / share)
        both = at.T @ ((self.weight * (d_upper / share) * (d_lower / share))[:, None] * under)
        return np.diag(at.T @ own + under.T @ other) - both - both.T

    def _indicators(self) -> tuple[Floats, Floats]:
        """Which threshold lies at the top of each row's grade, and which at its bottom."""
        thresholds = np.arange(self.n_grades - 1)
        at = (self.grade[:, None] == thresholds).astype(float)
        under = (self.grade[:, None] == thresholds + 1).astype(float)
        return at, under

    def _cumulative(self, thresholds: Floats, coefficients: Floats) -> tuple[Floats, Floats]:
        eta = self.X @ coefficients
        bounds = np.r_[-np.inf, thresholds, np.inf]
        return expit(bounds[self.grade + 1] - eta), expit(bounds[self.grade] - eta)

    def _split(self, point: Floats) -> tuple[Floats, Floats]:
        return point[: self.n_grades - 1], point[self.n_grades - 1 :]
