"""Watching: how groups of items differ."""

from weakhitl.monitor.bias import group_confidence, largest_gap

__all__ = ["group_confidence", "largest_gap"]
