"""What all label models share: scikit-learn's grammar over votes."""

import warnings
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import reduce
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from weakhitl.arrays import ArrayLike
from weakhitl.consensus import hard_labels, hits
from weakhitl.errors import DataError, UsageError
from weakhitl.gold import Gold
from weakhitl.label_model.indicator import Indicator
from weakhitl.label_model.ledger import VotesLike, as_gold, as_votes, check_fitted, matched
from weakhitl.label_model.rows import Rows, rows_to_label, vote_rows
from weakhitl.schema import ABSTAIN, LabelSchema
from weakhitl.vote_names import by_item
from weakhitl.votes import FloatArray, IntArray, Votes

_FEW_CLASSES = 16


@dataclass(frozen=True)
class Training:
    """What a model learns from.

    Attributes
    ----------
    votes
        The votes as given.
    rows
        Their rows, grouped.
    gold
        ``gold[item]``: class index, or ABSTAIN; None without gold.

    """

    votes: Votes
    rows: Rows
    gold: IntArray | None

    @property
    def known(self) -> IntArray:
        """The positions of the items that have a gold label and a vote."""
        if self.gold is None:
            return np.empty(0, dtype=np.int64)
        judged = np.flatnonzero(self.gold != ABSTAIN)
        return judged[self.rows.cells.n_votes[self.rows.locate(judged)] > 0]

    def cells_of(self, items: IntArray) -> Any:
        """``cells[item, source * k + voted]`` of some items."""
        return self.rows.cells.take(self.rows.locate(items))


class LabelModelBase(ClassifierMixin, BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn is untyped
    """From votes to class probabilities; a model adds ``_learn`` and ``_proba``."""

    learns_from_gold = False
    schema_: LabelSchema
    sources_: tuple[str, ...]
    class_balance_: FloatArray
    seen_: tuple[Votes, FloatArray]

    @property
    def classes_(self) -> IntArray:
        """The class indices, for scikit-learn; their names are in ``schema_``."""
        check_fitted(self)
        return np.arange(len(self.schema_))

    def fit(self, votes: VotesLike, gold: Gold | None = None, sample_weight: ArrayLike | None = None) -> Self:
        """Learn from votes, and from gold labels where the model can.

        Parameters
        ----------
        votes
            Votes, or Snorkel's (n, m) matrix of class indices, -1 abstains.
        gold
            Item -> class (name or index) for some items, or one class for each; missing or -1 where unknown. A model
            that learns nothing from them warns of that, so that scikit-learn can cross-validate it beside the others.
        sample_weight
            How often each item occurs, n counts: fit distinct rows with their counts, from any engine. A Series goes
            by its index.

        """
        self._fit(as_votes(votes), gold, sample_weight)
        return self

    def fit_predict_proba(
        self, votes: VotesLike, gold: Gold | None = None, sample_weight: ArrayLike | None = None
    ) -> FloatArray:
        """``proba[item, class]`` of the votes that the model learns from: ``fit`` and ``predict_proba`` in one reading.

        Examples
        --------
        >>> from weakhitl import MajorityVote
        >>> MajorityVote().fit_predict_proba([[0, 0, 1], [1, -1, 1]]).argmax(axis=1)
        array([0, 1])

        """
        return self._labeled(self._fit(as_votes(votes), gold, sample_weight))

    def partial_fit(self, votes: VotesLike, sample_weight: ArrayLike | None = None) -> Self:
        """Learn from these votes and all that were seen by ``partial_fit`` before; the same as one ``fit`` of all.

        Only distinct rows and their counts are kept.
        """
        new = matched(votes, self) if hasattr(self, "sources_") else as_votes(votes)
        weights = np.ones(len(new)) if sample_weight is None else np.asarray(by_item(sample_weight, new.items), float)
        if hasattr(self, "seen_"):
            old, counts = self.seen_
            new, weights = _concatenated(old, new), np.concatenate([counts, weights])
        patterns = new.patterns()
        totals = np.bincount(patterns.inverse, weights=weights, minlength=len(patterns.counts))
        seen = patterns.votes, totals.astype(np.float64)
        self._fit(seen[0], None, seen[1])
        self.seen_ = seen
        return self

    def predict_proba(self, votes: VotesLike) -> FloatArray:
        """``proba[item, class]``; the class balance where nobody voted."""
        return self._labeled(rows_to_label(matched(votes, self)))

    def predict(self, votes: VotesLike) -> IntArray:
        """Class indices; ABSTAIN for a tie and where nobody voted."""
        rows = rows_to_label(matched(votes, self))
        return rows.of_items(np.where(rows.cells.n_votes > 0, hard_labels(self._proba(rows)), ABSTAIN))

    def score(self, votes: VotesLike, gold: Gold) -> float:
        """Give the share of the items with a vote and a known class that get this class: scikit-learn's score.

        Of c classes that tie, each is 1 / c right. ``calibration`` gives an interval, too. Raises ``DataError`` where
        no item has both.

        Examples
        --------
        >>> from weakhitl import MajorityVote
        >>> votes = [[0, 0, 1], [1, -1, 1], [0, 1, -1], [-1, -1, -1]]
        >>> MajorityVote().fit(votes).score(votes, [0, 0, 1, 1])
        0.5

        """
        given = matched(votes, self)
        truth, rows = as_gold(gold, given), rows_to_label(given)
        if truth is None:
            raise DataError("gold", "is None; expected item -> class, or one class for each item")
        judged = (truth != ABSTAIN) & rows.of_items(rows.cells.n_votes > 0)
        if not judged.any():
            raise DataError("gold", "no item has a vote and a known class")
        return float(hits(rows.of_items(self._proba(rows))[judged], truth[judged]).mean())

    def _labeled(self, rows: Rows) -> FloatArray:
        proba = self._proba(rows)
        proba[rows.cells.n_votes == 0] = self.class_balance_
        return rows.of_items(proba)

    def _fit(self, votes: Votes, gold: Gold | None, sample_weight: ArrayLike | None) -> Rows:
        """Learn, forget what ``partial_fit`` saw before, and give the votes' rows."""
        truth = as_gold(gold, votes)
        if truth is not None and not self.learns_from_gold:
            warnings.warn(
                f"{type(self).__name__} does not learn from gold labels; LabelModel and DawidSkene do",
                UserWarning,
                stacklevel=3,
            )
            truth = None
        if truth is not None and sample_weight is not None:
            raise UsageError("gold labels belong to single items: give either gold or sample_weight")
        rows = vote_rows(votes, by_item(sample_weight, votes.items))
        if not rows.counts.sum():
            raise DataError("votes", "there is no item to learn from")
        self.schema_, self.sources_ = votes.schema, votes.sources
        self._learn(Training(votes, rows, truth))
        self.__dict__.pop("seen_", None)
        return rows

    @abstractmethod
    def _learn(self, training: Training) -> None:
        """Set what the model learns."""

    @abstractmethod
    def _proba(self, rows: Rows) -> FloatArray:
        """``proba[row, class]``; rows without votes are not looked at."""


class AdditiveModel(LabelModelBase):
    """A model whose log-odds are a sum over the votes.

    Attributes
    ----------
    evidence_
        ``evidence_[source, voted, class]``: what a vote adds to the logit of each class.
    intercept_
        ``intercept_[class]``: logits before any vote.

    """

    evidence_: FloatArray
    intercept_: FloatArray

    def _proba(self, rows: Rows) -> FloatArray:
        return softmax(logits(rows.cells, self.evidence_, self.intercept_))


def logits(cells: Indicator | Any, evidence: FloatArray, intercept: FloatArray) -> FloatArray:
    """``logits[row, class]`` from ``evidence[source, voted, class]``."""
    return np.asarray(cells @ evidence.reshape(-1, evidence.shape[2]) + intercept)


def softmax(values: FloatArray) -> FloatArray:
    """Rows that sum to 1."""
    exponentials, total, _ = _exponentials(values)
    return exponentials / total[:, None]


def softmax_and_total(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Rows that sum to 1, and the log of each row's sum of exponentials."""
    exponentials, total, top = _exponentials(values)
    return exponentials / total[:, None], np.log(total) + top


def _exponentials(values: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Exponentials of each row's distance from its greatest value, their sums, and those values."""
    top = row_max(values)
    exponentials = np.exp(values - top[:, None])
    return exponentials, row_sum(exponentials), top


def log_normalized(values: FloatArray) -> FloatArray:
    """Shift logs so that their exponentials sum to 1 along the last axis."""
    shifted = values - values.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def row_max(values: FloatArray) -> FloatArray:
    """Take each row's maximum, by columns where they are few: reducing a short last axis is many times slower."""
    return np.asarray(reduce(np.maximum, values.T) if values.shape[1] <= _FEW_CLASSES else values.max(axis=1))


def row_sum(values: FloatArray) -> FloatArray:
    """Take each row's sum, as a product: reducing a short last axis is many times slower."""
    return np.asarray(values[:, 0] if values.shape[1] == 1 else values @ np.ones(values.shape[1]))


def vote_shares(rows: Rows, weights: FloatArray | None = None) -> FloatArray:
    """``shares[row, class]``: where EM starts; uniform without votes. ``weights[source]``: how much a vote counts."""
    counts = rows.class_counts(weights)
    totals = row_sum(counts)
    silent = totals == 0
    shares = counts / np.where(silent, 1.0, totals)[:, None]
    shares[silent] = 1.0 / rows.k
    return shares


def _concatenated(first: Votes, second: Votes) -> Votes:
    """All rows of both; the items are numbered anew."""
    row, column, label = first.entries()
    row_, column_, label_ = second.entries()
    entries = (
        np.concatenate([row, row_ + len(first)]),
        np.concatenate([column, column_]),
        np.concatenate([label, label_]),
    )
    return Votes.from_entries(entries, first.schema, range(len(first) + len(second)), first.sources)
