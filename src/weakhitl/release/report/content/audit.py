"""What the audit's decisions say: class shares of the dataset, calibration, and which classes are mistaken."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from weakhitl.consensus import Consensus
from weakhitl.estimate import Estimate, exact_bounds
from weakhitl.gate import Assessment, Subject
from weakhitl.gate.accuracy import stood_for
from weakhitl.gate.calibration import release_calibration
from weakhitl.label_model import calibration
from weakhitl.schema import ABSTAIN
from weakhitl.vote_names import positions
from weakhitl.votes import IntArray
from weakhitl.weighted_share import weighted_share

BOTH, ALONE, PEOPLE = "functions and people", "functions alone", "people"
"""What labels come from; the last where there are no functions."""

_SHARES = "share of the audit's decisions, post-stratified; interval of a weighted share (Fay and Feuer)"


@dataclass(frozen=True)
class _Audit:
    """The audited items: positions in the dataset, decided classes (ABSTAIN: could not tell), whether still open."""

    at: IntArray
    decided: IntArray
    pending: np.ndarray

    @classmethod
    def of(cls, assessment: Assessment, *, by_lot: bool = False) -> "_Audit":
        """Take the random samples of the dataset; with ``by_lot`` also those of what arrived or was asked for."""
        items, drawn = assessment.evidence.items, assessment.evidence.audited
        drawn = drawn.append(assessment.evidence.audited_by_lot) if by_lot else drawn
        at = np.sort(positions(items, drawn.unique()))
        found = assessment.decisions.reindex(items[at])
        return cls(at, found.fillna(ABSTAIN).to_numpy(dtype=np.int64), found.isna().to_numpy())


def audit_content(assessment: Assessment) -> dict[str, Any]:
    """Compare the labels before adjudication with the audit's decisions, with people's ratings and without.

    Where there are no functions only people label, so there is nothing without them.
    """
    audit = _Audit.of(assessment)
    known = audit.decided != ABSTAIN
    at, truth = audit.at[known], audit.decided[known]
    consensus = {BOTH: assessment.joint, ALONE: assessment.automatic}
    if not assessment.evidence.functions.sources:
        consensus = {PEOPLE: assessment.joint}
    seed = assessment.evidence.config.routing.seed
    return {
        "items": len(audit.at),
        "decided": int(known.sum()),
        "could_not_tell": int((~known & ~audit.pending & ~assessment.recalled[audit.at]).sum()),
        "waiting": int(audit.pending.sum()),
        "recalled": int(assessment.recalled[audit.at].sum()),
        "decided_before_change": assessment.evidence.context.decided_before_change,
        "batches": len(assessment.evidence.routing_batches),
        "calibration": {name: _calibration(one, at, truth, seed) for name, one in consensus.items()},
        "released": release_calibration(assessment, Subject.of(assessment).members).to_dict(),
        "confusion": {name: _confusion(one, at, truth) for name, one in consensus.items()},
    }


def _calibration(consensus: Consensus, at: IntArray, truth: IntArray, seed: int) -> dict[str, Any]:
    if not len(at):
        nothing = Estimate(None, reason="no audited item has been decided", kind="nothing-measured").to_dict()
        return {"bins": [], "ece": nothing, "log_loss": nothing}
    found = calibration(consensus.take_items(at).probabilities, truth, seed=seed)
    bins = [{str(key): float(value) for key, value in row.items()} for row in found.table.to_dict("records")]
    return {"bins": bins, "ece": found.ece.to_dict(), "log_loss": found.log_loss.to_dict()}


def _confusion(consensus: Consensus, at: IntArray, truth: IntArray) -> dict[str, Any]:
    """``counts[label][decision]``, the items without a label, and how often each label is confirmed."""
    classes = consensus.schema.classes
    labels, k = consensus.take_items(at).labels, len(classes)
    there = labels != ABSTAIN
    counts = np.bincount(labels[there] * k + truth[there], minlength=k * k).reshape(k, k)
    return {
        "counts": counts.tolist(),
        "unlabelled": np.bincount(truth[~there], minlength=k).tolist(),
        "precision": [_share(int(counts[c, c]), int(counts[c].sum())).to_dict() for c in range(k)],
        "recall": [_share(int(counts[c, c]), int((truth == c).sum())).to_dict() for c in range(k)],
    }


def _share(hits: int, n: int) -> Estimate:
    method = "share of audited items; Clopper-Pearson interval"
    if not n:
        return Estimate(None, method=method, reason="no audited item is of this class", kind="nothing-measured")
    low, high = map(float, exact_bounds(hits, n))
    return Estimate(hits / n, low, high, n_units=n, method=method)


def class_shares(assessment: Assessment) -> list[Estimate]:
    """Estimate each class's share of the whole dataset, released or not, from what was decided on the audit.

    Items on which the adjudicator could not tell, or that still wait, have no class: the shares are of the items that
    have one. Items are weighted like those of the release's accuracy: each stands for the items of the dataset that
    were treated like it.
    """
    audit = _Audit.of(assessment, by_lot=True)
    known = audit.decided != ABSTAIN
    facts: dict[str, Any] = {"n_units": len(audit.at), "n_pairable": int(known.sum()), "method": _SHARES}
    k = len(assessment.evidence.schema)
    if not known.any():
        reason = "no audited item has been decided" if len(audit.at) else "no items were drawn for an audit"
        return [Estimate(None, reason=reason, kind="nothing-measured", **facts)] * k
    stood = stood_for(assessment, audit.at[known])
    if stood is None:
        reason = "no decided audited item stands for some items of the dataset"
        return [Estimate(None, reason=reason, kind="unrepresented", **facts)] * k
    weight, heaviest = stood
    decided, late = audit.decided[known], assessment.evidence.since_audit / len(assessment.evidence.items)
    shares = [weighted_share(weight * (decided == code), weight, 0.95, heaviest) for code in range(k)]
    # Items that came after the audit may be of any class.
    return [Estimate(value, (1 - late) * low, (1 - late) * high + late, **facts) for value, low, high in shares]
