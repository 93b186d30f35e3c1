"""What every label model does with its input: take Votes or Snorkel's matrix, match the sources."""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.exceptions import NotFittedError

from weakhitl.errors import DataError
from weakhitl.schema import LabelSchema
from weakhitl.votes import FloatArray, Votes

VotesLike = Votes | npt.ArrayLike


def as_votes(votes: VotesLike, cardinality: int | None = None) -> Votes:
    """Pass Votes through; wrap a matrix in classes ``0``, ``1``, … (at least ``cardinality`` of them)."""
    if isinstance(votes, Votes):
        return votes
    matrix = np.asarray(votes)
    if matrix.ndim != 2 or not np.issubdtype(matrix.dtype, np.integer):
        raise DataError("vote matrix", f"has shape {matrix.shape} of {matrix.dtype}; expected (n, m) integers")
    k = max(2, cardinality or 0, int(matrix.max(initial=0)) + 1)
    return Votes.from_matrix(matrix, LabelSchema([str(label) for label in range(k)]))


def matched(votes: VotesLike, model: Any) -> Votes:
    """Give the votes in a fitted model's sources; a source that has none abstains.

    Raises ``NotFittedError`` before ``fit``, ``DataError`` for unknown sources or other classes.
    """
    if not hasattr(model, "sources_"):
        raise NotFittedError(f"this {type(model).__name__} is not fitted yet; call fit(votes) first")
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


def indicator(votes: Votes) -> Any:
    """``indicator[row, source * k + voted] = 1``: a sparse matrix, so that a step of EM is one product."""
    row, column, label = votes.entries()
    k = len(votes.schema)
    shape = len(votes), len(votes.sources) * k
    return sparse.csr_array((np.ones(len(row)), (row, column * k + label)), shape=shape)


def class_balance(balance: npt.ArrayLike | None, k: int) -> FloatArray:
    """Check a class balance given by the user; uniform where none is given."""
    if balance is None:
        return np.full(k, 1.0 / k)
    array = np.asarray(balance, dtype=np.float64)
    if array.shape != (k,) or not np.isfinite(array).all() or (array <= 0).any() or abs(array.sum() - 1) > 1e-6:
        raise DataError("class balance", f"{balance!r} is not {k} positive shares that sum to 1")
    return np.asarray(array / array.sum())
