"""Holm's correction of p-values for their number."""

from collections.abc import Sequence

import numpy as np

from weakhitl.votes import FloatArray


def holm(p: Sequence[float]) -> FloatArray:
    """Correct p-values so that any one under a level is wrong with at most that chance.

    Source: S. Holm (1979), A simple sequentially rejective multiple test procedure.

    >>> holm([0.04, 0.01, 0.03]).tolist()
    [0.06, 0.03, 0.06]

    """
    given = np.asarray(p, dtype=np.float64)
    order = np.argsort(given, kind="stable")
    steps = np.maximum.accumulate(given[order] * np.arange(len(given), 0, -1))
    corrected = np.empty(len(given))
    corrected[order] = np.minimum(steps, 1.0)
    return corrected
