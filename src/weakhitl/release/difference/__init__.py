"""What is other in one release than in another, and why."""

from weakhitl.release.difference.difference import Difference, diff

__all__ = ["Difference", "diff"]
