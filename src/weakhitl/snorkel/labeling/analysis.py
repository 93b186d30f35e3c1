"""Statistics of labeling functions from their label matrix, as ``snorkel.labeling.LFAnalysis`` gives them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from weakhitl.snorkel.utils import to_int_label_array

__all__ = ["LFAnalysis"]


class LFAnalysis:
    """Looks at ``L[item, function]``, class indices where -1 abstains.

    Parameters
    ----------
    L
        The label matrix.
    lfs
        The functions, for their names. Raises ``ValueError`` where they are not as many as the columns.

    """

    def __init__(self, L: np.ndarray, lfs: Sequence[Any] | None = None) -> None:
        self.L = np.asarray(L)
        self._lf_names: list[str] | None = None
        if lfs is not None:
            if len(lfs) != self.L.shape[1]:
                raise ValueError(f"Number of LFs ({len(lfs)}) and of columns ({self.L.shape[1]}) differ")
            self._lf_names = [lf.name for lf in lfs]
        self._voted = self.L != -1
        self._n_votes = self._voted.sum(axis=1)
        top = np.where(self._voted, self.L, np.iinfo(np.int64).min).max(axis=1)
        self._conflicted = (self._voted & (top[:, None] != self.L)).any(axis=1)

    def label_coverage(self) -> float:
        """Share of items with a vote."""
        return float((self._n_votes > 0).mean())

    def label_overlap(self) -> float:
        """Share of items with two votes or more."""
        return float((self._n_votes > 1).mean())

    def label_conflict(self) -> float:
        """Share of items with votes for different classes."""
        return float(self._conflicted.mean())

    def lf_polarities(self) -> list[list[int]]:
        """Classes that each function votes."""
        return [np.unique(column[column != -1]).tolist() for column in self.L.T]

    def lf_coverages(self) -> np.ndarray:
        """Share of items on which each function votes."""
        return np.asarray(self._voted.mean(axis=0))

    def lf_overlaps(self, normalize_by_coverage: bool = False) -> np.ndarray:
        """Share of items on which each function and another vote; of the function's own votes, if normalised."""
        shares = (self._voted & (self._n_votes > 1)[:, None]).mean(axis=0)
        return _divided(shares, self.lf_coverages()) if normalize_by_coverage else shares

    def lf_conflicts(self, normalize_by_overlaps: bool = False) -> np.ndarray:
        """Share of items on which another function votes another class; of the overlaps, if normalised."""
        shares = (self._voted & self._conflicted[:, None]).mean(axis=0)
        return _divided(shares, self.lf_overlaps()) if normalize_by_overlaps else shares

    def lf_empirical_accuracies(self, Y: np.ndarray) -> np.ndarray:
        """Share of each function's votes that are right; 0 for a function without votes, as in Snorkel."""
        right = self._voted & (to_int_label_array(Y)[:, None] == self.L)
        return _divided(right.sum(axis=0).astype(float), self._voted.sum(axis=0))

    def lf_empirical_probs(self, Y: np.ndarray, k: int) -> np.ndarray:
        """``P[function, vote + 1, class]``: how often a function gives a vote where an item has a class."""
        truth = to_int_label_array(Y)
        tables = [[(self.L[truth == y] == vote).mean(axis=0) for y in range(k)] for vote in range(-1, k)]
        return np.moveaxis(np.array(tables), 2, 0)

    def lf_summary(self, Y: np.ndarray | None = None, est_weights: np.ndarray | None = None) -> pd.DataFrame:
        """Give one row per function; with gold labels ``Y`` also how often it is right."""
        m = self.L.shape[1]
        columns: dict[str, Any] = {} if self._lf_names is None else {"j": list(range(m))}
        columns |= {
            "Polarity": self.lf_polarities(),
            "Coverage": self.lf_coverages(),
            "Overlaps": self.lf_overlaps(),
            "Conflicts": self.lf_conflicts(),
        }
        if Y is not None:
            truth = np.asarray(Y).reshape(len(self.L), -1)[:, :1]
            judged = self._voted & (truth != -1)
            right = judged & (truth == self.L)
            columns["Correct"] = right.sum(axis=0)
            columns["Incorrect"] = (judged & ~right).sum(axis=0)
            columns["Emp. Acc."] = self.lf_empirical_accuracies(np.asarray(Y))
        if est_weights is not None:
            columns["Learned Weight"] = est_weights
        return pd.DataFrame(columns, index=pd.RangeIndex(m) if self._lf_names is None else pd.Index(self._lf_names))


def _divided(parts: np.ndarray, wholes: np.ndarray) -> np.ndarray:
    shares: np.ndarray = np.divide(parts, wholes, out=np.zeros(len(parts)), where=wholes > 0)
    return shares
