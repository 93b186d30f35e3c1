"""What a vote is worth whose source's error rates cannot be learned from votes."""

import numpy as np
from scipy.optimize import brentq

from weakhitl.label_model.rows import Rows
from weakhitl.votes import FloatArray


def learnable(votes: FloatArray) -> np.ndarray:
    """``mask[source]``: whether votes alone can show a source's error rates, from ``votes[source, class]``.

    It must be able to vote against every class: at least two classes voted, and at least half as many as its
    number of votes would show if drawn from all votes. A function that votes one class or abstains says that
    class whatever the truth is when it votes; its errors hide in its abstentions.
    """
    pooled = votes.sum(axis=0) / max(votes.sum(), 1.0)
    expected = (1 - (1 - pooled)[None, :] ** votes.sum(axis=1)[:, None]).sum(axis=1)
    distinct = (votes > 0).sum(axis=1)
    return np.asarray((distinct >= 2) & (distinct >= expected / 2))


def information_evidence(rows: Rows, accuracy: float) -> FloatArray:
    """``evidence[source, voted, class]``: a rare vote says more than a common one.

    The log-odds of a vote are proportional to its information, log(1 + 1/p) with p the share of the items
    that get it, scaled so that the mean vote on its own is right with probability ``accuracy``. No
    iteration takes part, so nothing can run away; and since a vote never speaks for another class than its
    own, items with votes for one class only keep it.

    Source: K. Spärck Jones (1972), A statistical interpretation of term specificity and its application in
    retrieval, Journal of Documentation 28(1); see decision 10.
    """
    votes, k = rows.votes_by_class(), rows.k
    cast = votes > 0
    if not cast.any():
        return np.zeros((rows.m, k, k))
    information = np.log1p(rows.counts.sum() / np.where(cast, votes, 1.0)) * cast

    def excess(scale: float) -> float:
        right = 1 / (1 + (k - 1) * np.exp(-scale * information[cast]))
        return float(votes[cast] @ right / votes[cast].sum() - accuracy)

    scale = brentq(excess, 0.0, 100.0) if accuracy > 1 / k else 0.0
    return np.asarray(scale * information[:, :, None] * np.eye(k))
