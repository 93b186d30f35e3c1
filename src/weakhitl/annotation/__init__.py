"""Annotation: the store of batches and ratings, who counts, and what is left to adjudicate."""

from weakhitl.annotation.adjudication import adjudication_queue
from weakhitl.annotation.counting import Counted, count_ratings
from weakhitl.annotation.quality import qualify
from weakhitl.annotation.store import ADJUDICATOR, ANNOTATOR, AnnotationStore

__all__ = [
    "ADJUDICATOR",
    "ANNOTATOR",
    "AnnotationStore",
    "Counted",
    "adjudication_queue",
    "count_ratings",
    "qualify",
]
