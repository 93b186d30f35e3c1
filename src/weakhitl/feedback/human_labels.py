"""What people have said about items, as labels to learn from and labels to measure on."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from weakhitl.brief import Brief
from weakhitl.gate import Assessment
from weakhitl.gate.assessment import pilot_labels
from weakhitl.schema import ABSTAIN
from weakhitl.votes import IntArray

if TYPE_CHECKING:
    from collections.abc import Iterator

_FEW = 30
"""Fewer labels than this outside of the audit are not enough to learn from; then half of all are measured on."""


@dataclass(frozen=True, repr=False)
class HumanLabels(Brief):
    """Labels of the items that people settled or an adjudicator decided, of a pilot's, and of gold.

    Attributes
    ----------
    places
        ``places[label]``: the item's position in the dataset.
    codes
        ``codes[label]``: class index.
    measured
        ``measured[label]``: whether figures are taken from it; from the others, proposals are learned.
    random
        Whether the measured ones are the random audit, so that figures speak of the whole dataset.

    """

    places: IntArray
    codes: IntArray
    measured: np.ndarray
    random: bool

    def __len__(self) -> int:
        return len(self.places)


def human_labels(assessment: Assessment, seed: int = 0) -> HumanLabels:
    """Collect them: the adjudicator's decision, else the gold label, else what ratings settle.

    Proposals are learned from gold, the pilot and what was routed for its disagreement, and measured on the random
    audit, which had no part in them. Where this is little, a random half of all is learned from instead.
    """
    evidence = assessment.evidence
    codes = np.full(len(evidence.items), ABSTAIN, dtype=np.int64)
    for known in _known(assessment):
        codes[evidence.items.get_indexer(known.index)] = known.to_numpy()
    at = np.flatnonzero(codes != ABSTAIN)
    measured = np.asarray(evidence.items[at].isin(evidence.audited))
    random = bool((~measured).sum() >= _FEW and measured.any())
    if not random:
        measured = np.random.default_rng(seed).random(len(at)) < 0.5
    return HumanLabels(at, codes[at], measured, random)


def _known(assessment: Assessment) -> "Iterator[pd.Series[int]]":
    """Give item -> class index of each kind, the surest last."""
    yield pilot_labels(assessment.evidence, assessment.counted)
    ratings = assessment.counted.settling
    counts = ratings.class_counts()
    settled = (assessment.unclear.reindex(ratings.items) == "").to_numpy() & (counts.sum(axis=1) > 0)
    yield pd.Series(counts[settled].argmax(axis=1), index=ratings.items[settled])
    if assessment.evidence.gold is not None:
        yield assessment.evidence.gold
    yield assessment.decisions[assessment.decisions != ABSTAIN]
