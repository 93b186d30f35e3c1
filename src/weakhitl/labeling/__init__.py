"""Labeling functions: write or declare them, find them, run them, look at what they do."""

from weakhitl.labeling.analysis import lf_summary
from weakhitl.labeling.apply import Run, apply, run
from weakhitl.labeling.discover import discover
from weakhitl.labeling.function import LabelingFunction, labeling_function
from weakhitl.labeling.rule import Rule, gazetteer, keyword, lookup, regex, threshold

__all__ = [
    "LabelingFunction",
    "Rule",
    "Run",
    "apply",
    "discover",
    "gazetteer",
    "keyword",
    "labeling_function",
    "lf_summary",
    "lookup",
    "regex",
    "run",
    "threshold",
]
