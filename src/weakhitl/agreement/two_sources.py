"""Agreement of two sources, of one with a group, or of two groups."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, Unpack

import numpy as np

from weakhitl.agreement.distances import Similarity, agreement_weights
from weakhitl.agreement.intervals import Uncertainty, estimate
from weakhitl.agreement.kappas import fleiss_chance
from weakhitl.agreement.statistic import Statistic, Value, corrected, facts_of
from weakhitl.agreement.units import Units, checked_weights
from weakhitl.arrays import ArrayLike
from weakhitl.errors import UsageError
from weakhitl.estimate import Estimate
from weakhitl.votes import FloatArray, Votes, require_votes


def cohen_kappa(
    votes: Votes,
    first: str | None = None,
    second: str | None = None,
    *,
    weighting: Similarity = "identity",
    **how: Unpack[Uncertainty],
) -> Estimate:
    """Cohen's kappa of two sources over the items that both rated.

    Parameters
    ----------
    votes
        Ratings.
    first, second
        Names of the two sources; needed where there are more than two.
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
    UsageError
        Where two sources are not named, and there are not two.

    Examples
    --------
    >>> from weakhitl import LabelSchema
    >>> pairs = [[0, 0]] * 20 + [[0, 1]] * 5 + [[1, 0]] * 10 + [[1, 1]] * 15
    >>> votes = Votes.from_matrix(pairs, LabelSchema(["no", "yes"]), sources=["ana", "bo"])
    >>> round(cohen_kappa(votes, "ana", "bo").value, 4)
    0.4
    >>> round(cohen_kappa(Votes.from_wide({"ana": ["no", "yes", "no"], "bo": ["no", "yes", "yes"]})).value, 4)
    0.4

    References
    ----------
    J. Cohen (1960), A coefficient of agreement for nominal scales; (1968), Weighted kappa.

    """
    return _pair(votes, (first, second), "Cohen's kappa", _cohen, weighting, how)


def scott_pi(
    votes: Votes,
    first: str | None = None,
    second: str | None = None,
    *,
    weighting: Similarity = "identity",
    **how: Unpack[Uncertainty],
) -> Estimate:
    """Scott's pi of two sources over the items that both rated; parameters and result are ``cohen_kappa``'s.

    References
    ----------
    W. A. Scott (1955), Reliability of content analysis: the case of nominal scale coding.

    """
    return _pair(votes, (first, second), "Scott's pi", _scott, weighting, how)


def kappa_with_group(
    votes: Votes, source: str, *, weights: ArrayLike | None = None, **how: Unpack[Uncertainty]
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
    require_votes(votes)
    group = [name for name in votes.sources if name != source]
    sides = Sides.of(votes, [source], group, weights)
    return _between(sides, np.eye(len(votes.schema)), f"kappa of {source} with the group of {len(group)}", how)


def kappa_between_groups(
    votes: Votes,
    first: str | Sequence[str],
    second: str | Sequence[str],
    *,
    weighting: Similarity = "identity",
    weights: ArrayLike | None = None,
    **how: Unpack[Uncertainty],
) -> Estimate:
    """Kappa of one group of raters with another.

    Observed agreement is the mean share of pairs, one rating of each group, that say the same; what is expected by
    chance comes from the class shares of the two groups. Agreement within a group is no part of it.

    Parameters
    ----------
    votes
        Ratings; items without a rating by either group are left out.
    first, second
        Names of the raters of each group, which have nobody in common.
    weighting
        Agreement of each two classes: identity, linear, quadratic, ordinal, or a (k, k) matrix.
    weights, how
        As for ``krippendorff_alpha``; the raters are held fixed.

    Examples
    --------
    >>> from weakhitl import LabelSchema
    >>> matrix = [[0, 0, 1], [1, 1, 1], [0, 1, 1], [1, 1, 1], [0, 0, 0]]
    >>> votes = Votes.from_matrix(matrix, LabelSchema(["no", "yes"]), sources=["ana", "bo", "cy"])
    >>> round(kappa_between_groups(votes, ["ana", "bo"], ["cy"]).value, 3)
    0.4

    References
    ----------
    H. J. A. Schouten (1982), Measuring pairwise interobserver agreement when all subjects are judged by the same
    observers, Statistica Neerlandica 36.

    """
    require_votes(votes)
    first, second = ([names] if isinstance(names, str) else names for names in (first, second))
    if twice := sorted({*first} & {*second}):
        raise UsageError(f"{', '.join(twice)}: in both groups; each rater is in one")
    sides = Sides.of(votes, first, second, weights)
    similarity = agreement_weights(weighting, votes.schema.values)
    return _between(sides, similarity, f"kappa of a group of {len(first)} with one of {len(second)}", how)


@dataclass(frozen=True)
class Sides:
    """The items that two groups of raters both rated.

    Attributes
    ----------
    first, second
        ``share[item, class]`` of each group's ratings.
    weights
        ``weight[item]``; their mean is 1.
    facts
        What every ``Estimate`` carries.

    """

    first: FloatArray
    second: FloatArray
    weights: FloatArray
    facts: dict[str, Any]

    @classmethod
    def of(cls, votes: Votes, first: Sequence[str], second: Sequence[str], weights: ArrayLike | None) -> Self:
        """Take the items that both groups rated."""
        counts = [votes.take_sources(names).class_counts() for names in (first, second)]
        both = counts[0].any(axis=1) & counts[1].any(axis=1)
        one, other = (each[both] for each in counts)
        given = checked_weights(weights, votes.items)
        each = np.ones(len(one)) if given is None or not len(one) else given[both] / given[both].mean()
        units = Units(one + other, each, np.ones(len(one), dtype=np.int64), len(first) + len(second))
        shares = [part / part.sum(axis=1, keepdims=True) for part in (one, other)]
        return cls(shares[0], shares[1], each, facts_of(units))

    def statistic(self, columns: FloatArray, value: Value, name: str, undefined: str | None = None) -> Statistic:
        """Sum up weighted columns over the items."""
        features, times = np.unique(self.weights[:, None] * columns, axis=0, return_counts=True)
        made = Statistic(features, times, value, name, self.facts)
        return made if undefined is None else replace(made, undefined=undefined)


def _between(sides: Sides, similarity: FloatArray, name: str, how: Uncertainty) -> Estimate:
    if how.get("raters") == "sampled":
        raise UsageError("kappa with a group holds the group fixed; raters='sampled' has no meaning here")
    k = sides.first.shape[1]

    def value(sums: FloatArray) -> FloatArray:
        with np.errstate(divide="ignore", invalid="ignore"):
            means = sums / sums[..., 1:2]
        return corrected(means[..., 0], (means[..., 2 : 2 + k] @ similarity * means[..., 2 + k :]).sum(axis=-1))

    same = (sides.first @ similarity * sides.second).sum(axis=1)
    columns = np.column_stack([same, np.ones(len(same)), sides.second, sides.first])
    return estimate(sides.statistic(columns, value, name), how)


def _two_names(given: tuple[str | None, str | None], sources: tuple[str, ...], method: str) -> tuple[str, ...]:
    """Give the names of the two sources, which need not be named where there are no others."""
    named = tuple(name for name in given if name is not None)
    found = named or sources
    if len(found) != 2:
        there = "there is none" if not sources else f"there are {', '.join(sources)}"
        raise UsageError(f"{method} compares two sources, found {len(found)}; name two: {there}")
    return found


Table = Callable[[FloatArray, FloatArray], FloatArray]
"""From shares ``[..., class of first, class of second]`` and agreement weights to expected agreement."""


def _cohen(table: FloatArray, similarity: FloatArray) -> FloatArray:
    return np.asarray(((table.sum(axis=-1) @ similarity) * table.sum(axis=-2)).sum(axis=-1))


def _scott(table: FloatArray, similarity: FloatArray) -> FloatArray:
    return fleiss_chance((table.sum(axis=-1) + table.sum(axis=-2)) / 2, similarity)


def _pair(
    votes: Votes,
    given: tuple[str | None, str | None],
    method: str,
    chance: Table,
    weighting: Similarity,
    how: Uncertainty,
) -> Estimate:
    require_votes(votes)
    names = _two_names(given, votes.sources, method)
    if "weights" in how:
        raise UsageError(f"{method} takes no weights of items; give weighting='linear' for classes that agree in part")
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
        return corrected(observed, chance(shares, similarity))

    name = f"{method} of {names[0]} and {names[1]}"
    return estimate(Statistic(features, units.multiplicity, value, name, facts_of(units)), how)
