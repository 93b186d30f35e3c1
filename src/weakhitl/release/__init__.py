"""The release: a bundle that carries its own evidence, a report, and a check that anyone can run."""

from weakhitl.release.bundle import Contents, write_bundle, write_refusal
from weakhitl.release.checking import Finding, Verification, verify

__all__ = ["Contents", "Finding", "Verification", "verify", "write_bundle", "write_refusal"]
