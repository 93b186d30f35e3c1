"""Which labels need no person."""

from dataclasses import dataclass

import pandas as pd

from weakhitl.feedback import ErrorThreshold, accepted_items, thresholds
from weakhitl.pipeline.workspace import Workspace


@dataclass(frozen=True)
class Accepted:
    """What a random audit allows to be accepted without a person.

    Attributes
    ----------
    thresholds
        ``all`` -> the threshold, or class name -> its own.
    table
        The accepted items that nobody has looked at: item, label, confidence.

    """

    thresholds: dict[str, ErrorThreshold]
    table: pd.DataFrame


def threshold(
    workspace: Workspace, *, error: float = 0.02, confidence: float = 0.95, by_class: bool = False
) -> Accepted:
    """Find from which confidence on at most a share ``error`` of the labels is wrong, and whose labels those are."""
    assessment = workspace.assess()
    found = thresholds(assessment, error=error, confidence=confidence, by_class=by_class)
    at = accepted_items(assessment, found).nonzero()[0]
    consensus = assessment.automatic.take_items(at)
    names = [str(assessment.evidence.schema.name(int(code))) for code in consensus.labels]
    table = pd.DataFrame({"item": consensus.items, "label": names, "confidence": consensus.confidence})
    return Accepted(found, table[~table["item"].isin(assessment.evidence.audited)].reset_index(drop=True))
