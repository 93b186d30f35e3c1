"""Units: how often each class was given to each item, with a weight; all that most coefficients need."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from weakhitl.errors import DataError
from weakhitl.votes import FloatArray, IntArray, Votes


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


def units_of(votes: Votes, weights: npt.ArrayLike | None = None) -> Units:
    """Count the ratings per item; ``weights[item]`` default to 1.

    They are positive, such as the inverse of an inclusion probability.
    """
    counts = votes.class_counts()
    given = np.ones(len(counts)) if weights is None else np.asarray(weights, dtype=np.float64)
    if given.shape != (len(counts),):
        raise DataError("weights", f"have shape {given.shape}; expected one per item, ({len(counts)},)")
    if not (np.isfinite(given) & (given > 0)).all():
        raise DataError("weights", "must be positive and finite")
    rated = counts.any(axis=1)
    counts, given = counts[rated], given[rated]
    if len(given):
        given = given / given.mean()
    rows, inverse, multiplicity = np.unique(
        np.column_stack([counts, given]), axis=0, return_inverse=True, return_counts=True
    )
    _ = inverse
    n_sources = len(np.unique(votes.entries()[1]))
    return Units(rows[:, :-1].astype(np.int64), rows[:, -1], multiplicity, n_sources)
