"""Dawid and Skene's model of noisy voters, as a maximum a posteriori fit."""

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp
from sklearn.base import BaseEstimator

from weakhitl.consensus import hard_labels
from weakhitl.label_model.ledger import VotesLike, as_votes, class_balance, indicator, matched
from weakhitl.schema import ABSTAIN
from weakhitl.votes import FloatArray, IntArray


class DawidSkene(BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """One confusion matrix per source, a Dirichlet prior with a heavy diagonal, EM in log space.

    Abstentions carry no evidence. The class balance is held fixed, uniform unless given: with one-class
    functions and ignored abstentions it is not identified, and an EM that frees it runs away.

    Parameters
    ----------
    balance
        Class shares, k of them, positive, summing to 1; uniform by default.
    prior_votes
        Pseudo-votes per row of a confusion matrix: how much a source has to show before it is believed to
        differ from ``prior_accuracy``.
    prior_accuracy
        Share of the pseudo-votes that lie on the diagonal; the rest is spread evenly.
    max_iter
        Bound on the EM steps.
    tol
        The fit has converged when no posterior moves by more than this.

    Attributes
    ----------
    confusion_
        ``confusion_[source, true, voted]``; rows sum to 1.
    class_balance_
        The k class shares that were used.
    n_iter_, converged_
        Steps taken, and whether ``tol`` was met.

    References
    ----------
    A. P. Dawid, A. M. Skene (1979), Maximum likelihood estimation of observer error-rates using the EM
    algorithm, Applied Statistics 28(1).

    Examples
    --------
    >>> matrix = [[0, 0, 1]] * 60 + [[1, 1, 0]] * 60    # the third source is always wrong
    >>> DawidSkene().fit(matrix).predict([[0, -1, 0], [-1, -1, 1], [-1, -1, -1]])
    array([ 0,  0, -1])

    """

    def __init__(
        self,
        balance: npt.ArrayLike | None = None,
        prior_votes: float = 5.0,
        prior_accuracy: float = 0.7,
        max_iter: int = 500,
        tol: float = 1e-6,
    ) -> None:
        self.balance = balance
        self.prior_votes = prior_votes
        self.prior_accuracy = prior_accuracy
        self.max_iter = max_iter
        self.tol = tol

    def fit(self, votes: VotesLike) -> Self:
        """Learn the sources' confusion matrices from their votes; the cost grows with the distinct rows."""
        given = as_votes(votes)
        k = len(given.schema)
        balance = class_balance(self.balance, k)
        patterns = given.patterns()
        prior = _prior(k, self.prior_votes, self.prior_accuracy)
        cells = indicator(patterns.votes)
        posterior = _vote_shares(cells, k)
        self.converged_ = False
        for step in range(1, self.max_iter + 1):
            confusion = _maximize(cells, posterior, patterns.counts, prior)
            updated = _expect(cells, confusion, balance)
            change = float(np.abs(updated - posterior).max(initial=0.0))
            posterior = updated
            self.n_iter_ = step
            if change <= self.tol:
                self.converged_ = True
                break
        self.schema_, self.sources_ = given.schema, given.sources
        self.confusion_, self.class_balance_ = confusion, balance
        return self

    def predict_proba(self, votes: VotesLike) -> FloatArray:
        """``proba[item, class]``; the class balance where nobody voted."""
        patterns = matched(votes, self).patterns()
        return _expect(indicator(patterns.votes), self.confusion_, self.class_balance_)[patterns.inverse]

    def predict(self, votes: VotesLike) -> IntArray:
        """Class indices; ABSTAIN for a tie and where nobody voted."""
        given = matched(votes, self)
        voted = given.class_counts().any(axis=1)
        return np.where(voted, hard_labels(self.predict_proba(given)), ABSTAIN)


def _prior(k: int, votes: float, accuracy: float) -> FloatArray:
    """``prior[true, voted]``: pseudo-votes."""
    off_diagonal = votes * (1.0 - accuracy) / (k - 1)
    return np.full((k, k), off_diagonal) + np.eye(k) * (votes * accuracy - off_diagonal)


def _vote_shares(cells: Any, k: int) -> FloatArray:
    """``shares[pattern, class]``: where EM starts; uniform without votes."""
    m = cells.shape[1] // k
    counts = cells @ np.tile(np.eye(k), (m, 1))
    totals = counts.sum(axis=1, keepdims=True)
    return np.where(totals > 0, counts / np.maximum(totals, 1), 1.0 / k)


def _maximize(cells: Any, posterior: FloatArray, counts: IntArray, prior: FloatArray) -> FloatArray:
    """``confusion[source, true, voted]`` at the mode of its posterior; rows sum to 1."""
    k = posterior.shape[1]
    weighted = posterior * counts[:, None]
    votes = (cells.T @ weighted).reshape(-1, k, k).transpose(0, 2, 1) + prior
    return np.asarray(votes / votes.sum(axis=2, keepdims=True))


def _expect(cells: Any, confusion: FloatArray, balance: FloatArray) -> FloatArray:
    """``posterior[pattern, class]``; rows sum to 1."""
    k = len(balance)
    evidence = np.log(confusion).transpose(0, 2, 1).reshape(-1, k)
    joint = cells @ evidence + np.log(balance)
    return np.asarray(np.exp(joint - logsumexp(joint, axis=1, keepdims=True)))
