"""Units: how often each class was given to each item, with a weight; all that most coefficients need."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from weakhitl.arrays import ArrayLike
from weakhitl.errors import DataError
from weakhitl.vote_names import by_item
from weakhitl.vote_rows import group_dense, group_weighted
from weakhitl.votes import FloatArray, IntArray, Votes

_FEW_SOURCES = 12


@dataclass(frozen=True)
class Units:
    """Distinct (count row, weight) pairs and how many units show each.

    Attributes
    ----------
    counts
        ``counts[row, class]``: ratings of each class.
    weights
        ``weights[row]``: the weight of such a unit; the mean over units is 1.
    multiplicity
        ``multiplicity[row]``: how many units look like this.
    n_sources
        Sources that rated at all.

    """

    counts: IntArray
    weights: FloatArray
    multiplicity: IntArray
    n_sources: int

    @property
    def n_units(self) -> int:
        """Units with at least one rating."""
        return int(self.multiplicity[self.counts.sum(axis=1) >= 1].sum())

    @property
    def n_pairable(self) -> int:
        """Units with at least two ratings."""
        return int(self.multiplicity[self.pairable].sum())

    @property
    def pairable(self) -> np.ndarray:
        """``mask[row]``: at least two ratings."""
        return np.asarray(self.counts.sum(axis=1) >= 2)

    @property
    def n_minority(self) -> int:
        """Pairable units with a rating off the commonest class (of all ratings in pairable units)."""
        counts, multiplicity = self.counts[self.pairable], self.multiplicity[self.pairable]
        if not len(counts):
            return 0
        commonest = int((counts * multiplicity[:, None]).sum(axis=0).argmax())
        return int(multiplicity[counts.sum(axis=1) > counts[:, commonest]].sum())

    def take(self, rows: np.ndarray) -> "Units":
        """Keep the rows at these positions, or where this mask is true."""
        return replace(self, counts=self.counts[rows], weights=self.weights[rows], multiplicity=self.multiplicity[rows])

    def with_counts(self, counts: IntArray) -> "Units":
        """Put other classes in the same rows, such as after a merge of two."""
        return replace(self, counts=counts)


def units_of(votes: Votes, weights: ArrayLike | None = None) -> Units:
    """Count the ratings per item; ``weights[item]`` default to 1.

    They are positive, such as the inverse of an inclusion probability.
    """
    given = checked_weights(weights, votes.items)
    if given is None:
        rows, multiplicity, n_sources = _count_rows(votes)
        return Units(rows, np.ones(len(rows)), multiplicity, n_sources)
    counts = votes.class_counts()
    rated = counts.any(axis=1)
    counts, each = counts[rated], given[rated]
    if len(each):
        each = each / each.mean()
    rows, weight, multiplicity = group_weighted(counts - 1, int(counts.max(initial=1)) + 1, each)
    return Units((rows + 1).astype(np.int64), weight, multiplicity, _n_sources(votes))


def _count_rows(votes: Votes) -> tuple[IntArray, IntArray, int]:
    """Give the distinct rows of class counts, how many units show each, and how many sources rated.

    Few sources repeat whole rows of votes, so that counting classes can wait until those are grouped.
    """
    few = len(votes.sources) <= _FEW_SOURCES
    patterns = votes.patterns() if few else None
    some = votes if patterns is None else patterns.votes
    counts = some.class_counts()
    fewer, inverse, times = group_dense(counts - 1, int(counts.max(initial=1)) + 1)
    if patterns is not None:
        times = np.bincount(inverse, weights=patterns.counts, minlength=len(fewer)).astype(np.int64)
    rows = fewer + 1
    rated = rows.any(axis=1)
    return rows[rated].astype(np.int64), times[rated], _n_sources(some)


def checked_weights(weights: ArrayLike | None, items: pd.Index) -> FloatArray | None:
    """One positive, finite number per item, or None; a Series goes by its index. Raises ``DataError`` else."""
    if weights is None:
        return None
    given = np.asarray(by_item(weights, items), dtype=np.float64)
    if given.shape != (len(items),):
        raise DataError("weights", f"have shape {given.shape}; expected one per item, ({len(items)},)")
    if not (np.isfinite(given) & (given > 0)).all():
        raise DataError("weights", "must be positive and finite")
    return given


def _n_sources(votes: Votes) -> int:
    return len(np.unique(votes.entries()[1]))
