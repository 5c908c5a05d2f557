"""How common an event is now: its recent share, and its level in the year to come.

The level is what moves from year to year while the weights stay: a random walk on the log-odds
scale whose steps are learnt from the years before, with a trend that fades.
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
"""Cases at the long-run share that the recent share is mixed with."""
DAMPING = 0.5
"""How much of a year's change is expected again in the next."""
STEPS = (0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.9)
"""Standard deviations of a year's own step that are tried, in log-odds."""
USUAL_STEP = 0.3
"""Scale of the half-normal prior of that standard deviation."""
LOOSE = 10.0
"""Standard deviation of a level about the long run, apart from its steps: hardly held."""
LONGEST = 50
"""Years; an age beyond is a mistake."""
_ITERATIONS, _SETTLED = 200, 1e-10


@dataclass(frozen=True)
class Level:
    """The level of the year to come.

    Parameters
    ----------
    value : float
        In log-odds, to be added to a case's terms.
    sd : float
        How unsure it is: the levels of the years before, and the step that none of them can tell.
    """

    value: float
    sd: float


AT_CUT = 0.5
"""Years from the middle of the last year, which its level belongs to, to the cut."""


@dataclass(frozen=True)
class LevelState:
    """What is known of a level at the cut: enough to carry it forward, mean and spread.

    Parameters
    ----------
    value, change : float
        The level of the last year, in log-odds, and how far it lies above the year before.
    value_variance, covariance, change_variance : float
        How unsure they are.
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
        """The level so many years after the middle of the last year, 0 or more.

        Notes
        -----
        Of the last change, half goes on in the next year, a quarter in the one after, and so on;
        the steps of the years between add up, and go on in the same way. Between whole years the
        variance of the steps is taken for a straight line.

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
    """How many times the last change has gone on after so many years."""
    return float(DAMPING * (1 - DAMPING**years) / (1 - DAMPING))


def _steps_between(years: float) -> float:
    """The variance of the levels so many years on, in steps' variances."""
    whole = int(years)
    each = [(1 + _carried(later)) ** 2 for later in range(whole + 1)]
    return float(sum(each[:whole]) + (years - whole) * each[whole])


def recent_weights(age: Floats) -> Floats:
    """How much cases of these ages, in years, count in the recent share.

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
        What a case's own figures add to its log-odds.
    event : ndarray of shape (n_cases,)
        1 where it happened, else 0.
    age : ndarray of shape (n_cases,)
        Years from the case to the day on which one predicts, 0 or more.
    weight : ndarray of shape (n_cases,), optional
        How often each case counts.

    Returns
    -------
    Level

    Raises
    ------
    TrainingError
        If an age is negative, missing or beyond 50 years, or the levels do not settle.

    Notes
    -----
    The log-odds of a case are its terms and the level of its year. A year's level is the one
    before, half of the last change (``DAMPING``), and a normal step. For each standard deviation
    of the steps in ``STEPS`` the levels are found at their posterior mode, and weighed by Laplace's
    approximation of the marginal likelihood (Tierney and Kadane 1986,
    doi 10.1080/01621459.1986.10478240) times a half-normal prior of scale ``USUAL_STEP``.

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
    """Learn the level at the day of the forecast; the parameters are those of ``next_level``.

    Returns
    -------
    LevelState
        ``ahead(1.0)`` is the level of the year to come.

    Raises
    ------
    TrainingError
        As ``next_level``.
    """
    cases = _Cases.of(terms, event, age, np.ones(len(terms)) if weight is None else weight)
    sizes = np.array(STEPS)
    evidence, last, within = cases.settled(sizes)
    evidence = evidence - sizes**2 / (2 * USUAL_STEP**2)
    # The steps tried are not evenly spaced: each stands for the stretch around it.
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
    """The last level and its change, and their covariance; no change where there is one year."""
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
        """For steps of each size: the log evidence; the last level and change, and how unsure.

        All sizes go through Newton's method together, since a refit of the weights asks for them
        all and each by itself is little work.
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
            # The posterior is concave; a step of at most 1 keeps Newton's method on its way.
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
        """Sums by year, of each row by itself."""
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
    """Of the levels about the long run: normal steps, and changes that go on by half."""
    changes = np.diff(np.eye(years), axis=0)
    changes[1:] -= DAMPING * changes[:-1].copy()
    return np.asarray(changes.T @ changes / step**2 + np.eye(years) / LOOSE**2, dtype=float)
