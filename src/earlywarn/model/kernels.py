"""A model's arithmetic over blocks of rows: fast, and bit for bit independent of other rows.

A row's sums are always added up column by column in a fixed order, so that a row scored alone and
the same row among millions give the same answer to the last bit. A library's matrix product makes
no such promise and isn't used. Blocks are short enough to stay in a processor's cache and long
enough that the time goes into the arithmetic and not the calls; they are stored column by column,
so that every step is one pass along a block. Many rows are split between several threads, each with
its own blocks.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from earlywarn.statistics.distributions import expit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Floats = NDArray[np.float64]
Table = Floats | list[Floats]
"""Rows as a matrix, or as their columns one by one."""
Places = slice | NDArray[np.intp]

BLOCK = 12288
"""Rows at a time: thirty columns of them are three megabytes."""
SHORTEST = 64
"""A shorter block is padded, so that no block is a single row, whose axis numpy would drop."""
SHARE = 4 * BLOCK
"""The fewest rows that are worth a separate thread."""
FEW = 8
"""The largest group for which every pattern of missing values is tabulated: a byte."""


class Block(NamedTuple):
    """Some rows, column by column, centred and completed."""

    filled: Floats
    missing: NDArray[np.bool_] | None
    """Which values were filled in; None where nothing was missing."""
    variance: Floats | None
    """The uncertainty of each filled value; None where nothing was missing or it isn't needed."""


class Alike(NamedTuple):
    """Neighbouring columns of one group that are filled in the same way."""

    columns: slice
    pull: float
    """A missing value is replaced by this, times the sum of the known ones, over a spread."""
    spread: Floats
    """The spread, by how many of the group's columns are missing."""
    left: Floats
    """The remaining variance of a missing value, by how many are missing."""
    shared: Floats
    """The part of it that is shared by the group's missing values, by how many are missing."""


@dataclass(frozen=True)
class Completion:
    """How missing values are filled in: from the known columns of their group.

    Parameters
    ----------
    centre, orientation, agreement : ndarray of shape (n_columns,)
        As in ``RiskModel``.
    groups : sequence of str
        The group of each column.
    """

    centre: Floats
    orientation: Floats
    agreement: Floats
    groups: Sequence[str]

    @cached_property
    def parts(self) -> list[tuple[Places, list[Alike]]]:
        """Each group, with its columns that are filled in the same way."""
        names = np.array(self.groups)
        inside = [np.flatnonzero(names == name) for name in dict.fromkeys(self.groups)]
        return [(_places(group), self._alike(group)) for group in inside]

    def _alike(self, group: NDArray[np.intp]) -> list[Alike]:
        r, sign = self.agreement[group], self.orientation[group]
        breaks = (np.diff(group) != 1) | (np.diff(r) != 0) | (np.diff(sign) != 0)
        runs = np.split(group, np.flatnonzero(breaks) + 1)
        return [self._run(slice(int(run[0]), int(run[-1]) + 1), len(group)) for run in runs]

    def _run(self, columns: slice, size: int) -> Alike:
        r, sign = float(self.agreement[columns.start]), float(self.orientation[columns.start])
        known = size - np.arange(size + 1.0)
        spread = np.maximum(1 + (known - 1) * r, 1e-12)
        return Alike(columns, sign * r, spread, 1 - known * r**2 / spread, r * (1 - r) / spread)


@dataclass(frozen=True)
class Doubt:
    """The sources of uncertainty in the log-odds: the learnt weights, and inexact values.

    Parameters
    ----------
    covariance : ndarray of shape (n_columns + 1, n_columns + 1)
        The covariance of the intercept and the weights.
    coefficients : ndarray of shape (n_columns,)
        The weights.
    completion : Completion
        How missing values are filled in.
    """

    covariance: Floats
    coefficients: Floats
    completion: Completion

    @cached_property
    def halved(self) -> Floats:
        """One half of the symmetric matrix, with the elements off its diagonal doubled."""
        return np.asarray(np.tril(2 * self.covariance, -1) + np.diag(np.diag(self.covariance)))

    @cached_property
    def squared(self) -> Floats:
        """The mean product of each pair of weights: the multiplier of two values' covariance."""
        learnt = np.outer(self.coefficients, self.coefficients)
        return np.asarray(learnt + self.covariance[1:, 1:], dtype=float)

    @cached_property
    def weight(self) -> Floats:
        """The multiplier of the variance of a column's value."""
        return np.diag(self.squared).copy()

    @cached_property
    def gaps(self) -> list[Gaps]:
        """The variance that each group's missing values add."""
        return [self._gaps(group, alike) for group, alike in self.completion.parts]

    def _gaps(self, group: Places, alike: list[Alike]) -> Gaps:
        widths = [run.columns.stop - run.columns.start for run in alike]
        left, shared = (
            np.repeat([getattr(run, name) for run in alike], widths, axis=0)
            for name in ("left", "shared")
        )
        squared, sign = self.squared[group][:, group], self.completion.orientation[group]
        return Gaps(group, squared, sign, left, shared)


@dataclass(frozen=True)
class Gaps:
    """The variance that the missing values of one group add to the log-odds.

    Their uncertainties are correlated: given the known values, two of them have the covariance
    ``sign_i sign_j sqrt(shared_i shared_j)``, and each has the variance ``left``. A covariance is
    multiplied by the mean product of the two weights.

    Parameters
    ----------
    group : slice or ndarray
        The group's columns.
    squared : ndarray of shape (n_group, n_group)
        The multiplier of the covariance of each pair.
    sign : ndarray of shape (n_group,)
        The columns' orientation, as in ``Completion``.
    left, shared : ndarray of shape (n_group, n_group + 1)
        As in ``Alike``, for each column, by how many in the group are missing.
    """

    group: Places
    squared: Floats
    sign: Floats
    left: Floats
    shared: Floats

    @cached_property
    def table(self) -> Floats:
        """The variance of every pattern; the first column is the lowest bit."""
        size = len(self.squared)
        patterns = np.arange(1 << size) >> np.arange(size)[:, None] & 1
        return self.worked_out(patterns.astype(np.bool_))

    @cached_property
    def bits(self) -> NDArray[np.uint8]:
        """The bit of each column's missing value in the number of a pattern."""
        return np.left_shift(np.uint8(1), np.arange(len(self.squared), dtype=np.uint8))

    def variance(self, missing: NDArray[np.bool_]) -> Floats:
        """The variance of each row, depending on which of the group's values are missing."""
        if len(self.squared) > FEW:
            return self.worked_out(missing)
        # A sum of bytes, since numpy packs bits across rows forty times as slowly.
        pattern = np.einsum("j,jb->b", self.bits, missing.view(np.uint8))
        return np.asarray(self.table.take(pattern), dtype=float)

    def worked_out(self, missing: NDArray[np.bool_]) -> Floats:
        """The variance for each column of ``missing``, one row of the group at a time."""
        holes = missing.sum(axis=0)
        shared = self.shared.take(holes, axis=1)
        own = (self.left.take(holes, axis=1) - shared) * missing
        together = np.sqrt(shared) * self.sign[:, None] * missing
        found = weighted_sums(np.diag(self.squared), own)
        for row, part in zip(self.squared, together, strict=True):
            found += part * weighted_sums(row, together)
        return found


class Bench:
    """Working memory for one block at a time: its arrays are reused for each block.

    Fresh memory for each step would cost more than the arithmetic, so what a method returns is only
    valid until the next block.

    Parameters
    ----------
    completion : Completion
        How missing values are filled in.
    rows : int
        How many rows there will be.
    """

    def __init__(self, completion: Completion, rows: int) -> None:
        width, height = len(completion.centre), min(max(rows, SHORTEST), BLOCK)
        self._completion = completion
        self._offset = (0.0 - completion.centre)[:, None]
        self._terms, self._spare = (np.empty((width + 1, height)) for _ in range(2))
        self._missing = np.empty((width, height), dtype=np.bool_)
        self._counts = np.min_scalar_type(width)

    def complete(self, rows: Floats, *, unsure: bool = False) -> Block:
        """Centre and complete the rows of one block, columns first, with uncertainty if asked."""
        size = rows.shape[1]
        filled, spare = (array[1:, :size] for array in (self._terms, self._spare))
        variance = np.zeros_like(filled) if unsure else None
        missing = self._missing[:, :size]
        # Added, not subtracted: -0.0 becomes 0.0 here, whether or not something is missing.
        np.add(rows, self._offset, out=filled)
        if not np.isnan(filled, out=missing).any():
            return Block(filled, None, None)
        # A missing value is zero both above and below zero: three plain passes, where a mask would
        # be checked value by value.
        np.fmax(filled, 0.0, out=spare)
        np.fmin(filled, 0.0, out=filled)
        filled += spare
        for group, alike in self._completion.parts:
            holes = np.add.reduce(missing[group], axis=0, dtype=self._counts)
            total = weighted_sums(self._completion.orientation[group], filled[group])
            for columns, pull, spread, left, _ in alike:
                expected = pull * total / spread.take(holes)
                np.multiply(missing[columns], expected, out=spare[columns])
                if variance is not None:
                    np.multiply(missing[columns], left.take(holes), out=variance[columns])
        filled += spare
        return Block(filled, missing, variance)

    def terms(self, block: Block) -> Floats:
        """Space for the terms of a block, baseline first: its own, if they may replace it."""
        return self._terms[:, : block.filled.shape[1]]

    def variance(self, block: Block, errors: Floats | None, doubt: Doubt) -> Floats:
        """The variance of ``(1, x) . b`` for every row ``x``, where ``b`` has this covariance."""
        filled, halved = block.filled, doubt.halved
        product = self._spare[1:, : filled.shape[1]]
        for place, row in enumerate(halved[1:, 1:]):
            np.einsum("j,jb->b", row[: place + 1], filled[: place + 1], out=product[place])
        product *= filled
        found: Floats = sums(product) + weighted_sums(halved[1:, 0], filled) + halved[0, 0]
        np.maximum(found, 0.0, out=found)
        found += self.own_variance(block, errors, doubt)
        return found

    def own_variance(self, block: Block, errors: Floats | None, doubt: Doubt) -> Floats:
        """The variance from a row's own values: the missing ones and those that are not exact."""
        found = np.zeros(block.filled.shape[1])
        if block.missing is not None:
            for gaps in doubt.gaps:
                found += gaps.variance(block.missing[gaps.group])
        return found if errors is None else found + self._noise(errors, doubt.weight)

    def _noise(self, errors: Floats, weight: Floats) -> Floats:
        """The variance from the columns' own standard errors; missing ones add none."""
        squared = np.square(errors, out=self._spare[1:, : errors.shape[1]])
        found = weighted_sums(weight, squared)
        if np.isnan(found).any():
            np.copyto(squared, 0.0, where=np.isnan(squared))
            return weighted_sums(weight, squared)
        return found


def height(table: Table) -> int:
    """The number of rows in a table."""
    return len(table if isinstance(table, np.ndarray) else table[0])


def blocks(table: Table, span: slice) -> Iterator[tuple[slice, Floats]]:
    """A span of a table's rows in blocks, columns first; short ones are padded with zeros."""
    for start in range(span.start, span.stop, BLOCK):
        rows = slice(start, min(start + BLOCK, span.stop))
        yield rows, columns_first(table, rows)


def columns_first(table: Table, rows: slice) -> Floats:
    """Some rows of a table as columns of one length, at least ``SHORTEST``."""
    if isinstance(table, np.ndarray):
        part = table[rows].T
        part = part if part.strides[1] == part.itemsize else np.ascontiguousarray(part)
    else:
        part = np.stack([column[rows] for column in table])
    if part.shape[1] >= SHORTEST:
        return part
    padded = np.zeros((len(part), SHORTEST))
    padded[:, : part.shape[1]] = part
    return padded


def in_threads(work: Callable[[slice], None], rows: int, *, most: int | None = None) -> None:
    """Work on rows in parallel, one share per thread: numpy computes outside Python's lock.

    Work that is shared out again within a share stays in its thread.

    Parameters
    ----------
    work : callable
        Takes the slice of some rows. Its results must not depend on how the rows are shared out.
    rows : int
        The number of rows.
    most : int, optional
        The most rows to work on at a time; by default a thread's whole share.
    """
    even = -(-rows // threads())
    share = min(max(even, SHARE), most or rows)
    share = max(-(-share // BLOCK), 1) * BLOCK
    shares = [slice(start, min(start + share, rows)) for start in range(0, max(rows, 1), share)]
    hands = 1 if _here.at_work else min(threads(), len(shares))
    if hands == 1:
        for each in shares:
            work(each)
        return
    with ThreadPoolExecutor(hands, initializer=_begin) as pool:
        list(pool.map(work, shares))


class _Here(threading.local):
    """Whether this thread is already working on a share."""

    at_work = False


_here = _Here()


def _begin() -> None:
    _here.at_work = True


def threads() -> int:
    """The number of threads to use: ``OMP_NUM_THREADS`` if set, or one per core."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdecimal():
        return max(int(asked), 1)
    # The cores that this process may use, where the system reports them.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def probabilities(log_odds: Floats) -> Floats:
    """Turn log-odds into probabilities, a block at a time."""
    found = np.empty_like(log_odds)

    def work(span: slice) -> None:
        for start in range(span.start, span.stop, BLOCK):
            rows = slice(start, min(start + BLOCK, span.stop))
            found[rows] = expit(log_odds[rows])

    in_threads(work, len(log_odds))
    return found


def sums(terms: Floats) -> Floats:
    """Add up the terms of each row, first to last."""
    return np.asarray(np.einsum("jb->b", terms))


def weighted_sums(weights: Floats, terms: Floats) -> Floats:
    """Add up the weighted terms of each row, first to last."""
    return np.asarray(np.einsum("j,jb->b", weights, terms))


def _places(inside: NDArray[np.intp]) -> Places:
    """A slice where the positions are consecutive: a view of the columns, not a copy."""
    if np.array_equal(inside, np.arange(inside[0], inside[-1] + 1)):
        return slice(int(inside[0]), int(inside[-1]) + 1)
    return inside
