"""File formats of annotations, one a module."""

from weakhitl.annotation.formats.long import read_long, write_queue

__all__ = ["read_long", "write_queue"]
