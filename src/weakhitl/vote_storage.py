"""How a matrix of votes is kept: compressed rows where votes are few, else whole, in the smallest type."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from weakhitl.schema import ABSTAIN, LabelSchema

IntArray = npt.NDArray[np.integer[Any]]

_PART = 1 << 14
_SPARSE_BYTES = 5
"""Bytes per vote of the sparse form: four for the source's index, one for the label."""


def compressed_rows(row: IntArray, column: IntArray, label: IntArray, shape: tuple[int, int], dtype: Any) -> Any:
    """Build a compressed matrix from sorted entries: SciPy would drop class 0 as a stored zero in some operations."""
    indptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=shape[0]))])
    return sparse.csr_array((label.astype(dtype), column.astype(np.int32), indptr.astype(np.int64)), shape=shape)


def label_dtype(schema: LabelSchema) -> np.dtype[Any]:
    """Give the smallest type that holds every class index and -1."""
    return np.dtype(np.min_scalar_type(-max(len(schema), 2)))


def sparse_is_smaller(n_votes: int, n: int, m: int, dtype: np.dtype[Any]) -> bool:
    """Say whether so many votes of n items and m sources take less memory as compressed rows than as a matrix."""
    return n_votes * (_SPARSE_BYTES - 1 + dtype.itemsize) + 8 * n < n * m * dtype.itemsize


def compact(array: npt.NDArray[Any], k: int, dtype: np.dtype[Any]) -> tuple[IntArray, int, bool]:
    """Copy a matrix in the smallest type; how many votes it holds, and whether all lie in -1..k-1.

    Part by part, so that each part is read from memory once.
    """
    dense = np.empty(array.shape, dtype=dtype)
    n_votes, in_range = 0, True
    for start in range(0, len(array), _PART):
        part = array[start : start + _PART]
        in_range &= not part.size or bool(part.min() >= ABSTAIN and part.max() < k)
        dense[start : start + _PART] = part
        n_votes += int(np.count_nonzero(dense[start : start + _PART] + 1))
    return dense, n_votes, in_range


def label_faults(array: npt.NDArray[Any], schema: LabelSchema, items: pd.Index, sources: tuple[str, ...]) -> list[str]:
    """Name each label of a matrix that is no class index."""
    return [
        f"{sources[column]!r} voted {array[row, column]} on item {items[row]!r}; "
        f"expected -1 (abstain) or 0..{len(schema) - 1}"
        for row, column in np.argwhere((array < ABSTAIN) | (array >= len(schema)))
    ]
