"""A batch: items that were sent to annotators together, and how they were drawn."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

Kind = Literal["pilot", "routing", "requested"]

AUDIT, PILOT, REQUESTED = "audit", "pilot", "requested"


@dataclass(frozen=True)
class Batch:
    """Items sent to annotators together.

    Attributes
    ----------
    kind
        ``pilot``: its ratings choose the annotators, and nothing is measured on it; ``routing``; or ``requested``:
        items that somebody asked for by name, whose ratings label them, and on which nothing is measured.
    seed
        Seed of the draw.
    overlap
        Ratings that count per item; None where all do.
    frame
        How many items it was drawn from: those of the dataset that were in no earlier batch.
    table
        One row per item: ``item``; ``reason`` (audit, pilot, requested, or the strategy by which it was chosen);
        ``probability`` with which it was drawn from the frame; ``rank`` by that strategy within the frame, from 1.

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
        """The items of the random sample, in the random order of the batch."""
        return self.items[np.asarray(self.table["reason"] == AUDIT)]

    def above_cut(self) -> np.ndarray:
        """``mask[row]``: whether a routing batch's strategy would have chosen the item, audit or not."""
        chosen = self.table["rank"][self.table["reason"] != AUDIT]
        cut = chosen.max() if len(chosen) else 0
        return np.asarray(self.table["rank"] <= cut)
