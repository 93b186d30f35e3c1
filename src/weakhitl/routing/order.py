"""Orders in which items are routed.

Any order that does not depend on the audit's lot will do: the probability with which an item is routed follows from its
rank alone.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from weakhitl.arrays import ArrayLike
from weakhitl.errors import DataError
from weakhitl.votes import FloatArray, IntArray

_CANDIDATES = 10
"""So many items with high scores compete for each place of a diverse order."""


def score_order(
    scores: Sequence[FloatArray],
    seed: int,
    *,
    density: ArrayLike | None = None,
    cost: "pd.Series[float] | None" = None,
) -> IntArray:
    """Item positions, highest score first, then by lot: another one than the audit's, though of the same seed.

    Parameters
    ----------
    scores
        ``scores[0][position]``, not negative, and further ones that decide where the first are equal.
    seed
        Of the lot.
    density
        How much each item stands for others; the first score is multiplied by it.
    cost
        Item -> what it costs to rate; the first score is divided by it.

    Raises
    ------
    DataError
        A cost is no positive number.

    """
    keys = list(scores)
    if density is not None:
        keys[0] = keys[0] * np.asarray(density)
    if cost is not None:
        if len(bad := cost.index[~(cost > 0)]):
            raise DataError("costs", f"of {len(bad):,} items are no positive numbers, first of {bad[0]}")
        keys[0] = keys[0] / cost.to_numpy(dtype=np.float64)
    lots = np.random.default_rng([seed, 1]).random(len(keys[0]))
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
