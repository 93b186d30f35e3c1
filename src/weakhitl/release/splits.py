"""Which split each released item is in: by hashes of ids, so that the same item falls alike in every version."""

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np

from weakhitl.config.sections import ReleaseSection
from weakhitl.votes import FloatArray, IntArray


def assign_splits(
    section: ReleaseSection, items: Iterable[object], labels: IntArray, groups: Iterable[object] | None = None
) -> IntArray:
    """``split[item]``: a place in ``section.splits``.

    At random, an item's place follows from its id and the seed alone: a later version leaves it where it is, so that
    no training item of today is a test item of tomorrow; shares are those of the configuration up to chance. With
    ``groups`` (a value per item) the same holds of a group, whose items stay together. Stratified, each class is cut
    at the exact shares, to the nearest item, and an item may change its split as others come.

    Parameters
    ----------
    section
        Splits, stratify, group and seed.
    items
        Ids of the released items, n of them.
    labels
        ``labels[item]``: class indices; used where the splits are stratified.
    groups
        The value of the grouping column for each item.

    """
    edges = np.cumsum(list(section.splits.values()))
    edges[-1] = 1.0
    if section.stratify:
        return _cut_each_class(_uniform(items, section.seed), labels, edges)
    places = np.searchsorted(edges, _uniform(items if groups is None else groups, section.seed), side="right")
    return np.asarray(np.minimum(places, len(edges) - 1).astype(np.int32))


def _uniform(keys: Iterable[object], seed: int) -> FloatArray:
    """``u[key]`` from 0 to 1, by a hash; the same key gives the same number."""
    salt = str(seed).encode() + b"\0"
    hashes = (int.from_bytes(blake2b(salt + str(key).encode(), digest_size=8).digest(), "little") for key in keys)
    return np.fromiter(hashes, dtype=np.uint64) / float(1 << 64)


def _cut_each_class(uniform: FloatArray, labels: IntArray, edges: FloatArray) -> IntArray:
    split = np.zeros(len(uniform), dtype=np.int64)
    for label in np.unique(labels):
        at = np.flatnonzero(labels == label)
        ends = np.rint(edges * len(at)).astype(np.int64)
        split[at[np.argsort(uniform[at], kind="stable")]] = np.searchsorted(ends, np.arange(len(at)), side="right")
    return split
