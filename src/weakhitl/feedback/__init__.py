"""The loop: what people say flows back into functions and models."""

from weakhitl.feedback.threshold import Cutoff, ErrorThreshold, accepted_items, error_threshold, thresholds

__all__ = ["Cutoff", "ErrorThreshold", "accepted_items", "error_threshold", "thresholds"]
