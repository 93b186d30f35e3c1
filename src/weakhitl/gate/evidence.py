"""The evidence: all that labels, figures and verdicts are computed from, and nothing else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from weakhitl.annotation import ADJUDICATOR, Counted, count_by
from weakhitl.brief import Brief
from weakhitl.config import Config
from weakhitl.errors import DataError
from weakhitl.routing import REQUESTED, Batch
from weakhitl.routing.batch import ROUTING
from weakhitl.schema import ABSTAIN, LabelSchema
from weakhitl.vote_names import positions
from weakhitl.vote_table import encode_labels
from weakhitl.votes import IntArray, Votes
from weakhitl.wording import number_of

FUNCTION, PERSON, ITEM = "function", "annotator", "item"
"""What can be recalled: sources, and items."""


@dataclass(frozen=True)
class Context:
    """What a gate needs to know beside the votes.

    Attributes
    ----------
    as_of
        The moment of the check, UTC: waivers expire and ratings age.
    guideline
        Content hash of the annotators' guideline; empty without one.
    previous
        What is compared with the last release: ``version``, ``digest``, ``created``, and of its report ``classes``
        (name -> share), ``counts``, ``functions``, ``agreement`` (name -> estimate) and ``checks`` (name -> estimate);
        None before the first.
    attributes
        Columns of the data that the policy looks at, indexed by item id.
    tests
        Item -> class name of the gold that is mixed in to test people.
    withdrawn
        What was recalled -> why: ``function:NAME`` (its votes are not in the evidence), ``annotator:NAME`` (their
        ratings are, and do not count; nor do their decisions), or ``item:ID`` (it is released no more).
    texts
        Item -> what people read, shortened, of the items that the report shows.
    spent
        Judge -> the money that its answers took so far.
    decided_before_change
        How many audited items were decided on before functions last changed their votes on them.
    looks
        Check -> how often it was looked at since the last release and did not pass.

    """

    as_of: datetime
    guideline: str = ""
    previous: dict[str, Any] | None = None
    attributes: pd.DataFrame = field(default_factory=pd.DataFrame)
    tests: Mapping[str, str] = field(default_factory=dict)
    withdrawn: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    spent: Mapping[str, float] = field(default_factory=dict)
    decided_before_change: int = 0
    looks: Mapping[str, int] = field(default_factory=dict)

    def recalled(self, kind: str) -> dict[str, str]:
        """Name -> why, of the recalled functions, people or items."""
        return of_kind(kind, self.withdrawn)


def of_kind(kind: str, withdrawn: Mapping[str, str]) -> dict[str, str]:
    """Name -> why, of the recalled functions, people or items; ``withdrawn`` is that of ``Context``.

    >>> of_kind("function", {"function:says:fog": "wrong list", "annotator:ana": "guessed"})
    {'says:fog': 'wrong list'}

    """
    named = [(*source.partition(":"), why) for source, why in withdrawn.items()]
    return {name: why for one, _, name, why in named if one == kind}


def recall_rows(withdrawn: Mapping[str, str]) -> list[tuple[str, str]]:
    """Give what was recalled and why, items with one reason together.

    >>> recall_rows({"item:7": "broken", "function:f": "wrong list", "item:9": "broken"})
    [('function:f', 'wrong list'), ('2 items', 'broken')]

    """
    items: dict[str, list[str]] = {}
    for name, why in of_kind(ITEM, withdrawn).items():
        items.setdefault(why, []).append(name)
    rows = [(source, why) for source, why in withdrawn.items() if not of_kind(ITEM, {source: why})]
    rows += [
        (f"{ITEM}:{names[0]}" if len(names) == 1 else number_of(len(names), ITEM), why) for why, names in items.items()
    ]
    return rows


def _now() -> Context:
    return Context(datetime.now(UTC).replace(microsecond=0))


def _nothing_said() -> pd.DataFrame:
    return pd.DataFrame(columns=["item", "annotator", "label", "role"], dtype=object)


@dataclass(frozen=True, repr=False)
class Evidence(Brief):
    """What a gate decides on; a release carries it, and ``verify`` computes everything from it again.

    Attributes
    ----------
    config
        The project's configuration, policy included.
    functions
        Votes of the labeling functions; its items are the dataset.
    ratings
        Everything people said: item, annotator, label, role (annotator or adjudicator), in order.
    batches
        What was sent to annotators, oldest first.
    gold
        Item -> class index of what is known beforehand; None where the configuration names no gold.
    context
        What a gate needs to know beside the votes.
    set_aside
        What was said first, in the columns of ``ratings``, of items that were asked again because of that: agreement is
        measured on it.

    """

    config: Config
    functions: Votes
    ratings: pd.DataFrame
    batches: tuple[Batch, ...]
    gold: "pd.Series[int] | None" = None
    context: Context = field(default_factory=_now)
    set_aside: pd.DataFrame = field(default_factory=_nothing_said)

    def __post_init__(self) -> None:
        rated = pd.Index(self.ratings["item"].unique(), dtype=object)
        routed = pd.Index([item for batch in self.batches for item in batch.items], dtype=object)
        wanted = rated.union(routed, sort=False)
        gone = wanted[positions(self.items, wanted) < 0]
        if len(gone):
            raise DataError(
                "dataset, where the rows of routed and rated items have to stay, under their ids (`weakhitl recall "
                "item:ID` keeps an item out of releases; its other cells may be empty then)",
                [f"item {item!r} was routed or rated, but is no longer in it" for item in gone],
            )
        _, faults = encode_labels(self.ratings["label"], self.schema)
        if faults:
            remedy = "[labels] former says what classes that were renamed, or are one with another, are now"
            raise DataError(f"stored ratings ({remedy})", sorted({what for _, what in faults}))

    @property
    def schema(self) -> LabelSchema:
        """The classes."""
        return self.config.schema_

    @property
    def items(self) -> pd.Index:
        """The dataset's item ids, in its order."""
        return self.functions.items

    @cached_property
    def places(self) -> list[IntArray]:
        """``places[batch][row]``: where the items of each batch stand in the dataset."""
        return [positions(self.items, pd.Index(batch.items, dtype=object)) for batch in self.batches]

    def places_where(self, is_one: Callable[[Batch], bool]) -> list[IntArray]:
        """``places`` of some of the batches."""
        return [at for batch, at in zip(self.batches, self.places, strict=True) if is_one(batch)]

    def mask(self, *places: IntArray) -> np.ndarray:
        """``mask[item]``: stands at one of these places."""
        found = np.zeros(len(self.items), dtype=bool)
        for at in places:
            found[at] = True
        return found

    @property
    def routing_batches(self) -> list[Batch]:
        """The batches that figures are measured on: all but pilots."""
        return [batch for batch in self.batches if batch.kind == ROUTING]

    @property
    def audited(self) -> pd.Index:
        """Items of all random samples of the dataset."""
        drawn = [item for batch in self.routing_batches for item in batch.drawn_for_audit]
        items: pd.Index = pd.Index(drawn, dtype=object)
        return items

    @property
    def audited_by_lot(self) -> pd.Index:
        """Items that somebody asked for, or that arrived online, and that the lot chose for an audit of these."""
        drawn = [item for batch in self.batches if batch.by_lot for item in batch.drawn_for_audit]
        items: pd.Index = pd.Index(drawn, dtype=object)
        return items

    @property
    def recalled_items(self) -> pd.Index:
        """Items that are released no more, and that nobody is asked about."""
        items: pd.Index = pd.Index(list(self.context.recalled(ITEM)), dtype=object)
        return items

    @property
    def teaching_gold(self) -> "pd.Series[int] | None":
        """Gold of items that no audit drew: those that others are measured by teach nothing, or all would be right."""
        if self.gold is None:
            return None
        return self.gold[~self.gold.index.isin(self.audited.append(self.audited_by_lot))]

    @property
    def since_audit(self) -> int:
        """How many items came into the dataset after the last audit was drawn from it, as far as numbers tell.

        Those of requested batches are left out. Items that were taken out of the dataset, or recalled without having
        been in a batch, hide as many new ones.
        """
        audits = [
            number for number, batch in enumerate(self.batches) if len(batch.drawn_for_audit) and not batch.by_lot
        ]
        if not audits:
            return 0
        before = sum(len(batch.items) for batch in self.batches[: audits[-1]])
        later = (batch for batch in self.batches[audits[-1] + 1 :] if batch.kind == REQUESTED)
        asked = sum(len(batch.items) - batch.frame for batch in later)
        gone = self.recalled_items
        routed = {item for batch in self.batches for item in batch.items} if len(gone) else set()
        undrawn = sum(item not in routed for item in gone)
        return max(0, len(self.items) - undrawn - before - asked - self.batches[audits[-1]].frame)

    def without(self, source: str, why: str) -> "Evidence":
        """Give the evidence with a source recalled: ``function:NAME`` or ``annotator:NAME``."""
        withdrawn = {**self.context.withdrawn, source: why}
        recalled = of_kind(FUNCTION, {source: why})
        kept = [name for name in self.functions.sources if name not in recalled]
        functions = self.functions if not recalled else self.functions.take_sources(kept)
        return replace(self, functions=functions, context=replace(self.context, withdrawn=withdrawn))

    def counted(self) -> Counted:
        """Decide which ratings count."""
        return count_by(
            self.config,
            self.ratings,
            self.batches,
            self.context.tests,
            withdrawn=self.context.recalled(PERSON),
            set_aside=self.set_aside,
        )

    def decisions(self) -> "pd.Series[int]":
        """Item -> decided class index; ABSTAIN where adjudicators could not tell or disagree.

        A recalled item that was audited counts as one of which they could not tell, whatever they said: it may have
        been recalled because of that.
        """
        recalled = self.ratings["annotator"].isin(list(self.context.recalled(PERSON)))
        table = self.ratings[(self.ratings["role"] == ADJUDICATOR) & ~recalled]
        votes = Votes.from_long(table, self.schema, items=pd.Index(table["item"].unique(), dtype=object))
        counts = votes.class_counts()
        best = counts.max(axis=1, initial=0)
        alone = (counts == best[:, None]).sum(axis=1) == 1
        told = np.where((best > 0) & alone, counts.argmax(axis=1), ABSTAIN)
        found = pd.Series(told, index=votes.items, dtype=np.int64)
        gone = self.recalled_items
        if gone.empty:
            return found
        drawn = gone[gone.isin(found.index.append([self.audited, self.audited_by_lot]))]
        rest = found[~found.index.isin(drawn)]
        return pd.Series([*rest, *[ABSTAIN] * len(drawn)], index=rest.index.append(drawn), dtype=np.int64)

    def weights(self) -> "pd.Series[float]":
        """Routed item -> how many items of the dataset it stands for, relative to the others.

        A later batch is conditional on the earlier ones: their items stand for themselves, and only the last
        batch's for those that were never routed.
        """
        batches = self.routing_batches
        parts = [pd.Series(1.0, index=batch.items) for batch in batches[:-1]]
        parts += [pd.Series(1 / batch.table["probability"].to_numpy(), index=batch.items) for batch in batches[-1:]]
        return pd.concat(parts) if parts else pd.Series(dtype=np.float64)
