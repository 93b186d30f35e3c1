"""The applier for Spark."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from weakhitl.labeling.portable import packed, unpacked
from weakhitl.snorkel.labeling.apply.core import BaseLFApplier, label_points

__all__ = ["SparkLFApplier"]


class SparkLFApplier(BaseLFApplier):
    """Runs functions over an RDD of rows."""

    def apply(self, data_points: Any, fault_tolerant: bool = False) -> np.ndarray:
        """Give the label matrix, its rows in the order of the RDD's."""
        functions, width = packed(self._lfs), len(self._lfs)

        def label(rows: Iterator[Any]) -> Iterator[np.ndarray]:
            yield label_points(unpacked(functions), list(rows), fault_tolerant)[0]

        parts = data_points.mapPartitions(label).collect()
        return np.concatenate([np.zeros((0, width), dtype=int), *parts])
