"""Scores: how much there is to learn from people about an item; high is much."""

from collections.abc import Callable
from typing import Any

import numpy as np

from weakhitl.consensus import Consensus
from weakhitl.votes import FloatArray, Votes


def vote_entropy(votes: Votes) -> FloatArray:
    """Entropy of the votes on each item, over log k: 0 where all agree or none voted, 1 at an even spread."""
    counts = votes.class_counts().astype(np.float64)
    return _entropy(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))


def conflict(votes: Votes) -> FloatArray:
    """Share of the votes on each item that are not for its commonest class; 0 where none voted."""
    counts = votes.class_counts()
    total = counts.sum(axis=1)
    return np.asarray((total - counts.max(axis=1)) / np.maximum(total, 1))


def entropy(consensus: Consensus) -> FloatArray:
    """Entropy of the label model's probabilities, over log k."""
    return _entropy(consensus.probabilities)


def margin(consensus: Consensus) -> FloatArray:
    """One minus the lead of the most probable class over the next one."""
    best = np.sort(consensus.probabilities, axis=1)
    return np.asarray(1 - (best[:, -1] - best[:, -2]))


def expected_error(consensus: Consensus) -> FloatArray:
    """Probability, by the label model, that its label is wrong."""
    return np.asarray(1 - consensus.probabilities.max(axis=1))


def novelty(vectors: Any, seed: int = 0) -> FloatArray:
    """One minus the mean cosine with the ten nearest neighbours: high for items that are like no others.

    Parameters
    ----------
    vectors
        ``vectors[item, feature]`` of length 1 (or 0), dense or sparse.
    seed
        Of the sample of 10,000 items among which neighbours are looked for, where there are more.

    Examples
    --------
    >>> novelty(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])).round(2).tolist()
    [0.5, 0.5, 1.0]

    """
    from sklearn.neighbors import NearestNeighbors

    n = vectors.shape[0]
    among = np.ones(n, dtype=bool)
    if n > _AMONG:
        among[np.random.default_rng([seed, 2]).permutation(n)[_AMONG:]] = False
    near = min(_NEAR, int(among.sum()) - 1)
    if near < 1:
        return np.ones(n)
    search = NearestNeighbors(n_neighbors=near + 1, metric="cosine", algorithm="brute").fit(vectors[among])
    distances, _ = search.kneighbors(vectors)
    # An item of the sample is its own nearest neighbour, and does not count.
    return np.asarray(np.where(among, distances[:, 1:].mean(axis=1), distances[:, :-1].mean(axis=1)))


def density(vectors: Any) -> FloatArray:
    """Mean cosine with all items: high for items that stand for many (B. Settles, M. Craven, 2008).

    >>> density(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])).round(2).tolist()
    [0.67, 0.67, 0.33]

    """
    return np.asarray(vectors @ np.asarray(vectors.mean(axis=0)).ravel())


_NEAR, _AMONG = 10, 10_000

NOVELTY, RANDOM = "novelty", "random"

SCORES: dict[str, Callable[[Votes, Consensus], list[FloatArray]]] = {
    "disagreement": lambda votes, consensus: [vote_entropy(votes), entropy(consensus)],
    "vote-entropy": lambda votes, _: [vote_entropy(votes)],
    "conflict": lambda votes, _: [conflict(votes)],
    "entropy": lambda _, consensus: [entropy(consensus)],
    "margin": lambda _, consensus: [margin(consensus)],
    "expected-error": lambda _, consensus: [expected_error(consensus)],
    RANDOM: lambda votes, _: [np.zeros(len(votes))],
}
"""Name -> scores of each item; where the first are equal the next decides."""


def _entropy(shares: FloatArray) -> FloatArray:
    terms = shares * np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    return np.asarray(-terms.sum(axis=1) / np.log(shares.shape[1]))
