"""Gold labels: what is known of some items from elsewhere."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from weakhitl.errors import DataError, SchemaError
from weakhitl.schema import ABSTAIN, LabelSchema
from weakhitl.vote_names import positions
from weakhitl.votes import IntArray

Gold = Mapping[Hashable, Any] | pd.Series
"""Item -> class (name or index), for some or all items."""


def encode_gold(gold: Gold, items: pd.Index, schema: LabelSchema) -> IntArray:
    """``codes[item]``: the gold class index of each item, ABSTAIN where there is none."""
    codes = np.full(len(items), ABSTAIN, dtype=np.int64)
    pairs = dict(gold.items())
    position = positions(items, pd.Index(list(pairs)))
    faults = []
    for at, (item, label) in zip(position, pairs.items(), strict=True):
        if at < 0:
            faults.append(f"item {item!r} is not among the items")
            continue
        try:
            codes[at] = schema.encode(label)
        except SchemaError as error:
            faults.append(f"item {item!r}: {error.faults[0]}")
    if faults:
        raise DataError("gold", faults)
    return codes
