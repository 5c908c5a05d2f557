"""A model's arithmetic over blocks of rows: as fast as numpy goes, each row's bits its own.

A row's sums are always added up column by column in one order, whatever rows stand beside it, so
that a row scored alone and the same row among millions give the same answer to the last bit. A
library's matrix product promises no such thing and isn't used. Blocks are short enough to stay in a
processor's cache, and lie column by column, so that every step is one pass along a block.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from earlywarn.stats import expit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Floats = NDArray[np.float64]
Places = slice | NDArray[np.intp]

BLOCK = 2048
"""Rows at a time: thirty columns of them are half a megabyte."""
SHORTEST = 64
"""A shorter block is filled up, so that no block is a single row, whose axis numpy would drop."""


class Block(NamedTuple):
    """Some rows, column by column, centred and completed."""

    filled: Floats
    variance: Floats | None
    """How unsure each filled value is; None where nothing was missing."""


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
    def peers(self) -> list[tuple[Places, Places, float]]:
        """Each group, and those of its columns that agree with the others alike."""
        names = np.array(self.groups)
        inside = [np.flatnonzero(names == name) for name in dict.fromkeys(self.groups)]
        return [
            (_places(group), _places(group[self.agreement[group] == r]), r)
            for group in inside
            for r in dict.fromkeys(self.agreement[group].tolist())
        ]


class Bench:
    """Where one block at a time is worked on: its arrays are used again for each block.

    Fresh memory for each step would cost more than the arithmetic. What a method returns is
    therefore good until the next block.

    Parameters
    ----------
    completion : Completion
        How to fill in what is missing.
    rows : int
        How many rows are to come.
    """

    def __init__(self, completion: Completion, rows: int) -> None:
        shape = (len(completion.centre), min(max(rows, SHORTEST), BLOCK))
        self._completion = completion
        self._offset = (0.0 - completion.centre)[:, None]
        self._filled, self._unknown, self._spare, self._variance = (np.empty(shape) for _ in "1234")
        self._missing = np.empty(shape, dtype=bool)

    def complete(self, rows: Floats, *, doubt: bool = True) -> Block:
        """Centre and complete the rows of one block, columns first."""
        size = rows.shape[1]
        filled, missing = self._filled[:, :size], self._missing[:, :size]
        # Added, not subtracted: -0.0 becomes 0.0 here, whether or not something is missing.
        np.add(rows, self._offset, out=filled)
        if not np.isnan(filled, out=missing).any():
            return Block(filled, None)
        unknown, spare = self._unknown[:, :size], self._spare[:, :size]
        np.copyto(unknown, missing)
        _nought(filled, missing, spare)
        variance = self._variance[:, :size]
        orientation = self._completion.orientation
        for group, alike, r in self._completion.peers:
            n = len(unknown[group]) - sums(unknown[group])
            total = weighted_sums(orientation[group], filled[group])
            spread = np.maximum(1 + (n - 1) * r, 1e-12)
            if doubt:
                variance[alike] = np.multiply(
                    unknown[alike], 1 - n * r**2 / spread, out=spare[alike]
                )
            expected = np.multiply(unknown[alike], r * total / spread, out=spare[alike])
            expected *= orientation[alike, None]
            filled[alike] += expected
        return Block(filled, variance if doubt else None)

    def variance(self, block: Block, covariance: Floats) -> Floats:
        """The variance of ``(1, x) . b`` for every row ``x``, where ``b`` has this covariance.

        Half of the symmetric matrix does, with what lies off its diagonal taken twice.
        """
        filled = block.filled
        halved = np.tril(2 * covariance, -1) + np.diag(np.diag(covariance))
        product = self._spare[:, : filled.shape[1]]
        for place, row in enumerate(halved[1:]):
            np.einsum("j,jb->b", row[1 : place + 2], filled[: place + 1], out=product[place])
            product[place] += row[0]
        product *= filled
        return sums(product) + float(halved[0, 0])

    def noise(self, errors: Floats, weights: Floats) -> Floats:
        """The variance that the columns' own standard errors bring; missing ones bring none."""
        size = errors.shape[1]
        spread, missing = self._spare[:, :size], self._missing[:, :size]
        np.multiply(errors, weights[:, None], out=spread)
        if np.isnan(spread, out=missing).any():
            np.copyto(spread, 0.0, where=missing)
        return sums(np.square(spread, out=spread))


def blocks(matrix: Floats) -> Iterator[tuple[slice, Floats]]:
    """The rows of a matrix in blocks, columns first; short ones are filled up with zeros."""
    for start in range(0, len(matrix), BLOCK):
        rows = slice(start, min(start + BLOCK, len(matrix)))
        yield rows, columns_first(matrix, rows)


def columns_first(matrix: Floats, rows: slice) -> Floats:
    """Some rows of a matrix as columns of one length, at least ``SHORTEST``."""
    part = matrix[rows].T
    if part.strides[1] != part.itemsize:
        part = np.ascontiguousarray(part)
    if part.shape[1] >= SHORTEST:
        return part
    padded = np.zeros((len(part), SHORTEST))
    padded[:, : part.shape[1]] = part
    return padded


def probabilities(log_odds: Floats) -> Floats:
    """Turn log-odds into probabilities, a block at a time."""
    found = np.empty_like(log_odds)
    for start in range(0, len(log_odds), BLOCK):
        rows = slice(start, start + BLOCK)
        found[rows] = expit(log_odds[rows])
    return found


def sums(terms: Floats) -> Floats:
    """Add up the terms of each row, first to last."""
    return np.asarray(np.einsum("jb->b", terms))


def weighted_sums(weights: Floats, terms: Floats) -> Floats:
    """Add up the weighted terms of each row, first to last."""
    return np.asarray(np.einsum("j,jb->b", weights, terms))


def _nought(values: Floats, missing: NDArray[np.bool_], spare: Floats) -> None:
    """Put 0 for what is missing, by its bits: much faster than a choice value by value."""
    keep = np.subtract(missing, 1, out=spare.view(np.int64), dtype=np.int64)
    bits = values.view(np.int64)
    np.bitwise_and(bits, keep, out=bits)


def _places(inside: NDArray[np.intp]) -> Places:
    """A slice where the places follow each other: a view, and no copy, of the columns."""
    if np.array_equal(inside, np.arange(inside[0], inside[-1] + 1)):
        return slice(int(inside[0]), int(inside[-1]) + 1)
    return inside
