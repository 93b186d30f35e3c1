"""Label models."""

from weakhitl.snorkel.labeling.model.baselines import BaseLabeler, MajorityClassVoter, MajorityLabelVoter, RandomVoter
from weakhitl.snorkel.labeling.model.label_model import LabelModel

__all__ = ["BaseLabeler", "LabelModel", "MajorityClassVoter", "MajorityLabelVoter", "RandomVoter"]
