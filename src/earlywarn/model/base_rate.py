"""How common an event is now: its recent share, and its level in the year to come.

The level moves from year to year while the weights stay: a random walk on the log-odds scale whose
steps are learnt from earlier years, with a trend that fades.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earlywarn.errors import TrainingError
from earlywarn.statistics.distributions import expit, logit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HALF_LIFE = 1.5
"""Years after which a case counts half in the recent share."""
PSEUDO_CASES = 10.0
"""Number of cases at the long-run share that are mixed into the recent share."""
DAMPING = 0.5
"""The share of a year's change that is expected again in the next."""
STEPS = (0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.9)
"""Candidate standard deviations of a year's own step, in log-odds."""
USUAL_STEP = 0.3
"""Scale of the half-normal prior of that standard deviation."""
LOOSE = 10.0
"""Standard deviation of a level about the long run, besides its steps: barely constrained."""
LONGEST = 50
"""In years; a greater age is a mistake."""
_ITERATIONS, _SETTLED = 200, 1e-10


@dataclass(frozen=True)
class Level:
    """The level of the year to come.

    Parameters
    ----------
    value : float
        In log-odds, to be added to a case's terms.
    sd : float
        How uncertain it is: from the levels of earlier years, and from the coming step, which none
        of them can predict.
    """

    value: float
    sd: float


AT_CUT = 0.5
"""Years from the middle of the last year, to which its level belongs, to the cut."""


@dataclass(frozen=True)
class LevelState:
    """What is known of a level at the cut: enough to carry forward its mean and spread.

    Parameters
    ----------
    value, change : float
        The level of the last year, in log-odds, and how far it is above the year before.
    value_variance, covariance, change_variance : float
        How uncertain they are.
    step_variance : float
        Variance of a year's own step.
    """

    value: float
    change: float
    value_variance: float
    covariance: float
    change_variance: float
    step_variance: float

    def ahead(self, years: float) -> Level:
        """The level a given number of years, 0 or more, after the middle of the last year.

        Notes
        -----
        Half of the last change carries on in the next year, a quarter in the one after, and so on;
        the steps of the years between add up, and carry on in the same way. Between whole years the
        variance of the steps is interpolated linearly.

        Examples
        --------
        >>> state = LevelState(-2.0, -0.4, 0.1, 0.0, 0.1, 0.04)
        >>> [round(state.ahead(years).value, 3) for years in (0.0, 1.0, 2.0)]
        [-2.0, -2.2, -2.3]
        >>> [round(state.ahead(years).sd, 3) for years in (0.0, 1.0, 2.0)]
        [0.316, 0.406, 0.535]
        """
        if not 0 <= years < LONGEST:
            raise TrainingError(
                "a level can't be carried there",
                where="years",
                found=f"{years:g}",
                expected=f"years from 0 to {LONGEST}",
            )
        on = _carried(years)
        known = self.value_variance + 2 * on * self.covariance + on**2 * self.change_variance
        steps = self.step_variance * _steps_between(years)
        return Level(self.value + on * self.change, float(np.sqrt(max(known, 0.0) + steps)))


def _carried(years: float) -> float:
    """The multiple of the last change that has carried on after a number of years."""
    return float(DAMPING * (1 - DAMPING**years) / (1 - DAMPING))


def _steps_between(years: float) -> float:
    """The variance of the level a number of years on, in multiples of the step variance."""
    whole = int(years)
    each = [(1 + _carried(later)) ** 2 for later in range(whole + 1)]
    return float(sum(each[:whole]) + (years - whole) * each[whole])


def recent_weights(age: Floats) -> Floats:
    """The weights of cases of these ages, in years, in the recent share.

    Examples
    --------
    >>> recent_weights(np.array([0.0, 1.5, 3.0]))
    array([1.  , 0.5 , 0.25])
    """
    return np.asarray(0.5 ** (np.asarray(age) / HALF_LIFE), dtype=float)


def trailing_share(event: Floats, age: Floats) -> float:
    """The recent share of an event, mixed with some cases at its long-run share.

    Examples
    --------
    >>> trailing_share(np.array([0.0, 1.0]), np.array([0.0, 1.5]))
    0.4782608695652174
    """
    weight = recent_weights(age)
    mixed = weight @ event + PSEUDO_CASES * np.mean(event)
    return float(mixed / (weight.sum() + PSEUDO_CASES))


def next_level(terms: Floats, event: Floats, age: Floats, *, weight: Floats | None = None) -> Level:
    """Predict the level of the year to come from cases of the years before.

    Parameters
    ----------
    terms : ndarray of shape (n_cases,)
        The contribution of a case's own figures to its log-odds.
    event : ndarray of shape (n_cases,)
        1 where it happened, else 0.
    age : ndarray of shape (n_cases,)
        Years from the case to the date of the forecast, 0 or more.
    weight : ndarray of shape (n_cases,), optional
        How often each case counts.

    Returns
    -------
    Level

    Raises
    ------
    TrainingError
        If an age is negative, missing or over 50 years, or the levels do not converge.

    Notes
    -----
    The log-odds of a case are its terms plus the level of its year. A year's level is the previous
    one, plus half of the last change (``DAMPING``), plus a normal step. For each standard deviation
    of the steps in ``STEPS`` the levels are found at their posterior mode, and weighted by
    Laplace's approximation of the marginal likelihood (Tierney and Kadane 1986, doi
    10.1080/01621459.1986.10478240) times a half-normal prior of scale ``USUAL_STEP``.

    Examples
    --------
    >>> age = np.repeat([2.5, 1.5, 0.5], 100)
    >>> event = np.r_[np.arange(100) < 30, np.arange(100) < 20, np.arange(100) < 10].astype(float)
    >>> level = next_level(np.zeros(300), event, age)
    >>> bool(-2.8 < level.value < -2.0)
    True
    """
    return level_state(terms, event, age, weight=weight).ahead(1.0)


def level_state(
    terms: Floats, event: Floats, age: Floats, *, weight: Floats | None = None
) -> LevelState:
    """Learn the level at the date of the forecast; the parameters are those of ``next_level``.

    Returns
    -------
    LevelState
        ``ahead(1.0)`` is the level of the year to come.

    Raises
    ------
    TrainingError
        As for ``next_level``.
    """
    cases = _Cases.of(terms, event, age, np.ones(len(terms)) if weight is None else weight)
    sizes = np.array(STEPS)
    evidence, last, within = cases.settled(sizes)
    evidence = evidence - sizes**2 / (2 * USUAL_STEP**2)
    # The candidate steps are not evenly spaced: each represents the stretch around it.
    share = np.exp(evidence - evidence.max()) * np.gradient(sizes)
    share /= share.sum()
    mean = share @ last
    away = last - mean
    spread = np.tensordot(share, within, axes=1) + (away * share[:, None]).T @ away
    return LevelState(
        value=float(mean[0]),
        change=float(mean[1]),
        value_variance=float(spread[0, 0]),
        covariance=float(spread[0, 1]),
        change_variance=float(spread[1, 1]),
        step_variance=float(share @ sizes**2),
    )


def _last(levels: Floats, covariance: Floats) -> tuple[Floats, Floats]:
    """The last level, its change, and their covariance; no change if there is only one year."""
    pick = np.zeros((2, levels.shape[-1]))
    pick[:, -1] = 1.0
    pick[1, -2:] = (-1.0, 1.0) if levels.shape[-1] > 1 else 0.0
    return levels @ pick.T, pick @ covariance @ pick.T


@dataclass(frozen=True)
class _Cases:
    """Cases by year, the oldest year first."""

    terms: Floats
    event: Floats
    weight: Floats
    year: Ints
    years: int

    @classmethod
    def of(cls, terms: Floats, event: Floats, age: Floats, weight: Floats) -> _Cases:
        if not ((age >= 0) & (age < LONGEST)).all():
            strange = age[~((age >= 0) & (age < LONGEST))][0]
            raise TrainingError(
                "age does not fit",
                where="age",
                found=f"{strange:g}",
                expected=f"years before the day of the forecast, from 0 to {LONGEST}",
            )
        if not 0 < weight @ event < weight.sum():
            raise TrainingError(
                "there is no level to learn",
                found="an event that always or never happened",
                expected="cases with and without it",
            )
        ago = np.floor(age).astype(np.int64)
        years = int(ago.max()) + 1
        return cls(terms, event, weight, years - 1 - ago, years)

    def settled(self, steps: Floats) -> tuple[Floats, Floats, Floats]:
        """For each size of step: log evidence, and the last level and change with their spread.

        All sizes go through Newton's method together, since a refit of the weights needs them all
        and each by itself is little work.
        """
        middle = float(logit(self.weight @ self.event / self.weight.sum()))
        precision = np.stack([_precision(self.years, float(step)) for step in steps])
        away = np.zeros((len(steps), self.years))
        diagonal = np.arange(self.years)
        for _ in range(_ITERATIONS):
            risk = expit(self.terms + (middle + away)[:, self.year])
            gradient = self._by_year(self.event - risk) - _times(precision, away)
            curve = precision.copy()
            curve[:, diagonal, diagonal] += self._by_year(risk * (1 - risk))
            # The posterior is concave; steps of at most 1 keep Newton's method on course.
            move = np.clip(np.linalg.solve(curve, gradient[:, :, None])[:, :, 0], -1.0, 1.0)
            away = away + move
            if np.abs(move).max() < _SETTLED:
                levels = middle + away
                evidence = self._evidence(levels, away, precision, curve)
                return evidence, *_last(levels, np.asarray(np.linalg.inv(curve), dtype=float))
        raise TrainingError("the levels of the years do not settle", found=f"{_ITERATIONS} steps")

    def _evidence(self, levels: Floats, away: Floats, precision: Floats, curve: Floats) -> Floats:
        log_odds = self.terms + levels[:, self.year]
        likelihood = self.event * log_odds - np.logaddexp(0.0, log_odds)
        volume = np.linalg.slogdet(precision)[1] - np.linalg.slogdet(curve)[1]
        held = (away * _times(precision, away)).sum(axis=1)
        return np.asarray(likelihood @ self.weight - held / 2 + volume / 2, dtype=float)

    def _by_year(self, values: Floats) -> Floats:
        """Sums by year, separately for each row."""
        rows = len(values)
        place = self.year + self.years * np.arange(rows)[:, None]
        summed = np.bincount(
            place.ravel(), weights=(self.weight * values).ravel(), minlength=rows * self.years
        )
        return np.asarray(summed, dtype=float).reshape(rows, self.years)


def _times(matrices: Floats, vectors: Floats) -> Floats:
    """Each matrix times its vector."""
    return np.asarray((matrices @ vectors[:, :, None])[:, :, 0], dtype=float)


def _precision(years: int, step: float) -> Floats:
    """The precision of the levels about the long run: normal steps, and changes that halve."""
    changes = np.diff(np.eye(years), axis=0)
    changes[1:] -= DAMPING * changes[:-1].copy()
    return np.asarray(changes.T @ changes / step**2 + np.eye(years) / LOOSE**2, dtype=float)
