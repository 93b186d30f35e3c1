"""Kappas of all coders together: agreement over pairs of ratings against what chance would give."""

from collections.abc import Callable
from functools import partial
from typing import Any, Unpack

import numpy as np
from scipy import sparse

from weakhitl.agreement.distances import Similarity, agreement_weights
from weakhitl.agreement.intervals import Uncertainty, estimate
from weakhitl.agreement.of_votes import estimate_counted, leaving_out
from weakhitl.agreement.statistic import ALL, Statistic, corrected, facts_of
from weakhitl.agreement.units import Units, checked_weights
from weakhitl.arrays import ArrayLike
from weakhitl.estimate import Estimate
from weakhitl.votes import FloatArray, Votes, require_votes

_MOST_CODERS = 500


def fleiss_kappa(
    votes: Votes,
    *,
    weighting: Similarity = "identity",
    weights: ArrayLike | None = None,
    **how: Unpack[Uncertainty],
) -> Estimate:
    """Fleiss' kappa, for any number of coders and ratings per item (Gwet's form for missing ratings).

    Parameters and result are those of ``krippendorff_alpha``, and ``weighting``: identity, linear, quadratic,
    ordinal or a matrix, the agreement of each two classes. Items with one rating count in the marginals.

    References
    ----------
    J. L. Fleiss (1971), Measuring nominal scale agreement among many raters; K. L. Gwet (2014), Handbook of
    Inter-Rater Reliability.

    """
    return _kappa(votes, "Fleiss' kappa", fleiss_chance, weighting, weights, how)


def gwet_ac1(votes: Votes, *, weights: ArrayLike | None = None, **how: Unpack[Uncertainty]) -> Estimate:
    """Gwet's AC1, whose expected agreement stays low where one class prevails.

    Parameters and result are those of ``fleiss_kappa``, without ``weighting``: with one it is ``gwet_ac2``.

    References
    ----------
    K. L. Gwet (2008), Computing inter-rater reliability and its variance in the presence of high agreement.

    """
    return _kappa(votes, "Gwet's AC1", gwet_chance, "identity", weights, how)


def gwet_ac2(
    votes: Votes,
    *,
    weighting: Similarity = "quadratic",
    weights: ArrayLike | None = None,
    **how: Unpack[Uncertainty],
) -> Estimate:
    """Gwet's AC2: AC1 with partial agreement between classes in order.

    Parameters and result are those of ``fleiss_kappa``.

    References
    ----------
    K. L. Gwet (2014), Handbook of Inter-Rater Reliability.

    """
    return _kappa(votes, f"Gwet's AC2, {_named(weighting)}", gwet_chance, weighting, weights, how)


def brennan_prediger(
    votes: Votes,
    *,
    weighting: Similarity = "identity",
    weights: ArrayLike | None = None,
    **how: Unpack[Uncertainty],
) -> Estimate:
    """Brennan and Prediger's kappa: every class is as likely as any other by chance.

    Parameters and result are those of ``fleiss_kappa``. For two classes it is 2 p - 1 of the percent agreement p.

    References
    ----------
    R. L. Brennan, D. J. Prediger (1981), Coefficient kappa: some uses, misuses, and alternatives.

    """
    return _kappa(votes, "Brennan and Prediger's kappa", _uniform_chance, weighting, weights, how)


def percent_agreement(
    votes: Votes,
    *,
    weighting: Similarity = "identity",
    weights: ArrayLike | None = None,
    **how: Unpack[Uncertainty],
) -> Estimate:
    """Share of agreeing pairs of ratings, averaged over items with at least two.

    Parameters and result are those of ``fleiss_kappa``; undefined only without pairable items.
    """
    return _kappa(votes, "percent agreement", _no_chance, weighting, weights, how)


def conger_kappa(
    votes: Votes,
    *,
    weighting: Similarity = "identity",
    weights: ArrayLike | None = None,
    **how: Unpack[Uncertainty],
) -> Estimate:
    """Conger's kappa: Cohen's for many coders, each with class shares of his own.

    Parameters and result are those of ``fleiss_kappa``. With two coders and no missing rating it is Cohen's kappa. With
    more than 500 coders it is undefined here: nobody knows the class shares of each of so many.

    References
    ----------
    A. J. Conger (1980), Integration and generalization of kappas for multiple raters; K. L. Gwet (2014),
    Handbook of Inter-Rater Reliability, for missing ratings.

    """
    require_votes(votes)
    similarity = agreement_weights(weighting, votes.schema.values)

    if len(votes.sources) > _MOST_CODERS:
        reason = f"{len(votes.sources):,} coders; class shares of each are known for {_MOST_CODERS} at most"
        return Estimate(
            None, confidence=how.get("confidence", 0.95), method="Conger's kappa", reason=reason, kind="too-few"
        )

    def statistic(some: Votes) -> Statistic:
        return _conger_statistic(some, similarity, checked_weights(weights, some.items))

    return estimate(statistic(votes), how, leaving_out(votes, statistic))


Chance = Callable[[FloatArray, FloatArray], FloatArray]
"""From class shares ``[..., class]`` and agreement weights to the agreement expected by chance."""


def kappa_statistic(units: Units, method: str, chance: Chance, similarity: FloatArray) -> Statistic:
    """Set mean agreement over pairable units against chance from the mean class shares."""
    counts = units.counts.astype(np.float64)
    ratings = counts.sum(axis=1)
    pairable = (ratings >= 2).astype(np.float64)
    agreeing = ((counts @ similarity) * counts).sum(axis=1) - ratings
    share = pairable * agreeing / np.maximum(ratings * (ratings - 1), 1)
    columns = np.column_stack([share, pairable, np.ones(len(counts)), counts / np.maximum(ratings, 1)[:, None]])

    def expected(sums: FloatArray) -> FloatArray:
        with np.errstate(divide="ignore", invalid="ignore"):
            return chance(sums[..., 3:] / sums[..., 2:3], similarity)

    features = units.weights[:, None] * columns
    return _over_pairable(features, units, method, expected)


def _over_pairable(
    features: FloatArray, units: Units, method: str, expected: Callable[[FloatArray], FloatArray]
) -> Statistic:
    """Features 0 to 2 are the agreement, whether the unit is pairable, and 1, each weighted.

    The published linearisation holds the share of pairable units fixed; resampling does not.
    """

    def value(sums: FloatArray) -> FloatArray:
        with np.errstate(divide="ignore", invalid="ignore"):
            return corrected(sums[..., 0] / sums[..., 1], expected(sums))

    def published(sums: FloatArray) -> FloatArray:
        chance = expected(sums)
        above = pairs * (sums[..., 0] - chance * sums[..., 1]) / sums[..., 2]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(chance < 1 - ALL, above / (1 - chance), np.nan)

    total = units.multiplicity @ features
    pairs = total[2] / total[1] if len(features) and total[1] > 0 else 1.0
    return Statistic(features, units.multiplicity, value, method, facts_of(units), published=published)


def fleiss_chance(shares: FloatArray, similarity: FloatArray) -> FloatArray:
    """Agreement of two draws from the class shares."""
    return np.asarray(((shares @ similarity) * shares).sum(axis=-1))


def gwet_chance(shares: FloatArray, similarity: FloatArray) -> FloatArray:
    """Agreement of a random rating, as often as the class shares leave room for one."""
    k = len(similarity)
    return np.asarray(similarity.sum() / (k * (k - 1)) * (shares * (1 - shares)).sum(axis=-1))


def _uniform_chance(shares: FloatArray, similarity: FloatArray) -> FloatArray:
    return np.full(shares.shape[:-1], similarity.mean())


def _no_chance(shares: FloatArray, similarity: FloatArray) -> FloatArray:
    del similarity
    return np.zeros(shares.shape[:-1])


def _kappa(
    votes: Votes,
    method: str,
    chance: Chance,
    weighting: Similarity,
    weights: ArrayLike | None,
    how: Uncertainty,
) -> Estimate:
    require_votes(votes)
    similarity = agreement_weights(weighting, votes.schema.values)
    make = partial(kappa_statistic, method=method, chance=chance, similarity=similarity)
    return estimate_counted(votes, make, weights, how)


def _conger_statistic(votes: Votes, similarity: FloatArray, weights: FloatArray | None) -> Statistic:
    """Conger's kappa over distinct vote rows; chance from each coder's own class shares."""
    if weights is None:
        patterns = votes.patterns()
        rows, multiplicity, each = patterns.votes, patterns.counts, np.ones(len(patterns.counts))
    else:
        rows, multiplicity, each = votes, np.ones(len(votes), dtype=np.int64), weights
    row, column, label = rows.entries()
    k, m, counts = len(similarity), len(rows.sources), rows.class_counts()
    rated = np.asarray(counts.any(axis=1))
    who = sparse.csr_array((np.ones(len(row)), (row, column * k + label)), shape=(len(rows), m * k)).toarray()
    units = Units(counts, each, multiplicity, len(np.unique(column))).take(rated)
    base = kappa_statistic(units, "Conger's kappa", _no_chance, similarity)
    features = np.hstack([base.features[:, :3], units.weights[:, None] * who[rated]])

    def expected(sums: FloatArray) -> FloatArray:
        votes_of = sums[..., 3:].reshape(*sums.shape[:-1], m, k)
        total = votes_of.sum(axis=-1, keepdims=True)
        shares = np.divide(votes_of, total, out=np.zeros_like(votes_of), where=total > 0)
        coders = (total[..., 0] > 1e-9).sum(axis=-1)
        all_of = shares.sum(axis=-2)
        own = ((shares @ similarity) * shares).sum(axis=(-2, -1))
        both = ((all_of @ similarity) * all_of).sum(axis=-1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((both - own) / (coders * (coders - 1)))

    return _over_pairable(features, units, "Conger's kappa", expected)


def _named(weighting: Any) -> str:
    return f"{weighting} weights" if isinstance(weighting, str) else "own weights"
