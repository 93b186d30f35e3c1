"""Majority vote: every vote counts alike."""

from typing import Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator

from weakhitl.consensus import hard_labels
from weakhitl.label_model.ledger import VotesLike, as_votes, class_balance, matched
from weakhitl.schema import ABSTAIN
from weakhitl.votes import FloatArray, IntArray


class MajorityVote(BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Share the probability among the classes with the most votes.

    Parameters
    ----------
    balance
        Class shares for items without votes; uniform by default.

    Examples
    --------
    >>> MajorityVote().fit([[0, 0, 1], [1, 0, -1]]).predict_proba([[0, 0, 1], [1, 0, -1]])
    array([[1. , 0. ],
           [0.5, 0.5]])

    """

    def __init__(self, balance: npt.ArrayLike | None = None) -> None:
        self.balance = balance

    def fit(self, votes: VotesLike) -> Self:
        """Remember sources and classes; there is nothing to learn."""
        given = as_votes(votes)
        self.schema_, self.sources_ = given.schema, given.sources
        self.class_balance_ = class_balance(self.balance, len(given.schema))
        return self

    def predict_proba(self, votes: VotesLike) -> FloatArray:
        """``proba[item, class]``: equal shares for the leading classes, the balance where nobody voted."""
        return _shares(matched(votes, self).class_counts(), self.class_balance_)

    def predict(self, votes: VotesLike) -> IntArray:
        """Class indices; ABSTAIN for a tie and where nobody voted."""
        given = matched(votes, self)
        voted = given.class_counts().any(axis=1)
        return np.where(voted, hard_labels(self.predict_proba(given)), ABSTAIN)


def _shares(counts: IntArray, balance: FloatArray) -> FloatArray:
    leading = counts == counts.max(axis=1, keepdims=True)
    shares = leading / leading.sum(axis=1, keepdims=True)
    return np.asarray(np.where(counts.any(axis=1, keepdims=True), shares, balance))
