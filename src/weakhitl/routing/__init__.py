"""Routing: which items go to annotators, and with what probability."""

from weakhitl.routing.batch import Batch
from weakhitl.routing.sampling import draw_batch, draw_pilot
from weakhitl.routing.scores import disagreement_order

__all__ = ["Batch", "disagreement_order", "draw_batch", "draw_pilot"]
