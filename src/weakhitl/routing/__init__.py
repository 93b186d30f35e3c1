"""Routing: which items go to annotators, and with what probability."""

from weakhitl.routing.batch import REQUESTED, ROUTING, Batch
from weakhitl.routing.order import far_apart, in_turns, item_vectors, score_order, text_vectors
from weakhitl.routing.sampling import book_requested, draw_batch, draw_pilot
from weakhitl.routing.scores import NOVELTY, RANDOM, SCORES, density, novelty

__all__ = [
    "NOVELTY",
    "RANDOM",
    "REQUESTED",
    "ROUTING",
    "SCORES",
    "Batch",
    "book_requested",
    "density",
    "draw_batch",
    "draw_pilot",
    "far_apart",
    "in_turns",
    "item_vectors",
    "novelty",
    "score_order",
    "text_vectors",
]
