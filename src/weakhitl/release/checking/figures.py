"""Whether model, figures, verdict and pages follow from the evidence."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from weakhitl import __version__
from weakhitl.config import CONFIG_NAME, is_own
from weakhitl.errors import DataError
from weakhitl.estimate import Estimate
from weakhitl.files import sha256
from weakhitl.gate import PASS, Assessment, Evidence, Gate, OwnCheck, Subject, assess, run_gate
from weakhitl.gate.assessment import fit_model
from weakhitl.gate.log import evidence_digest, read_runs
from weakhitl.gate.outputs import junit
from weakhitl.label_model import load_model
from weakhitl.release.bundle import CARD, CROISSANT, GATE, GATE_LOG, JUNIT, MODEL
from weakhitl.release.checking.findings import Finding
from weakhitl.release.checking.labels import TOLERANCE
from weakhitl.release.consensus_file import Labels
from weakhitl.release.description import croissant, render_card
from weakhitl.release.evidence_files import read_evidence
from weakhitl.release.manifest import hashes, read_json
from weakhitl.release.report import render_html, render_markdown, report_content
from weakhitl.release.shards import listed_shards

_MODEL_TOLERANCE = 1e-4
"""A model that is fitted again may stop an iteration earlier on another machine."""


@dataclass(frozen=True)
class Derived:
    """What follows from a bundle's evidence.

    Attributes
    ----------
    folder
        The bundle.
    manifest
        Its manifest.

    """

    folder: Path
    manifest: dict[str, Any]

    @cached_property
    def stored(self) -> dict[str, Any]:
        """The report as it stands there."""
        return dict(read_json(self.folder / "report.json"))

    @cached_property
    def has_model(self) -> bool:
        """Whether the model is stored: those of other packages are not."""
        return (self.folder / f"{MODEL}.json").exists()

    @cached_property
    def evidence(self) -> Evidence:
        """What everything is derived from."""
        return read_evidence(self.folder)

    @cached_property
    def _complete(self) -> Assessment:
        """Labels by the stored model, nothing withheld by the gate yet."""
        return assess(self.evidence, load_model(self.folder / MODEL) if self.has_model else None)

    @cached_property
    def gate(self) -> Gate:
        """The verdicts; of users' own checks the figures are the report's, as nothing in a bundle is run."""
        return run_gate(self._complete, _as_reported(self.stored))

    @cached_property
    def assessment(self) -> Assessment:
        """Labels and all that they are made of."""
        return self._complete if self.gate.withheld is None else self._complete.withhold(self.gate.withheld)

    @cached_property
    def labels(self) -> Labels:
        """The final labels."""
        return Labels(self.assessment)

    @cached_property
    def report(self) -> dict[str, Any]:
        """The report's content."""
        return report_content(self.assessment, self.gate, self.manifest["predicate"]["version"])


def _as_reported(report: dict[str, Any]) -> dict[str, OwnCheck]:
    return {
        check["metric"]: partial(_reported, found=Estimate(**check["estimate"]))
        for check in report["gate"]["checks"]
        if is_own(check["metric"])
    }


def _reported(subject: Subject, confidence: float, *, found: Estimate) -> Estimate:
    del subject, confidence
    return found


def model_finding(derived: Derived) -> Finding:
    """Fit the label model again, and compare what it says of every distinct row of votes."""
    if not derived.has_model:
        return Finding("model", True, "is another package's and not stored; it was fitted again")
    assessment = derived.assessment
    patterns = assessment.ledger.patterns().votes
    again = fit_model(assessment.evidence, assessment.counted, assessment.ledger).predict_proba(patterns)
    apart = float(np.abs(again - assessment.model.predict_proba(patterns)).max(initial=0.0))
    detail = f"fitted again on these votes it says the same, within {_MODEL_TOLERANCE:g}"
    if apart > _MODEL_TOLERANCE:
        detail = f"fitted again on these votes its probabilities differ by {apart:.3g}"
        made_by = derived.manifest["predicate"].get("weakhitl")
        if made_by != __version__:
            detail += f"; made by weakhitl {made_by}, and this is {__version__}: verify with that version"
    return Finding("model", apart <= _MODEL_TOLERANCE, detail)


def figures_finding(derived: Derived) -> Finding:
    """Compare every number and word of the report."""
    different = [*_differences(derived.stored, derived.report)]
    detail = "; ".join(different[:5]) if different else f"{_n_numbers(derived.report):,} numbers come out the same"
    return Finding("figures", not different, detail)


def gate_finding(derived: Derived) -> Finding:
    """Compare the verdicts, and see that they pass."""
    gate = derived.gate
    different = [*_differences(read_json(derived.folder / GATE), gate.to_dict())]
    if different:
        return Finding("gate", False, "; ".join(different[:5]))
    stored = (derived.folder / JUNIT).read_text(encoding="utf-8")
    if _words(stored) != _words(junit(gate)):
        return Finding("gate", False, f"{JUNIT} says something else than the verdicts")
    own = [verdict.name for verdict in gate.verdicts if is_own(verdict.metric)]
    not_run = f"; taken from the report, as its function is not run: {', '.join(own)}" if own else ""
    return Finding("gate", gate.status == PASS, f"the policy's verdict is {gate.status}{not_run}")


def log_finding(derived: Derived) -> Finding:
    """Check the gate's log: its chain, and that its last run is this release's."""
    try:
        runs = list(read_runs(derived.folder / GATE_LOG))
    except DataError as error:
        return Finding("gate log", False, "; ".join(error.faults))
    entry = runs[-1] if runs else {}
    faults = []
    if entry.get("run") != derived.manifest["predicate"]["gate_run"]:
        faults.append("its last run is not the one that the manifest names")
    if entry.get("data") != evidence_digest(derived.assessment.evidence):
        faults.append("its last run rests on other votes or ratings")
    if entry.get("policy") != sha256(derived.folder / CONFIG_NAME):
        faults.append("its last run used another policy")
    if entry.get("status") != derived.gate.status:
        faults.append(f"its last run's verdict was {entry.get('status')}")
    detail = f"{len(runs):,} runs in an unbroken chain; the last rests on these votes and this policy"
    return Finding("gate log", not faults, "; ".join(faults) or detail)


def guideline_finding(derived: Derived) -> Finding:
    """See whether the guideline is the one that the evidence names."""
    stated, config = derived.evidence.context.guideline, derived.evidence.config
    if config.annotation.guideline is None:
        return Finding(
            "guideline", not stated, "the evidence names one, and none is there" if stated else "there is none"
        )
    name = f"guidelines/{Path(config.annotation.guideline).name}"
    holds = sha256(derived.folder / name) == stated
    return Finding("guideline", holds, f"{name} is {'the one' if holds else 'another than the one'} in the evidence")


def pages_finding(derived: Derived) -> Finding:
    """Compare the pages with the report that they show."""
    folder, report = derived.folder, derived.stored
    pages = {"report.md": render_markdown(report), "report.html": render_html(report)}
    wrong = [name for name, text in pages.items() if (folder / name).read_text(encoding="utf-8") != text]
    detail = f"{' and '.join(wrong)} differ from report.json" if wrong else "show report.json"
    return Finding("pages", not wrong, detail)


def description_finding(derived: Derived) -> Finding:
    """Compare the dataset card and the Croissant metadata with what follows from the report and the rows."""
    folder, config, report = derived.folder, derived.assessment.evidence.config, derived.stored
    shards, schema = listed_shards(folder, hashes(derived.manifest))
    order = {name: at for at, name in enumerate(config.release.splits)}
    shards.sort(key=lambda shard: (order.get(shard.split, len(order)), shard.path))
    created = derived.assessment.evidence.context.as_of
    same = {
        CARD: (folder / CARD).read_text(encoding="utf-8") == render_card(config, report, shards, schema),
        CROISSANT: read_json(folder / CROISSANT) == croissant(config, report, shards, schema, created),
    }
    wrong = [name for name, holds in same.items() if not holds]
    detail = (
        f"{' and '.join(wrong)} differ from the report or the rows" if wrong else f"{' and '.join(same)} say the same"
    )
    return Finding("description", not wrong, detail)


def cross_check_finding(derived: Derived) -> Finding:
    """Compare agreement with what independent packages say."""
    checks = derived.report["cross_check"]
    agree = all(check["agree"] for check in checks)
    packages = ", ".join(sorted({check["package"] for check in checks})) or "none applicable"
    return Finding("cross-check", agree, f"independent packages {'agree' if agree else 'differ'} ({packages})")


def _words(text: str) -> str:
    return re.sub(r"[\d.]+", "#", text)


def _differences(a: Any, b: Any, where: str = "") -> Iterator[str]:
    if isinstance(a, dict) and isinstance(b, dict):
        for key in [*a, *(key for key in b if key not in a)]:
            yield from _differences(a.get(key, "nothing"), b.get(key, "nothing"), f"{where}.{key}".lstrip("."))
    elif isinstance(a, list | tuple) and isinstance(b, list | tuple) and len(a) == len(b):
        for at, (x, y) in enumerate(zip(a, b, strict=True)):
            yield from _differences(x, y, f"{where}[{at}]")
    elif isinstance(a, int | float) and isinstance(b, int | float) and not isinstance(a, bool):
        if abs(a - b) > TOLERANCE:
            yield f"{where} is {a}, but {b} follows"
    elif a != b:
        yield f"{where} is {a!r}, but {b!r} follows"


def _n_numbers(value: Any) -> int:
    if isinstance(value, dict | list | tuple):
        return sum(map(_n_numbers, value.values() if isinstance(value, dict) else value))
    return int(isinstance(value, int | float) and not isinstance(value, bool))
