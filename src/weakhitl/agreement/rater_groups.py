"""Groups of raters: how far each agrees within itself and with the others, and which classes it gives more often."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import pandas as pd

from weakhitl.agreement.alpha import krippendorff_alpha
from weakhitl.agreement.distances import WEIGHTING_OF
from weakhitl.agreement.intervals import Uncertainty, estimate
from weakhitl.agreement.two_sources import Sides, kappa_between_groups
from weakhitl.arrays import ArrayLike
from weakhitl.errors import DataError
from weakhitl.estimate import Estimate
from weakhitl.label_names import ordered
from weakhitl.vote_names import item_pairs
from weakhitl.votes import FloatArray, Votes, require_votes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class RaterGroup:
    """What a group of raters says.

    Attributes
    ----------
    raters, ratings
        How many there are.
    within
        Krippendorff's alpha of the group alone.
    between
        Kappa with the raters of all other groups, as ``kappa_between_groups``; ordinal weights at ordinal level,
        quadratic ones at interval and ratio level.
    more
        Class -> its share of the group's ratings minus that of the others', mean over the items that both rated. The
        intervals (linearised) hold for all groups and classes together (Bonferroni).

    """

    raters: int
    ratings: int
    within: Estimate
    between: Estimate
    more: dict[str, Estimate]

    def to_dict(self) -> dict[str, Any]:
        """Give all figures, ready for JSON."""
        return {
            "raters": self.raters,
            "ratings": self.ratings,
            "within": self.within.to_dict(),
            "between": self.between.to_dict(),
            "more": {name: one.to_dict() for name, one in self.more.items()},
        }


def by_group(
    votes: Votes,
    groups: "pd.Series[Any] | Mapping[Any, Any] | Sequence[Any]",
    *,
    weights: ArrayLike | None = None,
    **how: Unpack[Uncertainty],
) -> dict[str, RaterGroup]:
    """Compare groups of raters, such as people of an age or a language.

    All figures hold the raters fixed: where few people make a group, they speak of these people, not of others like
    them.

    Parameters
    ----------
    votes
        Ratings.
    groups
        Rater -> group, or one for each source in order; raters without one are left out. Groups are ordered by name.
    weights, how
        As for ``krippendorff_alpha``.

    Raises
    ------
    DataError
        Nobody who rated has a group.

    Examples
    --------
    >>> from weakhitl import LabelSchema
    >>> matrix = [[0, 0, 1, 1], [1, 1, 1, 1], [0, 1, 1, 1], [1, 1, 1, 0], [0, 0, 0, 0]]
    >>> votes = Votes.from_matrix(matrix, LabelSchema(["no", "yes"]), sources=["ana", "bo", "cy", "di"])
    >>> found = by_group(votes, {"ana": "old", "bo": "old", "cy": "young", "di": "young"})
    >>> round(found["old"].within.value, 3), round(found["old"].more["no"].value, 3)
    (0.64, 0.2)

    """
    require_votes(votes)
    members, weighting = _members(votes, groups), WEIGHTING_OF[votes.schema.level]
    each = 1 - (1 - how.get("confidence", 0.95)) / (len(members) * len(votes.schema))
    found = {}
    for name, mine in members.items():
        others = [rater for other, theirs in members.items() if other != name for rater in theirs]
        own = votes.take_sources(mine)
        sides = Sides.of(votes, mine, others, weights)
        found[name] = RaterGroup(
            len(mine),
            own.n_votes,
            krippendorff_alpha(own, weights=weights, **how),
            kappa_between_groups(votes, mine, others, weighting=weighting, weights=weights, **how),
            {label: _more(sides, code, label, each) for code, label in enumerate(votes.schema.classes)},
        )
    return found


def _members(votes: Votes, groups: Any) -> dict[str, list[str]]:
    """Group -> its raters, of those that rated."""
    raters = pd.Index(votes.sources, dtype=object)
    names, values = item_pairs(groups, raters, "groups", "group", "rater", "'annotator')['age'")
    if (twice := names[names.duplicated()].unique()).size:
        raise DataError("groups", [f"rater {rater!r} occurs twice" for rater in twice])
    said = values.notna() & values.ne("")
    known = dict(zip(names[said].map(str), values[said].map(str), strict=True))
    _, column, _ = votes.entries()
    rated = [votes.sources[at] for at in np.unique(column)]
    members: dict[str, list[str]] = {}
    for rater in rated:
        if rater in known:
            members.setdefault(known[rater], []).append(rater)
    if not members:
        raise DataError("groups", f"nobody who rated has a group; they are such as {next(iter(rated), 'nobody')!r}")
    return {group: members[group] for group in ordered(members)}


def _more(sides: Sides, code: int, label: str, confidence: float) -> Estimate:
    def value(sums: FloatArray) -> FloatArray:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(sums[..., 0] / sums[..., 1])

    columns = np.column_stack([sides.first[:, code] - sides.second[:, code], np.ones(len(sides.first))])
    name = f"share of {label} minus that of the others, on items that both rated"
    how: Uncertainty = {"interval": "linearized", "confidence": confidence}
    return estimate(sides.statistic(columns, value, name, "no item has ratings by both"), how)
