"""The accuracy of a release, measured on the audit.

Each audited item counts with the label that it would have had without its own audit, for the released items that it
stands for (``weakhitl.gate.strata``); with the audit's decisions the release is, if anything, better.

Items that came after the last audit was drawn have nobody to stand for them. A few of them must not undo an audit, and
many must not hide behind it: they count as a missing decision does, as wrong in the estimate and its lower bound, and
as right in the upper bound.

Gold is known beforehand, and nothing is claimed of it; that of audited items is set aside.
"""

from dataclasses import replace

import numpy as np

from weakhitl.estimate import Estimate, paired_difference
from weakhitl.gate.assessment import Assessment
from weakhitl.gate.strata import audited, heaviest_of, strata_of, undefined_of, whole
from weakhitl.schema import ABSTAIN
from weakhitl.votes import FloatArray, IntArray
from weakhitl.weighted_share import weighted_share

_METHOD = "audit against the adjudicator; post-stratified, interval of a weighted share (Fay and Feuer)"


def release_accuracy(assessment: Assessment, *, confidence: float = 0.95, within: np.ndarray | None = None) -> Estimate:
    """Share of released labels, but gold, that the adjudicator would call right.

    An audited item without a decision counts as an error in the estimate and its lower bound, and as right
    in the upper bound, and so do items that came after the audit, and audited ones that were recalled; one that the
    adjudicator could not tell is an error.
    ``within[item]`` restricts the dataset to a part.

    Returns
    -------
    Estimate
        Undefined without an audit or decisions on it, and where released items have nobody to stand for them.

    The interval is that of ``weighted_share``.

    """
    items = assessment.evidence.items
    part = whole(assessment) if within is None else within
    at = np.flatnonzero(audited(assessment) & part)
    decisions = assessment.decisions.reindex(items[at])
    pending = decisions.isna().to_numpy()
    decided = decisions.fillna(ABSTAIN).to_numpy(dtype=np.int64)
    least = assessment.evidence.config.release.min_confidence
    strata = strata_of(assessment, part, at, least)
    if undefined := undefined_of(strata, ~pending):
        kind, reason = undefined
        return Estimate(None, confidence=confidence, n_units=len(at), method=_METHOD, reason=reason, kind=kind)
    weight = np.zeros(len(decided))
    right = np.zeros(len(decided))
    judged = [stratum for stratum in strata if not stratum.late]
    for stratum in judged:
        weight += stratum.each
        right += stratum.each * ((stratum.labels == decided) & (decided != ABSTAIN))
    used, heaviest = weight > 0, heaviest_of(judged)
    value, low, high = weighted_share(right[used], weight[used], confidence, heaviest)
    unknown = pending | assessment.recalled[at]
    if (used & unknown).any():
        optimistic = np.where(unknown, weight, right)
        high = weighted_share(optimistic[used], weight[used], confidence, heaviest)[2]
    spoken_of = sum(stratum.size for stratum in judged) / sum(stratum.size for stratum in strata)
    return Estimate(
        spoken_of * value,
        spoken_of * low,
        spoken_of * high + 1 - spoken_of,
        spoken_of * float(np.sqrt(value * (1 - value) / _effective_size(weight))),
        confidence=confidence,
        n_units=int(used.sum()),
        n_pairable=int((used & ~pending).sum()),
        n_sources=_n_adjudicators(assessment),
        method=_METHOD,
    )


def late_items(assessment: Assessment, within: np.ndarray) -> int:
    """How many released items of a part came after the last audit was drawn, at most."""
    least = assessment.evidence.config.release.min_confidence
    strata = strata_of(assessment, within, np.zeros(0, dtype=np.int64), least)
    return sum(stratum.size for stratum in strata if stratum.late)


def error_reduction(assessment: Assessment, *, confidence: float = 0.95) -> Estimate:
    """Share of all items with a wrong label, or none, by the functions alone, minus that with people.

    Each decided audited item counts as in ``release_accuracy``, with the label that it would have had without its own
    audit, for the items that it stands for, released or not.

    Returns
    -------
    Estimate
        Undefined without an audit, while one of its items waits for its decision (those that are decided first are no
        random sample), and where some items have nobody to stand for them.

    """
    items = assessment.evidence.items
    at, decisions = np.flatnonzero(audited(assessment)), assessment.decisions
    if waiting := len(items[at].difference(decisions.index)):
        return Estimate(None, confidence=confidence, reason=still_waiting(waiting), kind="nothing-measured")
    at = at[(decisions[items[at]] != ABSTAIN).to_numpy()]
    truth = decisions[items[at]].to_numpy(dtype=np.int64)
    strata = [replace(one, late=False) for one in strata_of(assessment, whole(assessment), at, None)]
    if undefined := undefined_of(strata, np.ones(len(at), dtype=bool)):
        kind, reason = undefined
        return Estimate(None, confidence=confidence, n_units=len(at), reason=reason, kind=kind)
    before = assessment.automatic.take_items(at).labels == truth
    # An item may stand for several strata, in each with the label that it would have had there.
    weight = np.concatenate([one.each for one in strata])
    after = np.concatenate([one.labels == truth for one in strata])
    unit = np.tile(np.arange(len(at)), len(strata))
    return paired_difference(after, np.tile(before, len(strata)), confidence, weight, unit)


def stood_for(assessment: Assessment, at: IntArray) -> tuple[FloatArray, float] | None:
    """``weight[audited item]``: how many items of the dataset, released or not, each stands for; and the heaviest's.

    ``at`` are the positions of decided audited items. None where some items have nobody to stand for them.
    """
    strata = strata_of(assessment, whole(assessment), at, None)
    if not all(one.standing.any() for one in strata):
        return None
    return np.asarray(sum(one.each for one in strata)), heaviest_of(strata)


def still_waiting(items: int) -> str:
    """Say that some audited items have no decision yet."""
    return f"{items:,} audited items wait for the adjudicator"


def _effective_size(weight: FloatArray) -> float:
    """Kish's effective sample size: units of equal weight that would carry as much."""
    return float(weight.sum() ** 2 / (weight**2).sum())


def _n_adjudicators(assessment: Assessment) -> int:
    ratings = assessment.evidence.ratings
    return int(ratings["annotator"][ratings["role"] == "adjudicator"].nunique())
