"""The default label model."""

from weakhitl.label_model.dawid_skene import DawidSkene


class LabelModel(DawidSkene):
    """The model that we recommend when nothing else is known: today, Dawid and Skene's with a prior."""
