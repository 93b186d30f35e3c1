"""The checks of the gate: a table from names to figures."""

from collections.abc import Callable
from functools import partial

from weakhitl.agreement import COEFFICIENTS
from weakhitl.config import CheckSection
from weakhitl.estimate import Estimate
from weakhitl.gate.accuracy import release_accuracy
from weakhitl.gate.assessment import Assessment
from weakhitl.gate.verdicts import Gate, Verdict, decide

_TALK = "find the classes that people confuse (`weakhitl agreement`), sharpen the guideline, qualify people on a pilot"
_LABELS = "improve functions or route more items; see in the report which classes are wrong"
_COVER = "write functions for what none covers, route more items, or lower release.min_confidence"


def agreement_of_people(assessment: Assessment, *, confidence: float, name: str) -> Estimate:
    """Agreement of the annotators who count, for the dataset: routed items outside the pilot, weighted."""
    return COEFFICIENTS[name](
        assessment.counted.measured,
        weights=assessment.measured_weights,
        confidence=confidence,
        seed=assessment.evidence.config.routing.seed,
    )


def coverage(assessment: Assessment, *, confidence: float) -> Estimate:
    """Share of the dataset that would be released; counted, not sampled, so it has no error."""
    n = len(assessment.evidence.items)
    share = float(assessment.released.mean())
    return Estimate(share, share, share, 0.0, confidence, n, n, method="counted over the whole dataset")


CHECKS: dict[str, Callable[..., Estimate]] = {
    **{name: partial(agreement_of_people, name=name) for name in COEFFICIENTS},
    "release-accuracy": release_accuracy,
    "coverage": coverage,
}
"""Name of a metric -> function of (assessment, confidence) that measures it."""

_ADVICE = {"release-accuracy": _LABELS, "coverage": _COVER}


def figure(assessment: Assessment, metric: str, one_sided: float = 0.95) -> Estimate:
    """Measure a metric; each end of its interval is a one-sided bound at ``one_sided``."""
    return CHECKS[metric](assessment, confidence=2 * one_sided - 1)


def run_gate(assessment: Assessment) -> Gate:
    """Run every check of the policy."""
    return Gate(tuple(_run_check(assessment, check) for check in assessment.evidence.config.gate.check))


def _run_check(assessment: Assessment, check: CheckSection) -> Verdict:
    estimate = figure(assessment, check.metric, check.confidence)
    missing = _missing(estimate, check) if check.metric in COEFFICIENTS else []
    return decide(check, estimate, missing, _ADVICE.get(check.metric, _TALK))


def _missing(estimate: Estimate, check: CheckSection) -> list[str]:
    missing = []
    if estimate.n_pairable < check.min_units:
        missing.append(f"{estimate.n_pairable} items have two ratings; {check.min_units} are needed")
    if (estimate.n_minority or 0) < check.min_minority:
        missing.append(
            f"{estimate.n_minority or 0} items have a rating off the commonest class; {check.min_minority} are needed"
        )
    return missing
