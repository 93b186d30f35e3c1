"""Majority vote: every vote counts alike, or in proportion to its source's agreement with the others."""

import numpy as np

from weakhitl.balance import Balance, class_balance
from weakhitl.label_model.model import LabelModelBase, Training, row_max, row_sum, vote_shares
from weakhitl.label_model.rows import Rows
from weakhitl.votes import FloatArray

_ROUNDING = 1e-9


class MajorityVote(LabelModelBase):
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

    def __init__(self, balance: Balance | None = None) -> None:
        self.balance = balance

    def _learn(self, training: Training) -> None:
        self.class_balance_ = class_balance(self.balance, self.schema_)

    def _proba(self, rows: Rows) -> FloatArray:
        return leading(rows.class_counts())


class WeightedVote(LabelModelBase):
    """Weigh each vote by how often its source agrees with the majority; probabilities are weighted shares.

    Parameters
    ----------
    balance
        Class shares for items without votes; uniform by default.

    Attributes
    ----------
    weights_
        ``weights_[source]``: share of its votes that are the majority's, ties shared; 0 without votes.

    References
    ----------
    Known as Worker Agreement with Aggregate, Wawa, of Appen; crowd-kit has it by that name.

    Examples
    --------
    >>> model = WeightedVote().fit([[0, 0, 1], [1, 1, 1], [0, 0, 1]])
    >>> model.weights_.round(2)
    array([1.  , 1.  , 0.33])
    >>> model.predict_proba([[0, -1, 1]]).round(2)
    array([[0.75, 0.25]])

    """

    def __init__(self, balance: Balance | None = None) -> None:
        self.balance = balance

    def _learn(self, training: Training) -> None:
        rows = training.rows
        self.class_balance_ = class_balance(self.balance, self.schema_)
        majority = leading(rows.class_counts()) * rows.counts[:, None]
        agreed = rows.cells.sums(majority).reshape(rows.m, rows.k, rows.k)
        votes = rows.votes_by_class().sum(axis=1)
        self.weights_ = np.trace(agreed, axis1=1, axis2=2) / np.maximum(votes, 1e-300)

    def _proba(self, rows: Rows) -> FloatArray:
        weighted = rows.class_counts(self.weights_)
        totals = row_sum(weighted)[:, None]
        return np.where(totals > 0, weighted / np.where(totals > 0, totals, 1), vote_shares(rows))


def leading(counts: FloatArray) -> FloatArray:
    """``share[row, class]``: equal shares for the classes with the most votes, from ``counts[row, class]``."""
    most = (counts >= row_max(counts)[:, None] - _ROUNDING).astype(np.float64)
    return most / row_sum(most)[:, None]


def majority_balance(rows: Rows, weights: FloatArray | None = None) -> FloatArray:
    """``share[class]`` of the items that a majority vote gives to each class, one item added to each.

    ``weights[source]`` is how much a source's vote counts, by default 1.
    """
    items = (rows.counts * (rows.cells.n_votes > 0)) @ leading(rows.class_counts(weights)) + 1.0
    return np.asarray(items / items.sum())
