"""Verdicts: an estimate, a bar, and what follows."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np

from weakhitl.agreement import units_needed
from weakhitl.brief import Brief
from weakhitl.config import CheckSection, OneBar
from weakhitl.estimate import Estimate
from weakhitl.notebook import html_table

Status = Literal["pass", "fail", "undecided", "waived"]

PASS: Status = "pass"  # noqa: S105 - a verdict, not a password
FAIL: Status = "fail"
UNDECIDED: Status = "undecided"
WAIVED: Status = "waived"


@dataclass(frozen=True, repr=False)
class Verdict(OneBar):
    """What one check says.

    Attributes
    ----------
    name, metric, at_least, at_most, confidence
        The policy's check.
    status
        pass, fail, undecided or waived.
    estimate
        Its two-sided interval is such that each end is a one-sided bound at ``confidence``; of several parts, the
        estimate of the worst.
    why
        One sentence: the bound against the bar, or what is missing.
    advice
        What to do next; empty for a pass.
    parts
        Name -> status and estimate of each slice or class, where the check has several.
    waiver
        Reason, owner and expiry, where there is one.
    met
        Whether all preconditions were met, so that the bounds decided.

    """

    name: str
    metric: str
    at_least: float | None
    at_most: float | None
    confidence: float
    status: Status
    estimate: Estimate
    why: str
    advice: str = ""
    parts: Mapping[str, tuple[Status, Estimate]] = field(default_factory=dict)
    waiver: Mapping[str, str] | None = None
    met: bool = True

    def __repr__(self) -> str:
        return f"<Verdict {self.name}: {self.status}, {self.estimate}>"

    def to_dict(self) -> dict[str, Any]:
        """Give all fields, ready for JSON."""
        parts = {name: {"status": status, "estimate": asdict(one)} for name, (status, one) in self.parts.items()}
        return asdict(self) | {"parts": parts, "waiver": None if self.waiver is None else dict(self.waiver)}

    def _repr_html_(self) -> str:
        """Show the verdict in a notebook, with its parts."""
        parts = [(name, status, one, "", "") for name, (status, one) in self.parts.items()]
        return html_table(_COLUMNS, [_row(self), *parts], note=self.advice)


@dataclass(frozen=True, repr=False)
class Gate(Brief):
    """The verdicts of all checks, and what they come to.

    Attributes
    ----------
    verdicts
        One per check of the policy, in its order.
    withheld
        ``mask[item of the dataset]``: parts that did not pass a check which withholds them; None without any.

    """

    verdicts: tuple[Verdict, ...]
    withheld: np.ndarray | None = None

    @property
    def status(self) -> Status:
        """Fail before undecided before pass; a waived check does not stand in the way; no checks is undecided."""
        found = {verdict.status for verdict in self.verdicts}
        if FAIL in found:
            return FAIL
        return UNDECIDED if UNDECIDED in found or not found else PASS

    @property
    def waived(self) -> tuple[Verdict, ...]:
        """The checks that missed their bar and are waived."""
        return tuple(verdict for verdict in self.verdicts if verdict.status == WAIVED)

    def to_dict(self) -> dict[str, Any]:
        """Give status and verdicts, ready for JSON."""
        withheld = 0 if self.withheld is None else int(self.withheld.sum())
        checks = [verdict.to_dict() for verdict in self.verdicts]
        return {"status": self.status, "withheld": withheld, "checks": checks}

    def _repr_html_(self) -> str:
        """Show all verdicts in a notebook."""
        advice = "; ".join(f"{one.name}: {one.advice}" for one in self.verdicts if one.advice)
        note = advice if self.verdicts else NO_CHECKS
        return html_table(_COLUMNS, map(_row, self.verdicts), f"Gate: {self.status}", note)


NO_CHECKS = "The policy has no checks: add [[gate.check]] to weakhitl.toml."
_COLUMNS = ("check", "verdict", "estimate", "bar", "why")


def _row(verdict: Verdict) -> tuple[object, ...]:
    side = "at least" if verdict.at_least is not None else "at most"
    return verdict.name, verdict.status, verdict.estimate, f"{side} {verdict.bar:g}", verdict.why


def decide(
    check: CheckSection, estimate: Estimate, missing: Sequence[str], advice: str, left: int | None = None
) -> Verdict:
    """Pass when the bound clears the bar, fail when the other bound is on the wrong side of it, undecided between.

    ``missing`` lists preconditions that are not met: with any, or without an interval, there is no verdict.
    ``advice`` is what to do after a fail; ``left`` how many items could still be routed, None where that is not known.
    """
    status, why, then = _judge(check, estimate, missing, advice, left)
    bars = check.at_least, check.at_most
    met = not missing
    return Verdict(check.label, check.metric, *bars, check.confidence, status, estimate, why, then, met=met)


_NONE_LEFT = "every item is routed: have all of them rated, or add items to the data"
_AUDIT = "route more items, have their audit decided, then check again"


def _judge(
    check: CheckSection, estimate: Estimate, missing: Sequence[str], advice: str, left: int | None
) -> tuple[Status, str, str]:
    """Give status, why, and what to do next."""
    if estimate.value is None:
        then = _AUDIT if estimate.kind == "unrepresented" else "collect what is missing, then check again"
        return UNDECIDED, f"undefined: {estimate.reason}", then
    if missing or estimate.low is None or estimate.high is None:
        why = "; ".join(missing) or f"no interval: {estimate.reason}"
        return UNDECIDED, why, _NONE_LEFT if left == 0 else "route more items, then check again"
    low, high, bar = _text(estimate.low), _text(estimate.high), f"{check.bar:g}"
    passes, fails = estimate.low >= check.bar, estimate.high < check.bar
    whys = f"lower bound {low} clears {bar}", f"upper bound {high} is under {bar}"
    if check.at_least is None:
        passes, fails = estimate.high <= check.bar, estimate.low > check.bar
        whys = f"upper bound {high} keeps to {bar}", f"lower bound {low} is over {bar}"
    if passes:
        return PASS, whys[0], ""
    if fails:
        return FAIL, whys[1], advice
    return UNDECIDED, f"the bar {bar} lies within [{low}, {high}]", _more(estimate, check, advice, left)


def _text(number: float) -> str:
    return f"{number:.3f}" if abs(number) < 10 else f"{number:,.1f}"


def _more(estimate: Estimate, check: CheckSection, advice: str, left: int | None) -> str:
    if check.at_least is None:
        return "more items narrow the interval; the bar lies inside it"
    needed = units_needed(estimate, check.at_least, check.confidence)
    if needed is None:
        return "more items alone are unlikely to pass it: the estimate itself is not above the bar"
    more = max(1, needed - estimate.n_pairable)
    if left is not None and left < more:
        return f"it would take about {more:,} more items like those measured, and {left:,} are left; {advice}"
    return f"about {more:,} more items like those measured would pass it, if the estimate stays"
