"""The interval of a share where units stand for unequally many."""

import numpy as np
from scipy.special import betaincinv

from weakhitl.arrays import ArrayLike
from weakhitl.votes import FloatArray

_NONE_LEFT = 1e-9
"""Units that rounding makes of none."""


def weighted_share(
    right: ArrayLike, weight: ArrayLike, confidence: float = 0.95, heaviest: float | None = None
) -> tuple[float, float, float]:
    """Estimate a weighted share, with an interval that holds wherever right and wrong ones lie.

    Units that are hardly ever wrong say little of heavy ones that often are, however many they are; so an effective
    number of units, which takes all for equally often right, promises too much. Here each end rests on the weights of
    those that were right or wrong, with one more of the heaviest, which may not have shown itself.

    Parameters
    ----------
    right, weight
        ``right[unit]`` lies between 0 and ``weight[unit]``.
    confidence
        Two-sided: each end is a one-sided bound at ``(1 + confidence) / 2``.
    heaviest
        Weight of the heaviest unit by design; None for the heaviest one that is there.

    Returns
    -------
    share, low, high
        For equal weights Clopper and Pearson's interval.

    References
    ----------
    M. P. Fay, E. J. Feuer (1997), Confidence intervals for directly standardized rates: a method based on the gamma
    distribution, Statistics in Medicine 16; here with the beta distribution, of which the gamma is the limit for rare
    cases, and for what is right as well as for what is wrong.

    Examples
    --------
    >>> [round(number, 3) for number in weighted_share([1] * 60, [1] * 60, confidence=0.9)]
    [1.0, 0.951, 1.0]
    >>> [round(number, 3) for number in weighted_share([1] * 50 + [50], [1] * 50 + [50], confidence=0.9)]
    [1.0, 0.224, 1.0]

    """
    x, w = np.asarray(right, dtype=np.float64), np.asarray(weight, dtype=np.float64)
    total = w.sum()
    right_part, wrong_part = ((one.sum() / total, (w * one).sum() / total**2) for one in (x, w - x))
    tail = (1 - confidence) / 2
    heaviest = w.max() if heaviest is None else heaviest
    low, high = weighted_ends(right_part, wrong_part, heaviest / total, tail, 1 - tail)
    return float(right_part[0]), float(low), float(high)


def weighted_ends(
    right: tuple[ArrayLike, ArrayLike],
    wrong: tuple[ArrayLike, ArrayLike],
    heaviest: ArrayLike,
    below: ArrayLike,
    above: ArrayLike,
) -> tuple[FloatArray, FloatArray]:
    """Give the ends of ``weighted_share`` at levels of their own, from 0 to 1: .025 ``below`` and .975 ``above``, say.

    At one random level both are draws of what the share could be. ``right`` and ``wrong`` are shares of the total
    weight, 1 together, each with the sum of its units' squared shares; ``heaviest`` is a unit's share. Of the bounds by
    what is right and by what is wrong the wider is taken: each alone is wrong too often.
    """
    low = np.minimum(_least(*right, below), 1 - _most(*wrong, heaviest, 1 - np.asarray(below)))
    high = np.maximum(_most(*right, heaviest, above), 1 - _least(*wrong, 1 - np.asarray(above)))
    return low, high


def _least(share: ArrayLike, squares: ArrayLike, level: ArrayLike) -> FloatArray:
    """Give a quantile of the share for as many equal units as have this share and these squares."""
    share, squares = np.asarray(share, dtype=np.float64), np.asarray(squares, dtype=np.float64)
    some = share > _NONE_LEFT
    n = np.where(some, share, 1.0) / np.where(some, squares, 1.0)
    return np.where(some, betaincinv(n * share, np.maximum(n * (1 - share), 0.0) + 1, level), 0.0)


def _most(share: ArrayLike, squares: ArrayLike, heaviest: ArrayLike, level: ArrayLike) -> FloatArray:
    """Give the same with one unit more, of the heaviest."""
    extra = np.asarray(heaviest, dtype=np.float64)
    share, squares = np.asarray(share, dtype=np.float64) + extra, np.asarray(squares, dtype=np.float64) + extra**2
    n = share / squares
    rest = n * (1 - share) + 1
    some = rest > _NONE_LEFT
    return np.where(some, betaincinv(n * share, np.where(some, rest, 1.0), level), 1.0)
