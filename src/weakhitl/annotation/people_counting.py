"""Whose ratings count: a rule on people's quality that excludes only those who are surely worse than its bars."""

from collections.abc import Iterable
from dataclasses import dataclass

from weakhitl.annotation.people_quality import AnnotatorQuality
from weakhitl.errors import UsageError
from weakhitl.estimate import Estimate, exact_bounds
from weakhitl.ranges import require_share


@dataclass(frozen=True)
class CountingRule:
    """Bars under which a person's ratings do not count; every one is off (None) until it is set.

    Somebody is excluded when the upper end of the interval is under the bar, so that they are surely worse, and never
    for lack of evidence. Each bar wrongly excludes somebody who is just at it with a chance of at most
    ``(1 - confidence) / 2``, for one look.

    Gold and repeats are what to choose people by. Choosing them by their agreement with the others, and then reporting
    how well those who are left agree on the same items, lifts agreement by itself (decision 5): use ``min_agreement``
    on the ratings of a pilot only, or on none that the gate measures. The patterns "always one class" and "periodic"
    look at the others' ratings, too; they only single out people whose answers hardly depend on the item, but in a
    small crowd that lifts agreement as well.

    Attributes
    ----------
    min_gold_accuracy, min_agreement, min_self_consistency
        Bars for ``gold_accuracy``, ``loo_agreement`` and ``self_consistency``.
    max_patterns
        So many patterns may be found of a person who counts; 0 excludes for any.
    confidence
        Two-sided confidence of the intervals.

    """

    min_gold_accuracy: float | None = None
    min_agreement: float | None = None
    min_self_consistency: float | None = None
    max_patterns: int | None = None
    confidence: float = 0.95

    def __post_init__(self) -> None:
        for name in ("min_gold_accuracy", "min_agreement", "min_self_consistency"):
            bar = getattr(self, name)
            if bar is not None and not 0 <= bar <= 1:
                raise UsageError(f"{name} is {bar}; expected a share from 0 to 1, or None")
        if self.max_patterns is not None and self.max_patterns < 0:
            raise UsageError(f"max_patterns is {self.max_patterns}; expected 0 or more, or None")
        require_share("confidence", self.confidence, such_as=0.95)


def who_counts(qualities: Iterable[AnnotatorQuality], rule: CountingRule) -> dict[str, str]:
    """Say of each person whether their ratings count; see ``CountingRule`` for what it should rest on.

    Returns
    -------
    dict
        Annotator -> "" who counts; else the reason in words.

    Examples
    --------
    >>> from weakhitl.annotation.people_quality import share_estimate
    >>> nothing = Estimate(None, reason="not asked")
    >>> gold = share_estimate(10, 40, needed=20, confidence=0.95, what=("", ""), method="")
    >>> ana = AnnotatorQuality("ana", 40, 0, gold, nothing, nothing, nothing, nothing)
    >>> who_counts([ana], CountingRule(min_gold_accuracy=0.7, min_self_consistency=0.8))
    {'ana': 'gold accuracy is 0.250, at most 0.412 at 95% confidence; 0.7 is needed'}

    """
    return {one.name: "; ".join(filter(None, _reasons(one, rule))) for one in qualities}


def _reasons(one: AnnotatorQuality, rule: CountingRule) -> list[str]:
    found = len(one.patterns)
    seen = f"patterns found: {', '.join(pattern.name for pattern in one.patterns)}; {rule.max_patterns} allowed"
    return [
        _under(one.gold_accuracy, rule.min_gold_accuracy, rule.confidence, "gold accuracy"),
        _under(one.loo_agreement, rule.min_agreement, rule.confidence, "agreement with the others"),
        _under(one.self_consistency, rule.min_self_consistency, rule.confidence, "agreement with oneself"),
        seen if rule.max_patterns is not None and found > rule.max_patterns else "",
    ]


def _under(estimate: Estimate, bar: float | None, confidence: float, name: str) -> str:
    """Say that a share is surely under its bar; the interval is made anew, at the rule's confidence."""
    if bar is None or estimate.value is None:
        return ""
    _, high = exact_bounds(estimate.value * estimate.n_units, estimate.n_units, confidence)
    if high >= bar:
        return ""
    return f"{name} is {estimate.value:.3f}, at most {high:.3f} at {confidence:.0%} confidence; {bar:g} is needed"
