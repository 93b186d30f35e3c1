"""The use cases, one function each, and ``Project``, their facade."""

from weakhitl.pipeline.project import Project

__all__ = ["Project"]
