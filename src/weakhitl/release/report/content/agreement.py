"""Agreement: of people with each other, of the functions' model with people, of functions with each other."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from weakhitl.agreement import agreement_summary, kappa_with_group, krippendorff_alpha
from weakhitl.gate import Assessment
from weakhitl.routing.batch import AUDIT
from weakhitl.vote_names import positions
from weakhitl.votes import Votes

_MODEL = "the functions' model"


def agreement_content(
    assessment: Assessment, columns: Sequence[str] = (), groups: "Mapping[str, pd.Series[Any]] | None" = None
) -> dict[str, Any]:
    """Agreement of the people who count, for the dataset and the routed items' parts; and of model and functions.

    People with each other, the functions' model with people, and functions with each other are three figures that are
    never pooled. ``columns`` of the evidence's attributes make slices, ``groups`` (column -> person -> group) compare
    people.
    """
    votes, weights = assessment.counted.measured, assessment.measured_weights
    evidence = assessment.evidence
    seed = evidence.config.routing.seed
    parts = {}
    reasons = [reason for batch in evidence.routing_batches for reason in batch.table["reason"].unique()]
    for reason in dict.fromkeys([AUDIT, *reasons]):
        drawn = [item for batch in evidence.routing_batches for item in batch.items[batch.table["reason"] == reason]]
        part = votes.take_items(votes.items.isin(pd.Index(drawn, dtype=object)))
        parts[reason] = krippendorff_alpha(part, seed=seed).to_dict()
    slices = {name: evidence.context.attributes[name] for name in (columns or evidence.config.gate.columns)}
    summary = agreement_summary(votes, weights=weights, seed=seed, slices=slices, groups=groups)
    return summary | {
        "parts": parts,
        "groups": _groups(assessment, seed),
        "left_out_pilot_items": sum(len(batch.items) for batch in evidence.batches if batch.kind == "pilot"),
    }


def _groups(assessment: Assessment, seed: int) -> dict[str, Any]:
    """Agreement of the functions' model with the people, and of the functions with each other, where there are some."""
    if not assessment.evidence.functions.sources:
        return {}
    votes, weights = assessment.counted.measured, assessment.measured_weights
    automatic = assessment.automatic
    labels = automatic.labels[positions(automatic.items, votes.items)]
    model = Votes.from_matrix(labels[:, None], votes.schema, items=votes.items, sources=[_MODEL])
    return {
        "model with people": kappa_with_group(votes.join(model), _MODEL, weights=weights, seed=seed).to_dict(),
        "functions with each other": krippendorff_alpha(assessment.evidence.functions, "nominal", seed=seed).to_dict(),
    }
