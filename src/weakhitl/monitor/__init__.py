"""Watching: how batches drift, and how groups of items differ."""

from weakhitl.monitor.bias import group_confidence, largest_gap
from weakhitl.monitor.drift import Drift, Side, drift
from weakhitl.monitor.shifts import Shift

__all__ = ["Drift", "Shift", "Side", "drift", "group_confidence", "largest_gap"]
