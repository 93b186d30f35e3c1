"""Bias: how far a figure differs between groups of items."""

from collections.abc import Mapping
from itertools import permutations

from weakhitl.estimate import Estimate


def group_confidence(confidence: float, groups: int) -> float:
    """Two-sided confidence that each group's interval needs, so that the ends of the largest gap are bounds.

    All ends of all intervals hold together with probability ``(1 + confidence) / 2`` (Bonferroni).
    """
    return 1 - (1 - confidence) / 2 / max(groups, 1)


def largest_gap(groups: Mapping[str, Estimate], confidence: float) -> Estimate:
    """Give the largest difference of a figure between two groups, with simultaneous bounds.

    Parameters
    ----------
    groups
        Name -> the group's figure, its interval at ``group_confidence(confidence, len(groups))``.
    confidence
        Two-sided, of the gap: each end is a one-sided bound at ``(1 + confidence) / 2``.

    Returns
    -------
    Estimate
        Undefined, with the reason, for fewer than two groups, and where a group has no figure or interval.

    Examples
    --------
    >>> found = {"old": Estimate(0.9, 0.85, 0.95), "new": Estimate(0.7, 0.6, 0.8)}
    >>> print(largest_gap(found, 0.9))
    0.200 [0.050, 0.350]

    """
    n = sum(estimate.n_units for estimate in groups.values())
    if len(groups) < 2:
        return Estimate(None, confidence=confidence, n_units=n, reason="a gap needs two groups", kind="too-few")
    ends: dict[str, tuple[float, float, float]] = {}
    for name, one in groups.items():
        if one.value is None or one.low is None or one.high is None:
            return Estimate(None, confidence=confidence, n_units=n, reason=f"{name}: {one.reason}", kind=one.kind)
        ends[name] = one.low, one.value, one.high
    value, above, below = max((ends[a][1] - ends[b][1], a, b) for a, b in permutations(ends, 2))
    low = max(0.0, *(ends[a][0] - ends[b][2] for a, b in permutations(ends, 2)))
    high = max(ends[a][2] - ends[b][0] for a, b in permutations(ends, 2))
    method = f"{above} against {below}, of {len(groups)} groups; simultaneous bounds (Bonferroni)"
    return Estimate(
        value, low, high, None, confidence, n, min(one.n_pairable for one in groups.values()), method=method
    )
