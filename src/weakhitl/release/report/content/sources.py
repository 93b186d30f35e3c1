"""The sources: what each labeling function votes, how often it is right, and what the label model made of them."""

from typing import Any

import numpy as np
import pandas as pd

from weakhitl.gate import Assessment
from weakhitl.gold import gold_names
from weakhitl.label_model import LabelModel, diagnose
from weakhitl.labeling import lf_accuracy, lf_summary
from weakhitl.schema import ABSTAIN
from weakhitl.vote_names import positions
from weakhitl.votes import Votes


def functions_content(assessment: Assessment) -> list[dict[str, Any]]:
    """Coverage, overlaps and conflicts over all items; accuracy on the audit, which is a random sample of them."""
    evidence = assessment.evidence
    classes = evidence.schema.classes
    summary = lf_summary(evidence.functions)
    decided = assessment.decisions[assessment.decisions != ABSTAIN]
    judged = _judged(assessment, decided)
    sampled = assessment.decided_audit
    accuracy = lf_accuracy(_only(evidence.functions, sampled.index), gold_names(sampled, evidence.schema))
    return [
        {
            "name": str(name),
            "classes": [classes[code] for code in row["Polarity"]],
            "coverage": float(row["Coverage"]),
            "overlaps": float(row["Overlaps"]),
            "conflicts": float(row["Conflicts"]),
            "agrees_with_adjudicator": int(judged["Correct"].iloc[at]),
            "differs_from_adjudicator": int(judged["Incorrect"].iloc[at]),
            "accuracy": accuracy[str(name)].to_dict(),
        }
        for at, (name, row) in enumerate(summary.iterrows())
    ]


def _judged(assessment: Assessment, decided: "pd.Series[int]") -> pd.DataFrame:
    evidence = assessment.evidence
    return lf_summary(_only(evidence.functions, decided.index), gold_names(decided, evidence.schema))


def _only(votes: Votes, items: pd.Index) -> Votes:
    return votes.take_items(positions(votes.items, items))


def model_content(assessment: Assessment) -> dict[str, Any]:
    """Say what the label model could learn, and what its doctor finds."""
    model, gold, teaching = assessment.model, assessment.evidence.gold, assessment.evidence.teaching_gold
    known = 0 if teaching is None else len(teaching)
    return {
        "name": assessment.evidence.config.label_model.name,
        "class_balance": np.asarray(model.class_balance_).tolist(),
        "balance_reason": getattr(model, "balance_reason_", "uniform or given"),
        "gold": None if gold is None else len(gold),
        "pilot": len(assessment.lesson_labels) - known if isinstance(model, LabelModel) else 0,
        "lesson": getattr(model, "lesson_reason_", ""),
        "converged": bool(getattr(model, "converged_", True)),
        "findings": [finding.to_dict() for finding in diagnose(assessment.ledger, model)],
    }
