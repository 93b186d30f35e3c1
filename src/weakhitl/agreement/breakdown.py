"""Where agreement comes from: by class, by coder, by slice, by item; and how two figures differ."""

from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import pandas as pd

from weakhitl.agreement.alpha import alpha_statistic, krippendorff_alpha
from weakhitl.agreement.coefficients import Coefficient
from weakhitl.agreement.confusion import confused_classes
from weakhitl.agreement.distances import level_weights
from weakhitl.agreement.intervals import Uncertainty, estimate
from weakhitl.agreement.statistic import difference
from weakhitl.agreement.units import Units, checked_weights, units_of
from weakhitl.arrays import ArrayLike
from weakhitl.errors import DataError
from weakhitl.estimate import Estimate
from weakhitl.label_names import ordered
from weakhitl.schema import LabelSchema
from weakhitl.vote_names import item_pairs, none_known, positions
from weakhitl.votes import FloatArray, IntArray, Votes, require_votes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def by_class(
    votes: Votes,
    coefficient: Coefficient = krippendorff_alpha,
    *,
    weights: ArrayLike | None = None,
    **how: Unpack[Uncertainty],
) -> dict[str, Estimate]:
    """Agreement on every class against all others together; nominal Krippendorff's alpha by default.

    Source: K. Krippendorff (2018), Content Analysis, 4th edition, section 12.3 (dichotomised categories).
    """
    require_votes(votes)
    return {name: coefficient(one_class(votes, name), weights=weights, **how) for name in votes.schema.classes}


def one_class(votes: Votes, name: str) -> Votes:
    """Put one class against the rest. Raises ``DataError`` for a class that is none."""
    if name not in votes.schema.classes:
        raise DataError("class", f"{name!r} is not a class; {votes.schema.expected(name)}")
    row, column, label = votes.entries()
    at = votes.schema.classes.index(name)
    entries = row, column, (label == at).astype(np.int64)
    return Votes.from_entries(entries, LabelSchema(["other", "this class"]), votes.items, votes.sources)


def by_slice(
    votes: Votes,
    groups: "pd.Series[Any] | Mapping[Any, Any] | Sequence[Any]",
    coefficient: Coefficient = krippendorff_alpha,
    *,
    weights: ArrayLike | None = None,
    **how: Unpack[Uncertainty],
) -> dict[str, Estimate]:
    """Agreement on the items of each group.

    ``groups`` maps items to values, such as a column of the dataset indexed by item, or holds one for each item; items
    without a value are left out. Groups are ordered by name. Raises ``DataError`` where it speaks of other items.
    """
    require_votes(votes)
    given = checked_weights(weights, votes.items)
    values = _values(groups, votes.items)
    found = {}
    for name in ordered(values.dropna().astype(str)):
        here = (values.astype(str) == name).to_numpy() & values.notna().to_numpy()
        part = None if given is None else given[here]
        found[name] = coefficient(votes.take_items(here), weights=part, **how)
    return found


def _values(groups: Any, items: pd.Index) -> "pd.Series[Any]":
    """``value[item]`` by position, missing where there is none."""
    names, given = item_pairs(groups, items, "groups", "value")
    names, given = names[given.notna()], given[given.notna()]
    if (twice := names[names.duplicated()]).size:
        raise DataError("groups", [f"item {name!r} has two values" for name in twice.unique()])
    at = positions(items, names)
    if len(names) and len(items) and (at < 0).all():
        raise DataError("groups", none_known(names, items))
    values = np.full(len(items), None, dtype=object)
    values[at[at >= 0]] = given[at >= 0]
    return pd.Series(values)


def by_coder(
    votes: Votes,
    coefficient: Coefficient = krippendorff_alpha,
    *,
    weights: ArrayLike | None = None,
    confidence: float = 0.95,
    most: int | None = None,
) -> pd.DataFrame:
    """Look at each coder: what agreement would be without, and how often the others say the same.

    ``most`` looks at those only who rated most: the coefficient is computed once for each.

    Returns
    -------
    DataFrame
        Indexed by coder, those first without whom agreement would rise most: ``ratings``, ``compared`` and
        ``agreement`` as in ``coder_agreement``; ``without`` (the coefficient without this coder) with ``low`` and
        ``high`` (linearised); ``change`` (that minus the figure with all). NA where undefined.

    """
    settings: Uncertainty = {"interval": "linearized", "confidence": confidence}
    whole = coefficient(votes, weights=weights, **settings).value
    table = coder_agreement(votes).sort_values("ratings", ascending=False, kind="stable").iloc[:most]
    found = []
    for coder in table.index:
        rest = [name for name in votes.sources if name != coder]
        estimate = coefficient(votes.take_sources(rest), weights=weights, **settings)
        change = None if estimate.value is None or whole is None else estimate.value - whole
        found.append((estimate.value, estimate.low, estimate.high, change))
    columns = pd.DataFrame(found, columns=["without", "low", "high", "change"], index=table.index, dtype="Float64")
    return table.join(columns).sort_values("change", ascending=False, na_position="last", kind="stable")


def coder_agreement(votes: Votes) -> pd.DataFrame:
    """Compare each coder with the others on the same items.

    Returns
    -------
    DataFrame
        Indexed by coder, those who rated: ``ratings``; ``compared`` (of them, on items with another rating);
        ``agreement`` (mean share of the other ratings that say the same; from ordinal level on they agree in part, as
        in ``by_item``; NA without any).

    """
    require_votes(votes)
    row, column, label = votes.entries()
    counts, m = votes.class_counts(), len(votes.sources)
    others = counts.sum(axis=1)[row] - 1
    same = ((counts @ level_weights(votes.schema))[row, label] - 1) / np.maximum(others, 1)
    compared = np.bincount(column[others > 0], minlength=m)
    share = np.bincount(column, weights=same, minlength=m) / np.maximum(compared, 1)
    ratings = np.bincount(column, minlength=m)
    table = pd.DataFrame(
        {
            "ratings": ratings,
            "compared": compared,
            "agreement": pd.array(np.where(compared > 0, share, np.nan), dtype="Float64"),
        },
        index=pd.Index(votes.sources, name="coder", dtype=object),
    )
    return table[ratings > 0]


def by_item(votes: Votes) -> pd.DataFrame:
    """Share of agreeing pairs of ratings on each item that has two or more, least agreement first.

    From ordinal level on a pair agrees in part, the less the farther apart: by ordinal weights, at interval and ratio
    level by quadratic ones.

    Returns
    -------
    DataFrame
        Indexed by item: ``ratings``, ``agreement``, and the number of ratings of each class by its name.

    """
    require_votes(votes)
    counts = votes.class_counts()
    total = counts.sum(axis=1)
    kept = np.flatnonzero(total >= 2)
    counts, total = counts[kept], total[kept]
    agreeing = ((counts @ level_weights(votes.schema)) * counts).sum(axis=1) - total
    agreement = agreeing / (total * (total - 1))
    order = np.lexsort((-total, agreement))
    table = pd.DataFrame(counts, columns=list(votes.schema.classes), index=votes.items[kept])
    table.insert(0, "ratings", total)
    table.insert(1, "agreement", agreement)
    return table.iloc[order].rename_axis("item")


def agreement_difference(
    first: Votes,
    second: Votes,
    *,
    weights: tuple[ArrayLike, ArrayLike] | None = None,
    **how: Unpack[Uncertainty],
) -> Estimate:
    """Krippendorff's alpha of ``first`` minus that of ``second``, with the interval of the difference.

    Items that are in both, such as those rated by two groups or before and after a new guideline, are drawn
    together; others are independent. ``weights`` are those of the items of each. Both have the same schema.
    """
    require_votes(first)
    require_votes(second)
    if first.schema != second.schema:
        raise DataError("votes", "have different label schemas, so their alphas are not comparable")
    items = first.items.append(second.items.difference(first.items, sort=False))
    parts = [_on(items, votes, None if weights is None else weights[at]) for at, votes in enumerate((first, second))]
    rows, times = np.unique(np.hstack(parts), axis=0, return_counts=True)
    k = len(first.schema)
    made = [
        alpha_statistic(_half(rows[:, at : at + k + 1], times, votes), first.schema, first.schema.level)
        for at, votes in ((0, first), (k + 1, second))
    ]
    return estimate(difference(made[0], made[1], "difference of Krippendorff's alphas"), how)


def _on(items: pd.Index, votes: Votes, weights: ArrayLike | None) -> FloatArray:
    """Give ``counts and weight[item]`` of one side; zeros where it has no such item."""
    given = checked_weights(weights, votes.items)
    table = np.zeros((len(items), len(votes.schema) + 1))
    each = np.ones(len(votes)) if given is None else given / given.mean()
    table[items.get_indexer(votes.items)] = np.column_stack([votes.class_counts(), each])
    return table


def _half(table: FloatArray, times: IntArray, votes: Votes) -> Units:
    counts, each = table[:, :-1].astype(np.int64), table[:, -1]
    return Units(counts, np.where(each > 0, each, 1.0), times, len(votes.sources))


def merges(
    votes: Votes, *, weights: ArrayLike | None = None, most: int = 5, **how: Unpack[Uncertainty]
) -> list[dict[str, Any]]:
    """Say what alpha would be if two classes were one, for the pairs that are confused most.

    At ordinal level only neighbours can be one. Numbers (interval and ratio level) are none to merge.

    Returns
    -------
    list of dict
        ``first``, ``second``; ``merged`` (alpha after the merge) and ``gain`` (that minus alpha now), both
        ``Estimate``. Empty for two classes: nothing would be left to tell apart. What a merge costs is
        the distinction, and at nominal level it nearly always raises agreement.

    """
    require_votes(votes)
    level = votes.schema.level
    if len(votes.schema) < 3 or level not in ("nominal", "ordinal"):
        return []
    units = units_of(votes, weights)
    units = units.take(units.pairable)
    now = alpha_statistic(units, votes.schema, level)
    found = []
    for a, b in _mergeable(votes, weights)[:most]:
        counts = units.counts.copy()
        counts[:, a] += counts[:, b]
        counts[:, b] = 0
        after = alpha_statistic(units.with_counts(counts), votes.schema, level)
        found.append(
            {
                "first": votes.schema.classes[a],
                "second": votes.schema.classes[b],
                "merged": estimate(after, how),
                "gain": estimate(difference(after, now, f"gain in {level} alpha by a merge"), how),
            }
        )
    return found


def _mergeable(votes: Votes, weights: ArrayLike | None) -> list[tuple[int, int]]:
    """Pairs of classes that could be one, those first that are confused most."""
    table = confused_classes(votes, weights=weights)
    names = votes.schema.classes
    pairs = [(names.index(a), names.index(b)) for a, b in zip(table["first"], table["second"], strict=True)]
    return [(a, b) for a, b in pairs if votes.schema.level == "nominal" or b == a + 1]
