"""Distances between classes for alpha, and weights of partial agreement for the kappas."""

from collections.abc import Callable, Sequence
from typing import Literal, get_args

import numpy as np
from typing_extensions import TypeAliasType

from weakhitl.arrays import ArrayLike
from weakhitl.errors import UsageError
from weakhitl.schema import LabelSchema, Level
from weakhitl.votes import FloatArray

Weighting = Literal["identity", "linear", "quadratic", "ordinal"]
WEIGHTINGS: tuple[Weighting, ...] = get_args(Weighting)
WEIGHTING_OF: dict[Level, Weighting] = {
    "nominal": "identity",
    "ordinal": "ordinal",
    "interval": "quadratic",
    "ratio": "quadratic",
}
"""How far two classes agree in part, by their level."""

Similarity = TypeAliasType("Similarity", Weighting | ArrayLike)
"""Partial agreement: a name, or a (k, k) matrix with 1 on the diagonal."""

Distance = TypeAliasType("Distance", Callable[[str, str], float] | ArrayLike)
"""Of two class names, or a (k, k) matrix; symmetric, not negative, zero on the diagonal."""


def distance(level: Level, values: Sequence[float], marginals: FloatArray) -> FloatArray:
    """``distance[..., class, class]``: squared differences, zero on the diagonal.

    ``values`` are the numbers that the classes stand for, of length k; ``marginals[..., class]`` how often
    each was used, which only the ordinal distance depends on.

    Source: K. Krippendorff (2011), Computing Krippendorff's Alpha-Reliability.
    """
    value = np.asarray(values, dtype=np.float64)
    a, b = value[:, None], value[None, :]
    if level == "nominal":
        return np.asarray(a != b, dtype=np.float64)
    if level == "interval":
        return np.asarray((a - b) ** 2)
    if level == "ratio":
        total = a + b
        return np.asarray(np.divide(a - b, total, out=np.zeros_like(total), where=total != 0) ** 2)
    middle = marginals.cumsum(axis=-1) - marginals / 2
    return np.asarray((middle[..., :, None] - middle[..., None, :]) ** 2)


def own_distance(given: Distance, classes: Sequence[str]) -> FloatArray:
    """``distance[class, class]`` of the user's. Raises ``UsageError`` where it is no distance."""
    table = [[given(a, b) for b in classes] for a in classes] if callable(given) else given
    matrix = _square(table, len(classes), "distance")
    if np.diag(matrix).any():
        raise UsageError("distance: a class is not at distance 0 from itself")
    return matrix


def agreement_weights(given: Weighting | ArrayLike, values: Sequence[float]) -> FloatArray:
    """``weights[class, class]`` of partial agreement: 1 on the diagonal, 0 for the farthest classes.

    Source: K. L. Gwet (2014), Handbook of Inter-Rater Reliability, chapter 3 (identity, linear, quadratic,
    ordinal); or a matrix of one's own.
    """
    k = len(values)
    if not isinstance(given, str):
        matrix = _square(given, k, "weighting")
        if (np.diag(matrix) != 1).any() or (matrix > 1).any():
            raise UsageError("weighting: expected 1 on the diagonal and at most 1 elsewhere")
        return matrix
    if given not in WEIGHTINGS:
        raise UsageError(f"weighting {given!r} is unknown; expected one of {', '.join(WEIGHTINGS)}, or a matrix")
    if given == "identity":
        return np.eye(k)
    value = np.arange(k, dtype=np.float64) if given == "ordinal" else np.asarray(values, dtype=np.float64)
    apart = np.abs(value[:, None] - value[None, :])
    far = {"linear": apart, "quadratic": apart**2, "ordinal": apart * (apart + 1) / 2}[given]
    return np.asarray(1 - far / far.max())


def level_weights(schema: LabelSchema) -> FloatArray:
    """``weights[class, class]`` of partial agreement that fit the level: between classes of no order none."""
    return agreement_weights(WEIGHTING_OF[schema.level], schema.values)


def _square(table: ArrayLike, k: int, what: str) -> FloatArray:
    matrix = np.asarray(table, dtype=np.float64)
    if matrix.shape != (k, k):
        raise UsageError(f"{what}: has shape {matrix.shape}; expected ({k}, {k}), one row and column per class")
    if not np.isfinite(matrix).all() or (matrix < 0).any() or not np.allclose(matrix, matrix.T):
        raise UsageError(f"{what}: expected a symmetric matrix of finite numbers that are not negative")
    return matrix
