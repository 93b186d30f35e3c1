"""The calibration of a release, measured on the audit."""

from dataclasses import replace

import numpy as np

from weakhitl.consensus import hits
from weakhitl.estimate import Estimate
from weakhitl.gate.assessment import Assessment
from weakhitl.gate.strata import audited, strata_of, undefined_of
from weakhitl.label_model import calibration_error
from weakhitl.schema import ABSTAIN


def release_calibration(assessment: Assessment, within: np.ndarray, *, confidence: float = 0.95) -> Estimate:
    """Give the expected calibration error of the released labels but gold: whether probabilities mean what they say.

    Each audited item counts with the probability that its label would have had without its own audit, for the released
    items that it stands for, as in ``release_accuracy``; one that the adjudicator could not tell counts as wrong. Of
    audited items that have no decision or were recalled, and of items that came after the audit was drawn, anything may
    be true: both bounds leave room for it. ``within[item]`` restricts the dataset to a part.

    Returns
    -------
    Estimate
        Undefined without an audit or decisions on it, and where released items have nobody to stand for them.

    """
    config, items = assessment.evidence.config, assessment.evidence.items
    at = np.flatnonzero(audited(assessment) & within)
    decisions = assessment.decisions.reindex(items[at])
    pending = decisions.isna().to_numpy()
    decided = decisions.fillna(ABSTAIN).to_numpy(dtype=np.int64)
    strata = strata_of(assessment, within, at, config.release.min_confidence)
    judged = [stratum for stratum in strata if not stratum.late]
    unknown = pending | assessment.recalled[at]
    weight = np.array([stratum.each for stratum in judged]).reshape(len(judged), len(at))
    used = weight.any(axis=0)
    undefined = undefined_of(strata, ~pending)
    if not undefined and not (used & ~unknown).any():
        undefined = "nothing-measured", "no audited item that stands for released ones has been adjudicated"
    if undefined:
        kind, reason = undefined
        return Estimate(None, confidence=confidence, n_units=len(at), reason=reason, kind=kind)
    proba = np.array([stratum.treated.probabilities for stratum in judged])
    right = np.array([hits(one, np.maximum(decided, 0)) * (decided != ABSTAIN) for one in proba])
    known = (weight > 0) & ~unknown
    found = calibration_error(
        proba.max(axis=2)[known],
        right[known],
        weights=weight[known],
        item=np.nonzero(known)[1],
        seed=config.routing.seed,
        confidence=confidence,
    )
    spoken_of = float(weight[known].sum() / sum(stratum.size for stratum in strata))
    found = replace(found, n_units=int(used.sum()), n_pairable=int((used & ~pending).sum()))
    if found.low is None or found.high is None:
        return found
    return replace(
        found, low=max(0.0, spoken_of * found.low - 1 + spoken_of), high=spoken_of * found.high + 1 - spoken_of
    )
