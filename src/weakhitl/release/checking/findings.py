"""What verification found."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Finding:
    """One thing that was checked, whether it holds, what was found, and whether it could be checked here at all."""

    what: str
    holds: bool
    detail: str
    checked: bool = True


@dataclass(frozen=True)
class Verification:
    """All findings; ``holds`` when each of them does.

    Attributes
    ----------
    path
        The folder or the zip file.
    digest
        The digest that its manifest states.
    findings
        One for each thing that was checked.

    """

    path: Path
    digest: str
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        """Whether the release is what it says it is."""
        return all(finding.holds for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Give all findings, ready for JSON."""
        findings = [finding.__dict__ for finding in self.findings]
        return {"path": str(self.path), "holds": self.holds, "digest": self.digest, "findings": findings}
