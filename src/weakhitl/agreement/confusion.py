"""What low agreement comes from: which classes are confused, on which items, and how ratings are connected."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from weakhitl.agreement.alpha import krippendorff_alpha
from weakhitl.agreement.distances import level_weights
from weakhitl.agreement.kappas import gwet_ac1, percent_agreement
from weakhitl.agreement.units import checked_weights
from weakhitl.arrays import ArrayLike
from weakhitl.estimate import Estimate
from weakhitl.votes import FloatArray, Votes, require_votes


def confused_classes(
    votes: Votes, *, coder: str | None = None, weights: ArrayLike | None = None, examples: int = 3
) -> pd.DataFrame:
    """Pairs of classes that coders give to the same item, those first that make up most of the disagreement.

    At nominal level these are the commonest. From ordinal level on a pair counts the more the farther its classes are
    apart, as in ``by_item``.

    With ``coder`` only pairs of ratings of which one is this coder's. Raises ``DataError`` for an unknown name.

    Returns
    -------
    DataFrame
        ``first``, ``second``; ``share`` of all disagreement between ratings (each item's pairs weigh as much as
        another's, times its weight); ``expected``: that share if classes were given at random with the same totals,
        with ``coder`` those of this coder and of the others; ``items``: how many items show it; ``examples``: their
        ids, most evenly split first.

    """
    require_votes(votes)
    counts = votes.class_counts().astype(np.float64)
    given = checked_weights(weights, votes.items)
    total, k = counts.sum(axis=1), counts.shape[1]
    one = counts if coder is None else _one_hot(votes, coder)
    others = counts if coder is None else counts - one
    n_pairs = one.sum(axis=1) * (total - 1)
    weight = (np.ones(len(counts)) if given is None else given) * (n_pairs > 0)
    each = weight / np.maximum(n_pairs, 1)
    first, second = np.triu_indices(k, 1)
    apart = 1 - level_weights(votes.schema)[first, second]
    totals, totals_of_others = weight @ one, weight @ others
    chance = (totals[first] * totals_of_others[second] + totals[second] * totals_of_others[first]) * apart
    rows = []
    for at, (a, b) in enumerate(zip(first, second, strict=True)):
        both = one[:, a] * others[:, b] + one[:, b] * others[:, a]
        shown = np.flatnonzero(both)
        if len(shown):
            hardest = shown[np.argsort(-(both / np.maximum(total, 1) ** 2)[shown], kind="stable")][:examples]
            listed = [str(item) for item in votes.items[hardest]]
            rows.append((a, b, float(both @ each * apart[at]), float(chance[at]), len(shown), listed))
    table = pd.DataFrame(rows, columns=["first", "second", "share", "expected", "items", "examples"])
    names = np.array(votes.schema.classes, dtype=object)
    table = table.assign(
        first=names[table["first"].to_numpy(dtype=int)],
        second=names[table["second"].to_numpy(dtype=int)],
        share=table["share"] / max(table["share"].sum(), 1e-300),
        expected=table["expected"] / max(float(chance.sum()), 1e-300),
    )
    return table.sort_values("share", ascending=False, kind="stable").reset_index(drop=True)


def _one_hot(votes: Votes, coder: str) -> FloatArray:
    """``one[item, class]``: the coder's rating."""
    label = votes.take_sources([coder]).to_matrix()[:, 0]
    found = np.zeros((len(label), len(votes.schema)))
    rated = np.flatnonzero(label >= 0)
    found[rated, label[rated]] = 1.0
    return found


def overlap_groups(votes: Votes) -> int:
    """Into how many groups the coders fall that share no item, directly or through others; 0 without ratings.

    Coders of different groups were never compared: agreement says nothing of how they differ.
    """
    require_votes(votes)
    row, column, _ = votes.entries()
    if not len(row):
        return 0
    n, m = len(votes), len(votes.sources)
    edges = sparse.coo_array((np.ones(len(row)), (row, n + column)), shape=(n + m, n + m))
    _, group = connected_components(edges, directed=False)
    return len(np.unique(group[n + column]))


@dataclass(frozen=True)
class Paradox:
    """Alpha, AC1 and percent agreement side by side, with what makes them differ.

    Attributes
    ----------
    alpha, ac1, percent
        The three, nominal.
    prevalence
        Share of the commonest class among the ratings; None without ratings.
    commonest
        Its name.
    bias
        How far the coders' class shares lie from the shares of all: half the summed absolute differences, the
        mean over coders, weighted by their ratings. Chance alone makes it positive for few ratings.
    story
        A sentence: whether the three tell the same story, and if not, why.

    """

    alpha: Estimate
    ac1: Estimate
    percent: Estimate
    prevalence: float | None
    commonest: str
    bias: float | None
    story: str

    def to_dict(self) -> dict[str, Any]:
        """Give all fields, ready for JSON."""
        estimates = {name: getattr(self, name).to_dict() for name in ("alpha", "ac1", "percent")}
        rest = {name: getattr(self, name) for name in ("prevalence", "commonest", "bias", "story")}
        return estimates | rest


_APART = 0.2
_PREVALENT = 0.8
_BIASED = 0.15


def paradox(votes: Votes, *, weights: ArrayLike | None = None, seed: int = 0) -> Paradox:
    """Put alpha, AC1 and percent agreement side by side: where one class prevails they tell different stories.

    Source: A. R. Feinstein, D. V. Cicchetti (1990), High agreement but low kappa: the problems of two
    paradoxes.
    """
    alpha = krippendorff_alpha(votes, "nominal", weights=weights, seed=seed)
    ac1 = gwet_ac1(votes, weights=weights, seed=seed)
    percent = percent_agreement(votes, weights=weights, seed=seed)
    shares, bias = _shares_and_bias(votes, checked_weights(weights, votes.items))
    if shares is None:
        return Paradox(alpha, ac1, percent, None, "", None, "There are no ratings.")
    top = int(shares.argmax())
    name, prevalence = votes.schema.classes[top], float(shares[top])
    story = _story(alpha, ac1, name, prevalence, bias)
    return Paradox(alpha, ac1, percent, prevalence, name, bias, story)


def _shares_and_bias(votes: Votes, weights: FloatArray | None) -> tuple[FloatArray | None, float]:
    row, column, label = votes.entries()
    if not len(row):
        return None, 0.0
    k, m = len(votes.schema), len(votes.sources)
    each = np.ones(len(row)) if weights is None else weights[row]
    table = np.bincount(column * k + label, weights=each, minlength=m * k).reshape(m, k)
    rated = table.sum(axis=1)
    shares = table.sum(axis=0) / rated.sum()
    own = table[rated > 0] / rated[rated > 0, None]
    distance = np.abs(own - shares).sum(axis=1) / 2
    return shares, float(distance @ rated[rated > 0] / rated.sum())


def _story(alpha: Estimate, ac1: Estimate, name: str, prevalence: float, bias: float) -> str:
    biased = (
        " Coders use the classes in different shares, which lowers all of them: see the agreement by coder."
        if bias > _BIASED
        else ""
    )
    if alpha.value is None and ac1.value is not None:
        return (
            f"Alpha is undefined because only {name!r} was used; AC1 cannot show that coders tell classes apart."
            + biased
        )
    if alpha.value is None or ac1.value is None:
        return "There are too few ratings to compare."
    if ac1.value - alpha.value < _APART:
        return "Alpha and AC1 tell the same story." + biased
    if prevalence >= _PREVALENT:
        return (
            f"Alpha and AC1 tell different stories: {prevalence:.0%} of the ratings are {name!r}, so coders agree "
            "often by saying it, and alpha shows that on the rest they do not. Rate more items of the other classes "
            "before trusting either." + biased
        )
    return (
        "Alpha and AC1 tell different stories although no class prevails: AC1 expects little agreement by chance where "
        "there are many classes that are seldom used. Look at the agreement by class." + biased
    )
