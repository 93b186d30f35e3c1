"""Labeling functions: write them, find them, run them, look at what they do."""

from weakhitl.labeling.analysis import lf_summary
from weakhitl.labeling.apply import Run, apply, run
from weakhitl.labeling.discover import discover
from weakhitl.labeling.function import LabelingFunction, labeling_function

__all__ = ["LabelingFunction", "Run", "apply", "discover", "labeling_function", "lf_summary", "run"]
