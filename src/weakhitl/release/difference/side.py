"""One of two releases that are compared: its evidence, and what its label model says of some votes."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import pandas as pd

from weakhitl.annotation import Counted
from weakhitl.errors import DataError
from weakhitl.gate import Evidence
from weakhitl.gate.assessment import as_sources
from weakhitl.label_model import load_model
from weakhitl.release.bundle import MODEL
from weakhitl.release.checking.safety import check_safe, file_faults
from weakhitl.release.evidence_files import read_evidence
from weakhitl.release.manifest import read_json, read_manifest
from weakhitl.vote_names import positions
from weakhitl.votes import Votes


@dataclass(frozen=True)
class Side:
    """A release that holds what its manifest says.

    Attributes
    ----------
    folder
        Where it is.
    manifest
        Its manifest.

    """

    folder: Path
    manifest: dict[str, Any]

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Open a release. Raises ``DataError`` with every file that is not the manifest's, or not safe to read."""
        manifest = read_manifest(folder)
        if faults := [f"{name} {fault}" for name, fault in file_faults(folder, manifest)]:
            raise DataError(str(folder), [*faults, "so it is not compared; `weakhitl verify` says more"])
        check_safe(folder)
        return cls(folder, manifest)

    @property
    def version(self) -> str:
        """Its version."""
        return str(self.manifest["predicate"]["version"])

    @cached_property
    def evidence(self) -> Evidence:
        """What it was made of."""
        return read_evidence(self.folder)

    @cached_property
    def report(self) -> dict[str, Any]:
        """Its figures."""
        return dict(read_json(self.folder / "report.json"))

    @cached_property
    def model(self) -> Any:
        """Its label model; None where it is another package's and not stored."""
        return load_model(self.folder / MODEL) if (self.folder / f"{MODEL}.json").exists() else None

    @cached_property
    def counted(self) -> Counted:
        """Which ratings count."""
        return self.evidence.counted()

    def ledger(self, items: pd.Index) -> Votes:
        """Give the votes of functions and of people who count, on some items; those that are not there abstain."""
        functions = self.evidence.functions
        at = positions(functions.items, items)
        functions = functions.take_items(at[at >= 0])
        people = self.counted.votes
        people = as_sources(people.take_items(people.items.isin(functions.items)))
        return functions.join(people).reindex(items)
