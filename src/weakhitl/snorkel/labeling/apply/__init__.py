"""Appliers."""

from weakhitl.snorkel.labeling.apply.core import BaseLFApplier, LFApplier
from weakhitl.snorkel.labeling.apply.dask import DaskLFApplier
from weakhitl.snorkel.labeling.apply.pandas import PandasLFApplier, PandasParallelLFApplier
from weakhitl.snorkel.labeling.apply.spark import SparkLFApplier

__all__ = [
    "BaseLFApplier",
    "DaskLFApplier",
    "LFApplier",
    "PandasLFApplier",
    "PandasParallelLFApplier",
    "SparkLFApplier",
]
