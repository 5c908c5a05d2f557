"""The cumulative logit with a Gaussian prior, fitted by damped Newton steps, on plain arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

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
    """A Gaussian prior of the coefficients: their mean and their precision (inverse covariance).

    Parameters
    ----------
    mean : ndarray of shape (n_columns,)
    precision : ndarray of shape (n_columns, n_columns)
    own : tuple of int
        Columns whose coefficient may differ from threshold to threshold.
    own_sd : float or tuple of float
        Standard deviation of how far it differs from the common one at each threshold; one for
        all such columns, or one each.
    own_mean : ndarray of shape (n_grades - 1, number of own), optional
        What the differences are shrunk towards; 0 by default.
    """

    mean: Floats
    precision: Floats
    own: tuple[int, ...] = ()
    own_sd: float | tuple[float, ...] = 1.0
    own_mean: Floats | None = None


@dataclass(frozen=True)
class OrdinalFit:
    """The mode of the posterior, and its curvature.

    Parameters
    ----------
    thresholds : ndarray of shape (n_grades - 1,)
        Strictly increasing.
    coefficients : ndarray of shape (n_columns,)
        P(grade > k) = expit(X @ (coefficients + deviations[k]) - thresholds[k]).
    deviations : ndarray of shape (n_grades - 1, n_columns)
        How much larger a column's coefficient is at each threshold; 0 except for the columns that
        have their own.
    information : ndarray
        Minus the Hessian of the log posterior at the mode: thresholds, coefficients, deviations.
    iterations : int
        Newton steps taken.
    point : ndarray
        All parameters in one array: thresholds, coefficients, deviations.
    """

    thresholds: Floats
    coefficients: Floats
    deviations: Floats
    information: Floats
    iterations: int
    point: Floats


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

    The log posterior is concave (Pratt 1981), so damped Newton steps with the exact gradient and
    Hessian reach its only maximum; if they don't, that is an error, never a silent bad fit.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_columns)
        No missing values.
    grade : ndarray of shape (n_rows,)
        0 to ``n_grades - 1``, each present.
    n_grades : int
        How many ordered grades there are.
    prior : Prior
        The prior of the coefficients; the thresholds have none.
    weight : ndarray of shape (n_rows,), optional
        How often each row counts.
    start : OrdinalFit, optional
        Where to begin, for refits.
    max_iterations : int
        Newton steps allowed.
    tolerance : float
        The Newton decrement below which the fit has converged.

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
    doi 10.1080/01621459.1981.10477613. Columns with a coefficient of their own at each threshold
    make it a partial proportional odds model (Peterson and Harrell 1990, doi 10.2307/2347760),
    shrunk towards proportional odds; the log posterior stays concave where the probabilities of
    all grades are above 0, and the steps never leave that region.

    Examples
    --------
    >>> X = np.array([[-2.0], [-1.0], [0.0], [0.5], [1.0], [2.0]])
    >>> fit = fit_ordinal(X, np.array([0, 0, 1, 0, 1, 1]), 2, Prior(np.zeros(1), np.eye(1)))
    >>> bool(fit.coefficients[0] > 0)
    True
    """
    weight = np.ones(len(X)) if weight is None else weight
    problem = _Problem(X, grade, n_grades, prior, weight)
    point = problem.start() if start is None else start.point
    value, decrement = problem.value(point), np.inf
    for iteration in range(1, max_iterations + 1):
        gradient, information = problem.derivatives(point)
        step = _newton_step(information, gradient)
        decrement = float(gradient @ step)
        point, value = _damped(problem, point, step, value)
        if decrement < tolerance:
            return OrdinalFit(*problem.parts(point), information, iteration, point)
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
    """The log posterior of one data set, with its exact derivatives.

    A row's grade lies between an upper and a lower bound on the log-odds scale. Both are linear in
    the parameters (thresholds, coefficients, deviations): two design matrices.
    """

    X: Floats
    grade: Ints
    n_grades: int
    prior: Prior
    weight: Floats

    def start(self) -> Floats:
        """The thresholds that fit only the shares of the grades, and the prior's mean."""
        counts = np.bincount(self.grade, weights=self.weight, minlength=self.n_grades)
        below = np.cumsum(counts)[:-1] / counts.sum()
        return np.asarray(np.r_[logit(below), self._mean], dtype=float)

    def parts(self, point: Floats) -> tuple[Floats, Floats, Floats]:
        """Thresholds, coefficients and deviations."""
        last, own = self.n_grades - 1, list(self.prior.own)
        width = self.X.shape[1]
        deviations = np.zeros((last, width))
        deviations[:, own] = point[last + width :].reshape(last, len(own))
        return point[:last], point[last : last + width], deviations

    def value(self, point: Floats) -> float:
        if np.any(np.diff(point[: self.n_grades - 1]) < _SMALLEST_GAP):
            return -np.inf
        upper, lower = self._bounds(point)
        share = upper - lower
        if np.any(share <= 0):
            return -np.inf
        away = point[self.n_grades - 1 :] - self._mean
        likelihood = self.weight @ np.log(np.maximum(share, 1e-300))
        return float(likelihood - away @ self._precision @ away / 2)

    def derivatives(self, point: Floats) -> tuple[Floats, Floats]:
        """Gradient and minus the Hessian."""
        upper, lower = self._bounds(point)
        share = np.maximum(upper - lower, 1e-300)
        d_upper, d_lower = upper * (1 - upper) / share, lower * (1 - lower) / share
        above, below = self._designs
        away = np.zeros(len(point))
        away[self.n_grades - 1 :] = self._precision @ (point[self.n_grades - 1 :] - self._mean)
        gradient = above.T @ (self.weight * d_upper) - below.T @ (self.weight * d_lower) - away
        curve_upper = self.weight * (d_upper**2 - d_upper * (1 - 2 * upper))
        curve_lower = self.weight * (d_lower**2 + d_lower * (1 - 2 * lower))
        both = (above * (self.weight * d_upper * d_lower)[:, None]).T @ below
        information = (above * curve_upper[:, None]).T @ above
        information += (below * curve_lower[:, None]).T @ below - both - both.T
        information[self.n_grades - 1 :, self.n_grades - 1 :] += self._precision
        return gradient, information

    @cached_property
    def _designs(self) -> tuple[Floats, Floats]:
        """The bounds of each row as sums of the parameters; 0 where there is none."""
        return self._design(self.grade), self._design(self.grade - 1)

    def _design(self, threshold: Ints) -> Floats:
        last, own = self.n_grades - 1, list(self.prior.own)
        at = (threshold[:, None] == np.arange(last)).astype(float)
        there = at.sum(axis=1, keepdims=True)
        apart = (at[:, :, None] * self.X[:, None, own]).reshape(len(self.X), last * len(own))
        return np.hstack([at, -there * self.X, -apart])

    def _bounds(self, point: Floats) -> tuple[Floats, Floats]:
        above, below = self._designs
        top = np.where(self.grade == self.n_grades - 1, 1.0, expit(above @ point))
        return top, np.where(self.grade == 0, 0.0, expit(below @ point))

    @cached_property
    def _mean(self) -> Floats:
        """The prior mean of the coefficients and the deviations."""
        if self.prior.own_mean is None:
            apart = np.zeros((self.n_grades - 1) * len(self.prior.own))
        else:
            apart = self.prior.own_mean.ravel()
        return np.asarray(np.r_[self.prior.mean, apart], dtype=float)

    @cached_property
    def _precision(self) -> Floats:
        width, size = len(self.prior.mean), len(self._mean)
        precision = np.zeros((size, size))
        precision[:width, :width] = self.prior.precision
        apart = np.broadcast_to(self.prior.own_sd, len(self.prior.own))
        precision[range(width, size), range(width, size)] = np.tile(1 / apart**2, self.n_grades - 1)
        return precision
