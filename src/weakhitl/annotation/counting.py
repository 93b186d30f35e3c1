"""Which ratings count: by whom, on which items, and how many an item."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from weakhitl.annotation.quality import qualify
from weakhitl.annotation.store import ANNOTATOR
from weakhitl.routing import Batch
from weakhitl.schema import ABSTAIN, LabelSchema
from weakhitl.vote_table import encode_labels
from weakhitl.votes import Votes

COUNTED, SURPLUS, UNQUALIFIED, UNROUTED, SKIPPED = (
    "counted",
    "surplus",
    "not qualified",
    "not routed",
    "skipped",
)


@dataclass(frozen=True)
class Counted:
    """The annotators' ratings, sorted into those that count and those that do not.

    Attributes
    ----------
    ratings
        item, annotator, label, ``fate``: counted; surplus (beyond the overlap); not qualified; skipped; or
        not routed (an item in no batch: it helps to label the item, and nothing is measured on it).
    annotators
        What ``qualify`` found on the pilot; None without a pilot, when everybody counts.
    votes
        Ratings that take part in the consensus: counted ones and those of items in no batch.
    measured
        Counted ratings on routed items outside the pilot: what agreement is measured on.

    """

    ratings: pd.DataFrame
    annotators: pd.DataFrame | None
    votes: Votes
    measured: Votes


def count_ratings(
    ratings: pd.DataFrame,
    batches: Sequence[Batch],
    schema: LabelSchema,
    *,
    min_agreement: float,
    min_ratings: int,
) -> Counted:
    """Decide which ratings count; see ``Counted``. ``ratings`` are the store's, in order of arrival."""
    table = ratings[ratings["role"] == ANNOTATOR][["item", "annotator", "label"]].reset_index(drop=True)
    codes, _ = encode_labels(table["label"], schema)
    pilot_items = _items(batches, "pilot")
    annotators = None
    if len(pilot_items):
        on_pilot = table[table["item"].isin(pilot_items)]
        annotators = qualify(Votes.from_long(on_pilot, schema), min_agreement, min_ratings)
    table["fate"] = _fates(table, codes, batches, annotators)
    used = table[table["fate"].isin([COUNTED, UNROUTED])]
    measured = table[(table["fate"] == COUNTED) & table["item"].isin(_items(batches, "routing"))]
    items = pd.Index(table["item"].unique())
    return Counted(
        table,
        annotators,
        _votes(used, schema, items),
        _votes(measured, schema, _items(batches, "routing")),
    )


def _fates(
    table: pd.DataFrame,
    codes: np.ndarray,
    batches: Sequence[Batch],
    annotators: pd.DataFrame | None,
) -> np.ndarray:
    overlap = {item: batch.overlap or len(table) for batch in batches for item in batch.items}
    routed = table["item"].isin(overlap)
    qualified = np.ones(len(table), dtype=bool)
    if annotators is not None:
        qualified = table["annotator"].isin(annotators.index[annotators["qualified"]]).to_numpy()
    eligible = qualified & (codes != ABSTAIN)
    place = pd.Series(eligible).groupby(table["item"].to_numpy()).cumsum().to_numpy()
    limit = table["item"].map(overlap).fillna(len(table)).to_numpy()
    choices = [~qualified, codes == ABSTAIN, ~routed.to_numpy(), place > limit]
    return np.select(choices, [UNQUALIFIED, SKIPPED, UNROUTED, SURPLUS], COUNTED)


def _items(batches: Sequence[Batch], kind: str) -> pd.Index:
    listed = [item for batch in batches if batch.kind == kind for item in batch.items]
    items: pd.Index = pd.Index(listed, dtype=object)
    return items


def _votes(table: pd.DataFrame, schema: LabelSchema, items: pd.Index) -> Votes:
    return Votes.from_long(table, schema, items=items)
