"""Group equal rows of a vote matrix, at a cost that grows with the rows and not with their logarithm."""

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

_Ints = npt.NDArray[Any]

_DIRECT = 1 << 22
"""Keys below this are counted by direct addressing: a table of 32 MB at most."""
_CHUNK = 1 << 20
_CACHED = 1 << 14
_KEY_BITS = 62


def group_dense(matrix: _Ints, base: int) -> tuple[_Ints, _Ints, _Ints]:
    """Group the rows of ``matrix[row, column]`` (values -1..base-2): representatives, inverse, counts.

    ``representatives[group]`` is a row number, ``inverse[row]`` the row's group; groups are in
    lexicographic order, so that they do not depend on the order of the rows.
    """
    n, m = matrix.shape
    groups, inverse = 1, None
    column = 0
    while column < m:
        width = max(1, min(m - column, int((_KEY_BITS - np.log2(max(groups, 2))) / np.log2(base))))
        inverse, groups = _ranks(_keys(matrix[:, column : column + width], base, inverse), groups * base**width)
        column += width
    if inverse is None:
        inverse = np.zeros(n, dtype=np.int32)
    representatives = np.zeros(groups if n else 0, dtype=np.int64)
    counts = np.zeros(len(representatives), dtype=np.int64)
    for start in range(0, n, _CHUNK):
        part = inverse[start : start + _CHUNK]
        representatives[part] = np.arange(start, start + len(part))
        counts += np.bincount(part, minlength=len(counts))
    return representatives, inverse, counts


def group_sparse(indptr: _Ints, indices: _Ints, data: _Ints) -> tuple[_Ints, _Ints, _Ints]:
    """Group the rows of a compressed matrix; the same three arrays as ``group_dense``."""
    rows = [indices[a:b].tobytes() + b"|" + data[a:b].tobytes() for a, b in pairwise(indptr)]
    codes = pd.factorize(np.array(rows, dtype=object), sort=True)[0]
    _, representatives, inverse, counts = np.unique(codes, return_index=True, return_inverse=True, return_counts=True)
    return representatives, inverse.reshape(-1), counts


def _keys(matrix: _Ints, base: int, inverse: _Ints | None) -> _Ints:
    """``key[row]``: the row's values as digits after its group so far; exact, by a product in floats where it fits."""
    n, m = matrix.shape
    powers = base ** np.arange(m - 1, -1, -1, dtype=np.int64)
    groups = 1 if inverse is None else int(inverse.max(initial=0)) + 1
    kind: Any = np.int32 if groups * base**m < 2**31 else np.int64
    factor: Any = np.float32 if base**m < 2**24 else np.float64 if base**m < 2**53 else np.int64
    keys = np.empty(n, dtype=kind)
    for start in range(0, n, _CACHED):
        part = slice(start, start + _CACHED)
        keys[part] = matrix[part].astype(factor) @ powers.astype(factor)
    keys += powers.sum().astype(kind)
    if inverse is not None:
        keys += inverse.astype(kind) * kind(base**m)
    return keys


def _ranks(keys: _Ints, size: int) -> tuple[_Ints, int]:
    """Replace each key (0..size-1) by its rank among the distinct keys; and how many those are."""
    if size > _DIRECT:
        codes, distinct = pd.factorize(keys)
        rank = np.empty(len(distinct), dtype=np.int32)
        rank[np.argsort(distinct)] = np.arange(len(distinct), dtype=np.int32)
        return rank[codes], len(distinct)
    seen = np.zeros(size, dtype=bool)
    seen[keys] = True
    rank = np.cumsum(seen, dtype=np.int32) - np.int32(1)
    return np.take(rank, keys), int(np.count_nonzero(seen))
