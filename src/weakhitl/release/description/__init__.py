"""A release described for others: a dataset card for Hugging Face, Croissant metadata for every tool that reads it."""

from weakhitl.release.description.card import render_card
from weakhitl.release.description.croissant import croissant

__all__ = ["croissant", "render_card"]
