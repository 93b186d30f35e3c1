"""Teach an additive model with gold labels, as far as they prove that it helps."""

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import minimize
from scipy.stats import t
from threadpoolctl import threadpool_limits

from weakhitl.brief import Brief
from weakhitl.label_model.model import softmax
from weakhitl.votes import FloatArray, IntArray

LEAST_GOLD = 20
"""Fewer covered gold items cannot show that a change helps."""
_FOLDS = 10
_EXACT = {"maxiter": 5000, "ftol": 1e-15, "gtol": 1e-9}
"""So that another machine, which has other rounding errors, ends at the same lesson."""
_CONFIDENCE = 0.95
"""A strength counts by the one-sided lower bound of its gain, as a check of the gate does."""
_DENSE = 100_000
"""Cells of a table up to which dense products are the quicker ones."""
_RISK = 0.001
"""Probability that gold drawn by lot is taken for selected."""


@dataclass(frozen=True)
class _Change:
    """How far gold may move the logits: the prior's standard deviations.

    Attributes
    ----------
    strength
        Of a vote's log-odds for its own class, and of the class bias.
    single
        Of any single logit of a vote.
    share
        Of the lesson, before any gold is seen.

    """

    strength: float
    single: float
    share: float


_STRENGTHS = (0.1, 0.3, 1.0)
_PARTS = (0.25, 0.5, 1.0)
"""Of the strength: how far a single logit may move."""
_EVEN = 1 / (1 + len(_STRENGTHS))
_CHANGES = (
    _Change(0.0, 0.0, _EVEN),
    *(_Change(s, s * part, _EVEN / len(_PARTS)) for s, part in product(_STRENGTHS, _PARTS)),
)
"""What is tried; the first is a temperature alone."""


@dataclass(frozen=True, repr=False)
class Lesson(Brief):
    """What gold labels change: logits become ``scale * logits + weights[cell voted, class] + bias[class]``.

    ``strengths`` maps each strength of change that was tried to its share of the lesson; ``gain`` is the
    cross-validated gain in log-likelihood per gold item over a temperature alone, and ``n_gold`` their number.
    """

    scale: float
    weights: FloatArray
    bias: FloatArray
    strengths: dict[float, float]
    gain: float
    n_gold: int

    def added_to(self, evidence: FloatArray, intercept: FloatArray) -> tuple[FloatArray, FloatArray]:
        """``evidence[source, voted, class]`` and ``intercept[class]`` after the lesson."""
        return self.scale * evidence + self.weights.reshape(evidence.shape), self.scale * intercept + self.bias

    def taken_from(self, evidence: FloatArray, intercept: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Both before the lesson."""
        return (evidence - self.weights.reshape(evidence.shape)) / self.scale, (intercept - self.bias) / self.scale


def is_selected(scores: FloatArray, everywhere: FloatArray, known: FloatArray) -> bool:
    """Say whether gold items are surely no random sample of all items, by what the model thought of them before.

    A lesson from items that were chosen for their disagreement is carried over to items that are unlike them, and
    wrong there, which cross-validation among the gold cannot see.

    Parameters
    ----------
    scores
        ``scores[row]``: any figure of the votes, such as the model's confidence.
    everywhere, known
        ``everywhere[row]`` and ``known[row]``: how many items, and how many of the gold, show each row.

    Notes
    -----
    The largest distance between the two distributions of scores, against the bound that a random sample exceeds with
    probability 0.001 at most: P. Massart (1990), The tight constant in the Dvoretzky-Kiefer-Wolfowitz inequality.

    Examples
    --------
    >>> scores, everywhere = np.array([0.5, 0.9]), np.array([100.0, 900.0])
    >>> is_selected(scores, everywhere, np.array([4.0, 36.0])), is_selected(scores, everywhere, np.array([40.0, 0.0]))
    (False, True)

    """
    order = np.argsort(scores, kind="stable")
    last = np.append(np.diff(scores[order].round(9)) > 0, True)
    shares = [np.cumsum(counts[order])[last] / counts.sum() for counts in (everywhere, known)]
    return bool(np.abs(shares[0] - shares[1]).max() > np.sqrt(np.log(2 / _RISK) / (2 * known.sum())))


def teach(cells: Any, logits: FloatArray, truth: IntArray, seed: int = 0) -> Lesson:
    """Fit a softmax over the votes, drawn towards the unsupervised logits.

    Parameters
    ----------
    cells
        ``cells[gold item, source * k + voted]``, sparse indicators.
    logits
        ``logits[gold item, class]`` of the unsupervised model.
    truth
        ``truth[gold item]``: class indices.
    seed
        Of the folds.

    Notes
    -----
    With strength s, a vote's own log-odds may move by N(0, s²), any single logit of it by N(0, (s/4)²), N(0, (s/2)²)
    or N(0, s²), the class bias by N(0, s²), and the log of the scale by N(0, 1). Strength 0 is a temperature alone,
    which changes no order. All these changes are averaged with weights exp(lower bound), the one-sided 95 % bound of
    the gain in cross-validated log-likelihood over strength 0, by Student's t: what has not proved itself counts
    little. Before that the four strengths count alike. All is linear in the logits, so that the average is one
    softmax again.

    Source: Y. Yao, A. Vehtari, D. Simpson, A. Gelman (2018), Using stacking to average Bayesian predictive
    distributions, Bayesian Analysis 13(3), for weights from cross-validation with their error.

    """
    n, k = logits.shape
    folds = np.random.default_rng(seed).permutation(n) % min(_FOLDS, n)
    with threadpool_limits(limits=1, user_api="blas"):  # L-BFGS-B's tiny systems stall on threads of a busy machine
        scores = np.array([_cross_validated(cells, logits, truth, folds, change) for change in _CHANGES])
        fits = [_fit(cells, logits, truth, change) for change in _CHANGES]
    gains = scores - scores[0]
    bound = gains.sum(axis=1) - t.ppf(_CONFIDENCE, n - 1) * gains.std(axis=1, ddof=1) * np.sqrt(n)
    weight = np.exp(bound - bound.max()) * [change.share for change in _CHANGES]
    weight /= weight.sum()
    scale, weights, bias = 0.0, np.zeros((cells.shape[1], k)), np.zeros(k)
    strengths = dict.fromkeys((0.0, *_STRENGTHS), 0.0)
    for share, change, fitted in zip(weight, _CHANGES, fits, strict=True):
        scale, weights, bias = scale + share * fitted[0], weights + share * fitted[1], bias + share * fitted[2]
        strengths[change.strength] += float(share)
    strengths = {strength: round(share, 6) for strength, share in strengths.items()}
    return Lesson(scale, weights, bias, strengths, float(weight @ gains.sum(axis=1) / n), n)


def _cross_validated(cells: Any, logits: FloatArray, truth: IntArray, folds: IntArray, change: _Change) -> FloatArray:
    """``score[gold item]``: log-likelihood by a lesson that has not seen the item."""
    score = np.zeros(len(truth))
    for fold in np.unique(folds):
        held = folds == fold
        scale, weights, bias = _fit(cells[~held], logits[~held], truth[~held], change)
        proba = softmax(scale * logits[held] + cells[held] @ weights + bias)
        score[held] = np.log(np.maximum(proba[np.arange(held.sum()), truth[held]], 1e-12))
    return score


def _fit(cells: Any, logits: FloatArray, truth: IntArray, change: _Change) -> tuple[float, FloatArray, FloatArray]:
    """Scale, ``weights[cell, class]`` and ``bias[class]`` at the mode of their posterior."""
    n, k = logits.shape
    used = np.flatnonzero(np.asarray(cells.sum(axis=0)).ravel()) if change.strength else np.empty(0, dtype=np.int64)
    seen = sparse.hstack([cells[:, used], np.ones((n, 1))], format="csr")  # the last column is the bias
    if seen.shape[0] * seen.shape[1] <= _DENSE:
        seen = seen.toarray()
    transposed, items, target = seen.T, np.arange(n), np.eye(k)[truth]
    deviation = np.full((len(used) + 1, k), change.single)
    deviation[np.arange(len(used)), used % k] = np.hypot(change.strength, change.single)
    deviation[-1] = change.strength

    def unpack(z: FloatArray) -> tuple[float, FloatArray]:
        return float(np.exp(z[0])), deviation * z[1:].reshape(deviation.shape)

    def loss(z: FloatArray) -> tuple[float, FloatArray]:
        scale, weights = unpack(z)
        proba = softmax(scale * logits + seen @ weights)
        slope = proba - target
        gradient = np.append(scale * np.vdot(slope, logits), deviation * (transposed @ slope)) + z
        likelihood = np.log(np.maximum(proba[items, truth], 1e-300)).sum()
        return float(z @ z / 2 - likelihood), gradient

    found = minimize(loss, np.zeros(1 + deviation.size), jac=True, method="L-BFGS-B", options=_EXACT).x
    scale, moved = unpack(found)
    weights = np.zeros((cells.shape[1], k))
    weights[used] = moved[:-1]
    return scale, weights, moved[-1]
