"""Verification: what anybody can check of a release, offline."""

from weakhitl.release.checking.findings import Finding, Verification
from weakhitl.release.checking.verification import verify

__all__ = ["Finding", "Verification", "verify"]
