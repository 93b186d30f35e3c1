"""File formats of annotations, one a module; ``exchange`` has the table of them."""

from weakhitl.annotation.formats.long import read_long, write_queue

__all__ = ["read_long", "write_queue"]
