"""Routing: which items go to annotators, and with what probability."""

from weakhitl.routing.batch import REQUESTED, Batch
from weakhitl.routing.order import far_apart, in_turns, score_order, text_vectors
from weakhitl.routing.sampling import draw_batch, draw_pilot
from weakhitl.routing.scores import SCORES

__all__ = [
    "REQUESTED",
    "SCORES",
    "Batch",
    "draw_batch",
    "draw_pilot",
    "far_apart",
    "in_turns",
    "score_order",
    "text_vectors",
]
