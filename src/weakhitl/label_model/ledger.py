"""What every label model does with its input: take Votes or Snorkel's matrix, group its rows, match the sources."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from sklearn.exceptions import NotFittedError

from weakhitl.errors import DataError
from weakhitl.gold import Gold, encode_gold
from weakhitl.schema import ABSTAIN, LabelSchema
from weakhitl.vote_rows import gathered
from weakhitl.votes import FloatArray, IntArray, Votes

VotesLike = Votes | npt.ArrayLike
GoldLike = Gold | npt.ArrayLike

_SAMPLE = 1000
_FEW_VALUES_BITS = 22


@dataclass(frozen=True)
class Rows:
    """Vote rows as a label model reads them, equal ones counted once where that pays.

    Attributes
    ----------
    cells
        ``cells[row, source * k + voted] = 1``: sparse, so that a step of EM is one product.
    counts
        How many items show each row.
    inverse
        ``inverse[item]``: the row of each item; None where every item is a row of its own.
    m, k
        Number of sources and of classes.

    """

    cells: Any
    counts: FloatArray
    inverse: IntArray | None
    m: int
    k: int

    def of_items(self, values: FloatArray) -> FloatArray:
        """Spread ``values[row, ...]`` over the items."""
        return values if self.inverse is None else gathered(values, self.inverse)

    def class_counts(self) -> FloatArray:
        """``counts[row, class]``: how many sources vote each class."""
        return np.asarray(self.cells @ np.tile(np.eye(self.k), (self.m, 1)))

    def votes_by_class(self) -> FloatArray:
        """``votes[source, class]``: how many items each source votes each class on."""
        return np.asarray(self.cells.T @ self.counts).reshape(self.m, self.k)


def as_votes(votes: VotesLike, cardinality: int | None = None) -> Votes:
    """Pass Votes through; wrap a matrix in classes ``0``, ``1``, … (``cardinality`` of them, or as many as occur)."""
    if isinstance(votes, Votes):
        return votes
    return Votes.from_matrix(votes, None if cardinality is None else LabelSchema.numbered(cardinality))


def as_gold(gold: GoldLike | None, votes: Votes) -> IntArray | None:
    """``codes[item]``: the gold class of each item, ABSTAIN where there is none; None without gold.

    Takes what ``encode_gold`` takes, or one class index per item with -1 where unknown.
    """
    if gold is None:
        return None
    if isinstance(gold, pd.Series) or hasattr(gold, "items"):
        return encode_gold(gold, votes.items, votes.schema)  # type: ignore[arg-type]  # a mapping, by its items
    codes = np.asarray(gold)
    if codes.shape != (len(votes),) or not np.issubdtype(codes.dtype, np.integer):
        raise DataError("gold", f"has shape {codes.shape} of {codes.dtype}; expected {len(votes)} class indices")
    if codes.min(initial=0) < ABSTAIN or codes.max(initial=0) >= len(votes.schema):
        raise DataError("gold", f"labels must lie in -1..{len(votes.schema) - 1}; {votes.schema.expected()}")
    return codes.astype(np.int64)


def vote_rows(votes: Votes, weights: npt.ArrayLike | None = None) -> Rows:
    """Group equal rows, unless a sample shows that they hardly repeat; ``weights`` are counts of the items."""
    counts = _counts(weights, len(votes))
    m, k = len(votes.sources), len(votes.schema)
    if not _repeats(votes):
        ones = np.ones(len(votes)) if counts is None else counts
        return Rows(_indicator(votes), ones, None, m, k)
    patterns = votes.patterns()
    grouped = patterns.counts.astype(np.float64)
    if counts is not None:
        grouped = np.bincount(patterns.inverse, weights=counts, minlength=len(grouped)).astype(np.float64)
    return Rows(
        cells=_indicator(patterns.votes),
        counts=grouped,
        inverse=patterns.inverse,
        m=m,
        k=k,
    )


def matched(votes: VotesLike, model: Any) -> Votes:
    """Give the votes in a fitted model's sources; a source that has none abstains.

    Raises ``NotFittedError`` before ``fit``, ``DataError`` for unknown sources or other classes.
    """
    check_fitted(model)
    given = as_votes(votes, len(model.schema_))
    if given.schema.classes != model.schema_.classes:
        raise DataError("votes", f"hold other classes than the model was fitted on ({model.schema_.expected()})")
    if given.sources == model.sources_:
        return given
    position = {name: at for at, name in enumerate(model.sources_)}
    if unknown := [name for name in given.sources if name not in position]:
        raise DataError(
            "votes",
            [f"source {name!r} was not there when the model was fitted" for name in unknown],
        )
    row, column, label = given.entries()
    columns = np.array([position[name] for name in given.sources], dtype=np.int64)[column]
    return Votes.from_entries((row, columns, label), given.schema, given.items, model.sources_)


def check_fitted(model: Any) -> None:
    """Raise ``NotFittedError`` before ``fit``."""
    if not hasattr(model, "sources_"):
        raise NotFittedError(f"this {type(model).__name__} is not fitted yet; call fit(votes) first")


def class_balance(balance: npt.ArrayLike | None, k: int) -> FloatArray:
    """Check a class balance given by the user; uniform where none is given."""
    if balance is None:
        return np.full(k, 1.0 / k)
    array = np.asarray(balance, dtype=np.float64)
    if array.shape != (k,) or not np.isfinite(array).all() or (array <= 0).any() or abs(array.sum() - 1) > 1e-6:
        raise DataError("class balance", f"{balance!r} is not {k} positive shares that sum to 1")
    return np.asarray(array / array.sum())


def _counts(weights: npt.ArrayLike | None, n: int) -> FloatArray | None:
    if weights is None:
        return None
    array = np.asarray(weights, dtype=np.float64)
    if array.shape != (n,) or not np.isfinite(array).all() or (array < 0).any():
        raise DataError("sample_weight", f"expected {n} counts, none below 0")
    return array


def _repeats(votes: Votes) -> bool:
    """Whether grouping pays: rows have few possible values, or at least half of a sample occur more than once."""
    if len(votes) <= _SAMPLE or len(votes.sources) * np.log2(len(votes.schema) + 1) <= _FEW_VALUES_BITS:
        return True
    sample = votes.take_items(np.linspace(0, len(votes) - 1, _SAMPLE).astype(np.int64))
    return len(sample.patterns().counts) <= _SAMPLE / 2


def _indicator(votes: Votes) -> Any:
    indptr, source, label = votes.compressed()
    k = len(votes.schema)
    kind: Any = np.int32 if len(source) < 2**31 and len(votes.sources) * k < 2**31 else np.int64
    cell = source.astype(kind) * kind(k) + label.astype(kind)
    shape = len(votes), len(votes.sources) * k
    return sparse.csr_array((np.ones(len(cell)), cell, indptr.astype(kind)), shape=shape)
