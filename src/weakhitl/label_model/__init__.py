"""Label models: from votes to class probabilities."""

from weakhitl.label_model.auto import LabelModel
from weakhitl.label_model.dawid_skene import DawidSkene
from weakhitl.label_model.majority import MajorityVote

MODELS = {"auto": LabelModel, "dawid-skene": DawidSkene, "majority": MajorityVote}
"""The names that ``[label_model] name`` takes."""

__all__ = ["MODELS", "DawidSkene", "LabelModel", "MajorityVote"]
