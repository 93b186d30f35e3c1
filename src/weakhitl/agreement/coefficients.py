"""Agreement coefficients for any number of coders and missing ratings; each an ``Estimate``."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from weakhitl.agreement.distances import distance
from weakhitl.agreement.intervals import bootstrap
from weakhitl.agreement.units import Units, units_of
from weakhitl.errors import UsageError
from weakhitl.estimate import Estimate
from weakhitl.schema import LEVELS, Level
from weakhitl.votes import FloatArray, IntArray, Votes


def krippendorff_alpha(
    votes: Votes,
    level: Level | None = None,
    *,
    weights: npt.ArrayLike | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Krippendorff's alpha: one minus observed over expected disagreement.

    Parameters
    ----------
    votes
        Ratings; items with fewer than two are left out.
    level
        Level of measurement, which sets the distance between classes; by default the schema's.
    weights
        One positive weight per item, such as the inverse of its inclusion probability.
    confidence, seed
        Of the interval, from 1,000 resamples of units.

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
    level = votes.schema.level if level is None else level
    if level not in LEVELS:
        raise UsageError(f"level {level!r} is unknown; levels are {', '.join(LEVELS)}")
    values = _values(votes, level)
    units = units_of(votes, weights)
    statistic = partial(_alpha, units=units, level=level, values=values)
    return _estimate(units, statistic, f"Krippendorff's alpha, {level}", confidence, seed)


def fleiss_kappa(
    votes: Votes, *, weights: npt.ArrayLike | None = None, confidence: float = 0.95, seed: int = 0
) -> Estimate:
    """Fleiss' kappa, for any number of coders and ratings per item (Gwet's form for missing ratings).

    Parameters and result are those of ``krippendorff_alpha``; items with one rating count in the marginals.

    References
    ----------
    J. L. Fleiss (1971), Measuring nominal scale agreement among many raters; K. L. Gwet (2014), Handbook of
    Inter-Rater Reliability.

    """
    units = units_of(votes, weights)
    return _estimate(
        units,
        partial(_chance_corrected, units=units, chance=_fleiss_chance),
        "Fleiss' kappa",
        confidence,
        seed,
    )


def gwet_ac1(
    votes: Votes, *, weights: npt.ArrayLike | None = None, confidence: float = 0.95, seed: int = 0
) -> Estimate:
    """Gwet's AC1, whose expected agreement stays low where one class prevails.

    Parameters and result are those of ``krippendorff_alpha``; items with one rating count in the marginals.

    References
    ----------
    K. L. Gwet (2008), Computing inter-rater reliability and its variance in the presence of high agreement.

    """
    units = units_of(votes, weights)
    return _estimate(
        units,
        partial(_chance_corrected, units=units, chance=_gwet_chance),
        "Gwet's AC1",
        confidence,
        seed,
    )


def percent_agreement(
    votes: Votes, *, weights: npt.ArrayLike | None = None, confidence: float = 0.95, seed: int = 0
) -> Estimate:
    """Share of agreeing pairs of ratings, averaged over items with at least two.

    Parameters and result are those of ``krippendorff_alpha``; undefined only without pairable items.
    """
    units = units_of(votes, weights)
    return _estimate(units, partial(_observed, units=units), "percent agreement", confidence, seed)


def cohen_kappa(votes: Votes, first: str, second: str, *, confidence: float = 0.95, seed: int = 0) -> Estimate:
    """Cohen's kappa of two sources over the items that both rated.

    Returns an ``Estimate``, undefined (with the reason) where they share no item or used one class alone.
    Raises ``DataError`` for a source that is not there.

    Examples
    --------
    >>> from weakhitl import LabelSchema
    >>> pairs = [[0, 0]] * 20 + [[0, 1]] * 5 + [[1, 0]] * 10 + [[1, 1]] * 15
    >>> votes = Votes.from_matrix(pairs, LabelSchema(["no", "yes"]), sources=["ana", "bo"])
    >>> round(cohen_kappa(votes, "ana", "bo").value, 4)
    0.4

    References
    ----------
    J. Cohen (1960), A coefficient of agreement for nominal scales.

    """
    if first == second:
        raise UsageError(f"Cohen's kappa compares two sources; {first!r} was given twice")
    pair = votes.take_sources([first, second]).to_matrix()
    both = pair[(pair >= 0).all(axis=1)].astype(np.int64)
    k = len(votes.schema)
    table = np.bincount(both[:, 0] * k + both[:, 1], minlength=k * k)
    cells = np.flatnonzero(table)
    counts = np.zeros((len(cells), k), dtype=np.int64)
    np.add.at(counts, (np.arange(len(cells)), cells // k), 1)
    np.add.at(counts, (np.arange(len(cells)), cells % k), 1)
    units = Units(counts, np.ones(len(cells)), table[cells], 2)
    return _estimate(
        units,
        partial(_cohen, cells=cells, k=k),
        f"Cohen's kappa of {first} and {second}",
        confidence,
        seed,
    )


Coefficient = Callable[..., Estimate]

COEFFICIENTS: dict[str, Coefficient] = {
    "krippendorff-alpha": krippendorff_alpha,
    "fleiss-kappa": fleiss_kappa,
    "gwet-ac1": gwet_ac1,
    "percent-agreement": percent_agreement,
}
"""Coefficients of all coders together, by the names that the gate uses."""


def _estimate(units: Units, statistic: Any, method: str, confidence: float, seed: int) -> Estimate:
    return bootstrap(units, statistic, method=method, confidence=confidence, seed=seed)


def _values(votes: Votes, level: Level) -> tuple[float, ...]:
    if level not in ("interval", "ratio") or votes.schema.level == level:
        return votes.schema.values
    return type(votes.schema)(votes.schema.classes, level).values


def _alpha(multiplicity: FloatArray, *, units: Units, level: Level, values: tuple[float, ...]) -> FloatArray:
    """``alpha[replicate]``; ``coincidence[replicate, class, class]`` is the paper's matrix of pairs."""
    keep = units.pairable
    counts, k = units.counts[keep].astype(np.float64), units.counts.shape[1]
    weights = multiplicity[:, keep] * units.weights[keep]
    ratings = counts.sum(axis=1)
    pairs = (counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(k)) / (ratings - 1)[:, None, None]
    # Weights matter only relative to each other: scaled so that they add up to the number of units.
    drawn, weighed = multiplicity[:, keep].sum(axis=1), weights.sum(axis=1)
    scale = np.divide(drawn, weighed, out=np.zeros_like(drawn), where=weighed > 0)
    coincidence = ((weights * scale[:, None]) @ pairs.reshape(len(pairs), -1)).reshape(-1, k, k)
    marginals = coincidence.sum(axis=2)
    n = marginals.sum(axis=1)
    delta = distance(level, values, marginals)
    observed = (coincidence * delta).sum(axis=(1, 2))
    expected = (marginals[:, :, None] * marginals[:, None, :] * delta).sum(axis=(1, 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(expected > 0, 1 - (n - 1) * observed / expected, np.nan)


def _observed(multiplicity: FloatArray, *, units: Units) -> FloatArray:
    """``agreement[replicate]``: the mean share of agreeing pairs; nan without pairable units."""
    keep = units.pairable
    counts = units.counts[keep]
    ratings = counts.sum(axis=1)
    share = (counts * (counts - 1)).sum(axis=1) / (ratings * (ratings - 1))
    weights = multiplicity[:, keep] * units.weights[keep]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(weights @ share / weights.sum(axis=1))


def _chance_corrected(
    multiplicity: FloatArray, *, units: Units, chance: Callable[[FloatArray], FloatArray]
) -> FloatArray:
    weights = multiplicity * units.weights
    shares = units.counts / units.counts.sum(axis=1, keepdims=True)
    expected = chance(weights @ shares / weights.sum(axis=1, keepdims=True))
    return _corrected(_observed(multiplicity, units=units), expected)


def _fleiss_chance(marginals: FloatArray) -> FloatArray:
    return np.asarray((marginals**2).sum(axis=1))


def _gwet_chance(marginals: FloatArray) -> FloatArray:
    return np.asarray((marginals * (1 - marginals)).sum(axis=1) / (marginals.shape[1] - 1))


def _cohen(multiplicity: FloatArray, *, cells: IntArray, k: int) -> FloatArray:
    n = multiplicity.sum(axis=1)
    flat = np.zeros((len(multiplicity), k * k))
    flat[:, cells] = multiplicity / np.maximum(n, 1)[:, None]
    table = flat.reshape(-1, k, k)
    observed = np.where(n > 0, np.trace(table, axis1=1, axis2=2), np.nan)
    expected = (table.sum(axis=1) * table.sum(axis=2)).sum(axis=1)
    return _corrected(observed, expected)


def _corrected(observed: FloatArray, expected: FloatArray) -> FloatArray:
    """(observed - expected) / (1 - expected): nan where chance alone explains everything."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(expected < 1 - 1e-12, (observed - expected) / (1 - expected), np.nan)
