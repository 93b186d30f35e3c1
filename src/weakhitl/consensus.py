"""What the label model makes of the votes: class probabilities per item."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import pandas as pd

from weakhitl.schema import ABSTAIN, LabelSchema
from weakhitl.vote_names import positions
from weakhitl.votes import FloatArray, IntArray

_TIE = 1e-9
"""Probabilities this close are equal: sums in another order differ by far less."""


@dataclass(frozen=True)
class Consensus:
    """Class probabilities per item; items with the same votes share a row, of which there are few.

    Attributes
    ----------
    items
        Item ids, n of them.
    rows
        ``rows[row, class]``; they sum to 1.
    known_rows
        ``known_rows[row]``: whether anything is known of such an item (a vote or a decision).
    which
        ``which[item]``: its row; n integers.
    schema
        The classes, in the order of the columns.

    """

    items: pd.Index
    rows: FloatArray
    known_rows: np.ndarray
    which: IntArray
    schema: LabelSchema

    @classmethod
    def of_items(cls, items: pd.Index, probabilities: FloatArray, known: np.ndarray, schema: LabelSchema) -> Self:
        """Take ``probabilities[item, class]`` and ``known[item]``, a row an item."""
        return cls(items, probabilities, known, np.arange(len(items), dtype=np.int32), schema)

    @property
    def probabilities(self) -> FloatArray:
        """``probabilities[item, class]``; made anew each time."""
        return np.asarray(self.rows[self.which])

    @property
    def known(self) -> np.ndarray:
        """``known[item]``: whether anything is known of the item."""
        return np.asarray(self.known_rows[self.which])

    @property
    def labels(self) -> IntArray:
        """Class indices; ABSTAIN where nothing is known or the two best classes tie; made anew each time."""
        return np.asarray(self._row_labels.astype(np.int32)[self.which])

    @property
    def confidence(self) -> FloatArray:
        """The probability of the likeliest class; made anew each time."""
        return np.asarray(self.rows.max(axis=1)[self.which])

    def take_items(self, at: IntArray) -> Self:
        """Keep the items at these positions, in this order."""
        return type(self)(self.items[at], self.rows, self.known_rows, self.which[at], self.schema)

    def confident(self, least: float) -> np.ndarray:
        """``mask[item]``: whether there is a label with at least this confidence."""
        return np.asarray(((self._row_labels != ABSTAIN) & (self.rows.max(axis=1) >= least))[self.which])

    @cached_property
    def _row_labels(self) -> IntArray:
        return np.where(self.known_rows, hard_labels(self.rows), ABSTAIN)

    def decided(self, items: Iterable[object], labels: IntArray) -> "Consensus":
        """Set these items to these classes with probability 1; an ABSTAIN decision leaves the item alone."""
        keep, k = labels != ABSTAIN, len(self.schema)
        which = self.which.copy()
        which[positions(self.items, pd.Index(list(items)))[keep]] = len(self.rows) + labels[keep]
        rows = np.concatenate([self.rows, np.eye(k)])
        return Consensus(self.items, rows, np.append(self.known_rows, np.ones(k, dtype=bool)), which, self.schema)


def hits(probabilities: FloatArray, truth: IntArray) -> FloatArray:
    """``hit[row]``: 1 where the likeliest class is the true one; of c classes that tie, each is 1 / c right."""
    leading = probabilities >= probabilities.max(axis=1, keepdims=True) - _TIE
    return np.asarray((leading / leading.sum(axis=1, keepdims=True))[np.arange(len(truth)), truth])


def hard_labels(probabilities: FloatArray) -> IntArray:
    """Give the likeliest class of each row; ABSTAIN where the two best tie."""
    best = np.sort(probabilities, axis=1)[:, -2:]
    tied = best[:, 1] - best[:, 0] < _TIE
    return np.where(tied, ABSTAIN, probabilities.argmax(axis=1))
