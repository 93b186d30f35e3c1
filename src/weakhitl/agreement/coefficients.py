"""Agreement coefficients for any number of coders and missing ratings; each an ``Estimate``."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Unpack

import numpy as np
import numpy.typing as npt
from scipy import sparse

from weakhitl.agreement.distances import Distance, Weighting, agreement_weights, distance, own_distance
from weakhitl.agreement.intervals import Uncertainty, estimate
from weakhitl.agreement.statistic import Statistic, facts_of
from weakhitl.agreement.units import Units, checked_weights, units_of
from weakhitl.errors import UsageError
from weakhitl.estimate import Estimate
from weakhitl.schema import LEVELS, LabelSchema, Level
from weakhitl.votes import FloatArray, Votes

_ALL = 1e-9
"""Chance that is this close to 1 explains everything."""

_MOST_CODERS = 500

Similarity = Weighting | npt.ArrayLike
"""Partial agreement: a name, or a (k, k) matrix with 1 on the diagonal."""


def krippendorff_alpha(
    votes: Votes,
    level: Level | None = None,
    *,
    distance: Distance | None = None,
    weights: npt.ArrayLike | None = None,
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
        One positive weight per item, such as the inverse of its inclusion probability.
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
    level = votes.schema.level if level is None else level
    if level not in LEVELS:
        raise UsageError(f"level {level!r} is unknown; levels are {', '.join(LEVELS)}")

    def make(units: Units) -> Statistic:
        made = alpha_statistic(units.take(units.pairable), votes.schema, level, distance)
        return replace(made, facts=facts_of(units))

    return _counted(votes, make, weights, how)


def fleiss_kappa(
    votes: Votes,
    *,
    weighting: Similarity = "identity",
    weights: npt.ArrayLike | None = None,
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
    return _kappa(votes, "Fleiss' kappa", _fleiss_chance, weighting, weights, how)


def gwet_ac1(votes: Votes, *, weights: npt.ArrayLike | None = None, **how: Unpack[Uncertainty]) -> Estimate:
    """Gwet's AC1, whose expected agreement stays low where one class prevails.

    Parameters and result are those of ``fleiss_kappa``, without ``weighting``: with one it is ``gwet_ac2``.

    References
    ----------
    K. L. Gwet (2008), Computing inter-rater reliability and its variance in the presence of high agreement.

    """
    return _kappa(votes, "Gwet's AC1", _gwet_chance, "identity", weights, how)


def gwet_ac2(
    votes: Votes,
    *,
    weighting: Similarity = "quadratic",
    weights: npt.ArrayLike | None = None,
    **how: Unpack[Uncertainty],
) -> Estimate:
    """Gwet's AC2: AC1 with partial agreement between classes in order.

    Parameters and result are those of ``fleiss_kappa``.

    References
    ----------
    K. L. Gwet (2014), Handbook of Inter-Rater Reliability.

    """
    return _kappa(votes, f"Gwet's AC2, {_named(weighting)}", _gwet_chance, weighting, weights, how)


def brennan_prediger(
    votes: Votes,
    *,
    weighting: Similarity = "identity",
    weights: npt.ArrayLike | None = None,
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
    weights: npt.ArrayLike | None = None,
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
    weights: npt.ArrayLike | None = None,
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
    similarity = agreement_weights(weighting, votes.schema.values)

    if len(votes.sources) > _MOST_CODERS:
        reason = f"{len(votes.sources):,} coders; class shares of each are known for {_MOST_CODERS} at most"
        return Estimate(None, confidence=how.get("confidence", 0.95), method="Conger's kappa", reason=reason)

    def statistic(some: Votes) -> Statistic:
        return _conger_statistic(some, similarity, checked_weights(weights, len(some)))

    return estimate(statistic(votes), how, _leaving_out(votes, statistic))


def cohen_kappa(
    votes: Votes, first: str, second: str, *, weighting: Similarity = "identity", **how: Unpack[Uncertainty]
) -> Estimate:
    """Cohen's kappa of two sources over the items that both rated.

    Parameters
    ----------
    votes
        Ratings.
    first, second
        Names of the two sources.
    weighting
        Agreement of each two classes: identity, linear, quadratic, ordinal, or a (k, k) matrix.
    how
        confidence, interval, resamples, seed: see ``Uncertainty``.

    Returns
    -------
    Estimate
        Undefined (with the reason) where they share no item or used one class alone.

    Raises
    ------
    DataError
        For a source that is not there.

    Examples
    --------
    >>> from weakhitl import LabelSchema
    >>> pairs = [[0, 0]] * 20 + [[0, 1]] * 5 + [[1, 0]] * 10 + [[1, 1]] * 15
    >>> votes = Votes.from_matrix(pairs, LabelSchema(["no", "yes"]), sources=["ana", "bo"])
    >>> round(cohen_kappa(votes, "ana", "bo").value, 4)
    0.4

    References
    ----------
    J. Cohen (1960), A coefficient of agreement for nominal scales; (1968), Weighted kappa.

    """
    return _pair(votes, (first, second), "Cohen's kappa", _cohen, weighting, how)


def kappa_with_group(
    votes: Votes, source: str, *, weights: npt.ArrayLike | None = None, **how: Unpack[Uncertainty]
) -> Estimate:
    """Kappa of one source with the group of all others, such as a model with the people.

    Observed agreement is the mean share of the others' ratings that equal the source's; what is expected by chance
    comes from the class shares of the source and of the group. Not pooled with the agreement within the group.

    Parameters
    ----------
    votes
        Ratings of the source and of the group; items without a rating of either are left out.
    source
        Name of the one source.
    weights, how
        As for ``krippendorff_alpha``.

    References
    ----------
    S. Vanbelle, A. Albert (2009), Agreement between an isolated rater and a group of raters, Statistica
    Neerlandica 63.

    """
    if how.get("raters") == "sampled":
        raise UsageError("kappa with a group holds the group fixed; raters='sampled' has no meaning here")
    group = votes.take_sources([name for name in votes.sources if name != source])
    one, counts = votes.take_sources([source]).to_matrix()[:, 0], group.class_counts()
    total = counts.sum(axis=1)
    both = (one >= 0) & (total > 0)
    given = checked_weights(weights, len(votes))
    each = np.ones(int(both.sum())) if given is None else given[both] / given[both].mean()
    shares, own = counts[both] / total[both, None], np.eye(len(votes.schema))[one[both]]
    columns = np.column_stack([(shares * own).sum(axis=1), np.ones(len(own)), shares, own])
    features, times = np.unique(each[:, None] * columns, axis=0, return_counts=True)
    k = own.shape[1]

    def value(sums: FloatArray) -> FloatArray:
        with np.errstate(divide="ignore", invalid="ignore"):
            means = sums / sums[..., 1:2]
        return _corrected(means[..., 0], (means[..., 2 : 2 + k] * means[..., 2 + k :]).sum(axis=-1))

    units = Units(counts[both] + own.astype(np.int64), each, np.ones(len(own), dtype=np.int64), len(votes.sources))
    name = f"kappa of {source} with the group of {len(group.sources)}"
    return estimate(Statistic(features, times, value, name, facts_of(units)), how)


def scott_pi(
    votes: Votes, first: str, second: str, *, weighting: Similarity = "identity", **how: Unpack[Uncertainty]
) -> Estimate:
    """Scott's pi of two sources over the items that both rated; parameters and result are ``cohen_kappa``'s.

    References
    ----------
    W. A. Scott (1955), Reliability of content analysis: the case of nominal scale coding.

    """
    return _pair(votes, (first, second), "Scott's pi", _scott, weighting, how)


Coefficient = Callable[..., Estimate]

COEFFICIENTS: dict[str, Coefficient] = {
    "krippendorff-alpha": krippendorff_alpha,
    "fleiss-kappa": fleiss_kappa,
    "conger-kappa": conger_kappa,
    "gwet-ac1": gwet_ac1,
    "gwet-ac2": gwet_ac2,
    "brennan-prediger": brennan_prediger,
    "percent-agreement": percent_agreement,
}
"""Coefficients of all coders together, by the names that the gate uses."""


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
            return _corrected(sums[..., 0] / sums[..., 1], expected(sums))

    def published(sums: FloatArray) -> FloatArray:
        chance = expected(sums)
        above = pairs * (sums[..., 0] - chance * sums[..., 1]) / sums[..., 2]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(chance < 1 - _ALL, above / (1 - chance), np.nan)

    total = units.multiplicity @ features
    pairs = total[2] / total[1] if len(features) and total[1] > 0 else 1.0
    return Statistic(features, units.multiplicity, value, method, facts_of(units), published=published)


def _fleiss_chance(shares: FloatArray, similarity: FloatArray) -> FloatArray:
    return np.asarray(((shares @ similarity) * shares).sum(axis=-1))


def _gwet_chance(shares: FloatArray, similarity: FloatArray) -> FloatArray:
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
    weights: npt.ArrayLike | None,
    how: Uncertainty,
) -> Estimate:
    similarity = agreement_weights(weighting, votes.schema.values)
    make = partial(kappa_statistic, method=method, chance=chance, similarity=similarity)
    return _counted(votes, make, weights, how)


def _counted(
    votes: Votes, make: Callable[[Units], Statistic], weights: npt.ArrayLike | None, how: Uncertainty
) -> Estimate:
    """Estimate a coefficient that needs only the counts of each class on each item."""

    def statistic(some: Votes) -> Statistic:
        return make(units_of(some, weights))

    return estimate(statistic(votes), how, _leaving_out(votes, statistic))


def _leaving_out(votes: Votes, statistic: Callable[[Votes], Statistic]) -> Callable[[], list[float]]:
    """Give the value without each source that rated, in turn."""

    def values() -> list[float]:
        rated = np.unique(votes.entries()[1])
        kept = [[name for at, name in enumerate(votes.sources) if at != one] for one in rated]
        return [statistic(votes.take_sources(names)).at_all() for names in kept]

    return values


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


Table = Callable[[FloatArray, FloatArray], FloatArray]
"""From shares ``[..., class of first, class of second]`` and agreement weights to expected agreement."""


def _cohen(table: FloatArray, similarity: FloatArray) -> FloatArray:
    return np.asarray(((table.sum(axis=-1) @ similarity) * table.sum(axis=-2)).sum(axis=-1))


def _scott(table: FloatArray, similarity: FloatArray) -> FloatArray:
    return _fleiss_chance((table.sum(axis=-1) + table.sum(axis=-2)) / 2, similarity)


def _pair(
    votes: Votes, names: tuple[str, str], method: str, chance: Table, weighting: Similarity, how: Uncertainty
) -> Estimate:
    if names[0] == names[1]:
        raise UsageError(f"{method} compares two sources; {names[0]!r} was given twice")
    if how.get("raters") == "sampled":
        raise UsageError(f"{method} is about two sources; they cannot be sampled")
    similarity = agreement_weights(weighting, votes.schema.values)
    pair = votes.take_sources(names).to_matrix()
    both = pair[(pair >= 0).all(axis=1)].astype(np.int64)
    k = len(similarity)
    table = np.bincount(both[:, 0] * k + both[:, 1], minlength=k * k)
    cells = np.flatnonzero(table)
    features = np.eye(k * k)[cells]
    counts = np.zeros((len(cells), k), dtype=np.int64)
    np.add.at(counts, (np.arange(len(cells)), cells // k), 1)
    np.add.at(counts, (np.arange(len(cells)), cells % k), 1)
    units = Units(counts, np.ones(len(cells)), table[cells], 2)

    def value(sums: FloatArray) -> FloatArray:
        n = sums.sum(axis=-1)
        shares = np.divide(sums, n[..., None], out=np.zeros_like(sums), where=n[..., None] > 0)
        shares = shares.reshape(*sums.shape[:-1], k, k)
        observed = np.where(n > 0, (shares * similarity).sum(axis=(-2, -1)), np.nan)
        return _corrected(observed, chance(shares, similarity))

    name = f"{method} of {names[0]} and {names[1]}"
    return estimate(Statistic(features, units.multiplicity, value, name, facts_of(units)), how)


def _corrected(observed: FloatArray, expected: FloatArray) -> FloatArray:
    """(observed - expected) / (1 - expected): nan where chance alone explains everything."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(expected < 1 - _ALL, (observed - expected) / (1 - expected), np.nan)


def _named(weighting: Any) -> str:
    return f"{weighting} weights" if isinstance(weighting, str) else "own weights"
