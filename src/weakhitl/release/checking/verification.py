"""Verify a release: every hash, every label and every figure, offline and without the project."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from weakhitl.errors import WeakHITLError
from weakhitl.release.checking import figures
from weakhitl.release.checking.figures import Derived
from weakhitl.release.checking.findings import Finding, Verification
from weakhitl.release.checking.labels import data_finding, labels_finding
from weakhitl.release.checking.rerun import rerun_finding
from weakhitl.release.checking.safety import check_safe, file_faults
from weakhitl.release.checking.untrusted import MOST_UNPACKED, opened
from weakhitl.release.manifest import digest, hashes, read_manifest

_CHECKS: dict[str, Callable[[Derived], Finding]] = {
    "labels": lambda derived: labels_finding(derived.folder, derived.labels),
    "data": lambda derived: data_finding(derived.folder, derived.assessment, derived.labels),
    "model": figures.model_finding,
    "figures": figures.figures_finding,
    "gate": figures.gate_finding,
    "gate log": figures.log_finding,
    "guideline": figures.guideline_finding,
    "pages": figures.pages_finding,
    "description": figures.description_finding,
    "cross-check": figures.cross_check_finding,
}
"""What is derived from the evidence, and compared."""

_FAULTS = (WeakHITLError, ValueError, KeyError, TypeError, AttributeError, IndexError, OSError, ArithmeticError)
"""What files that are well-formed and make no sense may lead to."""


def verify(
    path: Path | str,
    expected_digest: str | None = None,
    *,
    rerun_functions: bool = False,
    most_bytes: int = MOST_UNPACKED,
) -> Verification:
    """Check a release against its manifest, and derive its labels, figures and verdict again.

    Nothing in it is run, unless asked for.

    Parameters
    ----------
    path
        The folder of the release, or a zip file of it.
    expected_digest
        The manifest's digest as it was published: a manifest that was replaced with its files has another.
    rerun_functions
        Run its functions again, too, on the released rows: in a process of their own, which is **no sandbox**. They can
        do all that you can do on this computer; read them before.
    most_bytes
        What a zip file may unpack to.

    Raises
    ------
    DataError
        There is no release, or a zip file is not safe to unpack.

    """
    path = Path(path)
    with opened(path, most_bytes) as folder:
        manifest = read_manifest(folder)
        findings = [*_manifest_findings(folder, manifest, expected_digest)]
        if all(finding.holds for finding in findings):
            derived = Derived(folder, manifest)
            findings += _derived_findings(derived)
            if rerun_functions:
                findings += _found({"functions": lambda one: rerun_finding(folder, one.evidence.functions)}, derived)
        else:
            detail = "not computed: the files are not those of the release"
            findings.append(Finding("labels and figures", False, detail))
    return Verification(path, str(manifest.get("digest")), tuple(findings))


def _manifest_findings(folder: Path, manifest: dict[str, Any], expected: str | None) -> Iterator[Finding]:
    stated, found = manifest.get("digest"), digest(manifest)
    same = stated == found
    yield Finding("manifest", same, "its digest is right" if same else f"its digest is {found}, but it states {stated}")
    if expected is not None:
        detail = "is the published one" if expected == found else f"{found} is not the published {expected}"
        yield Finding("digest", expected == found, detail)
    listed = hashes(manifest)
    faults = [*file_faults(folder, manifest)]
    yield from (Finding(name, False, detail) for name, detail in faults)
    if not faults:
        yield Finding("files", True, f"{len(listed)} files have the listed hashes, and there are no others")


def _derived_findings(derived: Derived) -> Iterator[Finding]:
    try:
        check_safe(derived.folder)
    except _FAULTS as error:
        yield Finding("labels and figures", False, f"not computed: {error}")
        return
    yield from _found(_CHECKS, derived)


def _found(checks: Mapping[str, Callable[[Derived], Finding]], derived: Derived) -> Iterator[Finding]:
    for name, check in checks.items():
        try:
            yield check(derived)
        except _FAULTS as error:
            yield Finding(name, False, f"cannot be computed: {error}")
