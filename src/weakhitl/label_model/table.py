"""The label models by name."""

from weakhitl.label_model.auto import LabelModel
from weakhitl.label_model.dawid_skene import DawidSkene, OneCoin
from weakhitl.label_model.external import SnorkelLabelModel
from weakhitl.label_model.mace import MACE
from weakhitl.label_model.majority import MajorityVote, WeightedVote
from weakhitl.label_model.model import LabelModelBase
from weakhitl.label_model.triplets import Triplets

MODELS: dict[str, type[LabelModelBase]] = {
    "auto": LabelModel,
    "majority": MajorityVote,
    "weighted": WeightedVote,
    "dawid-skene": DawidSkene,
    "one-coin": OneCoin,
    "triplets": Triplets,
    "mace": MACE,
    "snorkel": SnorkelLabelModel,
}
"""The names that ``[label_model] name`` takes; each is made with ``balance``."""
