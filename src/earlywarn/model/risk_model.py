"""RiskModel: the frozen record of what was learnt and of what follows from it, using numpy only.

It knows columns and their groups, not councils.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from earlywarn.errors import ModelError
from earlywarn.model.columns import by_name
from earlywarn.model.kernels import (
    SHORTEST,
    Bench,
    Completion,
    Doubt,
    Table,
    blocks,
    columns_first,
    height,
    in_threads,
    probabilities,
    sums,
    weighted_sums,
)
from earlywarn.statistics.distributions import expit, normal_quantile
from earlywarn.utils.showing import Brief, Shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

Floats = NDArray[np.float64]

SMALLEST_RISE = 1e-6
"""The least distance in log-odds between "this grade or worse" and the next worse one."""


class Assessment(NamedTuple):
    """The results of one pass over the rows; a field that was not asked for is empty."""

    log_odds: Floats
    """Log-odds of the worst grade; shape (n_rows,)."""
    sd: Floats
    """Their standard deviation; shape (n_rows,)."""
    contributions: Floats
    """The terms of the log-odds, baseline first; shape (n_rows, n_columns + 1)."""


@dataclass(frozen=True, eq=False, repr=False)
class RiskModel(Shown):
    """An ordered-grade model: the log-odds of the worst grade are a sum, one term per column.

    Parameters
    ----------
    columns : tuple of str
        The columns of ``X``, in order.
    coefficients : ndarray of shape (n_columns,)
        Log-odds for one unit of each column.
    thresholds : ndarray of shape (n_grades - 1,)
        P(grade > k) = expit(terms + X @ shifts[k] - thresholds[k]); the last one belongs to the
        worst grade.
    centre : ndarray of shape (n_columns,)
        Subtracted from each column before it is weighted; also replaces a wholly missing column.
    orientation : ndarray of shape (n_columns,)
        +1 or -1: the direction in which the columns of a group agree with each other.
    groups : tuple of str
        The group of each column: the known columns of a group are used to fill in its missing ones.
    agreement : ndarray of shape (n_columns,)
        The correlation within the column's group, 0 to 1.
    covariance : ndarray of shape (n_columns + 1, n_columns + 1)
        Of the worst grade's intercept (minus the last threshold) and the coefficients.
    classes : tuple
        The grades, worst last.
    shifts : ndarray of shape (n_grades - 1, n_columns), optional
        How much larger a column's coefficient is at each threshold than for the worst grade: 0
        except for columns between 0 and 1 that have their own weight at each threshold.
    form_sd : float, default=0
        Standard deviation, in log-odds, of a row's forecasts by other forms of the model that did
        as well: independent between rows, and part of every interval.
    info : mapping
        What the model was learnt from: see ``earlywarn.model.serialisation``.

    Raises
    ------
    ModelError
        If the shapes do not agree.

    Notes
    -----
    ``contributions`` sum to the log-odds of ``risk`` exactly, whatever is missing: a missing value
    is replaced by its expectation given the known columns of its group (see ``complete``), and its
    uncertainty widens the interval.

    Examples
    --------
    >>> model = RiskModel(
    ...     columns=("a", "b"), coefficients=np.array([0.5, -0.2]),
    ...     thresholds=np.array([-1.0, 1.5]), centre=np.zeros(2),
    ...     orientation=np.array([1.0, -1.0]), groups=("g", "g"),
    ...     agreement=np.array([0.5, 0.5]), covariance=0.01 * np.eye(3), classes=(0, 1, 2))
    >>> X = np.array([[1.0, 0.0], [2.0, np.nan]])
    >>> model.risk(X).round(3)
    array([0.269, 0.426])
    >>> bool(np.allclose(model.contributions(X).sum(axis=1), model.log_odds(X)))
    True
    """

    columns: tuple[str, ...]
    coefficients: Floats
    thresholds: Floats
    centre: Floats
    orientation: Floats
    groups: tuple[str, ...]
    agreement: Floats
    covariance: Floats
    classes: tuple[Any, ...]
    info: Mapping[str, Any] = field(default_factory=dict)
    shifts: Floats | None = None
    form_sd: float = 0.0

    def __post_init__(self) -> None:
        width, steps = len(self.columns), len(self.classes) - 1
        by_column = ("coefficients", "centre", "orientation", "groups", "agreement")
        shapes: dict[str, tuple[int, ...]] = {
            **dict.fromkeys(by_column, (width,)),
            "thresholds": (steps,),
            "covariance": (width + 1, width + 1),
            **({} if self.shifts is None else {"shifts": (steps, width)}),
        }
        for name, expected in shapes.items():
            shape = np.shape(getattr(self, name))
            if shape != expected:
                raise ModelError(
                    "the model's parts do not agree",
                    where=name,
                    found=f"{shape}",
                    expected=f"{expected}, for {width} columns and {steps + 1} grades",
                )

    def _in_brief(self) -> Brief:
        training, prior = self.info.get("training", {}), self.info.get("prior", {})
        facts = {
            "columns": f"{len(self.columns)} in {len(set(self.groups))} groups",
            "grades": ", ".join(map(str, self.classes)),
        }
        if training:
            facts["learnt from"] = (
                f"{training.get('inspections')} inspections with {training.get('events')} events, "
                f"reported by {training.get('until')}"
            )
        if "risk" in prior:
            facts["set to"] = f"{100 * prior['risk']:.1f}% in the year after"
        if "sunset" in self.info:
            facts["meant for"] = f"{self.info.get('first_date', '')} to {self.info['sunset']}"
        return Brief(
            f"RiskModel {self.info.get('model_id', '')}".strip(),
            facts,
            "ew.score(model, snapshot) scores the country; coefficients, thresholds, info say more",
        )

    def with_info(self, info: Mapping[str, Any]) -> RiskModel:
        """The same model with a different account of where it comes from."""
        return replace(self, info=dict(info))

    def shifted(self, log_odds: float) -> RiskModel:
        """The same model under another prior: every grade's log-odds moved by the same amount."""
        return replace(self, thresholds=self.thresholds - log_odds)

    def matrix(self, X: ArrayLike | pd.DataFrame) -> Floats:
        """``X`` as the model's own matrix: by column name if it has any, or by position."""
        table = self.table(X)
        return table if isinstance(table, np.ndarray) else np.stack(table).T

    def table(self, X: ArrayLike | pd.DataFrame) -> Table:
        """``X`` as a matrix or, from a frame, as the model's columns one by one, without a copy."""
        try:
            if hasattr(X, "columns"):
                return by_name(X, self.columns)
            matrix = np.atleast_2d(np.asarray(X, dtype=float))
        except (TypeError, ValueError) as error:
            raise ModelError(
                "X is not a table of numbers",
                found=str(error)[:80],
                expected="numbers, and NaN for what is not known",
            ) from error
        if matrix.ndim != 2 or matrix.shape[1] != len(self.columns):
            raise ModelError(
                "the shape of X does not fit",
                found=f"{matrix.shape}",
                expected=f"(rows, {len(self.columns)})",
                remedy=f"The columns are {', '.join(self.columns[:3])}, ...",
            )
        return matrix

    def complete(self, X: ArrayLike) -> tuple[Floats, Floats]:
        """Centre the columns and fill in missing values, with the variance of each filled one.

        Within a group the columns are assumed exchangeable with correlation r. Given n known ones
        with sum S, the expectation of a missing one is r S / (1 + (n - 1) r), with variance 1 - n
        r^2 / (1 + (n - 1) r), of which it shares r (1 - r) / (1 + (n - 1) r) with the other missing
        ones.

        Returns
        -------
        filled : ndarray of shape (n_rows, n_columns)
            No missing values.
        variance : ndarray of shape (n_rows, n_columns)
            0 where the value was known.
        """
        matrix = self.matrix(X)
        filled, variance = (np.zeros(matrix.shape, order="F") for _ in range(2))
        bench = Bench(self._completion, len(matrix))
        for rows, given in blocks(matrix, slice(0, len(matrix))):
            block, size = bench.complete(given, unsure=True), rows.stop - rows.start
            filled[rows] = block.filled[:, :size].T
            if block.variance is not None:
                variance[rows] = block.variance[:, :size].T
        return filled, variance

    def contributions(self, X: ArrayLike) -> Floats:
        """The terms of the log-odds, baseline first; each row sums to ``log_odds`` exactly.

        Returns
        -------
        ndarray of shape (n_rows, n_columns + 1)
        """
        return self.assess(X, parts=True).contributions

    def log_odds(self, X: ArrayLike) -> Floats:
        """Log-odds of the worst grade."""
        return self.assess(X).log_odds

    def assess(
        self,
        X: ArrayLike,
        noise: ArrayLike | None = None,
        *,
        parts: bool = False,
        sd: bool = False,
        room: Floats | None = None,
        moved: Floats | None = None,
    ) -> Assessment:
        """Assess each row in one pass: its log-odds and, if asked for, their parts and doubt.

        Parameters
        ----------
        X, noise : array-like of shape (n_rows, n_columns)
            As for ``log_odds_sd``.
        parts, sd : bool
            Whether the contributions, and the standard deviation of the log-odds, are wanted.
        room : ndarray of shape (n_columns + 1, at least n_rows + SHORTEST), optional
            Where to put the contributions, if they are wanted; fresh memory by default.
        moved : ndarray of shape (n_rows,), optional
            How far each row's level is above the model's.

        Returns
        -------
        Assessment
            Fields not asked for are empty.
        """
        table = self.table(X)
        errors = None if noise is None else self.table(noise)
        count, width = height(table), len(self.columns) + 1
        terms = room
        if terms is None or not parts:
            # Longer than the rows, since the last block may be a short one that was padded.
            terms = np.empty((width, count + SHORTEST if parts else 0))
        found = Assessment(np.empty(count), np.empty(count if sd else 0), terms.T[:count])

        def work(rows: slice) -> None:
            self._assess(rows, table, errors, terms, found, moved)

        in_threads(work, count)
        return found

    def _assess(
        self,
        span: slice,
        table: Table,
        errors: Table | None,
        terms: Floats,
        found: Assessment,
        moved: Floats | None,
    ) -> None:
        """Assess a span of the rows, and put the results in their place."""
        bench, doubt = Bench(self._completion, span.stop - span.start), self._doubt
        sd = bool(len(found.sd))
        for rows, given in blocks(table, span):
            end, size = rows.start + given.shape[1], rows.stop - rows.start
            block = bench.complete(given)
            if sd:
                error = None if errors is None else columns_first(errors, rows)
                variance = bench.variance(block, error, doubt) + self.form_sd**2
                found.sd[rows] = np.sqrt(variance)[:size]
            here = terms[:, rows.start : end] if terms.size else bench.terms(block)
            here[0] = -self.thresholds[-1]
            if moved is not None:
                here[0, :size] += moved[rows]
            np.multiply(block.filled, self.coefficients[:, None], out=here[1:])
            found.log_odds[rows] = sums(here)[:size]

    def risk(self, X: ArrayLike) -> Floats:
        """Probability of the worst grade, strictly between 0 and 1."""
        return probabilities(self.log_odds(X))

    def probabilities(self, X: ArrayLike) -> Floats:
        """Probability of each grade; rows sum to 1."""
        odds = self.log_odds(X)
        grades = range(1, len(self.classes))
        above = np.column_stack([expit(odds + self.rise(X, grade)) for grade in grades])
        edges = np.hstack([np.ones((len(above), 1)), above, np.zeros((len(above), 1))])
        return edges[:, :-1] - edges[:, 1:]

    def at_least(self, X: ArrayLike, grade: int) -> Floats:
        """Probability of the grade at this position, or a worse one."""
        if not 1 <= grade < len(self.classes):
            raise ModelError(
                "no such grade",
                found=str(grade),
                expected=f"a position from 1 to {len(self.classes) - 1} among {list(self.classes)}",
            )
        return probabilities(self.log_odds(X) + self.rise(X, grade))

    def rise(self, X: ArrayLike | pd.DataFrame, grade: int) -> Floats | float:
        """Work out how far the log-odds of a grade or worse are above those of the worst grade.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
        grade : int
            The grade's position, from 1.

        Returns
        -------
        ndarray of shape (n_rows,), or float
            One number where no column has its own weight at the threshold; never below 0.
        """
        step = float(self.thresholds[-1] - self.thresholds[grade - 1])
        if self.shifts is None or not self.shifts[grade - 1].any():
            return step
        table, (inside, completion) = self.table(X), self._apart
        part = table[:, inside] if isinstance(table, np.ndarray) else [table[i] for i in inside]
        weights, count = self.shifts[grade - 1][inside], height(table)
        bench, found = Bench(completion, count), np.empty(count)
        for rows, given in blocks(part, slice(0, count)):
            block = bench.complete(given)
            found[rows] = weighted_sums(weights, block.filled)[: rows.stop - rows.start]
        # Figures outside 0 to 1 must not make a worse grade likelier than a better one.
        return np.maximum(step + found, SMALLEST_RISE)

    def log_odds_sd(self, X: ArrayLike, noise: ArrayLike | None = None) -> Floats:
        """Standard deviation of the log-odds, from weights, form, small counts, missing values.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
        noise : array-like of shape (n_rows, n_columns), optional
            The standard error of each value; missing counts as 0.
        """
        return self.assess(X, noise, sd=True).sd

    def interval(
        self, X: ArrayLike, noise: ArrayLike | None = None, *, level: float = 0.9
    ) -> tuple[Floats, Floats]:
        """Lower and upper limit of the risk.

        Returns
        -------
        lower, upper : ndarray of shape (n_rows,)
        """
        found = self.assess(X, noise, sd=True)
        reach = float(normal_quantile((1 + level) / 2)) * found.sd
        return probabilities(found.log_odds - reach), probabilities(found.log_odds + reach)

    def draws(
        self,
        X: ArrayLike,
        noise: ArrayLike | None = None,
        *,
        size: int = 2000,
        seed: int = 20160913,
    ) -> Floats:
        """Log-odds of the rows under ``size`` equally credible models, for ranks across rows.

        Parameters
        ----------
        X, noise : array-like of shape (n_rows, n_columns)
            As for ``log_odds_sd``.
        size, seed : int
            The number of draws, and their seed.

        Returns
        -------
        ndarray of shape (size, n_rows)
        """
        filled, own = self.own_variance(X, noise)
        own = np.sqrt(own + self.form_sd**2)
        rng = np.random.default_rng(seed)
        values, vectors = np.linalg.eigh(self.covariance)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        shared = rng.standard_normal((size, len(values))) @ root.T
        design = np.hstack([np.ones((len(filled), 1)), filled])
        odds = self.log_odds(X) + shared @ design.T + rng.standard_normal((size, len(own))) * own
        return np.asarray(odds, dtype=float)

    def own_variance(
        self, X: ArrayLike | pd.DataFrame, noise: ArrayLike | None = None
    ) -> tuple[Floats, Floats]:
        """The rows as filled in by ``complete``, and each row's own variance of the log-odds.

        This comes from small counts and missing values and is not shared with other rows; ``X`` and
        ``noise`` are as for ``log_odds_sd``.
        """
        matrix, errors = self.matrix(X), None if noise is None else self.matrix(noise)
        filled, own = np.empty(matrix.shape), np.empty(len(matrix))
        bench = Bench(self._completion, len(matrix))
        for rows, given in blocks(matrix, slice(0, len(matrix))):
            block, size = bench.complete(given), rows.stop - rows.start
            filled[rows] = block.filled[:, :size].T
            error = None if errors is None else columns_first(errors, rows)
            own[rows] = bench.own_variance(block, error, self._doubt)[:size]
        return filled, own

    @cached_property
    def _doubt(self) -> Doubt:
        return Doubt(self.covariance, self.coefficients, self._completion)

    @cached_property
    def _completion(self) -> Completion:
        return Completion(self.centre, self.orientation, self.agreement, self.groups)

    @cached_property
    def _apart(self) -> tuple[list[int], Completion]:
        """The columns of groups with their own weight at a threshold, and their filling."""
        shifts = np.zeros((1, len(self.columns))) if self.shifts is None else self.shifts
        names = {self.groups[place] for place in np.flatnonzero(shifts.any(axis=0))}
        inside = [place for place, name in enumerate(self.groups) if name in names]
        facts = (self.centre[inside], self.orientation[inside], self.agreement[inside])
        return inside, Completion(*facts, [self.groups[place] for place in inside])
