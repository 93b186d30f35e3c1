"""The release: a bundle that carries its own evidence, a report, and a check that anyone can run."""

from weakhitl.release.bundle import Contents, write_bundle, write_refusal
from weakhitl.release.checking import Finding, Verification, verify
from weakhitl.release.difference import Difference, diff

__all__ = ["Contents", "Difference", "Finding", "Verification", "diff", "verify", "write_bundle", "write_refusal"]
