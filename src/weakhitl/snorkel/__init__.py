"""Snorkel's labeling names with Snorkel's semantics, without Snorkel and torch.

``from snorkel.labeling import …`` becomes ``from weakhitl.snorkel.labeling import …``, and so on for ``preprocess``,
``map``, ``utils`` and ``analysis``; all names are here, too.
"""

from weakhitl.snorkel.analysis import get_label_buckets, get_label_instances
from weakhitl.snorkel.labeling import (
    DaskLFApplier,
    LabelingFunction,
    LFAnalysis,
    LFApplier,
    PandasLFApplier,
    PandasParallelLFApplier,
    SparkLFApplier,
    filter_unlabeled_dataframe,
    labeling_function,
)
from weakhitl.snorkel.labeling.model import LabelModel, MajorityClassVoter, MajorityLabelVoter, RandomVoter
from weakhitl.snorkel.map import LambdaMapper, Mapper, lambda_mapper
from weakhitl.snorkel.preprocess import LambdaPreprocessor, Preprocessor, preprocessor
from weakhitl.snorkel.utils import filter_labels, preds_to_probs, probs_to_preds, to_int_label_array

__all__ = [
    "DaskLFApplier",
    "LFAnalysis",
    "LFApplier",
    "LabelModel",
    "LabelingFunction",
    "LambdaMapper",
    "LambdaPreprocessor",
    "MajorityClassVoter",
    "MajorityLabelVoter",
    "Mapper",
    "PandasLFApplier",
    "PandasParallelLFApplier",
    "Preprocessor",
    "RandomVoter",
    "SparkLFApplier",
    "filter_labels",
    "filter_unlabeled_dataframe",
    "get_label_buckets",
    "get_label_instances",
    "labeling_function",
    "lambda_mapper",
    "preds_to_probs",
    "preprocessor",
    "probs_to_preds",
    "to_int_label_array",
]
