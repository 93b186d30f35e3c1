"""Which ratings count: by whom, on which items, and how many an item.

Where people differ, an item may get more ratings than others. Those make its label; agreement is measured on as many as
every item got, or it would be lower the more people were asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from weakhitl.annotation.overlap import Overlap
from weakhitl.annotation.people_counting import CountingRule, who_counts
from weakhitl.annotation.people_quality import annotator_quality
from weakhitl.annotation.quality import qualify
from weakhitl.annotation.store import ANNOTATOR
from weakhitl.config import Config
from weakhitl.routing import Batch
from weakhitl.routing.batch import ROUTING
from weakhitl.schema import ABSTAIN, LabelSchema
from weakhitl.vote_table import encode_labels
from weakhitl.votes import Votes

COUNTED, EXTRA, SURPLUS, UNQUALIFIED, EXCLUDED, UNROUTED, SKIPPED = (
    "counted",
    "extra",
    "surplus",
    "not qualified",
    "excluded",
    "not routed",
    "skipped",
)


@dataclass(frozen=True)
class Counted:
    """The annotators' ratings, sorted into those that count and those that do not.

    Attributes
    ----------
    ratings
        item, annotator, label, ``fate``: counted; extra (asked for because the others differ: it helps to label the
        item, and nothing is measured on it); surplus (beyond the overlap: it counts nowhere); not qualified; excluded
        (recalled, or by the configuration's rule on gold, repeats and patterns); skipped; or not routed (an item in no
        batch: as extra).
    annotators
        What ``qualify`` found on the pilot; None without a pilot, when everybody counts.
    excluded
        Person -> why their ratings do not count: a rule, or a recall.
    votes
        Ratings that take part in the consensus: counted ones, extra ones, and those of items in no batch.
    measured
        Counted ratings on routed items outside the pilot: what agreement is measured on. Of items that were asked again
        because of what was said of them, what was said first.
    settling
        The same with the extra ones: what decides whether an item is adjudicated.

    """

    ratings: pd.DataFrame
    annotators: pd.DataFrame | None
    excluded: Mapping[str, str]
    votes: Votes
    measured: Votes
    settling: Votes

    @property
    def fates(self) -> dict[str, int]:
        """Fate -> how many ratings have it."""
        found = self.ratings["fate"].value_counts().sort_index()
        return {str(fate): int(times) for fate, times in found.items()}


def count_ratings(
    ratings: pd.DataFrame,
    batches: Sequence[Batch],
    schema: LabelSchema,
    *,
    min_agreement: float,
    min_ratings: int,
    most: int | None = None,
    settled: float = 0.6,
    excluded: Mapping[str, str] | None = None,
    set_aside: pd.DataFrame | None = None,
) -> Counted:
    """Decide which ratings count; see ``Counted``.

    ``ratings`` are the store's, in order of arrival; ``most`` and ``settled`` are those of ``Overlap``; ``excluded``
    says whose ratings do not count, and why; ``set_aside`` are earlier ratings, of items that were asked again because
    of these.
    """
    table = _annotators_alone(ratings)
    pilot_items = _items(batches, "pilot")
    annotators = None
    if len(pilot_items):
        on_pilot = table[table["item"].isin(pilot_items) & ~table["annotator"].isin(list(excluded or {}))]
        annotators = qualify(Votes.from_long(on_pilot, schema), min_agreement, min_ratings)
    excluded = excluded or {}
    table["fate"] = _fates(table, schema, batches, annotators, excluded)
    _call_extra(table, batches, most, settled)
    used = table[table["fate"].isin([COUNTED, EXTRA, UNROUTED])]
    routing = _items(batches, ROUTING)
    on_routed = table[table["item"].isin(routing)]
    items = pd.Index(table["item"].unique())
    measured = on_routed[on_routed["fate"] == COUNTED]
    if set_aside is not None and len(set_aside):
        first = _annotators_alone(set_aside)
        counted = first[_fates(first, schema, batches, annotators, excluded) == COUNTED]
        measured = pd.concat([measured[~measured["item"].isin(first["item"])], counted[counted["item"].isin(routing)]])
    return Counted(
        table,
        annotators,
        excluded,
        _votes(used, schema, items),
        _votes(measured, schema, routing),
        _votes(on_routed[on_routed["fate"].isin([COUNTED, EXTRA])], schema, routing),
    )


def excluded_by(config: Config, ratings: pd.DataFrame, tests: Mapping[str, str]) -> dict[str, str]:
    """Say whose ratings a project's rule excludes, and why; ``tests``: item -> class of the gold that was mixed in."""
    annotation = config.annotation
    rule = CountingRule(
        min_gold_accuracy=annotation.min_gold_accuracy,
        min_self_consistency=annotation.min_self_consistency,
        max_patterns=annotation.max_patterns,
    )
    if rule == CountingRule():
        return {}
    found = who_counts(annotator_quality(ratings, config.schema_, gold=pd.Series(tests, dtype=object)), rule)
    return {name: why for name, why in found.items() if why}


def count_by(
    config: Config,
    ratings: pd.DataFrame,
    batches: Sequence[Batch],
    tests: Mapping[str, str] | None = None,
    *,
    withdrawn: Mapping[str, str] | None = None,
    set_aside: pd.DataFrame | None = None,
) -> Counted:
    """Decide which ratings count in a project; see ``count_ratings`` and ``excluded_by``.

    ``withdrawn``: person -> why they were recalled.
    """
    annotation = config.annotation
    excluded = excluded_by(config, ratings, tests or {})
    excluded |= {name: f"recalled: {why}" for name, why in (withdrawn or {}).items()}
    return count_ratings(
        ratings,
        batches,
        config.schema_,
        min_agreement=annotation.qualify_agreement,
        min_ratings=annotation.qualify_ratings,
        most=config.routing.max_overlap,
        settled=annotation.adjudicate_below,
        excluded=excluded,
        set_aside=set_aside,
    )


def _annotators_alone(ratings: pd.DataFrame) -> pd.DataFrame:
    return ratings[ratings["role"] == ANNOTATOR][["item", "annotator", "label"]].reset_index(drop=True)


def _fates(
    table: pd.DataFrame,
    schema: LabelSchema,
    batches: Sequence[Batch],
    annotators: pd.DataFrame | None,
    without: Mapping[str, str],
) -> np.ndarray:
    codes, _ = encode_labels(table["label"], schema)
    excluded = table["annotator"].isin(list(without)).to_numpy()
    overlap = {item: batch.overlap or len(table) for batch in batches for item in batch.items}
    routed = table["item"].isin(overlap)
    qualified = np.ones(len(table), dtype=bool)
    if annotators is not None:
        qualified = table["annotator"].isin(annotators.index[annotators["qualified"]]).to_numpy()
    eligible = qualified & ~excluded & (codes != ABSTAIN)
    place = pd.Series(eligible).groupby(table["item"].to_numpy()).cumsum().to_numpy()
    limit = table["item"].map(overlap).fillna(len(table)).to_numpy()
    choices = [excluded, ~qualified, codes == ABSTAIN, ~routed.to_numpy(), place > limit]
    return np.select(choices, [EXCLUDED, UNQUALIFIED, SKIPPED, UNROUTED, SURPLUS], COUNTED)


def _call_extra(table: pd.DataFrame, batches: Sequence[Batch], most: int | None, settled: float) -> None:
    """Tell, of the ratings beyond an item's overlap, those that were asked for because people differ."""
    overlap = {item: batch.overlap for batch in batches if batch.overlap for item in batch.items}
    beyond = table["item"][table["fate"] == SURPLUS].unique()
    if most is None or not len(beyond):
        return
    eligible = table[table["fate"].isin([COUNTED, SURPLUS]) & table["item"].isin(beyond)]
    for item, ratings in eligible.groupby("item", sort=False):
        first = overlap[item]
        counted = Overlap(first, most, settled).counted(ratings["label"].tolist())
        table.loc[ratings.index[first:counted], "fate"] = EXTRA


def _items(batches: Sequence[Batch], kind: str) -> pd.Index:
    listed = [item for batch in batches if batch.kind == kind for item in batch.items]
    items: pd.Index = pd.Index(listed, dtype=object)
    return items


def _votes(table: pd.DataFrame, schema: LabelSchema, items: pd.Index) -> Votes:
    return Votes.from_long(table, schema, items=items)
