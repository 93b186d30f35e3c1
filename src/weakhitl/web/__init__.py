"""The pages on which people rate, decide and look on, and the same as a JSON API."""

from weakhitl.web.app import create_app

__all__ = ["create_app"]
