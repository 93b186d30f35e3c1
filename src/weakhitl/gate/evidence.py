"""The evidence: all that labels, figures and verdicts are computed from, and nothing else."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from weakhitl.annotation import ADJUDICATOR
from weakhitl.config import Config
from weakhitl.errors import DataError
from weakhitl.routing import Batch
from weakhitl.schema import LabelSchema
from weakhitl.vote_table import encode_labels
from weakhitl.votes import Votes


@dataclass(frozen=True)
class Evidence:
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

    """

    config: Config
    functions: Votes
    ratings: pd.DataFrame
    batches: tuple[Batch, ...]
    gold: "pd.Series[int] | None" = None

    def __post_init__(self) -> None:
        rated = pd.Index(self.ratings["item"].unique(), dtype=object)
        routed = pd.Index([item for batch in self.batches for item in batch.items], dtype=object)
        gone = rated.union(routed, sort=False).difference(self.items, sort=False)
        if len(gone):
            raise DataError(
                "dataset",
                [f"item {item!r} was routed or rated, but is no longer in it" for item in gone],
            )
        _, faults = encode_labels(self.ratings["label"], self.schema)
        if faults:
            raise DataError("stored ratings", sorted({what for _, what in faults}))

    @property
    def schema(self) -> LabelSchema:
        """The classes."""
        return self.config.schema_

    @property
    def items(self) -> pd.Index:
        """The dataset's item ids, in its order."""
        return self.functions.items

    @property
    def routing_batches(self) -> list[Batch]:
        """The batches that figures are measured on: all but pilots."""
        return [batch for batch in self.batches if batch.kind == "routing"]

    def decisions(self) -> "pd.Series[int]":
        """Item -> decided class index; ABSTAIN where adjudicators could not tell or disagree."""
        table = self.ratings[self.ratings["role"] == ADJUDICATOR]
        votes = Votes.from_long(table, self.schema, items=pd.Index(table["item"].unique(), dtype=object))
        counts = votes.class_counts()
        best = counts.max(axis=1, initial=0)
        alone = (counts == best[:, None]).sum(axis=1) == 1
        return pd.Series(
            np.where((best > 0) & alone, counts.argmax(axis=1), -1),
            index=votes.items,
            dtype=np.int64,
        )

    def weights(self) -> "pd.Series[float]":
        """Routed item -> how many items of the dataset it stands for, relative to the others.

        A later batch is conditional on the earlier ones: their items stand for themselves, and only the last
        batch's for those that were never routed.
        """
        batches = self.routing_batches
        parts = [pd.Series(1.0, index=batch.items) for batch in batches[:-1]]
        parts += [pd.Series(1 / batch.table["probability"].to_numpy(), index=batch.items) for batch in batches[-1:]]
        return pd.concat(parts) if parts else pd.Series(dtype=np.float64)
