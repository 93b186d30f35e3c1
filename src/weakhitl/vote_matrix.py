"""Matrices of votes as users give them: read their cells, find their faults."""

from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from weakhitl.arrays import ArrayLike
from weakhitl.errors import DataError
from weakhitl.schema import ABSTAIN, LabelSchema
from weakhitl.vote_rows import parts

IntArray = npt.NDArray[np.integer[Any]]

_LARGEST = float(2**53)
"""Beyond it a float is no longer one integer."""


def label_matrix(matrix: ArrayLike) -> npt.NDArray[Any]:
    """Read anything as a matrix of integers, not copied where it is one; ``DataError`` where it cannot be one.

    Whole floats are integers; NaN, None and masked cells abstain, as pandas writes a table with cells that are missing.

    >>> label_matrix([[1.0, np.nan]]).tolist()
    [[1, -1]]
    >>> label_matrix([[1, None]]).tolist()
    [[1, -1]]

    """
    if hasattr(matrix, "toarray"):
        expected = "expected an array: in a sparse one no vote and class 0 are the same"
        raise DataError("vote matrix", f"is a {type(matrix).__name__}; {expected}")
    try:
        array = np.asarray(matrix)
    except ValueError as error:
        raise DataError(
            "vote matrix", "has rows of different lengths; expected a vote of each source, -1 abstains"
        ) from error
    if isinstance(matrix, np.ma.MaskedArray):
        array = np.where(np.ma.getmaskarray(matrix), np.int64(ABSTAIN), array)
    if array.ndim != 2:
        raise DataError("vote matrix", f"has shape {array.shape}; expected (items, sources)")
    if np.issubdtype(array.dtype, np.integer):
        return array
    if isinstance(matrix, pd.DataFrame) and all(
        is_numeric_dtype(kind) and not is_bool_dtype(kind) for kind in matrix.dtypes
    ):
        array = matrix.to_numpy(dtype=np.float64, na_value=np.nan)
    elif array.dtype == object:
        array = _numbers(array)
    if not np.issubdtype(array.dtype, np.floating):
        hint = "; class names go to Votes.from_wide" if array.dtype.kind in "OUST" else ""
        raise DataError("vote matrix", f"holds {array.dtype}; expected integers: class indices, -1 abstains{hint}")
    missing = np.isnan(array)
    whole = np.where(missing, ABSTAIN, array.astype(np.float64, copy=False))
    if wrong := whole[(whole != np.trunc(whole)) | (np.abs(whole) > _LARGEST)].tolist():
        raise DataError("vote matrix", f"holds {wrong[0]!r}; expected integers: class indices, -1 or NaN abstains")
    return whole.astype(np.int64)


def _numbers(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Make floats of objects that are numbers or missing; others stay as they are."""
    missing = pd.isna(array)
    if not all(isinstance(cell, Real) and not isinstance(cell, bool) for cell in array[~missing]):
        return array
    return np.where(missing, np.nan, array).astype(np.float64)


def column_names(table: pd.DataFrame) -> list[str] | None:
    """Give a table's columns as names of sources; None where they are only counted."""
    return None if isinstance(table.columns, pd.RangeIndex) else [str(name) for name in table.columns]


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
    rows, columns = np.nonzero((array < ABSTAIN) | (array >= len(schema)))
    return [
        f"{sources[column]!r} voted {label} on item {item!r}; expected -1 (abstain) or 0..{len(schema) - 1}"
        for item, column, label in zip(items[rows].tolist(), columns, array[rows, columns], strict=True)
    ]
