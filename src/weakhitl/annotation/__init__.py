"""Annotation: the store of batches and ratings, the queue, who counts, and what is left to adjudicate."""

from weakhitl.annotation.adjudication import adjudication_queue
from weakhitl.annotation.counting import Counted, count_by, count_ratings
from weakhitl.annotation.desk import Answer, Desk, Given, Last, Nothing, Rules, Stored
from weakhitl.annotation.guidelines import Guideline, Guidelines
from weakhitl.annotation.people import Login, People, Person
from weakhitl.annotation.quality import qualify
from weakhitl.annotation.store import ADJUDICATOR, ANNOTATOR, GOLD, REPEAT, AnnotationStore, Event

__all__ = [
    "ADJUDICATOR",
    "ANNOTATOR",
    "GOLD",
    "REPEAT",
    "AnnotationStore",
    "Answer",
    "Counted",
    "Desk",
    "Event",
    "Given",
    "Guideline",
    "Guidelines",
    "Last",
    "Login",
    "Nothing",
    "People",
    "Person",
    "Rules",
    "Stored",
    "adjudication_queue",
    "count_by",
    "count_ratings",
    "qualify",
]
