"""Krippendorff's alpha."""

from dataclasses import replace
from typing import Unpack

import numpy as np

from weakhitl.agreement.distances import Distance, distance, own_distance
from weakhitl.agreement.intervals import Uncertainty
from weakhitl.agreement.of_votes import estimate_counted
from weakhitl.agreement.statistic import Statistic, facts_of
from weakhitl.agreement.units import Units
from weakhitl.arrays import ArrayLike
from weakhitl.errors import UsageError
from weakhitl.estimate import Estimate
from weakhitl.schema import LEVELS, LabelSchema, Level
from weakhitl.votes import FloatArray, Votes, require_votes


def krippendorff_alpha(
    votes: Votes,
    level: Level | None = None,
    *,
    distance: Distance | None = None,
    weights: ArrayLike | None = None,
    **how: Unpack[Uncertainty],
) -> Estimate:
    """Krippendorff's alpha: one minus observed over expected disagreement.

    Parameters
    ----------
    votes
        Ratings; items with fewer than two are left out.
    level
        Level of measurement, which sets the distance between classes; by default the schema's.
    distance
        A distance of your own instead: a function of two class names, or a (k, k) matrix.
    weights
        One positive weight per item, such as the inverse of its inclusion probability; a Series goes by its index.
    how
        confidence, interval, raters, resamples, seed: see ``Uncertainty``.

    Returns
    -------
    Estimate
        Undefined (with the reason) without pairable items, and where one class alone was used.

    Examples
    --------
    >>> from weakhitl import LabelSchema
    >>> coders = [[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]]
    >>> votes = Votes.from_matrix(np.transpose(coders), LabelSchema(["no", "yes"]))
    >>> round(krippendorff_alpha(votes).value, 6)
    0.095238

    References
    ----------
    K. Krippendorff (2011), Computing Krippendorff's Alpha-Reliability.

    """
    require_votes(votes)
    level = votes.schema.level if level is None else level
    if level not in LEVELS:
        raise UsageError(f"level {level!r} is unknown; levels are {', '.join(LEVELS)}")

    def make(units: Units) -> Statistic:
        made = alpha_statistic(units.take(units.pairable), votes.schema, level, distance)
        return replace(made, facts=facts_of(units))

    return estimate_counted(votes, make, weights, how)


def alpha_statistic(units: Units, schema: LabelSchema, level: Level, own: Distance | None = None) -> Statistic:
    """Make alpha over rows of counts; ``coincidence[class, class]`` is the paper's matrix of pairs.

    Where the distance does not depend on the marginals, a unit adds its disagreement; else all its pairs. Rows that
    are not pairable add nothing.
    """
    counts, k = units.counts.astype(np.float64), units.counts.shape[1]
    values = _values(schema, level)
    fixed = None
    if own is not None:
        fixed = own_distance(own, schema.classes)
    elif level != "ordinal":
        fixed = distance(level, values, np.zeros(k))
    there = units.pairable[:, None].astype(np.float64)
    each = units.weights[:, None] * there
    over = np.maximum(counts.sum(axis=1) - 1, 1)[:, None]
    if fixed is None:
        pairs = (counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(k)).reshape(len(counts), k * k)
        observed = pairs / over
    else:
        observed = ((counts @ fixed) * counts).sum(axis=1, keepdims=True) / over
    features = np.hstack([each * observed, each * counts, each, there])

    def value(sums: FloatArray) -> FloatArray:
        """Weights matter only relative to each other: scaled so that they add up to the number of units."""
        drawn, weighed = sums[..., -1], sums[..., -2]
        scale = np.divide(drawn, weighed, out=np.zeros_like(drawn), where=weighed > 0)
        marginals = sums[..., -2 - k : -2] * scale[..., None]
        n = marginals.sum(axis=-1)
        if fixed is None:
            delta = distance(level, values, marginals)
            disagreement = (sums[..., : k * k].reshape(*sums.shape[:-1], k, k) * delta).sum(axis=(-2, -1)) * scale
            expected = (marginals[..., :, None] * marginals[..., None, :] * delta).sum(axis=(-2, -1))
        else:
            disagreement = sums[..., 0] * scale
            expected = ((marginals @ fixed) * marginals).sum(axis=-1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(expected > 1e-9, 1 - (n - 1) * disagreement / expected, np.nan)

    name = f"Krippendorff's alpha, {level if own is None else 'own distance'}"
    return Statistic(features, units.multiplicity, value, name, facts_of(units))


def _values(schema: LabelSchema, level: Level) -> tuple[float, ...]:
    if level not in ("interval", "ratio") or schema.level == level:
        return schema.values
    return LabelSchema(schema.classes, level).values
