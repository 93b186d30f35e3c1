"""What every label model does with its input: take Votes or Snorkel's matrix, match the sources."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.exceptions import NotFittedError
from typing_extensions import TypeAliasType

from weakhitl.arrays import ArrayLike
from weakhitl.errors import DataError, UsageError
from weakhitl.frames import as_pandas
from weakhitl.gold import Gold, encode_gold
from weakhitl.schema import LabelSchema
from weakhitl.vote_matrix import column_names, label_matrix
from weakhitl.votes import IntArray, Votes

VotesLike = TypeAliasType("VotesLike", Votes | ArrayLike | pd.DataFrame)

_FEW_SOURCES = 13
"""Rows of so many sources and two classes are grouped by their numbers, whatever the type of the matrix."""


def as_votes(votes: VotesLike, schema: LabelSchema | None = None, sources: tuple[str, ...] | None = None) -> Votes:
    """Pass Votes through; wrap a matrix, by default in classes ``0``, ``1``, … as far as they occur.

    ``schema`` and ``sources`` are a fitted model's. A matrix of few sources is not copied: it is read once or twice
    before the caller can change it.
    """
    if isinstance(votes, Votes):
        return votes
    given = as_pandas(votes)
    matrix = given if isinstance(given, pd.DataFrame) else label_matrix(given)
    m = matrix.shape[1]
    if sources is not None and m != len(sources):
        raise DataError("vote matrix", f"has {m} columns; the model was fitted on {len(sources)} sources")
    return Votes.from_matrix(matrix, schema, sources=sources, copy=m > _FEW_SOURCES)


def as_gold(gold: Gold | None, votes: Votes) -> IntArray | None:
    """``codes[item]``: the gold class of each item, ABSTAIN where there is none; None without gold."""
    return None if gold is None else encode_gold(gold, votes.items, votes.schema)


def matched(votes: VotesLike, model: Any) -> Votes:
    """Give the votes in a fitted model's sources; a source that has none abstains.

    Columns of a matrix without names are the model's sources in their order. Raises ``NotFittedError`` before ``fit``,
    ``DataError`` for unknown sources, other classes, and a matrix of fewer or more columns.
    """
    given = in_models_terms(votes, model)
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


def in_models_terms(votes: VotesLike, model: Any) -> Votes:
    """Give votes, a matrix with the classes of a fitted model; without names of its own its columns are the sources."""
    check_fitted(model)
    votes = as_pandas(votes)
    named = isinstance(votes, Votes) or (isinstance(votes, pd.DataFrame) and column_names(votes) is not None)
    return as_votes(votes, model.schema_, None if named else model.sources_)


def check_fitted(model: Any) -> None:
    """Raise ``NotFittedError`` before ``fit``, ``UsageError`` for what is no model."""
    if not hasattr(model, "predict_proba"):
        raise UsageError(f"expected a fitted label model, found {type(model).__name__}")
    if not hasattr(model, "sources_"):
        raise NotFittedError(f"this {type(model).__name__} is not fitted yet; call fit(votes) first")
