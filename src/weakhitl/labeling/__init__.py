"""Labeling functions: write or declare them, find them, run them, look at what they do."""

from weakhitl.labeling.analysis import coverage_gaps, lf_accuracy, lf_summary
from weakhitl.labeling.apply import Run, apply, run
from weakhitl.labeling.classifier import classifier
from weakhitl.labeling.compare import get_label_buckets, get_label_instances, lf_pairs
from weakhitl.labeling.discover import discover
from weakhitl.labeling.function import LabelingFunction, labeling_function
from weakhitl.labeling.mapper import preprocessor
from weakhitl.labeling.plots import (
    plot_label_frequency,
    plot_lf_accuracy,
    plot_lf_conflicts,
    plot_lf_summary,
    plot_polarity,
)
from weakhitl.labeling.rule import Rule, gazetteer, keyword, lookup, regex, threshold

__all__ = [
    "LabelingFunction",
    "Rule",
    "Run",
    "apply",
    "classifier",
    "coverage_gaps",
    "discover",
    "gazetteer",
    "get_label_buckets",
    "get_label_instances",
    "keyword",
    "labeling_function",
    "lf_accuracy",
    "lf_pairs",
    "lf_summary",
    "lookup",
    "plot_label_frequency",
    "plot_lf_accuracy",
    "plot_lf_conflicts",
    "plot_lf_summary",
    "plot_polarity",
    "preprocessor",
    "regex",
    "run",
    "threshold",
]
