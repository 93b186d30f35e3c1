"""Check, release."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from weakhitl.config import CONFIG_NAME
from weakhitl.errors import DataError
from weakhitl.gate import PASS, Gate, run_gate
from weakhitl.labeling.discover import function_files
from weakhitl.pipeline.workspace import Workspace
from weakhitl.release import Contents, write_bundle, write_refusal
from weakhitl.release.bundle import check_version
from weakhitl.release.report import agreement_content, report_content


@dataclass(frozen=True)
class Released:
    """What a release came to: the gate's verdicts, where the bundle or the refusal's report is, the digest."""

    gate: Gate
    path: Path
    digest: str | None

    @property
    def report(self) -> Path:
        """The page to open."""
        return self.path / "report.html"

    def to_dict(self) -> dict[str, Any]:
        """Give all fields, ready for JSON."""
        return {
            "gate": self.gate.to_dict(),
            "path": str(self.path),
            "report": str(self.report),
            "digest": self.digest,
        }


def check(workspace: Workspace) -> Gate:
    """Run every check of the policy on the evidence as it is now."""
    return run_gate(workspace.assess())


def agreement(workspace: Workspace) -> dict[str, Any]:
    """Measure the annotators' agreement: for the dataset, for its parts, by class, by pair."""
    return agreement_content(workspace.assess())


def release(workspace: Workspace, version: str) -> Released:
    """Release when every check passes; else write the report of the refusal, and no data."""
    check_version(version)
    assessment = workspace.assess()
    gate = run_gate(assessment)
    report = report_content(assessment, gate, version)
    if gate.status != PASS:
        return Released(gate, write_refusal(workspace.releases, report), None)
    contents = Contents(assessment, report, workspace.items, _copies(workspace))
    path, digest = write_bundle(workspace.releases, contents)
    return Released(gate, path, digest)


def _copies(workspace: Workspace) -> dict[str, Path]:
    """Path in the bundle -> configuration, functions and guideline as used."""
    copies = {CONFIG_NAME: workspace.root / CONFIG_NAME}
    sources = {"labeling_functions": function_files(workspace.function_paths)}
    if (guideline := workspace.guideline_path) is not None:
        if not guideline.is_file():
            raise DataError(
                str(guideline),
                "there is no such guideline; see [annotation] guideline in weakhitl.toml",
            )
        sources["guidelines"] = [guideline]
    for folder, paths in sources.items():
        for path in paths:
            name = f"{folder}/{path.name}"
            if name in copies:
                raise DataError(
                    str(path),
                    f"and {copies[name]} have the same name; rename one, so that both fit a release",
                )
            copies[name] = path
    return copies
