"""The accuracy of a release, measured on the audit.

An audited item has people's ratings and a decision; most items that it stands for have not. So each audited
item is looked at with the label that it would have had if it had been treated like the items it stands for:

- items in no batch: the label of the functions alone;
- pilot items: functions and people, nobody adjudicated;
- routed items, and those that arrived online or were asked for by name: functions and people, adjudicated where the
  ratings do not settle it.

Every audited item thus counts with the label it would have had without its own audit, and the figure is the accuracy
of the release as it would be without the audit's decisions; with them it is, if anything, better.

Items that came after the last audit was drawn have nobody to stand for them. A few of them must not undo an audit, and
many must not hide behind it: they count as a missing decision does, as wrong in the estimate and its lower bound, and
as right in the upper bound.

Gold is known beforehand, and nothing is claimed of it; that of audited items is set aside.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from weakhitl.arrays import ArrayLike
from weakhitl.consensus import Consensus
from weakhitl.estimate import Estimate, Kind, exact_bounds, paired_difference
from weakhitl.gate.assessment import Assessment
from weakhitl.routing import REQUESTED
from weakhitl.schema import ABSTAIN
from weakhitl.votes import FloatArray, IntArray

_METHOD = "audit against the adjudicator; post-stratified, Clopper-Pearson interval at the effective sample size"


@dataclass(frozen=True)
class Stratum:
    """Items that were treated alike and are released, and the audited items that stand for them.

    Attributes
    ----------
    name
        For messages.
    size
        How many released items there are.
    standing
        ``mask[audited item]``: those that stand for them and would have been released like them.
    labels
        ``labels[audited item]``: the label under this treatment.
    late
        Whether they came after the audit was drawn, so that nobody could stand for them.

    """

    name: str
    size: int
    standing: np.ndarray
    labels: np.ndarray
    late: bool = False


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

    References
    ----------
    E. L. Korn, B. I. Graubard (1998), Confidence intervals for proportions with small expected number of
    positive counts estimated from survey data; L. Kish (1965), Survey Sampling (effective sample size).

    """
    items = assessment.evidence.items
    part = _whole(assessment) if within is None else within
    at = np.flatnonzero(_audited(assessment) & part)
    decisions = assessment.decisions.reindex(items[at])
    pending = decisions.isna().to_numpy()
    decided = decisions.fillna(ABSTAIN).to_numpy(dtype=np.int64)
    least = assessment.evidence.config.release.min_confidence
    strata = [stratum for stratum in _strata(assessment, part, at, least) if stratum.size]
    if undefined := _undefined(strata, ~pending):
        kind, reason = undefined
        return Estimate(None, confidence=confidence, n_units=len(at), method=_METHOD, reason=reason, kind=kind)
    weight = np.zeros(len(decided))
    right = np.zeros(len(decided))
    judged = [stratum for stratum in strata if not stratum.late]
    for stratum in judged:
        share = stratum.size / stratum.standing.sum()
        weight += share * stratum.standing
        right += share * (stratum.standing & (stratum.labels == decided) & (decided != ABSTAIN))
    used = weight > 0
    value, low, high = weighted_proportion(right[used], weight[used], confidence)
    unknown = pending | assessment.recalled[at]
    if (used & unknown).any():
        optimistic = np.where(unknown, weight, right)
        high = weighted_proportion(optimistic[used], weight[used], confidence)[2]
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
    strata = _strata(assessment, within, np.zeros(0, dtype=np.int64), least)
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
    at, decisions = np.flatnonzero(_audited(assessment)), assessment.decisions
    if waiting := len(items[at].difference(decisions.index)):
        return Estimate(None, confidence=confidence, reason=still_waiting(waiting), kind="nothing-measured")
    at = at[(decisions[items[at]] != ABSTAIN).to_numpy()]
    truth = decisions[items[at]].to_numpy(dtype=np.int64)
    strata = [replace(one, late=False) for one in _strata(assessment, _whole(assessment), at, None) if one.size]
    if undefined := _undefined(strata, np.ones(len(at), dtype=bool)):
        kind, reason = undefined
        return Estimate(None, confidence=confidence, n_units=len(at), reason=reason, kind=kind)
    before = assessment.automatic.take_items(at).labels == truth
    # An item may stand for several strata, in each with the label that it would have had there.
    weight = np.concatenate([one.size / one.standing.sum() * one.standing for one in strata])
    after = np.concatenate([one.labels == truth for one in strata])
    unit = np.tile(np.arange(len(at)), len(strata))
    return paired_difference(after, np.tile(before, len(strata)), confidence, weight, unit)


def stood_for(assessment: Assessment, at: IntArray) -> FloatArray | None:
    """``weight[audited item]``: how many items of the dataset, released or not, each stands for.

    ``at`` are the positions of decided audited items. None where some items have nobody to stand for them.
    """
    strata = [one for one in _strata(assessment, _whole(assessment), at, None) if one.size]
    if not all(one.standing.any() for one in strata):
        return None
    return np.asarray(sum(one.size / one.standing.sum() * one.standing for one in strata))


def still_waiting(items: int) -> str:
    """Say that some audited items have no decision yet."""
    return f"{items:,} audited items wait for the adjudicator"


def weighted_proportion(right: ArrayLike, weight: ArrayLike, confidence: float) -> tuple[float, float, float]:
    """Estimate a weighted proportion with Clopper and Pearson's interval at Kish's effective sample size.

    ``right[unit]`` lies between 0 and ``weight[unit]``. Gives estimate, low, high.

    Examples
    --------
    >>> [round(number, 3) for number in weighted_proportion([1] * 60, [1] * 60, confidence=0.9)]
    [1.0, 0.951, 1.0]

    """
    x, w = np.asarray(right, dtype=np.float64), np.asarray(weight, dtype=np.float64)
    n = _effective_size(w)
    p = float(x.sum() / w.sum())
    low, high = map(float, exact_bounds(p * n, n, confidence))
    return p, low, high


def _effective_size(weight: FloatArray) -> float:
    """Kish's effective sample size: units of equal weight that would carry as much."""
    return float(weight.sum() ** 2 / (weight**2).sum())


def _strata(assessment: Assessment, part: np.ndarray, at: IntArray, least: float | None) -> Iterator[Stratum]:
    """Give the strata of a part of the dataset.

    ``at`` are the positions of its audited items; ``least`` is the confidence from which on items are released, None
    for all items, labelled or not. Of these, none in no batch is late: nobody has changed their labels.
    """
    evidence = assessment.evidence
    items, batches = evidence.items, evidence.batches
    part = part if least is None else part & ~assessment.gold
    drawn = evidence.mask(at)
    by_lot = items.isin(evidence.audited_by_lot) & drawn
    audited = drawn & ~by_lot
    untouched, asked, asked_only = part.copy(), np.zeros(len(items), dtype=bool), np.zeros(len(items), dtype=bool)
    low_of_last = np.zeros(len(items), dtype=bool)
    ordinary, joint, automatic = (
        _Treatment.of(one, at, least, assessment.recalled)
        for one in (settled(assessment), assessment.joint, assessment.automatic)
    )
    for number, (batch, places) in enumerate(zip(batches, evidence.places, strict=True), start=1):
        here = evidence.mask(places) & part
        untouched &= ~here
        if batch.kind == "pilot":
            yield joint.stratum(f"batch {number} (pilot)", here, audited)
            continue
        if batch.kind == REQUESTED:
            (asked if batch.by_lot else asked_only)[here] = True
            # Those that were in the dataset were taken out of what the last audit was drawn from.
            low_of_last = low_of_last & (not batch.frame)
            continue
        above = evidence.mask(places[batch.above_cut()])
        low_of_last = here & ~above & audited
        for name, some in (("above the cut", here & above), ("below the cut", here & ~above)):
            standing = some & audited if (some & audited).any() else here & audited
            yield ordinary.stratum(f"batch {number} ({name})", some, standing)
    yield ordinary.stratum("items asked for", asked, by_lot)
    yield ordinary.late("items asked for without an audit", asked_only)
    came = 0 if least is None else evidence.since_audit
    yield automatic.stratum("items in no batch", untouched, low_of_last, but=came)
    yield automatic.late("items that came after the audit was drawn", untouched, at_most=came)


@dataclass(frozen=True)
class _Treatment:
    """What is spoken of.

    Attributes
    ----------
    confident, spoken_of
        ``mask[item]``: whose label is sure enough, and of these the ones that were not recalled.
    at, labels
        The audited items' positions, and their labels.

    """

    confident: np.ndarray
    spoken_of: np.ndarray
    at: IntArray
    labels: IntArray

    @classmethod
    def of(cls, consensus: Consensus, at: IntArray, least: float | None, recalled: np.ndarray) -> "_Treatment":
        sure = np.ones(len(consensus.items), dtype=bool) if least is None else consensus.confident(least)
        return cls(sure, sure & ~recalled, at, consensus.take_items(at).labels)

    def stratum(self, name: str, members: np.ndarray, standing: np.ndarray, but: int = 0) -> Stratum:
        """Of the members ``but`` so many, who cannot be told apart, are not spoken of."""
        size = int(np.count_nonzero(members & self.spoken_of))
        return Stratum(name, max(0, size - but), (standing & self.confident)[self.at], self.labels)

    def late(self, name: str, members: np.ndarray, at_most: int | None = None) -> Stratum:
        """Give members for whom nobody can stand."""
        size = int(np.count_nonzero(members & self.spoken_of))
        size = size if at_most is None else min(size, at_most)
        return Stratum(name, size, np.zeros(len(self.at), dtype=bool), self.labels, late=True)


def settled(assessment: Assessment) -> Consensus:
    """Put only those decisions on top that unclear ratings asked for, not the audit's."""
    unclear = assessment.unclear.index[assessment.unclear != ""]
    ordinary = assessment.decisions[assessment.decisions.index.isin(unclear)]
    return assessment.joint.decided(ordinary.index, ordinary.to_numpy())


def _audited(assessment: Assessment) -> np.ndarray:
    evidence = assessment.evidence
    return np.asarray(evidence.items.isin(evidence.audited) | evidence.items.isin(evidence.audited_by_lot))


def _whole(assessment: Assessment) -> np.ndarray:
    return np.ones(len(assessment.evidence.items), dtype=bool)


def _undefined(strata: list[Stratum], decided_audit: np.ndarray) -> tuple[Kind, str] | None:
    if not decided_audit.any():
        return "nothing-measured", "no audited item has been adjudicated"
    if not strata:
        return "nothing-measured", "nothing would be released"
    judged = [stratum for stratum in strata if not stratum.late]
    alone = [f"{stratum.size:,} ({stratum.name})" for stratum in judged or strata if not stratum.standing.any()]
    return ("unrepresented", f"no audited item stands for these released ones: {', '.join(alone)}") if alone else None


def _n_adjudicators(assessment: Assessment) -> int:
    ratings = assessment.evidence.ratings
    return int(ratings["annotator"][ratings["role"] == "adjudicator"].nunique())
