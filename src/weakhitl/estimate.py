"""A number with its uncertainty, or the reason why there is none."""

from dataclasses import asdict, dataclass
from math import isnan
from statistics import NormalDist
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv

from weakhitl.arrays import ArrayLike
from weakhitl.notebook import html_table
from weakhitl.ranges import require_share

Kind = Literal["no-pairs", "one-class", "little-variation", "too-few", "nothing-measured", "unrepresented", "other"]
"""Why there is no value or no interval, for programs:

no item has ratings by two sources; one class alone was used, so that 0/0; the sample has too little variation for an
interval; too few units, items, raters or groups; nothing has been measured yet; some of what is spoken of has nobody to
stand for it; something else.
"""


@dataclass(frozen=True, repr=False)
class Estimate:
    """An estimate, its two-sided interval and what it rests on.

    Attributes
    ----------
    value
        The estimate; None where it is undefined, and then ``reason`` says why.
    low, high
        Ends of the two-sided interval at ``confidence``; None where there is no interval.
    se
        Standard error, in the units of ``value``.
    confidence
        Two-sided confidence of the interval: each end is a one-sided bound at ``(1 + confidence) / 2``.
    n_units, n_pairable, n_sources
        Items looked at, items with at least two ratings, and sources that rated.
    n_minority
        Pairable items with a rating off the commonest class; None where that has no meaning.
    method
        How value and interval were computed.
    seed
        The seed of the randomness that was used; None where none was.
    reason
        Why value or interval is undefined; None where both are there.
    kind
        The same for programs: no-pairs, one-class, little-variation, too-few, nothing-measured, unrepresented or
        other; None where both are there.

    """

    value: float | None
    low: float | None = None
    high: float | None = None
    se: float | None = None
    confidence: float = 0.95
    n_units: int = 0
    n_pairable: int = 0
    n_sources: int = 0
    n_minority: int | None = None
    method: str = ""
    seed: int | None = None
    reason: str | None = None
    kind: Kind | None = None

    def __post_init__(self) -> None:
        numbers = (self.value, self.low, self.high, self.se)
        if any(number is not None and isnan(number) for number in numbers):
            raise ValueError("an Estimate holds no nan: what is undefined is None with a reason")
        if (self.value is None or self.low is None) and not self.reason:
            raise ValueError("an Estimate without a value or an interval needs a reason")
        if self.reason is not None and self.kind is None:
            object.__setattr__(self, "kind", "other")

    def __repr__(self) -> str:
        return f"<Estimate {self}>"

    def __str__(self) -> str:
        return format(self, ".3f")

    def __format__(self, spec: str) -> str:
        """Write value and interval, each by the format of a number, or why there are none.

        Examples
        --------
        >>> f"{Estimate(0.6012, 0.5537, 0.6441):.0%}"
        '60% [55%, 64%]'

        """
        spec = spec or ".3f"
        if self.value is None:
            return f"undefined: {self.reason}"
        if self.low is None or self.high is None:
            return f"{self.value:{spec}} (no interval: {self.reason})"
        return f"{self.value:{spec}} [{self.low:{spec}}, {self.high:{spec}}]"

    def _repr_html_(self) -> str:
        """Show value and interval in a notebook, or why there are none."""
        rows: list[tuple[str, object]] = [("estimate", "undefined" if self.value is None else f"{self.value:.4g}")]
        if self.low is not None and self.high is not None:
            rows.append((f"{self.confidence:.3g} interval", f"{self.low:.4g} to {self.high:.4g}"))
        if self.reason is not None:
            rows.append(("why" if self.value is None else "no interval", self.reason))
        rows += [(name, f"{n:,}") for name, n in (("units", self.n_units), ("sources", self.n_sources)) if n]
        return html_table(["figure", "value"], [*rows, *([("method", self.method)] if self.method else [])])

    def to_dict(self) -> dict[str, Any]:
        """Give all fields, ready for JSON."""
        return asdict(self)


def exact_bounds(
    k: ArrayLike, n: ArrayLike, confidence: float = 0.95
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Give Clopper and Pearson's two-sided interval of shares ``k`` of ``n``, or of means of figures from 0 to 1.

    ``k`` and ``n`` need not be whole. Of such figures it is the wider for it: none vary more than zeros and ones of the
    same mean. Each end is a one-sided bound at ``(1 + confidence) / 2``.

    Source: C. J. Clopper, E. S. Pearson (1934), The use of confidence or fiducial limits illustrated in the case of the
    binomial, Biometrika 26.

    >>> low, high = exact_bounds([0, 18, 20], 20)
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.0, 0.683, 0.832], [0.168, 0.988, 1.0])

    """
    require_share("confidence", confidence, such_as=0.95)
    tail = (1 - confidence) / 2
    k, n = np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64)
    some, rest = k > 0, n - k > 0
    low = np.where(some, betaincinv(np.where(some, k, 1), n - k + 1, tail), 0.0)
    high = np.where(rest, betaincinv(k + 1, np.where(rest, n - k, 1), 1 - tail), 1.0)
    return low, high


def exact_share(k: float, n: int, nothing: str, confidence: float = 0.95, method: str = "Clopper-Pearson") -> Estimate:
    """Give the share ``k`` of ``n`` with Clopper and Pearson's exact interval; undefined where ``n`` is 0.

    Parameters
    ----------
    k, n
        Units that have it (a unit may have it in part), and all units.
    nothing
        The reason, where there is no unit.
    confidence
        Two-sided.
    method
        What the estimate says of itself.

    Examples
    --------
    >>> print(exact_share(18, 20, "nothing"))
    0.900 [0.683, 0.988]

    """
    if not n:
        return Estimate(None, confidence=confidence, method=method, reason=nothing, kind="nothing-measured")
    share = k / n
    low, high = map(float, exact_bounds(k, n, confidence))
    return Estimate(share, low, high, (share * (1 - share) / n) ** 0.5, confidence, n, n, method=method)


def paired_difference(
    first: ArrayLike,
    second: ArrayLike,
    confidence: float = 0.95,
    weights: ArrayLike | None = None,
    unit: ArrayLike | None = None,
) -> Estimate:
    """Share of units where ``first`` holds minus that where ``second`` does, of the same units.

    With weights the interval is that of as many equal units as those come to that differ, and one more of the
    heaviest; ``unit[row]`` (a number from 0) says whose a row is where a unit has several, which then count as one
    draw. Undefined without a unit.

    References
    ----------
    A. Agresti, Y. Min (2005), Simple improved confidence intervals for comparing matched proportions.

    Examples
    --------
    >>> import numpy as np
    >>> print(paired_difference(np.array([True] * 30 + [False] * 10), np.array([True] * 20 + [False] * 20)))
    0.250 [0.101, 0.375]

    """
    a, b = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    method = "difference of matched proportions, Agresti and Min's interval"
    w = np.ones(len(a)) if weights is None else np.asarray(weights, dtype=np.float64)
    if not w.sum():
        return Estimate(None, confidence=confidence, method=method, reason="no unit", kind="nothing-measured")
    whose = np.arange(len(w)) if unit is None else np.asarray(unit)
    drawn, differing = (np.bincount(whose, weights=one / w.sum()) for one in (w, w * (a != b)))
    seen = np.append(differing, drawn.max())
    n = float(seen.sum() / (seen**2).sum())
    up, down = (float(n * (w * one).sum() / w.sum()) for one in (a & ~b, b & ~a))
    middle = (up - down) / (n + 2)
    se = float(np.sqrt((up + down + 1) - (up - down) ** 2 / (n + 2)) / (n + 2))
    half = NormalDist().inv_cdf((1 + confidence) / 2) * se
    low, high = max(-1.0, middle - half), min(1.0, middle + half)
    return Estimate((up - down) / n, low, high, se, confidence, len(drawn), int((drawn > 0).sum()), method=method)
