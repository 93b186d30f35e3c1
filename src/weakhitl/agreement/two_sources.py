"""Agreement of two sources, or of one with a group."""

from collections.abc import Callable
from typing import Unpack

import numpy as np
import numpy.typing as npt

from weakhitl.agreement.distances import Similarity, agreement_weights
from weakhitl.agreement.intervals import Uncertainty, estimate
from weakhitl.agreement.kappas import fleiss_chance
from weakhitl.agreement.statistic import Statistic, corrected, facts_of
from weakhitl.agreement.units import Units, checked_weights
from weakhitl.errors import UsageError
from weakhitl.estimate import Estimate
from weakhitl.votes import FloatArray, Votes, require_votes


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


def scott_pi(
    votes: Votes, first: str, second: str, *, weighting: Similarity = "identity", **how: Unpack[Uncertainty]
) -> Estimate:
    """Scott's pi of two sources over the items that both rated; parameters and result are ``cohen_kappa``'s.

    References
    ----------
    W. A. Scott (1955), Reliability of content analysis: the case of nominal scale coding.

    """
    return _pair(votes, (first, second), "Scott's pi", _scott, weighting, how)


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
    require_votes(votes)
    group = votes.take_sources([name for name in votes.sources if name != source])
    one, counts = votes.take_sources([source]).to_matrix()[:, 0], group.class_counts()
    total = counts.sum(axis=1)
    both = (one >= 0) & (total > 0)
    given = checked_weights(weights, len(votes))
    each = np.ones(int(both.sum())) if given is None or not both.any() else given[both] / given[both].mean()
    shares, own = counts[both] / total[both, None], np.eye(len(votes.schema))[one[both]]
    columns = np.column_stack([(shares * own).sum(axis=1), np.ones(len(own)), shares, own])
    features, times = np.unique(each[:, None] * columns, axis=0, return_counts=True)
    k = own.shape[1]

    def value(sums: FloatArray) -> FloatArray:
        with np.errstate(divide="ignore", invalid="ignore"):
            means = sums / sums[..., 1:2]
        return corrected(means[..., 0], (means[..., 2 : 2 + k] * means[..., 2 + k :]).sum(axis=-1))

    units = Units(counts[both] + own.astype(np.int64), each, np.ones(len(own), dtype=np.int64), len(votes.sources))
    name = f"kappa of {source} with the group of {len(group.sources)}"
    return estimate(Statistic(features, times, value, name, facts_of(units)), how)


Table = Callable[[FloatArray, FloatArray], FloatArray]
"""From shares ``[..., class of first, class of second]`` and agreement weights to expected agreement."""


def _cohen(table: FloatArray, similarity: FloatArray) -> FloatArray:
    return np.asarray(((table.sum(axis=-1) @ similarity) * table.sum(axis=-2)).sum(axis=-1))


def _scott(table: FloatArray, similarity: FloatArray) -> FloatArray:
    return fleiss_chance((table.sum(axis=-1) + table.sum(axis=-2)) / 2, similarity)


def _pair(
    votes: Votes, names: tuple[str, str], method: str, chance: Table, weighting: Similarity, how: Uncertainty
) -> Estimate:
    require_votes(votes)
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
