"""Rotations: whether a person's answers repeat at one distance, such as 1 2 3 1 2 3."""

import numpy as np

from weakhitl.votes import FloatArray, IntArray

PERIODS = range(2, 13)
"""Distances that are looked at."""

_ENOUGH_EXCEEDED = 20
_CHUNK_CELLS = 2_000_000


def rotation(labels: IntArray) -> tuple[FloatArray, FloatArray]:
    """``contrast[sequence, period]`` and ``match[sequence, period]`` of ``labels[sequence, place]``.

    A match is the share of answers that equal the one so many places before; the contrast is how much that exceeds the
    mean match at the shorter distances, so that long runs of one class are no rotation. Only periods that fit three
    times are looked at.

    >>> contrast, match = rotation(np.array([[0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]]))
    >>> dict(zip(PERIODS, match[0].tolist(), strict=False)), PERIODS[int(contrast[0].argmax())]
    ({2: 0.0, 3: 1.0, 4: 0.0}, 3)

    """
    n = labels.shape[1]
    last = min(PERIODS[-1], max(PERIODS[0], n // 3))
    match = np.column_stack([(labels[:, lag:] == labels[:, :-lag]).mean(axis=1) for lag in range(1, last + 1)])
    shorter = np.cumsum(match, axis=1)[:, :-1] / np.arange(1, last)
    return match[:, 1:] - shorter, match[:, 1:]


def beyond_chance(share: float, one: IntArray, other: IntArray) -> float:
    """Give the part of what chance leaves open that a share of equal answers fills; chance is by the class shares.

    0 where chance gives everything.

    >>> beyond_chance(0.75, np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0]))
    0.5

    """
    size = int(max(one.max(), other.max())) + 1
    chance = float(np.bincount(one, minlength=size) @ np.bincount(other, minlength=size)) / (len(one) * len(other))
    return (share - chance) / (1 - chance) if chance < 1 else 0.0


def shuffled_p(label: IntArray, stratum: IntArray, most: int, rng: np.random.Generator) -> tuple[float, float]:
    """Give the p-value of the largest contrast under shuffles within strata, and the mean match at its period.

    ``label[place]`` moves only among places of its ``stratum[place]``. At most so many shuffles are made; shuffling
    stops when enough have reached the contrast: then the p-value is their share until then.

    Source: J. Besag, P. Clifford (1991), Sequential Monte Carlo p-values, Biometrika 78.
    """
    contrasts, _ = rotation(label[None, :])
    at, bar = int(contrasts[0].argmax()), float(contrasts[0].max()) - 1e-12
    sorted_places = np.argsort(stratum, kind="stable")
    drawn = exceeded = 0
    matched, size = 0.0, 100
    while drawn < most:
        size = min(size, most - drawn, max(1, _CHUNK_CELLS // len(label)))
        shuffled = np.empty((size, len(label)), dtype=np.int64)
        shuffled[:, sorted_places] = label[np.argsort(stratum + rng.random((size, len(label))), axis=1)]
        contrast, match = rotation(shuffled)
        reached = contrast.max(axis=1) >= bar
        matched += float(match[:, at].sum())
        if exceeded + reached.sum() >= _ENOUGH_EXCEEDED:
            stop = int(np.flatnonzero(reached)[_ENOUGH_EXCEEDED - exceeded - 1]) + 1
            return _ENOUGH_EXCEEDED / (drawn + stop), matched / (drawn + size)
        drawn, exceeded, size = drawn + size, exceeded + int(reached.sum()), size * 2
    return (exceeded + 1) / (drawn + 1), matched / drawn
