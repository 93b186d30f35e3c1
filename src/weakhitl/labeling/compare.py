"""Compare labeling functions with each other, and labels with labels: pairs, buckets."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from weakhitl.arrays import ArrayLike
from weakhitl.errors import DataError
from weakhitl.votes import IntArray, Votes, require_votes

Bucket = tuple[Hashable, ...]


def lf_pairs(votes: Votes) -> pd.DataFrame:
    """Compare every two sources that vote on the same item.

    Returns
    -------
    DataFrame
        ``first``, ``second``; ``both``: items on which both vote; ``conflict``: share of these on which they vote
        different classes; ``repeats``: share of the rarer source's votes that the other gives, too. Where ``repeats``
        is near 1, one of the two says nothing new. The pairs that repeat most come first.

    Examples
    --------
    >>> from weakhitl import LabelSchema
    >>> matrix = [[0, 0, -1], [1, 1, 0], [1, 1, -1], [0, -1, 0]]
    >>> lf_pairs(Votes.from_matrix(matrix, LabelSchema(["no", "yes"]), sources=["a", "b", "c"])).round(2)
      first second  both  conflict  repeats
    0     a      b     3       0.0      1.0
    1     a      c     2       0.5      0.5
    2     b      c     1       1.0      0.0

    """
    require_votes(votes)
    patterns = votes.patterns()
    row, column, label = patterns.votes.entries()
    n, m, k = len(patterns.counts), len(votes.sources), len(votes.schema)
    times = patterns.counts[row].astype(np.float64)
    voted = sparse.csr_array((np.ones(len(row)), (row, column)), shape=(n, m))
    weighed = sparse.csr_array((times, (row, column)), shape=(n, m))
    same = sparse.csr_array((np.ones(len(row)), (row, column * k + label)), shape=(n, m * k))
    same_weighed = sparse.csr_array((times, (row, column * k + label)), shape=(n, m * k))
    both = (voted.T @ weighed).tocoo()
    agreed = (same.T @ same_weighed).tocoo()
    alike = agreed.row % k == agreed.col % k
    upper = (both.row < both.col) & (both.data > 0)
    first, second, together = both.row[upper], both.col[upper], both.data[upper]
    key = agreed.row[alike] // k * m + agreed.col[alike] // k
    repeated = np.bincount(key, weights=agreed.data[alike], minlength=m * m)[first * m + second]
    own = np.bincount(column, weights=times, minlength=m)
    names = np.array(votes.sources, dtype=object)
    table = pd.DataFrame(
        {
            "first": names[first],
            "second": names[second],
            "both": together.astype(np.int64),
            "conflict": 1 - repeated / together,
            "repeats": repeated / np.minimum(own[first], own[second]),
        }
    )
    return table.sort_values(["repeats", "both"], ascending=False, kind="stable").reset_index(drop=True)


def get_label_buckets(*labels: ArrayLike) -> dict[Bucket, IntArray]:
    """Group positions by their labels in several arrays, such as gold and predicted; as Snorkel's function.

    Raises ``DataError`` for arrays of different lengths.

    Examples
    --------
    >>> get_label_buckets([1, 0, 1], [1, 1, 0])
    {(0, 1): array([1]), (1, 0): array([2]), (1, 1): array([0])}

    """
    columns = [np.asarray(one) for one in labels]
    if not columns or len({len(one) for one in columns}) > 1:
        raise DataError("labels", f"have lengths {[len(one) for one in columns]}; expected arrays of one length")
    groups: dict[Bucket, list[int]] = {}
    for at, bucket in enumerate(zip(*(one.tolist() for one in columns), strict=True)):
        groups.setdefault(bucket, []).append(at)
    return {bucket: np.array(groups[bucket]) for bucket in sorted(groups)}


def get_label_instances(bucket: Sequence[Hashable], items: Any, *labels: ArrayLike) -> Any:
    """Give the items of a bucket: those that have these labels; as Snorkel's function.

    ``items`` is a DataFrame, an array or a list as long as the labels. Raises ``DataError`` for other lengths.

    Examples
    --------
    >>> get_label_instances((1, 0), ["a", "b", "c"], [1, 0, 1], [1, 1, 0])
    ['c']

    """
    if len(bucket) != len(labels):
        raise DataError("bucket", f"has {len(bucket)} labels; expected one for each of the {len(labels)} arrays")
    at = get_label_buckets(*labels).get(tuple(bucket), np.zeros(0, dtype=np.int64))
    if any(len(items) != len(np.asarray(one)) for one in labels):
        raise DataError("items", f"are {len(items)}, but there are {len(np.asarray(labels[0]))} labels")
    if isinstance(items, pd.DataFrame | pd.Series):
        return items.iloc[at]
    return items[at] if isinstance(items, np.ndarray) else [items[int(position)] for position in at]
