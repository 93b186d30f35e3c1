"""How sure a model may be, as far as votes tell: no surer than votes held out, or their conflicts, allow."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.special import betainc, xlogy
from scipy.stats import t

from weakhitl.label_model.majority import majority_balance
from weakhitl.label_model.model import row_sum, softmax
from weakhitl.label_model.rows import Rows
from weakhitl.votes import FloatArray

_MOST_HELD_OUT = 10_000
"""Votes that are held out; with more, a sample of the rows."""
_HOTTEST = 100.0
_STEPS = 9
_CONFIDENCE = 0.95
_NONE = 1e-12


def held_out_temperature(
    rows: Rows, evidence: FloatArray, intercept: FloatArray, confusion: FloatArray, learned: np.ndarray
) -> tuple[float, bool]:
    """By what log-odds must be divided, 1 or more, and whether that is shown to be better than 1.

    A model of independent errors is too sure where sources err on the same items. Then votes disagree more with what
    the other votes of their item say than the model expects: each vote is held out, the item's logits without it are
    divided by a temperature, and the one is taken under which the held-out votes are likeliest, with log(temperature)
    ~ N(0, 1) and never below 1. The order of an item's classes stays. What all sources get wrong together is not seen.

    Parameters
    ----------
    rows
        Vote rows.
    evidence, intercept
        ``evidence[source, voted, class]`` and ``intercept[class]``, whose sums are the logits.
    confusion
        ``confusion[source, true, voted]``, nan for sources that are not learned.
    learned
        ``learned[source]``: whether its votes are held out.

    Notes
    -----
    Many votes are sampled by row, in proportion to the row's items, and by what the row holds, so that the order of the
    items does not matter.

    Sources: C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger (2017), On calibration of modern neural networks, ICML, for the
    temperature; C. Varin, N. Reid, D. Firth (2011), An overview of composite likelihood methods, Statistica Sinica 21,
    for estimates from conditional likelihoods of single observations.

    """
    at, weight = _sampled(rows)
    table = rows.cells.take(at).tocoo()
    row, cell = table.coords
    held = learned[cell // rows.k]
    if not held.any():
        return 1.0, False
    row, source, voted = row[held], cell[held] // rows.k, cell[held] % rows.k
    logits = np.asarray(table.tocsr() @ evidence.reshape(-1, rows.k) + intercept)
    votes = _HeldOut(logits[row] - evidence[source, voted], confusion[source, :, voted], weight[row])
    log_scale = votes.likeliest()
    gain = np.bincount(row, weights=votes.scores(log_scale) - votes.scores(0.0), minlength=len(at))
    return float(np.exp(-log_scale)), _is_shown(gain.astype(np.float64), weight, float(rows.counts[at].sum()))


def conflict_temperature(rows: Rows, accuracy: float, balance: FloatArray | None = None) -> tuple[float, bool]:
    """By what log-odds must be divided, 1 or more, where no source is learned, and whether that is shown to be above 1.

    Which source errs no vote shows, but how often they conflict depends on how often they err. Were a vote's chance to
    be right raised by the same log-odds over its class's share for all of them, and the votes of an item independent
    given its class, then such and such a part of the pairs of votes would agree. The log-odds that fit the observed
    part are compared with those of ``accuracy``, in a uniform balance; their ratio is the temperature, with
    log(temperature) ~ N(0, 1), an item with several votes counted once, and never below 1. Votes that agree since
    sources are alike hide errors, and a class with one source cannot agree.

    Parameters
    ----------
    rows
        Vote rows.
    accuracy
        Of the mean vote, as the model has it.
    balance
        Class shares; by default those of the majority vote.

    Notes
    -----
    Expected pairs go by how often each source votes each class. It is shown where as little agreement as observed, of
    as many pairs as there are items with several votes, had a chance of 5 % at most (binomial).

    That agreement tells accuracies: A. Ratner and others (2019), Training complex models with multi-task weak
    supervision, AAAI; one accuracy for all sources is ours (decision 30).

    """
    counts, n_votes = rows.class_counts(), rows.cells.n_votes
    several = rows.counts * (n_votes > 1)
    chance = rows.votes_by_class() / rows.counts.sum()
    pairs = np.outer(chance.sum(axis=0), chance.sum(axis=0)) - chance.T @ chance
    alike = np.trace(pairs)
    if not several.any() or alike <= _NONE or pairs.sum() - alike <= _NONE or accuracy <= 1 / rows.k:
        return 1.0, False
    n = float(several.sum())
    agreed = float(several @ row_sum(counts * (counts - 1))) / float(several @ (n_votes * (n_votes - 1)))
    shares = majority_balance(rows) if balance is None else balance
    log_odds = np.log(accuracy * (rows.k - 1) / (1 - accuracy))

    def loss(log_scale: float) -> float:
        expected = _agreement(pairs, shares, np.exp(log_scale) * log_odds)
        return log_scale**2 / 2 - n * float(xlogy(agreed, expected) + xlogy(1 - agreed, 1 - expected))

    found = minimize_scalar(loss, bounds=(-np.log(_HOTTEST), 0.0), method="bounded", options={"xatol": 1e-12})
    if found.fun >= loss(0.0):
        return 1.0, False
    as_few = betainc(n - n * agreed, n * agreed + 1, 1 - _agreement(pairs, shares, log_odds))
    return float(np.exp(-found.x)), bool(as_few <= 1 - _CONFIDENCE)


def _agreement(pairs: FloatArray, shares: FloatArray, log_odds: float) -> float:
    """Which part of the pairs is for one class, from ``pairs[class, class]`` of sources that vote at random."""
    right = 1 / (1 + (1 - shares) / shares * np.exp(-log_odds))
    lift = np.where(np.eye(len(shares), dtype=bool), right / shares, ((1 - right) / (1 - shares))[:, None])
    met = pairs * ((lift * shares) @ lift.T)
    return float(np.trace(met) / met.sum())


@dataclass(frozen=True)
class _HeldOut:
    """Votes, each with the ``logits[vote, class]`` of its item without it, and its ``likelihood[vote, class]``."""

    logits: FloatArray
    likelihood: FloatArray
    weight: FloatArray

    def scores(self, log_scale: float) -> FloatArray:
        """``score[vote]``: log-probability by the others' logits times a scale."""
        return np.log(row_sum(softmax(np.exp(log_scale) * self.logits) * self.likelihood))

    def score(self, log_scale: float) -> float:
        """Log-probability of all, with the prior of the scale."""
        return float(self.weight @ self.scores(log_scale)) - log_scale**2 / 2

    def slope(self, log_scale: float) -> float:
        """Give the derivative of the score."""
        before = softmax(np.exp(log_scale) * self.logits)
        after = before * self.likelihood
        after /= row_sum(after)[:, None]
        return float(np.exp(log_scale) * (self.weight @ row_sum((after - before) * self.logits))) - log_scale

    def likeliest(self) -> float:
        """Find the best log of the scale: by steps, as there may be several maxima, and from the best step exactly."""
        steps = np.linspace(-np.log(_HOTTEST), 0.0, _STEPS)
        best = int(np.argmax([self.score(step) for step in steps]))
        rises = self.slope(steps[best]) > 0
        low, high = (best, best + 1) if rises else (best - 1, best)
        if low < 0 or high == _STEPS or self.slope(steps[low]) <= 0 or self.slope(steps[high]) >= 0:
            return float(steps[best])
        return float(brentq(self.slope, steps[low], steps[high], xtol=1e-12))


def _is_shown(gain: FloatArray, weight: FloatArray, n: float) -> bool:
    """Whether the one-sided 95 % lower bound of the mean gain of an item, of n that were looked at, is above 0."""
    mean = float(weight @ gain) / float(weight.sum())
    spread = np.sqrt(float(weight @ (gain - mean) ** 2) / float(weight.sum()))
    return bool(n > 1 and mean > t.ppf(_CONFIDENCE, n - 1) * spread / np.sqrt(n - 1))


def _sampled(rows: Rows) -> tuple[Any, FloatArray]:
    """Rows with two votes or more, and how many items each of them stands for."""
    n_votes = rows.cells.n_votes
    told = (n_votes > 1) & (rows.counts > 0)
    total = float(rows.counts @ n_votes)
    if total <= _MOST_HELD_OUT:
        return np.flatnonzero(told), rows.counts[told]
    chance = np.minimum(1.0, _MOST_HELD_OUT * rows.counts / total)
    place = (rows.cells @ np.random.default_rng(0).random(rows.m * rows.k)) % 1.0
    at = np.flatnonzero(told & (place < chance))
    return at, rows.counts[at] / chance[at]
