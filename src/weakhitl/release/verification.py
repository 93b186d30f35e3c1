"""Verify a release: every hash, every label and every figure, offline and without the project."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from weakhitl.config import CONFIG_NAME, is_own
from weakhitl.errors import WeakHITLError
from weakhitl.estimate import Estimate
from weakhitl.files import read_table, sha256
from weakhitl.gate import PASS, Assessment, Gate, OwnCheck, Subject, assess, run_gate
from weakhitl.gate.log import evidence_digest, run_hash
from weakhitl.release.bundle import CONSENSUS, DATA, GATE_RUN, LABEL_COLUMNS, consensus_table
from weakhitl.release.evidence_files import read_evidence
from weakhitl.release.manifest import digest, listing, read_manifest
from weakhitl.release.report import render_html, render_markdown, report_content

_TOLERANCE = 1e-6
"""Figures may differ this much between machines: sums in another order, never another label."""


@dataclass(frozen=True)
class Finding:
    """One thing that was checked, whether it holds, and what was found."""

    what: str
    holds: bool
    detail: str


@dataclass(frozen=True)
class Verification:
    """All findings; ``holds`` when each of them does."""

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
        return {
            "path": str(self.path),
            "holds": self.holds,
            "digest": self.digest,
            "findings": findings,
        }


def verify(path: Path | str, expected_digest: str | None = None) -> Verification:
    """Check a release folder against its manifest, and derive its labels, figures and verdict again.

    Parameters
    ----------
    path
        The folder of the release.
    expected_digest
        The manifest's digest as it was published: a manifest that was replaced with its files has another.

    Raises
    ------
    DataError
        The folder is no release.

    """
    folder = Path(path)
    manifest = read_manifest(folder)
    findings = [*_manifest_findings(folder, manifest, expected_digest)]
    if all(finding.holds for finding in findings):
        findings += _derived_findings(folder, manifest)
    else:
        findings.append(Finding("labels and figures", False, "not computed: the files are not those of the release"))
    return Verification(folder, str(manifest.get("digest")), tuple(findings))


def _manifest_findings(folder: Path, manifest: dict[str, Any], expected: str | None) -> Iterator[Finding]:
    stated, found = manifest.get("digest"), digest(manifest)
    same = stated == found
    yield Finding(
        "manifest",
        same,
        "its digest is right" if same else f"its digest is {found}, but it states {stated}",
    )
    if expected is not None:
        detail = "is the published one" if expected == found else f"{found} is not the published {expected}"
        yield Finding("digest", expected == found, detail)
    faults = [*_file_faults(folder, manifest["files"])]
    yield from (Finding(name, False, detail) for name, detail in faults)
    if not faults:
        yield Finding(
            "files",
            True,
            f"{len(manifest['files'])} files have the listed hashes, and there are no others",
        )


def _file_faults(folder: Path, listed: dict[str, Any]) -> Iterator[tuple[str, str]]:
    present = listing(folder)
    for name in sorted({*present, *listed}):
        if name not in listed:
            yield name, "is not in the manifest"
        elif name not in present:
            yield name, "is missing"
        elif (folder / name).is_symlink():
            yield name, "is a link, not a file"
        elif sha256(folder / name) != listed[name].get("sha256"):
            yield name, "has other content than the manifest says"


def _derived_findings(folder: Path, manifest: dict[str, Any]) -> Iterator[Finding]:
    try:
        stored = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        assessment = assess(read_evidence(folder))
        gate = run_gate(assessment, _as_reported(stored))
        if gate.withheld is not None:
            assessment = assessment.withhold(gate.withheld)
        consensus = consensus_table(assessment)
        yield _labels_finding(read_table(folder / CONSENSUS), consensus)
        yield _data_finding(read_table(folder / DATA), consensus)
        derived = report_content(assessment, gate, manifest["version"])
        different = [*_differences(stored, derived)]
        detail = "; ".join(different[:5]) if different else f"{_n_numbers(derived):,} numbers come out the same"
        yield Finding("figures", not different, detail)
        yield Finding("gate", gate.status == PASS, f"the policy's verdict is {gate.status}{_not_run(gate)}")
        yield _run_finding(folder, manifest, assessment, gate)
        yield _pages_finding(folder, stored)
        agree = all(check["agree"] for check in derived["cross_check"])
        packages = ", ".join(sorted({check["package"] for check in derived["cross_check"]})) or "none applicable"
        yield Finding(
            "cross-check",
            agree,
            f"independent packages {'agree' if agree else 'differ'} ({packages})",
        )
    except (WeakHITLError, ValueError, KeyError, OSError) as error:
        yield Finding("labels and figures", False, f"cannot be computed: {error}")


def _as_reported(report: dict[str, Any]) -> dict[str, OwnCheck]:
    """Give the users' own checks as the report has them: nothing in a bundle is run."""
    return {
        check["metric"]: partial(_reported, found=Estimate(**check["estimate"]))
        for check in report["gate"]["checks"]
        if is_own(check["metric"])
    }


def _reported(subject: Subject, confidence: float, *, found: Estimate) -> Estimate:
    del subject, confidence
    return found


def _not_run(gate: Gate) -> str:
    own = [verdict.name for verdict in gate.verdicts if is_own(verdict.metric)]
    return f"; taken from the report, as its function is not run: {', '.join(own)}" if own else ""


def _run_finding(folder: Path, manifest: dict[str, Any], assessment: Assessment, gate: Gate) -> Finding:
    """Check the entry of the gate's log against the manifest and the evidence."""
    entry = json.loads((folder / GATE_RUN).read_text(encoding="utf-8"))
    faults = []
    if entry.get("run") != run_hash(entry) or entry["run"] != manifest.get("gate_run"):
        faults.append("it is not the run that the manifest names")
    if entry.get("data") != evidence_digest(assessment.evidence):
        faults.append("it rests on other votes or ratings")
    if entry.get("policy") != sha256(folder / CONFIG_NAME):
        faults.append("it used another policy")
    if entry.get("status") != gate.status:
        faults.append(f"its verdict was {entry.get('status')}")
    return Finding("gate run", not faults, "; ".join(faults) or "it rests on these votes and this policy")


def _labels_finding(stored: pd.DataFrame, derived: pd.DataFrame) -> Finding:
    detail = _table_difference(stored, derived)
    return Finding("labels", not detail, detail or f"all {len(derived):,} labels come out the same")


def _data_finding(data: pd.DataFrame, derived: pd.DataFrame) -> Finding:
    expected = derived.loc[derived["released"], LABEL_COLUMNS].reset_index(drop=True)
    found = data[LABEL_COLUMNS] if set(LABEL_COLUMNS) <= set(data) else data
    detail = _table_difference(found, expected)
    return Finding("data", not detail, detail or f"{len(data):,} rows carry the derived labels")


def _table_difference(found: pd.DataFrame, expected: pd.DataFrame) -> str:
    if list(found.columns) != list(expected.columns) or len(found) != len(expected):
        return (
            f"has {len(found):,} rows of {list(found.columns)}; expected {len(expected):,} of {list(expected.columns)}"
        )
    for name in expected:
        a, b = found[name], expected[name]
        if pd.api.types.is_float_dtype(b):
            same = np.isclose(a.to_numpy(dtype=float), b.to_numpy(dtype=float), rtol=0, atol=_TOLERANCE)
        else:
            same = (a.to_numpy(dtype=object) == b.to_numpy(dtype=object)) | (a.isna() & b.isna()).to_numpy()
        if not same.all():
            row = int(np.flatnonzero(~same)[0])
            return f"{name} of row {row + 1} is {a.iloc[row]!r}, but {b.iloc[row]!r} follows from the votes"
    return ""


def _pages_finding(folder: Path, report: dict[str, Any]) -> Finding:
    """Compare text and tables of the pages; their drawings depend on matplotlib's version."""
    markdown = (folder / "report.md").read_text(encoding="utf-8") == render_markdown(report)
    tables = _tables(render_html(report)) == _tables((folder / "report.html").read_text(encoding="utf-8"))
    wrong = [name for name, same in (("report.md", markdown), ("report.html", tables)) if not same]
    return Finding(
        "pages",
        not wrong,
        f"{' and '.join(wrong)} differ from report.json" if wrong else "show report.json",
    )


def _tables(page: str) -> list[str]:
    import re

    return re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", page, flags=re.DOTALL)


def _differences(a: Any, b: Any, where: str = "") -> Iterator[str]:
    if isinstance(a, dict) and isinstance(b, dict):
        for key in [*a, *(key for key in b if key not in a)]:
            yield from _differences(a.get(key, "nothing"), b.get(key, "nothing"), f"{where}.{key}".lstrip("."))
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for at, (x, y) in enumerate(zip(a, b, strict=True)):
            yield from _differences(x, y, f"{where}[{at}]")
    elif isinstance(a, int | float) and isinstance(b, int | float) and not isinstance(a, bool):
        if abs(a - b) > _TOLERANCE:
            yield f"{where} is {a}, but {b} follows"
    elif a != b:
        yield f"{where} is {a!r}, but {b!r} follows"


def _n_numbers(value: Any) -> int:
    if isinstance(value, dict | list):
        return sum(map(_n_numbers, value.values() if isinstance(value, dict) else value))
    return int(isinstance(value, int | float) and not isinstance(value, bool))
