"""How many more units a verdict needs."""

from math import ceil

from scipy.stats import norm

from weakhitl.estimate import Estimate


def units_needed(estimate: Estimate, bar: float, confidence: float) -> int | None:
    """How many units in all would let the one-sided lower bound clear ``bar``, if the value stays as it is.

    The standard error shrinks with the square root of the units. None where the value is at or under the
    bar (more units alone will not help) or where there is no standard error.
    """
    if estimate.value is None or not estimate.se or estimate.value <= bar:
        return None
    half = float(norm.ppf(confidence)) * estimate.se
    return max(estimate.n_pairable, ceil(estimate.n_pairable * (half / (estimate.value - bar)) ** 2))
