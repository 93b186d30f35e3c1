"""From votes to an estimate: count, compute, and leave out each source in turn where raters are sampled."""

from collections.abc import Callable

import numpy as np

from weakhitl.agreement.intervals import Uncertainty, estimate
from weakhitl.agreement.statistic import Statistic
from weakhitl.agreement.units import Units, units_of
from weakhitl.arrays import ArrayLike
from weakhitl.estimate import Estimate
from weakhitl.votes import Votes


def estimate_counted(
    votes: Votes, make: Callable[[Units], Statistic], weights: ArrayLike | None, how: Uncertainty
) -> Estimate:
    """Estimate a coefficient that needs only the counts of each class on each item."""

    def statistic(some: Votes) -> Statistic:
        return make(units_of(some, weights))

    return estimate(statistic(votes), how, leaving_out(votes, statistic))


def leaving_out(votes: Votes, statistic: Callable[[Votes], Statistic]) -> Callable[[], list[float]]:
    """Give the value without each source that rated, in turn."""

    def values() -> list[float]:
        rated = np.unique(votes.entries()[1])
        kept = [[name for at, name in enumerate(votes.sources) if at != one] for one in rated]
        return [statistic(votes.take_sources(names)).at_all() for names in kept]

    return values
