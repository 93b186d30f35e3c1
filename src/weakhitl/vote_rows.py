"""Group equal rows of a vote matrix, at a cost that grows with the rows and not with their logarithm."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

_Ints = npt.NDArray[Any]

_DIRECT = 1 << 22
"""Keys below this are counted by direct addressing: a table of 32 MB at most."""
_CHUNK = 1 << 18
_CACHED = 1 << 14
_KEY_BITS = 62


def group_dense(matrix: _Ints, base: int) -> tuple[_Ints, _Ints, _Ints]:
    """Group the rows of ``matrix[row, column]`` (values -1..base-2): the distinct ones, inverse, counts.

    ``inverse[row]`` is the row's position among the distinct ones, which are in lexicographic order, so that they do
    not depend on the order of the rows.
    """
    n, m = matrix.shape
    inverse, distinct = np.zeros(n, dtype=np.int32), np.empty((min(n, 1), 0), dtype=matrix.dtype)
    while (column := distinct.shape[1]) < m:
        groups = max(len(distinct), 1)
        width = max(1, min(m - column, int((_KEY_BITS - np.log2(max(groups, 2))) / np.log2(base))))
        keys = _keys(matrix[:, column : column + width], base, inverse, groups)
        found, inverse = _ranks(keys, groups * base**width)
        before, digits = _split(found, base, width, matrix.dtype)
        distinct = np.hstack([distinct[before], digits])
    counts = np.zeros(len(distinct), dtype=np.int64)
    for start in range(0, n, _CHUNK):
        counts += np.bincount(inverse[start : start + _CHUNK], minlength=len(counts))
    return distinct, inverse, counts


def group_weighted(matrix: _Ints, base: int, weights: _Ints) -> tuple[_Ints, _Ints, _Ints]:
    """Group equal pairs of a row of ``matrix`` and its ``weights[row]``: rows, weights and counts of the distinct ones.

    They are in lexicographic order, the weight last.
    """
    distinct, inverse, _ = group_dense(matrix, base)
    weight, rank = np.unique(weights, return_inverse=True)
    pairs, counts = np.unique(inverse.astype(np.int64) * len(weight) + rank, return_counts=True)
    row, at = np.divmod(pairs, max(1, len(weight)))
    return distinct[row], weight[at], counts


def group_sparse(indptr: _Ints, indices: _Ints, data: _Ints) -> tuple[_Ints, _Ints, _Ints]:
    """Group the rows of a compressed matrix; the same three arrays as ``group_dense``."""
    codes, distinct = pd.factorize(_row_hashes(indptr, indices, data))
    first = np.zeros(len(distinct), dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    if not _same_rows((indptr, indices, data), first[codes]):  # two rows with one hash
        codes, first = _group_bytes(indptr, indices, data)
    order = np.argsort(np.array(_row_bytes(indptr, indices, data, first), dtype=object), kind="stable")
    rank = np.empty(len(order), dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return first[order], rank[codes], np.bincount(rank[codes], minlength=len(order))


def _row_bytes(indptr: _Ints, indices: _Ints, data: _Ints, rows: Iterable[int]) -> list[bytes]:
    spans = ((indptr[row], indptr[row + 1]) for row in rows)
    return [indices[a:b].tobytes() + b"|" + data[a:b].tobytes() for a, b in spans]


def _group_bytes(indptr: _Ints, indices: _Ints, data: _Ints) -> tuple[_Ints, _Ints]:
    """Give the group of each row, and a row of each group."""
    rows = np.array(_row_bytes(indptr, indices, data, range(len(indptr) - 1)), dtype=object)
    codes, distinct = pd.factorize(rows)
    first = np.zeros(len(distinct), dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    return codes, first


def _row_hashes(indptr: _Ints, indices: _Ints, data: _Ints) -> _Ints:
    """``hash[row]``: the sum of its cells' hashes, modulo 2 ** 64."""
    hashes = np.empty(len(indptr) - 1, dtype=np.uint64)
    for start in range(0, len(hashes), _CHUNK):
        bounds = indptr[start : start + _CHUNK + 1]
        part = slice(bounds[0], bounds[-1])
        cells = _mixed(
            (indices[part].astype(np.uint64) << np.uint64(16)) + (data[part].astype(np.uint64) + np.uint64(1))
        )
        sums = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(cells)])
        at = np.asarray(bounds - bounds[0], dtype=np.int64)
        hashes[start : start + _CHUNK] = sums[at[1:]] - sums[at[:-1]]
    return hashes


def _mixed(cells: _Ints) -> _Ints:
    """Spread each number over 64 bits: the finalizer of SplitMix64 (Steele, Lea and Flood 2014)."""
    mixed = cells * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed ^= mixed >> np.uint64(shift)
        mixed *= np.uint64(factor)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


def _same_rows(matrix: tuple[_Ints, _Ints, _Ints], other: _Ints) -> bool:
    """Whether every row of a compressed matrix is equal to the row ``other[row]``."""
    indptr, indices, data = matrix
    for start in range(0, len(other), _CHUNK):
        rows, others = slice(start, start + _CHUNK), other[start : start + _CHUNK]
        begins, lengths = indptr[:-1][rows], np.diff(indptr[start : start + _CHUNK + 1])
        if (indptr[others + 1] - indptr[others] != lengths).any():
            return False
        here = np.arange(begins[0], begins[0] + lengths.sum()) if len(begins) else begins
        there = here + np.repeat(indptr[others] - begins, lengths)
        if (indices[here] != indices[there]).any() or (data[here] != data[there]).any():
            return False
    return True


def whole_product(matrix: _Ints, vector: _Ints) -> _Ints:
    """Multiply whole numbers held as floats, which is exact and many times faster than sums of integers.

    Some kernels of OpenBLAS read beyond the end of small arrays and raise the flag of an invalid operation for what
    they find there, though no part of the result comes from it; the flag is ignored.
    """
    with np.errstate(invalid="ignore"):
        return np.asarray(matrix @ vector)


def row_numbers(matrix: _Ints, base: int) -> _Ints:
    """``number[row]``: a row's values, each one more, as digits to a base; exact, in floats where they fit."""
    n, m = matrix.shape
    powers = base ** np.arange(m - 1, -1, -1, dtype=np.int64)
    kind: Any = np.int32 if base**m < 2**31 else np.int64
    factor: Any = np.float32 if base**m < 2**24 else np.float64 if base**m < 2**53 else np.int64
    numbers = np.empty(n, dtype=kind)
    for part in parts(n):
        numbers[part] = whole_product(matrix[part].astype(factor), powers.astype(factor))
        numbers[part] += powers.sum().astype(kind)
    return numbers


def _keys(matrix: _Ints, base: int, inverse: _Ints, groups: int) -> _Ints:
    """``key[row]``: the row's number after its group so far."""
    numbers = row_numbers(matrix, base)
    if groups == 1:
        return numbers
    size = base ** matrix.shape[1]
    keys = numbers if groups * size < 2**31 else numbers.astype(np.int64)
    for part in parts(len(keys)):
        keys[part] += inverse[part].astype(keys.dtype) * keys.dtype.type(size)
    return keys


def _split(keys: _Ints, base: int, width: int, dtype: Any) -> tuple[_Ints, _Ints]:
    """Read keys: the group before, and ``digits[key, column]`` of the columns after."""
    digits = np.empty((len(keys), width), dtype=dtype)
    for column in reversed(range(width)):
        keys, digit = np.divmod(keys, base)
        digits[:, column] = digit - 1
    return keys, digits


def _ranks(keys: _Ints, size: int) -> tuple[_Ints, _Ints]:
    """Give the distinct keys (0..size-1) in order, and the rank of each key among them, in its place where it fits."""
    if size > _DIRECT:
        codes, distinct = pd.factorize(keys)
        order = np.argsort(distinct)
        rank = np.empty(len(distinct), dtype=np.int32)
        rank[order] = np.arange(len(distinct), dtype=np.int32)
        return distinct[order], rank[codes]
    seen = np.zeros(size, dtype=bool)
    for part in parts(len(keys)):
        seen[keys[part]] = True
    rank = np.cumsum(seen, dtype=np.int32) - np.int32(1)
    return np.flatnonzero(seen), gathered(rank, keys, keys if keys.dtype == rank.dtype else None)


def gathered(values: _Ints, at: _Ints, out: _Ints | None = None) -> _Ints:
    """``values[at]``, part by part: NumPy would widen all of ``at`` to 64 bits first. ``out`` may be ``at``."""
    found = np.empty((len(at), *values.shape[1:]), dtype=values.dtype) if out is None else out
    for part in parts(len(at)):
        np.take(values, at[part], axis=0, out=found[part], mode="clip")
    return found


def parts(n: int, size: int = _CACHED) -> Iterator[slice]:
    """Cut n rows into parts; by default such that stay in the cache."""
    return (slice(start, min(start + size, n)) for start in range(0, n, size))
