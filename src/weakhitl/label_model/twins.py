"""Near-duplicate sources, whose evidence is shared and not doubled."""

from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from weakhitl.label_model.indicator import Indicator
from weakhitl.label_model.rows import Rows
from weakhitl.votes import FloatArray, IntArray

_ALIKE = 0.95
_SUSPICIOUS = 0.8
_LEAST_ITEMS = 10
_LEAST_SAMPLED = 5
_WORK = 2e6
"""Pairs of votes that are looked at to find suspects; beyond that, a sample of the rows."""


def evidence_shares(rows: Rows) -> FloatArray:
    """``share[source]``: 1, or one part of a group of near-duplicates."""
    groups = twin_groups(rows)
    return np.asarray(1.0 / np.bincount(groups)[groups])


def twin_groups(rows: Rows) -> IntArray:
    """``group[source]``: near-duplicates are in one group.

    Two sources are near-duplicates if they vote the same on at least 95 % of the items on which either votes.
    Two that vote several classes may agree because both are right; of them it is asked on the items where
    either differs from the leading class of all the others.
    """
    suspects = _suspects(rows)
    columns, counts = (rows.cells.table().tocsc(), rows.class_counts()) if len(suspects) else (None, None)
    pairs = np.array([pair for pair in suspects if _alike(rows, columns, counts, *pair)], dtype=np.int64).reshape(-1, 2)
    graph = sparse.coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(rows.m, rows.m))
    return np.asarray(connected_components(graph, directed=False)[1])


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


def _alike(rows: Rows, columns: Any, counts: Any, first: int, second: int) -> bool:
    one, other = _votes_of(rows, columns, first), _votes_of(rows, columns, second)
    either = (one >= 0) | (other >= 0)
    if len(set(one[one >= 0])) > 1 or len(set(other[other >= 0])) > 1:
        others = counts.copy()
        for votes in (one, other):
            np.subtract.at(others, (np.flatnonzero(votes >= 0), votes[votes >= 0]), 1.0)
        leading = others.argmax(axis=1)
        told = others.max(axis=1) > 0
        either &= told & ((one != leading) & (one >= 0) | (other != leading) & (other >= 0))
    n_either = float(rows.counts @ either)
    return n_either >= _LEAST_ITEMS and float(rows.counts @ (either & (one == other))) >= _ALIKE * n_either


def _votes_of(rows: Rows, columns: Any, source: int) -> IntArray:
    """``vote[row]`` of one source, -1 without."""
    votes = np.full(len(rows.cells), -1, dtype=np.int64)
    for label in range(rows.k):
        at = source * rows.k + label
        votes[columns.indices[columns.indptr[at] : columns.indptr[at + 1]]] = label
    return votes
