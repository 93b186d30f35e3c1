"""What audited items stand for: the items of the dataset that were treated alike.

An audited item has people's ratings and a decision; most items that it stands for have not. So each audited
item is looked at with the label that it would have had if it had been treated like the items it stands for:

- items in no batch: the label of the functions alone;
- pilot items: functions and people, nobody adjudicated;
- routed items, and those that arrived online or were asked for by name: functions and people, adjudicated where the
  ratings do not settle it.

Items that came after the last audit was drawn have nobody to stand for them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from weakhitl.consensus import Consensus
from weakhitl.estimate import Kind
from weakhitl.gate.assessment import Assessment
from weakhitl.routing import REQUESTED, ROUTING
from weakhitl.votes import FloatArray, IntArray


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
    treated
        The audited items under this treatment.
    late
        Whether they came after the audit was drawn, so that nobody could stand for them.
    last
        Whether the last batch's audit was drawn from them. Each had the same chance then, so that by chance alone the
        audited items of one such stratum are heavier than those of another.

    """

    name: str
    size: int
    standing: np.ndarray
    treated: Consensus
    late: bool = False
    last: bool = False

    @property
    def labels(self) -> IntArray:
        """``labels[audited item]`` under this treatment."""
        return self.treated.labels

    @property
    def each(self) -> FloatArray:
        """``weight[audited item]``: how many of the items each one stands for."""
        return np.asarray(self.size / max(1, self.standing.sum()) * self.standing)


def strata_of(assessment: Assessment, part: np.ndarray, at: IntArray, least: float | None) -> list[Stratum]:
    """Give the strata of a part of the dataset that have items.

    ``at`` are the positions of its audited items; ``least`` is the confidence from which on items are released, None
    for all items, labelled or not. Of these, none in no batch is late: nobody has changed their labels.
    """
    return [stratum for stratum in _strata(assessment, part, at, least) if stratum.size]


def _strata(assessment: Assessment, part: np.ndarray, at: IntArray, least: float | None) -> Iterator[Stratum]:
    evidence = assessment.evidence
    items, batches = evidence.items, evidence.batches
    part = part if least is None else part & ~assessment.gold
    drawn = evidence.mask(at)
    by_lot = items.isin(evidence.audited_by_lot) & drawn
    by_batch = drawn & ~by_lot
    untouched, asked, asked_only = part.copy(), np.zeros(len(items), dtype=bool), np.zeros(len(items), dtype=bool)
    low_of_last = np.zeros(len(items), dtype=bool)
    last = max((number for number, batch in enumerate(batches, start=1) if batch.kind == ROUTING), default=0)
    ordinary, joint, automatic = (
        _Treatment.of(one, at, least, assessment.recalled)
        for one in (settled(assessment), assessment.joint, assessment.automatic)
    )
    for number, (batch, places) in enumerate(zip(batches, evidence.places, strict=True), start=1):
        here = evidence.mask(places) & part
        untouched &= ~here
        if batch.kind == "pilot":
            yield joint.stratum(f"batch {number} (pilot)", here, by_batch)
            continue
        if batch.kind == REQUESTED:
            (asked if batch.by_lot else asked_only)[here] = True
            # Those that were in the dataset were taken out of what the last audit was drawn from.
            low_of_last = low_of_last & (not batch.frame)
            continue
        above = evidence.mask(places[batch.above_cut()])
        low_of_last = here & ~above & by_batch
        for name, some in (("above the cut", here & above), ("below the cut", here & ~above)):
            standing = some & by_batch if (some & by_batch).any() else here & by_batch
            yield ordinary.stratum(f"batch {number} ({name})", some, standing, last=number == last)
    yield ordinary.stratum("items asked for", asked, by_lot)
    yield ordinary.late("items asked for without an audit", asked_only)
    came = 0 if least is None else evidence.since_audit
    yield automatic.stratum("items in no batch", untouched, low_of_last, but=came, last=True)
    yield automatic.late("items that came after the audit was drawn", untouched, at_most=came)


@dataclass(frozen=True)
class _Treatment:
    """What is spoken of.

    Attributes
    ----------
    confident, spoken_of
        ``mask[item]``: whose label is sure enough, and of these the ones that were not recalled.
    at, treated
        The audited items' positions, and what is made of them.

    """

    confident: np.ndarray
    spoken_of: np.ndarray
    at: IntArray
    treated: Consensus

    @classmethod
    def of(cls, consensus: Consensus, at: IntArray, least: float | None, recalled: np.ndarray) -> "_Treatment":
        sure = np.ones(len(consensus.items), dtype=bool) if least is None else consensus.confident(least)
        return cls(sure, sure & ~recalled, at, consensus.take_items(at))

    def stratum(
        self, name: str, members: np.ndarray, standing: np.ndarray, but: int = 0, *, last: bool = False
    ) -> Stratum:
        """Of the members ``but`` so many, who cannot be told apart, are not spoken of."""
        size = int(np.count_nonzero(members & self.spoken_of))
        return Stratum(name, max(0, size - but), (standing & self.confident)[self.at], self.treated, last=last)

    def late(self, name: str, members: np.ndarray, at_most: int | None = None) -> Stratum:
        """Give members for whom nobody can stand."""
        size = int(np.count_nonzero(members & self.spoken_of))
        size = size if at_most is None else min(size, at_most)
        return Stratum(name, size, np.zeros(len(self.at), dtype=bool), self.treated, late=True)


def heaviest_of(strata: list[Stratum]) -> float:
    """Give the weight of the heaviest audited item, with those strata taken together that only chance parts."""
    last = [one for one in strata if one.last]
    weight = sum((one.each for one in strata if not one.last), np.zeros(1))
    if last:
        standing = np.any([one.standing for one in last], axis=0)
        weight = weight + sum(one.size for one in last) / max(1, standing.sum()) * standing
    return float(np.max(weight))


def settled(assessment: Assessment) -> Consensus:
    """Put only those decisions on top that unclear ratings asked for, not the audit's."""
    unclear = assessment.unclear.index[assessment.unclear != ""]
    ordinary = assessment.decisions[assessment.decisions.index.isin(unclear)]
    return assessment.joint.decided(ordinary.index, ordinary.to_numpy())


def audited(assessment: Assessment) -> np.ndarray:
    """``mask[item]``: was drawn at random for an audit."""
    evidence = assessment.evidence
    return np.asarray(evidence.items.isin(evidence.audited) | evidence.items.isin(evidence.audited_by_lot))


def whole(assessment: Assessment) -> np.ndarray:
    """``mask[item]`` of all items."""
    return np.ones(len(assessment.evidence.items), dtype=bool)


def undefined_of(strata: list[Stratum], decided_audit: np.ndarray) -> tuple[Kind, str] | None:
    """Say why nothing can be said of the strata, from ``mask[audited item]`` of those with a decision."""
    if not decided_audit.any():
        return "nothing-measured", "no audited item has been adjudicated"
    if not strata:
        return "nothing-measured", "nothing would be released"
    judged = [stratum for stratum in strata if not stratum.late]
    alone = [f"{stratum.size:,} ({stratum.name})" for stratum in judged or strata if not stratum.standing.any()]
    return ("unrepresented", f"no audited item stands for these released ones: {', '.join(alone)}") if alone else None
