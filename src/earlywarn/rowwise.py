"""A model's arithmetic over blocks of rows: as fast as numpy goes, each row's bits its own.

A row's sums are always added up column by column in one order, whatever rows stand beside it, so
that a row scored alone and the same row among millions give the same answer to the last bit. A
library's matrix product promises no such thing and isn't used. Blocks are short enough to stay in a
processor's cache, and lie column by column, so that every step is one pass along a block.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

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

    def block(self, rows: Floats) -> Block:
        """Centre and complete the rows of one block, columns first."""
        filled = rows - self.centre[:, None]
        unknown = np.isnan(filled)
        if not unknown.any():
            return Block(filled, None)
        known = (~unknown).astype(float)
        np.copyto(filled, 0.0, where=unknown)
        variance = np.zeros_like(filled)
        for group, alike, r in self._peers():
            n = np.einsum("jb->b", known[group])
            total = np.einsum("j,jb->b", self.orientation[group], filled[group])
            spread = np.maximum(1 + (n - 1) * r, 1e-12)
            expected = self.orientation[alike, None] * (r * total / spread)
            for place, values in zip(alike, expected, strict=True):
                np.copyto(filled[place], values, where=unknown[place])
                np.copyto(variance[place], 1 - n * r**2 / spread, where=unknown[place])
        return Block(filled, variance)

    def _peers(self) -> Iterator[tuple[Places, NDArray[np.intp], float]]:
        """Each group, and those of its columns that agree with the others alike."""
        names = np.array(self.groups)
        for name in dict.fromkeys(self.groups):
            inside = np.flatnonzero(names == name)
            for r in dict.fromkeys(self.agreement[inside].tolist()):
                yield _places(inside), inside[self.agreement[inside] == r], r


def blocks(matrix: Floats) -> Iterator[tuple[slice, Floats]]:
    """The rows of a matrix in blocks, columns first; short ones are filled up with zeros."""
    for start in range(0, len(matrix), BLOCK):
        rows = slice(start, min(start + BLOCK, len(matrix)))
        yield rows, columns_first(matrix, rows)


def columns_first(matrix: Floats, rows: slice) -> Floats:
    """Some rows of a matrix as columns of one length, at least ``SHORTEST``."""
    part = matrix[rows].T
    if part.shape[1] >= SHORTEST:
        return part
    padded = np.zeros((len(part), SHORTEST))
    padded[:, : part.shape[1]] = part
    return padded


def sums(terms: Floats) -> Floats:
    """Add up the terms of each row, first to last."""
    return np.asarray(np.einsum("jb->b", terms))


def weighted_sums(weights: Floats, terms: Floats) -> Floats:
    """Add up the weighted terms of each row, first to last."""
    return np.asarray(np.einsum("j,jb->b", weights, terms))


def quadratic(filled: Floats, covariance: Floats) -> Floats:
    """The variance of ``(1, x) . b`` for every row ``x``, where ``b`` has this covariance.

    Half of the symmetric matrix does, with what lies off its diagonal taken twice.
    """
    halved = np.tril(2 * covariance, -1) + np.diag(np.diag(covariance))
    product = np.empty_like(filled)
    for place, row in enumerate(halved[1:], start=1):
        np.einsum("j,jb->b", row[1 : place + 1], filled[:place], out=product[place - 1])
        product[place - 1] += row[0]
    return np.asarray(np.einsum("jb,jb->b", filled, product)) + halved[0, 0]


def _places(inside: NDArray[np.intp]) -> Places:
    """A slice where the places follow each other: a view, and no copy, of the columns."""
    if np.array_equal(inside, np.arange(inside[0], inside[-1] + 1)):
        return slice(int(inside[0]), int(inside[-1]) + 1)
    return inside
