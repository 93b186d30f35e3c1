"""Run the policy: every check on the whole, on a part, or on each of several parts; then the waivers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import comb, prod

import numpy as np

from weakhitl.agreement.breakdown import one_class
from weakhitl.config import CheckSection, GateSection, WaiverSection, is_own
from weakhitl.errors import ConfigError, WeakHITLError
from weakhitl.estimate import Estimate
from weakhitl.gate.assessment import Assessment
from weakhitl.gate.metrics import METRICS, Metric, least_units, overlap
from weakhitl.gate.subject import Subject
from weakhitl.gate.verdicts import FAIL, PASS, UNDECIDED, WAIVED, Gate, Status, Verdict, decide
from weakhitl.monitor import group_confidence, largest_gap
from weakhitl.wording import a_few, number_of

OwnCheck = Callable[[Subject, float], Estimate]
"""A user's metric: from the subject and a two-sided confidence to an estimate."""

_OWN_ADVICE = "this is a check of your own: see its function"


def figure(assessment: Assessment, metric: str, one_sided: float = 0.95) -> Estimate:
    """Measure a metric; each end of its interval is a one-sided bound at ``one_sided``."""
    check = CheckSection(metric=metric, at_least=0.0)
    return METRICS[metric].measure(Subject.of(assessment), check, 2 * one_sided - 1)


def run_gate(assessment: Assessment, own: Mapping[str, OwnCheck] | None = None) -> Gate:
    """Run every check of a project's policy; ``own`` maps ``file.py:function`` to the user's metrics."""
    return run_policy(Subject.of(assessment), assessment.evidence.config.gate, own)


def run_policy(subject: Subject, policy: GateSection, own: Mapping[str, OwnCheck] | None = None) -> Gate:
    """Run every check of a policy. Raises ``ConfigError`` with every check that cannot be run on this subject."""
    faults = [fault for check in policy.check for fault in _faults(check, subject, own or {})]
    if faults:
        raise ConfigError("gate", faults)
    waivers = {waiver.check: waiver for waiver in policy.waiver}
    found = {
        check.label: _verdict(check, subject, own or {}) for check in policy.check if check.otherwise == "withhold"
    }
    withheld = None
    for check in policy.check:
        if check.otherwise == "withhold":
            found[check.label], mask = _withholding(check, found[check.label], subject)
            withheld = mask if withheld is None else withheld | mask
    rest = subject if withheld is None else subject.without(withheld)
    choices = prod(_choices(verdict) for verdict in found.values())
    found |= {
        check.label: _verdict(check, rest, own or {}, choices) for check in policy.check if check.label not in found
    }
    looked = {check.label: _looked_at(found[check.label], check, subject) for check in policy.check}
    verdicts = (_waived(looked[check.label], waivers.get(check.label), subject) for check in policy.check)
    return Gate(tuple(verdicts), withheld)


def _looked_at(verdict: Verdict, check: CheckSection, subject: Subject) -> Verdict:
    """Say of a pass how often the check had not passed before, where its bound is one for a single look."""
    looks = subject.looks.get(check.label, 0)
    counted = verdict.estimate.low == verdict.estimate.high
    if verdict.status != PASS or not looks or check.sequential or counted:
        return verdict
    told = f"looked at {number_of(looks, 'time')} before without passing, and its bound holds for one look"
    return replace(verdict, why=f"{verdict.why}; {told}")


def _withholding(check: CheckSection, verdict: Verdict, subject: Subject) -> tuple[Verdict, np.ndarray]:
    """Pass if some part passes, and withhold the items of all others, also of those without a value."""
    passed = [name for name, (status, _) in verdict.parts.items() if status == PASS]
    if not passed:
        return verdict, np.zeros(len(subject.listed), dtype=bool)
    kept = np.zeros(len(subject.listed), dtype=bool)
    for name, part in subject.slices(check.slice or "").items():
        if name in passed:
            kept |= np.asarray(subject.dataset.isin(part.dataset[part.listed]))
    left = [name for name in verdict.parts if name not in passed]
    why = f"{len(passed)} of {len(verdict.parts)} parts pass" + (f"; withheld: {', '.join(left)}" if left else "")
    return replace(verdict, status=PASS, why=why), ~kept


def _choices(verdict: Verdict) -> int:
    """Count the ways in which the parts that pass could have been chosen; 1 where that was counted, not sampled.

    What passes is what looked good on the same items on which the rest is measured. A bound that holds for every choice
    of so many parts, and for every number of them, holds for the one that was made, however it was: Bonferroni over all
    choices, each number of parts with the same share of the error.
    """
    parts = verdict.parts.values()
    if all(one.low == one.high for _, one in parts):
        return 1
    passed = sum(status == PASS for status, _ in parts)
    return comb(len(verdict.parts), passed) * len(verdict.parts)


_PRECONDITIONS = ("min_units", "min_minority", "min_overlap")


def _faults(check: CheckSection, subject: Subject, own: Mapping[str, OwnCheck]) -> list[str]:
    faults = _idle(check)
    if is_own(check.metric):
        return faults if check.metric in own else [f"{check.label}: the function {check.metric} was not loaded"]
    metric = METRICS[check.metric]
    faults += _upside_down(check, metric)
    if subject.assessment is None and not metric.ratings_alone:
        alone = ", ".join(name for name, one in METRICS.items() if one.ratings_alone)
        faults.append(f"{check.label}: needs a project; a table of ratings can be checked for {alone}")
    if check.sequential and not metric.sequential:
        faults.append(f"{check.label}: has no bound that holds at every look; drop sequential")
    if metric.between and check.otherwise == "withhold":
        faults.append(f"{check.label}: compares groups, and cannot withhold one of them")
    if metric.between and check.slice is None:
        faults.append(f"{check.label}: compares groups; name their column with slice")
    if check.class_ == "*" and metric.between:
        faults.append(f"{check.label}: compares slices, not classes; write a check for each class")
    if check.class_ is not None and not metric.preconditions:
        faults.append(f"{check.label}: class is for agreement only")
    if check.class_ not in (None, "*") and check.class_ not in subject.votes.schema.classes:
        faults.append(f"{check.label}: class {check.class_!r} is none; {subject.votes.schema.expected(check.class_)}")
    if check.predictions and (check.metric != "release-accuracy" or not check.sequential):
        faults.append(f"{check.label}: predictions sharpen a sequential release-accuracy, nothing else")
    return faults


def _idle(check: CheckSection) -> list[str]:
    """Name preconditions that were written where they say nothing: whoever wrote them relies on them."""
    idle = check.changed(*_PRECONDITIONS)
    if not idle or (not is_own(check.metric) and METRICS[check.metric].preconditions):
        return []
    return [f"{check.label}: {', '.join(idle)} would do nothing; preconditions are for agreement only"]


def _upside_down(check: CheckSection, metric: Metric) -> list[str]:
    """Name a bar on the wrong side."""
    wrong, right = ("at_least", "at_most") if metric.lower_is_better else ("at_most", "at_least")
    if getattr(check, wrong) is None:
        return []
    return [f"{check.label}: {wrong} = {check.bar:g} would let the worst pass and stop the best; expected {right}"]


_LEAST_ERROR = 1e-12
"""Least error of an interval: quantiles of less are lost in rounding."""
_TOO_MANY = "no bound holds for so many choices of parts; withhold by a column with fewer values"


@dataclass(frozen=True)
class _Part:
    """One thing to be measured against the bar: the whole, a slice or a class."""

    check: CheckSection
    metric: Metric
    subject: Subject
    choices: int = 1

    def estimate(self, one_sided: float) -> Estimate:
        """Measure; where the subject was chosen by what is measured, with bounds that hold for every choice.

        Where there are so many choices that no bound can be worked out, there is none, but of what is counted.
        """
        error = 2 * (1 - one_sided) / self.choices
        estimate = self.metric.measure(self.subject, self.check, 1 - max(error, _LEAST_ERROR))
        if error >= _LEAST_ERROR or estimate.value is None or estimate.low == estimate.high:
            return estimate
        return replace(estimate, low=None, high=None, reason=_TOO_MANY, kind="other")

    def verdict(self) -> Verdict:
        estimate = self.estimate(self.check.confidence)
        verdict = decide(self.check, estimate, self.missing(estimate), self.metric.advice, self.subject.left)
        if self.choices > 1 and estimate.low != estimate.high:
            why = f"{verdict.why}; bounds that hold for every choice of the parts that are not withheld"
            verdict = replace(verdict, why=why)
        what, then = self.metric.lacks(self.subject, estimate)
        if not what:
            return verdict
        return replace(verdict, why=f"{verdict.why}; {what}", advice="" if verdict.status == PASS else then)

    def missing(self, estimate: Estimate) -> list[str]:
        """Preconditions that are not met."""
        check, missing = self.check, []
        if not self.metric.preconditions:
            return []
        if estimate.n_pairable < (least := least_units(self.subject, check)):
            missing.append(
                f"{number_of(estimate.n_pairable, 'item has', 'items have')} two ratings; {least} are needed"
            )
        minority = estimate.n_minority or 0
        if minority < check.min_minority:
            missing.append(
                f"{number_of(minority, 'item has', 'items have')} a rating off the commonest class; "
                f"{check.min_minority} are needed"
            )
        mean = overlap(estimate.n_units, self.subject.votes.n_votes)
        if mean < check.min_overlap:
            missing.append(f"{mean:.2f} ratings per rated item; {check.min_overlap:g} are needed")
        return missing


def _verdict(check: CheckSection, subject: Subject, own: Mapping[str, OwnCheck], choices: int = 1) -> Verdict:
    """Judge a check; the subject is one of so many choices that could have been made."""
    if is_own(check.metric):
        return _judged(check, _own_metric(own[check.metric]), subject, choices)
    metric = METRICS[check.metric]
    verdict = _judged(check, metric, subject, choices)
    is_idle = check.bar <= metric.least if check.at_least is not None else check.bar >= metric.most
    if not is_idle or verdict.status != PASS:
        return verdict
    return replace(verdict, why=f"{verdict.why}; no figure would miss this bar")


def _judged(check: CheckSection, metric: Metric, subject: Subject, choices: int) -> Verdict:
    """Judge the whole, a part, or each of several."""
    here = subject.where(check.where)
    if check.class_ not in (None, "*"):
        here = here.with_votes(one_class(here.votes, check.class_))
    if check.slice is not None:
        parts = {name: _Part(check, metric, part, choices) for name, part in here.slices(check.slice).items()}
        return _between(parts, check) if metric.between else _each(parts, check)
    if check.class_ == "*":
        classes = here.votes.schema.classes
        return _each(
            {name: _Part(check, metric, here.with_votes(one_class(here.votes, name)), choices) for name in classes},
            check,
        )
    return _Part(check, metric, here, choices).verdict()


def _own_metric(function: OwnCheck) -> Metric:
    def measure(subject: Subject, check: CheckSection, confidence: float) -> Estimate:
        try:
            estimate = function(subject, confidence)
        except WeakHITLError:
            raise
        except (Exception, SystemExit) as error:  # with its exit code a gate would seem to have passed
            raise ConfigError("gate", f"{check.metric} failed: {type(error).__name__}: {error}") from error
        if not isinstance(estimate, Estimate):
            raise ConfigError("gate", f"{check.metric} gave {type(estimate).__name__}; expected a weakhitl.Estimate")
        return estimate

    return Metric(measure, _OWN_ADVICE, ratings_alone=True)


def _each(parts: Mapping[str, _Part], check: CheckSection) -> Verdict:
    """Judge a family of parts: it passes when every part passes, and fails when one fails under Holm's correction.

    That all parts clear the bar is an intersection-union test: each at the full level is enough, as a family with one
    bad part passes only if that part does. That some part misses the bar is found in as many tries as there are
    parts, so those bounds are Holm's; and where parts that do not pass are merely withheld, so are the passing ones'.

    Sources: R. L. Berger (1982), Multiparameter hypothesis testing and acceptance sampling; S. Holm (1979), A simple
    sequentially rejective multiple test procedure.
    """
    small, kept = _large_enough(parts, check)
    if not kept:
        nothing = Estimate(
            None, confidence=2 * check.confidence - 1, reason="there is no part to look at", kind="nothing-measured"
        )
        return decide(check, nothing, [], "")
    verdicts = {name: part.verdict() for name, part in kept.items()}
    failed = _beyond_doubt(kept, verdicts, check, FAIL)
    passed = [name for name, verdict in verdicts.items() if verdict.status == PASS]
    if check.otherwise == "withhold":
        passed = _beyond_doubt(kept, verdicts, check, PASS)
    status = {name: FAIL if name in failed else PASS if name in passed else UNDECIDED for name in kept}
    worst = verdicts[min(verdicts, key=lambda name: (-(name in failed), _margin(verdicts[name], check)))]
    overall = FAIL if failed else PASS if set(status.values()) == {PASS} else UNDECIDED
    doubtful = [name for name, verdict in verdicts.items() if verdict.status == FAIL and name not in failed]
    named = {
        FAIL: failed,
        UNDECIDED: [name for name, found in status.items() if found == UNDECIDED and name not in doubtful],
        f"would fail alone, but not beyond doubt among {len(kept)}": doubtful,
    }
    lines = [f"{len(kept)} parts"]
    lines += [f"{kind}: {', '.join(names)}" for kind, names in named.items() if names]
    lines += [f"left out, too small: {a_few(small)}"] if small else []
    return replace(
        worst,
        status=overall,
        why=f"{'; '.join(lines)}; the worst: {worst.why}",
        advice=worst.advice if overall != PASS else "",
        parts={name: (status[name], verdict.estimate) for name, verdict in verdicts.items()},
    )


def _large_enough(parts: Mapping[str, _Part], check: CheckSection) -> tuple[list[str], dict[str, _Part]]:
    """Names of the parts that are too small to look at, and the others."""
    small = [name for name, part in parts.items() if int(part.subject.members.sum()) < check.min_slice]
    return small, {name: part for name, part in parts.items() if name not in small}


def _between(parts: Mapping[str, _Part], check: CheckSection) -> Verdict:
    """Judge the largest gap between two parts."""
    small, kept = _large_enough(parts, check)
    confidence = 2 * check.confidence - 1
    each = (1 + group_confidence(confidence, len(kept))) / 2
    found = {name: part.estimate(each) for name, part in kept.items()}
    missing = [f"{name}: {lack}" for name, part in kept.items() for lack in part.missing(found[name])]
    advice = next((part.metric.advice for part in kept.values()), "")
    verdict = decide(check, largest_gap(found, confidence), missing, advice)
    why = verdict.why + (f"; left out, too small: {a_few(small)}" if small else "")
    return replace(verdict, why=why, parts={name: (verdict.status, one) for name, one in found.items()})


def _beyond_doubt(
    parts: Mapping[str, _Part], verdicts: Mapping[str, Verdict], check: CheckSection, wanted: Status
) -> list[str]:
    """Parts that fail (or pass) by Holm's step-down: each next one at a level that the fewer remaining ones allow."""
    candidates = [name for name in parts if verdicts[name].status == wanted]
    found: list[str] = []
    for name in sorted(candidates, key=lambda name: -_clearness(verdicts[name], check, wanted)):
        level = 1 - (1 - check.confidence) / (len(parts) - len(found))
        if decide(check, parts[name].estimate(level), [], "").status != wanted:
            break
        found.append(name)
    return found


def _clearness(verdict: Verdict, check: CheckSection, status: Status) -> float:
    """How clearly a part fails or passes, in standard errors beyond the bar."""
    estimate = verdict.estimate
    bound = estimate.low if (status == PASS) == (check.at_least is not None) else estimate.high
    return abs((bound or 0.0) - check.bar) / max(estimate.se or 0.0, 1e-12)


def _margin(verdict: Verdict, check: CheckSection) -> float:
    """By how much the bound clears the bar; without a bound, not at all."""
    bound = verdict.estimate.low if check.at_least is not None else verdict.estimate.high
    if bound is None:
        return float("-inf")
    return bound - check.bar if check.at_least is not None else check.bar - bound


def _waived(verdict: Verdict, waiver: WaiverSection | None, subject: Subject) -> Verdict:
    """Apply a waiver: until it expires the check is waived, after that it fails."""
    if waiver is None:
        return verdict
    facts = {"reason": waiver.reason, "owner": waiver.owner, "expires": waiver.expires.isoformat()}
    if verdict.status == PASS:
        return replace(verdict, waiver=facts)
    if subject.as_of.date() <= waiver.expires:
        why = f"{verdict.why}; waived until {waiver.expires} by {waiver.owner}: {waiver.reason}"
        return replace(verdict, status=WAIVED, why=why, waiver=facts)
    why = f"{verdict.why}; the waiver of {waiver.owner} expired on {waiver.expires}"
    return replace(verdict, status=FAIL, why=why, waiver=facts)
