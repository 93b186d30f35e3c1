"""Vote rows as label models read them: equal ones counted once where that pays."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from weakhitl.arrays import ArrayLike
from weakhitl.errors import DataError
from weakhitl.label_model.indicator import Indicator, source_blocks
from weakhitl.vote_rows import parts
from weakhitl.votes import FloatArray, IntArray, Votes

_SAMPLE = 1000
_FEW_VALUES_BITS = 22
"""Rows with fewer possible values are grouped by their numbers."""
_COUNTED = 1 << 17
"""Rows that are counted at a time."""
_MANY = 8
"""With so many items for each possible row, numbers are worked out anew rather than held, and all possible rows are
labelled; with so many possible rows for each item, sorting is cheaper than a table of them."""

Locate = Callable[[Any], IntArray]
"""From items, a slice or positions, to the positions of their rows."""


@dataclass(frozen=True)
class Rows:
    """Vote rows, and where each item's is.

    Attributes
    ----------
    cells
        ``cells[row, source * k + voted] = 1``, so that a step of EM is a product.
    counts
        How many items show each row.
    locate
        Gives the rows of some items, a slice or positions.
    n
        Number of items.
    m, k
        Number of sources and of classes.

    """

    cells: Indicator
    counts: FloatArray
    locate: Locate
    n: int
    m: int
    k: int

    def of_items(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Spread ``values[row, ...]`` over the items, part by part."""
        found = np.empty((self.n, *values.shape[1:]), dtype=values.dtype)
        for part in parts(self.n):
            np.take(values, self.locate(part), axis=0, out=found[part], mode="clip")
        return found

    def of_sources(self, mask: npt.NDArray[Any]) -> "Rows":
        """Keep the votes of the sources of a mask; rows that only differ in the others stay apart."""
        return replace(self, cells=self.cells.of_cells(np.repeat(mask, self.k)), m=int(mask.sum()))

    def class_counts(self, weights: FloatArray | None = None) -> FloatArray:
        """``counts[row, class]``: how many sources vote each class, or the sum of their ``weights[source]``."""
        each = np.ones(self.m) if weights is None else weights
        return self.cells @ (each[:, None, None] * np.eye(self.k)).reshape(-1, self.k)

    def votes_by_class(self) -> FloatArray:
        """``votes[source, class]``: how many items each source votes each class on."""
        return self.cells.sums(self.counts).reshape(self.m, self.k)


def vote_rows(votes: Votes, weights: ArrayLike | None = None) -> Rows:
    """Group equal rows, unless a sample shows that they hardly repeat; ``weights`` are counts of the items."""
    m, k, n = len(votes.sources), len(votes.schema), len(votes)
    counts = _counts(weights, n)
    if _are_few(m, k):
        return _numbered(votes, counts)
    if not _repeats(votes):
        ones = np.ones(n) if counts is None else counts
        return Rows(_cells(votes), ones, _itself, n, m, k)
    patterns = votes.patterns()
    grouped = np.bincount(patterns.inverse, weights=counts, minlength=len(patterns.counts)).astype(np.float64)
    return Rows(_cells(patterns.votes), grouped, patterns.inverse.__getitem__, n, m, k)


def rows_to_label(votes: Votes) -> Rows:
    """Give the rows that are labelled once for all items; their counts, which no label needs, may be nan.

    Where items outnumber the possible rows, these are taken without looking which of them occur.
    """
    m, k, n = len(votes.sources), len(votes.schema), len(votes)
    if not _are_few(m, k) or n < _MANY * (k + 1) ** m:
        return vote_rows(votes)
    size = (k + 1) ** m
    return Rows(Indicator.of_keys(np.arange(size), m, k), np.broadcast_to(np.nan, size), votes.row_keys, n, m, k)


def _are_few(m: int, k: int) -> bool:
    return bool(m * np.log2(k + 1) <= _FEW_VALUES_BITS)


def _numbered(votes: Votes, weights: FloatArray | None) -> Rows:
    """Group rows by their numbers: those that occur, in order."""
    n, m, k = len(votes), len(votes.sources), len(votes.schema)
    size = (k + 1) ** m
    keys_of: Locate = votes.row_keys
    if n < _MANY * size:
        keys_of = votes.row_keys(slice(None)).__getitem__
    if n * _MANY < size:
        found, inverse = np.unique(keys_of(slice(None)), return_inverse=True)
        grouped = np.bincount(inverse, weights=weights, minlength=len(found)).astype(np.float64)
        return Rows(Indicator.of_keys(found, m, k), grouped, inverse.__getitem__, n, m, k)
    times, grouped = np.zeros(size, dtype=np.int64), np.zeros(0 if weights is None else size)
    for part in parts(n, _COUNTED):
        keys = keys_of(part)
        times += np.bincount(keys, minlength=size)
        if weights is not None:
            grouped += np.bincount(keys, weights=weights[part], minlength=size)
    found = np.flatnonzero(times > 0)
    counts = times[found].astype(np.float64) if weights is None else grouped[found]
    rank = np.empty(size, dtype=np.int32)
    rank[found] = np.arange(len(found), dtype=np.int32)
    return Rows(Indicator.of_keys(found, m, k), counts, lambda at: rank.take(keys_of(at), mode="clip"), n, m, k)


def _itself(at: Any) -> IntArray:
    return np.asarray(np.arange(at.start, at.stop) if isinstance(at, slice) else at)


def _counts(weights: ArrayLike | None, n: int) -> FloatArray | None:
    if weights is None:
        return None
    array = np.asarray(weights, dtype=np.float64)
    if array.shape != (n,) or not np.isfinite(array).all() or (array < 0).any():
        raise DataError("sample_weight", f"expected {n} counts, none below 0")
    return array


def _repeats(votes: Votes) -> bool:
    """Whether at least half of a sample of the rows occur more than once, so that grouping pays."""
    if len(votes) <= _SAMPLE:
        return True
    sample = votes.take_items(np.linspace(0, len(votes) - 1, _SAMPLE).astype(np.int64))
    return len(sample.patterns().counts) <= _SAMPLE / 2


def _cells(votes: Votes) -> Indicator:
    """Look blocks of sources up where a row has more votes than there are blocks; else keep each vote."""
    m, k = len(votes.sources), len(votes.schema)
    blocks = source_blocks(m, k)
    if votes.is_sparse or votes.n_votes < len(votes) * len(blocks):
        return Indicator.of_table(_table(votes))
    return Indicator.of_codes([votes.row_keys(slice(None), block).astype(np.intp) for block in blocks], m, k)


def _table(votes: Votes) -> Any:
    indptr, source, label = votes.compressed()
    k = len(votes.schema)
    kind: Any = np.int32 if len(source) < 2**31 and len(votes.sources) * k < 2**31 else np.int64
    cell = source.astype(kind) * kind(k) + label.astype(kind)
    shape = len(votes), len(votes.sources) * k
    return sparse.csr_array((np.ones(len(cell)), cell, indptr.astype(kind)), shape=shape)
