"""File formats of annotations, one a module; ``exchange`` has the table of them."""

from weakhitl.annotation.formats.facts import annotators_rows
from weakhitl.annotation.formats.long import ROW, read_long, write_queue
from weakhitl.annotation.formats.wide import Columns, as_long

__all__ = ["ROW", "Columns", "annotators_rows", "as_long", "read_long", "write_queue"]
