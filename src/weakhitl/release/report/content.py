"""What the report says, as plain data: ``report.json``, from which the pages are drawn."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from weakhitl.agreement import agreement_summary, kappa_with_group, krippendorff_alpha, percent_agreement
from weakhitl.annotation import ADJUDICATOR
from weakhitl.annotation.counting import COUNTED
from weakhitl.gate import Assessment, Gate
from weakhitl.gate.assessment import ADJUDICATED, FUNCTIONS, GOLD, PEOPLE
from weakhitl.label_model import diagnose
from weakhitl.labeling import lf_summary
from weakhitl.release.report.cross_check import cross_check
from weakhitl.routing.batch import AUDIT, DISAGREEMENT
from weakhitl.schema import ABSTAIN
from weakhitl.votes import Votes

FORMAT = 1
_BINS = 10
_MODEL = "the functions' model"


def report_content(assessment: Assessment, gate: Gate, version: str) -> dict[str, Any]:
    """Collect every figure of the report; ready for JSON, without nan.

    ``assessment`` is without the parts that ``gate`` withholds.
    """
    evidence, config = assessment.evidence, assessment.evidence.config
    return {
        "format": FORMAT,
        "name": config.project.name,
        "version": version,
        "gate": gate.to_dict(),
        "counts": _counts(assessment),
        "classes": _classes(assessment),
        "functions": _functions(assessment),
        "confidence": _confidence(assessment),
        "agreement": agreement_content(assessment),
        "annotators": _annotators(assessment),
        "label_model": {
            "name": config.label_model.name,
            "class_balance": np.asarray(assessment.model.class_balance_).tolist(),
            "balance_reason": getattr(assessment.model, "balance_reason_", "uniform or given"),
            "gold": None if evidence.gold is None else len(evidence.gold),
            "lesson": getattr(assessment.model, "lesson_reason_", ""),
            "converged": bool(getattr(assessment.model, "converged_", True)),
            "findings": [finding.to_dict() for finding in diagnose(assessment.ledger, assessment.model)],
        },
        "adjudication": {
            "decided": int((assessment.decisions != ABSTAIN).sum()),
            "could_not_tell": int((assessment.decisions == ABSTAIN).sum()),
            "waiting": len(assessment.adjudication_queue),
            "independent": config.annotation.adjudicator_independent,
            **_adjudicators(assessment),
        },
        "cross_check": cross_check(assessment.counted.measured),
        "policy": {"min_confidence": config.release.min_confidence, "skip": config.labels.skip},
    }


def _adjudicators(assessment: Assessment) -> dict[str, Any]:
    """Say how far adjudicators agree with each other: what is known of the error of the decisions themselves."""
    ratings = assessment.evidence.ratings
    table = ratings[ratings["role"] == ADJUDICATOR]
    items = pd.Index(table["item"].unique(), dtype=object)
    votes = Votes.from_long(table, assessment.evidence.schema, items=items)
    agreement = percent_agreement(votes, seed=assessment.evidence.config.routing.seed)
    return {"decided_twice": agreement.n_pairable, "agreement": agreement.to_dict()}


def _origins(assessment: Assessment) -> tuple[str, ...]:
    """List what a label can come from; gold only where there is some."""
    own = (FUNCTIONS, PEOPLE, ADJUDICATED)
    return own if assessment.evidence.gold is None else (*own, GOLD)


def _counts(assessment: Assessment) -> dict[str, Any]:
    evidence, released = assessment.evidence, assessment.released
    tables = pd.concat([batch.table for batch in evidence.batches]) if evidence.batches else None
    reasons = {} if tables is None else tables["reason"].value_counts().to_dict()
    origin = assessment.origin
    unlabelled = assessment.final.labels == ABSTAIN
    return {
        "items": len(evidence.items),
        "functions": len(evidence.functions.sources),
        "function_votes": evidence.functions.n_votes,
        "covered_by_functions": int(assessment.automatic.known.sum()),
        "ratings": len(assessment.counted.ratings),
        "ratings_by_fate": _tally(assessment.counted.ratings["fate"]),
        "annotators": int(assessment.counted.ratings["annotator"].nunique()),
        "routed": {str(reason): int(count) for reason, count in reasons.items()},
        "released": int(released.sum()),
        "withheld_below_confidence": int((~assessment.confident & ~unlabelled).sum()),
        "withheld_by_the_gate": int((assessment.confident & ~released).sum()),
        "withheld_without_label": int(unlabelled.sum()),
        "released_by_origin": {name: int((released & (origin == name)).sum()) for name in _origins(assessment)},
    }


def _tally(column: "pd.Series[str]") -> dict[str, int]:
    return {str(name): int(count) for name, count in column.value_counts().sort_index().items()}


def _classes(assessment: Assessment) -> list[dict[str, Any]]:
    labels, released, origin = assessment.final.labels, assessment.released, assessment.origin
    total = max(1, int(released.sum()))
    return [
        {
            "class": name,
            "released": int((released & (labels == code)).sum()),
            "share": float((released & (labels == code)).sum() / total),
            "by_origin": {o: int((released & (labels == code) & (origin == o)).sum()) for o in _origins(assessment)},
        }
        for code, name in enumerate(assessment.evidence.schema.classes)
    ]


def _functions(assessment: Assessment) -> list[dict[str, Any]]:
    classes = assessment.evidence.schema.classes
    summary = lf_summary(assessment.evidence.functions)
    decided = assessment.decisions[assessment.decisions != ABSTAIN]
    votes = assessment.evidence.functions.take_items(assessment.evidence.items.isin(decided.index))
    judged = lf_summary(votes, decided.loc[votes.items]) if len(votes) else None
    return [
        {
            "name": name,
            "classes": [classes[code] for code in row["Polarity"]],
            "coverage": float(row["Coverage"]),
            "overlaps": float(row["Overlaps"]),
            "conflicts": float(row["Conflicts"]),
            "agrees_with_adjudicator": 0 if judged is None else int(judged["Correct"].iloc[at]),
            "differs_from_adjudicator": 0 if judged is None else int(judged["Incorrect"].iloc[at]),
        }
        for at, (name, row) in enumerate(summary.iterrows())
    ]


def _confidence(assessment: Assessment) -> dict[str, Any]:
    edges = np.linspace(0, 1, _BINS + 1)
    labelled, origin = assessment.final.labels != ABSTAIN, assessment.origin
    values = assessment.final.confidence
    return {
        "edges": edges.round(6).tolist(),
        "items": {
            name: np.histogram(values[labelled & (origin == name)].round(9), edges)[0].tolist()
            for name in _origins(assessment)
        },
    }


def agreement_content(assessment: Assessment, columns: Sequence[str] = ()) -> dict[str, Any]:
    """Agreement of the people who count, for the dataset and the routed items' parts; and of model and functions.

    People with each other, the functions' model with people, and functions with each other are three figures that are
    never pooled. ``columns`` of the evidence's attributes make slices.
    """
    votes, weights = assessment.counted.measured, assessment.measured_weights
    evidence = assessment.evidence
    seed = evidence.config.routing.seed
    parts = {}
    for reason in (AUDIT, DISAGREEMENT):
        drawn = [item for batch in evidence.routing_batches for item in batch.items[batch.table["reason"] == reason]]
        part = votes.take_items(votes.items.isin(pd.Index(drawn, dtype=object)))
        parts[reason] = krippendorff_alpha(part, seed=seed).to_dict()
    slices = {name: evidence.context.attributes[name] for name in (columns or evidence.config.gate.columns)}
    summary = agreement_summary(votes, weights=weights, seed=seed, slices=slices)
    return summary | {
        "parts": parts,
        "groups": _groups(assessment, seed),
        "left_out_pilot_items": sum(len(batch.items) for batch in evidence.batches if batch.kind == "pilot"),
    }


def _groups(assessment: Assessment, seed: int) -> dict[str, Any]:
    """Agreement of the functions' model with the people, and of the functions with each other."""
    votes, weights = assessment.counted.measured, assessment.measured_weights
    automatic = assessment.automatic
    labels = automatic.labels[automatic.items.get_indexer(votes.items)]
    model = Votes.from_matrix(labels[:, None], votes.schema, items=votes.items, sources=[_MODEL])
    return {
        "model with people": kappa_with_group(votes.join(model), _MODEL, weights=weights, seed=seed).to_dict(),
        "functions with each other": krippendorff_alpha(assessment.evidence.functions, "nominal", seed=seed).to_dict(),
    }


def _annotators(assessment: Assessment) -> list[dict[str, Any]]:
    table, pilot = assessment.counted.ratings, assessment.counted.annotators
    counted = table[table["fate"] == COUNTED]["annotator"].value_counts()
    rows = []
    for name in sorted(table["annotator"].unique()):
        row: dict[str, Any] = {"annotator": name, "counted": int(counted.get(name, 0))}
        if name in assessment.counted.excluded:
            row["excluded"] = assessment.counted.excluded[name]
        if pilot is not None:
            there = name in pilot.index
            agreement = pilot.loc[name, "agreement"] if there else pd.NA
            row |= {
                "pilot_ratings": int(pilot.loc[name, "ratings"]) if there else 0,
                "pilot_agreement": None if pd.isna(agreement) else float(agreement),
                "qualified": bool(there and pilot.loc[name, "qualified"]),
            }
        rows.append(row)
    return rows
