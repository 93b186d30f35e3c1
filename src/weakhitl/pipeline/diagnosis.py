"""Doctor and explain: what may be wrong with the votes, and why an item has its label."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from weakhitl.gate import Assessment
from weakhitl.gold import Gold, encode_gold, gold_names
from weakhitl.label_model import (
    Calibration,
    Explanation,
    Finding,
    calibration,
    diagnose,
    explain,
    explain_source,
)
from weakhitl.notebook import html_table
from weakhitl.pipeline.gold_files import known_labels
from weakhitl.pipeline.workspace import Workspace
from weakhitl.wording import number_of


@dataclass(frozen=True)
class Diagnosis:
    """What the doctor found, and how far confidence can be believed (None without gold that the model has not seen)."""

    findings: list[Finding]
    calibration: Calibration | None

    def _repr_html_(self) -> str:
        """Show in a notebook what was found, and the calibration below."""
        header = ["level", "finding", "remedy"]
        found = html_table(header, [(one.level, one.message, one.remedy) for one in self.findings])
        return found if self.calibration is None else found + self.calibration._repr_html_()

    def to_dict(self) -> dict[str, Any]:
        """Give all of it, ready for JSON."""
        measured = self.calibration
        return {
            "findings": [finding.to_dict() for finding in self.findings],
            "calibration": None
            if measured is None
            else {
                "bins": measured.table.to_dict("records"),
                "accuracy": measured.accuracy.to_dict(),
                "ece": measured.ece.to_dict(),
                "log_loss": measured.log_loss.to_dict(),
            },
        }


def doctor(workspace: Workspace, gold: Path | str | Gold | None = None) -> Diagnosis:
    """Look at all votes so far and at the model that was fitted on them.

    Gold of the configuration and pilots have taught the model, so calibration is measured on ``gold`` alone, and only
    on items of it that it has not learned from.
    """
    assessment = workspace.assess()
    ledger, taught = assessment.ledger, assessment.evidence.gold
    known = taught if gold is None else known_labels(gold, ledger)
    findings = diagnose(ledger, assessment.model, None if known is None else gold_names(known, ledger.schema))
    findings += gold_findings(assessment)
    if gold is None or known is None:
        return Diagnosis(findings, None)
    fresh = known[~known.index.isin(assessment.lesson_labels.index)]
    covered = fresh[fresh.index.isin(ledger.items[assessment.joint.known])]
    if not len(covered):
        return Diagnosis(findings, None)
    truth = encode_gold(gold_names(covered, ledger.schema), ledger.items, ledger.schema)
    return Diagnosis(findings, calibration(assessment.joint.probabilities, truth))


def gold_findings(assessment: Assessment) -> list[Finding]:
    """Say that gold teaches nothing where it is of audited items."""
    gold, teaching = assessment.evidence.gold, assessment.evidence.teaching_gold
    if gold is None or teaching is None or len(gold) == len(teaching):
        return []
    audited = len(gold) - len(teaching)
    level: Literal["warning", "note"] = "note" if len(teaching) else "warning"
    message = (
        f"{audited:,} of {number_of(len(gold), 'gold label')} {'is' if audited == 1 else 'are'} of audited items, and "
        "taught nothing: accuracy is measured on these"
    )
    return [
        Finding("gold-audited", level, message, "a pilot teaches (weakhitl route --pilot N), or gold of other items")
    ]


def explain_item(workspace: Workspace, item: str) -> Explanation:
    """Split an item's log-odds into the shares of its votes, people's included."""
    assessment = workspace.assess()
    return explain(assessment.model, assessment.ledger, item)


def explain_one_source(workspace: Workspace, source: str) -> pd.DataFrame:
    """Give a source's error rates with credible intervals, and what its votes are worth."""
    return explain_source(workspace.assess().model, source)
