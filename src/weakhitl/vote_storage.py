"""How votes are kept: the cells of a matrix, whole or as compressed rows, whichever takes less memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from weakhitl.schema import ABSTAIN, LabelSchema
from weakhitl.vote_rows import group_dense, group_sparse, row_numbers, whole_product

IntArray = npt.NDArray[np.integer[Any]]
Entries = tuple[IntArray, IntArray, IntArray]
"""Item positions, source positions and class indices, one of each per vote."""

_SPARSE_BYTES = 5
"""Bytes per vote of the sparse form: four for the source's index, one for the label."""


def label_dtype(schema: LabelSchema) -> np.dtype[Any]:
    """Give the smallest type that holds every class index and -1."""
    return np.dtype(np.min_scalar_type(-max(len(schema), 2)))


@dataclass(frozen=True, slots=True)
class DenseCells:
    """A whole matrix, frozen: ``labels[item, source]``, -1 where the source abstains."""

    labels: IntArray

    def __post_init__(self) -> None:
        self.labels.flags.writeable = False

    @property
    def shape(self) -> tuple[int, int]:
        """How many items and sources there are."""
        n, m = self.labels.shape
        return n, m

    @property
    def n_votes(self) -> int:
        """How many votes there are."""
        return int(np.count_nonzero(self.labels != ABSTAIN))

    def entries(self) -> Entries:
        """Give item positions, source positions and class indices, sorted by item, source."""
        row, column = np.nonzero(self.labels != ABSTAIN)
        return row, column, self.labels[row, column].astype(np.int64)

    def compressed(self) -> Entries:
        """Give ``indptr``, source positions and class indices: item i has those from indptr[i] to indptr[i + 1]."""
        cast = self.labels != ABSTAIN
        at = np.flatnonzero(cast)
        each = whole_product(cast.astype(np.float32), np.ones(cast.shape[1], dtype=np.float32))
        indptr = np.concatenate([[0], np.cumsum(each.astype(np.int64))])
        return indptr, (at % self.labels.shape[1]).astype(np.int32), self.labels.reshape(-1)[at]

    def matrix(self) -> IntArray:
        """Give a copy of the matrix."""
        return np.array(self.labels)

    def rows(self, at: slice | IntArray) -> "DenseCells":
        """Keep some items."""
        return DenseCells(self.labels[at])

    def row_keys(self, at: slice | IntArray, sources: slice, base: int) -> IntArray:
        """``key[item]`` of some items: what some sources vote, each one more, as digits to a base."""
        return row_numbers(self.labels[at][:, sources], base)

    def grouped(self, base: int) -> tuple["DenseCells", IntArray, IntArray]:
        """Group equal rows: the distinct ones in an order of their own, the position of each row there, and counts."""
        labels, inverse, counts = group_dense(self.labels, base)
        return DenseCells(labels), inverse, counts


@dataclass(frozen=True, slots=True)
class SparseCells:
    """The votes of each item one after the other, frozen: a ``csr_array`` that stores class 0, too."""

    votes: Any  # SciPy is untyped

    def __post_init__(self) -> None:
        for part in self.compressed():
            part.flags.writeable = False

    @property
    def shape(self) -> tuple[int, int]:
        """How many items and sources there are."""
        n, m = self.votes.shape
        return n, m

    @property
    def n_votes(self) -> int:
        """How many votes there are."""
        return int(self.votes.nnz)

    def entries(self) -> Entries:
        """Give item positions, source positions and class indices, sorted by item, source."""
        row = np.repeat(np.arange(self.shape[0]), np.diff(self.votes.indptr))
        return row, self.votes.indices.astype(np.int64), self.votes.data.astype(np.int64)

    def compressed(self) -> Entries:
        """Give ``indptr``, source positions and class indices: item i has those from indptr[i] to indptr[i + 1]."""
        return self.votes.indptr, self.votes.indices, self.votes.data

    def matrix(self) -> IntArray:
        """Give the whole matrix."""
        matrix = np.full(self.shape, ABSTAIN, dtype=self.votes.data.dtype)
        row, column, label = self.entries()
        matrix[row, column] = label
        return matrix

    def rows(self, at: slice | IntArray) -> "SparseCells":
        """Keep some items."""
        return SparseCells(self.votes[at])

    def row_keys(self, at: slice | IntArray, sources: slice, base: int) -> IntArray:
        """``key[item]`` of some items: what some sources vote, each one more, as digits to a base."""
        some = self.votes[at][:, sources]
        powers = base ** np.arange(some.shape[1] - 1, -1, -1, dtype=np.int64)
        worth = (some.data.astype(np.int64) + 1) * powers[some.indices]
        sums = np.concatenate([[0], np.cumsum(worth)])
        return np.asarray(sums[some.indptr[1:]] - sums[some.indptr[:-1]])

    def grouped(self, base: int) -> tuple["SparseCells", IntArray, IntArray]:
        """Group equal rows: the distinct ones in an order of their own, the position of each row there, and counts."""
        first, inverse, counts = group_sparse(*self.compressed())
        return self.rows(first), inverse, counts


Cells = DenseCells | SparseCells


def cells_of_matrix(labels: IntArray, n_votes: int) -> Cells:
    """Keep a matrix of so many votes; it is not copied where it stays whole."""
    n, m = labels.shape
    if not _sparse_is_smaller(n_votes, (n, m), labels.dtype):
        return DenseCells(labels)
    at = np.flatnonzero(labels != ABSTAIN)
    return _compressed_rows((*np.divmod(at, m), labels.ravel()[at]), (n, m), labels.dtype)


def cells_of_entries(entries: Entries, shape: tuple[int, int], dtype: np.dtype[Any]) -> Cells:
    """Keep votes that are sorted by item, then source; no source votes twice on one item."""
    row, column, label = entries
    if _sparse_is_smaller(row.size, shape, dtype):
        return _compressed_rows(entries, shape, dtype)
    labels = np.full(shape, ABSTAIN, dtype=dtype)
    labels[row, column] = label
    return DenseCells(labels)


def stacked_cells(parts: Sequence[Cells], m: int, dtype: np.dtype[Any]) -> Cells:
    """Put the cells of m sources one below the other, part by part, so that nothing is in memory three times."""
    shape, n_votes = (sum(part.shape[0] for part in parts), m), sum(part.n_votes for part in parts)
    if _sparse_is_smaller(n_votes, shape, dtype):
        return _stacked_rows(parts, shape, n_votes, dtype)
    labels = np.empty(shape, dtype=dtype)
    row = 0
    for part in parts:
        labels[row : row + part.shape[0]] = part.matrix()
        row += part.shape[0]
    return DenseCells(labels)


def _stacked_rows(parts: Sequence[Cells], shape: tuple[int, int], n_votes: int, dtype: np.dtype[Any]) -> SparseCells:
    indptr = np.zeros(shape[0] + 1, dtype=np.int32 if n_votes < 2**31 else np.int64)
    columns, labels = np.empty(n_votes, dtype=np.int32), np.empty(n_votes, dtype=dtype)
    row = vote = 0
    for part in parts:
        starts, at, given = part.compressed()
        indptr[row + 1 : row + len(starts)] = starts[1:] + vote
        columns[vote : vote + len(at)], labels[vote : vote + len(at)] = at, given
        row, vote = row + len(starts) - 1, vote + len(at)
    return SparseCells(sparse.csr_array((labels, columns, indptr), shape=shape))


def _compressed_rows(entries: Entries, shape: tuple[int, int], dtype: np.dtype[Any]) -> SparseCells:
    """Build compressed rows from sorted entries: SciPy would drop class 0 as a stored zero in some operations."""
    row, column, label = entries
    indptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=shape[0]))])
    parts = label.astype(dtype), column.astype(np.int32), indptr.astype(np.int64)
    return SparseCells(sparse.csr_array(parts, shape=shape))


def _sparse_is_smaller(n_votes: int, shape: tuple[int, int], dtype: np.dtype[Any]) -> bool:
    """Say whether so many votes take less memory as compressed rows than as a matrix."""
    n, m = shape
    return n_votes * (_SPARSE_BYTES - 1 + dtype.itemsize) + 8 * n < n * m * dtype.itemsize
