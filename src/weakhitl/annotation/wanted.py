"""Which items still want ratings: the rule of overlap, applied to those that count at the moment."""

from collections.abc import Sequence

import pandas as pd

from weakhitl.annotation.counting import COUNTED, EXTRA, Counted
from weakhitl.annotation.overlap import Overlap
from weakhitl.config import Config
from weakhitl.routing import Batch
from weakhitl.routing.batch import PILOT


def still_wanted(counted: Counted, batches: Sequence[Batch], config: Config) -> "pd.Series[int]":
    """Item -> how many more ratings it wants, in the order of the batches.

    Items of a pilot are left out: everybody rates them, so they are never done.
    """
    places = {item: batch for batch in batches for item in batch.items}
    ratings = counted.ratings[counted.ratings["fate"].isin([COUNTED, EXTRA])]
    said: dict[str, list[str]] = {}
    for item, label in zip(ratings["item"], ratings["label"], strict=True):
        said.setdefault(item, []).append(label)
    most, settled = config.routing.max_overlap, config.annotation.adjudicate_below
    more = {}
    for item, batch in places.items():
        if batch.kind == PILOT:
            continue
        labels = said.get(item, [])
        wanted = Overlap(batch.overlap, most, settled).wanted(labels)
        more[item] = 1 if wanted is None else max(0, wanted - len(labels))
    found = pd.Series(more, dtype=int)
    return found[found > 0]
