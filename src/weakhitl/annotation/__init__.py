"""Annotation: the store of batches and ratings, who counts, how well people rate, and what is left to adjudicate."""

from weakhitl.annotation.adjudication import adjudication_queue
from weakhitl.annotation.anchoring import anchoring
from weakhitl.annotation.counting import Counted, count_ratings
from weakhitl.annotation.people_counting import CountingRule, who_counts
from weakhitl.annotation.people_patterns import Pattern
from weakhitl.annotation.people_quality import AnnotatorQuality, annotator_quality, quality_table
from weakhitl.annotation.quality import qualify
from weakhitl.annotation.store import ADJUDICATOR, ANNOTATOR, AnnotationStore

__all__ = [
    "ADJUDICATOR",
    "ANNOTATOR",
    "AnnotationStore",
    "AnnotatorQuality",
    "Counted",
    "CountingRule",
    "Pattern",
    "adjudication_queue",
    "anchoring",
    "annotator_quality",
    "count_ratings",
    "qualify",
    "quality_table",
    "who_counts",
]
