"""Reach the fixed point of an EM step sooner."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from weakhitl.ranges import require_amount
from weakhitl.votes import FloatArray

Step = Callable[[FloatArray], tuple[FloatArray, float]]
"""From logs of probabilities to those after one EM step, and the log-likelihood before it."""
Normalize = Callable[[FloatArray], FloatArray]
"""From any numbers to logs of probabilities that sum to 1 where they must."""

_ROUNDING = 1e-9
"""Relative difference in likelihood that is none: where it is flat, rounding must not decide."""


@dataclass(frozen=True)
class FixedPoint:
    """Where the iteration ended: logs of probabilities, EM steps taken, whether it converged."""

    value: FloatArray
    n_iter: int
    converged: bool


def accelerate(step: Step, start: FloatArray, normalize: Normalize, *, max_iter: int, tol: float) -> FixedPoint:
    """Iterate ``step`` with squared extrapolation until no probability moves by more than ``tol``.

    An extrapolation is brought back among the distributions by ``normalize``, since only their likelihoods can be
    compared; one that lowers the log-likelihood is dropped in favour of the plain steps.

    Source: R. Varadhan, C. Roland (2008), Simple and globally convergent methods for accelerating the
    convergence of any EM algorithm, Scandinavian Journal of Statistics 35(2); their scheme S3.
    """
    require_amount("tol", tol)
    current, taken = start, 0
    while taken < max_iter:
        first, _ = step(current)
        taken += 1
        if _still(current, first, tol) or taken == max_iter:
            return FixedPoint(first, taken, converged=_still(current, first, tol))
        second, before = step(first)
        taken += 1
        if _still(first, second, tol) or taken == max_iter:
            return FixedPoint(second, taken, converged=_still(first, second, tol))
        jump = normalize(_extrapolated(current, first, second))
        landed, after = step(jump)
        taken += 1
        better = np.isfinite(after) and after >= before - _ROUNDING * abs(before)
        if better and _still(jump, landed, tol):
            return FixedPoint(landed, taken, converged=True)
        current = landed if better else second
    return FixedPoint(current, taken, converged=False)


def _extrapolated(start: FloatArray, first: FloatArray, second: FloatArray) -> FloatArray:
    """Go on from two steps as far as they show where they lead."""
    change, bend = first - start, second - 2 * first + start
    length = float(np.linalg.norm(bend))
    stretch = max(1.0, float(np.linalg.norm(change)) / length) if length > 0 else 1.0
    return np.asarray(start + 2 * stretch * change + stretch**2 * bend)


def _still(before: FloatArray, after: FloatArray, tol: float) -> bool:
    return bool(np.abs(np.exp(after) - np.exp(before)).max(initial=0.0) <= tol)
