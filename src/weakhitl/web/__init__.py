"""The pages on which people rate, decide and look on, and the same as a JSON API."""

from weakhitl.web.app import close_app, create_app

__all__ = ["close_app", "create_app"]
