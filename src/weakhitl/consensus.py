"""What the label model makes of the votes: class probabilities per item."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from weakhitl.schema import ABSTAIN, LabelSchema
from weakhitl.votes import FloatArray, IntArray

_TIE = 1e-9
"""Probabilities this close are equal: sums in another order differ by far less."""


@dataclass(frozen=True)
class Consensus:
    """Class probabilities per item.

    Attributes
    ----------
    items
        Item ids, n of them.
    probabilities
        ``probabilities[item, class]``; rows sum to 1.
    known
        ``known[item]``: whether anything is known of the item (a vote or a decision); n booleans.
    schema
        The classes, in the order of the columns.

    """

    items: pd.Index
    probabilities: FloatArray
    known: np.ndarray
    schema: LabelSchema

    @property
    def labels(self) -> IntArray:
        """Class indices; ABSTAIN where nothing is known or the two best classes tie."""
        return np.where(self.known, hard_labels(self.probabilities), ABSTAIN)

    @property
    def confidence(self) -> FloatArray:
        """The probability of the likeliest class."""
        return np.asarray(self.probabilities.max(axis=1))

    def confident(self, least: float) -> np.ndarray:
        """``mask[item]``: whether there is a label with at least this confidence."""
        return np.asarray((self.labels != ABSTAIN) & (self.confidence >= least))

    def decided(self, items: Iterable[object], labels: IntArray) -> "Consensus":
        """Set these items to these classes with probability 1; an ABSTAIN decision leaves the item alone."""
        position = self.items.get_indexer(pd.Index(list(items)))
        keep = labels != ABSTAIN
        probabilities, known = self.probabilities.copy(), self.known.copy()
        probabilities[position[keep]] = np.eye(len(self.schema))[labels[keep]]
        known[position[keep]] = True
        return Consensus(self.items, probabilities, known, self.schema)


def hard_labels(probabilities: FloatArray) -> IntArray:
    """Give the likeliest class of each row; ABSTAIN where the two best tie."""
    best = np.sort(probabilities, axis=1)[:, -2:]
    tied = best[:, 1] - best[:, 0] < _TIE
    return np.where(tied, ABSTAIN, probabilities.argmax(axis=1))
