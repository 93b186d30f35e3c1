"""The appliers for pandas DataFrames."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from weakhitl.labeling.chunk import Row, uncollected
from weakhitl.labeling.portable import packed, unpacked
from weakhitl.snorkel.labeling.apply.core import BaseLFApplier, label_points

__all__ = ["PandasLFApplier", "PandasParallelLFApplier", "label_frame"]

_ROWS = 20_000


class _PandasRow(Row):
    """A row that is as quick as a plain object, and answers like a Series where a function asks for that."""

    __slots__ = ("_at",)

    def __reduce__(self) -> tuple[Any, ...]:
        return _pandas_row, (vars(self), self._at)

    def __getitem__(self, column: Any) -> Any:
        return vars(self)[column] if column in vars(self) else self._series()[column]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "_at":
            raise AttributeError(name)
        return getattr(self._series(), name)

    def __iter__(self) -> Iterator[Any]:
        return iter(vars(self).values())

    def __len__(self) -> int:
        return len(vars(self))

    def __contains__(self, column: object) -> bool:
        return column in vars(self)

    def _series(self) -> "pd.Series[Any]":
        return pd.Series(vars(self), name=self._at)


def _pandas_row(cells: dict[str, Any], at: Any) -> _PandasRow:
    row = _PandasRow(**cells)
    row._at = at  # noqa: SLF001 - its own maker
    return row


def label_frame(lfs: list[Any], frame: pd.DataFrame, fault_tolerant: bool) -> tuple[np.ndarray, dict[str, int]]:
    """Give the label matrix of a DataFrame's rows, and the faults."""
    names = [str(name) for name in frame.columns]
    columns = [frame.iloc[:, at].tolist() for at in range(len(names))]
    cells = zip(*columns, strict=True) if columns else iter([()] * len(frame))
    with uncollected():
        rows = [_pandas_row(dict(zip(names, one, strict=True)), at) for one, at in zip(cells, frame.index, strict=True)]
    return label_points(lfs, rows, fault_tolerant)


def label_packed(lfs: bytes, frame: pd.DataFrame, fault_tolerant: bool) -> tuple[np.ndarray, dict[str, int]]:
    """Do the same in another process."""
    return label_frame(unpacked(lfs), frame, fault_tolerant)


class PandasLFApplier(BaseLFApplier):
    """Runs functions over the rows of a DataFrame, in this process.

    Examples
    --------
    >>> from weakhitl.snorkel.labeling import labeling_function
    >>> @labeling_function()
    ... def is_big(x):
    ...     return 1 if x.num > 42 else 0
    >>> PandasLFApplier([is_big]).apply(pd.DataFrame({"num": [10, 100]}))
    array([[0],
           [1]])

    """

    def apply(
        self,
        df: pd.DataFrame,
        progress_bar: bool = True,
        fault_tolerant: bool = False,
        return_meta: bool = False,
    ) -> Any:
        """Give the label matrix; with ``return_meta`` also the faults, which are allowed if ``fault_tolerant``."""
        return self._given(*label_frame(self._lfs, df, fault_tolerant), return_meta)


class PandasParallelLFApplier(BaseLFApplier):
    """Runs functions over the rows of a DataFrame, in several processes."""

    def apply(
        self,
        df: pd.DataFrame,
        n_parallel: int = 2,
        scheduler: str = "processes",
        fault_tolerant: bool = False,
    ) -> np.ndarray:
        """Give the label matrix, its rows in the order of the DataFrame's.

        ``scheduler`` is ``processes`` or ``threads``. Raises ``ValueError`` for fewer than two.
        """
        if n_parallel < 2:
            raise ValueError(f"n_parallel = {n_parallel}; expected at least 2, or use PandasLFApplier")
        if scheduler not in {"processes", "threads"}:
            raise ValueError(f"scheduler = {scheduler!r}; expected 'processes' or 'threads'")
        from joblib import Parallel, delayed

        rows = max(1, min(_ROWS, -(-len(df) // n_parallel)))
        parts = [df.iloc[at : at + rows] for at in range(0, max(len(df), 1), rows)]
        functions = packed(self._lfs)
        pool = Parallel(n_jobs=n_parallel, prefer=scheduler)
        done = pool(delayed(label_packed)(functions, part, fault_tolerant) for part in parts)
        return np.concatenate([matrix for matrix, _ in done])
