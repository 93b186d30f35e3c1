"""Reach the fixed point of an EM step sooner."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from weakhitl.votes import FloatArray

Step = Callable[[FloatArray], tuple[FloatArray, float]]
"""From logs of probabilities to those after one EM step, and the log-likelihood before it."""


@dataclass(frozen=True)
class FixedPoint:
    """Where the iteration ended: logs of probabilities, EM steps taken, whether it converged."""

    value: FloatArray
    n_iter: int
    converged: bool


def accelerate(step: Step, start: FloatArray, *, max_iter: int, tol: float) -> FixedPoint:
    """Iterate ``step`` with squared extrapolation until no probability moves by more than ``tol``.

    An extrapolation that lowers the log-likelihood is dropped in favour of the plain steps.

    Source: R. Varadhan, C. Roland (2008), Simple and globally convergent methods for accelerating the
    convergence of any EM algorithm, Scandinavian Journal of Statistics 35(2); their scheme S3.
    """
    current, taken = start, 0
    while taken < max_iter:
        first, _ = step(current)
        taken += 1
        if np.abs(np.exp(first) - np.exp(current)).max(initial=0.0) <= tol:
            return FixedPoint(first, taken, converged=True)
        if taken == max_iter:
            return FixedPoint(first, taken, converged=False)
        second, before = step(first)
        taken += 1
        change, bend = first - current, second - 2 * first + current
        length = float(np.linalg.norm(bend))
        stretch = max(1.0, float(np.linalg.norm(change)) / length) if length > 0 else 1.0
        current = second
        if stretch > 1.0 and taken < max_iter:
            jump = np.minimum(second + 2 * (stretch - 1) * change + (stretch**2 - 1) * bend, 0.0)
            landed, after = step(jump)
            taken += 1
            current = landed if np.isfinite(after) and after >= before else second
    return FixedPoint(current, taken, converged=False)
