"""A committee of end models: what each item would teach a classifier, by several that learned from different items."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from weakhitl.errors import DataError
from weakhitl.feedback.columns import as_items, clean, column_kinds, features
from weakhitl.feedback.end_model import LEAST_LIKELY
from weakhitl.votes import FloatArray, IntArray

_MOST = 20_000
"""Items that are learned from at most, drawn by lot where more have a label, so that the time is bounded."""
_LEAST = 10
_TINY = np.finfo(float).tiny


@dataclass(frozen=True)
class Opinion:
    """What a committee thinks of items that its members had no part in learning.

    Attributes
    ----------
    mean
        ``mean[item, class]``: the probabilities of the members that did not learn from the item, averaged.
    disagreement
        ``disagreement[item]``: entropy of the mean less the mean entropy (Jensen-Shannon divergence), in nats.
    length
        ``length[item]``: of the item's features, with the constant.

    """

    mean: FloatArray
    disagreement: FloatArray
    length: FloatArray


def ask_committee(table: pd.DataFrame, target: FloatArray, *, members: int = 10, seed: int = 0) -> Opinion:
    """Fit classifiers on bootstrap samples of the items, and ask each of the items that it did not learn from.

    Parameters
    ----------
    table
        The items: texts, numbers, categories.
    target
        ``target[item, class]``: probabilities, of which each is learned from by its weight; rows of nan are only
        predicted.
    members
        How many, at least three.
    seed
        Of the samples.

    Raises
    ------
    DataError
        Fewer than ten items have a label, or all have the same.

    References
    ----------
    N. Abe, H. Mamitsuka (1998), Query learning strategies using boosting and bagging.

    """
    known = np.flatnonzero(~np.isnan(target).any(axis=1))
    if len(known) < _LEAST:
        raise DataError("items", f"{len(known)} have a label; expected at least {_LEAST} for models to learn from")
    rng = np.random.default_rng([seed, 3])
    learned = np.sort(rng.choice(known, _MOST, replace=False)) if len(known) > _MOST else known
    kinds = column_kinds(table := as_items(table))
    read = clean(table, kinds)
    seen = sparse.csr_matrix(features(read.iloc[learned], kinds).fit_transform(read))
    row, code = np.nonzero(target[learned] >= LEAST_LIKELY)
    if len(np.unique(code)) < 2:
        raise DataError("items", "all that have a label have the same: there is nothing to tell apart")
    shape = len(table), target.shape[1]
    total, entropies, asked = np.zeros(shape), np.zeros(shape[0]), np.zeros(shape[0])
    for times in _samples(rng, len(learned), members):
        weight = times[row] * target[learned[row], code]
        kept = weight > 0
        alike = len(np.unique(code[kept])) == 1
        member = DummyClassifier() if alike else LogisticRegression(max_iter=500, tol=1e-3)
        member.fit(seen[learned[row[kept]]], code[kept], sample_weight=weight[kept])
        fresh = np.ones(shape[0], dtype=bool)
        fresh[learned[times > 0]] = False
        said = np.zeros((int(fresh.sum()), shape[1]))
        said[:, member.classes_] = member.predict_proba(seen[fresh])
        total[fresh] += said
        entropies[fresh] += _entropy(said)
        asked += fresh
    mean = total / asked[:, None]
    length = np.sqrt(np.asarray(seen.multiply(seen).sum(axis=1)).ravel() + 1)
    return Opinion(mean, np.maximum(_entropy(mean) - entropies / asked, 0), length)


def _samples(rng: np.random.Generator, n: int, members: int) -> IntArray:
    """``times[member, item]``: how often each item is in each bootstrap sample; two at least leave it out."""
    times = np.stack([np.bincount(rng.integers(0, n, n), minlength=n) for _ in range(members)])
    for item in np.flatnonzero((times == 0).sum(axis=0) < 2):
        times[rng.choice(members, 2, replace=False), item] = 0
    return times


def _entropy(probabilities: FloatArray) -> FloatArray:
    return np.asarray(-(probabilities * np.log(np.maximum(probabilities, _TINY))).sum(axis=1))


def _model_margin(opinion: Opinion) -> FloatArray:
    best = np.sort(opinion.mean, axis=1)
    return np.asarray(1 - (best[:, -1] - best[:, -2]))


def _gradient_length(opinion: Opinion) -> FloatArray:
    """Give the expected length of the gradient of a softmax regression's loss, over what the label may be.

    For label c the gradient is the outer product of ``mean - e_c`` and the features, so its length is the product of
    theirs.
    """
    square = (opinion.mean**2).sum(axis=1, keepdims=True)
    to_each = np.sqrt(np.maximum(square - 2 * opinion.mean + 1, 0))
    return np.asarray((opinion.mean * to_each).sum(axis=1) * opinion.length)


STRATEGIES: dict[str, Callable[[Opinion], FloatArray]] = {
    "model-error": lambda opinion: np.asarray(1 - opinion.mean.max(axis=1)),
    "model-margin": _model_margin,
    "model-entropy": lambda opinion: _entropy(opinion.mean),
    "committee": lambda opinion: opinion.disagreement,
    "gradient-length": _gradient_length,
}
"""Name -> score of each item by its opinion; high is much to learn.

Least confidence, margin and entropy of the mean: B. Settles (2009), Active learning literature survey; committee:
A. McCallum, K. Nigam (1998); gradient length: B. Settles, M. Craven (2008).
"""
