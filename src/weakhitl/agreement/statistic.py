"""A coefficient as a smooth function of sums over units: what every kind of interval works on."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from weakhitl.agreement.units import Units
from weakhitl.votes import FloatArray, IntArray

Value = Callable[[FloatArray], FloatArray]
"""From ``sums[..., feature]`` to ``value[...]``; nan where undefined."""

_CHUNK_CELLS = 4_000_000
_STEP = 1e-5


@dataclass(frozen=True)
class Statistic:
    """What each distinct unit adds to the sums, and what the sums come to.

    Attributes
    ----------
    features
        ``features[row, feature]``: what one unit of this row adds, its weight included.
    multiplicity
        ``multiplicity[row]``: how many units look like this.
    value
        From sums to the coefficient.
    method
        Name of the coefficient, in words.
    facts
        Counts that every ``Estimate`` carries: n_units, n_pairable, n_sources, n_minority.
    undefined
        Why the value is undefined, where it is.
    published
        The value as the published standard errors linearise it, where that differs from ``value``.

    """

    features: FloatArray
    multiplicity: IntArray
    value: Value
    method: str
    facts: dict[str, Any] = field(default_factory=dict)
    undefined: str = "only one class was used, so there is no disagreement to expect (0/0)"
    published: Value | None = None

    @property
    def n(self) -> int:
        """How many units there are."""
        return int(self.multiplicity.sum())

    @property
    def total(self) -> FloatArray:
        """``sums[feature]`` over all units."""
        return np.asarray(self.multiplicity @ self.features)

    def at_all(self) -> float:
        """Give the coefficient of all units; nan where undefined."""
        return float(self.value(self.total[None, :])[0])

    def of_draws(self, draws: FloatArray) -> FloatArray:
        """``value[draw]`` of ``draws[draw, row]``: how often each row was drawn."""
        return self.value(draws @ self.features)

    def without_one(self) -> FloatArray:
        """``value[row]`` without one unit of this row."""
        return self._along(-1.0, self.value)

    def influence(self, *, as_published: bool = False) -> FloatArray:
        """``influence[row]``: the change in value per unit of such a row, at n units; its mean over units is 0.

        The directional derivative of the value towards the row, times n.
        """
        value = self.published if as_published and self.published is not None else self.value
        step = _STEP * self.n
        slope = (self._along(step, value) - self._along(-step, value)) / (2 * step)
        return np.asarray(self.n * (slope - self.multiplicity @ slope / self.n))

    def _along(self, step: float, value: Value) -> FloatArray:
        total, rows = self.total, max(1, _CHUNK_CELLS // max(1, self.features.shape[1]))
        parts = [
            value(total + step * self.features[start : start + rows]) for start in range(0, len(self.features), rows)
        ]
        return np.concatenate(parts) if parts else np.zeros(0)


def difference(first: Statistic, second: Statistic, method: str) -> Statistic:
    """Give ``first`` minus ``second`` over the same rows of units, so that shared units are drawn together."""
    at = first.features.shape[1]

    def value(sums: FloatArray) -> FloatArray:
        return np.asarray(first.value(sums[..., :at]) - second.value(sums[..., at:]))

    return replace(
        first, features=np.hstack([first.features, second.features]), value=value, method=method, published=None
    )


def facts_of(units: Units) -> dict[str, Any]:
    """Give the counts that an ``Estimate`` carries."""
    return {
        "n_units": units.n_units,
        "n_pairable": units.n_pairable,
        "n_sources": units.n_sources,
        "n_minority": units.n_minority,
    }


ALL = 1e-9
"""Chance that is this close to 1 explains everything."""


def corrected(observed: FloatArray, expected: FloatArray) -> FloatArray:
    """Give (observed - expected) / (1 - expected): nan where chance alone explains everything."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(expected < 1 - ALL, (observed - expected) / (1 - expected), np.nan)
