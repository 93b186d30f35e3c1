"""Intervals by resampling units, raters held fixed."""

from collections.abc import Callable
from typing import Any

import numpy as np

from weakhitl.agreement.units import Units
from weakhitl.errors import UsageError
from weakhitl.estimate import Estimate
from weakhitl.votes import FloatArray

Statistic = Callable[[FloatArray], FloatArray]
"""From ``multiplicity[replicate, row]`` to one value per replicate; nan where undefined."""

RESAMPLES = 1000
_CHUNK_CELLS = 4_000_000
_TOO_MANY_UNDEFINED = 0.01


def bootstrap(
    units: Units,
    statistic: Statistic,
    *,
    method: str,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Estimate a coefficient and its percentile interval from resampled units.

    A resample of units is one multinomial draw over the distinct rows, so its cost does not grow with the
    units. An interval of zero width is withheld:
    it says that the sample has no variation, not that there is certainty.

    Source: B. Efron (1979), Bootstrap methods: another look at the jackknife.
    """
    if not 0 < confidence < 1:
        raise UsageError(f"confidence is {confidence}; expected a number between 0 and 1, such as 0.95")
    facts: dict[str, Any] = {
        "confidence": confidence,
        "n_units": units.n_units,
        "n_pairable": units.n_pairable,
        "n_sources": units.n_sources,
        "n_minority": units.n_minority,
        "seed": seed,
        "method": f"{method}; percentile interval from {RESAMPLES:,} resamples of units, raters held fixed",
    }
    if not units.n_pairable:
        return Estimate(None, reason="no item has ratings by two sources", **facts)
    value = float(statistic(units.multiplicity[None, :].astype(np.float64))[0])
    if np.isnan(value):
        return Estimate(
            None,
            reason="only one class was used, so there is no disagreement to expect (0/0)",
            **facts,
        )
    replicates = _replicates(units, statistic, seed)
    defined = replicates[~np.isnan(replicates)]
    if len(defined) < (1 - _TOO_MANY_UNDEFINED) * len(replicates):
        share = 1 - len(defined) / len(replicates)
        return Estimate(
            value,
            reason=f"undefined in {share:.0%} of the resamples: too little variation",
            **facts,
        )
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    if high - low < 1e-12:
        return Estimate(value, reason="every resample gives the same value: too little variation", **facts)
    return Estimate(value, float(low), float(high), float(defined.std(ddof=1)), **facts)


def _replicates(units: Units, statistic: Statistic, seed: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    n = int(units.multiplicity.sum())
    shares = units.multiplicity / n
    step = max(1, _CHUNK_CELLS // (len(shares) + units.counts.shape[1] ** 2))
    parts = [
        statistic(rng.multinomial(n, shares, size=min(step, RESAMPLES - start)).astype(np.float64))
        for start in range(0, RESAMPLES, step)
    ]
    return np.concatenate(parts)
