"""The audit as it comes in: release accuracy with bounds that hold at every look."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from weakhitl.agreement import betting_bounds
from weakhitl.consensus import Consensus
from weakhitl.estimate import Estimate
from weakhitl.gate.accuracy import late_items
from weakhitl.gate.assessment import Assessment
from weakhitl.gate.strata import settled
from weakhitl.routing import REQUESTED
from weakhitl.routing.batch import PILOT, ROUTING
from weakhitl.schema import ABSTAIN
from weakhitl.vote_names import positions
from weakhitl.votes import FloatArray

_METHOD = (
    "risk-limiting audit: random items without replacement against the adjudicator, "
    "confidence sequence by betting, valid at every look"
)


@dataclass(frozen=True)
class _Population:
    """Released items that one audit draws from at random, without replacement.

    Attributes
    ----------
    size
        How many there are; None where that is not known (a pilot's, or some came after the draw).
    released
        How many released items it speaks for.
    right, at_best
        ``right[draw]``: 1 or 0, in the order of the draw, up to the first without a decision; ``at_best`` takes those
        that were recalled for right.
    predictions
        ``predictions[draw]``: the probability that the model gave the label.
    predicted
        Its mean over the population; without a meaning where ``size`` is not known.

    """

    size: int | None
    released: int
    right: FloatArray
    at_best: FloatArray
    predictions: FloatArray
    predicted: float

    def bounds(self, alpha: float, *, sharpen: bool) -> tuple[float, float]:
        """Bound the share that is right, from below and from above with an error of ``alpha`` each."""
        said, mean = (self.predictions, self.predicted) if sharpen else (None, None)
        low, high = betting_bounds(self.right, self.size, alpha=alpha, predictions=said, predicted_mean=mean)
        if (self.at_best != self.right).any():
            _, high = betting_bounds(self.at_best, self.size, alpha=alpha, predictions=said, predicted_mean=mean)
        return low, high


def sequential_accuracy(
    assessment: Assessment, within: np.ndarray, *, confidence: float, predictions: bool = False
) -> Estimate:
    """Share of released labels, but gold, that the adjudicator would call right, with bounds that hold at every look.

    Every item counts with the label that it would have if it had not been audited: routed for its disagreement, what
    people and functions say; else what the functions say. The audited items are a random sample of those, in random
    order; the sequence ends at the first one without a decision, so that which ones are decided first cannot matter.
    Populations of several batches share the error between them. Items that came after the last audit was drawn count as
    wrong in the estimate and the lower bound, and as right in the upper bound. The promise is about these labels:
    decisions do not change them, but new ratings do, and then another sequence begins.

    Returns
    -------
    Estimate
        Undefined without audit or decisions, and where released items have nobody to stand for them.

    """
    within = within & ~assessment.gold
    late = late_items(assessment, within)
    populations = [one for one in _populations(assessment, within) if one.released]
    n = int(sum(len(one.right) for one in populations))
    facts: dict[str, Any] = {"confidence": confidence, "n_units": n, "n_pairable": n, "method": _METHOD}
    if not populations and not late:
        return Estimate(None, reason="nothing would be released", kind="nothing-measured", **facts)
    if not n:
        return Estimate(None, reason="no audited item has been adjudicated", kind="nothing-measured", **facts)
    if alone := sum(one.released for one in populations if not len(one.right)):
        return Estimate(
            None, reason=f"no decided audited item stands for {alone:,} released ones", kind="unrepresented", **facts
        )
    alpha = (1 - confidence) / 2 / len(populations)
    sharpened = [predictions and one.size is not None for one in populations]
    shares = np.array([one.released for one in populations], dtype=np.float64)
    shares /= shares.sum()
    bounds = np.array([one.bounds(alpha, sharpen=sharpen) for one, sharpen in zip(populations, sharpened, strict=True)])
    value = float(shares @ [one.right.mean() for one in populations])
    weight = np.concatenate(
        [np.full(len(one.right), share / len(one.right)) for one, share in zip(populations, shares, strict=True)]
    )
    se = float(np.sqrt(max((weight**2).sum() * value * (1 - value), 0.0)))
    low, high = shares @ bounds
    spoken_of = sum(one.released for one in populations) / (sum(one.released for one in populations) + late)
    return Estimate(
        spoken_of * value, float(spoken_of * low), float(spoken_of * high + 1 - spoken_of), spoken_of * se, **facts
    )


def _populations(assessment: Assessment, within: np.ndarray) -> list[_Population]:
    """One population per routing batch, one for the pilots' items, and one for those that were asked for.

    The last batch's audit was drawn from all items that no earlier batch holds, and stands for them; an earlier one
    for those of its own batch that were routed for their disagreement. The rest of an earlier batch is its audit, whose
    labels the adjudicator has seen one by one: nothing is claimed of them beyond that. Items that arrived online, or
    were asked for by name, have an audit of their own.
    """
    evidence = assessment.evidence
    items, batches = evidence.items, evidence.routing_batches
    if not batches:
        return []
    labels = joint, _ = settled(assessment), assessment.automatic
    found = []
    earlier = np.zeros(len(items), dtype=bool)
    pilots, asked, by_lot = (
        evidence.mask(*evidence.places_where(is_one))
        for is_one in (
            lambda batch: batch.kind == PILOT,
            lambda batch: batch.kind == REQUESTED,
            lambda batch: batch.by_lot,
        )
    )
    for batch, places in zip(batches, evidence.places_where(lambda batch: batch.kind == ROUTING), strict=True):
        above = evidence.mask(places[batch.above_cut()])
        here = above if batch is not batches[-1] else ~earlier & ~pilots & ~asked
        found.append(_population(assessment, here & within, above, labels, batch.drawn_for_audit))
        earlier |= evidence.mask(places)
    if came := min(evidence.since_audit, found[-1].released):
        found[-1] = replace(found[-1], size=None, released=found[-1].released - came)
    if by_lot.any():
        drawn = evidence.audited_by_lot
        drawn = drawn[np.random.default_rng(len(drawn)).permutation(len(drawn))]  # of all lots at once
        found.append(_population(assessment, by_lot & within, by_lot, labels, drawn))
    if pilots.any():
        drawn = batches[-1].drawn_for_audit
        sampled = _population(
            assessment,
            np.asarray(items.isin(drawn)) & within,
            np.ones(len(items), dtype=bool),
            labels,
            drawn,
        )
        confident = joint.confident(evidence.config.release.min_confidence)
        found.append(
            _Population(
                None,
                int((pilots & confident & within & ~assessment.recalled).sum()),
                sampled.right,
                sampled.at_best,
                sampled.predictions,
                sampled.predicted,
            )
        )
    return found


def _population(
    assessment: Assessment,
    here: np.ndarray,
    above: np.ndarray,
    labels: tuple[Consensus, Consensus],
    drawn: pd.Index,
) -> _Population:
    """Released items of ``here``: ``above`` with the joint label, the others with the functions'."""
    least = assessment.evidence.config.release.min_confidence
    joint, automatic = labels
    treated = np.where(above, joint.labels, automatic.labels)
    sure = np.where(above, joint.confident(least), automatic.confident(least)) & here
    said = np.where(above, joint.confidence, automatic.confidence)
    order = positions(assessment.evidence.items, drawn)
    order = order[sure[order]]
    decided = assessment.decisions.reindex(assessment.evidence.items[order])
    pending = decided.isna().to_numpy()
    order = order[: int(pending.argmax())] if pending.any() else order
    truth = decided.to_numpy()[: len(order)].astype(np.int64) if len(order) else np.zeros(0, dtype=np.int64)
    right = ((treated[order] == truth) & (truth != ABSTAIN)).astype(np.float64)
    size, released = int(sure.sum()), int((sure & ~assessment.recalled).sum())
    predicted = float(said[sure].mean()) if size else 0.0
    at_best = np.where(assessment.recalled[order], 1.0, right)
    return _Population(size, released, right, at_best, said[order], predicted)
