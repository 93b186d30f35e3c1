"""Orders in which items are routed.

Any order that does not depend on the audit's lot will do: the probability with which an item is routed follows from its
rank alone.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from weakhitl.consensus import Consensus
from weakhitl.errors import DataError
from weakhitl.routing.scores import NOVELTY, SCORES, novelty
from weakhitl.votes import FloatArray, IntArray, Votes

_CANDIDATES = 10
"""So many items with high scores compete for each place of a diverse order."""


def score_order(
    votes: Votes,
    consensus: Consensus,
    seed: int,
    score: str = "disagreement",
    cost: npt.ArrayLike | None = None,
    vectors: Any = None,
) -> IntArray:
    """Item positions, highest score first, then by lot: another one than the audit's, though of the same seed.

    ``vectors[position, feature]`` of length 1 say which items are near each other, for the score ``novelty``. With
    ``cost``, what each item costs to rate, the (first) score is divided by it. Raises ``DataError`` for costs that
    are not positive numbers.
    """
    keys = [novelty(vectors, seed)] if score == NOVELTY else SCORES[score](votes, consensus)
    if cost is not None:
        prices = np.asarray(cost, dtype=np.float64)
        if bad := [str(item) for item, price in zip(votes.items, prices, strict=True) if not price > 0]:
            raise DataError("costs", f"of {len(bad):,} items are no positive numbers, first of {bad[0]}")
        keys = [keys[0] / prices, *keys[1:]]
    lots = np.random.default_rng([seed, 1]).random(len(votes))
    return np.lexsort((lots, *(-key.round(9) for key in reversed(keys))))


def in_turns(order: IntArray, strata: Iterable[Any]) -> IntArray:
    """Take the first of each stratum in turn, then the second of each, and so on; ``strata[position]``.

    Examples
    --------
    >>> in_turns(np.array([0, 1, 2, 3]), ["a", "a", "a", "b"]).tolist()
    [0, 3, 1, 2]

    """
    codes = pd.factorize(pd.Series(list(strata), dtype=object).iloc[order], use_na_sentinel=False)[0]
    turn = pd.Series(codes).groupby(codes).cumcount().to_numpy()
    return order[np.lexsort((np.arange(len(order)), turn))]


def far_apart(order: IntArray, vectors: Any, size: int) -> IntArray:
    """Put ``size`` items first that are far from each other, by greedy k-center among those with high scores.

    Parameters
    ----------
    order
        Item positions, highest score first; the first of them stays first.
    vectors
        ``vectors[position, feature]`` of length 1 (or 0), dense or sparse; distances are cosines.
    size
        How many are chosen, out of ten times as many; the others follow in their order.

    """
    candidates = order[: _CANDIDATES * size]
    given = vectors[candidates]
    nearest: FloatArray = np.full(len(candidates), np.inf)
    chosen = [0] if len(candidates) else []
    while chosen and len(chosen) < min(size, len(candidates)):
        likeness = given @ given[[chosen[-1]]].T
        nearest = np.minimum(nearest, 1 - np.asarray(getattr(likeness, "toarray", lambda x=likeness: x)()).ravel())
        nearest[chosen] = -1
        chosen.append(int(np.argmax(nearest.round(9))))
    first = candidates[chosen]
    return np.concatenate([first, order[~np.isin(order, first)]])


def item_vectors(cells: "pd.Series[Any]") -> Any:
    """Give each item's vector, of length 1: the cells themselves where they are lists of numbers, else TF-IDF of texts.

    Raises ``DataError`` for vectors of several lengths, or with what is no number, and for texts without any word.
    """
    if not cells.map(lambda cell: isinstance(cell, list | tuple | np.ndarray)).all():
        return text_vectors(cells)
    try:
        given = np.array(cells.tolist(), dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise DataError("vectors", "differ in length, or hold what is no number") from error
    if given.ndim != 2 or not np.isfinite(given).all():
        raise DataError("vectors", "hold what is no finite number, or are no flat lists")
    return given / np.maximum(np.linalg.norm(given, axis=1, keepdims=True), np.finfo(float).tiny)


def text_vectors(texts: "pd.Series[Any]") -> Any:
    """TF-IDF vectors of texts, of length 1; missing ones are empty."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    given = texts.fillna("").astype(str)
    try:
        return TfidfVectorizer(min_df=1, sublinear_tf=True).fit_transform(given)
    except ValueError as error:
        raise DataError("texts", "hold no words, so that none is far from another; use another column") from error
