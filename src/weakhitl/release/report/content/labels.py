"""Labels, counted: where they come from, how sure they are, and how the classes are spread."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from weakhitl.gate import Assessment
from weakhitl.gate.assessment import ADJUDICATED, FUNCTIONS, GOLD, PEOPLE
from weakhitl.release.report.content.audit import class_shares
from weakhitl.schema import ABSTAIN
from weakhitl.votes import FloatArray, IntArray

_BINS = 10


@dataclass(frozen=True)
class Labelled:
    """The arrays of one value per item that several sections count, made once: a dataset may be large.

    Attributes
    ----------
    labels, confidence
        Class index (ABSTAIN without a label) and probability of the likeliest class.
    confident, released
        Masks: sure enough for the policy; and in no part that the gate withholds.
    origin
        ``origin[item]``: position in ``origins``, or -1.
    origins
        What a label can come from; functions and gold only where there are some.

    """

    labels: IntArray
    confidence: FloatArray
    confident: np.ndarray
    released: np.ndarray
    origin: IntArray
    origins: tuple[str, ...]

    @classmethod
    def of(cls, assessment: Assessment) -> "Labelled":
        """Take the arrays from an assessment."""
        functions = (FUNCTIONS,) if assessment.evidence.functions.sources else ()
        gold = () if assessment.evidence.gold is None else (GOLD,)
        origins = (*functions, PEOPLE, ADJUDICATED, *gold)
        names = assessment.origin
        origin = np.full(len(names), -1, dtype=np.int8)
        for at, name in enumerate(origins):
            origin[names == name] = at
        final = assessment.final
        return cls(final.labels, final.confidence, assessment.confident, assessment.released, origin, origins)

    def by_origin(self, mask: np.ndarray) -> dict[str, int]:
        """Count these items by where their label comes from."""
        counts = np.bincount(self.origin[mask & (self.origin >= 0)], minlength=len(self.origins))
        return {name: int(count) for name, count in zip(self.origins, counts, strict=True)}


def counts_content(assessment: Assessment, labelled: Labelled) -> dict[str, Any]:
    """Count items, votes, ratings, and what became of each item."""
    evidence, released = assessment.evidence, labelled.released
    tables = pd.concat([batch.table for batch in evidence.batches]) if evidence.batches else None
    reasons = {} if tables is None else tables["reason"].value_counts().to_dict()
    recalled = assessment.recalled
    unlabelled = (labelled.labels == ABSTAIN) & ~recalled
    ratings = assessment.counted.ratings
    return {
        "items": len(evidence.items),
        "functions": len(evidence.functions.sources),
        "function_votes": evidence.functions.n_votes,
        "covered_by_functions": int(assessment.automatic.known.sum()),
        "ratings": len(ratings),
        "rated_items": int(ratings["item"].nunique()),
        "ratings_by_fate": _tally(ratings["fate"]),
        "annotators": int(ratings["annotator"].nunique()),
        "routed": {str(reason): int(count) for reason, count in reasons.items()},
        "released": int(released.sum()),
        "withheld_below_confidence": int((~labelled.confident & ~unlabelled & ~recalled).sum()),
        "withheld_by_the_gate": int((labelled.confident & ~released).sum()),
        "withheld_without_label": int(unlabelled.sum()),
        "recalled": int(recalled.sum()),
        "released_by_origin": labelled.by_origin(released),
    }


def _tally(column: "pd.Series[str]") -> dict[str, int]:
    return {str(name): int(count) for name, count in column.value_counts().sort_index().items()}


def classes_content(assessment: Assessment, labelled: Labelled) -> list[dict[str, Any]]:
    """Count released items by class and origin, beside each class's share of the dataset by the audit."""
    total = max(1, int(labelled.released.sum()))
    whole = class_shares(assessment)
    rows = []
    for code, name in enumerate(assessment.evidence.schema.classes):
        here = labelled.released & (labelled.labels == code)
        n = int(here.sum())
        rows.append(
            {
                "class": name,
                "released": n,
                "share": n / total,
                "by_origin": labelled.by_origin(here),
                "in_dataset": whole[code].to_dict(),
            }
        )
    return rows


def confidence_content(labelled: Labelled) -> dict[str, Any]:
    """Count labelled items by bins of confidence and by origin."""
    edges = np.linspace(0, 1, _BINS + 1)
    labels, values = labelled.labels != ABSTAIN, labelled.confidence
    return {
        "edges": edges.round(6).tolist(),
        "items": {
            name: np.histogram(values[labels & (labelled.origin == at)].round(9), edges)[0].tolist()
            for at, name in enumerate(labelled.origins)
        },
    }
