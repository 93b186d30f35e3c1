"""What a check looks at: people's ratings, and the dataset behind them where there is one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

import numpy as np
import pandas as pd

from weakhitl.errors import ConfigError
from weakhitl.gate.assessment import Assessment
from weakhitl.label_names import ordered
from weakhitl.votes import FloatArray, Votes


@dataclass(frozen=True)
class Subject:
    """Ratings to be judged, or a part of them; a function of your own gets one.

    Attributes
    ----------
    votes
        Ratings that agreement is measured on.
    weights
        ``weights[item]``: how many items of the dataset each stands for; None where all count alike.
    attributes
        Columns of the data that checks look at, indexed by item id; of all items, also in a part.
    as_of
        The moment of the check, UTC.
    seed
        Of resamples.
    assessment
        Labels and all that they were made of; None for a bare table of ratings.
    within
        ``mask[item of the dataset]``: the part that is looked at; None for all of it.
    looks
        Check -> how often it was looked at before and did not pass.

    """

    votes: Votes
    weights: FloatArray | None
    attributes: pd.DataFrame
    as_of: datetime
    seed: int = 0
    assessment: Assessment | None = None
    within: np.ndarray | None = None
    looks: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, assessment: Assessment) -> "Subject":
        """Make the subject of a project's gate."""
        evidence = assessment.evidence
        return cls(
            votes=assessment.counted.measured,
            weights=assessment.measured_weights,
            attributes=evidence.context.attributes,
            as_of=evidence.context.as_of,
            seed=evidence.config.routing.seed,
            assessment=assessment,
            looks=evidence.context.looks,
        )

    @cached_property
    def listed(self) -> np.ndarray:
        """``mask[item of the dataset]``: what is looked at, withheld items included; of a bare table, its items."""
        return np.ones(len(self.dataset), dtype=bool) if self.within is None else self.within

    @cached_property
    def left(self) -> int | None:
        """How many items no batch holds; None of a bare table, which says nothing of what it was drawn from."""
        if self.assessment is None:
            return None
        return int((self.listed & self.assessment.in_no_batch).sum())

    @property
    def members(self) -> np.ndarray:
        """``mask[item of the dataset]``: what is looked at, and not withheld by another check."""
        withheld = None if self.assessment is None else self.assessment.withheld
        return self.listed if withheld is None else self.listed & ~withheld

    def without(self, mask: np.ndarray) -> "Subject":
        """Withhold items of the dataset: figures speak of the others, and coverage counts them as not released."""
        if self.assessment is None:
            return self._only(pd.Series(~mask, index=self.votes.items))
        kept = np.asarray(self.votes.items.isin(self.assessment.evidence.items[~mask]))
        weights = None if self.weights is None else self.weights[kept]
        votes = self.votes.take_items(kept)
        return replace(self, votes=votes, weights=weights, assessment=self.assessment.withhold(mask))

    def where(self, conditions: Mapping[str, str | Sequence[str]]) -> "Subject":
        """Keep the items whose columns have these values. Raises ``ConfigError`` for a value that no item has."""
        part = self
        for column, wanted in conditions.items():
            values = [wanted] if isinstance(wanted, str) else list(wanted)
            known = part.values_of(column)
            if missing := [value for value in values if value not in known]:
                found = ", ".join(ordered(known)[:20]) or "none"
                raise ConfigError("gate", f"no item has {column} = {', '.join(map(repr, missing))}; values are {found}")
            part = part._only(part.column(column).isin(values))
        return part

    def slices(self, column: str) -> "dict[str, Subject]":
        """One part per value of a column, ordered by name; items without a value are in none."""
        return {value: self._only(self.column(column) == value) for value in ordered(self.values_of(column))}

    def values_of(self, column: str) -> set[str]:
        """Values that the column has among the items looked at."""
        kept = self.column(column)
        here = self.dataset[self.members]
        return set(kept[kept.index.isin(here)].dropna())

    def column(self, name: str) -> "pd.Series[str]":
        """Item -> value, as text. Raises ``ConfigError`` where there is no such column."""
        if name not in self.attributes:
            known = ", ".join(map(str, self.attributes.columns)) or "none that a check could use"
            raise ConfigError("gate", f"the data has no column {name!r}; there are {known}")
        column = self.attributes[name]
        return column.where(column.isna(), column.astype(str))

    def with_votes(self, votes: Votes) -> "Subject":
        """Put other ratings on the same items, such as one class against the rest."""
        return replace(self, votes=votes)

    @property
    def dataset(self) -> pd.Index:
        """All items that masks speak of; of a bare table, those of this part."""
        return self.votes.items if self.assessment is None else self.assessment.evidence.items

    def _only(self, chosen: "pd.Series[bool]") -> "Subject":
        kept = chosen.index[chosen]
        rated = np.asarray(self.votes.items.isin(kept))
        weights = None if self.weights is None else self.weights[rated]
        within = None if self.assessment is None else self.listed & np.asarray(self.dataset.isin(kept))
        return replace(self, votes=self.votes.take_items(rated), weights=weights, within=within)
