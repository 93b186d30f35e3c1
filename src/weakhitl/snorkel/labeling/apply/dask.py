"""The appliers for Dask DataFrames, and for pandas DataFrames in several processes."""

from importlib import import_module
from typing import Any

import numpy as np

from weakhitl.labeling.portable import packed
from weakhitl.snorkel.labeling.apply.core import BaseLFApplier
from weakhitl.snorkel.labeling.apply.pandas import PandasParallelLFApplier, label_packed

__all__ = ["DaskLFApplier", "PandasParallelLFApplier"]


class DaskLFApplier(BaseLFApplier):
    """Runs functions over the partitions of a Dask DataFrame."""

    def apply(self, df: Any, scheduler: Any = "processes", fault_tolerant: bool = False) -> np.ndarray:
        """Give the label matrix, its rows in the order of the partitions.

        ``scheduler`` is what ``dask.compute`` takes: processes, threads, or a client of a cluster.
        """
        dask: Any = import_module("dask")
        task = dask.delayed(label_packed, pure=False)
        functions = packed(self._lfs)
        parts = [task(functions, part, fault_tolerant) for part in df.to_delayed()]
        return np.concatenate([matrix for matrix, _ in dask.compute(*parts, scheduler=scheduler)])
