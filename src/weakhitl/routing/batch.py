"""A batch: items that were sent to annotators together, and how they were drawn."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from weakhitl.brief import Brief

Kind = Literal["pilot", "routing", "requested"]

AUDIT, PILOT, REQUESTED, ROUTING = "audit", "pilot", "requested", "routing"


@dataclass(frozen=True, repr=False)
class Batch(Brief):
    """Items sent to annotators together.

    Attributes
    ----------
    kind
        ``pilot``: its ratings choose the annotators, and nothing is measured on it; ``routing``; or ``requested``:
        items that somebody asked for by name, or that arrived online; their ratings label them.
    seed
        Seed of the draw.
    overlap
        Ratings that count per item; None where all do.
    frame
        How many items it was drawn from: those of the dataset that were in no earlier batch. Of a requested batch, how
        many of its items were in the dataset before.
    table
        One row per item: ``item``; ``reason`` (audit, pilot, requested, or the strategy by which it was chosen);
        ``probability`` with which it was drawn from the frame; ``rank`` by that strategy within the frame, from 1. Of a
        requested batch ``rank`` is the place in the lot that chose its audit, and 0 where none was drawn.

    """

    kind: Kind
    seed: int
    overlap: int | None
    frame: int
    table: pd.DataFrame

    @property
    def items(self) -> pd.Index:
        """The item ids."""
        items: pd.Index = pd.Index(self.table["item"].tolist(), dtype=object)
        return items

    @property
    def drawn_for_audit(self) -> pd.Index:
        """The items of the random sample, in random order."""
        table = self.table.sort_values("rank") if self.kind == REQUESTED else self.table
        items: pd.Index = pd.Index(table["item"][table["reason"] == AUDIT].tolist(), dtype=object)
        return items

    @property
    def by_lot(self) -> bool:
        """Whether it is a requested batch with an audit of its own, drawn by lot."""
        return self.kind == REQUESTED and bool((self.table["rank"] > 0).all())

    def above_cut(self) -> np.ndarray:
        """``mask[row]``: whether a routing batch's strategy would have chosen the item, audit or not."""
        chosen = self.table["rank"][self.table["reason"] != AUDIT]
        cut = chosen.max() if len(chosen) else 0
        return np.asarray(self.table["rank"] <= cut)
