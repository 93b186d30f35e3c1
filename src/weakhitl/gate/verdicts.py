"""Verdicts: an estimate, a bar, and what follows."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from weakhitl.agreement import units_needed
from weakhitl.config import CheckSection
from weakhitl.estimate import Estimate

Status = Literal["pass", "fail", "undecided"]

PASS: Status = "pass"  # noqa: S105 - a verdict, not a password
FAIL: Status = "fail"
UNDECIDED: Status = "undecided"


@dataclass(frozen=True)
class Verdict:
    """What one check says.

    Attributes
    ----------
    metric, at_least, confidence
        The policy's check.
    status
        pass, fail or undecided.
    estimate
        Its two-sided interval is such that each end is a one-sided bound at ``confidence``.
    why
        One sentence: the bound against the bar, or what is missing.
    advice
        What to do next; empty for a pass.

    """

    metric: str
    at_least: float
    confidence: float
    status: Status
    estimate: Estimate
    why: str
    advice: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Give all fields, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Gate:
    """The verdicts of all checks, and what they come to."""

    verdicts: tuple[Verdict, ...]

    @property
    def status(self) -> Status:
        """Fail before undecided before pass; a policy without checks is undecided."""
        found = {verdict.status for verdict in self.verdicts}
        if FAIL in found:
            return FAIL
        return PASS if found == {PASS} else UNDECIDED

    def to_dict(self) -> dict[str, Any]:
        """Give status and verdicts, ready for JSON."""
        return {"status": self.status, "checks": [verdict.to_dict() for verdict in self.verdicts]}


def decide(check: CheckSection, estimate: Estimate, missing: Sequence[str], advice: str) -> Verdict:
    """Pass when the lower bound clears the bar, fail when the upper bound is under it, undecided between.

    ``missing`` lists preconditions that are not met: with any, or without an interval, there is no verdict.
    ``advice`` is what to do after a fail.
    """

    def verdict(status: Status, why: str, then: str = "") -> Verdict:
        return Verdict(check.metric, check.at_least, check.confidence, status, estimate, why, then)

    if estimate.value is None:
        return verdict(UNDECIDED, f"undefined: {estimate.reason}", "collect what is missing, then check again")
    if missing:
        return verdict(UNDECIDED, "; ".join(missing), "route more items, then check again")
    if estimate.low is None or estimate.high is None:
        return verdict(UNDECIDED, f"no interval: {estimate.reason}", "route more items, then check again")
    if estimate.low >= check.at_least:
        return verdict(PASS, f"lower bound {estimate.low:.3f} clears {check.at_least:g}")
    if estimate.high < check.at_least:
        return verdict(FAIL, f"upper bound {estimate.high:.3f} is under {check.at_least:g}", advice)
    why = f"the bar {check.at_least:g} lies within [{estimate.low:.3f}, {estimate.high:.3f}]"
    return verdict(UNDECIDED, why, _more(estimate, check))


def _more(estimate: Estimate, check: CheckSection) -> str:
    needed = units_needed(estimate, check.at_least, check.confidence)
    if needed is None:
        return "more items alone are unlikely to pass it: the estimate itself is not above the bar"
    more = max(1, needed - estimate.n_pairable)
    return f"about {more:,} more items like those measured would pass it, if the estimate stays"
