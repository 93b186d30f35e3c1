"""The store: what was drawn, what people said, in SQLite or PostgreSQL."""

from weakhitl.annotation.store.chain import Event
from weakhitl.annotation.store.database import Database
from weakhitl.annotation.store.store import ADJUDICATOR, ANNOTATOR, GOLD, RATING_COLUMNS, REPEAT, ROLES, AnnotationStore

__all__ = [
    "ADJUDICATOR",
    "ANNOTATOR",
    "GOLD",
    "RATING_COLUMNS",
    "REPEAT",
    "ROLES",
    "AnnotationStore",
    "Database",
    "Event",
]
