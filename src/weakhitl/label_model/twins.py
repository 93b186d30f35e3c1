"""Near-duplicate sources, whose evidence is shared and not doubled."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from weakhitl.label_model.confusion import Prior, Problem, evidence_of, fit_confusion
from weakhitl.label_model.indicator import Indicator
from weakhitl.label_model.majority import majority_balance
from weakhitl.label_model.model import logits, softmax
from weakhitl.label_model.rows import Rows
from weakhitl.votes import FloatArray, IntArray

_ALIKE = 0.95
_ACCURACY = 0.7
"""Of a source of which nothing is known."""
_SUSPICIOUS = 0.8
_TOGETHER = 0.75
"""Of the items on which one errs, near-duplicates vote the same on this part; independent sources that are right on
more than half of their items do on less than a third."""
_LEAST_ITEMS = 10
_LEAST_SAMPLED = 5
_LEAST_GROUPS = 3
_WORK = 2e6
"""Pairs of votes that are looked at to find suspects; beyond that, a sample of the rows."""


def evidence_shares(rows: Rows) -> FloatArray:
    """``share[source]``: 1, or one part of a group of near-duplicates."""
    return _shares(twin_groups(rows))


def twin_groups(rows: Rows) -> IntArray:
    """``group[source]``: near-duplicates are in one group.

    Two sources are near-duplicates if they vote the same on at least 95 % of the items on which either votes.
    Two that vote several classes may agree because both are right: they have to err together, too.
    How likely a vote is wrong is asked of a model in which those that may be near-duplicates have one source's
    evidence, so that many copies do not pass for the truth; fewer than three such groups can show nothing, then all
    evidence counts.
    """
    suspects = _suspects(rows)
    columns = rows.cells.table().tocsc() if len(suspects) else None
    pairs = (_Pair((i, j), _votes_of(columns, rows.k, i), _votes_of(columns, rows.k, j)) for i, j in suspects)
    alike = [pair for pair in pairs if pair.is_alike(rows.counts)]
    if any(pair.vote_several_classes for pair in alike):
        wrong = 1.0 - _posterior(rows, _groups(alike, rows.m))
        alike = [pair for pair in alike if not pair.vote_several_classes or pair.errs_together(rows.counts, wrong)]
    return _groups(alike, rows.m)


@dataclass(frozen=True)
class _Pair:
    """Two sources, and what they vote on each row, -1 without."""

    sources: tuple[int, int]
    one: IntArray
    other: IntArray

    @property
    def vote_several_classes(self) -> bool:
        return any(len(set(votes[votes >= 0])) > 1 for votes in (self.one, self.other))

    def is_alike(self, counts: FloatArray) -> bool:
        either = float(counts @ ((self.one >= 0) | (self.other >= 0)))
        same = float(counts @ ((self.one >= 0) & (self.one == self.other)))
        return either >= _LEAST_ITEMS and same >= _ALIKE * either

    def errs_together(self, counts: FloatArray, wrong: FloatArray) -> bool:
        """Whether they mostly vote the same on the items on which one errs, from ``wrong[row, class]``."""
        both = (self.one >= 0) & (self.other >= 0)
        same = np.flatnonzero(both & (self.one == self.other))
        together = float(counts[same] @ wrong[same, self.one[same]])
        apart = float(counts @ (both & (self.one != self.other)))
        either = together + apart
        return either >= _LEAST_ITEMS and together >= _TOGETHER * either


def _shares(groups: IntArray) -> FloatArray:
    return np.asarray(1.0 / np.bincount(groups)[groups])


def _groups(pairs: Sequence[_Pair], m: int) -> IntArray:
    """``group[source]``: those that pairs connect."""
    ends = np.array([pair.sources for pair in pairs], dtype=np.int64).reshape(-1, 2)
    graph = sparse.coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(m, m))
    return np.asarray(connected_components(graph, directed=False)[1])


def _posterior(rows: Rows, groups: IntArray) -> FloatArray:
    """``posterior[row, class]`` of a model where each source has its share of its group's evidence."""
    shares = _shares(groups) if groups.max() + 1 >= _LEAST_GROUPS else np.ones(rows.m)
    balance = majority_balance(rows, shares)
    prior = Prior(float(rows.k), _ACCURACY, by_habit=True)
    found = fit_confusion(Problem(rows, shares, balance), prior, max_iter=500, tol=1e-4)
    return softmax(logits(rows.cells, evidence_of(found.confusion) * shares[:, None, None], np.log(balance)))


def _suspects(rows: Rows) -> IntArray:
    """Pairs of sources that vote the same on most of a sample of the rows."""
    n, k = len(rows.cells), rows.k
    share = min(1.0, _WORK / max(float((rows.cells.n_votes**2).sum()), 1.0))
    cells, counts = rows.cells, rows.counts
    if share < 1:
        at = np.linspace(0, n - 1, max(1, round(share * n))).astype(np.int64)
        cells, counts = Indicator.of_table(cells.take(at)), counts[at]
    together = sparse.triu(cells.pairs(counts)).tocoo()
    first, second = (part // k for part in together.coords)
    same = (together.coords[0] % k == together.coords[1] % k) * together.data
    shape = (rows.m, rows.m)
    both = sparse.coo_array((together.data, (first, second)), shape=shape).tocsr()
    agreed = sparse.coo_array((same, (first, second)), shape=shape).tocsr()
    cast = both.diagonal()
    upper = sparse.triu(agreed, 1).tocoo()
    i, j = upper.coords
    either = cast[i] + cast[j] - np.asarray(both[i, j]).reshape(-1)
    enough = upper.data >= max(_LEAST_SAMPLED, share * _LEAST_ITEMS)
    return np.asarray(np.column_stack([i, j])[enough & (upper.data >= _SUSPICIOUS * either)])


def _votes_of(columns: Any, k: int, source: int) -> IntArray:
    """``vote[row]`` of one source, -1 without, from ``columns[row, source * k + voted]``."""
    votes = np.full(columns.shape[0], -1, dtype=np.int64)
    for label in range(k):
        at = source * k + label
        votes[columns.indices[columns.indptr[at] : columns.indptr[at + 1]]] = label
    return votes
