"""Scores: how much the sources disagree on an item."""

import numpy as np

from weakhitl.consensus import Consensus
from weakhitl.votes import FloatArray, IntArray, Votes


def vote_entropy(votes: Votes) -> FloatArray:
    """Entropy of the votes on each item, over log k: 0 where all agree or none voted, 1 at an even spread."""
    counts = votes.class_counts().astype(np.float64)
    return _entropy(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))


def disagreement_order(votes: Votes, consensus: Consensus, rng: np.random.Generator) -> IntArray:
    """Item positions, most disagreement first: by entropy of the votes, then of the consensus, then by lot."""
    keys = (
        rng.random(len(votes)),
        -_entropy(consensus.probabilities).round(9),
        -vote_entropy(votes).round(9),
    )
    return np.lexsort(keys)


def _entropy(shares: FloatArray) -> FloatArray:
    terms = shares * np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    return np.asarray(-terms.sum(axis=1) / np.log(shares.shape[1]))
