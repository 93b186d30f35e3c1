"""Near-duplicate sources, whose evidence is shared and not doubled."""

from collections.abc import Sequence
from itertools import product

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
    How likely a vote is wrong is asked of a model of the sources that vote several classes, in which those that may
    be near-duplicates have one source's evidence, so that many copies do not pass for the truth; fewer than three
    such groups can show nothing, then all evidence counts.
    """
    suspects = _suspects(rows)
    votes = _votes_of(rows, np.unique(suspects))
    near = [(i, j) for i, j in suspects if _are_alike(rows.counts, votes[i], votes[j])]
    several = np.count_nonzero(rows.votes_by_class(), axis=1) > 1
    if any(several[i] or several[j] for i, j in near):
        wrong = 1.0 - _posterior(rows.of_sources(several), _groups(near, rows.m)[several])
        near = [
            (i, j)
            for i, j in near
            if not (several[i] or several[j]) or _err_together(rows.counts, wrong, votes[i], votes[j])
        ]
    return _groups(near, rows.m)


def _are_alike(counts: FloatArray, one: IntArray, other: IntArray) -> bool:
    either = float(counts @ ((one >= 0) | (other >= 0)))
    same = float(counts @ ((one >= 0) & (one == other)))
    return either >= _LEAST_ITEMS and same >= _ALIKE * either


def _err_together(counts: FloatArray, wrong: FloatArray, one: IntArray, other: IntArray) -> bool:
    """Whether they mostly vote the same on the items on which one errs, from ``wrong[row, class]``."""
    both = (one >= 0) & (other >= 0)
    same = np.flatnonzero(both & (one == other))
    together = float(counts[same] @ wrong[same, one[same]])
    either = together + float(counts @ (both & (one != other)))
    return either >= _LEAST_ITEMS and together >= _TOGETHER * either


def _shares(groups: IntArray) -> FloatArray:
    return np.asarray(1.0 / np.bincount(groups)[groups])


def _groups(pairs: Sequence[tuple[int, int]], m: int) -> IntArray:
    """``group[source]``: those that pairs connect."""
    ends = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    graph = sparse.coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(m, m))
    return np.asarray(connected_components(graph, directed=False)[1])


def _posterior(rows: Rows, groups: IntArray) -> FloatArray:
    """``posterior[row, class]`` of a model where each source has its share of its group's evidence."""
    shares = _shares(groups) if len(np.unique(groups)) >= _LEAST_GROUPS else np.ones(rows.m)
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


def _votes_of(rows: Rows, sources: IntArray) -> dict[int, IntArray]:
    """``votes[source][row]`` of some sources, -1 without."""
    if not len(sources):
        return {}
    columns, kind = rows.cells.table().tocsc(), np.min_scalar_type(-rows.k)
    votes = {int(source): np.full(columns.shape[0], -1, dtype=kind) for source in sources}
    for source, label in product(votes, range(rows.k)):
        at = source * rows.k + label
        votes[source][columns.indices[columns.indptr[at] : columns.indptr[at + 1]]] = label
    return votes
