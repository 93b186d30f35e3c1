"""How a matrix of votes is kept: compressed rows where votes are few, else whole, in the smallest type."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from weakhitl.errors import DataError
from weakhitl.schema import ABSTAIN, LabelSchema
from weakhitl.vote_rows import parts

IntArray = npt.NDArray[np.integer[Any]]

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


def label_matrix(matrix: npt.ArrayLike) -> npt.NDArray[Any]:
    """Read anything as a matrix of integers, not copied where it is one; ``DataError`` where it cannot be one."""
    try:
        array = np.asarray(matrix)
    except ValueError as error:
        raise DataError(
            "vote matrix", "has rows of different lengths; expected a vote of each source, -1 abstains"
        ) from error
    if array.ndim != 2:
        raise DataError("vote matrix", f"has shape {array.shape}; expected (items, sources)")
    if not np.issubdtype(array.dtype, np.integer):
        raise DataError("vote matrix", f"holds {array.dtype}; expected integers: class indices, -1 abstains")
    return array


def compact(array: npt.NDArray[Any], dtype: np.dtype[Any]) -> tuple[IntArray, int, int, int]:
    """Copy a matrix in a smaller type; how many votes it holds, and the lowest and highest label (at least -1).

    Part by part, so that each part is read from memory once. Labels that the type cannot hold are not kept.
    """
    dense = np.empty(array.shape, dtype=dtype)
    n_votes, lowest, highest = 0, ABSTAIN, ABSTAIN
    for part in parts(len(array)):
        low, high = extremes(array[part])
        lowest, highest = min(lowest, low), max(highest, high)
        dense[part] = array[part]
        n_votes += int(np.count_nonzero(dense[part] + 1))
    return dense, n_votes, lowest, highest


def extremes(array: npt.NDArray[Any]) -> tuple[int, int]:
    """Give the lowest and the highest label of a matrix, at least -1."""
    lowest, highest = ABSTAIN, ABSTAIN
    for part in parts(len(array) if array.size else 0):
        lowest, highest = min(lowest, int(array[part].min())), max(highest, int(array[part].max()))
    return lowest, highest


def label_faults(array: npt.NDArray[Any], schema: LabelSchema, items: pd.Index, sources: tuple[str, ...]) -> list[str]:
    """Name each label of a matrix that is no class index."""
    return [
        f"{sources[column]!r} voted {array[row, column]} on item {items[row]!r}; "
        f"expected -1 (abstain) or 0..{len(schema) - 1}"
        for row, column in np.argwhere((array < ABSTAIN) | (array >= len(schema)))
    ]
