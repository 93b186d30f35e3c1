"""Confidence sequences: intervals that hold at every look, so that checking after each batch keeps the promise."""

import numpy as np

from weakhitl.agreement.statistic import Statistic
from weakhitl.arrays import ArrayLike
from weakhitl.errors import UsageError
from weakhitl.estimate import Estimate
from weakhitl.ranges import require_share
from weakhitl.votes import FloatArray

BURN_IN = 50
"""Units before which an asymptotic sequence gives no bound."""

_TIGHTEST = 4 * BURN_IN
_BETS = np.linspace(0.03, 0.97, 15)
_GRID = 1000
_BLOCK = 200


def asymptotic_sequence(statistic: Statistic, *, confidence: float = 0.95) -> Estimate:
    """Bounds of an agreement coefficient that hold, asymptotically, at all looks together.

    Each bound is one-sided at ``(1 + confidence) / 2``, uniformly over the number of units from the burn-in of 50
    on, where units come in random order. Their influence on the coefficient takes the place of the observations of
    a mean, so this is asymptotic, like the standard error that it rests on.

    References
    ----------
    I. Waudby-Smith, D. Arbour, R. Sinha, E. H. Kennedy, A. Ramdas (2024), Time-uniform central limit theory and
    asymptotic confidence sequences, Annals of Statistics 52.

    """
    facts = dict(statistic.facts, confidence=confidence)
    facts["method"] = (
        f"{statistic.method}; asymptotic confidence sequence over units, burn-in {BURN_IN}, raters held fixed"
    )
    n = statistic.n
    if not statistic.facts.get("n_pairable", n):
        return Estimate(None, reason="no item has ratings by two sources", kind="no-pairs", **facts)
    value = statistic.at_all()
    if np.isnan(value):
        return Estimate(None, reason=statistic.undefined, kind="one-class", **facts)
    if n < BURN_IN:
        return Estimate(value, reason=f"{n} units; the sequence begins at {BURN_IN}", kind="too-few", **facts)
    deviation = float(np.sqrt(statistic.multiplicity @ statistic.influence() ** 2 / (n - 1)))
    if deviation < 1e-9:
        return Estimate(value, reason="the standard error is 0: too little variation", kind="little-variation", **facts)
    half = deviation * sequence_radius(n, (1 - confidence) / 2)
    low, high = max(value - half, -1.0), min(value + half, 1.0)
    return Estimate(value, low, high, deviation / np.sqrt(n), **facts)


def sequence_radius(n: int, alpha: float, tightest: int = _TIGHTEST) -> float:
    """How many standard deviations a one-sided bound lies from a mean of ``n``, uniformly over ``n``.

    ``tightest`` is where the boundary is narrowest, in relation to a bound at a fixed number.
    """
    two = 2 * alpha
    rho2 = (-2 * np.log(two) + np.log(-2 * np.log(two) + 1)) / tightest
    inside = n * rho2 + 1
    return float(np.sqrt(2 * inside / (n**2 * rho2) * np.log(1 + np.sqrt(inside) / two)))


def betting_bounds(
    values: ArrayLike,
    size: int | None = None,
    *,
    alpha: float = 0.05,
    predictions: ArrayLike | None = None,
    predicted_mean: float | None = None,
) -> tuple[float, float]:
    """Bounds of the mean of a population from values drawn from it at random, one after the other.

    Parameters
    ----------
    values
        The values, between 0 and 1, in the order in which they were drawn.
    size
        Of the population, which they were drawn from without replacement; None for with replacement.
    alpha
        Error of each bound, at all numbers of draws together: one may look after each, and stop at any.
    predictions, predicted_mean
        What a model said beforehand of each drawn value, and the mean of what it says of the whole population:
        where it is good, the bounds are sharper; where it is not, a little wider.

    Returns
    -------
    low, high
        Each holds with probability 1 - alpha. (0, 1) without values.

    Raises
    ------
    UsageError
        For values outside 0 to 1, or more of them than the population has; for an ``alpha`` that is no share.

    References
    ----------
    I. Waudby-Smith, A. Ramdas (2024), Estimating means of bounded random variables by betting, Journal of the Royal
    Statistical Society B 86; A. N. Angelopoulos et al. (2023), Prediction-powered inference, Science 382.

    Examples
    --------
    >>> low, high = betting_bounds([1] * 60 + [0] + [1] * 39, size=1000)
    >>> round(low, 2), round(high, 2)
    (0.94, 1.0)

    """
    require_share("alpha", alpha, such_as=0.05)
    if predicted_mean is not None:
        require_share("predicted_mean", predicted_mean, ends=True)
    drawn = np.asarray(values, dtype=np.float64)
    if not ((drawn >= 0) & (drawn <= 1)).all():
        raise UsageError("values: expected numbers between 0 and 1")
    if size is not None and len(drawn) > size:
        raise UsageError(f"{len(drawn)} values were drawn from a population of {size}")
    if not len(drawn):
        return 0.0, 1.0
    sharpened = [(drawn, 0.0, 1.0)]
    if predictions is not None and predicted_mean is not None:
        said = np.asarray(predictions, dtype=np.float64)
        for share in (0.5, 1.0):  # of the prediction: values - share * prediction lie in [-share, 1]
            moved = (drawn - share * said + share) / (1 + share)
            sharpened.append((moved, share * (1 - predicted_mean), 1 + share))
    low = _lower(sharpened, size, alpha)
    mirrored = [(1 - moved, width - offset - 1, width) for moved, offset, width in sharpened]
    return low, 1 - _lower(mirrored, size, alpha)


def _lower(sharpened: list[tuple[FloatArray, float, float]], size: int | None, alpha: float) -> float:
    """Smallest mean that is not refuted at any look; the capitals of all ways of sharpening are averaged.

    A mean of m is one of (m + offset) / width of the moved values.
    """
    drawn, least, most = sharpened[0][0], 0.0, 1.0
    if size is not None:  # what was seen is certain
        least, most = float(drawn.sum()) / size, (float(drawn.sum()) + size - len(drawn)) / size
    grid = np.linspace(0, 1, _GRID + 1)
    best = np.full(len(grid), -np.inf)
    paths = [_capital_paths(values, (grid + offset) / width, size) for values, offset, width in sharpened]
    for parts in zip(*paths, strict=True):
        joined = np.logaddexp.reduce(np.stack(parts), axis=0) - np.log(len(parts))
        best = np.maximum(best, joined.max(axis=0))
    kept = np.flatnonzero(best < -np.log(alpha))
    # Between two points of the grid the bound is the lower one, so that rounding never lifts it.
    return min(max(float(grid[max(kept[0] - 1, 0)]) if len(kept) else 1.0, least), most)


def _capital_paths(values: FloatArray, means: FloatArray, size: int | None) -> "list[FloatArray]":
    """``log capital[look, mean]`` in blocks of looks: a gambler who bets that the mean is higher, averaged over bets.

    Without replacement the mean of what is left is what the next draw is compared with.
    """
    seen = np.concatenate([[0.0], values.cumsum()[:-1]])
    looks = np.arange(len(values))
    logs = np.zeros((len(_BETS), len(means)))
    blocks = []
    for start in range(0, len(values), _BLOCK):
        stop = min(start + _BLOCK, len(values))
        out = np.empty((stop - start, len(means)))
        for at in range(start, stop):
            left = means if size is None else (size * means - seen[at]) / (size - looks[at])
            # Impossible means: below 0 something was seen that they exclude, so they are refuted for good.
            possible = np.clip(left, 1e-12, 1.0)
            gain = values[at] / possible - 1
            with np.errstate(divide="ignore"):
                logs = logs + np.log1p(np.multiply.outer(_BETS, gain))
            logs[:, left < 0] = np.inf
            out[at - start] = np.logaddexp.reduce(logs, axis=0) - np.log(len(_BETS))
        blocks.append(out)
    return blocks
