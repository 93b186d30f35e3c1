"""Whether probabilities mean what they say."""

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from weakhitl.consensus import hits
from weakhitl.errors import DataError, UsageError
from weakhitl.estimate import Estimate, exact_bounds, exact_share
from weakhitl.notebook import html_table, new_axes
from weakhitl.schema import ABSTAIN
from weakhitl.votes import FloatArray, IntArray
from weakhitl.weighted_share import weighted_ends
from weakhitl.wording import number_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DRAWS = 1000
_BEYOND, _MOST_DRAWS = 20, 200_000
"""How many draws have to lie beyond a bound for it to be told, and up to how many are made for that."""
_ROUNDING = 0.01
"""How far probabilities may be from summing to 1: many are rounded in files."""
_LEAST_ITEMS = 20


@dataclass(frozen=True, repr=False)
class Calibration:
    """How confidence compares with accuracy on items whose class is known.

    Attributes
    ----------
    table
        One row per bin of confidence that has items: ``low`` and ``high`` end of the bin, ``items``, mean
        ``confidence``, ``accuracy``, and its exact interval, ``accuracy_low`` and ``accuracy_high``.
    accuracy
        How often the likeliest class is right, with Clopper and Pearson's interval; of c classes that tie, each is
        1 / c right.
    ece
        Expected calibration error, by ``calibration_error``. It is biased upwards where items are few; its bounds
        are not.
    log_loss
        Mean negative log-probability of the true class, in nats, with a percentile interval from resampled items; none
        where every item is right, as misses cost most and have not shown themselves.

    """

    table: pd.DataFrame
    accuracy: Estimate
    ece: Estimate
    log_loss: Estimate

    def __repr__(self) -> str:
        return f"{self._title()}\n{self.table.round(3).to_string(index=False)}"

    def _repr_html_(self) -> str:
        """Show the bins in a notebook."""
        header = ["confidence from", "to", "items", "mean confidence", "accuracy", "interval"]
        rows = [
            (f"{one.low:.2g}", f"{one.high:.2g}", f"{one.items:,}", f"{one.confidence:.3f}", f"{one.accuracy:.3f}",
             f"{one.accuracy_low:.3f} to {one.accuracy_high:.3f}")
            for one in self.table.itertuples(index=False)
        ]  # fmt: skip
        return html_table(header, rows, self._title())

    def _title(self) -> str:
        return f"Accuracy {self.accuracy}; ECE {self.ece}; log-loss {self.log_loss}"

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the reliability figure with matplotlib; gives the axes."""
        ax = ax or new_axes(4, 4)
        table = self.table
        errors = np.array(
            [table["accuracy"] - table["accuracy_low"], table["accuracy_high"] - table["accuracy"]], dtype=np.float64
        )
        ax.plot([0, 1], [0, 1], linestyle=":", color="0.5")
        ax.errorbar(table["confidence"], table["accuracy"], yerr=np.maximum(errors, 0), marker="o", capsize=2)
        ax.set(xlabel="confidence", ylabel="accuracy", xlim=(0, 1), ylim=(0, 1.02), title=f"ECE {self.ece}")
        return ax


def calibration(
    proba: FloatArray, truth: IntArray, *, bins: int = 10, seed: int = 0, confidence: float = 0.95
) -> Calibration:
    """Compare the probability of the likeliest class with how often it is right.

    Parameters
    ----------
    proba
        ``proba[item, class]``; rows sum to 1.
    truth
        ``truth[item]``: class indices, -1 where unknown.
    bins
        Bins of equal width from 0 to 1.
    seed
        Of the resamples.
    confidence
        Of the intervals, two-sided.

    Raises
    ------
    DataError
        Shapes differ, no item has a truth, a truth is no class, or probabilities of an item with a truth are none.
    UsageError
        The confidence is no share, or there is no bin.

    Examples
    --------
    >>> proba = np.repeat([[.9, .1], [.6, .4]], 50, axis=0)
    >>> truth = np.repeat([0, 1, 0, 1], [45, 5, 30, 20])
    >>> measured = calibration(proba, truth)
    >>> print(measured.table[["items", "confidence", "accuracy"]].to_string(index=False))
     items  confidence  accuracy
        50         0.6       0.6
        50         0.9       0.9
    >>> print(measured.accuracy)
    0.750 [0.653, 0.831]

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger (2017), On calibration of modern neural networks, ICML.

    """
    if bins < 1:
        raise UsageError(f"bins is {bins}; expected at least 1")
    proba, truth = _known(np.asarray(proba, dtype=np.float64), np.asarray(truth))
    stated = proba.max(axis=1)
    right = hits(proba, truth)
    losses = -np.log(np.maximum(proba[np.arange(len(truth)), truth], 1e-12))
    return Calibration(
        table=_table(_bin(stated, bins), stated, right, bins, confidence),
        accuracy=exact_share(float(right.sum()), len(truth), "no item has a known class", confidence),
        ece=calibration_error(stated, right, bins=bins, seed=seed, confidence=confidence),
        log_loss=_mean_loss(losses, seed, confidence, all_right=bool(right.min() == 1)),
    )


def calibration_error(
    stated: FloatArray,
    right: FloatArray,
    *,
    weights: FloatArray | None = None,
    item: IntArray | None = None,
    bins: int = 10,
    seed: int = 0,
    confidence: float = 0.95,
) -> Estimate:
    """Give the expected calibration error: the mean distance of confidence and accuracy over bins, weighted by items.

    Chance alone moves each bin's accuracy off its confidence, so the figure is above the truth where items are few, and
    those of resampled items even more so. What could be is drawn instead: bin sizes, and accuracies at random levels of
    Clopper and Pearson's bounds, so that a bin without a miss is not taken for perfect. The upper bound is a quantile
    of the error under these. The lower bound is the figure less a quantile of how far they lie from what was observed,
    by which they move it at most (the triangle inequality); it is 0 for most samples of a calibrated model.

    Parameters
    ----------
    stated, right
        ``stated[row]``: the probability of the likeliest class; ``right[row]``: 1 where it is the true one, else 0, or
        between them for ties.
    weights
        ``weights[row]``; bounds of a bin are then those of ``weighted_share``.
    item
        ``item[row]``: a number for each item, where one has several rows. Those in one bin are one; those in several
        are not independent, and all rows count for less.
    bins, seed, confidence
        As for ``calibration``.

    """
    item = np.arange(len(stated)) if item is None else item
    n = len(np.unique(item))
    facts: dict[str, Any] = {"confidence": confidence, "n_units": n, "seed": seed}
    facts["method"] = f"expected calibration error, {bins} bins; accuracies drawn from Clopper and Pearson's bounds"
    found = _Bins.of(stated, right, np.ones(len(stated)) if weights is None else weights, item, bins)
    share, said, was = found.share, found.said, found.was
    gap = np.abs(said - was)
    value = float(share @ gap)
    if n < _LEAST_ITEMS:
        return Estimate(value, reason=_too_few(n), kind="too-few", **facts)
    draws = max(_DRAWS, ceil(2 * _BEYOND / (1 - confidence)))
    if draws > _MOST_DRAWS:
        return Estimate(value, reason="its bounds are not known at so high a confidence", kind="other", **facts)
    rng = np.random.default_rng(seed)
    level = rng.random((draws, len(share)))
    least, most = found.ends(level)
    shares = rng.multinomial(drawn := max(1, round(found.size.sum())), share, size=draws) / drawn
    errors = (shares * np.maximum(np.abs(said - least), np.abs(said - most))).sum(axis=1)
    moved = (shares * np.maximum(was - least, most - was)).sum(axis=1) + np.abs((shares - share) @ gap)
    high, chance = (float(np.quantile(values, (1 + confidence) / 2)) for values in (errors, moved))
    return Estimate(value, max(0.0, value - chance), max(value, high), float(errors.std(ddof=1)), **facts)


@dataclass(frozen=True)
class _Bins:
    """What is in each bin that has rows.

    Attributes
    ----------
    share
        Of the whole weight.
    said, was
        Mean confidence and accuracy.
    right, wrong, heaviest
        Sums of squares of the shares of its weight that items have, right and wrong ones, and the largest of these
        shares. They are larger where an item counts in several bins.

    """

    share: FloatArray
    said: FloatArray
    was: FloatArray
    right: FloatArray
    wrong: FloatArray
    heaviest: FloatArray

    @classmethod
    def of(cls, stated: FloatArray, right: FloatArray, weight: FloatArray, item: IntArray, bins: int) -> "_Bins":
        pairs, row = np.unique(item * bins + _bin(stated, bins), return_inverse=True)
        each, said, was = (np.bincount(row, weights=values) for values in (weight, weight * stated, weight * right))
        _, at = np.unique(pairs % bins, return_inverse=True)
        total = np.bincount(at, weights=each)
        several = len(pairs) / len(np.unique(item))
        heaviest = np.zeros(len(total))
        np.maximum.at(heaviest, at, each)
        return cls(
            total / total.sum(),
            np.minimum(np.bincount(at, weights=said) / total, 1.0),
            np.minimum(np.bincount(at, weights=was) / total, 1.0),
            np.bincount(at, weights=each * was) / total**2 * several,
            np.bincount(at, weights=each * np.maximum(each - was, 0.0)) / total**2 * several,
            heaviest / total * several,
        )

    @property
    def size(self) -> FloatArray:
        """``size[bin]``: Kish's effective number of items."""
        return 1 / (self.right + self.wrong)

    def ends(self, level: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give accuracies that could be, ``[draw, bin]`` as the random levels of the bounds that they are."""
        return weighted_ends((self.was, self.right), (1 - self.was, self.wrong), self.heaviest, level, level)


def _known(proba: FloatArray, truth: IntArray) -> tuple[FloatArray, IntArray]:
    """Check both, and keep the items whose class is known."""
    where = "calibration"
    if proba.ndim != 2 or truth.shape != proba.shape[:1]:
        raise DataError(where, f"has probabilities {proba.shape} and truth {truth.shape}; expected (n, k), (n,)")
    if not np.issubdtype(truth.dtype, np.integer):
        raise DataError(where, f"has a truth of {truth.dtype}; expected class indices, -1 where unknown")
    known = truth != ABSTAIN
    if not known.any():
        raise DataError(where, "no item has a known class")
    k = proba.shape[1]
    if (wrong := np.flatnonzero(known & ((truth < 0) | (truth >= k)))).size:
        raise DataError(where, f"item {wrong[0]} has class {truth[wrong[0]]}; expected -1 (unknown) or 0..{k - 1}")
    proper = (proba >= 0).all(axis=1) & (np.abs(proba.sum(axis=1) - 1) < _ROUNDING)
    if (wrong := np.flatnonzero(known & ~proper)).size:
        raise DataError(where, f"item {wrong[0]} has {proba[wrong[0]].tolist()}; expected probabilities that sum to 1")
    return proba[known], truth[known]


def _table(which: IntArray, stated: FloatArray, right: FloatArray, bins: int, confidence: float) -> pd.DataFrame:
    used = np.unique(which)
    n = np.bincount(which, minlength=bins)[used]
    correct = np.bincount(which, weights=right, minlength=bins)[used]
    low, high = exact_bounds(correct, n, confidence)
    return pd.DataFrame(
        {
            "low": used / bins,
            "high": (used + 1) / bins,
            "items": n,
            "confidence": np.bincount(which, weights=stated, minlength=bins)[used] / n,
            "accuracy": correct / n,
            "accuracy_low": low,
            "accuracy_high": high,
        }
    )


def _bin(stated: FloatArray, bins: int) -> IntArray:
    return np.minimum((stated * bins).astype(np.int64), bins - 1)


def _mean_loss(losses: FloatArray, seed: int, confidence: float, *, all_right: bool) -> Estimate:
    n = len(losses)
    facts: dict[str, Any] = {"confidence": confidence, "n_units": n, "seed": seed}
    facts["method"] = "log-loss; percentile interval, resampled items"
    value = float(losses.mean())
    if n < _LEAST_ITEMS:
        return Estimate(value, reason=_too_few(n), kind="too-few", **facts)
    if all_right:
        return Estimate(value, reason="every item is right: too little variation", kind="little-variation", **facts)
    rng = np.random.default_rng(seed)
    means = np.array([losses[rng.integers(0, n, n)].mean() for _ in range(_DRAWS)])
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Estimate(value, float(low), float(high), float(means.std(ddof=1)), **facts)


def _too_few(n: int) -> str:
    return f"{number_of(n, 'item')} with a known class; at least {_LEAST_ITEMS} are needed"
