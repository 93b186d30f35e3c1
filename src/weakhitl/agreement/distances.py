"""Krippendorff's difference functions between classes, per level of measurement."""

from collections.abc import Sequence

import numpy as np

from weakhitl.schema import Level
from weakhitl.votes import FloatArray


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
