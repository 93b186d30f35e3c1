"""Labeling, as ``snorkel.labeling`` names it."""

from weakhitl.snorkel.labeling.analysis import LFAnalysis
from weakhitl.snorkel.labeling.apply import (
    DaskLFApplier,
    LFApplier,
    PandasLFApplier,
    PandasParallelLFApplier,
    SparkLFApplier,
)
from weakhitl.snorkel.labeling.lf import LabelingFunction, labeling_function
from weakhitl.snorkel.labeling.utils import filter_unlabeled_dataframe

__all__ = [
    "DaskLFApplier",
    "LFAnalysis",
    "LFApplier",
    "LabelingFunction",
    "PandasLFApplier",
    "PandasParallelLFApplier",
    "SparkLFApplier",
    "filter_unlabeled_dataframe",
    "labeling_function",
]
