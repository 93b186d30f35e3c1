"""Label models: from votes to class probabilities."""

from weakhitl.label_model.auto import LabelModel
from weakhitl.label_model.calibration import Calibration, calibration, calibration_error
from weakhitl.label_model.dawid_skene import DawidSkene, OneCoin
from weakhitl.label_model.doctor import Finding, diagnose, overturned
from weakhitl.label_model.explain import Explanation, explain, explain_source
from weakhitl.label_model.external import CrowdKitModel, SnorkelLabelModel
from weakhitl.label_model.mace import MACE
from weakhitl.label_model.majority import MajorityVote, WeightedVote
from weakhitl.label_model.persistence import load_model, save_model
from weakhitl.label_model.table import MODELS
from weakhitl.label_model.triplets import Triplets

__all__ = [
    "MACE",
    "MODELS",
    "Calibration",
    "CrowdKitModel",
    "DawidSkene",
    "Explanation",
    "Finding",
    "LabelModel",
    "MajorityVote",
    "OneCoin",
    "SnorkelLabelModel",
    "Triplets",
    "WeightedVote",
    "calibration",
    "calibration_error",
    "diagnose",
    "explain",
    "explain_source",
    "load_model",
    "overturned",
    "save_model",
]
