"""Intervals of a statistic: units resampled, left out one by one, or linearised; raters held fixed or sampled too."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypedDict, get_args

import numpy as np
from scipy.stats import norm, t

from weakhitl.agreement.sequential import asymptotic_sequence
from weakhitl.agreement.statistic import Statistic
from weakhitl.errors import UsageError
from weakhitl.estimate import Estimate, Kind
from weakhitl.ranges import require_share
from weakhitl.votes import FloatArray

Interval = Literal["bootstrap", "jackknife", "linearized", "sequence"]
Raters = Literal["fixed", "sampled"]

RESAMPLES = 1000
_CHUNK_CELLS = 4_000_000
_TOO_MANY_UNDEFINED = 0.01
_FEW = 5
"""Resamples beyond a quantile that are too few to tell where it is."""
_LITTLE = "too little variation"
_FLAT: Kind = "little-variation"


class Uncertainty(TypedDict, total=False):
    """How the interval of a coefficient is made; every coefficient takes these by keyword.

    Attributes
    ----------
    confidence
        Two-sided, .95 by default: each end is a one-sided bound at ``(1 + confidence) / 2``.
    interval
        ``"bootstrap"`` (default): expanded BCa interval from resampled units. ``"jackknife"``: one unit left out at a
        time, Student's t. ``"linearized"``: the first-order expansion, Student's t; no randomness, and quick.
        ``"sequence"``: an asymptotic confidence sequence, whose bounds hold at every look from 50 units on.
    raters
        ``"fixed"`` (default): the figure is about these raters. ``"sampled"``: they stand for others like them, and
        the variance between raters, by leaving out one at a time, is added; with ``"jackknife"`` or ``"linearized"``.
    resamples, seed
        Of the bootstrap: 1,000 and 0 by default.

    """

    confidence: float
    interval: Interval
    raters: Raters
    resamples: int
    seed: int


Replicates = Callable[[], Sequence[float]]
"""The coefficient without each rater in turn; nan where undefined."""


def estimate(statistic: Statistic, how: Uncertainty, without_raters: Replicates | None = None) -> Estimate:
    """Give value and interval of a statistic, or the reason why there is none.

    An interval of zero width is withheld: it says that the sample has no variation, not that there is
    certainty. Raises ``UsageError`` for settings that make no sense.
    """
    confidence, interval, raters = checked(how)
    facts: dict[str, Any] = dict(statistic.facts, confidence=confidence, method=statistic.method)
    if not statistic.facts.get("n_pairable", 1):
        return Estimate(None, reason="no item has ratings by two sources", kind="no-pairs", **facts)
    value = statistic.at_all()
    if np.isnan(value):
        return Estimate(None, reason=statistic.undefined, kind="one-class", **facts)
    if interval == "sequence":
        return asymptotic_sequence(statistic, confidence=confidence)
    if statistic.n < 2:
        return Estimate(value, reason=f"one item alone: {_LITTLE}", kind="too-few", **facts)
    if interval == "bootstrap":
        return _bootstrap(statistic, value, how, facts)
    between = _variance_between(without_raters) if raters == "sampled" else None
    return _symmetric(statistic, value, interval, between, facts)


def checked(how: Uncertainty) -> tuple[float, Interval, Raters]:
    """Check the settings. Raises ``UsageError``."""
    confidence, interval = how.get("confidence", 0.95), how.get("interval", "bootstrap")
    raters = how.get("raters", "fixed")
    require_share("confidence", confidence, such_as=0.95)
    if unknown := set(how) - set(Uncertainty.__annotations__):
        known = ", ".join(Uncertainty.__annotations__)
        raise UsageError(f"unknown setting {', '.join(sorted(unknown))}; an interval takes {known}")
    if interval not in get_args(Interval):
        raise UsageError(f"interval {interval!r} is unknown; expected one of {', '.join(get_args(Interval))}")
    if raters not in get_args(Raters):
        raise UsageError(f"raters {raters!r} is unknown; expected one of {', '.join(get_args(Raters))}")
    if raters == "sampled" and interval not in ("jackknife", "linearized"):
        raise UsageError("raters='sampled' needs interval='jackknife' or 'linearized'")
    if how.get("resamples", RESAMPLES) < 100:
        raise UsageError(f"resamples is {how['resamples']}; expected at least 100")
    return confidence, interval, raters


def _bootstrap(statistic: Statistic, value: float, how: Uncertainty, facts: dict[str, Any]) -> Estimate:
    """Resample units: one multinomial draw over the distinct rows, so its cost does not grow with the units.

    Sources: B. Efron (1987), Better bootstrap confidence intervals (BCa); T. C. Hesterberg (2015), What teachers
    should know about the bootstrap (the expansion).
    """
    resamples, seed = how.get("resamples", RESAMPLES), how.get("seed", 0)
    facts |= {
        "seed": seed,
        "method": f"{statistic.method}; expanded BCa interval from {resamples:,} resamples of units, raters held fixed",
    }
    replicates = _replicates(statistic, resamples, seed)
    defined = replicates[~np.isnan(replicates)]
    if len(defined) < (1 - _TOO_MANY_UNDEFINED) * len(replicates):
        share = 1 - len(defined) / len(replicates)
        return Estimate(value, reason=f"undefined in {share:.0%} of the resamples: {_LITTLE}", kind=_FLAT, **facts)
    if np.ptp(defined) < 1e-12:
        return Estimate(value, reason=f"every resample gives the same value: {_LITTLE}", kind=_FLAT, **facts)
    tails = np.array([(1 - facts["confidence"]) / 2, (1 + facts["confidence"]) / 2])
    low, high = _quantiles(defined, _bca_levels(statistic, value, defined, tails))
    return Estimate(value, low, high, float(defined.std(ddof=1)), **facts)


def _quantiles(replicates: FloatArray, levels: FloatArray) -> tuple[float, float]:
    """Give the quantiles of the resamples; beyond the last few of these, the normal ones where they are further out.

    No quantile lies beyond the farthest resample: of a thousand, an interval of 99.99 % would be one of 99.8 %.
    """
    low, high = map(float, np.quantile(replicates, levels))
    normal = np.clip(replicates.mean() + replicates.std(ddof=1) * norm.ppf(levels), -1, 1)
    few = _FEW / len(replicates)
    if levels[0] < few:
        low = min(low, float(normal[0]))
    if levels[1] > 1 - few:
        high = max(high, float(normal[1]))
    return low, high


def _bca_levels(statistic: Statistic, value: float, replicates: FloatArray, tails: FloatArray) -> FloatArray:
    """Quantile levels, corrected for bias (share of resamples under the value) and skewness of the influence.

    The resamples vary by (n - 1) / n too little, and their own spread is not known: Student's t in place of the normal
    makes up for both (Hesterberg's expansion).
    """
    below = (np.sum(replicates < value) + 0.5 * np.sum(replicates == value)) / len(replicates)
    shift = norm.ppf(np.clip(below, 1 / len(replicates), 1 - 1 / len(replicates)))
    influence, times = statistic.influence(), statistic.multiplicity
    spread = float(times @ influence**2)
    skew = float(times @ influence**3) / (6 * spread**1.5) if spread > 0 else 0.0
    n = statistic.n
    z = shift + np.sqrt(n / (n - 1)) * t.ppf(tails, n - 1)
    return np.asarray(norm.cdf(shift + z / (1 - skew * z)))


def _replicates(statistic: Statistic, resamples: int, seed: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    shares = statistic.multiplicity / statistic.n
    step = max(1, _CHUNK_CELLS // (len(shares) + statistic.features.shape[1]))
    parts = [
        statistic.of_draws(rng.multinomial(statistic.n, shares, size=min(step, resamples - start)).astype(np.float64))
        for start in range(0, resamples, step)
    ]
    return np.concatenate(parts)


def _symmetric(
    statistic: Statistic, value: float, interval: Interval, between: tuple[float, int] | None, facts: dict[str, Any]
) -> Estimate:
    """Student's t around the value; with sampled raters Satterthwaite's degrees of freedom.

    Sources: B. Efron, C. Stein (1981), The jackknife estimate of variance; K. L. Gwet (2014), Handbook of
    Inter-Rater Reliability, chapters 5 and 6.
    """
    n, times = statistic.n, statistic.multiplicity
    if interval == "jackknife":
        left_out = statistic.without_one()
        if np.isnan(left_out).any():
            reason = f"undefined without one of the units: {_LITTLE}"
            return Estimate(value, reason=reason, kind=_FLAT, **facts)
        mean = times @ left_out / n
        variance = (n - 1) / n * float(times @ (left_out - mean) ** 2)
    else:
        variance = float(times @ statistic.influence(as_published=True) ** 2) / (n * (n - 1))
    freedom, held = float(n - 1), "raters held fixed"
    if between is not None:
        added, m = between
        if np.isnan(added):
            return Estimate(value, reason="undefined without one of the raters", kind="too-few", **facts)
        freedom = (variance + added) ** 2 / max(variance**2 / (n - 1) + added**2 / max(m - 1, 1), 1e-300)
        variance, held = variance + added, "raters sampled too"
    facts["method"] = f"{statistic.method}; {interval}, Student's t, {held}"
    se = float(np.sqrt(variance))
    if se < 1e-12:
        return Estimate(value, reason=f"the standard error is 0: {_LITTLE}", kind=_FLAT, **facts)
    half = float(t.ppf((1 + facts["confidence"]) / 2, max(freedom, 1.0))) * se
    return Estimate(value, max(value - half, -1.0), min(value + half, 1.0), se, **facts)


def _variance_between(without_raters: Replicates | None) -> tuple[float, int]:
    """Delete-one variance over raters, and how many there are."""
    values = np.asarray([] if without_raters is None else without_raters(), dtype=np.float64)
    m = len(values)
    if m < 3 or np.isnan(values).any():
        return float("nan"), m
    return float((m - 1) / m * ((values - values.mean()) ** 2).sum()), m
