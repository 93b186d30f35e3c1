"""Annotation: the store, the queue, who counts, how well people rate, and what is left to adjudicate."""

from weakhitl.annotation.adjudication import adjudication_queue
from weakhitl.annotation.anchoring import anchoring
from weakhitl.annotation.counting import Counted, count_by, count_ratings
from weakhitl.annotation.desk import Desk
from weakhitl.annotation.guidelines import Guideline, Guidelines
from weakhitl.annotation.keys import class_keys
from weakhitl.annotation.people import Login, People, Person
from weakhitl.annotation.people_counting import CountingRule, who_counts
from weakhitl.annotation.people_patterns import Pattern
from weakhitl.annotation.people_quality import AnnotatorQuality, annotator_quality, quality_table
from weakhitl.annotation.quality import qualify
from weakhitl.annotation.slips import Answer, Given, Last, Nothing, Rules, Stored
from weakhitl.annotation.store import ADJUDICATOR, ANNOTATOR, GOLD, REPEAT, AnnotationStore, Event
from weakhitl.annotation.taking_back import TakenBack

__all__ = [
    "ADJUDICATOR",
    "ANNOTATOR",
    "GOLD",
    "REPEAT",
    "AnnotationStore",
    "AnnotatorQuality",
    "Answer",
    "Counted",
    "CountingRule",
    "Desk",
    "Event",
    "Given",
    "Guideline",
    "Guidelines",
    "Last",
    "Login",
    "Nothing",
    "Pattern",
    "People",
    "Person",
    "Rules",
    "Stored",
    "TakenBack",
    "adjudication_queue",
    "anchoring",
    "annotator_quality",
    "class_keys",
    "count_by",
    "count_ratings",
    "qualify",
    "quality_table",
    "who_counts",
]
